"""What the parts of the review screen know of each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

from align.errors import AlignError
from align.jobs.browse import Browser
from align.jobs.resolve import Resolver
from align.review.clerk import Clerk, Helper
from align.review.place import Place
from align.reviewer import Reviewer

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.screen import Screen

    from align.domain import Link
    from align.review.widgets.link_list import LinkList
    from align.review.widgets.texts import Passage, Side
    from align.store.edits import Edit
    from align.store.edits import Side as SideName


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
    clerk: Clerk
    solver: Helper[Resolver]
    previews: Helper[Reviewer]
    """Derives previews, and waits for no decision that is being saved."""
    here: Place
    """Where the reviewer is in the links, or was last."""

    def keep_place(self, place: Place) -> None:
        """Remember where the reviewer is."""

    def in_time(self, future: Future[Any], asked: Saver) -> bool:
        """Whether a decision is done within a moment; where not, `asked` hears how it went."""

    def when_saved(self, future: Future[Any], asked: Saver) -> None:
        """Let a screen hear how a decision went."""

    def push_screen(self, screen: Any, callback: Callable[[Any], object] | None = None) -> object:
        """Show a screen over this one."""

    def pop_screen(self) -> object:
        """Back to the screen below."""


if TYPE_CHECKING:

    class Part(Screen[None]):
        """The review screen, as its parts see it."""

        app: Host  # type: ignore[assignment]
        place: Place
        total: int
        left: int
        expected: float
        since: int
        side: SideName
        difference_shown: bool

        @property
        def links(self) -> LinkList: ...
        @property
        def current(self) -> Link | None: ...
        def relist(self, link: int | None = None) -> None: ...
        def count_left(self) -> None: ...
        def look(self) -> None: ...
        def saved(self, future: Future[Any]) -> None: ...
        def say(self, words: str, mood: str = "") -> None: ...
        def show_texts(self, link: Link | None) -> None: ...
        def show_top(self) -> None: ...
        def go_to_link(self, link: int | None) -> None: ...
        def decide(
            self, edit: Edit, link: Link, *, go_on: bool, expected: Any = None, realignment: Any = None
        ) -> None: ...
        def ask_reviewer(self, work: Any, after: Link | None = None) -> None: ...
        def fix(self, edit: Edit, words: str, link: Link) -> None: ...
        def relink(self, link: Link, src: Sequence[int], tgt: Sequence[int]) -> None: ...
        def explanation(self, link: Link) -> list[Passage]: ...
        def sides_of(self, link: Link, *, by_sentence: bool = False) -> tuple[Side, Side]: ...

else:
    Part = object


def ours(node: DOMNode) -> Host:
    """The app, as what it is to a screen."""
    return cast("Host", node.app)


def reason(error: BaseException) -> str:
    """What went wrong, in a line."""
    words = " ".join(str(error).split()) or type(error).__name__
    return words if isinstance(error, AlignError) else f"{type(error).__name__}: {words}"
