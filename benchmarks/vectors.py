"""Vectors and token vectors of gold texts, encoded once and stored in a folder for all fits."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from align.embeddings import Encoder, Progress, TokenEncoder, Vectors, load_encoder
from align.embeddings.cache import batched

AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class StoredTokens:
    """The tokens of one text, as in `EmbeddedSide.tokens`."""

    pieces: tuple[str, ...]
    vectors: npt.NDArray[np.float16]


class VectorStore:
    """`use` and `e5` vectors by text; those of `blend` are made from both. One SQLite file per encoder in `folder`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._encoders: dict[str, Encoder] = {}
        self._files: dict[str, sqlite3.Connection] = {}

    def encoder(self, name: str) -> Encoder:
        """The encoder itself, loaded once."""
        if name not in self._encoders:
            self._encoders[name] = load_encoder(name)
        return self._encoders[name]

    def vectors(self, name: str, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """(n, d) float32 rows of length 1."""
        if name == "blend":
            from align.embeddings.registry import join_vectors

            return join_vectors(self.vectors("use", texts), self.vectors("e5", texts))
        rows = self._rows(name, texts)
        found = np.frombuffer(b"".join(rows[text][0] for text in texts), dtype=np.float16)
        found = found.reshape(len(texts), -1).astype(np.float32)
        return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9), dtype=np.float32)

    def tokens(self, name: str, texts: Sequence[str]) -> list[StoredTokens] | None:
        """Token vectors of each text, or None for an encoder that has none."""
        if not isinstance(self.encoder(name), TokenEncoder):
            return None
        rows = self._rows("e5" if name == "blend" else name, texts)
        found = []
        for text in texts:
            _, pieces, vectors = rows[text]
            names = tuple(json.loads(pieces))
            width = len(vectors) // 2 // max(1, len(names))
            found.append(StoredTokens(names, np.frombuffer(vectors, dtype=np.float16).reshape(len(names), width)))
        return found

    def _rows(self, name: str, texts: Iterable[str]) -> dict[str, tuple[bytes, str, bytes]]:
        distinct = list(dict.fromkeys(texts))
        rows = dict(self._stored(name, distinct))
        for part in batched((text for text in distinct if text not in rows), AT_ONCE):
            rows.update(self._encode(name, part))
        return rows

    def _stored(self, name: str, texts: Sequence[str]) -> Iterator[tuple[str, tuple[bytes, str, bytes]]]:
        by_key = {_key(text): text for text in texts}
        file = self._file(name)
        for part in batched(by_key, 500):
            marks = ",".join("?" * len(part))
            query = f"select text, vector, pieces, tokens from texts where text in ({marks})"
            for key, vector, pieces, tokens in file.execute(query, part):
                yield by_key[key], (vector, pieces, tokens)

    def _encode(self, name: str, texts: Sequence[str]) -> dict[str, tuple[bytes, str, bytes]]:
        encoder = self.encoder(name)
        bags: Sequence[Any] | None = None
        if isinstance(encoder, TokenEncoder):
            vectors, bags = encoder.encode_with_tokens(list(texts))
        else:
            vectors = encoder.encode(list(texts))
        rows = {
            text: (
                vector.astype(np.float16).tobytes(),
                json.dumps(bags[k].pieces) if bags else "[]",
                np.asarray(bags[k].vectors, dtype=np.float16).tobytes() if bags else b"",
            )
            for k, (text, vector) in enumerate(zip(texts, vectors, strict=True))
        }
        file = self._file(name)
        with file:
            file.executemany(
                "insert or replace into texts values (?, ?, ?, ?)", [(_key(text), *row) for text, row in rows.items()]
            )
        return rows

    def _file(self, name: str) -> sqlite3.Connection:
        if name not in self._files:
            digest = self.encoder(name).digest.replace("/", "_")
            file = sqlite3.connect(self.folder / f"{digest}.sqlite", timeout=60)
            file.execute("pragma journal_mode = wal")
            file.execute(
                "create table if not exists texts (text blob primary key, vector blob, pieces text, tokens blob)"
            )
            self._files[name] = file
        return self._files[name]


class StoredEncoder:
    """An encoder whose vectors come from a store; also those of joined texts."""

    def __init__(self, store: VectorStore, name: str) -> None:
        self.store, self.name = store, name
        encoder = store.encoder(name)
        self.dimensions, self.languages, self.digest = encoder.dimensions, encoder.languages, encoder.digest
        if hasattr(encoder, "encode_runs"):
            self.encode_runs = self._encode_runs

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """See `Encoder.encode`."""
        return self.store.vectors(self.name, texts)

    def _encode_runs(self, texts: Sequence[str]) -> Vectors:
        from align.embeddings.registry import use_half

        vectors = self.store.vectors("use", texts)
        return use_half(vectors) if self.name == "blend" else vectors


class StoredTokenEncoder(StoredEncoder):
    """A `StoredEncoder` with token vectors."""

    def encode_tokens(self, texts: Sequence[str], progress: Progress | None = None) -> list[Any]:
        """See `TokenEncoder.encode_tokens`."""
        return self.store.tokens(self.name, texts) or []

    def encode_with_tokens(self, texts: Sequence[str], progress: Progress | None = None) -> tuple[Vectors, list[Any]]:
        """See `TokenEncoder.encode_with_tokens`."""
        return self.encode(texts), self.encode_tokens(texts)


def encoder_of(name: str, folder: Path | None) -> Encoder:
    """The encoder called `name`, with the vectors stored in `folder` if one is given."""
    if folder is None:
        return load_encoder(name)
    store = VectorStore(folder / "vectors")
    kind = StoredTokenEncoder if isinstance(store.encoder(name), TokenEncoder) else StoredEncoder
    return kind(store, name)


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]
