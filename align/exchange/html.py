"""A bilingual page in one file that needs no network: both texts side by side, their links to tap, filter and print.

Texts are written as text, never as markup, and the page's policy lets no script run but its own, told by its hash.
Where the export comes from a store, the whole of both documents is there, sentences without a partner too.
"""

from __future__ import annotations

import base64
import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib.resources import files
from itertools import groupby
from pathlib import PurePath
from typing import IO

from align import __version__
from align.domain import Link, LinkSide
from align.exchange.charsets import in_xml
from align.exchange.names import tag_name
from align.exchange.source import Passage, Source
from align.exchange.types import ExportOptions, Unit

Spot = tuple[int, int]
"""Where something stands in a document: its first character, and a number that keeps what begins there in order."""


def text_of(text: str) -> str:
    """Text as HTML says it; a return would be taken for a line feed if it were not spelled out."""
    return escape(in_xml(text)[0]).replace("\r", "&#13;")


def write(units: Iterable[Unit], file: IO[bytes], options: ExportOptions, source: Source | None = None) -> None:
    """Write the page, the links of one pair of documents in memory at a time."""
    style, script = (
        (files("align.exchange") / "page" / name).read_text(encoding="utf-8") for name in ("page.css", "page.js")
    )
    said = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{said}'; base-uri 'none'"
    file.write(
        "<!DOCTYPE html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="generator" content="align {__version__}"><title>Bilingual reader</title>'
        f"<style>{style}</style></head>\n<body>\n<main>\n".encode()
    )
    titles: list[str] = []
    for _, run in groupby(units, section_key):
        links = [unit.link for unit in run]
        titles.append(_title(links[0]))
        for part in section(links, source):
            file.write(part.encode())
    if not titles:
        file.write(b'<p class="empty">No links were exported.</p>\n')
    file.write(f"</main>\n{_bar(titles)}{_CARD}<script>{script}</script>\n</body></html>\n".encode())


def section_key(unit: Unit) -> tuple[int, int, str, str, str, str]:
    """Units with the same one stand in one section."""
    src, tgt = unit.link.src, unit.link.tgt
    return src.document, tgt.document, src.doc, tgt.doc, src.lang, tgt.lang


def _title(link: Link) -> str:
    src, tgt = (PurePath(side.doc).name or side.doc for side in (link.src, link.tgt))
    names = src if link.src.doc == link.tgt.doc else f"{src} · {tgt}"
    return f"{names} ({link.src.lang} · {link.tgt.lang})"


_CARD = (
    '<aside id="card" aria-live="polite" hidden><button id="close" aria-label="Close">×</button>'
    '<div id="card-text"></div></aside>\n'
)


def _bar(titles: Sequence[str]) -> str:
    options = "".join(f"<option>{text_of(title)}</option>" for title in titles)
    return (
        '<header class="bar" style="order:-1"><h1>Bilingual reader</h1>'
        f'<select id="pick" aria-label="Texts">{options}</select>'
        '<label><span class="wide">Confidence from</span> <input type="range" id="floor" min="0" max="100" value="0">'
        '<output id="floor-shown" for="floor">0 %</output></label>'
        '<label><input type="checkbox" id="lines" checked> Lines</label>'
        '<button id="theme" class="push" aria-label="Light or dark">◐</button>'
        '<button id="print">Print</button></header>\n'
    )


def section(links: Sequence[Link], source: Source | None) -> Iterator[str]:
    """The two texts of a pair of documents, and what the page needs to know of each link."""
    first = links[0]
    crossing = crossers(links)
    told = " ".join(
        f"{link.id},{round(100 * link.confidence)},{link.status},{link.kind}{',x' if link.id in crossing else ''}"
        for link in links
    )
    numbers = {link.id: number for number, link in enumerate(links, start=1)}
    yield f'<section data-links="{told}"><h2>{text_of(_title(first))}</h2><div class="panes">\n'
    sides = [(link.src, link.id) for link in links], [(link.tgt, link.id) for link in links]
    for name, pane in zip(("left", "right"), sides, strict=True):
        lang = pane[0][0].lang
        if name == "right":
            yield '<svg class="gutter" aria-hidden="true"></svg>\n'
        yield f'<div class="pane {name}" lang="{text_of(lang)}">\n'
        yield from _paragraphs(pane, _passages(pane[0][0], first.src.document == first.tgt.document, source), numbers)
        yield "</div>\n"
    yield "</div></section>\n"


def _passages(side: LinkSide, one_page: bool, source: Source | None) -> list[Passage]:
    """The text around the links: of a page that is linked with itself, the sentences in the side's language."""
    if source is None:
        return []
    return [p for p in source.passages(side.document) if not one_page or p.lang == side.lang]


def _paragraphs(
    sides: Sequence[tuple[LinkSide, int]], passages: Sequence[Passage], numbers: dict[int, int]
) -> Iterator[str]:
    """Linked sides and sentences without a partner, in the order of the text, a paragraph a block."""
    blocks = {passage.id: passage.block for passage in passages}
    linked = {sentence for side, _ in sides for sentence in side.sentences}
    shared: dict[tuple[tuple[int, ...], str, tuple[tuple[int, int], ...]], list[int]] = {}
    for side, link in sides:
        shared.setdefault((side.sentences, side.text, side.spans), []).append(link)
    parts: list[tuple[Spot, int | None, str]] = []
    for (sentences, text, spans), links in shared.items():
        ids = " ".join(map(str, links))
        label = " ".join(str(numbers[link]) for link in links)
        block = blocks.get(sentences[0]) if sentences else None
        markup = f'<span class="s" dir="auto" role="button" data-l="{ids}" data-n="{label}">{text_of(text)}</span>'
        parts.append(((spans[0][0] if spans else 0, len(parts)), block, markup))
    for passage in passages:
        if passage.id not in linked:
            lang = f' lang="{tag_name(passage.lang)}"'
            markup = f'<span class="n" dir="auto"{lang}>{text_of(passage.text)}</span>'
            parts.append(((passage.pieces[0].start, len(parts)), passage.block, markup))
    parts.sort(key=lambda part: part[0])
    alone = -1
    keyed = [(alone := alone - 1) if block is None else block for _, block, _ in parts]
    for _, run in groupby(zip(keyed, parts, strict=True), key=lambda pair: pair[0]):
        yield f"<p>{' '.join(markup for _, (_, _, markup) in run)}</p>\n"


def crossers(links: Sequence[Link]) -> set[int]:
    """The links to take out for the rest to keep its order on both sides: all but a longest run that ascends.

    Patience sorting with back pointers, O(n log n).
    """
    ordered = sorted(links, key=lambda link: (link.src.spans[:1], link.tgt.spans[:1], link.id))
    ends = [link.tgt.spans[0].start if link.tgt.spans else 0 for link in ordered]
    least: list[int] = []  # the least end of a run of each length
    last: list[int] = []  # which link that run ends with
    before: list[int] = []
    for index, end in enumerate(ends):
        length = bisect_right(least, end)
        before.append(last[length - 1] if length else -1)
        least[length : length + 1] = [end]
        last[length : length + 1] = [index]
    kept: set[int] = set()
    index = last[-1] if last else -1
    while index >= 0:
        kept.add(index)
        index = before[index]
    return {link.id for index, link in enumerate(ordered) if index not in kept}
