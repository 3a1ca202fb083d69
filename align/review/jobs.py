"""Long jobs of the app, one at a time in a thread: add files, propose links, export, report."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from threading import Event, Thread
from typing import TypeVar

from align.errors import AlignError, UsageError
from align.review.workspace_rows import base_name
from align.text.messages import pluralise

T = TypeVar("T")
SECONDS_BETWEEN_REPORTS = 0.1
CONFIRMED_LINKS, USABLE_LINKS = "accepted and edited links", "all but rejected links"


class JobCancelled(Exception):  # noqa: N818  # not an error: the reviewer asked for it
    """Raised inside a job at its next report of progress."""


@dataclass(frozen=True, slots=True)
class Download:
    """A file for the browser."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class JobResult:
    """What a job has done, in words; `download` where it made a file for the browser."""

    words: str
    download: Download | None = None


@dataclass(slots=True)
class Job:
    """A job that runs or has ended. `on_change` is called in its thread."""

    label: str
    on_change: Callable[[Job], object]
    stage: str = ""
    done: int = 0
    total: int = 0
    result: JobResult | None = None
    error: BaseException | None = None
    is_over: bool = False
    cancelling: Event = field(default_factory=Event)
    _reported_at: float = 0.0

    def progress(self, stage: str) -> Callable[[int, int], None]:
        """A callback (done, total) for a stage. It raises JobCancelled once the job is cancelled."""

        def report(done: int, total: int) -> None:
            if self.cancelling.is_set():
                raise JobCancelled
            self.stage, self.done, self.total = stage, done, total
            now = time.monotonic()
            if now - self._reported_at >= SECONDS_BETWEEN_REPORTS:
                self._reported_at = now
                self.on_change(self)

        return report

    def watch(self, stage: str, rows: Iterable[T], total: int) -> Iterator[T]:
        """The rows, with a report of progress for each."""
        report = self.progress(stage)
        for number, row in enumerate(rows):
            report(number, total)
            yield row

    @property
    def words(self) -> str:
        """The state of the job in a line."""
        if self.cancelling.is_set():
            return f"{self.label}: cancelling …"
        stage = f", {self.stage}" if self.stage else ""
        count = f" {self.done:,} of {self.total:,}" if self.total else " …"
        return f"{self.label}{stage}{count}"


class JobRunner:
    """Runs a job at a time. `on_change` is called in the thread of the job, on progress and when it is over."""

    def __init__(self, on_change: Callable[[Job], object]) -> None:
        self._on_change = on_change
        self._thread: Thread | None = None
        self.job: Job | None = None
        """The job that runs."""

    def start(self, label: str, work: Callable[[Job], JobResult]) -> Job:
        """Start a job. Raises UsageError where another one runs."""
        if self.job is not None:
            raise UsageError(f"{self.job.label}: still running. Wait for it, or cancel it with `x` in the workspace.")
        job = self.job = Job(label, self._on_change)
        self._thread = Thread(target=self._run, args=(job, work), name="job", daemon=False)
        self._thread.start()
        return job

    def _run(self, job: Job, work: Callable[[Job], JobResult]) -> None:
        try:
            job.result = work(job)
        except JobCancelled:
            job.result = JobResult(f"{job.label}: cancelled. What was finished before is saved.")
        except Exception as error:  # the review goes on, whatever fails in a job
            job.error = error
        job.is_over, self.job = True, None
        job.on_change(job)

    def cancel(self) -> bool:
        """Cancel the job that runs, at its next report of progress; False where none runs."""
        if self.job is None:
            return False
        self.job.cancelling.set()
        return True

    def close(self) -> None:
        """Cancel the job that runs, and wait for its end."""
        self.cancel()
        self.wait()

    def wait(self) -> None:
        """Wait until the latest job has ended and has announced its end."""
        if self._thread is not None:
            self._thread.join()


@dataclass(frozen=True, slots=True)
class JobContext:
    """The store that jobs work on, each with a connection of its own."""

    store_path: Path
    reviewer: str
    encoder: str = "auto"
    cache: Path | None = None

    def add(self, sources: Sequence[str]) -> Callable[[Job], JobResult]:
        """Add files, folders and patterns."""

        def work(job: Job) -> JobResult:
            from align.workspace.add import AddResult, add, splitter_with

            results: list[AddResult] = []
            try:
                splitter = splitter_with(self.encoder, self.cache, job.progress("encoding"))
                results.extend(
                    add(
                        self.store_path,
                        sources,
                        reviewer=self.reviewer,
                        splitter=splitter,
                        progress=job.progress("reading"),
                    )
                )
            except AlignError:
                if not results:
                    raise  # the only file; else the reasons are in the results
            counts = [
                f"{sum(one.outcome == outcome for one in results):,} {outcome}"
                for outcome in ("added", "changed", "unchanged", "skipped", "refused")
                if any(one.outcome == outcome for one in results)
            ]
            reasons = [one.line() for one in results if one.why]
            words = f"{pluralise(len(results), 'file')}: {', '.join(counts)}."
            return JobResult(" ".join([words, *reasons[:1], "`p` proposes links."]))

        return work

    def propose(self, documents: Sequence[int] | None = None) -> Callable[[Job], JobResult]:
        """Find links between all texts, or the given documents."""

        def work(job: Job) -> JobResult:
            from align.embeddings import cached, coverage_warning, load_encoder
            from align.store import open_store
            from align.workspace.propose import explain_no_links, matching_stage, propose

            with open_store(self.store_path, create=False) as store:
                languages = {lang for row in store.documents() for lang in row.languages}
                job.progress("loading the encoder")(0, 0)
                model = load_encoder(
                    self.encoder, languages=languages, cache=self.cache, preparing=job.progress("unpacking")
                )
                added = contradictions = 0
                with cached(model, self.store_path) as vectors:
                    for pair in propose(
                        store, vectors, documents=documents, encoding=job.progress("encoding"),
                        matching=job.progress(matching_stage().lower()),
                    ):  # fmt: skip
                        added += pair.added
                        contradictions += bool(pair.contradiction)
                words = f"{pluralise(added, 'link')} proposed with {model.name}."
                if not added and not store.pairs():
                    words += f" {explain_no_links(store, boilerplate=False)}"
                if contradictions:
                    words += f" {pluralise(contradictions, 'pair')} left unchanged: decisions contradict each other."
                warning = coverage_warning(model, languages)
            return JobResult(f"{words} {warning}" if warning else words)

        return work

    def export(self, out: Path, links: str = CONFIRMED_LINKS, *, force: bool = False) -> Callable[[Job], JobResult]:
        """Write links to a file, in the format of its suffix."""
        return lambda job: JobResult(" ".join(self._export(job, out, links, force)))

    def export_download(self, name: str, links: str = CONFIRMED_LINKS) -> Callable[[Job], JobResult]:
        """Make an export for the browser. No path of the server is in what it reports."""

        def work(job: Job) -> JobResult:
            with tempfile.TemporaryDirectory(prefix="align-download-") as folder:
                out = Path(folder) / name
                lines = self._export(job, out, links, force=False)
                content = out.read_bytes()
            return JobResult(" ".join(lines).replace(f"{folder}/", ""), Download(name, content))

        return work

    def _export(self, job: Job, out: Path, links: str, force: bool) -> list[str]:
        from align.exchange.export import export
        from align.exchange.types import ExportOptions
        from align.models import CONFIRMED, LinkKind, Status
        from align.store import open_store

        is_every = links != CONFIRMED_LINKS
        options = ExportOptions(
            statuses=frozenset(Status) - {Status.REJECTED} if is_every else CONFIRMED,
            kinds=frozenset(LinkKind) if is_every else None,
            force=force,
        )
        with open_store(self.store_path, create=False) as store:
            rows = job.watch("writing", store.links(), store.count())
            report = export(rows, out, None, options, store)
        return report.lines()

    def report(self, out: Path, *, force: bool = False) -> Callable[[Job], JobResult]:
        """Write the report as a web page."""

        def work(job: Job) -> JobResult:
            from align.exchange.export_target import check_target, written_file

            check_target(out, out.resolve(), force)
            content = self._report(job)
            with written_file(out, force=force) as file:
                file.write(content)
            return JobResult(f"{out}: {len(content) / 1000:,.0f} kB. Open it in a browser.")

        return work

    def report_download(self, name: str) -> Callable[[Job], JobResult]:
        """Make the report for the browser."""
        return lambda job: JobResult("The report is downloaded.", Download(name, self._report(job, is_public=True)))

    def _report(self, job: Job, *, is_public: bool = False) -> bytes:
        """The page. `is_public`: documents whose names are paths are called by the last part."""
        from align.report.page import page
        from align.report.survey import build_report
        from align.store import open_store

        with open_store(self.store_path, create=False) as store:
            report = build_report(store, progress=job.progress("reading links"))
            names = [row.name for row in store.documents()] if is_public else []
        html = "".join(page(report))
        for name in sorted(names, key=len, reverse=True):
            html = html.replace(escape(name), escape(base_name(name)))
        return html.encode("utf-8", "replace")
