"""e5 by sentence-transformers: exact float32, or bfloat16 on processors with bfloat16 products."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from align.embeddings.e5_onnx import MIDDLE_LAYER
from align.embeddings.transformer import load_sentence_transformer

Ids = npt.NDArray[np.int64]
Float32Array = npt.NDArray[np.float32]


class TorchRuntime:
    """The standard `Transformer` module of the unpacked folder; torch itself distributes a batch over the cores."""

    workers = 1

    def __init__(self, folder: Path, form: str, threads: int) -> None:
        import torch

        torch.set_num_threads(threads)
        dtype = torch.bfloat16 if form == "bf16" else torch.float32
        model: Any = load_sentence_transformer(str(folder), dtype, "cpu")
        self._torch: Any = torch
        self._model: Any = model[0].auto_model.eval()

    def last(self, ids: Ids, mask: Ids) -> Float32Array:
        """See `Runtime`."""
        return self._states(self._pass(ids, mask).last_hidden_state)

    def middle(self, ids: Ids, mask: Ids) -> Float32Array:
        """See `Runtime`."""
        layers = self._model.encoder.layer
        try:
            self._model.encoder.layer = layers[:MIDDLE_LAYER]
            return self.last(ids, mask)
        finally:
            self._model.encoder.layer = layers

    def both(self, ids: Ids, mask: Ids) -> tuple[Float32Array, Float32Array]:
        """See `Runtime`."""
        output = self._pass(ids, mask, output_hidden_states=True)
        return self._states(output.last_hidden_state), self._states(output.hidden_states[MIDDLE_LAYER])

    def _pass(self, ids: Ids, mask: Ids, **options: Any) -> Any:
        with self._torch.inference_mode():
            return self._model(
                input_ids=self._torch.from_numpy(ids), attention_mask=self._torch.from_numpy(mask), **options
            )

    def _states(self, tensor: Any) -> Float32Array:
        states: Float32Array = tensor.float().numpy()
        return states
