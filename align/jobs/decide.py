"""The reviewer's desk: every operation on links, each one decision, each one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from align.domain import LinkKind, Status
from align.errors import UsageError
from align.jobs import reshape
from align.jobs.reshape import Point, Side
from align.store import Change, LinkFilter, Store, open_store
from align.store.charset import storable
from align.store.ledger import Ledger
from align.text.clean import clean

if TYPE_CHECKING:
    from align.jobs.resolve import Ripple

__all__ = ["Change", "Desk", "open_desk"]

Work = Callable[[Ledger], int | None]
Seen = int | Mapping[int, int] | None
"""The version of the link that the reviewer looked at, or the versions of several links by their numbers."""


def open_desk(path: Path, reviewer: str) -> Desk:
    """A desk of its own, with its own connection to the store at `path`; close it with `with`."""
    return Desk(open_store(path, create=False), reviewer)


class Desk:
    """What one reviewer does to the links of a store.

    Links are named by their number. `seen` is the `Link.version` that the reviewer looked at, or those of all links
    that the operation changes: where one changed since, ConflictError says who did what, and nothing is written.
    `ripple` is what re-solving around the decision changes (see `align.jobs.resolve`): links that give way and
    proposals that come, in the same decision, so that one undo takes back both. What is settled makes undecided links
    on its sentences give way, too.
    """

    def __init__(self, store: Store, reviewer: str) -> None:
        self.store = store
        self.reviewer = storable(reviewer).strip() or "reviewer"
        self.why = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the store."""
        self.store.close()

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Many decisions in one transaction: all or none, and one undo takes them back together."""
        with self.store.together():
            yield

    @contextmanager
    def because(self, why: str) -> Iterator[None]:
        """Decisions inside carry this reason, for the story of their links."""
        before, self.why = self.why, storable(why).strip()
        try:
            yield
        finally:
            self.why = before

    # Verdicts

    def accept(self, link: int, *, seen: Seen = None) -> Change:
        """The link is right."""
        return self._one("accept", link, seen, lambda ledger: reshape.accept(ledger, link))

    def reject(self, link: int, *, seen: Seen = None) -> Change:
        """The link is wrong, and must not be proposed again."""
        return self._one("reject", link, seen, lambda ledger: reshape.verdict(ledger, link, Status.REJECTED))

    def reopen(self, link: int, *, seen: Seen = None) -> Change:
        """The link is undecided again."""
        return self._one("reopen", link, seen, lambda ledger: reshape.reopen(ledger, link))

    def unlink(self, link: int, *, seen: Seen = None, ripple: Ripple | None = None) -> Change:
        """Take the two sides apart; they must not be proposed again."""
        return self._one("unlink", link, seen, lambda ledger: reshape.verdict(ledger, link, Status.REJECTED), ripple)

    def anchor(self, link: int, *, on: bool = True, seen: Seen = None) -> Change:
        """The solver must keep the link, though nobody vouches for it yet."""
        return self._one(
            "anchor" if on else "unanchor", link, seen, lambda ledger: ledger.decide(link, anchored=int(on))
        )

    def set_kind(self, link: int, kind: LinkKind, *, seen: Seen = None) -> Change:
        """How the two sides correspond."""
        return self._one("kind", link, seen, lambda ledger: ledger.decide(link, kind=LinkKind(kind).value, touched=1))

    def note(self, link: int, text: str | None, *, seen: Seen = None) -> Change:
        """A remark on the link; None or blank takes it off."""
        remark = storable(text or "").strip() or None
        return self._one("note", link, seen, lambda ledger: ledger.change(link, note=remark))

    def bookmark(self, link: int, on: bool = True, *, seen: Seen = None) -> Change:
        """Mark the link to come back to it."""
        return self._one("bookmark", link, seen, lambda ledger: ledger.change(link, bookmarked=int(on)))

    def edit(self, link: int, side: Side, text: str, *, seen: Seen = None) -> Change:
        """Put `text` in the place of a side's text; the original is kept, and writing it again takes the edit off."""
        wording = clean(text)
        if not wording:
            raise UsageError("a side cannot be empty. Reject or unlink the link instead.")
        return self._one("edit", link, seen, lambda ledger: reshape.edit(ledger, link, side, wording))

    # Shapes

    def merge(self, link: int, other: int, *, seen: Seen = None, ripple: Ripple | None = None) -> Change:
        """Make one link of two of the same documents; it keeps the first's number."""
        return self._one("merge", link, seen, lambda ledger: reshape.merge(ledger, link, other), ripple)

    def split(
        self, link: int, src_at: Point, tgt_at: Point, *, seen: Seen = None, ripple: Ripple | None = None
    ) -> Change:
        """Make two links of one; the first keeps the number.

        A side is split after so many sentences, or, by `(sentences, characters)`, inside the next one, which is cut in
        two: every link that had it has both halves then, and one undo takes back the cut with the split.
        """
        action = "cut" if reshape.is_cut(src_at, tgt_at) else "split"
        return self._one(action, link, seen, lambda ledger: reshape.split(ledger, link, src_at, tgt_at), ripple)

    def cut(self, sentence: int, characters: int) -> Change:
        """Cut a sentence (store id) in two, after so many characters of its clean text."""

        def work(ledger: Ledger) -> None:
            ledger.cut(sentence, characters)

        return self._one("cut", None, None, work)

    def move(
        self,
        link: int,
        side: Side,
        end: Literal["first", "last"],
        way: Literal["up", "down"],
        *,
        seen: Seen = None,
        ripple: Ripple | None = None,
    ) -> Change:
        """Move the sentence at an end of a side over that end.

        `first up` and `last down` give the link's own sentence to the neighbour there; `first down` and `last up`
        take the neighbour's (or an unlinked one) in. With several versions in `seen`, no other links may change.
        """

        def work(ledger: Ledger) -> int:
            look_at = reshape.move(ledger, link, side, end, way)
            if isinstance(seen, Mapping):
                ledger.expect_no_other(seen)
            return look_at

        return self._one("move", link, seen, work, ripple)

    def solve(self, link: int, ripple: Ripple, *, seen: Seen = None) -> Change:
        """Take what solving again around a settled link changes among the undecided ones."""
        return self._one("solve", link, seen, lambda ledger: link, ripple)

    def swap(self, link: int, *, seen: Seen = None) -> Change:
        """Make the source the target and the target the source."""
        return self._one("swap", link, seen, lambda ledger: reshape.swap(ledger, link))

    def relink(
        self,
        src: Sequence[int],
        tgt: Sequence[int],
        *,
        link: int | None = None,
        seen: Seen = None,
        kind: LinkKind | None = None,
        ripple: Ripple | None = None,
        known: Collection[int] = (),
    ) -> Change:
        """Link sentences (store ids) by hand: a new link, or `link` moved to them.

        Undecided links that share sentences with it give way. `known` are accepted links that share sentences with it
        and are to stay: both are one anchor for the solver then. Raises ConflictError for any that is not named.
        """
        if link is not None:
            number = link
            return self._one(
                "relink", link, seen, lambda ledger: reshape.relink(ledger, number, src, tgt, kind, known), ripple
            )
        return self._one("link", None, seen, lambda ledger: reshape.link_by_hand(ledger, src, tgt, kind, known), ripple)

    # Many at once

    def accept_above(self, confidence: float, chosen: LinkFilter | None = None, *, since: int | None = None) -> Change:
        """Accept every undecided link of a filter whose confidence is at least this.

        `since` is the number of the last decision when the reviewer looked: ConflictError where somebody else has
        changed one of these links after it, or proposed it. A link whose sentences are settled otherwise is left out,
        and so is the less sure of two that share a sentence. Raises EmptyDecisionError where there is none.
        """
        if not 0.0 <= confidence <= 1.0:
            raise UsageError(f"a confidence is between 0 and 1, not {confidence}.")
        return self.store.accept_many(self.reviewer, chosen or LinkFilter(), above=confidence, since=since)

    def accept_through(
        self, link: int, chosen: LinkFilter | None = None, *, seen: int | None = None, since: int | None = None
    ) -> Change:
        """Accept this link and every undecided one before it in a filter, in document order; as `accept_above`."""
        return self.store.accept_many(self.reviewer, chosen or LinkFilter(), through=link, seen=seen, since=since)

    def remove_document(self, document: int) -> Change:
        """Take a document and its links out; undo brings them back until the store is compacted."""
        return self.store.remove_document(self.reviewer, document)

    def contest(self, link: int, name: str, ours: Mapping[str, str], theirs: Mapping[str, str]) -> Change | None:
        """Leave a link to a reviewer: the file `name` says otherwise. None where that is known and waits already."""
        return self.store.contest(self.reviewer, link, name, ours, theirs, why=self.why)

    def dismiss(self, link: int) -> Change:
        """Have done with what another copy or a file has otherwise of a link, gone or not: what is here stands."""
        return self.store.dismiss(self.reviewer, link)

    # Back and forth

    def undo(self) -> Change:
        """Take back this reviewer's last decision in force. Raises ConflictError where its links changed since."""
        return self.store.undo(self.reviewer)

    def redo(self) -> Change:
        """Bring back what was undone last, if nothing was decided since."""
        return self.store.redo(self.reviewer)

    # No decisions, but kept

    def remember(self, key: str, value: str) -> None:
        """Keep a value for the next start: where the reviewer stood, the sort, the filter."""
        self.store.remember(key, value)

    def record_audit(self, filter_text: str, n: int, right: int, low: float, high: float) -> None:
        """Keep what a random-sample audit found: `right` of `n`, and the interval of the rate."""
        self.store.record_audit(self.reviewer, filter_text, n, right, low, high)

    def _one(self, action: str, link: int | None, seen: Seen, work: Work, ripple: Ripple | None = None) -> Change:
        def build(ledger: Ledger) -> int | None:
            if isinstance(seen, Mapping):
                for number, version in seen.items():
                    ledger.expect(number, version, called="this link" if number == link else f"link {number}")
            elif link is not None:
                ledger.expect(link, seen)
            look_at = work(ledger)
            if ripple:
                reshape.ripple_through(ledger, ripple)
            return look_at

        return self.store.decide(self.reviewer, action, build, link=link, why=self.why)
