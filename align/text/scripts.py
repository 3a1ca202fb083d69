"""Count the letters of each script in a text, without parts that are not natural language."""

from __future__ import annotations

import re

HAN_CLASS = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3005\u3007\U00020000-\U000323af"
KANA_CLASS = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fd-\u30ff\u31f0-\u31ff\uff66-\uff6f\uff71-\uff9d"
HANGUL_CLASS = "\uac00-\ud7af\u1100-\u11ff\u3131-\u318e\uffa0-\uffdc"
BOPOMOFO_CLASS = "\u3105-\u312f\u31a0-\u31bf"

_RUNS: dict[str, re.Pattern[str]] = {
    name: re.compile(f"[{ranges}]+")
    for name, ranges in {
        "han": HAN_CLASS,
        "kana": KANA_CLASS,
        "hangul": HANGUL_CLASS,
        "bopomofo": BOPOMOFO_CLASS,
        "cyrillic": "\u0400-\u052f\u1c80-\u1c8f\u2de0-\u2dff\ua640-\ua69f",
        "arabic": "\u0620-\u064a\u066e-\u06d3\u06d5\u06fa-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc",
        "thai": "\u0e01-\u0e3a\u0e40-\u0e4e",
        "greek": "\u0370-\u03ff\u1f00-\u1fff",
        "hebrew": "\u05d0-\u05f2\ufb1d-\ufb4f",
        "devanagari": "\u0900-\u0963\u0970-\u097f",
        "bengali": "\u0980-\u09e3",
        "gurmukhi": "\u0a01-\u0a65\u0a70-\u0a75",
        "gujarati": "\u0a81-\u0ae3",
        "odia": "\u0b01-\u0b63",
        "tamil": "\u0b82-\u0be5",
        "telugu": "\u0c00-\u0c63",
        "kannada": "\u0c80-\u0ce3",
        "malayalam": "\u0d00-\u0d63",
        "sinhala": "\u0d81-\u0df4",
        "lao": "\u0e81-\u0ecd\u0edc-\u0edf",
        "tibetan": "\u0f00-\u0fff",
        "myanmar": "\u1000-\u109f",
        "georgian": "\u10a0-\u10ff\u1c90-\u1cbf",
        "ethiopic": "\u1200-\u139f",
        "khmer": "\u1780-\u17dd",
        "armenian": "\u0531-\u058f",
    }.items()
}
SOLE_LANGUAGE = {
    "hangul": "ko", "thai": "th", "greek": "el", "hebrew": "he", "bengali": "bn", "gurmukhi": "pa", "gujarati": "gu",
    "odia": "or", "tamil": "ta", "telugu": "te", "kannada": "kn", "malayalam": "ml", "sinhala": "si", "lao": "lo",
    "tibetan": "bo", "myanmar": "my", "georgian": "ka", "ethiopic": "am", "khmer": "km", "armenian": "hy",
}  # fmt: skip
"""Scripts that (almost) only one living language uses."""

CJK = frozenset({"han", "kana", "hangul", "bopomofo"})
LATIN_LETTERS = re.compile("[A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff]+")
_FOREIGN = re.compile("[\u0370-\u1cff\u1f00-\u1fff\u2de0-\u2dff\u2e80-\u2fdf\u3005\u3007\u3041-\ud7ff\uf900-\ufdff\ufe70-\ufefc\uff66-\uffdc"  # noqa: E501
                      "\U00020000-\U000323af]")  # fmt: skip
HAN = _RUNS["han"]
KANA = _RUNS["kana"]

_IMAGE_END = r"\.(?:jpe?g|png|gif|bmp|webp|svg|tiff?)(?-i:(?![a-z]))"
IMAGE_NAME = r"[\w+\-.()%]{1,80}?(?: ?\d{1,3})?" + _IMAGE_END
_FLAGS = re.ASCII | re.IGNORECASE
_URLS = re.compile(r"(?:https?|ftp)://[!-~]+|www\.[!-~]+", _FLAGS)
_MAILS = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+", _FLAGS)
_IMAGES = re.compile(rf"(?<![\w+\-.()%]){IMAGE_NAME}", _FLAGS)
_AN_IMAGE = re.compile(_IMAGE_END, _FLAGS)
_CODE = re.compile(
    r"</?[A-Za-z][^<>\n]{0,200}>|&#?\w{2,10};|`[^`\n]{1,80}`|(?<![\w-])--[a-z][\w-]{1,60}|\$\{[^}\n]{1,80}\}", _FLAGS
)
_NAMES = re.compile(r"(?<![\w#@.])[#@.]?\w{0,60}_\w{1,60}", _FLAGS)


def without_addresses(text: str) -> str:
    """`text` without addresses and image names."""
    if "://" in text or "www." in text:
        text = _URLS.sub(" ", text)
    if "@" in text:
        text = _MAILS.sub(" ", text)
    if "." in text and _AN_IMAGE.search(text):
        text = _IMAGES.sub(" ", text)
    return text


def natural_text(text: str) -> str:
    """`text` without parts that are not natural language: addresses, image names, markup, code, identifiers.

    Not for offsets: lengths change.
    """
    text = without_addresses(text)
    if "<" in text or "`" in text or "&" in text or "$" in text or "--" in text:
        text = _CODE.sub(" ", text)
    if "_" in text:
        text = _NAMES.sub(" ", text)
    return text


def is_latin_only(text: str) -> bool:
    """Whether all letters of `text` are Latin."""
    return text.isascii() or not _FOREIGN.search(text)


def count_scripts(text: str) -> dict[str, int]:
    """Letters of each script in `text`, without digits and signs; apply `natural_text` first."""
    counts: dict[str, int] = {}
    if not text.isascii() and _FOREIGN.search(text):
        for name in _COMMON if not _RARE.search(text) else _RUNS:
            matches = _RUNS[name].findall(text)
            if matches:
                counts[name] = len("".join(matches))
    latin = LATIN_LETTERS.findall(text)
    if latin:
        counts["latin"] = len("".join(latin))
    return counts


_COMMON = ("han", "kana", "hangul", "cyrillic")
_RARE = re.compile("[\u0370-\u03ff\u0530-\u10ff\u1200-\u1cff\u1f00-\u1fff\u2de0-\u2dff\u3105-\u312f\u31a0-\u31bf\ua640-\ua69f"  # noqa: E501
                   "\ufb13-\ufdff\ufe70-\ufefc]")  # fmt: skip
