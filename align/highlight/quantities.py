"""Numbers of two texts that correspond, in figures, words, months or other units, and those of one only. Pure.

27 °C is 80 °F, 3 miles are 5 km and two weeks are 14 days.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from align.highlight.alphabets import (
    HAN_STEMS,
    HAN_WRITTEN,
    HEBREW,
    JOINED,
    LATIN,
    MIN_FIGURE,
    NUMBER_CHANGED,
    NUMBER_MISSED,
    NUMBER_REPEATED,
    NUMBER_STEMS,
    NUMBER_WORD,
    SAME_STEMS,
    Highlight,
    HighlightPair,
    TextPair,
    concepts_of,
    digit_groups,
    has_digits,
    names_one_of,
)  # fmt: skip
from align.text.numbers import COUNTERS, HAN_DIGITS, HAN_SCALES, HAN_UNITS, MONTHS, Number, find_numbers
from align.text.tags import primary

if TYPE_CHECKING:
    from align.highlight.names import Surroundings

ROUNDING = 0.07
"""Relative difference of two lengths, masses, areas or volumes of which one is converted and rounded."""
DEGREES = 1.5
"""Difference of two temperatures in kelvins of which one is converted and rounded."""
LONGEST_UNIT = 24
"""Characters after a number in which its unit is looked for."""
LENGTH, MASS, AREA, VOLUME, TIME, CALENDAR = "length", "mass", "area", "volume", "time", "months"

UNITS = (
    (LENGTH, 0.001, r"mm|millim[eè]t(?:er|re)s?|millimeter|ミリ(?:メートル)?|毫米|公釐|мм|миллиметр\w*"),
    (LENGTH, 0.01, r"cm|cent[ií]m[eè]t\w+|zentim\w+|センチ(?:メートル)?|厘米|釐米|公分|см|сантим\w+"),
    (LENGTH, 1, r"m|m[eè]t(?:er|re)s?|metern?|metros?|metri|メートル|米|公尺|м|метр\w*"),
    (LENGTH, 1000, r"km|km/h|kph|kil[oó]m[eè]t\w+|キロ(?:メートル)?|千米|公里|км|килом\w+"),
    (LENGTH, 1609.3, r"mi|miles?|mph|meilen?|milles?|millas?|マイル|英里|哩|миль|мил[яией]"),
    (LENGTH, 0.9144, r"yds?|yards?|ヤード|[码碼]|ярд\w*"),
    (LENGTH, 0.3048, r"ft|feet|foot|fuß|pieds?|pies|フィート|英尺|呎|фут\w*"),
    (LENGTH, 0.0254, r"inch(?:es)?|zoll|pouces?|pulgadas?|インチ|英寸|吋|дюйм\w*"),
    (MASS, 0.001, r"g|gram(?:me)?s?|gramm|gramos?|グラム|克|г|грамм\w*"),
    (MASS, 0.5, r"pfund|斤"),
    (MASS, 1, r"kg|kilos?|kilogram(?:me)?s?|kilogramm|kilogramos?|キロ(?:グラム)?|公斤|千克|кг|килограмм\w*"),
    (MASS, 1000, r"t|tons?|tonnes?|tonnen?|toneladas?|トン|公?[吨噸]|тонн\w*"),
    (MASS, 0.4536, r"lbs?|pounds?|pfund|livres?|libras?|ポンド|磅|фунт\w*"),
    (MASS, 0.02835, r"oz|ounces?|unzen?|onces?|onzas?|オンス|盎司|унци\w*"),
    (AREA, 1, r"m²|sq\.? ?m|square m(?:et(?:er|re)s?)|quadratmetern?|平方メートル|平方米|平方公尺|кв\. ?м"),
    (AREA, 1e6, r"km²|sq\.? ?km|square kilomet(?:er|re)s?|quadratkilometern?|平方キロ(?:メートル)?|平方公里|кв\. ?км"),
    (AREA, 1e4, r"ha|hect[aá]re?a?s?|hektar|ヘクタール|公[顷頃]|гектар\w*"),
    (AREA, 4046.9, r"acres?|エーカー|英[亩畝]|акр\w*"),
    (AREA, 2.59e6, r"sq\.? ?mi(?:les)?|square miles?|quadratmeilen?|平方マイル|平方英里"),
    (AREA, 0.0929, r"sq\.? ?ft|square feet|平方フィート|平方英尺"),
    (AREA, 666.7, r"[亩畝]"),
    (AREA, 3.306, r"坪"),
    (VOLUME, 1, r"l|lit(?:er|re)s?|liter|litros?|リットル|公?升|л|литр\w*"),
    (VOLUME, 3.785, r"gallons?|gallonen?|galones|ガロン|加[仑侖]|галлон\w*"),
    (TIME, 1, r"seconds?|sekunden?|secondes?|segundos?|秒[間钟鐘]?|секунд\w*"),
    (TIME, 60, r"min|minutes?|minuten?|minutos?|分[間钟鐘]?|минут\w*"),
    (TIME, 3600, r"h|hours?|stunden?|heures?|horas?|時間|[个個]?(?:小时|小時|钟头|鐘頭)|час\w*"),
    (TIME, 86400, r"days?|tagen?|tage?|jours?|d[ií]as?|日間|天|дн\w+|день"),
    (TIME, 604800, r"weeks?|wochen?|semaines?|semanas?|週間|[个個]?(?:星期|礼拜|禮拜)|[周週]|недел\w+"),
    (CALENDAR, 1, r"months?|monaten?|monate?|mois|mes(?:es)?|[ヶケかカ]月間?|[个個]月|месяц\w*"),
    (CALENDAR, 12, r"years?|jahren?|jahre?|ans?|années?|años?|年間|лет|год\w*"),
    (CALENDAR, 120, r"decades?|jahrzehnten?|jahrzehnte?|décennies?|décadas?|десятилети\w+"),
)  # fmt: skip
"""Dimension, value in the unit of the dimension, and the words for it after a number, in lower case."""
AFTER = tuple(
    (dimension, unit, re.compile(rf"[\s\u00a0-]?(?:{words})(?![a-zà-ÿ\u0370-\u04ffァ-ヺー]|(?<=[^a-z][a-z])-[a-z])"))
    for dimension, unit, words in UNITS
)
CELSIUS = re.compile(
    r"[\s\u00a0-]?(?:° ?c\b|℃|c\b|(?:degrees?|grad|degrés|grados) c|摄氏|攝氏|градус\w* (?:по )?цельси)"
)
FAHRENHEIT = re.compile(
    r"[\s\u00a0-]?(?:° ?f\b|℉|f\b|(?:degrees?|grad|degrés|grados) f|华氏|華氏|градус\w* (?:по )?фаренгейт)"
)
DEGREE = re.compile(r"[\s\u00a0-]?(?:°|degrees?\b|grad\b|degrés?\b|grados?\b|度|градус)")
CELSIUS_BEFORE, FAHRENHEIT_BEFORE = re.compile(r"(?:摂氏|摄氏|攝氏)\s?$"), re.compile(r"(?:華氏|华氏)\s?$")


class Quantity(NamedTuple):
    """A value in the unit of its dimension, and how many of those its own unit is."""

    dimension: str
    unit: float
    value: float


def quantities(text: str, number: Number) -> list[Quantity]:
    """What a number in a text may measure by the unit after it; empty without one that is listed."""
    after = text[number.end : number.end + LONGEST_UNIT].lower()
    before = text[max(0, number.start - 3) : number.start]
    units = [(dimension, unit) for dimension, unit, words in _units(after)]
    measures = [Quantity(dimension, unit, value * unit) for value in number.values for dimension, unit in units]
    is_degree = bool(DEGREE.match(after))
    is_celsius = CELSIUS.match(after) or (is_degree and CELSIUS_BEFORE.search(before))
    is_fahrenheit = FAHRENHEIT.match(after) or (is_degree and FAHRENHEIT_BEFORE.search(before))
    if is_celsius or (is_degree and not is_fahrenheit):
        measures += [Quantity("temperature", 1, value) for value in number.values]
    if is_fahrenheit or (is_degree and not is_celsius):
        measures += [Quantity("temperature", 5 / 9, (value - 32) * 5 / 9) for value in number.values]
    return measures


@lru_cache(maxsize=1024)
def _units(after: str) -> tuple[tuple[str, float, re.Pattern[str]], ...]:
    return tuple(entry for entry in AFTER if entry[2].match(after))


def is_same_quantity(one: Quantity, other: Quantity) -> bool:
    """Whether two quantities in different units are the same up to rounding; time is exact."""
    if one.dimension != other.dimension or one.unit == other.unit:
        return False
    difference = abs(one.value - other.value)
    if one.dimension == "temperature":
        return difference <= DEGREES
    largest = max(abs(one.value), abs(other.value))
    return difference <= largest * (1e-9 if one.dimension in (TIME, CALENDAR) else ROUNDING)


HAN_NUMERALS = frozenset([*HAN_DIGITS, *HAN_UNITS])
CLOCK = re.compile(r"[ \u00a0]?(?::\d\d|[ap]\.?m\b|[時时點点시]|uhr|h\b|час|óra|o.clock|heures?)", re.IGNORECASE)
NUMERIC_DATE = re.compile(
    r"(?<!\d)(\d{1,2})\. ?(\d{1,2})\. ?\d{2,4}|(?<!\d)(\d{1,4})[-/](\d{1,2})[-/](\d{1,4})(?!\d)"
    r"|(?<!\d)\d{4}\.(\d{1,2})\.(\d{1,2})(?!\d)"
)
MONTH_SIGN = re.compile(r"\s?[月월]")
YEAR_SPAN = re.compile(r"(?<!\d)(\d\d)\d\d[/–-](\d\d)(?!\d)")
PAGE = re.compile(r"(?:\b(?:[pP]p?|[sS]|Seiten?|pages?|Bd|[vV]ol|Nr|No)\.?|n°|№)\s?(?:\d+\s?[-–/]\s?)?$")
ERA_DATE = re.compile(
    r"(?<![第約翌満毎每约前後后近十百千])[\u3400-\u9fff](?:\s?[（(][^）)]{1,4}[）)])?\d{1,2}年(閏?\d{1,2}月(?:\d{1,2}日|晦日)?)?"
)
YEAR_IN_BRACKETS = re.compile(r"(?:\s?[（(][^）)]{1,4}[）)])?[（(]\s?\d{3,4}年")
"""A year of the common era next to one of an era: 天慶8年（945年）."""
SPACED_SCALE = re.compile(f" ([{''.join(HAN_SCALES)}])")
DATE_SIGNS = frozenset("年月日時时歳岁")
YEARS = range(400, 2200)


@lru_cache(maxsize=64)
def _stems(lang: str) -> dict[int, re.Pattern[str]]:
    """Patterns of the words for each value in a language; empty without a table."""
    table = NUMBER_STEMS.get(SAME_STEMS.get(lang, lang), "")
    before = "" if SAME_STEMS.get(lang, lang) in JOINED else r"\b"
    end = r"\b"
    rows = (row.split() for row in table.split("|") if row)
    return {int(row[0]): re.compile(rf"{before}(?:{'|'.join(row[1:]).replace('=', end)})") for row in rows}


def is_in_words(value: float, text: str, lang: str) -> bool:
    """Whether a text may have the number in words. Where no words are listed, numbers below `MIN_FIGURE` may be."""
    lang = primary(lang)
    stems = _stems(lang)
    if value != int(value):
        return value < 10 and not stems and lang not in HAN_WRITTEN
    if lang in HAN_WRITTEN:
        return _is_in_han(int(value), text)
    if not stems:
        return value < MIN_FIGURE
    lowered = text.casefold()
    if lang == "he" and value in range(1, 400) and re.search(rf"\b{_hebrew(int(value))}\b", lowered):
        return True
    return (value == 0 and 0 not in stems) or _is_spelled(
        int(value), lambda n: n in stems and bool(stems[n].search(lowered))
    )


def _hebrew(value: int) -> str:
    """A number below 100 in Hebrew letters; 15 and 16 are 9 and 6, 9 and 7."""
    if value in (15, 16):
        return f'ט["״]?{HEBREW[value - 9]}'
    return '["״]?'.join(HEBREW[part] for part in (value // 10 * 10, value % 10) if part in HEBREW)


def _is_in_han(value: int, text: str) -> bool:
    """Whether each digit of a number is in a text as a Han numeral; of 10, 100, 1000 the unit."""
    digits = [int(digit) for digit in str(value) if digit != "0"]
    if digits in ([1], []):
        return any(char in text for char in HAN_STEMS.get(value, "萬万億亿"))
    numerals = ({c for c, v in HAN_DIGITS.items() if v == digit} | set(HAN_STEMS.get(digit, "")) for digit in digits)
    return all(not chars.isdisjoint(text) for chars in numerals)


def _is_spelled(value: int, has: Callable[[int], bool]) -> bool:
    """Whether the words for the parts of a number are in a text; 93 may be 4, 20 and 13."""
    if has(value):
        return True
    if value < 100:
        return _is_spelled_below_100(value, has)
    scale = next(scale for scale in (10**9, 10**6, 1000, 100) if value >= scale)
    count, rest = divmod(value, scale)
    has_count, has_rest = count == 1 or _is_spelled(count, has), not rest or _is_spelled(rest, has)
    return (scale >= 10**6 or has(scale)) and has_count and has_rest


def _is_spelled_below_100(value: int, has: Callable[[int], bool]) -> bool:
    if value < 20:
        return value > 10 and has(value - 10) and has(10)
    tens, units = divmod(value, 10)
    if (has(tens * 10) or (has(tens) and has(10))) and (not units or _is_spelled(units, has)):
        return True
    base, is_base = (80, has(4) and has(20)) if value >= 80 else (60, has(60))
    return is_base and 0 < value - base < 20 and _is_spelled(value - base, has)


def has_number_words(lang: str) -> bool:
    """Whether the words for numbers in a language are listed."""
    return bool(_stems(primary(lang))) or primary(lang) in HAN_WRITTEN


class NumberSide:
    """The numbers of one text, and the values that the other text may state otherwise."""

    def __init__(self, text: str, lang: str) -> None:
        self.text, self.lang = text, lang
        self.numbers = _standalone_numbers(text)
        dates = list(NUMERIC_DATE.finditer(text))
        self.in_dates = {match.start(group) for match in dates for group in range(1, len(match.groups()) + 1)}
        self.months = {int(n.values[0]) for n in self.numbers if self.names_month(n)}
        self.months.update(int(part) for match in dates for part in match.groups() if part)
        self.values = {value for n in self.numbers if not self.is_month(n) for value in n.values}
        spans = list(YEAR_SPAN.finditer(text))
        self.values.update(float(match[1] + match[2]) for match in spans)
        self.short_years = {match.start(2) for match in spans}
        self.digits = digit_groups(text)
        self.eras = list(ERA_DATE.finditer(text)) if primary(lang) in HAN_WRITTEN else []
        self.has_words = has_number_words(lang)

    def is_month(self, number: Number) -> bool:
        """Whether a number is the name of a month."""
        return self.text[number.start : number.end].casefold() in MONTHS

    def names_month(self, number: Number) -> bool:
        """Whether a number is a month, as a word, before a sign such as 月, or maybe in a date of numbers."""
        return self.is_month(number) or number.start in self.in_dates or bool(MONTH_SIGN.match(self.text, number.end))

    def is_exact(self, number: Number) -> bool:
        """Whether a translation has the number as a number: in digits, or in Han numerals that are not about it."""
        words, after = self.text[number.start : number.end], self.text[number.end : number.end + 1]
        if words == "00" or (words == "1" and after in ("'", "’")):  # minutes; an elided article in a scan
            return False
        if not number.firm or words[0] not in HAN_NUMERALS or any(char.isdigit() for char in words):
            return number.firm
        steps = [HAN_DIGITS.get(b, -9) - HAN_DIGITS.get(a, 9) for a, b in pairwise(words)]
        counters = DATE_SIGNS if len(words) == 1 else COUNTERS
        return after in counters and not (1 in steps or words[-1] in "两兩")

    def is_small_word(self, number: Number) -> bool:
        """Whether a number is in a word or numeral that often is translated otherwise, as `two` or 二人."""
        words = self.text[number.start : number.end]
        return not number.firm and number.values[0] >= 2 and not any(char.isdigit() for char in words)

    def is_in_era(self, number: Number) -> bool:
        """Whether a number is the year of an era, or the date of a calendar that is converted in brackets."""
        return any(
            era.start() <= number.start
            and number.end <= era.end()
            and (self.text[number.end : number.end + 1] == "年" or YEAR_IN_BRACKETS.match(self.text, era.end()))
            for era in self.eras
        )

    def states(self, number: Number, other: NumberSide) -> bool:
        """Whether this text states a number of the other text."""
        words = other.text[number.start : number.end]
        if number.start in other.short_years and any(value % 100 == number.values[0] for value in self.values):
            return True
        if other.is_month(number):
            concepts = concepts_of(words, other.lang)
            return int(number.values[0]) in self.months or names_one_of(concepts, self.text, self.lang)
        if has_digits(words, self.digits, self.text):
            return True
        return (self.has_words and is_in_words(number.values[0], self.text, self.lang)) or any(
            abs(value - theirs) == 12 and max(value, theirs) < 24 and (other.is_hour(number) or self.is_hour(one))
            for one in self.numbers
            for value in number.values
            for theirs in one.values
        )

    def may_have_in_words(self, number: Number, other: NumberSide) -> bool:
        """Whether this text may have a number of the other text in words that are not listed."""
        return not self.has_words and not other.is_month(number) and is_in_words(number.values[0], self.text, self.lang)

    def is_hour(self, number: Number) -> bool:
        """Whether a number is an hour."""
        return bool(CLOCK.match(self.text, number.end)) or ":" in self.text[number.start : number.end]

    def is_page(self, number: Number) -> bool:
        """Whether a number is that of a page or volume, which editions leave out."""
        return bool(PAGE.search(self.text[max(0, number.start - 20) : number.start]))


def match_numbers(texts: TextPair, langs: TextPair, around: Surroundings) -> HighlightPair:
    """Numbers and months that both texts have; those of one text only have one of the roles `DOUBTS`."""
    sides = [NumberSide(text, lang) for text, lang in zip(texts, langs, strict=True)]
    marks: HighlightPair = ([], [])
    unmatched: tuple[list[Number], list[Number]] = ([], [])
    for side, own, other in ((0, sides[0], sides[1]), (1, sides[1], sides[0])):
        for number in own.numbers:
            if (not own.is_month(number) and not other.values.isdisjoint(number.values)) or (
                own.names_month(number) and int(number.values[0]) in other.months
            ):
                marks[side].append(Highlight(number.start, number.end, "number"))
            elif (own.is_month(number) or own.is_exact(number)) and not other.states(number, own):
                unmatched[side].append(number)
    _leave_out_eras(sides, unmatched)
    for side, there, number, counterpart in _converted(texts, [own.numbers for own in sides], unmatched):
        unmatched[side].remove(number)
        for at, one in ((side, number), (there, counterpart)):
            if (mark := Highlight(one.start, one.end, "number")) not in marks[at]:
                marks[at].append(mark)
    for side, own, other in ((0, sides[0], sides[1]), (1, sides[1], sides[0])):
        near = _near_values(around.near[1 - side]) if unmatched[side] else frozenset()
        is_one_sided = not unmatched[1 - side]
        for number in unmatched[side]:
            if is_one_sided and (own.is_page(number) or other.may_have_in_words(number, own)):
                continue
            is_repeated = is_one_sided and (not near.isdisjoint(number.values) or _is_running(number, around))
            role = NUMBER_REPEATED if is_repeated else NUMBER_MISSED if is_one_sided else NUMBER_CHANGED
            marks[side].append(Highlight(number.start, number.end, role))
        for number in own.numbers:
            if own.is_small_word(number) and not other.states(number, own) and other.values.isdisjoint(number.values):
                marks[side].append(Highlight(number.start, number.end, NUMBER_WORD))
    return marks


@lru_cache(maxsize=256)
def _near_values(text: str) -> frozenset[float]:
    """The values of all numbers of a text."""
    return frozenset(value for number in find_numbers(text) for value in number.values)


def _is_running(number: Number, around: Surroundings) -> bool:
    """Whether a year is that of many links of the two documents."""
    return around.others is not None and number.values[0] in YEARS and number.values[0] in around.others().years


def _leave_out_eras(sides: Sequence[NumberSide], unmatched: Sequence[list[Number]]) -> None:
    """Leave out dates of eras, and as many years of the other side as are not converted in brackets."""
    for side, own in enumerate(sides):
        unmatched[side][:] = [number for number in unmatched[side] if not own.is_in_era(number)]
        count = sum(not YEAR_IN_BRACKETS.match(own.text, era.end()) for era in own.eras)
        years = [n for n in unmatched[1 - side] if n.values[0] in YEARS]
        for number in years[:count]:
            unmatched[1 - side].remove(number)


def _converted(
    texts: TextPair, side_numbers: Sequence[Sequence[Number]], unmatched: Sequence[Sequence[Number]]
) -> list[tuple[int, int, Number, Number]]:
    """(side, other side, number, counterpart) of unmatched numbers that the other text has in another unit."""
    if not any(unmatched):
        return []
    measures = [
        [(number, quantities(text, number)) for number in numbers]
        for text, numbers in zip(texts, side_numbers, strict=True)
    ]
    pairs = []
    for side, other in ((0, 1), (1, 0)):
        for number, own in measures[side]:
            if number in unmatched[side]:
                counterparts = (
                    one for one, theirs in measures[other] if any(is_same_quantity(a, b) for a in own for b in theirs)
                )
                if (counterpart := next(counterparts, None)) is not None:
                    pairs.append((side, other, number, counterpart))
    return pairs


def _standalone_numbers(text: str) -> list[Number]:
    """Numbers that are not part of a name such as S-400."""
    names = [match.span() for match in LATIN.finditer(text) if any(char.isdigit() for char in match[0])]
    numbers = [n for n in find_numbers(text) if not any(a < n.end and n.start < b for a, b in names)]
    return [_scaled(number, text) for number in numbers]


def _scaled(number: Number, text: str) -> Number:
    """The number with a scale after a space: 2000 萬."""
    scale = SPACED_SCALE.match(text, number.end)
    if not scale:
        return number
    values = tuple(value * HAN_SCALES[scale[1]] for value in number.values)
    return number._replace(end=scale.end(), values=values)
