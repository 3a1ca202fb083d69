"""Identify the language of a text by three kinds of evidence in this order.

1. Its scripts: kana, hangul, bopomofo, the Han characters that only one of Japanese, traditional and simplified
   Chinese uses; then letters and function words that few languages share (`language_evidence`).
2. langdetect, seeded and restricted to the languages that the first evidence leaves undecided (`ngrams`).
3. The neighbours and the document (`identify_blocks`), for titles and names without evidence of their own: letter
   trigrams of the document's settled blocks, the document's share of each language (estimated from the short lines
   together where little is settled), the neighbouring blocks, and which of two equal lines is the translation's
   (`document_language`).

Tags are BCP 47. A tag has a confidence, 0 to 1; `und` where there is no letter.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from align.text import mixture, ngrams
from align.text._words import SCRIPT_LANGUAGES
from align.text.evidence import HANS, HANT, JA, NOTHING, SURE, Evidence, Guess, decide, normal, weigh
from align.text.profile import Profiles
from align.text.scripts import spoken
from align.text.twins import settle_twins

NEIGHBOUR = 0.7
"""Nats that the nearest settled block of the same script, before or after, adds for its language."""
HINT = 3.0
"""Nats that a hint of the format adds."""
CERTAIN = 0.97
"""Confidence under the document's prior above which langdetect is not used."""
FEW = 6
"""Letters below which langdetect is not used: it is overconfident on short texts."""
PLAIN = 7.5
"""Lead in nats from which the document's language is assigned directly."""
DOCUMENT = 40.0
"""Letters of settled text that weigh as much as the default prior."""
_DEFAULT = {HANS: 0.4, HANT: 0.3, JA: 0.3, "en": 0.3}
_OTHER = 0.02
"""Prior probability of any language not listed above."""


def identify(text: str, *, lang: str | None = None) -> Guess:
    """The language of a single text. `lang` is a hint (an attribute, a setting) for undecided cases."""
    evidence = weigh(text)
    if not evidence.scores:
        return NOTHING
    return decide(sharpen(text, evidence), {lang: HINT} if lang else {})


def sharpen(text: str, evidence: Evidence, prior: Mapping[str, float] | None = None) -> Evidence:
    """Add the probabilities of langdetect where the evidence leaves the language undecided."""
    if evidence.settled or evidence.script not in SCRIPT_LANGUAGES or evidence.weight < FEW:
        return evidence
    open_languages = {
        lang: math.exp(score + (prior or {}).get(lang, 0.0))
        for lang, score in evidence.scores.items()
        if score > -2 * SURE
    }
    found = ngrams.probabilities(spoken(text), evidence.script, open_languages)
    if not found:
        return evidence
    # langdetect is overconfident on short texts: weight it by the number of letters.
    trust = min(1.0, evidence.weight / 60)
    known = ngrams.covered(evidence.script)
    scores = {
        lang: score + (trust * math.log(max(found.get(lang, 0.0), 0.01)) if lang in known else -trust * 2.0)
        for lang, score in evidence.scores.items()
    }
    found_so = normal(scores, evidence.weight, evidence.script)
    return Evidence(found_so.scores, found_so.weight, False, found_so.script, found_so.best)


def settle(
    texts: Sequence[str], evidence: Iterable[Evidence], hints: Sequence[str | None] = ()
) -> tuple[list[Guess], dict[str, float]]:
    """The languages of the blocks of one document, in order, with evidence of neighbours and of the document.

    `hints` (one per text, or none) are given by a reader: a `lang` attribute, for example. The second value is the
    number of letters in each of the document's languages.
    """
    found = list(evidence)
    hints = hints or [None] * len(found)
    document: dict[str, float] = {}
    for one, hint in zip(found, hints, strict=True):
        if one.settled:
            document[one.best] = document.get(one.best, 0.0) + one.weight
        if hint:
            document[hint] = document.get(hint, 0.0) + 0.5 * one.weight
    profiles = _learnt(texts, found)
    asked = _ask_together(texts, found, document)
    priors = _Priors(dict(document))
    for index, one in enumerate(found):
        if index not in asked and len(one.scores) > 1 and not one.settled and one.script in SCRIPT_LANGUAGES:
            if one.script not in profiles and (one.weight < FEW or priors.plain(one)):
                continue
            found[index] = _closer(texts, index, one, profiles.get(one.script), priors)
            guess = decide(found[index], {}) if one.weight >= 40 else NOTHING
            if guess.confidence > 0.9:
                document[guess.lang] = document.get(guess.lang, 0.0) + one.weight
    following = _neighbours(found[::-1])[::-1]
    priors = _Priors(document)
    guesses: list[Guess] = []
    for one, hint, before, after in zip(found, hints, _neighbours(found), following, strict=True):
        if len(one.scores) > 1:
            plain = None if hint else priors.plain(one)
            if plain:
                guesses.append(plain)
                continue
            prior = priors.of(one)
            for more, nats in ((before, NEIGHBOUR), (after, NEIGHBOUR), (hint, HINT)):
                if more:
                    prior = {**prior, more: prior.get(more, 0.0) + nats}
            guesses.append(decide(one, prior))
        else:
            guesses.append(decide(one, {}))
    settle_twins(texts, found, guesses, document)
    return guesses, document


def _ask_together(texts: Sequence[str], found: list[Evidence], document: dict[str, float]) -> frozenset[int]:
    """Rescore the undecided blocks of a document with little settled text together; returns their indices.

    `evidence` and `document` are modified.
    """
    asked: set[int] = set()
    for script, lines in mixture.unsettled(found, document).items():
        for index in lines:
            found[index] = mixture.likened(spoken(texts[index]), found[index])
        expected = dict.fromkeys(SCRIPT_LANGUAGES[script], DOCUMENT * _OTHER)
        document.update(mixture.shares([found[index] for index in lines], document, expected))
        asked.update(lines)
    return frozenset(asked)


def _closer(texts: Sequence[str], index: int, one: Evidence, profiles: Profiles | None, priors: _Priors) -> Evidence:
    """Evidence of an undecided block, refined by the document's profiles and, if necessary, langdetect."""
    prior = priors.of(one)
    if profiles is not None:
        like = profiles.scores(texts[index])
        if like:
            worst = min(like.values()) - SURE
            scores = {lang: score + like.get(lang, worst) for lang, score in one.scores.items()}
            one = normal(scores, one.weight, one.script, 2 * SURE)
    elif decide(one, prior).confidence >= CERTAIN:
        return one
    return sharpen(texts[index], one, prior)


class _Priors:
    """`document_prior` of one document, cached by set of languages: most blocks have the same undecided ones."""

    def __init__(self, document: Mapping[str, float]) -> None:
        self._document = document
        self._kept: dict[tuple[str, ...], tuple[dict[str, float], str, float]] = {}

    def of(self, evidence: Evidence) -> dict[str, float]:
        return self._of(evidence)[0]

    def plain(self, evidence: Evidence) -> Guess | None:
        """The document's own language if it is by far the likeliest and the block has no evidence against it."""
        _, lang, lead = self._of(evidence)
        if lead < PLAIN or evidence.scores[lang] < -0.5:
            return None
        return Guess(lang, 1.0 / (1.0 + (len(evidence.scores) - 1) * math.exp(0.5 - lead)))

    def _of(self, evidence: Evidence) -> tuple[dict[str, float], str, float]:
        scores = evidence.scores
        # Most alphabetic blocks leave all languages of their script undecided: the script is a shorter key.
        every = len(scores) == len(SCRIPT_LANGUAGES.get(evidence.script, ()))
        key = (evidence.script,) if every else tuple(scores)
        kept = self._kept.get(key)
        if kept is None:
            prior = relative(self._document, evidence)
            first, *others = sorted(prior, key=lambda lang: (-prior[lang], lang))
            lead = prior[first] - max((prior[lang] for lang in others), default=-math.inf)
            kept = self._kept[key] = (prior, first, lead)
        return kept


def _learnt(texts: Sequence[str], found: Sequence[Evidence]) -> dict[str, Profiles]:
    """Trigrams of the settled blocks, by script; without scripts that have one language only."""
    langs: dict[str, set[str]] = {}
    for one in found:
        if one.settled and one.script in SCRIPT_LANGUAGES:
            langs.setdefault(one.script, set()).add(one.best)
    profiles = {script: Profiles() for script, several in langs.items() if len(several) > 1}
    for text, one in zip(texts, found, strict=True):
        if one.settled and one.script in profiles:
            profiles[one.script].learn(one.best, text)
    return profiles


def _neighbours(found: Sequence[Evidence]) -> list[str]:
    """For each block, the language of the last settled block of its script before it; empty where there is none."""
    last: dict[str, str] = {}
    before = []
    for one in found:
        before.append(last.get(one.script, ""))
        if one.settled and one.weight >= 8:
            last[one.script] = one.best
    return before


def relative(document: Mapping[str, float], evidence: Evidence) -> dict[str, float]:
    """Log prior (nats, below 0) of the undecided languages from the document's other blocks."""
    mass = {lang: document.get(lang, 0.0) for lang in evidence.scores}
    total = sum(mass.values())
    base = {lang: _DEFAULT.get(lang, _OTHER) for lang in evidence.scores}
    return {lang: math.log((mass[lang] + DOCUMENT * base[lang]) / (total + DOCUMENT)) for lang in mass}
