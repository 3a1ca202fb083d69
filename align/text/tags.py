"""Language tags in canonical form: BCP 47, Chinese by its script."""

from __future__ import annotations

import re
from functools import lru_cache

_REGIONS = {"tw": "zh-Hant", "hk": "zh-Hant", "mo": "zh-Hant", "hant": "zh-Hant", "cn": "zh-Hans", "sg": "zh-Hans",
            "my": "zh-Hans", "hans": "zh-Hans", "cht": "zh-Hant", "chs": "zh-Hans"}  # fmt: skip
_OLD = {"iw": "he", "in": "id", "ji": "yi", "nb": "no", "nn": "no", "cmn": "zh", "jp": "ja", "kr": "ko"}
_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*\Z")


def canonical(tag: str) -> str | None:
    """The canonical form of `tag`: `zh_TW` is `zh-Hant`, `EN-us` is `en-US`; None where it is not a language tag."""
    tag = tag.strip()
    if not _TAG.match(tag):
        return None
    first, *rest = re.split("[-_]", tag)
    first = _OLD.get(first.lower(), first.lower())
    if first == "zh":
        for part in rest:
            if part.lower() in _REGIONS:
                return _REGIONS[part.lower()]
        return "zh"
    cased = [part.title() if len(part) == 4 else part.upper() if len(part) == 2 else part.lower() for part in rest]
    return "-".join([first, *cased])


@lru_cache(maxsize=1024)
def primary(tag: str) -> str:
    """The language of a tag without script or region, in lower case: `zh` of `zh-Hant` and of `zh_TW`."""
    return tag.replace("_", "-").partition("-")[0].strip().lower()


def lang_hint(tag: str | None) -> str | None:
    """Language hint from a format's `lang`: its canonical tag without region; None if it is not informative."""
    canonical_tag = canonical(tag) if tag else None
    if canonical_tag is None or canonical_tag in ("zh", "und", "mul", "zxx"):
        return None
    return canonical_tag if canonical_tag.startswith("zh-") else primary(canonical_tag)


def range_matches(language_range: str | None, tag: str) -> bool:
    """Whether a language range (None = any) includes a tag: `zh` includes `zh-Hant`."""
    return (
        language_range is None
        or tag.lower() == language_range.lower()
        or tag.lower().startswith(language_range.lower() + "-")
    )


def is_requested(tag: str, *requested: str | None) -> bool:
    """Whether a tag matches the requested script or region of its language: `zh-Hant` excludes other Chinese.

    A tag of another language than the requested ones matches.
    """
    same = [
        language_range for language_range in requested if language_range and primary(language_range) == primary(tag)
    ]
    return not same or any(range_matches(language_range, tag) for language_range in same)
