"""Origins: map a file to the document that was read from it, so that files with the same name are different documents.

The origin is the path of the file: relative to the store's folder if the file is below it (such a folder can be
moved with its store), else absolute. A file with the same name from elsewhere is another document while the first
file exists; if that is gone, the document is taken to have moved to the new path.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from align.store.records import stored_name


@dataclass(frozen=True, slots=True)
class Identity:
    """Document name and origin of a file."""

    name: str
    origin: str
    namesake: tuple[str, str] | None = None
    """Another document that has the file's name, and its file."""


def identify(db: Database, store: Path, path: str, file_name: str, parts: Sequence[str] = ("",)) -> Identity:
    """The document of a file, by origin, else by `file_name`; a new document whose name is in use gets the shortest
    path that is unique.

    A file that becomes several documents has several `parts`, suffixes of its names and origins.
    """
    folder = os.path.realpath(store.parent)
    origin = origin_of(path, folder)
    file_name = stored_name(file_name)
    for part in parts:
        name = _read_from(db, origin, part, path, folder, file_name)
        if name is not None:
            return Identity(name, origin)
    files = {part: file for part in parts if (file := _file_of(db, file_name, part, folder))}
    other_files = [file for _, file in files.values() if not _same_file(file, path)]
    if not other_files:  # the same file by a link or in another spelling, or moved here
        return Identity(file_name, next((first for first, _ in files.values()), origin))
    longer = list(_longer_names(path))
    ends = [f"/{other_file.replace(os.sep, '/')}" for other_file in other_files]
    distinct_names = (
        name
        for name in longer
        if not any(end.endswith(f"/{name}") for end in ends)
        and not any(_file_of(db, name, part, folder) for part in parts)
    )
    return Identity(next(distinct_names, longer[-1]), origin, (file_name, other_files[0]))


def names_of_parts(db: Database, store: Path, path: str, file_name: str) -> frozenset[str]:
    """Names of the documents that a file with several parts became."""
    folder = os.path.realpath(store.parent)
    origin = origin_of(path, folder)
    rows = db.conn.execute("select name, origin from documents where removed_at is null").fetchall()
    return frozenset(
        name
        for name, other in rows
        if (other.rpartition(" [")[0] == origin if other else name.rpartition(" [")[0] == file_name)
    )


def origin_of(path: str, folder: str) -> str:
    """Origin of a file, for a store in `folder` (a real path). Links are resolved in the folders, not in the file."""
    absolute = _absolute(path)
    inside = absolute.startswith(os.path.join(folder, ""))
    return stored_name(os.path.relpath(absolute, folder).replace(os.sep, "/") if inside else absolute)


def file_of(db: Database, store: Path, document: int) -> Path | None:
    """Path of the file that a document was last read from; None where none was recorded."""
    row = db.conn.execute("select origin from documents where id = ?", (document,)).fetchone()
    return Path(_file(row[0], os.path.realpath(store.parent))) if row and row[0] else None


def _absolute(path: str) -> str:
    parent, name = os.path.split(os.path.abspath(path))
    return os.path.join(os.path.realpath(parent), name)


def _file(origin: str, folder: str) -> str:
    """Path of an origin."""
    raw = re.sub(r"\\u(dc[89a-f][0-9a-f])", lambda escape: chr(int(escape[1], 16)), origin)
    return os.path.join(folder, raw)


def _read_from(db: Database, origin: str, part: str, path: str, folder: str, file_name: str) -> str | None:
    """Name of the document that was read from this file, or None."""
    rows = db.conn.execute(
        """select name, origin from documents where origin = ? collate nocase and removed_at is null
           order by origin = ? desc, name = ? desc, id desc""",
        (origin + part, origin + part, file_name + part),
    ).fetchall()
    for name, other in rows:
        # Names that differ in case are one file only if the file system ignores case.
        if other == origin + part or _same_file(_file(other.removesuffix(part), folder), path):
            return str(name).removesuffix(part)
    return None


def _file_of(db: Database, name: str, part: str, folder: str) -> tuple[str, str] | None:
    """(origin without the part, file) of the document with that name, if the file still exists."""
    row = db.conn.execute(
        "select origin from documents where name = ? and removed_at is null", (name + part,)
    ).fetchone()
    if row is None or row[0] is None:
        return None
    origin = str(row[0]).removesuffix(part)
    file = _file(origin, folder)
    return (origin, file) if os.path.isfile(file) else None


def _same_file(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


def _longer_names(path: str) -> Iterator[str]:
    """Yield the file name with its folder, then with the folder above, and so on to the absolute path."""
    absolute = _absolute(path)
    parts = os.path.splitdrive(absolute)[1].strip(os.sep).split(os.sep)
    for count in range(2, len(parts)):
        yield stored_name("/".join(parts[-count:]))
    yield stored_name(absolute)


def namesake_messages(identity: Identity) -> tuple[str, ...]:
    """A note that another document has the file's name, or nothing."""
    if identity.namesake is None:
        return ()
    name, file = identity.namesake
    return (f"{name} is another document, read from {file}. If this is a new text of it, add it with --as {name}.",)


@dataclass(frozen=True, slots=True)
class Missing:
    """A document whose file is gone."""

    name: str
    """Of the file with several documents, without their parts."""
    digest: str
    file: str


def missing_files(db: Database, store: Path) -> list[Missing]:
    """The documents whose files are gone, in the order in which they were added."""
    folder = os.path.realpath(store.parent)
    rows = db.conn.execute(
        "select name, digest, origin from documents where removed_at is null and origin is not null order by id"
    ).fetchall()
    files = ((name, digest, _file(_without_part(origin), folder)) for name, digest, origin in rows)
    return [Missing(_without_part(name), digest, file) for name, digest, file in files if not os.path.exists(file)]


def _without_part(name: str) -> str:
    return name.rpartition(" [")[0] if name.endswith("]") and " [" in name else name


def moved_messages(missing: Sequence[Missing], path: str, name: str, digest: str = "") -> tuple[str, ...]:
    """A note that a new document may be one whose file was moved: with the same text, else with the same file name."""
    same = next((one for one in missing if one.digest == digest), None)
    other = same or next((one for one in missing if os.path.basename(one.file) == os.path.basename(path)), None)
    if other is None:
        return ()
    what = f"it has the text of {other.name}" if same else f"{other.name} is another document"
    return (
        f"{what}, whose file is gone ({other.file}). If that was moved here: `align store remove {shlex.quote(name)}`, "
        f"then `align add {shlex.quote(path)} --as {shlex.quote(other.name)}`.",
    )
