"""The Python interface, all of it exported by `align`: align texts, score pairs, mine, evaluate, read a store."""

from align.api.alignment import Aligner, Alignment, AlignmentRecord, align_texts
from align.api.corpus import PairScore, SentencePair, evaluate, mine, open_store, score_pairs

__all__ = [
    "Aligner",
    "Alignment",
    "AlignmentRecord",
    "PairScore",
    "SentencePair",
    "align_texts",
    "evaluate",
    "mine",
    "open_store",
    "score_pairs",
]
