"""What the columns of a table hold: by the names of our own header, by language codes, or by the languages in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from align.text.language import identify
from align.text.tags import primary

SAMPLE = 60
"""Rows that are looked at."""
ENOUGH = 0.6
"""The part of the rows that a column of texts fills."""
_LANGUAGES = (
    "af am ar az be bg bn bs ca cs cy da de el en eo es et eu fa fi fil fr ga gl gu he hi hr hu hy id is it ja ka kk km"
    " kn ko ky lo lt lv mk ml mn mr ms mt my nb ne nl nn no pa pl ps pt ro ru si sk sl sq sr sv sw ta te tg th tk tl tr"
    " uk ur uz vi yi yue zh zu"
)
_CODES = frozenset(_LANGUAGES.split(" "))
_SAYS_TEXT = frozenset(
    ("source", "target", "original", "translation", "text", "source text", "target text", "原文", "訳文", "译文",
     "譯文", "日本語", "英語", "中文", "english", "japanese", "chinese", "french", "german", "spanish", "korean")
)  # fmt: skip


class Layout(NamedTuple):
    """Which column is what."""

    places: dict[str, int]
    """Column of each name of our header that there is; `src` and `tgt` always."""
    languages: tuple[str, str]
    """Where no column says the language."""
    header: bool
    """Whether the first line names columns instead of being a row."""
    more: tuple[tuple[int, str], ...] = ()
    """Columns of further languages."""
    named: bool = True
    """Whether the header says which columns are texts, so that nothing needed to be found out."""


def layout_of(rows: Sequence[Sequence[str]]) -> Layout | None:
    """The layout of a table from its first rows; None where no two columns hold texts in two languages."""
    if not rows:
        return None
    header = [name.strip().lower() for name in rows[0]]
    places = {name: place for place, name in reversed(list(enumerate(header)))}
    if "src" in places and "tgt" in places:
        if "src_lang" in places and "tgt_lang" in places:
            return Layout(places, ("und", "und"), header=True)
        body = rows[1:]
        return Layout(places, (_language(body, places["src"]), _language(body, places["tgt"])), header=True)
    coded = [place for place, name in enumerate(header) if _is_code(name) and _has_words(rows[1:], place)]
    if len(coded) >= 2:
        src, tgt, *others = coded
        named = {name: place for name, place in places.items() if name in ("id", "status", "note", "kind")}
        more = tuple((place, rows[0][place].strip()) for place in others)
        languages = rows[0][src].strip(), rows[0][tgt].strip()
        return Layout(named | {"src": src, "tgt": tgt}, languages, header=True, more=more)
    return _by_language(rows, header)


def _language(rows: Sequence[Sequence[str]], place: int) -> str:
    return identify("\n".join(row[place] for row in rows if place < len(row))[:4000]).lang


def _is_code(name: str) -> bool:
    return primary(name) in _CODES and len(name) <= 11 and " " not in name


def _has_words(rows: Sequence[Sequence[str]], place: int) -> bool:
    """Whether there is a letter in a column: numbers under `id` or `no` are in no language."""
    return any(place < len(row) and any(map(str.isalpha, row[place])) for row in rows)


def _by_language(rows: Sequence[Sequence[str]], header: list[str]) -> Layout | None:
    named = any(name in _SAYS_TEXT for name in header)
    body = rows[1:] if named else rows
    found: list[tuple[int, str]] = []
    for place in range(max((len(row) for row in rows), default=0)):
        texts = [row[place] for row in body if place < len(row) and any(map(str.isalpha, row[place]))]
        if not texts or len(texts) < ENOUGH * len(body):
            continue
        lang = _language(body, place)
        if lang != "und" and all(lang != other for _, other in found):
            found.append((place, lang))
    if len(found) < 2:
        return None
    (src, one), (tgt, two) = found[:2]
    return Layout({"src": src, "tgt": tgt}, (one, two), header=named, named=False)
