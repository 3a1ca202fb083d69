"""Embed two or more texts for alignment: the only caller of encoders for everything that aligns.

`eval`, `pair`, `propose`, `bulk`, `mine` and `align_texts` all use it, so that they see the same evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from align.aligner import EmbeddedSide
from align.aligner.types import IntArray
from align.embeddings.background import background
from align.embeddings.base import Encoder, Progress, TokenEncoder, Tokens, Vectors

MAX_TOKEN_SENTENCES = 20_000
"""Sentences per call above which token vectors are left out: they take about 60 kB per sentence in the solver."""


@dataclass(frozen=True, slots=True)
class TextSide:
    """Sentences of one side in reading order, without vectors. The fields are those of `EmbeddedSide`."""

    texts: tuple[str, ...]
    lang: str = "und"
    blocks: IntArray | None = None
    positions: IntArray | None = None


def embed_sides(
    encoder: Encoder, sides: Sequence[TextSide], *, for_bitext: bool, progress: Progress | None = None
) -> list[EmbeddedSide]:
    """The sides with their vectors, and token vectors if the encoder has them; each text is encoded once.

    for_bitext: whether the sides are for `align_bitext`. Only that uses token vectors and joined texts;
    `align_pages` does not. Raises EncoderError.
    """
    texts = list(dict.fromkeys(text for side in sides for text in side.texts))
    tokens: list[Tokens] | None = None
    if (
        for_bitext
        and isinstance(encoder, TokenEncoder)
        and sum(len(side.texts) for side in sides) <= MAX_TOKEN_SENTENCES
    ):
        vectors, tokens = encoder.encode_with_tokens(texts, progress)
    else:
        vectors = encoder.encode(texts, progress)
    row = {text: number for number, text in enumerate(texts)}
    encode_runs = getattr(encoder, "encode_runs", None) if for_bitext else None
    unrelated = background(encoder) if for_bitext else None
    embedded = []
    for side in sides:
        rows = [row[text] for text in side.texts]
        side_tokens = None if tokens is None else [tokens[number] for number in rows]
        embedded.append(
            EmbeddedSide(
                side.texts,
                vectors[rows],
                side.lang,
                side.blocks,
                side_tokens,
                side.positions,
                encoder=encoder.name,
                encode_runs=encode_runs,
                background=unrelated,
            )
        )
    return embedded


def embed_texts(encoder: Encoder, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
    """(n, d) float32 unit vectors of any number of texts, each encoded once. Raises EncoderError."""
    distinct = list(dict.fromkeys(texts))
    row = {text: number for number, text in enumerate(distinct)}
    rows: Vectors = encoder.encode(distinct, progress)[[row[text] for text in texts]]
    return rows
