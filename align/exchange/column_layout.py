"""The layout of tables, of align or another tool: the columns with the two texts, and how rows become units.

Columns are recognised by the header of our exports, by language codes, or by the languages of their texts.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple, TextIO

from align.errors import ReadError
from align.exchange.columns import COLUMNS, read_unit
from align.exchange.types import ImportedUnit, Segment
from align.readers.encodings import codec_of
from align.text.language import identify
from align.text.tags import primary

SAMPLE_ROWS = 60
"""Rows that the layout is determined from."""
MAX_NAME = 40
"""Characters of the name of a language."""
MIN_FILLED = 0.6
"""Minimum share of these rows with letters in a column of texts."""
NO_LAYOUT = (
    "no two columns hold texts in two languages. Name two columns src and tgt in the first line, "
    "and best also src_lang, tgt_lang, id, status."
)
_LANGUAGES = (
    "af am ar az be bg bn bs ca cs cy da de el en eo es et eu fa fi fil fr ga gl gu he hi hr hu hy id is it ja ka kk km"
    " kn ko ky lo lt lv mk ml mn mr ms mt my nb ne nl nn no pa pl ps pt ro ru si sk sl sq sr sv sw ta te tg th tk tl tr"
    " uk ur uz vi yi yue zh zu"
)
_CODES = frozenset(_LANGUAGES.split(" "))
_TEXT_HEADERS = frozenset(
    ("source", "target", "original", "translation", "text", "source text", "target text", "原文", "訳文", "译文",
     "譯文", "日本語", "英語", "中文", "english", "japanese", "chinese", "french", "german", "spanish", "korean")
)  # fmt: skip
_SOURCES = frozenset(
    ("source", "source text", "original", "quelle", "quelltext", "ausgangstext", "texte source", "origen", "原文",
     "源文", "исходный текст", "оригинал")
)  # fmt: skip
_TARGETS = frozenset(
    ("target", "target text", "translation", "ziel", "zieltext", "übersetzung", "cible", "traduction", "traducción",
     "traduzione", "訳文", "翻訳", "译文", "譯文", "перевод")
)  # fmt: skip
_KEYS = frozenset(("key", "string id", "identifier", "schlüssel", "clé", "clave", "キー", "键", "ключ"))
_NOTES = frozenset(
    ("note", "notes", "comment", "comments", "kommentar", "bemerkung", "commentaire", "備考", "コメント")
)
NAME_LOCALES = [
    "en",
    "de",
    "fr",
    "es",
    "it",
    "pt",
    "nl",
    "pl",
    "ru",
    "uk",
    "cs",
    "sv",
    "da",
    "nb",
    "fi",
    "hu",
    "tr",
    "el",
    "ro",
    "ja",
    "ko",
    "zh",
    "zh_Hant",
    "ar",
    "he",
]
"""Languages in which a header may name the languages of its columns."""
_VALUE_COLUMNS = frozenset(column.name for column in COLUMNS if column.parse is not None and not column.hidden)
"""Columns of our exports that people fill in: they are also read from tables of other tools."""
_OWN_COLUMNS = frozenset({"stamp", "src_spans"})
"""Columns that occur only in our exports."""


class Layout(NamedTuple):
    """The columns of a table."""

    indexes: dict[str, int]
    """Index of each column by its name in `COLUMNS`; `src` and `tgt` always."""
    languages: tuple[str, str]
    """Of source and target where no column holds the language."""
    header: bool
    """Whether the first row is a header."""
    extra: tuple[tuple[int, str], ...] = ()
    """(index, language) of columns of texts in further languages."""
    named: bool = True
    """Whether the header names the columns of texts; False: they were recognised by their languages."""


def layout_of(rows: Sequence[Sequence[str]]) -> Layout | None:
    """The layout of a table from its first `SAMPLE_ROWS` rows; None without texts in two languages."""
    if not rows:
        return None
    header = [name.strip().lower() for name in rows[0]]
    indexes = {name: index for index, name in reversed(list(enumerate(header)))}
    if "src" in indexes and "tgt" in indexes:
        if "src_lang" in indexes and "tgt_lang" in indexes:
            return Layout(indexes, ("und", "und"), header=True)
        body = rows[1:]
        return Layout(indexes, (_language(body, indexes["src"]), _language(body, indexes["tgt"])), header=True)
    values = {name: index for name, index in indexes.items() if name in _VALUE_COLUMNS}
    for column, words in (("key", _KEYS), ("note", _NOTES)):
        index = next((index for word, index in indexes.items() if word in words), None)
        if index is not None:
            values.setdefault(column, index)
    named = [next((index for name, index in indexes.items() if name in words), None) for words in (_SOURCES, _TARGETS)]
    if named[0] is not None and named[1] is not None:
        languages = _language(rows[1:], named[0]), _language(rows[1:], named[1])
        return Layout(values | {"src": named[0], "tgt": named[1]}, languages, header=True)
    tags = {index: rows[0][index].strip() if _is_code(name) else name for index, name in enumerate(header)}
    coded = [index for index, name in enumerate(header) if _is_code(name) and _has_letters(rows[1:], index)]
    if len(coded) < 2:
        tags |= {index: tag for index, name in enumerate(header) if (tag := _named_language(name))}
        coded = [
            index
            for index, name in enumerate(header)
            if (_is_code(name) or _named_language(name)) and _has_letters(rows[1:], index)
        ]
    if len(coded) >= 2:
        src, tgt, *others = coded
        extra = tuple((index, tags[index]) for index in others)
        languages = tags[src], tags[tgt]
        return Layout(values | {"src": src, "tgt": tgt}, languages, header=True, extra=extra)
    return _by_language(rows, header)


@cache
def _language_names() -> dict[str, str]:
    """Language tags by the names of languages, in lower case."""
    from babel import Locale

    names: dict[str, str] = {}
    for locale in map(Locale.parse, NAME_LOCALES):
        for code, name in locale.languages.items():
            tag = str(code).replace("_", "-")
            if primary(tag) in _CODES:
                names.setdefault(str(name).lower(), tag)
    return names


def _named_language(name: str) -> str | None:
    """The tag of a language that a header names, such as `Deutsch` or `English (US)`; None for other words."""
    if not name or len(name) > MAX_NAME:
        return None
    return _language_names().get(name) or _language_names().get(name.partition("(")[0].strip())


def _language(rows: Sequence[Sequence[str]], index: int) -> str:
    return identify("\n".join(row[index] for row in rows if index < len(row))[:4000]).lang


def _is_code(name: str) -> bool:
    return primary(name) in _CODES and len(name) <= 11 and " " not in name


def _has_letters(rows: Sequence[Sequence[str]], index: int) -> bool:
    """Whether a column has a letter: `id` and `no` are language codes, but numbers under them are no texts.

    Texts whose letters a program replaced with `?` count: the import reports them.
    """
    return any(index < len(row) and (any(map(str.isalpha, row[index])) or "??" in row[index]) for row in rows)


def _by_language(rows: Sequence[Sequence[str]], header: list[str]) -> Layout | None:
    """The layout with the first two columns of texts in different languages."""
    named = any(name in _TEXT_HEADERS for name in header)
    body = rows[1:] if named else rows
    columns: list[tuple[int, str]] = []
    for index in range(max((len(row) for row in rows), default=0)):
        texts = [row[index] for row in body if index < len(row) and any(map(str.isalpha, row[index]))]
        if not texts or len(texts) < MIN_FILLED * len(body):
            continue
        lang = _language(body, index)
        if lang != "und" and all(lang != other for _, other in columns):
            columns.append((index, lang))
    if len(columns) < 2:
        return None
    (src, src_lang), (tgt, tgt_lang) = columns[:2]
    return Layout({"src": src, "tgt": tgt}, (src_lang, tgt_lang), header=named, named=False)


def is_own_header(header: Iterable[str]) -> bool:
    """Whether the header is that of one of our exports, whose cells are escaped."""
    return not _OWN_COLUMNS.isdisjoint(header)


@contextmanager
def open_table(path: Path, encoding: str | None) -> Iterator[TextIO]:
    """A CSV or TSV opened for reading, in the detected encoding without `encoding`.

    Raises ReadError, also from the block: for a file that the csv module cannot parse.
    """
    encoding = encoding or codec_of(str(path), path.read_bytes())
    with path.open(encoding=encoding, newline="") as file:
        try:
            yield file
        except csv.Error as error:
            raise ReadError(f"{path}: not a table that can be read ({error}). Save it as UTF-8 CSV or TSV.") from error


def read_table(
    rows: Iterator[list[str]], path: Path, *, sheet: str = "", decode: Callable[[str], str] | None = None
) -> Iterator[ImportedUnit]:
    """The units of a table. Raises ReadError where no layout is recognised.

    `sheet`: prefix of locations. `decode`: the inverse of the escaping of cells in our exports.
    """
    sample = list(islice(rows, SAMPLE_ROWS))
    layout = layout_of(sample)
    if layout is None:
        raise ReadError(f"{path}: {NO_LAYOUT}")
    body = sample[1:] if layout.header else sample
    if not is_own_header(layout.indexes):
        decode = None
    for number, row in enumerate(chain(body, rows), start=2 if layout.header else 1):
        if any(row):
            decoded = [decode(cell) for cell in row] if decode else row
            yield _unit(decoded, layout, f"{sheet}row {number}")


def _unit(row: Sequence[str], layout: Layout, where: str) -> ImportedUnit:
    def cell(name: str) -> str | None:
        index = layout.indexes.get(name)
        return None if index is None else row[index] if index < len(row) else ""

    extra = [Segment(lang, row[index]) for index, lang in layout.extra if index < len(row) and row[index].strip()]
    unit = read_unit(where, cell, layout.languages, extra)
    key = cell("key")
    return unit._replace(properties=(("x-key", key),)) if key else unit
