"""What screens need of the app."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

from textual.await_complete import AwaitComplete

from align.errors import AlignError
from align.review.jobs import JobContext, JobRunner
from align.review.session_state import SessionState
from align.review.workspace_rows import base_name
from align.reviewer import DecisionWriter, Reviewer, WorkerThread
from align.workspace.browse import Browser, LinkFilter
from align.workspace.realign import Realigner

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.screen import Screen


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
    acted_at: float | None
    """The time (`time.monotonic`) of the last key; None where garbage was collected since."""

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


if TYPE_CHECKING:
    _Screen = Screen[Any]
else:
    _Screen = object


class ClosesOnce(_Screen):
    """A screen that is closed once: of keys in a burst, each has reached it before the first has closed it."""

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Close the screen with an answer; nothing where it is closed already, or below another one."""
        closed: AwaitComplete = AwaitComplete.nothing()  # type: ignore[no-untyped-call]
        return super().dismiss(result) if self.is_active else closed


def ours(node: DOMNode) -> Host:
    """The app, as what it is to a screen."""
    return cast("Host", node.app)


FOLDERS = r"(?:[^\s/\\:'\"]+[/\\])"
PATHS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\bfile:[/\\]+(?:[^\s/\\'\"]+[/\\])*(?=[^\s/\\])",
        r"(?<=')(?:~|[A-Za-z]:)?[/\\][^'\n]*[/\\](?=[^'/\\]+')",
        r'(?<=")(?:~|[A-Za-z]:)?[/\\][^"\n]*[/\\](?=[^"/\\]+")',
        rf"(?<![\w.:/])(?:~|[A-Za-z]:)?[/\\]{FOLDERS}+(?=[^\s/\\])",
        rf"(?<![\w.:/\\]){FOLDERS}+(?=[^\s/\\:'\"]*\.[A-Za-z])",
    )
)
"""The folders of a path: of a file URL, in quotes, absolute, and relative to a file with a suffix."""


def without_folders(words: str, folders: Iterable[str] = ()) -> str:
    """Words for a browser: of each path, only the name of the file.

    `folders`: folders of the server, whose names may have spaces, quotes and colons.
    """
    if not re.search(r"[/\\]", words):
        return words
    bases = {folder.rstrip("/\\") for folder in folders}
    bases |= {str(parent) for base in bases if Path(base).is_absolute() for parent in Path(base).parents}
    listed = [re.escape(base) for base in sorted(bases, key=len, reverse=True) if re.search(r"\w", base)]
    if listed:
        # `(?<!\w)` before a relative folder: `texts/` is no part of `contexts/`.
        words = re.sub(rf"(?:(?<!\w)|(?=[/\\]))(?:{'|'.join(listed)})[/\\]{FOLDERS}*(?=[^\s/\\])", "", words)
    for path in PATHS:
        words = path.sub("", words)
    return words


def server_folders(app: Host) -> set[str]:
    """The folders of the documents and the store, and the current one."""
    try:
        folders = {row.name.removesuffix(base_name(row.name)) for row in app.browser.store.documents()}
    except (AlignError, sqlite3.Error):  # the words may be about a store that cannot be read
        folders = set()
    return folders | {str(app.store_path.absolute().parent), str(Path.cwd())}


def served_text(node: DOMNode, words: str) -> str:
    """Words as a screen may show them: in a browser without the folders of the server."""
    app = ours(node)
    if not (app.served and re.search(r"[/\\]", words)):
        return words
    return without_folders(words, server_folders(app))


def reason(error: BaseException) -> str:
    """What went wrong, in a line."""
    words = " ".join(str(error).split()) or type(error).__name__
    return words if isinstance(error, AlignError) else f"{type(error).__name__}: {words}"
