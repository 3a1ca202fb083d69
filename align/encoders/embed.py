"""Embed two or more texts for alignment: the only caller of encoders for everything that aligns.

`eval`, `pair`, `propose`, `bulk`, `mine` and `align_texts` all use it, so that they see the same evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from align.encoders.background import background
from align.encoders.base import Encoder, Progress, TokenEncoder, Tokens, Vectors
from align.match import Passages
from align.match.passages import IntArray

MOST_WITH_TOKENS = 20_000
"""Sentences per call above which token vectors are left out: they take about 60 kB per sentence in the solver."""


@dataclass(frozen=True, slots=True)
class TextSide:
    """Sentences of one side in reading order, without vectors. The fields are those of `EmbeddedSide`."""

    texts: tuple[str, ...]
    lang: str = "und"
    blocks: IntArray | None = None
    places: IntArray | None = None


def embed_sides(
    encoder: Encoder, sides: Sequence[TextSide], *, whole: bool, progress: Progress | None = None
) -> list[Passages]:
    """The sides with their vectors, and token vectors if the encoder has them; each text is encoded once.

    for_bitext: whether the sides are for `align_bitext`. Only that uses token vectors and joined texts;
    `align_pages` does not. Raises EncoderError.
    """
    texts = list(dict.fromkeys(text for side in sides for text in side.texts))
    tokens: list[Tokens] | None = None
    if whole and isinstance(encoder, TokenEncoder) and sum(len(side.texts) for side in sides) <= MOST_WITH_TOKENS:
        vectors, tokens = encoder.encode_with_tokens(texts, progress)
    else:
        vectors = encoder.encode(texts, progress)
    row = {text: number for number, text in enumerate(texts)}
    encode_runs = getattr(encoder, "encode_runs", None) if whole else None
    unrelated = background(encoder) if whole else None
    passages = []
    for side in sides:
        rows = [row[text] for text in side.texts]
        bags = None if tokens is None else [tokens[number] for number in rows]
        passages.append(
            Passages(
                side.texts,
                vectors[rows],
                side.lang,
                side.blocks,
                bags,
                side.places,
                encoder=encoder.name,
                encode_runs=encode_runs,
                background=unrelated,
            )
        )
    return passages


def embed_texts(encoder: Encoder, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
    """(n, d) float32 unit vectors of any number of texts, each encoded once. Raises EncoderError."""
    distinct = list(dict.fromkeys(texts))
    row = {text: number for number, text in enumerate(distinct)}
    rows: Vectors = encoder.encode(distinct, progress)[[row[text] for text in texts]]
    return rows
