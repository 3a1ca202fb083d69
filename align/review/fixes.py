"""Operations that change the shape of links: what each asks the solver, and what it tells the Desk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from align.domain import Link
from align.jobs.decide import Change, Desk
from align.jobs.resolve import Ripple
from align.review.points import Point

SideName = Literal["src", "tgt"]
End = Literal["first", "last"]
Way = Literal["up", "down"]
Ends = tuple[tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Fix:
    """`anchors` and `forbidden` are what the solver must keep and avoid; `replaced` the links the operation takes.

    `emptied` are those of them that it leaves without a sentence on a side, so that they go. `known` are links in its
    way that the reviewer knows of and wants to stay.
    """

    words: str
    documents: tuple[int, int]
    write: Callable[[Desk, Ripple | None], Change]
    anchors: tuple[Ends, ...] = ()
    forbidden: tuple[Ends, ...] = ()
    replaced: tuple[int, ...] = ()
    emptied: tuple[Link, ...] = ()
    known: tuple[int, ...] = ()


def ends_of(link: Link) -> Ends:
    """The sentences of both sides."""
    return link.src.sentences, link.tgt.sentences


def versions(*links: Link | None) -> dict[int, int]:
    """The versions that the reviewer looked at, by the numbers of the links."""
    return {link.id: link.version for link in links if link is not None}


def documents_of(link: Link) -> tuple[int, int]:
    """The documents of both sides."""
    return link.src.document, link.tgt.document


def merge(link: Link, other: Link) -> Fix:
    """One link of two neighbours."""
    both = tuple(tuple(sorted({*mine, *theirs})) for mine, theirs in zip(ends_of(link), ends_of(other), strict=True))
    return Fix(
        "merge",
        documents_of(link),
        lambda desk, ripple: desk.merge(link.id, other.id, seen=versions(link, other), ripple=ripple),
        anchors=((both[0], both[1]),),
        replaced=(link.id, other.id),
    )


def split(link: Link, src_at: Point, tgt_at: Point) -> Fix:
    """Two links of one. A sentence cut in two for it is still whole to the solver, which keeps both halves as one."""
    src, tgt = ends_of(link)
    inside = src_at.character or tgt_at.character
    parts = ((src[: src_at[0]], tgt[: tgt_at[0]]), (src[src_at[0] :], tgt[tgt_at[0] :]))
    return Fix(
        "split inside a sentence" if inside else "split",
        documents_of(link),
        lambda desk, ripple: desk.split(link.id, src_at, tgt_at, seen=link.version, ripple=ripple),
        anchors=((src, tgt),) if inside else parts,
        replaced=(link.id,),
    )


def move(link: Link, side: SideName, end: End, way: Way, beyond: int | None, neighbour: Link | None) -> Fix:
    """A sentence over a boundary. `beyond`: the sentence past that end; `neighbour`: the link it is in, if any."""
    outward = (end, way) in (("first", "up"), ("last", "down"))
    mine = _moved(link, side, end, None if outward else beyond)
    anchors = [mine]
    replaced = [link.id]
    emptied: tuple[Link, ...] = ()
    if neighbour is not None and neighbour.id != link.id:
        replaced.append(neighbour.id)
        edge = getattr(link, side).sentences[0 if end == "first" else -1]
        theirs = _with(neighbour, side, edge) if outward else _without(neighbour, side, beyond)
        if all(theirs):
            anchors.append(theirs)
        else:
            emptied = (neighbour,)
    return Fix(
        f"{'give' if outward else 'take'} a sentence",
        documents_of(link),
        lambda desk, ripple: desk.move(link.id, side, end, way, seen=versions(link, neighbour), ripple=ripple),
        anchors=tuple(anchors),
        replaced=tuple(replaced),
        emptied=emptied,
    )


def relink(link: Link, src: tuple[int, ...], tgt: tuple[int, ...], known: tuple[int, ...] = ()) -> Fix:
    """The link moved to other sentences. `known`: see `in_the_way`."""
    return Fix(
        "re-link",
        documents_of(link),
        lambda desk, ripple: desk.relink(src, tgt, link=link.id, seen=link.version, ripple=ripple, known=known),
        anchors=((src, tgt),),
        replaced=(link.id,),
        known=known,
    )


def solve_again(link: Link) -> Fix:
    """No change but what solving again around a settled link brings."""
    return Fix(
        "solve again",
        documents_of(link),
        lambda desk, ripple: desk.solve(link.id, ripple or Ripple(), seen=link.version),
        anchors=(ends_of(link),),
    )


def by_hand(documents: tuple[int, int], src: tuple[int, ...], tgt: tuple[int, ...], known: tuple[int, ...] = ()) -> Fix:
    """A new link. `known`: see `in_the_way`."""
    return Fix(
        "link",
        documents,
        lambda desk, ripple: desk.relink(src, tgt, ripple=ripple, known=known),
        anchors=((src, tgt),),
        known=known,
    )


def unlink(link: Link) -> Fix:
    """The sides apart."""
    return Fix(
        "unlink",
        documents_of(link),
        lambda desk, ripple: desk.unlink(link.id, seen=link.version, ripple=ripple),
        forbidden=(ends_of(link),),
        replaced=(link.id,),
    )


def _moved(link: Link, side: SideName, end: End, taken: int | None) -> Ends:
    """The link's ends after the move."""
    sentences = getattr(link, side).sentences
    if taken is not None:
        new = (taken, *sentences) if end == "first" else (*sentences, taken)
    else:
        new = sentences[1:] if end == "first" else sentences[:-1]
    return _ends(link, side, new)


def _with(link: Link, side: SideName, sentence: int) -> Ends:
    return _ends(link, side, tuple(sorted({*getattr(link, side).sentences, sentence})))


def _without(link: Link, side: SideName, sentence: int | None) -> Ends:
    return _ends(link, side, tuple(number for number in getattr(link, side).sentences if number != sentence))


def _ends(link: Link, side: SideName, new: tuple[int, ...]) -> Ends:
    return (new, link.tgt.sentences) if side == "src" else (link.src.sentences, new)
