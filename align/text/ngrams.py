"""langdetect, held: one factory a script with that script's profiles only, a fixed seed, and a prior.

It is the second evidence. What the script or the function words settle never comes here: langdetect does a few
hundred texts a second.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from align.text._words import SCRIPT_LANGUAGES

SEED = 0
LONGEST = 600
"""Characters of a text that are looked at; more of it changes the answer no further."""


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
