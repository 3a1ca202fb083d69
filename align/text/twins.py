"""Repeated lines on a page in two languages: one belongs to each language. Pure.

Where every paragraph is followed by its translation, names, options and code are not translated, so the same line
occurs twice, once in the run of each language (`Ubuntu`, `Ubuntu`). The lines themselves are equal; their languages
follow from the context: after a Chinese paragraph and before an English one, the English one comes first.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from align.text.evidence import Evidence, Guess

TELLING = 8
"""Minimum letters (CJK counted double) of a settled block that shows the language of its surroundings."""
SWITCHES = 0.5
"""Minimum share of such blocks that differ in language from the previous one, where a page goes pair by pair."""
FEWEST = 3
"""Minimum changes of language on such a page."""
LONGEST = 40
"""Maximum lines of a sequence that is repeated."""
CONFIDENCE = 0.75
_MARKS = re.compile(r"[\W_]+")


def settle_twins(
    texts: Sequence[str], found: Sequence[Evidence], guesses: list[Guess], letters: Mapping[str, float]
) -> None:
    """Assign the languages of repeated lines on a page that goes pair by pair. `guesses` is modified.

    texts, evidence, guesses: one per block, in order; letters: number in each language of the page. Settled blocks
    are not changed, nor is a page that does not alternate between two languages.
    """
    two = sorted(letters, key=lambda lang: (-letters[lang], lang))[:2]
    if len(two) < 2:
        return
    telling = [index for index, one in enumerate(found) if one.settled and one.weight >= TELLING and one.best in two]
    switches = sum(found[a].best != found[b].best for a, b in pairwise(telling))
    if switches < FEWEST or switches < SWITCHES * (len(telling) - 1):
        return
    for run in _open_runs(found):
        at = bisect_left(telling, run.start)
        before = found[telling[at - 1]].best if at else ""
        after = found[telling[at]].best if at < len(telling) else ""
        begins = after or next(lang for lang in two if lang != before)
        if before == after:  # a translation is missing here: use the order at the beginning of the page
            begins = found[telling[0]].best
        follows = next(lang for lang in two if lang != begins)
        for first, second in _twins(texts, found, run):
            for index, lang in ((first, begins), (second, follows)):
                one = found[index]
                if one.scores and guesses[index].lang != lang and (one.script == "latin" or lang in one.scores):
                    guesses[index] = Guess(lang, CONFIDENCE)


def _open_runs(found: Sequence[Evidence]) -> Iterator[range]:
    """Yield runs of two or more blocks whose language is not settled."""
    start = 0
    for index in range(len(found) + 1):
        if index == len(found) or found[index].settled:
            if index - start > 1:
                yield range(start, index)
            start = index + 1


def _twins(texts: Sequence[str], found: Sequence[Evidence], run: range) -> Iterator[tuple[int, int]]:
    """Yield pairs of equal lines (by letters and digits, case folded) of one script in a run: a a, also a b a b."""
    inks = [_MARKS.sub("", texts[index].casefold()) for index in run]
    at = 0
    while at < len(inks):
        for size in range(1, min(LONGEST, (len(inks) - at) // 2) + 1):
            again = at + size
            if not inks[at] or inks[at] != inks[again]:
                continue
            scripts = {found[run.start + i].script for i in range(at, again)} - {""}
            if len(scripts) == 1 and inks[at:again] == inks[again : again + size]:
                yield from ((run.start + at + i, run.start + again + i) for i in range(size))
                at += 2 * size
                break
        else:
            at += 1
