"""Whoever aligns two texts sees the same evidence: the same beads with the same confidence by every command."""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import align
from align.api import align_texts
from align.bulk.shards import unpack
from align.bulk.types import Batch, Item, PairEntry
from align.bulk.worker import BatchAligner, WorkSpec
from align.embeddings import cached, load_encoder
from align.embeddings.embed import TextSide, embed_sides
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


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    names = []
    for lang, texts in (("de", GERMAN), ("en", ENGLISH)):
        path = tmp_path / f"text.{lang}.txt"
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


def by_python(encoder: Any, *, whole: bool) -> Beads:
    found = align_texts(GERMAN, ENGLISH, src_lang="de", tgt_lang="en", encoder=encoder, whole=whole)
    return {(src, tgt): confidence for src, tgt, confidence in found.pairs()}


@pytest.mark.parametrize("name", ["use", "e5"])
def test_texts_in_one_order(name: str, files: list[str], tmp_path: Path) -> None:
    encoder = load_encoder(name)
    expected = by_pair(files, encoder, reordered=False)
    assert len(expected) >= 5
    for found in (by_bulk(files, encoder, reordered=False), by_python(encoder, whole=True)):
        assert found == pytest.approx(expected, abs=1e-4)
    gold, found_by_eval = tmp_path / "gold.jsonl", tmp_path / "found.jsonl"
    document = {"id": "a", "src_lang": "de", "tgt_lang": "en", "src": GERMAN, "tgt": ENGLISH, "gold": [[[0], [0]]]}
    gold.write_text(json.dumps(document), encoding="utf-8")
    evaluate(gold, name, predictions=found_by_eval)
    beads = json.loads(found_by_eval.read_text(encoding="utf-8"))["beads"]
    texts = {
        tuple(" ".join(side[k] for k in run) for side, run in zip((GERMAN, ENGLISH), b, strict=True)) for b in beads
    }
    assert {pair for pair in texts if all(pair)} == expected.keys()


@pytest.mark.parametrize("name", ["use", "e5"])
def test_pages(name: str, files: list[str], tmp_path: Path) -> None:
    encoder = load_encoder(name)
    expected = by_pair(files, encoder, reordered=True)
    assert len(expected) >= 5
    for found in (by_bulk(files, encoder, reordered=True), by_python(encoder, whole=False)):
        assert found == pytest.approx(expected, abs=1e-4)
    db = tmp_path / "store.db"
    assert len(list(add(db, files))) == 2
    with open_store(db) as store, cached(encoder, db) as vectors:
        assert list(propose(store, vectors))
        proposed = {(link.src.text, link.tgt.text): link.confidence for link in store.links(LinkFilter())}
    assert proposed == pytest.approx(expected, abs=5e-3), "a store keeps its vectors as float16"


def test_token_vectors_are_those_of_each_side() -> None:
    sides = [TextSide((*GERMAN[:2], ENGLISH[0]), "de"), TextSide((ENGLISH[0],), "en")]
    one, other = embed_sides(load_encoder("e5"), sides, for_bitext=True)
    assert one.tokens is not None
    assert other.tokens is not None
    assert "".join(one.tokens[1].pieces).replace("▁", "") == GERMAN[1].replace(" ", "")
    assert one.tokens[2].pieces == other.tokens[0].pieces
    assert [side.tokens for side in embed_sides(load_encoder("e5"), sides, for_bitext=False)] == [None, None]


def test_nothing_but_the_embedding_asks_an_encoder_for_tokens() -> None:
    folder = Path(align.__file__).parent
    callers = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.py")
        if path.parent.name != "embeddings" or path.name == "embed.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("encode_with_tokens", "encode_tokens")
    }
    # Statements rank passages by tokens; no links come of them.
    assert callers == {"embeddings/embed.py", "mining/passage_ranking.py"}
