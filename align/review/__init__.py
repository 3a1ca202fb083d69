"""The Textual app. Knows jobs and domain, never SQL."""

from __future__ import annotations

from align.settings import Settings


def run(settings: Settings) -> int:
    """Review the store of the settings in the terminal; Textual is imported only now."""
    from align.review.app import run as run_app

    return run_app(settings)
