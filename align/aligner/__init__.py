"""Alignment of the sentences of two texts: similarity, beads, chains, confidence, constraints. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from align.aligner.types import Bead, Constraints, EmbeddedSide

if TYPE_CHECKING:
    from align.aligner.bitext import DocumentAlignment, align_bitext, align_documents
    from align.aligner.pages import align_pages

__all__ = ["Bead", "Constraints", "DocumentAlignment", "EmbeddedSide", "align_bitext", "align_documents", "align_pages"]

_LATE = {
    "DocumentAlignment": "align.aligner.bitext",
    "align_bitext": "align.aligner.bitext",
    "align_documents": "align.aligner.bitext",
    "align_pages": "align.aligner.pages",
}


def __getattr__(name: str) -> Any:
    """Import a solver on first use: they are compiled, and numba takes half a second to import."""
    if name in _LATE:
        from importlib import import_module

        return getattr(import_module(_LATE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
