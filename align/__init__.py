"""Find passages with the same meaning in texts of several languages, and review the doubtful ones."""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.2.0"

if TYPE_CHECKING:
    from align.aligner import Bead
    from align.api import (
        Aligner,
        Alignment,
        AlignmentRecord,
        PairScore,
        SentencePair,
        align_texts,
        evaluate,
        mine,
        open_store,
        score_pairs,
    )
    from align.embeddings import Encoder, load_encoder
    from align.errors import (
        AlignError,
        ConflictError,
        EncoderError,
        ExportError,
        ReadError,
        StoreError,
        UsageError,
    )
    from align.models import Decision, Link, LinkKind, LinkSide, Status
    from align.store import DocumentRow, LinkFilter, SentenceRow, Store

__all__ = [
    "AlignError",
    "Aligner",
    "Alignment",
    "AlignmentRecord",
    "Bead",
    "ConflictError",
    "Decision",
    "DocumentRow",
    "Encoder",
    "EncoderError",
    "ExportError",
    "Link",
    "LinkFilter",
    "LinkKind",
    "LinkSide",
    "PairScore",
    "ReadError",
    "SentencePair",
    "SentenceRow",
    "Status",
    "Store",
    "StoreError",
    "UsageError",
    "__version__",
    "align_texts",
    "evaluate",
    "load_encoder",
    "mine",
    "open_store",
    "score_pairs",
]

_MODULES = {
    "align.api": (
        "Aligner", "Alignment", "AlignmentRecord", "PairScore", "SentencePair", "align_texts", "evaluate", "mine",
        "open_store", "score_pairs",
    ),
    "align.embeddings": ("Encoder", "load_encoder"),
    "align.errors": (
        "AlignError", "ConflictError", "EncoderError", "ExportError", "ReadError", "StoreError", "UsageError",
    ),
    "align.models": ("Decision", "Link", "LinkKind", "LinkSide", "Status"),
    "align.aligner": ("Bead",),
    "align.store": ("DocumentRow", "LinkFilter", "SentenceRow", "Store"),
}  # fmt: skip
"""Module -> the names that `align` exports from it."""

# Not for type checkers: they take the imports above, and report names that do not exist.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Import a public name on first use, so that importing the package is fast."""
        for module, names in _MODULES.items():
            if name in names:
                value = globals()[name] = getattr(import_module(module), name)
                return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        """All public names, imported or not."""
        return sorted({*globals(), *__all__})
