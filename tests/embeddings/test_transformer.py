"""Any sentence-transformers model: a small random one, saved here; what is not there; what would run code."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import numpy as np
import pytest
from huggingface_hub.errors import RepositoryNotFoundError

from align.embeddings import load_encoder, transformer
from align.embeddings.transformer import TransformerEncoder
from align.errors import EncoderError


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of two layers and 64 pieces, random, 32 tokens at most, in a sentence-transformers folder."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.sentence_transformer.modules import Pooling
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    torch.manual_seed(1)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *(f"w{number}" for number in range(60))]
    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    folder = tmp_path_factory.mktemp("small")
    marks = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=32, **marks).save_pretrained(folder / "bert")
    config = BertConfig(
        vocab_size=len(words), hidden_size=24, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48,
        max_position_embeddings=34,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder / "bert")
    body = Transformer(str(folder / "bert"), max_seq_length=32)
    SentenceTransformer(modules=[body, Pooling(24, "mean")], device="cpu").save(str(folder / "model"))
    return folder / "model"


def test_a_model_in_a_folder(small: Path) -> None:
    encoder = load_encoder(str(small), threads=1)
    vectors = encoder.encode(["w1 w2", "w3", "", " ", "\ud800", "w1 w2"])
    assert vectors.shape == (6, encoder.dimensions) == (6, 24)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(vectors[0], vectors[5], atol=1e-5)
    assert not np.allclose(vectors[0], vectors[1], atol=1e-2)
    assert encoder.encode([]).shape == (0, 24)


def test_long_texts_are_windowed_not_cut(small: Path) -> None:
    encoder = TransformerEncoder(str(small), threads=1)
    start = " ".join(f"w{number % 30}" for number in range(100))
    whole, cut, long = encoder.encode([start + " w50" * 100, start, "w7 " * 30_000])
    assert whole @ cut < 0.999
    assert np.linalg.norm(long) == pytest.approx(1, abs=1e-5)
    assert all(len(window.split()) <= 30 for window in encoder._windows(start))
    assert "".join(encoder._windows(start)) == start


def test_progress_ends_at_the_end(small: Path) -> None:
    told: list[tuple[int, int]] = []
    load_encoder(str(small), threads=1).encode(["w1"] * 300, lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1] == (300, 300)


def test_a_digest_follows_the_files_and_loads_nothing(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def loaded(*_: object) -> None:
        raise AssertionError("loaded")

    monkeypatch.setattr(transformer, "load_sentence_transformer", loaded)
    first = TransformerEncoder(str(small)).digest
    assert first == TransformerEncoder(str(small)).digest
    described = small / "config_sentence_transformers.json"
    before = described.read_text()
    described.write_text(before.replace("{", "{ ", 1))
    assert TransformerEncoder(str(small)).digest != first
    described.write_text(before)


def test_code_of_a_model_is_not_run(small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "evil"
    folder.mkdir()
    for path in small.rglob("*"):
        if path.is_file():
            (folder / path.relative_to(small)).parent.mkdir(parents=True, exist_ok=True)
            (folder / path.relative_to(small)).write_bytes(path.read_bytes())
    modules = json.loads((folder / "modules.json").read_text())
    modules[0]["type"] = "evil.Module"
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\nclass Module: ...\n")
    with pytest.raises(EncoderError) as caught:
        load_encoder(str(folder)).encode(["a"])
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "ran").exists()


def test_what_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"no modules\.json"):
        load_encoder(str(tmp_path)).encode(["a"])
    with pytest.raises(EncoderError, match="no such folder"):
        load_encoder(str(tmp_path / "missing")).encode(["a"])
    (tmp_path / "modules.json").write_text("{")
    with pytest.raises(EncoderError) as caught:
        load_encoder(str(tmp_path)).encode(["a"])
    assert "\n" not in str(caught.value)


def test_a_name_that_is_not_on_disk_when_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(EncoderError, match="HF_HUB_OFFLINE forbids"):
        load_encoder("no-such/model").encode(["a"])


def test_the_hub_is_asked_before_a_model_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading without a network tries for a minute; the names asked for are told."""
    asked: list[str] = []

    def answer(error: Exception) -> None:
        def model_info(_: object, name: str, **__: object) -> None:
            asked.append(name)
            raise error

        monkeypatch.setattr(huggingface_hub.HfApi, "model_info", model_info)

    response: Any = SimpleNamespace(headers={}, request=None)
    answer(RepositoryNotFoundError("none", response=response))
    with pytest.raises(EncoderError, match="no such model on the hub"):
        load_encoder("no-such-model").encode(["a"])
    assert asked == ["sentence-transformers/no-such-model", "no-such-model"]
    answer(OSError("cut off"))
    with pytest.raises(EncoderError, match="no network"):
        load_encoder("no-such/model").encode(["a"])


def test_e5_by_name_gets_its_prompt() -> None:
    class Bare:
        prompts = None
        default_prompt_name = None

    for name, prompt in (("intfloat/multilingual-e5-base", "query: "), ("sentence-transformers/LaBSE", ""),
                         ("intfloat/multilingual-e5-large-instruct", "")):  # fmt: skip
        encoder = TransformerEncoder(name)
        encoder.__dict__["_model"] = Bare()
        assert encoder._prompt == prompt
