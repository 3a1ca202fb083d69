"""Cuts of another copy, made and taken back here with the decisions that did it over there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

from sqlite_utils import Database

from align.errors import AlignError
from align.store import cuts
from align.store.copies import Mapping
from align.store.cuts import Cut
from align.store.ledger import Ledger
from align.store.proposals import PROGRAM


@dataclass(slots=True)
class TheirCuts:
    """What the other copy tells of cuts: the decisions that made them or took them back, and those in force."""

    decisions: set[int] = field(default_factory=set)
    now: dict[int, Cut] = field(default_factory=dict)

    @classmethod
    def of(cls, theirs: Database) -> TheirCuts:
        """Those of a store."""
        found = cls(now={made.rest: made for made in cuts.in_force(theirs)})
        found.decisions.update(cuts.deciding(theirs))
        return found


@dataclass(slots=True)
class Told:
    """What one decision of the other copy does to sentences, in our numbers."""

    cuts: list[Cut] = field(default_factory=list)
    joins: list[Cut] = field(default_factory=list)
    new: list[int] = field(default_factory=list)
    """Their numbers of halves that get a number here."""
    strange: bool = False
    """Not to be done here: the sentence is another one, or was cut otherwise."""

    def __bool__(self) -> bool:
        return bool(self.cuts or self.joins or self.strange)

    def forget(self, mapping: Mapping) -> None:
        """Their halves have no number here after all."""
        for number in self.new:
            mapping.sentences.pop(number, None)


def told(ours: Database, mapping: Mapping, theirs: TheirCuts, detail: dict[str, Any]) -> Told:
    """Take `cuts` and `joins` out of a decision's detail and put them in our numbers; new halves get theirs.

    What is so here already is left out.
    """
    found = Told()
    for one in detail.pop("cuts", ()):
        made = Cut.of(one)
        here = mapping.cut(theirs.now.get(made.rest, made))
        if here is None:
            found.strange = True
        elif here.rest and cuts.pieces_now(ours, here.rest) is not None:
            continue
        elif cuts.pieces_now(ours, here.sentence) not in (here.pieces, *(c.pieces for c in found.cuts)):
            found.strange = True
        else:
            rest = here.rest or cuts.next_rest(ours) + len(found.new)
            if not here.rest:
                found.new.append(made.rest)
                mapping.sentences[made.rest] = rest
            found.cuts.append(replace(here, rest=rest))
    known = set(mapping.decisions.values())
    here_now = {made.rest: (decision, made) for decision, made in _in_force(ours)} if detail.get("joins") else {}
    for number in detail.pop("joins", ()):
        decision, cut = here_now.get(mapping.sentences.get(number, 0), (0, None))
        if cut is not None and decision in known:  # One that was made here by itself stays.
            found.joins.append(cut)
    return found


def _in_force(db: Database) -> list[tuple[int, Cut]]:
    made = cuts.in_force(db)
    decisions = dict(db.conn.execute("select rest, decision from cuts"))
    return [(decisions[cut.rest], cut) for cut in made]


def bring(ours: Database, wanted: Told, own: Collection[int]) -> Ledger | None:
    """Make and take back cuts here; `own` are the links that the decision itself tells what to have.

    Returns the ledger with what changed of other links; None, and nothing is changed, where it cannot be done.
    """
    ledger = Ledger(ours, PROGRAM)
    if wanted.strange:
        return None
    ours.conn.execute("savepoint cuts")
    try:
        for made in wanted.cuts:
            ledger.make_cut(made, but=own)
        for made in wanted.joins:
            ledger.join_cut(made, but=own)
    except AlignError:
        ours.conn.execute("rollback to cuts")
        return None
    finally:
        ours.conn.execute("release cuts")
    return ledger
