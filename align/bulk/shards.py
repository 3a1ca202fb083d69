"""Write results to output files: shards in the order of the manifest, written to a temporary file and renamed.

A shard depends only on its stored results and on the shards before it, so an interrupted one is written again with
the same bytes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import numpy as np

from align.atomic_file import sync_folder
from align.bulk.database import RunDatabase, SpooledResult
from align.bulk.types import Keys
from align.errors import ExportError

JsonLines = Iterator[bytes]
"""Links as JSON Lines, one per link, each with its line feed."""
WriteShard = Callable[[JsonLines, Path], None]
"""Writes a shard's links to a path that does not exist yet; for a format of several files, to files that start so."""
SEVERAL = ".*"
"""The suffix of a shard of several files: `part-00000.*`."""

ZLIB_LEVEL = 1
"""Low: results are stored only for minutes."""


def pack(lines: list[bytes]) -> bytes:
    """Compress the lines of a document's links; empty for none."""
    return zlib.compress(b"".join(lines), ZLIB_LEVEL) if lines else b""


def unpack(payload: bytes) -> list[bytes]:
    """The inverse of `pack`."""
    return zlib.decompress(payload).splitlines(keepends=True) if payload else []


def shard_name(number: int, suffix: str) -> str:
    """`part-00000.jsonl`: sorts in the order of the manifest."""
    return f"part-{number:05d}{suffix}"


class Shards:
    """Writes the shards of a run into its output folder as they become complete."""

    def __init__(self, database: RunDatabase, out: Path, suffix: str, write: WriteShard, *, dedupe: bool) -> None:
        self._database = database
        self._out = out
        self._suffix = suffix
        self._write = write
        self._dedupe = dedupe

    def write_complete(self) -> int:
        """Write every shard that is complete, in order. Returns their number."""
        written = 0
        while (shard := self._database.next_shard()) is not None:
            self._write_one(shard)
            written += 1
        return written

    def _write_one(self, shard: int) -> None:
        final = self._out / shard_name(shard, self._suffix)
        temporary = self._out / f".{final.name}.part"
        counts = {"links": 0, "dropped": 0}
        try:
            with self._database.writing():
                lines = self._lines(shard, counts)
                if self._suffix == SEVERAL:
                    digest = self._write_files(lines, self._out / f".{final.stem}.part", final.stem)
                else:
                    temporary.unlink(missing_ok=True)
                    self._write(lines, temporary)
                    digest = _synced_digest(temporary)
                    os.replace(temporary, final)
                sync_folder(self._out)
                self._database.mark_shard_written(shard, final.name, counts["links"], counts["dropped"], digest)
        except OSError as error:
            raise ExportError(
                f"{final}: cannot be written ({error.strerror or error}). Free space or fix the folder, and run the "
                "same command again: completed work is saved."
            ) from error

    def _write_files(self, lines: JsonLines, folder: Path, stem: str) -> str:
        """Write a shard of several files by way of a folder. Returns the SHA-256 of their digests, by name."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        self._write(lines, folder / stem)
        digest = hashlib.sha256()
        for path in sorted(folder.iterdir()):
            digest.update(f"{_synced_digest(path)}  {path.name}\n".encode())
            os.replace(path, self._out / path.name)
        folder.rmdir()
        return digest.hexdigest()

    def _lines(self, shard: int, counts: dict[str, int]) -> JsonLines:
        for result in self._database.spooled(shard):
            lines = unpack(result.payload)
            if self._dedupe:
                fresh = self._new_keys(result)
                dropped = len(lines) - int(fresh.sum())
                if dropped:
                    self._database.drop_links(result.number, dropped)
                    counts["dropped"] += dropped
                    lines = [line for line, new in zip(lines, fresh, strict=True) if new]
            counts["links"] += len(lines)
            yield from lines

    def _new_keys(self, result: SpooledResult) -> np.ndarray:
        return np.array([self._database.add_key(int(key)) for key in _key_list(result.keys)], dtype=bool)


def write_lines(lines: JsonLines, path: Path) -> None:
    """The `WriteShard` of JSON Lines."""
    with path.open("wb") as file:
        file.writelines(lines)


def _key_list(keys: Keys) -> list[int]:
    return keys.tolist()  # type: ignore[no-any-return]


def _synced_digest(path: Path) -> str:
    """SHA-256 of a file, after syncing it to disk."""
    with path.open("rb+") as file:
        digest = _digest(file)
        os.fsync(file.fileno())
    return digest


def _digest(file: IO[bytes]) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
