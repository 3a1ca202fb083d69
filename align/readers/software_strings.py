"""Strings of software: JSON and ARB, RESX, Android XML, Java properties, Apple strings; one block for each value.

Keys and notes are before the value in the block, so that a reviewer sees them, and are not text to align.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, NamedTuple

from align.errors import ReadError, require_extra
from align.inputs import inner_name
from align.models import BlockKind, Document
from align.readers.builder import DocumentBuilder
from align.readers.plain import text_of
from align.readers.safe_zip import parsed
from align.text.table_columns import is_code
from align.text.tags import canonical

_LANGUAGE = re.compile(r"(?:^|[._/-])(?:values-)?([a-z]{2,3}(?:[-_](?:r?[A-Z]{2}|[A-Z][a-z]{3}|\d{3}))?)(?:\.lproj)?$")
"""A language tag at the end of a name: app_ja, messages.zh-TW, values-pt-rBR, ja.lproj."""
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{4})|(.))", re.DOTALL)
_PLAIN_ESCAPES = {"n": "\n", "t": "\t", "r": "\n"}
_APPLE = re.compile(
    r'/\*(?P<note>.*?)\*/|//(?P<line>[^\n]*)|(?:"(?P<key>(?:[^"\\]|\\.)*+)"|(?P<bare>[\w.-]+))\s*=\s*'
    r'"(?P<value>(?:[^"\\]|\\.)*+)"\s*;',
    re.DOTALL,
)
_QUOTED_ANDROID = re.compile(r'(?<!\\)"')
_TEXT_KEYS = ("message", "defaultMessage", "translation", "definition", "string", "text")
"""Keys of the text of a message that is an object: of Chrome, FormatJS, go-i18n, POEditor and Transifex."""
_NAME_KEYS = ("id", "key", "term")
_NOTE_KEYS = ("description", "developer_comment", "comment", "context")
_MESSAGE_KEYS = frozenset({
    *_TEXT_KEYS, *_NAME_KEYS, *_NOTE_KEYS, "placeholders", "hash", "file", "start", "end", "line", "col", "reference",
    "term_plural", "character_limit", "tags", "obsolete", "fuzzy",
})  # fmt: skip
"""Keys of such objects; one with others is no message."""
HINT = "A file of strings needs keys with texts."
NO_LANGUAGE = frozenset({"res", "app", "src", "www", "lib", "doc", "web", "api", "ui", "js", "id", "no", "to", "en-us"})
"""Words that look like language tags in names of files and folders."""


class _StringRow(NamedTuple):
    key: str
    value: str
    note: str = ""


def read(name: str, content: bytes, *, encoding: str | None = None, lang: str | None = None) -> Document:
    """Read the values of a file of strings into blocks. Raises ReadError for a broken file and one without texts."""
    text, used_encoding = text_of(name, content, encoding)
    text = text.removeprefix("\ufeff")
    suffix = PurePath(inner_name(name)).suffix.lower()
    hint = _language_of(name)
    if suffix in (".json", ".arb"):
        reader, rows = "json", list(_json_rows(name, text))
        hint = next((row.value for row in rows if _names_language(row)), hint)
        rows = [row for row in rows if not row.key.startswith("@@") and not _names_language(row)]
    elif suffix == ".properties":
        reader, rows = "properties", list(_properties(name, text))
    elif suffix == ".strings":
        reader, rows = "strings", list(_apple(name, text))
    else:
        root = parsed(name, _DECLARATION.sub("", text).encode("utf-8", "replace"))
        reader, rows = ("android", list(_android(root))) if root.tag == "resources" else ("resx", list(_resx(root)))
    builder = DocumentBuilder(name, len(content))
    for row in rows:
        notes = "".join(f"# {line.strip()}\n" for line in row.note.splitlines() if line.strip())
        builder.add(row.value, BlockKind.BODY, hint, is_sentence=True, before=f"{notes}{row.key} = ")
    return builder.document(reader, used_encoding, lang, HINT)


def _names_language(row: _StringRow) -> bool:
    """Whether a string is the language of the file."""
    return row.key == "@@locale" or (
        row.key in ("locale", "lang", "language") and is_code(row.value.lower().replace("_", "-"))
    )


def _language_of(name: str) -> str | None:
    """Language in the name of a file, or of its folder."""
    path = PurePath(inner_name(name))
    for stem in (path.name.partition(".")[0], path.stem, path.parent.name):
        match = _LANGUAGE.search(stem)
        if match and match[1].lower() not in NO_LANGUAGE:
            return canonical(re.sub(r"[-_]r(?=[A-Z]{2}$)", "-", match[1]))
    return None


def _json_rows(name: str, text: str) -> Iterator[_StringRow]:
    """Yield the strings of a JSON value. The description of a message is its note: `@key` in ARB, `description` or
    `context` next to the text in an object that is a message."""
    try:
        # Numbers are no texts; raw line breaks in a text are what JSON forbids and people write.
        value = json.loads(text, object_pairs_hook=_members, parse_int=float, strict=False)
    except (ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0][:120]
        raise ReadError(f"{name}: not readable JSON ({reason}). Mend it, or save its texts as a table.") from error
    stack: list[tuple[str, Any, str]] = [("", value, "")]
    while stack:
        key, value, note = stack.pop()
        if isinstance(value, str):
            yield _StringRow(key, value, note)
        elif isinstance(value, dict) and (message := _message(key, value)):
            yield message if message.note else message._replace(note=note)
        elif isinstance(value, dict):
            children = []
            for own, child in value.items():
                if own.startswith("@") and not own.startswith("@@"):
                    continue
                meta = value.get(f"@{own}")
                described = str(meta.get("description") or "") if isinstance(meta, dict) else ""
                children.append((f"{key}.{own}" if key else own, child, described))
            stack += reversed(children)
        elif isinstance(value, list):
            stack += [(f"{key}[{number}]", value[number], "") for number in reversed(range(len(value)))]


def _message(key: str, value: dict[str, Any]) -> _StringRow | None:
    """The text of an object that is a message, under its own name if it has one; None for other objects."""
    texts = [value[name] for name in _TEXT_KEYS if isinstance(value.get(name), str)]
    named, notes = (
        [value[name] for name in names if isinstance(value.get(name), str) and value[name]]
        for names in (_NAME_KEYS, _NOTE_KEYS)
    )
    if len(texts) != 1 or not value.keys() <= _MESSAGE_KEYS or any(" " in one.strip() for one in named):
        return None  # a name of several words may be the source text
    return _StringRow(named[0] if named else key, texts[0], "\n".join(notes))


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The members of a JSON object; a key that is there again has a number, so that its text is not lost."""
    members: dict[str, Any] = {}
    for key, value in pairs:
        number, unique = 2, key
        while unique in members:
            unique, number = f"{key} ({number})", number + 1
        members[unique] = value
    return members


def _properties(name: str, text: str) -> Iterator[_StringRow]:
    require_extra("javaproperties")
    import javaproperties

    note: list[str] = []
    try:
        for part in javaproperties.parse(text):
            if isinstance(part, javaproperties.KeyValue):
                yield _StringRow(part.key, part.value, "\n".join(note))
                note = []
            elif isinstance(part, javaproperties.Comment):
                note.append(part.value)
            else:
                note = []
    except ValueError as error:
        raise ReadError(f"{name}: not readable as properties ({error}). Mend it and add that.") from error


def _apple(name: str, text: str) -> Iterator[_StringRow]:
    """Yield the strings of a file of Apple's. Raises ReadError with the line that is no string and no comment."""
    note, at = "", 0
    for match in _APPLE.finditer(text):
        _check_blank(name, text, at, match.start())
        at = match.end()
        if match["value"] is None:
            note = (match["note"] or match["line"] or "").strip()
            continue
        yield _StringRow(match["key"] or match["bare"] or "", _unescaped(match["value"]), note)
        note = ""
    _check_blank(name, text, at, len(text))


def _check_blank(name: str, text: str, start: int, end: int) -> None:
    between = text[start:end]
    if between.strip():
        line = text.count("\n", 0, end - len(between.lstrip())) + 1
        raise ReadError(f'{name}:{line}: not "key" = "text"; as in files of strings. Mend it and add that.')


def _unescaped(value: str) -> str:
    return _ESCAPE.sub(
        lambda match: chr(int(match[1] or match[2], 16)) if match[1] or match[2] else
        _PLAIN_ESCAPES.get(match[3], match[3]), value
    )  # fmt: skip


def _resx(root: Any) -> Iterator[_StringRow]:
    """Yield the strings of a RESX file; other data (pictures, sizes of controls) have a type or a MIME type."""
    for data in root.iter("data"):
        if data.get("type") or data.get("mimetype") or (data.get("name") or "").startswith(">>"):
            continue
        yield _StringRow(data.get("name") or "", data.findtext("value") or "", data.findtext("comment") or "")


def _android(root: Any) -> Iterator[_StringRow]:
    note = ""
    for node in root:
        if not isinstance(node.tag, str):
            note = (node.text or "").strip()
            continue
        name = node.get("name") or ""
        if node.tag == "string" or (node.tag == "item" and node.get("type") == "string"):
            yield _StringRow(name, _android_text(node), note)
        elif node.tag in ("string-array", "plurals"):
            for number, item in enumerate(node.iterchildren("item")):
                yield _StringRow(f"{name}[{item.get('quantity') or number}]", _android_text(item), note)
        note = ""


def _android_text(node: Any) -> str:
    value = re.sub(r"\s+", " ", "".join(node.itertext()))
    return _unescaped(_QUOTED_ANDROID.sub("", value).strip())
