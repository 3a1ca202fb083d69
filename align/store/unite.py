"""Two people, two copies: the decisions of another copy join the log; where both decided differently, nobody wins.

Decisions are taken over under their own identity, reviewer and time, in the order of their time. One that finds its
link as it was decided on applies. One that finds what it wanted already agrees. Any other is a conflict: the link
keeps what it has here, asks for attention, and `conflicts` has both sides for a reviewer to choose.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlite_utils import Database

from align.domain import SETTLED
from align.store import conflicts, cuts, cuts_taken
from align.store.actions import Action, Trait
from align.store.brought import Bringing
from align.store.copies import Mapping, map_copies
from align.store.cuts_taken import TheirCuts, Told
from align.store.ledger import Ledger
from align.store.log import NEW, Patch, State, append, next_link, read_patches, state_of
from align.store.proposals import PROGRAM

FOLLOWS = frozenset({"reviewer", "decided_at", "attention", "touched"})
"""Columns that follow from a decision: two that differ in these alone agree."""
REPLICATED = Action.having(Trait.REPLICATED)
"""Actions that are taken over from another copy; the others are that copy's own housekeeping."""
LINKS_OF = "select link from patches where decision = ?"


@dataclass(slots=True)
class United:
    """What taking in another copy did."""

    documents: int = 0
    decisions: int = 0
    links: int = 0
    """New links."""
    agreed: int = 0
    """Decisions that wanted what was so already."""
    conflicts: int = 0
    differing: list[str] = field(default_factory=list)
    """Documents whose text is not the same in both copies; decisions on them were left out."""

    def lines(self, name: str) -> list[str]:
        """What happened, for a person."""
        said = [
            f"{name}: {self.decisions:,} decisions taken in, {self.documents} new documents, {self.links:,} new links; "
            f"{self.agreed:,} had been decided alike."
        ]
        said += [f"{doc}: its text differs in the two copies; decisions on it were left out." for doc in self.differing]
        if self.conflicts:
            said.append(
                f"{self.conflicts:,} conflicts: decide them in `align review`, listed by `align store conflicts`."
            )
        return said


@dataclass(slots=True)
class _Clash:
    """What the other copy made of one link, from the first decision that did not apply on."""

    was: State
    now: State
    decision: tuple[str, str, str, str]
    """uid, time, reviewer, action of the last one."""


def unite(ours: Database, theirs: Database, name: str) -> United:
    """Take the other copy's decisions in. Runs inside the caller's `writing`; `theirs` is only read."""
    mapping = map_copies(ours, theirs)
    report = United(documents=mapping.added, differing=mapping.differing)
    contested: dict[int, int] = {}
    their_cuts = TheirCuts.of(theirs)
    cut_here = their_cuts.decisions & mapping.decisions.keys()
    at_home = set(ours.conn.execute("select distinct src_document, tgt_document from tallies"))
    bringing = Bringing(ours, theirs, mapping, name, contested, cut_here, at_home)
    report.links = bringing.links(bringing.candidates())
    clashes = _open_clashes(ours)
    taking = _Taking(ours, theirs, mapping, their_cuts, clashes, report)
    for row in theirs.conn.execute(f"select {ENTRY} from decisions order by at, id").fetchall():
        entry = _Entry(*row)
        if entry.id not in mapping.decisions and entry.action in REPLICATED:
            taking.take(entry)
            if entry.id in their_cuts.decisions and bringing.waiting:
                report.links += bringing.links(sorted(bringing.waiting))
    _keep_clashes(ours, clashes, contested, report, name)
    return report


def _open_clashes(ours: Database) -> dict[int, _Clash]:
    """What waits for a reviewer already: more on these links waits with it. What a file says is in nobody's way."""
    rows = ours.conn.execute(
        """select link, ours, theirs, uid, conflicts.at, conflicts.reviewer, action from conflicts
           left join links on links.id = link
           where (attention = 'conflict' or links.id is null) and dismissed is null
             and json_extract(theirs, '$.link') is null and action <> ?
           order by conflicts.at""",
        (conflicts.FILE,),
    )
    return {row[0]: _Clash(json.loads(row[1]), json.loads(row[2]), row[3:]) for row in rows}


class _Entry(NamedTuple):
    """A decision of the other copy's log."""

    id: int
    uid: str
    at: str
    reviewer: str
    action: str
    link: int | None
    target: int | None
    detail: str
    first_link: int | None


ENTRY = ", ".join(_Entry._fields)


@dataclass(slots=True)
class _Weighed:
    """What a decision of theirs comes to here."""

    applying: list[Patch]
    clashing: list[Patch]
    agreed: int
    ledger: Ledger
    """With the cuts that it makes and takes back here."""


@dataclass(slots=True)
class _Taking:
    """The other copy's decisions taken over, one after the other."""

    ours: Database
    theirs: Database
    mapping: Mapping
    their_cuts: TheirCuts
    clashes: dict[int, _Clash]
    report: United

    def take(self, entry: _Entry) -> None:
        """Take one over: in our numbers, weighed against what is here, entered into our log."""
        story = json.loads(entry.detail)
        sentences = cuts_taken.told(self.ours, self.mapping, self.their_cuts, story)
        patches, born = self._translated(entry)
        if sentences.strange:
            patches = _verdicts(self.theirs, self.mapping, entry.id)
        if patches is None:
            sentences.forget(self.mapping)
            return
        weighed = self._weighed(entry, patches, sentences)
        self._note_clashes(entry, weighed.clashing)
        self._enter(entry, weighed, story, born)

    def _translated(self, entry: _Entry) -> tuple[list[Patch] | None, int | None]:
        """Its patches in our numbers, and the number of the first link it makes; None where a link or sentence of it
        is not here."""
        mapping = self.mapping
        found: list[Patch] = []
        born = None
        patches = read_patches(self.theirs, entry.id)
        if entry.id in self.their_cuts.decisions:
            patches = [patch for patch in patches if not cuts.follows(patch)]
        shaping = _shapes(patches)
        made = [number for number, was, _ in patches if was is None and number not in mapping.links]
        if made and entry.first_link is not None:
            born = next_link(self.ours)
            for number in made:
                mapping.links[number] = born + number - entry.first_link
        for number, was, now_ in patches:
            before = mapping.state(was) if was is not None else None
            after = mapping.state(now_) if now_ is not None else None
            lost = (before is None and was is not None) or (after is None and now_ is not None)
            if number not in mapping.links or lost:
                if shaping:
                    return None, None
                continue  # The same was done to others, each by itself.
            found.append((mapping.links[number], before, after))
        return found, born

    def _weighed(self, entry: _Entry, patches: list[Patch], sentences: Told) -> _Weighed:
        """What of it applies here, and what clashes; the cuts that it tells of are made."""
        foreign = entry.target is not None and entry.target not in self.mapping.decisions
        if entry.target in self.mapping.decisions:
            # What is taken back is what the decision did here: where it only agreed, the other's word stands.
            done = {row[0] for row in self.ours.conn.execute(LINKS_OF, (self.mapping.decisions[entry.target],))}
            patches = [patch for patch in patches if patch[0] in done or patch[0] in self.clashes]
        applying, clashing, agreed = _sorted(self.ours, patches, self.clashes)
        if sentences.strange:
            applying, clashing, agreed = [], patches, 0
        if clashing and _shapes(patches):
            applying, clashing = [], patches
        ledger = None
        if sentences and not clashing and not foreign:
            ledger = cuts_taken.bring(self.ours, sentences, [number for number, _, _ in patches])
            if ledger is None:
                applying, clashing, agreed = [], patches, 0
        if ledger is None:
            sentences.forget(self.mapping)
            ledger = Ledger(self.ours, PROGRAM)
        if foreign:
            # It takes back what was not taken over: that ends a clash, and is otherwise nothing to us.
            applying, clashing, agreed = [], [patch for patch in clashing if patch[0] in self.clashes], 0
        return _Weighed([*applying, *ledger.patches()], clashing, agreed, ledger)

    def _note_clashes(self, entry: _Entry, clashing: list[Patch]) -> None:
        """Keep what it made of links that are otherwise here."""
        for number, was, now_ in clashing:
            known = self.clashes.get(number)
            if known is not None and known.decision[1] >= entry.at:
                continue  # Told before, with what came after it.
            gone = {"status": "taken away"}
            self.clashes[number] = _Clash(
                {**(was or gone), **(known.was if known else {})},
                {**(known.now if known else {}), **(now_ or gone)},
                (entry.uid, entry.at, entry.reviewer, entry.action),
            )

    def _enter(self, entry: _Entry, weighed: _Weighed, story: dict[str, object], born: int | None) -> None:
        """Into our log under its own identity, and the links brought to what applies of it."""
        mapping, ledger, applying = self.mapping, weighed.ledger, weighed.applying
        if born is not None and not applying:
            # The links that it made over there are not made here: their numbers are free again.
            mapping.links = {number: link for number, link in mapping.links.items() if link < born}
        # One that clashes is kept for the story, without effect, so that it is told once.
        told_only = bool(weighed.clashing) and not applying and not weighed.agreed
        decision = append(
            self.ours, entry.reviewer, entry.action, at=entry.at, uid=entry.uid,
            link=mapping.links.get(entry.link or -1), target=mapping.decisions.get(entry.target or -1),
            document=min(ledger.documents_cut(), default=None),
            detail={**story, **ledger.told(), **({"conflict": True} if told_only else {})},
            first_link=born if applying else None,
        )  # fmt: skip
        mapping.decisions[entry.id] = decision.id
        ledger.land(decision.id, applying)
        if applying:
            conflicts.follow(self.ours, decision)
        self.report.agreed += weighed.agreed
        self.report.decisions += "conflict" not in decision.detail


def _verdicts(theirs: Database, mapping: Mapping, decision: int) -> list[Patch]:
    """The patches of a decision whose sentences are not those here, with where it cut them instead of its sides."""
    shape = {"src", "tgt", "src_document", "tgt_document"}
    detail = json.loads(theirs.conn.execute("select detail from decisions where id = ?", (decision,)).fetchone()[0])
    cut = {"cut": ", ".join(f"at character {one['at']}" for one in detail.get("cuts", ()))}
    return [
        (
            mapping.links[number],
            {name: value for name, value in was.items() if name not in shape},
            {name: value for name, value in now_.items() if name not in shape} | cut,
        )
        for number, was, now_ in read_patches(theirs, decision)
        if number in mapping.links and was is not None and now_ is not None
    ]


def _shapes(patches: list[Patch]) -> bool:
    """Whether a decision drew links anew, so that it stands or falls as a whole."""
    return any(was is None or now_ is None or "src" in now_ or "tgt" in now_ for _, was, now_ in patches)


def _sorted(ours: Database, patches: list[Patch], clashes: dict[int, _Clash]) -> tuple[list[Patch], list[Patch], int]:
    """Patches that apply, patches that clash, and how many wanted what is so already."""
    applying: list[Patch] = []
    clashing: list[Patch] = []
    agreed = 0
    for patch in patches:
        link, was, now_ = patch
        state = state_of(ours, link)
        if link in clashes:
            clashing.append(patch)
        elif _same(state, was):
            applying.append(_onto(state, patch))
        elif _same(state, now_):
            agreed += 1
        else:
            clashing.append(patch)
    return applying, clashing, agreed


def _same(state: State | None, wanted: State | None) -> bool:
    """Whether a link is as a patch says, but for what follows."""
    if state is None or wanted is None:
        return state is wanted
    machine = ("score", "confidence", "encoder", "chain", "signals")
    return all(state.get(column) == value for column, value in wanted.items() if column not in {*FOLLOWS, *machine})


def _onto(state: State | None, patch: Patch) -> Patch:
    """The patch with what the link really was, so that undo goes back to that."""
    link, was, now_ = patch
    if state is None or was is None:
        return link, None, {**NEW, **(now_ or {})}
    return link, state if now_ is None else {column: state[column] for column in now_}, now_


def _keep_clashes(
    ours: Database, clashes: dict[int, _Clash], contested: dict[int, int], report: United, name: str
) -> None:
    ledger = Ledger(ours, PROGRAM)
    for link, rival in contested.items():
        state = state_of(ours, link)
        if state is not None and state["status"] in SETTLED:
            other = state_of(ours, rival) or {}
            entry = ({"link": rival, "status": other.get("status")}, {"link": link, "status": state["status"]})
            uid, at = ours.conn.execute(
                "select uid, at from decisions where id = (select max(decision) from patches where link = ?)", (link,)
            ).fetchone()
            report.conflicts += _keep(ours, link, (uid, at, state["reviewer"] or "", "accept"), *entry, name)
            ledger.change(link, attention="conflict")
    for link, clash in clashes.items():
        now_ = {column: value for column, value in clash.now.items() if column not in FOLLOWS}
        if all(clash.was.get(column) == value for column, value in now_.items()):
            continue  # Done and taken back over there.
        state = state_of(ours, link)
        if state is not None and _same(state, now_):
            continue
        mine = {column: state[column] for column in now_ if column in state} if state else {"status": "taken away"}
        told = _keep(ours, link, clash.decision, mine, now_, name)
        report.conflicts += told
        if told and state is not None:
            ledger.change(link, attention="conflict")
    if ledger.patches():
        ledger.close("unite", detail={"name": name, "conflicts": report.conflicts})


def _keep(ours: Database, link: int, decision: tuple[str, str, str, str], mine: State, theirs: State, name: str) -> int:
    """Note a conflict for review; 0 where it was noted before."""
    return ours.conn.execute(
        """insert into conflicts (link, uid, at, reviewer, action, ours, theirs, name)
           values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (link, uid) do nothing""",
        (link, *decision, json.dumps(mine), json.dumps(theirs), name),
    ).rowcount
