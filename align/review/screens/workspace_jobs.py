"""The dialogs of long jobs in the workspace: what to add, where to export to."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from string import ascii_lowercase
from typing import Any

from textual.screen import Screen

from align.errors import UsageError
from align.exchange.formats import FORMATS, export_format
from align.review.jobs import CONFIRMED_LINKS, USABLE_LINKS, Job, JobResult
from align.review.screens.base import ours, reason, served_text
from align.review.screens.dialogs import Ask, Choose, Confirm
from align.review.widgets.bars import Line

LINK_CHOICES = (("a", CONFIRMED_LINKS), ("u", USABLE_LINKS))
NO_UPLOAD = "Adding files is off in the browser. Whoever runs the server adds them with `align add`."
EMPTY = "No texts yet. `+` adds files, then `p` finds links between them."
EMPTY_SERVED = "No texts yet. Whoever runs the server adds them with `align add`."


class JobScreen(Screen[None]):
    """A screen that starts long jobs and shows their progress in its message line."""

    _message = ""

    def list_rows(self) -> None:
        """Show what a job has changed."""

    def inform(self, words: str, *, bad: bool = False) -> None:
        """Show a message, and the job that runs at its right."""
        job = ours(self).jobs.job
        words = self._message = served_text(self, words)
        line = self.query_one("#said", Line)
        line.set_class(bad, "-bad")
        line.show(words, f" {job.words} · `x` cancels " if job else "")

    def ask(self, dialog: Screen[Any], use: Callable[[Any], object]) -> None:
        """Show a dialog and use its answer; None cancels."""

        def answered(answer: Any) -> None:
            if answer is not None:
                use(answer)

        self.app.push_screen(dialog, answered)

    def _start(self, label: str, work: Callable[[Job], JobResult]) -> None:
        """Start a job, or say why not."""
        try:
            ours(self).jobs.start(label, work)
        except UsageError as error:
            self.inform(str(error), bad=True)
        else:
            self.inform("The review may go on meanwhile.")
            self.refresh_bindings()

    def show_progress(self) -> None:
        """Show the progress of the job that runs."""
        self.inform(self._message)

    def show_end(self, job: Job) -> None:
        """Show what a job has done."""
        self.list_rows()
        self.refresh_bindings()
        if job.error is not None:
            self.inform(f"{job.label}: {reason(job.error)}", bad=True)
        elif job.result is not None:
            self.inform(job.result.words)

    def action_cancel_job(self) -> None:
        """Cancel the job that runs."""
        job = ours(self).jobs.job
        self.inform("" if ours(self).jobs.cancel() and job else "Nothing runs in the background.")

    def action_add_files(self) -> None:
        """Ask which files to add."""
        app = ours(self)
        if app.served:
            self.inform(NO_UPLOAD)
            return

        def check(typed: str) -> list[str]:
            from align.workspace.add import expand_sources

            sources = paths_of(typed)
            if not sources:
                raise UsageError("Type the path of a file, a folder or a pattern.")
            list(expand_sources(sources))
            return sources

        hint = f"files, folders or patterns, in {Path.cwd()} unless the path is whole · quotes around names with spaces"
        self.ask(
            Ask("Add", "", hint, check=check),
            lambda typed: self._start("Adding", app.job_context.add(paths_of(typed))),
        )

    def action_propose_links(self) -> None:
        """Find links between all texts."""
        if not ours(self).browser.store.documents():
            self.inform(EMPTY_SERVED if ours(self).served else EMPTY)
        else:
            self._start("Proposing", ours(self).job_context.propose())

    def action_export_links(self) -> None:
        """Ask which links to export, and where to."""
        question = "Export which links?"
        self.ask(Choose(question, LINK_CHOICES), self._export_where)

    def _export_where(self, links: str) -> None:
        app = ours(self)
        stem = app.store_path.stem
        if app.served:
            names = [form.name for form in FORMATS if form.shape == "file" and form.suffixes]
            choices = list(zip(ascii_lowercase, names, strict=False))

            def use(name: str) -> None:
                suffix = next(form.suffixes[0] for form in FORMATS if form.name == name)
                self._start("Exporting", app.job_context.export_download(f"{stem}{suffix}", links))

            self.ask(Choose("Download in which format?", choices), use)
            return
        suffixes = " ".join(form.suffixes[0] for form in FORMATS if form.suffixes)

        def start(out: Path, *, force: bool) -> None:
            self._start("Exporting", app.job_context.export(out, links, force=force))

        hint = f"the suffix is the format: {suffixes}"
        self._ask_out(f"Export {links} to", f"{stem}.tmx", hint, lambda out: export_format(None, out), start)

    def action_write_report(self) -> None:
        """Ask where to write the report."""
        app = ours(self)
        name = f"{app.store_path.stem}-report.html"
        if app.served:
            self._start("Report", app.job_context.report_download(name))
            return

        def start(out: Path, *, force: bool) -> None:
            self._start("Report", app.job_context.report(out, force=force))

        self._ask_out("Write the report to", name, "a web page", lambda _out: None, start)

    def _ask_out(
        self, question: str, value: str, hint: str, check: Callable[[Path], object], start: Callable[..., None]
    ) -> None:
        """Ask for a file to write; once more where it exists."""

        def check_path(typed: str) -> None:
            from align.exchange.export_target import check_target

            out = path_of(typed)
            check(out)
            check_target(out, out.resolve(), True)

        def use(typed: str) -> None:
            out = path_of(typed)
            if out.exists():
                question = f"{out} exists already. Replace it?"
                self.ask(Confirm(question), lambda agreed: start(out, force=True) if agreed else None)
            else:
                start(out, force=False)

        self.ask(Ask(question, value, f"{hint} · in {Path.cwd()}", check=check_path), use)


def path_of(typed: str) -> Path:
    """The path that was typed. Raises UsageError for an empty one, or for a user without a home directory."""
    if not typed.strip():
        raise UsageError("Type the path of a file.")
    try:
        return Path(typed.strip()).expanduser()
    except RuntimeError as error:
        raise UsageError(f"{typed.strip()}: that user has no home directory. Write the full path.") from error


def paths_of(typed: str) -> list[str]:
    """The paths that were typed, as a shell splits them. Raises UsageError for an open quote."""
    try:
        parts = [typed.strip()] if Path(typed.strip()).exists() and typed.strip() else shlex.split(typed)
    except (ValueError, OSError) as error:
        raise UsageError(f"{typed}: {error}. Close the quotes.") from error
    return [str(path_of(part)) for part in parts]
