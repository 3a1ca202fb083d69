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

from align.text import document_language, ngrams
from align.text.document_language import Profiles, settle_repeated_lines
from align.text.function_words import SCRIPT_LANGUAGES
from align.text.language_evidence import (
    CERTAIN_NATS,
    HANS,
    HANT,
    JA,
    NO_GUESS,
    LanguageEvidence,
    LanguageGuess,
    decide,
    first_evidence,
    normalised,
)
from align.text.scripts import natural_text

NEIGHBOUR_NATS = 0.7
"""Nats that the nearest settled block of the same script, before or after, adds for its language."""
HINT_NATS = 3.0
"""Nats that a hint of the format adds."""
CERTAIN_CONFIDENCE = 0.97
"""Confidence under the document's prior above which langdetect is not used."""
MIN_DETECTED_LETTERS = 6
"""Letters below which langdetect is not used: it is overconfident on short texts."""
PLAIN_NATS = 7.5
"""Lead in nats from which the document's language is assigned directly."""
PRIOR_LETTERS = 40.0
"""Letters of settled text that weigh as much as the default prior."""
_DEFAULT = {HANS: 0.4, HANT: 0.3, JA: 0.3, "en": 0.3}
_OTHER = 0.02
"""Prior probability of any language not listed above."""


def identify(text: str, *, lang: str | None = None) -> LanguageGuess:
    """The language of a single text. `lang` is a hint (an attribute, a setting) for undecided cases."""
    evidence = first_evidence(text)
    if not evidence.scores:
        return NO_GUESS
    return decide(with_langdetect(text, evidence), {lang: HINT_NATS} if lang else {})


def with_langdetect(
    text: str, evidence: LanguageEvidence, prior: Mapping[str, float] | None = None
) -> LanguageEvidence:
    """Add the probabilities of langdetect where the evidence leaves the language undecided."""
    if evidence.is_certain or evidence.script not in SCRIPT_LANGUAGES or evidence.weight < MIN_DETECTED_LETTERS:
        return evidence
    open_languages = {
        lang: math.exp(score + (prior or {}).get(lang, 0.0))
        for lang, score in evidence.scores.items()
        if score > -2 * CERTAIN_NATS
    }
    detected = ngrams.probabilities(natural_text(text), evidence.script, open_languages)
    if not detected:
        return evidence
    # langdetect is overconfident on short texts: weight it by the number of letters.
    trust = min(1.0, evidence.weight / 60)
    supported = ngrams.supported_languages(evidence.script)
    scores = {
        lang: score + (trust * math.log(max(detected.get(lang, 0.0), 0.01)) if lang in supported else -trust * 2.0)
        for lang, score in evidence.scores.items()
    }
    rescored = normalised(scores, evidence.weight, evidence.script)
    return LanguageEvidence(rescored.scores, rescored.weight, False, rescored.script, rescored.best)


def identify_blocks(
    texts: Sequence[str], evidence: Iterable[LanguageEvidence], hints: Sequence[str | None] = ()
) -> tuple[list[LanguageGuess], dict[str, float]]:
    """The languages of the blocks of one document, in order, with evidence of neighbours and of the document.

    `hints` (one per text, or none) are given by a reader: a `lang` attribute, for example. The second value is the
    number of letters in each of the document's languages.
    """
    block_evidence = list(evidence)
    hints = hints or [None] * len(block_evidence)
    document = _settled_letters(block_evidence, hints)
    profiles = _build_profiles(texts, block_evidence)
    rescored = _rescore_together(texts, block_evidence, document)
    priors = _DocumentPriors(dict(document))
    for index, one in enumerate(block_evidence):
        if index not in rescored and len(one.scores) > 1 and not one.is_certain and one.script in SCRIPT_LANGUAGES:
            if one.script not in profiles and (one.weight < MIN_DETECTED_LETTERS or priors.plain_guess(one)):
                continue
            block_evidence[index] = _refined(texts, index, one, profiles.get(one.script), priors)
            guess = decide(block_evidence[index], {}) if one.weight >= 40 else NO_GUESS
            if guess.confidence > 0.9:
                document[guess.lang] = document.get(guess.lang, 0.0) + one.weight
    following = _neighbours(block_evidence[::-1])[::-1]
    priors = _DocumentPriors(document)
    guesses: list[LanguageGuess] = []
    for one, hint, before, after in zip(block_evidence, hints, _neighbours(block_evidence), following, strict=True):
        if len(one.scores) > 1:
            plain_guess = None if hint else priors.plain_guess(one)
            if plain_guess:
                guesses.append(plain_guess)
                continue
            prior = priors.of(one)
            for neighbour, nats in ((before, NEIGHBOUR_NATS), (after, NEIGHBOUR_NATS), (hint, HINT_NATS)):
                if neighbour:
                    prior = {**prior, neighbour: prior.get(neighbour, 0.0) + nats}
            guesses.append(decide(one, prior))
        else:
            guesses.append(decide(one, {}))
    settle_repeated_lines(texts, block_evidence, guesses, document)
    return guesses, document


def _settled_letters(evidence: Sequence[LanguageEvidence], hints: Sequence[str | None]) -> dict[str, float]:
    """Letters in each language of the settled blocks; a hint counts half."""
    letters: dict[str, float] = {}
    for one, hint in zip(evidence, hints, strict=True):
        if one.is_certain:
            letters[one.best] = letters.get(one.best, 0.0) + one.weight
        if hint:
            letters[hint] = letters.get(hint, 0.0) + 0.5 * one.weight
    return letters


def _rescore_together(
    texts: Sequence[str], evidence: list[LanguageEvidence], document: dict[str, float]
) -> frozenset[int]:
    """Rescore the undecided blocks of a document with little settled text together; returns their indices.

    `evidence` and `document` are modified.
    """
    rescored: set[int] = set()
    for script, lines in document_language.open_blocks(evidence, document).items():
        for index in lines:
            evidence[index] = document_language.with_ngrams(natural_text(texts[index]), evidence[index])
        expected = dict.fromkeys(SCRIPT_LANGUAGES[script], PRIOR_LETTERS * _OTHER)
        document.update(document_language.shares([evidence[index] for index in lines], document, expected))
        rescored.update(lines)
    return frozenset(rescored)


def _refined(
    texts: Sequence[str], index: int, one: LanguageEvidence, profiles: Profiles | None, priors: _DocumentPriors
) -> LanguageEvidence:
    """Evidence of an undecided block, refined by the document's profiles and, if necessary, langdetect."""
    prior = priors.of(one)
    if profiles is not None:
        like = profiles.scores(texts[index])
        if like:
            worst = min(like.values()) - CERTAIN_NATS
            scores = {lang: score + like.get(lang, worst) for lang, score in one.scores.items()}
            one = normalised(scores, one.weight, one.script, 2 * CERTAIN_NATS)
    elif decide(one, prior).confidence >= CERTAIN_CONFIDENCE:
        return one
    return with_langdetect(texts[index], one, prior)


class _DocumentPriors:
    """`document_prior` of one document, cached by set of languages: most blocks have the same undecided ones."""

    def __init__(self, document: Mapping[str, float]) -> None:
        self._document = document
        self._cache: dict[tuple[str, ...], tuple[dict[str, float], str, float]] = {}

    def of(self, evidence: LanguageEvidence) -> dict[str, float]:
        return self._of(evidence)[0]

    def plain_guess(self, evidence: LanguageEvidence) -> LanguageGuess | None:
        """The document's own language if it is by far the likeliest and the block has no evidence against it."""
        _, lang, lead = self._of(evidence)
        if lead < PLAIN_NATS or evidence.scores[lang] < -0.5:
            return None
        return LanguageGuess(lang, 1.0 / (1.0 + (len(evidence.scores) - 1) * math.exp(0.5 - lead)))

    def _of(self, evidence: LanguageEvidence) -> tuple[dict[str, float], str, float]:
        scores = evidence.scores
        # Most alphabetic blocks leave all languages of their script undecided: the script is a shorter key.
        every = len(scores) == len(SCRIPT_LANGUAGES.get(evidence.script, ()))
        key = (evidence.script,) if every else tuple(scores)
        entry = self._cache.get(key)
        if entry is None:
            prior = document_prior(self._document, evidence)
            first, *others = sorted(prior, key=lambda lang: (-prior[lang], lang))
            lead = prior[first] - max((prior[lang] for lang in others), default=-math.inf)
            entry = self._cache[key] = (prior, first, lead)
        return entry


def _build_profiles(texts: Sequence[str], evidence: Sequence[LanguageEvidence]) -> dict[str, Profiles]:
    """Trigrams of the settled blocks, by script; without scripts that have one language only."""
    langs: dict[str, set[str]] = {}
    for one in evidence:
        if one.is_certain and one.script in SCRIPT_LANGUAGES:
            langs.setdefault(one.script, set()).add(one.best)
    profiles = {script: Profiles() for script, several in langs.items() if len(several) > 1}
    for text, one in zip(texts, evidence, strict=True):
        if one.is_certain and one.script in profiles:
            profiles[one.script].learn(one.best, text)
    return profiles


def _neighbours(evidence: Sequence[LanguageEvidence]) -> list[str]:
    """For each block, the language of the last settled block of its script before it; empty where there is none."""
    last: dict[str, str] = {}
    before = []
    for one in evidence:
        before.append(last.get(one.script, ""))
        if one.is_certain and one.weight >= 8:
            last[one.script] = one.best
    return before


def document_prior(document: Mapping[str, float], evidence: LanguageEvidence) -> dict[str, float]:
    """Log prior (nats, below 0) of the undecided languages from the document's other blocks."""
    mass = {lang: document.get(lang, 0.0) for lang in evidence.scores}
    total = sum(mass.values())
    base = {lang: _DEFAULT.get(lang, _OTHER) for lang in evidence.scores}
    return {lang: math.log((mass[lang] + PRIOR_LETTERS * base[lang]) / (total + PRIOR_LETTERS)) for lang in mass}
