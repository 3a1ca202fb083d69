"""XLIFF 1.2 and 2.x, unit by unit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from align.domain import Status
from align.errors import ReadError
from align.exchange.readback import row as said
from align.exchange.readback.row import Row, Told
from align.exchange.readback.xml import XML_LANG, elements, let_go, local, words

CODES = frozenset({"bpt", "ept", "it", "ph", "x", "bx", "ex", "sc", "ec", "sub"})
ALIGN = "{urn:align-workbench:provenance:1}"
DONE = frozenset({"final", "signed-off"})


def rows(path: Path) -> Iterator[Row]:
    """The units of the file that have a target. Raises ReadError where it is no XLIFF."""
    version = ""
    languages = ("und", "und")
    docs = ("", "")
    for event, element in elements(path, ("start", "end")):
        name = local(element)
        if event == "start" and name == "xliff":
            version = element.get("version", "")
            languages = element.get("srcLang", "und"), element.get("trgLang", "und")
        elif event == "start" and name == "file":
            if not version:
                raise ReadError(f"{path}: not XLIFF: <file> stands outside <xliff>.")
            if version.startswith("1"):
                languages = element.get("source-language", "und"), element.get("target-language", "und")
            docs = element.get("original", ""), element.get(f"{ALIGN}target-document", "")
        elif event == "end" and name == "note" and element.get("category") == "target-document":
            docs = docs[0], element.text or ""
        elif event == "end" and name == "trans-unit":
            yield from _old(element, languages, docs)
            let_go(element)
        elif event == "end" and name == "unit":
            yield from _new(element, languages, docs)
            let_go(element)
        elif event == "start" and not version:
            raise ReadError(f"{path}: not XLIFF: its outermost element is <{name}>.")


def _old(unit: etree._Element, languages: tuple[str, str], docs: tuple[str, str]) -> Iterator[Row]:
    source, target = unit.find("{*}source"), unit.find("{*}target")
    if source is None or target is None:
        return
    notes = [note.text or "" for note in unit.iterfind("{*}note")]
    stamp = unit.get(f"{ALIGN}stamp")
    yield Row(
        f"trans-unit {unit.get('id')} (line {unit.sourceline})",
        (
            Told(source.get(XML_LANG, languages[0]), words(source, CODES)),
            Told(target.get(XML_LANG, languages[1]), words(target, CODES)),
        ),
        said.number(unit.get("id")),
        _old_status(unit.get("approved"), target.get("state")),
        said.kind(unit.get(f"{ALIGN}kind")),
        "\n".join(notes) if notes or stamp else None,
        stamp,
        docs=docs,
        spans=(unit.get(f"{ALIGN}src-spans", ""), unit.get(f"{ALIGN}tgt-spans", "")),
    )


def _old_status(approved: str | None, state: str | None) -> Status | None:
    if state == "x-rejected":
        return Status.REJECTED
    if approved == "yes" or state in DONE:
        return Status.EDITED if state == "final" else Status.ACCEPTED
    return Status.PROPOSED if approved == "no" or state else None


def _new(unit: etree._Element, languages: tuple[str, str], docs: tuple[str, str]) -> Iterator[Row]:
    """A unit of ours is a row, however a tool has cut it since; of another's, each segment is one."""
    segments = [s for s in unit.iter("{*}segment", "{*}ignorable") if s.find("{*}target") is not None]
    metas = {meta.get("type", ""): meta.text or "" for meta in unit.iter("{*}meta")}
    if "stamp" in metas:
        parts = [segments] if segments else []
    else:
        parts = [[segment] for segment in segments if local(segment) == "segment"]
    for number, part in enumerate(parts, start=1):
        row = _new_row(unit, part, metas, languages, docs)
        yield row._replace(id=None, where=f"{row.where}, segment {number}") if len(parts) > 1 else row


def _new_row(
    unit: etree._Element,
    segments: list[etree._Element],
    metas: dict[str, str],
    languages: tuple[str, str],
    docs: tuple[str, str],
) -> Row:
    source, target = (
        "".join(words(segment.find(f"{{*}}{side}"), CODES, _character) for segment in segments)
        for side in ("source", "target")
    )
    notes = [
        note.text or ""
        for note in unit.iter("{*}note")
        if not (note.get("category") or "").startswith(("context-", "target-document"))
    ]
    stamp = metas.get("stamp")
    return Row(
        f"unit {unit.get('id')} (line {unit.sourceline})",
        (Told(languages[0], source), Told(languages[1], target)),
        said.number((unit.get("id") or "").removeprefix("u")),
        _new_status(segments[0]),
        said.kind(metas.get("kind")),
        "\n".join(notes) if notes or stamp else None,
        stamp,
        docs=docs,
        spans=(metas.get("source-spans", ""), metas.get("target-spans", "")),
    )


def _new_status(segment: etree._Element) -> Status | None:
    ours = (segment.get("subState") or "").removeprefix("align:")
    state = segment.get("state")
    if ours == Status.REJECTED and state == "initial":
        return Status.REJECTED
    if state in ("final", "reviewed"):
        return Status.EDITED if ours == Status.EDITED else Status.ACCEPTED
    return Status.PROPOSED if state else None


def _character(code: str) -> str:
    try:
        return chr(int(code, 16))
    except (ValueError, OverflowError):
        return ""
