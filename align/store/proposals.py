"""Proposal runs: replace the undecided links of a pair of documents; reviewed links stay.

A run is a row of the log. A compact BLOB in it lists the links that were deleted, rescored and added, so that the
links can be rebuilt from the log.
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
"""Position of a sentence that the current text of its document no longer has."""
PROGRAM = "align"
"""Reviewer name of decisions that the program makes itself."""
KIND_CODES = {kind: code for code, kind in enumerate(("translation", "partial", "summary", "title", "quote"))}
CODE_KINDS = {code: kind for kind, code in KIND_CODES.items()}
INSERT = """insert into links (id, src_document, tgt_document, place, src, tgt, src_lang, tgt_lang, kind, score,
    confidence, encoder, chain, signals, queue, status, version, bookmarked, anchored, touched)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'proposed', 1, 0, 0, 0)"""


@dataclass(slots=True)
class Run:
    """Changes of a proposal run: ids of deleted and rescored links, content of rescored and new links."""

    removed: array[int] = field(default_factory=lambda: array("q"))
    again: array[int] = field(default_factory=lambda: array("q"))
    sizes: array[int] = field(default_factory=lambda: array("H"))
    """Number of source and target sentences, two values a link: first the rescored links, then the new ones."""
    sentences: array[int] = field(default_factory=lambda: array("q"))
    kinds: array[int] = field(default_factory=lambda: array("B"))
    scores: array[float] = field(default_factory=lambda: array("d"))
    confidences: array[float] = field(default_factory=lambda: array("d"))
    chains: array[int] = field(default_factory=lambda: array("q"))
    signals: list[dict[str, float] | None] = field(default_factory=list)

    def take(self, proposals: Sequence[Proposal]) -> None:
        """Append rescored or new proposals."""
        self.sizes.extend([size for p in proposals for size in (len(p.src), len(p.tgt))])
        self.sentences.extend([sentence for p in proposals for side in (p.src, p.tgt) for sentence in side])
        self.kinds.extend([KIND_CODES[p.kind] for p in proposals])
        self.scores.extend([p.score for p in proposals])
        self.confidences.extend([p.confidence for p in proposals])
        self.chains.extend([p.chain for p in proposals])
        self.signals.extend([p.signals for p in proposals])

    def proposals(self) -> Iterator[Proposal]:
        """Yield the proposals in the order appended."""
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
        """Serialise: the part lengths as JSON, a newline, then the arrays; deflated."""
        signals = json.dumps(self.signals).encode() if any(self.signals) else b""
        parts = [numbers.tobytes() for numbers in self._arrays()] + [signals]
        head = json.dumps([len(part) for part in parts]).encode() + b"\n"
        return zlib.compress(head + b"".join(parts), 1)

    @classmethod
    def unpack(cls, packed: bytes) -> Run:
        """Inverse of `pack`."""
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

    A proposal with the same sides as an undecided link keeps that link's id. One that repeats a reviewed link, or
    has a sentence of one that was not rejected, is left out. Call inside `writing`. Raises ConflictError for a
    document that was removed meanwhile, KeyError for a sentence that is not in its document.
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
    """Whether there are links between two documents."""
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
    """Divide proposals into those with the sides of an undecided link (removed from `undecided`) and new ones."""
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
    """The `detail` of a run's log entry."""
    return {
        "tgt_document": tgt_document, "encoder": encoder, "languages": list(languages or ()), "added": added,
        "removed": removed,
    }  # fmt: skip


def apply_run(db: Database, run: Run, first: int, src_document: int, tgt_document: int, encoder: str) -> None:
    """Apply a run from the log to the links."""
    take_away(db, run.removed)
    proposals = list(run.proposals())
    found = len(run.again)
    score_again(db, list(zip(run.again, proposals[:found], strict=True)), encoder)
    pair = (src_document, tgt_document)
    insert_links(db, proposals[found:], first, pair, encoder, places_of_pair(db, *pair))


def score_again(db: Database, again: Sequence[tuple[int, Proposal]], encoder: str) -> None:
    """Write the new scores of undecided links that a run proposed again; their ids stay."""
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
    """Insert new links with ids from `first`; if they are all links of their pair, with their queue values."""
    src_document, tgt_document = documents
    sources, targets = places
    start = pair_start(src_document, tgt_document)
    kinds = {kind: kind.value for kind in LinkKind}
    sides = [(stored(p.src), stored(p.tgt)) for p in proposals]
    queued = _queued(proposals, sources) if alone else repeat(0.0)
    # One expression without calls in the common case: the most expensive part of a run apart from SQLite itself.
    rows = (
        (
            number, src_document, tgt_document, start + at[1], src, tgt, at[2], targets.get(p.tgt[0], LOST)[2],
            kinds[p.kind], p.score, p.confidence, encoder, p.chain, _signals(p) if p.signals else None, turn,
        )
        for number, (p, (src, tgt), turn) in enumerate(zip(proposals, sides, queued, strict=False), first)
        for at in (sources.get(p.src[0], LOST),)
    )  # fmt: skip
    db.conn.executemany(INSERT, rows)
    # One side after the other: in document order the B-tree grows at its end instead of splitting pages in the middle.
    for side in (0, 1):
        entries = (
            (sentence, number, side)
            for number, p in enumerate(proposals, first)
            for sentence in (p.tgt if side else p.src)
        )
        db.conn.executemany("insert into link_sentences (sentence, link, side) values (?, ?, ?)", entries)


def _queued(proposals: Sequence[Proposal], sources: Places) -> list[float]:
    """Queue values of proposals that are all the links of their pair."""
    positions = [sources.get(p.src[0], LOST)[1] for p in proposals]
    if all(map(le, positions, positions[1:])):
        return queue.queue([p.confidence for p in proposals])
    ordered = sorted(range(len(proposals)), key=positions.__getitem__)
    found = [0.0] * len(proposals)
    for number, value in zip(ordered, queue.queue([proposals[n].confidence for n in ordered]), strict=True):
        found[number] = value
    return found


def take_away(db: Database, links: Sequence[int]) -> None:
    """Delete links and their rows in `link_sentences`."""
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
    """Sentence positions of both documents."""
    places = sentence_places(db, src_document)
    return places, places if tgt_document == src_document else sentence_places(db, tgt_document)


def sentence_places(db: Database, document: int) -> Places:
    """Sentence id -> (id, position, language), for one document."""
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
    """Reviewed links between two documents in either direction, and the proposals that they exclude.

    `rows`: sides, their languages, status, and whether the link is within the languages proposed for.
    """

    def __init__(self, rows: Iterable[tuple[str, str, str, str, str, int]]) -> None:
        self.same: set[tuple[str, str]] = set()
        self.taken: set[tuple[int, str]] = set()
        """Sentences of links that are not rejected, each with the primary language on the other side of the link."""
        self.facing: dict[int, list[set[int]]] = {}
        """Sentences linked to each of those, in any language."""
        self.any = False
        self.count = 0
        for one, other, lang, other_lang, status, within in rows:
            self.any = True
            self.count += bool(within)
            for src, tgt, facing in ((one, other, other_lang), (other, one, lang)):  # both directions count
                self.same.add((src, tgt))
                if status != "rejected":
                    others = set(sentences_of(tgt))
                    for sentence in sentences_of(src):
                        self.taken.add((sentence, primary(facing)))
                        self.facing.setdefault(sentence, []).append(others)

    def refuses(self, proposal: Proposal, places: tuple[Places, Places]) -> bool:
        """Whether a proposal repeats a reviewed link, or has a sentence of one that is not rejected."""
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
    """Accepted, edited and anchored links as `settled`, rejected ones as `rejected`. Links in the other direction are
    mirrored; links within one document are listed in both directions."""
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
