"""The `Store` interface: one file, one connection, one transaction at a time."""

from __future__ import annotations

import struct
import uuid
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlite_utils import Database

from align.clock import now
from align.errors import StoreError, UsageError
from align.models import Block, Decision, Document, Link, LinkSide, Proposal, Status
from align.sqlite_session import translate_errors
from align.store import accept_many as bulk
from align.store import (
    conflicts,
    decision_log,
    documents,
    links,
    origins,
    pagination,
    proposals,
    reimport,
    remove,
    schema,
    search,
    undo,
)
from align.store import links as around
from align.store.backup import backup
from align.store.check import StoreFinding, check
from align.store.connection import connect, refuse_replaced, transaction
from align.store.decision_draft import DecisionDraft
from align.store.decision_log import who_changed, who_removed
from align.store.filter import ANY, LinkFilter
from align.store.merge.merge import United, unite
from align.store.origins import Identity
from align.store.pagination import Order
from align.store.rebuild import rebuild
from align.store.records import (
    Added,
    Change,
    Conflict,
    DocumentRow,
    PairRow,
    ProposeCounts,
    SentenceRow,
    StoredConstraints,
    TextChange,
    storable,
    stored_name,
)

DAMAGE_ERRORS = (
    ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError, struct.error,
    zlib.error,
)  # fmt: skip
"""Exceptions that damaged values may cause."""


def open_store(path: Path, *, create: bool = True, readonly: bool = False) -> Store:
    """Open the store at `path`, creating it if needed; close it with `with` or `close()`.

    The connection is for one thread. Raises StoreError, the file unchanged, if there is no store to open or the
    file is not a store that this program can use.
    """
    return Store(path, connect(path, create=create, readonly=readonly))


class Store:
    """Documents, links and decisions. Every method may raise StoreError for disk errors and locks of other writers."""

    def __init__(self, path: Path, db: Database) -> None:
        self.path = path
        self.db = db
        self._group: str | None = None
        self._schema_version = -1
        """Of the schema that was looked at last for what is not of align."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is not None and (damage := self.damage(error)):
                raise damage from error
        finally:
            self.close()

    def damage(self, error: BaseException) -> StoreError | None:
        """StoreError for damage that may have caused an unexpected error; None if the store is sound."""
        if not isinstance(error, DAMAGE_ERRORS):
            return None
        try:
            findings = self.check()
        except StoreError:  # no space for the check, or closed by now: unknown
            return None
        if not findings:
            return None
        return StoreError(f"{self.path}: damaged ({findings[0].problem}). `align store check` lists the damage.")

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write transaction: all writes inside are committed or none. Never encode or wait for input inside."""
        with self._writing_anything():
            self._refuse_foreign()
            yield

    @contextmanager
    def _writing_anything(self) -> Iterator[None]:
        refuse_replaced(self.path, self.db)
        with translate_errors(self.path), transaction(self.db):
            yield

    def _refuse_foreign(self) -> None:
        """Raise StoreError where triggers or indexes of another program may change what is written."""
        version = self.db.conn.execute("pragma schema_version").fetchone()[0]
        if version != self._schema_version:
            try:
                schema.refuse_foreign(self.db)
            except StoreError as error:
                raise StoreError(f"{self.path}: {error}") from error
            self._schema_version = version

    @contextmanager
    def together(self) -> Iterator[None]:
        """Group decisions: those made inside are committed together, and one undo reverts all of a reviewer's."""
        with self.writing():
            before, self._group = self._group, self._group or uuid.uuid4().hex
            try:
                yield
            finally:
                self._group = before

    @contextmanager
    def dry_run(self, *, lock: bool = True) -> Iterator[None]:
        """Roll back all writes made inside; exceptions are passed on."""
        with self.writing() if lock else translate_errors(self.path):
            self.db.conn.execute("savepoint rehearsal")
            try:
                yield
            finally:
                self.db.conn.execute("rollback to rehearsal")
                self.db.conn.execute("release rehearsal")

    def detail(self, why: str = "") -> dict[str, object]:
        """Details of a decision for the log: its reason, and the group of decisions that it is one of."""
        return {name: value for name, value in (("why", why), ("group", self._group)) if value}

    # Documents

    def add_document(
        self,
        doc: Document,
        *,
        reviewer: str = proposals.PROGRAM_NAME,
        lang: str | None = None,
        replace_settled: bool = False,
        origin: str | None = None,
    ) -> Added:
        """Add a document under its name; see `add_documents`."""
        (added,), _ = self.add_documents(
            [doc], reviewer=reviewer, lang=lang, replace_settled=replace_settled, origins=[origin]
        )
        return added

    def add_documents(
        self,
        docs: Sequence[Document],
        *,
        reviewer: str = proposals.PROGRAM_NAME,
        lang: str | None = None,
        replace_settled: bool = False,
        origins: Sequence[str | None] = (),
    ) -> tuple[list[Added], TextChange | None]:
        """Add the documents of one file under their names. Returns the outcome of each and, if texts changed, what
        happened to their links. An unchanged text changes nothing.

        In a changed text, sentences that are still there keep their ids and links; see `reimport`. The change is a
        decision of `reviewer`, which undo reverts. `lang`: language set by hand for a new text; `origins`: the
        files read, if any (see `origins`). Raises TextLossError, with nothing written, if too many decided links
        would lose their text and not `replace_settled`.
        """
        docs = [replace(doc, name=stored_name(doc.name)) for doc in docs]
        added: list[Added] = []
        changed: dict[int, Document] = {}
        change: TextChange | None = None
        with self.writing():
            for doc in docs:
                row = self.db.conn.execute(
                    "select id, digest from documents where name = ? and removed_at is null", (doc.name,)
                ).fetchone()
                if row is None and (returned := undo.bring_back_removed(self.db, reviewer, doc, self.detail())):
                    added.append(Added(returned[0], "added"))
                    change = TextChange(0, restored=returned[1] + (change.restored if change else 0))
                elif row is None:
                    added.append(Added(documents.insert_document(self.db, doc), "added"))
                elif row[1] == doc.digest:
                    added.append(Added(row[0], "unchanged"))
                else:
                    changed[row[0]] = doc
                    added.append(Added(row[0], "changed"))
            if changed:
                restored = change.restored if change else 0
                change = reimport.change_documents(
                    self.db, reviewer, changed, replace_settled=replace_settled, lang=lang, more=self.detail()
                )
                change = replace(change, restored=change.restored + restored)
            for one, origin in zip_longest(added, origins):
                if origin is not None:
                    documents.set_origin(self.db, one.document, origin)
        return added, change

    def identify(self, path: str, file_name: str, parts: Sequence[str] = ("",)) -> Identity:
        """The document that a file belongs to, named `file_name` unless that name is in use; see `origins`."""
        with translate_errors(self.path):
            return origins.identify(self.db, self.path, path, file_name, parts)

    def names_of_parts(self, path: str, file_name: str) -> frozenset[str]:
        """Names of the documents, one a language, that were read from a multilingual file."""
        with translate_errors(self.path):
            return origins.names_of_parts(self.db, self.path, path, file_name)

    def remove_document(self, reviewer: str, document: int) -> Change:
        """Remove a document and its links; undo restores them until the store is compacted."""
        with self.writing():
            decision, touched = remove.remove_document(self.db, reviewer, document)
        return Change(touched, decision, None, f"removed {decision.detail['name']}")

    def documents(self) -> list[DocumentRow]:
        """All documents, in the order they were added."""
        with translate_errors(self.path):
            return documents.document_rows(self.db)

    def text(self, document: int) -> str:
        """Original text of a document. Raises KeyError if there is no such document."""
        with translate_errors(self.path):
            return documents.document_text(self.db, document)

    def blocks(self, document: int) -> list[Block]:
        """Blocks of a document with their sentences."""
        with translate_errors(self.path):
            return documents.blocks_of(self.db, document)

    def sentences(self, document: int, start: int = 0, count: int | None = None) -> list[SentenceRow]:
        """`count` sentences (None: all) from position `start`, in reading order."""
        with translate_errors(self.path):
            return documents.sentence_rows(self.db, document, start, count)

    def sentences_by_id(self, sentence_ids: Sequence[int]) -> list[SentenceRow]:
        """Sentences with these ids, in reading order."""
        with translate_errors(self.path):
            return documents.sentences_by_id(self.db, sentence_ids)

    def languages_of(self, document: int) -> dict[str, int]:
        """Sentence counts by language, most frequent first."""
        with translate_errors(self.path):
            return documents.languages_of(self.db, document)

    def set_language(self, document: int, lang: str) -> None:
        """Set the language of a whole document by hand."""
        with self.writing():
            documents.set_language(self.db, document, lang)

    # Links

    def propose(
        self,
        src_document: int,
        tgt_document: int,
        new_proposals: Iterable[Proposal],
        encoder: str,
        *,
        languages: tuple[str, str] | None = None,
    ) -> ProposeCounts:
        """Replace the undecided links of the pair (within the primary `languages`, if given); decided ones stay."""
        with self.writing():
            return proposals.store_proposals(self.db, src_document, tgt_document, new_proposals, encoder, languages)

    def constraints(self, src_document: int, tgt_document: int) -> StoredConstraints:
        """Decided links between two documents, as constraints for the solver."""
        with translate_errors(self.path):
            return proposals.constraints(self.db, src_document, tgt_document)

    def link(self, link: int) -> Link:
        """The link with that id. Raises KeyError if there is none (any more)."""
        with translate_errors(self.path):
            stored_link = links.link_by_id(self.db, link)
        if stored_link is None:
            raise KeyError(f"link {link}")
        return stored_link

    def links(
        self,
        link_filter: LinkFilter = ANY,
        *,
        order: Order = "document",
        after: int | None = None,
        limit: int | None = None,
    ) -> Iterator[Link]:
        """Stream the links that match a filter, beginning after link `after`."""
        with translate_errors(self.path):
            yield from links.stream_links(self.db, link_filter, order=order, after=after, limit=limit)

    def count(self, link_filter: LinkFilter = ANY) -> int:
        """Number of links that match a filter."""
        with translate_errors(self.path):
            return pagination.count(self.db, link_filter)

    def at(self, rank: int, n: int = 1, link_filter: LinkFilter = ANY, *, order: Order = "document") -> list[Link]:
        """`n` links that match a filter, from 0-based `rank`."""
        with translate_errors(self.path):
            return links.by_ids(self.db, pagination.ids_at(self.db, rank, n, link_filter, order))

    def adjacent_links(
        self, link: int, n: int, link_filter: LinkFilter = ANY, *, order: Order = "document", before: bool = False
    ) -> list[Link]:
        """The `n` links that match a filter directly after a link, or before it, in list order."""
        with translate_errors(self.path):
            return links.by_ids(self.db, pagination.adjacent_ids(self.db, link, n, link_filter, order, before=before))

    def latest(self) -> int:
        """Id of the last decision; 0 if there is none."""
        with translate_errors(self.path):
            return int(self.db.conn.execute("select coalesce(max(id), 0) from decisions").fetchone()[0])

    def others_since(self, decision: int, reviewer: str) -> bool:
        """Whether anyone but the reviewer, the program included, appended to the log after that decision."""
        with translate_errors(self.path):
            sql = "select exists (select 1 from decisions where id > ? and reviewer <> ?)"
            return bool(self.db.conn.execute(sql, (decision, reviewer)).fetchone()[0])

    def who_changed(self, link: Link) -> str | None:
        """Last change of a link, as `B rejected this link at 12:05`; None if unchanged since it was read."""
        with translate_errors(self.path):
            row = self.db.conn.execute("select version from links where id = ?", (link.id,)).fetchone()
            if row is None:
                return f"this link was deleted: {who_removed(self.db, link.id)}"
            return who_changed(self.db, link.id, row[0] - link.version) if row[0] != link.version else None

    def rank(self, link: int, link_filter: LinkFilter = ANY, *, order: Order = "document") -> int | None:
        """Number of links of the filter before this one; None if the link does not exist."""
        with translate_errors(self.path):
            return pagination.rank(self.db, link, link_filter, order)

    def next_link(
        self, after: int | None, link_filter: LinkFilter = ANY, *, order: Order = "document", wrap: bool = True
    ) -> int | None:
        """Id of the first link of the filter after link `after`, from the start again at the end of the list."""
        with translate_errors(self.path):
            return pagination.next_id(self.db, after, link_filter, order, wrap=wrap)

    def next_undecided(
        self,
        after: int | None,
        link_filter: LinkFilter = ANY,
        *,
        order: Order = "document",
        max_confidence: float | None = None,
        wrap: bool = True,
    ) -> int | None:
        """Id of the next undecided link of the filter after `after`, of confidence at most `max_confidence`."""
        if link_filter.statuses and Status.PROPOSED not in link_filter.statuses:
            return None
        undecided_filter = replace(link_filter, statuses=frozenset({Status.PROPOSED}))
        if max_confidence is not None:
            limit = (
                max_confidence
                if link_filter.max_confidence is None
                else min(max_confidence, link_filter.max_confidence)
            )
            undecided_filter = replace(undecided_filter, max_confidence=limit)
        return self.next_link(after, undecided_filter, order=order, wrap=wrap)

    def undecided(self, link_filter: LinkFilter = ANY) -> tuple[int, float]:
        """Number of undecided links that match a filter, and the sum of their confidences."""
        with translate_errors(self.path):
            return pagination.undecided(self.db, link_filter)

    def context(self, side: LinkSide, n: int) -> tuple[tuple[SentenceRow, ...], tuple[SentenceRow, ...]]:
        """Up to `n` sentences before and after a side."""
        with translate_errors(self.path):
            return around.context(self.db, side, n)

    def edition(self, document: int) -> tuple[object, ...]:
        """Opaque value that changes whenever the sentences of the document change: new text or sentence split."""
        with translate_errors(self.path):
            row: tuple[object, ...] = self.db.conn.execute(
                """select digest, sentences, lang, (select total(decision) from cuts where document = ?1)
                   from documents where id = ?1""",
                (document,),
            ).fetchone()
        return row or ()

    def sentence_count(self, document: int) -> int:
        """Number of sentences of a document; 0 if there is no such document."""
        with translate_errors(self.path):
            row = self.db.conn.execute("select sentences from documents where id = ?", (document,)).fetchone()
        return int(row[0]) if row else 0

    def links_of_sentences(self, sentences: Sequence[int]) -> dict[int, list[Link]]:
        """The links of each sentence."""
        with translate_errors(self.path):
            return around.links_of_sentences(self.db, sentences)

    def unreviewed(self, link_ids: Sequence[int]) -> set[int]:
        """The links among `link_ids` that no reviewer has changed: undecided, without a note or any other mark."""
        inside = ",".join(map(str, link_ids))
        with translate_errors(self.path):
            rows = self.db.conn.execute(
                f"select id from links where id in ({inside}) and not {decision_log.REVIEWED}"
            ).fetchall()
        return {row[0] for row in rows}

    def signals(self, link: int) -> dict[str, float] | None:
        """Feature values of a link, as stored when it was proposed."""
        with translate_errors(self.path):
            return around.signals(self.db, link)

    def pairs(self) -> list[PairRow]:
        """Review progress for each pair of documents and languages with links."""
        with translate_errors(self.path):
            return around.pair_rows(self.db)

    def unlinked_with(self, query: str, limit: int) -> list[SentenceRow]:
        """Unlinked sentences that match all terms of `query`, in document order."""
        with translate_errors(self.path):
            sentence_ids = search.unlinked_sentences(self.db, search.parse(query), limit)
            rows = self.sentences_by_id(sentence_ids)
        return sorted(rows, key=lambda row: (row.document, row.position))

    # Decisions

    def decisions(
        self, *, link: int | None = None, document: int | None = None, limit: int | None = None
    ) -> list[Decision]:
        """Decisions, latest first: on one link, on a document and its links, or all."""
        with translate_errors(self.path):
            return decision_log.decisions(self.db, link=link, document=document, limit=limit)

    def changes(self, decision: int, link: int) -> list[tuple[str, object, object]]:
        """Columns of a link that a decision changed: (column, before, after)."""
        with translate_errors(self.path):
            return decision_log.changes_of(self.db, decision, link)

    def accept_many(
        self,
        reviewer: str,
        link_filter: LinkFilter,
        *,
        above: float | None = None,
        through: int | None = None,
        expected_version: int | None = None,
        since: int | None = None,
    ) -> Change:
        """Accept undecided links of a filter: those with confidence at least `above`, those up to link `through`.

        `expected_version` of `through`, and `since`, the id of the last decision, are from when the reviewer
        looked. Raises EmptyDecisionError if there is none, ConflictError if others changed them since.
        """
        with self.writing():
            if through is not None:
                DecisionDraft(self.db, reviewer).expect(through, expected_version)
            return bulk.accept_many(
                self.db, reviewer, link_filter, self.detail(), above=above, through=through, since=since
            )

    def undo(self, reviewer: str) -> Change:
        """Revert the reviewer's last decision in force, with those grouped with it by `together`.

        A decision that cannot be reverted is skipped with a reason. Raises ConflictError if none can be.
        """
        return self._turn(reviewer, "undo")

    def redo(self, reviewer: str) -> Change:
        """Redo the reviewer's last undone decision."""
        return self._turn(reviewer, "redo")

    def _turn(self, reviewer: str, action: str) -> Change:
        with self.writing():
            decision, links, skipped = undo.invert_last(self.db, reviewer, action)
        done = decision.detail["action"]
        summary = f"{action}: {done}"
        if done == "import":
            summary = f"{action}: new text of {decision.detail['name']}"
        if skipped:
            summary += f". Skipped: {skipped}"
        return Change(links, decision, decision.link, summary)

    # Values of front ends

    def remember(self, key: str, value: str) -> None:
        """Store a value of a front end under a key, such as the session state of a reviewer. Not a decision."""
        with self.writing():
            self.db.conn.execute(
                "insert into kept values (?, ?) on conflict (key) do update set value = excluded.value",
                (key, storable(value)),
            )

    def recall(self, key: str) -> str | None:
        """The value stored under a key, or None."""
        with translate_errors(self.path):
            row = self.db.conn.execute("select value from kept where key = ?", (key,)).fetchone()
        return row[0] if row else None

    def record_audit(self, reviewer: str, filter_text: str, n: int, right: int, low: float, high: float) -> None:
        """Store the result of a random-sample audit: `right` of `n` links, and the confidence interval of the rate."""
        with self.writing():
            self.db.conn.execute(
                """insert into audits (at, reviewer, filter, n, "right", low, high) values (?, ?, ?, ?, ?, ?, ?)""",
                (now(), reviewer, filter_text, n, right, low, high),
            )

    def audits(self) -> list[dict[str, object]]:
        """Audits, latest first, as dicts with `id, at, reviewer, filter, n, right, low, high`."""
        with translate_errors(self.path):
            return list(self.db.query("select * from audits order by id desc"))

    # Maintenance

    def rebuild(self) -> int:
        """Rebuild the links from the log; returns their number."""
        with self._writing_anything():
            return rebuild(self.db)

    def compact(self) -> tuple[int, int, int]:
        """Purge removed documents and shrink the file; returns their number and the bytes before and after."""
        with translate_errors(self.path):
            self._refuse_foreign()
            before = remove.size(self.db)
            forgotten = remove.compact(self.db)
            return forgotten, before, remove.size(self.db)

    def unite(self, other: Path) -> United:
        """Merge the decisions of another copy of this store; contradictory ones become conflicts."""
        with closing(connect(other, create=False, readonly=True)) as theirs, self.writing(), translate_errors(other):
            return unite(self.db, theirs, storable(other.name))

    def conflicts(self, link: int | None = None) -> list[Conflict]:
        """Unresolved conflicts with a merged copy or an imported file, in document order; of one link, or all.

        A deleted link has its conflicts until they are dismissed.
        """
        with translate_errors(self.path):
            return conflicts.unresolved(self.db, link)

    def contest(
        self, reviewer: str, link: int, name: str, ours: Mapping[str, str], theirs: Mapping[str, str], *, why: str = ""
    ) -> Change | None:
        """Record a conflict: the file `name` has other columns for the link. None if that conflict is already open."""
        with self.writing():
            contested = conflicts.contest(self.db, reviewer, link, name, ours, theirs, self.detail(why))
        if contested is None:
            return None
        decision, touched = contested
        return Change(touched, decision, link, f"link {link}: in conflict")

    def dismiss(self, reviewer: str, link: int) -> Change:
        """Dismiss the conflicts of a link, which stays unchanged. Raises UsageError if it has none."""
        with self.writing():
            decision, touched = conflicts.dismiss(self.db, reviewer, link)
        return Change(touched, decision, None, f"link {link}: conflicts dismissed, link unchanged")

    def check(self) -> list[StoreFinding]:
        """Findings about the store, none if it is sound. Writes nothing and blocks nobody."""
        with translate_errors(self.path):
            return check(self.db)

    def backup(self, out: Path, *, force: bool = False) -> int:
        """Copy the store as it is now to `out`; returns the bytes. Raises UsageError if `out` is the store."""
        if out.exists() and out.samefile(self.path):
            raise UsageError(f"{out}: is the store itself. Name another file.")
        with translate_errors(self.path):
            return backup(self.db, out, mode=self.path.stat().st_mode & 0o777, force=force)
