"""Compare words of alphabetic scripts: names in Latin, Cyrillic and Greek letters, countries, months and days."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from functools import lru_cache
from typing import NamedTuple

from babel import Locale, UnknownLocaleError
from babel.core import get_global

from align.text.tags import primary

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
TITLES = frozenset(
    [
        "act",
        "agreement",
        "article",
        "assembly",
        "association",
        "bank",
        "bill",
        "board",
        "brother",
        "bureau",
        "chapter",
        "charter",
        "church",
        "city",
        "coast",
        "college",
        "commission",
        "committee",
        "common",
        "community",
        "company",
        "congress",
        "constitution",
        "convention",
        "council",
        "court",
        "day",
        "declaration",
        "department",
        "development",
        "director",
        "east",
        "embassy",
        "emperor",
        "empire",
        "federal",
        "federation",
        "foreign",
        "foundation",
        "fund",
        "general",
        "government",
        "governor",
        "great",
        "group",
        "high",
        "house",
        "human",
        "institute",
        "international",
        "judge",
        "king",
        "law",
        "league",
        "lord",
        "market",
        "member",
        "minister",
        "ministers",
        "ministry",
        "mount",
        "mountain",
        "mountains",
        "nation",
        "national",
        "nations",
        "north",
        "ocean",
        "office",
        "official",
        "order",
        "palace",
        "parliament",
        "party",
        "peace",
        "peak",
        "people",
        "plan",
        "plenary",
        "police",
        "president",
        "presidium",
        "prime",
        "prince",
        "princess",
        "programme",
        "project",
        "province",
        "queen",
        "region",
        "republic",
        "resolution",
        "revolution",
        "rights",
        "river",
        "road",
        "sea",
        "secretary",
        "section",
        "security",
        "senate",
        "senator",
        "service",
        "society",
        "south",
        "square",
        "state",
        "states",
        "street",
        "summit",
        "supreme",
        "temple",
        "tower",
        "treaty",
        "union",
        "united",
        "universal",
        "university",
        "valley",
        "war",
        "west",
        "whereas",
        "world",
        "year",
        "gouvernement",
        "ministre",
        "conseil",
        "état",
        "assemblée",
        "comité",
        "parti",
        "tour",
        "mont",
        "lac",
        "église",
        "peuple",
        "droits",
        "déclaration",
    ]
)
"""Words that English and French capitalise in names of offices and bodies, which other languages translate."""
MIN_LENGTH = 4
STEM_CUT = 2
"""Letters of an ending that inflection may change."""


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
