"""Numbers, dates and eras of a text with the values they may stand for, across scripts.

`51億`, `5.1 billion` and `5,100,000,000` are one value; so are 令和6年, 民國113年 and 2024; so are 11月 and November.
A figure that can be read in two ways (`1.500`) has both values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

HAN_DIGITS = {
    c: n
    for n, forms in enumerate(("〇零○", "一壱壹", "二弐貳贰", "三参叁", "四肆", "五伍", "六陸陆", "七", "八", "九"))
    for c in forms
}
HAN_UNITS = {"十": 10, "拾": 10, "百": 100, "千": 1000}
HAN_SCALES = {"万": 10**4, "萬": 10**4, "億": 10**8, "亿": 10**8, "兆": 10**12}
ERAS = {
    "令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "明治": 1867, "民國": 1911, "民国": 1911, "Reiwa": 2018,
    "Heisei": 1988, "Showa": 1925, "Shōwa": 1925, "Taisho": 1911, "Taishō": 1911, "Meiji": 1867,
}  # fmt: skip
SCALES = {
    "hundred": 10**2, "thousand": 10**3, "million": 10**6, "millions": 10**6, "billion": 10**9, "billions": 10**9,
    "trillion": 10**12, "tausend": 10**3, "million.": 10**6, "millionen": 10**6, "mio": 10**6, "milliarde": 10**9,
    "milliarden": 10**9, "mrd": 10**9, "mille": 10**3, "milliard": 10**9, "milliards": 10**9, "bn": 10**9,
}  # fmt: skip
MONTHS = (
    "january|jan|januar|janvier", "february|feb|februar|février", "march|mar|märz|mars", "april|apr|avril", "may|mai",
    "june|jun|juni|juin", "july|jul|juli|juillet", "august|aug|août", "september|sept|sep|septembre",
    "october|oct|oktober|octobre", "november|nov|novembre", "december|dec|dezember|décembre",
)  # fmt: skip
WORDS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "second": 2, "third": 3, "fourth": 4, "fifth": 5,
    "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10, "twice": 2, "both": 2,
}  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_UNITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
WORDS |= {f"{tens}-{unit}": WORDS[tens] + WORDS[unit] for tens in _TENS for unit in _UNITS}
MONTH_OF = {name: number for number, names in enumerate(MONTHS, 1) for name in names.split("|")}
COUNTERS = (
    "年月日時时分秒人名個个回次度番目位条項项章節节頁页カヶヵか箇歳才円圓元倍割階台機机隻艘発週周"
    "世紀代種种国國者点點社字句歩步"
)

_DIGITS = "0-9０-９"
_HAN = "".join((*HAN_DIGITS, *HAN_UNITS, *HAN_SCALES))
_FIGURE = (
    rf"[{_DIGITS}]+(?:[,，.．·' \u00a0\u202f](?=[{_DIGITS}]{{3}}(?![{_DIGITS}]))[{_DIGITS}]+)*(?:[.．,][{_DIGITS}]+)?"
)
TOKEN = re.compile(
    rf"(?P<era>(?:{'|'.join(ERAS)})\s?(?:[{_DIGITS}]+|元|[{_HAN}]+)(?:年|\b)?)"
    rf"|(?P<mixed>(?:{_FIGURE})(?:[十百千]?[万萬億亿兆](?:[{_DIGITS}]+[十百千]?[万萬億亿]?)*))"
    rf"|(?P<figure>{_FIGURE})(?:[ -](?P<scale>{'|'.join(sorted(map(re.escape, SCALES), key=len, reverse=True))})\b)?"
    rf"|(?P<han>[{_HAN}]+)(?=(?P<counter>[{COUNTERS}])?)"
    rf"|\b(?P<month>{'|'.join(sorted(MONTH_OF, key=len, reverse=True))})\b"
    rf"|\b(?P<word>{'|'.join(sorted(WORDS, key=len, reverse=True))})"
    r"(?:[ -](?P<wscale>hundred|thousand|million|billion))?\b",
    re.IGNORECASE,
)
_ASCII = str.maketrans("０１２３４５６７８９，．", "0123456789,.")


class Number(NamedTuple):
    """`[start, end)` of a text and every value it may have. `firm`: a faithful translation has it too."""

    start: int
    end: int
    values: frozenset[float]
    firm: bool


def numbers(text: str) -> Iterator[Number]:
    """The numbers of the text, from left to right. Pure."""
    for match in TOKEN.finditer(text):
        kind = match.lastgroup
        if match["era"]:
            yield Number(*match.span(), _era(match["era"]), True)
        elif match["mixed"]:
            yield Number(*match.span(), frozenset({_mixed(match["mixed"])}), True)
        elif match["figure"]:
            yield _figure(match)
        elif match["han"]:
            found = _han_token(match)
            if found:
                yield found
        elif match["month"]:
            if match["month"][0].isupper() and (match["month"].lower() != "may" or _dated(text, match.end())):
                yield Number(*match.span(), frozenset({float(MONTH_OF[match["month"].lower()])}), True)
        elif kind and match["word"]:
            value = float(WORDS[match["word"].lower()]) * SCALES.get((match["wscale"] or "").lower(), 1)
            yield Number(*match.span(), frozenset({value}), bool(match["wscale"]) or value > 12)


def _dated(text: str, end: int) -> bool:
    return bool(re.match(r"\s+\d", text[end : end + 4]))


def _figure(match: re.Match[str]) -> Number:
    scale = SCALES.get((match["scale"] or "").lower(), 1)
    raw = match["figure"].translate(_ASCII)
    values = {value * scale for value in readings(raw)}
    # An English ordinal or decade (2nd, 1990s) is the number; S-400 and B52 are names that hold their figure together.
    return Number(match.start(), match.end(), frozenset(values), True)


def readings(raw: str) -> set[float]:
    """The values that digits with separators may have: 1,500 is fifteen hundred, or one and a half."""
    digits = re.sub(r"[ \u00a0\u202f'·]", "", raw)
    found = {float(re.sub(r"[.,]", "", digits))} if re.fullmatch(r"\d{1,3}([.,]\d{3})+", digits) else set()
    if digits.isdigit():
        return {float(digits)}
    for point, comma in ((".", ","), (",", ".")):
        plain = digits.replace(comma, "").replace(point, ".")
        if plain.count(".") <= 1 and (
            comma not in digits or re.fullmatch(rf"\d{{1,3}}(\{comma}\d{{3}})+(\{point}\d+)?", digits)
        ):
            found.add(float(plain))
    return found or {float(re.sub(r"[^\d]", "", digits) or 0)}


def _era(token: str) -> frozenset[float]:
    name = next(name for name in ERAS if token.lower().startswith(name.lower()))
    rest = token[len(name) :].strip().removesuffix("年").translate(_ASCII)
    year = 1 if rest == "元" else int(rest) if rest.isdigit() else int(han_value(rest))
    return frozenset({float(ERAS[name] + year)})


def _mixed(token: str) -> float:
    """`1万2000`, `3千万`, `5.1億`."""
    total = 0.0
    for figure, unit, scale in re.findall(r"([\d,.]+)([十百千]?)([万萬億亿兆]?)", token.translate(_ASCII)):
        value = max(readings(figure.strip(",.") or "0"))
        total += value * HAN_UNITS.get(unit, 1) * HAN_SCALES.get(scale, 1)
    return total


def han_value(token: str) -> float:
    """`三千二百` by its units, `二〇一三` digit by digit."""
    if not any(char in HAN_UNITS or char in HAN_SCALES for char in token):
        return float("".join(str(HAN_DIGITS[char]) for char in token))
    total = section = digit = 0
    for char in token:
        if char in HAN_DIGITS:
            digit = HAN_DIGITS[char]
        elif char in HAN_UNITS:
            section += (digit or 1) * HAN_UNITS[char]
            digit = 0
        else:
            total += (section + digit or 1) * HAN_SCALES[char]
            section = digit = 0
    return float(total + section + digit)


def _han_token(match: re.Match[str]) -> Number | None:
    """A run of Han numerals, where it is likely a number: several of them, or one before a counter."""
    token = match["han"]
    if not match["counter"] and (len(token) == 1 or all(char in HAN_SCALES or char in HAN_UNITS for char in token)):
        return None
    if token[0] in HAN_SCALES or (token == "百" or token == "千"):  # 万一 is a word, 百 alone is "many"
        return None
    return Number(*match.span("han"), frozenset({han_value(token)}), len(token) > 1)
