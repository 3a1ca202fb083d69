"""Which languages a page of short lines is in: what tells little by itself is asked all together. Pure.

A line of a dialogue says little of its language, a page of them much. What each line looks like (its words, letters and
n-grams) and how much of the page is in each language are found in turns until they agree (expectation and
maximisation), so a page in two languages comes out as one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from align.text import ngrams
from align.text._words import SCRIPT_LANGUAGES
from align.text.evidence import Evidence, normal

LITTLE = 400.0
"""Settled letters of a script below which its open blocks are asked together."""
CARRIES = 0.2
"""Share of a page's letters from which on a script carries text; below it stand names and terms in it."""
ROUNDS = 6
LEAST = 8.0
"""Letters that a language must have from the open blocks, in each round, to be one of the page's."""
UNKNOWN = 3.0
"""Nats behind the likest language of one whose n-grams are not known, in a block of LONG letters or more."""
LONG = 60


def unsettled(found: Sequence[Evidence], document: Mapping[str, float]) -> dict[str, list[int]]:
    """The open blocks of each script that carries text of the page and in which little is settled.

    `document`: letters that are settled in each language.
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
    """The evidence of an open block with what its n-grams say."""
    like = ngrams.likeness(text, one.script)
    if not like:
        return one
    unknown = -UNKNOWN * min(1.0, one.weight / LONG)
    told = normal({lang: s + like.get(lang, unknown) for lang, s in one.scores.items()}, one.weight, one.script)
    return Evidence(told.scores, told.weight, False, told.script, told.best)


def shares(
    blocks: Sequence[Evidence], document: Mapping[str, float], expected: Mapping[str, float]
) -> dict[str, float]:
    """The letters of the document in each language, with those of its open blocks; languages with none are left out.

    `expected`: letters that each language of the script counts as having in any document.
    """
    settled = {lang: document.get(lang, 0.0) + letters for lang, letters in expected.items()}
    mass = dict.fromkeys(settled, 1.0)  # else what is settled by chance would take the lines of all others
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
