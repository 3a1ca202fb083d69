"""The time as files and decisions record it, and as people read it."""

from __future__ import annotations

import os
from datetime import UTC, datetime


def build_time() -> datetime:
    """Now in UTC; or SOURCE_DATE_EPOCH (seconds since 1970), with which a repeated build gives the same bytes."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(epoch), UTC) if epoch.isascii() and epoch.isdigit() else datetime.now(UTC)


def now() -> str:
    """ISO 8601, UTC, with microseconds: `2026-11-21T22:43:30.123456Z`. Sorts as text."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def local(at: str) -> str:
    """The time of a decision on the reader's own clock: `12:05`, and before it the day where that is not today."""
    when, today = datetime.fromisoformat(at).astimezone(), datetime.now().astimezone()
    return when.strftime("%H:%M" if when.date() == today.date() else "%Y-%m-%d %H:%M")
