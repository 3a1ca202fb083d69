"""Pair files by name: `a.en.txt` with `a.ja.txt`, `en/a.txt` with `ja/a.txt`."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from align.bulk.model import PairEntry
from align.text.tags import canonical, covers, primary

# ISO 639-1, and the three-letter codes that corpora use for languages without a shorter one.
CODES = frozenset(
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
TAG = r"[A-Za-z]{2,3}(?:[-_](?:Hans|Hant|Latn|Cyrl|Arab|Deva))?(?:[-_](?:[A-Z]{2}|[0-9]{3}|[a-z]{2}))?"
IN_NAME = re.compile(rf"(?P<sign>^|[._-])(?P<tag>{TAG})(?=\.)")
WHOLE = re.compile(rf"{TAG}$")
HOLE = "\x00"
"""Replaces the language tag in a path; occurs in no file name."""


@dataclass(frozen=True, slots=True)
class Found:
    """Pairs by name, in order, and the files without a partner."""

    pairs: tuple[PairEntry, ...]
    alone: tuple[str, ...]


def spelt(text: str) -> str | None:
    """The language tag that part of a name spells, in lower case (`zh_TW` and `zh_HK` stay two texts of one tag),
    or None."""
    if not WHOLE.match(text):
        return None
    tag = text.lower().replace("_", "-")
    return tag if primary(tag) in CODES else None


def markings(path: str) -> Iterator[tuple[str, str]]:
    """Every reading of a language in a path: (the path with `PLACEHOLDER` for the language, the tag as in
    `spelled_tag`).

    The likeliest reading comes first: `name.en.txt` and `en.txt`, then a folder `en`, then `name-en.txt`.
    """
    folder, name = os.path.split(path)
    late: list[tuple[str, str]] = []
    for found in reversed(list(_tags_in(name))):
        tag = spelt(found["tag"])
        if tag:
            marking = os.path.join(folder, name[: found.start("tag")] + HOLE + name[found.end() :]), tag
            if found["sign"] in ("", "."):
                yield marking
            else:
                late.append(marking)
    parts = folder.split(os.sep)
    for place in range(len(parts) - 1, -1, -1):
        tag = spelt(parts[place])
        if tag:
            yield os.sep.join([*parts[:place], HOLE, *parts[place + 1 :], name]), tag
    yield from late


def _tags_in(name: str) -> Iterator[re.Match[str]]:
    """Possible language tags in a file name. They may overlap: in `foo-en.txt`, `foo-en` is none, `en` is one."""
    found = IN_NAME.search(name)
    while found:
        yield found
        found = IN_NAME.search(name, found.end() if spelt(found["tag"]) else found.start("tag") + 1)


def pair_by_name(files: Sequence[str], src: str | None = None, tgt: str | None = None) -> Found:
    """Pair files whose names differ only in a language, in the order of the files.

    With `src` and `tgt` (primary tags such as `en`, or whole ones such as `zh-Hant`) only that pair of languages,
    in that direction; with one of them, that side; with neither, every two languages of a text, by tag.
    """
    groups: dict[str, dict[str, str]] = defaultdict(dict)
    for path in files:
        for key, tag in markings(path):
            groups[key].setdefault(tag, path)
    pairs: list[PairEntry] = []
    used: set[str] = set()
    done: set[str] = set()
    for path in files:
        shared = next((key for key, _ in markings(path) if len(groups[key]) > 1), None)
        if shared is None or shared in done:
            continue
        done.add(shared)
        group = groups[shared]
        for one, other in combinations(sorted(group), 2):
            tags = {name: canonical(name) or name for name in (one, other)}
            ends = _directed(one, other, tags, src, tgt)
            if ends is not None:
                entry = PairEntry(*(group[end] for end in ends), *(tags[end] for end in ends))
                pairs.append(entry)
                used.update((entry.src, entry.tgt))
    return Found(tuple(pairs), tuple(path for path in files if path not in used))


def _directed(
    one: str, other: str, tags: Mapping[str, str], src: str | None, tgt: str | None
) -> tuple[str, str] | None:
    for ends in ((one, other), (other, one)):
        if covers(src, tags[ends[0]]) and covers(tgt, tags[ends[1]]):
            return ends
    return None
