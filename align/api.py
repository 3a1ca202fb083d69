"""`align.align_texts`: the aligner for those who script. Texts or sentences in, beads with scores out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from align.encoders import Encoder, TokenEncoder, load_encoder
from align.match import Bead, Constraints, Passages, align_bitext, align_pages
from align.text.clean import join
from align.text.segment import segment
from align.text.sentences import split

Texts = str | Sequence[str]


@dataclass(frozen=True, slots=True)
class Alignment:
    """What came of it: the sentences as they were split (or given), and the beads as ranges of their indices."""

    src: tuple[str, ...]
    tgt: tuple[str, ...]
    beads: tuple[Bead, ...]
    src_lang: str = "und"
    tgt_lang: str = "und"

    def pairs(self) -> list[tuple[str, str, float]]:
        """(source, target, confidence) of the beads that have both sides, in order; joined as the language does."""
        return [
            (
                join(self.src[b.src.start : b.src.stop], self.src_lang),
                join(self.tgt[b.tgt.start : b.tgt.stop], self.tgt_lang),
                b.confidence,
            )
            for b in self.beads
            if b.src and b.tgt
        ]


def align_texts(
    src: Texts,
    tgt: Texts,
    *,
    src_lang: str = "und",
    tgt_lang: str = "und",
    encoder: str | Encoder = "auto",
    whole: bool = True,
    anchors: Sequence[tuple[range, range]] = (),
    forbidden: Sequence[tuple[range, range]] = (),
    cache: Path | None = None,
) -> Alignment:
    """Align two texts, or two lists of sentences.

    src, tgt: a text, which is split into sentences, or sentences, which are taken as they are. whole: every sentence is
    in one bead, nulls included (translations; what was moved is a chain of its own); otherwise only what corresponds,
    in any order (pages).
    anchors, forbidden: beads, as ranges of sentence indices, that must or must not be. encoder: a name, as
    `--encoder` takes it, or an Encoder.

    Raises EncoderError where the encoder cannot be had, ConflictError where anchors contradict each other.

    >>> found = align_texts(["Guten Tag.", "Es regnet."], ["Good day.", "It is raining."], src_lang="de", tgt_lang="en")
    >>> [(list(b.src), list(b.tgt)) for b in found.beads]
    [([0], [0]), ([1], [1])]
    """
    sentences = _sentences(src, src_lang), _sentences(tgt, tgt_lang)
    loaded = (
        load_encoder(encoder, languages={src_lang, tgt_lang} - {"und"}, cache=cache)
        if isinstance(encoder, str)
        else encoder
    )
    both = [*sentences[0], *sentences[1]]
    tokens = None
    if isinstance(loaded, TokenEncoder):
        vectors, tokens = loaded.encode_with_tokens(both)
    else:
        vectors = loaded.encode(both)
    n = len(sentences[0])
    one = Passages(sentences[0], vectors[:n], src_lang, None, tokens[:n] if tokens is not None else None)
    other = Passages(sentences[1], vectors[n:], tgt_lang, None, tokens[n:] if tokens is not None else None)
    settled = Constraints(anchors, forbidden)
    solver = align_bitext if whole else align_pages
    return Alignment(*sentences, tuple(solver(one, other, constraints=settled)), src_lang, tgt_lang)


def _sentences(text: Texts, lang: str) -> tuple[str, ...]:
    """The sentences of a text, clean; or those given."""
    if not isinstance(text, str):
        return tuple(text)
    found: list[str] = []
    for block in segment(text, lang=None if lang == "und" else lang):
        if block.sentences:
            found += [s.span.of(text).strip() for s in block.sentences]
        else:
            found += [span.of(text).strip() for span in split(block.span.of(text), block.lang)]
    return tuple(sentence for sentence in found if sentence)
