"""The edits of a reviewer: what each does to the links, applied to the draft of a decision.

Nothing is written here: `Reviewer` commits the draft of an edit, or returns what it would change.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from typing import Concatenate, Literal, ParamSpec, TypeGuard

from align.errors import ConflictError, EmptyDecisionError, UsageError
from align.models import CONFIRMED, LinkKind, Status
from align.store import links as around
from align.store.actions import Action
from align.store.decision_draft import DecisionDraft, already_linked_message, settled_overlaps
from align.store.decision_log import State, sentences_of, stored
from align.store.draft_changes import cut_sentence
from align.store.links import ordered
from align.store.records import storable
from align.text.normalize import clean, join

NAME_IT = "Name that link among those that are shared, to link them all the same."
Side = Literal["src", "tgt"]
SIDES: tuple[Side, Side] = ("src", "tgt")
End = Literal["first", "last"]
"""An end of a side: its first sentence, or its last."""
Direction = Literal["give", "take"]
"""Whether a sentence leaves a link over one of its ends, or comes into it."""
Point = int | tuple[int, int]
"""Where a side is split: after that many sentences; or after those and that many characters of the next one's text."""
P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Edit:
    """What one decision does to the links. The functions below make them, such as `merge(7, 8)`."""

    action: Action
    link: int | None
    """The link that the decision is on; None where it makes one, or is on a sentence."""
    apply: Callable[[DecisionDraft], int | None]
    """Changes the draft; returns the link to show next, None for the next one of the list.

    Raises UsageError or ConflictError where the edit is impossible.
    """


def _on_link(
    action: Action,
) -> Callable[[Callable[Concatenate[DecisionDraft, int, P], int | None]], Callable[Concatenate[int, P], Edit]]:
    """Turn `accept(draft, link)` into `accept(link)`, which returns the edit; `action` is what the log calls it."""

    def decorate(work: Callable[Concatenate[DecisionDraft, int, P], int | None]) -> Callable[Concatenate[int, P], Edit]:
        @wraps(work)
        def edit(link: int, /, *args: P.args, **kwargs: P.kwargs) -> Edit:
            return Edit(action, link, lambda draft: work(draft, link, *args, **kwargs))

        return edit

    return decorate


@_on_link(Action.ACCEPT)
def accept(draft: DecisionDraft, link: int) -> None:
    """Accept the link: its status is `edited` where a side has a reviewer's text, else `accepted`."""
    _accept(draft, link)


@_on_link(Action.REJECT)
def reject(draft: DecisionDraft, link: int) -> None:
    """Reject the link; it must not be proposed again."""
    _verdict(draft, link, Status.REJECTED)


@_on_link(Action.UNLINK)
def unlink(draft: DecisionDraft, link: int) -> None:
    """Take the two sides apart; they must not be proposed again."""
    _verdict(draft, link, Status.REJECTED)


@_on_link(Action.REOPEN)
def reopen(draft: DecisionDraft, link: int, attention: str | None = None) -> None:
    """Make the link undecided again, with the reason to review it; on sentences of another settled link it stays."""
    draft.decide(link, status=Status.PROPOSED.value, attention=attention)
    if settled_overlaps(draft, draft.state(link), (link,)):
        draft.change(link, touched=1)


@_on_link(Action.ANCHOR)
def anchor(draft: DecisionDraft, link: int) -> None:
    """Make the solver keep the link, whatever its status."""
    draft.decide(link, anchored=1)


@_on_link(Action.KIND)
def set_kind(draft: DecisionDraft, link: int, kind: LinkKind) -> None:
    """Set how the two sides correspond."""
    draft.decide(link, kind=LinkKind(kind).value, touched=1)


@_on_link(Action.NOTE)
def note(draft: DecisionDraft, link: int, text: str | None) -> None:
    """Set the note of the link; None or blank removes it."""
    draft.change(link, note=storable(text or "").strip() or None)


@_on_link(Action.BOOKMARK)
def bookmark(draft: DecisionDraft, link: int, on: bool = True) -> None:
    """Set or remove the bookmark of the link."""
    draft.change(link, bookmarked=int(on))


@_on_link(Action.EDIT)
def edit_text(draft: DecisionDraft, link: int, side: Side, text: str) -> None:
    """Replace the text of a side and accept the link; the original is kept, and its own text removes the edit."""
    wording = clean(text)
    if not wording:
        raise UsageError("a side cannot be empty. Reject or unlink the link instead.")
    original = draft.joined(draft.state(link)[side])
    draft.change(link, **{f"{side}_text": None if wording == original else wording})
    _accept(draft, link)


def set_columns(action: Action, link: int, columns: State) -> Edit:
    """Set columns of a link in conflict as one of its sides has them; it no longer asks for attention."""

    def work(draft: DecisionDraft) -> int:
        draft.decide(link, **{**columns, "attention": None})
        return link

    return Edit(action, link, work)


@_on_link(Action.MERGE)
def merge(draft: DecisionDraft, link: int, other: int) -> int:
    """Make one link of two of the same documents; it has the number of the first, and `other` is deleted."""
    if link == other:
        raise UsageError("a link cannot be merged with itself. Choose its neighbour.")
    mine, theirs = draft.state(link), draft.state(other)
    if (mine["src_document"], mine["tgt_document"]) != (theirs["src_document"], theirs["tgt_document"]):
        raise UsageError("only links between the same two documents can be merged.")
    columns: State = {}
    for side in SIDES:
        columns[side] = ordered(draft.db, {*sentences_of(mine[side]), *sentences_of(theirs[side])})
        if mine[f"{side}_text"] is not None or theirs[f"{side}_text"] is not None:
            first = sentences_of(columns[side])[0]
            parts = sorted((mine, theirs), key=lambda part: first not in sentences_of(part[side]))
            texts = [part[f"{side}_text"] or draft.joined(part[side]) for part in parts]
            columns[f"{side}_text"] = join(texts, _lang(draft, columns[side]))
    notes = [state["note"] for state in (mine, theirs) if state["note"]]
    columns["note"] = " / ".join(dict.fromkeys(notes)) or None
    for mark in ("bookmarked", "anchored"):
        columns[mark] = max(mine[mark], theirs[mark])
    draft.remove(other)
    _settle_shape(draft, link, **columns)
    return link


def split(link: int, src_at: Point, tgt_at: Point) -> Edit:
    """Make two links of one: what is before the points stays in it, a new link has the rest.

    A point inside a sentence cuts it in two: every link that had it has both halves then, and one undo reverts the cut
    with the split.
    """
    inside = any(not isinstance(point, int) and point[1] > 0 for point in (src_at, tgt_at))
    edit = _split(link, src_at, tgt_at, inside=inside)
    return replace(edit, action=Action.CUT) if inside else edit


@_on_link(Action.SPLIT)
def _split(draft: DecisionDraft, link: int, src_at: Point, tgt_at: Point, *, inside: bool) -> int:
    parts = {}
    after: dict[Side, int] = {"src": _after(draft, link, "src", src_at), "tgt": _after(draft, link, "tgt", tgt_at)}
    state = draft.state(link)
    for side, at in after.items():
        ids = sentences_of(state[side])
        if not 0 < at < len(ids):
            word = "source" if side == "src" else "target"
            raise UsageError(
                f"the {word} side has {len(ids)} sentence{'s' * (len(ids) != 1)}: it cannot be split after {at}. "
                "Every half keeps a sentence on both sides."
            )
        parts[side] = stored(ids[:at]), stored(ids[at:])
    rest = {**state, "src": parts["src"][1], "tgt": parts["tgt"][1], "src_text": None, "tgt_text": None, "note": None}
    _settle_shape(draft, link, src=parts["src"][0], tgt=parts["tgt"][0], src_text=None, tgt_text=None)
    if inside:  # The first half has the number of the whole: the log has to name it, where it would not show.
        draft.touch_columns(link, "src", "tgt", "src_text", "tgt_text")
    _settle_shape(draft, draft.make(**rest))
    return link


def _after(draft: DecisionDraft, link: int, side: Side, point: Point) -> int:
    """The number of sentences after which the side is split; a sentence with the point inside is cut in two for it."""
    if isinstance(point, int):
        return point
    whole, characters = point
    ids = sentences_of(draft.state(link)[side])
    if not characters or not 0 <= whole < len(ids):
        return whole
    cut_sentence(draft, ids[whole], characters)
    return whole + 1


def cut(sentence: int, characters: int) -> Edit:
    """Cut a sentence (store id) in two, after that many characters of its clean text."""

    def work(draft: DecisionDraft) -> None:
        cut_sentence(draft, sentence, characters)

    return Edit(Action.CUT, None, work)


@_on_link(Action.MOVE)
def move(draft: DecisionDraft, link: int, side: Side, end: End, direction: Direction) -> int:
    """Move a sentence over an end of a side: `give` the side's own to the link there, `take` in the one beyond it.

    A link that is left without a sentence is deleted; there may be no link there.
    """
    state = draft.state(link)
    ids = sentences_of(state[side])
    edge = ids[0] if end == "first" else ids[-1]
    beyond = around.neighbour(draft.db, edge, -1 if end == "first" else 1)
    if direction == "give":
        if len(ids) == 1:
            raise UsageError("the last sentence of a side cannot move away. Merge or unlink the link instead.")
        receiver = _link_at(draft, beyond, state, side) if beyond is not None else None
        _draw(draft, link, side, [number for number in ids if number != edge])
        if receiver is not None and receiver != link:
            _draw(draft, receiver, side, [*sentences_of(draft.state(receiver)[side]), edge])
        return link
    if beyond is None:
        raise UsageError(f"there is no sentence {'before' if end == 'first' else 'after'} this side to take in.")
    giver = _link_at(draft, beyond, state, side)
    if giver is not None:
        left = [number for number in sentences_of(draft.state(giver)[side]) if number != beyond]
        if left:
            _draw(draft, giver, side, left)
        else:
            draft.detail["emptied"] = giver
            draft.remove(giver)
    _draw(draft, link, side, [*ids, beyond])
    return link


@_on_link(Action.SWAP)
def swap(draft: DecisionDraft, link: int) -> int:
    """Make the source the target and the target the source. Raises ConflictError for a link in conflict: it would be
    none any more, without a decision between the two."""
    state = draft.state(link)
    if state["attention"] == "conflict":
        raise ConflictError(f"link {link} is in conflict. Accept or reject it first, then swap its sides.")
    turned = {
        f"{a}{column}": state[f"{b}{column}"]
        for a, b in (("src", "tgt"), ("tgt", "src"))
        for column in ("", "_document", "_text")
    }
    draft.decide(link, touched=1, **turned)
    return link


@_on_link(Action.SOLVE)
def solve(draft: DecisionDraft, link: int) -> int:
    """Change nothing but what solving again around a settled link brings."""
    draft.state(link)
    return link


@_on_link(Action.RELINK)
def relink(
    draft: DecisionDraft,
    link: int,
    src: Sequence[int],
    tgt: Sequence[int],
    *,
    kind: LinkKind | None = None,
    shared: Collection[int] = (),
) -> int:
    """Move the link to other sentences (store ids), instead of a rejected one; `shared` as for `link_by_hand`."""
    columns = _drawn(draft, src, tgt, kind)
    again = draft.link_of(columns)
    columns["anchored"] = _share(draft, columns, shared, (link, again))
    if _is_rejected(again, draft, shared):
        draft.remove(again)
    _settle_shape(draft, link, src_text=None, tgt_text=None, **columns)
    return link


def link_by_hand(
    src: Sequence[int], tgt: Sequence[int], *, kind: LinkKind | None = None, shared: Collection[int] = ()
) -> Edit:
    """Link sentences (store ids): a new link, accepted; the rejected or undecided one of the very same sentences.

    Undecided links that share sentences with it give way. `shared` are the links that the reviewer agreed to: settled
    ones that share sentences with it and stay, so that both are one anchor for the solver, and a rejected one of the
    same sentences. Raises ConflictError where there are others, EmptyDecisionError where the link is settled already.
    """

    def work(draft: DecisionDraft) -> int:
        columns = _drawn(draft, src, tgt, kind or LinkKind.TRANSLATION)
        again = draft.link_of(columns)
        columns["anchored"] = _share(draft, columns, shared, (again,))
        if again is None:
            link = draft.make(**columns, confidence=1.0, encoder="hand")
            _verdict(draft, link, Status.ACCEPTED)
            return link
        state = draft.state(again)
        _is_rejected(again, draft, shared)
        if state["status"] in CONFIRMED and state["anchored"] >= columns["anchored"]:
            raise EmptyDecisionError(f"these sentences are in {state['status']} link {again} as they are.")
        draft.change(again, anchored=columns["anchored"], **({"kind": columns["kind"]} if kind else {}))
        _accept(draft, again)
        return again

    return Edit(Action.LINK, None, work)


def linked_already(
    draft: DecisionDraft, src: Sequence[int], tgt: Sequence[int], but: int | None = None
) -> dict[int, frozenset[int]]:
    """The links that have to be `shared` to link these sentences by hand, with the sentences in common: settled ones,
    and the rejected one of the very same sentences. Changes nothing; `but` is the link that is to be moved."""
    again = draft.link_of(columns := _drawn(draft, src, tgt, None))
    common = settled_overlaps(draft, columns, {but, again} - {None})
    if again is not None and draft.state(again)["status"] == Status.REJECTED:
        common[again] = frozenset((*src, *tgt))
    return common


def _is_rejected(link: int | None, draft: DecisionDraft, shared: Collection[int]) -> TypeGuard[int]:
    """Whether the link is rejected; a rejected one has to be among those that are `shared`."""
    if link is None or draft.state(link)["status"] != Status.REJECTED:
        return False
    if link not in shared:
        raise ConflictError(f"{draft.state(link)['reviewer']} rejected link {link} of these sentences. {NAME_IT}")
    return True


def _accept(draft: DecisionDraft, link: int) -> None:
    state = draft.state(link)
    worded = state["src_text"] is not None or state["tgt_text"] is not None
    _verdict(draft, link, Status.EDITED if worded else Status.ACCEPTED)


def _verdict(draft: DecisionDraft, link: int, status: Status) -> None:
    """Set the status; the link no longer asks for attention."""
    draft.decide(link, status=status.value, attention=None)


def _settle_shape(draft: DecisionDraft, link: int, **columns: object) -> None:
    """Set sides that the reviewer has drawn, which vouches for them."""
    draft.decide(link, status=Status.EDITED.value, attention=None, **columns)


def _draw(draft: DecisionDraft, link: int, side: Side, ids: Iterable[int]) -> None:
    """Give a side other sentences; a text that was written for the old ones is removed."""
    _settle_shape(draft, link, **{side: ordered(draft.db, ids), f"{side}_text": None})


def _share(draft: DecisionDraft, columns: State, shared: Collection[int], but: Collection[int | None]) -> int:
    """1 where the sentences are in settled links, all of them `shared`; 0 where they are in none."""
    settled = settled_overlaps(draft, columns, but)
    for link, common in settled.items():
        if link not in shared:
            raise ConflictError(f"{already_linked_message(draft, link, common)}. {NAME_IT}")
    draft.shared.update(settled)
    return int(bool(settled))


def _drawn(draft: DecisionDraft, src: Sequence[int], tgt: Sequence[int], kind: LinkKind | None) -> State:
    if not src or not tgt:
        raise UsageError("a link has sentences on both sides.")
    if set(src) & set(tgt):
        raise UsageError("a sentence cannot be linked to itself.")
    columns: State = {"src": ordered(draft.db, src), "tgt": ordered(draft.db, tgt)}
    columns |= {f"{side}_document": document_of(draft, columns[side]) for side in SIDES}
    if kind is not None:
        columns["kind"] = LinkKind(kind).value
    return columns


def _link_at(draft: DecisionDraft, sentence: int, like: State, side: Side) -> int | None:
    """The link between the same documents as `like` that has the sentence on the same side; settled ones first."""
    links = around.links_on_side(draft.db, sentence, SIDES.index(side), (like["src_document"], like["tgt_document"]))
    return next((link for link in links if draft.present(link)), None)


def document_of(draft: DecisionDraft, side: str) -> int:
    """The document of a side's sentences. Raises UsageError where they are of several."""
    rows = draft.db.conn.execute(f"select distinct document from sentences where id in ({side})").fetchall()
    if len(rows) != 1:
        raise UsageError("one side of a link cannot reach over two documents. Link them one by one.")
    return int(rows[0][0])


def _lang(draft: DecisionDraft, side: str) -> str:
    """The language of a side's first sentence."""
    row = draft.db.conn.execute(f"select lang from sentences where id in ({side}) order by position").fetchone()
    return str(row[0])
