"""What an edit causes: the difference of two solutions next to it, in a store that differs from both."""

from __future__ import annotations

from align.workspace.language_runs import RangePair, contiguous_changes, effects


def pair(src: int, tgt: int, src_count: int = 1, tgt_count: int = 1) -> RangePair:
    return range(src, src + src_count), range(tgt, tgt + tgt_count)


DIAGONAL = [pair(number, number) for number in range(10)]


def test_two_equal_solutions_have_no_difference() -> None:
    assert contiguous_changes(DIAGONAL, DIAGONAL, [pair(4, 4)]) == set()


def test_a_difference_behind_a_pair_of_both_solutions_is_no_effect() -> None:
    near, far = pair(5, 5), pair(8, 8)
    rest = [one for one in DIAGONAL if one not in (near, far)]
    moved = [pair(5, 4, 1, 2)]
    assert contiguous_changes(DIAGONAL, [*rest, *moved], [pair(4, 4)]) == {near, *moved}


def test_a_chain_of_differences_follows_from_the_edit() -> None:
    after = [*DIAGONAL[:4], pair(4, 5), pair(5, 6), pair(6, 7, 2, 1), *DIAGONAL[8:]]
    changes = contiguous_changes(DIAGONAL, after, [pair(4, 4), pair(4, 5)])
    assert changes >= {pair(5, 6), pair(6, 7, 2, 1), *DIAGONAL[5:8]}
    assert changes.isdisjoint([*DIAGONAL[:4], *DIAGONAL[8:]])


def test_confirming_what_is_proposed_changes_nothing_in_a_store_that_differs() -> None:
    stored = [*DIAGONAL[:6], pair(6, 6, 2, 1), *DIAGONAL[8:]]
    assert effects(DIAGONAL, DIAGONAL, [pair(4, 4)], [pair(4, 4)], [p for p in stored if p != pair(4, 4)]) == (
        set(),
        set(),
    )


def test_a_proposal_on_a_sentence_of_the_edit_goes_and_what_it_leaves_is_linked_again() -> None:
    stored = [*DIAGONAL[:5], pair(5, 5, 2, 2), *DIAGONAL[7:]]
    anchor = pair(4, 4, 2, 2)
    after = [*DIAGONAL[:4], anchor, *DIAGONAL[6:]]
    removed, added = effects(DIAGONAL, after, [pair(4, 4), anchor], [anchor], [p for p in stored if p != pair(4, 4)])
    assert removed == {pair(5, 5, 2, 2)}
    assert added == {pair(6, 6)}


def test_nothing_is_added_on_an_anchor() -> None:
    after = [*DIAGONAL[:4], pair(4, 5), pair(5, 4), *DIAGONAL[6:]]
    removed, added = effects(DIAGONAL, after, [pair(4, 4), pair(4, 5)], [pair(4, 5), pair(5, 4)], DIAGONAL[6:])
    assert (removed, added) == (set(), set())
