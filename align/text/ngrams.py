"""langdetect, held: one factory a script with that script's profiles only, a fixed seed, and a prior.

It is the second evidence. What the script or the function words settle never comes here: langdetect does a few
hundred texts a second. Its profiles also say by themselves how like each language a text is (`likeness`): what it says
of a short text hangs on the n-grams that it draws, the sum over all of them does not.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from align.text._words import SCRIPT_LANGUAGES

SEED = 0
LONGEST = 600
"""Characters of a text that are looked at; more of it changes the answer no further."""
_WORDS = re.compile(r"[^\W\d_]+")
_WEIGHT = 0.13
"""Nats that a nat of an n-gram is worth: those of a word overlap and say much the same, and a name has them too."""
_SMOOTH = 5e-5
"""What an n-gram that a language was never seen with counts as, like langdetect's own."""


@cache
def _factory(script: str) -> Any:
    """langdetect's factory with the profiles of the languages of `script`; None where it has fewer than two."""
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


def covered(script: str) -> frozenset[str]:
    """The languages of `script` that langdetect knows."""
    factory = _factory(script)
    return frozenset(factory.get_lang_list()) if factory else frozenset()


def probabilities(text: str, script: str, allowed: Mapping[str, float]) -> dict[str, float]:
    """P(language) by langdetect among `allowed` (language to prior weight); {} where it has nothing to say.

    The same text, script and prior always give the same answer.
    """
    known = tuple(sorted((lang, weight) for lang, weight in allowed.items() if weight > 0 and lang in covered(script)))
    if not known:
        return {}
    if len(known) == 1:
        return {known[0][0]: 1.0}
    return dict(_detect(text[:LONGEST], script, known))


def likeness(text: str, script: str) -> dict[str, float]:
    """Nats for each language of `script` that langdetect knows, the best at 0; {} where no n-gram of it is known."""
    rows = [row for gram in _grams(text[:LONGEST]) if (row := _nats(script, gram))]
    if not rows:
        return {}
    sums = [sum(column) for column in zip(*rows, strict=True)]
    best = max(sums)
    return {lang: _WEIGHT * (nats - best) for lang, nats in zip(_factory(script).get_lang_list(), sums, strict=True)}


def _grams(text: str) -> Iterator[str]:
    """The letters, and the pairs and triples of letters and word ends, of the words of a text."""
    for word in _WORDS.findall(text.lower() if text.isupper() else text):
        padded = f" {word} "
        for size in (1, 2, 3):
            for at in range(len(padded) - size + 1):
                gram = padded[at : at + size]
                if gram != " ":
                    yield gram


@lru_cache(maxsize=1 << 15)
def _nats(script: str, gram: str) -> tuple[float, ...]:
    """The logarithm of how often each language has an n-gram; () where none has it."""
    factory = _factory(script)
    found = factory.word_lang_prob_map.get(gram) if factory else None
    return tuple(math.log(share + _SMOOTH) for share in found) if found else ()


@lru_cache(maxsize=4096)
def _detect(text: str, script: str, prior: tuple[tuple[str, float], ...]) -> tuple[tuple[str, float], ...]:
    from langdetect.lang_detect_exception import LangDetectException

    detector = _factory(script).create()
    detector.set_prior_map(dict(prior))
    # A text in capitals has no n-grams for langdetect, which takes such words for acronyms.
    detector.append(text.lower() if text.isupper() else text)
    try:
        return tuple((found.lang, float(found.prob)) for found in detector.get_probabilities())
    except LangDetectException:
        return ()
