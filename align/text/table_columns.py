"""The columns of a table by its header and cells: languages, keys and notes, and whether the first row is a header."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from align.text.header_words import FIELDS, KEYS, LANGUAGE_WORDS, LOCALES, NOTES, NUMBERS, SOURCES, TARGETS, TEXTS
from align.text.tags import primary, shortened

SAMPLE_ROWS = 60
"""Rows that the layout of a table is determined from."""
MAX_NAME = 40
"""Characters of the name of a language."""
MIN_FILLED = 0.6
"""Minimum share of these rows with letters in a column of texts."""
_LANGUAGES = (
    "af am ar az be bg bn bs ca cs cy da de el en eo es et eu fa fi fil fr ga gl gu he hi hr hu hy id is it ja ka kk km"
    " kn ko ky lo lt lv mk ml mn mr ms mt my nb ne nl nn no pa pl ps pt ro ru si sk sl sq sr sv sw ta te tg th tk tl tr"
    " uk ur uz vi yi yue zh zu"
)
_WORD = re.compile(r"[^\W_]+")
_IDENTIFIER = re.compile(r"(?=[A-Za-z])(?:(?=\S*[_.:/#\d-])[\w.\-/:#\[\]$]+|[a-z]+(?:[A-Z][a-z]*)+)(?<![.:])", re.ASCII)
_KEY = re.compile(r"[a-z][a-z0-9]*")
_CODES = frozenset(_LANGUAGES.split(" "))
_WORDS = KEYS | NUMBERS | NOTES | TEXTS | FIELDS


class TableRoles(NamedTuple):
    """What the rows and columns of a table of one language are."""

    header: bool = False
    """Whether the first row is a header."""
    keys: frozenset[int] = frozenset()
    """Columns of keys."""
    notes: frozenset[int] = frozenset()
    """Columns of notes."""
    languages: Mapping[int, str] = MappingProxyType({})
    """Tags of the columns that the header names by a language."""


def table_roles(rows: Sequence[Sequence[str]]) -> TableRoles:
    """The header, the columns of keys and those of notes of a table, by its first `SAMPLE_ROWS` rows.

    A column of keys has identifiers, or cells of one word under a header that means a key. No column is one of keys
    or notes unless another has texts.
    """
    if not rows:
        return TableRoles()
    width = max(map(len, rows))
    keys = {index for index in range(width) if has_identifiers(rows[1:] or rows, index)}
    header = _is_header(rows, keys)
    body = rows[1:] if header else rows
    if not header:
        keys = {index for index in keys if has_identifiers(body, index)}
    names = [name.strip() for name in rows[0]] if header else []
    keys |= {index for index, name in enumerate(names) if _names_keys(name, _cells(body, index))}
    notes = {index for index, name in enumerate(names) if name.lower() in NOTES}
    texts = {index for index in range(width) if any(map(_has_letters, _cells(body, index)))}
    languages = {index: tag for index, name in enumerate(names) if (tag := _language(name))}
    if not texts - keys - notes:
        return TableRoles(header, languages=languages)
    return TableRoles(header, frozenset(keys), frozenset(notes - keys), languages)


def _is_header(rows: Sequence[Sequence[str]], keys: set[int]) -> bool:
    """Whether the first row names columns: by its words, or above columns of identifiers or of numbers."""
    names, body = [cell.strip() for cell in rows[0]], rows[1:]
    filled = [index for index, name in enumerate(names) if name]
    if not body or not filled or any(len(names[index]) > MAX_NAME for index in filled):
        return False
    named = {index for index in filled if _names_column(names[index], _cells(body, index))}
    coded = {index for index in filled if is_code(names[index].lower())}
    if 2 * len(named) > len(filled) or (named | coded == set(filled) and (len(filled) > 1 or len(names[0]) > 3)):
        return True
    # `ok` or `title` above keys may be a key of one word, and a text beside it would be lost as a header.
    if any(index in keys and not _is_key(names[index]) for index in filled):
        return True
    return any(_names_numbers(names[index], _cells(body, index)) for index in filled)


def _has_letters(text: str) -> bool:
    return any(map(str.isalpha, text))


def _is_key(name: str) -> bool:
    return bool(_IDENTIFIER.fullmatch(name) or _KEY.fullmatch(name))


def _names_keys(name: str, cells: Sequence[str]) -> bool:
    """Whether a name means a key, and the cells below it are words."""
    return name.lower() in KEYS | NUMBERS and all(" " not in cell for cell in cells)


def _names_numbers(name: str, cells: Sequence[str]) -> bool:
    """Whether a name with letters is above cells without any."""
    return _has_letters(name) and len(cells) > 1 and not any(map(_has_letters, cells))


def _names_column(name: str, cells: Sequence[str]) -> bool:
    """Whether a cell is a usual header, and most cells below it are not, as they are in a list of such words."""
    return _is_field(name) and 2 * sum(map(_is_field, cells)) <= len(cells)


def _is_field(name: str) -> bool:
    return name.lower() in _WORDS or _named_language(name.lower()) is not None


def _language(name: str) -> str | None:
    return name if is_code(name.lower()) else _named_language(name.lower())


def _cells(rows: Sequence[Sequence[str]], index: int) -> list[str]:
    return [row[index].strip() for row in rows if index < len(row) and row[index].strip()]


@cache
def _language_names() -> dict[str, str]:
    """Language tags by the names of languages, in lower case."""
    from babel import Locale

    names: dict[str, str] = {}
    for locale in map(Locale.parse, sorted(LOCALES, key=lambda name: (name != "en", name))):
        for code, name in locale.languages.items():
            tag = str(code).replace("_", "-")
            if primary(tag) in _CODES:
                names.setdefault(str(name).lower(), tag)
    return names


def header_languages(header: Sequence[str]) -> dict[int, str]:
    """Language tags by the index of the columns that a header names by a language.

    A code (`de`, `pt_BR`, `deu`) or a name in any of `LOCALES`; with other words where two columns have the same
    ones (`text_en`, `text_de`; `English text`, `German text`) or they mean source and target (`Source (en)`).
    """
    cells = [cell.strip() for cell in header]
    tags = {index: cell for index, cell in enumerate(cells) if is_code(cell.lower())}
    if len(tags) < 2:
        tags |= {index: tag for index, cell in enumerate(cells) if (tag := _named_language(cell.lower()))}
    if len(tags) >= 2:
        return dict(sorted(tags.items()))
    tags = {index: shortened(cell) for index, cell in enumerate(cells) if is_code(shortened(cell.lower()))}
    if len(tags) >= 2:
        return tags
    return next(iter(_with_other_words(cells)), {})


def further_languages(header: Sequence[str]) -> list[dict[int, str]]:
    """As `header_languages`, for further texts of a row: `answer_en` and `answer_de` after `question_en`."""
    first, *others = _with_other_words([cell.strip() for cell in header]) or [{}]
    return others if first and first == header_languages(header) else []


def _with_other_words(cells: Sequence[str]) -> list[dict[int, str]]:
    """The tags of the columns with the same other words, the largest group first."""
    by_words: dict[str, dict[int, str]] = {}
    for index, cell in enumerate(cells):
        for words, tag in _readings(cell):
            is_side = words in SOURCES or words in TARGETS
            by_words.setdefault("source or target" if is_side else words, {}).setdefault(index, tag)
    groups: list[dict[int, str]] = []
    for tags in sorted(by_words.values(), key=len, reverse=True):
        if len(set(tags.values())) >= 2 and all(tags.keys().isdisjoint(group) for group in groups):
            groups.append(tags)
    return groups


def _readings(cell: str) -> Iterator[tuple[str, str]]:
    """(the other words of a header, the tag) for each language that one of its words names."""
    if len(cell) > MAX_NAME:
        return
    words = _WORD.findall(cell)
    for number, word in enumerate(words):
        following = words[number + 1] if number + 1 < len(words) else ""
        others = [*words[:number], *words[number + 1 :]]
        if is_code(word.lower()) and following.isupper() and len(following) == 2:
            yield " ".join([*words[:number], *words[number + 2 :]]).lower(), f"{word}-{following}"
        elif is_code(word.lower()):
            yield " ".join(others).lower(), word.lower()
        elif tag := _language_names().get(word.lower()):
            yield " ".join(others).lower(), tag
    if not cell.isascii() and (name := next((cell[:end] for end in (4, 3, 2) if cell[:end] in _language_names()), "")):
        yield "source or target", _language_names()[name]


def _named_language(name: str) -> str | None:
    """The tag of a language that a header names, such as `Deutsch` or `English (US)`; None for other words."""
    if not name or len(name) > MAX_NAME:
        return None
    bare = name.partition("(")[0].strip()
    word = next((word for word in LANGUAGE_WORDS if bare.startswith(word) or bare.endswith(f" {word.strip()}")), "")
    return (
        _language_names().get(name)
        or _language_names().get(bare)
        or (_language_names().get(bare.removeprefix(word).removesuffix(f" {word.strip()}").strip()) if word else None)
    )


def is_code(name: str) -> bool:
    """Whether a word in lower case is the tag of a language that tables are likely to have."""
    return primary(name) in _CODES and len(name) <= 11 and " " not in name


def has_identifiers(rows: Sequence[Sequence[str]], index: int) -> bool:
    """Whether most cells of a column are keys such as `menu_file`, `app.title` or `okButton`, not words."""
    cells = [row[index].strip() for row in rows if index < len(row) and row[index].strip()]
    return bool(cells) and sum(_IDENTIFIER.fullmatch(cell) is not None for cell in cells) >= MIN_FILLED * len(cells)
