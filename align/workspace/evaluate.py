"""Align each document of a gold file and score the beads, by the convention of the published figures."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from align.encoders.embed import TextSide, embed_sides
from align.errors import ReadError
from align.exchange.export_target import written_file
from align.inputs import MAX_SIZE, read_input
from align.match import Bead, align_bitext

BeadSet = set[tuple[tuple[int, ...], tuple[int, ...]]]


def evaluate(
    gold: Path,
    encoder: str = "auto",
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
    from align.encoders import coverage_warning, load_encoder

    documents = read_gold(gold, max_size)
    languages = {document[key] for document in documents for key in ("src_lang", "tgt_lang")}
    loaded = load_encoder(encoder, languages=languages, cache=cache)
    if warning := coverage_warning(loaded, languages):
        warn(warning)
    encoded = 0
    beads_by_document: dict[str, list[Bead]] = {}
    sentences = sum(len(document["src"]) + len(document["tgt"]) for document in documents)
    done, started = 0, time.perf_counter()
    for document in documents:
        sides = [TextSide(tuple(document[side]), document[f"{side}_lang"]) for side in ("src", "tgt")]
        encoded += len({text for side in sides for text in side.texts})
        beads_by_document[document["id"]] = align_bitext(*embed_sides(loaded, sides, for_bitext=True))
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
