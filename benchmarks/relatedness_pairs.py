"""Pairs of documents that the document confidence is fitted and judged on: translations, and texts of other content."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from align.text.tags import primary
from benchmarks.gold import documents, names
from benchmarks.perturb import Hardship, perturbed
from benchmarks.pool import CORPORA

SIZES = (1, 2, 3, 5, 12)
"""Links of the documents that are cut from longer ones."""
CUT = 24
"""Related documents of each size that are cut from a file; there are as many unrelated ones."""
SHORT = 24
"""Characters of a string of a user interface, at most, in letters' worth of the longer side."""
WHOLE = 3
"""Unrelated whole texts to each whole text of a file."""
EDITIONS = (Hardship(drop=0.25), Hardship(drop=0.5), Hardship(omissions=3), Hardship(merge=0.2, moves=1))
LONGEST = 200
"""Source sentences of a whole text, about: of longer ones the beginning is taken."""
SENTENCES_TAKEN = 300
"""Source sentences of a file that are taken, about."""
SEED = 11


@dataclass(frozen=True, slots=True)
class DocumentPair:
    """Two texts. `links`: how many links they were cut to; 0: whole texts. `kind`: how they were made."""

    corpus: str
    other: str
    """Corpus of the target text, where it is another one."""
    kind: str
    links: int
    related: bool
    src: tuple[str, ...]
    tgt: tuple[str, ...]
    src_lang: str
    tgt_lang: str


def pairs(corpus: str) -> Iterator[DocumentPair]:
    """The pairs of a corpus; the same each time."""
    for name in names():
        if name.startswith(CORPORA[corpus]):
            chance = random.Random(f"{SEED}/{name}")
            by_languages: dict[tuple[str, str], list[dict[str, Any]]] = {}
            for document in taken(name):
                by_languages.setdefault((document["src_lang"], document["tgt_lang"]), []).append(document)
            for of_languages in by_languages.values():
                share = 1.0 if len(by_languages) == 1 else 0.25
                yield from _cut(corpus, of_languages, chance, share)
                yield from _whole(corpus, of_languages, chance)


def taken(name: str) -> list[dict[str, Any]]:
    """The first documents of a file, SENTENCES_TAKEN in all or a little more."""
    found: list[dict[str, Any]] = []
    for document in documents(name):
        if sum(len(d["src"]) for d in found) < SENTENCES_TAKEN or (document["src_lang"], document["tgt_lang"]) not in {
            (d["src_lang"], d["tgt_lang"]) for d in found
        }:
            found.append(_beginning(document))
    return found


def _links(document: dict[str, Any]) -> list[tuple[list[str], list[str]]]:
    """The texts of the gold's links, in the order of the source."""
    return [
        ([document["src"][i] for i in s], [document["tgt"][j] for j in t])
        for s, t in sorted((bead for bead in document["gold"] if bead[0] and bead[1]), key=lambda bead: bead[0])
    ]


def _cut(corpus: str, found: Sequence[dict[str, Any]], chance: random.Random, share: float) -> Iterator[DocumentPair]:
    links = [_links(document) for document in found]
    longest = max(map(len, links))
    langs = found[0]["src_lang"], found[0]["tgt_lang"]
    for size in SIZES:
        fit = [k for k, of_one in enumerate(links) if len(of_one) >= size]
        for _ in range(int(CUT * share) if size <= longest else 0):
            k = chance.choice(fit)
            at = chance.randrange(len(links[k]) - size + 1)
            run = links[k][at : at + size]
            src, tgt = (tuple(text for link in run for text in link[side]) for side in (0, 1))
            yield DocumentPair(corpus, corpus, "cut", size, True, src, tgt, *langs)
            for _ in range(20):
                other = chance.choice(fit)
                there = chance.randrange(len(links[other]) - size + 1)
                if other != k or abs(there - at) >= size:
                    tgt = tuple(text for link in links[other][there : there + size] for text in link[1])
                    yield DocumentPair(corpus, corpus, "cut", size, False, src, tgt, *langs)
                    break


def _whole(corpus: str, found: Sequence[dict[str, Any]], chance: random.Random) -> Iterator[DocumentPair]:
    texts = [document for document in found if len(document["src"]) >= 5]
    for document in texts:
        langs = document["src_lang"], document["tgt_lang"]
        yield DocumentPair(corpus, corpus, "whole", 0, True, tuple(document["src"]), tuple(document["tgt"]), *langs)
        for edition, hardship in enumerate(EDITIONS):
            other = perturbed(document, hardship, SEED + edition)
            if other["src"] and other["tgt"]:
                yield DocumentPair(
                    corpus, corpus, f"edition {edition}", 0, True, tuple(other["src"]), tuple(other["tgt"]), *langs
                )
        n, m = len(document["src"]), len(document["tgt"])
        yield DocumentPair(
            corpus, corpus, "half", 0, True, tuple(document["src"]), tuple(document["tgt"][: m // 2]), *langs
        )
        yield DocumentPair(
            corpus, corpus, "half", 0, True, tuple(document["src"][n // 2 :]), tuple(document["tgt"]), *langs
        )
        for other in chance.sample([d for d in texts if d is not document], min(WHOLE, len(texts) - 1)):
            yield DocumentPair(corpus, corpus, "whole", 0, False, tuple(document["src"]), tuple(other["tgt"]), *langs)
        if n >= 60 and m >= 60:
            ends = tuple(document["src"][: n // 2 - 10]), tuple(document["tgt"][m // 2 + 10 :])
            yield DocumentPair(corpus, corpus, "ends", 0, False, *ends, *langs)


def _beginning(document: dict[str, Any]) -> dict[str, Any]:
    """The first LONGEST source sentences or so of a document, with what is linked to them."""
    if len(document["src"]) <= LONGEST:
        return document
    links = sorted((bead for bead in document["gold"] if bead[0] and bead[1]), key=lambda bead: bead[0])
    kept = [bead for bead in links if max(bead[0]) < LONGEST]
    n, m = (1 + max(max(bead[side]) for bead in kept) for side in (0, 1))
    gold = [bead for bead in document["gold"] if all(i < n for i in bead[0]) and all(j < m for j in bead[1])]
    return {**document, "src": document["src"][:n], "tgt": document["tgt"][:m], "gold": gold}


def across(corpus: str, most: int = 60) -> Iterator[DocumentPair]:
    """Texts of a corpus with texts of others in the same languages, of some sizes and whole."""
    chance = random.Random(f"{SEED}/across/{corpus}")
    own = [d for name in names() if name.startswith(CORPORA[corpus]) for d in taken(name)]
    others = [
        (c, d) for c in CORPORA if c != corpus for name in names() if name.startswith(CORPORA[c]) for d in taken(name)
    ]
    for _ in range(most):
        document = chance.choice(own)
        languages = {primary(document["src_lang"]), primary(document["tgt_lang"])}
        fit = [(c, d) for c, d in others for key in ("src", "tgt") if primary(d[f"{key}_lang"]) in languages]
        if not fit:
            return
        other, far = chance.choice(fit)
        far_key = next(key for key in ("src", "tgt") if primary(far[f"{key}_lang"]) in languages)
        own_keys = [k for k in ("src", "tgt") if primary(document[f"{k}_lang"]) != primary(far[f"{far_key}_lang"])]
        if not own_keys:
            continue
        own_key = own_keys[0]
        size = chance.choice((1, 2, 3, 5, 10, 30, 120))
        one, two = (_part(texts, size, chance) for texts in (document[own_key], far[far_key]))
        yield DocumentPair(
            corpus,
            other,
            "across",
            size if size < 100 else 0,
            False,
            one,
            two,
            document[f"{own_key}_lang"],
            far[f"{far_key}_lang"],
        )


def _part(texts: Sequence[str], size: int, chance: random.Random) -> tuple[str, ...]:
    at = chance.randrange(max(1, len(texts) - size + 1))
    return tuple(texts[at : at + size])
