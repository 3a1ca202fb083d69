"""What every test may use: the seed pages, and the gold of others where it is at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def gold_folder() -> Path:
    """`ALIGN_GOLD`, or `../shared/gold` beside the checkout. It need not exist."""
    return Path(os.environ.get("ALIGN_GOLD") or ROOT.parent / "shared" / "gold")


@pytest.fixture(scope="session")
def seeds() -> Path:
    """The folder of the five pages, our English RT text and our own gold."""
    return ROOT / "seeds"


@pytest.fixture(scope="session")
def gold() -> Path:
    """The folder with `dev/` and the two scorers; a test that needs it is skipped where it is absent."""
    folder = gold_folder()
    if not (folder / "dev").is_dir():
        pytest.skip(f"NO GOLD at {folder}: quality is not checked here. Set ALIGN_GOLD to its folder.")
    return folder
