"""The bilingual page, read by libxml2's HTML parser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from align.exchange.readback import row as said
from align.exchange.readback.row import Row, Told


def rows(path: Path) -> Iterator[Row]:
    """The links of the page in the order that its sections tell them."""
    with path.open("rb") as file:
        for _, section in etree.iterparse(file, html=True, encoding="utf-8", tag="section", huge_tree=True):
            ends = [_ends(section, side) for side in ("left", "right")]
            for told in (section.get("data-links") or "").split():
                link, _, status, *_ = told.split(",")
                sides = tuple(Told(lang, texts.get(link, "")) for lang, texts in ends)
                yield Row(f"link {link}", sides, said.number(link), said.status(status))
            section.clear()


def _ends(section: etree._Element, side: str) -> tuple[str, dict[str, str]]:
    pane = next(div for div in section.iter("div") if div.get("class") == f"pane {side}")
    texts: dict[str, str] = {}
    for span in pane.iter("span"):
        for link in (span.get("data-l") or "").split():
            texts[link] = "".join(map(str, span.itertext()))
    return pane.get("lang", "und"), texts
