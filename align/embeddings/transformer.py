"""Any sentence-transformers model, by name or folder. torch is imported only when a model is loaded."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from align.embeddings import inference
from align.embeddings.base import Progress, Vectors
from align.embeddings.inference import encodable
from align.errors import EncoderError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

CHUNK_TEXTS = 256
"""Texts between two progress reports."""
DIGEST_SAMPLE = "The commission will publish its report next week."
"""The sentence by whose vector a loaded model is recognised."""
SMALL_FILE = 1 << 20
HUB_SECONDS = 10
HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")
SYMMETRIC_PROMPT = "query: "
"""Prompt for both sides that the model cards of E5 recommend for equivalents."""


def load_sentence_transformer(model: str, dtype: Any = None) -> SentenceTransformer:
    """Load the model from disk, else from the hub if there is a network. No code of the model is executed.

    Raises EncoderError with a remedy.
    """
    folder = Path(model)
    if folder.is_dir():
        if not is_model_folder(folder):
            raise EncoderError(f"{model}: not a sentence-transformers folder (it has no modules.json).")
        return _load(model, dtype, local=True)
    if os.sep in model and not HUB_NAME.fullmatch(model):
        raise EncoderError(f"{model}: no such folder. Give a sentence-transformers folder, or use, e5, blend or auto.")
    try:
        return _load(model, dtype, local=True)
    except EncoderError as absent:
        if os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on"):
            raise EncoderError(
                f"{model}: not on disk, and HF_HUB_OFFLINE forbids downloads. Use use, e5 or blend, or give a folder."
            ) from absent
    _check_hub(model)
    return _load(model, dtype, local=False)


def is_model_folder(folder: Path) -> bool:
    """Whether the folder seems to contain a model."""
    return any((folder / name).is_file() for name in ("modules.json", "config.json"))


def _check_hub(model: str) -> None:
    """Check in about a second that the hub has the model; loading it would retry for a minute without a network.

    Raises EncoderError where there is no network, or no such model.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError

    advice = "Use use, e5 or blend, or give the folder of a sentence-transformers model."
    # A name without owner is a model of the library itself, or one of the hub's oldest.
    for name in (model,) if "/" in model else (f"sentence-transformers/{model}", model):
        try:
            HfApi().model_info(name, timeout=HUB_SECONDS)
        except RepositoryNotFoundError as absent:
            error = EncoderError(f"{model}: not on disk, and no such model on the hub. {advice}")
            error.__cause__ = absent
        except Exception as cut_off:  # network errors depend on the transport
            raise EncoderError(f"{model}: not on disk and no network. {advice}") from cut_off
        else:
            return
    raise error


def _load(model: str, dtype: Any, *, local: bool) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    options = {} if dtype is None else {"dtype": dtype}
    try:
        with _quiet():
            return SentenceTransformer(
                model, device="cpu", trust_remote_code=False, local_files_only=local, model_kwargs=options
            )
    except Exception as error:  # broken or missing models raise a dozen kinds of errors
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise EncoderError(f"{model}: cannot be loaded as a sentence-transformers model ({reason})") from error


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

    languages: frozenset[str] | None = None

    def __init__(self, model: str | SentenceTransformer, threads: int | None = None) -> None:
        """Take the name or folder of a model, or a model that is loaded already."""
        self._given = None if isinstance(model, str) else model
        self.name = model if isinstance(model, str) else _name_of(model)
        self._threads = inference.thread_count(threads)

    @cached_property
    def _model(self) -> SentenceTransformer:
        if self._given is not None:
            return self._given
        import torch

        torch.set_num_threads(self._threads)
        return load_sentence_transformer(self.name)

    @cached_property
    def dimensions(self) -> int:
        """Width of a vector."""
        return int(self._model.get_embedding_dimension() or 0)

    @cached_property
    def digest(self) -> str:
        """Hash of the model's files, or of a vector of a model that was loaded by the caller.

        The model is loaded only if it is not on disk yet.
        """
        if self._given is not None:
            sample = self.encode([DIGEST_SAMPLE])[0].round(3).tobytes()
            return "st-" + hashlib.sha256(self.name.encode() + sample).hexdigest()[:16]
        folder = self._folder_on_disk()
        if folder is None and self._model:
            folder = self._folder_on_disk()
        described = [self.name] if folder is None else _fingerprint(folder)
        return "st-" + hashlib.sha256(json.dumps(described).encode()).hexdigest()[:16]

    def _folder_on_disk(self) -> Path | None:
        """The given folder, or the hub's local copy of the model."""
        if Path(self.name).is_dir():
            return Path(self.name)
        from huggingface_hub import snapshot_download

        try:
            return Path(snapshot_download(self.name, local_files_only=True))
        except Exception:  # on any error of the hub's library there is no local copy
            return None

    @property
    def _prompt(self) -> str:
        """Prefix of every text: the model's default prompt, or that of E5's model card."""
        prompts = self._model.prompts or {}
        if self._model.default_prompt_name:
            return str(prompts.get(self._model.default_prompt_name, ""))
        return SYMMETRIC_PROMPT if re.search(r"(^|[/_-])(multilingual-)?e5-(?!.*instruct)", self.name) else ""

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
                prompt=self._prompt or None,
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
        prompt = len(self._model.tokenizer(self._prompt)["input_ids"])
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
