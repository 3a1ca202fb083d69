"""Evidence for the language of a text from its scripts, letters and function words. Pure and fast."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from align.domain import UNDETERMINED
from align.text._words import LETTERS, SCRIPT_LANGUAGES, WORDS
from align.text.han import KANJI_ONLY, han_evidence
from align.text.scripts import CJK, HAN, KANA, LATIN_LETTERS, SOLE_LANGUAGE, count_scripts, latin_only, spoken, uncoded

JA, HANT, HANS = "ja", "zh-Hant", "zh-Hans"
SURE = 3.0
"""Lead in nats of the best language from which the evidence is settled (odds of 20)."""
HOPELESS = 9.0
"""Nats behind the best language from which a language is dropped: no prior makes up for it."""
WORD = 1.4
"""Nats for a function word of a single language."""
STRANGE_LETTER = 2.0
"""Nats against a language for a letter that it does not use."""
KANA_WORTH = 3.0
"""Nats against Chinese for each kana, up to MAX_KANA."""
KANA_MOST = 6
READ = 2400
"""Characters of a text that are searched for words and letters."""
_PARTICLES = re.compile("[的了是在這这們们你我他她它嗎吗吧呢啊哪怎麼么什很都把被讓让還还沒没這與与及之]")
"""Han characters that are essential in Chinese grammar and rare in Japanese."""
_JAPANESE = re.compile("(?:明治|大正|昭和|平成|令和)[0-9０-９元]|[月火水木金土日]曜|株式会社|[々〆ヶ]")
"""Japanese without kana that does not occur in Chinese."""
_WORDS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_ASCII_WORDS = re.compile("[a-z]+(?:'[a-z]+)?")
_CAPITALISED = re.compile("(?!^)[A-Z\u00c0-\u00de\u0100\u010c\u0118\u011a\u0130\u0141\u0150\u0158\u015a\u015e\u0160\u016e\u0170\u0179\u017b\u017d]"  # noqa: E501
                          r"[^\W\d_]+")  # fmt: skip
_FRAMED = re.compile("^[^\\w]*[\u3041-\u30ff\u3400-\u9fff].*[\u3041-\u30f6\u3400-\u9fff][^\\w]*$", re.DOTALL)
"""CJK at both ends: the words in the middle are embedded in a CJK sentence."""
LATIN_ONLY = re.compile(f"[^{LATIN_LETTERS.pattern[1:-2]}'’]+")


class Guess(NamedTuple):
    """A language tag and its confidence, 0 to 1."""

    lang: str
    confidence: float


NOTHING = Guess(UNDETERMINED, 0.0)
_PRINTED = tuple(zip("\u2019\u2018\u201c\u201d\u2013\u2014\u2026\xa0", "''\"\"--. ", strict=True))
"""Typographic quotes and dashes with ASCII equivalents: not informative, and the rest is often ASCII."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Evidence of a text by itself: log-likelihoods (nats, the best is 0) of its possible languages.

    `weight` is the number of letters (CJK counted double) it is based on; `is_certain` whether further evidence is
    unnecessary; `script` the dominant script of the text.
    """

    scores: Mapping[str, float] = field(default_factory=dict)
    weight: int = 0
    settled: bool = False
    script: str = ""
    best: str = UNDETERMINED
    """The likeliest language; `und` without evidence."""


EMPTY = Evidence()


def sure(lang: str, weight: int, script: str) -> Evidence:
    """Evidence for one language only."""
    return Evidence({lang: 0.0}, weight, True, script, lang)


def normal(scores: Mapping[str, float], weight: int, script: str, lead: float = SURE) -> Evidence:
    """Normalise raw `scores`: the best at 0, hopeless ones dropped, settled where the best leads by `lead`."""
    top = max(scores.values())
    kept = {lang: score - top for lang, score in scores.items() if top - score < HOPELESS}
    best = max([lang for lang, score in kept.items() if score == 0.0])
    settled = len([1 for score in kept.values() if score > -lead]) == 1
    return Evidence(kept, weight, settled, script, best)


def decide(evidence: Evidence, prior: Mapping[str, float]) -> Guess:
    """The likeliest language under `prior` (nats; 0 for languages that are not listed)."""
    scores = evidence.scores
    if len(scores) <= 1:
        return Guess(evidence.best, 1.0) if scores else NOTHING
    total = {lang: score + prior[lang] for lang, score in scores.items() if lang in prior}
    if len(total) < len(scores):
        total = {lang: score + prior.get(lang, 0.0) for lang, score in scores.items()}
    top = max(total.values())
    best = max(lang for lang, score in total.items() if score == top)
    return Guess(best, 1.0 / sum([math.exp(score - top) for score in total.values()]))


def weigh(text: str) -> Evidence:
    """First evidence only: scripts, letters and function words. Never calls langdetect; pure and fast."""
    said = spoken(text)
    if not said.isascii() and latin_only(said):
        for printed, typed in _PRINTED:
            said = said.replace(printed, typed)
    if said.isascii():
        words = _ASCII_WORDS.findall(said.lower())
        if words:
            return _alphabetic(said, "latin", len("".join(words)), words)
    else:
        kana = len("".join(KANA.findall(said)))
        if kana >= 4 and kana * 4 >= len(said):
            return sure(JA, 2 * len(said), "han")
    counts = count_scripts(said)
    if not counts and said != text:
        said = uncoded(text)
        counts = count_scripts(said)
    if not counts:
        return EMPTY
    text = said
    if len(counts) == 1 and "latin" in counts:
        return _alphabetic(text, "latin", counts["latin"])
    cjk = sum(counts.get(script, 0) for script in CJK)
    others = {script: n for script, n in counts.items() if script not in CJK}
    if cjk:
        rest = max(others, key=lambda script: others[script], default="")
        if not rest or not _outweighs(text, rest, others[rest], cjk):
            return _cjk(text, counts, cjk)
    script = max(others, key=lambda name: others[name])
    if script == "latin" and len(others) > 1:
        # Names and terms in Latin letters occur in texts of every script; the reverse is rare.
        foreign = max((name for name in others if name != "latin"), key=lambda name: others[name])
        if others[foreign] * 2 >= others["latin"]:
            script = foreign
    if script in SOLE_LANGUAGE:
        return sure(SOLE_LANGUAGE[script], others[script], script)
    return _alphabetic(text, script, others[script])


def _outweighs(text: str, script: str, letters: int, cjk: int) -> bool:
    """Whether the text is mainly in `script` rather than in its `cjk` characters.

    A CJK text has many Latin names but hardly any Latin grammar; a Latin text that mentions a CJK word has both.
    """
    if script != "latin":
        return letters > 3 * cjk
    if letters <= 12 * cjk and _FRAMED.search(text):
        return False
    words = _WORDS.findall(LATIN_ONLY.sub(" ", text).lower())
    grammar = sum(word in _table("latin") and len(word) > 1 for word in words)
    if grammar * 6 < len(words) or not grammar:
        return letters > 25 * cjk
    return letters > (3 if grammar >= 3 else 5) * cjk


def _cjk(text: str, counts: Mapping[str, int], cjk: int) -> Evidence:
    """Evidence for ja, zh-Hant, zh-Hans or ko by the characters."""
    hangul, kana, bopomofo = (counts.get(script, 0) for script in ("hangul", "kana", "bopomofo"))
    if hangul * 3 > cjk and hangul >= kana:
        return sure("ko", 2 * cjk, "hangul")
    han = "".join(HAN.findall(text))
    ja, hant, hans = han_evidence(han)
    ja += KANJI_ONLY * max(0, len(han) - 1 - 4 * kana)
    ja += 0.7 * max(0, len(_PARTICLES.findall(han)) - kana)
    chinese = KANA_WORTH * min(kana, KANA_MOST) + 1.5 * len(_JAPANESE.findall(text))
    ja += 2.0 * bopomofo
    hans += 2.0 * bopomofo
    return normal({JA: -ja, HANT: -hant - chinese, HANS: -hans - chinese}, 2 * cjk, "han")


@cache
def _table(script: str) -> dict[str, tuple[tuple[str, float], ...]]:
    """Function words with the languages of `script` that use them, and the nats for each."""
    owners: dict[str, list[str]] = {}
    for lang in SCRIPT_LANGUAGES.get(script, ()):
        for word in set(WORDS.get(lang, "").split()):
            owners.setdefault(word, []).append(lang)
    return {
        word: tuple((lang, WORD / (1 + 0.5 * (len(langs) - 1)) * (0.4 if len(word) == 1 else 1.0)) for lang in langs)
        for word, langs in owners.items()
    }


@cache
def _strangers(script: str) -> dict[str, frozenset[str]]:
    """Letters beyond a-z with the languages of `script` that use them."""
    letters: dict[str, set[str]] = {}
    for lang in SCRIPT_LANGUAGES.get(script, ()):
        for letter in set(LETTERS.get(lang, "")):
            letters.setdefault(letter, set()).add(lang)
    return {letter: frozenset(langs) for letter, langs in letters.items()}


def _alphabetic(text: str, script: str, weight: int, words: list[str] | None = None) -> Evidence:
    """Evidence for the languages that share an alphabet, by function words and letters."""
    languages = SCRIPT_LANGUAGES.get(script)
    if not languages:
        return sure(UNDETERMINED, weight, script)
    if words is None:
        scores, count = _scored(text[:READ], script)
    else:
        scores, count = _by_words(words[: READ // 5], script), len(words)
    ranked = sorted(scores.values(), reverse=True)[:2]
    if ranked and ranked[0] - (ranked[1] if len(ranked) > 1 else 0.0) >= SURE and ranked[0] >= 0.1 * WORD * count:
        return normal(scores, weight, script)  # drop languages without evidence
    if not ranked or ranked[0] >= HOPELESS or min(scores.values()) < 0.0:
        found = normal({**dict.fromkeys(languages, 0.0), **scores}, weight, script)
        return Evidence(found.scores, weight, False, script, found.best)
    top = ranked[0]
    best = max([lang for lang, score in scores.items() if score == top])
    found_so = dict.fromkeys(languages, -top)
    for lang, score in scores.items():
        found_so[lang] = score - top
    return Evidence(found_so, weight, False, script, best)


def _by_words(words: list[str], script: str) -> dict[str, float]:
    """Nats by language from the function words among `words`."""
    table = _table(script)
    scores: dict[str, float] = {}
    for word in words:
        for lang, nats in table.get(word, ()):
            scores[lang] = scores.get(lang, 0.0) + nats
    return scores


def _scored(text: str, script: str) -> tuple[dict[str, float], int]:
    """Nats by language of `script` from function words and letters, 0 if missing; and the number of words."""
    lowered = text.lower()
    words = _WORDS.findall(lowered)
    scores = _by_words(words, script)
    if not lowered.isascii():
        strangers = _strangers(script)
        plain = ""
        for letter in set(lowered):
            if letter in strangers:
                # A capitalised word after the first may be a foreign name: its letters count less.
                plain = plain or f" {_CAPITALISED.sub('', text).lower() if script == 'latin' else lowered}"
                worth = STRANGE_LETTER * min(2.0, plain.count(letter) or 0.3)
                for lang in strangers[letter]:
                    scores[lang] = scores.get(lang, 0.0) + worth
    return scores, len(words)


def fit(text: str) -> float:
    """Nats of the best-fitting language for a text in Latin letters: to choose between decodings."""
    return max(_scored(text, "latin")[0].values(), default=0.0)


def has_letters(text: str) -> bool:
    """Whether there are letters to identify a language by."""
    return bool(count_scripts(spoken(text)))


def grammar_share(text: str) -> float:
    """Share of the Latin words of `text` that are function words of some language, 0 to 1."""
    words = _WORDS.findall(text.lower())
    return sum(len(word) > 1 and word in _table("latin") for word in words) / len(words) if words else 0.0


def plainly(text: str, lang: str) -> bool:
    """Whether a sentence is obviously in `lang`, the language of its block; False means undecided."""
    if lang == JA:
        return KANA.search(text) is not None and not _LATIN_WORDS.search(text)
    if lang in (HANT, HANS):
        return not KANA.search(text) and not _LATIN_WORDS.search(text)
    own = _function_words(lang)
    if not own:
        return False
    words = text.lower().split()
    return sum(word in own for word in words) * 5 >= len(words)


_LATIN_WORDS = re.compile(r"[A-Za-z]{2,}[ ,]+[A-Za-z]{2,}")


@cache
def _function_words(lang: str) -> frozenset[str]:
    return frozenset(WORDS.get(lang, "").split())
