"""Detect a write-ahead log that belongs to another file.

SQLite replays `NAME-wal` into whatever file is called NAME: if a backup is copied over a store after a crash, pages
of the old store overwrite it. Nothing in the log names its file. So every transaction increments the store's
number, `user_version` in the file header on page 1, and a new store or backup starts at a random number. A log
belongs to the file if the file's number is the one before the log's first transaction or one of those in the log.
Formats: sqlite.org/fileformat2.html, 1.3 and 4.
"""

from __future__ import annotations

import os
import secrets
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from sqlite_utils import Database

MAX_FILE_NUMBER = 2**31 - 1
_HEADER, _FRAME = 32, 24
_MAGIC = 0x377F0682
"""If the lowest bit is set, checksums are over big-endian words."""
_NUMBER = 60
"""Offset of `user_version` in page 1."""


def advance(db: Database) -> None:
    """Increment the number of the store, inside the open transaction."""
    number = db.conn.execute("pragma user_version").fetchone()[0]
    if number <= 0:
        renumber(db)
    else:
        db.conn.execute(f"pragma user_version = {number % MAX_FILE_NUMBER + 1}")


def renumber(db: Database) -> None:
    """Set a random number, which no log of another file matches."""
    db.conn.execute(f"pragma user_version = {secrets.randbelow(MAX_FILE_NUMBER) + 1}")


def is_foreign(path: Path) -> bool:
    """Whether the log next to the store at `path` belongs to another file; False if unknown. Read-only.

    Others may write meanwhile: it is foreign only if the file's number is the same before and after the log is
    read.
    """
    for _ in range(10):
        number = _number_of(path)
        if number is None or number <= 0:
            return False
        try:
            with path.with_name(path.name + "-wal").open("rb") as log:
                numbers = _numbers(log, checked=False)
                if not _is_between(number, numbers):
                    numbers = _numbers(log, checked=True)
        except OSError:
            return False
        if _is_between(number, numbers):
            return False
        if _number_of(path) == number:
            return True
    return False


def _number_of(path: Path) -> int | None:
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except OSError:
        return None
    return int.from_bytes(head[_NUMBER : _NUMBER + 4], "big", signed=True) if len(head) == 100 else None


def _is_between(number: int, numbers: list[int]) -> bool:
    """Whether the file's number matches a log with these numbers, in order; after MAX_FILE_NUMBER they restart at 1."""
    if not numbers or min(numbers) <= 0:
        return True
    before = numbers[0] - 1
    return (number - before) % MAX_FILE_NUMBER <= (numbers[-1] - before) % MAX_FILE_NUMBER


def _numbers(log: BinaryIO, *, checked: bool) -> list[int]:
    """Numbers in the log's copies of page 1, up to the last commit; `checked`: only while the checksums are valid."""
    log.seek(0)
    head = log.read(_HEADER)
    if len(head) < _HEADER:
        return []
    magic, _, page_size, _, *salts, one, two = struct.unpack(">8I", head)
    if magic & ~1 != _MAGIC:
        return []
    words = ">" if magic & 1 else "<"
    sums = (one, two)
    numbers: list[int] = []
    committed = 0
    for frame, page in _frames(log, page_size, whole=checked):
        number, pages, salt_one, salt_two, one, two = struct.unpack(">6I", frame)
        if [salt_one, salt_two] != salts:
            break
        if checked:
            sums = _checksum(page, _checksum(frame[:8], sums, words), words)
            if sums != (one, two):
                break
        if number == 1:
            numbers.append(int.from_bytes(page[_NUMBER : _NUMBER + 4], "big", signed=True))
        if pages:
            committed = len(numbers)
    return numbers[:committed]


def _frames(log: BinaryIO, page_size: int, *, whole: bool) -> Iterator[tuple[bytes, bytes]]:
    """Yield header and page of each frame; unless `whole`, only the part of the page up to the number."""
    size = os.fstat(log.fileno()).st_size
    read_size = _FRAME + (page_size if whole else _NUMBER + 4)
    for start in range(_HEADER, size - page_size - _FRAME + 1, page_size + _FRAME):
        log.seek(start)
        content = log.read(read_size)
        if len(content) < read_size:
            return
        yield content[:_FRAME], content[_FRAME:]


def _checksum(content: bytes, sums: tuple[int, int], words: str) -> tuple[int, int]:
    one, two = sums
    for first, second in struct.iter_unpack(f"{words}2I", content):
        one = (one + first + two) & 0xFFFFFFFF
        two = (two + second + one) & 0xFFFFFFFF
    return one, two
