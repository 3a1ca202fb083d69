"""Take links or blocks out of the store into a file that other programs read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from align.domain import SETTLED, Block, Link
from align.exchange.export_target import STDOUT, written_file
from align.exchange.filter import wanted_statuses
from align.exchange.formats import find_format
from align.exchange.jsonl import write_blocks
from align.exchange.pipeline import write_to
from align.exchange.source import Passage, Source
from align.exchange.types import ExportOptions, ExportReport

if TYPE_CHECKING:
    from align.store import Store


def export(
    links: Iterable[Link],
    out: Path,
    to: str | None = None,
    options: ExportOptions | None = None,
    source: Source | None = None,
) -> ExportReport:
    """Write links to `out` (`-` is standard output) in the format `to` (None: by the suffix).

    `source` gives what goes along with links (context, sentences without a partner, blocks, third languages).
    Raises UsageError for a format or place that does not do, or an option that needs a source; ExportError where the
    disk refuses, or where what was written does not read back. In each case an old file stays as it was.
    """
    options = options or ExportOptions()
    known = find_format(to, out, also=() if source is None else ("blocks",))
    if known.name == "tmx" and not options.encoders:
        options = replace(options, encoders=encoder_versions())
    report = write_to(links, out, known, options, source)
    if report.units == 0:
        report.hint = _why_empty(report, wanted_statuses(options, known) == SETTLED)
    elif options.kinds is None and any(reason.startswith("of kind ") for reason in report.left_out):
        report.hint = "Every kind goes out with --kind any."
    return report


def encoder_versions() -> dict[str, str]:
    """Our encoders' names -> the package that each comes from and its version, where it is installed."""
    from align.encoders.registry import KNOWN

    found: dict[str, str] = {}
    for known in KNOWN:
        try:
            found[known.name] = f"{known.package} {version(known.package)}"
        except PackageNotFoundError:  # a blend is no package of its own, and one of the others may be missing
            continue
    return found


def export_store(store: Store, out: Path, to: str | None = None, options: ExportOptions | None = None) -> ExportReport:
    """Write what a store holds: its links, or with `to="blocks"` the blocks of its documents."""
    if to == "blocks":
        return export_blocks(_store_blocks(store), out, options)
    return export(store.links(), out, to, options, StoreSource(store))


class StoreSource:
    """What an export may ask of a store beside its links."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def documents(self) -> list[tuple[int, str]]:
        """(id, name) of every document."""
        return [(row.id, row.name) for row in self.store.documents()]

    def passages(self, document: int) -> list[Passage]:
        """The sentences of a document, in order."""
        return [Passage(s.id, s.block, s.lang, s.text, s.pieces) for s in self.store.sentences(document)]

    def links(self) -> Iterator[Link]:
        """All links once more."""
        return self.store.links()

    def link(self, number: int) -> Link:
        """One link."""
        return self.store.link(number)


def export_blocks(blocks: Iterable[tuple[str, Block]], out: Path, options: ExportOptions | None = None) -> ExportReport:
    """Write (document name, block) pairs as JSON Lines."""
    options = options or ExportOptions()
    report = ExportReport(None if out == STDOUT else out, "blocks")
    plain = ExportOptions(force=options.force, prove=options.prove)
    for one in fields(options):
        if getattr(options, one.name) != getattr(plain, one.name):
            report.warnings[f"blocks ignores {_flag(one.name)}: it says of links what goes out"] += 1
    with written_file(out, force=options.force) as file:
        report.units = write_blocks(blocks, file)
    return report


def _flag(option: str) -> str:
    """What the command line calls an option."""
    return "--" + {"statuses": "status", "kinds": "kind"}.get(option, option).replace("_", "-")


def _store_blocks(store: Store) -> Iterator[tuple[str, Block]]:
    for row in store.documents():
        for block in store.blocks(row.id):
            yield row.name, block


def _why_empty(report: ExportReport, only_settled: bool) -> str:
    if not report.left_out:
        return "There are no links yet. Find some with `align propose`."
    proposed = report.left_out.get("proposed", 0)
    if only_settled and proposed:
        return (
            f"No link was accepted yet, so the file has no units. Accept with `align review`, "
            f"or export the {proposed:,} proposals with --status any."
        )
    return "Every link was left out. Widen --status, --kind, --min-confidence, --src or --tgt."
