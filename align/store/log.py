"""The log: decisions appended with what they changed, and the links kept in step.

A decision's patches say, link by link, which columns were what and became what. `was` null: the link was made;
`now` null: it was taken away. So undo is a decision with the patches turned round, and the links are the sum of the
log: proposals (see `proposals`) and patches in the order of their ids.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from typing import Any, Final

from sqlite_utils import Database

from align.domain import Decision
from align.errors import ConflictError, StoreError, UsageError
from align.store import tallies
from align.store.clock import now
from align.text.clean import join

State = dict[str, Any]
"""What a link is, by column of `FIELDS`."""
Patch = tuple[int, State | None, State | None]
"""A link, what of it was what before, and what it became."""

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
"""What follows from the sentences, until it is derived."""
KEPT: Final = """(status <> 'proposed' or note is not null or bookmarked or anchored or touched
    or src_text is not null or tgt_text is not null)"""
"""SQL: the link has a reviewer's touch, so no proposal run takes it away."""
SOURCE: Final = 1 << 42
TARGET: Final = 1 << 22
"""`links.place` = source document * SOURCE + target document * TARGET + position of the first source sentence, so that
document order goes through one pair of documents after the other. Room for 2 ** 20 documents of 2 ** 22 sentences."""


def sentences_of(side: str) -> list[int]:
    """The sentence ids of a side's column."""
    return [int(number) for number in side.split(",")]


def stored(ids: Iterable[int]) -> str:
    """Sentence ids as a side's column."""
    return ",".join(map(str, ids))


def state_of(db: Database, link: int) -> State | None:
    """The link as it is, or None."""
    row = db.conn.execute(f"select {', '.join(FIELDS)} from links where id = ?", (link,)).fetchone()
    return dict(zip(FIELDS, row, strict=True)) if row else None


class Ledger:
    """One decision in the making: changes gather here and land together, with their patches, in `close`."""

    def __init__(self, db: Database, reviewer: str) -> None:
        self.db = db
        self.reviewer = reviewer
        self.at = now()
        self._was: dict[int, State | None] = {}
        self._now: dict[int, State | None] = {}
        self._made: list[int] = []

    def state(self, link: int) -> State:
        """The link as it would be by now. Raises ConflictError where it is no more."""
        if link not in self._now:
            found = state_of(self.db, link)
            self._was[link] = found
            self._now[link] = dict(found) if found else None
        state = self._now[link]
        if state is None:
            raise ConflictError(f"link {link} is no more: another decision or a new proposal took it away. Look again.")
        return state

    def present(self, link: int) -> bool:
        """Whether the link would be there by now."""
        try:
            self.state(link)
        except ConflictError:
            return False
        return True

    def expect(self, link: int, version: int | None) -> State:
        """The link, unless it changed since `version` (None: whatever it is). Raises ConflictError."""
        state = self.state(link)
        row = self.db.conn.execute("select version, reviewer, status from links where id = ?", (link,)).fetchone()
        if version is not None and row is not None and row[0] != version:
            who = f"{row[1]} made it {row[2]}" if row[1] else f"it is {row[2]} now"
            raise ConflictError(f"link {link} changed since you saw it: {who}. Look again and decide.")
        return state

    def change(self, link: int, **columns: Any) -> None:
        """Set columns of a link."""
        self.state(link).update(columns)

    def decide(self, link: int, **columns: Any) -> None:
        """Set columns of a link, and who did it and when."""
        self.change(link, reviewer=self.reviewer, decided_at=self.at, **columns)

    def make(self, **columns: Any) -> int:
        """A new link; returns its id."""
        if not self._made:
            row = self.db.conn.execute("select seq from sqlite_sequence where name = 'links'").fetchone()
            link = (row[0] if row else 0) + 1
        else:
            link = self._made[-1] + 1
        self._made.append(link)
        self._was[link] = None
        self._now[link] = {**NEW, **columns}
        return link

    def restore(self, link: int, state: State) -> None:
        """Bring back a link that was taken away, under its own id. Raises ConflictError where it is there."""
        if self.present(link):
            raise ConflictError(f"link {link} is there again already. Look again.")
        self._now[link] = dict(state)

    def remove(self, link: int) -> None:
        """Take a link away."""
        self.state(link)
        self._now[link] = None

    # What the shape of a decision has to know

    def kept(self, link: int) -> bool:
        """Whether the link has a reviewer's touch by now."""
        state = self.state(link)
        touches = ("note", "bookmarked", "anchored", "touched")
        worded = state["src_text"] is not None or state["tgt_text"] is not None
        return state["status"] != "proposed" or worded or any(state[column] for column in touches)

    def ordered(self, ids: Iterable[int]) -> str:
        """The sentences as a side's column, in reading order. Raises UsageError for ids that are no sentences'."""
        wanted = set(ids)
        inside = ",".join(map(str, wanted))
        rows = self.db.conn.execute(
            f"select id from sentences where id in ({inside}) order by document, position"
        ).fetchall()
        if len(rows) != len(wanted):
            raise UsageError("a sentence of this link is no longer in its document. Look again.")
        return ",".join(str(row[0]) for row in rows)

    def document(self, side: str) -> int:
        """The document of a side's sentences. Raises UsageError where they are of several."""
        rows = self.db.conn.execute(f"select distinct document from sentences where id in ({side})").fetchall()
        if len(rows) != 1:
            raise UsageError("one side of a link cannot reach over two documents. Link them one by one.")
        return int(rows[0][0])

    def position(self, sentence: int) -> tuple[int, int]:
        """(document, position) of a sentence."""
        row = self.db.conn.execute("select document, position from sentences where id = ?", (sentence,)).fetchone()
        return row[0], row[1]

    def joined(self, side: str) -> str:
        """The clean text of a side's sentences."""
        rows = self.db.conn.execute(
            f"select text, lang from sentences where id in ({side}) order by position"
        ).fetchall()
        return join([row[0] for row in rows], rows[0][1])

    def join(self, texts: list[str], side: str) -> str:
        """Texts in a row, as the language of the side's sentences joins them."""
        row = self.db.conn.execute(f"select lang from sentences where id in ({side}) order by position").fetchone()
        return join(texts, row[0])

    def neighbour(self, sentence: int, step: int) -> int | None:
        """The sentence of the same language that stands next in the document, before (-1) or after (1)."""
        compare, order = ("<", "desc") if step < 0 else (">", "asc")
        row = self.db.conn.execute(
            f"""select other.id from sentences as own join sentences as other
                on other.document = own.document and other.position {compare} own.position and other.lang = own.lang
                where own.id = ? order by other.position {order} limit 1""",
            (sentence,),
        ).fetchone()
        return row[0] if row else None

    def link_at(self, sentence: int, like: State, side: str) -> int | None:
        """The link between the same documents as `like` that has the sentence on the same side; settled ones first."""
        rows = self.db.conn.execute(
            """select links.id from link_sentences join links on links.id = link_sentences.link
               where sentence = ? and side = ? and src_document = ? and tgt_document = ? and status <> 'rejected'
               order by status = 'proposed', links.id""",
            (sentence, 0 if side == "src" else 1, like["src_document"], like["tgt_document"]),
        ).fetchall()
        return next((row[0] for row in rows if self.present(row[0])), None)

    def overlapping(self, src: str, tgt: str) -> list[int]:
        """Links that share sentences with the two sides on both of theirs, either way round."""
        rows = self.db.conn.execute(
            f"""select distinct one.link from link_sentences as one
                join link_sentences as two on two.link = one.link and two.side <> one.side
                where one.sentence in ({src}) and two.sentence in ({tgt}) order by one.link"""
        )
        return [row[0] for row in rows.fetchall()]

    @staticmethod
    def signals(found: dict[str, float] | None) -> str | None:
        """Signals as their column."""
        return json.dumps(found, separators=(",", ":")) if found else None

    # Landing

    def patches(self) -> list[Patch]:
        """(link, was, now) of every link that differs, columns that did not change left out."""
        found: list[Patch] = []
        for link, now_ in self._now.items():
            was = self._was[link]
            if was is not None and now_ is not None:
                keys = [key for key in FIELDS if was[key] != now_[key]]
                if keys:
                    found.append((link, {key: was[key] for key in keys}, {key: now_[key] for key in keys}))
            elif was is not now_:
                found.append((link, was, now_))
        return found

    def close(
        self,
        action: str,
        *,
        link: int | None = None,
        document: int | None = None,
        target: int | None = None,
        detail: dict[str, object] | None = None,
    ) -> tuple[Decision, tuple[int, ...]]:
        """Append the decision with its patches and bring the links to it; returns it and the links it touched."""
        patches = self.patches()
        decision = append(
            self.db, self.reviewer, action, at=self.at, link=link, document=document, target=target, detail=detail,
            first_link=self._made[0] if self._made else None,
        )  # fmt: skip
        write_patches(self.db, decision.id, patches)
        buckets = buckets_of(self.db, patches)
        for number, _, now_ in patches:
            apply(self.db, decision.id, number, now_)
        tallies.refresh(self.db, buckets | buckets_of(self.db, patches))
        return decision, tuple(number for number, _, _ in patches)


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
) -> Decision:
    """Write a row of the log."""
    at, uid = at or now(), uid or uuid.uuid4().hex
    written = json.dumps(detail or {}, ensure_ascii=False)
    cursor = db.conn.execute(
        """insert into decisions (uid, at, reviewer, action, link, document, target, detail, first_link, proposals)
           values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (uid, at, reviewer, action, link, document, target, written, first_link, proposals),
    )
    assert cursor.lastrowid is not None
    return Decision(cursor.lastrowid, uid, at, reviewer, action, link, detail or {})


def write_patches(db: Database, decision: int, patches: Iterable[Patch]) -> None:
    """The patches of a decision as rows."""
    db.conn.executemany(
        "insert into patches (decision, link, was, now) values (?, ?, ?, ?)",
        ((decision, link, _dump(was), _dump(now_)) for link, was, now_ in patches),
    )


def read_patches(db: Database, decision: int) -> list[Patch]:
    """The patches of a decision, by link."""
    rows = db.conn.execute("select link, was, now from patches where decision = ? order by link", (decision,))
    return [(link, _load(was), _load(now_)) for link, was, now_ in rows]


def _dump(state: State | None) -> str | None:
    return None if state is None else json.dumps(state, ensure_ascii=False, separators=(",", ":"))


def _load(stored: str | None) -> State | None:
    return None if stored is None else json.loads(stored)


def buckets_of(db: Database, patches: Iterable[Patch]) -> set[int]:
    """The stretches of text in which the links of patches stand now."""
    inside = ",".join(str(link) for link, _, _ in patches)
    rows = db.conn.execute(f"select distinct place from links where id in ({inside})")
    return {row[0] >> tallies.SHIFT for row in rows}


def apply(db: Database, decision: int, link: int, columns: State | None) -> None:
    """Bring one link to what a patch says it is now: made (all columns), changed (some) or taken away (None)."""
    if columns is None:
        unindex(db, link)
    elif "src" in columns or "tgt" in columns:
        state = {**(state_of(db, link) or {}), **columns}
        unindex(db, link)
        index(db, link, state["src"], state["tgt"])
        columns = {**columns, **derived(db, state["src"], state["tgt"])}
    apply_columns(db, decision, link, columns)


def apply_columns(db: Database, decision: int, link: int, columns: State | None) -> None:
    """Write what a patch says into the row of one link, and nothing else."""
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
        # A link that comes back goes on counting: whoever saw an earlier life of it is out of date.
        sql = "select count(*) from patches where link = ? and decision <= ?"
        earlier = db.conn.execute(sql, (link, decision)).fetchone()[0]
        changed = {"id": link, "version": max(1, earlier), **PENDING, **changed}
        marks = ", ".join("?" * len(changed))
        db.conn.execute(f"insert into links ({', '.join(changed)}) values ({marks})", tuple(changed.values()))


def unindex(db: Database, link: int) -> None:
    """Forget which sentences a link has."""
    row = db.conn.execute("select src, tgt from links where id = ?", (link,)).fetchone()
    if row:
        ids = ",".join(row)
        db.conn.execute(f"delete from link_sentences where sentence in ({ids}) and link = ?", (link,))


def index(db: Database, link: int, src: str, tgt: str) -> None:
    """Note which sentences a link has."""
    db.conn.executemany(
        "insert into link_sentences (sentence, link, side) values (?, ?, ?)",
        [(int(number), link, side) for side, ids in enumerate((src, tgt)) for number in ids.split(",")],
    )


def derived(db: Database, src: str, tgt: str) -> State:
    """Columns that follow from the sentences: documents, place, languages. Raises StoreError where one is missing."""
    columns: State = {}
    for side, ids in (("src", src), ("tgt", tgt)):
        rows = db.conn.execute(
            f"select document, position, lang from sentences where id in ({ids}) order by position"
        ).fetchall()
        if len(rows) != ids.count(",") + 1:
            raise ConflictError("the text of this link is no longer in its document. Link it again by hand.")
        if len({row[0] for row in rows}) != 1:
            raise StoreError("one side of a link cannot reach over two documents. Link them one by one.")
        columns[f"{side}_document"], columns[f"{side}_lang"] = rows[0][0], rows[0][2]
        if side == "src":
            position = rows[0][1]
    columns["place"] = pair_start(columns["src_document"], columns["tgt_document"]) + position
    return columns


def pair_start(src_document: int, tgt_document: int) -> int:
    """Where the places of the links from one document to the other begin; they end before `+ TARGET`."""
    return src_document * SOURCE + tgt_document * TARGET
