"""Link counts by bucket of `2 ** BUCKET_BITS` source sentences, updated with every write.

They make counts, ranks and jumps cheap in a list of a million links: whole buckets are summed, and only the bucket
of the position is scanned. They can answer conditions on status, documents and languages; for others
`exact_condition` returns None and the caller counts the links.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlite_utils import Database

from align.store.filter import Condition, LinkFilter, language_term

BUCKET_BITS = 9
"""2 ** BUCKET_BITS sentences per bucket: 2,000 buckets for a million links, under a millisecond to scan one."""
GROUPED_COUNTS = """select place >> 9, status, src_document, tgt_document, src_lang, tgt_lang, count(*),
    total(confidence), min(confidence) from links"""


def exact_condition(link_filter: LinkFilter) -> Condition | None:
    """The filter as a condition on `tallies`, or None if they cannot answer it."""
    answerable = LinkFilter(
        statuses=link_filter.statuses,
        src_lang=link_filter.src_lang,
        tgt_lang=link_filter.tgt_lang,
        document=link_filter.document,
        documents=link_filter.documents,
    )
    if answerable != link_filter:
        return None
    return possible_condition(link_filter)


def possible_condition(link_filter: LinkFilter) -> Condition:
    """Condition on `tallies` that is true for every bucket with a match of the filter, and perhaps for others."""
    terms, values = ["1"], list[object]()
    if link_filter.statuses:
        terms.append(f"status in ({', '.join('?' * len(link_filter.statuses))})")
        values += sorted(link_filter.statuses)
    for column, lang in (("src_lang", link_filter.src_lang), ("tgt_lang", link_filter.tgt_lang)):
        if lang is not None:
            term, parameters = language_term(column, lang)
            terms.append(term)
            values += parameters
    if link_filter.document is not None:
        terms.append("(src_document = ? or tgt_document = ?)")
        values += [link_filter.document] * 2
    if link_filter.documents is not None:
        terms.append("src_document = ? and tgt_document = ?")
        values += link_filter.documents
    if link_filter.max_confidence is not None:
        terms.append("least <= ?")
        values.append(link_filter.max_confidence)
    return " and ".join(terms), values


def refresh(db: Database, buckets: Iterable[int]) -> None:
    """Recount these buckets."""
    for bucket in set(buckets):
        db.conn.execute("delete from tallies where bucket = ?", (bucket,))
        db.conn.execute(
            f"insert into tallies {GROUPED_COUNTS} where place >= ? and place < ? group by 1, 2, 4, 5, 6",
            (bucket << BUCKET_BITS, (bucket + 1) << BUCKET_BITS),
        )


def refresh_all(db: Database) -> None:
    """Recount all links."""
    db.conn.execute("delete from tallies")
    db.conn.execute(f"insert into tallies {GROUPED_COUNTS} group by 1, 2, 4, 5, 6")


def refresh_range(db: Database, low: int, high: int) -> None:
    """Recount the buckets of the sort keys from `low` (first of a bucket) to `high`."""
    db.conn.execute("delete from tallies where bucket >= ? and bucket < ?", (low >> BUCKET_BITS, high >> BUCKET_BITS))
    db.conn.execute(
        f"insert into tallies {GROUPED_COUNTS} where place >= ? and place < ? group by 1, 2, 4, 5, 6", (low, high)
    )
