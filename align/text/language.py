"""Which language a text is in, by three kinds of evidence in this order.

1. Its scripts: kana, hangul, bopomofo, the Han characters that only one of Japanese, traditional and simplified
   Chinese writes; then letters and function words that few languages share.
2. langdetect, seeded and restricted to the languages that the first evidence leaves open.
3. The neighbours and the document (`settle`), which decide where a title or a name tells nothing by itself.

Tags are BCP 47. A tag comes with a confidence, 0 to 1; `und` where there is no letter to tell from.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from align.domain import UNDETERMINED
from align.text import ngrams
from align.text._words import LETTERS, SCRIPT_LANGUAGES, WORDS
from align.text.han import KANJI_ONLY, han_evidence
from align.text.profile import Profiles
from align.text.scripts import CJK, HAN, LATIN_LETTERS, SOLE_LANGUAGE, count_scripts, spoken, uncoded

JA, HANT, HANS = "ja", "zh-Hant", "zh-Hans"
SURE = 3.0
"""Nats by which the best language must lead for the first evidence to settle the matter (odds of 20)."""
WORD = 1.4
"""Nats for a function word that only one language has."""
STRANGE_LETTER = 2.0
"""Nats against a language for a letter that it does not write."""
KANA = 3.0
"""Nats against Chinese for a kana, up to KANA_MOST of them."""
KANA_MOST = 6
NEIGHBOUR = 2.0
"""How much likelier the language of the nearest settled block of the same script makes itself, on either side."""
HINT = 20.0
"""How much likelier a hint of the format makes its language."""
DOCUMENT = 40.0
"""Letters of settled text that weigh as much as what we expect of any document."""
_PARTICLES = re.compile("[的了是在這这們们你我他她它嗎吗吧呢啊哪怎麼么什很都把被讓让還还沒没這與与及之]")
"""Han characters that Chinese grammar cannot do without and Japanese seldom writes."""
_JAPANESE = re.compile("(?:明治|大正|昭和|平成|令和)[0-9０-９元]|[月火水木金土日]曜|株式会社|[々〆ヶ]")
"""What Japanese writes without kana and Chinese does not."""
_WORDS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_CAPITALISED = re.compile("[A-Z\u00c0-\u00de\u0100\u010c\u0118\u011a\u0130\u0141\u0150\u0158\u015a\u015e\u0160\u016e\u0170\u0179\u017b\u017d]"
                          r"[^\W\d_]+")  # fmt: skip
_DEFAULT = {HANS: 0.4, HANT: 0.3, JA: 0.3}


class Guess(NamedTuple):
    """A language tag and how sure it is, 0 to 1."""

    lang: str
    confidence: float


NOTHING = Guess(UNDETERMINED, 0.0)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a text by itself says: log-likelihoods (nats, 0 = the best) of the languages it may be in.

    `weight` is how many letters (CJK counted double) speak; `settled` that no further evidence is needed.
    """

    scores: Mapping[str, float] = field(default_factory=dict)
    weight: int = 0
    settled: bool = False
    script: str = ""

    @property
    def best(self) -> Guess:
        """The likeliest language, all being equally likely beforehand."""
        return decide(self, {})


def identify(text: str, *, lang: str | None = None) -> Guess:
    """The language of `text` alone. `lang` is a hint (an attribute, a setting): it decides what is open."""
    evidence = weigh(text)
    if not evidence.scores:
        return NOTHING
    return decide(sharpen(text, evidence), {lang: 20.0} if lang else {})


def decide(evidence: Evidence, prior: Mapping[str, float]) -> Guess:
    """The likeliest language under `prior` (relative weights; languages that it does not name weigh 1)."""
    if not evidence.scores:
        return NOTHING
    total = {lang: score + math.log(max(prior.get(lang, 1.0), 1e-9)) for lang, score in evidence.scores.items()}
    best = max(total, key=lambda lang: (total[lang], lang))
    mass = sum(math.exp(score - total[best]) for score in total.values())
    return Guess(best, 1.0 / mass)


def weigh(text: str) -> Evidence:
    """First evidence only: scripts, letters and function words. Never calls langdetect; pure and quick."""
    said = spoken(text)
    counts = count_scripts(said)
    if not counts and said != text:
        said = uncoded(text)
        counts = count_scripts(said)
    if not counts:
        return Evidence()
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
        # Names and terms in Latin letters stand in texts of every script; the reverse is rare.
        foreign = max((name for name in others if name != "latin"), key=lambda name: others[name])
        if others[foreign] * 2 >= others["latin"]:
            script = foreign
    if script in SOLE_LANGUAGE:
        return Evidence({SOLE_LANGUAGE[script]: 0.0}, others[script], True, script)
    return _alphabetic(text, script, others[script])


def _outweighs(text: str, script: str, letters: int, cjk: int) -> bool:
    """Whether the words in `script` carry the text rather than its `cjk` characters.

    A CJK text holds many Latin names, hardly any Latin grammar; a Latin text that mentions a CJK word holds both.
    """
    if script != "latin":
        return letters > 3 * cjk
    if letters <= 12 * cjk and _FRAMED.search(text):
        return False
    words = _WORDS.findall(LATIN_ONLY.sub(" ", text).lower())
    grammar = sum(word in _table("latin") and len(word) > 1 for word in words)
    if grammar * 6 < len(words) or not grammar:
        return letters > 25 * cjk
    return letters > (2 if grammar >= 3 else 5) * cjk


_FRAMED = re.compile("^[^\\w]*[\u3041-\u30ff\u3400-\u9fff].*[\u3041-\u30f6\u3400-\u9fff][^\\w]*$", re.DOTALL)
"""CJK at both ends: the sentence is what stands around the words in the middle."""
LATIN_ONLY = re.compile(f"[^{LATIN_LETTERS.pattern[1:-2]}'’]+")


def _cjk(text: str, counts: Mapping[str, int], cjk: int) -> Evidence:
    """ja, zh-Hant, zh-Hans or ko by the characters."""
    hangul, kana, bopomofo = (counts.get(script, 0) for script in ("hangul", "kana", "bopomofo"))
    if hangul * 3 > cjk and hangul >= kana:
        return Evidence({"ko": 0.0}, 2 * cjk, True, "hangul")
    han = "".join(HAN.findall(text))
    ja, hant, hans = han_evidence(han)
    ja += KANJI_ONLY * max(0, len(han) - 1 - 4 * kana)
    ja += 0.7 * max(0, len(_PARTICLES.findall(han)) - kana)
    chinese = KANA * min(kana, KANA_MOST) + 1.5 * len(_JAPANESE.findall(text))
    ja += 2.0 * bopomofo
    hans += 2.0 * bopomofo
    costs = {JA: ja, HANT: hant + chinese, HANS: hans + chinese}
    least = min(costs.values())
    scores = {lang: least - cost for lang, cost in costs.items()}
    second = sorted(scores.values())[-2]
    return Evidence(scores, 2 * cjk, second <= -SURE, "han")


@cache
def _table(script: str) -> dict[str, tuple[tuple[str, float], ...]]:
    """Function word to the languages of `script` that have it, each with the nats it is worth."""
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
    """Letter beyond a-z to the languages of `script` that write it."""
    letters: dict[str, set[str]] = {}
    for lang in SCRIPT_LANGUAGES.get(script, ()):
        for letter in LETTERS.get(lang, "").lower():
            letters.setdefault(letter, set()).add(lang)
    return {letter: frozenset(langs) for letter, langs in letters.items()}


def _alphabetic(text: str, script: str, weight: int) -> Evidence:
    """The languages that share an alphabet, by their function words and letters."""
    languages = SCRIPT_LANGUAGES.get(script)
    if not languages:
        return Evidence({UNDETERMINED: 0.0}, weight, True, script)
    scores, words = _scored(text[: 4 * ngrams.LONGEST], script)
    ranked = sorted(scores.values(), reverse=True)
    settled = ranked[0] - ranked[1] >= SURE and ranked[0] >= 0.1 * WORD * words
    return Evidence({lang: score - ranked[0] for lang, score in scores.items()}, weight, settled, script)


def _scored(text: str, script: str) -> tuple[dict[str, float], int]:
    """Nats for each language of `script` by function words and letters (not normalised), and how many words there are."""
    lowered = text.lower()
    words = _WORDS.findall(lowered)
    table = _table(script)
    scores = dict.fromkeys(SCRIPT_LANGUAGES[script], 0.0)
    for word in words:
        for lang, nats in table.get(word, ()):
            scores[lang] += nats
    if not lowered.isascii():
        strangers = _strangers(script)
        # A capitalised word may be a foreign name: its letters say less.
        plain = _CAPITALISED.sub("", text).lower() if script == "latin" else lowered
        for letter in set(lowered):
            writers = strangers.get(letter)
            if writers:
                cost = STRANGE_LETTER * min(2.0, plain.count(letter) or 0.3)
                for lang in scores:
                    if lang not in writers:
                        scores[lang] -= cost
    return scores, len(words)


def fit(text: str) -> float:
    """How well a text in Latin letters fits the language that it fits best, in nats: to choose between decodings."""
    return max(_scored(text, "latin")[0].values())


def sharpen(text: str, evidence: Evidence, prior: Mapping[str, float] | None = None) -> Evidence:
    """`evidence` with langdetect's opinion where the first evidence left the language open."""
    if evidence.settled or evidence.script not in SCRIPT_LANGUAGES:
        return evidence
    open_languages = {
        lang: math.exp(score) * (prior or {}).get(lang, 1.0)
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
    top = max(scores.values())
    return Evidence({lang: score - top for lang, score in scores.items()}, evidence.weight, False, evidence.script)


def has_letters(text: str) -> bool:
    """Whether there is anything to tell a language from."""
    return bool(count_scripts(spoken(text)))


def grammar_share(text: str) -> float:
    """How much of the Latin words of `text` are function words of some language, 0 to 1."""
    words = _WORDS.findall(text.lower())
    return sum(len(word) > 1 and word in _table("latin") for word in words) / len(words) if words else 0.0


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
            lang = one.best.lang
            document[lang] = document.get(lang, 0.0) + one.weight
        if hint:
            document[hint] = document.get(hint, 0.0) + 0.5 * one.weight
    profiles = _learnt(texts, found)
    for index, (text, one) in enumerate(zip(texts, found, strict=True)):
        if one.scores and not one.settled and one.script in SCRIPT_LANGUAGES:
            like = profiles[one.script].scores(text) if one.script in profiles else {}
            if like:
                worst = min(like.values()) - SURE
                one = _normal({lang: score + like.get(lang, worst) for lang, score in one.scores.items()}, one)
            found[index] = sharpen(text, one, relative(document, one))
            guess = decide(found[index], {})
            if guess.confidence > 0.9 and one.weight >= 40:
                document[guess.lang] = document.get(guess.lang, 0.0) + one.weight
    following = _neighbours(found[::-1])[::-1]
    guesses: list[Guess] = []
    for one, hint, before, after in zip(found, hints, _neighbours(found), following, strict=True):
        prior = relative(document, one)
        for neighbour in (before, after):
            if neighbour in prior:
                prior[neighbour] *= NEIGHBOUR
        if hint:
            prior[hint] = prior.get(hint, 1.0) * HINT
        guesses.append(decide(one, prior))
    return guesses, document


def _normal(scores: Mapping[str, float], old: Evidence) -> Evidence:
    """`old` with other scores, the best at 0; settled where they lead clearly."""
    ranked = sorted(scores.values(), reverse=True)
    settled = len(ranked) > 1 and ranked[0] - ranked[1] >= 2 * SURE
    return Evidence({lang: score - ranked[0] for lang, score in scores.items()}, old.weight, settled, old.script)


def _learnt(texts: Sequence[str], found: Sequence[Evidence]) -> dict[str, Profiles]:
    """The trigrams of the settled blocks, by script; scripts with one language only are left out."""
    langs: dict[str, set[str]] = {}
    for one in found:
        if one.settled and one.script in SCRIPT_LANGUAGES:
            langs.setdefault(one.script, set()).add(one.best.lang)
    profiles = {script: Profiles() for script, several in langs.items() if len(several) > 1}
    for text, one in zip(texts, found, strict=True):
        if one.settled and one.script in profiles:
            profiles[one.script].learn(one.best.lang, text)
    return profiles


def _neighbours(found: Sequence[Evidence]) -> list[str]:
    """For each block, the language of the last settled block of its script before it; empty where there is none."""
    last: dict[str, str] = {}
    before = []
    for one in found:
        before.append(last.get(one.script, ""))
        if one.settled and one.weight >= 8:
            last[one.script] = one.best.lang
    return before


def relative(document: Mapping[str, float], evidence: Evidence) -> dict[str, float]:
    """What the document's other blocks say of the languages that `evidence` leaves open: weights around 1."""
    mass = {lang: document.get(lang, 0.0) for lang in evidence.scores}
    total = sum(mass.values())
    base = {lang: _DEFAULT.get(lang, 0.3 if lang == "en" else 0.02) for lang in evidence.scores}
    return {lang: (mass[lang] + DOCUMENT * base[lang]) / (total + DOCUMENT) for lang in mass}
