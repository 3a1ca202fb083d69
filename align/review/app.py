"""The review app: opens the store, sets reviewer, keys and theme, and shows the screens."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input, TextArea

from align.errors import AlignError, StoreError
from align.mining.passage_ranking import DocumentPassage
from align.review.jobs import Job, JobContext, JobRunner
from align.review.keys import keymap
from align.review.queries import open_solver
from align.review.rendering import readable_variables
from align.review.screens.base import Saver, reason, served_text
from align.review.screens.concordance_view import ConcordanceScreen
from align.review.screens.document import DocumentScreen
from align.review.screens.review import ReviewScreen
from align.review.screens.statement_screens import StatementScreen, StatementsScreen
from align.review.screens.workspace import WorkspaceScreen
from align.review.session_state import SessionState, recall_state, state_key
from align.reviewer import DecisionWriter, Reviewer, WorkerThread, open_reviewer
from align.settings import Settings, default_reviewer
from align.text.messages import visible
from align.workspace.browse import Browser, LinkFilter, open_browser
from align.workspace.realign import Realigner

THEME = "textual-dark"
KEY_NAMES = {
    "space": "Space",
    "enter": "⏎",
    "escape": "Esc",
    "tab": "Tab",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "equals_sign": "=",
    "slash": "/",
    "question_mark": "?",
    "full_stop": ".",
    "plus": "+",
}


STATE_WRITE_SECONDS = 0.25
"""Minimum seconds between two writes of the session state."""

SAVE_WAIT_SECONDS = 0.015
"""Seconds that a key waits for the store before it goes on; far more than a decision takes without other writers."""

IDLE_SECONDS = 1.5
"""Seconds without a key on links before garbage collection."""


class ReviewApp(App[None]):
    """`store_path` must exist. `keys`: action to comma-separated keys."""

    CSS_PATH = "review.tcss"
    TITLE = "align"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (76, "-normal"), (140, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-high"), (56, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "leave", show=False, priority=True),
        Binding("ctrl+c", "nothing_to_copy", "copy", show=False),
    ]

    class Saved(Message):
        """A slow decision is finished: `future` has its Change or its error; `asked` is the screen to notify."""

        def __init__(self, future: Future[Any], asked: Saver) -> None:
            super().__init__()
            self.future = future
            self.asked = asked

    class JobChanged(Message):
        """A job has made progress, or is over."""

        def __init__(self, job: Job) -> None:
            super().__init__()
            self.job = job
            # As it was announced: a job goes on in its thread, and may end before its progress is handled.
            self.is_over = job.is_over

        def can_replace(self, message: Message) -> bool:
            """Only the latest progress counts."""
            return isinstance(message, ReviewApp.JobChanged) and message.job is self.job

    def __init__(
        self,
        store_path: Path,
        reviewer: str = "",
        *,
        encoder: str = "auto",
        theme: str = "",
        keys: dict[str, str] | None = None,
        cache: Path | None = None,
        start: str = "last",
        owns_process: bool = False,
        served: bool = False,
        visit: str = "",
    ) -> None:
        super().__init__()
        self.store_path = store_path
        self.reviewer = reviewer or default_reviewer()
        self.encoder = encoder
        self.cache = cache
        self.served = served
        self.visit = visit
        self.failed: AlignError | None = None
        self._start = start
        self._owns_process = owns_process
        self.acted_at: float | None = 0.0
        self._unsaved_state: SessionState | None = None
        self.session_state = SessionState()
        self._theme_name = theme or THEME
        self._browser_context = open_browser(store_path)
        self.browser: Browser = self._browser_context.__enter__()
        self.decision_writer = DecisionWriter(lambda: open_reviewer(store_path, self.reviewer, visit))
        self.previews: WorkerThread[Reviewer] = WorkerThread(
            "previews", lambda: open_reviewer(store_path, self.reviewer, visit)
        )
        self.solver: WorkerThread[Realigner] = WorkerThread("solver", self._open_solver)
        self.lookups: WorkerThread[Browser] = WorkerThread("lookups", lambda: open_browser(store_path))
        self.job_context = JobContext(store_path, self.reviewer, encoder, cache)
        self.jobs = JobRunner(lambda job: self.post_message(self.JobChanged(job)))
        self.set_keymap(keymap(keys or {}))

    def _open_solver(self) -> Realigner:
        return open_solver(self.store_path, self.encoder, self.cache)

    def on_mount(self) -> None:
        """Show the workspace, and over it the link list as the reviewer last left it."""
        if self._theme_name in self.available_themes:
            self.theme = self._theme_name
        else:
            self.notify(visible(f"There is no theme {self._theme_name!r}."), severity="warning", markup=False)
        state = self.session_state = self.last_state()
        self.push_screen(WorkspaceScreen())
        if self._start == "last" and self.browser.store.count(state.filter):
            self.push_screen(ReviewScreen(state))
        if self._owns_process:
            # A full collection delayed a key by 110 ms, so it runs when nobody types.
            gc.set_threshold(20_000, 50, 1_000_000)
            self.set_interval(IDLE_SECONDS, self._tidy)

    def _tidy(self) -> None:
        """Collect garbage once after each spell of typing and freeze the rest, so that no collection delays a key."""
        if self.acted_at is None or isinstance(self.focused, Input | TextArea):
            return
        if time.monotonic() - self.acted_at >= IDLE_SECONDS:
            self.acted_at = None
            gc.unfreeze()  # screens that were open at the last freeze may be closed
            gc.collect()
            gc.freeze()

    def action_nothing_to_copy(self) -> None:
        """Say how to leave, where a screen has no text to copy."""
        self.notify("Nothing to copy here. q goes back, Ctrl+Q leaves; everything is saved already.", markup=False)

    def action_who_else(self) -> None:
        """Ask which other documents say the same as the passage of the screen."""
        sentence: int | None = None
        if isinstance(self.screen, ReviewScreen) and (link := self.screen.session.current):
            sentence = getattr(link, self.screen.session.side).sentences[0]
        elif isinstance(self.screen, DocumentScreen) and (row := self.screen.table.current):
            sentence = row.id
        elif isinstance(self.screen, ConcordanceScreen) and (sentence := self.screen.current_sentence) is None:
            self.notify("Go to a hit first.", markup=False)
        if sentence is not None:
            (row,) = self.browser.store.sentences_by_id([sentence])
            name = next(one.name for one in self.browser.store.documents() if one.id == row.document)
            self.push_screen(StatementScreen(DocumentPassage(name, row.lang, row.text, row.pieces, row.id)))

    def action_statements(self) -> None:
        """List the statements."""
        self.push_screen(StatementsScreen())

    def last_state(self) -> SessionState:
        """Session state of this reviewer when the app was last open."""
        return recall_state(self.browser, self.reviewer)

    def state_of(self, base: LinkFilter) -> SessionState:
        """The session state in which this reviewer left the links of `base`; their beginning without one."""
        state = recall_state(self.browser, self.reviewer, base)
        if state.base != base or not self.browser.store.count(state.filter):
            return SessionState(filter=base, base=base)
        return state

    def save_state(self, state: SessionState) -> None:
        """Save the session state, at most once per `STATE_WRITE_SECONDS`."""
        self.session_state = state
        waiting, self._unsaved_state = self._unsaved_state is not None, state
        if not waiting:
            # At once, then at most once per interval: a repeating arrow key must not write for every row.
            self._write_state()
            self.set_timer(STATE_WRITE_SECONDS, self._flush_state)

    def _write_state(self) -> None:
        if self._unsaved_state is not None:
            state = self._unsaved_state
            for key in (state_key(self.reviewer), state_key(self.reviewer, state.base)):
                self.decision_writer.remember(key, state.to_json())

    def _flush_state(self) -> None:
        self._write_state()
        self._unsaved_state = None

    def in_time(self, future: Future[Any], asked: Saver) -> bool:
        """Whether a decision was saved or refused within `SAVE_WAIT_SECONDS`; if not, `asked` is notified later."""
        done, _ = wait([future], SAVE_WAIT_SECONDS)
        if not done:
            self.when_saved(future, asked)
        return bool(done)

    def when_saved(self, future: Future[Any], asked: Saver) -> None:
        """Post a `Saved` message when the decision is finished."""
        future.add_done_callback(lambda done: self.post_message(self.Saved(done, asked)))

    def on_review_app_saved(self, message: Saved) -> None:
        """Pass the result to the screen that made the decision, or to the top one if that was closed since."""
        screens = [screen for screen in reversed(self.screen_stack) if isinstance(screen, Saver)]
        if screens:
            (message.asked if message.asked in screens else screens[0]).saved(message.future)
            return
        error = message.future.exception()
        if error is not None:
            why = served_text(self, reason(error))
            self.notify(visible(f"A decision was not saved: {why}"), severity="error", markup=False)

    def on_review_app_job_changed(self, message: JobChanged) -> None:
        """Show the job in the workspace; its end also over other screens."""
        job = message.job
        for screen in self.screen_stack:
            if isinstance(screen, WorkspaceScreen) and screen.is_attached:
                if message.is_over:
                    screen.show_end(job)
                else:
                    screen.show_progress()
        if not message.is_over:
            return
        if job.result is not None and job.result.download is not None:
            download = job.result.download
            self.deliver_binary(BytesIO(download.content), save_filename=download.name, open_method="download")
        if not isinstance(self.screen, WorkspaceScreen):
            words = f"{job.label}: {reason(job.error)}" if job.error else job.result.words if job.result else job.label
            self.notify(
                visible(served_text(self, words)), severity="error" if job.error else "information", markup=False
            )

    def get_css_variables(self) -> dict[str, str]:
        """The colours of the theme, with text that can be read on every ground."""
        return readable_variables(super().get_css_variables())

    def get_key_display(self, binding: Binding) -> str:
        """Key names as printed on the keyboard."""
        return KEY_NAMES.get(binding.key) or super().get_key_display(binding)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Offer every action that is enabled now in the command palette, and the themes."""
        for command in super().get_system_commands(screen):
            if not (self.served and command.title == "Screenshot"):  # it would be written on the server
                yield command
        for _node, binding, enabled, tip in screen.active_bindings.values():
            if enabled and binding.id and binding.description:
                yield SystemCommand(
                    f"{binding.description} ({self.get_key_display(binding)})", tip or "", self._doing(binding.action)
                )

    def _doing(self, action: str) -> Callable[[], None]:
        def do() -> None:
            self.call_later(self.screen.run_action, action)

        return do

    def _handle_exception(self, error: Exception) -> None:
        """Exit on an error of the store, which the caller reports in a line; other exceptions are bugs, and shown."""
        failed = error if isinstance(error, AlignError) else self.browser.store.damage(error)
        if failed is not None:
            self.failed = failed
            self.exit(return_code=failed.exit_code)
        else:
            super()._handle_exception(error)

    def close_store(self) -> None:
        """Finish saving and close the store. Raises StoreError if a decision could not be saved."""
        self._write_state()
        self.jobs.close()
        self.decision_writer.close()
        self.lookups.close()
        self.solver.close()
        self.previews.close()
        self._browser_context.__exit__(None, None, None)
        if self.decision_writer.lost:
            raise StoreError(
                f"{len(self.decision_writer.lost)} of the last decisions could not be saved: "
                f"{self.decision_writer.lost[0]}"
            )


def run(settings: Settings, *, served: bool = False, visit: str = "") -> int:
    """Review the store of the settings until the reviewer quits. Returns the exit code."""
    app = ReviewApp(
        settings.db,
        settings.reviewer,
        encoder=settings.encoder,
        theme=settings.theme,
        keys=dict(settings.keys),
        cache=settings.cache,
        owns_process=True,
        served=served,
        visit=visit,
    )
    try:
        app.run()
    finally:
        app.close_store()
    if app.failed is not None:
        raise app.failed
    return app.return_code or 0
