"""Decisions in terms that mean the same in every copy of a store.

A sentence is named by its document (name and digest) and the place where it was read; the second half of a cut by the
sentence as it was read and the place of the cut. A link is named by its birth: the decision that made it, and how
many-eth of it the link was. What a copy takes over from another is kept verbatim in these terms (table `replicas`), so
that the same decision is the same value in all copies, also where a document of it is missing.
"""

from __future__ import annotations

import json
import zlib
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlite_utils import Database

from align.store import sentence_splits as cuts
from align.store.actions import Action
from align.store.decision_log import Patch, State, sentences_of
from align.store.merge.causality import Origin
from align.store.merge.sentence_numbers import OwnNumbers, Sentences
from align.store.merge.text_versions import OwnTexts
from align.store.proposals import ProposalRun

Birth = tuple[str, int]
"""uid of the decision that made a link, and its number among those that it made, from 0."""
Named = tuple[Birth, State | None, State | None]
"""A patch with the link's birth; `src` and `tgt` of the states are tuples of `Sentences` numbers."""
SIDES = ("src", "tgt")
DOCUMENTS = ("src_document", "tgt_document")


@dataclass(slots=True)
class Solved:
    """A proposal run: `removed` and `again` are links; `proposals` are first those found again, then those made."""

    documents: tuple[tuple[str, str], tuple[str, str]]
    encoder: str
    languages: list[str]
    removed: list[Birth]
    again: list[Birth]
    proposals: list[State]
    """With the columns of a link that a run sets."""


@dataclass(slots=True)
class Entry:
    """A decision of a log, as all copies read it."""

    uid: str
    at: str
    reviewer: str
    action: str
    origin: Origin
    target: str | None = None
    link: Birth | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    """Without `cuts` and `joins`."""
    patches: list[Named] = field(default_factory=list)
    """Without those that only follow from a cut."""
    cuts: list[tuple[int, int]] = field(default_factory=list)
    """(sentence, first character of its second half in the document)."""
    joins: list[tuple[int, int]] = field(default_factory=list)
    """Cuts that it takes back."""
    run: Solved | None = None
    texts: dict[str, str] = field(default_factory=dict)
    """Document name -> digest of its text, where that does not follow from the changes that it knew."""
    successors: list[tuple[int, int]] = field(default_factory=list)
    """Of a change of a text: sentences of earlier texts, and the same or their other wordings in the new text."""

    splits: list[int] | None = None
    """Second halves that it left in the sentences of its sides; None where it was not recorded."""

    @property
    def on(self) -> list[Birth]:
        """The links that it changes, or the one that it names."""
        return [birth for birth, _, _ in self.patches] or ([self.link] if self.link else [])

    @property
    def done(self) -> str:
        """The action; of an undo or redo, that of what it turned."""
        return str(self.detail.get("action", self.action)) if self.target else self.action

    @property
    def settles(self) -> frozenset[str]:
        """The uids of decisions in conflict that it decides between."""
        return frozenset(self.detail.get("settles", ()))


# A log


class Log:
    """The log of a store, its decisions by uid.

    `sentences`: the numbering that it shares with the other log of the merge.
    """

    def __init__(self, db: Database, sentences: Sentences) -> None:
        self.db = db
        self.sentences = sentences
        self.ids: dict[str, int] = {}
        self.origins: dict[str, Origin] = {}
        self.decided_since_merge = False
        """Whether anything follows the last merge: it may decide on what that one left, also of other links."""
        self._uids: dict[int, str] = {}
        self._replicas = {row[0] for row in db.conn.execute("select decision from replicas")}
        self._read_origins()

    @cached_property
    def texts(self) -> OwnTexts:
        """Of the documents, at the store's own decisions."""
        return OwnTexts(self.db)

    @cached_property
    def births(self) -> Births:
        """Of the links."""
        return Births(self.db)

    @cached_property
    def own_numbers(self) -> OwnNumbers:
        """Of the sentences, at the store's own decisions."""
        return OwnNumbers(self.db, self.sentences)

    @property
    def numbers(self) -> dict[int, int]:
        """Sentence id -> number, in the texts that the documents have."""
        return self.own_numbers.current

    def _read_origins(self) -> None:
        last: tuple[str, ...] = ()
        merged = False
        for id_, uid, depth, parents, action in self.db.conn.execute(
            "select id, uid, depth, parents, action from decisions order by id"
        ):
            explicit = None if parents is None else tuple(json.loads(parents))
            self.ids[uid], self._uids[id_] = id_, uid
            merged |= action == Action.UNITE
            self.decided_since_merge = merged and action != Action.UNITE
            if action == Action.UNITE and explicit is not None:
                last = explicit  # A merge is nobody's decision: what comes after it names what it brought together.
                continue
            self.origins[uid] = Origin(depth, last if explicit is None else explicit)
            last = (uid,)

    def entries(self, uids: Iterable[str] | None = None) -> Iterator[Entry]:
        """These decisions (None: all) in the order of the log, without their runs."""
        decision_ids = None if uids is None else {self.ids[uid] for uid in uids}
        patches = self._patches()
        for row in self.db.conn.execute(
            "select id, uid, at, reviewer, action, link, target, detail from decisions order by id"
        ):
            id_, uid = row[:2]
            if uid in self.origins and (decision_ids is None or id_ in decision_ids):
                yield self._replica(id_) if id_ in self._replicas else self._own(row, patches.get(id_, []))

    def _patches(self) -> dict[int, list[tuple[int, str | None, str | None]]]:
        patches: dict[int, list[tuple[int, str | None, str | None]]] = {}
        for decision, *patch in self.db.conn.execute("select decision, link, was, now from patches"):
            patches.setdefault(decision, []).append((patch[0], patch[1], patch[2]))
        return patches

    def _replica(self, decision: int) -> Entry:
        content = self.db.conn.execute("select content from replicas where decision = ?", (decision,)).fetchone()[0]
        entry = unpack(content, self.sentences)
        entry.origin = self.origins[entry.uid]
        return entry

    def _own(self, row: tuple[Any, ...], stored: list[tuple[int, str | None, str | None]]) -> Entry:
        id_, uid, at, reviewer, action, link, target, written = row
        detail = json.loads(written)
        made = [self._cut(one, id_) for one in detail.pop("cuts", ())]
        joins = [self._half(rest, id_) for rest in detail.pop("joins", ())]
        entry = Entry(uid, at, reviewer, action, self.origins[uid], detail=detail, cuts=made)
        entry.joins = [join for join in joins if join is not None]
        entry.target = self._uids.get(target)
        entry.texts = self.texts.at(id_)
        entry.link = self.births.of(link) if link is not None else None
        if entry.done == Action.IMPORT:
            entry.successors = self.own_numbers.successors(id_)
        # What a removed document takes with it comes back with the document: no decision on the links.
        if entry.done != Action.REMOVE:
            follows = bool(made or joins) and entry.done != Action.IMPORT
            patches = list(self._loaded(stored, follows))
            entry.patches = [
                (self.births.of(link), self._state(was, id_ - 1), self._state(now, id_)) for link, was, now in patches
            ]
            sides = (state[side] for _, *both in patches for state in both if state for side in SIDES if side in state)
            entry.splits = self.own_numbers.splits([one for side in sides for one in sentences_of(side)], id_)
        return entry

    @staticmethod
    def _loaded(stored: list[tuple[int, str | None, str | None]], follows: bool) -> Iterator[Patch]:
        for link, was, now in stored:
            patch = link, json.loads(was) if was else None, json.loads(now) if now else None
            if not (follows and cuts.follows(patch)):
                yield patch

    def _state(self, state: State | None, decision: int) -> State | None:
        """A state with the sentences of the texts that the decision left."""
        if state is None:
            return None
        common_state = {column: value for column, value in state.items() if column not in DOCUMENTS}
        for side in SIDES:
            if side in common_state:
                common_state[side] = tuple(self._number(one, decision) for one in sentences_of(common_state[side]))
        return common_state

    def _number(self, sentence: int, decision: int) -> int:
        number = self.own_numbers.at(sentence, decision)
        return self.sentences.number(("lost", sentence, 0)) if number is None else number

    def _cut(self, made: dict[str, Any], decision: int) -> tuple[int, int]:
        part, half = self._number(made["sentence"], decision), self._half(made["rest"], decision)
        if half is None:
            return part, made["at"]
        return (part if self.sentences.root(part) == half[0] else half[0]), half[1]

    def _half(self, rest: int, decision: int) -> tuple[int, int] | None:
        number = self.own_numbers.at(rest, decision)
        name = () if number is None else self.sentences.names[number]
        return (name[0], name[1]) if len(name) == 2 else None

    def purged_runs(self) -> set[str]:
        """Uids of the proposal runs that were compacted away here."""
        rows = self.db.conn.execute(
            """select uid from decisions where action = 'propose' and id not in (select decision from replicas)
               and (detail ->> 'purged' or document not in (select id from documents)
                    or detail ->> 'tgt_document' not in (select id from documents))"""
        )
        return {row[0] for row in rows}

    def run(self, entry: Entry) -> Solved | None:
        """What a proposal run of this log did."""
        decision = self.ids.get(entry.uid)
        if entry.run is None and entry.action == Action.PROPOSE and decision and decision not in self._replicas:
            entry.run = self._run(decision, entry)
        return entry.run

    def _run(self, decision: int, entry: Entry) -> Solved | None:
        document, written, packed = self.db.conn.execute(
            "select document, detail, proposals from decisions where id = ?", (decision,)
        ).fetchone()
        detail = json.loads(written)
        names = [self._document(number, decision) for number in (document, detail.get("tgt_document"))]
        if packed is None or None in names:
            return None
        run = ProposalRun.unpack(packed)
        entry.splits = self.own_numbers.splits([one for p in run.proposals() for one in (*p.src, *p.tgt)], decision)
        source, target = names
        assert source is not None
        assert target is not None

        def side(ids: Iterable[int]) -> tuple[int, ...]:
            return tuple(self._number(sentence, decision) for sentence in ids)

        return Solved(
            (source, target), detail["encoder"], detail.get("languages") or [],
            [self.births.of(link) for link in run.removed], [self.births.of(link) for link in run.rescored],
            [
                {"src": side(p.src), "tgt": side(p.tgt), "kind": p.kind.value,
                 "score": p.score, "confidence": p.confidence, "chain": p.chain, "encoder": detail["encoder"],
                 "signals": json.dumps(p.signals, separators=(",", ":")) if p.signals else None}
                for p in run.proposals()
            ],
        )  # fmt: skip

    def _document(self, document: int, decision: int) -> tuple[str, str] | None:
        """Name of a document and digest of the text that it had after a decision."""
        row = self.db.conn.execute("select name, digest from documents where id = ?", (document,)).fetchone()
        return row and (row[0], self.own_numbers.digest(document, decision) or row[1])


class Births:
    """Which decision made each link of a store, and how many-eth of it the link is: the same in every copy."""

    def __init__(self, db: Database) -> None:
        rows = db.conn.execute(
            "select first_link, uid, action from decisions where first_link is not null order by first_link, id"
        ).fetchall()
        self._starts = [row[0] for row in rows]
        self._uids = [row[1] for row in rows]
        self._merges = {row[1] for row in rows if row[2] == Action.UNITE}
        self._first = {uid: first for first, uid, _ in rows}
        self._stops = dict(zip(self._uids, [*self._starts, 1 << 62][1:], strict=True))
        self._main: dict[int, Birth] = {}
        self._links: dict[Birth, int] = {}
        for uid, ordinal, link, main in db.conn.execute("select uid, ordinal, link, main from aliases"):
            self._links[uid, ordinal] = link
            if main:
                self._main.setdefault(link, (uid, ordinal))

    def of(self, link: int) -> Birth:
        """The birth of a link by its number here."""
        index = bisect_right(self._starts, link) - 1
        uid = self._uids[index] if index >= 0 else ""
        if link in self._main and (not uid or uid in self._merges):
            return self._main[link]
        return uid, link - (self._starts[index] if index >= 0 else 0)

    def link(self, birth: Birth) -> int | None:
        """The number here of the link of a birth; None where it never had one."""
        if birth in self._links:
            return self._links[birth]
        first = self._first.get(birth[0])
        return None if first is None or first + birth[1] >= self._stops[birth[0]] else first + birth[1]


# As bytes


def pack(entry: Entry, sentences: Sentences) -> bytes:
    """The decision as bytes that any copy can read: deflated JSON, its sentences in a table of their own."""
    table: dict[int, int] = {}
    spelled: list[list[Any]] = []

    def index(number: int) -> int:
        if number not in table:
            name = list(sentences.names[number])
            if len(name) == 2:
                name[0] = index(name[0])
            table[number] = len(spelled)
            spelled.append(name)
        return table[number]

    def state(columns: State | None) -> State | None:
        return columns and {
            column: list(map(index, value)) if column in SIDES else value for column, value in columns.items()
        }

    content = {name: getattr(entry, name) for name in Entry.__slots__}
    content["patches"] = [(birth, state(was), state(now)) for birth, was, now in entry.patches]
    content["cuts"] = [(index(sentence), at) for sentence, at in entry.cuts]
    content["joins"] = [(index(sentence), at) for sentence, at in entry.joins]
    content["splits"] = entry.splits and list(map(index, entry.splits))
    content["successors"] = [(index(before), index(now)) for before, now in entry.successors]
    if entry.run is not None:
        run = {name: getattr(entry.run, name) for name in Solved.__slots__}
        content["run"] = run | {"proposals": list(map(state, entry.run.proposals))}
    content["sentences"] = spelled
    return zlib.compress(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(), 1)


def pack_own(db: Database, decisions: Collection[int]) -> None:
    """Keep decisions as other copies read them, before what they refer to is purged."""
    log = Log(db, Sentences())
    entries = log.entries({uid for uid in log.origins if log.ids[uid] in decisions})
    rows = [(log.ids[entry.uid], pack(entry, log.sentences)) for entry in entries]
    db.conn.executemany("insert or ignore into replicas values (?, ?, 0)", rows)


def unpack(packed: bytes, sentences: Sentences) -> Entry:
    """What `pack` packed."""
    content = json.loads(zlib.decompress(packed))
    numbers: list[int] = []
    for name in content.pop("sentences"):
        numbers.append(sentences.half(numbers[name[0]], name[1]) if len(name) == 2 else sentences.number(tuple(name)))

    def state(columns: State | None) -> State | None:
        return columns and {
            column: tuple(numbers[n] for n in value) if column in SIDES else value for column, value in columns.items()
        }

    def births(pairs: Sequence[Sequence[Any]]) -> list[Birth]:
        return [(uid, ordinal) for uid, ordinal in pairs]

    content["patches"] = [(tuple(birth), state(was), state(now)) for birth, was, now in content["patches"]]
    for name in ("cuts", "joins"):
        content[name] = [(numbers[sentence], at) for sentence, at in content[name]]
    content["splits"] = None if content.get("splits") is None else [numbers[one] for one in content["splits"]]
    content["successors"] = [(numbers[before], numbers[now]) for before, now in content.get("successors", ())]
    content["origin"] = Origin(content["origin"][0], tuple(content["origin"][1]))
    content["link"] = content["link"] and tuple(content["link"])
    if (run := content["run"]) is not None:
        source, target = map(tuple, run["documents"])
        proposals = [state(columns) or {} for columns in run["proposals"]]
        content["run"] = Solved(
            (source, target), run["encoder"], run["languages"], births(run["removed"]), births(run["again"]), proposals
        )
    return Entry(**content)


def joined_origins(ours: Database, here: Log, there: Log) -> dict[str, Origin]:
    """The origins of all decisions; where the logs differ about one, as logs from before merges were kept may, the one
    that knew less: the other is of a copy that took the decision over."""
    origins = dict(here.origins)
    for uid, origin in there.origins.items():
        if uid not in origins or origin < origins[uid]:
            if uid in origins:
                ours.conn.execute(
                    "update decisions set depth = ?, parents = ? where uid = ?",
                    (origin.depth, json.dumps(origin.parents), uid),
                )
            origins[uid] = origin
    return origins
