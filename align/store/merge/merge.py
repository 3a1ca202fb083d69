"""Merge another copy of a store: its decisions join the log, and the links become what all decisions together say.

What they say is worked out by `resolution` from the set of decisions and from who knew what; neither clocks nor the
direction of the merge matter. The other copy's decisions are kept verbatim (`replica`) under their own identity,
reviewer and time, without effect of their own; one entry `unite`, which no other copy takes over, has the patches that
change the links to the result.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlite_utils import Database

from align.store import conflicts
from align.store import sentence_splits as cuts
from align.store.actions import Action, Trait
from align.store.decision_draft import DecisionDraft
from align.store.decision_log import FIELDS, Patch, State, append, extent, sentences_of, state_of, stored, write_patches
from align.store.draft_changes import join_cut, make_cut
from align.store.links import links_on, ordered
from align.store.merge.causality import Causality, Origin, heads
from align.store.merge.copies import merge_documents
from align.store.merge.outcomes import MACHINE, Outcome, Outcomes, as_cut, is_untouched, settled_on
from align.store.merge.registers import part_by_text
from align.store.merge.replica import SIDES, Birth, Entry, Log, joined_origins, pack
from align.store.merge.resolution import Resolution
from align.store.merge.sentence_numbers import Sentences
from align.store.merge.text_versions import TextVersions
from align.store.merge.writes import History, MergedLink
from align.store.proposals import PROGRAM_NAME
from align.store.records import United

REPLICATED = Action.having(Trait.REPLICATED)


def unite(ours: Database, theirs: Database, name: str) -> United:
    """Take the other copy's decisions in. Runs inside the caller's `writing`; `theirs` is only read."""
    taken = merge_documents(ours, theirs)
    report = United(documents=taken.added, differing=taken.differing, restored=taken.restored)
    sentences = Sentences()
    here, there = Log(ours, sentences), Log(theirs, sentences)
    new = there.origins.keys() - here.origins.keys()
    lost = here.purged_runs() & there.origins.keys() - there.purged_runs()
    all_runs = bool(taken.added or taken.restored or lost)
    if new or all_runs or here.decided_since_merge:
        _Merge(ours, here, there, new, all_runs=all_runs).apply(report, name)
    return report


class _Merge:
    """One merge: the decisions of both logs resolved, and the store changed to the result."""

    def __init__(self, ours: Database, here: Log, there: Log, new: set[str], *, all_runs: bool) -> None:
        self.db = ours
        self.here = here
        self.new = new
        self.sentences = here.sentences
        origins = joined_origins(ours, here, there)
        self.heads = Origin(max(origin.depth for origin in origins.values()), heads(origins))
        self.causality = Causality(origins)
        rows = ours.conn.execute("select name, digest, id from documents where removed_at is null")
        self.documents = {(name, digest): id_ for name, digest, id_ in rows}
        entries = {entry.uid: entry for entry in here.entries()}
        entries |= {entry.uid: entry for entry in there.entries(new)}
        if all_runs:
            entries |= self._pinned(entries, there)
        for uid, entry in entries.items():
            entry.origin = origins[uid]
        self.entries = [entries[uid] for uid in self.causality.uids]
        for entry in self.entries:
            if entry.uid in new:
                there.run(entry)
        whole_runs = [at for at, entry in enumerate(self.entries) if all_runs or entry.uid in new]
        texts = self._texts()
        also = self._links_on_cut_sentences(texts)
        self.history = History(self.causality, self.entries, self.sentences, here.run, also, whole_runs, texts)
        if texts is not None:
            part_by_text(self.history, texts)
        self.resolution = Resolution(self.history)
        self.ids = self._present_ids()
        self.links: dict[int, int] = {}
        """id of a virtual link -> its number here."""
        self.draft = DecisionDraft(ours, PROGRAM_NAME)
        self.cut_now: dict[int, cuts.Cut] = {}
        """Second halves of the cuts that this merge makes, by their `Sentences` number."""

    # What there is

    def _links_on_cut_sentences(self, texts: TextVersions | None) -> list[Birth]:
        """Births of the links on sentences that decisions cut which not all others knew."""
        cut = {
            self.sentences.root(one)
            for position in range(self.causality.linear, len(self.entries))
            for sentence, _ in (*self.entries[position].cuts, *self.entries[position].joins)
            for one in (texts.successors(sentence, position) if texts else (sentence,))
        }
        parts = (id_ for id_, number in self.here.numbers.items() if cut and self.sentences.root(number) in cut)
        inside = ",".join(map(str, parts))
        rows = self.db.conn.execute(f"select distinct link from link_sentences where sentence in ({inside})")
        return [self.here.births.of(row[0]) for row in rows.fetchall()]

    def _pinned(self, entries: Mapping[str, Entry], there: Log) -> dict[str, Entry]:
        """Decisions on texts that were not here any more, and come back, and runs that were compacted away here: as
        the other copy has them, from now on."""
        purged = self.here.purged_runs() - there.purged_runs()
        pinned: dict[str, Entry] = {}
        missing = [
            uid
            for uid, entry in entries.items()
            if uid in there.ids and (uid in purged or (uid not in self.new and not self._is_about_texts_here(entry)))
        ]
        for entry in there.entries(missing):
            there.run(entry)
            if self._is_about_texts_here(entry):
                pinned[entry.uid] = entry
                self.db.conn.execute(
                    "insert or replace into replicas values (?, ?, coalesce("
                    "(select taken from replicas where decision = ?1), 0))",
                    (self.here.ids[entry.uid], pack(entry, self.sentences)),
                )
        return pinned

    def _is_about_texts_here(self, entry: Entry) -> bool:
        run = self.here.run(entry)
        sentences = {
            number
            for state in (state for _, *both in entry.patches for state in both if state)
            for side in SIDES
            for number in state.get(side, ())
        }
        documents = {self.sentences.document(number) for number in sentences}
        if entry.action == Action.PROPOSE:
            documents |= set(run.documents) if run else {("", "")}
        return documents <= self.documents.keys()

    def _texts(self) -> TextVersions | None:
        """The texts that documents had; None where none ever changed."""
        digests = dict(self.db.conn.execute("select name, digest from documents where removed_at is null"))
        texts = TextVersions(self.causality, self.entries, digests)
        return texts if texts.changes else None

    def _present_ids(self) -> dict[int, int]:
        """`Sentences` number -> sentence id, of those that are there."""
        present = ",".join(map(str, self.documents.values()))
        rows = self.db.conn.execute(f"select id from sentences where document in ({present})")
        return {self.here.numbers[row[0]]: row[0] for row in rows if row[0] in self.here.numbers}

    # Applying the result

    def apply(self, report: United, name: str) -> None:
        """Write the decisions that are new here, and change sentences, links and conflicts to the result."""
        resolved = Outcomes(self.resolution)
        outcomes = resolved.links
        self._number(outcomes)
        self._apply_splits()
        self._delete_proposals(outcomes)
        for link, outcome in outcomes:
            self._apply_link(link, outcome)
        for _, _, link in (of_files := list(self._contests_of_files())):
            if id(link) not in self.links:  # It never was here and is not in force: listed as where it was.
                self.links[id(link)] = self.draft.reserve()
        made = sorted(link for link in self.links.values() if self.draft.is_made(link))
        self._enter_decisions(report)
        self._enter_births()
        report.links = sum(self.draft.present(link) for link in made)
        rows = list(self._conflict_rows(outcomes, name))
        report.conflicts = conflicts.replace(self.db, rows)
        report.cuts = len(resolved.splits_unlinked)
        report.agreed = self._agreed()
        self.draft.close(Action.UNITE, detail={"name": name, **report.counts()}, origin=self.heads)
        of_link = ((self.links[id(link)], entry, self.resolution.waits(at)) for at, entry, link in of_files)
        conflicts.restate(self.db, of_link)

    def _number(self, outcomes: Sequence[tuple[MergedLink, Outcome]]) -> None:
        taken: set[int] = set()
        for link, _ in outcomes:
            numbers = sorted({n for birth, _ in link.births if (n := self.here.births.link(birth)) is not None} - taken)
            if numbers:
                there = [number for number in numbers if state_of(self.db, number) is not None]
                self.links[id(link)] = (there or numbers)[0]
                taken |= set(numbers)

    def _apply_splits(self) -> None:
        """Cut sentences, and make them whole, as the decisions in force say."""
        numbers = self.here.numbers
        now = cuts.in_force(self.db)
        halves = [
            half for half in self.history.splits.halves_in_force() if self.sentences.document(half) in self.documents
        ]
        gone = {cut.rest for cut in now if numbers.get(cut.rest) not in halves}
        if not gone and {numbers.get(cut.rest) for cut in now} == set(halves):
            return
        own = set(self.links.values())
        joined: list[cuts.Cut] = []
        touched: set[int] = set()
        for cut in now:
            if cut.rest in gone or not touched.isdisjoint((cut.sentence, cut.rest)):
                joined.append(cut)
                touched |= {cut.sentence, cut.rest}
        for cut in reversed(joined):
            if cut.rest in gone:
                self._move_to_whole(cut, own)
            join_cut(self.draft, cut, but=own if cut.rest in gone else [*own, *links_on(self.db, [cut.rest])])
            self.ids.pop(numbers[cut.rest], None)
        for half in halves:
            if half not in self.ids:
                self._make_cut(half, own, {numbers[cut.rest]: cut.rest for cut in joined})

    def _move_to_whole(self, cut: cuts.Cut, own: set[int]) -> None:
        """Move links from the second half of a cut to the whole, also those that wait for a text that is not here."""
        for link in own & {*links_on(self.db, [cut.rest]), *self.draft.moved_to([cut.rest])}:
            if self.draft.present(link):
                state = self.draft.state(link)
                for side in SIDES:
                    ids = sentences_of(state[side])
                    if cut.rest in ids:
                        whole = dict.fromkeys(cut.sentence if number == cut.rest else number for number in ids)
                        self.draft.change(link, **{side: stored([*whole])})

    def _make_cut(self, half: int, own: set[int], before: Mapping[int, int]) -> None:
        root, at = self.sentences.names[half]
        before_it = (one for one in self.history.splits.halves_of(half) if self.sentences.start(one) < at)
        sentence = self.ids[next((one for one in reversed([*before_it]) if one in self.ids), root)]
        pieces = cuts.pieces_now(self.db, sentence)
        assert pieces is not None
        old = next((id_ for id_, number in self.here.numbers.items() if number == half), None)
        rest = before.get(half) or old or cuts.next_rest(self.db)
        made = cuts.Cut(self.documents[self.sentences.document(half)], sentence, rest, at, pieces)
        but = own if half not in before else {*own, *links_on(self.db, [sentence])}
        make_cut(self.draft, made, but=but)
        self.ids[half] = rest
        self.cut_now[half] = made

    def _delete_proposals(self, outcomes: Sequence[tuple[MergedLink, Outcome]]) -> None:
        """Remove the proposals that share a sentence with a link that is or was settled: only undo restores them."""
        settled = settled_on(outcomes)
        for _, outcome in outcomes if settled else ():
            columns = outcome.columns
            if columns and is_untouched(columns):
                others = {id(one): one for n in {*columns["src"], *columns["tgt"]} for one in settled.get(n, ())}
                for one, at, other in others.values():
                    is_later = at is None or self.causality.concurrent(at, outcome.proposed_at)
                    if one is not outcome and is_later and self._share(columns, other):
                        outcome.columns = None
                        break

    def _share(self, one: State, other: State) -> bool:
        here, there = self._local(one), self._local(other)
        if here is None or there is None:
            return False
        return bool(extent(self.db, here).shared(extent(self.db, there)))

    def _apply_link(self, link: MergedLink, outcome: Outcome) -> None:
        number = self.links.get(id(link))
        if outcome.columns is None:
            if number is not None and self.draft.present(number):
                self.draft.remove(number)
            return
        local_state = self._local(outcome.columns)
        if local_state is None:  # A text of it is not here, or not this one.
            if number is not None and self._is_between_others(number, outcome.columns):
                self.draft.remove(number)  # What drew it on other documents is not in force.
            return
        if number is None or not self.draft.present(number):
            if number is None:
                self.links[id(link)] = self.draft.make(**local_state)
            else:
                self.draft.restore(number, {column: local_state[column] for column in FIELDS})
            return
        state = self.draft.state(number)
        ignored = () if is_untouched(outcome.columns) else MACHINE
        if any(state[column] != local_state[column] for column in FIELDS if column not in ignored):
            self.draft.change(number, **{column: local_state[column] for column in FIELDS if column not in ignored})

    def _is_between_others(self, link: int, columns: State) -> bool:
        """Whether a link that is there is between other documents than columns say."""
        if not self.draft.present(link):
            return False
        names = {id_: name for (name, _), id_ in self.documents.items()}
        state = self.draft.state(link)
        ends = [(names.get(state[f"{side}_document"]), self.sentences.document(columns[side][0])[0]) for side in SIDES]
        return all(name for _, name in ends) and any(name != other for name, other in ends)

    def _local(self, columns: State) -> State | None:
        """Columns of a link in this store's terms; None where one of its sentences is not here."""
        local_state = dict(columns)
        for side in SIDES:
            if side in columns:
                ids = [self.ids.get(number) for number in columns[side]]
                if not ids or None in ids:
                    return None
                local_state[side] = ordered(self.draft.db, [id_ for id_ in ids if id_ is not None])
                local_state[f"{side}_document"] = self.documents[self.sentences.document(columns[side][0])]
        return local_state

    # The log

    def _enter_decisions(self, report: United) -> None:
        new = [(position, entry) for position, entry in enumerate(self.entries) if entry.uid in self.new]
        for position, entry in new:
            self._enter(position, entry)
        counted = [e for at, e in new if e.action in REPLICATED and not self.resolution.is_out_of_force(at)]
        report.decisions = len(counted)
        report.decided = len({self._link_number(birth) for e in counted for birth in e.on} - {None})

    def _enter(self, position: int, entry: Entry) -> None:
        """A decision of the other copy, under its own identity, reviewer and time; its patches are for the story."""
        detail = {key: value for key, value in entry.detail.items() if key not in ("tgt_document", "emptied")}
        made = [self.cut_now[half] for cut in entry.cuts if (half := self.sentences.half(*cut)) in self.cut_now]
        if made:
            detail["cuts"] = [cut.to_dict() for cut in made]
        decision = append(
            self.db, entry.reviewer, entry.action, at=entry.at, uid=entry.uid, detail=detail, origin=entry.origin,
            link=self._link_number(entry.link) if entry.link else None,
            target=self.here.ids.get(entry.target or ""),
            document=made[0].document if made else None,
        )  # fmt: skip
        self.here.ids[entry.uid] = decision.id
        self.db.conn.execute("insert into replicas values (?, ?, 1)", (decision.id, pack(entry, self.sentences)))
        write_patches(self.db, decision.id, self._local_patches(position, entry))

    def _local_patches(self, position: int, entry: Entry) -> list[Patch]:
        patches: dict[int, Patch] = {}
        splits = self.history.splits
        for birth, was, now in entry.patches:
            number = self._link_number(birth)
            before, after = (state and self._local(as_cut(splits, state, position)) for state in (was, now))
            if number is not None and (before is None) == (was is None) and (after is None) == (now is None):
                patches[number] = (number, before, after)
        return list(patches.values())

    def _link_number(self, birth: Birth) -> int | None:
        link = self.history.by_birth.get(birth)
        return self.here.births.link(birth) if link is None else self.links.get(id(link))

    def _enter_births(self) -> None:
        for link in self.history.links:
            number = self.links.get(id(link))
            births = [birth for birth, _ in link.births if self.here.births.link(birth) != number]
            if number is not None and births:
                main = self.draft.is_made(number)
                rows = [(*birth, number, int(main and birth == births[0])) for birth in births]
                self.db.conn.executemany("insert or replace into aliases values (?, ?, ?, ?)", rows)

    def _agreed(self) -> int:
        """Links on which decisions of both copies, made without each other, say the same."""
        ours, theirs = set(self.here.ids) - self.new, self.new
        return sum(self.resolution.agree(link, ours, theirs) for link in self.history.links if link.births)

    # Conflicts

    def _conflict_rows(
        self, outcomes: Sequence[tuple[MergedLink, Outcome]], name: str
    ) -> Iterator[conflicts.ConflictRow]:
        for link, outcome in outcomes:
            number = self.links.get(id(link))
            if outcome.contests and number is not None and self.draft.present(number):
                yield from self._rows_of(number, outcome, name)

    def _rows_of(self, number: int, outcome: Outcome, name: str) -> Iterator[conflicts.ConflictRow]:
        first, *others = outcome.contests
        by: str | None = first.entry.reviewer
        mine = self._conflict_state(first.entry, first.columns)
        if not others:
            others, by, mine = [first], None, self._conflict_state(None, outcome.columns or {})
        for other in others:
            theirs = self._conflict_state(other.entry, other.columns)
            columns = [c for c in {**mine, **theirs} if mine.get(c) != theirs.get(c)]
            entry = other.entry
            yield conflicts.ConflictRow(
                number, entry.uid, entry.at, entry.reviewer, entry.action,
                {column: mine.get(column) for column in columns if column in mine},
                {column: theirs.get(column) for column in columns if column in theirs},
                name, by, sorted(outcome.contested),
            )  # fmt: skip

    def _conflict_state(self, entry: Entry | None, columns: State) -> State:
        """What a decision says of a link, for a person: sides as their texts."""
        if columns.get("gone"):
            return {"status": "taken away"}
        detail: State = {c: columns[c] for c in ("status", "src_text", "tgt_text", "kind", "note") if c in columns}
        for side, word in (("src", "source"), ("tgt", "target")):
            if side in columns:
                detail[word] = self._text(columns[side])
        if entry is not None and entry.cuts:
            detail["cut"] = ", ".join(f"at character {at}" for _, at in entry.cuts)
        return detail

    def _text(self, side: Sequence[int]) -> str:
        ids = [self.ids.get(number, self.ids.get(self.sentences.root(number))) for number in side]
        present = stored(list(dict.fromkeys(id_ for id_ in ids if id_ is not None)) or [0])
        return self.draft.joined(present) if sentences_of(present) != (0,) else "(a text that is not here)"

    def _contests_of_files(self) -> Iterator[tuple[int, Entry, MergedLink]]:
        """(position, decision, link) of what files said otherwise."""
        for position, entry in enumerate(self.entries):
            link = self.history.by_birth.get(entry.link or ("", 0))
            if entry.action == Action.CONFLICT and "theirs" in entry.detail and link is not None and link.births:
                yield position, entry, link
