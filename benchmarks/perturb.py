"""Perturb gold documents, by a seed: drop, merge and split sentences, move paragraphs, insert omissions and noise.

    python -m benchmarks.perturb GOLD.jsonl OUT.jsonl --drop 0.2 --merge 0.1 --seed 1

The output is gold again: a sentence that loses its partner becomes a null, merged or split ones an n-m bead.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CLAUSE = re.compile(r"(?<=[,;:，；：、。])\s*(?=\S)")
SPACELESS = ("zh", "ja", "th", "yue")
ONE_SIDE, CUT_AGAIN = 0.92, 0.2
"""Share of the joined runs of a document that are on its one side; share of joined runs of three and more that are
split again."""


@dataclass(frozen=True, slots=True)
class Hardship:
    """Amount of each perturbation: shares of the beads, except where another unit is named."""

    drop: float = 0.0
    """Share of the sentences of each side that are dropped."""
    merge: float = 0.0
    """Share of adjacent pairs whose sentences are merged, on one side."""
    cut: float = 0.0
    """Share of the sentences that are split at a clause, on one side."""
    runs: tuple[float, ...] = ()
    """Shares of the runs of 1, 2, 3, .. beads whose sentences are joined into one, on one side; a document has
    ONE_SIDE of them on the same side."""
    moves: int = 0
    """Number of runs of three to six beads that are moved on the target side."""
    omissions: int = 0
    """Number of runs of five to thirty sentences that one side omits."""
    strangers: int = 0
    """Runs of one to eight sentences of `others` inserted into one side."""
    others: Sequence[dict[str, Any]] = field(default=(), repr=False)


@dataclass(slots=True)
class _Bead:
    src: list[str]
    tgt: list[str]
    place: float = 0.0


def perturbed(document: dict[str, Any], hardship: Hardship, seed: int) -> dict[str, Any]:
    """The perturbed document; the same for the same seed. Takes and returns a line of a gold file, unmodified."""
    chance = random.Random(f"{seed}/{document['id']}")
    beads = _ordered(document)
    beads = _merge(beads, hardship.merge, chance, document)
    beads = _cut(beads, hardship.cut, chance)
    for bead in beads:
        for sentences in (bead.src, bead.tgt):
            if sentences and chance.random() < hardship.drop:
                sentences.clear()
    if hardship.runs:
        beads = _join_runs(beads, hardship.runs, chance, document)
    for _ in range(hardship.omissions):
        length = chance.randint(5, 30)
        start, side = chance.randrange(max(1, len(beads) - 5)), chance.random() < 0.5
        for bead in beads[start : start + min(length, len(beads) // 4)]:
            (bead.src if side else bead.tgt).clear()
    for _ in range(hardship.strangers if hardship.others else 0):
        other = chance.choice(hardship.others)
        side = chance.random() < 0.5
        lines = other["src" if side else "tgt"]
        start = chance.randrange(len(lines))
        lone = [
            _Bead([line], []) if side else _Bead([], [line]) for line in lines[start : start + chance.randint(1, 8)]
        ]
        at = chance.randrange(len(beads) + 1)
        beads[at:at] = lone
    beads = [bead for bead in beads if bead.src or bead.tgt]
    order = list(range(len(beads)))
    for _ in range(hardship.moves):
        length = chance.randint(3, 6)
        if len(beads) < 3 * length:
            continue
        start = chance.randrange(len(order) - length)
        run = order[start : start + length]
        del order[start : start + length]
        at = chance.randrange(len(order) + 1)
        order[at:at] = run
    return _document(document, beads, order)


def _ordered(document: dict[str, Any]) -> list[_Bead]:
    """Beads in the order of both sides, with nulls at their positions."""
    beads = [(list(s), list(t)) for s, t in document["gold"] if s or t]
    alone = sorted((b for b in beads if not b[0]), key=lambda b: b[1])
    rest = sorted((b for b in beads if b[0]), key=lambda b: b[0])
    ordered: list[_Bead] = []
    for src, tgt in rest:
        while tgt and alone and alone[0][1][0] < tgt[0]:
            ordered.append(_Bead([], [document["tgt"][j] for j in alone.pop(0)[1]]))
        ordered.append(_Bead([document["src"][i] for i in src], [document["tgt"][j] for j in tgt]))
    ordered.extend(_Bead([], [document["tgt"][j] for j in tgt]) for _, tgt in alone)
    return ordered


def _joined(texts: Sequence[str], lang: str) -> str:
    return ("" if lang.split("-")[0] in SPACELESS else " ").join(texts)


def _merge(beads: list[_Bead], share: float, chance: random.Random, document: dict[str, Any]) -> list[_Bead]:
    merged: list[_Bead] = []
    for bead in beads:
        last = merged[-1] if merged else None
        if last and len(last.src) == len(last.tgt) == len(bead.src) == len(bead.tgt) == 1 and chance.random() < share:
            if chance.random() < 0.5:
                last.src, last.tgt = [_joined(last.src + bead.src, document["src_lang"])], last.tgt + bead.tgt
            else:
                last.src, last.tgt = last.src + bead.src, [_joined(last.tgt + bead.tgt, document["tgt_lang"])]
        else:
            merged.append(_Bead(list(bead.src), list(bead.tgt)))
    return merged


def _join_runs(
    beads: list[_Bead], shares: Sequence[float], chance: random.Random, document: dict[str, Any]
) -> list[_Bead]:
    """Join runs of beads of one sentence a side, like a translator who writes longer sentences."""
    usual, joined = chance.random() < 0.5, []
    at = 0
    while at < len(beads):
        length = chance.choices(range(1, len(shares) + 1), shares)[0]
        run = beads[at : at + length]
        at += length
        if len(run) > 1 and all(len(bead.src) == len(bead.tgt) == 1 for bead in run):
            src, tgt = [bead.src[0] for bead in run], [bead.tgt[0] for bead in run]
            if usual if chance.random() < ONE_SIDE else not usual:
                src = _cut_again([_joined(src, document["src_lang"])], len(run), chance)
            else:
                tgt = _cut_again([_joined(tgt, document["tgt_lang"])], len(run), chance)
            run = [_Bead(src, tgt)]
        joined += run
    return joined


def _cut_again(sentences: list[str], length: int, chance: random.Random) -> list[str]:
    """Split some of the long ones at a clause, not where they were joined."""
    return _halves(sentences[0], chance) if length > 2 and chance.random() < CUT_AGAIN else sentences


def _cut(beads: list[_Bead], share: float, chance: random.Random) -> list[_Bead]:
    for bead in beads:
        if len(bead.src) != 1 or len(bead.tgt) != 1 or chance.random() >= share:
            continue
        sentences = bead.src if chance.random() < 0.5 else bead.tgt
        sentences[:] = _halves(sentences[0], chance)
    return beads


def _halves(text: str, chance: random.Random) -> list[str]:
    """The text split at one of its clauses, or whole if it has none."""
    places = [found.start() for found in CLAUSE.finditer(text) if 4 <= found.start() <= len(text) - 4]
    if not places:
        return [text]
    at = chance.choice(places)
    return [text[:at].strip(), text[at:].strip()]


def end_to_end(documents: Sequence[dict[str, Any]], sentences: int) -> list[dict[str, Any]]:
    """Concatenate documents to texts of at least so many source sentences (the last may be shorter)."""
    texts: list[dict[str, Any]] = []
    for document in documents:
        last = texts[-1] if texts else None
        if (
            last is None
            or len(last["src"]) >= sentences
            or any(last[key] != document[key] for key in ("src_lang", "tgt_lang"))
        ):
            texts.append({**document, "src": [], "tgt": [], "gold": []})
            last = texts[-1]
        n, m = len(last["src"]), len(last["tgt"])
        last["gold"] += [[[n + i for i in s], [m + j for j in t]] for s, t in document["gold"]]
        last["src"] += document["src"]
        last["tgt"] += document["tgt"]
    return texts


def _document(document: dict[str, Any], beads: list[_Bead], order: list[int]) -> dict[str, Any]:
    """Number the sentences again; targets are in `order`. Nulls count one sentence each."""
    places: dict[int, list[int]] = {}
    tgt: list[str] = []
    for number in order:
        places[number] = list(range(len(tgt), len(tgt) + len(beads[number].tgt)))
        tgt.extend(beads[number].tgt)
    src: list[str] = []
    gold: list[list[list[int]]] = []
    for number, bead in enumerate(beads):
        rows = list(range(len(src), len(src) + len(bead.src)))
        src.extend(bead.src)
        if rows and places[number]:
            gold.append([rows, places[number]])
        else:
            gold.extend([[[i], []] for i in rows] + [[[], [j]] for j in places[number]])
    kept = {key: document[key] for key in ("id", "src_lang", "tgt_lang") if key in document}
    return kept | {"src": src, "tgt": tgt, "gold": gold}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    for name, kind in (
        ("drop", float),
        ("merge", float),
        ("cut", float),
        ("moves", int),
        ("omissions", int),
        ("strangers", int),
    ):
        parser.add_argument(f"--{name}", type=kind, default=0)
    asked = parser.parse_args()
    documents = [json.loads(line) for line in asked.gold.read_text(encoding="utf-8").splitlines()]
    hardship = Hardship(
        asked.drop, asked.merge, asked.cut, moves=asked.moves, omissions=asked.omissions,
        strangers=asked.strangers, others=documents,
    )  # fmt: skip
    lines = [json.dumps(perturbed(document, hardship, asked.seed), ensure_ascii=False) for document in documents]
    asked.out.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main()
