"""Pair files by name: `a.en.txt` with `a.ja.txt`, `en/a.txt` with `ja/a.txt`."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from align.bulk.types import PairEntry
from align.text.tags import canonical, primary, range_matches

# ISO 639-1, and the three-letter codes that corpora use for languages without a shorter one.
LANGUAGE_CODES = frozenset(
    """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da
    de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz
    ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln
    lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi
    pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti
    tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu ast ceb fil hsb dsb nds
    yue wuu ckb
    """.split()  # noqa: SIM905
)
TAG_PATTERN = r"[A-Za-z]{2,3}(?:[-_](?:Hans|Hant|Latn|Cyrl|Arab|Deva))?(?:[-_](?:[A-Z]{2}|[0-9]{3}|[a-z]{2}))?"
TAG_IN_NAME = re.compile(rf"(?P<sign>^|[._-])(?P<tag>{TAG_PATTERN})(?=\.)")
WHOLE_TAG = re.compile(rf"{TAG_PATTERN}$")
PLACEHOLDER = "\x00"
"""Replaces the language tag in a path; occurs in no file name."""


@dataclass(frozen=True, slots=True)
class FilenamePairs:
    """Pairs by name, in order, and the files without a partner."""

    pairs: tuple[PairEntry, ...]
    unpaired: tuple[str, ...]


def spelled_tag(text: str) -> str | None:
    """The language tag that part of a name spells, in lower case (`zh_TW` and `zh_HK` stay two texts of one tag),
    or None."""
    if not WHOLE_TAG.match(text):
        return None
    tag = text.lower().replace("_", "-")
    return tag if primary(tag) in LANGUAGE_CODES else None


def tag_readings(path: str) -> Iterator[tuple[str, str]]:
    """Every reading of a language in a path: (the path with `PLACEHOLDER` for the language, the tag as in
    `spelled_tag`).

    The likeliest reading comes first: `name.en.txt` and `en.txt`, then a folder `en`, then `name-en.txt`.
    """
    folder, name = os.path.split(path)
    unlikely: list[tuple[str, str]] = []
    for match in reversed(list(_tags_in(name))):
        tag = spelled_tag(match["tag"])
        if tag:
            reading = os.path.join(folder, name[: match.start("tag")] + PLACEHOLDER + name[match.end() :]), tag
            if match["sign"] in ("", "."):
                yield reading
            else:
                unlikely.append(reading)
    parts = folder.split(os.sep)
    for index in range(len(parts) - 1, -1, -1):
        tag = spelled_tag(parts[index])
        if tag:
            yield os.sep.join([*parts[:index], PLACEHOLDER, *parts[index + 1 :], name]), tag
    yield from unlikely


def _tags_in(name: str) -> Iterator[re.Match[str]]:
    """Possible language tags in a file name. They may overlap: in `foo-en.txt`, `foo-en` is none, `en` is one."""
    match = TAG_IN_NAME.search(name)
    while match:
        yield match
        match = TAG_IN_NAME.search(name, match.end() if spelled_tag(match["tag"]) else match.start("tag") + 1)


def pair_by_name(files: Sequence[str], src: str | None = None, tgt: str | None = None) -> FilenamePairs:
    """Pair files whose names differ only in a language, in the order of the files.

    With `src` and `tgt` (primary tags such as `en`, or whole ones such as `zh-Hant`) only that pair of languages,
    in that direction; with one of them, that side; with neither, every two languages of a text, by tag.
    """
    groups: dict[str, dict[str, str]] = defaultdict(dict)
    for path in files:
        for key, tag in tag_readings(path):
            groups[key].setdefault(tag, path)
    pairs: list[PairEntry] = []
    used: set[str] = set()
    done: set[str] = set()
    for path in files:
        shared = next((key for key, _ in tag_readings(path) if len(groups[key]) > 1), None)
        if shared is None or shared in done:
            continue
        done.add(shared)
        group = groups[shared]
        for one, other in combinations(sorted(group), 2):
            tags = {name: canonical(name) or name for name in (one, other)}
            ends = _in_direction(one, other, tags, src, tgt)
            if ends is not None:
                entry = PairEntry(*(group[end] for end in ends), *(tags[end] for end in ends))
                pairs.append(entry)
                used.update((entry.src, entry.tgt))
    return FilenamePairs(tuple(pairs), tuple(path for path in files if path not in used))


def _in_direction(
    one: str, other: str, tags: Mapping[str, str], src: str | None, tgt: str | None
) -> tuple[str, str] | None:
    for ends in ((one, other), (other, one)):
        if range_matches(src, tags[ends[0]]) and range_matches(tgt, tags[ends[1]]):
            return ends
    return None
