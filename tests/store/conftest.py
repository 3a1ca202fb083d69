"""Small stores to decide in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from align.models import Block, BlockKind, Document, LinkKind, Proposal, Sentence, Span
from align.reviewer import Reviewer
from align.store import Store, open_store


def make_document(name: str, texts: list[str], lang: str) -> Document:
    """A document of one block, a sentence a line."""
    whole = "\n".join(texts) + "\n"
    sentences, start = [], 0
    for text in texts:
        sentences.append(Sentence((Span(start, start + len(text)),), lang, 1.0))
        start += len(text) + 1
    block = Block(Span(0, start - 1), BlockKind.BODY, lang, 1.0, tuple(sentences))
    return Document(name, whole, (block,))


JA = ["霧が出る。", "山へ行く。", "川を渡る。", "雨が降る。", "風が吹く。", "夜が明ける。"]
EN = ["Fog rises.", "We climb.", "We cross the river.", "It rains.", "Wind blows.", "Day breaks."]


def one_to_one(store: Store, src: int, tgt: int, *, confidence: float = 0.5) -> list[Proposal]:
    """A proposal for every two sentences of the same position, surer and surer."""
    pairs = zip(store.sentences(src), store.sentences(tgt), strict=False)
    return [
        Proposal((a.id,), (b.id,), LinkKind.TRANSLATION, 0.1 * n, min(1.0, confidence + n / 20))
        for n, (a, b) in enumerate(pairs)
    ]


def fill(store: Store) -> None:
    """Two documents of six sentences and six links, numbered from 1."""
    src = store.add_document(make_document("ja.txt", JA, "ja")).document
    tgt = store.add_document(make_document("en.txt", EN, "en")).document
    store.propose(src, tgt, one_to_one(store, src, tgt), "use", languages=("ja", "en"))


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with what `fill` makes, closed, to be copied."""
    path = tmp_path_factory.mktemp("filled") / "s.db"
    with open_store(path) as opened:
        fill(opened)
    return path


@pytest.fixture
def store(filled: Path, tmp_path: Path) -> Iterator[Store]:
    shutil.copyfile(filled, tmp_path / "s.db")
    with open_store(tmp_path / "s.db") as opened:
        yield opened


@pytest.fixture
def reviewer(store: Store) -> Reviewer:
    return Reviewer(store, "ada")


def sides(store: Store) -> dict[int, tuple[tuple[int, ...], tuple[int, ...]]]:
    return {link.id: (link.src.sentences, link.tgt.sentences) for link in store.links()}


def status(store: Store, link: int) -> str:
    return store.link(link).status.value
