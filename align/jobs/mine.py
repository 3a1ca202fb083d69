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

from align.bulk.index import Ints, Matrix
from align.bulk.mining import Mined, confidence, features, mine_vectors, scores
from align.domain import UNDETERMINED, Link, LinkKind, LinkSide, Span, Status
from align.encoders import Encoder, coverage_warning
from align.encoders.embed import embed_texts
from align.errors import ReadError, UsageError
from align.exchange.detect_format import check_is_text
from align.inputs import MAX_SIZE
from align.jobs.add import content_of, find
from align.jobs.vectors import LEFT_OUT
from align.readers import read
from align.store import Store
from align.text.clean import plain, sentence_text, worth
from align.text.numbers import numbers
from align.text.tags import covers, meant, primary

LEAST_WORTH = 12.0
"""Minimum weighted length of a sentence: shorter ones have the same meaning as too many others."""
STRAY = 1000
"""A language of fewer than one sentence in this many is a misdetected name or formula."""
AT_ONCE = 4096
"""Sentences encoded, and in memory, at a time."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence with its location."""

    document: int
    doc: str
    lang: str
    sentence: int
    text: str
    spans: tuple[Span, ...]


@dataclass
class Side:
    """The sentences of one language: texts and vectors in a file each, so that neither is in memory."""

    lang: str
    texts: IO[bytes]
    vectors: IO[bytes]
    width: int
    offsets: list[int] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    again: int = 0
    """Number of repeated sentences: equal to an earlier one but for case, punctuation and spaces."""
    waiting: list[Told] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.offsets)

    def take(self, told: Told, encoder: Encoder) -> None:
        """Add a sentence, unless it is repeated."""
        key = hash(plain(told.text))
        if key in self.seen:
            self.again += 1
            return
        self.seen.add(key)
        self.waiting.append(told)
        if len(self.waiting) >= AT_ONCE:
            self.flush(encoder)

    def flush(self, encoder: Encoder) -> None:
        """Encode the pending sentences and write them to the files."""
        vectors = embed_texts(encoder, [told.text for told in self.waiting])
        self.vectors.write(vectors.astype("<f2").tobytes())
        for told in self.waiting:
            self.offsets.append(self.texts.tell())
            record = [told.document, told.doc, told.lang, told.sentence, told.text, told.spans]
            self.texts.write(json.dumps(record).encode() + b"\n")
        self.waiting.clear()

    def matrix(self) -> Matrix:
        """(n, width) float16, on disk."""
        self.vectors.flush()
        return np.memmap(self.vectors, dtype="<f2", mode="r", shape=(len(self), self.width))

    def told(self, number: int) -> Told:
        """Read a sentence by its index."""
        self.texts.seek(self.offsets[number])
        document, doc, lang, sentence, text, spans = json.loads(self.texts.readline())
        return Told(document, doc, lang, sentence, text, tuple(Span(*span) for span in spans))


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


def sentences_of_store(store: Store) -> Iterator[Told]:
    """Every sentence of a store outside boilerplate and separators."""
    for row in store.documents():
        for sentence in store.sentences(row.id):
            if sentence.kind not in LEFT_OUT:
                yield Told(row.id, row.name, sentence.lang, sentence.id, sentence.text, sentence.pieces)


def sentences_of_files(
    sources: Sequence[str],
    report: MiningReport,
    encoding: str | None = None,
    lang: str | None = None,
    max_size: int = MAX_SIZE,
) -> Iterator[Told]:
    """Every sentence of files and folders. Unreadable files are reported and skipped.

    Raises ReadError if it is the only file that was named.
    """
    files = list(find(sources))
    for number, (name, named) in enumerate(files, start=1):
        try:
            content = content_of(name, max_size)
            check_is_text(name, content)
            document = read(name, content, encoding=encoding, lang=lang)
        except ReadError as error:
            if named and len(files) == 1:
                raise
            report.skipped.append(str(error))
            continue
        sentences = (s for block in document.blocks if block.kind not in LEFT_OUT for s in block.sentences)
        for place, sentence in enumerate(sentences):
            text = sentence_text(document.text, sentence.pieces)
            yield Told(number, name, sentence.lang, place, text, sentence.pieces)


def mine(
    sentences: Iterable[Told],
    encoder: Encoder,
    report: MiningReport,
    *,
    src: str | None = None,
    tgt: str | None = None,
    min_confidence: float = 0.5,
    exact: bool | None = None,
    progress: Progress = lambda stage, done, total: None,
    warn: Callable[[str], None] = lambda line: None,
) -> Iterator[Link]:
    """Links between sentences of different languages anywhere; at most one per sentence and language pair.

    In the order of the source sentences, numbered from 1, each with a calibrated confidence of at least
    `min_confidence`. `warn` gets a warning of languages that the encoder does not cover. Raises UsageError without
    two languages to compare.
    """
    with ExitStack() as files:
        asked = src, tgt
        src, tgt = (primary(tag) if tag else None for tag in asked)
        sides = gathered((told for told in sentences if meant(told.lang, *asked)), encoder, files, progress)
        for lang, side in sides.items():
            report.sentences[lang] = len(side)
            report.repeated += side.again
        sides = {lang: side for lang, side in sides.items() if not stray(side, sides, src, tgt)}
        if warning := coverage_warning(encoder, sides):
            warn(warning)
        wanted = list(directed(sides, src, tgt))
        if not wanted:
            found = ", ".join(f"{count} {lang}" for lang, count in report.sentences.items()) or "none"
            raise UsageError(f"no two languages to compare (sentences: {found}). Add texts, or widen --src and --tgt.")
        number = 0
        for one, other in wanted:

            def told(done: int, total: int, name: str = f"{one.lang}-{other.lang}") -> None:
                progress(name, done, total)

            mined = mine_vectors(one.matrix(), other.matrix(), exact=exact, progress=told)
            sure = confidence(scored(one, other, mined))
            kept = np.flatnonzero(sure >= min_confidence)
            report.doubtful += len(sure) - len(kept)
            for link in links(one, other, mined, sure, kept, encoder.name):
                number += 1
                pair = f"{one.lang}-{other.lang}"
                report.pairs[pair] = report.pairs.get(pair, 0) + 1
                yield link_numbered(link, number)


def gathered(sentences: Iterable[Told], encoder: Encoder, files: ExitStack, progress: Progress) -> dict[str, Side]:
    """Encode the sentences by primary language, in temporary files that exist while `files` is open."""
    sides: dict[str, Side] = {}
    for number, told in enumerate(sentences):
        if told.lang == UNDETERMINED or worth(told.text, told.lang) < LEAST_WORTH:
            continue
        lang = primary(told.lang)
        if lang not in sides:
            texts = files.enter_context(tempfile.TemporaryFile(prefix="align-texts-"))  # noqa: SIM115
            vectors = files.enter_context(tempfile.TemporaryFile(prefix="align-vectors-"))  # noqa: SIM115
            sides[lang] = Side(lang, texts, vectors, encoder.dimensions)
        sides[lang].take(told, encoder)
        if number % AT_ONCE == 0:
            progress("Encoding", number, 0)
    for side in sides.values():
        if side.waiting:
            side.flush(encoder)
    return {lang: side for lang, side in sides.items() if len(side)}


def stray(side: Side, sides: dict[str, Side], src: str | None, tgt: str | None) -> bool:
    """Whether a language has so few sentences that it was probably misdetected. Never one that was requested."""
    few = len(side) * STRAY < sum(map(len, sides.values()))
    return few and not any(asked and covers(asked, side.lang) for asked in (src, tgt))


def directed(sides: dict[str, Side], src: str | None, tgt: str | None) -> Iterator[tuple[Side, Side]]:
    """Every two requested languages, in the requested direction."""
    for one, other in combinations(sides, 2):
        if covers(src, one) and covers(tgt, other):
            yield sides[one], sides[other]
        elif covers(src, other) and covers(tgt, one):
            yield sides[other], sides[one]


def scored(src: Side, tgt: Side, mined: Mined) -> npt.NDArray[np.float64]:
    """The score of every pair, (n,)."""
    found = np.empty(len(mined.src))
    for start in range(0, len(found), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        pairs = [
            (src.told(int(row)), tgt.told(int(column)))
            for row, column in zip(mined.src[part], mined.tgt[part], strict=True)
        ]
        lengths = [length_difference(a.text, a.lang, b.text, b.lang) for a, b in pairs]
        found[part] = scores(features(mined, part, lengths, [number_difference(a.text, b.text) for a, b in pairs]))
    return found


def links(
    src: Side, tgt: Side, mined: Mined, sure: npt.NDArray[np.float64], kept: Ints, encoder: str
) -> Iterator[Link]:
    """The selected pairs as links."""
    for place in kept.tolist():
        left, right = as_side(src.told(int(mined.src[place]))), as_side(tgt.told(int(mined.tgt[place])))
        score, likely = round(float(mined.margin[place]), 6), round(float(sure[place]), 6)
        yield Link(0, left, right, LinkKind.TRANSLATION, score, likely, Status.PROPOSED, encoder)


def as_side(told: Told) -> LinkSide:
    """A sentence as the side of a link."""
    return LinkSide(told.document, told.doc, told.lang, (told.sentence,), told.text, told.spans)


def link_numbered(link: Link, number: int) -> Link:
    """The link with its number."""
    return replace(link, id=number)


def length_difference(src: str, src_lang: str, tgt: str, tgt_lang: str) -> float:
    """Absolute log ratio of the weighted lengths of two texts."""
    return float(abs(np.log(max(worth(src, src_lang), 1.0) / max(worth(tgt, tgt_lang), 1.0))))


def number_difference(src: str, tgt: str) -> float:
    """Share of the numbers that only one of the texts has; 0 where neither has any."""
    one, other = ({number.values[0] for number in numbers(text) if number.firm} for text in (src, tgt))
    return len(one ^ other) / len(one | other) if one or other else 0.0


def as_dict(report: MiningReport) -> dict[str, Any]:
    """For `--summary`."""
    return {
        "sentences": report.sentences, "repeated": report.repeated, "skipped": report.skipped,
        "pairs": report.pairs, "removed": {"confidence": report.doubtful},
    }  # fmt: skip
