"""Nothing is encoded twice, and no two encoders mix."""

import hashlib
import multiprocessing
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from align.embeddings import TokenEncoder, cached
from align.embeddings.base import Progress, Tokens, Vectors


class Counting:
    """Unit vectors out of a hash; counts what it is asked."""

    name, dimensions, languages = "counting", 8, None

    def __init__(self, digest: str = "one") -> None:
        self.digest = digest
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        self.asked += texts
        rows = [np.frombuffer(hashlib.sha256((self.digest + text).encode()).digest(), "<u4") for text in texts]
        vectors = np.array(rows, dtype=np.float64).reshape(-1, 8) / 2**31 - 1
        if progress:
            progress(len(texts), len(texts))
        units: Vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        return units


class CountingTokens(Counting):
    def encode_tokens(self, texts: Sequence[str], progress: Progress | None = None) -> list[Tokens]:
        return [Tokens((text,), np.array([[0, len(text)]], np.int32), np.ones((1, 8), np.float16)) for text in texts]

    def encode_with_tokens(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> tuple[Vectors, list[Tokens]]:
        return self.encode(texts), self.encode_tokens(texts)


def test_each_text_is_encoded_once_in_its_life(tmp_path: Path) -> None:
    encoder = Counting()
    with cached(encoder, tmp_path / "a.db") as cache:
        first = cache.encode(["x", "y", "x"])
    with cached(encoder, tmp_path / "a.db") as cache:
        again = cache.encode(["y", "z", "x"])
    assert encoder.asked == ["x", "y", "z"]
    assert np.array_equal(first[0], first[2])
    assert np.array_equal(first[[1, 0]], again[[0, 2]])
    assert np.allclose(np.linalg.norm(again, axis=1), 1, atol=1e-6)
    assert np.allclose(again, Counting().encode(["y", "z", "x"]), atol=1e-3)
    assert cache.encode([]).shape == (0, 8)


def test_encoders_never_mix(tmp_path: Path) -> None:
    with cached(Counting("one"), tmp_path / "a.db") as one, cached(Counting("two"), tmp_path / "a.db") as two:
        assert not np.allclose(one.encode(["x"]), two.encode(["x"]), atol=0.1)


def test_lone_surrogates_are_apart(tmp_path: Path) -> None:
    class Plain(Counting):
        def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
            return super().encode([text.encode("utf-8", "backslashreplace").decode() for text in texts], progress)

    with cached(Plain(), tmp_path / "a.db") as cache:
        rows = cache.encode(["\ud800", "\ud801"])
    assert not np.allclose(rows[0], rows[1], atol=0.1)


@pytest.mark.parametrize("content", [b"not a database at all" * 99, b"", "another version"])
def test_a_strange_file_is_made_anew(tmp_path: Path, content: bytes | str) -> None:
    path = tmp_path / "a.db.vectors"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        with sqlite3.connect(path) as db:
            db.execute("create table vectors (something)")
            db.execute("pragma user_version = 999")
        db.close()
    encoder = Counting()
    for _ in range(2):
        with cached(encoder, tmp_path / "a.db") as cache:
            assert cache.encode(["x"]).shape == (1, 8)
    assert encoder.asked == ["x"]


def test_a_page_broken_in_the_middle_costs_time_and_no_more(tmp_path: Path) -> None:
    texts = [str(number) for number in range(500)]
    encoder = Counting()
    with cached(encoder, tmp_path / "a.db") as cache:
        expected = cache.encode(texts)
    path = tmp_path / "a.db.vectors"
    path.with_name(path.name + "-wal").unlink(missing_ok=True)
    content = bytearray(path.read_bytes())
    content[4096:-1] = b"\x55" * (len(content) - 4097)
    path.write_bytes(content)
    for _ in range(2):
        with cached(encoder, tmp_path / "a.db") as cache:
            assert np.array_equal(cache.encode(texts), expected)
    assert len(encoder.asked) <= 1500


def test_where_nothing_can_be_written_vectors_come_all_the_same(tmp_path: Path) -> None:
    with cached(Counting(), tmp_path / "missing" / "a.db") as cache:
        assert cache.encode(["x"]).shape == (1, 8)


def test_an_encoder_with_tokens_stays_one(tmp_path: Path) -> None:
    encoder = CountingTokens()
    with cached(encoder, tmp_path / "a.db") as cache:
        assert isinstance(cache, TokenEncoder)
        vectors, tokens = cache.encode_with_tokens(["x", "yy"])
        again, _ = cache.encode_with_tokens(["yy", "x"])
    assert encoder.asked == ["x", "yy"]
    assert np.array_equal(vectors, again[::-1])
    assert [token.pieces for token in tokens] == [("x",), ("yy",)]
    with cached(Counting(), tmp_path / "a.db") as plain:
        assert not isinstance(plain, TokenEncoder)


def fill(path: Path, start: int) -> None:
    with cached(Counting(), path) as cache:
        for number in range(start, start + 40):
            cache.encode([str(number), str(number + 1)])


def test_processes_may_share_a_file(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=fill, args=(tmp_path / "a.db", start)) for start in (0, 10, 20)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    encoder = Counting()
    with cached(encoder, tmp_path / "a.db") as cache:
        cache.encode([str(number) for number in range(61)])
    assert encoder.asked == []
