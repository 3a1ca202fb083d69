"""One list of actions: what the log may hold and what the rest of the program derives from it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import align
from align.models import Decision
from align.report.pace import LinkTally, paces
from align.store.actions import Action, Trait, past_tense

SOURCES = sorted(Path(align.__file__).parent.rglob("*.py"))


def test_every_action_is_named_and_undo_never_takes_back_itself() -> None:
    for action in Action:
        assert action.past_tense
        assert past_tense(action) == action.past_tense
        # A verdict that may change a list's order or its texts could not be replayed or taken back alone.
        if Trait.KEEPS_ORDER in action.traits:
            assert Trait.KEEPS_TEXT | Trait.UNDOABLE | Trait.REVIEW in action.traits
    assert past_tense("of another version") == "of another version"
    assert not {Action.UNDO, Action.REDO} & Action.having(Trait.UNDOABLE)


def actions_written() -> Iterator[str]:
    """The members of `Action` that the code names."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Action":
                yield node.attr


def actions_as_strings() -> Iterator[str]:
    """The string constants that the code gives to what appends to the log."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            at = {"Edit": 0, "append": 2}.get(name)
            if at is not None and len(node.args) > at and isinstance(node.args[at], ast.Constant):
                value = node.args[at].value
                if isinstance(value, str):
                    yield value


def test_every_action_that_the_code_writes_is_in_the_list() -> None:
    written = set(actions_written())
    assert {"ACCEPT", "ACCEPT_MANY", "IMPORT", "MERGE", "NOTE"} <= written
    assert written <= {*Action.__members__, "having"}
    assert set(actions_as_strings()) <= {action.value for action in Action}


def test_imports_conflicts_and_merges_are_no_reviews() -> None:
    """A reviewer who imported a file, with conflicts, and dismissed one has judged no link."""
    log = [
        Decision(number, f"{number:032x}", f"2026-01-01T00:00:0{number}.000000+00:00", "b", action, 1, {})
        for number, action in enumerate(["import", "conflict", "conflict", "dismiss", "unite", "compact", "undo"])
    ]
    assert paces(LinkTally(10), log, {}) == ()
    judged = [Decision(9, "f" * 32, "2026-01-01T00:01:00.000000+00:00", "b", "accept", 1, {})]
    assert [pace.decisions for pace in paces(LinkTally(10), log + judged, {})] == [1]
