"""Corpora and stores from Python: score pairs that are aligned already, mine, evaluate, open a store."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from align.aligner import DocumentAlignment, align_documents
from align.api.alignment import Aligner
from align.embeddings import Progress, Purpose, as_encoder
from align.embeddings.embed import TextSide, embed_sides
from align.errors import UsageError
from align.models import UNDETERMINED, Span
from align.store import Store
from align.store import open_store as open_store_file
from align.text.tags import primary
from align.workspace.document_lookup import language_tag

if TYPE_CHECKING:
    from align.api.alignment import EncoderInput

SCORED_AT_ONCE = 2048
"""Pairs that `score_pairs` encodes at a time."""


class PairScore(NamedTuple):
    """Result of `score_pairs` for one pair."""

    similarity: float
    """Cosine of the two vectors, on the encoder's own scale, -1 to 1."""
    confidence: float
    """P(the two are translations of each other), 0 to 1."""


class SentencePair(NamedTuple):
    """A pair that `mine` found: indices into the two lists, the texts, and how sure it is."""

    src: int
    tgt: int
    src_text: str
    tgt_text: str
    score: float
    """Margin of the cosine over those of the neighbours."""
    confidence: float
    """P(the two have the same meaning), 0 to 1."""


def score_pairs(
    pairs: Iterable[tuple[str, str]],
    *,
    src_lang: str = "und",
    tgt_lang: str = "und",
    encoder: EncoderInput = "auto",
    cache: Path | str | None = None,
    progress: Progress | None = None,
) -> list[PairScore]:
    """Score pairs of texts that are aligned already: is each a translation of the other? In the order of the pairs.

    Each pair is judged by itself, so a filter such as `confidence >= 0.5` works on a corpus of any size. An empty
    text scores 0. progress: called as `progress(done, total)`. Raises EncoderError, UsageError for an invalid
    language tag, TypeError where a pair is not two texts.

    Examples:
        >>> good, bad = score_pairs(
        ...     [("Das Haus ist alt.", "The house is old."), ("Es regnet heute.", "She sold her car.")],
        ...     src_lang="de", tgt_lang="en", encoder="use",
        ... )
        >>> good.confidence > 0.5 > bad.confidence
        True
    """
    src_lang, tgt_lang = language_tag(src_lang), language_tag(tgt_lang)
    model = Aligner(encoder, cache=cache)._encoder_for({src_lang, tgt_lang}, "quality", stacklevel=3)
    rows = [_text_pair(number, pair) for number, pair in enumerate(pairs)]
    scores: list[PairScore] = []
    for start in range(0, len(rows), SCORED_AT_ONCE):
        batch = rows[start : start + SCORED_AT_ONCE]
        sides = [
            TextSide(tuple(src for src, _ in batch), src_lang),
            TextSide(tuple(tgt for _, tgt in batch), tgt_lang),
        ]
        one, other = embed_sides(model, sides)
        similarities = (one.vectors * other.vectors).sum(axis=1)
        for row, (src, tgt) in enumerate(batch):
            if src and tgt:
                confidence = _confidence(align_documents(one.part([row]), other.part([row])))
                scores.append(PairScore(round(float(similarities[row]), 6), round(confidence, 6)))
            else:
                scores.append(PairScore(0.0, 0.0))
        if progress:
            progress(len(scores), len(rows))
    return scores


def mine(
    src: Sequence[str],
    tgt: Sequence[str],
    *,
    src_lang: str,
    tgt_lang: str,
    encoder: EncoderInput = "auto",
    min_confidence: float = 0.5,
    exact: bool | None = None,
    cache: Path | str | None = None,
    progress: Progress | None = None,
) -> list[SentencePair]:
    """Find sentences with the same meaning in two lists in any order, each in at most one pair; in source order.

    src_lang, tgt_lang: BCP 47 tags of two languages. Left out: sentences below about twelve characters, and those
    equal to an earlier one but for case and punctuation. exact: compare all; default: by size. For files and stores
    there is `align mine`. Raises UsageError where the languages are not two, EncoderError.
    """
    from align.mining.mine import MAX_QUALITY_SENTENCES, MiningReport, MiningSentence
    from align.mining.mine import mine as mine_sentences

    languages = language_tag(src_lang), language_tag(tgt_lang)
    if UNDETERMINED in languages or primary(languages[0]) == primary(languages[1]):
        raise UsageError(f"mine needs two languages, not {src_lang!r} and {tgt_lang!r}.")
    purpose: Purpose = "quality" if len(src) + len(tgt) <= MAX_QUALITY_SENTENCES else "speed"
    model = Aligner(encoder, cache=cache)._encoder_for(set(languages), purpose, stacklevel=3)
    sentences = (
        MiningSentence(document, name, lang, number, text, (Span(0, max(1, len(text))),))
        for document, (name, lang, texts) in enumerate(
            (("src", languages[0], src), ("tgt", languages[1], tgt)), start=1
        )
        for number, text in enumerate(texts)
    )

    def report(stage: str, done: int, total: int) -> None:
        if progress:
            progress(done, total)

    links = mine_sentences(
        sentences, model, MiningReport(), src=languages[0], tgt=languages[1], min_confidence=min_confidence,
        exact=exact, progress=report,
    )  # fmt: skip
    return [
        SentencePair(
            link.src.sentences[0], link.tgt.sentences[0], link.src.text, link.tgt.text, link.score, link.confidence
        )
        for link in links
    ]


def evaluate(
    gold: Path | str,
    *,
    encoder: EncoderInput = "auto",
    cache: Path | str | None = None,
    progress: Progress | None = None,
) -> dict[str, float]:
    """Align each document of a gold file and compare the beads with the gold; see `align eval`.

    Returns `documents`, `precision_strict`, `recall_strict`, `f1_strict`, the same with `_lax`,
    `sentences_per_second` and `encoded_per_sentence`. Raises ReadError for an invalid file, EncoderError.
    """
    from align.workspace.evaluate import evaluate as evaluate_gold

    model = encoder if isinstance(encoder, str) else as_encoder(encoder)
    return evaluate_gold(
        Path(gold), model, cache=Path(cache) if cache else None, progress=progress,
        warn=lambda line: warnings.warn(line, stacklevel=4),
    )  # fmt: skip


def open_store(path: Path | str, *, readonly: bool = True) -> Store:
    """Open an existing store: `documents()`, `sentences(id)`, `links(LinkFilter(...))`, `decisions()`.

    Use it in a `with` statement, in one thread. With `readonly` nothing in it can change. Raises StoreError where
    there is no store, or it is damaged or of another version.

    Examples:
        >>> with open_store("align.db") as store:  # doctest: +SKIP
        ...     for link in store.links(LinkFilter(min_confidence=0.9)):
        ...         print(link.src.text, link.tgt.text, link.status, link.reviewer)
    """
    return open_store_file(Path(path), create=False, readonly=readonly)


def _confidence(aligned: DocumentAlignment) -> float:
    """The document confidence; for an encoder without one that of the link."""
    if aligned.confidence is not None:
        return aligned.confidence
    return max((bead.confidence for bead in aligned.beads if bead.src and bead.tgt), default=0.0)


def _text_pair(number: int, pair: tuple[str, str]) -> tuple[str, str]:
    """The texts of a pair without white space at the ends. Raises TypeError."""
    match pair:
        case (str(src), str(tgt)):
            return src.strip(), tgt.strip()
        case _:
            raise TypeError(f"pair {number} must be two texts (str, str), not {pair!r:.60}")
