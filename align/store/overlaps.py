"""Links between the same texts that share a sentence.

What a reviewer has settled on a sentence holds for those two texts: an undecided link on it gives way, and a second
settled link needs the reviewer's word (`anchored`). Whoever decides anything goes through `settle`; `pairs` says the
same of many links at once.
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
    """The sentences of a link, source first, with the document and the primary language of each side."""

    documents: tuple[int, int]
    languages: tuple[str, str]
    sentences: tuple[frozenset[int], frozenset[int]]

    @property
    def turned(self) -> Extent:
        """The same with the sides swapped."""
        return Extent(self.documents[::-1], self.languages[::-1], self.sentences[::-1])

    def shared(self, other: Extent) -> frozenset[int]:
        """The sentences that both have, where they link the same two texts; whichever way round.

        A page may be linked to one in several languages: then one sentence alone is no contradiction. Sentences on
        both sides are, whatever the languages.
        """
        found: frozenset[int] = frozenset()
        for turned in (other, other.turned):
            if self.documents == turned.documents:
                common = [one & two for one, two in zip(self.sentences, turned.sentences, strict=True)]
                if self.languages == turned.languages or all(common):
                    found |= common[0] | common[1]
        return found


def is_settled(state: State) -> bool:
    """Whether the solver has to keep the link."""
    return state["status"] in ("accepted", "edited") or bool(state["anchored"])


def extent(db: Database, state: State) -> Extent:
    """The extent of a link. A sentence that is no more has no language."""

    def language(side: str) -> str:
        row = db.conn.execute("select lang from sentences where id = ?", (sentences_of(side)[0],)).fetchone()
        return primary(row[0]) if row else ""

    return Extent(
        (state["src_document"], state["tgt_document"]),
        (language(state["src"]), language(state["tgt"])),
        (frozenset(sentences_of(state["src"])), frozenset(sentences_of(state["tgt"]))),
    )


def sharing(ledger: Ledger, state: State, but: Collection[int | None] = ()) -> dict[int, frozenset[int]]:
    """The links that share sentences with one, as the ledger has them by now, and which; rejected ones are out."""
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
    """The settled ones among the links that share sentences with one."""
    found = sharing(ledger, state, but)
    return {link: common for link, common in found.items() if is_settled(ledger.state(link))}


def against(ledger: Ledger, state: State, link: int) -> list[int]:
    """The settled links that a link in this state would contradict: neither is `anchored`, nor were both so before."""
    return [
        other
        for other in settled_on(ledger, state, (link,))
        if not (state["anchored"] or ledger.state(other)["anchored"] or _overlapped(ledger, link, other))
    ]


def settle(ledger: Ledger) -> None:
    """Bring what is undecided in line with what the decision in the making settles.

    Untouched proposals on sentences that it settles give way, and so do those that it would make or bring back on
    sentences that are settled. Raises ConflictError where it would settle a sentence twice: a reviewer who wants both
    links gives their word for it, and then one of the two is `anchored`.
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
    """What of a link other links have to go by."""
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
    """Whether both were settled on the same sentences before the decision in the making."""
    one, two = ledger.before(link), ledger.before(other)
    if one is None or two is None or not (is_settled(one) and is_settled(two)):
        return False
    return bool(extent(ledger.db, one).shared(extent(ledger.db, two)))


def already(ledger: Ledger, link: int, common: Iterable[int]) -> str:
    """`sentence 11 of a.txt is already in accepted link 57`, for the first of the sentences that it has in common."""
    inside = ",".join(map(str, common))
    row = ledger.db.conn.execute(
        f"""select name, position from sentences join documents on documents.id = document
            where sentences.id in ({inside}) order by document, position limit 1"""
    ).fetchone()
    where = f"sentence {row[1] + 1} of {row[0]}" if row else "a sentence of it"
    state = ledger.state(link)
    status = state["status"] if state["status"] != "proposed" else "anchored"
    return f"{where} is already in {status} link {link}"


# Many links at once

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
"""The document that the shared sentence is in is the same; those of the sides that face it are, too."""


def pick(db: Database, links: Iterable[int]) -> None:
    """Note links for `pairs`, in the place of those that were noted before."""
    db.conn.execute(PICKED)
    db.conn.execute("delete from picked")
    db.conn.executemany("insert or ignore into picked values (?)", ((link,) for link in links))


def pairs(db: Database) -> Iterator[tuple[int, int]]:
    """Each link that was picked with each link that shares sentences with it, as `Extent.shared` sees it.

    A pair may come more than once.
    """
    half: dict[tuple[int, int], int] = {}
    for one, other, side, lang, other_lang in db.conn.execute(EDGES):
        on_both = half.setdefault((one, other), side) != side
        if on_both or _primary(lang) == _primary(other_lang):
            yield one, other


def with_settled(db: Database) -> bool:
    """Whether one of the links that were picked shares a sentence with a settled one that was not."""
    others = {other for _, other in pairs(db)}
    inside = ",".join(map(str, others))
    sql = f"""select 1 from links where id in ({inside}) and id not in (select link from picked)
              and (status in ('accepted', 'edited') or anchored) limit 1"""
    return bool(others) and db.conn.execute(sql).fetchone() is not None


_primary = cache(primary)
