"""Assign document pairs to batches and batches to shards, once, before the first is run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from align.bulk.ledger import PlannedPair
from align.bulk.model import PairEntry

BYTES_PER_TOKEN = 4
"""Roughly right for sentencepiece over UTF-8: English 4.3, Japanese and Chinese 4 to 5, Russian 8."""
UNKNOWN_FILE_BYTES = 4096
"""Assumed size in bytes of a file that this machine cannot access."""

WeighPair = Callable[[PairEntry], int]


@dataclass(frozen=True, slots=True)
class PlanSizes:
    """`batch_tokens`: keeps the encoder fast; a longer document has its own batch. `shard_tokens`: per output."""

    batch_tokens: int = 16_384
    batch_documents: int = 256
    shard_tokens: int = 4_194_304

    def __post_init__(self) -> None:
        if min(self.batch_tokens, self.batch_documents, self.shard_tokens) < 1:
            raise ValueError("a batch and a shard hold at least one token and one document")


def weigh_by_size(folder: Path) -> WeighPair:
    """A function that weighs a pair by the sizes of its files, relative to `folder`."""

    def size(name: str) -> int:
        try:
            return os.stat(folder / name).st_size
        except (OSError, ValueError):
            return UNKNOWN_FILE_BYTES

    return lambda entry: size(entry.src) + size(entry.tgt)


def plan_batches(entries: Iterable[PairEntry], weigh: WeighPair, sizes: PlanSizes) -> Iterator[PlannedPair]:
    """Yield each pair with its batch and shard, in order."""
    batch_limit, shard_limit = sizes.batch_tokens * BYTES_PER_TOKEN, sizes.shard_tokens * BYTES_PER_TOKEN
    batch = shard = count = 0
    in_batch = in_shard = 0
    for entry in entries:
        weight = weigh(entry)
        if count and (in_batch + weight > batch_limit or count >= sizes.batch_documents):
            batch += 1
            count = in_batch = 0
            if in_shard + weight > shard_limit:
                shard += 1
                in_shard = 0
        count += 1
        in_batch += weight
        in_shard += weight
        yield PlannedPair(entry, batch, shard, weight)
