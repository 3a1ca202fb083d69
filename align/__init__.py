"""Find which passages of texts in several languages say the same thing, and settle the doubtful ones."""

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """`align.align_texts` and `align.Alignment`, loaded when first asked for."""
    if name in ("align_texts", "Alignment"):
        from align import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
