"""Edits of one reviewer to the links of a store, previewed or committed, each as one decision."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Generic, TypeVar

from align.errors import UsageError
from align.models import CONFIRMED, Decision, Realignment, Status
from align.sqlite_session import ClosesItself
from align.store import Change, LinkFilter, Store, open_store, statements
from align.store.decision_draft import DecisionDraft
from align.store.decision_log import Patch, State, sentences_of, stored
from align.store.edits import Edit, document_of
from align.store.records import SentencePair, storable
from align.store.statements import RoleChange

Expected = int | Mapping[int, int] | None
"""The version of the link when the reviewer loaded it, or the versions of all links that the edit may change."""


@dataclass(frozen=True, slots=True)
class Preview:
    """The changes of an edit, derived from its draft: constraints of the realignment around it."""

    anchors: tuple[SentencePair, ...]
    """Sides of the links that it confirms. A sentence that it splits is whole here, since nothing is written yet."""
    forbidden: tuple[SentencePair, ...]
    """Sides of the links that it rejects."""
    replaced: tuple[int, ...]
    """Links whose sides or status it changes, including the deleted ones."""
    deleted: tuple[int, ...]
    """Links that it deletes and whose sentences are not all in an anchor; without merged links."""
    shared: tuple[int, ...]
    """Confirmed links that share sentences with an anchor and are not changed."""
    documents: tuple[int, ...]
    """The documents of the first of these links, source first; empty for an edit on no link."""
    versions: dict[int, int]
    """Versions of its link and of all links that it changes, at the time of the preview."""


def open_reviewer(path: Path, name: str, visit: str = "") -> Reviewer:
    """A reviewer with its own connection to the store at `path`; a context manager.

    `visit` is written with each decision, where the name is only what somebody typed.
    """
    store = open_store(path, create=False)
    store.visit = visit
    return Reviewer(store, name)


class Reviewer(ClosesItself):
    """Commits the edits of one reviewer. `name` is the reviewer's name in the log."""

    def __init__(self, store: Store, name: str) -> None:
        self.store = store
        self.name = storable(name).strip() or "reviewer"
        self.why = ""

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Commit all decisions inside in one transaction, or none; one undo reverts them together."""
        with self.store.together():
            yield

    @contextmanager
    def because(self, why: str) -> Iterator[None]:
        """Add a reason to the decisions inside, for the history of their links."""
        before, self.why = self.why, storable(why).strip()
        try:
            yield
        finally:
            self.why = before

    # Edits

    def commit(self, edit: Edit, *, expected: Expected = None, realignment: Realignment | None = None) -> Change:
        """Write an edit as one decision, with its realignment; one undo reverts both.

        `expected`: the version of the link when the reviewer loaded it, or the versions of all links that the edit
        may change. Raises ConflictError, with nothing written, where one has another version or is not among them.
        Undecided links that share sentences with confirmed ones are deleted.
        """
        with self.store.writing():
            draft = DecisionDraft(self.store.db, self.name)
            link = edit.link
            if isinstance(expected, Mapping):
                for number, version in expected.items():
                    draft.expect(number, version, called="this link" if number == link else f"link {number}")
            elif link is not None:
                draft.expect(link, expected)
            look_at = edit.apply(draft)
            if isinstance(expected, Mapping):
                draft.expect_no_other(expected)
            if realignment:
                _realign(draft, realignment)
            decision, touched = draft.close(
                edit.action, link=look_at if link is None else link, detail=self.store.detail(self.why)
            )
        return Change(touched, decision, look_at, edit.action)

    def preview(self, edit: Edit) -> Preview:
        """Derive the changes of an edit; writes nothing. Raises UsageError or ConflictError as `commit` does."""
        with self.store.dry_run(lock=False):
            draft = DecisionDraft(self.store.db, self.name)
            edit.apply(draft)
            return _preview(draft, edit.link)

    # Many at once

    def accept_above(
        self, confidence: float, link_filter: LinkFilter | None = None, *, since: int | None = None
    ) -> Change:
        """Accept every undecided link of a filter with at least this confidence.

        `since` is the id of the last decision when the reviewer loaded the links: ConflictError where somebody else
        has changed or proposed one of them since. A link whose sentences are confirmed otherwise is left out, and
        so is the less confident of two that share a sentence. Raises EmptyDecisionError where there is none.
        """
        if not 0.0 <= confidence <= 1.0:
            raise UsageError(f"a confidence is between 0 and 1, not {confidence}.")
        return self.store.accept_many(self.name, link_filter or LinkFilter(), above=confidence, since=since)

    def accept_through(
        self,
        link: int,
        link_filter: LinkFilter | None = None,
        *,
        expected: int | None = None,
        since: int | None = None,
    ) -> Change:
        """Accept this link and every undecided one before it in a filter, in document order; as `accept_above`."""
        return self.store.accept_many(
            self.name, link_filter or LinkFilter(), through=link, expected_version=expected, since=since
        )

    def remove_document(self, document: int) -> Change:
        """Remove a document and its links; undo restores them until the store is compacted."""
        return self.store.remove_document(self.name, document)

    def contest(self, link: int, name: str, ours: Mapping[str, str], theirs: Mapping[str, str]) -> Change | None:
        """Mark a link as in conflict with the file `name`. None if this conflict is already unresolved."""
        return self.store.contest(self.name, link, name, ours, theirs, why=self.why)

    def decide_statement(
        self, statement: str, changes: Sequence[RoleChange], *, label: str | None = None
    ) -> Decision | None:
        """Set roles of passages in a statement, or its label, as one decision; None where nothing would change.

        `statement`: its uid; a new one makes a statement. Raises UsageError for a document that is not in the store.
        """
        with self.store.writing():
            return statements.decide(
                self.store.db, self.name, statement, changes, label=label, detail=self.store.detail(self.why)
            )

    def dismiss(self, link: int) -> Change:
        """Dismiss all unresolved conflicts of a link (which may be deleted), keeping the local version."""
        return self.store.dismiss(self.name, link)

    # Undo and redo

    def undo(self) -> Change:
        """Revert this reviewer's last decision in effect. Raises ConflictError where its links changed since."""
        return self.store.undo(self.name)

    def redo(self) -> Change:
        """Redo the last undone decision, if there was no decision since."""
        return self.store.redo(self.name)

    # No decisions

    def remember(self, key: str, value: str) -> None:
        """Save a value for the next session: the last position, the order, the filter."""
        self.store.remember(key, value)

    def record_audit(self, filter_text: str, n: int, right: int, low: float, high: float) -> None:
        """Record the result of a random-sample audit: `right` of `n`, and the confidence interval of the rate."""
        self.store.record_audit(self.name, filter_text, n, right, low, high)


def _realign(draft: DecisionDraft, realignment: Realignment) -> None:
    """Delete undecided links that the realignment removes, and add its proposals."""
    for link in realignment.removed:
        if draft.present(link.id) and not draft.is_reviewed(link.id):
            draft.expect(link.id, link.version, called=f"link {link.id}")
            draft.remove(link.id)
    for proposal in realignment.added:
        src, tgt = stored(proposal.src), stored(proposal.tgt)
        draft.make(
            src=src,
            tgt=tgt,
            src_document=document_of(draft, src),
            tgt_document=document_of(draft, tgt),
            kind=proposal.kind.value,
            score=proposal.score,
            confidence=proposal.confidence,
            chain=proposal.chain,
            signals=json.dumps(proposal.signals, separators=(",", ":")) if proposal.signals else None,
            encoder=realignment.encoder,
        )


def _preview(draft: DecisionDraft, link: int | None) -> Preview:
    """Changes of the draft of an edit on `link`."""
    patches = draft.patches()
    decided = [
        number for number, was, now in patches if was is None or now is None or now.get("decided_at") == draft.at
    ]
    own = [] if link is None else [link]
    after = {number: draft.state(number) for number in decided or own if draft.present(number)}
    whole = {made.rest: made.sentence for made in draft.cuts}
    anchors = [_ends(state, whole) for state in after.values() if state["status"] in CONFIRMED]
    existing = dict.fromkeys([*(number for number, was, _ in patches if was is not None), *own])
    first = next(iter(after.values()), None)
    return Preview(
        anchors=tuple(_united(anchors) if whole else anchors),
        forbidden=tuple(_ends(state, whole) for state in after.values() if state["status"] == Status.REJECTED),
        replaced=tuple(number for number in decided if draft.before(number) is not None),
        deleted=tuple(_deleted(patches, whole, anchors)),
        shared=tuple(sorted(draft.shared)),
        documents=(first["src_document"], first["tgt_document"]) if first else (),
        versions=draft.versions(existing),
    )


def _deleted(patches: Iterable[Patch], whole: Mapping[int, int], anchors: Sequence[SentencePair]) -> Iterator[int]:
    """Yield the links that are deleted and whose sentences are not all in an anchor."""
    linked = {sentence for ends in anchors for sentence in _sentences(ends)}
    for number, was, now in patches:
        if was and now is None and not linked.issuperset(_sentences(_ends(was, whole))):
            yield number


def _ends(state: State, whole: Mapping[int, int]) -> SentencePair:
    """Both sides of a link, with second halves replaced by the sentence (`whole`) that they were split from."""
    src, tgt = (
        tuple(dict.fromkeys(whole.get(number, number) for number in sentences_of(state[side])))
        for side in ("src", "tgt")
    )
    return src, tgt


def _sentences(ends: SentencePair) -> tuple[int, ...]:
    return (*ends[0], *ends[1])


def _united(anchors: list[SentencePair]) -> list[SentencePair]:
    """The anchors, with those that share a sentence combined into one."""
    united: list[SentencePair] = []
    for src, tgt in anchors:
        for other in [other for other in united if set(other[0]) & set(src) or set(other[1]) & set(tgt)]:
            united.remove(other)
            src, tgt = tuple(dict.fromkeys((*other[0], *src))), tuple(dict.fromkeys((*other[1], *tgt)))
        united.append((src, tgt))
    return united


R = TypeVar("R")

T = TypeVar("T")


class WorkerThread(Generic[R]):
    """Runs jobs on one thing, one after another, in a thread of its own. `open_thing` is called there, when needed."""

    def __init__(self, name: str, open_thing: Callable[[], AbstractContextManager[R]]) -> None:
        self._open = open_thing
        self._context: AbstractContextManager[R] | None = None
        self._thing: R | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._lock = Lock()
        self._waiting = 0
        self._closing = False
        self.lost: list[BaseException] = []
        """What went wrong after `close` was called, when nobody could be told any more."""

    @property
    def waiting(self) -> int:
        """Jobs that are not done yet."""
        return self._waiting

    def submit(self, work: Callable[[R], T]) -> Future[T]:
        """Queue the work; its future holds the outcome or the error."""
        with self._lock:
            self._waiting += 1
        future = self._thread.submit(self._run, work)
        future.add_done_callback(self._done)
        return future

    def close(self) -> None:
        """Finish what is queued, then close the thing."""
        self._closing = True
        self._thread.submit(self._shut)
        self._thread.shutdown(wait=True)

    def _done(self, future: Future[Any]) -> None:
        with self._lock:
            self._waiting -= 1
        error = future.exception()
        if self._closing and error is not None:
            self.lost.append(error)

    def _run(self, work: Callable[[R], T]) -> T:
        if self._thing is None:
            self._context = self._open()
            self._thing = self._context.__enter__()
        return work(self._thing)

    def _shut(self) -> None:
        if self._context is not None:
            self._context.__exit__(None, None, None)


class DecisionWriter(WorkerThread[Reviewer]):
    """Writes decisions, and remembers small things when there is time."""

    def __init__(self, open_reviewer: Callable[[], AbstractContextManager[Reviewer]]) -> None:
        super().__init__("decisions", open_reviewer)
        self._pending_settings: dict[str, str] = {}

    def remember(self, key: str, value: str) -> None:
        """Keep a value in the store when there is time; only the latest of each key is written."""
        with self._lock:
            waiting = bool(self._pending_settings)
            self._pending_settings[key] = value
        if not waiting:
            self._thread.submit(self._run, self._write_settings)

    def _write_settings(self, reviewer: Reviewer) -> None:
        with self._lock:
            pending_settings, self._pending_settings = self._pending_settings, {}
        for key, value in pending_settings.items():
            reviewer.remember(key, value)
