"""Cache of vectors in a file next to the store, by encoder and text, so that no text is encoded twice.

The file may be deleted at any time. It is recreated if it is corrupt or of another version, and never blocks writes
to the store, which is another file.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
from sqlite_utils import Database

from align.embeddings.base import Encoder, Progress, TokenEncoder, Tokens, Vectors, half_precision
from align.sqlite_session import ClosesItself

VERSION = 1
TEXTS_PER_COMMIT = 2048
"""Texts per commit: at most these are lost on an interruption."""
KEYS_PER_QUERY = 500

ItemT = TypeVar("ItemT")

log = logging.getLogger(__name__)


def cached(encoder: Encoder, store_path: Path) -> CachedEncoder:
    """Wrap `encoder` with a cache in `<store_path>.vectors`. A `TokenEncoder` stays one."""
    path = store_path.with_name(store_path.name + ".vectors")
    return CachedTokenEncoder(encoder, path) if isinstance(encoder, TokenEncoder) else CachedEncoder(encoder, path)


class CachedEncoder(ClosesItself):
    """An encoder with a file of computed vectors. They are stored as float16; results do not depend on the cache."""

    def __init__(self, encoder: Encoder, path: Path) -> None:
        self._encoder = encoder
        self._path = path
        self._db: Database | None = None

    @property
    def name(self) -> str:
        """The name for `--encoder`."""
        return self._encoder.name

    @property
    def dimensions(self) -> int:
        """Width of a vector."""
        return self._encoder.dimensions

    @property
    def languages(self) -> frozenset[str] | None:
        """Languages of the encoder."""
        return self._encoder.languages

    @property
    def digest(self) -> str:
        """Digest of the encoder: the cache only rounds its vectors."""
        return self._encoder.digest

    @property
    def encode_runs(self) -> Callable[[Sequence[str]], Vectors]:
        """`encode_runs` of the encoder, if it has one: joined texts are not cached."""
        encode_runs: Callable[[Sequence[str]], Vectors] = self._encoder.encode_runs  # type: ignore[attr-defined]
        return encode_runs

    def close(self) -> None:
        """Close the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """See `Encoder.encode`. Only texts that are not cached are encoded."""
        keys = [key_of(text) for text in texts]
        stored = self._stored_vectors(list(dict.fromkeys(keys)))
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in stored}
        done = 0
        for part in batched(missing.items(), TEXTS_PER_COMMIT):
            behind = done

            def report(count: int, _: int, behind: int = behind) -> None:
                if progress:
                    progress(behind + count, len(missing))

            encoded = self._encoder.encode([text for _, text in part], report).astype(np.float16)
            new = {key: row.tobytes() for (key, _), row in zip(part, encoded, strict=True)}
            self._store_vectors(new)
            stored |= new
            done += len(part)
        if not keys:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        rows = np.frombuffer(b"".join(stored[key] for key in keys), dtype=np.float16)
        return half_precision(rows.reshape(len(keys), -1))

    def _stored_vectors(self, keys: list[bytes]) -> dict[bytes, bytes]:
        stored: dict[bytes, bytes] = {}
        try:
            db = self._opened()
            for part in batched(keys, KEYS_PER_QUERY):
                marks = ",".join("?" * len(part))
                query = f"select text, vector from vectors where encoder = ? and text in ({marks})"
                stored.update(db.conn.execute(query, [self.digest, *part]))
        except sqlite3.Error as error:
            self._distrust(error, "read")
        width = 2 * self.dimensions
        return {key: vector for key, vector in stored.items() if len(vector) == width}

    def _store_vectors(self, vectors: dict[bytes, bytes]) -> None:
        rows = [(self.digest, key, vector) for key, vector in vectors.items()]
        try:
            db = self._opened()
            db.conn.execute("begin immediate")
            try:
                db.conn.executemany("insert or replace into vectors values (?, ?, ?)", rows)
                db.conn.execute("commit")
            except BaseException:
                with suppress(sqlite3.Error):
                    db.conn.execute("rollback")
                raise
        except sqlite3.Error as error:
            self._distrust(error, "written")

    def _distrust(self, error: sqlite3.Error, what: str) -> None:
        """Log the error and continue without the file; a corrupt file is deleted and recreated by the next call."""
        log.warning("%s: cannot be %s (%s); continuing without the cache", self._path, what, error)
        if not isinstance(error, sqlite3.OperationalError):
            self.close()
            self._throw_away()

    def _throw_away(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                self._path.with_name(self._path.name + suffix).unlink()

    def _opened(self) -> Database:
        """Open the file on first use; recreate it if it is of another version or no database."""
        if self._db is None:
            try:
                self._db = self._connected()
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                self._throw_away()
                self._db = self._connected()
        return self._db

    def _connected(self) -> Database:
        conn = sqlite3.connect(self._path, timeout=10, isolation_level=None, check_same_thread=False)
        try:
            conn.execute("pragma synchronous = normal")
            if conn.execute("pragma user_version").fetchone()[0] != VERSION:
                _create_schema(conn)
        except BaseException:
            conn.close()
            raise
        return Database(conn)


class CachedTokenEncoder(CachedEncoder):
    """A `CachedEncoder` for an encoder with tokens. Token vectors are not cached: 40 times the size."""

    _encoder: TokenEncoder

    def encode_tokens(self, texts: Sequence[str], progress: Progress | None = None) -> list[Tokens]:
        """See `TokenEncoder.encode_tokens`."""
        return self._encoder.encode_tokens(texts, progress)

    def encode_with_tokens(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> tuple[Vectors, list[Tokens]]:
        """See `TokenEncoder.encode_with_tokens`. Only the layers for tokens are computed if all vectors are cached."""
        keys = [key_of(text) for text in texts]
        if set(keys) <= self._stored_vectors(list(dict.fromkeys(keys))).keys():
            return self.encode(texts), self._encoder.encode_tokens(texts, progress)
        vectors, tokens = self._encoder.encode_with_tokens(texts, progress)
        rows = vectors.astype(np.float16)
        self._store_vectors({key: row.tobytes() for key, row in zip(keys, rows, strict=True)})
        return self.encode(texts), tokens


def _create_schema(conn: sqlite3.Connection) -> None:
    """Create the table, unless another process has; drops the table of another version."""
    conn.execute("pragma journal_mode = wal")
    conn.execute("begin immediate")
    if conn.execute("pragma user_version").fetchone()[0] != VERSION:
        conn.execute("drop table if exists vectors")
        conn.execute(
            "create table vectors (encoder text, text blob, vector blob, primary key (encoder, text)) without rowid"
        )
        conn.execute(f"pragma user_version = {VERSION}")
    conn.execute("commit")


def key_of(text: str) -> bytes:
    """16-byte hash of the text."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def batched(items: Iterable[ItemT], size: int) -> Iterator[tuple[ItemT, ...]]:
    """Yield the items in tuples of up to `size`."""
    rest = iter(items)
    while part := tuple(islice(rest, size)):
        yield part
