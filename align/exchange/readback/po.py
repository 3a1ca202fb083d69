"""PO files, entry by entry: the strings, the context, and the comments that our writer leaves."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from align.domain import Status
from align.errors import ReadError
from align.exchange.readback import row as said
from align.exchange.readback.row import Row, Told

_STRING = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*')
_FROM = re.compile(r"(.*?)((?: \d+:\d+)*)", re.DOTALL)
_CHARSET = re.compile(rb"Content-Type:[^\n]*?charset=([\w.:-]+)", re.IGNORECASE)
HEAD = 8192
"""Bytes in which the header stands."""
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_PLAIN = {"n": "\n", "t": "\t", "r": "\r"}
_KEYWORD = re.compile(r"(msgctxt|msgid_plural|msgid|msgstr(?:\[\d+\])?)(?=[\s\"])")


@dataclass
class _Entry:
    line: int = 0
    strings: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    docs: list[str] = field(default_factory=list)
    spans: list[str] = field(default_factory=list)
    fuzzy: bool = False
    obsolete: bool = False
    last: str = ""


def rows(path: Path, encoding: str | None = None) -> Iterator[Row]:
    """The entries that have a translation. Raises ReadError with the line where the file is not PO.

    Where nothing else is said, the source is English: that is gettext's convention.
    """
    languages = ["en", "und"]
    for entry in _entries(path, encoding or charset(path) or "utf-8-sig"):
        source, target = entry.strings.get("msgid"), entry.strings.get("msgstr")
        if source == "" and "msgctxt" not in entry.strings:
            head = dict(line.split(":", 1) for line in (target or "").splitlines() if ":" in line)
            languages = [
                head.get("X-Source-Language", "").strip() or "en",
                head.get("Language", "und").strip().replace("_", "-") or "und",
            ]
        elif source is not None and target:
            yield _row(entry, languages, source, target)
        elif source is not None and "msgid_plural" in entry.strings:
            yield from _plurals(entry, languages, source)


def _row(entry: _Entry, languages: list[str], source: str, target: str) -> Row:
    context = entry.strings.get("msgctxt", "")
    settled = Status.EDITED if entry.facts[:1] == [Status.EDITED] else Status.ACCEPTED
    return Row(
        f"line {entry.line}",
        (Told(languages[0], source), Told(languages[1], target)),
        said.number(context.removeprefix("align:")) if context.startswith("align:") else None,
        Status.REJECTED if entry.obsolete else Status.PROPOSED if entry.fuzzy else settled,
        said.kind(entry.facts[1]) if len(entry.facts) > 1 else None,
        "\n".join(entry.notes),
        entry.facts[3] if len(entry.facts) > 3 else None,
        docs=tuple(entry.docs),
        spans=tuple(entry.spans),
    )


def _plurals(entry: _Entry, languages: list[str], source: str) -> Iterator[Row]:
    """A row a form: the first says the singular, each other one the plural. They are no links of ours."""
    forms = sorted((name, text) for name, text in entry.strings.items() if name.startswith("msgstr[") and text)
    for name, text in forms:
        singular = name == "msgstr[0]"
        row = _row(entry, languages, source if singular else entry.strings["msgid_plural"], text)
        yield row._replace(where=f"{row.where} {name}", id=None)


def charset(path: Path) -> str | None:
    """The encoding that the header names, other than UTF-8; None for one that there is not."""
    with path.open("rb") as file:
        told = _CHARSET.search(file.read(HEAD))
    try:
        name = codecs.lookup(told[1].decode()).name if told else "utf-8"
        "".encode(name)  # there are codecs that are none of texts
    except LookupError:
        return None
    return None if name == "utf-8" else name


def _entries(path: Path, encoding: str) -> Iterator[_Entry]:
    entry = _Entry()
    with path.open(encoding=encoding, newline="\n") as file:
        for number, raw in enumerate(file, start=1):
            line = raw.rstrip("\r\n")
            if not line.strip():
                continue
            if any(name.startswith("msgstr") for name in entry.strings) and not _continues(line):
                yield entry
                entry = _Entry()
            entry.line = entry.line or number
            _take(entry, line, f"{path}:{number}")
    if entry.strings:
        yield entry


def _continues(line: str) -> bool:
    return line.removeprefix("#~").lstrip().startswith(('"', "msgstr["))


def _take(entry: _Entry, line: str, where: str) -> None:
    if line.startswith("#~"):
        entry.obsolete = True
        line = line[2:].lstrip()
    if line.startswith("#"):
        _comment(entry, line)
        return
    keyword = _KEYWORD.match(line)
    if keyword:
        entry.last = keyword[1]
        entry.strings.setdefault(entry.last, "")
        line = line[keyword.end() :]
    string = _STRING.fullmatch(line)
    if string is None or not entry.last:
        raise ReadError(f"{where}: not a line of a PO file: {line[:60]!r}.")
    entry.strings[entry.last] += _ESCAPE.sub(lambda found: _PLAIN.get(found[1], found[1]), string[1])


def _comment(entry: _Entry, line: str) -> None:
    if line.startswith("#, "):
        entry.fuzzy = entry.fuzzy or "fuzzy" in line
    elif line.startswith("#. align: "):
        entry.facts = line.removeprefix("#. align: ").split()
    elif line.startswith("#. from: "):
        if found := _FROM.fullmatch(line.removeprefix("#. from: ")):
            entry.docs.append(found[1])
            entry.spans.append(found[2].strip())
    elif line.startswith("# ") or line == "#":
        entry.notes.append(line[2:])
