"""Any sentence-transformers model: a small random one, saved here; what is not there; what would run code."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from align.cli.models import models as models_command
from align.embeddings import as_encoder, e5, load_encoder, transformer
from align.embeddings.transformer import TransformerEncoder
from align.errors import EncoderError, MissingExtraError, UsageError
from align.workspace.encoders import list_own


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
    with pytest.raises(EncoderError, match=r"neither modules\.json"):
        load_encoder(str(tmp_path)).encode(["a"])
    with pytest.raises(EncoderError, match="no such encoder or folder"):
        load_encoder(str(tmp_path / "missing")).encode(["a"])
    (tmp_path / "modules.json").write_text("{")
    with pytest.raises(EncoderError) as caught:
        load_encoder(str(tmp_path)).encode(["a"])
    assert "\n" not in str(caught.value)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty local cache of the hub; every connection fails the test."""

    def connect(*_: object) -> None:
        raise AssertionError("asked for on the network")

    monkeypatch.setattr("socket.socket.connect", connect)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "hub"


def in_hub(hub: Path, name: str, model: Path) -> None:
    """Put a model into the local cache of the hub, as its library lays it out."""
    folder = hub / f"models--{name.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("0123abcd")
    shutil.copytree(model, folder / "snapshots" / "0123abcd")


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("blnd", "Did you mean blend"),
        ("e5-orignal", "Did you mean e5-original"),
        ("labse", "no such encoder or folder"),
        ("./models/LaBSE", "no such encoder or folder"),
        ("sentence-transformers/LaBSEE", "align models get sentence-transformers/LaBSEE"),
        ("e5-original", "align models get intfloat/multilingual-e5-small"),
    ],
)
def test_no_hub_is_asked_for_a_name_that_is_not_on_disk(hub: Path, name: str, advice: str) -> None:
    with pytest.raises(EncoderError, match=advice):
        load_encoder(name)


def test_a_path_below_an_existing_folder_is_no_name_of_the_hub(hub: Path, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    with pytest.raises(EncoderError, match="no such encoder or folder"):
        load_encoder("models/LaBSE")


def test_models_in_the_cache_of_the_hub(hub: Path, small: Path, tmp_path: Path) -> None:
    in_hub(hub, "sentence-transformers/tiny", small)
    in_hub(hub, "intfloat/multilingual-e5-small", small)
    vectors = load_encoder(str(small), threads=1).encode(["w1 w2"])
    for name in ("tiny", "sentence-transformers/tiny"):
        assert np.allclose(load_encoder(name, threads=1).encode(["w1 w2"]), vectors, atol=1e-6)
    original = load_encoder("e5-original", threads=1)
    assert (original.name, original.languages) == ("e5-original", e5.LANGUAGES)
    assert original.prompt == "query: "
    assert not np.allclose(original.encode(["w1 w2"]), vectors, atol=1e-3)
    listed = {row.name: row.state for row in list_own("no/such", tmp_path)}
    assert listed.keys() == {"e5-original", "no/such", "intfloat/multilingual-e5-small", "sentence-transformers/tiny"}
    assert listed["sentence-transformers/tiny"] == "ready"
    assert "align models get no/such" in listed["no/such"]
    checked = CliRunner().invoke(models_command, ["check", "tiny"])
    assert checked.stdout.startswith("tiny\tok\t24 dimensions, all of length 1; prompt ''")


def test_the_prompt_is_that_of_the_models_configuration_whatever_its_path(small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "multilingual-e5-experiments"
    shutil.copytree(small, folder)
    assert load_encoder(str(folder), threads=1).prompt == ""
    file = folder / "config_sentence_transformers.json"
    config = json.loads(file.read_text())
    file.write_text(json.dumps(config | {"prompts": {"query": "w5 "}, "default_prompt_name": "query"}))
    encoder = load_encoder(str(folder), threads=1)
    assert encoder.prompt == "w5 "
    plain = load_encoder(str(small), threads=1)
    assert np.allclose(encoder.encode(["w1 w2"]), plain.encode(["w5 w1 w2"]), atol=1e-5)


def test_device_batch_size_and_number_format(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIGN_DEVICE", "cpu")
    monkeypatch.setenv("ALIGN_BATCH_SIZE", "3")
    monkeypatch.setenv("ALIGN_DTYPE", "bfloat16")
    encoder = load_encoder(str(small), threads=1)
    sizes: list[int] = []
    encode = encoder._model.encode
    monkeypatch.setattr(encoder._model, "encode", lambda *a, **k: sizes.append(k["batch_size"]) or encode(*a, **k))
    assert encoder._model.device.type == "cpu"
    assert "bfloat16" in str(next(encoder._model.parameters()).dtype)
    assert np.allclose(np.linalg.norm(encoder.encode(["w1", "w2"]), axis=1), 1, atol=1e-3)
    assert sizes == [3]
    monkeypatch.setenv("ALIGN_DTYPE", "")
    assert load_encoder(str(small), threads=1).digest != encoder.digest
    monkeypatch.setenv("ALIGN_DEVICE", "no-such-device")
    with pytest.raises(EncoderError, match="cannot be loaded"):
        load_encoder(str(small), threads=1).encode(["w1"])
    monkeypatch.setenv("ALIGN_BATCH_SIZE", "many")
    with pytest.raises(UsageError, match="batch_size must be"):
        load_encoder(str(small))


def test_a_loaded_model_is_an_encoder(small: Path) -> None:
    from sentence_transformers import SentenceTransformer

    encoder = as_encoder(SentenceTransformer(str(small), device="cpu"))
    assert np.allclose(encoder.encode(["w1 w2"]), load_encoder(str(small), threads=1).encode(["w1 w2"]), atol=1e-5)
    assert encoder.languages is None
    assert encoder.digest.startswith("st-")


def test_without_torch_the_message_names_what_to_install(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transformer, "find_spec", lambda name: None if name == "torch" else object())
    for name in (str(small), "sentence-transformers/LaBSE"):
        with pytest.raises(MissingExtraError, match=r"needs torch\. Install it: pip install sentence-transformers"):
            load_encoder(name).encode(["a"])


def test_a_download_that_fails_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_off(*_: object, **__: object) -> None:
        raise OSError("cut off\nsecond line")

    monkeypatch.setattr("huggingface_hub.snapshot_download", cut_off)
    with pytest.raises(EncoderError, match=r"cannot be downloaded \(cut off\)"):
        transformer.download("no-such/model")


def test_models_are_measured_on_ones_own_gold(small: Path, tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text(json.dumps({"src": ["w1 w2", "w3"], "tgt": ["w1 w2", "w3"], "gold": [[[0], [0]], [[1], [1]]]}))
    shown = CliRunner().invoke(models_command, ["measure", str(gold), str(small), "--json", "--device", "cpu"])
    assert json.loads(shown.stdout)["f1_strict"] == 1.0
