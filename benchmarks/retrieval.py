"""Share of translations that encoders retrieve from all of NTREX news: `python -m benchmarks.retrieval`.

Ratio margin with k = 4 (Artetxe and Schwenk 2019), the mean of both directions, on the one-to-one links of the
gold's NTREX files. `kept` is the same with vectors rounded as in the vector cache; `recentred` subtracts the own
mean of each side.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import numpy as np

from align.embeddings import Vectors, load_encoder

GOLD = Path(os.environ.get("ALIGN_GOLD") or Path(__file__).parent.parent.parent / "shared" / "gold") / "dev"
NEIGHBOURS = 4


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("encoders", nargs="*", default=["use", "e5", "blend"])
    names = parser.parse_args().encoders
    encoders = {name: load_encoder(name) for name in names}
    print(f"{'pair':12}{'links':>6}" + "".join(f"{name:>12}{'kept':>8}{'recentred':>11}" for name in names))
    for path in sorted(GOLD.glob("ntrex.*.jsonl")):
        source, target = translations(path)
        line = f"{path.name.split('.')[1]:12}{len(source):6}"
        for encoder in encoders.values():
            sides = encoder.encode(source), encoder.encode(target)
            line += f"{found(*sides):12.2f}{found(*map(kept, sides)):8.2f}{found(*map(recentred, sides)):11.2f}"
        print(line, flush=True)


def translations(path: Path) -> tuple[list[str], list[str]]:
    """Sentences that are mutual translations, one to one."""
    source: list[str] = []
    target: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        document = json.loads(line)
        for left, right in document["gold"]:
            if len(left) == len(right) == 1:
                source.append(document["src"][left[0]])
                target.append(document["tgt"][right[0]])
    return source, target


def found(source: Vectors, target: Vectors) -> float:
    """Per cent of sentences whose translation has the highest ratio margin, both directions together."""
    cosines = source @ target.T
    rows = np.sort(cosines, axis=1)[:, -NEIGHBOURS:].mean(axis=1)
    columns = np.sort(cosines, axis=0)[-NEIGHBOURS:].mean(axis=0)
    margins = cosines / ((rows[:, None] + columns[None, :]) / 2)
    own = np.arange(len(source))
    return float(50 * ((margins.argmax(axis=1) == own).mean() + (margins.argmax(axis=0) == own).mean()))


def kept(vectors: Vectors) -> Vectors:
    """Vectors as rounded by the cache."""
    rounded = vectors.astype(np.float16).astype(np.float32)
    return unit(rounded)


def recentred(vectors: Vectors) -> Vectors:
    """Vectors minus their mean."""
    return unit(vectors - vectors.mean(axis=0))


def unit(vectors: Vectors) -> Vectors:
    """Rows of length 1."""
    rows: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return rows


if __name__ == "__main__":
    main()
