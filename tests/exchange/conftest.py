"""A small store to take links out of and bring them back to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from align.models import Block, BlockKind, Document, LinkKind, Proposal, Sentence, Span
from align.reviewer import Reviewer
from align.store import Store, edits, open_store

JA = ["霧が出る。", "山へ行く。", "川を渡る。", "雨が降る。", "風が吹く。", "夜が明ける。"]
EN = ["Fog rises.", "We climb.", "=We cross & <rest>.", "It rains.", "Wind blows.", "Day breaks."]
FR = ["Le brouillard monte.", "Nous montons.", "Nous traversons.", "Il pleut.", "Le vent souffle.", "Le jour se lève."]


def document(name: str, texts: list[str], lang: str, *, a_block: int = 2) -> Document:
    """A sentence a line, `a_block` sentences a block."""
    blocks, sentences, at = [], [], 0
    for text in texts:
        sentences.append(Sentence((Span(at, at + len(text)),), lang, 1.0))
        at += len(text) + 1
    for first in range(0, len(sentences), a_block):
        inside = tuple(sentences[first : first + a_block])
        blocks.append(Block(Span(inside[0].span.start, inside[-1].span.end), BlockKind.BODY, lang, 1.0, inside))
    return Document(name, "\n".join(texts) + "\n", tuple(blocks))


def link_up(store: Store, src: int, tgt: int, languages: tuple[str, str]) -> None:
    """A proposal for every two sentences of the same position."""
    pairs = zip(store.sentences(src), store.sentences(tgt), strict=True)
    proposals = [Proposal((a.id,), (b.id,), LinkKind.TRANSLATION, 0.1, 0.5 + n / 20) for n, (a, b) in enumerate(pairs)]
    store.propose(src, tgt, proposals, "use", languages=languages)


def fill(store: Store) -> None:
    """ja.txt and en.txt, six sentences each, with links 1 to 6: 1 and 2 accepted, 3 edited, 4 rejected."""
    src = store.add_document(document("ja.txt", JA, "ja")).document
    tgt = store.add_document(document("en.txt", EN, "en")).document
    link_up(store, src, tgt, ("ja", "en"))
    reviewer = Reviewer(store, "ada")
    reviewer.commit(edits.accept(1))
    reviewer.commit(edits.accept(2))
    reviewer.commit(edits.edit_text(3, "tgt", "=We cross & <rest> a while."))
    reviewer.commit(edits.note(3, "odd & <b>"))
    reviewer.commit(edits.reject(4))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Six links: 1 and 2 accepted, 3 edited, 4 rejected."""
    with open_store(tmp_path / "s.db") as opened:
        fill(opened)
        yield opened
