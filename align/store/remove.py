"""Documents taken out, undoable until the store is compacted; and the compacting."""

from __future__ import annotations

import json

from sqlite_utils import Database

from align.domain import Decision
from align.errors import ConflictError
from align.store import search
from align.store.door import writing
from align.store.ledger import Ledger
from align.store.proposals import Run


def remove_document(db: Database, reviewer: str, document: int) -> tuple[Decision, tuple[int, ...]]:
    """Take a document and its links out of sight, as one decision. Runs inside the caller's `writing`."""
    row = db.conn.execute("select name from documents where id = ? and removed_at is null", (document,)).fetchone()
    if row is None:
        raise ConflictError(f"document {document} is not there (any more). `align documents` lists them.")
    ledger = Ledger(db, reviewer)
    links = db.conn.execute(
        "select id from links where src_document = ? or tgt_document = ? order by id", (document, document)
    ).fetchall()
    for (link,) in links:
        ledger.remove(link)
    db.conn.execute("update documents set removed_at = ? where id = ?", (ledger.at, document))
    return ledger.close("remove", document=document, detail={"name": row[0], "links": len(links)})


def bring_back(db: Database, document: int) -> None:
    """A removed document is there again. Raises ConflictError where another took its name, or it was compacted away."""
    row = db.conn.execute("select name from documents where id = ?", (document,)).fetchone()
    if row is None:
        raise ConflictError("the document was compacted away. Add its file again.")
    taken = db.conn.execute("select 1 from documents where name = ? and removed_at is null", row).fetchone()
    if taken:
        raise ConflictError(f"{row[0]}: a document of that name was added since. Remove that one first.")
    db.conn.execute("update documents set removed_at = null where id = ?", (document,))


def compact(db: Database) -> int:
    """Forget removed documents and what only they need, then give the room back; returns how many were forgotten."""
    with writing(db):
        removed = [row[0] for row in db.conn.execute("select id from documents where removed_at is not null")]
        for document in removed:
            _forget(db, document)
        _forget_superseded(db)
    db.conn.execute("vacuum")
    db.conn.execute("pragma wal_checkpoint(truncate)")
    return len(removed)


def size(db: Database) -> int:
    """Bytes of the store, with what still stands in its log."""
    pages, each = (db.conn.execute(f"pragma {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return int(pages * each)


def _forget(db: Database, document: int) -> None:
    db.conn.execute(
        """delete from patches where link in (
               select link from patches, json_each(json_array(was, now)) as state
               where json_extract(state.value, '$.src_document') = ?1
                  or json_extract(state.value, '$.tgt_document') = ?1)""",
        (document,),
    )
    db.conn.execute(
        """update decisions set proposals = null where proposals is not null
           and (document = ?1 or json_extract(detail, '$.tgt_document') = ?1)""",
        (document,),
    )
    search.drop(db, db.conn.execute("select id, text from sentences where document = ?", (document,)).fetchall())
    for table in ("cuts", "sentences", "blocks", "texts"):
        db.conn.execute(f"delete from {table} where document = ?", (document,))
    db.conn.execute("delete from documents where id = ?", (document,))


def _forget_superseded(db: Database) -> None:
    """The proposals of runs of which no link is left, in the list or in the log."""
    runs = db.conn.execute(
        "select id, first_link, detail from decisions where proposals is not null order by id"
    ).fetchall()
    for decision, first, detail in runs:
        stop = first + int(json.loads(detail).get("added", 0))
        used = db.conn.execute(
            """select exists(select 1 from links where id >= ?1 and id < ?2)
                   or exists(select 1 from patches where link >= ?1 and link < ?2)""",
            (first, stop),
        ).fetchone()[0]
        if not used:
            packed = db.conn.execute("select proposals from decisions where id = ?", (decision,)).fetchone()[0]
            again = ",".join(map(str, Run.unpack(packed).again))
            if not db.conn.execute(f"select exists(select 1 from links where id in ({again}))").fetchone()[0]:
                db.conn.execute("update decisions set proposals = null where id = ?", (decision,))
