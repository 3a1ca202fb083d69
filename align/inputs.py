"""Open what others wrote: regular files up to a size. Pipes, devices and folders are refused before they are opened."""

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
"""Bytes of an input, unless `--max-size` says otherwise."""
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISCHR, "a device"),
)
_OWN_HANDLE = re.compile(r"/dev/stdin|(?:/dev|/proc/self)/fd/\d+")
"""A pipe that the shell opened for this very call, as in `align pair <(zcat a.gz) b.txt`; it ends with its writer."""
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)b?", re.IGNORECASE)


@contextmanager
def open_input(path: Path | str, max_size: int = MAX_SIZE) -> Iterator[BinaryIO]:
    """A regular file of at most `max_size` bytes, open for reading.

    Raises MissingFileError where there is none, InputError for anything else that cannot be read. Whoever reads a file
    as a whole calls `read_input`, which also sees that it does not grow.
    """
    with _readable(path), _opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > max_size:
            raise _too_large(path, max_size, size)
        yield file


def read_input(path: Path | str, max_size: int = MAX_SIZE) -> bytes:
    """The bytes of a regular file.

    Raises as `open_input` does, and InputError for a file that was written to meanwhile: half of it would be taken for
    the whole.
    """
    if _OWN_HANDLE.fullmatch(str(path)):
        with _readable(path), open(path, "rb") as file:
            return read_stream(str(path), file, max_size)
    with open_input(path, max_size) as file:
        before = os.fstat(file.fileno())
        content = read_stream(str(path), file, max_size)
        after = os.fstat(file.fileno())
        # What the system makes up as it is read (/proc) has no size, and another time each time.
        if before.st_size and (before.st_size, before.st_mtime_ns, len(content)) != (
            after.st_size, after.st_mtime_ns, after.st_size,
        ):  # fmt: skip
            raise InputError(f"{path}: changed while it was read. Call again when it is complete.")
        return content


def read_stream(name: str, stream: BinaryIO, max_size: int = MAX_SIZE) -> bytes:
    """What a stream gives until it ends. Raises InputError from `max_size` bytes on."""
    content = stream.read(max_size + 1) or b""
    if len(content) > max_size:
        raise _too_large(name, max_size)
    return content


def parse_size(text: str) -> int:
    """The bytes of `500MB`, `2 GB`, `1.5g` or `1000`. Raises ValueError for what is no size, or none above 0."""
    match = _SIZE.fullmatch(text.strip())
    size = round(float(match[1]) * _UNITS[match[2].lower()]) if match else 0
    if not 0 < size < 1 << 62:
        raise ValueError(f"{text!r} is not a size such as 500MB or 2GB")
    return size


def _opened(path: Path | str) -> BinaryIO:
    """The file, looked at before it is opened (a device may do something then) and after (it may be another by now)."""
    try:
        mode = os.stat(path).st_mode
    except ValueError as error:  # a NUL, or half of a character
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
        raise InputError(f"{path}: {kind}, not a file. Save its text as a file and name that.")


@contextmanager
def _readable(path: Path | str) -> Iterator[None]:
    """Errors of the system as ours."""
    try:
        yield
    except FileNotFoundError as error:
        if os.path.islink(path):
            raise InputError(f"{path}: a link to a file that is not there. Mend the link, or remove it.") from error
        raise MissingFileError(f"{path}: no such file. Check the name.") from error
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}. Check the name and your permissions.") from error


def _too_large(name: Path | str, max_size: int, size: int | None = None) -> InputError:
    has = "endless, or larger than" if size is None else f"{_words(size)}, larger than"
    return InputError(f"{name}: {has} {_words(max_size)}. Allow it with --max-size, or split it.")


def _words(size: int) -> str:
    return f"{size:,} bytes" if size < 10_000 else f"{size / 1e6:,.1f} MB".replace(".0 ", " ")


def walk(folder: str, suffixes: Collection[str]) -> Iterator[str]:
    """Files below a folder whose suffix is in `suffixes`, sorted, hidden ones and links to folders left out."""
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and PurePath(name).suffix.lower() in suffixes:
                yield os.path.join(parent, name)


def known_as(path: str) -> str:
    """The one name of a file, however it was called: its path below the current folder, else its whole path.

    Links are not followed, but for the ones on the way to the current folder itself.
    """
    whole = os.path.abspath(path)
    logical = os.environ.get("PWD", "")
    for here in (os.getcwd(), logical if os.path.isdir(logical) and os.path.samefile(logical, ".") else ""):
        if here and whole.startswith(os.path.join(here, "")):
            return os.path.relpath(whole, here)
    return whole
