"""How absolute the confidence is, on corpora that no weights saw: `python -m benchmarks.relatedness` in small."""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path

import pytest

GOLD = Path(os.environ.get("ALIGN_GOLD", Path(__file__).parents[3] / "shared" / "gold"))
COUNT = 100
"""Pairs of short documents of each set and size; `benchmarks.relatedness` takes 500."""
UNRELATED_SLACK, SLACK = 0.01, 0.04
"""What so few may differ by: unrelated pairs, and links of true pairs."""
WHOLE = ("textberg_de_fr.dev", "pydocs.en_ja", "ntrex.ko_en", "ntrex.ja_zh")


@pytest.fixture(scope="module")
def measured():
    relatedness = importlib.import_module("benchmarks.relatedness")
    if not (GOLD / "dev").is_dir():
        pytest.skip(f"no gold at {GOLD}: set ALIGN_GOLD to run the gates")
    return relatedness


@pytest.mark.parametrize("name", ["ntrex", "bsd"])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_short_documents(measured, gate_encoder, name, size):
    most, least = measured.REACH[size]
    row = measured.short(gate_encoder, list(measured.cut(measured.one_to_one(name, gate_encoder), size, COUNT)))
    assert row["strangers_sure"] <= most + UNRELATED_SLACK
    assert row["true_sure"] >= least - SLACK


@pytest.mark.parametrize("file", WHOLE)
def test_no_text_is_warned_of_whose_translation_is_there(measured, gate_encoder, file):
    row = measured.whole(gate_encoder, file)
    assert row["warned"].startswith("0 of ")
    assert row["warned, half missing"].startswith("0 of ")


def test_every_fold_judges_documents(measured):
    from align.aligner.document_confidence import EVIDENCE
    from align.aligner.weights import FILE
    from benchmarks.folds import fold
    from benchmarks.pool import CORPORA

    for family in json.loads(FILE.read_text(encoding="utf-8")).values():
        assert set(family["related"]) == {"constant", *EVIDENCE}, "python -m benchmarks.fit_relatedness --write"

    for corpus in CORPORA:
        for family in fold(corpus)["families"].values():
            assert set(family["related"]) == {"constant", *EVIDENCE}, "python -m benchmarks.fit_relatedness --write"
