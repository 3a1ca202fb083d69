"""What a solver's run does to the links of its pair: undecided ones give way, decided ones stay.

The run is a row of the log: what it took away, what it found again and what it made stand in a compact BLOB, so that
the links can be had from the log alone.
"""

from __future__ import annotations

import json
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import repeat
from operator import le
from typing import Any

from sqlite_utils import Database

from align.domain import LinkKind, Proposal, Status
from align.store import queue, tallies
from align.store.documents import name_there
from align.store.filter import language_term
from align.store.log import KEPT, TARGET, append, next_link, pair_start, sentences_of, stored
from align.store.rows import Constraint, ProposeCounts, StoredConstraints
from align.text.tags import primary

Places = dict[int, tuple[int, int, str]]
LOST = (0, 0, "und")
"""Where a sentence stands that a later reading of its document no longer has."""
PROGRAM = "align"
"""Who signs what the program does by itself."""
KIND_CODES = {kind: code for code, kind in enumerate(("translation", "partial", "summary", "title", "quote"))}
CODE_KINDS = {code: kind for kind, code in KIND_CODES.items()}
INSERT = """insert into links (id, src_document, tgt_document, place, src, tgt, src_lang, tgt_lang, kind, score,
    confidence, encoder, chain, signals, queue, status, version, bookmarked, anchored, touched)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'proposed', 1, 0, 0, 0)"""


@dataclass(slots=True)
class Run:
    """What a proposal run changed: ids taken away, ids found again (with new scores), and sides of the links made."""

    removed: array[int] = field(default_factory=lambda: array("q"))
    again: array[int] = field(default_factory=lambda: array("q"))
    sizes: array[int] = field(default_factory=lambda: array("H"))
    """Sentences of the source and of the target, two numbers a link: first those found again, then those made."""
    sentences: array[int] = field(default_factory=lambda: array("q"))
    kinds: array[int] = field(default_factory=lambda: array("B"))
    scores: array[float] = field(default_factory=lambda: array("d"))
    confidences: array[float] = field(default_factory=lambda: array("d"))
    chains: array[int] = field(default_factory=lambda: array("q"))
    signals: list[dict[str, float] | None] = field(default_factory=list)

    def take(self, proposals: Sequence[Proposal]) -> None:
        """Append proposals that were found again or made."""
        self.sizes.extend([size for p in proposals for size in (len(p.src), len(p.tgt))])
        self.sentences.extend([sentence for p in proposals for side in (p.src, p.tgt) for sentence in side])
        self.kinds.extend([KIND_CODES[p.kind] for p in proposals])
        self.scores.extend([p.score for p in proposals])
        self.confidences.extend([p.confidence for p in proposals])
        self.chains.extend([p.chain for p in proposals])
        self.signals.extend([p.signals for p in proposals])

    def proposals(self) -> Iterator[Proposal]:
        """What `take` took, in order."""
        start = 0
        for number, kind in enumerate(self.kinds):
            middle = start + self.sizes[2 * number]
            stop = middle + self.sizes[2 * number + 1]
            yield Proposal(
                tuple(self.sentences[start:middle]),
                tuple(self.sentences[middle:stop]),
                LinkKind(CODE_KINDS[kind]),
                self.scores[number],
                self.confidences[number],
                self.chains[number],
                self.signals[number],
            )
            start = stop

    def pack(self) -> bytes:
        """As bytes: the lengths as JSON, a newline, then the arrays, deflated."""
        signals = json.dumps(self.signals).encode() if any(self.signals) else b""
        parts = [numbers.tobytes() for numbers in self._arrays()] + [signals]
        head = json.dumps([len(part) for part in parts]).encode() + b"\n"
        return zlib.compress(head + b"".join(parts), 1)

    @classmethod
    def unpack(cls, packed: bytes) -> Run:
        """What `pack` packed."""
        head, _, body = zlib.decompress(packed).partition(b"\n")
        lengths = json.loads(head)
        run = cls()
        start = 0
        for numbers, length in zip(run._arrays(), lengths, strict=False):
            numbers.frombytes(body[start : start + length])
            start += length
        run.signals = json.loads(body[start:]) if lengths[-1] else [None] * len(run.kinds)
        return run

    def _arrays(self) -> tuple[array[Any], ...]:
        return (
            self.removed, self.again, self.sizes, self.sentences, self.kinds, self.scores, self.confidences, self.chains
        )  # fmt: skip


def propose(
    db: Database,
    src_document: int,
    tgt_document: int,
    proposals: Iterable[Proposal],
    encoder: str,
    languages: tuple[str, str] | None = None,
) -> ProposeCounts:
    """Replace the undecided links from one document to the other by `proposals`, within `languages` if given.

    A proposal with the very sides of an undecided link keeps that link's number. One that repeats a link with a
    reviewer's touch, or that is on a sentence of one that was not rejected, is left out.
    Runs inside the caller's `writing`. Raises ConflictError for a document that was removed meanwhile, KeyError for a
    sentence that is not in its document.
    """
    for document in (src_document, tgt_document):
        name_there(db, document)
    undecided = _undecided(db, src_document, tgt_document, languages)
    kept = _kept(db, src_document, tgt_document, languages)
    places = places_of_pair(db, src_document, tgt_document)
    wanted = proposals if isinstance(proposals, Sequence) else list(proposals)
    _refuse_strangers(wanted, places)
    if kept.any:
        wanted = [proposal for proposal in wanted if not kept.refuses(proposal, places)]
    again: list[tuple[int, Proposal]] = []
    if undecided:
        again, wanted = _found_again(wanted, undecided)
    run = Run(removed=array("q", sorted(undecided.values())), again=array("q", [number for number, _ in again]))
    run.take([proposal for _, proposal in again])
    run.take(wanted)
    if run.removed or run.kinds:
        first = next_link(db)
        append(
            db, PROGRAM, "propose", document=src_document, first_link=first, proposals=run.pack(),
            detail=detail_of(tgt_document, encoder, languages, len(wanted), len(run.removed)),
        )  # fmt: skip
        take_away(db, run.removed)
        score_again(db, again, encoder)
        start = pair_start(src_document, tgt_document)
        alone = not (kept.any or again or undecided) and not _any(db, start)
        insert_links(db, wanted, first, (src_document, tgt_document), encoder, places, alone=alone)
        tallies.refresh_range(db, start, start + TARGET)
        if not alone:
            queue.refresh_range(db, start, start + TARGET)
    return ProposeCounts(len(wanted) + len(again), len(run.removed), kept.count)


def _any(db: Database, start: int) -> bool:
    """Whether there are links yet between two documents."""
    row = db.conn.execute("select 1 from links where place >= ? and place < ? limit 1", (start, start + TARGET))
    return row.fetchone() is not None


def _refuse_strangers(proposals: Sequence[Proposal], places: tuple[Places, Places]) -> None:
    """Raise KeyError for a sentence that is not in its document."""
    for side, known in zip(("src", "tgt"), places, strict=True):
        strangers = {sentence for p in proposals for sentence in getattr(p, side)} - known.keys()
        if strangers:
            raise KeyError(f"sentence {min(strangers)} is not in the {side} document")


def _found_again(
    proposals: Sequence[Proposal], undecided: dict[tuple[str, str], int]
) -> tuple[list[tuple[int, Proposal]], list[Proposal]]:
    """Proposals that have the very sides of an undecided link, taken out of `undecided`, and the others."""
    again, fresh = [], []
    for proposal in proposals:
        number = undecided.pop((stored(proposal.src), stored(proposal.tgt)), None)
        if number is None:
            fresh.append(proposal)
        else:
            again.append((number, proposal))
    return again, fresh


def detail_of(
    tgt_document: int, encoder: str, languages: tuple[str, str] | None, added: int, removed: int
) -> dict[str, object]:
    """What the log tells about a run in words."""
    return {
        "tgt_document": tgt_document, "encoder": encoder, "languages": list(languages or ()), "added": added,
        "removed": removed,
    }  # fmt: skip


def apply_run(db: Database, run: Run, first: int, src_document: int, tgt_document: int, encoder: str) -> None:
    """Bring the links to what a run of the log says."""
    take_away(db, run.removed)
    proposals = list(run.proposals())
    found = len(run.again)
    score_again(db, list(zip(run.again, proposals[:found], strict=True)), encoder)
    pair = (src_document, tgt_document)
    insert_links(db, proposals[found:], first, pair, encoder, places_of_pair(db, *pair))


def score_again(db: Database, again: Sequence[tuple[int, Proposal]], encoder: str) -> None:
    """Undecided links that a run found again get its scores and keep their numbers."""
    db.conn.executemany(
        "update links set kind = ?, score = ?, confidence = ?, encoder = ?, chain = ?, signals = ? where id = ?",
        ((p.kind.value, p.score, p.confidence, encoder, p.chain, _signals(p), number) for number, p in again),
    )


def insert_links(
    db: Database,
    proposals: Sequence[Proposal],
    first: int,
    documents: tuple[int, int],
    encoder: str,
    places: tuple[Places, Places],
    *,
    alone: bool = False,
) -> None:
    """New links, numbered from `first`. Where they are all of their pair (`alone`), their places in the queue too."""
    src_document, tgt_document = documents
    sources, targets = places
    start = pair_start(src_document, tgt_document)
    kinds = {kind: kind.value for kind in LinkKind}
    sides = [(stored(p.src), stored(p.tgt)) for p in proposals]
    queued = _queued(proposals, sources) if alone else repeat(0.0)
    # One expression, no calls for the common case: this is most of what an import adds to SQLite's own time.
    rows = (
        (
            number, src_document, tgt_document, start + at[1], src, tgt, at[2], targets.get(p.tgt[0], LOST)[2],
            kinds[p.kind], p.score, p.confidence, encoder, p.chain, _signals(p) if p.signals else None, turn,
        )
        for number, (p, (src, tgt), turn) in enumerate(zip(proposals, sides, queued, strict=False), first)
        for at in (sources.get(p.src[0], LOST),)
    )  # fmt: skip
    db.conn.executemany(INSERT, rows)
    # Side by side: in the order of the text the tree grows at its end instead of being split in its middle.
    for side in (0, 1):
        entries = (
            (sentence, number, side)
            for number, p in enumerate(proposals, first)
            for sentence in (p.tgt if side else p.src)
        )
        db.conn.executemany("insert into link_sentences (sentence, link, side) values (?, ?, ?)", entries)


def _queued(proposals: Sequence[Proposal], sources: Places) -> list[float]:
    """The places in the queue of proposals that are all the links of their pair."""
    positions = [sources.get(p.src[0], LOST)[1] for p in proposals]
    if all(map(le, positions, positions[1:])):
        return queue.queue([p.confidence for p in proposals])
    ordered = sorted(range(len(proposals)), key=positions.__getitem__)
    found = [0.0] * len(proposals)
    for number, value in zip(ordered, queue.queue([proposals[n].confidence for n in ordered]), strict=True):
        found[number] = value
    return found


def take_away(db: Database, links: Sequence[int]) -> None:
    """Delete links and what is known of their sentences."""
    if not links:
        return
    db.conn.execute("create temp table if not exists going (link integer primary key)")
    db.conn.execute("delete from going")
    db.conn.executemany("insert into going values (?)", ((link,) for link in links))
    sides = db.conn.execute("select id, src, tgt from links where id in (select link from going)").fetchall()
    db.conn.executemany(
        "delete from link_sentences where sentence = ? and link = ?",
        ((sentence, link) for link, src, tgt in sides for side in (src, tgt) for sentence in sentences_of(side)),
    )
    db.conn.execute("delete from links where id in (select link from going)")


def places_of_pair(db: Database, src_document: int, tgt_document: int) -> tuple[Places, Places]:
    """Where the sentences of the two documents stand."""
    places = sentence_places(db, src_document)
    return places, places if tgt_document == src_document else sentence_places(db, tgt_document)


def sentence_places(db: Database, document: int) -> Places:
    """Sentence id -> (itself, position, language) of a document."""
    rows = db.conn.execute("select id, position, lang from sentences where document = ?", (document,))
    return {row[0]: row for row in rows}


def _signals(proposal: Proposal) -> str | None:
    return json.dumps(proposal.signals, separators=(",", ":")) if proposal.signals else None


def _undecided(
    db: Database, src_document: int, tgt_document: int, languages: tuple[str, str] | None
) -> dict[tuple[str, str], int]:
    condition = f"not {KEPT}"
    values: list[object] = []
    start = pair_start(src_document, tgt_document)
    for column, lang in zip(("src_lang", "tgt_lang"), languages or (), strict=False):
        term, parameters = language_term(column, lang)
        condition += f" and {term}"
        values += parameters
    rows = db.conn.execute(
        f"select src, tgt, id from links where place >= ? and place < ? and {condition}",
        [start, start + TARGET, *values],
    )
    return {(src, tgt): link for src, tgt, link in rows}


class _Kept:
    """The links with a reviewer's touch between two documents, whichever way round, and what they rule out.

    `rows`: sides, their languages, status, and whether it is within the languages that are proposed for.
    """

    def __init__(self, rows: Iterable[tuple[str, str, str, str, str, int]]) -> None:
        self.same: set[tuple[str, str]] = set()
        self.taken: set[tuple[int, str]] = set()
        """Sentences of links that are not rejected, each with the primary language that it is linked to."""
        self.facing: dict[int, list[set[int]]] = {}
        """What each of those sentences is linked to, whatever its language."""
        self.any = False
        self.count = 0
        for one, other, lang, other_lang, status, within in rows:
            self.any = True
            self.count += bool(within)
            for src, tgt, facing in ((one, other, other_lang), (other, one, lang)):  # Swapped or not, it says the same.
                self.same.add((src, tgt))
                if status != "rejected":
                    others = set(sentences_of(tgt))
                    for sentence in sentences_of(src):
                        self.taken.add((sentence, primary(facing)))
                        self.facing.setdefault(sentence, []).append(others)

    def refuses(self, proposal: Proposal, places: tuple[Places, Places]) -> bool:
        """Whether a proposal repeats one of them, or is on a sentence of one that is not rejected."""
        src, tgt = proposal.src, proposal.tgt
        if (stored(src), stored(tgt)) in self.same:
            return True
        for side, other, there in ((src, tgt, places[1]), (tgt, src, places[0])):
            facing = primary(there.get(other[0], LOST)[2])
            if any((sentence, facing) in self.taken for sentence in side):
                return True
        return any(not others.isdisjoint(tgt) for sentence in src for others in self.facing.get(sentence, ()))


def _kept(db: Database, src_document: int, tgt_document: int, languages: tuple[str, str] | None) -> _Kept:
    within, values = "1", list[object]()
    if languages is not None:
        ways = []
        for pair in (languages, languages[::-1]):
            terms = [language_term(column, lang) for column, lang in zip(("src_lang", "tgt_lang"), pair, strict=True)]
            ways.append(" and ".join(term for term, _ in terms))
            values += [value for _, parameters in terms for value in parameters]
        within = " or ".join(f"({way})" for way in ways)
    starts = {pair_start(src_document, tgt_document), pair_start(tgt_document, src_document)}
    between = " or ".join(f"(place >= {start} and place < {start + TARGET})" for start in sorted(starts))
    return _Kept(
        db.conn.execute(
            f"select src, tgt, src_lang, tgt_lang, status, {within} from links where ({between}) and {KEPT}", values
        )
    )


def constraints(db: Database, src_document: int, tgt_document: int) -> StoredConstraints:
    """Accepted, edited and anchored links are settled, the others with a verdict rejected; swapped links count turned
    round, those within one document both ways."""
    found: tuple[list[Constraint], list[Constraint]] = ([], [])
    rows = db.conn.execute(
        """select src_document, id, src, tgt, src_lang, tgt_lang, status, anchored, reviewer from links
           where ((src_document = ?1 and tgt_document = ?2) or (src_document = ?2 and tgt_document = ?1))
             and (status <> 'proposed' or anchored) order by place, id""",
        (src_document, tgt_document),
    )
    for document, link, src, tgt, src_lang, tgt_lang, status, anchored, reviewer in rows:
        ends = sentences_of(src), sentences_of(tgt)
        one = Constraint(link, ends, (src_lang, tgt_lang), Status(status), bool(anchored), reviewer)
        turned = replace(one, ends=(ends[1], ends[0]), languages=(tgt_lang, src_lang))
        within = src_document == tgt_document
        found[status == "rejected"].extend([one, turned] if within else [one if document == src_document else turned])
    return StoredConstraints(tuple(found[0]), tuple(found[1]))
