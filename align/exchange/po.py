"""PO (gettext), one pair of languages: proposed links are fuzzy entries, rejected ones obsolete entries."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from align import __version__
from align.errors import ReadError
from align.exchange.charsets import utf8_text
from align.exchange.columns import spans_cell
from align.exchange.filter import one_language_pair
from align.exchange.link_stamp import stamp_of
from align.exchange.types import ExportOptions, ImportedUnit, Segment, Unit, parse_id, parse_kind
from align.models import CONFIRMED, Status
from align.readers.encodings import codec_of

HEAD_BYTES = 8192
"""Bytes that the header is searched in for the encoding."""
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"})
_UNESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_STRING = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*')
_FROM = re.compile(r"(.*?)((?: \d+:\d+)*)", re.DOTALL)
_CHARSET = re.compile(rb"Content-Type:[^\n]*?charset=([\w.:-]+)", re.IGNORECASE)
_KEYWORD = re.compile(r"(msgctxt|msgid_plural|msgid|msgstr(?:\[\d+\])?)(?=[\s\"])")


def quoted(text: str) -> str:
    """A PO string on one line."""
    return f'"{text.translate(_ESCAPES)}"'


def comment(mark: str, text: str) -> Iterator[str]:
    """Comment lines, one for each line of the text."""
    for part in text.splitlines():
        yield f"#{mark} {part}\n"


def entry(unit: Unit) -> Iterator[str]:
    """The lines of a link. The context (msgctxt) is its id, so that entries with equal sources are distinct."""
    link = unit.link
    if link.note:
        yield from comment("", link.note)
    yield from comment(".", f"align: {link.status} {link.kind} {link.confidence:.4f} {stamp_of(link)}")
    if link.reviewer:
        yield from comment(".", f"reviewer: {link.reviewer} {link.decided_at or ''}")
    for side in (link.src, link.tgt):
        if side.doc:
            yield from comment(".", f"from: {side.doc} {spans_cell(side.spans)}")
    for context in unit.context or ():
        for text in (*context.before, *context.after):
            yield from comment(".", f"around: {text}")
    if link.status not in CONFIRMED:
        yield "#, fuzzy\n"
    obsolete = "#~ " if link.status == Status.REJECTED else ""
    yield f"{obsolete}msgctxt {quoted(f'align:{link.id}')}\n"
    yield f"{obsolete}msgid {quoted(link.src.text)}\n"
    yield f"{obsolete}msgstr {quoted(link.tgt.text)}\n\n"


def write(units: Iterable[Unit], file: IO[bytes], options: ExportOptions) -> None:
    """Write the header and one entry per link. Raises UsageError for more than one pair of languages."""
    src, tgt, run = one_language_pair(units, options, "PO")
    head = {
        "Project-Id-Version": "align",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "X-Source-Language": src,
        "Language": tgt.replace("-", "_"),
        "X-Generator": f"align {__version__}",
    }
    lines = "".join(quoted(f"{name}: {value}\n") + "\n" for name, value in head.items())
    file.write(f'msgid ""\nmsgstr ""\n{lines}\n'.encode())
    for unit in run:
        file.write(utf8_text("".join(entry(unit)))[0].encode())


@dataclass
class _PoEntry:
    """An entry while its lines are read; `values`: status, kind, confidence and stamp as our exports have them."""

    line: int = 0
    strings: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    docs: list[str] = field(default_factory=list)
    spans: list[str] = field(default_factory=list)
    fuzzy: bool = False
    obsolete: bool = False
    last: str = ""


def read(path: Path, encoding: str | None = None) -> Iterator[ImportedUnit]:
    """The entries; one without a translation has an empty target. Raises ReadError with the line that is not PO.

    Without `encoding`: the one of the header, else the detected one. The source is English unless the header names
    another language, by the convention of gettext.
    """
    languages = ["en", "und"]
    encoding = encoding or charset(path) or codec_of(str(path), path.read_bytes())
    for entry in _entries(path, encoding):
        source, target = entry.strings.get("msgid"), entry.strings.get("msgstr")
        if source == "" and "msgctxt" not in entry.strings:
            head = dict(line.split(":", 1) for line in (target or "").splitlines() if ":" in line)
            languages = [
                head.get("X-Source-Language", "").strip() or "en",
                head.get("Language", "und").strip().replace("_", "-") or "und",
            ]
        elif source and "msgid_plural" in entry.strings:
            yield from _plurals(entry, languages, source)
        elif source is not None:
            unit = _unit(entry, languages, source, target or "")
            yield unit if target or entry.obsolete else unit._replace(status=None)


def _unit(entry: _PoEntry, languages: list[str], source: str, target: str) -> ImportedUnit:
    context = entry.strings.get("msgctxt", "")
    confirmed = Status.EDITED if entry.values[:1] == [Status.EDITED] else Status.ACCEPTED
    return ImportedUnit(
        f"line {entry.line}",
        (Segment(languages[0], source), Segment(languages[1], target)),
        parse_id(context.removeprefix("align:")) if context.startswith("align:") else None,
        Status.REJECTED if entry.obsolete else Status.PROPOSED if entry.fuzzy else confirmed,
        parse_kind(entry.values[1]) if len(entry.values) > 1 else None,
        "\n".join(entry.notes),
        entry.values[3] if len(entry.values) > 3 else None,
        docs=tuple(entry.docs),
        spans=tuple(entry.spans),
    )


def _plurals(entry: _PoEntry, languages: list[str], source: str) -> Iterator[ImportedUnit]:
    """A unit per plural form: the first with the singular as its source, the others with the plural. Without ids.

    Without a translation, the two sources with empty targets.
    """
    forms = sorted((name, text) for name, text in entry.strings.items() if name.startswith("msgstr[") and text)
    if not forms:
        for text in (source, entry.strings["msgid_plural"]):
            yield _unit(entry, languages, text, "")._replace(id=None, status=None)
    for name, text in forms:
        singular = name == "msgstr[0]"
        unit = _unit(entry, languages, source if singular else entry.strings["msgid_plural"], text)
        yield unit._replace(where=f"{unit.where} {name}", id=None)


def charset(path: Path) -> str | None:
    """The encoding that the header names, other than UTF-8; None for an unknown one."""
    with path.open("rb") as file:
        declared = _CHARSET.search(file.read(HEAD_BYTES))
    try:
        name = codecs.lookup(declared[1].decode()).name if declared else "utf-8"
        "".encode(name)  # raises LookupError for the codecs that do not encode texts
    except LookupError:
        return None
    return None if name == "utf-8" else name


def _entries(path: Path, encoding: str) -> Iterator[_PoEntry]:
    entry = _PoEntry()
    with path.open(encoding=encoding, newline="\n") as file:
        for number, raw in enumerate(file, start=1):
            line = raw.rstrip("\r\n")
            if not line.strip():
                continue
            if any(name.startswith("msgstr") for name in entry.strings) and not _continues(line):
                yield entry
                entry = _PoEntry()
            entry.line = entry.line or number
            _take(entry, line, f"{path}:{number}")
    if entry.strings:
        yield entry


def _continues(line: str) -> bool:
    return line.removeprefix("#~").lstrip().startswith(('"', "msgstr["))


def _take(entry: _PoEntry, line: str, where: str) -> None:
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
    entry.strings[entry.last] += _ESCAPED.sub(lambda match: _UNESCAPES.get(match[1], match[1]), string[1])


def _comment(entry: _PoEntry, line: str) -> None:
    if line.startswith("#, "):
        entry.fuzzy = entry.fuzzy or "fuzzy" in line
    elif line.startswith("#. align: "):
        entry.values = line.removeprefix("#. align: ").split()
    elif line.startswith("#. from: "):
        if match := _FROM.fullmatch(line.removeprefix("#. from: ")):
            entry.docs.append(match[1])
            entry.spans.append(match[2].strip())
    elif line.startswith("# ") or line == "#":
        entry.notes.append(line[2:])
