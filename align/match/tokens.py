"""What two languages write alike: numbers, dates and eras, names and Latin words, Han characters.

Sentences become bags of tokens of two classes. NUMBER tokens are values: `1,234`, `１２３４` and `千二百三十四` are one
token, and so are 令和6年, 民國113年 and 2024. WORD tokens are folded words, their first five letters, and folded Han
characters and bigrams. Pure and independent of which side is the source.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from align.text.han import fold

Floats = npt.NDArray[np.float64]

ERAS = {
    "令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "明治": 1867, "慶応": 1864,
    "民國": 1911, "民国": 1911, "光緒": 1874, "康熙": 1661, "乾隆": 1735, "檀紀": -2333,
}  # fmt: skip
"""The year before an era's first (元年)."""
DIGITS = {
    c: v
    for v, group in enumerate(("〇零", "一壱壹", "二弐貳貮", "三参參", "四", "五伍", "六", "七", "八", "九"))
    for c in group
}
UNITS = {"十": 10, "拾": 10, "百": 100, "千": 1000}
MYRIADS = {"万": 10**4, "萬": 10**4, "億": 10**8, "亿": 10**8, "兆": 10**12, "만": 10**4, "억": 10**8, "조": 10**12}
SCALES = {
    "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "tausend": 10**3, "millionen": 10**6,
    "milliarden": 10**9, "mille": 10**3, "millions": 10**6, "milliard": 10**9, "milliards": 10**9, "mil": 10**3,
    "millones": 10**6, "milioni": 10**6, "miliardi": 10**9, "тысяч": 10**3, "миллионов": 10**6, "миллиардов": 10**9,
}  # fmt: skip
MONTHS = {
    stem: month
    for month, stems in enumerate(
        (
            "january januar janvier enero gennaio janeiro января январь janúar jan",
            "february februar février fevrier febrero febbraio fevereiro февраля февраль febrúar feb",
            "march märz marz mars marzo março марта март",
            "april avril abril aprile апреля апрель apríl apr",
            "may mai mayo maggio maio мая maí",
            "june juni juin junio giugno junho июня июнь júní jun",
            "july juli juillet julio luglio julho июля июль júlí jul",
            "august août aout agosto августа август ágúst aug",
            "september septembre septiembre settembre setembro сентября сентябрь sept sep",
            "october oktober octobre octubre ottobre outubro октября октябрь október oct okt",
            "november novembre noviembre novembro ноября ноябрь nóvember nov",
            "december dezember décembre decembre diciembre dicembre dezembro декабря декабрь desember dec dez",
        ),
        1,
    )
    for stem in stems.split()
}
AMBIGUOUS = frozenset(
    {"may", "march", "mai", "mars", "mil", "jan", "sep", "dec", "nov", "aug", "apr", "jul", "jun", "oct"}
)

_HAN_NUMERAL = "".join(DIGITS) + "".join(UNITS) + "万萬億亿兆"
_NUMBER = re.compile(r"\d{1,3}(?:[,.'’\u00a0\u202f ]\d{3})+(?![\d])|\d+(?:[.,]\d+)?")
_NUMERAL = re.compile(rf"(?:\d+(?:\.\d+)?|[{_HAN_NUMERAL}])+[{_HAN_NUMERAL}만억조]*")
_ERA = re.compile(rf"({'|'.join(ERAS)})\s*(元|\d+|[{_HAN_NUMERAL}]+)\s*年?")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002ffff]+")
_NAMED = re.compile(rf"[\d元{_HAN_NUMERAL}만억조]")
_SPELT = re.compile(rf"[{_HAN_NUMERAL}만억조]")
_GROUPED = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_SCALE = re.compile(r"\s?([^\W\d_]+)")
_THOUSANDS = re.compile(r"\d{1,3}(?:[,.'’\u00a0\u202f ]\d{3})+")
_COUNTED = frozenset("年月日時时分秒人名個个回次度位歳岁代章条條号號番點点万萬億亿円元冊本枚倍階")


def numeral(text: str) -> float | None:
    """The value of a Han or mixed numeral (`二十三`, `1万2000`, `3.5億`, `二〇一三`), or None where it is none."""
    if not text:
        return None
    if len(text) > 1 and all(c in DIGITS for c in text):
        return float("".join(str(DIGITS[c]) for c in text))
    total = section = 0.0
    current: float | None = None
    at = 0
    while at < len(text):
        c = text[at]
        if c.isdigit() and c.isascii():
            found = re.match(r"\d+(?:\.\d+)?", text[at:])
            assert found is not None
            current, at = float(found[0]), at + len(found[0])
            continue
        if c in DIGITS:
            current = (current or 0) * 10 + DIGITS[c]
        elif c in UNITS:
            section, current = section + (1 if current is None else current) * UNITS[c], None
        elif c in MYRIADS:
            section += current or 0
            total, section, current = total + (section or 1) * MYRIADS[c], 0.0, None
        else:
            return None
        at += 1
    return total + section + (current or 0)


def numbers(text: str) -> list[str]:
    """The values a sentence names, as tokens. text: NFKC."""
    found: list[str] = []
    if not _NAMED.search(text):
        return found

    def era(match: re.Match[str]) -> str:
        value = 1.0 if match[2] == "元" else numeral(match[2]) if not match[2].isdigit() else float(match[2])
        found.append(_told(ERAS[match[1]] + (value or 0)))
        return " "

    def han(match: re.Match[str]) -> str:
        run = match[0]
        following = text_[match.end() : match.end() + 1]
        preceding = text_[match.start() - 1 : match.start()]
        mixed = any(c.isdigit() and c.isascii() for c in run)
        if not any(c in _HAN_NUMERAL or c in MYRIADS for c in run):
            return run
        if not mixed and len(run) == 1 and following not in _COUNTED and preceding != "第":
            return " "
        value = numeral(run)
        if value is None:
            return run
        found.append(_told(value))
        return " "

    text_ = _ERA.sub(era, text)
    text_ = _GROUPED.sub("", text_)
    text_ = _NUMERAL.sub(han, text_) if _SPELT.search(text_) else text_
    for match in _NUMBER.finditer(text_):
        value = _value(match[0])
        after = _SCALE.match(text_, match.end(), match.end() + 14)
        scale = SCALES.get(after[1].casefold(), 1) if after else 1
        found.append(_told(value * scale))
    return found


def _value(written: str) -> float:
    if _THOUSANDS.fullmatch(written):
        return float(re.sub(r"\D", "", written))
    return float(written.replace(",", "."))


def _told(value: float) -> str:
    return f"#{value:.12g}"


def tokens(text: str, *, latin: bool) -> tuple[list[str], list[str]]:
    """(numbers, words) of a sentence. `latin`: the other side is alphabetic too, so that word stems may match."""
    plain = text.isascii()
    text = text if plain else unicodedata.normalize("NFKC", text)
    values = numbers(text)
    words: list[str] = []
    runs = [] if plain else _HAN.findall(text)
    for word in _WORD.findall(text):
        low = word.casefold()
        if not (plain or low.isascii()):
            if not word[0].isalpha() or (runs and _HAN.search(word)):
                continue
            low = "".join(c for c in unicodedata.normalize("NFD", low) if not unicodedata.combining(c))
        if low in MONTHS and (word.casefold() not in AMBIGUOUS or (values and word[0].isupper())):
            values.append(_told(MONTHS[low]))
            continue
        if len(low) >= 3 or (len(low) == 2 and word.isupper()):
            words.append(low)
            if latin and len(low) >= 6:
                words.append(low[:5] + "-")
    for run in runs:
        folded = fold(run)
        words.extend(folded)
        words.extend(folded[k : k + 2] for k in range(len(folded) - 1))
    return values, words


@dataclass(frozen=True)
class Shared:
    """Tokens that both sides hold, as triples by source sentence: source sentence, target sentence, weight.

    Weights are inverse document frequencies. `total_src` (n,) and `total_tgt` (m,) are what each sentence holds in
    all, shared or not.
    """

    src: npt.NDArray[np.int64]
    tgt: npt.NDArray[np.int64]
    weight: Floats
    total_src: Floats
    total_tgt: Floats


COMMON = 4000
"""A token that would pair more sentences than this says nothing."""


def shared(src: Sequence[Sequence[str]], tgt: Sequence[Sequence[str]]) -> Shared:
    """Pair up the tokens of two sides."""
    numbered: dict[str, int] = {}
    flat_s, flat_t = (
        [numbered.setdefault(token, len(numbered)) for bag in bags for token in bag] for bags in (src, tgt)
    )
    one, other = (_counted(flat, bags, len(numbered)) for flat, bags in ((flat_s, src), (flat_t, tgt)))
    in_s, in_t = (np.bincount(side.token, minlength=len(numbered)) for side in (one, other))
    idf: Floats = np.log((len(src) + len(tgt) + 1) / np.maximum(in_s + in_t, 1))
    speaks = (in_t > 0) & (in_s * in_t <= COMMON)
    own = np.flatnonzero(speaks[one.token])
    partners = in_t[one.token[own]]
    by_token = np.argsort(other.token, kind="stable")
    first = np.cumsum(in_t) - in_t
    within = np.arange(partners.sum()) - np.repeat(np.cumsum(partners) - partners, partners)
    own, theirs = np.repeat(own, partners), by_token[np.repeat(first[one.token[own]], partners) + within]
    return Shared(
        one.sentence[own],
        other.sentence[theirs],
        idf[one.token[own]] * np.minimum(one.count[own], other.count[theirs]),
        np.bincount(one.sentence, idf[one.token] * one.count, len(src)).astype(np.float64),
        np.bincount(other.sentence, idf[other.token] * other.count, len(tgt)).astype(np.float64),
    )


@dataclass(frozen=True)
class _Counts:
    """How often each sentence has each of its tokens, by sentence, then by token."""

    sentence: npt.NDArray[np.int64]
    token: npt.NDArray[np.int64]
    count: npt.NDArray[np.int64]


def _counted(flat: Sequence[int], bags: Sequence[Sequence[str]], known: int) -> _Counts:
    """flat: the numbers of the tokens of all bags, which are below `known`."""
    sentence = np.repeat(np.arange(len(bags)), [len(bag) for bag in bags])
    places, count = np.unique(sentence * max(known, 1) + np.array(flat, dtype=np.int64), return_counts=True)
    sentences, numbers_ = np.divmod(places, max(known, 1))
    return _Counts(sentences, numbers_, count)
