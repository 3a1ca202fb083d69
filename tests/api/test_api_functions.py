"""The Python interface: many pairs, scores of aligned corpora, mining, evaluation, stores, encoders of one's own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import align
from align.embeddings import as_encoder

GERMAN = ["Das Haus ist alt und steht am Fluss.", "Niemand wohnt heute mehr dort.", "Im Winter kommt der Fuchs."]
ENGLISH = [
    "The house is old and stands by the river.",
    "Nobody lives there any more today.",
    "In winter the fox comes.",
]
LANGUAGES = {"src_lang": "de", "tgt_lang": "en"}


class Letters:
    """An encoder of one's own: vectors of letter counts."""

    name, dimensions, languages, digest = "letters", 26, None, "letters-1"

    def encode(self, texts, progress=None):
        counts = [[1e-3 + text.lower().count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in texts]
        table = np.array(counts, dtype=np.float32).reshape(len(texts), 26)
        return table / np.linalg.norm(table, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def aligner() -> align.Aligner:
    return align.Aligner("use")


def test_records_are_json_and_have_the_columns_of_exports(aligner: align.Aligner) -> None:
    aligned = aligner.align(GERMAN, ENGLISH[:2], **LANGUAGES)
    records = json.loads(json.dumps(aligned.to_records()))
    assert [(row["src"], row["tgt"]) for row in records] == list(zip(GERMAN[:2], ENGLISH[:2], strict=True))
    assert records[1]["src_sentences"] == [1]
    assert records[0].keys() >= {"src_lang", "tgt_lang", "kind", "score", "confidence"}
    assert [row["tgt"] for row in aligned.to_records(with_nulls=True)].count("") == 1


def test_many_pairs_keep_their_order() -> None:
    pairs = [(GERMAN[:k], ENGLISH[:k]) for k in (1, 3, 2)]
    done: list[tuple[int, int]] = []
    aligner = align.Aligner(Letters())
    found = list(aligner.align_many(pairs, progress=lambda *counts: done.append(counts), **LANGUAGES))
    assert [len(one.src) for one in found] == [1, 3, 2]
    assert done == [(1, 3), (2, 3), (3, 3)]
    with pytest.raises(align.UsageError, match="workers must be 1"):
        list(aligner.align_many(pairs, workers=0))


def test_workers_keep_the_order_and_need_no_main_guard(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import align\n"
        f"pairs = [({GERMAN!r}[:n], {ENGLISH!r}[:n]) for n in (3, 1, 2) * 6]\n"
        "found = align.Aligner('use').align_many(pairs, src_lang='de', tgt_lang='en', workers=2)\n"
        "print([len(one.src) for one in found])\n"
    )
    ran = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == (f"{[3, 1, 2] * 6}\n", "")


def test_an_encoder_that_cannot_be_sent_is_refused_before_a_process_starts() -> None:
    encoder = Letters()
    encoder.callback = lambda: None
    with pytest.raises(align.UsageError, match="encoder by name"):
        list(align.Aligner(encoder).align_many([("a", "b")], workers=2))


def test_pairs_that_are_aligned_already_are_scored_each_by_itself() -> None:
    wrong = "The cat sat on the mat."
    scores = align.score_pairs(
        [*zip(GERMAN, ENGLISH, strict=True), (GERMAN[0], wrong), ("", "x")], encoder="use", **LANGUAGES
    )
    assert all(score.confidence > 0.8 for score in scores[:3])
    assert scores[3].confidence < 0.2
    assert scores[4] == (0.0, 0.0)
    assert align.score_pairs([(GERMAN[1], ENGLISH[1])], encoder="use", **LANGUAGES)[0] == pytest.approx(
        scores[1], abs=1e-4
    )
    with pytest.raises(TypeError, match="pair 0 must be two texts"):
        align.score_pairs(["ab"], encoder=Letters())  # type: ignore[list-item]


def test_mining_pairs_two_lists_in_any_order() -> None:
    found = align.mine(GERMAN, ENGLISH[::-1], encoder="use", **LANGUAGES)
    assert [(pair.src, pair.tgt) for pair in found] == [(0, 2), (1, 1), (2, 0)]
    assert found[0].tgt_text == ENGLISH[0]
    assert [pair.src for pair in found] == sorted(pair.src for pair in found)
    with pytest.raises(align.UsageError, match="two languages"):
        align.mine(GERMAN, ENGLISH, src_lang="en", tgt_lang="en-GB")


def test_evaluation_with_an_encoder_of_ones_own(tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    document = {"src": GERMAN, "tgt": ENGLISH, "gold": [[[k], [k]] for k in range(3)], **LANGUAGES}
    gold.write_text(json.dumps(document))
    figures = align.evaluate(gold, encoder=Letters())
    assert figures["documents"] == 1
    assert 0 <= figures["f1_strict"] <= 1


def test_a_store_is_opened_to_read(tmp_path: Path) -> None:
    from align.workspace.add import add

    path = tmp_path / "align.db"
    (tmp_path / "a.txt").write_text(" ".join(ENGLISH))
    list(add(path, [str(tmp_path / "a.txt")]))
    with align.open_store(path) as store:
        (document,) = store.documents()
        assert [row.text for row in store.sentences(document.id)] == ENGLISH
        assert list(store.links(align.LinkFilter(min_confidence=0.5))) == []
        assert store.decisions() == []
        with pytest.raises(align.StoreError):
            store.set_language(document.id, "de")
    with pytest.raises(align.StoreError, match="no store there"):
        align.open_store(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()


def test_what_is_no_encoder_is_named() -> None:
    with pytest.raises(align.EncoderError, match="int is no encoder: it has no name, dimensions"):
        align.Aligner(3)  # type: ignore[arg-type]
    encoder = Letters()
    assert as_encoder(encoder) is encoder


def test_every_public_name_is_there_and_importing_the_package_loads_none() -> None:
    for name in align.__all__:
        assert getattr(align, name) is not None
    assert set(align.__all__) <= set(dir(align))
    code = "import sys, align; print([name for name in sys.modules if name.startswith(('align.', 'numpy'))])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
