"""Sentences that a reviewer cut in two. Each half keeps its place in the original text; nothing of the text is touched.

A cut says which sentence, where, and what that sentence covered before. So it can be taken back, made again, carried
to a new reading of its document and to another copy of the store. Those in force stand in `cuts`: they are the sum of
the log, where a decision's detail tells which it made (`cuts`) and which it took back (`joins`).
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
    """`sentence` keeps its number and what stands before `at`; `rest` is the new sentence with what stands after."""

    document: int
    sentence: int
    rest: int
    at: int
    """In characters of the document's original text."""
    pieces: Pieces
    """What `sentence` covered before."""

    def told(self) -> dict[str, Any]:
        """As the log keeps it."""
        return asdict(self)

    @classmethod
    def of(cls, told: dict[str, Any]) -> Cut:
        """The inverse of `told`."""
        return cls(**{**told, "pieces": tuple(Span(*piece) for piece in told["pieces"])})


def follows(patch: tuple[int, dict[str, Any] | None, dict[str, Any] | None]) -> bool:
    """Whether a patch of a cut only says that a link has both halves now, or the whole again."""
    _, was, now = patch
    return was is not None and now is not None and now.keys() <= {"src", "tgt"}


def halves(text: str, pieces: Pieces, at: int) -> tuple[Pieces, Pieces]:
    """What stands before and after `at`, without blanks at the cut. Either may be empty."""
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
    """The offset in `text` that parts the first `count` characters of the sentence's clean text from the others.

    Raises UsageError where one half would be empty, or where the clean text does not come apart there.
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
    while low < high:  # The clean text grows with the offset, but for image names that vanish when they are whole.
        middle = (low + high) // 2
        low, high = (middle + 1, high) if len(first(middle)) < len(wanted[0]) else (low, middle)
    places: list[int] = [low, *range(pieces[0].start + 1, pieces[-1].end)]
    for at in places:
        before, after = halves(text, pieces, at)
        if before and after and (first(at), sentence_text(text, after)) == wanted:
            return at
    raise UsageError("the sentence cannot be cut there: its text was put together. Choose another place.")


# What is in force


def in_force(db: Database, document: int | None = None) -> list[Cut]:
    """The cuts in force, in the order in which they came into it."""
    condition, values = ("1", list[int]()) if document is None else ("document = ?", [document])
    rows = db.conn.execute(f"select decision, document, sentence, rest, at, pieces from cuts where {condition}", values)
    found = [(row[0], Cut(row[1], row[2], row[3], row[4], pieces_of(0, 0, row[5]))) for row in rows.fetchall()]
    return [made for _, made in sorted(found, key=_order)]


def _order(entry: tuple[int, Cut]) -> tuple[int, int, int]:
    """The order of cuts by decision; of one decision, those of the longer stretch first: others may lie in a half."""
    decision, made = entry
    return decision, made.pieces[0].start - made.pieces[-1].end, made.rest


def with_decisions(db: Database, document: int) -> list[tuple[int, Cut]]:
    """The cuts in force of a document, each with the decision that brought it into force."""
    sql = "select decision from cuts where document = ? order by decision, rest"
    decisions = [row[0] for row in db.conn.execute(sql, (document,))]
    return list(zip(decisions, in_force(db, document), strict=True))


def read_pieces(db: Database, document: int) -> tuple[dict[int, Pieces], set[int]]:
    """The cut sentences of a document as they were read, and the numbers of those that came of cuts."""
    return _read_pieces(in_force(db, document))


def _read_pieces(in_force: Sequence[Cut]) -> tuple[dict[int, Pieces], set[int]]:
    whole: dict[int, Pieces] = {}
    made: set[int] = set()
    for cut in reversed(in_force):
        whole[cut.sentence] = cut.pieces
        made.add(cut.rest)
    return {number: pieces for number, pieces in whole.items() if number not in made}, made


def enter(db: Database, decision: int, cuts: Iterable[Cut], joins: Iterable[int]) -> None:
    """Note what a decision made and took back."""
    db.conn.executemany("delete from cuts where rest = ?", ((rest,) for rest in joins))
    db.conn.executemany(
        "insert into cuts (document, sentence, rest, at, pieces, decision) values (?, ?, ?, ?, ?, ?)",
        ((cut.document, cut.sentence, cut.rest, cut.at, json.dumps(cut.pieces), decision) for cut in cuts),
    )


# The rows of the sentences


def next_rest(db: Database) -> int:
    """The number of the next sentence; none is given twice."""
    row = db.conn.execute("select seq from sqlite_sequence where name = 'sentences'").fetchone()
    return int(row[0] if row else 0) + 1


def cut(db: Database, made: Cut) -> None:
    """Cut the sentence. Raises ConflictError where it is not what it was any more."""
    seals.refuse_damaged(db, "document", [made.document])
    if pieces_now(db, made.sentence) != made.pieces or pieces_now(db, made.rest) is not None:
        raise ConflictError("the sentence was cut or read anew since. Look again.")
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
    """Take the cut back. Raises ConflictError where one of the halves was cut again, or read anew."""
    seals.refuse_damaged(db, "document", [made.document])
    text = document_text(db, made.document)
    if (pieces_now(db, made.sentence), pieces_now(db, made.rest)) != halves(text, made.pieces, made.at):
        raise ConflictError("a half of the sentence was cut or read anew since. Take that back first.")
    position = db.conn.execute("select position from sentences where id = ?", (made.sentence,)).fetchone()[0]
    _unindex(db, made.rest)
    db.conn.execute("delete from sentences where id = ?", (made.rest,))
    _shift(db, made.document, position + 1, -1)
    _cover(db, text, made.sentence, made.pieces)
    summarise(db, made.document)


def pieces_now(db: Database, sentence: int) -> Pieces | None:
    """What a sentence covers; None where there is none of that number."""
    row = db.conn.execute('select start, "end", pieces from sentences where id = ?', (sentence,)).fetchone()
    return pieces_of(*row) if row else None


def _cover(db: Database, text: str, sentence: int, pieces: Pieces) -> None:
    """Let a sentence cover these pieces: its row and the index."""
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
    """Sentences behind position `after` stand `step` further on, and so do the links that begin at them."""
    db.conn.execute(
        "update sentences set position = position + ? where document = ? and position > ?", (step, document, after)
    )
    targets = db.conn.execute("select distinct tgt_document from tallies where src_document = ?", (document,))
    for (target,) in targets.fetchall():
        start = pair_start(document, target)
        db.conn.execute(
            "update links set place = place + ? where place > ? and place < ?", (step, start + after, start + TARGET)
        )


# The sum of the log

OF_CUTS = """(detail like '%"cuts":%' or detail like '%"joins":%')"""
"""SQL: a decision made cuts, or took some back."""


def deciding(db: Database) -> list[int]:
    """The decisions that made cuts or took some back."""
    return [row[0] for row in db.conn.execute(f"select id from decisions where {OF_CUTS} order by id")]


def summed(db: Database, through: int | None = None) -> list[tuple[int, Cut]]:
    """The cuts in force as the log tells it, each with the decision that brought it into force; by now, or just after
    the decision `through`.

    A new text of a document begins with the cuts that it carries over; its undo has those of before again.
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
                continue  # It turns what another copy did to its own text.
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
    """Cut the sentences anew, as the log tells it."""
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
    """Where cuts and sentences do not fit together."""
    if in_force(db) != [made for _, made in summed(db)]:
        yield "the cuts in force are not the log's sum"
    sim: dict[int, Pieces | None] = {}
    texts: dict[int, str] = {}
    for made in reversed(in_force(db)):
        text = texts.setdefault(made.document, document_text(db, made.document))
        now = [sim[number] if number in sim else pieces_now(db, number) for number in (made.sentence, made.rest)]
        if tuple(now) != halves(text, made.pieces, made.at):
            yield f"sentences {made.sentence} and {made.rest} are not the halves of what was cut"
        sim[made.sentence], sim[made.rest] = made.pieces, None


# A new reading of the document

Values = tuple[Any, ...]
"""(block, position, start, end, pieces, lang, lang_confidence, text), as `documents.sentence_values` gives them."""


class Source(NamedTuple):
    """A text of the document whose cuts are carried over."""

    text: str
    cuts: Sequence[Cut]
    sentences: Sequence[tuple[int | None, Values]]
    """Number and columns, in reading order."""


@dataclass(slots=True)
class Carried:
    """The sentences of a new reading with the cuts of the old, and those cuts. `numbers`: new position -> old number of
    what came of a cut."""

    values: list[Values]
    cuts: list[Cut]
    numbers: dict[int, int]

    def placed(self, ids: Sequence[int]) -> list[Cut]:
        """The cuts with the numbers that the sentences got: `ids` by position."""
        now = {old: ids[position] for position, old in self.numbers.items()}
        return [replace(made, sentence=now[made.sentence], rest=now[made.rest]) for made in self.cuts]


def carry(sources: Sequence[Source], text: str, values: Sequence[Values]) -> Carried:
    """Cut the sentences of a new reading where the same sentences were cut in the first of the sources that has them.

    The first source is the text that is replaced: what is whole there stays whole, whatever it was earlier.
    """
    pools = [_Pool.of(source) for source in sources]
    texts = {row[7] for row in values}
    used = {number for number, row in sources[0].sentences if row[7] in texts}  # Whole, and still there.
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
    """The sentences of a source by text, in reading order: the number of one that was cut, None for another."""

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
        """Whether a sentence of that text is left."""
        return bool(self.waiting.get(text))

    def take(self, text: str) -> int | None:
        """The next of that text."""
        return self.waiting[text].pop(0)


def _again(made: Sequence[Cut], parts: dict[int, Pieces], old_text: str, text: str) -> Iterator[Cut]:
    """The cuts of one sentence, made in its new reading; `parts` (number -> pieces) grows by what comes of them."""
    for one in made:
        if one.sentence in parts:
            before = sentence_text(old_text, halves(old_text, one.pieces, one.at)[0])
            pieces = parts[one.sentence]
            again = replace(one, at=place_after(text, pieces, len(before)), pieces=pieces)
            parts[one.sentence], parts[one.rest] = halves(text, pieces, again.at)
            yield again
