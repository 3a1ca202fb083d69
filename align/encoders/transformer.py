"""Any sentence-transformers model, by name or folder. torch is imported when one is built, never before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from align.encoders.base import Progress, Vectors
from align.encoders.texts import encodable
from align.errors import EncoderError

CHUNK = 256


class TransformerEncoder:
    """A sentence-transformers model behind our port."""

    languages: frozenset[str] | None = None

    def __init__(self, model: str) -> None:
        self.name = model
        try:
            from sentence_transformers import SentenceTransformer

            self._model: Any = SentenceTransformer(model, device="cpu", trust_remote_code=False)
        except (OSError, ValueError) as error:
            raise EncoderError(
                f"{model}: not an encoder of ours, not on disk as a sentence-transformers model, and no network "
                f"to fetch it. Known are use, e5, blend, auto; or give a model folder."
            ) from error
        self.dimensions = int(self._model.get_embedding_dimension() or 0)
        folder = Path(model)
        files = sorted(folder.rglob("*")) if folder.is_dir() else []
        described = [f"{path.relative_to(folder)} {path.stat().st_size}" for path in files]
        self.digest = "st-" + hashlib.sha256(json.dumps([model, described]).encode()).hexdigest()[:16]

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """See `Encoder.encode`."""
        clean = [encodable(text) for text in texts]
        vectors = np.empty((len(clean), self.dimensions), dtype=np.float32)
        for start in range(0, len(clean), CHUNK):
            rows = clean[start : start + CHUNK]
            vectors[start : start + len(rows)] = self._model.encode(
                rows, normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
            )
            if progress:
                progress(start + len(rows), len(clean))
        return vectors
