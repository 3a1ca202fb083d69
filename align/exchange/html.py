"""A bilingual page in one HTML file that works offline: both texts side by side, with links to tap, filter and print.

Texts are escaped, and the content security policy of the page allows only its own script, by its hash. Exports from a
store show both documents in full, unpaired sentences included.
"""

from __future__ import annotations

import base64
import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib.resources import files
from itertools import groupby
from pathlib import Path, PurePath
from typing import IO, TYPE_CHECKING

from lxml import etree

from align import __version__
from align.exchange.charsets import xml_text
from align.exchange.filter import tag_name
from align.exchange.group_by import document_key
from align.exchange.types import ExportOptions, ImportedUnit, Segment, Unit, parse_id, parse_status
from align.models import Link, LinkSide

if TYPE_CHECKING:
    from align.store import Store
    from align.store.records import SentenceRow

SortKey = tuple[int, int]
"""First character in the document, and a number that makes the order stable."""


def escaped(text: str) -> str:
    """Text as HTML; a carriage return is a character reference, since parsers read a plain one as a line feed."""
    return escape(xml_text(text)[0]).replace("\r", "&#13;")


def write(units: Iterable[Unit], file: IO[bytes], options: ExportOptions, store: Store | None = None) -> None:
    """Write the page, the links of one pair of documents in memory at a time.

    Units of the same `document_key` are next to each other.
    """
    style, script = (
        (files("align.exchange") / "page" / name).read_text(encoding="utf-8") for name in ("page.css", "page.js")
    )
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'"
    file.write(
        "<!DOCTYPE html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="generator" content="align {__version__}"><title>Bilingual reader</title>'
        f"<style>{style}</style></head>\n<body>\n<main>\n".encode()
    )
    titles: list[str] = []
    for _, run in groupby(units, document_key):
        links = [unit.link for unit in run]
        titles.append(_title(links[0]))
        for part in section(links, store):
            file.write(part.encode())
    if not titles:
        file.write(b'<p class="empty">No links were exported.</p>\n')
    file.write(f"</main>\n{_bar(titles)}{_CARD}<script>{script}</script>\n</body></html>\n".encode())


def _title(link: Link) -> str:
    src, tgt = (PurePath(side.doc).name or side.doc for side in (link.src, link.tgt))
    names = src if link.src.doc == link.tgt.doc else f"{src} · {tgt}"
    return f"{names} ({link.src.lang} · {link.tgt.lang})"


_CARD = (
    '<aside id="card" aria-live="polite" hidden><button id="close" aria-label="Close">×</button>'
    '<div id="card-text"></div></aside>\n'
)


def _bar(titles: Sequence[str]) -> str:
    options = "".join(f"<option>{escaped(title)}</option>" for title in titles)
    return (
        '<header class="bar" style="order:-1"><h1>Bilingual reader</h1>'
        f'<select id="pick" aria-label="Texts">{options}</select>'
        '<label><span class="wide">Confidence from</span> <input type="range" id="floor" min="0" max="100" value="0">'
        '<output id="floor-shown" for="floor">0 %</output></label>'
        '<label><input type="checkbox" id="lines" checked> Lines</label>'
        '<button id="theme" class="push" aria-label="Light or dark">◐</button>'
        '<button id="print">Print</button></header>\n'
    )


def section(links: Sequence[Link], store: Store | None) -> Iterator[str]:
    """The two texts of a pair of documents, and the data of each link for the script."""
    first = links[0]
    crossing = crossing_links(links)
    link_data = " ".join(
        f"{link.id},{round(100 * link.confidence)},{link.status},{link.kind}{',x' if link.id in crossing else ''}"
        for link in links
    )
    numbers = {link.id: number for number, link in enumerate(links, start=1)}
    yield f'<section data-links="{link_data}"><h2>{escaped(_title(first))}</h2><div class="panes">\n'
    sides = [(link.src, link.id) for link in links], [(link.tgt, link.id) for link in links]
    for name, pane in zip(("left", "right"), sides, strict=True):
        lang = pane[0][0].lang
        if name == "right":
            yield '<svg class="gutter" aria-hidden="true"></svg>\n'
        yield f'<div class="pane {name}" lang="{escaped(lang)}">\n'
        yield from _paragraphs(pane, _sentences(pane[0][0], first.src.document == first.tgt.document, store), numbers)
        yield "</div>\n"
    yield "</div></section>\n"


def _sentences(side: LinkSide, same_document: bool, store: Store | None) -> list[SentenceRow]:
    """The sentences of a side's document; of a document that is linked with itself, those in the side's language."""
    if store is None:
        return []
    return [s for s in store.sentences(side.document) if not same_document or s.lang == side.lang]


def _paragraphs(
    sides: Sequence[tuple[LinkSide, int]], sentences: Sequence[SentenceRow], numbers: dict[int, int]
) -> Iterator[str]:
    """Linked sides and unpaired sentences in the order of the text, one paragraph per block."""
    blocks = {sentence.id: sentence.block for sentence in sentences}
    linked = {sentence for side, _ in sides for sentence in side.sentences}
    shared: dict[tuple[tuple[int, ...], str, tuple[tuple[int, int], ...]], list[int]] = {}
    for side, link in sides:
        shared.setdefault((side.sentences, side.text, side.spans), []).append(link)
    parts: list[tuple[SortKey, int | None, str]] = []
    for (ids_of_side, text, spans), links in shared.items():
        ids = " ".join(map(str, links))
        label = " ".join(str(numbers[link]) for link in links)
        block = blocks.get(ids_of_side[0]) if ids_of_side else None
        markup = f'<span class="s" dir="auto" role="button" data-l="{ids}" data-n="{label}">{escaped(text)}</span>'
        parts.append(((spans[0][0] if spans else 0, len(parts)), block, markup))
    for sentence in sentences:
        if sentence.id not in linked:
            lang = f' lang="{tag_name(sentence.lang)}"'
            markup = f'<span class="n" dir="auto"{lang}>{escaped(sentence.text)}</span>'
            parts.append(((sentence.pieces[0].start, len(parts)), sentence.block, markup))
    parts.sort(key=lambda part: part[0])
    paragraph = -1
    keys = [(paragraph := paragraph - 1) if block is None else block for _, block, _ in parts]
    for _, run in groupby(zip(keys, parts, strict=True), key=lambda pair: pair[0]):
        yield f"<p>{' '.join(markup for _, (_, _, markup) in run)}</p>\n"


def crossing_links(links: Sequence[Link]) -> set[int]:
    """Ids of the links outside a longest subsequence that ascends on both sides.

    Patience sorting with back pointers, O(n log n).
    """
    ordered = sorted(links, key=lambda link: (link.src.spans[:1], link.tgt.spans[:1], link.id))
    ends = [link.tgt.spans[0].start if link.tgt.spans else 0 for link in ordered]
    smallest: list[int] = []  # the smallest end of a subsequence of each length
    last: list[int] = []  # the link that this subsequence ends with
    previous: list[int] = []
    for index, end in enumerate(ends):
        length = bisect_right(smallest, end)
        previous.append(last[length - 1] if length else -1)
        smallest[length : length + 1] = [end]
        last[length : length + 1] = [index]
    ascending: set[int] = set()
    index = last[-1] if last else -1
    while index >= 0:
        ascending.add(index)
        index = previous[index]
    return {link.id for index, link in enumerate(ordered) if index not in ascending}


def read(path: Path) -> Iterator[ImportedUnit]:
    """The links of the page in the order of its sections, read by the HTML parser of libxml2."""
    with path.open("rb") as file:
        for _, element in etree.iterparse(file, html=True, encoding="utf-8", tag="section", huge_tree=True):
            panes = [_pane(element, side) for side in ("left", "right")]
            for link_data in (element.get("data-links") or "").split():
                link, _, status, *_ = link_data.split(",")
                sides = tuple(Segment(lang, texts.get(link, "")) for lang, texts in panes)
                yield ImportedUnit(f"link {link}", sides, parse_id(link), parse_status(status))
            element.clear()


def _pane(element: etree._Element, side: str) -> tuple[str, dict[str, str]]:
    """The language of a pane, and its texts by link."""
    pane = next(div for div in element.iter("div") if div.get("class") == f"pane {side}")
    texts: dict[str, str] = {}
    for span in pane.iter("span"):
        for link in (span.get("data-l") or "").split():
            texts[link] = "".join(map(str, span.itertext()))
    return pane.get("lang", "und"), texts
