"""Which language a text is in, by three kinds of evidence in this order.

1. Its scripts: kana, hangul, bopomofo, the Han characters that only one of Japanese, traditional and simplified
   Chinese writes; then letters and function words that few languages share (`evidence`).
2. langdetect, seeded and restricted to the languages that the first evidence leaves open (`ngrams`).
3. The neighbours and the document (`settle`), which decide where a title or a name tells nothing by itself: what the
   document's languages look like in its own settled blocks (`profile`), how much of it is in each (where little is
   settled, what its open lines say together: `mixture`), what stands nearby, and which of two equal lines is the
   translation's (`twins`).

Tags are BCP 47. A tag comes with a confidence, 0 to 1; `und` where there is no letter to tell from.
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
"""Nats that the nearest settled block of the same script is worth for its language, on either side."""
HINT = 3.0
"""Nats that a hint of the format is worth."""
CERTAIN = 0.97
"""Confidence under the document's languages from which on langdetect is not asked."""
FEW = 6
"""Letters below which langdetect is not asked: it would always be sure of something."""
PLAIN = 7.5
"""Nats by which a language leads in a document that is plainly in it."""
DOCUMENT = 40.0
"""Letters of settled text that weigh as much as what we expect of any document."""
_DEFAULT = {HANS: 0.4, HANT: 0.3, JA: 0.3, "en": 0.3}
_OTHER = 0.02
"""How likely any document is in a language that is not named above."""


def identify(text: str, *, lang: str | None = None) -> Guess:
    """The language of `text` alone. `lang` is a hint (an attribute, a setting): it decides what is open."""
    evidence = weigh(text)
    if not evidence.scores:
        return NOTHING
    return decide(sharpen(text, evidence), {lang: HINT} if lang else {})


def sharpen(text: str, evidence: Evidence, prior: Mapping[str, float] | None = None) -> Evidence:
    """`evidence` with langdetect's opinion where the first evidence left the language open."""
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
    # A short text convinces langdetect easily and wrongly: believe it as far as there are letters.
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
    """The languages of the blocks of one document, in order, each helped by its neighbours and by the document.

    `hints` (as many as texts, or none) are what a reader knows of each: a `lang` attribute, for example. The second
    value is the document's languages with the letters that speak for each.
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
    """Ask the open blocks of a document that has settled little all at once; returns which. `found` and `document`
    are changed."""
    asked: set[int] = set()
    for script, lines in mixture.unsettled(found, document).items():
        for index in lines:
            found[index] = mixture.likened(spoken(texts[index]), found[index])
        expected = dict.fromkeys(SCRIPT_LANGUAGES[script], DOCUMENT * _OTHER)
        document.update(mixture.shares([found[index] for index in lines], document, expected))
        asked.update(lines)
    return frozenset(asked)


def _closer(texts: Sequence[str], index: int, one: Evidence, profiles: Profiles | None, priors: _Priors) -> Evidence:
    """The evidence of a block whose language is open, with what its document knows and, if need be, langdetect."""
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
    """`relative` of one document, kept for each set of languages: most blocks leave the same ones open."""

    def __init__(self, document: Mapping[str, float]) -> None:
        self._document = document
        self._kept: dict[tuple[str, ...], tuple[dict[str, float], str, float]] = {}

    def of(self, evidence: Evidence) -> dict[str, float]:
        return self._of(evidence)[0]

    def plain(self, evidence: Evidence) -> Guess | None:
        """The document's own language where it is by far the likeliest and nothing in the block speaks against it."""
        _, lang, lead = self._of(evidence)
        if lead < PLAIN or evidence.scores[lang] < -0.5:
            return None
        return Guess(lang, 1.0 / (1.0 + (len(evidence.scores) - 1) * math.exp(0.5 - lead)))

    def _of(self, evidence: Evidence) -> tuple[dict[str, float], str, float]:
        scores = evidence.scores
        # Most blocks of a page in letters leave all languages of their script open: no need to spell them out.
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
    """The trigrams of the settled blocks, by script; scripts with one language only are left out."""
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
    """What the document's other blocks say of the languages that `evidence` leaves open, in nats below 0."""
    mass = {lang: document.get(lang, 0.0) for lang in evidence.scores}
    total = sum(mass.values())
    base = {lang: _DEFAULT.get(lang, _OTHER) for lang in evidence.scores}
    return {lang: math.log((mass[lang] + DOCUMENT * base[lang]) / (total + DOCUMENT)) for lang in mass}
