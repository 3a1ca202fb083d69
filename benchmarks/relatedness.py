"""How absolute the confidence is: links of short and of whole texts that belong together, and of texts that do not.

    python -m benchmarks.relatedness [--encoder use] [--cache FOLDER] [--count 500]

Documents of one, two and three sentences are cut from news (ntrex) and dialogues (bsd), short strings of a user
interface from k8s: as many of strangers as of true pairs. Whole texts are all of the gold, as they are and with a half
missing. Each is aligned with the fold that never saw its corpus. Sure is .9 or more: the share of the strangers with
such a link, and of the links of true pairs. Warned: pairs below the document confidence that is warned of.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from align.aligner import DocumentAlignment, align_documents
from align.embeddings import Encoder, unknown_languages
from align.embeddings.embed import TextSide, embed_sides
from align.text.normalize import weighted_length
from align.workspace.pair import UNRELATED
from benchmarks.folds import unseen
from benchmarks.gold import asked_for, documents, names
from benchmarks.vectors import encoder_of

SURE = 0.9
SEED = 17
SHORT_SETS = ("ntrex", "bsd")
STRINGS = 200
SHORT = 30
"""Letters' worth of a string of a user interface, at most."""
REACH = {1: (0.05, 0.70), 2: (0.02, 0.85), 3: (0.01, 0.90)}
"""Sentences of a document -> greatest share of strangers, least share of links of true pairs, that are sure."""

Text = tuple[Sequence[str], str]


@dataclass(frozen=True, slots=True)
class Case:
    """Two texts, and the gold's links where they belong together."""

    file: str
    src: Text
    tgt: Text
    gold: frozenset[tuple[tuple[int, ...], tuple[int, ...]]] = frozenset()


def cut(found: dict[str, list[dict[str, Any]]], size: int, count: int) -> Iterator[tuple[Case, Case]]:
    """`count` pairs of a document of `size` links and its translation, and the same with a text from elsewhere."""
    chance = random.Random(f"{SEED}/{size}")
    files = sorted(found)
    for k in range(count):
        file = files[k % len(files)]
        one, other = chance.choice(found[file]), chance.choice(found[file])
        at, there = (chance.randrange(len(d["gold"]) - size + 1) for d in (one, other))
        while other is one and abs(at - there) < size:
            other = chance.choice(found[file])
            there = chance.randrange(len(other["gold"]) - size + 1)
        src = ([one["src"][i] for i, _ in _run(one, at, size)], one["src_lang"])
        tgt = ([one["tgt"][j] for _, j in _run(one, at, size)], one["tgt_lang"])
        far = ([other["tgt"][j] for _, j in _run(other, there, size)], one["tgt_lang"])
        gold = frozenset(((i,), (i,)) for i in range(size))
        yield Case(file, src, tgt, gold), Case(file, src, far)


def _run(document: dict[str, Any], at: int, size: int) -> list[tuple[int, int]]:
    return [(s[0], t[0]) for s, t in document["gold"][at : at + size]]


def one_to_one(name: str, encoder: Encoder, longest: float | None = None) -> dict[str, list[dict[str, Any]]]:
    """The documents of some files, with the links of one and one sentence; longest: of short strings only."""
    found: dict[str, list[dict[str, Any]]] = {}
    for file in names():
        if not file.startswith(name):
            continue
        for document in documents(file):
            if unknown_languages(encoder, {document["src_lang"], document["tgt_lang"]}):
                continue
            links = [
                (s, t)
                for s, t in document["gold"]
                if len(s) == len(t) == 1
                and (longest is None or _worth(document, s[0], t[0]) <= longest)
                and document["src"][s[0]] != document["tgt"][t[0]]
            ]
            if len(links) >= 3:
                found.setdefault(file, []).append({**document, "gold": links})
    return found


def _worth(document: dict[str, Any], i: int, j: int) -> float:
    return max(
        weighted_length(document["src"][i], document["src_lang"].split("-")[0]),
        weighted_length(document["tgt"][j], document["tgt_lang"].split("-")[0]),
    )


def aligned(encoder: Encoder, case: Case) -> DocumentAlignment:
    """The alignment by the fold that never saw the corpus."""
    sides = embed_sides(encoder, [TextSide(tuple(text), lang) for text, lang in (case.src, case.tgt)])
    with unseen(case.file):
        return align_documents(*sides)


def short(encoder: Encoder, cases: Sequence[tuple[Case, Case]]) -> dict[str, Any]:
    """Shares of pairs of short documents."""
    strangers = [aligned(encoder, other) for _, other in cases]
    related = [(case, aligned(encoder, case)) for case, _ in cases]
    links = sum(len(case.gold) for case, _ in related)
    sure = sum(
        (tuple(bead.src), tuple(bead.tgt)) in case.gold and bead.confidence >= SURE
        for case, found in related
        for bead in found.beads
    )
    high = [any(b.src and b.tgt and b.confidence >= SURE for b in found.beads) for found in strangers]
    return {
        "strangers_sure": round(float(np.mean(high)), 4),
        "strangers_warned": round(float(np.mean([(a.confidence or 0) < UNRELATED for a in strangers])), 4),
        "true_sure": round(sure / links, 4),
        "true_warned": round(float(np.mean([(a.confidence or 0) < UNRELATED for _, a in related])), 4),
    }


def whole(encoder: Encoder, file: str) -> dict[str, Any]:
    """Of the documents of five sentences and more of a file: how many are warned of, rightly and wrongly."""
    found = [
        d
        for d in documents(file)
        if len(d["src"]) >= 5 and not unknown_languages(encoder, {d["src_lang"], d["tgt_lang"]})
    ]
    cases: dict[str, list[Case]] = {"warned": [], "warned, half missing": [], "strangers": []}
    for k, d in enumerate(found):
        src, tgt = (d["src"], d["src_lang"]), (d["tgt"], d["tgt_lang"])
        n, m = len(d["src"]), len(d["tgt"])
        cases["warned"].append(Case(file, src, tgt))
        cases["warned, half missing"].append(Case(file, src, (d["tgt"][: m // 2], d["tgt_lang"])))
        cases["warned, half missing"].append(Case(file, (d["src"][n // 2 :], d["src_lang"]), tgt))
        if n >= 60:
            cases["strangers"].append(Case(file, (d["src"][: n // 2 - 10], src[1]), (d["tgt"][m // 2 + 10 :], tgt[1])))
        other = found[(k + 1) % len(found)]
        if other is not d and other["tgt_lang"] == d["tgt_lang"]:
            cases["strangers"].append(Case(file, src, (other["tgt"], other["tgt_lang"])))
    row: dict[str, Any] = {"set": file, "documents": len(found)}
    for kind, of_kind in cases.items():
        low = [(aligned(encoder, case).confidence or 0.0) for case in of_kind]
        row[kind] = f"{sum(x < UNRELATED for x in low)} of {len(low)}"
        row[f"{kind}, extreme"] = round(max(low, default=0.0) if kind == "strangers" else min(low, default=1.0), 3)
    return row


def main() -> None:
    parser = asked_for(__doc__)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--short", action="store_true", help="short documents only")
    asked = parser.parse_args()
    encoder = encoder_of(asked.encoder, asked.cache)
    for name in SHORT_SETS:
        for size, (most, least) in REACH.items():
            row = short(encoder, list(cut(one_to_one(name, encoder), size, asked.count)))
            reach = {"to reach": f"<= {most}, >= {least}"}
            print(json.dumps({"set": name, "sentences": size, **row, **reach}), flush=True)
    strings = list(cut(one_to_one("k8s", encoder, SHORT), 1, STRINGS))
    print(json.dumps({"set": "k8s, short strings", **short(encoder, strings)}), flush=True)
    for file in () if asked.short else names():
        if (row := whole(encoder, file))["documents"]:
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
