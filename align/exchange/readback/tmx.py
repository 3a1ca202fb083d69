"""TMX of any version from 1.1 on, unit by unit, checked against the rules of 1.4b where that is asked for.

The order of a unit's languages says nothing: which one is the source is told by `srclang` of the unit, else of the
header. A row has that side first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from lxml import etree

from align.errors import ReadError
from align.exchange.readback import row as said
from align.exchange.readback.row import Also, Row, Told
from align.exchange.readback.xml import XML_LANG, elements, let_go, local, words

CODES = frozenset({"bpt", "ept", "it", "ph", "ut"})


@cache
def rules() -> etree.DTD:
    """The DTD of TMX 1.4b as we wrote it from the standard."""
    with (files("align.exchange") / "rules" / "tmx14.dtd").open("rb") as file:
        return etree.DTD(file)


def obey(element: etree._Element, path: Path) -> None:
    """Raises ReadError where an element breaks the rules of TMX 1.4b."""
    dtd = rules()
    # A copy is a document of its own: inside a larger one, libxml2 takes the namespaces in scope for attributes.
    if not dtd.validate(deepcopy(element)):
        errors: Any = dtd.error_log
        raise ReadError(f"{path}:{element.sourceline}: not TMX 1.4 ({errors[0].message}).")


def rows(path: Path, *, strict: bool = False) -> Iterator[Row]:
    """The units of the file. `strict`: raise ReadError for what the rules of TMX 1.4b do not allow."""
    count = 0
    source: str | None = None
    for event, element in elements(path, ("start", "end")):
        name = local(element)
        if event == "start":
            if count == 0 and element.getparent() is None and name != "tmx":
                raise ReadError(f"{path}: not TMX: its outermost element is <{name}>.")
        elif name == "header":
            if strict:
                obey(element, path)
            source = element.get("srclang")
        elif name == "tu":
            count += 1
            if strict:
                obey(element, path)
            yield _row(element, f"tu {count} (line {element.sourceline})", element.get("srclang") or source)
            let_go(element)


def _row(tu: etree._Element, where: str, source: str | None) -> Row:
    props: dict[str, str] = {}
    also: list[Also] = []
    note = ""
    sides: list[Told] = []
    docs: list[str] = []
    spans: list[str] = []
    for child in tu:
        name = local(child)
        if name == "prop" and child.get("type") == "x-align:link":
            also += _also(child.text or "")
        elif name == "prop":
            props[child.get("type", "")] = child.text or ""
        elif name == "note":
            note = f"{note}\n{child.text or ''}" if note else child.text or ""
        elif name == "tuv":
            lang = child.get(XML_LANG) or child.get("lang") or "und"
            sides.append(Told(lang, words(child.find("{*}seg"), CODES)))
            known = {prop.get("type", ""): prop.text or "" for prop in child.iterfind("{*}prop")}
            docs.append(known.get("x-align:document", ""))
            spans.append(known.get("x-align:spans", ""))
    ours = "x-align:stamp" in props
    if not ours and (first := source_side([side.lang for side in sides], source)):
        columns: tuple[list[Any], ...] = (sides, docs, spans)
        for column in columns:
            column.insert(0, column.pop(first))
    return Row(
        where,
        tuple(sides),
        said.number(tu.get("tuid")),
        said.status(props.get("x-align:status")),
        said.kind(props.get("x-align:kind")),
        note if ours or note else None,
        props.get("x-align:stamp"),
        tuple(also),
        tuple(docs),
        tuple(spans),
    )


def source_side(langs: Sequence[str], source: str | None) -> int:
    """Which of a unit's languages is its source by `srclang`; the first where that names none of them, or any.

    The very tag is preferred to a variant that the tag covers, that to a wider tag, and that to another variant of the
    language: of `en-GB, en`, the source by `en-US` is `en`.
    """

    def likeness(lang: str) -> int:
        one, other = (tag.strip().replace("_", "-").lower() for tag in (lang, source or ""))
        if one == other:
            return 4
        if one.startswith(f"{other}-"):
            return 3
        return 2 if other.startswith(f"{one}-") else int(one.partition("-")[0] == other.partition("-")[0])

    return max(range(len(langs)), key=lambda number: likeness(langs[number]), default=0)


def _also(text: str) -> Iterator[Also]:
    match text.split(" "):
        case [link, src, tgt, status, stamp]:
            number, src_side, tgt_side = said.number(link), said.number(src), said.number(tgt)
            if number is not None and src_side is not None and tgt_side is not None:
                yield Also(number, src_side, tgt_side, said.status(status), stamp)
