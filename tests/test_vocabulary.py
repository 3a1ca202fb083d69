"""Names in `align/` use the words of the glossary: none contains a word that the glossary rules out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")


def ruled_out(part: str) -> frozenset[str]:
    """The words in backticks of the line of the glossary that begins with `part`."""
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    line = next(line for line in glossary.splitlines() if line.startswith(part))
    return frozenset(re.findall(r"`([a-z]+)`", line))


ANYWHERE = ruled_out("In no name")
ALONE_ONLY = ruled_out("Not as a whole name")
FROM_LIBRARIES = frozenset({"tell"})
"""Methods whose names a library's interface fixes: `tell` of a file."""


def words(name: str) -> list[str]:
    """The words of an identifier, cut at `_` and at capitals, in lower case."""
    return [word.lower() for part in name.split("_") for word in WORD.findall(part)]


def is_ruled_out(name: str) -> bool:
    parts = words(name)
    return any(word in ANYWHERE for word in parts) or (len(parts) == 1 and parts[0] in ALONE_ONLY)


def bound(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every name that a module binds, with its line: classes, functions, parameters, attributes, variables."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                if node.name not in FROM_LIBRARIES:
                    yield node.lineno, node.name
            case ast.arg():
                yield node.lineno, node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.lineno, node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.lineno, node.attr
            case ast.alias(asname=str(name)):
                yield node.lineno, name
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield node.lineno, name
            case _:
                pass


def test_no_name_of_the_program_uses_a_word_that_the_glossary_rules_out() -> None:
    wrong = []
    for path in sorted((ROOT / "align").rglob("*.py")):
        if is_ruled_out(path.stem):
            wrong.append(f"{path.relative_to(ROOT)}: the module's name")
        wrong += [
            f"{path.relative_to(ROOT)}:{line}: {name}"
            for line, name in bound(ast.parse(path.read_text(encoding="utf-8")))
            if is_ruled_out(name)
        ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("found", True),
        ("_write_place", True),
        ("HTMLKept", True),
        ("FEW", True),
        ("few_links", False),
        ("placement", False),
    ],
)
def test_a_name_is_cut_at_underscores_and_capitals(name: str, expected: bool) -> None:
    assert is_ruled_out(name) is expected
