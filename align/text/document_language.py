"""Languages of a page of short lines, estimated from all its undecided blocks together. Pure.

A line of a dialogue is weak evidence of its language, a page of them strong. The likelihood of each line (its
words, letters and n-grams) and the page's share of each language are estimated in turns (expectation maximisation),
so a page in two languages is recognised as one.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from align.text import ngrams
from align.text.function_words import SCRIPT_LANGUAGES
from align.text.language_evidence import LanguageEvidence, LanguageGuess, normalised

MIN_SETTLED_LETTERS = 400.0
"""Settled letters of a script below which its undecided blocks are rescored together."""
MIN_SCRIPT_SHARE = 0.2
"""Minimum share of a page's letters in a script for it to carry text; below it the letters are names and terms."""
EM_ROUNDS = 6
MIN_LANGUAGE_LETTERS = 8.0
"""Minimum letters from the undecided blocks, in each round, for a language to be one of the page's."""
UNKNOWN_NGRAM_NATS = 3.0
"""Nats behind the likeliest language for a language without n-grams, in a block of LONG_BLOCK_LETTERS or more."""
LONG_BLOCK_LETTERS = 60


def open_blocks(evidence: Sequence[LanguageEvidence], document: Mapping[str, float]) -> dict[str, list[int]]:
    """Undecided blocks by script, for scripts that carry text of the page and of which little is settled.

    `document`: settled letters in each language.
    """
    lines: dict[str, list[int]] = {}
    for index, one in enumerate(evidence):
        if not one.is_certain and len(one.scores) > 1 and one.script in SCRIPT_LANGUAGES:
            lines.setdefault(one.script, []).append(index)
    if not lines:
        return {}
    min_weight = MIN_SCRIPT_SHARE * sum(one.weight for one in evidence)
    return {
        script: blocks
        for script, blocks in lines.items()
        if sum(document.get(lang, 0.0) for lang in SCRIPT_LANGUAGES[script]) < MIN_SETTLED_LETTERS
        and sum(one.weight for one in evidence if one.script == script) >= min_weight
    }


def with_ngrams(text: str, one: LanguageEvidence) -> LanguageEvidence:
    """The evidence of an undecided block, with the scores of its n-grams."""
    scores = ngrams.ngram_scores(text, one.script)
    if not scores:
        return one
    unknown = -UNKNOWN_NGRAM_NATS * min(1.0, one.weight / LONG_BLOCK_LETTERS)
    rescored = normalised(
        {lang: s + scores.get(lang, unknown) for lang, s in one.scores.items()}, one.weight, one.script
    )
    return LanguageEvidence(rescored.scores, rescored.weight, False, rescored.script, rescored.best)


def shares(
    blocks: Sequence[LanguageEvidence], document: Mapping[str, float], expected: Mapping[str, float]
) -> dict[str, float]:
    """Letters of the document in each language, undecided blocks included; without languages that have none.

    `expected`: prior letters of each language of the script.
    """
    expected_letters = {lang: document.get(lang, 0.0) + letters for lang, letters in expected.items()}
    mass = dict.fromkeys(expected_letters, 1.0)  # from the settled counts, a chance majority would take all lines
    for _ in range(EM_ROUNDS):
        prior = {lang: math.log(letters) for lang, letters in mass.items()}
        gained = dict.fromkeys(expected_letters, 0.0)
        for one in blocks:
            likely = {lang: score + prior[lang] for lang, score in one.scores.items()}
            top = max(likely.values())
            odds = {lang: math.exp(score - top) for lang, score in likely.items()}
            letter = one.weight / sum(odds.values())
            for lang, share in odds.items():
                gained[lang] += letter * share
        mass = {
            lang: expected_letters[lang] + max(0.0, letters - MIN_LANGUAGE_LETTERS) for lang, letters in gained.items()
        }
    return {lang: mass[lang] - expected[lang] for lang in mass if mass[lang] > expected[lang]}


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
    informative = _alternating(evidence, two) if len(two) == 2 else []
    if not informative:
        return
    for run in _open_runs(evidence):
        begins = _first_language(evidence, informative, run, two)
        follows = next(lang for lang in two if lang != begins)
        for first, second in _repeated_lines(texts, evidence, run):
            for index, lang in ((first, begins), (second, follows)):
                one = evidence[index]
                if one.scores and guesses[index].lang != lang and (one.script == "latin" or lang in one.scores):
                    guesses[index] = LanguageGuess(lang, REPEATED_LINE_CONFIDENCE)


def _alternating(evidence: Sequence[LanguageEvidence], two: Sequence[str]) -> list[int]:
    """Indexes of the settled blocks that show how a page alternates between two languages; [] if it does not."""
    informative = [
        index
        for index, one in enumerate(evidence)
        if one.is_certain and one.weight >= MIN_EVIDENCE_LETTERS and one.best in two
    ]
    switches = sum(evidence[a].best != evidence[b].best for a, b in pairwise(informative))
    return informative if switches >= max(MIN_SWITCHES, MIN_SWITCH_SHARE * (len(informative) - 1)) else []


def _first_language(
    evidence: Sequence[LanguageEvidence], informative: Sequence[int], run: range, two: Sequence[str]
) -> str:
    """The language of the first of two equal lines in a run, from the settled blocks around it."""
    at = bisect_left(informative, run.start)
    before = evidence[informative[at - 1]].best if at else ""
    after = evidence[informative[at]].best if at < len(informative) else ""
    if before == after:  # a translation is missing here: use the order at the beginning of the page
        return evidence[informative[0]].best
    return after or next(lang for lang in two if lang != before)


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


MAX_LEARNT_LETTERS = 20_000
"""Maximum letters to learn from in each language; more does not improve the distinction."""
MIN_LEARNT_LETTERS = 300
"""Minimum letters of a language for its trigrams to be used."""
_WORDS = re.compile(r"[^\W\d_]+")
_WEIGHT = 0.4
"""Weight of a trigram's nats: neighbouring trigrams are correlated."""
_SMOOTH = 0.5


def _trigrams(text: str) -> Iterable[str]:
    for word in _WORDS.findall(text.lower()):
        padded = f" {word} "
        for i in range(len(padded) - 2):
            yield padded[i : i + 3]


class Profiles:
    """Trigram counts of the languages of one document and script."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}
        self._letters: Counter[str] = Counter()

    def learn(self, lang: str, text: str) -> None:
        """Add a text that is certainly in `lang`."""
        if self._letters[lang] < MAX_LEARNT_LETTERS:
            text = text[: MAX_LEARNT_LETTERS - self._letters[lang]]
            self._letters[lang] += len(text)
            self._counts.setdefault(lang, Counter()).update(_trigrams(text))

    def scores(self, text: str) -> Mapping[str, float]:
        """Nats for each language with enough letters, the best at 0; {} if there are fewer than two."""
        languages = [lang for lang, letters in self._letters.items() if letters >= MIN_LEARNT_LETTERS]
        if len(languages) < 2:
            return {}
        shape = len({gram for lang in languages for gram in self._counts[lang]}) + 1
        totals = {lang: math.log(self._counts[lang].total() + _SMOOTH * shape) for lang in languages}
        log_scores = dict.fromkeys(languages, 0.0)
        for gram in _trigrams(text[:400]):
            for lang in languages:
                log_scores[lang] += math.log(self._counts[lang][gram] + _SMOOTH) - totals[lang]
        best = max(log_scores.values())
        return {lang: _WEIGHT * (score - best) for lang, score in log_scores.items()}
