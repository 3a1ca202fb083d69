"""Links that only the other copy has: which of them are brought here when copies unite, and as what."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from sqlite_utils import Database

from align.domain import SETTLED, Status
from align.store.copies import Mapping, base_of, name_alike
from align.store.ledger import Ledger
from align.store.log import KEPT, State
from align.store.proposals import PROGRAM

MANY = 20
"""A decision on more links than this did the same to each by itself."""


@dataclass(slots=True)
class Bringing:
    """Links that only the other copy has, as they were proposed: decided ones, and those of new pairs."""

    ours: Database
    theirs: Database
    mapping: Mapping
    name: str
    contested: dict[int, int]
    """Link -> one that was settled here on the same sentences in another way."""
    cut_here: set[int]
    """Their decisions that cut sentences and are known here."""
    at_home: set[tuple[int, int]]
    waiting: set[int] = field(default_factory=set)
    """Links on sentences that are not here; some come of cuts that are to be made yet."""
    kept: set[int] = field(default_factory=set)
    together: dict[int, set[int]] = field(default_factory=dict)

    def candidates(self) -> list[int]:
        """What may have to be brought."""
        self.kept = {row[0] for row in self.theirs.conn.execute(f"select id from links where {KEPT}")}
        self.together = _together(self.theirs, self.mapping)
        untouched = {
            row[0]
            for row in self.theirs.conn.execute("select id from links where id not in (select link from patches)")
        }
        return sorted(untouched | self.together.keys() | self.kept)

    def links(self, numbers: list[int]) -> int:
        """Bring those of them that can be brought and are wanted; returns how many."""
        ledger = Ledger(self.ours, PROGRAM)
        made = 0
        for number in numbers:
            if number in self.mapping.links:
                continue
            base = base_of(self.theirs, number, self.cut_here)
            state = self.mapping.state(base) if base is not None else None
            if state is None:
                if base is not None and base["src_document"] in self.mapping.documents:
                    self.waiting.add(number)
                continue
            self.waiting.discard(number)
            made += self._bring(ledger, number, state)
        if ledger.patches():
            ledger.close("unite", detail={"name": self.name, "links": made})
        return made

    def _bring(self, ledger: Ledger, number: int, state: State) -> int:
        needed = any(other in self.kept for other in self.together.get(number, {number}))
        rivals = [link for link in ledger.overlapping(state["src"], state["tgt"]) if ledger.present(link)]
        if not needed and (rivals or (state["src_document"], state["tgt_document"]) in self.at_home):
            return 0
        for link in rivals:
            if not ledger.kept(link):
                ledger.remove(link)
        link = ledger.make(**{**state, "status": Status.PROPOSED.value})
        name_alike(self.ours, self.mapping, number, link)
        settled = [rival for rival in rivals if ledger.present(rival) and ledger.state(rival)["status"] in SETTLED]
        if settled:
            # Both copies settled the same sentences in another way: each by itself is sound, together they are not.
            self.contested[link] = settled[0]
        return 1


def _together(theirs: Database, mapping: Mapping) -> dict[int, set[int]]:
    """Links of decisions that are not known here, each with all that hang together with it by such decisions."""
    groups: dict[int, set[int]] = {}
    for decision, numbers in theirs.conn.execute(
        "select decision, json_group_array(link) from patches group by decision order by decision"
    ):
        if decision in mapping.decisions:
            continue
        links = json.loads(numbers)
        if len(links) > MANY:  # Accepting many at once ties nothing together.
            for link in links:
                groups.setdefault(link, {link})
            continue
        whole = set(links).union(*(groups[link] for link in links if link in groups))
        for link in whole:
            groups[link] = whole
    return groups
