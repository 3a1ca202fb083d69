"""What the parts of the review screen know of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from align.errors import AlignError

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.screen import Screen

    from align.domain import Link
    from align.review.app import ReviewApp
    from align.review.fixes import Fix, SideName
    from align.review.place import Place
    from align.review.widgets.link_list import LinkList
    from align.review.widgets.texts import Passage, Side

    class Part(Screen[None]):
        """The review screen, as its parts see it."""

        app: ReviewApp
        place: Place
        total: int
        left: int
        expected: float
        side: SideName
        difference_shown: bool

        @property
        def links(self) -> LinkList: ...
        @property
        def current(self) -> Link | None: ...
        def relist(self, link: int | None = None) -> None: ...
        def count_left(self) -> None: ...
        def look(self) -> None: ...
        def say(self, words: str, mood: str = "") -> None: ...
        def show_texts(self, link: Link | None) -> None: ...
        def show_top(self) -> None: ...
        def go_to_link(self, link: int | None) -> None: ...
        def decide(self, work: Any, link: Link, *, go_on: bool) -> None: ...
        def ask_desk(self, work: Any, otherwise: str) -> None: ...
        def fix(self, fix: Fix, link: Link) -> None: ...
        def explanation(self, link: Link) -> list[Passage]: ...
        def sides_of(self, link: Link, *, by_sentence: bool = False) -> tuple[Side, Side]: ...

else:
    Part = object


def ours(node: DOMNode) -> ReviewApp:
    """The app, as what it is."""
    return cast("ReviewApp", node.app)


def reason(error: BaseException) -> str:
    """What went wrong, in a line."""
    words = " ".join(str(error).split()) or type(error).__name__
    return words if isinstance(error, AlignError) else f"{type(error).__name__}: {words}"
