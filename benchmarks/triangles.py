"""What third texts say about links, on the ntrex articles of several files: `python -m benchmarks.triangles`.

Japanese, Chinese and English versions of an article are aligned pairwise, a line a sentence; every third line of the
Chinese text is left out and two neighbours change places, so that there are wrong links too. Prints how many links are
right by verdict, and the log loss of the confidences before and after, over all articles; one JSON object.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from itertools import combinations

import numpy as np

from align.aligner import align_pages
from align.aligner.triangles import Partners, judged, verdict
from align.embeddings import load_encoder
from align.embeddings.embed import TextSide, embed_sides
from benchmarks.gold import documents


def log_loss(confidences: list[float], right: list[bool]) -> float:
    """Mean negative log likelihood."""
    p = np.clip(np.array(confidences), 0.001, 0.999)
    return round(float(-np.mean(np.where(np.array(right), np.log(p), np.log(1 - p)))), 4)


def main() -> None:
    """Align, judge, count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", default="use")
    encoder = load_encoder(parser.parse_args().encoder)
    chinese = {one["id"]: one for one in documents("ntrex.zh-tw_en")}
    counts: Counter[tuple[int, bool]] = Counter()
    before: list[float] = []
    after: list[float] = []
    right: list[bool] = []
    for article in documents("ntrex.ja_zh"):
        english = chinese[article["id"]]["tgt"]
        lines = [(number, text) for number, text in enumerate(article["tgt"]) if number % 3 != 2]
        for at in range(0, len(lines) - 1, 5):
            lines[at], lines[at + 1] = lines[at + 1], lines[at]
        texts = [list(enumerate(article["src"])), lines, list(enumerate(english))]
        sides = embed_sides(
            encoder,
            [
                TextSide(
                    texts=tuple(text for _, text in own),
                    lang=lang,
                    positions=np.arange(len(own)),
                )
                for own, lang in zip(texts, ("ja", "zh-Hans", "en"), strict=True)
            ],
            tokens_now=False,
        )
        beads = {(a, b): list(align_pages(sides[a], sides[b])) for a, b in combinations(range(3), 2)}
        partners = Partners()
        for (a, b), own in beads.items():
            partners.add(a, b, own)
        for (a, b), own in judged(beads).items():
            for bead, shifted in zip(beads[a, b], own, strict=True):
                numbers = [{texts[side][at][0] for at in run} for side, run in ((a, bead.src), (b, bead.tgt))]
                is_right = bool(numbers[0] & numbers[1])
                counts[verdict(bead, a, b, [3 - a - b], partners), is_right] += 1
                before.append(bead.confidence)
                after.append(shifted.confidence)
                right.append(is_right)
    names = {1: "supported", 0: "without a word", -1: "contradicted"}
    shares = {
        names[value]: {"links": counts[value, True] + counts[value, False], "right": counts[value, True]}
        for value in (1, 0, -1)
    }
    print(json.dumps({**shares, "log_loss_before": log_loss(before, right), "log_loss_after": log_loss(after, right)}))


if __name__ == "__main__":
    main()
