"""Links between the same texts that share a sentence.

A settled link (accepted, edited or anchored) takes its sentences for that pair of texts: undecided links on them
are displaced, and a second settled link must be confirmed by the reviewer (`anchored`). Every decision goes through
`resolve_overlaps`; `pairs` applies the same rule to many links at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from sqlite_utils import Database

from align.errors import ConflictError
from align.store.decision_log import State, is_unreviewed, sentences_of
from align.text.tags import primary

if TYPE_CHECKING:
    from align.store.decision_draft import DecisionDraft


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


def sharing(draft: DecisionDraft, state: State, excluded: Collection[int | None] = ()) -> dict[int, frozenset[int]]:
    """Links in the draft that share sentences with one, without rejected ones: link id -> the shared sentences."""
    here = extent(draft.db, state)
    inside = ",".join(map(str, here.sentences[0] | here.sentences[1]))
    rows = draft.db.conn.execute(f"select distinct link from link_sentences where sentence in ({inside})")
    overlapping = {}
    moved = draft.moved_to(here.sentences[0] | here.sentences[1])
    for link in sorted({row[0] for row in rows.fetchall()} | moved):
        if link not in excluded and draft.present(link) and draft.state(link)["status"] != "rejected":
            common = here.shared(extent(draft.db, draft.state(link)))
            if common:
                overlapping[link] = common
    return overlapping


def links_on(db: Database, sentences: Collection[int]) -> list[int]:
    """Links that have one of the sentences, in order."""
    inside = ",".join(map(str, sentences))
    rows = db.conn.execute(f"select distinct link from link_sentences where sentence in ({inside}) order by link")
    return [row[0] for row in rows.fetchall()]


def share_both_sides(one: State, other: State) -> bool:
    """Whether two links share sentences on both sides."""
    return all(not set(sentences_of(one[side])).isdisjoint(sentences_of(other[side])) for side in ("src", "tgt"))


def have_same_sides(one: State, other: State) -> bool:
    """Whether two links have the same two sides, swapped or not."""
    return {one["src"], one["tgt"]} == {other["src"], other["tgt"]}


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
    restore on settled sentences. Raises ConflictError if a sentence would be settled twice: a reviewer who wants
    both links confirms that, and one of the two is `anchored`.
    """
    for link in sorted(draft.changed()):
        if not draft.present(link):
            continue
        was, state = draft.before(link), draft.state(link)
        if was is not None and _overlap_key(was) == _overlap_key(state):
            continue
        if is_constraint(state):
            _displace_proposals(draft, link)
        elif not draft.is_reviewed(link) and settled_overlaps(draft, state, (link,)):
            draft.delete_proposals(link)


def _overlap_key(state: State) -> tuple[object, ...]:
    """The parts of a link's state that matter for overlaps."""
    return state["src"], state["tgt"], is_constraint(state), state["anchored"], is_unreviewed(state)


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


# Bulk decisions

PICKED = "create temp table if not exists picked (link integer primary key)"
EDGES = """
    select distinct one.link, other.link, one.side,
        iif(one.side, a.src_lang, a.tgt_lang), iif(other.side, b.src_lang, b.tgt_lang)
    from link_sentences as one cross join picked on picked.link = one.link
    cross join link_sentences as other on other.sentence = one.sentence and other.link <> one.link
    cross join links as a on a.id = one.link
    cross join links as b on b.id = other.link
    where b.status <> 'rejected'
        and iif(one.side, a.src_document, a.tgt_document) = iif(other.side, b.src_document, b.tgt_document)"""
"""The shared sentences are in the same document, and the opposite sides are, too."""


def pick(db: Database, links: Iterable[int]) -> None:
    """Set the links that `pairs` examines, replacing the previous ones."""
    db.conn.execute(PICKED)
    db.conn.execute("delete from picked")
    db.conn.executemany("insert or ignore into picked values (?)", ((link,) for link in links))


def pairs(db: Database) -> Iterator[tuple[int, int]]:
    """Pairs of each picked link with each link that shares sentences with it, by the rule of `Extent.shared`.

    A pair may come more than once.
    """
    first_side: dict[tuple[int, int], int] = {}
    for one, other, side, lang, other_lang in db.conn.execute(EDGES):
        on_both = first_side.setdefault((one, other), side) != side
        if on_both or _primary(lang) == _primary(other_lang):
            yield one, other


def overlaps_settled(db: Database) -> bool:
    """Whether a picked link shares a sentence with a settled one that was not picked."""
    others = {other for _, other in pairs(db)}
    inside = ",".join(map(str, others))
    sql = f"""select 1 from links where id in ({inside}) and id not in (select link from picked)
              and (status in ('accepted', 'edited') or anchored) limit 1"""
    return bool(others) and db.conn.execute(sql).fetchone() is not None


_primary = cache(primary)
