"""What is settled stays settled: laws on made-up decisions of two reviewers, with solutions of all kinds in between."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from align.domain import SETTLED, Link
from align.errors import AlignError
from align.jobs import resolve
from align.jobs.decide import Desk
from align.jobs.propose import propose
from align.jobs.resolve import Resolver
from align.jobs.runs import contradictory
from align.review import fixes
from align.review.points import Point
from align.store import Store, open_store
from tests.jobs.conftest import TopicEncoder, english, japanese, page
from tests.laws.test_store_laws import Operation, fresh, many, play, stories

TOPICS = 12


def primary(tag: str) -> str:
    return tag.partition("-")[0]


def clashes(store: Store) -> list[tuple[Link, Link]]:
    """Untouched proposals with the settled links that have one of their sentences, between the same texts."""
    links = list(store.links())
    untouched = store.untouched([link.id for link in links])
    found = []
    for link in (one for one in links if one.id in untouched):
        for other in (one for one in links if one.status in SETTLED):
            for mine, yours in (
                ((link.src, link.tgt), (other.src, other.tgt)),
                ((link.src, link.tgt), (other.tgt, other.src)),
            ):
                same = all(
                    (a.document, primary(a.lang)) == (b.document, primary(b.lang))
                    for a, b in zip(mine, yours, strict=True)
                )
                if same and any(set(a.sentences) & set(b.sentences) for a, b in zip(mine, yours, strict=True)):
                    found.append((link, other))
    return found


@many
@given(stories)
def test_nothing_is_proposed_on_what_is_settled(story: list[tuple[int, Operation]]) -> None:
    with tempfile.TemporaryDirectory() as folder, fresh(folder) as store:
        desks = [Desk(store, "ada"), Desk(store, "bo")]
        for step in story:
            play(store, desks, [step])
            assert clashes(store) == []
        assert contradictory(store, store.constraints(1, 2)) is None


@cache
def template() -> bytes:
    """The file of a store of two pages that say the same, matched."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.db"
        with open_store(path) as store:
            store.add_document(page("a.en.txt", english(range(100, 100 + TOPICS))))
            store.add_document(page("b.ja.txt", japanese(range(100, 100 + TOPICS))))
            list(propose(store, TopicEncoder()))
        return path.read_bytes()


@contextmanager
def matched(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Store, Resolver]]:
    monkeypatch.setattr(resolve, "load_encoder", lambda name, **_: TopicEncoder())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "settled.db"
        path.write_bytes(template())
        with open_store(path) as store, Resolver(path) as resolver:
            store.db.execute("pragma synchronous = off")
            yield store, resolver


@st.composite
def steps(draw: Any) -> tuple[str, int, int, int]:
    names = (
        "accept",
        "reject",
        "unlink",
        "edit",
        "merge",
        "split",
        "inside",
        "move",
        "link",
        "relink",
        "solve",
        "bulk",
    )
    turns = ("undo", "redo", "propose", "propose")
    number = st.integers(0, 2 * TOPICS)
    return draw(st.sampled_from(names + turns)), draw(number), draw(number), draw(number)


def fix_of(store: Store, name: str, link: Link, a: int, b: int) -> fixes.Fix:
    """What the app would do with a link."""
    links = list(store.links())
    src, tgt = ([row.id for row in store.sentences(number)] for number in (1, 2))
    ends = ((src[a % len(src)],), (tgt[b % len(tgt)],))
    known = tuple(one.id for one in links)
    if name == "merge":
        return fixes.merge(link, links[a % len(links)])
    if name == "split":
        return fixes.split(link, Point(1), Point(1))
    if name == "inside":
        return fixes.split(link, Point(0, 3), Point(0, 9))
    if name == "link":
        return fixes.by_hand((1, 2), *ends, known)
    if name == "relink":
        return fixes.relink(link, *ends, known)
    return fixes.solve_again(link) if name == "solve" else fixes.unlink(link)


def take(store: Store, resolver: Resolver, desk: Desk, step: tuple[str, int, int, int]) -> None:
    name, which, a, b = step
    links = list(store.links())
    link = links[which % len(links)]
    if name in ("accept", "reject"):
        getattr(desk, name)(link.id)
    elif name == "edit":
        desk.edit(link.id, "src", f"otherwise {a}")
    elif name == "bulk":
        desk.accept_above(0.5 + a / 100)
    elif name == "move":
        desk.move(link.id, ("src", "tgt")[a % 2], ("first", "last")[b % 2], ("up", "down")[which % 2])
    elif name in ("undo", "redo"):
        getattr(desk, name)()
    elif name == "propose":
        list(propose(store, TopicEncoder()))
    else:
        fix = fix_of(store, name, link, a, b)
        ripple = resolver.around(
            *fix.documents, anchors=fix.anchors, forbidden=fix.forbidden, replaced=fix.replaced, known=fix.known
        )
        kept = [one for one in links if one.status in SETTLED and one.id not in fix.replaced]
        settled = {number for one in kept for side in (one.src, one.tgt) for number in side.sentences}
        settled.update(number for ends in fix.anchors for side in ends for number in side)
        assert all(settled.isdisjoint((*new.src, *new.tgt)) for new in ripple.added), "nor shows it"
        fix.write(desk, ripple)


@many
@given(st.lists(st.tuples(st.integers(0, 1), steps()), min_size=1, max_size=10))
def test_no_solution_proposes_on_settled_sentences_or_what_was_rejected(
    story: list[tuple[int, tuple[str, int, int, int]]],
) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch, matched(monkeypatch) as (store, resolver):
        desks = [Desk(store, "ada"), Desk(store, "bo")]
        for who, step in story:
            if not list(store.links()):
                return
            with suppress(AlignError):
                take(store, resolver, desks[who], step)
            assert clashes(store) == []
            rejected = set(store.constraints(1, 2).forbidden)
            undecided = store.untouched([link.id for link in store.links()])
            proposed = {fixes.ends_of(store.link(number)) for number in undecided}
            assert not rejected & proposed
        assert store.check() == []
        assert all(not pair.contradiction for pair in propose(store, TopicEncoder()))
