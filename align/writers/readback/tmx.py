"""TMX of any version from 1.1 on, unit by unit, checked against the rules of 1.4b where that is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from lxml import etree

from align.errors import ReadError
from align.writers.readback import row as said
from align.writers.readback.row import Also, Row, Told
from align.writers.readback.xml import XML_LANG, elements, let_go, local, words

CODES = frozenset({"bpt", "ept", "it", "ph", "ut"})


@cache
def rules() -> etree.DTD:
    """The DTD of TMX 1.4b as we wrote it from the standard."""
    with (files("align.writers") / "rules" / "tmx14.dtd").open("rb") as file:
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
    for event, element in elements(path, ("start", "end")):
        name = local(element)
        if event == "start":
            if count == 0 and element.getparent() is None and name != "tmx":
                raise ReadError(f"{path}: not TMX: its outermost element is <{name}>.")
        elif name == "header" and strict:
            obey(element, path)
        elif name == "tu":
            count += 1
            if strict:
                obey(element, path)
            yield _row(element, f"tu {count} (line {element.sourceline})")
            let_go(element)


def _row(tu: etree._Element, where: str) -> Row:
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


def _also(text: str) -> Iterator[Also]:
    match text.split(" "):
        case [link, src, tgt, status, stamp]:
            number, src_side, tgt_side = said.number(link), said.number(src), said.number(tgt)
            if number is not None and src_side is not None and tgt_side is not None:
                yield Also(number, src_side, tgt_side, said.status(status), stamp)
