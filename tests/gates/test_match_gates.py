"""Floors of quality, pinned with the digest of the data they were measured on. Lower one only with a reason, here."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from align.encoders import load_encoder
from align.jobs.evaluate import evaluate
from align.match import align_bitext

GOLD = Path(os.environ.get("ALIGN_GOLD", Path(__file__).parents[3] / "shared" / "gold"))
FLOORS = {
    "textberg_de_fr.dev": (0.905, "f1_strict"),
    "kyoto_ja_en.dev": (0.99, "f1_strict"),
    "pydocs.en_ja": (0.99, "f1_strict"),
    "ntrex.ko_en": (0.99, "f1_strict"),
    "w3c_layout.en_zh-hant": (0.985, "f1_strict"),
}
"""Dev set -> least figure with `use`."""
DIGESTS: dict[str, str] = json.loads(Path(__file__).with_name("digests.json").read_text(encoding="utf-8"))


def gold(name: str) -> Path:
    """The file of a dev set, if it is there and the one that the floors were measured on."""
    found = sorted(GOLD.glob(f"dev/{name}*.jsonl"))
    if not found:
        pytest.skip(f"no gold at {GOLD}: set ALIGN_GOLD to run the gates")
    digest = hashlib.sha256(found[0].read_bytes()).hexdigest()[:16]
    assert digest == DIGESTS[name], f"{found[0]} is not the data that the floor was measured on"
    return found[0]


@pytest.mark.parametrize("name", FLOORS)
def test_clean_bitext(name):
    least, figure = FLOORS[name]
    assert evaluate(gold(name), "use")[figure] >= least


HARDSHIPS = {"dropped and merged": {"drop": 0.2, "merge": 0.1}, "and moved": {"drop": 0.2, "merge": 0.1, "moves": 1}}


@pytest.mark.parametrize("word", HARDSHIPS)
def test_news_made_harder_and_how_sure_the_links_are(word):
    perturb = pytest.importorskip("benchmarks.perturb")
    from benchmarks.gold import passages
    from benchmarks.quality import figures, judged, reliability

    lines = gold("ntrex.ja_zh").read_text(encoding="utf-8").splitlines()
    hardship = perturb.Hardship(**HARDSHIPS[word])
    found = [perturb.perturbed(json.loads(line), hardship, 101) for line in lines]
    beads = [align_bitext(*sides) for sides in passages(load_encoder("use"), found)]
    told = figures(found, beads)
    assert told["f1_strict"] >= 0.88
    assert told["null_recall"] >= 0.70
    assert reliability(judged(found, beads))[0] <= 0.05
