"""Check the settings of the review app before it starts."""

from __future__ import annotations

from collections.abc import Iterator

from textual.theme import BUILTIN_THEMES

from align.errors import UsageError
from align.review.keys import keymap
from align.settings import Settings
from align.workspace.doctor import CheckResult, CheckState


def check_settings(settings: Settings) -> Iterator[CheckResult]:
    """Findings about keys and theme that are not usable."""
    try:
        keymap(settings.keys)
    except UsageError as error:
        yield CheckResult("keys", CheckState.BAD, str(error), "Edit the file that `align config path` prints.")
    if settings.theme and settings.theme not in BUILTIN_THEMES:
        message = f"there is no theme {settings.theme!r}; the default is used"
        yield CheckResult("theme", CheckState.NOTE, message, f"Themes are {', '.join(sorted(BUILTIN_THEMES))}.")
