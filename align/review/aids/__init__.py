"""Highlights for review: corresponding parts of two texts, and parts without a counterpart. Pure."""

from align.review.aids.changes import changed
from align.review.aids.partners import Mark, partners

__all__ = ["Mark", "changed", "partners"]
