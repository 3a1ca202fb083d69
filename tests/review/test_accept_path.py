"""How far it is from the accept key to the row in the store: the modules of the program that are entered on the way."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import align
from align.review import decisions
from align.review.app import STATE_WRITE_SECONDS
from align.reviewer import Reviewer

from .conftest import Run, press

ROOT = Path(align.__file__).parent
NOT_COUNTED = frozenset({"text", "models", "errors"})
"""Texts and records."""
LIMIT = 8
"""Screen, session, reviewer, edit, draft, log, transaction of the store, transaction of SQLite."""
BELOW_STORE = frozenset({"store", "sqlite_session"})


async def test_few_modules_lie_between_the_accept_key_and_the_commit(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "PATIENCE", 30)
    entered: dict[str, None] = {}
    climbs: set[tuple[str, str]] = set()
    logged: list[str] = []
    commits: list[str] = []

    def module_of(frame: FrameType | None) -> str:
        path = Path(frame.f_code.co_filename) if frame else ROOT.parent
        return ".".join(path.relative_to(ROOT).with_suffix("").parts) if path.is_relative_to(ROOT) else ""

    def record(frame: FrameType, event: str, _arg: object) -> None:
        module = module_of(frame) if event == "call" and not commits else ""
        if module and module.split(".")[0] not in NOT_COUNTED:
            entered.setdefault(module)
            caller = module_of(frame.f_back)
            if caller.startswith("store.") and module.split(".")[0] not in BELOW_STORE:
                climbs.add((caller, module))

    def watch(statement: str) -> None:
        if "insert into decisions" in statement:
            logged.append(statement)
        elif logged and statement.lower() == "commit":
            commits.append(statement)

    def begin(reviewer: Reviewer) -> None:
        reviewer.store.db.conn.set_trace_callback(watch)
        sys.setprofile(record)

    def end(reviewer: Reviewer) -> None:
        sys.setprofile(None)
        reviewer.store.db.conn.set_trace_callback(None)

    async with run() as pilot:
        await press(pilot, "down", "up")
        await pilot.pause(2 * STATE_WRITE_SECONDS)
        writer: Any = pilot.app.decision_writer
        writer.submit(begin).result()
        sys.setprofile(record)
        await pilot.press("a")
        sys.setprofile(None)
        writer.submit(end).result()
    assert commits
    assert not climbs, "the store calls nothing above it"
    assert len(entered) <= LIMIT, " ".join(entered)
