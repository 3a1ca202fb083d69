"""Sentence splits: a reviewer cuts a sentence in two, each half keeps its spans in the unchanged original text.

A split records the sentence, the offset and the spans that the sentence had before, so it can be undone, redone,
and carried over to a new text of its document or to another copy of the store. The table `cuts` has the splits in
force. They can be replayed from the log: the detail of a decision lists the splits it made (`cuts`) and joined
(`joins`).
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

from sqlite_utils import Database

from align.errors import ConflictError, UsageError
from align.models import Span
from align.store import search, transaction
from align.store.decision_log import TARGET_FACTOR, pair_start
from align.store.documents import document_text, pieces_of, update_summary
from align.store.records import storable
from align.text.normalize import sentence_text

Pieces = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """One split: `sentence` keeps its id and the text before `at`; `rest` is the new sentence after it."""

    document: int
    sentence: int
    rest: int
    at: int
    """Offset in characters of the document's original text."""
    pieces: Pieces
    """Spans of `sentence` before the split."""

    def to_dict(self) -> dict[str, Any]:
        """The split as a JSON object, as stored in the log."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Cut:
        """Inverse of `to_dict`."""
        return cls(**{**fields, "pieces": tuple(Span(*piece) for piece in fields["pieces"])})


def follows(patch: tuple[int, dict[str, Any] | None, dict[str, Any] | None]) -> bool:
    """Whether a patch of a split only replaces a link's sentence by its halves, or the halves by the sentence."""
    _, was, now = patch
    return was is not None and now is not None and now.keys() <= {"src", "tgt"}


def split_pieces(text: str, pieces: Pieces, at: int) -> tuple[Pieces, Pieces]:
    """Spans before and after `at`, without whitespace at the cut. Either may be empty."""
    before = _clipped(text, pieces, pieces[0].start, at)
    return before, _clipped(text, pieces, at, pieces[-1].end)


def _clipped(text: str, pieces: Pieces, low: int, high: int) -> Pieces:
    clipped = [Span(max(low, piece.start), min(high, piece.end)) for piece in pieces]
    visible = [piece for piece in clipped if piece.of(text).strip()] if clipped else []
    if visible:
        first, last = visible[0].of(text), visible[-1].of(text)
        visible[0] = Span(visible[0].end - len(first.lstrip()), visible[0].end)
        visible[-1] = Span(visible[-1].start, visible[-1].end - (len(last) - len(last.rstrip())))
    return tuple(visible)


def split_offset(text: str, pieces: Pieces, count: int) -> int:
    """Offset in `text` that separates the first `count` characters of the sentence's clean text from the rest.

    Raises UsageError if one half would be empty, or if no offset divides the clean text there.
    """
    clean_text = sentence_text(text, pieces)
    count = max(0, count)
    expected = clean_text[:count].strip(), clean_text[count:].strip()
    if not all(expected):
        raise UsageError("a sentence is cut between two of its characters: each half keeps some of it.")

    def first(at: int) -> str:
        before = split_pieces(text, pieces, at)[0]
        return sentence_text(text, before) if before else ""

    low, high = pieces[0].start, pieces[-1].end
    while low < high:  # Clean text grows with the offset, except at image names, which are dropped.
        middle = (low + high) // 2
        low, high = (middle + 1, high) if len(first(middle)) < len(expected[0]) else (low, middle)
    candidates: list[int] = [low, *range(pieces[0].start + 1, pieces[-1].end)]
    for at in candidates:
        before, after = split_pieces(text, pieces, at)
        if before and after and (first(at), sentence_text(text, after)) == expected:
            return at
    raise UsageError("the sentence cannot be split there: its text was joined from parts. Choose another position.")


# Splits in force


def in_force(db: Database, document: int | None = None) -> list[Cut]:
    """Splits in force, of one document or all, in the order in which they took effect."""
    condition, values = ("1", list[int]()) if document is None else ("document = ?", [document])
    rows = db.conn.execute(f"select decision, document, sentence, rest, at, pieces from cuts where {condition}", values)
    entries = [(row[0], Cut(row[1], row[2], row[3], row[4], pieces_of(0, 0, row[5]))) for row in rows.fetchall()]
    return [split for _, split in sorted(entries, key=_order)]


def _order(entry: tuple[int, Cut]) -> tuple[int, int, int]:
    """Sort key: by decision; within one decision longer spans first, since later splits may lie in a half of them."""
    decision, split = entry
    return decision, split.pieces[0].start - split.pieces[-1].end, split.rest


def with_decisions(db: Database, document: int) -> list[tuple[int, Cut]]:
    """Splits in force of a document, each with the id of the decision that put it in force."""
    sql = "select decision from cuts where document = ? order by decision, rest"
    decisions = [row[0] for row in db.conn.execute(sql, (document,))]
    return list(zip(decisions, in_force(db, document), strict=True))


def read_pieces(db: Database, document: int) -> tuple[dict[int, Pieces], set[int]]:
    """Original spans of the split sentences of a document (id -> spans), and the ids of the rests."""
    return _read_pieces(in_force(db, document))


def _read_pieces(in_force: Sequence[Cut]) -> tuple[dict[int, Pieces], set[int]]:
    uncut: dict[int, Pieces] = {}
    rests: set[int] = set()
    for cut in reversed(in_force):
        uncut[cut.sentence] = cut.pieces
        rests.add(cut.rest)
    return {number: pieces for number, pieces in uncut.items() if number not in rests}, rests


def enter(db: Database, decision: int, cuts: Iterable[Cut], joins: Iterable[int]) -> None:
    """Record in `cuts` which splits a decision made and joined."""
    db.conn.executemany("delete from cuts where rest = ?", ((rest,) for rest in joins))
    db.conn.executemany(
        "insert into cuts (document, sentence, rest, at, pieces, decision) values (?, ?, ?, ?, ?, ?)",
        ((cut.document, cut.sentence, cut.rest, cut.at, json.dumps(cut.pieces), decision) for cut in cuts),
    )


# Sentence rows


def next_rest(db: Database) -> int:
    """Id of the next sentence. No id is used twice."""
    row = db.conn.execute("select seq from sqlite_sequence where name = 'sentences'").fetchone()
    return int(row[0] if row else 0) + 1


def cut(db: Database, split: Cut) -> None:
    """Split the sentence. Raises ConflictError if its spans have changed since."""
    transaction.refuse_damaged(db, "document", [split.document])
    if pieces_now(db, split.sentence) != split.pieces or pieces_now(db, split.rest) is not None:
        raise ConflictError("the sentence was split or its text replaced since. Reload.")
    text = document_text(db, split.document)
    before, after = split_pieces(text, split.pieces, split.at)
    if not (before and after):
        raise UsageError("a sentence is cut between two of its characters: each half keeps some of it.")
    block, position, lang, lang_confidence = db.conn.execute(
        "select block, position, lang, lang_confidence from sentences where id = ?", (split.sentence,)
    ).fetchone()
    _shift(db, split.document, position, 1)
    _cover(db, text, split.sentence, before)
    db.conn.execute(
        """insert into sentences (id, document, block, position, start, "end", pieces, lang, lang_confidence, text)
           values (?, ?, ?, ?, 0, 0, null, ?, ?, '')""",
        (split.rest, split.document, block, position + 1, lang, lang_confidence),
    )
    _cover(db, text, split.rest, after)
    update_summary(db, split.document)


def join(db: Database, split: Cut) -> None:
    """Undo a split. Raises ConflictError if one of the halves was split again or its document's text was replaced."""
    transaction.refuse_damaged(db, "document", [split.document])
    text = document_text(db, split.document)
    if (pieces_now(db, split.sentence), pieces_now(db, split.rest)) != split_pieces(text, split.pieces, split.at):
        raise ConflictError("a half of the sentence was split or its text replaced since. Undo that first.")
    position = db.conn.execute("select position from sentences where id = ?", (split.sentence,)).fetchone()[0]
    _unindex(db, split.rest)
    db.conn.execute("delete from sentences where id = ?", (split.rest,))
    _shift(db, split.document, position + 1, -1)
    _cover(db, text, split.sentence, split.pieces)
    update_summary(db, split.document)


def pieces_now(db: Database, sentence: int) -> Pieces | None:
    """Current spans of a sentence, or None if there is no sentence with that id."""
    row = db.conn.execute('select start, "end", pieces from sentences where id = ?', (sentence,)).fetchone()
    return pieces_of(*row) if row else None


def _cover(db: Database, text: str, sentence: int, pieces: Pieces) -> None:
    """Set the spans of a sentence: its row, its clean text and its entry in the search index."""
    _unindex(db, sentence)
    written = storable(sentence_text(text, pieces))
    db.conn.execute(
        'update sentences set start = ?, "end" = ?, pieces = ?, text = ? where id = ?',
        (pieces[0].start, pieces[-1].end, json.dumps(pieces) if len(pieces) > 1 else None, written, sentence),
    )
    search.add(db, [(sentence, written)])


def _unindex(db: Database, sentence: int) -> None:
    rows = db.conn.execute("select id, text from sentences where id = ? and text <> ''", (sentence,)).fetchall()
    search.remove(db, rows)


def _shift(db: Database, document: int, after: int, step: int) -> None:
    """Add `step` to the position of sentences after position `after` and to the sort key of links that begin there."""
    db.conn.execute(
        "update sentences set position = position + ? where document = ? and position > ?", (step, document, after)
    )
    targets = db.conn.execute("select distinct tgt_document from tallies where src_document = ?", (document,))
    for (target,) in targets.fetchall():
        start = pair_start(document, target)
        db.conn.execute(
            "update links set place = place + ? where place > ? and place < ?",
            (step, start + after, start + TARGET_FACTOR),
        )


# Replay of the log

HAS_CUTS = """(detail like '%"cuts":%' or detail like '%"joins":%')"""
"""SQL condition: the decision made splits or joined some."""


def split_decisions(db: Database) -> list[int]:
    """Ids of the decisions that made splits or joined some."""
    return [row[0] for row in db.conn.execute(f"select id from decisions where {HAS_CUTS} order by id")]


def replayed(db: Database, through: int | None = None) -> list[tuple[int, Cut]]:
    """Splits in force by the log, each with the decision that put it in force: now, or after decision `through`."""
    last = deque(replay(db, through), maxlen=1)
    entries = last[0][2] if last else {}
    present = {row[0] for row in db.conn.execute("select id from documents")}
    return sorted((entry for entry in entries.values() if entry[1].document in present), key=_order)


def replay(db: Database, through: int | None = None) -> Iterator[tuple[int, set[int], dict[int, tuple[int, Cut]]]]:
    """Yield decisions with the second halves of the splits that they changed, and those in force after them.

    A new text of a document starts with the splits that it carries over; its undo restores those from before.
    """
    entries: dict[int, tuple[int, Cut]] = {}
    replaced: dict[int, dict[int, tuple[int, Cut]]] = {}
    undo_of: dict[int, int] = {}
    for decision, action, document, target, detail in db.conn.execute(
        f"""select id, action, document, target, detail from decisions
            where id <= ? and (coalesce(json_extract(detail, '$.action'), action) = 'import' or {HAS_CUTS})
            order by id""",
        (1 << 62 if through is None else through,),
    ):
        fields = json.loads(detail)
        changed = {*fields.get("joins", ()), *(one["rest"] for one in fields.get("cuts", ()))}
        if fields.get("action", action) == "import":
            source = target if action == "undo" else undo_of.get(target) if action == "redo" else None
            if action != "import" and source not in replaced:
                continue  # It inverts a change that another copy made to its own text.
            if action == "undo":
                undo_of[target] = decision
            replaced[decision] = {rest: entry for rest, entry in entries.items() if entry[1].document == document}
            entries = {rest: entry for rest, entry in entries.items() if rest not in replaced[decision]}
            if source is not None:
                entries |= replaced[source]
            changed |= {*replaced[decision], *(replaced[source] if source is not None else ())}
        for rest in fields.get("joins", ()):
            entries.pop(rest, None)
        for one in fields.get("cuts", ()):
            split = Cut.from_dict(one)
            entries[split.rest] = (decision, split)
        yield decision, changed, entries


def findings(db: Database) -> Iterator[str]:
    """Yield a line for each split that does not match the log or its sentences."""
    if in_force(db) != [split for _, split in replayed(db)]:
        yield "the sentence splits in force differ from the log"
    simulated: dict[int, Pieces | None] = {}
    texts: dict[int, str] = {}
    for split in reversed(in_force(db)):
        text = texts.setdefault(split.document, document_text(db, split.document))
        now = [
            simulated[number] if number in simulated else pieces_now(db, number)
            for number in (split.sentence, split.rest)
        ]
        if tuple(now) != split_pieces(text, split.pieces, split.at):
            yield f"sentences {split.sentence} and {split.rest} are not the halves of the sentence that was split"
        simulated[split.sentence], simulated[split.rest] = split.pieces, None


# New text of the document

Values = tuple[Any, ...]
"""(block, position, start, end, pieces, lang, lang_confidence, text), as from `documents.sentence_values`."""


class SplitSource(NamedTuple):
    """A text of the document whose splits are carried over."""

    text: str
    cuts: Sequence[Cut]
    sentences: Sequence[tuple[int | None, Values]]
    """Id and columns of each sentence, in reading order."""


@dataclass(slots=True)
class CarriedSplits:
    """Sentences of a new text with the old splits applied, and those splits. `numbers`: new position -> old id, for
    the parts of split sentences."""

    values: list[Values]
    cuts: list[Cut]
    numbers: dict[int, int]

    def with_numbers(self, ids: Sequence[int]) -> list[Cut]:
        """The splits with the new sentence ids; `ids` by position."""
        now = {old: ids[position] for position, old in self.numbers.items()}
        return [replace(split, sentence=now[split.sentence], rest=now[split.rest]) for split in self.cuts]


def carry_splits(sources: Sequence[SplitSource], text: str, values: Sequence[Values]) -> CarriedSplits:
    """Apply splits of old texts to equal sentences of the new text; the first source with the sentence decides.

    The first source is the text being replaced: a sentence that is whole in it stays whole, even if an older text
    split it.
    """
    pools = [_Pool.of(source) for source in sources]
    texts = {row[7] for row in values}
    used = {number for number, row in sources[0].sentences if row[7] in texts}  # whole, and in both texts
    carried = CarriedSplits([], [], {})
    for row in values:
        pool = next((pool for pool in pools if pool.has(row[7])), None)
        root = pool.pop(row[7]) if pool else None
        parts = {root: pieces_of(row[2], row[3], row[4])} if root is not None else {}
        splits = list(_again(pool.source.cuts, parts, pool.source.text, text)) if pool and parts else []
        if not splits or (pool is not pools[0] and not used.isdisjoint(parts)):
            carried.values.append((row[0], len(carried.values), *row[2:]))
            continue
        carried.cuts += splits
        used.update(parts)
        for number, pieces in sorted(parts.items(), key=lambda part: part[1][0].start):
            carried.numbers[len(carried.values)] = number
            several = json.dumps(pieces) if len(pieces) > 1 else None
            clean = storable(sentence_text(text, pieces))
            span = pieces[0].start, pieces[-1].end, several
            carried.values.append((row[0], len(carried.values), *span, row[5], row[6], clean))
    return carried


@dataclass(slots=True)
class _Pool:
    """Sentences of a source by text, in reading order: the id of a split sentence, None for a whole one."""

    source: SplitSource
    numbers: dict[str, list[int | None]]

    @classmethod
    def of(cls, source: SplitSource) -> _Pool:
        uncut, rests = _read_pieces(source.cuts)
        pool = cls(source, {})
        for number, values in source.sentences:
            if number in uncut:
                pool.numbers.setdefault(storable(sentence_text(source.text, uncut[number])), []).append(number)
            elif number not in rests:
                pool.numbers.setdefault(values[-1], []).append(None)
        return pool

    def has(self, text: str) -> bool:
        """Whether a sentence with that text is left."""
        return bool(self.numbers.get(text))

    def pop(self, text: str) -> int | None:
        """Remove and return the next one with that text."""
        return self.numbers[text].pop(0)


def _again(cuts: Sequence[Cut], parts: dict[int, Pieces], old_text: str, text: str) -> Iterator[Cut]:
    """The splits of one sentence, applied to its new text; the parts that result are added to `parts` (id -> spans)."""
    for one in cuts:
        if one.sentence in parts:
            before = sentence_text(old_text, split_pieces(old_text, one.pieces, one.at)[0])
            pieces = parts[one.sentence]
            again = replace(one, at=split_offset(text, pieces, len(before)), pieces=pieces)
            parts[one.sentence], parts[one.rest] = split_pieces(text, pieces, again.at)
            yield again
