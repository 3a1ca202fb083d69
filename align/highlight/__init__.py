"""Highlights for review: corresponding parts of two texts, and parts without a counterpart. Pure."""

from align.review.aids.changes import text_diff
from align.review.aids.partners import Highlight, correspondences

__all__ = ["Highlight", "correspondences", "text_diff"]
