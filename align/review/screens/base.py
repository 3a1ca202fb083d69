"""What the parts of the review screen know of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.screen import Screen

    from align.domain import Link
    from align.review.app import ReviewApp
    from align.review.place import Place
    from align.review.widgets.link_list import LinkList

    class Part(Screen[None]):
        """The review screen, as its parts see it."""

        app: ReviewApp
        place: Place
        total: int

        @property
        def links(self) -> LinkList: ...
        @property
        def current(self) -> Link | None: ...
        def relist(self, link: int | None = None) -> None: ...
        def look(self) -> None: ...
        def say(self, words: str, mood: str = "") -> None: ...
        def show_texts(self, link: Link | None) -> None: ...
        def show_top(self) -> None: ...
        def go_to_link(self, link: int | None) -> None: ...
        def decide(self, work: Any, link: Link, *, go_on: bool) -> None: ...

else:
    Part = object
