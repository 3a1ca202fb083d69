"""Which document a file is: the one that was read from it, so that files of one name are documents of their own.

The origin of a document is its file: the path from the store's folder where the file lies below that (such a folder may
be moved or copied with its store), else the whole path. A file of the same name from elsewhere is another document as
long as the first file is there; where it is no more, the document has moved to the new place.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from align.store.charset import stored_name


@dataclass(frozen=True, slots=True)
class Identity:
    """What a file is called in a store, and where it is."""

    name: str
    origin: str
    namesake: tuple[str, str] | None = None
    """Another document that has the file's own name, and its file."""


def identify(db: Database, store: Path, path: str, plain: str, parts: Sequence[str] = ("",)) -> Identity:
    """The document of a file, by where it is, else by its name `plain`; a new one of the same name gets the shortest
    path that tells the two apart.

    A file that becomes several documents has several `parts`, which follow on its name and on its origin.
    """
    folder = os.path.realpath(store.parent)
    origin = origin_of(path, folder)
    plain = stored_name(plain)
    for part in parts:
        name = _read_from(db, origin, part, path, folder, plain)
        if name is not None:
            return Identity(name, origin)
    files = {part: file for part in parts if (file := _file_of(db, plain, part, folder))}
    rivals = [file for _, file in files.values() if not _same_file(file, path)]
    if not rivals:  # The first file, by a link or in another spelling, or one that has moved here.
        return Identity(plain, next((first for first, _ in files.values()), origin))
    longer = list(_longer_names(path))
    ends = [f"/{rival.replace(os.sep, '/')}" for rival in rivals]
    apart = (
        name
        for name in longer
        if not any(end.endswith(f"/{name}") for end in ends)
        and not any(_file_of(db, name, part, folder) for part in parts)
    )
    return Identity(next(apart, longer[-1]), origin, (plain, rivals[0]))


def names_of_parts(db: Database, store: Path, path: str, plain: str) -> frozenset[str]:
    """The names of the documents that a file of several parts became."""
    folder = os.path.realpath(store.parent)
    origin = origin_of(path, folder)
    rows = db.conn.execute("select name, origin from documents where removed_at is null").fetchall()
    return frozenset(
        name
        for name, other in rows
        if (other.rpartition(" [")[0] == origin if other else name.rpartition(" [")[0] == plain)
    )


def origin_of(path: str, folder: str) -> str:
    """Where a file is, as a store in `folder` (a real path) writes it. A link is not followed, folders of links are."""
    whole = _whole(path)
    inside = whole.startswith(os.path.join(folder, ""))
    return stored_name(os.path.relpath(whole, folder).replace(os.sep, "/") if inside else whole)


def _whole(path: str) -> str:
    parent, name = os.path.split(os.path.abspath(path))
    return os.path.join(os.path.realpath(parent), name)


def _file(origin: str, folder: str) -> str:
    """The path of an origin."""
    raw = re.sub(r"\\u(dc[89a-f][0-9a-f])", lambda escape: chr(int(escape[1], 16)), origin)
    return os.path.join(folder, raw)


def _read_from(db: Database, origin: str, part: str, path: str, folder: str, plain: str) -> str | None:
    """What the document is called that was read from this file."""
    rows = db.conn.execute(
        """select name, origin from documents where origin = ? collate nocase and removed_at is null
           order by origin = ? desc, name = ? desc, id desc""",
        (origin + part, origin + part, plain + part),
    ).fetchall()
    for name, other in rows:
        # Only where the file system does not tell upper and lower case apart are they one file.
        if other == origin + part or _same_file(_file(other.removesuffix(part), folder), path):
            return str(name).removesuffix(part)
    return None


def _file_of(db: Database, name: str, part: str, folder: str) -> tuple[str, str] | None:
    """The origin, without the part, and the file of the document of that name, if the file is still there."""
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
    """The name of a file with its folder, with the folder above that, and so on to the whole path."""
    whole = _whole(path)
    parts = os.path.splitdrive(whole)[1].strip(os.sep).split(os.sep)
    for count in range(2, len(parts)):
        yield stored_name("/".join(parts[-count:]))
    yield stored_name(whole)


def namesake(identity: Identity) -> tuple[str, ...]:
    """That there is another document of the file's own name, in words."""
    if identity.namesake is None:
        return ()
    name, file = identity.namesake
    return (f"{name} is another document, read from {file}. If this is a new text of it, add it with --as {name}.",)
