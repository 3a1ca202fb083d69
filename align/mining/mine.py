"""Find sentences with the same meaning anywhere in a store or corpus, not document by document."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from align.embeddings import Encoder, coverage_warning
from align.embeddings.embed import embed_texts
from align.embeddings.nearest import Ints, VectorMatrix
from align.errors import ReadError, UsageError
from align.exchange.detect_format import check_is_text
from align.inputs import MAX_SIZE
from align.mining.margins import MinedPairs, confidence, features, mine_vectors, scores
from align.models import UNDETERMINED, Link, LinkKind, LinkSide, Span, Status
from align.readers import read
from align.store import Store
from align.text.normalize import letters_and_digits, sentence_text, weighted_length
from align.text.numbers import find_numbers
from align.text.tags import is_other_variety, is_requested, primary, range_matches
from align.workspace.add import expand_sources, read_content
from align.workspace.language_runs import UNMATCHED_KINDS

MIN_SENTENCE_LENGTH = 12.0
"""Minimum weighted length of a sentence: shorter ones have the same meaning as too many others."""
STRAY_RATIO = 1000
"""A language of fewer than one sentence in this many is a misdetected name or formula."""
MAX_COMPARED_DOCUMENTS = 40
"""Documents of one language that are compared, every two of them."""
BATCH_SENTENCES = 4096
"""Sentences encoded, and in memory, at a time."""
MAX_QUALITY_SENTENCES = 20_000
"""Number of sentences that the best encoder encodes in two minutes."""

StageProgress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class MiningSentence:
    """A sentence with its location."""

    document: int
    doc: str
    lang: str
    sentence: int
    text: str
    spans: tuple[Span, ...]


@dataclass
class LanguageSentences:
    """The sentences of one language: texts and vectors in a file each, so that neither is in memory."""

    lang: str
    texts: IO[bytes]
    vectors: IO[bytes]
    width: int
    offsets: list[int] = field(default_factory=list)
    keys: set[int] = field(default_factory=set)
    repeated: int = 0
    """Number of repeated sentences: equal to an earlier one but for case, punctuation and spaces."""
    pending: list[MiningSentence] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.offsets)

    def add(self, sentence: MiningSentence, encoder: Encoder) -> None:
        """Add a sentence, unless it is repeated."""
        key = hash((sentence.lang, letters_and_digits(sentence.text)))
        if key in self.keys:
            self.repeated += 1
            return
        self.keys.add(key)
        self.pending.append(sentence)
        if len(self.pending) >= BATCH_SENTENCES:
            self.flush(encoder)

    def flush(self, encoder: Encoder) -> None:
        """Encode the pending sentences and write them to the files."""
        vectors = embed_texts(encoder, [sentence.text for sentence in self.pending])
        for sentence, vector in zip(self.pending, vectors, strict=True):
            self.write(sentence, vector)
        self.pending.clear()

    def write(self, sentence: MiningSentence, vector: npt.NDArray[np.floating[Any]]) -> None:
        """Append a sentence with its vector, (width,), to the files."""
        self.vectors.write(vector.astype("<f2").tobytes())
        self.offsets.append(self.texts.tell())
        record = [sentence.document, sentence.doc, sentence.lang, sentence.sentence, sentence.text, sentence.spans]
        self.texts.write(json.dumps(record).encode() + b"\n")

    def matrix(self) -> VectorMatrix:
        """(n, width) float16, on disk."""
        self.vectors.flush()
        return np.memmap(self.vectors, dtype="<f2", mode="r", shape=(len(self), self.width))

    def sentence(self, number: int) -> MiningSentence:
        """Read a sentence by its index."""
        self.texts.seek(self.offsets[number])
        document, doc, lang, sentence, text, spans = json.loads(self.texts.readline())
        return MiningSentence(document, doc, lang, sentence, text, tuple(Span(*span) for span in spans))


@dataclass
class MiningReport:
    """The counts of a mining run."""

    sentences: dict[str, int] = field(default_factory=dict)
    repeated: int = 0
    skipped: list[str] = field(default_factory=list)
    """Unreadable files, each with the reason."""
    pairs: dict[str, int] = field(default_factory=dict)
    """Language pair -> number of links."""
    doubtful: int = 0
    """Number of pairs below the minimum confidence."""


def sentences_of_store(store: Store) -> Iterator[MiningSentence]:
    """Every sentence of a store outside boilerplate and separators."""
    for row in store.documents():
        for sentence in store.sentences(row.id):
            if sentence.kind not in UNMATCHED_KINDS:
                yield MiningSentence(row.id, row.name, sentence.lang, sentence.id, sentence.text, sentence.pieces)


def sentences_of_files(
    sources: Sequence[str],
    report: MiningReport,
    encoding: str | None = None,
    lang: str | None = None,
    max_size: int = MAX_SIZE,
) -> Iterator[MiningSentence]:
    """Every sentence of files and folders. Unreadable files are reported and skipped.

    Raises ReadError if it is the only file that was named.
    """
    files = list(expand_sources(sources))
    for number, (name, named) in enumerate(files, start=1):
        try:
            content = read_content(name, max_size)
            check_is_text(name, content)
            document = read(name, content, encoding=encoding, lang=lang)
        except ReadError as error:
            if named and len(files) == 1:
                raise
            report.skipped.append(str(error))
            continue
        sentences = (s for block in document.blocks if block.kind not in UNMATCHED_KINDS for s in block.sentences)
        for index, sentence in enumerate(sentences):
            text = sentence_text(document.text, sentence.pieces)
            yield MiningSentence(number, name, sentence.lang, index, text, sentence.pieces)


def mine(
    sentences: Iterable[MiningSentence],
    encoder: Encoder,
    report: MiningReport,
    *,
    src: str | None = None,
    tgt: str | None = None,
    min_confidence: float = 0.5,
    exact: bool | None = None,
    same_language: bool = False,
    progress: StageProgress = lambda stage, done, total: None,
    warn: Callable[[str], None] = lambda line: None,
) -> Iterator[Link]:
    """Links between sentences of different languages anywhere; at most one per sentence and language pair.

    Sentences of one language only are compared by script or region (`zh-Hans` and `zh-Hant`), and with
    `same_language` between every two documents in one language.

    In the order of the source sentences, numbered from 1, each with a calibrated confidence of at least
    `min_confidence`. `warn` gets a warning of languages that the encoder does not cover. Raises UsageError without
    two languages to compare.
    """
    with ExitStack() as files:
        requested = src, tgt
        src, tgt = (primary(tag) if tag else None for tag in requested)
        sides = encode_sentences(
            (sentence for sentence in sentences if is_requested(sentence.lang, *requested)),
            encoder,
            files,
            progress,
            by_document=same_language,
        )
        for lang, side in sides.items():
            report.sentences[lang] = len(side)
            report.repeated += side.repeated
        if not same_language:
            sides = {lang: side for lang, side in sides.items() if not is_stray(side, sides, src, tgt)}
        if warning := coverage_warning(encoder, {side.lang for side in sides.values()}):
            warn(warning)
        if same_language:
            language_pairs = list(document_pairs(list(sides.values())))
        else:
            language_pairs = list(requested_pairs(sides, src, tgt))
        if not language_pairs and not same_language:
            parts = {part.lang: part for side in sides.values() for part in variety_sides(side, files)}
            language_pairs = list(requested_pairs(parts, *requested))
        if not language_pairs:
            raise nothing_to_compare(report, same_language=same_language)
        number = 0
        for one, other in language_pairs:

            def on_progress(done: int, total: int, name: str = f"{one.lang}-{other.lang}") -> None:
                progress(name, done, total)

            mined = mine_vectors(one.matrix(), other.matrix(), exact=exact, progress=on_progress)
            confidences = confidence(score_pairs(one, other, mined))
            selected = np.flatnonzero(confidences >= min_confidence)
            report.doubtful += len(confidences) - len(selected)
            for link in links(one, other, mined, confidences, selected, encoder.name):
                number += 1
                pair = f"{one.lang}-{other.lang}"
                report.pairs[pair] = report.pairs.get(pair, 0) + 1
                yield link_numbered(link, number)


def nothing_to_compare(report: MiningReport, *, same_language: bool) -> UsageError:
    """The error for sentences that are all of one language, or one document."""
    counts = ", ".join(f"{count} {lang}" for lang, count in report.sentences.items()) or "none"
    kind = "documents in one language" if same_language else "languages"
    advice = "" if same_language else ", compare texts of one language with --same-language"
    return UsageError(f"no two {kind} to compare (sentences: {counts}). Add texts{advice}, or widen --src and --tgt.")


def encode_sentences(
    sentences: Iterable[MiningSentence],
    encoder: Encoder,
    files: ExitStack,
    progress: StageProgress,
    *,
    by_document: bool = False,
) -> dict[str, LanguageSentences]:
    """Encode the sentences by primary language, and by document if asked, in temporary files that exist while `files`
    is open."""
    sides: dict[str, LanguageSentences] = {}
    for number, sentence in enumerate(sentences):
        if sentence.lang == UNDETERMINED or weighted_length(sentence.text, sentence.lang) < MIN_SENTENCE_LENGTH:
            continue
        lang = primary(sentence.lang)
        name = f"{lang} {sentence.doc}" if by_document else lang
        if name not in sides:
            if by_document and len(sides) >= MAX_COMPARED_DOCUMENTS:
                raise UsageError(
                    f"more than {MAX_COMPARED_DOCUMENTS} documents to compare in one language. Name fewer files."
                )
            sides[name] = language_sentences(lang, encoder.dimensions, files)
        sides[name].add(sentence, encoder)
        if number % BATCH_SENTENCES == 0:
            progress("Encoding", number, 0)
    for side in sides.values():
        if side.pending:
            side.flush(encoder)
    return {lang: side for lang, side in sides.items() if len(side)}


def language_sentences(lang: str, width: int, files: ExitStack) -> LanguageSentences:
    """No sentences yet, in temporary files that exist while `files` is open."""
    texts = files.enter_context(tempfile.TemporaryFile(prefix="align-texts-"))  # noqa: SIM115
    vectors = files.enter_context(tempfile.TemporaryFile(prefix="align-vectors-"))  # noqa: SIM115
    return LanguageSentences(lang, texts, vectors, width)


def variety_sides(side: LanguageSentences, files: ExitStack) -> list[LanguageSentences]:
    """The encoded sentences of a language by tag, where there are several scripts or regions of it."""
    sides: dict[str, LanguageSentences] = {}
    vectors = side.matrix()
    for number in range(len(side)):
        sentence = side.sentence(number)
        if sentence.lang not in sides:
            sides[sentence.lang] = language_sentences(sentence.lang, side.width, files)
        sides[sentence.lang].write(sentence, vectors[number])
    tags = list(sides)
    return [sides[tag] for tag in tags if any(is_other_variety(tag, other) for other in tags)]


def document_pairs(sides: Sequence[LanguageSentences]) -> Iterator[tuple[LanguageSentences, LanguageSentences]]:
    """Every two documents in one language."""
    return ((one, other) for one, other in combinations(sides, 2) if one.lang == other.lang)


def is_stray(side: LanguageSentences, sides: dict[str, LanguageSentences], src: str | None, tgt: str | None) -> bool:
    """Whether a language has so few sentences that it was probably misdetected. Never one that was requested."""
    is_rare = len(side) * STRAY_RATIO < sum(map(len, sides.values()))
    return is_rare and not any(
        language_range and range_matches(language_range, side.lang) for language_range in (src, tgt)
    )


def requested_pairs(
    sides: dict[str, LanguageSentences], src: str | None, tgt: str | None
) -> Iterator[tuple[LanguageSentences, LanguageSentences]]:
    """Every two requested languages, in the requested direction."""
    for one, other in combinations(sides, 2):
        if range_matches(src, one) and range_matches(tgt, other):
            yield sides[one], sides[other]
        elif range_matches(src, other) and range_matches(tgt, one):
            yield sides[other], sides[one]


def score_pairs(src: LanguageSentences, tgt: LanguageSentences, mined: MinedPairs) -> npt.NDArray[np.float64]:
    """The score of every pair, (n,)."""
    pair_scores = np.empty(len(mined.src))
    for start in range(0, len(pair_scores), BATCH_SENTENCES):
        part = slice(start, start + BATCH_SENTENCES)
        pairs = [
            (src.sentence(int(row)), tgt.sentence(int(column)))
            for row, column in zip(mined.src[part], mined.tgt[part], strict=True)
        ]
        lengths = [length_difference(a.text, a.lang, b.text, b.lang) for a, b in pairs]
        pair_scores[part] = scores(
            features(mined, part, lengths, [number_difference(a.text, b.text) for a, b in pairs])
        )
    return pair_scores


def links(
    src: LanguageSentences,
    tgt: LanguageSentences,
    mined: MinedPairs,
    confidences: npt.NDArray[np.float64],
    selected: Ints,
    encoder: str,
) -> Iterator[Link]:
    """The selected pairs as links."""
    for row in selected.tolist():
        left, right = link_side(src.sentence(int(mined.src[row]))), link_side(tgt.sentence(int(mined.tgt[row])))
        score, likely = round(float(mined.margin[row]), 6), round(float(confidences[row]), 6)
        yield Link(0, left, right, LinkKind.TRANSLATION, score, likely, Status.PROPOSED, encoder)


def link_side(sentence: MiningSentence) -> LinkSide:
    """A sentence as the side of a link."""
    return LinkSide(sentence.document, sentence.doc, sentence.lang, (sentence.sentence,), sentence.text, sentence.spans)


def link_numbered(link: Link, number: int) -> Link:
    """The link with its number."""
    return replace(link, id=number)


def length_difference(src: str, src_lang: str, tgt: str, tgt_lang: str) -> float:
    """Absolute log ratio of the weighted lengths of two texts."""
    return float(abs(np.log(max(weighted_length(src, src_lang), 1.0) / max(weighted_length(tgt, tgt_lang), 1.0))))


def number_difference(src: str, tgt: str) -> float:
    """Share of the numbers that only one of the texts has; 0 where neither has any."""
    one, other = ({number.values[0] for number in find_numbers(text) if number.firm} for text in (src, tgt))
    return len(one ^ other) / len(one | other) if one or other else 0.0


def as_dict(report: MiningReport) -> dict[str, Any]:
    """For `--summary`."""
    return {
        "sentences": report.sentences, "repeated": report.repeated, "skipped": report.skipped,
        "pairs": report.pairs, "removed": {"confidence": report.doubtful},
    }  # fmt: skip
