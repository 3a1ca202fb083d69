"""What the settings ask of the review app, looked at before it starts."""

from __future__ import annotations

from collections.abc import Iterator

from textual.theme import BUILTIN_THEMES

from align.errors import UsageError
from align.jobs.doctor import Finding, State
from align.review.keys import keymap
from align.settings import Settings


def wishes(settings: Settings) -> Iterator[Finding]:
    """What of the keys and the theme cannot be had."""
    try:
        keymap(settings.keys)
    except UsageError as error:
        yield Finding("keys", State.BAD, str(error), "Mend the file that `align config path` names.")
    if settings.theme and settings.theme not in BUILTIN_THEMES:
        says = f"there is no theme {settings.theme!r}; the usual one is taken"
        yield Finding("theme", State.NOTE, says, f"Themes are {', '.join(sorted(BUILTIN_THEMES))}.")
