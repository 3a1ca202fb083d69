"""Read the trans-units of XLIFF 1.2: segments, states, comments and codes as align, Trados, memoQ, Phrase and Okapi
write them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from align.exchange.inline_codes import segment_text
from align.exchange.types import ImportedUnit, Segment, parse_id, parse_kind
from align.exchange.xml import XML_LANG, local_name
from align.models import Status

ALIGN: Final = "urn:align-workbench:provenance:1"
TOOL_STATES: Final[Mapping[str, Status]] = {
    "rejectedtranslation": Status.REJECTED, "rejectedsignoff": Status.REJECTED, "rejected": Status.REJECTED,
    "approvedtranslation": Status.ACCEPTED, "approvedsignoff": Status.ACCEPTED, "translated": Status.ACCEPTED,
    "manuallyconfirmed": Status.ACCEPTED, "proofread": Status.ACCEPTED, "reviewer1confirmed": Status.ACCEPTED,
    "reviewer2confirmed": Status.ACCEPTED,
}  # fmt: skip
"""States of segments in Trados (`sdl:seg` `conf`) and memoQ (`mq:status`), in lower case; others are proposed."""
_DONE = frozenset({"final", "signed-off"})
_TEXTS = frozenset({"source", "seg-source", "target", "alt-trans"})


def provenance(name: str) -> str:
    """The name of an attribute or element in our own namespace."""
    return f"{{{ALIGN}}}{name}"


@dataclass(slots=True)
class XliffFile:
    """What the units of a `file` element share."""

    languages: tuple[str, str] = ("und", "und")
    docs: tuple[str, str] = ("", "")
    tags: dict[str, str] = field(default_factory=dict)
    """Markup by the id of a code (Trados)."""
    comments: dict[str, str] = field(default_factory=dict)
    """Comments by id (Trados). They precede the `file` elements, and hold for all of them."""

    def for_file(self, languages: tuple[str, str], docs: tuple[str, str]) -> XliffFile:
        """The values of the next `file` element."""
        return XliffFile(languages, docs, comments=self.comments)


def read_tags(tag: etree._Element) -> Iterator[tuple[str, str]]:
    """The id and the markup of a standalone code in a `tag` element of Trados."""
    for placeholder in tag.iterfind("{*}ph"):
        yield tag.get("id", ""), placeholder.get("equiv-text") or placeholder.text or ""


def read_comments(definition: etree._Element) -> Iterator[tuple[str, str]]:
    """The id and the text of a `cmt-def` element of Trados."""
    texts = ["".join(map(str, comment.itertext())).strip() for comment in definition.iter("{*}Comment")]
    yield definition.get("id", ""), "\n".join(filter(None, texts))


def read_trans_unit(unit: etree._Element, head: XliffFile) -> Iterator[ImportedUnit]:
    """The units of a `trans-unit`: one for each segment (`mrk` of type `seg`), else one.

    A trans-unit of our exports is one unit, even if a tool has split it. A segment without a translation has an empty
    target; one without any text is left out.
    """
    source, target = unit.find("{*}source"), unit.find("{*}target")
    if source is None:
        return
    stamp = unit.get(provenance("stamp"))
    marks = {} if stamp else _segments(unit.find("{*}seg-source"), source)
    target_marks = {} if target is None else _segments(target)
    pairs: list[tuple[str, etree._Element | None, etree._Element | None]]
    if marks and (target_marks or target is None or not segment_text(target).strip()):
        mids = dict.fromkeys([*marks, *target_marks])
        pairs = [(mid, marks.get(mid), target_marks.get(mid)) for mid in mids]
    else:
        pairs = [(next(iter(marks), ""), source, target)]
    langs = [
        (element.get(XML_LANG) if element is not None else None) or lang
        for element, lang in zip((source, target), head.languages, strict=True)
    ]
    notes = _notes(unit)
    for mid, src, tgt in pairs:
        sides = tuple(
            Segment(lang, segment_text(element, originals=head.tags))
            for lang, element in zip(langs, (src, tgt), strict=True)
        )
        if not any(side.text.strip() for side in sides):
            continue
        own_notes = notes + _marked_comments(src, tgt, head.comments)
        notes = []  # notes of the whole unit are with its first segment
        where = f"trans-unit {unit.get('id')} (line {unit.sourceline})"
        yield ImportedUnit(
            f"{where}, segment {mid}" if len(pairs) > 1 else where,
            sides,
            parse_id(unit.get("id")) if len(pairs) == 1 else None,
            _status(unit, target, tgt, mid) if sides[1].text.strip() else None,
            parse_kind(unit.get(provenance("kind"))),
            "\n".join(own_notes) if own_notes or stamp else None,
            stamp,
            docs=head.docs,
            spans=(unit.get(provenance("src-spans"), ""), unit.get(provenance("tgt-spans"), "")),
        )


def _segments(*elements: etree._Element | None) -> dict[str, etree._Element]:
    """The segments of the first element that has some, by `mid`."""
    for element in elements:
        if element is not None and (
            marks := {mark.get("mid", ""): mark for mark in element.iter("{*}mrk") if mark.get("mtype") == "seg"}
        ):
            return marks
    return {}


def _notes(unit: etree._Element) -> list[str]:
    """The notes of a trans-unit, and comments in the namespaces of other tools."""
    notes = [note.text or "" for note in unit.iterfind("{*}note")]
    for child in unit:
        if local_name(child) in _TEXTS:
            continue
        for element in child.iter("{*}comment"):
            text = "".join(map(str, element.itertext())).strip()
            if text and element.get("deleted") != "true":
                notes.append(text)
    return notes


def _marked_comments(src: etree._Element | None, tgt: etree._Element | None, comments: Mapping[str, str]) -> list[str]:
    """The comments on a part of a segment, or on all of it (`mrk` of type `x-sdl-comment`)."""
    found: dict[str, None] = {}
    for element in (src, tgt):
        if element is None:
            continue
        marks = [*element.iter("{*}mrk"), *element.iterancestors("{*}mrk")]
        for mark in marks:
            if mark.get("mtype") == "x-sdl-comment":
                number = next((value for name, value in mark.attrib.items() if str(name).endswith("cid")), "")
                if text := comments.get(str(number)) or mark.get("comment"):
                    found[text] = None
    return list(found)


def _status(
    unit: etree._Element, target: etree._Element | None, mark: etree._Element | None, mid: str
) -> Status | None:
    """The status of a segment: that of a tool for the segment, else for the unit, else the state of the target."""
    for segment in unit.iter("{*}seg"):
        if segment.get("id") == mid and (conf := segment.get("conf")):
            return TOOL_STATES.get(conf.lower(), Status.PROPOSED)
    for element in (mark, unit):
        for name, value in {} if element is None else dict(element.attrib).items():
            local = str(name).rpartition("}")[2]
            if str(name).startswith("{") and not str(name).startswith(f"{{{ALIGN}}}"):
                if local == "status":
                    return TOOL_STATES.get(str(value).lower(), Status.PROPOSED)
                if local == "confirmed":
                    return Status.ACCEPTED if value in ("1", "true") else Status.PROPOSED
    approved, state = unit.get("approved"), None if target is None else target.get("state")
    if state is not None and (state.lower() == "rejected" or state.lower().endswith("-rejected")):
        return Status.REJECTED
    if approved == "yes" or state in _DONE:
        return Status.EDITED if state == "final" else Status.ACCEPTED
    return Status.PROPOSED if approved == "no" or state else None
