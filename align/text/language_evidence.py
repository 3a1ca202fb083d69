"""Evidence for the language of a text from its scripts, letters and function words. Pure and fast."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from align.models import UNDETERMINED
from align.text.function_words import LETTERS, SCRIPT_LANGUAGES, WORDS
from align.text.han import NO_KANA_NATS, han_evidence
from align.text.scripts import (
    CJK,
    HAN,
    KANA,
    LATIN_LETTERS,
    SOLE_LANGUAGE,
    count_scripts,
    is_latin_only,
    natural_text,
    without_addresses,
)

JA, HANT, HANS = "ja", "zh-Hant", "zh-Hans"
CERTAIN_NATS = 3.0
"""Lead in nats of the best language from which the evidence is settled (odds of 20)."""
MAX_NATS_BEHIND = 9.0
"""Nats behind the best language from which a language is dropped: no prior makes up for it."""
WORD_NATS = 1.4
"""Nats for a function word of a single language."""
FOREIGN_LETTER_NATS = 2.0
"""Nats against a language for a letter that it does not use."""
KANA_NATS = 3.0
"""Nats against Chinese for each kana, up to MAX_KANA."""
MAX_KANA = 6
MAX_READ_CHARACTERS = 2400
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
NON_LATIN = re.compile(f"[^{LATIN_LETTERS.pattern[1:-2]}'’]+")


class LanguageGuess(NamedTuple):
    """A language tag and its confidence, 0 to 1."""

    lang: str
    confidence: float


NO_GUESS = LanguageGuess(UNDETERMINED, 0.0)
_TYPOGRAPHIC = tuple(zip("\u2019\u2018\u201c\u201d\u2013\u2014\u2026\xa0", "''\"\"--. ", strict=True))
"""Typographic quotes and dashes with ASCII equivalents: not informative, and the rest is often ASCII."""


@dataclass(frozen=True, slots=True)
class LanguageEvidence:
    """Evidence of a text by itself: log-likelihoods (nats, the best is 0) of its possible languages.

    `weight` is the number of letters (CJK counted double) it is based on; `is_certain` whether further evidence is
    unnecessary; `script` the dominant script of the text.
    """

    scores: Mapping[str, float] = field(default_factory=dict)
    weight: int = 0
    is_certain: bool = False
    script: str = ""
    best: str = UNDETERMINED
    """The likeliest language; `und` without evidence."""


NO_EVIDENCE = LanguageEvidence()


def certain_evidence(lang: str, weight: int, script: str) -> LanguageEvidence:
    """Evidence for one language only."""
    return LanguageEvidence({lang: 0.0}, weight, True, script, lang)


def normalised(scores: Mapping[str, float], weight: int, script: str, lead: float = CERTAIN_NATS) -> LanguageEvidence:
    """Normalise raw `scores`: the best at 0, hopeless ones dropped, settled where the best leads by `lead`."""
    top = max(scores.values())
    open_scores = {lang: score - top for lang, score in scores.items() if top - score < MAX_NATS_BEHIND}
    best = max([lang for lang, score in open_scores.items() if score == 0.0])
    is_certain = len([1 for score in open_scores.values() if score > -lead]) == 1
    return LanguageEvidence(open_scores, weight, is_certain, script, best)


def decide(evidence: LanguageEvidence, prior: Mapping[str, float]) -> LanguageGuess:
    """The likeliest language under `prior` (nats; 0 for languages that are not listed)."""
    scores = evidence.scores
    if len(scores) <= 1:
        return LanguageGuess(evidence.best, 1.0) if scores else NO_GUESS
    total = {lang: score + prior[lang] for lang, score in scores.items() if lang in prior}
    if len(total) < len(scores):
        total = {lang: score + prior.get(lang, 0.0) for lang, score in scores.items()}
    top = max(total.values())
    best = max(lang for lang, score in total.items() if score == top)
    return LanguageGuess(best, 1.0 / sum([math.exp(score - top) for score in total.values()]))


def first_evidence(text: str) -> LanguageEvidence:
    """First evidence only: scripts, letters and function words. Never calls langdetect; pure and fast."""
    natural = natural_text(text)
    if not natural.isascii() and is_latin_only(natural):
        for printed, typed in _TYPOGRAPHIC:
            natural = natural.replace(printed, typed)
    obvious = _obvious_evidence(natural)
    if obvious is not None:
        return obvious
    counts = count_scripts(natural)
    if not counts and natural != text:
        natural = without_addresses(text)
        counts = count_scripts(natural)
    if not counts:
        return NO_EVIDENCE
    text = natural
    if len(counts) == 1 and "latin" in counts:
        return _alphabetic(text, "latin", counts["latin"])
    cjk = sum(counts.get(script, 0) for script in CJK)
    others = {script: n for script, n in counts.items() if script not in CJK}
    if cjk:
        rest = max(others, key=lambda script: others[script], default="")
        if not rest or not _outweighs(text, rest, others[rest], cjk):
            return _cjk(text, counts, cjk)
    script = _main_script(others)
    if script in SOLE_LANGUAGE:
        return certain_evidence(SOLE_LANGUAGE[script], others[script], script)
    return _alphabetic(text, script, others[script])


def _obvious_evidence(text: str) -> LanguageEvidence | None:
    """Evidence of ASCII words, or of text that is largely kana: no other script needs to be counted."""
    if text.isascii():
        words = _ASCII_WORDS.findall(text.lower())
        return _alphabetic(text, "latin", len("".join(words)), words) if words else None
    kana = len("".join(KANA.findall(text)))
    return certain_evidence(JA, 2 * len(text), "han") if kana >= 4 and kana * 4 >= len(text) else None


def _main_script(letters: Mapping[str, int]) -> str:
    """The script of a text without CJK, from its letters of each script.

    Names and terms in Latin letters occur in texts of every script; the reverse is rare.
    """
    script = max(letters, key=lambda name: letters[name])
    if script == "latin" and len(letters) > 1:
        foreign = max((name for name in letters if name != "latin"), key=lambda name: letters[name])
        if letters[foreign] * 2 >= letters["latin"]:
            return foreign
    return script


def _outweighs(text: str, script: str, letters: int, cjk: int) -> bool:
    """Whether the text is mainly in `script` rather than in its `cjk` characters.

    A CJK text has many Latin names but hardly any Latin grammar; a Latin text that mentions a CJK word has both.
    """
    if script != "latin":
        return letters > 3 * cjk
    if letters <= 12 * cjk and _FRAMED.search(text):
        return False
    words = _WORDS.findall(NON_LATIN.sub(" ", text).lower())
    grammar = sum(word in _table("latin") and len(word) > 1 for word in words)
    if grammar * 6 < len(words) or not grammar:
        return letters > 25 * cjk
    return letters > (3 if grammar >= 3 else 5) * cjk


def _cjk(text: str, counts: Mapping[str, int], cjk: int) -> LanguageEvidence:
    """Evidence for ja, zh-Hant, zh-Hans or ko by the characters."""
    hangul, kana, bopomofo = (counts.get(script, 0) for script in ("hangul", "kana", "bopomofo"))
    if hangul * 3 > cjk and hangul >= kana:
        return certain_evidence("ko", 2 * cjk, "hangul")
    han = "".join(HAN.findall(text))
    ja, hant, hans = han_evidence(han)
    ja += NO_KANA_NATS * max(0, len(han) - 1 - 4 * kana)
    ja += 0.7 * max(0, len(_PARTICLES.findall(han)) - kana)
    chinese = KANA_NATS * min(kana, MAX_KANA) + 1.5 * len(_JAPANESE.findall(text))
    ja += 2.0 * bopomofo
    hans += 2.0 * bopomofo
    return normalised({JA: -ja, HANT: -hant - chinese, HANS: -hans - chinese}, 2 * cjk, "han")


@cache
def _table(script: str) -> dict[str, tuple[tuple[str, float], ...]]:
    """Function words with the languages of `script` that use them, and the nats for each."""
    owners: dict[str, list[str]] = {}
    for lang in SCRIPT_LANGUAGES.get(script, ()):
        for word in set(WORDS.get(lang, "").split()):
            owners.setdefault(word, []).append(lang)
    return {
        word: tuple(
            (lang, WORD_NATS / (1 + 0.5 * (len(langs) - 1)) * (0.4 if len(word) == 1 else 1.0)) for lang in langs
        )
        for word, langs in owners.items()
    }


@cache
def _letter_languages(script: str) -> dict[str, frozenset[str]]:
    """Letters beyond a-z with the languages of `script` that use them."""
    letters: dict[str, set[str]] = {}
    for lang in SCRIPT_LANGUAGES.get(script, ()):
        for letter in set(LETTERS.get(lang, "")):
            letters.setdefault(letter, set()).add(lang)
    return {letter: frozenset(langs) for letter, langs in letters.items()}


def _alphabetic(text: str, script: str, weight: int, words: list[str] | None = None) -> LanguageEvidence:
    """Evidence for the languages that share an alphabet, by function words and letters."""
    languages = SCRIPT_LANGUAGES.get(script)
    if not languages:
        return certain_evidence(UNDETERMINED, weight, script)
    if words is None:
        scores, count = _scored(text[:MAX_READ_CHARACTERS], script)
    else:
        scores, count = _by_words(words[: MAX_READ_CHARACTERS // 5], script), len(words)
    ranked = sorted(scores.values(), reverse=True)[:2]
    if (
        ranked
        and ranked[0] - (ranked[1] if len(ranked) > 1 else 0.0) >= CERTAIN_NATS
        and ranked[0] >= 0.1 * WORD_NATS * count
    ):
        return normalised(scores, weight, script)  # drop languages without evidence
    if not ranked or ranked[0] >= MAX_NATS_BEHIND or min(scores.values()) < 0.0:
        evidence = normalised({**dict.fromkeys(languages, 0.0), **scores}, weight, script)
        return LanguageEvidence(evidence.scores, weight, False, script, evidence.best)
    top = ranked[0]
    best = max([lang for lang, score in scores.items() if score == top])
    all_scores = dict.fromkeys(languages, -top)
    for lang, score in scores.items():
        all_scores[lang] = score - top
    return LanguageEvidence(all_scores, weight, False, script, best)


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
        letter_languages = _letter_languages(script)
        lower_words = ""
        for letter in set(lowered):
            if letter in letter_languages:
                # A capitalised word after the first may be a foreign name: its letters count less.
                lower_words = lower_words or f" {_CAPITALISED.sub('', text).lower() if script == 'latin' else lowered}"
                nats = FOREIGN_LETTER_NATS * min(2.0, lower_words.count(letter) or 0.3)
                for lang in letter_languages[letter]:
                    scores[lang] = scores.get(lang, 0.0) + nats
    return scores, len(words)


def latin_fit(text: str) -> float:
    """Nats of the best-fitting language for a text in Latin letters: to choose between decodings."""
    return max(_scored(text, "latin")[0].values(), default=0.0)


def has_letters(text: str) -> bool:
    """Whether there are letters to identify a language by."""
    return bool(count_scripts(natural_text(text)))


def grammar_share(text: str) -> float:
    """Share of the Latin words of `text` that are function words of some language, 0 to 1."""
    words = _WORDS.findall(text.lower())
    return sum(len(word) > 1 and word in _table("latin") for word in words) / len(words) if words else 0.0


def is_plainly_in(text: str, lang: str) -> bool:
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
