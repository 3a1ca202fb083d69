"""The fitted weights of the lattice: `weights.json`, made by `python -m benchmarks.fit`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from align.match.signals import GAPS, SIGNALS

FILE = Path(__file__).with_name("weights.json")


@dataclass(frozen=True)
class Weights:
    """One linear score. bead (F,), gap (G,) in the order of SIGNALS and GAPS; gap's `opening` is added once a gap."""

    bead: npt.NDArray[np.float64]
    gap: npt.NDArray[np.float64]
    slope: float
    """Confidence is 1 / (1 + exp(-(slope * logit(posterior) + shift))), fitted on held-out folds."""
    shift: float

    def confidence(self, posterior: float) -> float:
        """Calibrated P(right) of a posterior."""
        p = min(max(posterior, 1e-6), 1 - 1e-6)
        return float(1 / (1 + np.exp(-(self.slope * np.log(p / (1 - p)) + self.shift))))


@cache
def weights(tokens: bool) -> Weights:
    """The shipped weights: those for texts whose token vectors are at hand, or those for sentence vectors alone."""
    return parsed(json.loads(FILE.read_text(encoding="utf-8"))["tokens" if tokens else "sentences"])


def parsed(found: dict[str, Any]) -> Weights:
    """Weights from their JSON form; a signal that is not named weighs nothing."""
    return Weights(
        np.array([found["bead"].get(name, 0.0) for name in SIGNALS]),
        np.array([found["gap"].get(name, 0.0) for name in GAPS]),
        found["slope"],
        found["shift"],
    )
