"""Sentences out of paragraphs of a memory: `python -m benchmarks.split_units [SET ...] [--encoder use]`.

Units are made of three to six consecutive beads of dev gold, joined as the language requires; they are cut, and the
cuts are compared with the boundaries of the beads. Then the same with the stops of the target side taken out. Then
each source with the target of another unit: what is cut there is wrong. Nothing is fitted to any of it. Prints a line
for each set: units, precision and recall of the cuts, shares of units of strangers that are cut.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from typing import Any

from align.embeddings import Encoder
from align.exchange.split_units import split_units
from align.exchange.types import ImportedUnit, Segment
from align.text.normalize import join
from benchmarks.gold import asked_for, documents
from benchmarks.vectors import encoder_of

SETS = ("textberg", "mac", "bsd", "bible")
BEADS = (3, 6)
SEED = 11
UNITS = 200
_STOPS = re.compile(r"[.!?。！？…;:,、，]")

Boundaries = set[tuple[int, int]]
"""Letters before a cut, on each side."""


def paragraphs(document: dict[str, Any], chance: random.Random) -> Iterator[tuple[list[str], list[str]]]:
    """The texts of both sides of the beads of each unit."""
    beads = [bead for bead in document["gold"] if bead[0] and bead[1]]
    start = 0
    while start < len(beads):
        size = chance.randint(*BEADS)
        part = beads[start : start + size]
        if len(part) > 1:
            yield tuple(  # type: ignore[misc]
                [join([document[side][row] for row in bead[number]], document[f"{side}_lang"]) for bead in part]
                for number, side in enumerate(("src", "tgt"))
            )
        start += size


def letters(text: str) -> int:
    """Characters that are no white space: the same however texts are joined."""
    return sum(not character.isspace() for character in text)


def boundaries(sides: Sequence[Sequence[str]]) -> Boundaries:
    """The cuts between the texts of both sides."""
    counts = [[0, 0]]
    for texts in zip(*sides, strict=True):
        counts.append([before + letters(text) for before, text in zip(counts[-1], texts, strict=True)])
    return {(src, tgt) for src, tgt in counts[1:-1]}


def cuts(units: Sequence[ImportedUnit], encoder: Encoder) -> dict[str, Boundaries]:
    """The cuts of each unit, by where it is."""
    parts: dict[str, list[ImportedUnit]] = {}
    for unit in split_units(units, lambda languages: encoder).units:
        parts.setdefault(unit.where.partition(".")[0], []).append(unit)
    return {
        where: boundaries([[unit.sides[side].text for unit in own] for side in (0, 1)]) for where, own in parts.items()
    }


def line(name: str, encoder: Encoder, *, stops: bool) -> str:
    """The figures of a set."""
    chance = random.Random(SEED)
    made = [(one, pair) for one in documents(name) for pair in paragraphs(one, chance)]
    made = chance.sample(made, min(UNITS, len(made)))
    strangers: list[ImportedUnit] = []
    units: list[ImportedUnit] = []
    gold: dict[str, Boundaries] = {}
    for number, (document, (src, tgt)) in enumerate(made):
        shown = tgt if stops else [_STOPS.sub(" ", text).strip() or "-" for text in tgt]
        langs = document["src_lang"], document["tgt_lang"]
        texts = [join(side, lang) for side, lang in zip((src, shown), langs, strict=True)]
        theirs = made[(number + len(made) // 2) % len(made)][1][1]
        gold[str(number)] = boundaries([src, shown])
        units.append(ImportedUnit(str(number), tuple(map(Segment, langs, texts))))
        strangers.append(
            ImportedUnit(str(number), (Segment(langs[0], texts[0]), Segment(langs[1], join(theirs, langs[1]))))
        )
    got = cuts(units, encoder)
    right = sum(len(got[where] & gold[where]) for where in gold)
    made_cuts, wanted = sum(map(len, got.values())), sum(map(len, gold.values()))
    wrong = sum(map(bool, cuts(strangers, encoder).values())) if stops else 0
    words = f"{name + ('' if stops else ', no stops'):<22}{len(units):5} units  {made_cuts:5} cuts"
    words += f"  precision {right / max(1, made_cuts):.3f}  recall {right / max(1, wanted):.3f}"
    return words + (f"  strangers cut {wrong / max(1, len(units)):.3f}" if stops else "")


def main() -> None:
    """Print the figures."""
    asked = asked_for(__doc__).parse_args()
    encoder = encoder_of(asked.encoder, asked.cache)
    for name in asked.sets or SETS:
        for stops in (True, False):
            print(line(name, encoder, stops=stops), flush=True)


if __name__ == "__main__":
    main()
