"""Sentence splits: a reviewer cuts a sentence in two, each half keeps its spans in the unchanged original text.

A split records the sentence, the offset and the spans that the sentence had before, so it can be undone, redone,
and carried over to a new text of its document or to another copy of the store. The table `cuts` has the splits in
force. They can be replayed from the log: the detail of a decision lists the splits it made (`cuts`) and joined
(`joins`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

from sqlite_utils import Database

from align.domain import Span
from align.errors import ConflictError, UsageError
from align.store import seals, search
from align.store.charset import storable
from align.store.documents import document_text, pieces_of, summarise
from align.store.log import TARGET, pair_start
from align.text.clean import sentence_text

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

    def told(self) -> dict[str, Any]:
        """The split as a JSON object, as stored in the log."""
        return asdict(self)

    @classmethod
    def of(cls, told: dict[str, Any]) -> Cut:
        """Inverse of `to_dict`."""
        return cls(**{**told, "pieces": tuple(Span(*piece) for piece in told["pieces"])})


def follows(patch: tuple[int, dict[str, Any] | None, dict[str, Any] | None]) -> bool:
    """Whether a patch of a split only replaces a link's sentence by its halves, or the halves by the sentence."""
    _, was, now = patch
    return was is not None and now is not None and now.keys() <= {"src", "tgt"}


def halves(text: str, pieces: Pieces, at: int) -> tuple[Pieces, Pieces]:
    """Spans before and after `at`, without whitespace at the cut. Either may be empty."""
    before = _clipped(text, pieces, pieces[0].start, at)
    return before, _clipped(text, pieces, at, pieces[-1].end)


def _clipped(text: str, pieces: Pieces, low: int, high: int) -> Pieces:
    clipped = [Span(max(low, piece.start), min(high, piece.end)) for piece in pieces]
    found = [piece for piece in clipped if piece.of(text).strip()] if clipped else []
    if found:
        first, last = found[0].of(text), found[-1].of(text)
        found[0] = Span(found[0].end - len(first.lstrip()), found[0].end)
        found[-1] = Span(found[-1].start, found[-1].end - (len(last) - len(last.rstrip())))
    return tuple(found)


def place_after(text: str, pieces: Pieces, count: int) -> int:
    """Offset in `text` that separates the first `count` characters of the sentence's clean text from the rest.

    Raises UsageError if one half would be empty, or if no offset divides the clean text there.
    """
    whole = sentence_text(text, pieces)
    count = max(0, count)
    wanted = whole[:count].strip(), whole[count:].strip()
    if not all(wanted):
        raise UsageError("a sentence is cut between two of its characters: each half keeps some of it.")

    def first(at: int) -> str:
        before = halves(text, pieces, at)[0]
        return sentence_text(text, before) if before else ""

    low, high = pieces[0].start, pieces[-1].end
    while low < high:  # Clean text grows with the offset, except at image names, which are dropped.
        middle = (low + high) // 2
        low, high = (middle + 1, high) if len(first(middle)) < len(wanted[0]) else (low, middle)
    places: list[int] = [low, *range(pieces[0].start + 1, pieces[-1].end)]
    for at in places:
        before, after = halves(text, pieces, at)
        if before and after and (first(at), sentence_text(text, after)) == wanted:
            return at
    raise UsageError("the sentence cannot be split there: its text was joined from parts. Choose another position.")


# Splits in force


def in_force(db: Database, document: int | None = None) -> list[Cut]:
    """Splits in force, of one document or all, in the order in which they took effect."""
    condition, values = ("1", list[int]()) if document is None else ("document = ?", [document])
    rows = db.conn.execute(f"select decision, document, sentence, rest, at, pieces from cuts where {condition}", values)
    found = [(row[0], Cut(row[1], row[2], row[3], row[4], pieces_of(0, 0, row[5]))) for row in rows.fetchall()]
    return [made for _, made in sorted(found, key=_order)]


def _order(entry: tuple[int, Cut]) -> tuple[int, int, int]:
    """Sort key: by decision; within one decision longer spans first, since later splits may lie in a half of them."""
    decision, made = entry
    return decision, made.pieces[0].start - made.pieces[-1].end, made.rest


def with_decisions(db: Database, document: int) -> list[tuple[int, Cut]]:
    """Splits in force of a document, each with the id of the decision that put it in force."""
    sql = "select decision from cuts where document = ? order by decision, rest"
    decisions = [row[0] for row in db.conn.execute(sql, (document,))]
    return list(zip(decisions, in_force(db, document), strict=True))


def read_pieces(db: Database, document: int) -> tuple[dict[int, Pieces], set[int]]:
    """Original spans of the split sentences of a document (id -> spans), and the ids of the rests."""
    return _read_pieces(in_force(db, document))


def _read_pieces(in_force: Sequence[Cut]) -> tuple[dict[int, Pieces], set[int]]:
    whole: dict[int, Pieces] = {}
    made: set[int] = set()
    for cut in reversed(in_force):
        whole[cut.sentence] = cut.pieces
        made.add(cut.rest)
    return {number: pieces for number, pieces in whole.items() if number not in made}, made


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


def cut(db: Database, made: Cut) -> None:
    """Split the sentence. Raises ConflictError if its spans have changed since."""
    seals.refuse_damaged(db, "document", [made.document])
    if pieces_now(db, made.sentence) != made.pieces or pieces_now(db, made.rest) is not None:
        raise ConflictError("the sentence was split or its text replaced since. Reload.")
    text = document_text(db, made.document)
    before, after = halves(text, made.pieces, made.at)
    if not (before and after):
        raise UsageError("a sentence is cut between two of its characters: each half keeps some of it.")
    block, position, lang, sure = db.conn.execute(
        "select block, position, lang, lang_confidence from sentences where id = ?", (made.sentence,)
    ).fetchone()
    _shift(db, made.document, position, 1)
    _cover(db, text, made.sentence, before)
    db.conn.execute(
        """insert into sentences (id, document, block, position, start, "end", pieces, lang, lang_confidence, text)
           values (?, ?, ?, ?, 0, 0, null, ?, ?, '')""",
        (made.rest, made.document, block, position + 1, lang, sure),
    )
    _cover(db, text, made.rest, after)
    summarise(db, made.document)


def join(db: Database, made: Cut) -> None:
    """Undo a split. Raises ConflictError if one of the halves was split again or its document's text was replaced."""
    seals.refuse_damaged(db, "document", [made.document])
    text = document_text(db, made.document)
    if (pieces_now(db, made.sentence), pieces_now(db, made.rest)) != halves(text, made.pieces, made.at):
        raise ConflictError("a half of the sentence was split or its text replaced since. Undo that first.")
    position = db.conn.execute("select position from sentences where id = ?", (made.sentence,)).fetchone()[0]
    _unindex(db, made.rest)
    db.conn.execute("delete from sentences where id = ?", (made.rest,))
    _shift(db, made.document, position + 1, -1)
    _cover(db, text, made.sentence, made.pieces)
    summarise(db, made.document)


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
    search.drop(db, rows)


def _shift(db: Database, document: int, after: int, step: int) -> None:
    """Add `step` to the position of sentences after position `after` and to the sort key of links that begin there."""
    db.conn.execute(
        "update sentences set position = position + ? where document = ? and position > ?", (step, document, after)
    )
    targets = db.conn.execute("select distinct tgt_document from tallies where src_document = ?", (document,))
    for (target,) in targets.fetchall():
        start = pair_start(document, target)
        db.conn.execute(
            "update links set place = place + ? where place > ? and place < ?", (step, start + after, start + TARGET)
        )


# Replay of the log

OF_CUTS = """(detail like '%"cuts":%' or detail like '%"joins":%')"""
"""SQL condition: the decision made splits or joined some."""


def deciding(db: Database) -> list[int]:
    """Ids of the decisions that made splits or joined some."""
    return [row[0] for row in db.conn.execute(f"select id from decisions where {OF_CUTS} order by id")]


def summed(db: Database, through: int | None = None) -> list[tuple[int, Cut]]:
    """Splits in force by the log, each with the id of the decision that put it in force: now, or after decision
    `through`.

    A new text of a document starts with the splits that it carries over; its undo restores those from before.
    """
    found: dict[int, tuple[int, Cut]] = {}
    replaced: dict[int, dict[int, tuple[int, Cut]]] = {}
    turned: dict[int, int] = {}
    for decision, action, document, target, detail in db.conn.execute(
        f"""select id, action, document, target, detail from decisions
            where id <= ? and (coalesce(json_extract(detail, '$.action'), action) = 'import' or {OF_CUTS})
            order by id""",
        (1 << 62 if through is None else through,),
    ):
        told = json.loads(detail)
        if told.get("action", action) == "import":
            source = target if action == "undo" else turned.get(target) if action == "redo" else None
            if action != "import" and source not in replaced:
                continue  # It inverts a change that another copy made to its own text.
            if action == "undo":
                turned[target] = decision
            replaced[decision] = {rest: entry for rest, entry in found.items() if entry[1].document == document}
            found = {rest: entry for rest, entry in found.items() if rest not in replaced[decision]}
            if source is not None:
                found |= replaced[source]
        for rest in told.get("joins", ()):
            found.pop(rest, None)
        for one in told.get("cuts", ()):
            made = Cut.of(one)
            found[made.rest] = (decision, made)
    present = {row[0] for row in db.conn.execute("select id from documents")}
    return sorted((entry for entry in found.values() if entry[1].document in present), key=_order)


def rebuild(db: Database) -> None:
    """Split the sentences again as recorded in the log."""
    told = summed(db)
    now = in_force(db)
    if not told and not now:
        return
    for made in reversed(now):
        join(db, made)
    db.conn.execute("delete from cuts")
    for decision, made in told:
        cut(db, made)
        enter(db, decision, [made], ())


def findings(db: Database) -> Iterator[str]:
    """Yield a line for each split that does not match the log or its sentences."""
    if in_force(db) != [made for _, made in summed(db)]:
        yield "the sentence splits in force differ from the log"
    sim: dict[int, Pieces | None] = {}
    texts: dict[int, str] = {}
    for made in reversed(in_force(db)):
        text = texts.setdefault(made.document, document_text(db, made.document))
        now = [sim[number] if number in sim else pieces_now(db, number) for number in (made.sentence, made.rest)]
        if tuple(now) != halves(text, made.pieces, made.at):
            yield f"sentences {made.sentence} and {made.rest} are not the halves of the sentence that was split"
        sim[made.sentence], sim[made.rest] = made.pieces, None


# New text of the document

Values = tuple[Any, ...]
"""(block, position, start, end, pieces, lang, lang_confidence, text), as from `documents.sentence_values`."""


class Source(NamedTuple):
    """A text of the document whose splits are carried over."""

    text: str
    cuts: Sequence[Cut]
    sentences: Sequence[tuple[int | None, Values]]
    """Id and columns of each sentence, in reading order."""


@dataclass(slots=True)
class Carried:
    """Sentences of a new text with the old splits applied, and those splits. `numbers`: new position -> old id, for
    the parts of split sentences."""

    values: list[Values]
    cuts: list[Cut]
    numbers: dict[int, int]

    def placed(self, ids: Sequence[int]) -> list[Cut]:
        """The splits with the new sentence ids; `ids` by position."""
        now = {old: ids[position] for position, old in self.numbers.items()}
        return [replace(made, sentence=now[made.sentence], rest=now[made.rest]) for made in self.cuts]


def carry(sources: Sequence[Source], text: str, values: Sequence[Values]) -> Carried:
    """Apply splits of old texts to equal sentences of the new text; the first source with the sentence decides.

    The first source is the text being replaced: a sentence that is whole in it stays whole, even if an older text
    split it.
    """
    pools = [_Pool.of(source) for source in sources]
    texts = {row[7] for row in values}
    used = {number for number, row in sources[0].sentences if row[7] in texts}  # whole, and in both texts
    carried = Carried([], [], {})
    for row in values:
        pool = next((pool for pool in pools if pool.has(row[7])), None)
        root = pool.take(row[7]) if pool else None
        parts = {root: pieces_of(row[2], row[3], row[4])} if root is not None else {}
        made = list(_again(pool.source.cuts, parts, pool.source.text, text)) if pool and parts else []
        if not made or (pool is not pools[0] and not used.isdisjoint(parts)):
            carried.values.append((row[0], len(carried.values), *row[2:]))
            continue
        carried.cuts += made
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

    source: Source
    waiting: dict[str, list[int | None]]

    @classmethod
    def of(cls, source: Source) -> _Pool:
        whole, made = _read_pieces(source.cuts)
        pool = cls(source, {})
        for number, values in source.sentences:
            if number in whole:
                pool.waiting.setdefault(storable(sentence_text(source.text, whole[number])), []).append(number)
            elif number not in made:
                pool.waiting.setdefault(values[-1], []).append(None)
        return pool

    def has(self, text: str) -> bool:
        """Whether a sentence with that text is left."""
        return bool(self.waiting.get(text))

    def take(self, text: str) -> int | None:
        """Remove and return the next one with that text."""
        return self.waiting[text].pop(0)


def _again(made: Sequence[Cut], parts: dict[int, Pieces], old_text: str, text: str) -> Iterator[Cut]:
    """The splits of one sentence, applied to its new text; the parts that result are added to `parts` (id -> spans)."""
    for one in made:
        if one.sentence in parts:
            before = sentence_text(old_text, halves(old_text, one.pieces, one.at)[0])
            pieces = parts[one.sentence]
            again = replace(one, at=place_after(text, pieces, len(before)), pieces=pieces)
            parts[one.sentence], parts[one.rest] = halves(text, pieces, again.at)
            yield again
