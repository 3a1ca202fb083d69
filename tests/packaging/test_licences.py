"""What is needed to run is under licences that ask nothing of our users, and the page of licences lists it."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

STRONG = re.compile(r"(?<!L)GPL|(?<!Lesser )General Public")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def licences() -> ModuleType:
    """The script that makes the page."""
    spec = importlib.util.spec_from_file_location("licences", ROOT / "docs" / "scripts" / "licences.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_licence_is_told_and_none_is_a_strong_copyleft(licences: ModuleType) -> None:
    for name, terms in licences.rows():
        assert terms, f"{name} does not tell its licence: look into its files and put it into BY_HAND"
        choices = re.split(r" OR ", terms)
        assert not all(STRONG.search(choice) for choice in choices), f"{name}: {terms}"


def test_the_page_lists_what_we_depend_on(licences: ModuleType) -> None:
    page = licences.PAGE.read_text(encoding="utf-8")
    for line in licences.direct():
        name, _ = licences.needed(line)
        assert f"| {name} |" in page, f"{name} is not on the page: python docs/scripts/licences.py --write"
    for _, package, what, terms in licences.WEIGHTS:
        assert package in page
        assert what in page
        assert terms in page
