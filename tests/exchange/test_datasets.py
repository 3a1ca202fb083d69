"""The `datasets` folder, loaded by the library that it is for, with no network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from align.exchange.export import export_store
from align.exchange.types import ExportOptions
from align.models import LinkKind, Status
from align.store import Store
from tests.exchange.conftest import EN, FR, JA, document, link_up

ALL = ExportOptions(statuses=frozenset(Status), kinds=frozenset(LinkKind))
OUTSIDE = Path(__file__).parents[2] / "build" / "outside"
"""Where `.ci/run` puts it: its pandas is to stay out of the environment that the program runs in."""
LOAD = """
import json, sys
from datasets import get_dataset_config_names, load_dataset
names = get_dataset_config_names(sys.argv[1])
rows = {name: load_dataset(sys.argv[1], name, split="train").to_list() for name in names}
print(json.dumps(rows))
"""


def loaded(folder: Path, home: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows of every configuration, by a process of its own: the library wants its cache told before it starts."""
    if not (OUTSIDE / "datasets").exists():
        pytest.skip("NO datasets HERE: load_dataset did not check our folder. .ci/run installs it.")
    told = os.environ | {"PYTHONPATH": str(OUTSIDE), "HF_HOME": str(home), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOAD, str(folder)], capture_output=True, text=True, env=told, timeout=180
    )
    assert done.returncode == 0, done.stderr
    rows: dict[str, list[dict[str, Any]]] = json.loads(done.stdout.splitlines()[-1])
    return rows


def test_load_dataset_opens_every_pair_of_languages(store: Store, tmp_path: Path) -> None:
    french = store.add_document(document("fr.txt", FR, "fr")).document
    link_up(store, 1, french, ("ja", "fr"))
    export_store(store, tmp_path / "corpus", "datasets", ALL)
    rows = loaded(tmp_path / "corpus", tmp_path / "home")
    assert sorted(rows) == ["ja-en", "ja-fr"]
    edited = [*EN[:2], "=We cross & <rest> a while.", *EN[3:]]
    assert [row["translation"] for row in rows["ja-en"]] == [
        {"ja": a, "en": b} for a, b in zip(JA, edited, strict=True)
    ]
    assert [row["translation"]["fr"] for row in rows["ja-fr"]] == FR
    first = rows["ja-en"][0]
    assert (first["status"], first["src_doc"], first["src_spans"]) == ("accepted", "ja.txt", [[0, 5]])
    assert first["confidence"] == pytest.approx(0.5)
