"""Languages of a page of short lines, estimated from all its undecided blocks together. Pure.

A line of a dialogue is weak evidence of its language, a page of them strong. The likelihood of each line (its
words, letters and n-grams) and the page's share of each language are estimated in turns (expectation maximisation),
so a page in two languages is recognised as one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from align.text import ngrams
from align.text._words import SCRIPT_LANGUAGES
from align.text.evidence import LanguageEvidence, normalised

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
