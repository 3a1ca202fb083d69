"""`Aligner` and `align_texts`: texts or sentences in, beads with confidences out."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import sys
import warnings
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from align.aligner import Bead, Constraints, DocumentAlignment, align_documents, align_pages
from align.bulk.workers_local import THREAD_VARIABLES
from align.embeddings import Encoder, Progress, Purpose, as_encoder, coverage_warning, load_encoder
from align.embeddings.embed import TextSide, embed_sides
from align.embeddings.inference import usable_cores
from align.errors import AlignError, UsageError
from align.models import UNDETERMINED
from align.text.normalize import join, sentence_text
from align.text.segment import segment
from align.workspace.document_lookup import language_tag

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    EncoderInput = str | Encoder | SentenceTransformer
    """A name as for `--encoder`, an `Encoder`, or a model of sentence-transformers."""


TextInput = str | Sequence[str]
"""A text, which is split into sentences, or a list of sentences."""

RangePair = tuple[range, range]
"""Ranges of source and target sentences."""


class AlignmentRecord(TypedDict):
    """A bead as JSON values, for data frames, `json.dumps` and `csv.DictWriter`."""

    src: str
    tgt: str
    src_lang: str
    tgt_lang: str
    kind: str
    score: float
    confidence: float
    src_sentences: list[int]
    """Indices of the sentences."""
    tgt_sentences: list[int]


@dataclass(frozen=True, slots=True)
class Alignment:
    """Two aligned texts: the sentences as they were split (or given), and beads as ranges of their indices."""

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
        return [(*self._texts(bead), bead.confidence) for bead in self.beads if bead.src and bead.tgt]

    def to_records(self, *, with_nulls: bool = False) -> list[AlignmentRecord]:
        """The beads as dicts of JSON values, in order: rows for `json.dumps`, `csv.DictWriter` or a data frame.

        with_nulls: include sentences that the other text leaves out; the text of the empty side is `""`.
        """
        records: list[AlignmentRecord] = []
        for bead in self.beads:
            if with_nulls or (bead.src and bead.tgt):
                src, tgt = self._texts(bead)
                records.append(
                    {
                        "src": src,
                        "tgt": tgt,
                        "src_lang": self.src_lang,
                        "tgt_lang": self.tgt_lang,
                        "kind": bead.kind.value,
                        "score": float(bead.score),
                        "confidence": float(bead.confidence),
                        "src_sentences": list(bead.src),
                        "tgt_sentences": list(bead.tgt),
                    }
                )
        return records

    def _texts(self, bead: Bead) -> tuple[str, str]:
        return (
            join(self.src[bead.src.start : bead.src.stop], self.src_lang),
            join(self.tgt[bead.tgt.start : bead.tgt.stop], self.tgt_lang),
        )


class Aligner:
    """An encoder, loaded once, that aligns any number of texts.

    Examples:
        >>> aligner = Aligner("use")
        >>> out = aligner.align("Guten Tag. Es regnet.", "Good day. It is raining.")
        >>> [record["tgt"] for record in out.to_records()]
        ['Good day.', 'It is raining.']
    """

    def __init__(self, encoder: EncoderInput = "auto", *, cache: Path | str | None = None) -> None:
        """Take an encoder: a name as for `--encoder`, an `Encoder`, or a `SentenceTransformer`.

        `auto` chooses for each pair of texts by their languages. cache: the folder for unpacked models; default: the
        cache of the settings. Weights are loaded on first use.
        """
        self._given = encoder if isinstance(encoder, str) else as_encoder(encoder)
        self._cache = Path(cache) if cache else None
        self._loaded: dict[str, Encoder] = {}

    def align(
        self,
        src: TextInput,
        tgt: TextInput,
        *,
        src_lang: str = "und",
        tgt_lang: str = "und",
        whole: bool = True,
        anchors: Iterable[RangePair] = (),
        forbidden: Iterable[RangePair] = (),
    ) -> Alignment:
        """Align two texts, or two lists of sentences; see `align_texts`."""
        return self._align(src, tgt, src_lang, tgt_lang, whole, anchors, forbidden, stacklevel=4)

    def align_many(
        self,
        pairs: Iterable[tuple[TextInput, TextInput]],
        *,
        src_lang: str = "und",
        tgt_lang: str = "und",
        whole: bool = True,
        workers: int = 1,
        progress: Progress | None = None,
    ) -> Iterator[Alignment]:
        """Align many pairs of texts, and yield the alignments in the order of the pairs.

        src_lang, tgt_lang: the languages of all sources and of all targets; `und`: detected in each text. workers:
        processes; above 1, each loads the encoder, so it must be a name, or an object that can be pickled, and the
        pairs should be some dozens. progress: called as `progress(done, total)` after each pair; total is 0 where
        `pairs` has no length. `align bulk` does the same for files, and survives a crash.

        Raises what `align_texts` raises, at the first pair that fails; AlignError where a worker dies.
        """
        if workers < 1:
            raise UsageError(f"workers must be 1 or more, not {workers}.")
        total = len(pairs) if isinstance(pairs, Sequence) else 0
        options = {"src_lang": src_lang, "tgt_lang": tgt_lang, "whole": whole}
        if workers == 1:
            results: Iterator[Alignment] = (self.align(src, tgt, src_lang=src_lang, tgt_lang=tgt_lang, whole=whole)
                                            for src, tgt in pairs)  # fmt: skip
        else:
            results = align_in_processes(self._given, self._cache, pairs, options, workers)
        for done, alignment in enumerate(results, start=1):
            if progress:
                progress(done, total)
            yield alignment

    def _align(
        self,
        src: TextInput,
        tgt: TextInput,
        src_lang: str,
        tgt_lang: str,
        whole: bool,
        anchors: Iterable[RangePair],
        forbidden: Iterable[RangePair],
        *,
        stacklevel: int,
    ) -> Alignment:
        constraints = Constraints(_pairs("anchors", anchors), _pairs("forbidden", forbidden))
        src_lang, tgt_lang = language_tag(src_lang), language_tag(tgt_lang)
        (src_texts, src_lang), (tgt_texts, tgt_lang) = (
            _sentences("src", src, src_lang),
            _sentences("tgt", tgt, tgt_lang),
        )
        encoder = self._encoder_for({src_lang, tgt_lang}, "quality", stacklevel=stacklevel)
        sides = [TextSide(src_texts, src_lang), TextSide(tgt_texts, tgt_lang)]
        one, other = embed_sides(encoder, sides, tokens_now=whole)
        if whole:
            aligned = align_documents(one, other, constraints=constraints)
        else:
            aligned = DocumentAlignment(align_pages(one, other, constraints=constraints), None)
        beads = tuple(aligned.beads)
        return Alignment(src_texts, tgt_texts, beads, src_lang, tgt_lang, aligned.confidence, aligned.shuffled)

    def _encoder_for(self, languages: set[str], purpose: Purpose, *, stacklevel: int) -> Encoder:
        languages = languages - {UNDETERMINED}
        if isinstance(self._given, str):
            loaded = load_encoder(self._given, languages=languages, purpose=purpose, cache=self._cache)
            loaded = self._loaded.setdefault(loaded.name, loaded)
        else:
            loaded = self._given
        if warning := coverage_warning(loaded, languages):
            warnings.warn(warning, stacklevel=stacklevel)
        return loaded


def align_texts(
    src: TextInput,
    tgt: TextInput,
    *,
    src_lang: str = "und",
    tgt_lang: str = "und",
    encoder: EncoderInput = "auto",
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
    indices, that are fixed or excluded. encoder: a name as for `--encoder`, an `Encoder`, or a
    `SentenceTransformer`; warns if it does not cover a language. cache: the folder for unpacked models.

    Raises EncoderError where the encoder is not available, ConflictError where anchors contradict each other,
    UsageError for an invalid language tag, TypeError and ValueError for other invalid arguments.

    Examples:
        >>> german, english = ["Guten Tag.", "Es regnet."], ["Good day.", "It is raining."]
        >>> out = align_texts(german, english, src_lang="de", tgt_lang="en")
        >>> [(list(b.src), list(b.tgt)) for b in out.beads]
        [([0], [0]), ([1], [1])]
    """
    aligner = Aligner(encoder, cache=cache)
    return aligner._align(src, tgt, src_lang, tgt_lang, whole, anchors, forbidden, stacklevel=4)


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


PAIRS_PER_TASK = 8

TASKS_PER_WORKER = 3
"""Tasks that are submitted ahead per worker, so that `pairs` may be a stream."""

Pair = tuple[TextInput, TextInput]


_aligner: Aligner | None = None
"""The aligner of a worker process."""


def align_in_processes(
    encoder: str | Encoder, cache: Path | None, pairs: Iterable[Pair], options: dict[str, Any], workers: int
) -> Iterator[Alignment]:
    """Align the pairs with `workers` processes; yields in order. options: arguments of `Aligner.align`.

    Raises UsageError for an encoder that cannot be sent to another process, AlignError where a worker dies.
    """
    try:
        sent = pickle.dumps((encoder, cache))
    except Exception as error:  # any class may refuse
        raise UsageError(f"workers above 1 need an encoder by name: this one cannot be pickled ({error}).") from error
    stream = iter(pairs)
    running: deque[Future[list[Alignment]]] = deque()
    context = multiprocessing.get_context("spawn")
    threads = max(1, usable_cores() // workers)
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start, initargs=(sent,)) as pool:
        try:
            while True:
                while len(running) < workers * TASKS_PER_WORKER and (task := list(islice(stream, PAIRS_PER_TASK))):
                    with _child_environment(threads, script=not isinstance(encoder, str)):
                        running.append(pool.submit(_align, task, options))
                if not running:
                    return
                yield from running.popleft().result()
        except BrokenProcessPool as error:
            raise AlignError("a worker process died: too little memory, or its encoder failed to load.") from error
        finally:
            pool.shutdown(cancel_futures=True)


def _start(sent: bytes) -> None:
    global _aligner
    encoder, cache = pickle.loads(sent)
    _aligner = Aligner(encoder, cache=cache)


def _align(pairs: list[Pair], options: dict[str, Any]) -> list[Alignment]:
    assert _aligner is not None
    return [_aligner.align(src, tgt, **options) for src, tgt in pairs]


@contextmanager
def _child_environment(threads: int, *, script: bool) -> Iterator[None]:
    """Number of threads of new processes; `script`: whether they import the user's script, for its classes.

    Importing it runs it again, so that one without `if __name__ == "__main__":` would start processes of its own.
    """
    main: Any = sys.modules["__main__"]
    file, spec = getattr(main, "__file__", None), getattr(main, "__spec__", None)
    variables = (*THREAD_VARIABLES, "ALIGN_THREADS")
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(dict.fromkeys(variables, str(threads)))
    if not script:
        main.__file__ = main.__spec__ = None
    try:
        yield
    finally:
        if not script:
            main.__file__, main.__spec__ = file, spec
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
