"""Which text of a document each decision of several logs was made on.

Merging does not exchange texts: two copies of a document with different texts stay as they are, and a decision counts
in the stores whose text it was made on, or whose text was changed from that one with knowledge of the decision.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from sqlite_utils import Database

from align.store.actions import Action
from align.store.merge.causality import Causality
from align.store.merge.sentence_numbers import Sentences, Side

if TYPE_CHECKING:
    from align.store.merge.replica import Entry


class OwnTexts:
    """The texts that documents had in a store when its own decisions were made.

    They follow from what the decision knew, unless the store had taken a change of the text over from another copy and
    had not got that text. Only such documents are in `at`.
    """

    def __init__(self, db: Database) -> None:
        self._changes: dict[str, list[tuple[int, str, str]]] = {}
        """Document name -> (decision, digest before, digest after) of changes that were made here."""
        self._foreign: dict[str, int] = {}
        """Document name -> the first decision on its text that was taken over."""
        for id_, taken, name, was, now in db.conn.execute(
            """select id, coalesce(taken, 0), detail ->> 'name', detail ->> 'was', detail ->> 'now'
               from decisions left join replicas on decision = id
               where action in ('import', 'undo', 'redo') and coalesce(detail ->> 'action', action) = 'import'
                   and detail ->> 'now' is not null order by id"""
        ):
            if taken:
                self._foreign.setdefault(name, id_)
            else:
                self._changes.setdefault(name, []).append((id_, was, now))
        self._digests: dict[str, str] = {}
        if self._foreign:
            sql = "select name, digest from documents where removed_at is null"
            self._digests = dict(db.conn.execute(sql).fetchall())

    def at(self, decision: int) -> dict[str, str]:
        """Document name -> digest."""
        digests = {name: self._digest(name, decision) for name, first in self._foreign.items() if first < decision}
        return {name: digest for name, digest in digests.items() if digest is not None}

    def _digest(self, name: str, decision: int) -> str | None:
        changes = self._changes.get(name, [])
        index = bisect_right(changes, decision, key=lambda change: change[0])
        if index:
            return changes[index - 1][2]
        return changes[0][1] if changes else self._digests.get(name)


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
        self.entries = entries
        self.digests = digests
        self.changes: dict[str, list[VersionChange]] = {}
        for position, entry in enumerate(entries):
            if entry.done == Action.IMPORT and "now" in entry.detail:
                change = VersionChange(position, str(entry.detail.get("was")), str(entry.detail["now"]))
                self.changes.setdefault(str(entry.detail.get("name")), []).append(change)
        self._applicable: dict[tuple[int, str], set[str]] = {}

    def versions(self, name: str) -> list[str]:
        """Digests of all texts that the document had, sorted; `name` is in `changes`."""
        return sorted({digest for change in self.changes[name] for digest in (change.was, change.now)})

    def applicable(self, position: int, name: str) -> set[str]:
        """Digests of the texts for which the decision at a position counts; `name` is in `changes`."""
        digests = self._applicable.get((position, name))
        if digests is None:
            digests = self.digests_at(position, name)
            for change in self.changes[name]:
                if change.was in digests and self.causality.before(position, change.position):
                    digests.add(change.now)
            self._applicable[position, name] = digests
        return digests

    def digests_at(self, position: int, name: str) -> set[str]:
        """Digests of the texts that the document may have had at the decision at a position: several if it knew
        independent changes."""
        own = self.entries[position].texts.get(name)
        if own is not None:
            return {own}
        changes = self.changes[name]
        before = self.causality.before
        earlier = [change for change in changes if change.position == position or before(change.position, position)]
        latest = [change for change in earlier if not any(before(change.position, other.position) for other in earlier)]
        return {change.now for change in latest} or {changes[0].was}

    def cut_fits(self, position: int, name: str, digest: str) -> bool:
        """Whether the decision at a position counts for the text with that digest."""
        return name not in self.changes or digest in self.applicable(position, name)

    @cached_property
    def _successors(self) -> dict[int, list[tuple[int, int]]]:
        """Sentence -> (position of a change of the text, the same or its other wording in the new text)."""
        successors: dict[int, list[tuple[int, int]]] = {}
        for changes in self.changes.values():
            for position in [change.position for change in changes]:
                for before, now in self.entries[position].successors:
                    successors.setdefault(before, []).append((position, now))
        return successors

    def successors(self, sentence: int, position: int) -> dict[int, None]:
        """A sentence of the decision at a position, and the same or its other wordings in the texts that the text of
        then was changed to with knowledge of the decision."""
        same = {sentence: None}
        open_ = [sentence]
        while open_:
            for change, now in self._successors.get(open_.pop(), ()):
                if now not in same and self.causality.before(position, change):
                    same[now] = None
                    open_.append(now)
        return same

    def in_texts(self, side: Side, position: int, digests: Mapping[str, str], sentences: Sentences) -> Side:
        """A side that the decision at a position drew, in the texts with these digests, where they have its sentences.

        `digests`: document name -> digest.
        """
        return tuple(dict.fromkeys(self._in_texts(one, position, digests, sentences) for one in side))

    def _in_texts(self, sentence: int, position: int, digests: Mapping[str, str], sentences: Sentences) -> int:
        name, digest = sentences.document(sentence)
        if digests.get(name, digest) == digest:
            return sentence
        for one in self.successors(sentence, position):
            if sentences.document(one) == (name, digests[name]):
                return one
        # A second half that was whole again when the text changed: what is before it has it.
        for part in self._parts_before(sentence, sentences):
            if (whole := self._in_texts(part, position, digests, sentences)) != part:
                return whole
        return sentence

    def _parts_before(self, sentence: int, sentences: Sentences) -> list[int]:
        """What a part may belong to where it is no part: earlier parts of its sentence, the nearest first."""
        root, start = sentences.root(sentence), sentences.start(sentence)
        parts = [one for one in self._successors if sentences.root(one) == root and sentences.start(one) < start]
        return sorted(parts, key=sentences.start, reverse=True)

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
