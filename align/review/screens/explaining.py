"""Why a link was proposed, and what else its source side could be linked to."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future

from textual.message import Message

from align.domain import Link
from align.jobs.resolve import Rival
from align.review.screens.base import Part, reason
from align.review.widgets.texts import Passage, Texts

MOST = 9
RIVAL_LINES = 2
ROOMY = 24
"""Lines of the texts from which on a rival has `RIVAL_LINES`, else one."""


class Explaining(Part):
    """Signals and rivals, on demand."""

    info_shown: bool = False
    difference_shown: bool = True
    _rivals: Sequence[Rival] = ()
    _rivals_of: int | None = None
    _rivals_failed: str = ""

    class RivalsFound(Message):
        """The solver has looked."""

        def __init__(self, link: int, future: Future[list[Rival]]) -> None:
            super().__init__()
            self.link = link
            self.future = future

    def action_info(self) -> None:
        """Show or hide."""
        self.info_shown = not self.info_shown
        self.show_texts(self.current)
        self.refresh_bindings()

    def action_difference(self) -> None:
        """Show or hide what was changed."""
        self.difference_shown = not self.difference_shown
        self.show_texts(self.current)

    def explanation(self, link: Link) -> list[Passage]:
        """The lines below the texts; asks for rivals where they are not known yet."""
        if not self.info_shown:
            return []
        signals = self.app.browser.signals(link.id) or {}
        told = ", ".join(f"{name} {value:.2f}" for name, value in sorted(signals.items()))
        words = f"score {link.score:.3f} by {link.encoder}" + (f": {told}" if told else "")
        lines = [Passage(words, (), "foot", "i", most=RIVAL_LINES)]
        if self._rivals_of != link.id:
            self._ask_rivals(link)
        if self._rivals_of != link.id:
            return [*lines, Passage("Looking for rivals …", (), "foot")]
        if self._rivals_failed:
            return [*lines, Passage(f"No rivals: {self._rivals_failed}", (), "warning", "!")]
        if not self._rivals:
            return [*lines, Passage("It has no rivals.", (), "foot")]
        most = RIVAL_LINES if self.query_one(Texts).size.height >= ROOMY else 1
        return lines + [
            Passage(f"{rival.score:+.2f}  {rival.text}", (), "foot", str(number), most=most)
            for number, rival in enumerate(self._rivals, 1)
        ]

    def _ask_rivals(self, link: Link) -> None:
        future = self.app.solver.submit(lambda solver: solver.rivals(link, MOST))
        future.add_done_callback(lambda done: self.post_message(Explaining.RivalsFound(link.id, done)))

    def on_explaining_rivals_found(self, message: RivalsFound) -> None:
        """Show them, if the reviewer is still there."""
        link = self.current
        if link is None or link.id != message.link:
            return
        # Whatever ails the solver (no model, no memory), the review goes on without it and says why.
        error = message.future.exception()
        self._rivals_of = link.id
        self._rivals_failed = reason(error) if error else ""
        self._rivals = [] if error else message.future.result()
        self.show_texts(link)
        self.refresh_bindings()

    def action_rival(self, number: int) -> None:
        """Link the source side to a rival; where none are shown yet, show them first: nobody chooses blindly."""
        link = self.current
        if link is None:
            return
        if not self.info_shown or self._rivals_of != link.id:
            if not self.info_shown:
                self.action_info()
            return
        if number > len(self._rivals):
            self.say(f"There is no rival {number}.")
            return
        self.relink(link, link.src.sentences, self._rivals[number - 1].sentences)
