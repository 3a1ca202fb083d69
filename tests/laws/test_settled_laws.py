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

from align.errors import AlignError
from align.models import CONFIRMED, Link, Status
from align.review.queries import Consequences, consequences_of, realignment_of
from align.reviewer import Reviewer
from align.store import Store, edits, open_store
from align.store.actions import Action
from align.store.edits import Edit, End
from align.workspace import realign
from align.workspace.browse import open_browser
from align.workspace.language_runs import SentencePair, find_contradiction
from align.workspace.propose import propose
from align.workspace.realign import Realigner, sentence_pair
from tests.laws.test_store_laws import Operation, fresh, many, play, stories
from tests.workspace.conftest import TopicEncoder, english, japanese, page

TOPICS = 12


def primary(tag: str) -> str:
    return tag.partition("-")[0]


def clashes(store: Store) -> list[tuple[Link, Link]]:
    """Untouched proposals with the settled links that have one of their sentences, between the same texts."""
    links = list(store.links())
    untouched = store.unreviewed([link.id for link in links])
    found = []
    for link in (one for one in links if one.id in untouched):
        for other in (one for one in links if one.status in CONFIRMED):
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
        reviewers = [Reviewer(store, "ada"), Reviewer(store, "bo")]
        for step in story:
            play(store, reviewers, [step])
            assert clashes(store) == []
        assert find_contradiction(store, store.constraints(1, 2)) is None


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
def matched(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Store, Realigner]]:
    monkeypatch.setattr(realign, "load_encoder", lambda name, **_: TopicEncoder())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "settled.db"
        path.write_bytes(template())
        with open_store(path) as store, Realigner(path) as resolver:
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


def edit_of(store: Store, name: str, link: Link, a: int, b: int) -> Edit:
    """What the app would do with a link."""
    links = list(store.links())
    src, tgt = ([row.id for row in store.sentences(number)] for number in (1, 2))
    ends = ((src[a % len(src)],), (tgt[b % len(tgt)],))
    shared = tuple(one.id for one in links)
    if name == "merge":
        return edits.merge(link.id, links[a % len(links)].id)
    if name == "split":
        return edits.split(link.id, 1, 1)
    if name == "inside":
        return edits.split(link.id, (0, 3), (0, 9))
    if name == "move":
        end: End = "first" if b % 2 else "last"
        return edits.move(link.id, "tgt" if a % 2 else "src", end, "take" if a % 3 else "give")
    if name == "link":
        return edits.link_by_hand(*ends, shared=shared)
    if name == "relink":
        return edits.relink(link.id, *ends, shared=shared)
    return edits.solve(link.id) if name == "solve" else edits.unlink(link.id)


def take(store: Store, resolver: Realigner, reviewer: Reviewer, step: tuple[str, int, int, int]) -> None:
    name, which, a, b = step
    links = list(store.links())
    link = links[which % len(links)]
    if name in ("accept", "reject"):
        reviewer.commit(getattr(edits, name)(link.id))
    elif name == "edit":
        reviewer.commit(edits.edit_text(link.id, "src", f"otherwise {a}"))
    elif name == "bulk":
        reviewer.accept_above(0.5 + a / 100)
    elif name in ("undo", "redo"):
        getattr(reviewer, name)()
    elif name == "propose":
        list(propose(store, TopicEncoder()))
    else:
        edit = edit_of(store, name, link, a, b)
        preview = reviewer.preview(edit)
        realignment = realignment_of(resolver, preview, edit)
        untouched = [one for one in links if one.status in CONFIRMED and one.id not in preview.replaced]
        settled = {number for one in untouched for side in (one.src, one.tgt) for number in side.sentences}
        settled.update(number for ends in preview.anchors for side in ends for number in side)
        assert all(settled.isdisjoint((*new.src, *new.tgt)) for new in realignment.added), "nor shows it"
        with open_browser(store.path) as browser:
            shown = consequences_of(browser, preview, realignment)
        before = statuses_by_ends(store)
        reviewer.commit(edit, expected=preview.versions, realignment=realignment)
        if edit.action != Action.CUT:  # whose sentences have other numbers after it
            own = {sentence_pair(one) for one in links if one.id in set(preview.replaced) - set(preview.deleted)}
            only_what_was_shown(before, statuses_by_ends(store), shown, own)


def statuses_by_ends(store: Store) -> dict[SentencePair, Status]:
    return {sentence_pair(link): link.status for link in store.links()}


def only_what_was_shown(
    before: dict[SentencePair, Status],
    after: dict[SentencePair, Status],
    shown: Consequences,
    own: set[SentencePair],
) -> None:
    """What an edit changes is what the panel shows, each proposal that goes or comes; `own`: ends that it changes."""
    settled = {n for ends, status in after.items() if status in CONFIRMED for side in ends for n in side}
    named = {sentence_pair(link) for link in (*shown.emptied, *shown.realignment.removed)}
    gone = {ends for ends in before if ends not in after and settled.isdisjoint((*ends[0], *ends[1]))}
    come = {ends for ends, status in after.items() if ends not in before and status is Status.PROPOSED}
    proposed = {(new.src, new.tgt) for new in shown.realignment.added}
    assert gone <= named | own
    assert come <= proposed
    remaining = {ends for ends in named if before.get(ends) is Status.PROPOSED} & after.keys()
    assert {ends for ends in remaining if after[ends] is Status.PROPOSED} <= proposed


@many
@given(st.lists(st.tuples(st.integers(0, 1), steps()), min_size=1, max_size=10))
def test_no_solution_proposes_on_settled_sentences_or_what_was_rejected(
    story: list[tuple[int, tuple[str, int, int, int]]],
) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch, matched(monkeypatch) as (store, resolver):
        reviewers = [Reviewer(store, "ada"), Reviewer(store, "bo")]
        for who, step in story:
            if not list(store.links()):
                return
            with suppress(AlignError):
                take(store, resolver, reviewers[who], step)
            assert clashes(store) == []
            rejected = set(store.constraints(1, 2).forbidden)
            undecided = store.unreviewed([link.id for link in store.links()])
            proposed = {sentence_pair(store.link(number)) for number in undecided}
            assert not rejected & proposed
        assert store.check() == []
        assert all(not pair.contradiction for pair in propose(store, TopicEncoder()))
