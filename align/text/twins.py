"""Lines that a page in two languages holds twice in a row: one belongs to each language. Pure.

Where every paragraph is followed by its translation, names, options and code are left as they are in it, so the same
line stands twice, once in the run of each language (`Ubuntu`, `Ubuntu`). By themselves both say the same; what stands
around them tells which is whose: after a Chinese paragraph and before an English one, the English one comes first.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from align.text.evidence import Evidence, Guess

TELLING = 8
"""Letters (CJK counted double) from which on a settled block tells which language its place of the page is in."""
SWITCHES = 0.5
"""How often the language changes from one telling block to the next, at least, where a page goes pair by pair."""
FEWEST = 3
"""Changes of language that such a page has at least."""
LONGEST = 40
"""Lines in a row that can stand again right after themselves."""
CONFIDENCE = 0.75
_MARKS = re.compile(r"[\W_]+")


def settle_twins(
    texts: Sequence[str], found: Sequence[Evidence], guesses: list[Guess], letters: Mapping[str, float]
) -> None:
    """Give each of two equal lines its language, where the page goes pair by pair. `guesses` is changed.

    texts, found, guesses: one a block, in order; letters: how many speak for each language of the page. What its own
    text settles stays; a page that does not go from one language to the other and back is left as it is.
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
        if before == after:  # a translation is missing here: as the page begins
            begins = found[telling[0]].best
        follows = next(lang for lang in two if lang != begins)
        for first, second in _twins(texts, found, run):
            for index, lang in ((first, begins), (second, follows)):
                one = found[index]
                if one.scores and guesses[index].lang != lang and (one.script == "latin" or lang in one.scores):
                    guesses[index] = Guess(lang, CONFIDENCE)


def _open_runs(found: Sequence[Evidence]) -> Iterator[range]:
    """The runs of two and more blocks that do not settle their language by themselves."""
    start = 0
    for index in range(len(found) + 1):
        if index == len(found) or found[index].settled:
            if index - start > 1:
                yield range(start, index)
            start = index + 1


def _twins(texts: Sequence[str], found: Sequence[Evidence], run: range) -> Iterator[tuple[int, int]]:
    """The pairs of equal lines (their letters and digits, small) of one script in a run: a a, also a b a b."""
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
