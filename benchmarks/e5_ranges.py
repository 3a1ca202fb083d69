"""Measure the ranges for the 8-bit e5: `python -m benchmarks.e5_ranges` writes align/embeddings/e5_ranges.json.

From the reference sentences and the seed pages, in float32. They hardly depend on the texts: the massive
activations of BERT are in the same channels in every language.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from align.embeddings import reference
from align.embeddings.e5_folder import PROMPT, build_tokenizer
from align.embeddings.e5_onnx import (
    LAST,
    MIDDLE,
    MIDDLE_LAYER,
    RANGES,
    float_graph,
    packed_model,
    product_inputs,
    read_packed,
)

SEEDS = Path(__file__).parent.parent / "seeds"
MASSIVE = 64
"""One channel in so many may be massive: the cap is the largest value of the others."""
LEAST_FACTOR = 1.15
MARGIN = 1.02
CONTEXT_MARGIN = 1.25
"""Factor for outputs of attention, which depend more on the text."""


def main() -> None:
    """Measure and write the ranges."""
    model = read_packed(packed_model())
    tokenizer = build_tokenizer(model)
    names = product_inputs(model.sizes.layers)
    produced = {f"l{MIDDLE_LAYER}.in": MIDDLE}
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        float_graph(model, [name for name in names if name not in produced]), options, ["CPUExecutionProvider"]
    )
    seen: dict[str, list[npt.NDArray[np.float32]]] = {name: [] for name in names}
    wanted = [produced.get(name, name) for name in names]
    lines = [line.strip() for page in sorted(SEEDS.glob("*.txt")) for line in page.read_text("utf-8").splitlines()]
    for text in [*reference.texts(), *(line for line in lines[::4] if line)]:
        ids = np.array([tokenizer.encode(PROMPT + text).ids[: model.sizes.positions]])
        fed = {"input_ids": ids, "attention_mask": np.ones(ids.shape, dtype=np.int32)}
        for name, values in zip(names, session.run(wanted, fed), strict=True):
            flat = values.reshape(-1, values.shape[-1])
            seen[name].append(np.stack([flat.min(axis=0), flat.max(axis=0)]))
    del session
    print(LAST, "not needed;", len(lines), "lines")
    RANGES.write_text(json.dumps({name: ranged(name, rows) for name, rows in seen.items()}, indent=1) + "\n")


def ranged(name: str, rows: list[npt.NDArray[np.float32]]) -> dict[str, object]:
    """Lowest and highest value after massive channels are scaled down to the cap."""
    low = np.minimum(np.min([row[0] for row in rows], axis=0), 0)
    high = np.maximum(np.max([row[1] for row in rows], axis=0), 0)
    size = np.maximum(high, -low)
    factors = np.ones(len(size))
    if not name.endswith(".context"):
        cap = np.sort(size)[-(len(size) // MASSIVE) - 1]
        factors = np.where(size / cap > LEAST_FACTOR, np.round(size.astype(np.float64) / cap, 3), 1.0)
    margin = CONTEXT_MARGIN if name.endswith(".context") else MARGIN
    massive = {str(channel): float(factors[channel]) for channel in np.flatnonzero(factors > 1)}
    lowest, highest = float((low / factors).min()) * margin, float((high / factors).max()) * margin
    return {"low": round(lowest, 4), "high": round(highest, 4), "factors": massive}


if __name__ == "__main__":
    main()
