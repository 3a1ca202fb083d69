"""Review orders compared by how soon they reach mistakes: `python -m benchmarks.queue [--encoder use] [SET ...]`.

A simulated reviewer with the gold goes through the links of a dev set in some order. A right link costs one key and
is confirmed; a wrong one costs three and is replaced by the gold, which is confirmed. After each fix the rest is
solved again around all confirmed links, as in the app. After every key the missing gold links are counted; printed
is, for each order, the mean share of mistakes left over the first tenth, third and all of the keys that the whole
takes, and the keys until half of the mistakes are gone. Lower is better.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import numpy as np

from align.aligner import Bead, Constraints, EmbeddedSide, align_bitext
from align.embeddings import load_encoder
from align.store.pagination import queue_values
from align.workspace.evaluate import beads_of
from benchmarks.gold import asked_for, chosen, documents, passages

Pair = tuple[tuple[int, ...], tuple[int, ...]]
ACCEPT, FIX = 1, 3
"""Cost in keys."""
Order = Callable[[Sequence[Bead]], np.ndarray]


def by_document(links: Sequence[Bead]) -> np.ndarray:
    """Reading order."""
    return np.arange(len(links), dtype=float)


def by_confidence(links: Sequence[Bead]) -> np.ndarray:
    """Lowest confidence first."""
    return np.array([link.confidence for link in links])


def by_gain(links: Sequence[Bead]) -> np.ndarray:
    """The app's order of doubt."""
    return np.array(queue_values([link.confidence for link in links]))


ORDERS: dict[str, Order] = {"document": by_document, "least sure": by_confidence, "gain": by_gain}


def pair_of(link: Bead) -> Pair:
    """Both sides as tuples."""
    return tuple(link.src), tuple(link.tgt)


def solved(src: EmbeddedSide, tgt: EmbeddedSide, settled: set[Pair], wrong: set[Pair]) -> list[Bead]:
    """The links, in order, solved around the confirmed ones."""

    def ranges(pairs: set[Pair]) -> list[tuple[range, range]]:
        return [(range(a[0], a[-1] + 1), range(b[0], b[-1] + 1)) for a, b in sorted(pairs)]

    anchors = ranges(settled)
    forbidden = [pair for pair in ranges(wrong) if pair not in anchors]
    beads = align_bitext(src, tgt, constraints=Constraints(anchors=anchors, forbidden=forbidden))
    return [bead for bead in beads if bead.src and bead.tgt]


def reviewed(src: EmbeddedSide, tgt: EmbeddedSide, gold: set[Pair], order: Order) -> list[int]:
    """Missing or wrong gold links after each key."""
    settled: set[Pair] = set()
    wrong: set[Pair] = set()
    links = solved(src, tgt, settled, wrong)
    left: list[int] = [len(gold - {pair_of(link) for link in links})]
    while True:
        found = order(links)
        open_ = [n for n, link in enumerate(links) if pair_of(link) not in settled]
        if not open_:
            return left
        pair = pair_of(links[min(open_, key=lambda n: (found[n], n))])
        if pair in gold:
            settled.add(pair)
            left += [left[-1]] * ACCEPT
            continue
        wrong.add(pair)
        settled |= {g for g in gold if set(g[0]) & set(pair[0]) or set(g[1]) & set(pair[1])}
        links = solved(src, tgt, settled, wrong)
        left += [left[-1]] * (FIX - 1) + [len(gold - {pair_of(link) for link in links})]


def figures(runs: Sequence[Sequence[int]]) -> dict[str, float]:
    """Mean share of mistakes left over the first tenth, third and all keys; keys until half of them are gone."""
    whole = max(map(len, runs))
    curve = np.sum([list(run) + [run[-1]] * (whole - len(run)) for run in runs], axis=0) / sum(run[0] for run in runs)
    means = {
        name: float(curve[: max(1, whole // part)].mean()) for name, part in (("tenth", 10), ("third", 3), ("all", 1))
    }
    return {**{k: round(v, 4) for k, v in means.items()}, "keys_to_half": int(np.argmax(curve <= 0.5))}


def main() -> None:
    """Run the benchmark and print the results."""
    asked = asked_for(__doc__).parse_args()
    encoder = load_encoder(asked.encoder, cache=asked.cache)
    for name in chosen(asked.sets):
        found = documents(name)
        both = list(passages(encoder, found, tokens=False))
        for word, order in ORDERS.items():
            runs = []
            for document, (src, tgt) in zip(found, both, strict=True):
                gold = {(tuple(a), tuple(b)) for a, b in beads_of(document["gold"]) if a and b}
                runs.append(reviewed(src, tgt, gold, order))
            runs = [run for run in runs if run[0]]
            if runs:
                print(json.dumps({"set": name, "order": word, "documents": len(runs), **figures(runs)}), flush=True)


if __name__ == "__main__":
    main()
