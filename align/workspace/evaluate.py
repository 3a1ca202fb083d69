"""Align each document of a gold file and score the beads, by the convention of the published figures."""

from __future__ import annotations

import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from align.aligner import Bead, align_bitext
from align.embeddings import Encoder, cached, load_encoder
from align.embeddings.embed import TextSide, embed_sides
from align.errors import ReadError
from align.exchange.export_target import written_file
from align.inputs import MAX_SIZE, read_input
from align.models import Link, LinkKind, LinkSide
from align.store import LinkFilter, open_store
from align.text.tags import primary
from align.workspace.add import add
from align.workspace.demo import seed_pages
from align.workspace.propose import propose

BeadSet = set[tuple[tuple[int, ...], tuple[int, ...]]]


def evaluate(
    gold: Path,
    encoder: str | Encoder = "auto",
    *,
    predictions: Path | None = None,
    cache: Path | None = None,
    max_size: int = MAX_SIZE,
    progress: Callable[[int, int], None] | None = None,
    warn: Callable[[str], None] = lambda line: None,
) -> dict[str, float]:
    """Strict and lax precision, recall and F1 over a gold file; sentences per second and encoder calls per
    sentence.

    gold: one document per line, `{"id", "src_lang", "tgt_lang", "src": [...], "tgt": [...], "gold": [[[i], [j]],
    ...]}`. predictions: file to write the predicted beads to, `{"id", "beads"}` per line. warn: gets a warning if
    the encoder does not cover a language of the file. Raises ReadError for an invalid file, ExportError for one
    that cannot be written, EncoderError.
    """
    from align.embeddings import coverage_warning, load_encoder

    documents = read_gold(gold, max_size)
    languages = {document[key] for document in documents for key in ("src_lang", "tgt_lang")}
    loaded = load_encoder(encoder, languages=languages, cache=cache) if isinstance(encoder, str) else encoder
    if warning := coverage_warning(loaded, languages):
        warn(warning)
    encoded = 0
    beads_by_document: dict[str, list[Bead]] = {}
    sentences = sum(len(document["src"]) + len(document["tgt"]) for document in documents)
    done, started = 0, time.perf_counter()
    for document in documents:
        sides = [TextSide(tuple(document[side]), document[f"{side}_lang"]) for side in ("src", "tgt")]
        encoded += len({text for side in sides for text in side.texts})
        beads_by_document[document["id"]] = align_bitext(*embed_sides(loaded, sides))
        done += sum(len(side.texts) for side in sides)
        if progress:
            progress(done, sentences)
    seconds = time.perf_counter() - started
    if predictions is not None:
        write_beads(predictions, beads_by_document)
    figures = score(
        {document["id"]: beads_of(document["gold"]) for document in documents},
        {name: beads_of((bead.src, bead.tgt) for bead in beads) for name, beads in beads_by_document.items()},
    )
    return figures | {
        "sentences_per_second": round(sentences / seconds, 1) if seconds else 0.0,
        "encoded_per_sentence": round(encoded / sentences, 3) if sentences else 0.0,
    }


def read_gold(path: Path, max_size: int = MAX_SIZE) -> list[dict[str, Any]]:
    """The documents of a gold file. Raises ReadError that names the line."""
    documents = []
    try:
        lines = read_input(path, max_size).decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ReadError(f"{path}: not UTF-8 (byte {error.start}). Save the gold as UTF-8.") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            document = json.loads(line)
            document = {"src_lang": "und", "tgt_lang": "und", "id": str(number), **document}
            _check_types(document)
            sizes = [len(document[side]) for side in ("src", "tgt")]
            inside = all(
                0 <= index < size for bead in document["gold"] for ends, size in zip(bead, sizes, strict=True)
                for index in ends
            )  # fmt: skip
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ReadError(
                f'{path}, line {number}: not a gold document with "src", "tgt" and "gold" ({error}).'
            ) from error
        if not inside:
            raise ReadError(f"{path}, line {number}: a gold bead refers to a sentence that does not exist.")
        if not document["gold"] and 0 in sizes:
            # One side is empty: every sentence is implicitly a null.
            document["gold"] = [[[i], []] for i in range(sizes[0])] + [[[], [i]] for i in range(sizes[1])]
        documents.append(document)
    if not documents:
        raise ReadError(f"{path}: no documents in it.")
    if len({document["id"] for document in documents}) < len(documents):
        raise ReadError(f"{path}: two documents have the same id.")
    return documents


def _check_types(document: Mapping[str, Any]) -> None:
    if not isinstance(document["id"], str | int):
        raise TypeError("id is a string or a number")
    if not all(isinstance(document[name], str) for name in ("src_lang", "tgt_lang")):
        raise TypeError("src_lang and tgt_lang are strings")
    sides = document["src"], document["tgt"]
    if not all(isinstance(side, list) and all(isinstance(text, str) for text in side) for side in sides):
        raise TypeError("src and tgt are lists of strings")


def write_beads(path: Path, beads_by_document: Mapping[str, Sequence[Bead]]) -> None:
    """Write the beads, one document per line. Raises ExportError, and UsageError for a protected target."""
    lines = (
        json.dumps({"id": name, "beads": [[list(bead.src), list(bead.tgt)] for bead in beads]}, ensure_ascii=False)
        + "\n"
        for name, beads in beads_by_document.items()
    )
    with written_file(path, force=True) as file:
        file.write("".join(lines).encode())


def beads_of(rows: Iterable[Sequence[Iterable[int]]]) -> BeadSet:
    """Beads as pairs of index tuples, without those empty on both sides."""
    pairs = {(tuple(src), tuple(tgt)) for src, tgt in rows}
    return {pair for pair in pairs if pair[0] or pair[1]}


def score(gold: Mapping[str, BeadSet], predictions: Mapping[str, BeadSet]) -> dict[str, float]:
    """Precision (nulls count), recall (nulls left out on both sides) and F1, strict and lax (Sennrich & Volk 2011).

    Strict: the same bead is in the gold. Lax: it shares a source and a target sentence with a gold bead, or is the
    same. Without gold pairs, recall is 1.
    """
    precision, recall = [0, 0, 0], [0, 0, 0]
    for name, reference in gold.items():
        pairs = {pair for pair in reference if pair[0] and pair[1]}
        predicted = {pair for pair in predictions[name] if pair[0] and pair[1]}
        for sums, candidates, against in ((precision, predictions[name], reference), (recall, pairs, predicted)):
            strict, lax = _matches(candidates, against)
            sums[0] += strict
            sums[1] += lax
            sums[2] += len(candidates)
    figures: dict[str, float] = {"documents": len(gold)}
    for index, name in enumerate(("strict", "lax")):
        p = precision[index] / precision[2] if precision[2] else float(not recall[2])
        r = recall[index] / recall[2] if recall[2] else 1.0
        f1 = 2 * p * r / (p + r) if p + r else 0.0
        figures |= {f"precision_{name}": round(p, 4), f"recall_{name}": round(r, 4), f"f1_{name}": round(f1, 4)}
    return figures


def _matches(candidates: BeadSet, reference: BeadSet) -> tuple[int, int]:
    """Number of candidates that match the reference strictly, and laxly."""
    partners: dict[int, set[int]] = defaultdict(set)
    for src, tgt in reference:
        for i in src:
            partners[i].update(tgt)
    strict = sum(pair in reference for pair in candidates)
    lax = sum(
        pair in reference or any(partners[i].intersection(pair[1]) for i in pair[0] if i in partners)
        for pair in candidates
    )
    return strict, lax


CASE_LANGUAGES = {
    "blog-summary": frozenset({"zh", "ja"}),
    "blog-comment": frozenset({"en", "zh"}),
    "titles": frozenset({"en", "ja"}),
    "rt-translation": frozenset({"en", "ja"}),
}
"""Cases, and the two languages of each."""

FileCharacters = tuple[str, frozenset[int]]
"""A file name and the character offsets in it, without white space."""


@dataclass(frozen=True, slots=True)
class GoldLink:
    """A manually made link. `optional`: correct if predicted, not missed otherwise."""

    case: str
    sides: tuple[FileCharacters, FileCharacters]
    kind: str
    optional: bool

    def matches(self, sides: tuple[FileCharacters, FileCharacters]) -> bool:
        """Whether the sides, in either direction, overlap these by at least half of each."""
        (a, b), (c, d) = self.sides, sides
        return (overlap(a, c) and overlap(b, d)) or (overlap(a, d) and overlap(b, c))


def gold_links(folder: Path | None = None) -> tuple[dict[str, str], list[GoldLink]]:
    """The texts of the seed pages by file name, and the gold links. Raises ReadError if they are missing."""
    folder = folder or seed_pages()[0].parent
    try:
        texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.txt"))}
        rows = json.loads((folder / "links.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReadError(f"{folder}: no gold of the seed pages ({error}).") from error
    return texts, [
        GoldLink(
            row["case"],
            (quoted(texts, row["src_file"], row["src"]), quoted(texts, row["tgt_file"], row["tgt"])),
            row["kind"],
            bool(row.get("optional")),
        )
        for row in rows
    ]


def quoted(texts: dict[str, str], name: str, quotes: Iterable[str]) -> FileCharacters:
    """The characters of the quotes in a text."""
    spans = [(texts[name].index(quote), len(quote)) for quote in quotes]
    return name, non_space_chars(texts[name], ((at, at + length) for at, length in spans))


def non_space_chars(text: str, spans: Iterable[tuple[int, int]]) -> frozenset[int]:
    """The offsets of the characters in the spans that are not white space."""
    return frozenset(k for start, end in spans for k in range(start, end) if not text[k].isspace())


def overlap(one: FileCharacters, other: FileCharacters) -> bool:
    """Whether the two share at least half of the characters of each."""
    both = len(one[1] & other[1])
    return one[0] == other[0] and both > 0 and 2 * both >= len(one[1]) and 2 * both >= len(other[1])


def side_of(texts: dict[str, str], side: LinkSide) -> FileCharacters:
    """One side of a link as characters of its file."""
    name = Path(side.doc).name
    return name, non_space_chars(texts.get(name, ""), ((span.start, span.end) for span in side.spans))


def score_case(case: str, links: Sequence[Link], texts: dict[str, str], gold: Sequence[GoldLink]) -> dict[str, Any]:
    """Precision, recall and F1 of the links between the case's two languages inside its files."""
    case_links = [link for link in gold if link.case == case]
    predicted = list(links_of_case(case, links, texts, case_links))
    required = [link for link in case_links if not link.optional]
    hits = [next((g for g in case_links if g.matches(sides)), None) for sides, _ in predicted]
    recall = sum(any(g.matches(sides) for sides, _ in predicted) for g in required) / len(required)
    precision = sum(hit is not None for hit in hits) / len(predicted) if predicted else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    kinds = [same_kind(link.kind, hit.kind) for (_, link), hit in zip(predicted, hits, strict=True) if hit]
    return {
        "case": case,
        "gold": len(required),
        "predicted": len(predicted),
        "precision": round(precision, 3),
        "recall": round(recall, 3),
        "f1": round(f1, 3),
        "kinds_right": round(sum(kinds) / len(kinds), 3) if kinds else 0.0,
    }


def links_of_case(
    case: str, links: Sequence[Link], texts: dict[str, str], gold: Sequence[GoldLink]
) -> Iterator[tuple[tuple[FileCharacters, FileCharacters], Link]]:
    """Yield the links in the languages and files of a case, with their sides; within files, or across, as its gold."""
    across = all(link.sides[0][0] != link.sides[1][0] for link in gold)
    files = {side[0] for link in gold for side in link.sides}
    for link in links:
        sides = side_of(texts, link.src), side_of(texts, link.tgt)
        names = {side[0] for side in sides}
        languages = {primary(link.src.lang), primary(link.tgt.lang)}
        if names <= files and languages == CASE_LANGUAGES[case] and (len(names) > 1) == across:
            yield sides, link


def same_kind(kind: str, gold: str) -> bool:
    """Whether the kinds agree; the gold calls the translation of a title a translation."""
    return kind == gold or (kind == LinkKind.TITLE and gold == LinkKind.TRANSLATION)


def evaluate_cases(
    cases: Sequence[str],
    encoder: str = "auto",
    *,
    cache: Path | None = None,
    warn: Callable[[str], None] = lambda line: None,
) -> list[dict[str, Any]]:
    """Add and align the raw seed pages in one temporary store, and score each case."""
    from align.embeddings import coverage_warning

    texts, gold = gold_links()
    with tempfile.TemporaryDirectory(prefix="align-case-") as folder:
        db = Path(folder) / "seeds.db"
        for _ in add(db, [str(page) for page in seed_pages()]):
            pass
        with open_store(db) as store:
            languages = {lang for row in store.documents() for lang in row.languages}
            model = load_encoder(encoder, languages=languages, cache=cache)
            if warning := coverage_warning(model, languages):
                warn(warning)
            with cached(model, db) as vectors:
                for _ in propose(store, vectors):
                    pass
            links = list(store.links(LinkFilter()))
    return [score_case(case, links, texts, gold) for case in cases]
