"""Sentences of Thai and Lao, which write no stop: a space parts sentences, and clauses and items of lists too. Pure.

A space is taken for the end of a sentence where enough was said before it, what follows is no mere word, and it does
not begin with a word that goes on (and, which, that, of). Where that guesses wrong, a sentence is two clauses: the
matching joins such pieces again, while it could not cut a paragraph that was left whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from align.domain import Span
from align.text._words import words

LANGUAGES = frozenset({"th", "lo"})
ENOUGH = 45
"""Characters after which a space can end a sentence; Thai sentences of news have 60 to 120."""
FEW = 14
"""The same after a word that ends what is said (ครับ, ค่ะ)."""
CLAUSE = 20
"""Characters up to the next space from which on what follows is more than a name or a number."""
BRACKET = 200
"""Characters within which a bracket is closed; one that is open for longer was never meant to hold a sentence."""
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
"""Words that go on with what was said."""
_ANNOUNCES = ("คือ", "ว่า", "ได้แก่", "เช่น", "ว่า:", "ຄື", "ວ່າ")
"""Words that what follows belongs to."""
_THAI = re.compile("[\u0e01-\u0ec6]")
_OPEN = re.compile('[(\\[“"「]')
_CLOSE = re.compile('[)\\]”"」]')


def cut(text: str, span: Span) -> Iterator[Span]:
    """The sentences that a stretch without a stop holds, ascending; between them are spaces only. Idempotent."""
    start = span.start
    for space in _SPACE.finditer(text, span.start, span.end):
        if _ends(text, start, space.start(), space.end(), span.end):
            yield Span(start, space.start())
            start = space.end()
    yield Span(start, span.end)


def _ends(text: str, start: int, end: int, after: int, stop: int) -> bool:
    """Whether the sentence that began at `start` ends at `end`; `after` is where the text goes on, up to `stop`."""
    if text.endswith(_ANNOUNCES, start, end):
        return False
    enough = FEW if text.endswith(_PARTICLES, start, end) else ENOUGH
    if end - start < enough or text.startswith(_GOES_ON, after) or not _THAI.match(text, after):
        return False
    following = text.find(" ", after, stop)
    if (stop if following < 0 else following) - after < CLAUSE:
        return False
    near = max(start, end - BRACKET)
    return len(_OPEN.findall(text, near, end)) <= len(_CLOSE.findall(text, near, end))
