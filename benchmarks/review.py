"""The review app at a million links: time up, key to painted, memory; and the key presses of a scripted review.

    python -m benchmarks.review               # all of it; prints one JSON object
    python -m benchmarks.review --links 100000 --keys 50

Times are of Textual's Pilot in this process. `up` is a ratio to the same app on 10 links, from one run; `painted` is
from the key press until the next screen update has been composed for the terminal.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from align.domain import Block, BlockKind, Document, LinkKind, Proposal, Sentence, Span
from align.store import open_store

PAIRS = 50
WORDS = ("海賊", "会議", "防衛", "日本", "協議", "中国", "共同", "訓練", "大臣", "合意", "地域", "安全", "保障", "開催")
ENGLISH = ("pirates", "meeting", "defence", "Japan", "talks", "China", "joint", "drill", "minister", "agreed", "region")


def document(name: str, lang: str, sentences: int, seed: int) -> Document:
    """A document of so many sentences, eight to a block."""
    chance = random.Random(seed)
    text: list[str] = []
    at = 0
    blocks = []
    for first in range(0, sentences, 8):
        own = []
        for number in range(first, min(sentences, first + 8)):
            if lang == "ja":
                words = "".join(chance.choices(WORDS, k=10)) + f"は{number}年。"
            else:
                words = " ".join(chance.choices(ENGLISH, k=12)) + f" in {number}."
            own.append(Sentence((Span(at, at + len(words)),), lang, 1.0))
            text.append(words + "\n")
            at += len(words) + 1
        blocks.append(Block(Span(own[0].span.start, own[-1].span.end), BlockKind.BODY, lang, 1.0, tuple(own)))
    return Document(name, "".join(text), tuple(blocks))


def proposals(src: list[int], tgt: list[int], seed: int) -> Iterator[Proposal]:
    """Each sentence to its like."""
    chance = random.Random(seed)
    for a, b in zip(src, tgt, strict=True):
        yield Proposal((a,), (b,), LinkKind.TRANSLATION, 0.3, chance.betavariate(6, 1.5))


def build(path: Path, links: int) -> None:
    """A store of so many links, in up to `PAIRS` pairs of documents."""
    pairs = min(PAIRS, max(1, links // 10))
    with open_store(path) as store:
        for number in range(pairs):
            each = links // pairs
            ids = []
            for lang in ("ja", "en"):
                added = store.add_document(document(f"{number:03}.{lang}.txt", lang, each, number))
                ids.append((added.document, [row.id for row in store.sentences(added.document)]))
            (src, own), (tgt, other) = ids
            store.propose(src, tgt, proposals(own, other, number), "none")


def main() -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path)
    parser.add_argument("--links", type=int, default=1_000_000)
    chosen = parser.parse_args()
    build(chosen.build, chosen.links)


if __name__ == "__main__":
    main()
