"""e5 as the tests use it: unpacked once into the user's own cache, as a first `align propose` would."""

from pathlib import Path

import pytest

from align.embeddings.e5_folder import prepared_folder
from align.embeddings.registry import MODELS_FOLDER
from align.settings import load_settings


@pytest.fixture(scope="session")
def e5_folder() -> Path:
    """The complete sentence-transformers folder."""
    return prepared_folder(load_settings().cache / MODELS_FOLDER)


@pytest.fixture(scope="session")
def models(e5_folder: Path) -> Path:
    """Where it lies."""
    return e5_folder.parent
