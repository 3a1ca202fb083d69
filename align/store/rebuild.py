"""Rebuild the links from the log: apply every proposal run and every patch again, in order."""

from __future__ import annotations

import json

from sqlite_utils import Database

from align.store import decision_log, pagination, schema, search, sentence_splits
from align.store.decision_log import SOURCE_FACTOR, TARGET_FACTOR, apply_columns, read_patches
from align.store.proposals import ProposalRun, apply_run


def rebuild(db: Database) -> int:
    """Rebuild splits, `links`, `link_sentences`, `tallies`, the search index, indexes and triggers; returns the number
    of links.

    Call inside `writing`. The current links are ignored; ids and versions come out the same.
    """
    strict = db.conn.text_factory
    # Damaged texts in derived tables must not stop the rebuild.
    db.conn.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
    try:
        return _rebuild(db)
    finally:
        db.conn.text_factory = strict


def _rebuild(db: Database) -> int:
    # During the replay, links may refer to documents that were purged.
    db.conn.execute("pragma defer_foreign_keys = on")
    schema.repair(db)
    schema.enter_missing(db)
    search.add_all(db)
    _rebuild_splits(db)
    entries = db.conn.execute(
        "select id, first_link, document, detail, proposals is not null from decisions order by id"
    ).fetchall()
    replicated = {row[0] for row in db.conn.execute("select decision from replicas where taken")}
    for decision, first, document, detail, is_run in entries:
        if is_run:
            packed = db.conn.execute("select proposals from decisions where id = ?", (decision,)).fetchone()[0]
            fields = json.loads(detail)
            if not fields.get("dormant"):
                apply_run(db, ProposalRun.unpack(packed), first, document, fields["tgt_document"], fields["encoder"])
        if decision in replicated:
            continue  # Its effect on the links is in the entry of the merge.
        for link, _, columns in read_patches(db, decision):
            apply_columns(db, decision, link, columns)
    derive(db)
    decision_log.recount_all(db)
    pagination.refresh_all(db)
    return int(db.conn.execute("select count(*) from links").fetchone()[0])


def _rebuild_splits(db: Database) -> None:
    """Split the sentences again as recorded in the log."""
    logged = sentence_splits.replayed(db)
    now = sentence_splits.in_force(db)
    if not logged and not now:
        return
    for split in reversed(now):
        sentence_splits.join(db, split)
    db.conn.execute("delete from cuts")
    for decision, split in logged:
        sentence_splits.cut(db, split)
        sentence_splits.enter(db, decision, [split], ())


def derive(db: Database) -> None:
    """Set what follows from the sentences: documents, sort keys, languages of links, and `link_sentences`."""
    for side in ("tgt", "src"):  # the sort key needs the target's document
        _derive_columns(db, side, "1")
    db.conn.execute("delete from link_sentences")
    db.conn.execute(
        """insert into link_sentences (sentence, link, side)
           select sentence.value, links.id, 0 from links, json_each('[' || src || ']') as sentence
           union all
           select sentence.value, links.id, 1 from links, json_each('[' || tgt || ']') as sentence
           order by 1, 2, 3"""
    )


def derive_document(db: Database, document: int) -> None:
    """Set the same columns for the links with a side in one document."""
    for side in ("tgt", "src"):
        _derive_columns(db, side, f"{side}_document = {int(document)}")


def _derive_columns(db: Database, side: str, condition: str) -> None:
    position_sql = (
        f", place = document * {SOURCE_FACTOR} + tgt_document * {TARGET_FACTOR} + position" if side == "src" else ""
    )
    # The cast reads the number before the first comma: the side's first sentence.
    db.conn.execute(
        f"""update links set {side}_document = document, {side}_lang = lang {position_sql} from sentences
            where sentences.id = cast({side} as integer) and {condition}"""
    )
