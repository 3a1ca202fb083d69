"""Match the sentences of a document's new text with those of its texts before, so that they keep their ids."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from align.store.revisions import Revision

ALIKE = 0.5
"""From this similarity on (difflib's ratio) a sentence is another wording of the one that stood there."""
WINDOW = 40
"""Rewritten stretches longer than this are matched by their equal sentences only."""

Stretch = tuple[Sequence[int], Sequence[int]]
"""Old sentences and the new ones in their place, by index."""


@dataclass(slots=True)
class Matched:
    """Old sentences (by index) and the new ones they became."""

    same: dict[int, int] = field(default_factory=dict)
    changed: dict[int, int] = field(default_factory=dict)


def match(old: Sequence[str], new: Sequence[str]) -> Matched:
    """Which sentences of `old` are in `new`: in order first, then moved ones, then rewordings."""
    same, rewritten = _equal(old, new)
    return Matched(same, dict(_rewordings(old, new, rewritten, set(same), set(same.values()))))


def _equal(old: Sequence[str], new: Sequence[str]) -> tuple[dict[int, int], list[Stretch]]:
    """Sentences of the same text, old index -> new; and the stretches that were rewritten."""
    same: dict[int, int] = {}
    rewritten: list[Stretch] = []
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        same[start] = start
        start += 1
    matcher = SequenceMatcher(None, old[start:], new[start:], autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            same.update(zip(range(start + a, start + b), range(start + c, start + d), strict=True))
        elif tag == "replace":
            rewritten.append((range(start + a, start + b), range(start + c, start + d)))
    same.update(list(_moved(old, new, same)))
    return same, rewritten


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


def _rewordings(
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


def numbered(
    before: Revision,
    new: Sequence[str],
    past: Sequence[Revision],
    *,
    fixed: Mapping[int, int],
    settled: Collection[int],
    unpaired: Collection[int],
) -> tuple[list[int | None], dict[int, int]]:
    """The numbers of the sentences of a new text (None for a new one), and which of the new ones are other wordings:
    number of a sentence that is gone, but not of one `unpaired` -> position.

    A sentence that is there keeps its number; one that was there in an earlier text has its number again: the number is
    the text's. `fixed` (position -> number) are known already; `settled` are sentences of settled links.
    """
    numbers: list[int | None] = [None] * len(new)
    used: set[int] = set()

    def take(pairs: Iterable[tuple[int | None, int]]) -> None:
        for number, position in pairs:
            if number is not None and number not in used and numbers[position] is None:
                numbers[position] = number
                used.add(number)

    def untaken() -> list[int]:
        return [position for position, number in enumerate(numbers) if number is None]

    take((number, position) for position, number in fixed.items())
    now = before.by_number
    whole = next((revision for revision in past if revision.texts == new), None)
    if whole is not None:  # Of two sentences with one text, each is again where it was.
        rows = [(number, position, values[-1]) for position, (number, values) in enumerate(whole.sentences)]
        take((number, position) for number, position, text in rows if number in now and now[number] == text)
        left = untaken()
        decided = [number for number in now if number in settled and number not in used]
        again, _ = _equal([now[number] for number in decided], [new[position] for position in left])
        take((decided[a], left[b]) for a, b in again.items())
    here = [(number, text) for number, text in now.items() if number not in used]
    positions = untaken()
    if whole is not None:
        take((number, position) for number, position, _ in rows if number not in now)
    texts = [text for _, text in here], [new[position] for position in positions]
    same, rewritten = _equal(*texts)
    take((here[a][0], positions[b]) for a, b in same.items())
    for revision in past:
        left = untaken()
        open_texts = {new[position] for position in left}
        gone = [(number, text) for number, text in revision.by_number.items() if number not in used]
        if any(text in open_texts for _, text in gone):
            again, _ = _equal([text for _, text in gone], [new[position] for position in left])
            take((gone[a][0], left[b]) for a, b in again.items())
    busy = {a for a, (number, _) in enumerate(here) if number in used or number in unpaired}
    taken = {b for b, position in enumerate(positions) if numbers[position] in now}
    return numbers, {here[a][0]: positions[b] for a, b in _rewordings(*texts, rewritten, busy, taken)}
