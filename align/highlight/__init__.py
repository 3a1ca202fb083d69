"""Highlights for review: corresponding parts of two texts, and parts without a counterpart. Pure."""

from align.highlight.alphabets import Highlight
from align.highlight.correspondences import NOTHING_AROUND, correspondences, text_diff
from align.highlight.names import OtherLinks, Surroundings

__all__ = ["NOTHING_AROUND", "Highlight", "OtherLinks", "Surroundings", "correspondences", "text_diff"]
