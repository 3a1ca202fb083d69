"""What two languages write alike: numbers, dates and eras, names and Latin words, Han characters.

Sentences become bags of tokens of two classes. NUMBER tokens are values: `1,234`, `１２３４` and `千二百三十四` are one
token, and so are 令和6年, 民國113年 and 2024. WORD tokens are folded words, their first five letters, and folded Han
characters and bigrams. Pure and independent of which side is the source.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

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
    text_ = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text_)
    text_ = _NUMERAL.sub(han, text_) if re.search(rf"[{_HAN_NUMERAL}만억조]", text_) else text_
    for match in _NUMBER.finditer(text_):
        value = _value(match[0])
        after = re.match(r"\s?([^\W\d_]+)", text_[match.end() : match.end() + 14])
        scale = SCALES.get(after[1].casefold(), 1) if after else 1
        found.append(_told(value * scale))
    return found


def _value(written: str) -> float:
    if re.fullmatch(r"\d{1,3}(?:[,.'’\u00a0\u202f ]\d{3})+", written):
        return float(re.sub(r"\D", "", written))
    return float(written.replace(",", "."))


def _told(value: float) -> str:
    return f"#{value:.12g}"


def tokens(text: str, *, latin: bool) -> tuple[list[str], list[str]]:
    """(numbers, words) of a sentence. `latin`: the other side is alphabetic too, so that word stems may match."""
    text = unicodedata.normalize("NFKC", text)
    values = numbers(text)
    words: list[str] = []
    for match in _WORD.finditer(text):
        word = match[0]
        if _HAN.search(word) or not word[0].isalpha():
            continue
        low = word.casefold()
        if not low.isascii():
            low = "".join(c for c in unicodedata.normalize("NFD", low) if not unicodedata.combining(c))
        if low in MONTHS and (word.casefold() not in AMBIGUOUS or (values and word[0].isupper())):
            values.append(_told(MONTHS[low]))
            continue
        if len(low) >= 3 or (len(low) == 2 and word.isupper()):
            words.append(low)
            if latin and len(low) >= 6:
                words.append(low[:5] + "-")
    for run in _HAN.findall(text):
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
    counts_s, counts_t = [Counter(bag) for bag in src], [Counter(bag) for bag in tgt]
    where_s, where_t = _places(counts_s), _places(counts_t)
    everything = len(src) + len(tgt)
    idf = {
        token: log((everything + 1) / (len(where_s.get(token, ())) + len(where_t.get(token, ()))))
        for token in where_s.keys() | where_t.keys()
    }
    rows: list[int] = []
    columns: list[int] = []
    weights: list[float] = []
    for token, places in where_s.items():
        others = where_t.get(token)
        if others is None or len(places) * len(others) > COMMON:
            continue
        for i in places:
            rows.extend([i] * len(others))
            columns.extend(others)
            weights.extend(idf[token] * min(counts_s[i][token], counts_t[j][token]) for j in others)
    order = np.argsort(np.array(rows, dtype=np.int64), kind="stable")
    return Shared(
        np.array(rows, dtype=np.int64)[order],
        np.array(columns, dtype=np.int64)[order],
        np.array(weights, dtype=np.float64)[order],
        np.array([sum(idf[token] * k for token, k in bag.items()) for bag in counts_s], dtype=np.float64),
        np.array([sum(idf[token] * k for token, k in bag.items()) for bag in counts_t], dtype=np.float64),
    )


def _places(counts: Sequence[Counter[str]]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for number, bag in enumerate(counts):
        for token in bag:
            places.setdefault(token, []).append(number)
    return places
