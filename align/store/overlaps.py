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
from align.store.log import State, sentences_of, untouched
from align.text.tags import primary

if TYPE_CHECKING:
    from align.store.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Extent:
    """Sentences of a link, source first, with the document and primary language of each side."""

    documents: tuple[int, int]
    languages: tuple[str, str]
    sentences: tuple[frozenset[int], frozenset[int]]

    @property
    def turned(self) -> Extent:
        """The extent with its sides swapped."""
        return Extent(self.documents[::-1], self.languages[::-1], self.sentences[::-1])

    def shared(self, other: Extent) -> frozenset[int]:
        """Sentences in both extents if they link the same two texts, in either direction.

        A page may be linked to a page in several languages: one shared sentence is then no overlap, but sentences
        shared on both sides are, in any language.
        """
        found: frozenset[int] = frozenset()
        for turned in (other, other.turned):
            if self.documents == turned.documents:
                common = [one & two for one, two in zip(self.sentences, turned.sentences, strict=True)]
                if self.languages == turned.languages or all(common):
                    found |= common[0] | common[1]
        return found


def is_settled(state: State) -> bool:
    """Whether the solver must keep the link."""
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


def sharing(ledger: Ledger, state: State, but: Collection[int | None] = ()) -> dict[int, frozenset[int]]:
    """Links in the draft that share sentences with one, without rejected ones: link id -> the shared sentences."""
    here = extent(ledger.db, state)
    inside = ",".join(map(str, here.sentences[0] | here.sentences[1]))
    rows = ledger.db.conn.execute(f"select distinct link from link_sentences where sentence in ({inside})")
    found = {}
    moved = ledger.moved_to(here.sentences[0] | here.sentences[1])
    for link in sorted({row[0] for row in rows.fetchall()} | moved):
        if link not in but and ledger.present(link) and ledger.state(link)["status"] != "rejected":
            common = here.shared(extent(ledger.db, ledger.state(link)))
            if common:
                found[link] = common
    return found


def settled_on(ledger: Ledger, state: State, but: Collection[int | None] = ()) -> dict[int, frozenset[int]]:
    """Those of `sharing` that are settled."""
    found = sharing(ledger, state, but)
    return {link: common for link, common in found.items() if is_settled(ledger.state(link))}


def against(ledger: Ledger, state: State, link: int) -> list[int]:
    """Settled links that a link in this state contradicts: neither is `anchored`, and they did not overlap before."""
    return [
        other
        for other in settled_on(ledger, state, (link,))
        if not (state["anchored"] or ledger.state(other)["anchored"] or _overlapped(ledger, link, other))
    ]


def settle(ledger: Ledger) -> None:
    """Adjust undecided links to the links that the draft settles.

    Unreviewed proposals on newly settled sentences are deleted, and so are those that the draft would create or
    restore on settled sentences. Raises ConflictError if a sentence would be settled twice: a reviewer who wants
    both links confirms that, and one of the two is `anchored`.
    """
    for link in sorted(ledger.changed()):
        if not ledger.present(link):
            continue
        was, state = ledger.before(link), ledger.state(link)
        if was is not None and _matters(was) == _matters(state):
            continue
        if is_settled(state):
            _make_room(ledger, link)
        elif not ledger.kept(link) and settled_on(ledger, state, (link,)):
            ledger.give_way(link)


def _matters(state: State) -> tuple[object, ...]:
    """The parts of a link's state that matter for overlaps."""
    return state["src"], state["tgt"], is_settled(state), state["anchored"], untouched(state)


def _make_room(ledger: Ledger, link: int) -> None:
    state = ledger.state(link)
    common = sharing(ledger, state, (link,))
    for other in common:
        if not ledger.kept(other):
            ledger.give_way(other)
    for other in against(ledger, state, link):
        raise ConflictError(f"{already(ledger, other, common[other])}. Reject that link first, or link both by hand.")


def _overlapped(ledger: Ledger, link: int, other: int) -> bool:
    """Whether both were settled on the same sentences before the draft."""
    one, two = ledger.before(link), ledger.before(other)
    if one is None or two is None or not (is_settled(one) and is_settled(two)):
        return False
    return bool(extent(ledger.db, one).shared(extent(ledger.db, two)))


def already(ledger: Ledger, link: int, common: Iterable[int]) -> str:
    """`sentence 11 of a.txt is already in accepted link 57`, for the first shared sentence."""
    inside = ",".join(map(str, common))
    row = ledger.db.conn.execute(
        f"""select name, position from sentences join documents on documents.id = document
            where sentences.id in ({inside}) order by document, position limit 1"""
    ).fetchone()
    where = f"sentence {row[1] + 1} of {row[0]}" if row else "a sentence of it"
    state = ledger.state(link)
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
    half: dict[tuple[int, int], int] = {}
    for one, other, side, lang, other_lang in db.conn.execute(EDGES):
        on_both = half.setdefault((one, other), side) != side
        if on_both or _primary(lang) == _primary(other_lang):
            yield one, other


def with_settled(db: Database) -> bool:
    """Whether a picked link shares a sentence with a settled one that was not picked."""
    others = {other for _, other in pairs(db)}
    inside = ",".join(map(str, others))
    sql = f"""select 1 from links where id in ({inside}) and id not in (select link from picked)
              and (status in ('accepted', 'edited') or anchored) limit 1"""
    return bool(others) and db.conn.execute(sql).fetchone() is not None


_primary = cache(primary)
