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

from align.models import LinkKind, Proposal, Status
from align.store import decision_log, pagination
from align.store.decision_log import REVIEWED, TARGET_FACTOR, append, next_link, pair_start, sentences_of, stored
from align.store.documents import existing_name
from align.store.filter import language_term
from align.store.records import Constraint, ProposeCounts, StoredConstraints
from align.text.tags import primary

SentencePositions = dict[int, tuple[int, int, str]]
MISSING_SENTENCE = (0, 0, "und")
"""Position of a sentence that the current text of its document no longer has."""
PROGRAM_NAME = "align"
"""Reviewer name of decisions that the program makes itself."""
KIND_CODES = {kind: code for code, kind in enumerate(("translation", "partial", "summary", "title", "quote"))}
CODE_KINDS = {code: kind for kind, code in KIND_CODES.items()}
INSERT = """insert into links (id, src_document, tgt_document, place, src, tgt, src_lang, tgt_lang, kind, score,
    confidence, encoder, chain, signals, queue, status, version, bookmarked, anchored, touched)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'proposed', 1, 0, 0, 0)"""


@dataclass(slots=True)
class ProposalRun:
    """Changes of a proposal run: ids of deleted and rescored links, content of rescored and new links."""

    removed: array[int] = field(default_factory=lambda: array("q"))
    rescored: array[int] = field(default_factory=lambda: array("q"))
    sizes: array[int] = field(default_factory=lambda: array("H"))
    """Number of source and target sentences, two values a link: first the rescored links, then the new ones."""
    sentences: array[int] = field(default_factory=lambda: array("q"))
    kinds: array[int] = field(default_factory=lambda: array("B"))
    scores: array[float] = field(default_factory=lambda: array("d"))
    confidences: array[float] = field(default_factory=lambda: array("d"))
    chains: array[int] = field(default_factory=lambda: array("q"))
    signals: list[dict[str, float] | None] = field(default_factory=list)

    def extend(self, proposals: Sequence[Proposal]) -> None:
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
    def unpack(cls, packed: bytes) -> ProposalRun:
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
            self.removed, self.rescored, self.sizes, self.sentences, self.kinds, self.scores, self.confidences,
            self.chains,
        )  # fmt: skip


def store_proposals(
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
        existing_name(db, document)
    undecided = _undecided(db, src_document, tgt_document, languages)
    reviewed = _reviewed_links(db, src_document, tgt_document, languages)
    positions = pair_positions(db, src_document, tgt_document)
    new_proposals = proposals if isinstance(proposals, Sequence) else list(proposals)
    _refuse_unlisted_sentences(new_proposals, positions)
    if reviewed.has_links:
        new_proposals = [proposal for proposal in new_proposals if not reviewed.excludes(proposal, positions)]
    rescored: list[tuple[int, Proposal]] = []
    if undecided:
        rescored, new_proposals = _match_undecided(new_proposals, undecided)
    run = ProposalRun(
        removed=array("q", sorted(undecided.values())), rescored=array("q", [number for number, _ in rescored])
    )
    run.extend([proposal for _, proposal in rescored])
    run.extend(new_proposals)
    if run.removed or run.kinds:
        first = next_link(db)
        append(
            db, PROGRAM_NAME, "propose", document=src_document, first_link=first, proposals=run.pack(),
            detail=detail_of(tgt_document, encoder, languages, len(new_proposals), len(run.removed)),
        )  # fmt: skip
        delete_links(db, run.removed)
        rescore_links(db, rescored, encoder)
        start = pair_start(src_document, tgt_document)
        is_first_run = not (reviewed.has_links or rescored or undecided) and not _has_links(db, start)
        insert_links(
            db, new_proposals, first, (src_document, tgt_document), encoder, positions, is_first_run=is_first_run
        )
        decision_log.recount_range(db, start, start + TARGET_FACTOR)
        if not is_first_run:
            pagination.refresh_range(db, start, start + TARGET_FACTOR)
    return ProposeCounts(len(new_proposals) + len(rescored), len(run.removed), reviewed.count)


def _has_links(db: Database, start: int) -> bool:
    """Whether there are links between two documents."""
    row = db.conn.execute("select 1 from links where place >= ? and place < ? limit 1", (start, start + TARGET_FACTOR))
    return row.fetchone() is not None


def _refuse_unlisted_sentences(
    proposals: Sequence[Proposal], positions: tuple[SentencePositions, SentencePositions]
) -> None:
    """Raise KeyError for a sentence that is not in its document."""
    for side, side_positions in zip(("src", "tgt"), positions, strict=True):
        missing = {sentence for p in proposals for sentence in getattr(p, side)} - side_positions.keys()
        if missing:
            raise KeyError(f"sentence {min(missing)} is not in the {side} document")


def _match_undecided(
    proposals: Sequence[Proposal], undecided: dict[tuple[str, str], int]
) -> tuple[list[tuple[int, Proposal]], list[Proposal]]:
    """Divide proposals into those with the sides of an undecided link (removed from `undecided`) and new ones."""
    rescored, new_proposals = [], []
    for proposal in proposals:
        number = undecided.pop((stored(proposal.src), stored(proposal.tgt)), None)
        if number is None:
            new_proposals.append(proposal)
        else:
            rescored.append((number, proposal))
    return rescored, new_proposals


def detail_of(
    tgt_document: int, encoder: str, languages: tuple[str, str] | None, added: int, removed: int
) -> dict[str, object]:
    """The `detail` of a run's log entry."""
    return {
        "tgt_document": tgt_document, "encoder": encoder, "languages": list(languages or ()), "added": added,
        "removed": removed,
    }  # fmt: skip


def apply_run(db: Database, run: ProposalRun, first: int, src_document: int, tgt_document: int, encoder: str) -> None:
    """Apply a run from the log to the links."""
    delete_links(db, run.removed)
    proposals = list(run.proposals())
    rescored_count = len(run.rescored)
    rescore_links(db, list(zip(run.rescored, proposals[:rescored_count], strict=True)), encoder)
    pair = (src_document, tgt_document)
    insert_links(db, proposals[rescored_count:], first, pair, encoder, pair_positions(db, *pair))


def rescore_links(db: Database, rescored: Sequence[tuple[int, Proposal]], encoder: str) -> None:
    """Write the new scores of undecided links that a run proposed again; their ids stay."""
    db.conn.executemany(
        "update links set kind = ?, score = ?, confidence = ?, encoder = ?, chain = ?, signals = ? where id = ?",
        ((p.kind.value, p.score, p.confidence, encoder, p.chain, _signals(p), number) for number, p in rescored),
    )


def insert_links(
    db: Database,
    proposals: Sequence[Proposal],
    first: int,
    documents: tuple[int, int],
    encoder: str,
    positions: tuple[SentencePositions, SentencePositions],
    *,
    is_first_run: bool = False,
) -> None:
    """Insert new links with ids from `first`; if they are all links of their pair, with their queue values."""
    src_document, tgt_document = documents
    sources, targets = positions
    start = pair_start(src_document, tgt_document)
    kinds = {kind: kind.value for kind in LinkKind}
    sides = [(stored(p.src), stored(p.tgt)) for p in proposals]
    queued = _queue_values(proposals, sources) if is_first_run else repeat(0.0)
    # One expression without calls in the common case: the most expensive part of a run apart from SQLite itself.
    rows = (
        (
            number, src_document, tgt_document, start + at[1], src, tgt, at[2],
            targets.get(p.tgt[0], MISSING_SENTENCE)[2], kinds[p.kind], p.score, p.confidence, encoder, p.chain,
            _signals(p) if p.signals else None, queue_value,
        )
        for number, (p, (src, tgt), queue_value) in enumerate(zip(proposals, sides, queued, strict=False), first)
        for at in (sources.get(p.src[0], MISSING_SENTENCE),)
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


def _queue_values(proposals: Sequence[Proposal], sources: SentencePositions) -> list[float]:
    """Queue values of proposals that are all the links of their pair."""
    positions = [sources.get(p.src[0], MISSING_SENTENCE)[1] for p in proposals]
    if all(map(le, positions, positions[1:])):
        return pagination.queue_values([p.confidence for p in proposals])
    ordered = sorted(range(len(proposals)), key=positions.__getitem__)
    values = [0.0] * len(proposals)
    for number, value in zip(ordered, pagination.queue_values([proposals[n].confidence for n in ordered]), strict=True):
        values[number] = value
    return values


def delete_links(db: Database, links: Sequence[int]) -> None:
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


def pair_positions(db: Database, src_document: int, tgt_document: int) -> tuple[SentencePositions, SentencePositions]:
    """Sentence positions of both documents."""
    positions = sentence_positions(db, src_document)
    return positions, positions if tgt_document == src_document else sentence_positions(db, tgt_document)


def sentence_positions(db: Database, document: int) -> SentencePositions:
    """Sentence id -> (id, position, language), for one document."""
    rows = db.conn.execute("select id, position, lang from sentences where document = ?", (document,))
    return {row[0]: row for row in rows}


def _signals(proposal: Proposal) -> str | None:
    return json.dumps(proposal.signals, separators=(",", ":")) if proposal.signals else None


def _undecided(
    db: Database, src_document: int, tgt_document: int, languages: tuple[str, str] | None
) -> dict[tuple[str, str], int]:
    condition = f"not {REVIEWED}"
    values: list[object] = []
    start = pair_start(src_document, tgt_document)
    for column, lang in zip(("src_lang", "tgt_lang"), languages or (), strict=False):
        term, parameters = language_term(column, lang)
        condition += f" and {term}"
        values += parameters
    rows = db.conn.execute(
        f"select src, tgt, id from links where place >= ? and place < ? and {condition}",
        [start, start + TARGET_FACTOR, *values],
    )
    return {(src, tgt): link for src, tgt, link in rows}


class _ReviewedLinks:
    """Reviewed links between two documents in either direction, and the proposals that they exclude.

    `rows`: sides, their languages, status, and whether the link is within the languages proposed for.
    """

    def __init__(self, rows: Iterable[tuple[str, str, str, str, str, int]]) -> None:
        self.link_sides: set[tuple[str, str]] = set()
        self.occupied: set[tuple[int, str]] = set()
        """Sentences of links that are not rejected, each with the primary language on the other side of the link."""
        self.linked_to: dict[int, list[set[int]]] = {}
        """Sentences linked to each of those, in any language."""
        self.has_links = False
        self.count = 0
        for one, other, lang, other_lang, status, within in rows:
            self.has_links = True
            self.count += bool(within)
            for src, tgt, facing in ((one, other, other_lang), (other, one, lang)):  # both directions count
                self.link_sides.add((src, tgt))
                if status != "rejected":
                    others = set(sentences_of(tgt))
                    for sentence in sentences_of(src):
                        self.occupied.add((sentence, primary(facing)))
                        self.linked_to.setdefault(sentence, []).append(others)

    def excludes(self, proposal: Proposal, positions: tuple[SentencePositions, SentencePositions]) -> bool:
        """Whether a proposal repeats a reviewed link, or has a sentence of one that is not rejected."""
        src, tgt = proposal.src, proposal.tgt
        if (stored(src), stored(tgt)) in self.link_sides:
            return True
        for side, other, there in ((src, tgt, positions[1]), (tgt, src, positions[0])):
            facing = primary(there.get(other[0], MISSING_SENTENCE)[2])
            if any((sentence, facing) in self.occupied for sentence in side):
                return True
        return any(not others.isdisjoint(tgt) for sentence in src for others in self.linked_to.get(sentence, ()))


def _reviewed_links(
    db: Database, src_document: int, tgt_document: int, languages: tuple[str, str] | None
) -> _ReviewedLinks:
    within, values = "1", list[object]()
    if languages is not None:
        directions = []
        for pair in (languages, languages[::-1]):
            terms = [language_term(column, lang) for column, lang in zip(("src_lang", "tgt_lang"), pair, strict=True)]
            directions.append(" and ".join(term for term, _ in terms))
            values += [value for _, parameters in terms for value in parameters]
        within = " or ".join(f"({direction})" for direction in directions)
    starts = {pair_start(src_document, tgt_document), pair_start(tgt_document, src_document)}
    between = " or ".join(f"(place >= {start} and place < {start + TARGET_FACTOR})" for start in sorted(starts))
    return _ReviewedLinks(
        db.conn.execute(
            f"select src, tgt, src_lang, tgt_lang, status, {within} from links where ({between}) and {REVIEWED}", values
        )
    )


def constraints(db: Database, src_document: int, tgt_document: int) -> StoredConstraints:
    """Accepted, edited and anchored links as `settled`, rejected ones as `rejected`. Links in the other direction are
    mirrored; links within one document are listed in both directions."""
    by_verdict: tuple[list[Constraint], list[Constraint]] = ([], [])
    rows = db.conn.execute(
        """select src_document, id, src, tgt, src_lang, tgt_lang, status, anchored, reviewer from links
           where ((src_document = ?1 and tgt_document = ?2) or (src_document = ?2 and tgt_document = ?1))
             and (status <> 'proposed' or anchored) order by place, id""",
        (src_document, tgt_document),
    )
    for document, link, src, tgt, src_lang, tgt_lang, status, anchored, reviewer in rows:
        ends = sentences_of(src), sentences_of(tgt)
        one = Constraint(link, ends, (src_lang, tgt_lang), Status(status), bool(anchored), reviewer)
        mirrored = replace(one, ends=(ends[1], ends[0]), languages=(tgt_lang, src_lang))
        within = src_document == tgt_document
        by_verdict[status == "rejected"].extend(
            [one, mirrored] if within else [one if document == src_document else mirrored]
        )
    return StoredConstraints(tuple(by_verdict[0]), tuple(by_verdict[1]))
