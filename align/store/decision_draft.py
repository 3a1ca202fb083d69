"""The draft of a decision: its changes of links and sentences, collected and then written together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlite_utils import Database

from align.errors import ConflictError
from align.models import Decision
from align.store import decision_log, pagination, sentence_splits
from align.store.decision_log import (
    FIELDS,
    NEW,
    SOURCE_FACTOR,
    Patch,
    State,
    append,
    apply,
    buckets_of,
    extent,
    is_constraint,
    is_unreviewed,
    next_link,
    now,
    reshapes,
    sentences_of,
    settling,
    state_of,
    write_patches,
)
from align.store.documents import join_texts, split_rests
from align.store.links import who_changed, who_removed
from align.store.merge.causality import Origin
from align.store.sentence_splits import Cut

DECIDED = ("src", "tgt", "status", "src_text", "tgt_text", "kind", "note", "attention")
"""What a decision on a link in conflict decides, whether it changes it or not."""


class DecisionDraft:
    """A decision that is not written yet: `close` writes its changes together, with their patches."""

    def __init__(self, db: Database, reviewer: str) -> None:
        self.db = db
        self.reviewer = reviewer
        self.at = now()
        self._was: dict[int, State | None] = {}
        self._now: dict[int, State | None] = {}
        self._made: list[int] = []
        self._touched_columns: dict[int, tuple[str, ...]] = {}
        self.cuts: list[Cut] = []
        self.joins: list[Cut] = []
        self._on: dict[int, set[int]] = {}
        self.detail: dict[str, object] = {}
        """Details of the decision for the log, besides its patches."""
        self.shared: set[int] = set()
        """Settled links that share sentences with a link of the decision and stay, as the reviewer agreed."""

    def state(self, link: int) -> State:
        """The link as it would be by now. Raises ConflictError where it was deleted."""
        if link not in self._now:
            state = state_of(self.db, link)
            self._was[link] = state
            self._now[link] = dict(state) if state else None
        state = self._now[link]
        if state is None:
            raise ConflictError(f"link {link} was deleted: {who_removed(self.db, link)}. Look again.")
        return state

    def before(self, link: int) -> State | None:
        """The link as it was before this decision; None where there was none."""
        self.present(link)
        return self._was[link]

    def changed(self) -> set[int]:
        """The links that the decision has looked at so far: no others may be changed by it."""
        return set(self._now)

    def present(self, link: int) -> bool:
        """Whether the link would be there by now."""
        try:
            self.state(link)
        except ConflictError:
            return False
        return True

    def expect(self, link: int, version: int | None, *, called: str = "this link") -> State:
        """The link, unless it changed since `version` (None: whatever it is).

        Raises ConflictError that says who did what and when, and `called` for the link.
        """
        state = self.state(link)
        row = self.db.conn.execute("select version from links where id = ?", (link,)).fetchone()
        if version is not None and row is not None and row[0] != version:
            raise ConflictError(f"{who_changed(self.db, link, row[0] - version, called)}. Decide again.")
        return state

    def versions(self, links: Iterable[int]) -> dict[int, int]:
        """The versions of links as they were before this decision."""
        rows = self.db.conn.execute(f"select id, version from links where id in ({','.join(map(str, links))})")
        return dict(rows.fetchall())

    def expect_no_other(self, expected: Collection[int]) -> None:
        """Raises ConflictError where the decision changes links that are not among those that were expected."""
        for link, now_ in self._now.items():
            if self._was[link] not in (None, now_) and link not in expected:
                raise ConflictError(f"{who_changed(self.db, link, 1, f'link {link}')}. Decide again.")

    def change(self, link: int, **columns: Any) -> None:
        """Set columns of a link."""
        self.state(link).update(columns)
        if "src" in columns or "tgt" in columns:
            self._index(link)

    def _index(self, link: int) -> None:
        """Note the sentences that a link has by now."""
        state = self.state(link)
        for side in ("src", "tgt"):
            for sentence in sentences_of(state[side]):
                self._on.setdefault(sentence, set()).add(link)

    def moved_to(self, sentences: Iterable[int]) -> set[int]:
        """The links that the decision made, brought back or moved to some of these sentences, if no more of late."""
        return {link for sentence in sentences for link in self._on.get(sentence, ())}

    def touch_columns(self, link: int, *columns: str) -> None:
        """The decision rests on these columns, though it may not change them: undo and other copies look at them."""
        self._touched_columns[link] = (*self._touched_columns.get(link, ()), *columns)

    def decide(self, link: int, **columns: Any) -> None:
        """Set columns of a link, and who did it and when."""
        self.change(link, reviewer=self.reviewer, decided_at=self.at, **columns)

    def make(self, **columns: Any) -> int:
        """A new link; returns its id."""
        link = self._made[-1] + 1 if self._made else next_link(self.db)
        self._made.append(link)
        self._was[link] = None
        self._now[link] = {**NEW, **columns}
        self._index(link)
        return link

    def reserve(self) -> int:
        """The number of a link that another copy had and that is not there."""
        link = self._made[-1] + 1 if self._made else next_link(self.db)
        self._made.append(link)
        self._was[link] = self._now[link] = None
        self.db.conn.execute("update sqlite_sequence set seq = ? where name = 'links'", (link,))
        return link

    def is_made(self, link: int) -> bool:
        """Whether this decision makes the link."""
        return link in self._made

    def restore(self, link: int, state: State) -> None:
        """Restore a deleted link under its own id. Raises ConflictError where it is there."""
        if self.present(link):
            raise ConflictError(f"link {link} is there again already. Look again.")
        self._now[link] = dict(state)
        self._index(link)

    def remove(self, link: int) -> None:
        """Delete a link."""
        self.state(link)
        self._now[link] = None

    def delete_proposals(self, link: int) -> None:
        """Take an undecided link away whose sentences are settled otherwise; the log has their number."""
        self.remove(link)
        if self._was[link] is not None:
            self.detail["gave_way"] = int(str(self.detail.get("gave_way", 0))) + 1

    def is_reviewed(self, link: int) -> bool:
        """Whether the link has a reviewer's touch by now."""
        return not is_unreviewed(self.state(link))

    def joined(self, side: str) -> str:
        """The clean text of a side's sentences."""
        rows = self.db.conn.execute(
            f'select id, start, "end", text, lang from sentences where id in ({side}) order by position'
        ).fetchall()
        return join_texts(
            [row[:4] for row in rows], rows[0][4], split_rests(self.db) | {made.rest for made in self.cuts}
        )

    def link_of(self, columns: State) -> int | None:
        """The link of the very sentences of `columns`, source to target; None where there is none."""
        rows = self.db.conn.execute(
            """select id from link_sentences join links on id = link
               where sentence = ? and side = 0 and src = ? and tgt = ? order by id""",
            (sentences_of(columns["src"])[0], columns["src"], columns["tgt"]),
        ).fetchall()
        return next((row[0] for row in rows if self.present(row[0])), None)

    def moves(self) -> list[Patch]:
        """(link, was, now) of every link that differs, with all columns."""
        return [(link, self._was[link], now_) for link, now_ in self._now.items() if self._was[link] != now_]

    def patches(self) -> list[Patch]:
        """(link, was, now) of every link that differs, columns that did not change left out."""
        patches: list[Patch] = []
        for link, now_ in self._now.items():
            was = self._was[link]
            if was is not None and now_ is not None:
                keys = [key for key in FIELDS if was[key] != now_[key]]
                keys += [key for key in self._touched_columns.get(link, ()) if key not in keys]
                if "decided_at" in keys and "reviewer" not in keys:
                    keys.append("reviewer")  # Said again by the same one; in another copy it may not be.
                if _settles(was, now_):
                    keys += [key for key in DECIDED if key not in keys]
                if keys:
                    patches.append((link, {key: was[key] for key in keys}, {key: now_[key] for key in keys}))
            elif was is not now_:
                patches.append((link, was, now_))
        return patches

    def close(
        self,
        action: str,
        *,
        link: int | None = None,
        document: int | None = None,
        target: int | None = None,
        detail: dict[str, object] | None = None,
        origin: Origin | None = None,
    ) -> tuple[Decision, tuple[int, ...]]:
        """Append the decision with its patches and change the links; returns it and the links it touched.

        Undecided links go where it settles their sentences: see `resolve_overlaps`, also for its ConflictError.
        `origin`: what it knew, where that is not all that is in the log, as for a merge: nothing follows from that.
        """
        if origin is None:
            resolve_overlaps(self)
        patches = self.patches()
        settled = [number for number, was, now_ in patches if _settles(was, now_)] if origin is None else []
        self.detail |= settling(self.db, settled)
        decision = append(
            self.db, self.reviewer, action, at=self.at, link=link, target=target,
            detail={**(detail or {}), **self.log_detail()},
            document=min(self.documents_cut(), default=None) if document is None else document,
            first_link=self._made[0] if self._made else None, origin=origin,
        )  # fmt: skip
        self.db.conn.execute(
            f"""update conflicts set dismissed = ? where link in ({",".join(map(str, settled))})
                and dismissed is null and contested is not null""",
            (decision.uid,),
        )
        self.write(decision.id, patches)
        return decision, tuple(number for number, _, _ in patches)

    def write(self, decision: int, patches: Sequence[Patch]) -> None:
        """Enter the cuts and the patches of a decision, and update the links, their counts and their queue."""
        if self.cuts or self.joins:
            sentence_splits.enter(self.db, decision, self.cuts, [made.rest for made in self.joins])
        write_patches(self.db, decision, patches)
        buckets = buckets_of(self.db, patches)
        for number, _, now_ in patches:
            apply(self.db, decision, number, now_)
        buckets |= buckets_of(self.db, patches)
        decision_log.recount(self.db, buckets)
        if any(reshapes(patch) for patch in patches):
            pagination.refresh(self.db, buckets)
        for number in self.documents_cut():  # Links after a cut have other positions now.
            decision_log.recount_range(self.db, number * SOURCE_FACTOR, (number + 1) * SOURCE_FACTOR)

    def log_detail(self) -> dict[str, object]:
        """Details of the decision for the log, besides its patches."""
        detail = dict(self.detail)
        if self.cuts:
            detail["cuts"] = [made.to_dict() for made in self.cuts]
        if self.joins:
            detail["joins"] = [made.rest for made in self.joins]
        return detail

    def documents_cut(self) -> set[int]:
        """Those whose sentences the decision cuts or makes whole."""
        return {made.document for made in (*self.cuts, *self.joins)}


def _settles(was: State | None, now_: State | None) -> bool:
    """Whether a link in conflict is none any more: whoever decided that has seen all of it."""
    return (was or {}).get("attention") == "conflict" and (now_ or {}).get("attention") != "conflict"


def sharing(draft: DecisionDraft, state: State, excluded: Collection[int | None] = ()) -> dict[int, frozenset[int]]:
    """Links in the draft that share sentences with one, without rejected ones: link id -> the shared sentences."""
    here = extent(draft.db, state)
    overlapping = {}
    for link in _links_on(draft, here.sentences[0] | here.sentences[1]):
        if link not in excluded and draft.state(link)["status"] != "rejected":
            common = here.shared(extent(draft.db, draft.state(link)))
            if common:
                overlapping[link] = common
    return overlapping


def _links_on(draft: DecisionDraft, sentences: Collection[int]) -> list[int]:
    """Links of the draft that have one of the sentences, in order."""
    inside = ",".join(map(str, sentences))
    rows = draft.db.conn.execute(f"select distinct link from link_sentences where sentence in ({inside})").fetchall()
    return sorted(link for link in {row[0] for row in rows} | draft.moved_to(sentences) if draft.present(link))


def settled_overlaps(
    draft: DecisionDraft, state: State, excluded: Collection[int | None] = ()
) -> dict[int, frozenset[int]]:
    """Those of `sharing` that are settled."""
    overlapping = sharing(draft, state, excluded)
    return {link: common for link, common in overlapping.items() if is_constraint(draft.state(link))}


def contradicted_links(draft: DecisionDraft, state: State, link: int) -> list[int]:
    """Settled links that a link in this state contradicts: neither is `anchored`, and they did not overlap before."""
    return [
        other
        for other in settled_overlaps(draft, state, (link,))
        if not (state["anchored"] or draft.state(other)["anchored"] or _overlapped(draft, link, other))
    ]


def resolve_overlaps(draft: DecisionDraft) -> None:
    """Adjust undecided links to the links that the draft settles.

    Unreviewed proposals on newly settled sentences are deleted, and so are those that the draft would create or
    restore on settled sentences. The reviewer's own rejected link of the very same sentences is deleted. Raises
    ConflictError if another reviewer rejected these sentences, if they are settled in another link, or if one of them
    would be settled twice: a reviewer who wants both links confirms that, and one of the two is `anchored`.
    """
    for link in sorted(draft.changed()):
        if not draft.present(link):
            continue
        was, state = draft.before(link), draft.state(link)
        if was is not None and _overlap_key(was) == _overlap_key(state):
            continue
        if is_constraint(state):
            _resolve_duplicates(draft, link)
            _displace_proposals(draft, link)
        elif not draft.is_reviewed(link) and settled_overlaps(draft, state, (link,)):
            draft.delete_proposals(link)


def _overlap_key(state: State) -> tuple[object, ...]:
    """The parts of a link's state that matter for overlaps."""
    return state["src"], state["tgt"], is_constraint(state), state["anchored"], is_unreviewed(state)


def _resolve_duplicates(draft: DecisionDraft, link: int) -> None:
    """Two links never have the same two sides: neither could be rejected without contradicting the other."""
    state = draft.state(link)
    for other in _links_on(draft, sentences_of(state["src"])):
        duplicate = draft.state(other)
        if other == link or {duplicate["src"], duplicate["tgt"]} != {state["src"], state["tgt"]}:
            continue
        if is_constraint(duplicate):
            raise ConflictError(
                f"{duplicate['status']} link {other} has these sentences already. Reject one of the two."
            )
        if duplicate["status"] == "rejected":
            if duplicate["reviewer"] != draft.reviewer:
                raise ConflictError(
                    f"{duplicate['reviewer']} rejected link {other} of these sentences. Accept that link instead."
                )
            draft.remove(other)


def _displace_proposals(draft: DecisionDraft, link: int) -> None:
    state = draft.state(link)
    common = sharing(draft, state, (link,))
    for other in common:
        if not draft.is_reviewed(other):
            draft.delete_proposals(other)
    for other in contradicted_links(draft, state, link):
        raise ConflictError(
            f"{already_linked_message(draft, other, common[other])}. Reject that link first, or link both by hand."
        )


def _overlapped(draft: DecisionDraft, link: int, other: int) -> bool:
    """Whether both were settled on the same sentences before the draft."""
    one, two = draft.before(link), draft.before(other)
    if one is None or two is None or not (is_constraint(one) and is_constraint(two)):
        return False
    return bool(extent(draft.db, one).shared(extent(draft.db, two)))


def already_linked_message(draft: DecisionDraft, link: int, common: Iterable[int]) -> str:
    """`sentence 11 of a.txt is already in accepted link 57`, for the first shared sentence."""
    inside = ",".join(map(str, common))
    row = draft.db.conn.execute(
        f"""select name, position from sentences join documents on documents.id = document
            where sentences.id in ({inside}) order by document, position limit 1"""
    ).fetchone()
    where = f"sentence {row[1] + 1} of {row[0]}" if row else "a sentence of it"
    state = draft.state(link)
    status = state["status"] if state["status"] != "proposed" else "anchored"
    return f"{where} is already in {status} link {link}"
