"""Remove documents, which can be undone until the store is compacted, and compact the store."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from sqlite_utils import Database

from align.errors import ConflictError
from align.models import Decision
from align.store import revisions, search
from align.store.decision_draft import DecisionDraft
from align.store.decision_log import Patch, State, append
from align.store.documents import existing_name
from align.store.merge.replica import pack_own
from align.store.proposals import PROGRAM_NAME, ProposalRun
from align.store.transaction import refuse_damaged, transaction


def remove_document(db: Database, reviewer: str, document: int) -> tuple[Decision, tuple[int, ...]]:
    """Hide a document and delete its links, as one decision. Call inside `writing`."""
    name = existing_name(db, document)
    draft = DecisionDraft(db, reviewer)
    links = db.conn.execute(
        "select id from links where src_document = ? or tgt_document = ? order by id", (document, document)
    ).fetchall()
    sides = revisions.sides_of(db, (link for (link,) in links))
    for (link,) in links:
        draft.remove(link)
    db.conn.execute("update documents set removed_at = ? where id = ?", (draft.at, document))
    decision, touched = draft.close("remove", document=document, detail={"name": name, "links": len(links)})
    note_displaced(draft, decision, sides)
    return decision, touched


def note_displaced(draft: DecisionDraft, decision: Decision, sides: Mapping[int, revisions.SideDigests]) -> None:
    """Note the links that went with a removed document and the texts they stood on, so that they come back with it."""
    ends = {link: (was["src_document"], was["tgt_document"]) for link, was, now in draft.moves() if was and not now}
    revisions.displace(draft.db, decision.id, ends, sides)


def removed(db: Database, name: str, digest: str) -> int | None:
    """The decision that removed a document of that name and text which is not there; the last of several."""
    row = db.conn.execute(
        """select max(decisions.id) from documents join decisions on document = documents.id
           where documents.name = ? and digest = ? and removed_at is not null and action = 'remove'""",
        (name, digest),
    ).fetchone()
    return None if row is None else row[0]


def with_both_documents(db: Database, patches: Sequence[Patch]) -> list[Patch]:
    """The patches without those that bring back a link of a removed document: it comes back with that one."""
    gone = {row[0] for row in db.conn.execute("select id from documents where removed_at is not null")}
    return [patch for patch in patches if not patch[2] or gone.isdisjoint(_ends(patch[2]))]


def _ends(state: State) -> tuple[object, object]:
    return state.get("src_document"), state.get("tgt_document")


def restore_document(db: Database, document: int) -> None:
    """Restore a removed document. Raises ConflictError if its name is in use again, or if it was compacted away."""
    row = db.conn.execute("select name from documents where id = ?", (document,)).fetchone()
    if row is None:
        raise ConflictError("the document was compacted away. Add its file again.")
    same_name = db.conn.execute("select 1 from documents where name = ? and removed_at is null", row).fetchone()
    if same_name:
        raise ConflictError(f"{row[0]}: a document of that name was added since. Remove that one first.")
    db.conn.execute("update documents set removed_at = null where id = ?", (document,))


def compact(db: Database) -> int:
    """Purge removed documents with all that only they need and shrink the file; returns the number of documents."""
    with transaction(db):
        removed = [row[0] for row in db.conn.execute("select id from documents where removed_at is not null")]
        _shorten_log(db, removed)
        names = [name for (name,) in db.conn.execute("select name from documents where removed_at is not null")]
        for document in removed:
            _forget(db, document)
        if removed:
            append(db, PROGRAM_NAME, "compact", detail={"documents": len(removed), "names": names})
    db.conn.execute("vacuum")
    db.conn.execute("pragma wal_checkpoint(truncate)")
    return len(removed)


def size(db: Database) -> int:
    """Size of the store in bytes, including its log."""
    pages, each = (db.conn.execute(f"pragma {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return int(pages * each)


def _forget(db: Database, document: int) -> None:
    """Delete the text of a document and everything that was read from it."""
    search.remove(db, db.conn.execute("select id, text from sentences where document = ?", (document,)).fetchall())
    revisions.delete_revisions(db, document)
    for table in ("cuts", "sentences", "blocks", "texts"):
        db.conn.execute(f"delete from {table} where document = ?", (document,))
    db.conn.execute("delete from documents where id = ?", (document,))


def _shorten_log(db: Database, documents: Sequence[int]) -> None:
    """Purge links of these documents and of superseded runs, with their patches.

    The proposals of a run are one BLOB: it stays while a link that the run made or rescored exists or may come
    back, and so do the entries that deleted its other links. The links that a run deleted are always stored:
    another run may have made them.
    """
    refuse_damaged(db, "decision", [row[0] for row in db.conn.execute("select id from decisions")])
    _find_deleted(db, documents)
    for decision, made_links, run in _runs(db):
        if _is_needed(db, made_links, run):
            db.conn.execute("delete from gone where link >= ? and link < ?", (made_links.start, made_links.stop))
        else:
            packed = ProposalRun(removed=run.removed).pack() if run.removed else None
            db.conn.execute(
                "update decisions set proposals = ?, detail = json_set(detail, '$.purged', json('true')) where id = ?",
                (packed, decision),
            )
    purged = db.conn.execute("select distinct decision from patches where link in (select link from gone)")
    pack_own(db, {row[0] for row in purged})  # Another copy may have the document: there they count.
    db.conn.execute("delete from patches where link in (select link from gone)")
    db.conn.execute("drop table gone")


def _find_deleted(db: Database, documents: Sequence[int]) -> None:
    """Create the table `gone`: deleted links whose last state had a side in one of the documents."""
    inside = f"({','.join(map(str, documents))})"
    db.conn.execute(
        f"""create temp table gone as
            select link from (select link, was, now, max(decision) from patches group by link)
            where now is null and (json_extract(was, '$.src_document') in {inside}
                                   or json_extract(was, '$.tgt_document') in {inside})"""
    )
    of_documents = f"document in {inside} or json_extract(detail, '$.tgt_document') in {inside}"
    for _, _, run in _runs(db, of_documents):
        db.conn.executemany("insert into gone values (?)", ((link,) for link in run.removed))
    db.conn.execute("create index temp.gone_link on gone (link)")
    db.conn.execute("delete from gone where link in (select id from links)")


def _runs(db: Database, condition: str = "1") -> Iterator[tuple[int, range, ProposalRun]]:
    """Runs of the log, each with its decision id and the ids of the links that it made."""
    rows = db.conn.execute(
        f"select id, first_link, detail from decisions where proposals is not null and ({condition}) order by id"
    ).fetchall()
    for decision, first, detail in rows:
        packed = db.conn.execute("select proposals from decisions where id = ?", (decision,)).fetchone()[0]
        yield decision, range(first, first + int(json.loads(detail).get("added", 0))), ProposalRun.unpack(packed)


def _is_needed(db: Database, made_links: range, run: ProposalRun) -> bool:
    """Whether a link that the run made exists or is in the remaining log, or a link that it rescored exists."""
    again = ",".join(map(str, run.rescored))
    row = db.conn.execute(
        f"""select exists(select 1 from links where id >= ?1 and id < ?2)
                or exists(select 1 from patches where link >= ?1 and link < ?2 and link not in (select link from gone))
                or exists(select 1 from links where id in ({again}))""",
        (made_links.start, made_links.stop),
    ).fetchone()
    return bool(row[0])
