"""Read links with the texts of both sides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlite_utils import Database

from align.domain import Link, LinkKind, LinkSide, Span, Status
from align.sqlite import reading
from align.store import documents
from align.store.documents import pieces_of
from align.store.filter import ANY, LinkFilter, where
from align.store.log import sentences_of
from align.store.places import KEY_COLUMNS, Order, order_key

LinkRow = tuple[Any, ...]
SentenceIds = tuple[int, ...]

LINK_COLUMNS = (
    "id, src_document, tgt_document, src, tgt, src_lang, tgt_lang, kind, score, confidence, encoder, status, version, "
    "reviewer, decided_at, note, bookmarked, src_text, tgt_text, attention"
)
LINKS_PER_PAGE = 1000
KINDS_BY_NAME = {str(kind): kind for kind in LinkKind}
STATUSES_BY_NAME = {str(status): status for status in Status}


class LinkLoader:
    """Convert rows of `links` to `Link` objects; caches document names."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.names: dict[int, str] = {}
        self.split_rests = documents.split_rests(db)

    def hydrate(self, rows: Sequence[LinkRow]) -> list[Link]:
        """Convert rows to links, in their order, with one query for all sentences."""
        sides = [(sentences_of(row[3]), sentences_of(row[4])) for row in rows]
        texts = sentence_texts(self.db, {number for pair in sides for side in pair for number in side})
        return [self._link(row, src, tgt, texts) for row, (src, tgt) in zip(rows, sides, strict=True)]

    def _link(self, row: LinkRow, src: SentenceIds, tgt: SentenceIds, texts: dict[int, LinkRow]) -> Link:
        # Positional: an export creates a million of these, and keyword arguments take a third longer.
        return Link(
            row[0],
            self._side(row[1], row[5], src, row[17], texts),
            self._side(row[2], row[6], tgt, row[18], texts),
            KINDS_BY_NAME[row[7]],
            row[8],
            row[9],
            STATUSES_BY_NAME[row[11]],
            row[10],
            row[12],
            row[13],
            row[14],
            row[15],
            row[16] == 1,
            row[19],
        )

    def _side(
        self, document: int, lang: str, ids: SentenceIds, edited: str | None, texts: dict[int, LinkRow]
    ) -> LinkSide:
        if len(ids) == 1:
            _, start, end, pieces, text = texts[ids[0]]
            spans = (Span(start, end),) if pieces is None else pieces_of(start, end, pieces)
        else:
            rows = [texts[number] for number in ids]
            text = documents.join_texts([(row[0], row[1], row[2], row[4]) for row in rows], lang, self.split_rests)
            spans = tuple(span for row in rows for span in pieces_of(*row[1:4]))
        name = self.names.get(document) or self._name(document)
        if edited is None:
            return LinkSide(document, name, lang, ids, text, spans)
        return LinkSide(document, name, lang, ids, edited, spans, text)

    def _name(self, document: int) -> str:
        name: str = self.db.conn.execute("select name from documents where id = ?", (document,)).fetchone()[0]
        self.names[document] = name
        return name


def sentence_texts(db: Database, sentence_ids: Iterable[int]) -> dict[int, LinkRow]:
    """(id, start, end, pieces, text) of the sentences, by id."""
    # A parameter instead of literals: the connection caches 256 prepared statements, and with 2,000 ids in each
    # these took 60 MB.
    inside = f"[{','.join(map(str, sentence_ids))}]"
    rows = db.conn.execute(
        'select id, start, "end", pieces, text from sentences where id in (select value from json_each(?))', [inside]
    )
    return {row[0]: row for row in rows}


def link_by_id(db: Database, link: int) -> Link | None:
    """The link, or None if there is none with that id (any more)."""
    return next(iter(by_ids(db, [link])), None)


def stream_links(
    db: Database,
    link_filter: LinkFilter = ANY,
    *,
    order: Order = "document",
    after: int | None = None,
    limit: int | None = None,
) -> Iterator[Link]:
    """Yield links of a filter in order, after link `after`, at most `limit`. Pages by sort key, never by offset.

    Writes of other processes show from the next page on.
    """
    key = KEY_COLUMNS[order]
    hydrator = LinkLoader(db)
    condition, values = where(link_filter)
    last = order_key(db, key, after) if after is not None else None
    remaining = limit
    while remaining is None or remaining > 0:
        page = LINKS_PER_PAGE if remaining is None else min(LINKS_PER_PAGE, remaining)
        after_condition, key_values = (f" and ({key}, id) > (?, ?)", list(last)) if last else ("", [])
        with reading(db):
            rows = db.conn.execute(
                f"select {LINK_COLUMNS}, {key} from links where {condition}{after_condition} "
                f"order by {key}, id limit ?",
                [*values, *key_values, page],
            ).fetchall()
            page_links = hydrator.hydrate(rows)
        yield from page_links
        if len(rows) < page:
            return
        last = (rows[-1][-1], rows[-1][0])
        remaining = None if remaining is None else remaining - len(rows)


def by_ids(db: Database, link_ids: Sequence[int]) -> list[Link]:
    """Links with these ids, in their order; ids without a link are skipped."""
    sql = f"select {LINK_COLUMNS} from links where id in (select value from json_each(?))"
    with reading(db):
        rows = {row[0]: row for row in db.conn.execute(sql, [f"[{','.join(map(str, link_ids))}]"])}
        return LinkLoader(db).hydrate([rows[number] for number in link_ids if number in rows])
