"""Determine which text of a document a decision refers to, where copies changed texts independently."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from align.store.actions import Action
from align.store.merge.causality import Causality
from align.store.merge.replica import Entry


class VersionChange(NamedTuple):
    """A change of a document's text, its undo or its redo."""

    position: int
    was: str
    """Digest of the text that it replaced."""
    now: str


class TextVersions:
    """Text changes of all logs; `digests`: document name -> digest of this store's text."""

    def __init__(self, causality: Causality, entries: Sequence[Entry], digests: Mapping[str, str]) -> None:
        self.causality = causality
        self.digests = digests
        self.changes: dict[str, list[VersionChange]] = {}
        for position, entry in enumerate(entries):
            if entry.done == Action.IMPORT and "now" in entry.detail:
                change = VersionChange(position, str(entry.detail.get("was")), str(entry.detail["now"]))
                self.changes.setdefault(str(entry.detail.get("name")), []).append(change)

    def digests_at(self, position: int, name: str) -> set[str]:
        """Digests of the texts that the document may have had at the decision at a position: several if it knew
        independent changes."""
        changes = self.changes.get(name, [])
        before = self.causality.before
        earlier = [change for change in changes if change.position == position or before(change.position, position)]
        latest = [change for change in earlier if not any(before(change.position, other.position) for other in earlier)]
        return {change.now for change in latest} or {change.was for change in changes[:1]}

    def fits(self, position: int, name: str) -> bool:
        """Whether the decision at a position refers to this store's text, or to one that this text was changed from."""
        return self.cut_fits(position, name, self.digests.get(name, ""))

    def cut_fits(self, position: int, name: str, digest: str) -> bool:
        """Whether the decision at a position was made on the text with that digest."""
        changes = self.changes.get(name)
        return (
            not changes
            or digest in self.digests_at(position, name)
            or any(now == digest and self.causality.before(position, at) for at, _, now in changes)
        )

    def returns(self) -> Iterator[list[int]]:
        """Positions of the changes of a text from the first one to the one that restored the text before it."""
        before = self.causality.before
        for changes in self.changes.values():
            for number, last in enumerate(changes):
                earlier = [change for change in changes[:number] if before(change.position, last.position)]
                first = next((change for change in earlier if change.was == last.now), None)
                if first is not None:
                    after = [one.position for one in earlier if before(first.position, one.position)]
                    yield [first.position, *after, last.position]
