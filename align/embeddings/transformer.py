"""Any sentence-transformers model, by folder or by its name in the local cache of the model hub.

torch is imported only when a model is loaded. Nothing is downloaded except by `download`.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from align.embeddings import inference
from align.embeddings.base import DEFAULT_OPTIONS, ModelOptions, Progress, Vectors
from align.embeddings.e5 import LANGUAGES as E5_LANGUAGES
from align.embeddings.inference import encodable
from align.errors import EncoderError, MissingExtraError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

CHUNK_TEXTS = 256
"""Texts between two progress reports."""
DIGEST_SAMPLE = "The commission will publish its report next week."
"""The sentence by whose vector a loaded model is recognised."""
SMALL_FILE = 1 << 20
HUB_SECONDS = 10
BATCH_TEXTS = 32
"""Texts that the library encodes at a time by default."""
OTHER_FORMATS = (
    "onnx/*",
    "openvino/*",
    "*.onnx",
    "*.h5",
    "*.msgpack",
    "*.ot",
    "*.gguf",
    "pytorch_model.bin.index.json",
)
"""Files of a model for other libraries."""
SYMMETRIC_PROMPT = "query: "
"""Prompt for both sides that the model card of E5 recommends for equivalents."""


def load_sentence_transformer(model: str, dtype: Any = None, device: str = "") -> SentenceTransformer:
    """Load the model from a folder or the local cache of the hub. No code of the model is executed.

    device: where it runs; "" = a GPU where there is one. Raises EncoderError, or MissingExtraError where the library
    is not installed, with a remedy.
    """
    require_library(model)
    folder = Path(model).expanduser()
    if folder.is_dir() and not is_model_folder(folder):
        raise EncoderError(f"{model}: not the folder of a model (it has neither modules.json nor config.json).")
    source = folder if folder.is_dir() else cached_model(model)
    if source is None:
        raise EncoderError(f"{model}: no such folder. Give a sentence-transformers folder, or use, e5, blend or auto.")
    from sentence_transformers import SentenceTransformer

    options = {} if dtype is None else {"dtype": dtype}
    try:
        with _quiet():
            return SentenceTransformer(
                str(source), device=device or None, trust_remote_code=False, local_files_only=True, model_kwargs=options
            )
    except Exception as error:  # broken or missing models raise a dozen kinds of errors
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise EncoderError(f"{model}: cannot be loaded as a sentence-transformers model ({reason})") from error


def require_library(model: str) -> None:
    """Raise MissingExtraError where torch or sentence-transformers is not installed."""
    missing = [name for name in ("torch", "sentence_transformers") if find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"{model}: a model by name or folder needs {' and '.join(missing).replace('_', '-')}. Install it: "
            "pip install sentence-transformers. use, e5 and blend work without."
        )


def is_model_folder(folder: Path) -> bool:
    """Whether the folder seems to contain a model."""
    return any((folder / name).is_file() for name in ("modules.json", "config.json"))


def hub_cache() -> Path:
    """The folder where Hugging Face's library caches models, by the variables that it documents."""
    if named := os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE"):
        return Path(named).expanduser()
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    return Path(home).expanduser() / "hub"


def cached_model(name: str) -> Path | None:
    """The folder of a model of the hub in its local cache, by name; `LaBSE` is also `sentence-transformers/LaBSE`.

    No library is imported and nothing is asked for on the network.
    """
    for full in (name,) if "/" in name else (name, f"sentence-transformers/{name}"):
        folder = hub_cache() / f"models--{full.replace('/', '--')}"
        with suppress(OSError):
            revision = (folder / "refs" / "main").read_text(encoding="utf-8").strip()
            snapshot = folder / "snapshots" / revision
            if is_model_folder(snapshot):
                return snapshot
    return None


def cached_models() -> list[str]:
    """Names of the models in the local cache of the hub that sentence-transformers can load."""
    names = (folder.name.removeprefix("models--").replace("--", "/") for folder in hub_cache().glob("models--*"))
    return sorted(name for name in names if (snapshot := cached_model(name)) and (snapshot / "modules.json").is_file())


def download(model: str) -> Path:
    """Download a model of the hub to its local cache, with the library's progress bars. Raises EncoderError."""
    require_library(model)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        return Path(snapshot_download(model, ignore_patterns=list(OTHER_FORMATS), etag_timeout=HUB_SECONDS))
    except RepositoryNotFoundError as error:
        raise EncoderError(f"{model}: no such model on the hub. Write it with its owner, as on its page.") from error
    except Exception as error:  # network errors depend on the transport
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise EncoderError(f"{model}: cannot be downloaded ({reason}). Copy its folder here, and name that.") from error


def original_e5(
    name: str, model: str, models: Path, *, threads: int | None = None, options: ModelOptions = DEFAULT_OPTIONS
) -> TransformerEncoder:
    """The encoder `e5-original`: from a folder in the cache of align, else from that of the hub; with E5's prompt.

    Raises EncoderError where neither has it.
    """
    folder = models / model.partition("/")[2]
    source = folder if is_model_folder(folder) else cached_model(model)
    if source is None:
        raise EncoderError(f"{name}: {model} is not on disk. Copy it to {folder}, or run: align models get {model}")
    return TransformerEncoder(str(source), threads, options, name=name, prompt=SYMMETRIC_PROMPT, languages=E5_LANGUAGES)


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppress progress bars and logs below errors while a model loads."""
    import transformers.utils.logging

    transformers_logging: Any = transformers.utils.logging
    bars, level = transformers_logging.is_progress_bar_enabled(), transformers_logging.get_verbosity()
    loggers = [logging.getLogger(name) for name in ("sentence_transformers", "huggingface_hub")]
    levels = [logger.level for logger in loggers]
    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, before in zip(loggers, levels, strict=True):
            logger.setLevel(before)
        transformers_logging.set_verbosity(level)
        if bars:
            transformers_logging.enable_progress_bar()


class TransformerEncoder:
    """A sentence-transformers model as an `Encoder`, loaded when its width or a vector is first needed."""

    def __init__(
        self,
        model: str | SentenceTransformer,
        threads: int | None = None,
        options: ModelOptions = DEFAULT_OPTIONS,
        *,
        name: str = "",
        prompt: str | None = None,
        languages: frozenset[str] | None = None,
    ) -> None:
        """Take the name or folder of a model, or a model that is loaded already.

        name: for messages and the store; default: as given. prompt: prefix of every text; default: the model's own.
        """
        self._given = None if isinstance(model, str) else model
        self._source = model if isinstance(model, str) else ""
        self.name = name or (model if isinstance(model, str) else _name_of(model))
        self.languages = languages
        self._options = options
        self._fixed_prompt = prompt
        self._threads = inference.thread_count(threads)

    @cached_property
    def _model(self) -> SentenceTransformer:
        if self._given is not None:
            return self._given
        import torch

        torch.set_num_threads(self._threads)
        return load_sentence_transformer(self._source, self._options.dtype or None, self._options.device)

    @cached_property
    def dimensions(self) -> int:
        """Width of a vector."""
        return int(self._model.get_embedding_dimension() or 0)

    @cached_property
    def digest(self) -> str:
        """Hash of the model's files and number format, or of a vector of a model that was loaded by the caller."""
        if self._given is not None:
            sample = self.encode([DIGEST_SAMPLE])[0].round(3).tobytes()
            return "st-" + hashlib.sha256(self.name.encode() + sample).hexdigest()[:16]
        folder = Path(self._source).expanduser()
        source = folder if folder.is_dir() else cached_model(self._source)
        described: list[object] = [self._source] if source is None else _fingerprint(source)
        # Neither changes the key of the vectors of models that were used before.
        described += [extra for extra in (self._options.dtype, self._fixed_prompt) if extra]
        return "st-" + hashlib.sha256(json.dumps(described).encode()).hexdigest()[:16]

    @property
    def prompt(self) -> str:
        """Prefix of every text: the default prompt in the model's own configuration, if it names one."""
        if self._fixed_prompt is not None:
            return self._fixed_prompt
        prompts = self._model.prompts or {}
        return str(prompts.get(self._model.default_prompt_name or "", ""))

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """See `Encoder.encode`. A text above the model's limit is the mean of its windows, weighted by length."""
        windows: list[str] = []
        owners: list[int] = []
        for number, text in enumerate(texts):
            parts = self._windows(encodable(text))
            windows += parts
            owners += [number] * len(parts)
        order = sorted(range(len(windows)), key=lambda index: -len(windows[index]))
        sums = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for start in range(0, len(order), CHUNK_TEXTS):
            batch = order[start : start + CHUNK_TEXTS]
            encoded = self._model.encode(
                [windows[index] for index in batch],
                prompt=self.prompt or None,
                batch_size=self._options.batch_size or BATCH_TEXTS,
                normalize_embeddings=True,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
            weights = np.array([max(1, len(windows[index])) for index in batch], dtype=np.float32)
            np.add.at(sums, [owners[index] for index in batch], np.asarray(encoded, np.float32) * weights[:, None])
            if progress:
                progress(len(texts) * (start + len(batch)) // len(order), len(texts))
        return _unit(sums)

    def _windows(self, text: str) -> list[str]:
        """The text, or parts of even length within the model's limit."""
        max_tokens = self._max_tokens
        if max_tokens is None or len(text) <= max_tokens:
            return [text]
        tokens = len(self._model.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])
        if tokens <= max_tokens:
            return [text]
        parts = -(-tokens * 5 // (max_tokens * 4))  # tokens are spread unevenly: fill only four fifths
        bounds = [len(text) * part // parts for part in range(parts + 1)]
        cut = [text[start:end] for start, end in pairwise(bounds)]
        return [window for part in cut if part for window in (self._windows(part) if len(part) < len(text) else [part])]

    @cached_property
    def _max_tokens(self) -> int | None:
        """Maximum tokens of a text, without prompt and marks; None where the model has no limit."""
        longest = self._model.max_seq_length
        if not longest or not callable(getattr(self._model, "tokenizer", None)):
            return None
        prompt = len(self._model.tokenizer(self.prompt)["input_ids"])
        return max(8, int(longest) - prompt - 2)


def _name_of(model: SentenceTransformer) -> str:
    """The name of a loaded model: that in its model card, else its class."""
    card = getattr(model, "model_card_data", None)
    name = getattr(card, "model_name", None) or getattr(card, "base_model", None)
    return str(name or type(model).__name__)


def _fingerprint(folder: Path) -> list[object]:
    """Name, size and content key of each file: the digest of a small file, the modification time of weights."""
    entries: list[object] = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        status = path.stat()
        small = status.st_size <= SMALL_FILE
        content_key = hashlib.sha256(path.read_bytes()).hexdigest() if small else status.st_mtime_ns
        entries.append([path.relative_to(folder).as_posix(), status.st_size, content_key])
    return entries


def _unit(sums: Vectors) -> Vectors:
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    # A model may return the zero vector for a blank text; replace it by a unit vector, since length 1 is promised.
    sums[norms[:, 0] < 1e-12, 0] = 1.0
    units: Vectors = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), np.float32(1e-12))
    return units
