"""Which links go out, which way round, under which tags, and what the format cannot carry of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from align.domain import MEMORY_KINDS, SETTLED, Link, LinkKind, Status
from align.exchange.formats import Format
from align.exchange.types import ExportOptions, ExportReport


def in_range(lang: str, wanted: str) -> bool:
    """Whether a tag is in a language range (RFC 4647, basic): `zh` covers `zh-Hant`, not `zho`."""
    lang, wanted = lang.lower(), wanted.lower()
    return wanted == "*" or lang == wanted or lang.startswith(wanted + "-")


def turned(link: Link) -> Link:
    """The link seen from its other side."""
    return replace(link, src=link.tgt, tgt=link.src)


def oriented(link: Link, src: str | None, tgt: str | None) -> Link | None:
    """The link, turned where that fits `src` and `tgt`; None where neither way does."""
    if (src is None or in_range(link.src.lang, src)) and (tgt is None or in_range(link.tgt.lang, tgt)):
        return link
    if (src is None or in_range(link.tgt.lang, src)) and (tgt is None or in_range(link.src.lang, tgt)):
        return turned(link)
    return None


def wanted_statuses(options: ExportOptions, known: Format) -> frozenset[Status]:
    """The statuses that go out: as asked, else what fits the format."""
    if options.statuses is not None:
        return options.statuses
    if known.memory:
        return SETTLED
    return frozenset(Status) if known.rejected else frozenset(Status) - {Status.REJECTED}


def wanted_kinds(options: ExportOptions, known: Format) -> frozenset[LinkKind]:
    """The kinds that go out: as asked, else what fits the format."""
    if options.kinds is not None:
        return options.kinds
    return MEMORY_KINDS if known.memory else frozenset(LinkKind)


def sifted(links: Iterable[Link], known: Format, options: ExportOptions, report: ExportReport) -> Iterator[Link]:
    """The links that go out, turned the way that was asked; `report` counts those that do not, and why."""
    statuses, kinds, floor = wanted_statuses(options, known), wanted_kinds(options, known), options.min_confidence
    src, tgt, left_out = options.src, options.tgt, report.left_out
    directed = src is not None or tgt is not None
    nulls = known.nulls and (options.with_nulls or not known.memory)
    for link in links:
        if link.status not in statuses:
            left_out[link.status.value] += 1
        elif link.kind not in kinds:
            left_out[f"of kind {link.kind.value}"] += 1
        elif link.confidence < floor:
            left_out[f"below confidence {floor:g}"] += 1
        elif not nulls and not (link.src.text.strip() and link.tgt.text.strip()):
            left_out["with an empty side"] += 1
        elif not directed:
            yield link
        elif (way := oriented(link, src, tgt)) is not None:
            yield way
        else:
            left_out["in other languages"] += 1
