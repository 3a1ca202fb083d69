"""Han characters across their written forms: Japanese, traditional and simplified Chinese.

`fold` makes 日俄會議, 日俄会议 and 会議 comparable character by character; `han_evidence` shows which of the three
forms a run of Han characters fits, by the national character sets.
"""

from __future__ import annotations

from functools import cache

from align.text._han_table import FOLDED, FORMS

_FOLD = str.maketrans(FORMS, FOLDED)

MAX_READ_HAN = 400
"""Maximum Han characters that are used of a run; more do not change the result."""
RARE_CHARACTER_NATS = 1.2
"""Nats against a form for a character in its full character set but not in its common one."""
FOREIGN_CHARACTER_NATS = 3.6
"""Nats against a form for a character that is not in its character set."""
NO_KANA_NATS = 0.22
"""Nats against Japanese for each further Han character of a run without kana."""


def fold(text: str) -> str:
    """`text` with every shinjitai, traditional or variant Han character in one (mostly the simplified) form.

    Pure, and of the same length as `text`: offsets stay valid. Words that differ between the languages are not
    changed (that would be translation); idempotent.
    """
    return text.translate(_FOLD)


def _two_byte(codec: str, leads: range, trails: range) -> frozenset[str]:
    """Characters in a block of the code table of a legacy two-byte encoding."""
    raw = b"".join(bytes((lead, trail)) for lead in leads for trail in trails)
    return frozenset(raw.decode(codec, "ignore"))


@cache
def _classes() -> tuple[dict[int, str], dict[str, tuple[float, float, float]]]:
    """A table from each Han character to a letter for its class, and the (ja, Hant, Hans) cost of each class."""
    kanji_common = _two_byte("euc_jp", range(0xB0, 0xD0), range(0xA1, 0xFF))
    kanji = kanji_common | _two_byte("euc_jp", range(0xD0, 0xF5), range(0xA1, 0xFF))
    trails = range(0x40, 0xFF)
    hant_common = _two_byte("big5", range(0xA4, 0xC7), trails)
    hant = hant_common | _two_byte("big5", range(0xC9, 0xFA), trails)
    hans_common = _two_byte("gb2312", range(0xB0, 0xD8), range(0xA1, 0xFF))
    hans = hans_common | _two_byte("gb2312", range(0xD8, 0xF8), range(0xA1, 0xFF))
    simplified = {simple for form, simple in zip(FORMS, FOLDED, strict=True) if form in hant_common}
    # Big5's rarer half has characters that are only used as simplified forms (体, 万): they count against Hant.
    hant = frozenset(c for c in hant if c in hant_common or c not in simplified)
    letters: dict[tuple[float, float, float], str] = {}
    table: dict[int, str] = {}
    for character in kanji | hant | hans:
        if not "\u3400" <= character <= "\u9fff":
            continue
        cost = tuple(
            0.0 if character in common else RARE_CHARACTER_NATS if character in whole else FOREIGN_CHARACTER_NATS
            for common, whole in ((kanji_common, kanji), (hant_common, hant), (hans_common, hans))
        )
        letter = letters.setdefault(cost, chr(ord("A") + len(letters)))  # type: ignore[arg-type]
        table[ord(character)] = letter
    return table, {letter: cost for cost, letter in letters.items()}


@cache
def common_han(codec: str) -> frozenset[str]:
    """The common Han characters of the national character set of a legacy encoding; empty for others."""
    if codec in ("cp932", "shift_jis", "euc_jp", "iso2022_jp"):
        return _two_byte("euc_jp", range(0xB0, 0xD0), range(0xA1, 0xFF))
    if codec in ("gb18030", "gb2312", "gbk"):
        return _two_byte("gb2312", range(0xB0, 0xD8), range(0xA1, 0xFF))
    if codec in ("big5", "big5hkscs", "cp950"):
        return _two_byte("big5", range(0xA4, 0xC7), range(0x40, 0xFF))
    return frozenset()


def han_evidence(han: str) -> tuple[float, float, float]:
    """Misfit of a run of Han characters with (ja, zh-Hant, zh-Hans), in nats; 0 is a perfect fit.

    `han` consists of Han characters only (others are ignored). Kana is not considered here: the caller does that.
    """
    table, costs = _classes()
    classes = han[:MAX_READ_HAN].translate(table)
    ja = hant = hans = 0.0
    for letter, (a, b, c) in costs.items():
        count = classes.count(letter)
        if count:
            ja += a * count
            hant += b * count
            hans += c * count
    return ja, hant, hans


def chinese_tag(text: str) -> str:
    """`zh-Hant` or `zh-Hans`, by the Han characters of a Chinese text."""
    _, hant, hans = han_evidence("".join(c for c in text[:20_000] if c > "\u33ff"))
    return "zh-Hant" if hant < hans else "zh-Hans"
