"""Timestamps for files and decisions, and for display."""

from __future__ import annotations

import os
from datetime import UTC, datetime


def build_time() -> datetime:
    """The current time in UTC; or SOURCE_DATE_EPOCH (seconds since 1970), for reproducible builds."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(epoch), UTC) if epoch.isascii() and epoch.isdigit() else datetime.now(UTC)


def now() -> str:
    """The current time: ISO 8601, UTC, with microseconds: `2026-11-21T22:43:30.123456Z`. Sorts as text."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def local_time(at: str) -> str:
    """The time of a decision in local time: `12:05`, with the date before it unless it is today."""
    when, today = datetime.fromisoformat(at).astimezone(), datetime.now().astimezone()
    return when.strftime("%H:%M" if when.date() == today.date() else "%Y-%m-%d %H:%M")
