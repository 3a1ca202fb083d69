"""Reading aids: what of one text is found again in the other, and what stands alone. Pure."""

from align.review.aids.changes import changed
from align.review.aids.partners import Mark, partners

__all__ = ["Mark", "changed", "partners"]
