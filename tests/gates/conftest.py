"""Vectors of the gold, shared by all gates of a run: each text is encoded once, whichever process comes first."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from align.embeddings import Encoder


@pytest.fixture(scope="session")
def gate_vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the vectors, one for all processes of a run."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "gate-vectors"


@pytest.fixture(scope="session")
def gate_encoder(gate_vectors: Path) -> Encoder:
    """The encoder `use`, by those vectors."""
    from benchmarks.vectors import encoder_of

    return encoder_of("use", gate_vectors)
