"""Links as they are read: whole, with the text of both sides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlite_utils import Database

from align.domain import Link, LinkKind, LinkSide, Span, Status
from align.store.documents import pieces_of
from align.store.filter import ANY, LinkFilter, where
from align.store.places import KEYS, Order, key_of
from align.text.clean import join

Row = tuple[Any, ...]

COLUMNS = (
    "id, src_document, tgt_document, src, tgt, src_lang, tgt_lang, kind, score, confidence, encoder, status, version, "
    "reviewer, decided_at, note, bookmarked, src_text, tgt_text, attention"
)
PAGE = 1000
KINDS = {str(kind): kind for kind in LinkKind}
STATUSES = {str(status): status for status in Status}


def numbers(stored: str) -> tuple[int, ...]:
    """The sentence ids of a side from its column."""
    return tuple(map(int, stored.split(",")))


class Hydrator:
    """Turns rows of `links` into `Link`s; remembers the names of documents."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.names: dict[int, str] = {}

    def links(self, rows: Sequence[Row]) -> list[Link]:
        """The rows as links, in their order, their sentences fetched at once."""
        wanted = {number for row in rows for side in (row[3], row[4]) for number in numbers(side)}
        found = sentence_texts(self.db, wanted)
        return [self._link(row, found) for row in rows]

    def _link(self, row: Row, found: dict[int, Row]) -> Link:
        return Link(
            id=row[0],
            src=self._side(row[1], row[5], row[3], row[17], found),
            tgt=self._side(row[2], row[6], row[4], row[18], found),
            kind=KINDS[row[7]],
            score=row[8],
            confidence=row[9],
            encoder=row[10],
            status=STATUSES[row[11]],
            version=row[12],
            reviewer=row[13],
            decided_at=row[14],
            note=row[15],
            bookmarked=bool(row[16]),
            attention=row[19],
        )

    def _side(self, document: int, lang: str, stored: str, edited: str | None, found: dict[int, Row]) -> LinkSide:
        ids = numbers(stored)
        if len(ids) == 1:
            _, start, end, pieces, text = found[ids[0]]
            spans = (Span(start, end),) if pieces is None else pieces_of(start, end, pieces)
        else:
            rows = [found[number] for number in ids]
            text = join([row[4] for row in rows], lang)
            spans = tuple(span for row in rows for span in pieces_of(*row[1:4]))
        name = self.names[document] if document in self.names else self._name(document)
        if edited is None:
            return LinkSide(document, name, lang, ids, text, spans)
        return LinkSide(document, name, lang, ids, edited, spans, original=text)

    def _name(self, document: int) -> str:
        name: str = self.db.conn.execute("select name from documents where id = ?", (document,)).fetchone()[0]
        self.names[document] = name
        return name


def sentence_texts(db: Database, wanted: Iterable[int]) -> dict[int, Row]:
    """(id, start, end, pieces, text) of the sentences, by id."""
    inside = ",".join(map(str, wanted))
    rows = db.conn.execute(f'select id, start, "end", pieces, text from sentences where id in ({inside})')
    return {row[0]: row for row in rows}


def link_by_id(db: Database, link: int) -> Link | None:
    """The link, or None where there is none of that number (any more)."""
    row = db.conn.execute(f"select {COLUMNS} from links where id = ?", (link,)).fetchone()
    return Hydrator(db).links([row])[0] if row else None


def stream(
    db: Database,
    chosen: LinkFilter = ANY,
    *,
    order: Order = "document",
    after: int | None = None,
    limit: int | None = None,
) -> Iterator[Link]:
    """The links of a filter in order, from the one after link `after`, at most `limit`; pages by key, never by offset.

    What another process writes meanwhile shows from the next page on.
    """
    key = KEYS[order]
    hydrator = Hydrator(db)
    condition, values = where(chosen)
    last = key_of(db, key, after) if after is not None else None
    left = limit
    while left is None or left > 0:
        page = PAGE if left is None else min(PAGE, left)
        beyond, key_values = (f" and ({key}, id) > (?, ?)", list(last)) if last else ("", [])
        rows = db.conn.execute(
            f"select {COLUMNS}, {key} from links where {condition}{beyond} order by {key}, id limit ?",
            [*values, *key_values, page],
        ).fetchall()
        yield from hydrator.links(rows)
        if len(rows) < page:
            return
        last = (rows[-1][-1], rows[-1][0])
        left = None if left is None else left - len(rows)


def by_ids(db: Database, wanted: Sequence[int]) -> list[Link]:
    """The links of these numbers, in their order; numbers of none are left out."""
    rows = {row[0]: row for row in db.conn.execute(f"select {COLUMNS} from links where id in ({ids(wanted)})")}
    return Hydrator(db).links([rows[number] for number in wanted if number in rows])


def ids(wanted: Iterable[int]) -> str:
    """Numbers for an `in (...)`."""
    return ",".join(map(str, wanted))
