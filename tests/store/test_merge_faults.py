"""Merging copies on random histories, the short run of `python -m benchmarks.merge_faults`."""

from __future__ import annotations

from benchmarks.merge_faults import trials


def test_merging_loses_nothing_and_its_order_does_not_matter() -> None:
    tally = trials(0, range(12), 20)
    assert tally.wrong == []
    assert tally.histories == 12
    assert tally.in_conflict, "some of them end in conflict"
