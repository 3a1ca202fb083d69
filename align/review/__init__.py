"""The review app, in Textual. Uses `workspace` and `models`, never SQL."""

from __future__ import annotations

from align.settings import Settings


def run(settings: Settings, *, served: bool = False, visit: str = "") -> int:
    """Review the store of the settings in the terminal, or in a browser. Imports Textual only when called.

    `served`: nothing names or opens a file of this machine. `visit`: written with each decision.
    """
    from align.review.app import run as run_app

    return run_app(settings, served=served, visit=visit)


def run_plain(settings: Settings) -> int:
    """Review by lines on stdin and stdout. Imports no Textual."""
    from align.review.line_mode import run_plain as run_lines

    return run_lines(settings)
