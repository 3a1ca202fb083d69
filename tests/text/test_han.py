"""Han characters: one form for three ways of writing, and which way a run is written."""

from __future__ import annotations

import pytest

from align.text.han import fold, han_evidence


@pytest.mark.parametrize(
    ("forms"),
    [
        "日俄會議 日俄会议",
        "国際関係 國際關係 国际关系",
        "沢 澤 泽",
        "説 說 说",
        "発展 發展 发展",
        "気 氣 气",
        "戦 戰 战",
    ],
)
def test_forms_fold_together(forms: str) -> None:
    assert len({fold(form) for form in forms.split()}) == 1


def test_what_is_not_han_stays() -> None:
    assert fold("Tokyo 東京 とうきょう ①") == "Tokyo 东京 とうきょう ①"


@pytest.mark.parametrize(("han", "best"), [("岡崎研究所図書館発行", 0), ("這個國家們說", 1), ("这个国家们说", 2)])
def test_ways_of_writing(han: str, best: int) -> None:
    costs = han_evidence(han)
    assert min(costs) == costs[best]
    assert costs[best] == 0.0
