"""Shared by the XML formats (TMX, XLIFF): writing helpers, a parser that reads one unit at a time, and inline codes.

A code holds the markup of a tool, not text. A break (line, tab, paragraph) leaves a space; a placeholder (`{name}`,
`%s`) is visible; the text of a footnote follows its segment; tracked deletions are left out.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Literal, NamedTuple

from lxml import etree

from align.errors import ReadError
from align.exchange.charsets import xml_text
from align.exchange.export_target import build_time

XML = "http://www.w3.org/XML/1998/namespace"
XML_LANG = f"{{{XML}}}lang"
XML_SPACE = f"{{{XML}}}space"
_FORBIDDEN = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01])|x0*(?:[0-8bBcCeEfF]|1[\da-fA-F]));"
)
"""Characters and references to characters that XML 1.0 forbids, in encodings that extend ASCII."""
_COMPACT = "%Y%m%dT%H%M%SZ"

CODES = frozenset({"bpt", "ept", "it", "ph", "ut", "x", "bx", "ex", "sc", "ec", "sub"})
"""Elements of TMX and of any version of XLIFF with the markup of a tool."""
STANDALONE = frozenset({"ph", "ut", "x"})
"""Codes for something between the letters around them; the others start or end a format."""
DELETED = frozenset({"x-sdl-deleted", "x-deleted", "x-del", "deleted"})
"""Types of a `mrk` around a tracked deletion."""
_BREAK_TYPE = re.compile(
    r"(?:x-)?(?:xlf:)?(?:lb|pb|cb|br|tab|line-?break|newline|page-?break|softreturn)", re.IGNORECASE
)
_BREAK = re.compile(
    r"\s*[\n\r\t]\s*"
    r"|\s*</?(?:\w+:)?(?:br|tab|lb|cr|line-break|p|li|ul|ol|div|td|th|tr|h[1-6]|hr|ptab)\b[^<>]*>\s*"
    r"|\{?\s*\\(?:line|tab|par|page|cell|row|n|t|r)\b\s*\}?",
    re.IGNORECASE,
)
_FORMAT = re.compile(
    r"\s*</?(?:\w+:)?(?:a|b|i|u|s|em|strong|span|font|sup|sub|code|small|big|tt|cf|g|mark|kbd|ins|del|r|rpr)\b[^<>]*>\s*"
    r"|\{?\s*\\(?:b|i|ul|ulnone|cf|f|fs|super|sub|plain|nosupersub)\d*\s*\}?|\s*[{}]\s*",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"\{\{[^<>]*\}\}|[$#]?\{[^{}\\<>]{1,60}\}|%%|%(?:\d+\$)?[-+ #0]*\d*(?:\.\d+)?(?:l|ll|h)?[a-zA-Z@]"
    r"|%\(\w+\)[a-z]|%\d+|%\w{1,40}%|\$\w+\$?|\$\(\w+\)|\[\[?\w+\]?\]|@\w+|&\w+;"
)
_RAISED = re.compile(r"sup|sub", re.IGNORECASE)
"""In types and markup of formats inside a word: H2O."""
_ROLES: Mapping[str, Literal["opens", "closes"]] = {
    "bpt": "opens", "bx": "opens", "sc": "opens", "ept": "closes", "ex": "closes", "ec": "closes"
}  # fmt: skip
_DISPLAYED = re.compile(r"""\bdisplaytext=(["'])(.*?)\1""")
_NAMED = re.compile(r"(?:INTERPOLATION|PH|ICU|VAR)(?:_\w+)?")
"""Names that generators of messages give to placeholders."""
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff\uff00-\uff9f\U00020000-\U0003ffff]"
)
"""Characters of scripts without spaces between words."""
_STOPS = frozenset(".,;:!?)]\u00bb\u201d")


def xml_value(text: str) -> str:
    """A name, note or other value without the characters that XML forbids."""
    return xml_text(text)[0]


def add_child(parent: etree._Element, tag: str, text: str | None = None, **attributes: str) -> etree._Element:
    """Append a child element."""
    element = etree.SubElement(parent, tag, attributes)
    element.text = text
    return element


def compact_date(iso: str) -> str:
    """An ISO 8601 time as TMX writes it, in UTC: `20131102T100000Z`. Without an offset, it is taken as UTC."""
    time = datetime.fromisoformat(iso)
    return (time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)).strftime(_COMPACT)


def compact_now() -> str:
    """The time of the export as TMX writes it."""
    return build_time().strftime(_COMPACT)


def elements(path: Path, events: tuple[str, ...] = ("end",)) -> Iterator[tuple[str, etree._Element]]:
    """(event, element) through the file. Raises ReadError with line and column where it is not well-formed.

    External entities and DTDs are not loaded; entities that the file declares are not expanded. Characters that XML
    forbids, which some tools write, are read as U+FFFD.
    """
    try:
        with path.open("rb") as file:
            yield from etree.iterparse(
                _permitted(file),
                events=events,
                resolve_entities=False,
                load_dtd=False,
                no_network=True,
                dtd_validation=False,
            )
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise ReadError(f"{path}:{line}:{column}: not well-formed XML ({error.msg}). Export it again.") from error


def _permitted(file: IO[bytes]) -> IO[bytes]:
    """The file at its start; without the characters that XML forbids, if it has some and a byte is a character."""
    head = file.read(200)
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<")) or b"2022" in head
    file.seek(0)
    if wide or not any(_FORBIDDEN.search(chunk) for chunk in iter(lambda: file.read(1 << 20), b"")):
        file.seek(0)
        return file
    file.seek(0)
    return io.BytesIO(_FORBIDDEN.sub(b"&#xFFFD;", file.read()))


def release(element: etree._Element) -> None:
    """Free an element that was read and its preceding siblings, so that memory stays constant."""
    element.clear()
    parent = element.getparent()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]


def local_name(element: etree._Element) -> str:
    """The tag without its namespace; "" for comments and processing instructions."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


class _Code(NamedTuple):
    """A code between two texts. `text`: what it shows, " " for a break, "" for nothing."""

    text: str
    separates: bool
    """Whether letters on both sides of it belong to different words."""
    role: Literal["", "opens", "closes"] = ""
    """The start or the end of a format."""


def segment_text(
    element: etree._Element | None,
    character: Callable[[str], str] = str,
    originals: Mapping[str, str] | None = None,
) -> str:
    """The text of a segment; "" for None.

    `character` decodes the `hex` attribute of `cp` (XLIFF 2), an element for a character that XML forbids. `originals`:
    markup by the id of a code, for files that list it elsewhere.
    """
    if element is None:
        return ""
    parts: list[str | _Code] = []
    footnotes: list[str] = []
    _collect(element, parts, footnotes, character, originals or {})
    text = _joined(parts) if any(isinstance(part, _Code) for part in parts) else "".join(map(str, parts))
    for footnote in footnotes:
        text = f"{text} {footnote}" if text else footnote
    return text


def _collect(
    element: etree._Element,
    parts: list[str | _Code],
    footnotes: list[str],
    character: Callable[[str], str],
    originals: Mapping[str, str],
) -> None:
    """Append the texts and codes inside an element, and the texts of footnotes."""
    parts.append(element.text or "")
    for part in element:
        name = local_name(part)
        if name == "cp":
            parts.append(character(part.get("hex", "")))
        elif name == "ch":
            value = part.get("val", "")
            parts.append(_Code(" ", True) if value.isspace() else value)
        elif name in CODES:
            parts.append(_code(part, name, originals))
            footnotes += filter(None, (segment_text(sub, character, originals) for sub in part.iterfind("{*}sub")))
        elif name == "mrk" and part.get("mtype") in DELETED:
            pass
        elif name == "pc":
            ends = [_is_break("", originals.get(part.get(ref, ""), "")) for ref in ("dataRefStart", "dataRefEnd")]
            parts += [_Code(" ", True)] * ends[0]
            _collect(part, parts, footnotes, character, originals)
            parts += [_Code(" ", True)] * ends[1]
        elif name:
            _collect(part, parts, footnotes, character, originals)
        elif isinstance(part, etree._Entity):
            parts.append(part.text or "")
        parts.append(part.tail or "")


def _code(element: etree._Element, name: str, originals: Mapping[str, str]) -> _Code:
    """An inline code. `name`: of its element; `originals`: see `_collect`."""
    number = element.get("id", "")
    markup = element.text or originals.get(element.get("dataRef") or number, "")
    shown = element.get("equiv-text") or element.get("disp") or element.get("equiv") or ""
    types = (element.get("ctype"), element.get("type"), element.get("subType"))
    if any(kind and _is_break(kind, "") for kind in types) or _is_break("", markup) or _is_break("", shown):
        return _Code(" ", True)
    if name in _ROLES and not _RAISED.search(" ".join((markup, shown, *filter(None, types)))):
        return _Code("", False, _ROLES[name])
    if name not in STANDALONE or _FORMAT.fullmatch(markup) or _FORMAT.fullmatch(shown):
        return _Code("", False)
    text = _text_of_code(markup, shown, number)
    return _Code("", True) if text is None else _Code(text, False)


def _text_of_code(markup: str, shown: str, number: str) -> str | None:
    """The text that a reader sees in the position of a code, such as a placeholder; None where there is none."""
    if shown and "<" not in shown:
        return shown
    if displayed := _DISPLAYED.search(markup):
        return displayed[2]
    if _PLACEHOLDER.fullmatch(markup.strip()):
        return markup
    return f"{{{number}}}" if not markup and not shown and _NAMED.fullmatch(number) else None


def _is_break(kind: str, markup: str) -> bool:
    return bool(kind and _BREAK_TYPE.fullmatch(kind)) or bool(markup and _BREAK.fullmatch(markup))


def _joined(parts: list[str | _Code]) -> str:
    """The texts, with a space where a code separates two words."""
    shown = [part.text if isinstance(part, _Code) else part for part in parts]
    shown = ["" if isinstance(part, _Code) and text == " " else text for part, text in zip(parts, shown, strict=True)]
    before, after = _neighbours(shown), _neighbours(shown[::-1], last=False)[::-1]
    glued = [_are_words(left, right) for left, right in zip(before, after, strict=True)]
    text = ""
    for index, part in enumerate(parts):
        if isinstance(part, _Code) and not shown[index]:
            is_separate = part.text == " " or (
                glued[index] and (part.separates or (part.role and _parts_words(parts, shown, glued, index)))
            )
            if is_separate and text and not text[-1].isspace() and after[index] and not after[index].isspace():
                text += " "
        text += shown[index]
    return text


def _neighbours(texts: list[str], *, last: bool = True) -> list[str]:
    """For each text, the last (or first) character of the nearest one before it that has any; "" without one."""
    characters, nearest = [], ""
    for text in texts:
        characters.append(nearest)
        if text:
            nearest = text[-1] if last else text[0]
    return characters


def _parts_words(parts: list[str | _Code], shown: list[str], glued: list[bool], index: int) -> bool:
    """Whether the start or the end of a format between two letters is between two words: `This is<b>bold</b> text`.

    False for a format of a part of a word: `un<b>believ</b>able`, `<b>S</b>oftware`.
    """
    code = parts[index]
    opens = isinstance(code, _Code) and code.role == "opens"
    depth = 0
    for other in range(index, len(parts)) if opens else range(index, -1, -1):
        part = parts[other]
        if isinstance(part, _Code) and part.role:
            depth += 1 if (part.role == "opens") is opens else -1
            if not depth:
                inside = "".join(shown[min(index, other) : max(index, other)]).strip()
                return " " in inside or (opens and not glued[other])
    return False


def _are_words(left: str, right: str) -> bool:
    """Whether two characters end and start words, in a script with spaces between words."""
    return (
        bool(left and right)
        and right.isalnum()
        and (left.isalnum() or left in _STOPS)
        and not _UNSPACED.search(left + right)
    )
