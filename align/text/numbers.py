"""Numbers, dates and eras of a text in many scripts, with their spans and possible values.

`51億`, `5.1 billion`, `5,1 Mrd.` and `5,100,000,000` have the same value; so have 令和6年, 民國113年, พ.ศ. 2567 and
2024, and so have 11月, November and ноября. A date is three numbers. The one grammar for matching, highlighting and
mining.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

ERAS = {
    "令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "明治": 1867, "慶応": 1864, "慶應": 1864, "元治": 1863,
    "文久": 1860, "万延": 1859, "安政": 1853, "嘉永": 1847, "弘化": 1843, "天保": 1829, "文政": 1817, "享保": 1715,
    "民國": 1911, "民国": 1911, "宣統": 1908, "宣统": 1908, "光緒": 1874, "光绪": 1874, "同治": 1861, "咸豐": 1850,
    "咸丰": 1850, "道光": 1820, "嘉慶": 1795, "嘉庆": 1795, "乾隆": 1735, "雍正": 1722, "康熙": 1661, "檀紀": -2333,
    "단기": -2333, "พ.ศ.": -543, "Reiwa": 2018, "Heisei": 1988, "Showa": 1925, "Shōwa": 1925, "Taisho": 1911,
    "Taishō": 1911, "Meiji": 1867, "Keio": 1864, "Ansei": 1853, "Tenpo": 1829, "Minguo": 1911, "Guangxu": 1874,
    "Qianlong": 1735, "Kangxi": 1661,
}  # fmt: skip
"""The year before the first year (元年) of each era."""
HAN_DIGITS = {
    c: n
    for n, forms in enumerate(
        ("〇零○", "一壱壹弌", "二弐貳贰貮两兩", "三参參叁", "四肆", "五伍", "六陸陆", "七柒", "八捌", "九玖")
    )
    for c in forms
}
HAN_UNITS = {"十": 10, "拾": 10, "廿": 20, "卅": 30, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
HAN_SCALES = {"万": 10**4, "萬": 10**4, "億": 10**8, "亿": 10**8, "兆": 10**12}
HANGUL_UNITS = {"십": 10, "백": 100, "천": 1000}
HANGUL_SCALES = {"만": 10**4, "억": 10**8, "조": 10**12}
COUNTERS = frozenset(
    "年月日時时分秒人名個个回次度番號号位目条條項项章节節頁页點点カヶヵか箇歳岁才円圓元倍割階台臺機机隻只艘発週周"
    "世紀纪代種种国國者社字句歩步冊册本枚件天"
)
"""Characters after a single Han numeral that make it a number rather than a part of a word (三菱, 統一)."""
FIRM_COUNTERS = frozenset("年月日時时歳岁世章節节条條項项号號頁页円圓元")
"""Those of them with which a numeral is translated as a number, except 一: 三月, 五歳; not 二人 or 十分, which are
words too."""


def _table(rows: dict[float, str]) -> dict[str, float]:
    return {word: value for value, words in rows.items() for word in words.split()}


SCALES = _table({
    10**2: "hundred hundert",
    10**3: "thousand tausend mille mil mila тысяча тысячи тысяч тыс тисяча тисячі тисяч tysiąc tysiące tysięcy tys "
           "tisíc tisíce duizend tusen tusind tuhat tuhatta ezer þúsund nghìn ngàn ribu ألف آلاف אלף χιλιάδες "
           "हज़ार हजार",
    10**4: "myriad หมื่น",
    10**5: "lakh lakhs लाख",
    10**6: "million millions millionen mio mn millón millones milhão milhões milione milioni миллион миллиона "
           "миллионов млн мільйон мільйона мільйонів milion miliony milionów milionů miljoen miljon miljoner "
           "millioner miljoona miljoonaa millió milljón milljónir milljóna milljónum milyon triệu juta "
           "مليون ملايين מיליון εκατομμύρια εκατομμύριο",
    10**7: "crore crores करोड़",
    10**9: "billion billions bn milliard milliards milliarde milliarden mrd miliardo miliardi bilhão bilhões миллиард "
           "миллиарда миллиардов млрд мільярд мільярда мільярдів miliard miliardy miliardów miliarda mld miljard "
           "miljarder milliarder miljardi miljardia milliárd milljarður milljarðar milljarða milljörðum milyar tỷ tỉ "
           "miliar مليار מיליארד δισεκατομμύρια अरब",
    10**12: "trillion trillions billionen billón billones триллион триллиона триллионов трлн bilion bilionów "
            "biljoen biljon biljoner bilione bilioni trilhão trilhões",
})  # fmt: skip
"""Factor of the figure before each word. `billion` as in English; the long scale uses other forms."""
THAI_SCALES = {"พันล้าน": 10**9, "ล้าน": 10**6, "แสน": 10**5, "หมื่น": 10**4, "พัน": 10**3}

MONTHS = {
    word: month
    for month, words in enumerate((
        "january januar janvier enero gennaio janeiro января январь janúar január januari styczeń stycznia leden ledna "
        "січня січень ocak يناير जनवरी ιανουαρίου มกราคม jan",
        "february februar février fevrier febrero febbraio fevereiro февраля февраль febrúar február februari luty "
        "lutego února únor лютого şubat فبراير फरवरी φεβρουαρίου กุมภาพันธ์ feb",
        "march märz marz mars marzo março марта март március maart maret marzec marca března březen березня mart مارس "
        "मार्च μαρτίου มีนาคม mar",
        "april avril abril aprile апреля апрель apríl április kwiecień kwietnia dubna квітня nisan أبريل अप्रैल "
        "απριλίου เมษายน apr",
        "may mai mayo maggio maio мая май maí május mei maj maja května květen травня mayıs مايو मई μαΐου พฤษภาคม",
        "june juni juin junio giugno junho июня июнь júní június czerwiec czerwca června червня haziran يونيو जून "
        "ιουνίου มิถุนายน jun",
        "july juli juillet julio luglio julho июля июль júlí július lipiec lipca července липня temmuz يوليو जुलाई "
        "ιουλίου กรกฎาคม jul",
        "august août aout agosto августа август ágúst augusztus augustus augusti agustus sierpień sierpnia srpna "
        "серпня ağustos أغسطس अगस्त αυγούστου สิงหาคม aug",
        "september septembre septiembre settembre setembro сентября сентябрь szeptember wrzesień września září вересня "
        "eylül سبتمبر सितंबर σεπτεμβρίου กันยายน sept sep",
        "october oktober octobre octubre ottobre outubro октября октябрь október październik października října жовтня "
        "ekim أكتوبر अक्टूबर οκτωβρίου ตุลาคม oct okt",
        "november novembre noviembre novembro ноября ноябрь nóvember listopada листопада kasım نوفمبر नवंबर νοεμβρίου "
        "พฤศจิกายน nov",
        "december dezember décembre decembre diciembre dicembre dezembro декабря декабрь desember grudzień grudnia "
        "prosince грудня aralık ديسمبر दिसंबर δεκεμβρίου ธันวาคม dec dez",
    ), 1)
    for word in words.split()
}  # fmt: skip
AMBIGUOUS_MONTHS = frozenset({
    "may", "mai", "mars", "mar", "maja", "maj", "mei", "mayo", "jan", "sep", "sept", "dec", "dez", "nov", "aug", "apr",
    "jul", "jun", "oct", "okt", "feb", "mart", "ocak", "ekim", "kasım", "aralık", "listopada", "листопада", "leden",
    "luty", "مارس",
})  # fmt: skip
"""Months that are also other words or names: numbers only next to a figure."""
CAPITALISED_MONTHS = frozenset({"march", "august", "april"})
"""Months that are also verbs or names at the beginning of a sentence or in lower case."""

WORDS = _table({
    0: "zero", 1: "one first", 2: "two second twice both", 3: "three third", 4: "four fourth", 5: "five fifth",
    6: "six sixth", 7: "seven seventh", 8: "eight eighth", 9: "nine ninth", 10: "ten tenth", 11: "eleven eleventh",
    12: "twelve twelfth", 13: "thirteen thirteenth", 14: "fourteen fourteenth", 15: "fifteen fifteenth",
    16: "sixteen sixteenth", 17: "seventeen seventeenth", 18: "eighteen eighteenth", 19: "nineteen nineteenth",
    20: "twenty twentieth", 30: "thirty thirtieth", 40: "forty fortieth", 50: "fifty fiftieth", 60: "sixty sixtieth",
    70: "seventy seventieth", 80: "eighty eightieth", 90: "ninety ninetieth",
})  # fmt: skip
MAX_UNSURE_WORD = 12
"""Number words above this are numbers in every translation; `one` and `second` often are not."""

ZEROS = "٠۰०০੦૦୦௦౦೦൦๐໐༠၀០߀０"
_FOLD = {ord(zero) + n: str(n) for zero in ZEROS for n in range(10)} | {
    ord(char): plain for char, plain in zip("．٫٬’\u202f\u2009", "..,'\u00a0\u00a0", strict=True)
}
"""Digits of all scripts and separators, folded one to one so that spans stay valid."""
_UNFOLDED = re.compile(f"[{''.join(map(chr, _FOLD))}]")
_WIDE_COMMA = re.compile("(?<=[０-９])，(?=[０-９])")

_DIGIT, _UNIT, _SCALE = ("".join(table) for table in (HAN_DIGITS, HAN_UNITS, HAN_SCALES))
_HAN = _DIGIT + _UNIT + _SCALE
_HANGUL = "".join((*HANGUL_UNITS, *HANGUL_SCALES))
_GROUPED = "|".join(rf"\d{{1,3}}(?:{mark}\d{{3}})+" for mark in (",", r"\.", "'", " ", "\u00a0", "·"))
_FIGURE = (
    rf"(?:(?<!\d)(?:\d{{1,2}}(?:,\d{{2}})+,\d{{3}}|{_GROUPED})(?!\d)(?:[.,]\d+)?(?![.,]?\d)"
    r"|(?<!\d[.,])\d+[.,]\d+(?![.,]?\d)|\d+)"
)
_LATIN_ERAS = {name.casefold(): first for name, first in ERAS.items() if name[0] < "\u0250"}
_ERA = "|".join(re.escape(name) for name in ERAS if name[0] >= "\u0250")
_THAI_MONTH = "|".join(word for word in MONTHS if "\u0e00" <= word[0] <= "\u0e7f")
_SIGN = "\u00bc-\u00be\u2150-\u2188\u2460-\u2473"
_BEGINNING = "".join({name[0] for name in f"{_ERA}|{_THAI_MONTH}".split("|")})
_TOKEN = re.compile(
    rf"(?=[\dIVX{_SIGN}{_HAN}{_BEGINNING}])(?:"  # skip other characters: most cannot begin a number
    rf"(?P<era>{_ERA})\s?(?:\d{{1,4}}|元(?=年)|[{_HAN}]+(?=年)|[{_HAN}]{{2,}})年?"
    rf"|\b(?P<nth>\d{{1,2}})(?:st|nd|rd|th) year of (?:the )?(?P<nth_era>(?i:{'|'.join(_LATIN_ERAS)}))"
    rf"|(?P<mixed>{_FIGURE}[{_UNIT}{_SCALE}{_HANGUL}]"
    rf"(?:{_FIGURE}|[{_HAN}{_HANGUL}]|(?<=[{''.join(HANGUL_SCALES)}]) (?=\d))*)"
    rf"|(?P<figure>{_FIGURE})"
    rf"|(?P<written>[{_HAN}]+)"
    rf"|(?P<thai>{_THAI_MONTH})"
    r"|(?P<roman>(?<![\w-])[IVX]{2,7}(?![\w-]))"
    rf"|(?P<sign>[{_SIGN}]))"
)
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f\u093a-\u094f])*")
_LETTERS = re.compile(r"[^\W\d_]+")
_YEAR = re.compile(r" \d{1,4}")
_SCALED = re.compile(rf"[ \u00a0-]?(?:({'|'.join(THAI_SCALES)})|({_WORD.pattern}))")
_PART = re.compile(rf"{_FIGURE}|[{_HAN}{_HANGUL}]")
_FIGURE_BEFORE = re.compile(r"\d(?:\.|er|st|nd|rd|th|[ºª°])?[ \u00a0]?(?:de |of |di )?$")
_FIGURE_AFTER = re.compile(r"\.?,?[ \u00a0](?:de |del )?\d")
_TIME_BEFORE = re.compile(
    r"\b(?:in|since|until|by|last|next|early|late|im|seit|bis|ab|ende|anfang|mitte) $", re.IGNORECASE
)
_SMALL_BEFORE = re.compile(r"\b(?:en|depuis|fin|début) $", re.IGNORECASE)
_BEGINS = re.compile(r"(?:^|[.!?:\"“„«(]\s*)$")
_ROMAN = {"I": 1, "V": 5, "X": 10}


class Number(NamedTuple):
    """A number in a text: `[start, end)` in characters.

    values: possible values, the likeliest first: `1.500` is 1500 or 1.5. firm: whether a faithful translation has
    it too, which is uncertain for `one`, `IV` or a single 一.
    """

    start: int
    end: int
    values: tuple[float, ...]
    firm: bool = True


def find_numbers(text: str) -> list[Number]:
    """Numbers of a text, from left to right, without overlap. Pure."""
    folded = _WIDE_COMMA.sub(",", text).translate(_FOLD) if not text.isascii() and _UNFOLDED.search(text) else text
    parsed = [number for match in _TOKEN.finditer(folded) if (number := _number(folded, match))]
    if not _FIRST_LETTERS.isdisjoint(_LETTERS.findall(folded.casefold())):
        words = [match for match in _WORD.finditer(folded) if match[0].casefold() in _NUMERIC]
        written = list(_of_words(folded, words))
        parsed = [a for a in parsed if not any(a.start < b.end and b.start < a.end for b in written)]
        parsed = sorted(parsed + written)
    return parsed


def _number(text: str, match: re.Match[str]) -> Number | None:
    start, end = match.span()
    if match["era"] or match["nth_era"]:
        first = ERAS[match["era"]] if match["era"] else _LATIN_ERAS[match["nth_era"].casefold()]
        year = match["nth"] or match[0][len(match["era"]) :].strip().removesuffix("年")
        return Number(start, end, (first + (1.0 if year == "元" else parse_numeral(year)),))
    if match["mixed"]:
        return Number(start, end, (parse_numeral(match[0]),))
    if match["figure"]:
        factor, end = _scale(text, end)
        return Number(start, end, tuple(value * factor for value in parse_figure(match[0])))
    if match["written"]:
        return _written(text, start, end)
    if match["thai"]:
        return Number(start, end, (float(MONTHS[match[0]]),))
    if match["roman"]:
        return _roman(match[0], start)
    return Number(start, end, (unicodedata.numeric(match[0]),), firm=False)


def parse_figure(figure: str) -> tuple[float, ...]:
    """Possible values of ASCII digits with separators, the likeliest first: `1,500` is 1500 before 1.5."""
    digits = re.sub(r"(?<=\d)[ \u00a0'·](?=\d)", "", figure)
    marks = [c for c in digits if c in ",."]
    if not marks:
        return (float(digits),)
    grouped = float(re.sub("[,.]", "", digits))
    if len(set(marks)) == 2:  # the last one is the decimal point
        whole, _, part = digits.rpartition(marks[-1])
        return (float(f"{re.sub('[,.]', '', whole)}.{part}"),)
    if len(marks) > 1:
        return (grouped,)
    decimal = float(digits.replace(",", "."))
    return (grouped, decimal) if re.fullmatch(r"[1-9]\d{0,2}[,.]\d{3}", digits) else (decimal,)


def parse_numeral(text: str) -> float:
    """Value of a Han, Hangul or mixed numeral: `二十三`, `1万2000`, `3.5億`, `2억 3천만`, `二〇一三`."""
    total = section = 0.0
    current: float | None = None
    for part in _PART.findall(text):
        if part in HAN_DIGITS:
            current = (current or 0) * 10 + HAN_DIGITS[part]
        elif part in _SECTION_UNITS:
            section, current = section + (1 if current is None else current) * _SECTION_UNITS[part], None
        elif part in _SECTIONS:
            section += current or 0
            total, section, current = total + (section or 1) * _SECTIONS[part], 0.0, None
        else:
            current = parse_figure(part)[0]
    return total + section + (current or 0)


def _scale(text: str, end: int) -> tuple[float, int]:
    """Factor of at most two scale words after a figure, and the end of the words."""
    factor = 1.0
    for _ in range(2):
        after = _SCALED.match(text, end, end + 20)
        scale = after and (THAI_SCALES.get(after[1]) if after[1] else SCALES.get(after[2].casefold()))
        if not after or not scale:
            break
        factor, end = factor * scale, after.end()
    return factor, end


def _written(text: str, start: int, end: int) -> Number | None:
    """A run of Han numerals if it is probably a number: not the 三 of 三菱, the 百 of 百貨店 or 数十."""
    run, before, after = text[start:end], text[max(0, start - 1) : start], text[end : end + 1]
    if run[0] in HAN_SCALES or before in ("数", "數", "幾", "几"):
        return None
    counted = before == "第" or after in COUNTERS
    if len(run) == 1:
        firm = before == "第" or (after in FIRM_COUNTERS and run not in "一壱壹")
        return Number(start, end, (parse_numeral(run),), firm) if counted and run not in "百千" else None
    if all(char in HAN_DIGITS for char in run):
        firm = len(run) > 2 or any(char in "〇零○" for char in run)  # 四五人 are four or five
        return Number(start, end, (parse_numeral(run),), firm)
    firm = counted or any(char in HAN_DIGITS for char in run)
    return Number(start, end, (parse_numeral(run),), firm)


def _roman(letters: str, start: int) -> Number | None:
    """`XIV`; None where the letters are not a numeral."""
    values = [_ROMAN[letter] for letter in letters]
    value = sum(-v if v < w else v for v, w in zip(values, [*values[1:], 0], strict=True))
    tens, units = divmod(value, 10)
    written = "X" * tens + ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")[units]
    return Number(start, start + len(letters), (float(value),), firm=False) if written == letters else None


def _of_words(text: str, words: list[re.Match[str]]) -> Iterator[Number]:
    """Yield numbers in English words, years of eras in Latin script, and months."""
    at = 0
    while at < len(words):
        match = words[at]
        word = match[0].casefold()
        at += 1
        if word in MONTHS:
            if _is_month(text, match, word):
                yield Number(*match.span(), (float(MONTHS[word]),))
            continue
        if word in _LATIN_ERAS:
            if year := _YEAR.match(text, match.end()):
                yield Number(match.start(), year.end(), (_LATIN_ERAS[word] + float(year[0]),))
            continue
        total, current, scaled, end = 0.0, WORDS.get(word), False, match.end()
        if current is None:  # a scale word needs a number before it, as in `two million`
            continue
        tens = current >= 20
        while at < len(words):
            word, between = words[at][0].casefold(), text[end : words[at].start()]
            if word in ENGLISH_SCALES and between in (" ", "-"):
                scale = SCALES[word]
                if scale == 100:
                    current *= scale
                else:
                    total, current = total + current * scale, 0.0
                scaled, tens = True, True
            elif word in WORDS and between in ((" ", "-", " and ") if scaled else ("-", " ")) and tens:
                value = WORDS[word]
                if current % 100 and value > 9:
                    break
                current, tens = current + value, value >= 20
            else:
                break
            end = words[at].end()
            at += 1
        yield Number(match.start(), end, (total + current,), scaled or total + current > MAX_UNSURE_WORD)


def _is_month(text: str, match: re.Match[str], word: str) -> bool:
    """Whether a word that may be a month is used as one."""
    if word not in AMBIGUOUS_MONTHS and word not in CAPITALISED_MONTHS:
        return True
    before = text[max(0, match.start() - 12) : match.start()]
    if _FIGURE_BEFORE.search(before) or _FIGURE_AFTER.match(text, match.end()):
        return True
    if _SMALL_BEFORE.search(before):  # French and Spanish write months in lower case
        return True
    large = match[0][0].isupper()
    if large and _TIME_BEFORE.search(before):
        return True
    return word in CAPITALISED_MONTHS and large and not _BEGINS.search(before)


ENGLISH_SCALES = frozenset({"hundred", "thousand", "million", "billion", "trillion"})
_NUMERIC = MONTHS.keys() | WORDS.keys() | ENGLISH_SCALES | _LATIN_ERAS.keys()
_FIRST_LETTERS = frozenset(_LETTERS.findall(word)[0] for word in _NUMERIC)
_SECTION_UNITS = HAN_UNITS | HANGUL_UNITS
_SECTIONS = HAN_SCALES | HANGUL_SCALES
