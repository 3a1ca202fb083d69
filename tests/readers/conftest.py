"""What the tests of the readers share."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def files() -> ModuleType:
    """tests/readers/files.py: makers of real files (tests are no package)."""
    spec = importlib.util.spec_from_file_location("reader_files", Path(__file__).parent / "files.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
