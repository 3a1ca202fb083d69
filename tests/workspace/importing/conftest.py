"""A store with every status, its export, and edits of that as a person would make them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from align.exchange.export import export_store
from align.exchange.types import ExportOptions
from align.models import Link, LinkKind, Status
from align.store import Store, open_store
from tests.exchange.conftest import fill

ALL = ExportOptions(statuses=frozenset(Status), kinds=frozenset(LinkKind))


SUFFIXES = ["jsonl", "tmx", "xlf", "xlf2", "tsv", "csv", "xlsx", "po"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Six links: 1 and 2 accepted, 3 edited, 4 rejected."""
    with open_store(tmp_path / "s.db") as opened:
        fill(opened)
        yield opened


def everything(store: Store) -> tuple[list[Link], int]:
    return list(store.links()), len(store.decisions())


def exported(store: Store, folder: Path, suffix: str, options: ExportOptions = ALL) -> Path:
    out = folder / f"out.{suffix}"
    export_store(store, out, None, options)
    return out


def changed(path: Path, old: str, new: str) -> None:
    """Edit a text file the way a person would."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8", newline="")
