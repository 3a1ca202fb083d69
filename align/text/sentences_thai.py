"""Split Thai and Lao, which have no full stop: a space separates sentences, but also clauses and list items. Pure.

A space ends a sentence if there is enough text before it, more than a word after it, and the next word is not one
that continues (and, which, that, of). Where that is wrong, a sentence is split into two clauses: alignment can
merge such pieces again, while it could not split a paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from align.models import Span
from align.text.function_words import words

LANGUAGES = frozenset({"th", "lo"})
MIN_SENTENCE_CHARACTERS = 45
"""Minimum characters before a space that ends a sentence; Thai sentences of news have 60 to 120."""
MIN_PARTICLE_CHARACTERS = 14
"""The same after a sentence-final particle (ครับ, ค่ะ)."""
MIN_CLAUSE_CHARACTERS = 20
"""Minimum characters up to the next space for the text after to be more than a name or a number."""
MAX_BRACKET_CHARACTERS = 200
"""Maximum characters of a bracket that prevents a split; one that is open for longer was never closed."""
_SPACE = re.compile(r"(?<=\S)[ \u00a0]+(?=\S)")
_PARTICLES = ("ครับ", "ค่ะ", "คะ", "นะ", "จ้ะ", "จ้า", "ເດີ້", "ແດ່")
_GOES_ON = tuple(
    sorted(
        words(
            "และ หรือ ที่ ซึ่ง โดย เพื่อ ของ กับ ว่า เช่น ได้แก่ คือ จาก ใน ให้ แก่ ตาม ด้วย อัน ถึง จน จนถึง รวมทั้ง รวมถึง ตลอดจน พร้อม "
            "ณ ก็ ตั้งแต่ ระหว่าง เป็นต้น ฯลฯ ๆ และ/หรือ ແລະ ຫຼື ທີ່ ຊຶ່ງ ໂດຍ ເພື່ອ ຂອງ ກັບ ວ່າ ເຊັ່ນ ຄື ຈາກ ໃນ ໃຫ້ ຕາມ"
        )
    )
)
"""Words that continue a sentence."""
_ANNOUNCES = ("คือ", "ว่า", "ได้แก่", "เช่น", "ว่า:", "ຄື", "ວ່າ")
"""Words that belong to the text after them."""
_THAI = re.compile("[\u0e01-\u0ec6]")
_OPEN = re.compile('[(\\[“"「]')
_CLOSE = re.compile('[)\\]”"」]')


def split_span(text: str, span: Span) -> Iterator[Span]:
    """Yield the sentences in a span without stops, ascending; between them are only spaces. Idempotent."""
    start = span.start
    for space in _SPACE.finditer(text, span.start, span.end):
        if _ends(text, start, space.start(), space.end(), span.end):
            yield Span(start, space.start())
            start = space.end()
    yield Span(start, span.end)


def _ends(text: str, start: int, end: int, after: int, stop: int) -> bool:
    """Whether the sentence from `start` ends at `end`; the text after the space is `after` to `stop`."""
    if text.endswith(_ANNOUNCES, start, end):
        return False
    minimum = MIN_PARTICLE_CHARACTERS if text.endswith(_PARTICLES, start, end) else MIN_SENTENCE_CHARACTERS
    if end - start < minimum or text.startswith(_GOES_ON, after) or not _THAI.match(text, after):
        return False
    following = text.find(" ", after, stop)
    if (stop if following < 0 else following) - after < MIN_CLAUSE_CHARACTERS:
        return False
    near = max(start, end - MAX_BRACKET_CHARACTERS)
    return len(_OPEN.findall(text, near, end)) <= len(_CLOSE.findall(text, near, end))
