"""What each link is when several logs are one, with the decisions in conflict about it (see `resolution`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from align.models import CONFIRMED, Status
from align.store.decision_log import NEW, State, is_constraint
from align.store.merge.registers import applied
from align.store.merge.replica import Birth, Entry, Solved
from align.store.merge.resolution import Resolution
from align.store.merge.sentence_numbers import SplitHistory
from align.store.merge.writes import GROUPS, VERDICT, MergedLink, Value, Write

MARKS: Final = ("bookmarked", "anchored", "touched")
"""Columns in which a mark that anybody sets stays."""
MACHINE: Final = ("score", "confidence", "encoder", "chain", "signals")


@dataclass(slots=True)
class Contest:
    """A decision that is not in force on a link, to be chosen or dropped."""

    entry: Entry
    columns: State
    """What it says of the columns in conflict; `gone` where it takes the link away."""


@dataclass(slots=True)
class Outcome:
    """What a link is."""

    columns: State | None
    """All columns but the documents, sides as `Sentences` numbers; None where it is not there."""
    contests: list[Contest] = field(default_factory=list)
    """The latest decisions in conflict, by reviewer and uid."""
    contested: frozenset[str] = frozenset()
    """The uids of all decisions on it that are out of force."""
    settlements: list[tuple[int, State]] = field(default_factory=list)
    """What it was when decisions settled it that not all others knew: (position, columns of `VERDICT`)."""
    proposed_at: int = -1
    """Position of the last run that proposed it, or of its birth."""


class Outcomes:
    """The links by the decisions in force."""

    def __init__(self, resolution: Resolution) -> None:
        self.resolution = resolution
        self.history = resolution.history
        self.causality = resolution.causality
        self.entries = resolution.entries
        self.sentences = resolution.sentences
        self.splits = resolution.splits
        self.out = resolution.out
        self.registers = resolution.registers
        self.splits_unlinked: list[int] = []
        """Splits in conflict of sentences that no link has."""
        links = [(link, self._outcome(link)) for link in resolution.links if link.births]
        for link, outcome in links:
            proposed = [position for position, columns in link.proposed if columns is not None]
            outcome.proposed_at = proposed[-1] if proposed else link.births[-1][1]
            outcome.settlements = list(self._settlements(link, outcome))
        self._show_hidden_contests(links)
        self._show_cuts(links)
        self._hide_superseded(links)
        self._hide_contradicted(links)
        self.links = links
        """Every link that decisions or concurrent runs are about, with what it is."""

    def _show_hidden_contests(self, outcomes: Sequence[tuple[MergedLink, Outcome]]) -> None:
        """Show links that are there by decisions in conflict alone, where these could not be chosen otherwise."""
        shown = {contest.entry.uid for _, outcome in outcomes if outcome.columns for contest in outcome.contests}
        shown |= {self.entries[position].uid for position in self.resolution.decided_out}
        hidden = [(min(link.births), link, outcome) for link, outcome in outcomes if outcome.columns is None]
        for _, link, outcome in sorted(hidden, key=lambda one: one[0]):
            for contest in outcome.contests:
                if "src" in contest.columns and contest.entry.uid not in shown:
                    verdict = {column: contest.columns[column] for column in contest.columns if column != "kind"}
                    outcome.columns = self._columns(link, {**verdict, "status": Status.PROPOSED.value}, ())
                    outcome.columns |= {"attention": "conflict", "touched": 1}
                    shown |= {one.entry.uid for one in outcome.contests}
                    break

    def _show_cuts(self, outcomes: Sequence[tuple[MergedLink, Outcome]]) -> None:
        """Show cuts in conflict that no link has among its own on the first link of their sentence.

        Links of documents whose texts differ between copies come last: what is shown on the others is the same in all.
        """
        common = [one for one in outcomes if one[1].columns and not self._has_changed_text(one[1].columns)]
        everywhere = {uid for _, outcome in common for uid in outcome.contested}
        listed = everywhere | {uid for _, outcome in outcomes if outcome.columns for uid in outcome.contested}
        hidden = [
            (position, sentence)
            for sentence, cuts in self.splits.by_sentence.items()
            for position in {cut.position for cut in cuts if cut.made and cut.position in self.out.decisions}
            if self.entries[position].uid not in everywhere and position not in self.resolution.decided_out
        ]
        on: dict[int, list[tuple[bool, Birth, Outcome]]] = {}
        for link, outcome in outcomes if hidden else ():
            for number in {*outcome.columns["src"], *outcome.columns["tgt"]} if outcome.columns else ():
                changed = self._has_changed_text(outcome.columns or {})
                on.setdefault(number, []).append((changed, min(link.births)[0], outcome))
        for position, sentence in hidden:
            hosts = on.get(self.splits.part_with(sentence), [])
            is_listed = self.entries[position].uid in listed
            if not hosts and not is_listed:
                self.splits_unlinked.append(position)
            if not hosts or (is_listed and all(changed for changed, _, _ in hosts)):
                continue
            *_, outcome = min(hosts, key=lambda host: host[:2])
            outcome.columns = {**(outcome.columns or {}), "attention": "conflict", "touched": 1}
            entry = self.entries[position]
            outcome.contests.append(Contest(entry, {}))
            outcome.contests.sort(key=lambda contest: (contest.entry.reviewer, contest.entry.uid))
            outcome.contested |= {entry.uid}

    def _has_changed_text(self, columns: State) -> bool:
        """Whether a text of a link changed in some copy."""
        changes = self.history.texts.changes if self.history.texts else {}
        return any(self.sentences.document(columns[side][0])[0] in changes for side in ("src", "tgt"))

    def _outcome(self, link: MergedLink) -> Outcome:
        live: dict[str, list[Write]] = {}
        out: dict[str, list[Write]] = {}
        values: dict[str, Value] = {}
        for group in GROUPS:
            live[group], out[group] = self.registers.live(link, group)
            if group == "verdict" or any(not write.run for write in live[group]):
                values[group] = self.registers.agreed(live[group], self.registers.values(live[group], group), group)
        contests, contested = self._contests(link, live, out)
        verdict = values["verdict"]
        if verdict is None and link.clashed and contests:
            verdict = self._fallback(link)
        if verdict is None:
            return Outcome(None, contests, contested)
        columns = self._columns(link, verdict, live["verdict"])
        kinds = values.get("kind")
        if kinds and any(not write.run for write in self.registers.heads(live["kind"])):
            columns["kind"] = kinds["kind"]
        columns["note"] = (values.get("note") or {}).get("note")
        if contests:
            columns["attention"], columns["touched"] = "conflict", 1
        return Outcome(columns, contests, contested)

    def _settlements(self, link: MergedLink, outcome: Outcome) -> Iterator[tuple[int, State]]:
        concurrent = [w for w in link.writes if w.position >= self.causality.linear and not w.run]
        concurrent = [write for write in concurrent if (write.position, id(link)) not in self.out.void]
        if not any(write.affirms or write.columns.get("anchored") for write in concurrent):
            return
        every = sorted(self.registers.all_writes(link, "verdict"), key=lambda write: write.position)
        values = self.registers.values(every, "verdict")
        for write in concurrent:
            value = values.get(write.position)
            if write.affirms and value is not None and value["status"] in CONFIRMED:
                yield write.position, self._as_cut(value)
            elif write.columns.get("anchored") and outcome.columns is not None:
                yield write.position, outcome.columns

    def _columns(self, link: MergedLink, verdict: State, live: Sequence[Write]) -> State:
        """All columns of a link but its kind and note, where these were decided."""
        settled = live if verdict["status"] != Status.PROPOSED else ()
        columns = {**NEW, **self._machine(link, settled)}
        for mark in MARKS:
            columns[mark] = self._mark(link, mark)
        columns["attention"] = self._attention(link)
        columns |= self._decided(link)
        columns |= {column: verdict[column] for column in VERDICT}
        return {**columns, **{side: self._as_cut(verdict)[side] for side in ("src", "tgt")}}

    def _as_cut(self, columns: State) -> State:
        """Columns with the sides as their sentences are cut at last."""
        sides = (side for side in ("src", "tgt") if side in columns)
        return {**columns, **{side: self.splits.expanded(columns[side], columns[f"_{side}"]) for side in sides}}

    def _mark(self, link: MergedLink, mark: str) -> int:
        writes = [write for write in self.registers.live_writes(link) if mark in write.columns]
        return max((int(write.columns[mark]) for write in self.registers.heads(writes)), default=0)

    def _attention(self, link: MergedLink) -> str | None:
        """`conflict` where a file says otherwise and nobody chose since, else `audit` where an audit judged the link
        wrong, else `changed` where the text changed since; the same in every copy."""
        writes = [write for write in self.registers.live_writes(link) if "attention" in write.columns]
        asking = {write.columns["attention"] for write in self.registers.heads(writes)} - {None}
        return min(asking, default=None, key=lambda word: (word != "conflict", word))

    def _decided(self, link: MergedLink) -> State:
        """Who decided last and when; of several who did so alike without each other, the first by name."""
        writes = self.registers.heads(
            [write for write in self.registers.live_writes(link) if "decided_at" in write.columns]
        )
        entries = [(self.entries[write.position], write.columns) for write in writes]
        first_entry = min(entries, key=lambda one: (str(one[1].get("reviewer")), one[0].uid), default=None)
        return {column: first_entry[1].get(column) if first_entry else None for column in ("reviewer", "decided_at")}

    def _machine(self, link: MergedLink, verdicts: Sequence[Write]) -> State:
        """The columns that a solver sets: those that a reviewer judged, else the latest."""
        proposals = [columns for _, columns in link.proposed if columns is not None]
        head = next((write for write in reversed(verdicts) if not write.run), None)
        if head is not None:
            earlier = [c for at, c in link.proposed if c is not None and self.causality.before(at, head.position)]
            proposals = earlier or proposals
        made = next((write.columns for write in link.writes if write.made), {})
        source = proposals[-1] if proposals else made
        return {column: source.get(column, NEW.get(column)) for column in (*MACHINE, "kind")}

    def _contests(
        self, link: MergedLink, live: Mapping[str, list[Write]], out: Mapping[str, list[Write]]
    ) -> tuple[list[Contest], frozenset[str]]:
        """The latest decisions out of force that nobody decided on since, and all those out of force."""
        columns: dict[int, State] = {}
        all_out: set[int] = set()
        settling = [write for write in self.registers.live_writes(link) if write.whole]
        for group in GROUPS:
            every = [*live[group], *out[group]]
            open_ = [
                write for write in out[group]
                if not any(self.registers.before(write, other) for other in (*live[group], *settling))
            ]  # fmt: skip
            all_out |= {write.position for write in open_}
            if not open_:
                continue
            values = self.registers.values(sorted(every, key=lambda write: write.position), group)
            for head in self.registers.heads(open_):
                value = values[head.position]
                columns.setdefault(head.position, {}).update(
                    self._as_cut(value) if value is not None else {"gone": True}
                )
        ordered = sorted(columns, key=lambda at: (self.entries[at].reviewer, self.entries[at].uid))
        contests = [Contest(self.entries[at], columns[at]) for at in ordered]
        return contests, frozenset(self.entries[at].uid for at in all_out)

    def _fallback(self, link: MergedLink) -> Value:
        """A link that nobody had before, in conflict about what it is: undecided, where it was first drawn."""
        every = sorted(self.registers.all_writes(link, "verdict"), key=lambda write: write.position)
        made = next((write for write in every if write.made), None)
        return None if made is None else {**(applied(None, made, "verdict") or {}), "status": Status.PROPOSED.value}

    # Proposals among themselves

    def _hide_superseded(self, outcomes: Sequence[tuple[MergedLink, Outcome]]) -> None:
        """Undecided links that a run took away that knew of all verdicts on them, or that the last of several
        concurrent runs does not have."""
        for link, outcome in outcomes:
            if outcome.columns is None or not is_untouched(outcome.columns):
                continue
            live = self.registers.live_writes(link)
            strong = [(write.position, True) for write in live if write.made and not write.run]
            verdicts = [write.position for write in live if write.affirms and not write.run]
            if any(self.causality.concurrent(at, one) for at, c in link.proposed if c is None for one in verdicts):
                continue
            events = sorted([*((at, columns is not None) for at, columns in link.proposed), *strong])
            if not events or not events[-1][1] or self._superseded(link, events[-1][0]):
                outcome.columns = None

    def _superseded(self, link: MergedLink, at: int) -> bool:
        if not self.history.runs:
            return False
        proposed = next((columns for position, columns in link.proposed if position == at and columns), None)
        sides = link.sides if proposed is None else (proposed["src"], proposed["tgt"])
        documents = tuple(self.sentences.document(side[0]) for side in sides if side)
        return any(
            position > at
            and self.causality.concurrent(position, at)
            and run.documents == documents
            and id(link) not in listed
            and self._same_languages(at, run)
            for position, run, listed in self.history.runs
        )

    def _same_languages(self, at: int, run: Solved) -> bool:
        other = next((one for position, one, _ in self.history.runs if position == at), None)
        return other is None or not other.languages or not run.languages or other.languages == run.languages

    def _hide_contradicted(self, outcomes: Sequence[tuple[MergedLink, Outcome]]) -> None:
        """Undecided links that share sentences on both sides with one that was settled without knowledge of them."""
        by_sentence: dict[int, list[tuple[MergedLink, State]]] = {}
        undecided: list[tuple[MergedLink, Outcome, State]] = []
        for link, outcome in outcomes:
            if outcome.columns is not None and is_untouched(outcome.columns):
                undecided.append((link, outcome, outcome.columns))
            elif outcome.columns is not None:
                for sentence in {*outcome.columns["src"], *outcome.columns["tgt"]}:
                    by_sentence.setdefault(sentence, []).append((link, outcome.columns))
        for link, outcome, columns in undecided:
            if any(
                _contradicts(columns, other) and self._met(outcome, one)
                for sentence in columns["src"]
                for one, other in by_sentence.get(sentence, ())
            ):
                outcome.columns = None
                continue
            comparable = {**columns, "status": ""}  # The same proposal twice: the first stays.
            for sentence in columns["src"]:
                by_sentence.setdefault(sentence, []).append((link, comparable))

    def _met(self, outcome: Outcome, other: MergedLink) -> bool:
        """Whether a proposal came without knowledge of another link."""
        heads = self.registers.heads(self.registers.live(other, "verdict")[0])
        return any(self.causality.concurrent(outcome.proposed_at, head.position) for head in heads)


def as_cut(splits: SplitHistory, columns: State, position: int) -> State:
    """Columns with the sides that the decision at a position drew as their sentences are cut at last."""
    sides = (side for side in ("src", "tgt") if side in columns)
    return {**columns, **{side: splits.expanded(columns[side], position) for side in sides}}


def settled_on(
    outcomes: Sequence[tuple[MergedLink, Outcome]],
) -> dict[int, list[tuple[Outcome, int | None, State]]]:
    """Sentence -> links that are settled on it, and those that were, with the position of the decision."""
    settled: dict[int, list[tuple[Outcome, int | None, State]]] = {}
    for _, outcome in outcomes:
        states: list[tuple[int | None, State]] = [*outcome.settlements]
        if outcome.columns and is_constraint(outcome.columns):
            states.append((None, outcome.columns))
        for at, state in states:
            for number in {*state["src"], *state["tgt"]}:
                settled.setdefault(number, []).append((outcome, at, state))
    return settled


def _contradicts(columns: State, other: State) -> bool:
    src, tgt = set(columns["src"]), set(columns["tgt"])
    for one, two in ((other["src"], other["tgt"]), (other["tgt"], other["src"])):
        if src == set(one) and tgt == set(two):
            return True
        if (other["status"] in CONFIRMED or other["anchored"]) and not (src.isdisjoint(one) or tgt.isdisjoint(two)):
            return True
    return False


def is_untouched(columns: State) -> bool:
    """Whether a link is as a solver left it."""
    plain = columns["status"] == Status.PROPOSED and columns["note"] is None
    worded = columns["src_text"] is not None or columns["tgt_text"] is not None
    return plain and not worded and not any(columns[mark] for mark in MARKS)
