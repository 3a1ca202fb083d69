"""What each operation does to links, told to a ledger. Nothing is written here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from align.domain import SETTLED, LinkKind, Status
from align.errors import ConflictError, EmptyDecisionError, UsageError
from align.store import overlaps
from align.store.ledger import Ledger
from align.store.log import State, sentences_of, stored

if TYPE_CHECKING:
    from align.jobs.resolve import Ripple

NAME_IT = "Name that link among those that are known, to link them all the same."
Side = Literal["src", "tgt"]
SIDES: tuple[Side, Side] = ("src", "tgt")


def accept(ledger: Ledger, link: int) -> None:
    """Accepted; `edited` where a reviewer's text stands in for the original."""
    state = ledger.state(link)
    worded = state["src_text"] is not None or state["tgt_text"] is not None
    verdict(ledger, link, Status.EDITED if worded else Status.ACCEPTED)


def verdict(ledger: Ledger, link: int, status: Status) -> None:
    """A new status; whatever asked for attention has had it."""
    ledger.decide(link, status=status.value, attention=None)


def reopen(ledger: Ledger, link: int) -> None:
    """Undecided again. On sentences that another link settles it is kept as what a reviewer wanted undecided."""
    verdict(ledger, link, Status.PROPOSED)
    state = ledger.state(link)
    if overlaps.settled_on(ledger, state, (link,)):
        ledger.change(link, touched=1)


def edit(ledger: Ledger, link: int, side: Side, wording: str) -> None:
    """A reviewer's text on one side, or the original again."""
    state = ledger.state(link)
    original = ledger.joined(state[side])
    ledger.change(link, **{f"{side}_text": None if wording == original else wording})
    accept(ledger, link)


def settle_shape(ledger: Ledger, link: int, **columns: object) -> None:
    """New sides drawn by a reviewer: who draws them stands behind them, and words written for the old ones are off."""
    ledger.decide(link, status=Status.EDITED.value, attention=None, **columns)


def merge(ledger: Ledger, link: int, other: int) -> int:
    """`other`'s sentences join `link`, and `other` goes."""
    if link == other:
        raise UsageError("a link cannot be merged with itself. Choose its neighbour.")
    mine, theirs = ledger.state(link), ledger.state(other)
    if (mine["src_document"], mine["tgt_document"]) != (theirs["src_document"], theirs["tgt_document"]):
        raise UsageError("only links between the same two documents can be merged.")
    columns: State = {}
    for side in SIDES:
        columns[side] = ledger.ordered({*sentences_of(mine[side]), *sentences_of(theirs[side])})
        if mine[f"{side}_text"] is not None or theirs[f"{side}_text"] is not None:
            halves = sorted((mine, theirs), key=lambda half: ledger.position(sentences_of(half[side])[0]))
            texts = [half[f"{side}_text"] or ledger.joined(half[side]) for half in halves]
            columns[f"{side}_text"] = ledger.join(texts, columns[side])
    notes = [state["note"] for state in (mine, theirs) if state["note"]]
    columns["note"] = " / ".join(dict.fromkeys(notes)) or None
    for mark in ("bookmarked", "anchored"):
        columns[mark] = max(mine[mark], theirs[mark])
    ledger.remove(other)
    settle_shape(ledger, link, **columns)
    return link


Point = int | tuple[int, int]
"""Where a side is split: after so many sentences; or after those and so many characters of the next one's text."""


def is_cut(*points: Point) -> bool:
    """Whether one of them lies inside a sentence."""
    return any(not isinstance(point, int) and point[1] > 0 for point in points)


def _after(ledger: Ledger, link: int, side: Side, point: Point) -> int:
    """After how many sentences the side is split; a sentence in which the point lies is cut in two for it."""
    if isinstance(point, int):
        return point
    whole, characters = point
    ids = sentences_of(ledger.state(link)[side])
    if not characters or not 0 <= whole < len(ids):
        return whole
    ledger.cut(ids[whole], characters)
    return whole + 1


def split(ledger: Ledger, link: int, src_at: Point, tgt_at: Point) -> int:
    """What stands before the points stays; a new link takes the rest."""
    parts = {}
    after: dict[Side, int] = {"src": _after(ledger, link, "src", src_at), "tgt": _after(ledger, link, "tgt", tgt_at)}
    state = ledger.state(link)
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
    settle_shape(ledger, link, src=parts["src"][0], tgt=parts["tgt"][0], src_text=None, tgt_text=None)
    if is_cut(src_at, tgt_at):  # The half keeps the number of the whole: say so, where it would not show.
        ledger.say(link, "src", "tgt", "src_text", "tgt_text")
    new = ledger.make(**rest)
    settle_shape(ledger, new)
    return link


def move(ledger: Ledger, link: int, side: Side, end: Literal["first", "last"], way: Literal["up", "down"]) -> int:
    """The sentence at an end goes over that end, out of the link or into it."""
    state = ledger.state(link)
    ids = sentences_of(state[side])
    step = -1 if end == "first" else 1
    edge = ids[0] if end == "first" else ids[-1]
    outward = (end, way) in (("first", "up"), ("last", "down"))
    beyond = ledger.neighbour(edge, step)
    if outward:
        if len(ids) == 1:
            raise UsageError("the last sentence of a side cannot move away. Merge or unlink the link instead.")
        receiver = ledger.link_at(beyond, state, side) if beyond is not None else None
        _give(ledger, link, side, [number for number in ids if number != edge])
        if receiver is not None and receiver != link:
            theirs = sentences_of(ledger.state(receiver)[side])
            _give(ledger, receiver, side, [*theirs, edge])
        return link
    if beyond is None:
        raise UsageError(f"there is no sentence {'before' if step < 0 else 'after'} this side to take in.")
    giver = ledger.link_at(beyond, state, side)
    if giver is not None:
        left = [number for number in sentences_of(ledger.state(giver)[side]) if number != beyond]
        if left:
            _give(ledger, giver, side, left)
        else:
            ledger.detail["emptied"] = giver
            ledger.remove(giver)
    _give(ledger, link, side, [*ids, beyond])
    return link


def _give(ledger: Ledger, link: int, side: Side, ids: Iterable[int]) -> None:
    settle_shape(ledger, link, **{side: ledger.ordered(ids), f"{side}_text": None})


def swap(ledger: Ledger, link: int) -> int:
    """Source and target change places."""
    state = ledger.state(link)
    turned = {
        f"{a}{column}": state[f"{b}{column}"]
        for a, b in (("src", "tgt"), ("tgt", "src"))
        for column in ("", "_document", "_text")
    }
    ledger.decide(link, touched=1, **turned)
    return link


def relink(
    ledger: Ledger,
    link: int,
    src: Sequence[int],
    tgt: Sequence[int],
    kind: LinkKind | None,
    known: Collection[int] = (),
) -> int:
    """The link moves to other sentences; `known` as for `link_by_hand`."""
    columns = _drawn(ledger, src, tgt, kind)
    columns["anchored"] = _vouched(ledger, columns, known, but=link)
    settle_shape(ledger, link, src_text=None, tgt_text=None, **columns)
    return link


def link_by_hand(
    ledger: Ledger, src: Sequence[int], tgt: Sequence[int], kind: LinkKind | None, known: Collection[int] = ()
) -> int:
    """A new link, accepted; the rejected or undecided link of the very same sentences, where there is one.

    `known` are the links that the reviewer knows to be in the way: settled ones on the same sentences, and one that
    was rejected. Raises ConflictError where there are others, EmptyDecisionError where the link is settled already.
    """
    columns = _drawn(ledger, src, tgt, kind or LinkKind.TRANSLATION)
    again = ledger.link_of(columns)
    columns["anchored"] = _vouched(ledger, columns, known, but=again)
    if again is None:
        link = ledger.make(**columns, confidence=1.0, encoder="hand")
        verdict(ledger, link, Status.ACCEPTED)
        return link
    state = ledger.state(again)
    if state["status"] == Status.REJECTED and again not in known:
        raise ConflictError(f"{state['reviewer']} rejected link {again} of these sentences. {NAME_IT}")
    if state["status"] in SETTLED and state["anchored"] >= columns["anchored"]:
        raise EmptyDecisionError(f"these sentences are in {state['status']} link {again} as they are.")
    ledger.change(again, anchored=columns["anchored"], **({"kind": columns["kind"]} if kind else {}))
    accept(ledger, again)
    return again


def _vouched(ledger: Ledger, columns: State, known: Collection[int], but: int | None = None) -> int:
    """1 where the sentences are in settled links, and a reviewer links them all the same; else 0."""
    settled = overlaps.settled_on(ledger, columns, () if but is None else (but,))
    for link, common in settled.items():
        if link not in known:
            raise ConflictError(f"{overlaps.already(ledger, link, common)}. {NAME_IT}")
    return int(bool(settled))


def in_the_way(
    ledger: Ledger, src: Sequence[int], tgt: Sequence[int], but: int | None = None
) -> dict[int, frozenset[int]]:
    """The links that somebody who links these sentences by hand has to know of, with the sentences in common: settled
    ones, and the rejected one of the very same sentences. Changes nothing; `but` is the link that is to be moved."""
    columns = _drawn(ledger, src, tgt, None)
    again = ledger.link_of(columns)
    found = overlaps.settled_on(ledger, columns, {but, again} - {None})
    if but is None and again is not None and ledger.state(again)["status"] == Status.REJECTED:
        found[again] = frozenset((*src, *tgt))
    return found


def _drawn(ledger: Ledger, src: Sequence[int], tgt: Sequence[int], kind: LinkKind | None) -> State:
    if not src or not tgt:
        raise UsageError("a link has sentences on both sides.")
    if set(src) & set(tgt):
        raise UsageError("a sentence cannot be linked to itself.")
    columns: State = {"src": ledger.ordered(src), "tgt": ledger.ordered(tgt)}
    columns["src_document"] = ledger.document(columns["src"])
    columns["tgt_document"] = ledger.document(columns["tgt"])
    if kind is not None:
        columns["kind"] = LinkKind(kind).value
    return columns


def ripple_through(ledger: Ledger, ripple: Ripple) -> None:
    """What solving again changed: undecided links give way to proposals, in the same decision."""
    for link in ripple.removed:
        if ledger.present(link.id) and not ledger.kept(link.id):
            ledger.expect(link.id, link.version, called=f"link {link.id}")
            ledger.remove(link.id)
    for proposal in ripple.added:
        src, tgt = stored(proposal.src), stored(proposal.tgt)
        ledger.make(
            src=src,
            tgt=tgt,
            src_document=ledger.document(src),
            tgt_document=ledger.document(tgt),
            kind=proposal.kind.value,
            score=proposal.score,
            confidence=proposal.confidence,
            chain=proposal.chain,
            signals=ledger.signals(proposal.signals),
            encoder=ripple.encoder,
        )
