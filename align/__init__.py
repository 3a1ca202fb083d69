"""Find which passages of texts in several languages say the same thing, and settle the doubtful ones."""

from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`align.align_texts` and `align.Alignment`, loaded when first asked for: the package itself stays light."""
    if name in ("align_texts", "Alignment"):
        from importlib import import_module

        return getattr(import_module("align.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
