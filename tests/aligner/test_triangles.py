"""A third text supports a bead, contradicts it, or has no word on it."""

from __future__ import annotations

import pytest

from align.aligner import Bead
from align.aligner.triangles import CONTRADICTION_LOGIT, SUPPORT_LOGIT, judged


def bead(src: int, tgt: int, confidence: float = 0.8) -> Bead:
    """A bead of a sentence and a sentence."""
    return Bead(range(src, src + 1), range(tgt, tgt + 1), 0.5, confidence)


def test_a_link_is_surer_with_support_and_doubtful_with_contradiction() -> None:
    result = judged(
        {
            (0, 1): [bead(0, 0), bead(1, 1), bead(2, 2)],
            (0, 2): [bead(0, 0), bead(1, 1)],
            (1, 2): [bead(0, 0), bead(1, 5)],
        }
    )
    supported, contradicted, silent = (one.confidence for one in result[0, 1])
    assert supported == pytest.approx(0.8 / (0.8 + 0.2 * 2.718281828**-SUPPORT_LOGIT), abs=1e-5)
    assert contradicted == pytest.approx(0.8 / (0.8 + 0.2 * 2.718281828**-CONTRADICTION_LOGIT), abs=1e-5)
    assert silent == 0.8
    assert [(one.src, one.tgt) for one in result[0, 1]] == [(range(n, n + 1), range(n, n + 1)) for n in range(3)]


def test_doubtful_links_judge_nobody_and_one_support_outweighs_contradictions() -> None:
    weak = judged({(0, 1): [bead(0, 0)], (0, 2): [bead(0, 0, 0.3)], (1, 2): [bead(0, 7)]})
    assert weak[0, 1][0].confidence == 0.8
    both = judged(
        {
            (0, 1): [bead(0, 0)],
            (0, 2): [bead(0, 0)],
            (1, 2): [bead(0, 7)],
            (0, 3): [bead(0, 4)],
            (1, 3): [bead(0, 4)],
        }
    )
    assert both[0, 1][0].confidence > 0.8


def test_two_texts_are_as_they_were() -> None:
    beads = [bead(0, 0), bead(1, 1, 1.0)]
    assert judged({(0, 1): beads}) == {(0, 1): beads}
