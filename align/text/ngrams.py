"""langdetect with one cached factory per script, limited to that script's profiles, with a fixed seed and a prior.

It is the second evidence, used only where script and function words do not settle the language: langdetect
processes a few hundred texts per second. `ngram_scores` uses its profiles directly: for short texts langdetect
depends on the n-grams that it samples, the sum over all n-grams does not.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from align.text.function_words import SCRIPT_LANGUAGES

SEED = 0
MAX_CHARACTERS = 600
"""Characters of a text that are used; more do not change the result."""
_WORDS = re.compile(r"[^\W\d_]+")
_WEIGHT = 0.13
"""Weight of an n-gram's nats: the n-grams of a word overlap and are correlated, and names have them too."""
_SMOOTH = 5e-5
"""Probability of an n-gram that is unseen in a language, as in langdetect."""


@cache
def _factory(script: str) -> Any:
    """langdetect's factory with the profiles of the languages of `script`; None if there are fewer than two."""
    import langdetect
    from langdetect.detector_factory import DetectorFactory

    folder = Path(os.path.dirname(langdetect.__file__)) / "profiles"
    names = [name for name in SCRIPT_LANGUAGES.get(script, ()) if (folder / name).exists()]
    if len(names) < 2:
        return None
    factory = DetectorFactory()
    factory.load_json_profile([(folder / name).read_text(encoding="utf-8") for name in names])
    factory.set_seed(SEED)
    return factory


def supported_languages(script: str) -> frozenset[str]:
    """Languages of `script` that langdetect supports."""
    factory = _factory(script)
    return frozenset(factory.get_lang_list()) if factory else frozenset()


def probabilities(text: str, script: str, allowed: Mapping[str, float]) -> dict[str, float]:
    """P(language) by langdetect among `allowed` (language to prior weight); {} if it gives no result.

    Deterministic for the same text, script and prior.
    """
    candidates = tuple(
        sorted((lang, weight) for lang, weight in allowed.items() if weight > 0 and lang in supported_languages(script))
    )
    if not candidates:
        return {}
    if len(candidates) == 1:
        return {candidates[0][0]: 1.0}
    return dict(_detect(text[:MAX_CHARACTERS], script, candidates))


def ngram_scores(text: str, script: str) -> dict[str, float]:
    """Nats for each language of `script` that langdetect supports, the best at 0; {} if no n-gram is in a profile."""
    rows = [row for gram in _grams(text[:MAX_CHARACTERS]) if (row := _nats(script, gram))]
    if not rows:
        return {}
    sums = [sum(column) for column in zip(*rows, strict=True)]
    best = max(sums)
    return {lang: _WEIGHT * (nats - best) for lang, nats in zip(_factory(script).get_lang_list(), sums, strict=True)}


def _grams(text: str) -> Iterator[str]:
    """Yield the letters, pairs and triples of letters (word ends included) of the words of a text."""
    for word in _WORDS.findall(text.lower() if text.isupper() else text):
        padded = f" {word} "
        for size in (1, 2, 3):
            for at in range(len(padded) - size + 1):
                gram = padded[at : at + size]
                if gram != " ":
                    yield gram


@lru_cache(maxsize=1 << 15)
def _nats(script: str, gram: str) -> tuple[float, ...]:
    """Log probability of an n-gram in each language; () if no profile has it."""
    factory = _factory(script)
    shares = factory.word_lang_prob_map.get(gram) if factory else None
    return tuple(math.log(share + _SMOOTH) for share in shares) if shares else ()


@lru_cache(maxsize=4096)
def _detect(text: str, script: str, prior: tuple[tuple[str, float], ...]) -> tuple[tuple[str, float], ...]:
    from langdetect.lang_detect_exception import LangDetectException

    detector = _factory(script).create()
    detector.set_prior_map(dict(prior))
    # langdetect ignores words in capitals as acronyms.
    detector.append(text.lower() if text.isupper() else text)
    try:
        return tuple((language.lang, float(language.prob)) for language in detector.get_probabilities())
    except LangDetectException:
        return ()
