"""Find corresponding parts of two texts by cheap rules that work across scripts, and parts without a counterpart."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from typing import NamedTuple

from align.highlight.alphabets import ALPHABETIC, TITLES, is_same_name, name_index, romanized
from align.highlight.names import consonant_key, is_same_word
from align.highlight.names import find_names as transcribed
from align.highlight.units import is_same_quantity, quantities
from align.text.han import fold
from align.text.numbers import MONTHS, Number, find_numbers
from align.text.tags import primary

LATIN = re.compile(r"[A-Za-zÀ-ɏ][A-Za-z0-9À-ɏ]*(?:[-'’.&/+][A-Za-z0-9À-ɏ]+)*")
KATAKANA = re.compile(r"[ァ-ヺーヽヾ]{3,}")
TITLED_NAME = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|President|Premier|General|Minister|Secretary|Chancellor|Prof)\.?\s+([A-Z]\w+)"
)
KATAKANA_NAME_WITH_TITLE = re.compile(
    r"([ァ-ヺー・]{3,})(?=氏|大統領|首相|外相|国防相|長官|将軍|議長|さん|教授|博士|委員)"
)
ALPHABETIC_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
CAPITAL_BEFORE = re.compile(r"\b[A-ZÀ-ÞА-ЯΑ-Ω][^\W\d_]+ $")
CAPITAL_AFTER = re.compile(r" [A-ZÀ-ÞА-ЯΑ-Ω][^\W\d_]+")
DIGITS = re.compile(r"\d+")
DIGIT_TOKEN = re.compile(r"\d+(?:[.,:' \u00a0]\d+)*")
MAX_SMALL_NUMBER = 3
MAX_ACRONYM = 4
MIN_FIGURE = 100
"""Smaller numbers are often written in words."""
NOUN_CAPITALS = ("de", "lb", "und")
"""Languages that capitalise every noun, or that are not determined."""
HAN_RUN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff々〇]{2,}")
CJK = ("ja", "zh", "yue", "ko")
HAN_WRITTEN = ("zh", "yue", "ja")
KATAKANA_NAME = re.compile(r"[ァ-ヺーヽヾ]{2,}")


class Highlight(NamedTuple):
    """`[start, end)` in characters of a text and its role: `number`, `latin`, `name`, `han`, `word`, or `lonely`."""

    start: int
    end: int
    role: str


Highlights = tuple[Highlight, ...]


@lru_cache(maxsize=512)
def correspondences(src: str, tgt: str, src_lang: str = "und", tgt_lang: str = "und") -> tuple[Highlights, Highlights]:
    """Highlights of both texts, by start. Pure; rules that do not apply to the two languages are skipped.

    Of two versions in one language, what is not the same is `lonely`; characters that differ only between simplified
    and traditional script are the same.
    """
    if primary(src_lang) == primary(tgt_lang) != "und":
        return _differences(src, tgt)
    highlights: tuple[list[Highlight], list[Highlight]] = ([], [])
    for find in (_numbers, _latin, _kana, _transcribed, _han, _words):
        for side, marks in zip(highlights, find((src, tgt), (src_lang, tgt_lang)), strict=True):
            side += [mark for mark in marks if not any(m.start < mark.end and mark.start < m.end for m in side)]
    return tuple(sorted(highlights[0])), tuple(sorted(highlights[1]))


def _differences(src: str, tgt: str) -> tuple[Highlights, Highlights]:
    """What only one of two versions of a text has."""
    removed, added = text_diff(_comparable(src), _comparable(tgt))
    lonely = [
        tuple(mark._replace(role="lonely") for mark in marks if any(map(str.isalnum, text[mark.start : mark.end])))
        for text, marks in ((src, removed), (tgt, added))
    ]
    return lonely[0], lonely[1]


def _comparable(text: str) -> str:
    """The text in lower case and simplified characters, with the same length."""
    return "".join(low if len(low := character.lower()) == 1 else character for character in fold(text))


TextPair = tuple[str, str]
HighlightPair = tuple[list[Highlight], list[Highlight]]


def _both(one: Callable[[str, str, str, str], list[Highlight]], texts: TextPair, langs: TextPair) -> HighlightPair:
    return one(texts[0], texts[1], langs[0], langs[1]), one(texts[1], texts[0], langs[1], langs[0])


def _cjk(lang: str) -> bool:
    return primary(lang) in CJK


def _numbers(texts: TextPair, langs: TextPair) -> HighlightPair:
    """Numbers of equal value or equal digits on both sides, and months; those without a counterpart are `lonely`.

    Small numbers have too many other words for their value ("once"); they are `lonely` only if the other text has one
    too. What is small depends on whether the words for numbers of the other language are known.
    """
    side_numbers = [_standalone_numbers(text) for text in texts]
    values = [{value for number in side for value in number.values} for side in side_numbers]
    digits = [_digit_groups(text) for text in texts]
    marks: HighlightPair = ([], [])
    unmatched: tuple[list[Number], list[Number]] = ([], [])
    for side, other in ((0, 1), (1, 0)):
        for number in side_numbers[side]:
            words = texts[side][number.start : number.end]
            if not values[other].isdisjoint(number.values):
                marks[side].append(Highlight(number.start, number.end, "number"))
            elif words.casefold() in MONTHS:
                has_counterpart = _names_one_of(_concepts(words, langs[side]), texts[other], langs[other])
                unmatched[side].extend([] if has_counterpart else [number])
            elif _is_in_digits(number, words) and not (
                _has_digits(words, digits[other]) or _is_same_hour(number, values[other])
            ):
                unmatched[side].append(number)
    for side, other, number, counterpart in _converted(texts, side_numbers, unmatched):
        unmatched[side].remove(number)
        for own, one in ((side, number), (other, counterpart)):
            if (mark := Highlight(one.start, one.end, "number")) not in marks[own]:
                marks[own].append(mark)
    for side, other in ((0, 1), (1, 0)):
        smallest = _smallest_number(langs[other])
        for number in unmatched[side]:
            if unmatched[other] or max(number.values) > smallest or texts[side][number.start].isalpha():
                marks[side].append(Highlight(number.start, number.end, "lonely"))
    return marks


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


def _smallest_number(lang: str) -> int:
    """The number up to which a text in this language may have another word for it."""
    return MAX_SMALL_NUMBER if _cjk(lang) or primary(lang) == "en" else MIN_FIGURE


def _is_in_digits(number: Number, words: str) -> bool:
    return number.firm and any(char.isdigit() for char in words)


def _is_same_hour(number: Number, values: set[float]) -> bool:
    """Whether an hour after noon is written by the other clock there."""
    return any(
        (12 < value < 24 and value - 12 in values) or (0 < value < 12 and value + 12 in values)
        for value in number.values
    )


def _names_one_of(concepts: frozenset[str], text: str, lang: str) -> bool:
    """Whether a text names one of the countries, months or days; where its script has no words to look at, it may."""
    if not concepts or not _is_alphabetic(text):
        return not concepts
    return any(concepts & _concepts(word, lang) for word in ALPHABETIC_WORD.findall(text))


def _digit_groups(text: str) -> frozenset[str]:
    """Groups of digits of a text, and what is left of them without the zeros at their end: 2040 is 20.4 million."""
    groups = DIGITS.findall(unicodedata.normalize("NFKC", text))
    joined = [re.sub(r"\D", "", group) for group in DIGIT_TOKEN.findall(unicodedata.normalize("NFKC", text))]
    return frozenset({*groups, *(group.rstrip("0") for group in (*groups, *joined) if len(group.rstrip("0")) > 1)})


def _has_digits(words: str, groups: frozenset[str]) -> bool:
    """Whether all groups of digits of a number are in the other text, or its significant digits are."""
    own = DIGITS.findall(unicodedata.normalize("NFKC", words))
    significant = "".join(own).rstrip("0")
    return bool(own) and (groups.issuperset(own) or (len(significant) > 1 and significant in groups))


def _standalone_numbers(text: str) -> list[Number]:
    """Numbers that are not part of a name such as S-400."""
    names = [match.span() for match in LATIN.finditer(text) if any(char.isdigit() for char in match[0])]
    return [number for number in find_numbers(text) if not any(a < number.end and number.start < b for a, b in names)]


def _latin(texts: TextPair, langs: TextPair) -> HighlightPair:
    """Latin tokens in CJK text, and codes and acronyms in any text: on both sides, or `lonely`."""
    return _both(_latin_side, texts, langs)


def _latin_side(text: str, other: str, lang: str, other_lang: str) -> list[Highlight]:
    bare = _bare(other)
    other_has_latin = not _cjk(other_lang)
    digits = _digit_groups(other)
    marks = []
    for match in LATIN.finditer(text):
        token = match[0]
        code = any(char.isdigit() for char in token) or (len(token) > 1 and token.isupper())
        if not (code or _cjk(lang) or _cjk(other_lang)) or len(token) < 2:
            continue
        if _bare(token) in bare:
            marks.append(Highlight(*match.span(), "latin"))
        elif any(char.isdigit() for char in token) and not _has_digits(token, digits):
            marks.append(Highlight(*match.span(), "lonely"))
        elif _cjk(lang) and other_has_latin and len(token) > MAX_ACRONYM and token[0].isupper() and not token.isupper():
            # An acronym, and a word that runs through both texts as code, may be translated.
            marks.append(Highlight(*match.span(), "lonely"))
    return marks


def _bare(text: str) -> str:
    return re.sub(r"[-'’. ]", "", text).casefold()


def _kana(texts: TextPair, langs: TextPair) -> HighlightPair:
    """Katakana and Latin words with matching consonants; a person's name without a counterpart is `lonely`."""
    marks: HighlightPair = ([], [])
    for here, there in ((0, 1), (1, 0)):
        if not langs[here].startswith("ja") or _cjk(langs[there]):
            continue
        names, words = _same_words(texts[here], texts[there])
        marks[here].extend(names)
        marks[there].extend(words)
        matched_starts = {word.start for word in words}
        marked_spans = [(mark.start, mark.end) for mark in marks[here]]
        for match in KATAKANA_NAME_WITH_TITLE.finditer(texts[here]):
            if not any(a < match.end() and match.start() < b for a, b in marked_spans):
                marks[here].append(Highlight(*match.span(1), "lonely"))
        for match in TITLED_NAME.finditer(texts[there]):
            if match.start(1) not in matched_starts and KATAKANA.search(texts[here]):
                marks[there].append(Highlight(*match.span(1), "lonely"))
    return marks


def _same_words(katakana: str, latin: str) -> HighlightPair:
    """Katakana words and the Latin words with the same consonants."""
    marks: HighlightPair = ([], [])
    words = [(m, consonant_key(m[0])) for m in LATIN.finditer(latin) if m[0][0].isupper() or len(m[0]) > 3]
    matched_starts: set[int] = set()
    for match in KATAKANA.finditer(katakana):
        consonants = consonant_key(match[0])
        hits = [word for word, other in words if is_same_word(consonants, other, match[0], word[0])]
        if hits:
            marks[0].append(Highlight(*match.span(), "name"))
            marks[1].extend(Highlight(*word.span(), "name") for word in hits if word.start() not in matched_starts)
            matched_starts.update(word.start() for word in hits)
    return marks


def _transcribed(texts: TextPair, langs: TextPair) -> HighlightPair:
    """Names in Han characters, matched with katakana or Latin words."""
    marks: HighlightPair = ([], [])
    for here, there in ((0, 1), (1, 0)):
        own, other = primary(langs[here]), primary(langs[there])
        if own not in HAN_WRITTEN or other in ("zh", "yue", "ko"):
            continue
        if other == "ja":
            words = list(KATAKANA_NAME.finditer(texts[there])) if own != "ja" else []
        else:
            words = [match for match in LATIN.finditer(texts[there]) if match[0][0].isupper() and len(match[0]) > 2]
        matched_names: set[int] = set()
        names = list(dict.fromkeys(word[0] for word in words))
        for start, end, number in transcribed(texts[here], names) if names else ():
            marks[here].append(Highlight(start, end, "name"))
            matched_names.add(number)
        marks[there].extend(Highlight(*word.span(), "name") for word in words if names.index(word[0]) in matched_names)
    return marks


def _han(texts: TextPair, langs: TextPair) -> HighlightPair:
    """Han words in both texts, after folding of character variants."""
    if not (_cjk(langs[0]) and _cjk(langs[1])):
        return [], []
    folded = fold(texts[0]), fold(texts[1])
    return _shared(folded[0], folded[1]), _shared(folded[1], folded[0])


def _shared(text: str, other: str) -> list[Highlight]:
    """The longest shared runs of two characters or more, from left to right."""
    pairs = {run[i : i + 2] for run in HAN_RUN.findall(other) for i in range(len(run) - 1)}
    marks: list[Highlight] = []
    for match in HAN_RUN.finditer(text):
        run, start = match[0], match.start()
        at = 0
        while at < len(run) - 1:
            end = at
            while run[end : end + 2] in pairs and end + 1 < len(run):
                end += 1
            if end > at:
                marks.append(Highlight(start + at, start + end + 1, "han"))
            at = max(end, at) + 1
    return marks


def _words(texts: TextPair, langs: TextPair) -> HighlightPair:
    """Similar words of two languages in alphabets; a name is `lonely` if the other text has no word left for it.

    Names are compared in Latin letters, and by the countries, months and days that they name. Where both texts have
    names without a similar one, they may be each other's translation, and nothing is marked.
    """
    marks: HighlightPair = ([], [])
    if not all(_is_alphabetic(text) for text in texts) or any(_cjk(lang) for lang in langs):
        return marks
    words = [list(ALPHABETIC_WORD.finditer(text)) for text in texts]
    unmatched: tuple[list[Highlight], list[Highlight]] = ([], [])
    for here, there in ((0, 1), (1, 0)):
        others = [(word[0], word[0][0].isupper()) for word in words[there]]
        concepts = frozenset[str]().union(*(_concepts(word, langs[there]) for word, _ in others))
        for match in words[here]:
            word, is_name = match[0], _is_name(texts[here], match, langs[here])
            own = _concepts(word, langs[here]) if word[0].isupper() or is_name else frozenset[str]()
            if own & concepts:
                marks[here].append(Highlight(*match.span(), "name"))
            elif _has_similar(word, others, is_name=is_name):
                marks[here].append(Highlight(*match.span(), "word"))
            elif is_name:
                unmatched[here].append(Highlight(*match.span(), "lonely"))
    for here, there in ((0, 1), (1, 0)):
        if not unmatched[there]:
            marks[here].extend(name for name in unmatched[here] if _is_proper(texts[here], name))
    return marks


def _has_similar(word: str, others: Sequence[tuple[str, bool]], *, is_name: bool) -> bool:
    """Whether one of the words, each with whether it has a capital, is similar; names may differ more."""
    threshold = 0.55 if is_name else 0.75
    return len(word) > 3 and any(
        is_same_name(word, other, threshold if is_capital else 0.75) for other, is_capital in others if len(other) > 2
    )


def _is_proper(text: str, name: Highlight) -> bool:
    """Whether a capitalised word is next to another one, as first and last names are, and not in a heading."""
    before, after = text[: name.start], text[name.end :]
    return bool(CAPITAL_BEFORE.search(before)) != bool(CAPITAL_AFTER.match(after))


def _is_alphabetic(text: str) -> bool:
    """Whether most letters are Latin, Cyrillic or Greek."""
    letters = [char for char in text if char.isalpha()]
    return 2 * len(ALPHABETIC.findall(text)) > len(letters)


def _concepts(word: str, lang: str) -> frozenset[str]:
    """Countries, months and days that the word may name."""
    return name_index(primary(lang)).of(romanized(word)) if len(word) > 2 else frozenset()


def _is_name(text: str, match: re.Match[str], lang: str) -> bool:
    """Whether the word is capitalised inside a sentence, in a language that does not capitalise every noun.

    Words of titles and bodies are none, nor words in capitals: other languages translate both.
    """
    word, before = match[0], text[: match.start()].rstrip(" \"'“‘(«")
    return (
        primary(lang) not in NOUN_CAPITALS
        and word[0].isupper()
        and len(word) > 3
        and not word.isupper()
        and romanized(word) not in TITLES
        and word.casefold().removesuffix("'s").removesuffix("’s") not in TITLES
        and before[-1:] not in ("", ".", "!", "?", ":", ";", "…", "”", "-", "–", "•", "/", "*", "#")
    )


DIFF_UNIT = re.compile(r"\s+|[A-Za-zÀ-ɏ0-9]+|.", re.DOTALL)


def text_diff(before: str, after: str) -> tuple[Highlights, Highlights]:
    """Highlights `removed` in the first text and `added` in the second; by word in Latin script, else by character."""
    old, new = (list(DIFF_UNIT.finditer(text)) for text in (before, after))
    matcher = SequenceMatcher(None, [m[0] for m in old], [m[0] for m in new], autojunk=False)
    removed: list[Highlight] = []
    added: list[Highlight] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            continue
        if b > a:
            removed.append(Highlight(old[a].start(), old[b - 1].end(), "removed"))
        if d > c:
            added.append(Highlight(new[c].start(), new[d - 1].end(), "added"))
    return tuple(removed), tuple(added)
