"""Read links with the texts of both sides."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sqlite_utils import Database

from align.errors import UsageError
from align.models import Link, LinkKind, LinkSide, Span, Status
from align.sqlite_session import reading
from align.store import documents
from align.store.actions import past_tense
from align.store.decision_log import TARGET_FACTOR, State, local_time, pair_start, sentences_of, stored
from align.store.documents import pieces_of, sentence_rows
from align.store.filter import ANY, LinkFilter, where
from align.store.pagination import KEY_COLUMNS, Order, order_key
from align.store.records import PairRow, SentenceRow

if TYPE_CHECKING:
    pass


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


def ends_between(db: Database, src_document: int, tgt_document: int) -> list[LinkRow]:
    """(id, src, tgt, status, confidence) of the links from one document to the other that are not rejected."""
    low = pair_start(src_document, tgt_document)
    rows = db.conn.execute(
        """select id, src, tgt, status, confidence from links
           where place >= ? and place < ? and status <> 'rejected'""",
        (low, low + TARGET_FACTOR),
    )
    return [
        (number, sentences_of(src), sentences_of(tgt), STATUSES_BY_NAME[status], confidence)
        for number, src, tgt, status, confidence in rows
    ]


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


def context(db: Database, side: LinkSide, n: int) -> tuple[tuple[SentenceRow, ...], tuple[SentenceRow, ...]]:
    """Up to `n` sentences before the first and after the last sentence of a side."""
    inside = ",".join(map(str, side.sentences))
    low, high = db.conn.execute(f"select min(position), max(position) from sentences where id in ({inside})").fetchone()
    if low is None:
        return (), ()
    start = max(0, low - n)
    before = sentence_rows(db, side.document, start, low - start)
    return tuple(before), tuple(sentence_rows(db, side.document, high + 1, n))


def neighbour(db: Database, sentence: int, step: int) -> int | None:
    """The sentence of the same language that is next in the document, before (-1) or after (1)."""
    compare, order = ("<", "desc") if step < 0 else (">", "asc")
    row = db.conn.execute(
        f"""select other.id from sentences as own join sentences as other
            on other.document = own.document and other.position {compare} own.position and other.lang = own.lang
            where own.id = ? order by other.position {order} limit 1""",
        (sentence,),
    ).fetchone()
    return row[0] if row else None


def links_on_side(db: Database, sentence: int, side: int, documents: tuple[int, int]) -> list[int]:
    """Links between two documents with the sentence on a side (0 or 1), settled ones first, no rejected one."""
    rows = db.conn.execute(
        """select links.id from link_sentences join links on links.id = link_sentences.link
           where sentence = ? and side = ? and src_document = ? and tgt_document = ? and status <> 'rejected'
           order by status = 'proposed', links.id""",
        (sentence, side, *documents),
    )
    return [row[0] for row in rows.fetchall()]


def links_on(db: Database, sentences: Collection[int]) -> list[int]:
    """Links that have one of the sentences, in order."""
    inside = ",".join(map(str, sentences))
    rows = db.conn.execute(f"select distinct link from link_sentences where sentence in ({inside}) order by link")
    return [row[0] for row in rows.fetchall()]


def share_both_sides(one: State, other: State) -> bool:
    """Whether two links share sentences on both sides."""
    return all(not set(sentences_of(one[side])).isdisjoint(sentences_of(other[side])) for side in ("src", "tgt"))


def have_same_sides(one: State, other: State) -> bool:
    """Whether two links have the same two sides, swapped or not."""
    return {one["src"], one["tgt"]} == {other["src"], other["tgt"]}


def links_of_sentences(db: Database, sentences: Sequence[int]) -> dict[int, list[Link]]:
    """Links of each sentence, ordered by id."""
    inside = ",".join(map(str, sentences))
    pairs = db.conn.execute(
        f"select sentence, link from link_sentences where sentence in ({inside}) order by sentence, link"
    ).fetchall()
    links = {link.id: link for link in by_ids(db, sorted({link for _, link in pairs}))}
    links_by_sentence: dict[int, list[Link]] = {sentence: [] for sentence in sentences}
    for sentence, link in pairs:
        if link in links:
            links_by_sentence[sentence].append(links[link])
    return links_by_sentence


def signals(db: Database, link: int) -> dict[str, float] | None:
    """Feature values of a link, or None if they were not stored."""
    row = db.conn.execute("select signals from links where id = ?", (link,)).fetchone()
    return json.loads(row[0]) if row and row[0] else None


def pair_rows(db: Database) -> list[PairRow]:
    """Link counts of each pair of documents and languages, in document order."""
    names = dict(db.conn.execute("select id, name from documents"))
    rows_by_pair: dict[tuple[int, int, str, str], PairRow] = {}
    for src, tgt, src_lang, tgt_lang, status, count, expected in db.conn.execute(
        """select src_document, tgt_document, src_lang, tgt_lang, status, sum(n), sum(total) from tallies
           group by src_document, tgt_document, src_lang, tgt_lang, status order by 1, 2, min(bucket), 3, 4"""
    ):
        key = (src, tgt, src_lang, tgt_lang)
        if key not in rows_by_pair:
            counts = dict.fromkeys(Status, 0)
            rows_by_pair[key] = PairRow(src, tgt, names[src], names[tgt], src_lang, tgt_lang, counts, 0.0)
        row = rows_by_pair[key]
        row.counts[Status(status)] = count
        if status == Status.PROPOSED:
            rows_by_pair[key] = PairRow(src, tgt, row.src_doc, row.tgt_doc, src_lang, tgt_lang, row.counts, expected)
    return list(rows_by_pair.values())


def who_changed(db: Database, link: int, versions: int, called: str = "this link") -> str:
    """`B rejected this link at 12:05`: the last verdict among the last `versions` changes of a link, else the last."""
    rows = db.conn.execute(
        """select reviewer, action, at, json_extract(was, '$.status'), json_extract(now, '$.status')
           from patches join decisions on decisions.id = decision
           where patches.link = ? order by decision desc limit ?""",
        (link, max(1, versions)),
    ).fetchall()
    if not rows:
        return f"{called} came with a new proposal"
    reviewer, action, at, before, after = next((row for row in rows if row[3] != row[4]), rows[0])
    verdict = {"proposed": "reopened"}.get(after, after) if before != after else None
    done = f"{verdict} {called}" if verdict else f"changed {called} ({past_tense(action)})"
    return f"{reviewer} {done} at {local_time(at)}"


def who_removed(db: Database, link: int) -> str:
    """Who took a link away, how and when."""
    row = db.conn.execute(
        """select reviewer, action, at from patches join decisions on decisions.id = decision
           where patches.link = ? and now is null order by decision desc limit 1""",
        (link,),
    ).fetchone()
    if row is None:
        return "a new proposal took it away"
    return f"{row[0]} took it away at {local_time(row[2])} ({past_tense(row[1])})"


def removed_by(db: Database, link: int) -> str:
    """What took a link away, in words."""
    row = db.conn.execute(
        """select action, reviewer, json_extract(detail, '$.name') from decisions
           where id = (select max(decision) from patches where link = ? and now is null)""",
        (link,),
    ).fetchone()
    if row is None:
        return "a new proposal took it away"
    action, reviewer, name = row
    return f"{reviewer} added {name} with another text" if action == "import" else f"{action!r} by {reviewer}"


def ordered(db: Database, ids: Iterable[int]) -> str:
    """The sentences as a side's column, in reading order. Raises UsageError for ids that are no sentences'."""
    sentence_ids = set(ids)
    inside = ",".join(map(str, sentence_ids))
    rows = db.conn.execute(f"select id from sentences where id in ({inside}) order by document, position").fetchall()
    if len(rows) != len(sentence_ids):
        raise UsageError("a sentence of this link is no longer in its document. Look again.")
    return stored([row[0] for row in rows])


def sharing_both_sides(db: Database, src: str, tgt: str) -> list[int]:
    """Links that share sentences with the two sides on both of theirs, either way round."""
    rows = db.conn.execute(
        f"""select distinct one.link from link_sentences as one
            join link_sentences as two on two.link = one.link and two.side <> one.side
            where one.sentence in ({src}) and two.sentence in ({tgt}) order by one.link"""
    )
    return [row[0] for row in rows.fetchall()]
