"""The decision log: append decisions with their patches, and apply them to the links.

A patch gives the old and new values of a link's changed columns. `was` is null for a new link, `now` for a deleted
one. Undo is a decision with inverted patches, and the links are the result of all proposal runs (see `proposals`)
and patches in id order.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlite_utils import Database

from align.errors import ConflictError, StoreError
from align.models import Decision
from align.store.actions import Action
from align.store.merge.causality import Origin
from align.text.tags import primary

if TYPE_CHECKING:
    pass


State = dict[str, Any]
"""A link's columns (`FIELDS`) and values."""


Patch = tuple[int, State | None, State | None]
"""Link id, old values, new values."""


FIELDS: Final = (
    "src_document", "tgt_document", "src", "tgt", "kind", "score", "confidence", "encoder", "chain", "signals",
    "status", "reviewer", "decided_at", "note", "bookmarked", "anchored", "touched", "src_text",
    "tgt_text", "attention",
)  # fmt: skip


NEW: Final[State] = {
    "score": 0.0, "confidence": 1.0, "encoder": "", "chain": 0, "signals": None, "status": "proposed", "reviewer": None,
    "decided_at": None, "note": None, "bookmarked": 0, "anchored": 0, "touched": 0, "src_text": None, "tgt_text": None,
    "attention": None,
}  # fmt: skip


PENDING: Final[State] = {"place": 0, "src_lang": "und", "tgt_lang": "und"}
"""Columns that follow from the sentences, before they are derived."""


REVIEWED: Final = """(status <> 'proposed' or note is not null or bookmarked or anchored or touched
    or src_text is not null or tgt_text is not null)"""
"""SQL condition: a reviewer changed the link, so no proposal run deletes it."""


SOURCE_FACTOR: Final = 1 << 42


TARGET_FACTOR: Final = 1 << 22
"""`links.place` = source document * SOURCE_FACTOR + target document * TARGET_FACTOR + position of the first source
sentence, so that document order goes through one pair of documents after the other. Limits: 2 ** 20 documents of 2
** 22 sentences."""


def is_unreviewed(state: State) -> bool:
    """Whether no reviewer has changed the link; the negation of `REVIEWED`."""
    marks = ("note", "bookmarked", "anchored", "touched")
    is_edited = state.get("src_text") is not None or state.get("tgt_text") is not None
    return state.get("status") == "proposed" and not is_edited and not any(state.get(column) for column in marks)


def now() -> str:
    """The current time: ISO 8601, UTC, with microseconds: `2026-11-21T22:43:30.123456Z`. Sorts as text."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def local_time(at: str) -> str:
    """The time of a decision in local time: `12:05`, with the date before it unless it is today."""
    when, today = datetime.fromisoformat(at).astimezone(), datetime.now().astimezone()
    return when.strftime("%H:%M" if when.date() == today.date() else "%Y-%m-%d %H:%M")


def is_settled(state: State) -> bool:
    """Whether a link is accepted, edited, rejected or an anchor."""
    return state["status"] != "proposed" or bool(state["anchored"])


BUCKET_BITS = 9
"""2 ** BUCKET_BITS sentences per bucket: 2,000 buckets for a million links, under a millisecond to scan one."""


GROUPED_COUNTS = """select place >> 9, status, src_document, tgt_document, src_lang, tgt_lang, count(*),
    total(confidence), min(confidence) from links"""


def recount(db: Database, buckets: Iterable[int]) -> None:
    """Recount these buckets."""
    for bucket in set(buckets):
        db.conn.execute("delete from tallies where bucket = ?", (bucket,))
        db.conn.execute(
            f"insert into tallies {GROUPED_COUNTS} where place >= ? and place < ? group by 1, 2, 4, 5, 6",
            (bucket << BUCKET_BITS, (bucket + 1) << BUCKET_BITS),
        )


def recount_all(db: Database) -> None:
    """Recount all links."""
    db.conn.execute("delete from tallies")
    db.conn.execute(f"insert into tallies {GROUPED_COUNTS} group by 1, 2, 4, 5, 6")


def recount_range(db: Database, low: int, high: int) -> None:
    """Recount the buckets of the sort keys from `low` (first of a bucket) to `high`."""
    db.conn.execute("delete from tallies where bucket >= ? and bucket < ?", (low >> BUCKET_BITS, high >> BUCKET_BITS))
    db.conn.execute(
        f"insert into tallies {GROUPED_COUNTS} where place >= ? and place < ? group by 1, 2, 4, 5, 6", (low, high)
    )


def reshapes(patch: Patch) -> bool:
    """Whether there are other links now, in other places, or surer ones."""
    _, was, now_ = patch
    return was is None or now_ is None or not now_.keys().isdisjoint(("src", "tgt", "confidence"))


def sentences_of(side: str) -> tuple[int, ...]:
    """Sentence ids from a side's column."""
    return tuple(map(int, side.split(","))) if "," in side else (int(side),)


def stored(sentences: Sequence[int]) -> str:
    """Sentence ids as the value of a side's column."""
    return str(sentences[0]) if len(sentences) == 1 else ",".join(map(str, sentences))


def next_link(db: Database) -> int:
    """Id of the next link."""
    row = db.conn.execute("select seq from sqlite_sequence where name = 'links'").fetchone()
    return (row[0] if row else 0) + 1


def state_of(db: Database, link: int) -> State | None:
    """Current state of the link, or None."""
    row = db.conn.execute(f"select {', '.join(FIELDS)} from links where id = ?", (link,)).fetchone()
    return dict(zip(FIELDS, row, strict=True)) if row else None


def append(
    db: Database,
    reviewer: str,
    action: str,
    *,
    at: str | None = None,
    uid: str | None = None,
    link: int | None = None,
    document: int | None = None,
    target: int | None = None,
    detail: dict[str, object] | None = None,
    first_link: int | None = None,
    proposals: bytes | None = None,
    origin: Origin | None = None,
) -> Decision:
    """Append a decision to the log. `origin`: the decisions it knew, if not all that are in the log."""
    at, uid = at or now(), uid or uuid.uuid4().hex
    written = json.dumps(detail or {}, ensure_ascii=False)
    depth, parents = _after_last(db) if origin is None else (origin.depth, json.dumps(origin.parents))
    cursor = db.conn.execute(
        """insert into decisions
               (uid, at, reviewer, action, link, document, target, detail, first_link, proposals, depth, parents)
           values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (uid, at, reviewer, action, link, document, target, written, first_link, proposals, depth, parents),
    )
    assert cursor.lastrowid is not None
    return Decision(cursor.lastrowid, uid, at, reviewer, action, link, detail or {})


def _after_last(db: Database) -> tuple[int, str | None]:
    """`depth` and `parents` of a decision that knows the whole log; after a merge, with the merge's parents."""
    row = db.conn.execute("select depth, parents, action from decisions order by id desc limit 1").fetchone()
    if row is None:
        return 1, None
    depth, parents, action = row
    return depth + 1, parents if action == Action.UNITE else None


def write_patches(db: Database, decision: int, patches: Iterable[Patch]) -> None:
    """Insert the patches of a decision."""
    db.conn.executemany(
        "insert into patches (decision, link, was, now) values (?, ?, ?, ?)",
        ((decision, link, _dump(was), _dump(now_)) for link, was, now_ in patches),
    )


def read_patches(db: Database, decision: int) -> list[Patch]:
    """Patches of a decision, by link."""
    rows = db.conn.execute("select link, was, now from patches where decision = ? order by link", (decision,))
    return [(link, _load(was), _load(now_)) for link, was, now_ in rows]


def _dump(state: State | None) -> str | None:
    return None if state is None else json.dumps(state, ensure_ascii=False, separators=(",", ":"))


def _load(stored: str | None) -> State | None:
    return None if stored is None else json.loads(stored)


def buckets_of(db: Database, patches: Iterable[Patch]) -> set[int]:
    """Buckets in which the links of patches are now."""
    inside = ",".join(str(link) for link, _, _ in patches)
    rows = db.conn.execute(f"select distinct place from links where id in ({inside})")
    return {row[0] >> BUCKET_BITS for row in rows}


def apply(db: Database, decision: int, link: int, columns: State | None) -> None:
    """Apply a patch to one link: create it (all columns), change it (some) or delete it (None)."""
    if columns is None:
        unindex(db, link)
    elif "src" in columns or "tgt" in columns:
        state = {**(state_of(db, link) or {}), **columns}
        unindex(db, link)
        index(db, link, state["src"], state["tgt"])
        columns = {**columns, **derived(db, state["src"], state["tgt"])}
    apply_columns(db, decision, link, columns)


def apply_columns(db: Database, decision: int, link: int, columns: State | None) -> None:
    """Apply a patch to the row of one link, and to nothing else."""
    if columns is None:
        db.conn.execute("delete from links where id = ?", (link,))
        return
    changed = dict(columns)
    if db.conn.execute("select 1 from links where id = ?", (link,)).fetchone():
        assignments = ", ".join(f"{column} = ?" for column in changed)
        db.conn.execute(
            f"update links set {assignments}, version = version + 1 where id = ?", (*changed.values(), link)
        )
    else:
        # A restored link continues its version count, so that versions read before it was deleted are out of date.
        sql = "select count(*) from patches where link = ? and decision <= ?"
        earlier = db.conn.execute(sql, (link, decision)).fetchone()[0]
        changed = {"id": link, "version": max(1, earlier), **PENDING, **changed}
        marks = ", ".join("?" * len(changed))
        db.conn.execute(f"insert into links ({', '.join(changed)}) values ({marks})", tuple(changed.values()))


def unindex(db: Database, link: int) -> None:
    """Delete the rows of a link in `link_sentences`."""
    row = db.conn.execute("select src, tgt from links where id = ?", (link,)).fetchone()
    if row:
        ids = ",".join(row)
        db.conn.execute(f"delete from link_sentences where sentence in ({ids}) and link = ?", (link,))


def index(db: Database, link: int, src: str, tgt: str) -> None:
    """Insert the rows of a link in `link_sentences`."""
    db.conn.executemany(
        "insert into link_sentences (sentence, link, side) values (?, ?, ?)",
        [(number, link, side) for side, ids in enumerate((src, tgt)) for number in sentences_of(ids)],
    )


def derived(db: Database, src: str, tgt: str) -> State:
    """Columns that follow from the sentences. ConflictError if one is missing, StoreError for mixed documents."""
    columns: State = {}
    for side, ids in (("src", src), ("tgt", tgt)):
        rows = db.conn.execute(
            f"""select document, position, sentences.lang from sentences join documents on documents.id = document
                where sentences.id in ({ids}) and removed_at is null order by position"""
        ).fetchall()
        if len(rows) != ids.count(",") + 1:
            raise ConflictError("the text of this link is no longer in its document. Link it again by hand.")
        if len({row[0] for row in rows}) != 1:
            raise StoreError("all sentences of one side must be in one document. Link them one by one.")
        columns[f"{side}_document"], columns[f"{side}_lang"] = rows[0][0], rows[0][2]
        if side == "src":
            position = rows[0][1]
    columns["place"] = pair_start(columns["src_document"], columns["tgt_document"]) + position
    return columns


@dataclass(frozen=True, slots=True)
class Extent:
    """Sentences of a link, source first, with the document and primary language of each side."""

    documents: tuple[int, int]
    languages: tuple[str, str]
    sentences: tuple[frozenset[int], frozenset[int]]

    @property
    def mirrored(self) -> Extent:
        """The extent with its sides swapped."""
        return Extent(self.documents[::-1], self.languages[::-1], self.sentences[::-1])

    def shared(self, other: Extent) -> frozenset[int]:
        """Sentences in both extents if they link the same two texts, in either direction.

        A page may be linked to a page in several languages: one shared sentence is then no overlap, but sentences
        shared on both sides are, in any language.
        """
        overlap: frozenset[int] = frozenset()
        for oriented in (other, other.mirrored):
            if self.documents == oriented.documents:
                common = [one & two for one, two in zip(self.sentences, oriented.sentences, strict=True)]
                if self.languages == oriented.languages or all(common):
                    overlap |= common[0] | common[1]
        return overlap


def is_constraint(state: State) -> bool:
    """Whether the link is a constraint of the solver: confirmed or an anchor."""
    return state["status"] in ("accepted", "edited") or bool(state["anchored"])


def extent(db: Database, state: State) -> Extent:
    """Extent of a link. A side whose first sentence no longer exists has no language."""

    def language(side: str) -> str:
        row = db.conn.execute("select lang from sentences where id = ?", (sentences_of(side)[0],)).fetchone()
        return primary(row[0]) if row else ""

    return Extent(
        (state["src_document"], state["tgt_document"]),
        (language(state["src"]), language(state["tgt"])),
        (frozenset(sentences_of(state["src"])), frozenset(sentences_of(state["tgt"]))),
    )


def pair_start(src_document: int, tgt_document: int) -> int:
    """First sort key of the links from one document to the other; all are below this + `TARGET_FACTOR`."""
    return src_document * SOURCE_FACTOR + tgt_document * TARGET_FACTOR


def decisions(
    db: Database, *, link: int | None = None, document: int | None = None, limit: int | None = None
) -> list[Decision]:
    """Entries of the log, latest first: those that touched a link, or a document and the links of it now, or all."""
    condition, values = "1", list[object]()
    if link is not None:
        if link >= next_link(db):
            return []
        birth = "select id from decisions where first_link <= ? order by first_link desc, id desc limit 1"
        condition = f"(id in (select decision from patches where link = ?) or link = ? or id = ({birth}))"
        values = [link, link, link]
    elif document is not None:
        condition = """(document = ?1 or json_extract(detail, '$.tgt_document') = ?1 or id in (
            select decision from patches join links on links.id = patches.link
            where src_document = ?1 or tgt_document = ?1)
            or exists (select 1 from json_each(detail, '$.members')
                       where json_extract(value, '$[0]') = (select name from documents where id = ?1)))"""
        values = [document]
    rows = db.conn.execute(
        f"""select id, uid, at, reviewer, action, link, detail from decisions where {condition}
            order by id desc limit {-1 if limit is None else int(limit)}""",
        values,
    )
    return [
        Decision(id_, uid, at, reviewer, action, touched, json.loads(detail))
        for id_, uid, at, reviewer, action, touched, detail in rows.fetchall()
    ]


def changes_of(db: Database, decision: int, link: int) -> list[tuple[str, object, object]]:
    """Columns of a link that a decision changed: (column, before, after); None for a missing value."""
    row = db.conn.execute("select was, now from patches where decision = ? and link = ?", (decision, link)).fetchone()
    if row is None:
        return []
    was, now_ = _load(row[0]) or {}, _load(row[1]) or {}
    return [(column, was.get(column), now_.get(column)) for column in FIELDS if was.get(column) != now_.get(column)]


def settling(db: Database, links: Collection[int]) -> dict[str, object]:
    """For the detail of a decision on links in conflict: `settles`, the decisions that are in conflict there."""
    rows = db.conn.execute(
        f"""select distinct value from conflicts, json_each(contested, '$.decisions')
            where link in ({",".join(map(str, links))}) and dismissed is null and contested is not null order by 1"""
    ).fetchall()
    return {"settles": [row[0] for row in rows]} if rows else {}
