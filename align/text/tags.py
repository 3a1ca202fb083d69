"""Language tags in canonical form: BCP 47, Chinese by its script."""

from __future__ import annotations

import re
from functools import lru_cache

from align.models import UNDETERMINED

_REGIONS = {"tw": "zh-Hant", "hk": "zh-Hant", "mo": "zh-Hant", "hant": "zh-Hant", "cn": "zh-Hans", "sg": "zh-Hans",
            "my": "zh-Hans", "hans": "zh-Hans", "cht": "zh-Hant", "chs": "zh-Hans"}  # fmt: skip

_OLD = {"iw": "he", "in": "id", "ji": "yi", "nb": "no", "nn": "no", "cmn": "zh", "jp": "ja", "kr": "ko"}

_RIGHT_TO_LEFT = frozenset({"ar", "he", "fa", "ur", "yi", "ps", "sd", "ug"})

_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*\Z")


@lru_cache(maxsize=1024)
def shortened(tag: str) -> str:
    """The tag with the two-letter code of its language, where there is one: `de` of `deu` and of `ger`."""
    first, mark, rest = tag.partition("-")
    if len(first) != 3 or not first.isascii():
        return tag
    from babel.core import get_global

    alias = str(get_global("language_aliases").get(first.lower()) or "")
    return f"{alias}{mark}{rest}" if len(alias) == 2 else tag


@lru_cache(maxsize=1024)
def is_listed(tag: str) -> bool:
    """Whether the language of a tag has a name in the CLDR, which lists some 600 languages."""
    from babel import Locale

    return primary(shortened(tag)) in Locale("en").languages


@lru_cache(maxsize=256)
def language_name(tag: str) -> str:
    """English name of the language of a tag, as the CLDR has it: `Traditional Chinese` of `zh-TW`; else the tag."""
    from babel import Locale

    names, parts = Locale("en").languages, (canonical(tag) or tag).split("-")
    if parts[0] in ("und", "mul", "zxx"):
        return tag
    for stop in range(len(parts), 0, -1):
        if name := names.get("_".join(parts[:stop])):
            return f"{name} ({'-'.join(parts[stop:])})" if parts[stop:] else str(name)
    return tag


@lru_cache(maxsize=4096)
def canonical(tag: str) -> str | None:
    """The canonical form of `tag`: `zh_TW` is `zh-Hant`, `EN-us` is `en-US`, `deu` is `de`; None where it is not a
    language tag."""
    tag = tag.strip()
    if not _TAG.match(tag):
        return None
    first, *rest = re.split("[-_]", tag)
    first = shortened(first.lower())
    first = _OLD.get(first, first)
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


def is_other_variety(one: str, other: str) -> bool:
    """Whether two tags of one language name different scripts or different regions: `zh-Hans` and `zh-Hant`,
    `pt-BR` and `pt-PT`; not where only one of them names any."""
    if primary(one) != primary(other):
        return False
    parts = [canonical(tag) or tag for tag in (one, other)]
    subtags = [
        (
            {part for part in tag.split("-")[1:] if len(part) == 4},
            {part for part in tag.split("-")[1:] if len(part) < 4},
        )
        for tag in parts
    ]
    return any(a and b and a != b for a, b in zip(*subtags, strict=True))


def is_right_to_left(tag: str) -> bool:
    """Whether a language is written from right to left."""
    return primary(tag) in _RIGHT_TO_LEFT


def lang_hint(tag: str | None) -> str | None:
    """Language hint from a format's `lang`: its canonical tag without region; None if it is not informative."""
    canonical_tag = canonical(tag) if tag else None
    if canonical_tag is None or canonical_tag in ("zh", "und", "mul", "zxx"):
        return None
    return canonical_tag if canonical_tag.startswith("zh-") else primary(canonical_tag)


def range_matches(language_range: str | None, tag: str) -> bool:
    """Whether a language range (None = any) includes a tag: `zh` includes `zh-Hant`, `deu` includes `de-AT`."""
    if language_range is None:
        return True
    tag, language_range = tag.lower(), shortened(language_range).lower()
    return tag == language_range or tag.startswith(language_range + "-")


def is_requested(tag: str, *requested: str | None) -> bool:
    """Whether a tag matches the requested script or region of its language: `zh-Hant` excludes other Chinese.

    A tag of another language than the requested ones matches.
    """
    same = [
        language_range for language_range in requested if language_range and primary(language_range) == primary(tag)
    ]
    return not same or any(range_matches(language_range, tag) for language_range in same)


_NORWEGIAN = frozenset({"nb", "nn"})

_CHINESE_REGIONS = frozenset({"TW", "HK", "MO", "CN", "SG", "MY"})
"""Regions of Chinese."""


def tag_or_undetermined(lang: str) -> str:
    """The BCP 47 tag for a tool's language code; `und` for an unknown one: then the texts are identified.

    Variants stay apart (`nb` and `nn`, `zh-TW` and `zh-HK`): they are different columns of a memory.
    """
    tag = canonical(lang)
    if tag is None:
        return UNDETERMINED
    first, *parts = lang.strip().replace("_", "-").split("-")
    if first.lower() in _NORWEGIAN:
        return "-".join([first.lower(), *(part.upper() for part in parts if len(part) == 2)])
    regions = [part.upper() for part in parts if part.upper() in _CHINESE_REGIONS]
    return f"zh-{regions[0]}" if primary(tag) == "zh" and regions else tag
