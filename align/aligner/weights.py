"""The fitted weights: `weights.json`, made by `python -m benchmarks.fit` and `python -m benchmarks.fit_relatedness`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from math import exp, log
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from align.aligner.features import BEAD_FEATURES, GAP_FEATURES

FILE = Path(__file__).with_name("weights.json")


@dataclass(frozen=True)
class Score:
    """One linear score."""

    bead: npt.NDArray[np.float64]
    """(F,) by BEAD_FEATURES."""
    gap: npt.NDArray[np.float64]
    """(G,) by GAP_FEATURES; `opening` is added once a gap."""


@dataclass(frozen=True)
class Weights:
    """The scores of both passes over a window, and the calibration of the posteriors."""

    first: Score
    """Without joined texts and style priors, which depend on the first pass."""
    second: Score
    slope: float
    """Confidence is ceiling / (1 + exp(-(slope * logit(posterior) + shift))), fitted on held-out folds."""
    shift: float
    ceiling: float = 1.0
    """Share of the links of a new corpus that its gold does not join by a convention of its own, such as verses or
    articles: no posterior says anything about those."""
    related: Mapping[str, float] = field(default_factory=dict)
    """Weights of the evidence that two texts belong together; empty: it is not judged."""

    def confidence(self, posterior: float) -> float:
        """Calibrated P(right) of a posterior."""
        return self.ceiling / (1 + exp(-(self.slope * log_odds(posterior) + self.shift)))

    def posterior_log_odds(self, confidence: float) -> float:
        """Log odds of the posterior that `confidence` was calibrated from."""
        return (log_odds(confidence / self.ceiling) - self.shift) / self.slope


def log_odds(p: float) -> float:
    """Logit of a probability, at most as far from 0 as that of one in a million."""
    p = min(max(p, 1e-6), 1 - 1e-6)
    return log(p / (1 - p))


SENTENCES, TOKENS = "sentences", "tokens"
"""Generic weights for any encoder, with sentence vectors only and with token vectors."""
FAMILIES = {
    ("use", False): "use",
    ("blend", True): "blend",
    ("e5", True): "e5",
    ("e5-int8", True): "e5",
    ("e5-bf16", True): "e5",
    ("e5-exact", True): "e5",
}
"""Weight families of single encoders, by name and whether token vectors are used."""


def family(encoder: str, *, tokens: bool) -> str:
    """Name of the weights for the vectors of an encoder. tokens: whether both sides have token vectors."""
    return FAMILIES.get((encoder, tokens), TOKENS if tokens else SENTENCES)


def weights(name: str) -> Weights:
    """Weights of a family: shipped, unless `override_weights` is active. Raises KeyError for an unknown family."""
    return (_replacement.get() or _shipped())[name]


@cache
def _shipped() -> Mapping[str, Weights]:
    return {name: parse_weights(row) for name, row in json.loads(FILE.read_text(encoding="utf-8")).items()}


_replacement: ContextVar[Mapping[str, Weights] | None] = ContextVar("weights", default=None)


@contextmanager
def override_weights(families: Mapping[str, Weights]) -> Iterator[None]:
    """Override the shipped weights, for measurements on texts that they were fitted on."""
    token = _replacement.set(families)
    try:
        yield
    finally:
        _replacement.reset(token)


def parse_weights(stored: dict[str, Any]) -> Weights:
    """Weights from their JSON form; features that are not listed get 0."""
    first, second = (
        Score(
            np.array([stored[pass_name]["bead"].get(name, 0.0) for name in BEAD_FEATURES]),
            np.array([stored[pass_name]["gap"].get(name, 0.0) for name in GAP_FEATURES]),
        )
        for pass_name in ("first", "second")
    )
    calibration = stored["slope"], stored["shift"], stored.get("ceiling", 1.0)
    return Weights(first, second, *calibration, stored.get("related", {}))
