"""`align.align_texts`: the aligner for scripts. Texts or sentences in, beads with confidences out."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from align.aligner import Bead, Constraints, DocumentAlignment, align_documents, align_pages
from align.embeddings import Encoder, coverage_warning, load_encoder
from align.embeddings.embed import TextSide, embed_sides
from align.models import UNDETERMINED
from align.text.normalize import join, sentence_text
from align.text.segment import segment
from align.workspace.document_lookup import language_tag

TextInput = str | Sequence[str]
RangePair = tuple[range, range]


@dataclass(frozen=True, slots=True)
class Alignment:
    """Result of `align_texts`: the sentences as they were split (or given), and beads as ranges of their indices."""

    src: tuple[str, ...]
    tgt: tuple[str, ...]
    beads: tuple[Bead, ...]
    src_lang: str = "und"
    tgt_lang: str = "und"
    confidence: float | None = None
    """Document confidence: P(the texts are translations of each other, at least in part); None for pages."""
    shuffled: bool = False
    """Whether they are, but in another order of sentences: `whole=False` finds links in any order."""

    def pairs(self) -> list[tuple[str, str, float]]:
        """(source, target, confidence) of the beads with both sides, in order; joined as the language requires."""
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
    src: TextInput,
    tgt: TextInput,
    *,
    src_lang: str = "und",
    tgt_lang: str = "und",
    encoder: str | Encoder = "auto",
    whole: bool = True,
    anchors: Iterable[RangePair] = (),
    forbidden: Iterable[RangePair] = (),
    cache: Path | str | None = None,
) -> Alignment:
    """Align two texts, or two lists of sentences.

    src, tgt: a text, which is split into sentences, or a list of sentences. src_lang, tgt_lang: BCP 47 tags; if
    left out, the language of a text is detected, and that of a list of sentences is `und`. whole: every sentence is
    in one bead, nulls included (translations; moved paragraphs are chains of their own); otherwise only
    corresponding sentences, in any order (pages). anchors, forbidden: beads, as pairs of ranges of sentence
    indices, that are fixed or excluded. encoder: a name as for `--encoder`, or an Encoder; warns if it does not
    cover a language. cache: the folder for unpacked models.

    Raises EncoderError where the encoder is not available, ConflictError where anchors contradict each other,
    UsageError for an invalid language tag, TypeError and ValueError for other invalid arguments.

    >>> out = align_texts(["Guten Tag.", "Es regnet."], ["Good day.", "It is raining."], src_lang="de", tgt_lang="en")
    >>> [(list(b.src), list(b.tgt)) for b in out.beads]
    [([0], [0]), ([1], [1])]
    """
    constraints = Constraints(_pairs("anchors", anchors), _pairs("forbidden", forbidden))
    src_lang, tgt_lang = language_tag(src_lang), language_tag(tgt_lang)
    (src_texts, src_lang), (tgt_texts, tgt_lang) = _sentences("src", src, src_lang), _sentences("tgt", tgt, tgt_lang)
    languages = {src_lang, tgt_lang} - {UNDETERMINED}
    loaded = (
        load_encoder(encoder, languages=languages, cache=Path(cache) if cache else None)
        if isinstance(encoder, str)
        else encoder
    )
    if warning := coverage_warning(loaded, languages):
        warnings.warn(warning, stacklevel=2)
    sides = [TextSide(src_texts, src_lang), TextSide(tgt_texts, tgt_lang)]
    one, other = embed_sides(loaded, sides, for_bitext=whole)
    if whole:
        aligned = align_documents(one, other, constraints=constraints)
    else:
        aligned = DocumentAlignment(align_pages(one, other, constraints=constraints), None)
    beads = tuple(aligned.beads)
    return Alignment(src_texts, tgt_texts, beads, src_lang, tgt_lang, aligned.confidence, aligned.shuffled)


def _pairs(name: str, given: Iterable[RangePair]) -> list[RangePair]:
    """Validate the beads and drop duplicates."""
    pairs: dict[RangePair, None] = {}
    for pair in given:
        match pair:
            case (range(step=1) as src, range(step=1) as tgt):
                pairs[src, tgt] = None
            case _:
                raise ValueError(f"{name}: {pair!r} is not a pair of sentence ranges, as in (range(0, 2), range(0, 1))")
    return list(pairs)


def _sentences(name: str, text: TextInput, lang: str) -> tuple[tuple[str, ...], str]:
    """Sentences of a text, clean, or those given; and their language, detected from a text if it is `und`."""
    if not isinstance(text, str):
        given = tuple(text) if isinstance(text, Iterable) else (text,)
        if not all(isinstance(one, str) for one in given):
            raise TypeError(f"{name}: must be a text or a list of sentences (str), not {text!r:.60}")
        return given, lang
    sentence_texts: list[str] = []
    letters_by_lang: Counter[str] = Counter()
    for block in segment(text, lang=None if lang == UNDETERMINED else lang):
        for sentence in block.sentences:
            sentence_texts.append(sentence_text(text, sentence.pieces))
            letters_by_lang[sentence.lang] += len(sentence_texts[-1])
    if lang == UNDETERMINED:
        del letters_by_lang[UNDETERMINED]
        lang = letters_by_lang.most_common(1)[0][0] if letters_by_lang else lang
    return tuple(sentence for sentence in sentence_texts if sentence), lang
