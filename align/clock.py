"""When a file was made."""

from __future__ import annotations

import os
from datetime import UTC, datetime


def moment() -> datetime:
    """Now, in UTC; or SOURCE_DATE_EPOCH, by which a build asks for the same bytes again."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(epoch), UTC) if epoch.isascii() and epoch.isdigit() else datetime.now(UTC)
