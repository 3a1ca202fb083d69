"""Whoever aligns two texts sees the same evidence: the same beads with the same confidence by every command."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import align
from align.api import align_texts
from align.bulk.shards import unpack
from align.bulk.types import Batch, Item, PairEntry
from align.bulk.worker import BatchAligner, WorkSpec
from align.embeddings import cached, load_encoder
from align.embeddings.base import Tokens, Vectors, half_precision
from align.embeddings.embed import LatestTexts, TextSide, embed_sides
from align.store import LinkFilter, open_store
from align.workspace.add import add
from align.workspace.evaluate import evaluate
from align.workspace.pair import pair, read_side
from align.workspace.propose import propose

GERMAN = [
    "Das Kabinett tagte am Montagmorgen, und es einigte sich auf einen neuen Haushalt für die Schulen.",
    "Lehrer im ganzen Land begrüßten den Plan.",
    "Kritiker sagten, das Geld komme zu spät.",
    "Der Fluss stieg über Nacht um drei Meter.",
    "Zwei Brücken wurden gesperrt.",
    "Niemand wurde verletzt.",
    "Bauern brachten ihr Vieh auf höheres Gelände.",
    "Das Parlament stimmt im März 2024 ab.",
]
ENGLISH = [
    "The cabinet met on Monday morning.",
    "It agreed on a new budget for the schools.",
    "Teachers all over the country welcomed the plan.",
    "Critics said that the money would come too late.",
    "The river rose three metres overnight and two bridges were closed.",
    "No one was hurt.",
    "More rain is expected on Friday.",
    "Farmers moved their cattle to higher ground.",
    "Parliament will vote in March 2024.",
]
Beads = dict[tuple[str, str], float]


OTHER_ORDER = [ENGLISH[k] for k in (8, 4, 6, 0, 1, 7, 5, 2, 3)]


class WordEncoder:
    """`use`, with the vectors of single words as token vectors. Its weights are those of any other encoder."""

    name = "words"
    digest = "words-of-use"

    def __init__(self) -> None:
        self._use = load_encoder("use")
        self.dimensions, self.languages = self._use.dimensions, self._use.languages

    def encode(self, texts: Sequence[str], progress: Any = None) -> Vectors:
        return self._use.encode(texts)

    def encode_tokens(self, texts: Sequence[str], progress: Any = None) -> list[Tokens]:
        words = sorted({word for text in texts for word in text.split()})
        rows = dict(zip(words, self._use.encode(words).astype(np.float16), strict=True))
        return [
            Tokens(
                tuple(text.split()),
                np.zeros((len(text.split()), 2), np.int32),
                np.array([rows[word] for word in text.split()]),
            )
            for text in texts
        ]

    def encode_with_tokens(self, texts: Sequence[str], progress: Any = None) -> tuple[Vectors, list[Tokens]]:
        return self.encode(texts), self.encode_tokens(texts)


ENCODERS: dict[str, Callable[[], Any]] = {"use": lambda: load_encoder("use"), "tokens": WordEncoder}


def written(folder: Path, english: Sequence[str]) -> list[str]:
    names = []
    for lang, texts in (("de", GERMAN), ("en", english)):
        path = folder / f"text.{lang}.txt"
        path.write_text("\n\n".join(texts) + "\n", encoding="utf-8")
        names.append(str(path))
    return names


def by_bulk(files: Sequence[str], encoder: Any, *, reordered: bool) -> Beads:
    spec = WorkSpec(encoder.name, "/", languages=("de", "en"), reordered=reordered)
    done = BatchAligner(spec, encoder)(Batch(0, (Item(0, PairEntry(files[0], files[1])),)))
    rows = [json.loads(line) for line in unpack(done.items[0].payload)]
    return {(row["src"]["text"], row["tgt"]["text"]): row["confidence"] for row in rows}


def by_pair(files: Sequence[str], encoder: Any, *, reordered: bool) -> Beads:
    found = pair(read_side(files[0]), read_side(files[1]), encoder, reordered=reordered)
    return {(link.src.text, link.tgt.text): link.confidence for link in found.links}


def by_python(english: Sequence[str], encoder: Any, *, whole: bool) -> Beads:
    found = align_texts(GERMAN, english, src_lang="de", tgt_lang="en", encoder=encoder, whole=whole)
    return {(src, tgt): confidence for src, tgt, confidence in found.pairs()}


def by_store(files: Sequence[str], encoder: Any, folder: Path) -> Beads:
    db = folder / "store.db"
    assert len(list(add(db, files))) == 2
    with open_store(db) as store, cached(encoder, db) as vectors:
        assert list(propose(store, vectors))
        return {(link.src.text, link.tgt.text): link.confidence for link in store.links(LinkFilter())}


def by_eval(encoder: Any, folder: Path) -> set[tuple[str, ...]]:
    gold, predictions = folder / "gold.jsonl", folder / "found.jsonl"
    document = {"id": "a", "src_lang": "de", "tgt_lang": "en", "src": GERMAN, "tgt": ENGLISH, "gold": [[[0], [0]]]}
    gold.write_text(json.dumps(document), encoding="utf-8")
    evaluate(gold, encoder, predictions=predictions)
    beads = json.loads(predictions.read_text(encoding="utf-8"))["beads"]
    texts = (
        tuple(" ".join(side[k] for k in run) for side, run in zip((GERMAN, ENGLISH), bead, strict=True))
        for bead in beads
    )
    return {pair for pair in texts if all(pair)}


@pytest.mark.parametrize("name", ENCODERS)
def test_a_text_and_its_translation(name: str, tmp_path: Path) -> None:
    encoder, files = ENCODERS[name](), written(tmp_path, ENGLISH)
    expected = by_pair(files, encoder, reordered=False)
    assert len(expected) >= 5
    others = {
        "bulk": by_bulk(files, encoder, reordered=False),
        "python": by_python(ENGLISH, encoder, whole=True),
        "pair, any order": by_pair(files, encoder, reordered=True),
        "bulk, any order": by_bulk(files, encoder, reordered=True),
        "python, any order": by_python(ENGLISH, encoder, whole=False),
        "propose": by_store(files, encoder, tmp_path),
    }
    for command, beads in others.items():
        assert beads == pytest.approx(expected, abs=1e-4), command
    assert by_eval(encoder, tmp_path) == expected.keys()


@pytest.mark.parametrize("name", ENCODERS)
def test_texts_in_another_order(name: str, tmp_path: Path) -> None:
    encoder, files = ENCODERS[name](), written(tmp_path, OTHER_ORDER)
    expected = by_pair(files, encoder, reordered=True)
    assert len(expected) >= 4
    others = {
        "bulk": by_bulk(files, encoder, reordered=True),
        "python": by_python(OTHER_ORDER, encoder, whole=False),
        "propose": by_store(files, encoder, tmp_path),
    }
    for command, beads in others.items():
        assert beads == pytest.approx(expected, abs=1e-4), command


def test_token_vectors_are_those_of_each_side() -> None:
    sides = [TextSide((*GERMAN[:2], ENGLISH[0]), "de"), TextSide((ENGLISH[0],), "en")]
    one, other = embed_sides(WordEncoder(), sides)
    assert one.tokens is not None
    assert other.tokens is not None
    assert " ".join(one.tokens[1].pieces) == GERMAN[1]
    assert one.tokens[2].pieces == other.tokens[0].pieces
    later, _ = embed_sides(WordEncoder(), sides, tokens_now=False)
    assert later.tokens is None
    assert later.encode_tokens is not None
    for now, on_demand in zip(one.tokens, later.encode_tokens(later.texts), strict=True):
        assert now.pieces == on_demand.pieces


class CountedEncoder:
    """Two texts' tokens at a time, counted."""

    calls = 0

    def encode_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        self.calls += len(texts)
        return [Tokens((text,), np.zeros((1, 2), np.int32), np.ones((1, 3), np.float16)) for text in texts]


def test_token_vectors_on_demand_are_encoded_once_while_they_are_cached() -> None:
    encoder: Any = CountedEncoder()
    tokens = LatestTexts(encoder.encode_tokens, 3)
    for texts in (["a", "b", "a"], ["b", "a"]):
        assert [one.pieces for one in tokens(texts)] == [(text,) for text in texts]
    assert encoder.calls == 2
    assert [one.pieces for one in tokens(list("abcdef"))] == [(text,) for text in "abcdef"]
    assert encoder.calls == 6
    tokens(["d", "e", "f"])
    assert encoder.calls == 6
    tokens(["a"])
    assert encoder.calls == 7


def test_vectors_do_not_depend_on_the_cache_of_a_store() -> None:
    vectors = np.random.default_rng(3).normal(size=(200, 512)).astype(np.float32)
    once = half_precision(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    assert np.array_equal(half_precision(once), once)


def test_nothing_but_the_embedding_asks_an_encoder_for_tokens() -> None:
    folder = Path(align.__file__).parent
    callers = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.py")
        if path.parent.name != "embeddings" or path.name == "embed.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("encode_with_tokens", "encode_tokens")
    }
    # The aligner calls what the embedding gave it. Statements rank passages by tokens; no links come of them.
    assert callers == {"embeddings/embed.py", "aligner/window.py", "mining/passage_ranking.py"}
