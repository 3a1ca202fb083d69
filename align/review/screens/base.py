"""What screens need of the app."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

from align.errors import AlignError
from align.review.jobs import JobContext, JobRunner
from align.review.session_state import SessionState
from align.review.worker_thread import DecisionWriter, WorkerThread
from align.reviewer import Reviewer
from align.workspace.browse import Browser, LinkFilter
from align.workspace.realign import Realigner

if TYPE_CHECKING:
    from textual.dom import DOMNode


@runtime_checkable
class Saver(Protocol):
    """A screen that has decisions saved."""

    def saved(self, future: Future[Any]) -> None:
        """A decision that took long is done, or was refused: say so."""


class Host(Protocol):
    """What screens need of the app."""

    store_path: Path
    reviewer: str
    browser: Browser
    decision_writer: DecisionWriter
    solver: WorkerThread[Realigner]
    previews: WorkerThread[Reviewer]
    """Derives previews, and waits for no decision that is being saved."""
    lookups: WorkerThread[Browser]
    """Searches all texts."""
    jobs: JobRunner
    job_context: JobContext
    served: bool
    """Whether the app runs in the browser of somebody who must not see the server's files."""
    visit: str
    """Name of the visit of a served app; empty in a terminal."""
    session_state: SessionState
    """Where the reviewer is in the links, or was last."""

    def state_of(self, base: LinkFilter) -> SessionState:
        """Where the reviewer left these links, or their beginning."""

    def save_state(self, state: SessionState) -> None:
        """Remember where the reviewer is."""

    def in_time(self, future: Future[Any], asked: Saver) -> bool:
        """Whether a decision is done within a moment; where not, `asked` hears how it went."""

    def when_saved(self, future: Future[Any], asked: Saver) -> None:
        """Let a screen hear how a decision went."""

    def push_screen(self, screen: Any, callback: Callable[[Any], object] | None = None) -> object:
        """Show a screen over this one."""

    def pop_screen(self) -> object:
        """Back to the screen below."""


def ours(node: DOMNode) -> Host:
    """The app, as what it is to a screen."""
    return cast("Host", node.app)


PATH = re.compile(r"(?<![\w.:/])(?:~|[A-Za-z]:)?[/\\](?:[^\s/\\:'\"]+[/\\])+(?=[^\s/\\])")
"""The folders of a whole path."""


def without_folders(words: str) -> str:
    """Words for a browser: of each path, only the name of the file."""
    return PATH.sub("", words)


def reason(error: BaseException) -> str:
    """What went wrong, in a line."""
    words = " ".join(str(error).split()) or type(error).__name__
    return words if isinstance(error, AlignError) else f"{type(error).__name__}: {words}"
