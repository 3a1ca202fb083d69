"""Match the sentences of two texts of a document: those that are in both, and those that were reworded."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher

ALIKE = 0.5
"""From this similarity on (difflib's ratio) a sentence is another wording of the one that stood there."""
WINDOW = 40
"""Rewritten stretches longer than this are matched by their equal sentences only."""

Stretch = tuple[range, range]
"""Old sentences and the new ones in their place, by index."""
MAX_CELLS = 1_000_000
"""Sentences of both texts, multiplied: longer stretches without a sentence that is once in both are not compared."""


def equal_sentences(old: Sequence[str], new: Sequence[str]) -> tuple[dict[int, int], list[Stretch]]:
    """Sentences of the same text, old index -> new; and the stretches that were rewritten.

    In order first: sentences that are once in both texts, in the longest sequence that is in order in both (as in a
    patience diff), then the same between them. Then those that moved.
    """
    same: dict[int, int] = {}
    rewritten: list[Stretch] = []
    stretches: list[Stretch] = [(range(len(old)), range(len(new)))]
    while stretches:
        a, b = _trimmed(old, new, *stretches.pop(), same)
        if not (a and b):
            continue
        anchors = _anchors(old, new, a, b)
        if anchors:
            same.update(anchors)
            ends = [*anchors, (a.stop, b.stop)]
            starts = [(a.start, b.start), *((m + 1, n + 1) for m, n in anchors)]
            stretches += [
                (range(m, end), range(n, other_end))
                for (m, n), (end, other_end) in zip(starts, ends, strict=True)
                if m < end and n < other_end
            ]
        elif len(a) * len(b) <= MAX_CELLS:
            rewritten += _compared(old, new, a, b, same)
        else:
            rewritten.append((a, b))
    rewritten.sort(key=lambda stretch: stretch[0].start)
    same.update(list(_moved(old, new, same)))
    return same, rewritten


def _trimmed(old: Sequence[str], new: Sequence[str], a: range, b: range, same: dict[int, int]) -> tuple[range, range]:
    """What is left of a stretch without its equal sentences at both ends, which are put in `same`."""
    while a and b and old[a[0]] == new[b[0]]:
        same[a[0]] = b[0]
        a, b = a[1:], b[1:]
    while a and b and old[a[-1]] == new[b[-1]]:
        same[a[-1]] = b[-1]
        a, b = a[:-1], b[:-1]
    return a, b


def _anchors(old: Sequence[str], new: Sequence[str], a: range, b: range) -> list[tuple[int, int]]:
    """The longest increasing sequence of (old index, new index) of sentences that are once in each stretch."""
    counts = Counter(old[m] for m in a)
    new_counts = Counter(new[n] for n in b)
    positions = {new[n]: n for n in b if new_counts[new[n]] == 1 and counts[new[n]] == 1}
    pairs = [(m, positions[old[m]]) for m in a if old[m] in positions]
    tails: list[int] = []
    """Smallest new index that ends an increasing sequence of each length."""
    ends: list[int] = []
    """Number in `pairs` of that end."""
    before: list[int] = []
    for number, (_, n) in enumerate(pairs):
        length = bisect_left(tails, n)
        before.append(ends[length - 1] if length else -1)
        tails[length : length + 1] = [n]
        ends[length : length + 1] = [number]
    anchors: list[tuple[int, int]] = []
    number = ends[-1] if ends else -1
    while number >= 0:
        anchors.append(pairs[number])
        number = before[number]
    return anchors[::-1]


def _compared(old: Sequence[str], new: Sequence[str], a: range, b: range, same: dict[int, int]) -> Iterator[Stretch]:
    """The rewritten parts of a short stretch; its equal sentences are put in `same`."""
    matcher = SequenceMatcher(None, old[a.start : a.stop], new[b.start : b.stop], autojunk=False)
    for tag, first, last, other_first, other_last in matcher.get_opcodes():
        if tag == "equal":
            same.update(zip(a[first:last], b[other_first:other_last], strict=True))
        elif tag == "replace":
            yield a[first:last], b[other_first:other_last]


def _moved(old: Sequence[str], new: Sequence[str], same: Mapping[int, int]) -> Iterator[tuple[int, int]]:
    """Sentences that stand elsewhere now; of those with one text the first is the first."""
    taken = set(same.values())
    open_positions: dict[str, list[int]] = {}
    for n in reversed(range(len(new))):
        if n not in taken:
            open_positions.setdefault(new[n], []).append(n)
    for n, text in enumerate(old):
        if n not in same and open_positions.get(text):
            yield n, open_positions[text].pop()


def rewordings(
    old: Sequence[str], new: Sequence[str], rewritten: Iterable[Stretch], used: set[int], taken: set[int]
) -> Iterator[tuple[int, int]]:
    """Old sentences that are not `used`, and those not `taken` that are other wordings of them, in rewritten
    stretches."""
    for before, after in rewritten:
        left = [n for n in before if n not in used], [n for n in after if n not in taken]
        if max(map(len, left)) <= WINDOW:
            yield from _reworded(old, new, *left)


def _reworded(old: Sequence[str], new: Sequence[str], before: list[int], after: list[int]) -> Iterator[tuple[int, int]]:
    for number in before:
        ranked = [(SequenceMatcher(None, old[number], new[n], autojunk=False).ratio(), -n) for n in after]
        if ranked and max(ranked)[0] >= ALIKE:
            best = -max(ranked)[1]
            yield number, best
            after = [n for n in after if n > best]
