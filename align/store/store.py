"""The `Store` interface: one file, one connection, one transaction at a time."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from types import TracebackType
from typing import Self

from align.errors import StoreError, UsageError
from align.models import Document, Proposal, segments_of
from align.sqlite_session import translate_errors
from align.store import accept_many as bulk
from align.store import (
    conflicts,
    documents,
    proposals,
    reimport,
    remove,
    undo,
)
from align.store.backup import backup
from align.store.check import StoreFinding, check
from align.store.connection import OTHER_COPY, connect
from align.store.decision_draft import DecisionDraft
from align.store.decision_log import now
from align.store.filter import LinkFilter
from align.store.merge.merge import unite
from align.store.rebuild import rebuild
from align.store.records import (
    Added,
    Change,
    ProposeCounts,
    StoredConstraints,
    TextChange,
    United,
    storable,
    stored_name,
)
from align.store.store_queries import StoreQueries

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


class Store(StoreQueries):
    """Documents, links and decisions. Every method may raise StoreError for disk errors and locks of other writers."""

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
                    "select id, digest, reader from documents where name = ? and removed_at is null", (doc.name,)
                ).fetchone()
                if row is None and (returned := undo.bring_back_removed(self.db, reviewer, doc, self.detail())):
                    sql = "select reader from documents where id = ?"
                    if segments_of(self.db.conn.execute(sql, returned[:1]).fetchone()[0]) != doc.segments:
                        changed[returned[0]] = doc
                    added.append(Added(returned[0], "added"))
                    change = TextChange(0, restored=returned[1] + (change.restored if change else 0))
                elif row is None:
                    added.append(Added(documents.insert_document(self.db, doc), "added"))
                elif row[1] == doc.digest and segments_of(row[2]) == doc.segments:
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

    def remove_document(self, reviewer: str, document: int) -> Change:
        """Remove a document and its links; undo restores them until the store is compacted."""
        with self.writing():
            decision, touched = remove.remove_document(self.db, reviewer, document)
        return Change(touched, decision, None, f"removed {decision.detail['name']}")

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

    # Decisions

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

    def visit_to_undo(self, reviewer: str, action: str) -> str | None:
        """The visit of the decision that the reviewer's next `undo` or `redo` is of; None if there is none."""
        with translate_errors(self.path):
            return undo.next_visit(self.db, reviewer, action)

    def redo(self, reviewer: str) -> Change:
        """Redo the reviewer's last undone decision."""
        return self._turn(reviewer, "redo")

    def _turn(self, reviewer: str, action: str) -> Change:
        begun = not self.db.conn.in_transaction
        with self.writing():
            detail = {"visit": self.visit} if self.visit else {}
            decision, links, skipped = undo.invert_last(self.db, reviewer, action, detail, begun=begun)
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
        opened = closing(connect(other, create=False, readonly=True, advice=OTHER_COPY))
        with opened as theirs, self.writing(), translate_errors(other, damaged=OTHER_COPY.damaged):
            return unite(self.db, theirs, storable(other.name))

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
