"""Highlights for review: corresponding parts of two texts, and parts without a counterpart. Pure."""

from align.highlight.correspondences import Highlight, correspondences, text_diff

__all__ = ["Highlight", "correspondences", "text_diff"]
