"""The shape of the program: sizes of modules, names of modules and classes."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

ALIGN = Path(__file__).parents[1] / "align"
MODULES = sorted(ALIGN.rglob("*.py"))
MOST_MODULES = 276
MOST_LINES = 400
KERNELS = {"aligner/features.py", "aligner/lattice.py"}
"""Compiled functions may be longer: numba inlines nothing across modules that it has not compiled."""
SAME_PURPOSE = {"__init__", "__main__", "base", "filter", "registry", "types", "html"}
"""Module names that may occur in several packages, since each does the same for its package (`html` is a format)."""


def name(path: Path) -> str:
    return path.relative_to(ALIGN).as_posix()


def test_the_number_of_modules_stays_small() -> None:
    assert len(MODULES) <= MOST_MODULES


def test_no_module_is_longer_than_a_reader_holds_in_mind() -> None:
    lines = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert not {module: count for module, count in lines.items() if count > MOST_LINES and module not in KERNELS}


def test_a_class_name_means_one_class() -> None:
    classes = defaultdict(list)
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                classes[node.name].append(name(path))
    assert not {cls: where for cls, where in classes.items() if len(where) > 1}


def test_a_module_name_means_one_module() -> None:
    """Commands and formats aside: `cli/pair.py` is the command of `workspace/pair.py`."""
    stems = defaultdict(list)
    for path in MODULES:
        if path.stem not in SAME_PURPOSE and path.parent.name != "cli":
            stems[path.stem].append(name(path))
    assert not {stem: where for stem, where in stems.items() if len(where) > 1}
