"""`align bulk`."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from align.cli.options import (
    FiniteFloatRange,
    encoder_option,
    is_quiet,
    note,
    notes_above,
    reading_options,
    settings_for,
)
from align.text.messages import json_line

if TYPE_CHECKING:
    from align.bulk.run_state import RunProgress
    from align.settings import Settings

EXIT_FAILED = 3
"""Exit code of a completed run with failed documents."""
LINE_SECONDS = 10.0
"""Seconds between two progress lines where stderr is not a terminal."""


@click.command(epilog="Example: align bulk corpus/ aligned/ --src en --tgt ja --min-confidence 0.7")
@click.argument("sources", nargs=-1, required=True, metavar="MANIFEST|FOLDER...")
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--src", help="Language of the source side; pairs found in folders are limited to it.")
@click.option("--tgt", help="Language of the target side; pairs found in folders are limited to it.")
@click.option("--to", default="jsonl", show_default=True, help="Format of the shards; see `align export --help`.")
@click.option("--workers", type=click.IntRange(1), help="Processes on this machine.  [default: one a core]")
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True, help="Encoder threads in each worker.")
@click.option("--scheduler", metavar="URL", help="A Dask scheduler (tcp://...) whose workers do the work instead.")
@click.option(
    "--timeout",
    type=FiniteFloatRange(1),
    default=120,
    show_default=True,
    help="Seconds that reading or aligning a document may take; a slower one counts as failed.",
)
@reading_options
@click.option(
    "--min-confidence", type=FiniteFloatRange(0, 1), default=0.0, help="Leave out links below this confidence."
)
@click.option(
    "--min-document-confidence",
    type=FiniteFloatRange(0, 1),
    default=0.0,
    help="Leave out the links of documents that are less surely translations of each other.",
)
@click.option(
    "--length-ratio",
    type=FiniteFloatRange(1),
    help="Leave out links with a side more than N times as long as the other.",
)
@click.option("--check-language", is_flag=True, help="Leave out links with a side in another language than its file.")
@click.option(
    "--dedupe",
    type=click.Choice(["off", "exact", "near"]),
    default="off",
    show_default=True,
    help="Write the same pair of texts once; near: but for case, punctuation, digits and spaces.",
)
@click.option("--match", is_flag=True, help="Pair documents by content instead of by name; folders only.")
@click.option(
    "--match-confidence",
    type=FiniteFloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="Minimum confidence of a document pair.",
)
@click.option(
    "--into-store", "store", type=click.Path(path_type=Path, dir_okay=False), help="Store to propose doubtful links in."
)
@click.option(
    "--doubtful-below",
    type=FiniteFloatRange(0, 1),
    default=0.9,
    show_default=True,
    help="Confidence below which a link is doubtful, for --into-store.",
)
@click.option("--batch-tokens", type=click.IntRange(1), default=16_384, hidden=True)
@click.option("--shard-tokens", type=click.IntRange(1), default=4_194_304, help="Input tokens per output file.")
@click.option(
    "--summary",
    "summary_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the summary to this file as JSON.",
)
@click.option(
    "--metrics", type=click.Path(path_type=Path, dir_okay=False), help="Write metrics for Prometheus to this file."
)
@click.option("--json", "as_json", is_flag=True, help="The summary as one JSON object on stdout.")
@encoder_option
def bulk(
    sources: tuple[str, ...],
    out: Path,
    src: str | None,
    tgt: str | None,
    to: str,
    workers: int | None,
    scheduler: str | None,
    threads: int,
    timeout: float,
    encoder: str | None,
    min_confidence: float,
    min_document_confidence: float,
    length_ratio: float | None,
    check_language: bool,
    dedupe: str,
    summary_file: Path | None,
    metrics: Path | None,
    match: bool,
    match_confidence: float,
    store: Path | None,
    doubtful_below: float,
    batch_tokens: int,
    shard_tokens: int,
    as_json: bool,
    **work: Any,
) -> int:
    """Align many pairs of documents, unattended, into shards in the folder OUT.

    Pairs come from a manifest (columns src and tgt) or are found in folders by name. Run the same command again and it
    continues where it stopped. Pairs that fail twice are listed in OUT/failed.tsv; the exit code is then 3.
    """
    from align.bulk.job import BulkJob
    from align.bulk.manifest import PlanSizes
    from align.bulk.run import bulk as bulk_job
    from align.bulk.run import cluster_pool, folder_of, local_pool
    from align.bulk.run_state import MetricsFile
    from align.bulk.worker import Filters, WorkSpec
    from align.exchange.export_target import refuse_store, written_file

    for path in (summary_file, metrics):
        if path:
            refuse_store(path)
    settings = settings_for(encoder=encoder)
    filters = Filters(
        min_confidence, length_ratio, check_language, dedupe, min_document_confidence=min_document_confidence
    )
    spec = WorkSpec(
        settings.encoder, str(folder_of(sources)), cache=str(settings.cache), threads=threads, filters=filters, **work
    )
    sizes = PlanSizes(batch_tokens, shard_tokens=shard_tokens)
    job = BulkJob(
        sources, out, spec, to, src, tgt, sizes, match, match_confidence, store=store, doubtful_below=doubtful_below
    )
    pool = cluster_pool(scheduler, timeout) if scheduler else local_pool(workers or os.cpu_count() or 1, timeout)
    metrics_file = MetricsFile(metrics) if metrics else None
    last: list[RunProgress] = []
    warned: set[str] = set()
    with progress_display() as show:

        def on_progress(progress: RunProgress) -> None:
            last[:] = [progress]
            if progress.uncovered - warned:
                warned.update(progress.uncovered)
                warn_uncovered(warned, settings)
            show(progress)
            if metrics_file:
                metrics_file.update(progress)

        figures = bulk_job(job, pool, on_progress=on_progress)
    if metrics_file and last:
        metrics_file.update(last[0], is_last=True)
    if summary_file:
        with written_file(summary_file, force=True) as file:
            file.write(json.dumps(figures, ensure_ascii=False, indent=1).encode() + b"\n")
    if as_json:
        click.echo(json_line(figures))
    else:
        print_summary(figures, out)
    matched = figures.get("matching", {})
    return EXIT_FAILED if figures["documents"]["failed"] or matched.get("failed") else 0


def warn_uncovered(languages: set[str], settings: Settings) -> None:
    """Warn of languages that the encoder does not cover."""
    from align.embeddings import coverage_warning, load_encoder

    model = load_encoder(settings.encoder, languages=languages, purpose="speed", cache=settings.cache)
    if warning := coverage_warning(model, languages):
        note(warning)


class progress_display(AbstractContextManager[Any]):  # noqa: N801
    """Progress on stderr: a bar in a terminal, otherwise a line at intervals, nothing with `--quiet`."""

    def __init__(self) -> None:
        self._bars: Any = nullcontext()
        self._printed_at = time.monotonic()

    def __enter__(self) -> Any:
        if is_quiet():
            return lambda progress: None
        if not sys.stderr.isatty():
            return self._print_line
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        console = Console(stderr=True)
        self._bars = ExitStack()
        self._bars.enter_context(notes_above(console))
        bars = self._bars.enter_context(
            Progress(BarColumn(), TextColumn("{task.description}"), console=console, transient=True)
        )
        task = bars.add_task("", total=None)
        return lambda progress: bars.update(
            task, completed=progress.weight_done, total=progress.weight_total, description=progress.line()
        )

    def __exit__(self, *error: object) -> None:
        self._bars.__exit__(*error)

    def _print_line(self, progress: RunProgress) -> None:
        if time.monotonic() - self._printed_at >= LINE_SECONDS:
            self._printed_at = time.monotonic()
            note(progress.line())


def print_summary(figures: dict[str, Any], out: Path) -> None:
    """Print the result of a run on stderr."""
    documents, links, run = figures["documents"], figures["links"], figures["run"]
    note(f"{documents['done']:,} documents done, {documents['failed']:,} failed, {documents['waiting']:,} waiting")
    for failure in figures.get("matching", {}).get("failed", [])[:5]:
        note(f"failed: {failure['doc']}: {failure['error']}")
    if figures.get("repeated"):
        note(f"{figures['repeated']:,} rows of the manifest repeat a pair; each pair was aligned once")
    for refusal in figures.get("refused", []):
        note(f"left out of the store: {refusal}")
    if figures.get("alone"):
        note(f"left out: {figures['alone']:,} files without a partner")
    note(
        f"{figures['sentences']['src']:,} and {figures['sentences']['tgt']:,} sentences, {links['found']:,} links found"
    )
    for name, count in links["removed"].items():
        note(f"{count:,} removed: {name}")
    shards = f"{len(figures['shards']):,} file{'' if len(figures['shards']) == 1 else 's'}"
    note(f"{links['written']:,} links written to {shards} in {out}")
    note(f"{run['seconds']:,.1f} s, {run['sentences_per_second']:,.0f} sentences/s in this run")
    if count := figures.get("doubtful", 0):
        note(
            f"warning: {count:,} pair{'' if count == 1 else 's'} of documents, probably no translations of each other; "
            f"{out / 'documents.tsv'} has the confidence of each, --min-document-confidence leaves them out"
        )
    for failure in figures["failed"][:5]:
        note(f"failed: {failure['src']} - {failure['tgt']}: {failure['error']}")
    since = figures.get("since", {})
    if any(since.values()):
        note(
            f"Since this run started: {since['changed']:,} files changed, {since['new']:,} new pairs. "
            "Finished pairs are not aligned again: use another output folder for them."
        )
    if documents["failed"]:
        note(
            f"Failed pairs are listed in {out / 'failed.tsv'}: fix the files and run that manifest into another folder."
        )
