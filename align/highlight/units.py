"""Quantities by unit, so that 27 °C is 80 °F, 3 miles are 5 km and two weeks are 14 days. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from align.text.numbers import Number

ROUNDING = 0.07
"""Relative difference of two lengths, masses, areas or volumes of which one is converted and rounded."""
DEGREES = 1.5
"""Difference of two temperatures in kelvins of which one is converted and rounded."""
LONGEST_UNIT = 24
"""Characters after a number in which its unit is looked for."""
LENGTH, MASS, AREA, VOLUME, TIME, MONTHS = "length", "mass", "area", "volume", "time", "months"

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
    (MONTHS, 1, r"months?|monaten?|monate?|mois|mes(?:es)?|[ヶケかカ]月間?|[个個]月|месяц\w*"),
    (MONTHS, 12, r"years?|jahren?|jahre?|ans?|années?|años?|年間|лет|год\w*"),
    (MONTHS, 120, r"decades?|jahrzehnten?|jahrzehnte?|décennies?|décadas?|десятилети\w+"),
)  # fmt: skip
"""Dimension, value in the unit of the dimension, and the words for it after a number, in lower case."""
AFTER = tuple(
    (dimension, unit, re.compile(rf"[\s\u00a0-]?(?:{words})(?![a-zà-ÿ\u0370-\u04ffァ-ヺー])"))
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
    return difference <= largest * (1e-9 if one.dimension in (TIME, MONTHS) else ROUNDING)
