"""Split paragraphs into sentences, with exact offsets. Pure.

One pass over the marks that can end a sentence. Each is judged by its left context (abbreviation, number, initial),
the quotes and brackets that close after it, and its right context (a particle that continues, a speech tag, a new
sentence). Brackets, and quotations that the surrounding sentence continues after, are not split.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from align.models import Span
from align.text import sentences_thai
from align.text.abbreviations import IS_WIDE, OTHER_STOPS, after_references, ends_alphabetic
from align.text.tags import primary

_WIDE_STOPS = "。｡！？．"
_ENDS = f"[。｡！？{OTHER_STOPS}.!?…](?:[ \u00a0]?[{_WIDE_STOPS}{OTHER_STOPS}.!?…])*"
_CLOSING = "”’»›)]}」』）】〕〉》］｝〟"
_PAIRS = {"「": "」", "『": "』", "（": "）", "(": ")", "“": "”", "«": "»", "»": "«", "‹": "›", "›": "‹", "„": "“”",
          "”": "”", "‚": "‘", "‘": "’", "【": "】", "《": "》", "〈": "〉", "［": "］", "[": "]"}  # fmt: skip
"""Opening marks and the marks that close them: «French», »German«, „Polish”, ”Swedish”."""
_BOTH = "«»‹›”"
"""Marks that open a quotation in some languages and close one in others."""
_OPENING = re.compile("(?<![^\\s(\\[{\"'“‘„‚—–-])[«»‹›”](?=[^\\W_]|(?:…|\\.{3}) ?[^\\W_]|[„‚“‘«»‹›¿¡—–-])")
"""Such a mark as an opening one: directly before a word, and not directly after one."""
_LAST_MARKS = re.compile(f"[\"'“‘«‹{re.escape(_CLOSING)}]{{1,8}}(?:\\s|[„‚]|$)")
_BRACKETS = re.compile("[" + re.escape("".join(sorted({*_PAIRS, *"".join(_PAIRS.values())}))) + ']|"')
_ROUND = "（([［【"
_MAX_BRACKET = 60
"""Maximum characters of a bracket that is not split; a longer one was probably never closed."""
_MAX_NESTING = 20
_MAX_QUOTE = 45
"""Maximum characters of a quotation that is not split: longer ones are read and translated by sentence."""
_TITLES = "『《〈"
_GOES_ON = re.compile(
    "\\s?(?:と(?!ころ|もあれ|りわけ|にかく|はいえ|くに|もに)|って|との|など|なの|という|[はがをにのもでやへ](?![るた])|から|まで|より|、|，|,|・|等|だと|だっ|です|である"
    "|ではな|的(?!确|確)|之(?!后|後|前)|[一-龥]{0,2}$)"
)
_GOES_ON_HANGUL = re.compile(
    "(?:라고|이라고|라는|이라는|고|라며|이라며|라면서|며|은|는|이|가|을|를|의|에|와|과|로|으로|도|만|,)(?![가-힣]{4})"
)
_LOWER_AFTER = re.compile(r"[ \u00a0]?[,;:]|[ \u00a0]?[–—-]? ?[a-zß-öø-ÿāăąćčďđęěğīłńňőřśşšťūůűźżžа-яёіїєґα-ωά-ώ]")
_ANNOUNCED = re.compile(
    "(?:こう|次のように|以下のように|このように|こんな風に)[^。、「」]{0,24}[。｡]$|(?:이렇게|다음과 같이|이같이)[^.]{0,16}(?:말했|말한|말하|밝혔|전했|썼)[^.]{0,6}\\.$"  # noqa: E501
)
_SPEECH_TAG = re.compile(
    '(?! ?[0-9]{1,3}[ \u3000])[ \u3000]?[^。｡！？!?「」『』“”"]{0,28}?(?:'
    "(?:と|って)?(?:語った|述べた|話した|言った|語る|話す|述べる|言う|付け加えた|答えた|叫んだ)|(?:表示|问|問|说|說|称|稱|说道|說道|补充|補充|接着说|接著說|写道|寫道|问道|問道|回答|指出)(?:道|说|說)?"
    "|(?:말했다|말한다|덧붙였다|전했다|밝혔다|설명했다|대답했다|물었다|말했습니다|덧붙였습니다)"
    ")[。｡.]"
)
_SPEECH_TAG_LATIN = re.compile(
    r" (?:[A-Z][\w.'’-]* ){1,4}(?:said|added|says|told|asked|replied|wrote|explained|recalled|continued)\b[^.!?\"“”]{0,60}[.]"  # noqa: E501
)
_ASIDE = re.compile(
    "[ \u3000]?(?:（[^（）。！？]{1,12}）|\\((?:[!-'*-~ ]{1,60}|[^()]{1,12})(?<![.!?。])\\)|\\[\\d{1,3}\\])(?=\\s|$|[^\\s。、，,])"  # noqa: E501
)
_INNER_STOP = re.compile("[。！？]")


@cache
def _ends(lang: str) -> re.Pattern[str]:
    return re.compile(
        _ENDS.replace("‼", "‼;\u037e") if lang == "el" else f"{_ENDS}|[．](?![0-9０-９A-Za-z])[{_WIDE_STOPS}]*"
    )


def split(text: str, lang: str) -> list[Span]:
    """The sentences of a paragraph: ascending spans with only white space between, before and after them.

    `lang` is a BCP 47 tag; `und` uses the rules that all languages share. Line breaks inside are white space. Spans
    are never empty; a paragraph without any stop is one sentence, a blank one none.
    """
    if (
        not _INSIDE.search(text)
        and "2)" not in text
        and "』" not in text
        and "》" not in text
        and not _may_hide_boundaries(lang, text)
    ):
        bare = text.strip()
        start = text.index(bare)
        return [Span(start, start + len(bare))] if bare else []
    spans = _split_once(text, 0, lang)
    for _ in range(MAX_ROUNDS):
        # The context may hide a boundary that a piece by itself shows (an odd number of quotation marks).
        again: list[Span] = []
        changed = False
        for span in spans:
            parts = (
                _split_once(span.of(text), span.start, lang) if _INSIDE.search(text, span.start, span.end) else [span]
            )
            changed = changed or len(parts) != 1
            again += parts
        if not changed:
            break
        spans = again
    if primary(lang) in sentences_thai.LANGUAGES:
        spans = [part for span in spans for part in sentences_thai.split_span(text, span)]
    if len(text) <= MAX_SENTENCE_CHARACTERS:
        return spans
    return [part for span in spans for part in _split_long(text, span)]


def _may_hide_boundaries(lang: str, text: str) -> bool:
    """Whether sentences may end without a stop."""
    return len(text) > MAX_SENTENCE_CHARACTERS or primary(lang) in sentences_thai.LANGUAGES


MAX_SENTENCE_CHARACTERS = 4000
"""Maximum characters of a sentence without any stop, which is split there: encoders and readers cannot take more."""
_PAUSES = re.compile(r"[,;:、，；：]\s*|\s+")


def _split_long(text: str, span: Span) -> Iterator[Span]:
    """Yield parts of at most MAX_SENTENCE_CHARACTERS, split at a pause if there is one in the second half."""
    start = span.start
    while span.end - start > MAX_SENTENCE_CHARACTERS:
        end = start + MAX_SENTENCE_CHARACTERS
        for pause in _PAUSES.finditer(text, start + MAX_SENTENCE_CHARACTERS // 2, end):
            end = pause.end()
        yield Span(start, start + len(text[start:end].rstrip()))
        start = end
        while start < span.end and text[start].isspace():
            start += 1
    if start < span.end:
        yield Span(start, span.end)


MAX_ROUNDS = 6
"""Maximum passes over the pieces by themselves; two are enough for nearly every text."""
_INSIDE = re.compile(
    f"[。｡！？{OTHER_STOPS}.!?…;\u037e．][\\s{re.escape(_CLOSING)}\"'“]*[^\\s{re.escape(_CLOSING)}\"'“]"
)


def _split_once(text: str, offset: int, lang: str) -> list[Span]:
    """One pass: the sentences of `text`, with `offset` added to their spans."""
    spans: list[Span] = []
    start = 0
    for end in sorted({*_boundaries(text, primary(lang)), *_enumerated(text), *_works(text)}):
        _append(spans, text, start, end, offset)
        start = end
    _append(spans, text, start, len(text), offset)
    return spans


def _append(spans: list[Span], text: str, start: int, end: int, offset: int) -> None:
    piece = text[start:end]
    bare = piece.strip()
    if bare:
        start += piece.index(bare[0])
        spans.append(Span(offset + start, offset + start + len(bare)))


_LABEL = re.compile(r"(?<![\d.,])\d{1,3}(?=[.)] ?[^\W\d_])")
_BEFORE_LABEL = re.compile('(?:^|[.!?。！？:：;；)）」』”"»])\\s*[(（]?\\Z')


def _enumerated(text: str) -> list[int]:
    """Start offsets of the items of an enumeration inside one paragraph: 1. ... 2. ... 3. ..."""
    if "2." not in text and "2)" not in text:
        return []
    labels = [
        (match.start(), int(match[0]))
        for match in _LABEL.finditer(text)
        if _BEFORE_LABEL.search(text, max(0, match.start() - 3), match.start())
    ]
    if len(labels) < 3:
        return []
    starts: list[int] = []
    run: list[int] = []
    last = -1
    for at, number in [*labels, (len(text), -9)]:
        if number != last + 1:
            starts += run if len(run) >= 3 else []
            run = []
        run.append(at)
        last = number
    return [at for at in starts if at > 0]


_WORK = "(?:『[^『』]{1,60}』|《[^《》]{1,60}》)[ \u3000]?(?:（[^（）]{2,80}）|\\([^()]{2,80}\\))"
_A_WORK = re.compile(_WORK)
_WORKS = re.compile(f"(?:{_WORK}[ \u3000]?){{3,}}")
"""Consecutive titles with their authors or years, without commas: a list that lost its line breaks."""


def _works(text: str) -> list[int]:
    """Start offsets of the items in a list of works inside one paragraph: 『...』（1990年）『...』（1994年）..."""
    if text.count("』") < 3 and text.count("》") < 3:
        return []
    starts: list[int] = []
    for run in _WORKS.finditer(text):
        if not _GOES_ON.match(text, run.end()) or run.end() == len(text):
            starts += [item.start() for item in _A_WORK.finditer(text, run.start(), run.end())][1:]
    return starts


class _Quotes:
    """State of the quotation marks at a position, for marks that open in some languages and close in others."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.straight = 0
        self.curly = 0
        self.angles = 0

    def closes(self, at: int) -> bool:
        """Whether the mark at `at`, directly after a stop, closes a quotation. `at` must ascend from call to call."""
        mark, following = self.text[at], self.text[at + 1 : at + 2]
        if _LAST_MARKS.match(self.text, at):
            return True
        self.move(at)
        if mark == '"':
            return self.straight % 2 == 1
        if mark == "“":
            return self.curly > 0
        if mark in "«»":
            return self.angles % 2 == 1
        return not following.isalnum()

    def move(self, at: int) -> None:
        """Update the counts of open marks up to `at`."""
        text = self.text
        self.straight += text.count('"', self.at, at)
        self.curly = max(0, self.curly + text.count("“", self.at, at) - text.count("”", self.at, at))
        self.angles += text.count("«", self.at, at) + text.count("»", self.at, at)
        self.at = at


def _boundaries(text: str, lang: str) -> Iterator[int]:
    protected: list[tuple[int, int]] | None = None
    quotes = _Quotes(text)
    past = 0
    start = 0
    next_protected = 0
    for match in _ends(lang).finditer(text):
        stop = match.start()
        if stop < past:
            continue
        end = _close(text, match.end(), quotes)
        end = after_references(text, end, is_cjk=match[0][0] in _WIDE_STOPS)
        if end >= len(text):
            return
        if protected is None:
            protected = _protected_spans(text, lang)
        while next_protected < len(protected) and protected[next_protected][1] < end:
            next_protected += 1
        if next_protected < len(protected) and protected[next_protected][0] < stop:  # noqa: SIM102
            # A bracket that starts the sentence and closes here ends with it.
            if end < protected[next_protected][1] or text[start : protected[next_protected][0]].strip():
                continue
        if not _ends_here(text, match, end, start, lang):
            continue
        aside = _ASIDE.match(text, end)
        if aside and match[0] != ".":
            end = aside.end()
        past = start = end
        yield end


def _close(text: str, at: int, quotes: _Quotes) -> int:
    """The end of the quotes and brackets that close directly after a stop."""
    size = len(text)
    while at < size:
        mark = text[at]
        if mark in "\"“'‘«»‹":
            if not quotes.closes(at):
                return at
            at += 1
        elif mark in _CLOSING:
            at += 1
        elif mark in " \u00a0\u202f" and text[at + 1 : at + 2] in ("»", "”"):
            quotes.move(at)
            if _OPENING.match(text, at + 1) and not (text[at + 1] == "”" and quotes.curly):
                return at
            at += 2  # after a space, as in French
        else:
            return at
    return at


def _protected_spans(text: str, lang: str) -> list[tuple[int, int]]:
    """Brackets and quotations that are not split: (start, end after the closing mark), outermost only."""
    stack: list[tuple[str, int]] = []
    protected: list[tuple[int, int]] = []
    for match in _BRACKETS.finditer(text):
        mark = match[0]
        straight = mark == '"' and any(close == '"' for close, _ in stack)
        opens = mark in _BOTH and _OPENING.match(text, match.start()) is not None
        if stack and ((mark in stack[-1][0] and not opens) or straight):
            start, end = _pop_opened(stack, mark), match.end()
            if end - start < _MAX_BRACKET and _is_part_of_sentence(text, start, end, lang):
                while protected and protected[-1][0] >= start:
                    protected.pop()
                protected.append((start, end))
        elif len(stack) >= _MAX_NESTING:
            stack.clear()  # too deep for real text: the open marks were not meant as brackets
        elif mark == '"':
            stack.append(('"', match.start()))
        elif (opens or (mark in _PAIRS and mark not in _CLOSING)) and not (
            mark == "‘" and text[match.start() - 1 : match.start()].isalpha()
        ):
            stack.append((_PAIRS[mark], match.start()))
    return protected


def _pop_opened(stack: list[tuple[str, int]], mark: str) -> int:
    """Remove the innermost mark that `mark` closes, with those inside it, or all; returns the start of the last one."""
    while True:
        closer, start = stack.pop()
        if mark in closer or not stack:
            return start


def _is_part_of_sentence(text: str, start: int, end: int, lang: str) -> bool:
    """Whether a bracket or quotation is part of a sentence that begins before it or continues after it."""
    mark = text[start]
    if mark in _ROUND:
        return True
    if mark in _TITLES and end - start < 60:
        return True
    if end - start > _MAX_QUOTE:
        return False
    if IS_WIDE.match(text, max(0, end - 3)) or IS_WIDE.match(text, end) or text[end - 2 : end - 1] in "。！？":
        if text[end - 2] in "。！？" and _INNER_STOP.search(text, start, end - 2):
            return False
        if lang == "ko":
            return _GOES_ON_HANGUL.match(text, end) is not None
        return _GOES_ON.match(text, end) is not None and end < len(text)
    return _LOWER_AFTER.match(text, end) is not None


def _ends_here(text: str, match: re.Match[str], end: int, start: int, lang: str) -> bool:
    """Whether the marks of `match`, with closing marks up to `end`, end the sentence that starts at `start`."""
    stop = match[0]
    closed = end > match.end()
    before = text[match.start() - 1 : match.start()]
    wide = stop[0] in _WIDE_STOPS or (IS_WIDE.match(before) is not None and stop[0] in "!?.")
    if closed and (_SPEECH_TAG.match(text, end) or _SPEECH_TAG_LATIN.match(text, end)):
        return False
    if wide and stop[0] != ".":
        following = text[end : end + 1]
        if following in "、，,；;：)）」』”":
            return False
        if following in "（(" and text[end - 1] in "』》〉":
            return False  # a title that ends in a stop, and its year
        if closed and _GOES_ON.match(text, end) and not (lang == "zh" and following in "はがをにもで"):
            return False
        return not (following in "「『“" and _ANNOUNCED.search(text, max(start, end - 40), end))
    if wide and _ANNOUNCED.search(text, max(start, end - 40), end) and text[end : end + 2].strip() in ('"', "“", "‘"):
        return False
    return ends_alphabetic(text, match, end, start, lang, is_wide=wide)
