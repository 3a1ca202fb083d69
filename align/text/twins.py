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

from align.text.evidence import LanguageEvidence, LanguageGuess

MIN_EVIDENCE_LETTERS = 8
"""Minimum letters (CJK counted double) of a settled block that shows the language of its surroundings."""
MIN_SWITCH_SHARE = 0.5
"""Minimum share of such blocks that differ in language from the previous one, where a page goes pair by pair."""
MIN_SWITCHES = 3
"""Minimum changes of language on such a page."""
MAX_REPEATED_LINES = 40
"""Maximum lines of a sequence that is repeated."""
REPEATED_LINE_CONFIDENCE = 0.75
_MARKS = re.compile(r"[\W_]+")


def settle_repeated_lines(
    texts: Sequence[str],
    evidence: Sequence[LanguageEvidence],
    guesses: list[LanguageGuess],
    letters: Mapping[str, float],
) -> None:
    """Assign the languages of repeated lines on a page that goes pair by pair. `guesses` is modified.

    texts, evidence, guesses: one per block, in order; letters: number in each language of the page. Settled blocks
    are not changed, nor is a page that does not alternate between two languages.
    """
    two = sorted(letters, key=lambda lang: (-letters[lang], lang))[:2]
    if len(two) < 2:
        return
    informative = [
        index
        for index, one in enumerate(evidence)
        if one.is_certain and one.weight >= MIN_EVIDENCE_LETTERS and one.best in two
    ]
    switches = sum(evidence[a].best != evidence[b].best for a, b in pairwise(informative))
    if switches < MIN_SWITCHES or switches < MIN_SWITCH_SHARE * (len(informative) - 1):
        return
    for run in _open_runs(evidence):
        at = bisect_left(informative, run.start)
        before = evidence[informative[at - 1]].best if at else ""
        after = evidence[informative[at]].best if at < len(informative) else ""
        begins = after or next(lang for lang in two if lang != before)
        if before == after:  # a translation is missing here: use the order at the beginning of the page
            begins = evidence[informative[0]].best
        follows = next(lang for lang in two if lang != begins)
        for first, second in _repeated_lines(texts, evidence, run):
            for index, lang in ((first, begins), (second, follows)):
                one = evidence[index]
                if one.scores and guesses[index].lang != lang and (one.script == "latin" or lang in one.scores):
                    guesses[index] = LanguageGuess(lang, REPEATED_LINE_CONFIDENCE)


def _open_runs(evidence: Sequence[LanguageEvidence]) -> Iterator[range]:
    """Yield runs of two or more blocks whose language is not settled."""
    start = 0
    for index in range(len(evidence) + 1):
        if index == len(evidence) or evidence[index].is_certain:
            if index - start > 1:
                yield range(start, index)
            start = index + 1


def _repeated_lines(
    texts: Sequence[str], evidence: Sequence[LanguageEvidence], run: range
) -> Iterator[tuple[int, int]]:
    """Yield pairs of equal lines (by letters and digits, case folded) of one script in a run: a a, also a b a b."""
    line_keys = [_MARKS.sub("", texts[index].casefold()) for index in run]
    at = 0
    while at < len(line_keys):
        for size in range(1, min(MAX_REPEATED_LINES, (len(line_keys) - at) // 2) + 1):
            again = at + size
            if not line_keys[at] or line_keys[at] != line_keys[again]:
                continue
            scripts = {evidence[run.start + i].script for i in range(at, again)} - {""}
            if len(scripts) == 1 and line_keys[at:again] == line_keys[again : again + size]:
                yield from ((run.start + at + i, run.start + again + i) for i in range(size))
                at += 2 * size
                break
        else:
            at += 1
