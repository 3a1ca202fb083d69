"""Context of a link: neighbouring sentences, other links of the same sentences, counts by pair."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlite_utils import Database

from align.domain import Link, LinkSide, Status
from align.store.documents import sentence_rows
from align.store.links import by_ids
from align.store.rows import PairRow, SentenceRow


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
