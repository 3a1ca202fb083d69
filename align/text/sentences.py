"""Paragraphs into sentences, with exact offsets. Pure.

One pass over the characters that can end a sentence; at each, what stands before (abbreviation, number, initial), what
closes after it (quotes, brackets) and what follows decide. Brackets and quotations that close within the paragraph
hold their sentences together where the sentence around them goes on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from align.domain import Span
from align.text.abbreviations import NUMBERED, ORDINAL, abbreviations
from align.text.scripts import HAN_CLASS, HANGUL_CLASS, KANA_CLASS

_WIDE_STOPS = "。｡！？"
_STOPS = ".!?…‼⁇⁈⁉؟۔।॥։።፧။៕៚᠃᠉"
_CLOSERS = "\"'”’»›)]}」』）】〕〉》］｝〟"
_OPENERS = "\"'“‘„‚«‹([{「『（【〔〈《［｛〝¿¡-–—"
_PAIRS = {"「": "」", "『": "』", "（": "）", "(": ")", "“": "”", "«": "»", "„": "“", "【": "】", "《": "》", "［": "］", "[": "]"}
_BRACKETS = re.compile("[" + re.escape("".join(_PAIRS) + "".join(_PAIRS.values())) + "]")
_CJK = f"{HAN_CLASS}{KANA_CLASS}"
_ENDS = re.compile(
    f"(?:[{_WIDE_STOPS}]|(?<=[{_CJK}{HANGUL_CLASS}」』）)])[．!?]|[{_STOPS}])[{_WIDE_STOPS}{_STOPS}．]*"
    f"(?P<close>(?:\\s?[{re.escape(_CLOSERS)}](?![\\w]))*)"
)
_LAST_WORD = re.compile(r"[^\s(\[{\"'“‘«„]*$")
_QUOTATIVE = re.compile("\\s*(?:と|って|っ|という|との|など|なの|は|が|を|に|の|も|で|や|から|まで|より|へ|、|，|,|・|等)")


@cache
def _ends(lang: str) -> re.Pattern[str]:
    if lang == "el":
        return re.compile(_ENDS.pattern.replace("‼", "‼;\u037e"))
    return _ENDS


def split(text: str, lang: str) -> list[Span]:
    """The sentences of a paragraph: ascending spans with only white space between, before and after them.

    `lang` is a BCP 47 tag; `und` takes the rules that all languages share. Splitting a sentence again gives itself
    in nearly all cases; a paragraph without any stop is one sentence.
    """
    spans: list[Span] = []
    start = 0
    for end in _boundaries(text, lang.split("-")[0]):
        _append(spans, text, start, end)
        start = end
    _append(spans, text, start, len(text))
    return spans


def _append(spans: list[Span], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    bare = piece.lstrip()
    start = end - len(bare)
    end = start + len(bare.rstrip())
    if end > start:
        spans.append(Span(start, end))


def _boundaries(text: str, lang: str) -> Iterator[int]:
    held = _held(text)
    for match in _ends(lang).finditer(text):
        end = match.end()
        stop = match.start()
        if end >= len(text):
            return
        if any(start < stop and end <= close for start, close in held):
            continue
        if text[stop] in _STOPS and not (text[stop] in "!?" and _wide(text, stop - 1)) and not _ends_here(text, match, lang):
            continue
        if match["close"] and _wide(text, end) and _QUOTATIVE.match(text, end) and lang != "zh":
            continue
        yield end


def _wide(text: str, at: int) -> bool:
    return 0 <= at < len(text) and re.match(f"[{_CJK}]", text[at]) is not None


def _held(text: str) -> list[tuple[int, int]]:
    """Brackets and quotations inside which no sentence ends: (start, end just after the closer)."""
    stack: list[tuple[str, int]] = []
    held: list[tuple[int, int]] = []
    for match in _BRACKETS.finditer(text):
        mark = match[0]
        if stack and mark == stack[-1][0]:
            _, start = stack.pop()
            end = match.end()
            if end - start < 400 and _goes_on(text, start, end):
                held.append((start, end))
        elif mark in _PAIRS:
            stack.append((_PAIRS[mark], match.start()))
    return held


def _goes_on(text: str, start: int, end: int) -> bool:
    """Whether the sentence around a bracket or quotation goes on after it, or began before it."""
    if text[start] in "（([［【":
        return True
    after = text[end : end + 12]
    return bool(_QUOTATIVE.match(after)) or bool(re.match(r"\s?[a-zà-ÿа-я]", after))


def _ends_here(text: str, match: re.Match[str], lang: str) -> bool:
    """Whether a stop of an alphabetic script ends its sentence."""
    end = match.end()
    following = re.compile(rf"(\s*)([{re.escape(_OPENERS)}]*\s?)(.?)").match(text, end)
    assert following is not None
    space, _, first = following.groups()
    stop = match[0].rstrip(_CLOSERS + " ")
    if not space and not re.match(f"[{_CJK}]", first or " "):
        return text[match.start()] in "؟۔।॥։።፧။៕៚᠃᠉" or (text[match.start()] in "!?" and first.isupper() and match["close"] != "")
    if first and first.islower():
        return False
    if stop.startswith("…") or stop.startswith(".."):
        return first.isupper() or not first.isalpha() or not first.isascii()
    if stop != ".":
        return True
    word = _LAST_WORD.search(text, max(0, match.start() - 24), match.start())
    before = word[0] if word else ""
    return not _abbreviated(before, first, lang)


def _abbreviated(word: str, first: str, lang: str) -> bool:
    """Whether the stop after `word` belongs to it, `first` being the first letter that follows."""
    bare = word.strip("\"'“‘(").lower()
    if not bare:
        return False
    if bare in NUMBERED:
        return first.isdigit()
    if bare in abbreviations(lang):
        return True
    if len(bare) == 1 and bare.isalpha() and word[-1].isupper() and not re.match(f"[{_CJK}]", word):
        return True
    if bare.isdigit():
        return len(bare) <= 2 and lang in ORDINAL
    return re.fullmatch(r"(?:[^\W\d_]\.)+[^\W\d_]", word) is not None and first.isupper() and len(word) <= 3 and lang != "en"
