"""A small store of two languages, and the app on it under Textual's Pilot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from align.models import Block, BlockKind, Document, Link, LinkKind, Proposal, Sentence, Span
from align.models import Realignment as Realignment
from align.review.app import ReviewApp
from align.review.screens.review import ReviewScreen
from align.store import open_store
from align.workspace.realign import AlternativeTarget

JAPANESE = (
    "日露で初の会議が開かれた。",
    "会議は2013年11月2日に東京で開催された。",
    "ラブロフ外相は「平和的手段で解決する」と述べた。",
    "日本は共同訓練を提案した。",
    "訓練は来年行われる。",
    "[b]括弧[/b]と\x1b[31m制御\u202e文字がある。",
    "両国は合意した。",
    "次回はモスクワで開く。",
    "予算は51億円である。",
    "以上が概要である。",
)
ENGLISH = (
    "Japan and Russia held their first meeting.",
    "The meeting took place in Tokyo on November 2, 2013.",
    'Minister Lavrov said: "We solve it by peaceful means."',
    "Japan proposed a joint drill.",
    "The drill will be held next year.",
    "There are [b]brackets[/b] and \x1b[31mcontrol\u202e characters.",
    "Both countries agreed.",
    "The next one will be in Moscow.",
    "The budget is 7.1 billion yen.",
    "That is the summary.",
)
BEADS = (
    ((0,), (0,), 0.97),
    ((1,), (1,), 0.95),
    ((2,), (2,), 0.9),
    ((3, 4), (3, 4), 0.55),
    ((5,), (5,), 0.4),
    ((6,), (6,), 0.92),
    ((7,), (7,), 0.93),
    ((8,), (8,), 0.3),
)
"""Sentences 9 of both are linked to nothing."""


def document(name: str, lang: str, sentences: tuple[str, ...]) -> Document:
    """Two sentences a block."""
    text, blocks = "", []
    for first in range(0, len(sentences), 2):
        own = []
        for sentence in sentences[first : first + 2]:
            own.append(Sentence((Span(len(text), len(text) + len(sentence)),), lang, 1.0))
            text += sentence
        blocks.append(Block(Span(own[0].span.start, own[-1].span.end), BlockKind.BODY, lang, 1.0, tuple(own)))
        text += "\n\n"
    return Document(name, text, tuple(blocks))


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """Eight undecided links between ten sentences of Japanese and of English."""
    path = tmp_path / "talks.db"
    with open_store(path) as store:
        sides = []
        for name, lang, sentences in (("talks.ja.txt", "ja", JAPANESE), ("talks.en.txt", "en", ENGLISH)):
            added = store.add_document(document(name, lang, sentences))
            sides.append((added.document, [row.id for row in store.sentences(added.document)]))
        (src, ja), (tgt, en) = sides
        store.propose(
            src,
            tgt,
            [
                Proposal(
                    tuple(ja[i] for i in a), tuple(en[i] for i in b), LinkKind.TRANSLATION, c - 0.3, c, 0, {"margin": c}
                )
                for a, b, c in BEADS
            ],
            "hand-made",
        )
    return path


class Quiet:
    """A solver that finds nothing new, or what a test gives it: the app, not the solver, is tested here."""

    def __init__(self) -> None:
        self.ripple = Realignment()
        self.found: list[AlternativeTarget] = []
        self.asked: list[dict[str, Any]] = []

    def realign(self, *documents: int, **asked: Any) -> Realignment:
        self.asked.append({"documents": documents, **asked})
        return self.ripple

    def alternatives(self, link: Link, count: int) -> list[AlternativeTarget]:
        return self.found[:count]


@pytest.fixture
def solver() -> Quiet:
    """The solver of the app under test."""
    return Quiet()


Run = Callable[..., AbstractAsyncContextManager[Any]]


@pytest.fixture
def run(db: Path, solver: Quiet) -> Run:
    """`async with run(size=(100, 32)) as pilot`: the app, up and settled; its store closed at the end."""

    @asynccontextmanager
    async def opened(
        size: tuple[int, int] = (100, 32), *, path: Path = db, real: bool = False, **how: Any
    ) -> AsyncIterator[Any]:
        app = ReviewApp(path, "Aoi", **how)
        if not real:
            app.solver._open = lambda: _held(solver)  # type: ignore[assignment]
        try:
            async with app.run_test(size=size) as pilot:
                await pilot.pause()
                yield pilot
        finally:
            app.close_store()

    return opened


@contextmanager
def _held(solver: Quiet) -> Iterator[Quiet]:
    yield solver


async def press(pilot: Any, *keys: str) -> None:
    """Press, and wait until the decisions, the solver and the screens are done."""
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


async def settle(pilot: Any) -> None:
    """No job is waiting and no message is under way."""
    workers = (pilot.app.decision_writer, pilot.app.solver)
    for _ in range(200):
        await pilot.pause()
        # A job announces its end after it has stopped to wait; what is queued behind it runs after that.
        ends = [asyncio.wrap_future(worker._thread.submit(int)) for worker in workers]
        _, pending = await asyncio.wait(ends, timeout=0.01)
        for end in pending:
            end.cancel()
        if not pending and not any(worker.waiting for worker in workers):
            break
    await pilot.pause()


def screen(pilot: Any) -> ReviewScreen:
    """The review screen, on top or not."""
    return next(s for s in reversed(pilot.app.screen_stack) if isinstance(s, ReviewScreen))


def links(path: Path) -> list[Link]:
    """What the store holds now."""
    with open_store(path, create=False) as store:
        return list(store.links())
