"""Match katakana with Latin words: プーチン and Putin have the same consonants."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from typing import NamedTuple

from align.highlight.alphabets import ALIKE, ALPHABETIC_WORD, TextPair, concepts_of, is_inside, is_same_name, spelled
from align.text.han import fold
from align.text.numbers import find_numbers

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


CHARACTERS_BY_CONSONANTS = {
    "p": "巴拔伯勃博布波比贝彼毕白拜柏宝堡鲍帕派佩皮普浦珀弗夫福费菲法佛富维韦瓦芬辅",
    "pn": "班本宾邦潘庞平凡芬方冯",
    "n": "马玛麦迈梅米密莫默摩姆穆慕纳娜那内奈尼涅诺努安昂恩因英翁文温曼门蒙明南宁农",
    "t": "达代戴德迪蒂杜多塔泰特提图托陶切奇齐恰",
    "tn": "丹邓登丁顿敦坦唐汤滕廷田",
    "r": "拉莱赖劳勒雷蕾里利莉丽列卢鲁罗洛吕尔瑞路",
    "rn": "兰朗林琳伦龙廉隆连",
    "k": "加盖高戈哥格葛古瓜圭卡凯考柯科克库基吉",
    "kn": "甘冈根坎康肯昆金",
    "s": "萨沙瑟史施什舍斯司思丝苏索泽扎西希谢休修雪兹乔朱詹杰",
    "sn": "桑山森圣孙辛欣盛申珍",
    "h": "哈海豪赫黑胡侯霍",
    "hn": "汉亨洪",
    "": "阿艾爱奥埃厄欧乌伊尤约亚雅耶叶威沃华",
}  # fmt: skip
CONSONANTS = {fold(char): bones for bones, chars in CHARACTERS_BY_CONSONANTS.items() for char in chars}
CHARACTER_RUN = re.compile(f"[{''.join(map(re.escape, CONSONANTS))}]{{2,}}")
VOWELS = frozenset(fold(char) for char in CHARACTERS_BY_CONSONANTS[""] + "安昂恩因英翁文温")
MAX_NAME_CHARACTERS = 8
"""Maximum number of characters of a name."""

NAME_SPELLINGS = tuple(
    tuple(names.split())
    for names in (
        "普京 普丁 プーチン putin",
        "俄罗斯 俄国 ロシア russia russian russians",
        "美国 米国 アメリカ america american americans",
        "英国 イギリス britain british england",
        "法国 フランス france french",
        "德国 ドイツ germany german germans",
        "中国 china chinese",
        "日本 japan japanese",
        "韩国 korea korean",
        "印度 インド india indian",
        "澳大利亚 オーストラリア australia australian",
        "西班牙 スペイン spain spanish",
        "希腊 ギリシャ greece greek",
        "荷兰 オランダ netherlands dutch",
        "瑞士 スイス switzerland swiss",
        "瑞典 スウェーデン sweden swedish",
        "埃及 エジプト egypt egyptian",
        "越南 ベトナム vietnam vietnamese",
        "泰国 タイ thailand thai",
        "欧洲 ヨーロッパ 欧州 europe european",
        "亚洲 アジア asia asian",
        "非洲 アフリカ africa african",
        "台湾 taiwan taiwanese",
        "香港 hongkong",
        "东京 tokyo",
        "北京 beijing",
        "上海 shanghai",
        "大阪 osaka",
        "京都 kyoto",
        "莫斯科 モスクワ moscow",
        "华盛顿 ワシントン washington",
        "伦敦 ロンドン london",
        "巴黎 パリ paris",
        "柏林 ベルリン berlin",
        "纽约 ニューヨーク newyork",
    )
)
NAME_NUMBERS = {fold(name): number for number, names in enumerate(NAME_SPELLINGS) for name in names}


def character_runs(text: str) -> Iterator[tuple[int, int]]:
    """Yield [start, end) of every run of characters that could transcribe a name.

    No run ends with a character of h, since final h is not in the consonant key.
    """
    for match in CHARACTER_RUN.finditer(fold(text)):
        for start in range(match.start(), match.end() - 1):
            for end in range(start + 2, min(match.end(), start + MAX_NAME_CHARACTERS) + 1):
                if CONSONANTS[match[0][end - 1 - match.start()]][:1] != "h":
                    yield start, end


@lru_cache(maxsize=4096)
def consonants_of(row: str) -> str:
    """Consonant key of a run of folded characters, in the classes of `consonant_key`; h only at the beginning."""
    consonants = "".join(CONSONANTS[char] for char in row)
    return re.sub(r"(.)\1+", r"\1", consonants[:1] + consonants[1:].replace("h", ""))


def same_name(row: str, name: str) -> bool:
    """Whether folded characters transcribe a katakana or Latin name."""
    here, there = consonants_of(row), consonant_key(name)
    if here[:1] != there[:1] or (row[0] in VOWELS) != (name[0].lower() in "aeiouyアイウエオァィゥェォw"):
        return False
    if len(here) == len(there) < 3:
        return here == there and len(here) == 2 and len(row) > 2
    if min(len(here), len(there)) < 3:
        return False
    return here == there or (len(row) > 2 and SequenceMatcher(None, here, there).ratio() >= 0.85)


def find_names(han: str, names: list[str]) -> Iterator[tuple[int, int, int]]:
    """Yield (start, end, number of the name) for each name in a text of Han characters, longest runs first."""
    folded = fold(han)
    name_numbers = {
        number: NAME_NUMBERS.get(fold(name.casefold().replace(" ", ""))) for number, name in enumerate(names)
    }
    used_spans: list[tuple[int, int]] = []
    for spelling, number in (
        (spelling, n)
        for spelling in NAME_NUMBERS
        for n, name_number in name_numbers.items()
        if name_number == NAME_NUMBERS[spelling]
    ):
        for match in re.finditer(re.escape(spelling), folded):
            used_spans.append(match.span())
            yield *match.span(), number
    for start, end in sorted(character_runs(han), key=lambda row: (row[0] - row[1], row)):
        if any(a < end and start < b for a, b in used_spans):
            continue
        for number, name in enumerate(names):
            if name_numbers[number] is None and same_name(folded[start:end], name):
                used_spans.append((start, end))
                yield start, end, number
                break


MAX_LINKS = 40
"""Maximum number of other links that are looked at for a word."""
RATE = 0.2
"""Share of the other links in which a name may lack its counterpart."""
MIN_SHARED = 3
"""Minimum number of links for two words that are not spelled alike."""
KEY = 5
LOWER_KEY = 7
"""First letters of a word that also occurs without a capital."""
"""First letters of a name."""
RUNNING = 0.03
"""Share of the links in which a year is, to be that of the whole text."""


@lru_cache(maxsize=65536)
def name_key(word: str) -> str:
    """The first letters of a word as spelled in any language, so that inflected forms have one key."""
    return spelled(word.removesuffix("'s").removesuffix("’s"))[:KEY]


FindDoubts = Callable[[TextPair, TextPair, "Surroundings"], frozenset[str]]


class OtherLinks:
    """Links of two documents, as evidence of which names correspond there."""

    def __init__(self, pairs: Sequence[TextPair], langs: TextPair, ids: Sequence[int] | None = None) -> None:
        self.ids = list(range(len(pairs)) if ids is None else ids)
        self.numbers = {link: number for number, link in enumerate(self.ids)}
        """Number of each link by its id."""
        self.langs = langs
        self.pairs = pairs
        self.doubts: dict[int, frozenset[str]] = {}
        self.names: tuple[list[list[str]], ...] = ([], [])
        """Words with a capital inside a sentence, by side and link."""
        self.links_of: tuple[dict[str, list[int]], ...] = ({}, {})
        self.lower: tuple[set[str], ...] = (set(), set())
        counts = Counter(
            value for pair in pairs for value in {v for text in pair for n in find_numbers(text) for v in n.values}
        )
        self.years = {value for value, count in counts.items() if count >= max(3, RUNNING * len(pairs))}
        self._matched: dict[tuple[int, str, int], bool] = {}
        for number, pair in enumerate(pairs):
            for side in (0, 1):
                words = list(ALPHABETIC_WORD.finditer(pair[side]))
                names = [match[0] for match in words if is_inside(pair[side], match)]
                self.names[side].append(names)
                for key in {name_key(word) for word in names}:
                    self.links_of[side].setdefault(key, []).append(number)
                self.lower[side].update(spelled(word[0])[:LOWER_KEY] for word in words if word[0].islower())

    def doubts_of(self, number: int, find: FindDoubts) -> frozenset[str]:
        """What `find` returns for a link, with the links next to it as what is near."""
        if number not in self.doubts:
            near = [self.pairs[other] for other in (number - 1, number + 1) if 0 <= other < len(self.pairs)]
            texts = "\n".join(pair[0] for pair in near), "\n".join(pair[1] for pair in near)
            around = Surroundings(texts, lambda: self, self.ids[number], is_sample=True)
            self.doubts[number] = find(self.pairs[number], self.langs, around)
        return self.doubts[number]

    def links_with(self, side: int, key: str, without: int | None) -> list[int]:
        """Numbers of the other links with a name."""
        return [number for number in self.links_of[side].get(key, ()) if number != without]

    def is_matched(self, side: int, word: str, number: int) -> bool:
        """Whether the other side of a link has a name that is spelled alike or of the same country."""
        key = (side, name_key(word), number)
        if key not in self._matched:
            own = concepts_of(word, self.langs[side])
            self._matched[key] = any(
                is_same_name(word, other, ALIKE) or own & concepts_of(other, self.langs[1 - side])
                for other in self.names[1 - side][number]
                if spelled(other)[:LOWER_KEY] not in self.lower[1 - side]
            )
        return self._matched[key]

    def unmatched_keys(self, side: int, number: int) -> set[str]:
        """Keys of the names of a side that the other side spells otherwise, if it has them."""
        others = self.names[1 - side][number]
        return {
            name_key(word)
            for word in self.names[side][number]
            if not any(is_same_name(word, other, ALIKE) for other in others)
        }

    def verdict(self, side: int, word: str, others: Sequence[str], link: int | None) -> str:
        """`present`, `absent`, `none` (no name that has a counterpart) or `unknown`, by the other links."""
        key, own = name_key(word), self.numbers.get(link) if link is not None else None
        if spelled(word)[:LOWER_KEY] in self.lower[side]:
            return "none"
        links = self.links_with(side, key, own)[:MAX_LINKS]
        if not links:
            return "unknown"
        count = sum(self.is_matched(side, word, number) for number in links)
        if len(links) - count <= RATE * len(links):
            return "absent"
        if len(links) >= MIN_SHARED:
            keys = Counter(key for number in links for key in self.unmatched_keys(1 - side, number))
            for partner, shared in keys.most_common(2):
                total = len(self.links_with(1 - side, partner, own))
                if shared >= (1 - RATE) * len(links) and shared >= 0.5 * total:
                    return "present" if partner in {name_key(other) for other in others} else "absent"
        return "none"


class Surroundings(NamedTuple):
    """What is around a link: texts of the sentences next to it, the links near it, and its own id among those.

    is_sample: only what has no counterpart is asked for.
    """

    near: TextPair = ("", "")
    others: Callable[[], OtherLinks] | None = None
    link: int | None = None
    is_sample: bool = False
