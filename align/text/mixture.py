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
from align.text.evidence import Evidence, normal

LITTLE = 400.0
"""Settled letters of a script below which its undecided blocks are rescored together."""
CARRIES = 0.2
"""Minimum share of a page's letters in a script for it to carry text; below it the letters are names and terms."""
ROUNDS = 6
LEAST = 8.0
"""Minimum letters from the undecided blocks, in each round, for a language to be one of the page's."""
UNKNOWN = 3.0
"""Nats behind the likeliest language for a language without n-grams, in a block of LONG_BLOCK_LETTERS or more."""
LONG = 60


def unsettled(found: Sequence[Evidence], document: Mapping[str, float]) -> dict[str, list[int]]:
    """Undecided blocks by script, for scripts that carry text of the page and of which little is settled.

    `document`: settled letters in each language.
    """
    lines: dict[str, list[int]] = {}
    for index, one in enumerate(found):
        if not one.settled and len(one.scores) > 1 and one.script in SCRIPT_LANGUAGES:
            lines.setdefault(one.script, []).append(index)
    if not lines:
        return {}
    enough = CARRIES * sum(one.weight for one in found)
    return {
        script: blocks
        for script, blocks in lines.items()
        if sum(document.get(lang, 0.0) for lang in SCRIPT_LANGUAGES[script]) < LITTLE
        and sum(one.weight for one in found if one.script == script) >= enough
    }


def likened(text: str, one: Evidence) -> Evidence:
    """The evidence of an undecided block, with the scores of its n-grams."""
    like = ngrams.likeness(text, one.script)
    if not like:
        return one
    unknown = -UNKNOWN * min(1.0, one.weight / LONG)
    told = normal({lang: s + like.get(lang, unknown) for lang, s in one.scores.items()}, one.weight, one.script)
    return Evidence(told.scores, told.weight, False, told.script, told.best)


def shares(
    blocks: Sequence[Evidence], document: Mapping[str, float], expected: Mapping[str, float]
) -> dict[str, float]:
    """Letters of the document in each language, undecided blocks included; without languages that have none.

    `expected`: prior letters of each language of the script.
    """
    settled = {lang: document.get(lang, 0.0) + letters for lang, letters in expected.items()}
    mass = dict.fromkeys(settled, 1.0)  # from the settled counts, a chance majority would take all lines
    for _ in range(ROUNDS):
        prior = {lang: math.log(letters) for lang, letters in mass.items()}
        more = dict.fromkeys(settled, 0.0)
        for one in blocks:
            likely = {lang: score + prior[lang] for lang, score in one.scores.items()}
            top = max(likely.values())
            odds = {lang: math.exp(score - top) for lang, score in likely.items()}
            letter = one.weight / sum(odds.values())
            for lang, share in odds.items():
                more[lang] += letter * share
        mass = {lang: settled[lang] + max(0.0, letters - LEAST) for lang, letters in more.items()}
    return {lang: mass[lang] - expected[lang] for lang in mass if mass[lang] > expected[lang]}
