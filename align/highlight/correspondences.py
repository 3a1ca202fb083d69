"""Find corresponding parts of two texts by cheap rules that work across scripts, and parts without a counterpart."""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import SequenceMatcher
from functools import lru_cache

from align.highlight.alphabets import (
    CODE_MISSED,
    DOUBTS,
    LATIN,
    NAME_UNKNOWN,
    SURE_DOUBTS,
    Highlight,
    HighlightPair,
    TextPair,
    digit_groups,
    has_digits,
    is_cjk,
    match_words,
)
from align.highlight.names import Surroundings, consonant_key, is_same_word
from align.highlight.names import find_names as transcribed
from align.highlight.quantities import match_numbers
from align.text.han import fold
from align.text.tags import primary

KATAKANA = re.compile(r"[ァ-ヺーヽヾ]{3,}")
TITLED_NAME = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|President|Premier|General|Minister|Secretary|Chancellor|Prof)\.?\s+([A-Z]\w+)"
)
KATAKANA_FULL_NAME = re.compile(r"[ァ-ヺー]{2,}(?:・[ァ-ヺー]{2,})+")
KATAKANA_NAME_WITH_TITLE = re.compile(
    r"([ァ-ヺー・]{3,})(?=氏|大統領|首相|外相|国防相|長官|将軍|議長|さん|教授|博士|委員)"
)
MAX_ACRONYM = 4
HAN_RUN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff々〇]{2,}")
HAN_WRITTEN = ("zh", "yue", "ja")
KATAKANA_NAME = re.compile(r"[ァ-ヺーヽヾ]{2,}")


MAX_SHARE, MAX_UNSURE_SHARE = 0.08, 0.045
"""Share of the other links that may have numbers without counterpart, or anything, for such to be shown."""
SAMPLE = 100
"""Number of other links that are looked at."""
MIN_SAMPLE = 20
"""Number of other links below which it is not known which words are names."""
PRIOR, PRIOR_LINKS = 0.3, 10
"""What is assumed of links that are not there."""
NOTHING_AROUND = Surroundings()
Highlights = tuple[Highlight, ...]


@lru_cache(maxsize=512)
def correspondences(
    src: str, tgt: str, src_lang: str = "und", tgt_lang: str = "und", around: Surroundings = NOTHING_AROUND
) -> tuple[Highlights, Highlights]:
    """Highlights of both texts, by start. Pure; rules that do not apply to the two languages are skipped.

    Of two versions in one language, what is not the same is `lonely`; characters that differ only between simplified
    and traditional script are the same.
    """
    if primary(src_lang) == primary(tgt_lang) != "und":
        return _differences(src, tgt)
    highlights: tuple[list[Highlight], list[Highlight]] = ([], [])
    for find in (match_numbers, _latin, _kana, _transcribed, _han, match_words):
        for side, marks in zip(highlights, find((src, tgt), (src_lang, tgt_lang), around), strict=True):
            side += [mark for mark in marks if not any(m.start < mark.end and mark.start < m.end for m in side)]
    shown = _shown_roles((src_lang, tgt_lang), around) if _doubts(highlights) else frozenset()
    left, right = (
        sorted(
            mark._replace(role="lonely") if mark.role in shown else mark
            for mark in side
            if mark.role in shown or mark.role not in DOUBTS
        )
        for side in highlights
    )
    return tuple(left), tuple(right)


def _doubts(highlights: HighlightPair) -> frozenset[str]:
    """Roles of what has no counterpart."""
    return frozenset(mark.role for side in highlights for mark in side if mark.role in DOUBTS)


def _shown_roles(langs: TextPair, around: Surroundings) -> frozenset[str]:
    """The roles that are `lonely`: as many, in their order, as few of the other links have one of.

    A hint that half of all right links have is not read, so what two documents often differ in is not shown.
    """
    if around.others is None:
        return frozenset(SURE_DOUBTS)
    others = around.others()
    step = max(1, len(others.pairs) // SAMPLE)
    numbers = [number for number in range(0, len(others.pairs), step) if others.ids[number] != around.link]
    sample = [others.doubts_of(number, _sample_doubts) for number in numbers]
    shown: frozenset[str] = frozenset()
    for role in DOUBTS:
        if role.startswith("name") and len(sample) < MIN_SAMPLE:
            continue
        limit = MAX_SHARE if role in SURE_DOUBTS else MAX_UNSURE_SHARE
        count = sum(not (shown | {role}).isdisjoint(doubts) for doubts in sample)
        if count + PRIOR <= limit * (len(sample) + PRIOR_LINKS):
            shown |= {role}
    return shown


def _sample_doubts(pair: TextPair, langs: TextPair, around: Surroundings) -> frozenset[str]:
    """Roles of what has no counterpart in a link."""
    finders = (match_numbers, _latin, _kana, match_words)
    return frozenset[str]().union(*(_doubts(find(pair, langs, around)) for find in finders))


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


def _both(one: Callable[[str, str, str, str], list[Highlight]], texts: TextPair, langs: TextPair) -> HighlightPair:
    return one(texts[0], texts[1], langs[0], langs[1]), one(texts[1], texts[0], langs[1], langs[0])


def _latin(texts: TextPair, langs: TextPair, around: Surroundings) -> HighlightPair:
    """Latin tokens in CJK text, and codes and acronyms in any text: on both sides, or `lonely`."""
    return _both(_latin_side, texts, langs)


def _latin_side(text: str, other: str, lang: str, other_lang: str) -> list[Highlight]:
    bare = _bare(other)
    other_has_latin = not is_cjk(other_lang)
    digits = digit_groups(other)
    marks = []
    for match in LATIN.finditer(text):
        token = match[0]
        code = any(char.isdigit() for char in token) or (len(token) > 1 and token.isupper())
        if not (code or is_cjk(lang) or is_cjk(other_lang)) or len(token) < 2:
            continue
        if _bare(token) in bare:
            marks.append(Highlight(*match.span(), "latin"))
        elif any(char.isdigit() for char in token) and not has_digits(token, digits, other):
            marks.append(Highlight(*match.span(), CODE_MISSED))
        elif (
            is_cjk(lang) and other_has_latin and len(token) > MAX_ACRONYM and token[0].isupper() and not token.isupper()
        ):
            # An acronym, and a word that runs through both texts as code, may be translated.
            marks.append(Highlight(*match.span(), CODE_MISSED))
    return marks


def _bare(text: str) -> str:
    return re.sub(r"[-'’. ]", "", text).casefold()


def _kana(texts: TextPair, langs: TextPair, around: Surroundings) -> HighlightPair:
    """Katakana and Latin words with matching consonants; a person's name without a counterpart is `lonely`."""
    marks: HighlightPair = ([], [])
    for here, there in ((0, 1), (1, 0)):
        if not langs[here].startswith("ja") or is_cjk(langs[there]):
            continue
        names, words = _same_words(texts[here], texts[there])
        marks[here].extend(names)
        marks[there].extend(words)
        matched_starts = {word.start for word in words}
        marked_spans = [(mark.start, mark.end) for mark in marks[here]]
        for match in KATAKANA_NAME_WITH_TITLE.finditer(texts[here]):
            if not any(a < match.end() and match.start() < b for a, b in marked_spans):
                marks[here].append(Highlight(*match.span(1), "lonely"))
        for match in KATAKANA_FULL_NAME.finditer(texts[here]):
            if not any(a < match.end() and match.start() < b for a, b in marked_spans):
                marks[here].append(Highlight(*match.span(), NAME_UNKNOWN))
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


def _transcribed(texts: TextPair, langs: TextPair, around: Surroundings) -> HighlightPair:
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


def _han(texts: TextPair, langs: TextPair, around: Surroundings) -> HighlightPair:
    """Han words in both texts, after folding of character variants."""
    if not (is_cjk(langs[0]) and is_cjk(langs[1])):
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
