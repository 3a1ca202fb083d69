"""Location of the gold, and its documents as embedded sides with cached vectors."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from align.aligner import EmbeddedSide
from align.embeddings import Encoder
from align.embeddings.embed import TextSide, embed_sides

ROOT = Path(os.environ.get("ALIGN_GOLD", Path(__file__).parents[2] / "shared" / "gold"))
DEV = ROOT / "dev"


def documents(name: str) -> list[dict[str, Any]]:
    """The documents of a dev set, by a prefix of its file name."""
    files = sorted(DEV.glob(f"{name}*.jsonl"))
    return [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]


def book(name: str) -> dict[str, Any]:
    """The documents of a dev set concatenated as one text and its translation."""
    first, *others = documents(name)
    whole = {**first, "src": list(first["src"]), "tgt": list(first["tgt"]), "gold": list(first["gold"])}
    for page in others:
        n, m = len(whole["src"]), len(whole["tgt"])
        whole["gold"] += [[[n + i for i in s], [m + j for j in t]] for s, t in page["gold"]]
        whole["src"] += page["src"]
        whole["tgt"] += page["tgt"]
    return whole


def names() -> list[str]:
    """Names of the dev sets, as in their file names."""
    return [path.name.removesuffix(".jsonl") for path in sorted(DEV.glob("*.jsonl"))]


def asked_for(description: str | None) -> argparse.ArgumentParser:
    """Parse the arguments of a benchmark over dev sets: prefixes of set names (all by default), and an encoder."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*")
    parser.add_argument("--encoder", default="use")
    parser.add_argument("--cache", type=Path)
    return parser


def chosen(sets: Sequence[str]) -> list[str]:
    """The dev sets whose names start with one of these prefixes; all if there are none."""
    return [name for name in names() if not sets or name.startswith(tuple(sets))]


def passages(
    encoder: Encoder, found: Sequence[dict[str, Any]], *, tokens: bool = True
) -> Iterator[tuple[EmbeddedSide, EmbeddedSide]]:
    """Both sides of each document; every text is encoded once. tokens: whether to compute token vectors, too."""
    sides = [TextSide(tuple(document[side]), document[f"{side}_lang"]) for document in found for side in ("src", "tgt")]
    embedded = embed_sides(encoder, sides, tokens_now=tokens)
    return zip(embedded[::2], embedded[1::2], strict=True)


def joined(beads: Sequence[Any]) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Beads as pairs of index tuples."""
    return [(tuple(int(i) for i in np.atleast_1d(s)), tuple(int(j) for j in np.atleast_1d(t))) for s, t in beads]
