"""Match katakana with Latin words: プーチン and Putin have the same consonants."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from functools import lru_cache

_KANA = {
    **dict.fromkeys("カキクケコガギグゲゴヵヶ", "k"),
    **dict.fromkeys("サシスセソザジズゼゾ", "s"),
    **dict.fromkeys("タチツテトダヂヅデド", "t"),
    **dict.fromkeys("ナニヌネノマミムメモン", "n"),
    **dict.fromkeys("パピプペポバビブベボフヴ", "p"),
    **dict.fromkeys("ハヒヘホ", "h"),
    **dict.fromkeys("ラリルレロ", "r"),
}
_LATIN = (
    ("sch", "s"), ("sh", "s"), ("ch", "t"), ("ph", "p"), ("th", "s"), ("ck", "k"), ("ts", "t"), ("tz", "t"),
    ("x", "ks"), ("ce", "s"), ("ci", "s"), ("cy", "s"), ("c", "k"), ("q", "k"), ("g", "k"), ("z", "s"), ("j", "s"),
    ("d", "t"), ("b", "p"), ("v", "p"), ("f", "p"), ("m", "n"), ("l", "r"),
)  # fmt: skip


@lru_cache(maxsize=4096)
def consonant_key(word: str) -> str:
    """Consonants of a katakana or Latin word, in classes that Japanese does not distinguish, each run once."""
    if "\u30a0" <= word[0] <= "\u30ff":
        consonants = "".join(_KANA.get(char, "") for char in word if char != "ッ")
    else:
        bare = "".join(c for c in unicodedata.normalize("NFD", word.casefold()) if "a" <= c <= "z")
        for letters, consonant in _LATIN:
            bare = bare.replace(letters, consonant)
        consonants = bare[:1] + re.sub("h", "", bare[1:])
        consonants = re.sub(r"[aeiouyw]", "", consonants)
    return re.sub(r"(.)\1+", r"\1", consonants)


_ROWS = {
    "a": "アァカガサザタダナハバパマヤャラワヵ", "i": "イィキギシジチヂニヒビピミリヰ",
    "u": "ウゥクグスズツヅヌフブプムユュルヴ", "e": "エェケゲセゼテデネヘベペメレヱヶ",
    "o": "オォコゴソゾトドノホボポモヨョロヲ",
}  # fmt: skip
_VOWEL = {char: vowel for vowel, chars in _ROWS.items() for char in chars}
_VOWEL_SOUNDS = {"a": "ae", "e": "ei", "i": "ia", "o": "oau", "u": "uao", "y": "ia"}
"""Kana vowels that can transcribe a Latin vowel."""


def shares_first_vowel(kana_word: str, latin_word: str) -> bool:
    """Whether the first vowels can correspond, which separates loanwords (missile) from other words (between)."""
    written = next((char for char in latin_word.lower() if char in _VOWEL_SOUNDS), "")
    kana_vowel = _VOWEL.get(kana_word[0], "")
    if kana_word[1:2] in tuple("ァィゥェォャュョ"):
        kana_vowel = _VOWEL[kana_word[1]]
    return latin_word[0] not in "wy" and kana_vowel in _VOWEL_SOUNDS.get(written, "")


def is_same_word(kana: str, latin: str, kana_word: str, latin_word: str) -> bool:
    """Whether two consonant keys are of one word: short keys must be equal and of a name, long ones nearly equal."""
    if min(len(kana), len(latin)) < 2 or (latin_word[0].islower() and not shares_first_vowel(kana_word, latin_word)):
        return False
    if max(len(kana), len(latin)) < 4:
        vowel = kana_word[0] in "アイウエオァィゥェォ", latin_word[0].lower() in "aeiou"
        return kana == latin and vowel[0] == vowel[1] and (latin_word[0].isupper() or len(latin_word) > 5)
    return kana[0] == latin[0] and SequenceMatcher(None, kana, latin).ratio() >= 0.8
