"""Work without a model, for tests of the engines: importable by worker processes."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from align.bulk.shards import pack
from align.bulk.types import Batch, BatchResult, BatchWork, ItemResult
from align.errors import AlignError


@dataclass(frozen=True)
class Echo:
    """Gives each document one link that tells its name and with whom it was done. A document called `kill...` kills
    its worker, `raise...` raises for the whole batch, `hang...` never ends, `fail...` fails by itself; `slow...` takes
    its time; `once...` kills its worker the first time, remembered in `notes`."""

    notes: str
    pause: float = 0.0

    def __call__(self) -> BatchWork:
        return self.work

    def work(self, batch: Batch) -> BatchResult:
        names = [item.entry.src for item in batch.items]
        with (Path(self.notes) / f"{os.getpid()}.log").open("a") as file:
            file.write(f"{batch.number}:{','.join(names)}\n")
        if self.pause:
            time.sleep(self.pause)
        for name in names:
            if name.startswith("kill"):
                os.kill(os.getpid(), signal.SIGKILL)
            if name.startswith("once"):
                mark = Path(self.notes) / name
                if not mark.exists():
                    mark.touch()
                    os.kill(os.getpid(), signal.SIGKILL)
            if name.startswith("raise"):
                raise ValueError(f"cannot do {name}")
            if name.startswith("hang"):
                time.sleep(1000)
        return BatchResult(batch.number, tuple(self.one(item.number, item.entry.src, names) for item in batch.items))

    @staticmethod
    def one(number: int, name: str, names: list[str]) -> ItemResult:
        if name.startswith("fail"):
            return ItemResult(number, error=f"{name}: broken", tries=2)
        line = json.dumps({"id": number, "name": name, "with": [n for n in names if not n.startswith("fail")]})
        key = int(name.split("-")[-1]) if "-" in name else number
        return ItemResult(
            number,
            payload=pack([line.encode() + b"\n"]),
            keys=np.array([key], dtype=np.int64),
            counts={"src_sentences": 1, "tgt_sentences": 1, "found": 1, "links": 1},
        )


@dataclass(frozen=True)
class Refuse:
    """Work that cannot be made in any process."""

    def __call__(self) -> BatchWork:
        raise AlignError("no such encoder")


@dataclass(frozen=True)
class Crash:
    """Work that ends its process as it is made."""

    def __call__(self) -> BatchWork:
        os._exit(9)
