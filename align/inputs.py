"""Open input files: regular files up to a size. Pipes, devices and folders are rejected before they are opened."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import BinaryIO

from align.errors import InputError, MissingFileError

MAX_SIZE = 200_000_000
"""Maximum bytes of an input, by default; `--max-size` overrides it."""
COMPRESSED = frozenset({".gz", ".zst"})
"""Suffixes of files that are decompressed as they are read."""
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISCHR, "a device"),
)
_OWN_HANDLE = re.compile(r"/dev/stdin|(?:/dev|/proc/self)/fd/\d+")
"""A pipe that the shell opened for this call, as in `align pair <(zcat a.gz) b.txt`; it ends with its writer."""
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)b?", re.IGNORECASE)


@contextmanager
def open_input(path: Path | str, max_size: int = MAX_SIZE) -> Iterator[BinaryIO]:
    """A regular file of at most `max_size` bytes, open for reading.

    Raises MissingFileError where there is none, InputError for anything else that cannot be read. To read a whole
    file use `read_input`, which also checks that it does not change.
    """
    with _readable(path), _opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > max_size:
            raise _too_large(path, max_size, size)
        yield file


def read_input(path: Path | str, max_size: int = MAX_SIZE) -> bytes:
    """The bytes of a regular file.

    Raises as `open_input` does, and InputError for a file that changed while it was read and may be incomplete.
    """
    if _OWN_HANDLE.fullmatch(str(path)):
        with _readable(path), open(path, "rb") as file:
            return read_stream(str(path), file, max_size)
    with open_input(path, max_size) as file:
        before = os.fstat(file.fileno())
        content = read_stream(str(path), file, max_size)
        after = os.fstat(file.fileno())
        # Generated files (/proc) have no size, and a new time on every read.
        if before.st_size and (before.st_size, before.st_mtime_ns, len(content)) != (
            after.st_size, after.st_mtime_ns, after.st_size,
        ):  # fmt: skip
            raise InputError(f"{path}: changed while it was read. Try again when it is complete.")
        return content


def read_stream(name: str, stream: BinaryIO, max_size: int = MAX_SIZE) -> bytes:
    """Content of a stream up to its end. Raises InputError above `max_size` bytes."""
    content = stream.read(max_size + 1) or b""
    if len(content) > max_size:
        raise _too_large(name, max_size)
    return content


def parse_size(text: str) -> int:
    """Bytes of `500MB`, `2 GB`, `1.5g` or `1000`. Raises ValueError for anything else, and for 0."""
    match = _SIZE.fullmatch(text.strip())
    size = round(float(match[1]) * _UNITS[match[2].lower()]) if match else 0
    if not 0 < size < 1 << 62:
        raise ValueError(f"{text!r} is not a size such as 500MB or 2GB")
    return size


def _opened(path: Path | str) -> BinaryIO:
    """Open the file, checking its kind before (opening a device has effects) and after (it may be another file)."""
    try:
        mode = os.stat(path).st_mode
    except ValueError as error:  # a NUL, or a lone surrogate
        raise MissingFileError(f"{path!r}: no file can have this name ({error}). Check the name.") from error
    _check_kind(path, mode)
    handle = os.open(
        path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
    )
    try:
        _check_kind(path, os.fstat(handle).st_mode)
        return open(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def _check_kind(path: Path | str, mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = next((words for is_kind, words in _KINDS if is_kind(mode)), "no regular file")
        raise InputError(f"{path}: {kind}, not a file. Save its text as a file and use that.")


@contextmanager
def _readable(path: Path | str) -> Iterator[None]:
    """Translate errors of the system into ours."""
    try:
        yield
    except FileNotFoundError as error:
        if os.path.islink(path):
            raise InputError(f"{path}: a link to a file that does not exist. Fix or remove the link.") from error
        raise MissingFileError(f"{path}: no such file. Check the name.") from error
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}. Check the name and your permissions.") from error


def _too_large(name: Path | str, max_size: int, size: int | None = None) -> InputError:
    has = "endless, or larger than" if size is None else f"{_words(size)}, larger than"
    return InputError(f"{name}: {has} {_words(max_size)}. Allow it with --max-size, or split it.")


def _words(size: int) -> str:
    return f"{size:,} bytes" if size < 10_000 else f"{size / 1e6:,.1f} MB".replace(".0 ", " ")


def inner_name(name: str) -> str:
    """The name of a file without the suffix of its compression: `a.txt` of `a.txt.gz`."""
    stem, suffix = os.path.splitext(name)
    return stem if suffix.lower() in COMPRESSED and stem else name


def walk(folder: str, suffixes: Collection[str], others: list[str] | None = None) -> Iterator[str]:
    """Files below a folder whose suffix is in `suffixes` (or those compressed), sorted, without hidden ones and links
    to folders.

    others: gets the files with other suffixes.
    """
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.startswith("."):
                continue
            if PurePath(inner_name(name)).suffix.lower() in suffixes:
                yield os.path.join(parent, name)
            elif others is not None:
                others.append(os.path.join(parent, name))


def document_path(path: str) -> str:
    """The canonical name of a file: its path relative to the current folder if it is below it, else the absolute path.

    Links are not resolved, except in the path of the current folder itself.
    """
    whole = os.path.abspath(path)
    logical = os.environ.get("PWD", "")
    for folder in (os.getcwd(), logical if os.path.isdir(logical) and os.path.samefile(logical, ".") else ""):
        if folder and whole.startswith(os.path.join(folder, "")):
            return os.path.relpath(whole, folder)
    return whole
