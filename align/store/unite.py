"""Two people, two copies: the decisions of another copy join the log; where both decided differently, nobody wins.

Decisions are taken over under their own identity, reviewer and time, in the order of their time. One that finds its
link as it was decided on applies. One that finds what it wanted already agrees. Any other is a conflict: the link
keeps what it has here, asks for attention, and `conflicts` has both sides for a reviewer to choose.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from sqlite_utils import Database

from align.domain import SETTLED, Status
from align.store import cuts, cuts_taken, queue, tallies
from align.store.copies import Mapping, base_of, map_copies, name_alike
from align.store.cuts_taken import TheirCuts
from align.store.ledger import Ledger, reshapes
from align.store.log import (
    KEPT,
    NEW,
    SOURCE,
    Patch,
    State,
    append,
    apply,
    buckets_of,
    next_link,
    read_patches,
    state_of,
    write_patches,
)  # fmt: skip
from align.store.proposals import PROGRAM

FOLLOWS = frozenset({"reviewer", "decided_at", "attention", "touched"})
"""Columns that follow from a decision: two that differ in these alone agree."""
OWN = ("propose", "import", "remove", "unite", "compact")
"""Entries that tell of one copy's own housekeeping and are not taken over."""


MANY = 20
"""A decision on more links than this did the same to each by itself."""
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
    bringing = _Bringing(ours, theirs, mapping, name, contested, cut_here, at_home)
    report.links = bringing.links(bringing.candidates())
    clashes = _open_clashes(ours)
    for row in theirs.conn.execute(
        "select id, uid, at, reviewer, action, link, target, detail, first_link from decisions order by at, id"
    ).fetchall():
        if row[0] not in mapping.decisions and row[4] not in OWN:
            _take_over(ours, theirs, mapping, row, report, clashes, their_cuts)
            if row[0] in their_cuts.decisions and bringing.waiting:
                report.links += bringing.links(sorted(bringing.waiting))
    _keep_clashes(ours, clashes, contested, report, name)
    return report


def _open_clashes(ours: Database) -> dict[int, _Clash]:
    """What waits for a reviewer already: more on these links waits with it."""
    rows = ours.conn.execute(
        """select link, ours, theirs, uid, conflicts.at, conflicts.reviewer, action from conflicts
           left join links on links.id = link
           where (attention = 'conflict' or links.id is null) and dismissed is null
             and json_extract(theirs, '$.link') is null
           order by conflicts.at"""
    )
    return {row[0]: _Clash(json.loads(row[1]), json.loads(row[2]), row[3:]) for row in rows}


@dataclass(slots=True)
class _Bringing:
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


def _take_over(
    ours: Database,
    theirs: Database,
    mapping: Mapping,
    row: tuple[int, str, str, str, str, int | None, int | None, str, int | None],
    report: United,
    clashes: dict[int, _Clash],
    their_cuts: TheirCuts,
) -> None:
    id_, uid, at, reviewer, action, link, target, detail, first = row
    story = json.loads(detail)
    sentences = cuts_taken.told(ours, mapping, their_cuts, story)
    patches, born = _translated(ours, theirs, mapping, id_, first, cutting=id_ in their_cuts.decisions)
    if sentences.strange:
        patches = _verdicts(theirs, mapping, id_)
    foreign = target is not None and target not in mapping.decisions
    if patches is not None and target in mapping.decisions:
        # What is taken back is what the decision did here: where it only agreed, the other's word stands.
        done = {row[0] for row in ours.conn.execute(LINKS_OF, (mapping.decisions[target],))}
        patches = [patch for patch in patches if patch[0] in done or patch[0] in clashes]
    if patches is None:
        sentences.forget(mapping)
        return
    applying, clashing, agreed = ([], patches, 0) if sentences.strange else _sorted(ours, patches, clashes)
    if clashing and _shapes(patches):
        applying, clashing = [], patches
    ledger = None
    if sentences and not clashing and not foreign:
        ledger = cuts_taken.bring(ours, sentences, [number for number, _, _ in patches])
        if ledger is None:
            applying, clashing, agreed = [], patches, 0
    if ledger is None:
        sentences.forget(mapping)
    else:
        applying = [*applying, *ledger.patches()]
        story |= {"cuts": [made.told() for made in ledger.cuts]} if ledger.cuts else {}
        story |= {"joins": [made.rest for made in ledger.joins]} if ledger.joins else {}
    if foreign:
        # It takes back what was not taken over: that ends a clash, and is otherwise nothing to us.
        applying, clashing, agreed = [], [patch for patch in clashing if patch[0] in clashes], 0
    for number, was, now_ in clashing:
        known = clashes.get(number)
        if known is not None and known.decision[1] >= at:
            continue  # Told before, with what came after it.
        gone = {"status": "taken away"}
        clashes[number] = _Clash(
            {**(was or gone), **(known.was if known else {})},
            {**(known.now if known else {}), **(now_ or gone)},
            (uid, at, reviewer, action),
        )
    report.agreed += agreed
    if born is not None and not applying:
        # The links that it made over there are not made here: their numbers are free again.
        mapping.links = {number: link for number, link in mapping.links.items() if link < born}
    # One that clashes is kept for the story, without effect, so that it is told once.
    if clashing and not applying and not agreed:
        story["conflict"] = True
    touched = {made.document for made in (*ledger.cuts, *ledger.joins)} if ledger else set()
    decision = append(
        ours, reviewer, action, at=at, uid=uid, link=mapping.links.get(link or -1), document=min(touched, default=None),
        target=mapping.decisions.get(target or -1), detail=story, first_link=born if applying else None,
    )  # fmt: skip
    mapping.decisions[id_] = decision.id
    if ledger:
        cuts.enter(ours, decision.id, ledger.cuts, [made.rest for made in ledger.joins])
    write_patches(ours, decision.id, applying)
    buckets = buckets_of(ours, applying)
    for number, _, now_ in applying:
        apply(ours, decision.id, number, now_)
    tallies.refresh(ours, buckets | buckets_of(ours, applying))
    if any(reshapes(patch) for patch in applying):
        queue.refresh(ours, buckets | buckets_of(ours, applying))
    for number in touched:
        tallies.refresh_range(ours, number * SOURCE, (number + 1) * SOURCE)
    report.decisions += "conflict" not in story


def _translated(
    ours: Database, theirs: Database, mapping: Mapping, decision: int, first: int | None, *, cutting: bool
) -> tuple[list[Patch] | None, int | None]:
    """The patches of their decision in our numbers, and the number of the first link it makes; None where a link or
    sentence of it is not here."""
    found: list[Patch] = []
    born = None
    theirs_patches = read_patches(theirs, decision)
    if cutting:
        theirs_patches = [patch for patch in theirs_patches if not cuts.follows(patch)]
    shaping = _shapes(theirs_patches)
    made = [number for number, was, _ in theirs_patches if was is None and number not in mapping.links]
    if made and first is not None:
        born = next_link(ours)
        for number in made:
            mapping.links[number] = born + number - first
    for number, was, now_ in theirs_patches:
        before = mapping.state(was) if was is not None else None
        after = mapping.state(now_) if now_ is not None else None
        lost = (before is None and was is not None) or (after is None and now_ is not None)
        if number not in mapping.links or lost:
            if shaping:
                return None, None
            continue  # The same was done to others, each by itself.
        found.append((mapping.links[number], before, after))
    return found, born


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
