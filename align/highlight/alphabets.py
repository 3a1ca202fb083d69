"""Compare words of alphabetic scripts: names in Latin, Cyrillic and Greek letters, countries, months and days."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from babel import Locale, UnknownLocaleError
from babel.core import get_global

from align.text.tags import primary

if TYPE_CHECKING:
    from align.highlight.names import Surroundings

ALPHABETIC = re.compile(r"[A-Za-zÀ-ɏͰ-ϿЀ-ӿἀ-῿]")
WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
CYRILLIC = dict(zip(
    "абвгдезийклмнопрстуфхыэґєіїјљњћђџ", "abvgdeziyklmnoprstufhyegeiijlncdj", strict=True,
)) | {"ё": "yo", "ж": "j", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sh",
    "ю": "yu", "я": "ya", "ъ": "", "ь": "",
}  # fmt: skip
GREEK = dict(zip("αβγδεζηικλμνξοπρσςτυφω", "avgdeziiklmnxoprsstifo", strict=True)) | {
    "θ": "th", "χ": "h", "ψ": "ps",
}  # fmt: skip
DIGRAPHS = (("дж", "ж"), ("ου", "u"), ("μπ", "b"), ("ντ", "d"), ("γκ", "g"), ("кс", "x"))
SPELLINGS = (("sch", "sh"), ("ck", "k"), ("ph", "f"), ("th", "t"), ("qu", "kv"), ("q", "k"), ("w", "v"), ("j", "i"))
LATIN = re.compile(r"[A-Za-zÀ-ÖØ-öø-ɏ][A-Za-z0-9À-ÖØ-öø-ɏ]*(?:[-'’.&/+][A-Za-z0-9À-ÖØ-öø-ɏ]+)*")
ALPHABETIC_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
CAPITAL_BEFORE = re.compile(r"\b[A-ZÀ-ÞА-ЯΑ-Ω][^\W\d_]+ $")
CAPITAL_AFTER = re.compile(r" [A-ZÀ-ÞА-ЯΑ-Ω][^\W\d_]+")
NOUN_CAPITALS = ("de", "lb", "und")
"""Languages that capitalise every noun, or that are not determined."""
TITLES = frozenset([
    "act", "agreement", "article", "assembly", "association", "bank", "bill", "board", "brother", "bureau",
    "chapter", "charter", "church", "city", "coast", "college", "commission", "committee", "common", "community",
    "company", "congress", "constitution", "convention", "council", "court", "day", "declaration", "department",
    "development", "director", "east", "embassy", "emperor", "empire", "federal", "federation", "foreign",
    "foundation", "fund", "general", "government", "governor", "great", "group", "high", "house", "human",
    "institute", "international", "judge", "king", "law", "league", "lord", "market", "member", "minister",
    "ministers", "ministry", "mount", "mountain", "mountains", "nation", "national", "nations", "north", "ocean",
    "office", "official", "order", "palace", "parliament", "party", "peace", "peak", "people", "plan", "plenary",
    "police", "president", "presidium", "prime", "prince", "princess", "programme", "project", "province", "queen",
    "region", "republic", "resolution", "revolution", "rights", "river", "road", "sea", "secretary", "section",
    "security", "senate", "senator", "service", "society", "south", "square", "state", "states", "street", "summit",
    "supreme", "temple", "tower", "treaty", "union", "united", "universal", "university", "valley", "war", "west",
    "whereas", "world", "year", "gouvernement", "ministre", "conseil", "état", "assemblée", "comité", "parti",
    "tour", "mont", "lac", "église", "peuple", "droits", "déclaration"
])  # fmt: skip
"""Words that English and French capitalise in names of offices and bodies, which other languages translate."""
CJK = ("ja", "zh", "yue", "ko")
MIN_LENGTH = 4
ALIKE = 0.7
"""Similarity of two spellings of a name, where neither is known to be one."""
STEM_CUT = 2
"""Letters of an ending that inflection may change."""


NUMBER_MISSED, NUMBER_CHANGED, NUMBER_REPEATED = "number missed", "number changed", "number repeated"
CODE_MISSED, NUMBER_WORD = "code missed", "number in words"
NAME_MISSED, NAME_UNKNOWN, NAME_CHANGED, NAME_REPEATED = "name missed", "name unknown", "name changed", "name repeated"
SURE_DOUBTS = (NUMBER_CHANGED, NUMBER_MISSED, CODE_MISSED, NUMBER_REPEATED)
DOUBTS = (*SURE_DOUBTS, NAME_MISSED, NAME_CHANGED, NAME_UNKNOWN, NAME_REPEATED, NUMBER_WORD)
"""Roles of what has no counterpart, the surest first: `lonely` where that is rare in the other links."""


class Highlight(NamedTuple):
    """`[start, end)` in characters of a text and its role: `number`, `latin`, `name`, `han`, `word`, or `lonely`."""

    start: int
    end: int
    role: str


TextPair = tuple[str, str]
HighlightPair = tuple[list[Highlight], list[Highlight]]


class NameIndex(NamedTuple):
    """Concepts (countries, months, days of the week) by the stems of their names in a language."""

    concepts: dict[str, frozenset[str]]

    def of(self, word: str) -> frozenset[str]:
        """The concepts that a romanised word may name."""
        concepts_of_word: frozenset[str] = frozenset()
        for end in range(3, len(word) + 1):
            concepts_of_word |= self.concepts.get(word[:end], frozenset())
        return concepts_of_word


@lru_cache(maxsize=65536)
def romanized(word: str) -> str:
    """The word in lower-case Latin letters without accents; other scripts stay."""
    word = word.casefold()
    for letters, letter in DIGRAPHS:
        word = word.replace(letters, letter)
    letters_of = (CYRILLIC.get(char, GREEK.get(char, char)) for char in word)
    plain = unicodedata.normalize("NFD", "".join(letters_of))
    return "".join(GREEK.get(char, char) for char in plain if not unicodedata.combining(char) and char.isalpha())


@lru_cache(maxsize=65536)
def spelled(word: str) -> str:
    """A romanised word in a spelling in which languages differ less: `Cromwell` and `Кромвель` are `kromvel`."""
    key = romanized(word)
    for letters, letter in SPELLINGS:
        key = key.replace(letters, letter)
    key = re.sub(r"c(?=[eiy])", "s", key).replace("c", "k").replace("y", "i")
    return re.sub(r"(.)\1+", r"\1", key)


@lru_cache(maxsize=65536)
def is_same_name(one: str, other: str, threshold: float) -> bool:
    """Whether two words may be spellings or inflections of one name."""
    a, b = spelled(one), spelled(other)
    if a[:4] == b[:4] or (len(a) < MIN_LENGTH and a[:3] == b[:3]):
        return True
    if not a or not b or min(len(a), len(b)) * 2 < max(len(a), len(b)):
        return False
    shared = sum(min(a.count(char), b.count(char)) for char in set(a) & set(b))
    if 2 * shared < threshold * (len(a) + len(b)):  # an upper bound of the ratio, and much faster
        return False
    return SequenceMatcher(None, a, b, autojunk=False).ratio() >= threshold


@lru_cache(maxsize=64)
def name_index(lang: str) -> NameIndex:
    """Countries, their languages and inhabitants, months and days in a language, by the data of Babel."""
    concepts: dict[str, set[str]] = {}
    try:
        locale = Locale.parse(primary(lang))
    except (UnknownLocaleError, ValueError):
        return NameIndex({})

    def add(name: str, concept: str) -> None:
        for word in WORD.findall(name):
            key = romanized(word)
            if len(key) >= 3 and key not in TITLES:
                concepts.setdefault(key[: max(4, len(key) - STEM_CUT)], set()).add(concept)

    for code, name in locale.territories.items():
        if len(code) == 2:
            add(name, code)
    subtags = get_global("likely_subtags")
    for code, name in locale.languages.items():
        if len(code) == 2:
            add(name, subtags.get(code, code).rsplit("_", 1)[-1])
    for context in ("format", "stand-alone"):
        for kind, names in (("day", locale.days), ("month", locale.months)):
            for number, name in names[context]["wide"].items():
                add(name, f"{kind} {number}")
    return NameIndex({stem: frozenset(ids) for stem, ids in concepts.items()})


def match_words(texts: TextPair, langs: TextPair, around: Surroundings) -> HighlightPair:
    """Similar words of two languages in alphabets; a name is `lonely` if the other text has no word left for it.

    Names are compared in Latin letters, by the countries, months and days that they name, and by what they correspond
    to in other links of the two documents.
    """
    marks: HighlightPair = ([], [])
    if not all(is_alphabetic(text) for text in texts) or any(is_cjk(lang) for lang in langs):
        return marks
    words = [list(ALPHABETIC_WORD.finditer(text)) for text in texts]
    unmatched: tuple[list[re.Match[str]], list[re.Match[str]]] = ([], [])
    for here, there in ((0, 1), (1, 0)):
        others = [(word[0], word[0][0].isupper()) for word in words[there]]
        concepts = frozenset[str]().union(*(concepts_of(word, langs[there]) for word, _ in others))
        for match in words[here]:
            if around.is_sample and not match[0][0].isupper():
                continue
            word, is_name = match[0], _is_name(texts[here], match, langs[here])
            own = concepts_of(word, langs[here]) if word[0].isupper() or is_name else frozenset[str]()
            if own & concepts:
                marks[here].append(Highlight(*match.span(), "name"))
            elif has_similar(word, others, is_name=is_name):
                marks[here].append(Highlight(*match.span(), "word"))
            elif word[0].isupper() and len(word) > 3 and not _is_within(word, texts[there]):
                verdict = "unknown"
                if around.others:
                    verdict = around.others().verdict(here, word, [other for other, _ in others], around.link)
                if verdict == "present":
                    marks[here].append(Highlight(*match.span(), "name"))
                elif verdict != "none" and is_name and has_near(word, around.near[there]):
                    marks[here].append(Highlight(*match.span(), NAME_REPEATED))
                elif verdict == "absent":
                    marks[here].append(Highlight(*match.span(), NAME_MISSED))
                elif verdict == "unknown" and is_name:
                    unmatched[here].append(match)
    for here, there in ((0, 1), (1, 0)):
        for match in unmatched[here]:
            role = NAME_CHANGED if unmatched[there] else NAME_UNKNOWN
            marks[here].append(Highlight(*match.span(), role))
    return marks


@lru_cache(maxsize=1024)
def _squashed(text: str) -> str:
    return spelled(re.sub(r"[\W\d_]+", "", text))


def _is_within(word: str, text: str) -> bool:
    """Whether the word is within a longer one, as in a compound or where a space is missing."""
    return len(word) >= 5 and spelled(word)[: max(5, len(word) - 2)] in _squashed(text)


def has_near(word: str, text: str) -> bool:
    """Whether a text names the same."""
    return any(
        other[0].isupper() and len(other) > 2 and is_same_name(word, other, ALIKE)
        for other in ALPHABETIC_WORD.findall(text)
    )


def is_inside(text: str, match: re.Match[str]) -> bool:
    """Whether a word has a capital though it does not begin a sentence."""
    word, before = match[0], text[: match.start()].rstrip(" \"'“‘(«")
    return len(word) > 3 and word[0].isupper() and not word.isupper() and before[-1:] not in BEGINNINGS


def has_similar(word: str, others: Sequence[tuple[str, bool]], *, is_name: bool) -> bool:
    """Whether one of the words, each with whether it has a capital, is similar; names may differ more."""
    threshold = 0.55 if is_name else 0.75
    return len(word) > 3 and any(
        is_same_name(word, other, threshold if is_capital else 0.75) for other, is_capital in others if len(other) > 2
    )


def _is_proper(text: str, name: Highlight) -> bool:
    """Whether a capitalised word is next to another one, as first and last names are, and not in a heading."""
    before, after = text[: name.start], text[name.end :]
    return bool(CAPITAL_BEFORE.search(before)) != bool(CAPITAL_AFTER.match(after))


def is_alphabetic(text: str) -> bool:
    """Whether most letters are Latin, Cyrillic or Greek."""
    letters = [char for char in text if char.isalpha()]
    return 2 * len(ALPHABETIC.findall(text)) > len(letters)


def concepts_of(word: str, lang: str) -> frozenset[str]:
    """Countries, months and days that the word may name."""
    return name_index(primary(lang)).of(romanized(word)) if len(word) > 2 else frozenset()


def names_one_of(concepts: frozenset[str], text: str, lang: str) -> bool:
    """Whether a text names one of the countries, months or days; where its script has no words to look at, it may."""
    if not concepts or not is_alphabetic(text):
        return not concepts
    return any(concepts & concepts_of(word, lang) for word in ALPHABETIC_WORD.findall(text))


def is_cjk(lang: str) -> bool:
    """Whether a language is Chinese, Japanese or Korean."""
    return primary(lang) in CJK


def _is_name(text: str, match: re.Match[str], lang: str) -> bool:
    """Whether the word is capitalised inside a sentence, in a language that does not capitalise every noun.

    Words of titles and bodies are none, nor words in capitals: other languages translate both.
    """
    word = match[0]
    return (
        primary(lang) not in NOUN_CAPITALS
        and is_inside(text, match)
        and romanized(word) not in TITLES
        and word.casefold().removesuffix("'s").removesuffix("’s") not in TITLES
    )


BEGINNINGS = ("", ".", "!", "?", ":", ";", "…", "”", "-", "–", "•", "/", "*", "#")
"""Characters after which a word has a capital because it begins."""


NUMBER_STEMS = {
    "en": "0 zero no= non= null empty|1 one= a= an= once first single alone each= other another|2 two twice second "
    "both pair couple double half another twin|3 thr third triple tri|4 four quarter|5 five fif|6 six|7 "
    "seven|8 eigh|9 nin|10 ten decade|11 eleven|12 twel dozen|20 twent score|30 thirt|40 fort|50 fift|60 "
    "sixt|70 sevent|80 eight|90 ninet|100 hundred centur|1000 thousand millenn",
    "de": "1 ein erst|2 zwei zwo beid paar doppel halb|3 drei dritt|4 vier|5 fünf|6 sech|7 sieb|8 acht|9 neun|10 "
    "zehn|11 elf|12 zwölf dutzend|20 zwanzig|30 dreiß dreiss|40 vierzig|50 fünfzig|60 sechzig|70 siebzig|80 "
    "achtzig|90 neunzig|100 hundert|1000 tausend",
    "fr": "1 un prem|2 deux second couple double demi paire|3 troi tier tripl|4 quat quart|5 cinq|6 six|7 sept|8 "
    "huit|9 neuf neuv|10 dix décen|11 onz|12 douz|13 treiz|14 quatorz|15 quinz|16 seiz|20 vingt|30 trent|40 "
    "quarant|50 cinquant|60 soixant|100 cent siècl|1000 mill",
    "es": "1 un prim|2 dos segund amb doble par medi|3 tre terc|4 cuat cuart|5 cinc quint|6 seis sext|7 siete sépt|"
    "8 och oct|9 nuev nov|10 diez déc|11 once|12 doce docena|13 trece|14 catorce|15 quince|16 dieciséis|20 "
    "veint|30 treint|40 cuarent|50 cincuent|60 sesent|70 setent|80 ochent|90 novent|100 cien cent sigl|500 "
    "quinient|1000 mil",
    "it": "1 un prim|2 due second entramb doppi paio mezz|3 tre terz|4 quatt quart|5 cinq quint|6 sei sest|7 sett|"
    "8 ott|9 nov non|10 diec dec|11 undic|12 dodic dozzin|13 tredic|14 quattordic|15 quindic|16 sedic|20 "
    "vent|30 trent|40 quarant|50 cinquant|60 sessant|70 settant|80 ottant|90 novant|100 cent secol|1000 mill "
    "mila",
    "pt": "1 um prim|2 dois duas segund amb dobr par mei|3 três terc|4 quat quart|5 cinc quint|6 seis sext|7 sete "
    "sét|8 oit|9 nov non|10 dez déc|11 onze|12 doze dúzia|13 treze|14 catorze quatorze|15 quinze|20 vint|30 "
    "trint|40 quarent|50 cinquent|60 sessent|70 setent|80 oitent|90 novent|100 cem cent sécul|1000 mil",
    "nl": "1 een één eerst|2 twee beid paar half dubbel|3 drie derd|4 vier|5 vijf|6 zes|7 zeven|8 acht|9 negen|10 "
    "tien|11 elf|12 twaalf dozijn|13 dertien|14 veertien|20 twintig|30 dertig|40 veertig|50 vijftig|60 "
    "zestig|70 zeventig|80 tachtig|90 negentig|100 honderd eeuw|1000 duizend",
    "sv": "1 en ett först|2 två andra båda par halv dubbel|3 tre|4 fyr fjärd fjort|5 fem|6 sex sjätte|7 sju|8 åtta "
    "ått ader|9 ni|10 tio tion|11 elv|12 tolv dussin|13 trett|14 fjort|18 arton|20 tjug|30 tretti|40 fyrti|"
    "50 femti|60 sexti|70 sjutti|80 åtti|90 nitti|100 hundra sekel|1000 tusen",
    "ru": "1 од пер|2 дв втор об пол пар|3 тр|4 чет|5 пят|6 шест|7 сем седьм|8 вос|9 девят|10 десят|20 двадцат|30 "
    "тридцат|40 сорок|50 пят|60 шест|70 сем|80 восем|90 девян|100 сто ста сот век стол|1000 тысяч",
    "hu": "1 egy első|2 két kett második mind fél pár|3 három harm hárm|4 négy negy|5 öt|6 hat|7 hét het|8 nyolc|9 "
    "kilenc|10 tíz tiz évtized|20 húsz husz|30 harminc|40 negyv|50 ötv|60 hatv|70 hetv|80 nyolcv|90 kilencv|"
    "100 száz|1000 ezer ezr",
    "is": "1 ein fyrst|2 tv báð annar önnur annað par hálf|3 þr|4 fjór fjög fjór|5 fim|6 sex sjött sext|7 sjö|8 "
    "átt|9 ní|10 tí tug|11 ellef|12 tólf tylft|13 þrett|14 fjórt|18 átján|19 nítj|20 tuttug|30 þrját|40 "
    "fjöru|100 hundr öld ald|1000 þús",
    "tr": "1 bir ilk|2 iki çift|3 üç|4 dört dörd|5 beş|6 altı|7 yedi|8 sekiz|9 dokuz|10 on|20 yirmi|30 otuz|40 "
    "kırk|50 elli|60 altmış|70 yetmiş|80 seksen|90 doksan|100 yüz|1000 bin",
    "ko": "1 한 하나 일 첫|2 두 둘 이 양 쌍 반|3 세 셋 삼 석|4 네 넷 사|5 다섯 오|6 여섯 육|7 일곱 칠|8 여덟 팔|9 "
    "아홉 구|10 열 십|20 스무 스물|30 서른|40 마흔|50 쉰|60 예순|70 일흔|80 여든|90 아흔|100 백|1000 천",
    "vi": "1 một đầu nhất|2 hai đôi cặp|3 ba|4 bốn tư|5 năm lăm|6 sáu|7 bảy|8 tám|9 chín|10 mười mươi thập|100 "
    "trăm|1000 nghìn ngàn",
    "th": "1 หนึ่ง แรก เดียว|2 สอง คู่ ทั้ง|3 สาม|4 สี่|5 ห้า|6 หก|7 เจ็ด|8 แปด|9 เก้า|10 สิบ ทศ|100 ร้อย ศตวรรษ|"
    "1000 พัน",
    "ar": "1 واحد أول إحد|2 ا|3 ثلاث ثالث|4 أربع رابع|5 خمس خامس|6 ست سادس|7 سبع سابع|8 ثمان ثامن|9 تسع تاسع|10 "
    "عشر عاشر عقد|20 عشر|100 مائة مئة قرن|1000 ألف آلاف",
    "he": "1 אחד אחת ראשו|2 שנ שתי כפול|3 שלוש שלש שליש|4 ארבע רביע|5 חמש חמיש|6 שש שיש|7 שבע שביע|8 שמונ שמינ|9 "
    "תשע תשיע|10 עשר עשיר|20 עשרים|30 שלושים|100 מאה מאות|1000 אלף אלפ",
    "hi": "1 एक पहल प्रथम|2 दो|3 तीन तीसर|4 चार चौथ|5 पाँच पांच|6 छह छः छठ|7 सात|8 आठ|9 नौ|10 दस|11 ग्यारह|12 बारह|"
    "20 बीस|100 सौ|1000 हज़ार हजार",
}  # fmt: skip
"""Beginnings of the words for numbers: value, then stems, of which `=` ends a word: `két` is in `kétszáz`."""
SAME_STEMS = {"da": "sv", "nb": "sv", "no": "sv", "nn": "sv", "uk": "ru", "be": "ru"}
JOINED = ("de", "nl", "sv", "hu", "is", "ko", "th", "ar", "he")
"""Languages that write a number within longer words."""
MIN_FIGURE = 100
"""In languages without a table, smaller numbers may be written in words."""
HAN_STEMS = {
    0: "零〇無无没沒不な",
    1: "一壱壹初単單单首次",
    2: "双雙两兩再次半対對对倍",
    10: "十",
    100: "百世",
    1000: "千",
}
DIGITS = re.compile(r"\d+")
DIGIT_TOKEN = re.compile(r"\d+(?:[.,:' \u00a0]\d+)*")
HAN_WRITTEN = ("zh", "yue", "ja")
HEBREW = dict(zip([*range(1, 10), *range(10, 100, 10)], "אבגדהוזחטיכלמנסעפצ", strict=True))


def digit_groups(text: str) -> frozenset[str]:
    """Groups of digits of a text, and what is left of them without the zeros at their end: 2040 is 20.4 million."""
    groups = DIGITS.findall(unicodedata.normalize("NFKC", text))
    joined = [re.sub(r"\D", "", group) for group in DIGIT_TOKEN.findall(unicodedata.normalize("NFKC", text))]
    return frozenset({*groups, *(group.rstrip("0") for group in (*groups, *joined) if len(group.rstrip("0")) > 1)})


def has_digits(words: str, groups: frozenset[str], text: str) -> bool:
    """Whether a text has the groups of digits of a number near each other, or its significant digits."""
    own = DIGITS.findall(unicodedata.normalize("NFKC", words))
    significant = "".join(own).rstrip("0")
    if len(significant) > 1 and significant in groups:
        return True
    return (
        bool(own)
        and groups.issuperset(own)
        and (len(own) == 1 or bool(re.search(r"\D{1,6}".join(own), unicodedata.normalize("NFKC", text))))
    )
