"""Weights fitted without a corpus, for held-out figures: `python -m benchmarks.fit --leave-out` makes them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from align.aligner.features import BEAD_FEATURES, GAP_FEATURES, SHAPES
from align.aligner.weights import override_weights, parse_weights
from benchmarks.pool import corpus_of, digest

FOLDS = Path(__file__).resolve().parents[1] / "tests" / "gates" / "folds"


class StaleFoldError(Exception):
    """A fold is missing, or was made with other gold or features."""


def fold_path(corpus: str) -> Path:
    """The file of the fold without a corpus."""
    return FOLDS / f"{corpus}.json"


def features_digest() -> str:
    """Digest of the list of features and of the shapes of beads."""
    return hashlib.sha256(repr((BEAD_FEATURES, GAP_FEATURES, SHAPES.tolist())).encode()).hexdigest()[:16]


def current(corpus: str) -> bool:
    """Whether the fold of a corpus exists and has the current gold and features."""
    path = fold_path(corpus)
    if not path.exists():
        return False
    fold = json.loads(path.read_text(encoding="utf-8"))
    return bool(fold["gold"] == digest() and fold["features"] == features_digest())


def fold(corpus: str) -> dict[str, Any]:
    """The fold of a corpus. Raises StaleFoldError, with the command to make it."""
    if not current(corpus):
        raise StaleFoldError(
            f"{fold_path(corpus)} is not of today's gold and features: "
            f"python -m benchmarks.fit --leave-out {corpus} --cache FOLDER"
        )
    found: dict[str, Any] = json.loads(fold_path(corpus).read_text(encoding="utf-8"))
    return found


@contextmanager
def unseen(name: str) -> Iterator[None]:
    """Solve with the weights fitted without the corpus of a file or group. Raises StaleFoldError."""
    families = {family: parse_weights(row) for family, row in fold(corpus_of(name))["families"].items()}
    with override_weights(families):
        yield
