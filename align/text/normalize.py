"""Clean text of sentences for encoding, alignment, display and export, made from the original characters.

The original is not changed. In clean text, display controls are removed, line breaks and runs of blanks become one
space (or none between CJK characters, which need none), and image names attached to a sentence are left out.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Sequence

from align.models import Span
from align.text.scripts import HAN_CLASS, IMAGE_NAME, KANA_CLASS
from align.text.tags import primary

INVISIBLE = "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"  # noqa: E501
"""Controls, zero-width and bidi marks, lone surrogates. ZWJ and ZWNJ (U+200C, U+200D) are part of words: not
included."""
_INVISIBLE = re.compile(f"[{INVISIBLE}]+")
_DIRTY = re.compile(f"[{INVISIBLE}]|\\s\\s|[^\\S ]")
WIDE = f"{HAN_CLASS}{KANA_CLASS}\u3001-\u303f\u30fb\u30fc\uff01-\uff60\uff61-\uff65"
_WIDE_BREAK = re.compile(
    f"(?<=[{WIDE}])[^\\S \u3000][ \\t\u3000]*(?:[^\\S \u3000]\\s*)?(?=[{WIDE}])|(?<=[{WIDE}])\\s*[\r\n]\\s*(?=[{WIDE}])"
)
_BLANKS = re.compile(r"\s+")
_LINE_END = re.compile("[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_SPACED_OUT = re.compile(f"[{HAN_CLASS}{KANA_CLASS}](?:[ \u3000]+[{HAN_CLASS}{KANA_CLASS}])+")
"""A title whose characters are spaced out one by one: 目　次."""
_SIGN = re.compile("[\ufb00-\ufb06\u2e80-\u2fd5]")
_SUPPLEMENT = (
    "⺠民⺟母⺝月⺨犭⺩王⺫目⺬示⺮竹⺶羊⺷羊⺸羊⺻聿⺼月⺽臼⻁虎⻂衤⻄西⻅见⻆角⻇角⻉贝⻋车⻌辶⻍辶⻎辶⻑長⻓长⻔门⻖阝⻗雨⻘青⻙韦⻚页"
    "⻛风⻜飞⻝食⻟飠⻠饣⻡首⻢马⻣骨⻤鬼⻥鱼⻦鸟⻨麦⻩黄⻪黾⻫斉⻬齐⻭歯⻮齿⻯竜⻰龙⻱龜⻲亀⻳龟"
)
"""Radicals of Unicode's supplement, each followed by its standard character."""
_LETTERS = {
    **dict(zip(range(0xFB00, 0xFB07), ("ff", "fi", "fl", "ffi", "ffl", "st", "st"), strict=True)),
    **{code: unicodedata.normalize("NFKC", chr(code)) for code in range(0x2F00, 0x2FD6)},
    **{ord(radical): whole for radical, whole in zip(_SUPPLEMENT[::2], _SUPPLEMENT[1::2], strict=True)},
}
_IMAGE = re.compile(rf"(?<![/\w.])(?:{IMAGE_NAME})+", re.ASCII | re.IGNORECASE)
UNSPACED = frozenset({"ja", "zh", "yue", "lzh", "bo", "my", "lo", "km", "th"})
"""Primary tags of languages without spaces between sentences, and between words joined across a line break."""
INSIGNIFICANT = re.compile(r"[\W_]++(?!\d)|(?<![\W\d_])[\W_]++")
"""Characters other than letters and digits, except those between digits: 1.5 is not 15."""
WIDE_LANGUAGES = frozenset({"zh", "ja", "ko", "yue", "wuu"})
WIDE_WEIGHT = 2.2
"""Letters that a character of these scripts counts as."""


def is_unspaced(lang: str) -> bool:
    """Whether there are no spaces between sentences in `lang`."""
    return primary(lang) in UNSPACED


def sentence_text(text: str, pieces: Sequence[Span]) -> str:
    """The clean text of a sentence whose spans in the original `text` are `pieces`."""
    raw = pieces[0].of(text)
    for before, piece in itertools.pairwise(pieces):
        raw += ("\n" if has_line_break(text, before, piece) else "") + piece.of(text)
    return clean(raw)


_HYPHENS = ("-", "\u00ad", "\u2010")


def has_line_break(text: str, before: Span, after: Span) -> bool:
    """Whether there is a line break between two pieces of a sentence: they are then joined like lines."""
    gap = text[before.end : after.start]
    if gap[:1] in _HYPHENS and text[before.end - 1].isalpha() and text[after.start].isalpha():
        return False  # a word cut at the end of a line, whose hyphen was left out
    return any(mark in gap for mark in "\n\r\u2028\u2029\x0b\x0c\x85")


def clean(raw: str) -> str:
    """One line without invisible controls, image names and superfluous blanks. Idempotent."""
    raw = letters(raw)
    if "." in raw:
        raw = _IMAGE.sub("\n", raw)
    if _DIRTY.search(raw):
        raw = _INVISIBLE.sub("", raw)
        raw = _WIDE_BREAK.sub("", raw)
        raw = _BLANKS.sub(_blank, raw)
    raw = raw.strip()
    return _BLANKS.sub("", raw) if _SPACED_OUT.fullmatch(raw) else raw


def _blank(blanks: re.Match[str]) -> str:
    """One space for a run of blanks; an ideographic space, which is a character of the text, stays one."""
    return "\u3000" if "\u3000" in blanks[0] and not _LINE_END.search(blanks[0]) else " "


def letters(text: str) -> str:
    """`text` with ligatures and radicals, as in PDFs, replaced by letters: ﬁ is fi, ⽇ is 日."""
    return text if text.isascii() or not _SIGN.search(text) else text.translate(_LETTERS)


def join(texts: Sequence[str], lang: str) -> str:
    """Join the texts of consecutive sentences: without a space in zh, ja and similar languages, else with one."""
    if not is_unspaced(lang):
        return " ".join(texts)
    joined = ""
    for text in texts:
        # Latin words in such a text are separated: "... Python" + "Software ..." needs its space.
        space = joined[-1:].isascii() and joined[-1:].isalnum() and text[:1].isascii() and text[:1].isalnum()
        joined += f" {text}" if space and joined else text
    return joined


def letters_and_digits(text: str) -> str:
    """The letters and numbers of a text, folded; the text itself if it has none."""
    return INSIGNIFICANT.sub("", folded(text)) or text


def folded(text: str) -> str:
    """NFKC-normalised, case-folded text."""
    return unicodedata.normalize("NFKC", text).casefold()


def weighted_length(text: str, lang: str) -> float:
    """Non-space characters, times WIDE_WEIGHT in CJK, to compare lengths."""
    length = sum(1 for char in text if not char.isspace())
    return length * (WIDE_WEIGHT if primary(lang) in WIDE_LANGUAGES else 1.0)
