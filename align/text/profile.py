"""Language profiles of one document: letter trigrams of its settled blocks.

The third evidence for a short line: on a dialogue in Icelandic and English, or a page in German and French, the
best model is the document's own short lines. Naive Bayes over trigrams, trained for each document.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping

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
