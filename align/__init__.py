"""Find passages with the same meaning in texts of several languages, and review the doubtful ones."""

from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import `align.align_texts` and `align.Alignment` on first use, so that importing the package is fast."""
    if name in ("align_texts", "Alignment"):
        from importlib import import_module

        return getattr(import_module("align.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
