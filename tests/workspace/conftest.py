"""A small workspace whose right answers are known: an English and a Japanese page that say the same things."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from align.embeddings.base import Progress, Vectors
from align.models import Document
from align.readers import read
from align.store import Store, open_store

DIMENSIONS = 64


class TopicEncoder:
    """Texts that name the same topic number get almost the same vector, whatever their language."""

    name = "topics"
    dimensions = DIMENSIONS
    languages = None
    digest = "topics-1"

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        self.encoded += texts
        rows = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for number, text in enumerate(texts):
            for topic in re.findall(r"\d+", text):
                rows[number] += np.random.default_rng(int(topic)).normal(size=DIMENSIONS)
            rows[number] += 0.1 * np.random.default_rng(zlib.crc32(text.encode())).normal(size=DIMENSIONS)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def english(topics: Sequence[int]) -> str:
    return "".join(f"The minister spoke at length about topic {topic} this morning.\n" for topic in topics)


def japanese(topics: Sequence[int]) -> str:
    return "".join(f"大臣は今朝、議題{topic}について詳しく話した。\n" for topic in topics)


def page(name: str, text: str) -> Document:
    return read(name, text.encode())


@pytest.fixture
def encoder() -> TopicEncoder:
    return TopicEncoder()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store with `a.en.txt` (topics 100 to 119) and `b.ja.txt` (the same)."""
    with open_store(tmp_path / "store.db") as opened:
        opened.add_document(page("a.en.txt", english(range(100, 120))))
        opened.add_document(page("b.ja.txt", japanese(range(100, 120))))
        yield opened
