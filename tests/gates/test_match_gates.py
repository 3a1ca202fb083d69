"""Floors of quality on corpora that the weights never saw, pinned with the gold. Lower one only with a reason, here.

Each corpus is measured with the fold that was fitted without it: `python -m benchmarks.fit --leave-out --cache FOLDER`.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import pytest

GOLD = Path(os.environ.get("ALIGN_GOLD", Path(__file__).parents[3] / "shared" / "gold"))
FLOORS = {
    "bible": {"bible_zh_en.part": 0.87},
    "bsd": {"bsd_ja_en.dev": 0.997},
    "k8s": {"k8s_en_zh.test": 0.985},
    "kyoto": {"kyoto_ja_en.dev": 0.997},
    "mac": {"mac_zh_en.dev": 0.885},
    "ntrex": {
        "ntrex.ja_zh": 1.0,
        "ntrex.ko_en": 1.0,
        "ntrex.ru_en": 1.0,
        "ntrex.zh-tw_en": 1.0,
        "ntrex.ja_zh, harder": 0.93,
        "ntrex.ja_zh, harder, end to end": 0.955,
        "ntrex.ja_zh, harder, moved": 0.88,
    },
    "pydocs": {"pydocs.en_ja": 0.99},
    "textberg": {"textberg_de_fr.dev": 0.92},
    "w3c": {"w3c_layout.en_ja": 0.997, "w3c_layout.en_zh-hant": 0.997},
}
"""Corpus -> set -> least strict F1 with `use`."""
CALIBRATION = {"bible_zh_en.part": 0.13, "ntrex.ja_zh, harder, end to end": 0.09}
"""Greatest expected calibration error of a set, where it is above MAX_CALIBRATION: the gold of the Bible joins two
pairs of sentences that are one verse; of texts that leave out a fifth, links are surer than their confidence."""
MAX_CALIBRATION = 0.06


@pytest.mark.parametrize("corpus", FLOORS)
def test_a_corpus_that_the_weights_never_saw(corpus, gate_vectors):
    quality = importlib.import_module("benchmarks.quality")
    if not (GOLD / "dev").is_dir():
        pytest.skip(f"no gold at {GOLD}: set ALIGN_GOLD to run the gates")
    rows = {row["set"]: row for row, _ in quality.measure(corpus, "use", gate_vectors)}
    floors = FLOORS[corpus]
    assert {name: rows[name]["f1_strict"] for name, least in floors.items() if rows[name]["f1_strict"] < least} == {}
    assert {
        name: row["ece"]
        for name, row in rows.items()
        if row["links"] >= 200 and row["ece"] > CALIBRATION.get(name, MAX_CALIBRATION)
    } == {}


def test_every_fold_is_of_todays_gold_and_features():
    folds = importlib.import_module("benchmarks.folds")
    from benchmarks.pool import CORPORA

    if not (GOLD / "dev").is_dir():
        pytest.skip(f"no gold at {GOLD}: set ALIGN_GOLD to run the gates")
    for corpus in CORPORA:
        assert folds.fold(corpus)["corpus"] == corpus


def test_a_fold_of_other_features_names_the_command_that_makes_it_anew(monkeypatch):
    folds = importlib.import_module("benchmarks.folds")
    if not (GOLD / "dev").is_dir():
        pytest.skip(f"no gold at {GOLD}: set ALIGN_GOLD to run the gates")
    monkeypatch.setattr(folds, "features_digest", lambda: "other")
    with pytest.raises(folds.StaleFoldError, match=r"python -m benchmarks\.fit --leave-out mac"), folds.unseen("mac"):
        pass
