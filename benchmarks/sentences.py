"""Sentence boundaries against sentencex, pysbd and syntok, in one run: `python -m benchmarks.sentences`.

The segments of each gold document are joined into paragraphs (by `par` if the file has it, else five at a time;
without a space in Chinese and Japanese, with one elsewhere), split, and the boundaries inside the paragraphs
compared: F1 over all of a file. Prints one JSON object for a file and side, then one for each language. The gold
contains titles without a stop and segments of two sentences, so 1.0 cannot be reached. `None` = a peer that does
not support the language. The gold is in ALIGN_GOLD or ../shared/gold.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from align.text.normalize import is_unspaced
from align.text.sentences import split

ROOT = Path(__file__).parents[1]
GOLD = Path(os.environ.get("ALIGN_GOLD", ROOT.parent / "shared" / "gold"))
TOGETHER = 5
MARGIN = {"ja": 0.01, "zh": 0.01}
Splitter = Callable[[str, str], Iterable[str]]


def ours(text: str, lang: str) -> Iterable[str]:
    return [span.of(text) for span in split(text, lang)]


def by_sentencex(text: str, lang: str) -> Iterable[str]:
    import sentencex

    return list(sentencex.segment(lang, text))


def by_pysbd(text: str, lang: str) -> Iterable[str]:
    import pysbd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(pysbd.Segmenter(language=lang, clean=False).segment(text))


def by_syntok(text: str, lang: str) -> Iterable[str]:
    """syntok is made for en, de and es; it is used for all languages written with spaces."""
    import syntok.segmenter

    if is_unspaced(lang):
        raise ValueError(lang)
    return [
        "".join(token.spacing + token.value for token in sentence)
        for paragraph in syntok.segmenter.process(text)
        for sentence in paragraph
    ]


PEERS: dict[str, Splitter] = {"sentencex": by_sentencex, "pysbd": by_pysbd, "syntok": by_syntok}


def paragraphs(segments: list[str], numbers: list[int] | None) -> Iterator[list[str]]:
    """The segments of one document, paragraph by paragraph."""
    if numbers is None or len(numbers) != len(segments):
        numbers = [index // TOGETHER for index in range(len(segments))]
    together: dict[int, list[str]] = {}
    for segment, number in zip(segments, numbers, strict=True):
        together.setdefault(number, []).append(segment)
    yield from together.values()


def boundaries(pieces: Iterable[str]) -> set[int]:
    """End offsets of pieces, counted in characters other than white space."""
    at = 0
    found = set()
    for piece in pieces:
        at += sum(not c.isspace() for c in piece)
        found.add(at)
    return found


class Score:
    """Counts of right, wrong and missed boundaries."""

    def __init__(self) -> None:
        self.right = self.wrong = self.missed = 0
        self.knows = True

    def add(self, found: set[int], gold: set[int]) -> None:
        end = max(gold)
        found, gold = {at for at in found if at < end}, gold - {end}
        self.right += len(found & gold)
        self.wrong += len(found - gold)
        self.missed += len(gold - found)

    @property
    def f1(self) -> float | None:
        return round(2 * self.right / max(1, 2 * self.right + self.wrong + self.missed), 4) if self.knows else None


def measure(scores: dict[str, Score], paragraph: list[str], lang: str) -> None:
    text = ("" if is_unspaced(lang) else " ").join(paragraph)
    gold = boundaries(paragraph)
    for name, splitter in {"ours": ours, **PEERS}.items():
        score = scores.setdefault(name, Score())
        if not score.knows:
            continue
        try:
            score.add(boundaries(splitter(text, lang)), gold)
        except Exception:  # a peer that does not support the language, or fails on it
            if name == "ours":
                raise
            score.knows = False


def row(label: dict[str, Any], scores: dict[str, Score], lang: str) -> dict[str, Any]:
    found = {name: score.f1 for name, score in scores.items()}
    best = max((f1 for name, f1 in found.items() if name != "ours" and f1 is not None), default=0.0)
    ahead = round((found["ours"] or 0.0) - best, 4)
    return {**label, **found, "ahead": ahead, "reached": ahead >= MARGIN.get(lang, 0.0)}


def main() -> None:
    if not (GOLD / "dev").is_dir():
        print(f"{GOLD}: no gold here. Set ALIGN_GOLD to its folder.", file=sys.stderr)
        raise SystemExit(1)
    by_language: dict[str, dict[str, Score]] = {}
    for path in sorted((GOLD / "dev").glob("*.jsonl")):
        if not path.name.startswith(("kyoto", "ntrex", "pydocs", "parice")):
            continue
        documents = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for side in ("src", "tgt"):
            lang = documents[0][f"{side}_lang"].split("-")[0]
            scores: dict[str, Score] = {}
            for document in documents:
                for paragraph in paragraphs(document[side], document.get("par")):
                    measure(scores, paragraph, lang)
                    measure(by_language.setdefault(lang, {}), paragraph, lang)
            print(
                json.dumps(row({"set": path.name.split(".")[0] + "." + side, "lang": lang}, scores, lang)), flush=True
            )
    for lang, scores in by_language.items():
        print(json.dumps(row({"set": "all", "lang": lang}, scores, lang)), flush=True)


if __name__ == "__main__":
    main()
