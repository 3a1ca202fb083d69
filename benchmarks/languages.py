"""Language identification compared with langdetect, lingua and py3langid: `python -m benchmarks.languages [SET ...]`.

Each set is a page given line by line: `lines.tsv` of the seeds, the mixed pages of the gold (`mixed_order`), and
the news of several languages shuffled into one page, and forty pages of eight clauses of 8 to 30 characters
(`short`) for each language in Latin letters. Prints one JSON object per set: the share of segments whose language
is right (Chinese counted as one for all four), and for ours also whether Hant and Hans are. The gold is in
ALIGN_GOLD or ../shared/gold; missing sets are left out, with a note on stderr.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from align.text.function_words import SCRIPT_LANGUAGES
from align.text.language import identify_blocks
from align.text.language_evidence import first_evidence

ROOT = Path(__file__).parents[1]
GOLD = Path(os.environ.get("ALIGN_GOLD", ROOT.parent / "shared" / "gold"))
CHINESE = {"zh": "zh-Hans", "zh-cn": "zh-Hans", "zh-tw": "zh-Hant", "zh-hant": "zh-Hant", "zh-hans": "zh-Hans"}

CLAUSES = re.compile(r"(?<=[.!?;:,])\s+")
LINES = 8
"""Lines of a short page."""


class Page(NamedTuple):
    """Segments in page order, and the language of each."""

    texts: list[str]
    langs: list[str]


def tag(lang: str) -> str:
    return CHINESE.get(lang.lower(), lang)


def seed_pages() -> Iterator[Page]:
    with (ROOT / "seeds" / "lines.tsv").open(encoding="utf-8") as rows:
        wanted: dict[str, list[tuple[int, str]]] = {}
        for row in csv.DictReader(rows, delimiter="\t"):
            wanted.setdefault(row["file"], []).append((int(row["line"]), row["lang"]))
    for name, lines in wanted.items():
        text = (ROOT / "seeds" / name).read_text(encoding="utf-8").split("\n")
        yield Page([text[number - 1] for number, _ in lines], [lang for _, lang in lines])


def gold_pages(name: str, seed: int = 0) -> Iterator[Page]:
    """The documents of a gold file as mixed pages; without `mixed_order`, in blocks of either side."""
    shuffle = random.Random(seed)
    for line in (GOLD / "dev" / name).read_text(encoding="utf-8").splitlines():
        document = json.loads(line)
        order = document.get("mixed_order")
        if order is None:
            order = [("s", i) for i in range(len(document["src"]))] + [("t", i) for i in range(len(document["tgt"]))]
            shuffle.shuffle(order)
        sides = {"s": (document["src"], document["src_lang"]), "t": (document["tgt"], document["tgt_lang"])}
        yield Page([sides[side][0][i] for side, i in order], [tag(sides[side][1]) for side, _ in order])


def short_pages(name: str, side: str, seed: int = 0) -> list[Page]:
    """Forty pages of eight short clauses of one side of a gold file; none if it has too few or is not alphabetic."""
    documents = [json.loads(line) for line in (GOLD / "dev" / name).read_text(encoding="utf-8").splitlines()]
    lang = documents[0][f"{side}_lang"]
    clauses = [clause for document in documents for text in document[side] for clause in CLAUSES.split(text)]
    lines = [text for text in clauses if 8 <= len(text) <= 30 and sum(map(str.isalpha, text)) >= 6]
    if lang not in SCRIPT_LANGUAGES["latin"] or len(lines) < 2 * LINES:
        return []
    draw = random.Random(seed)
    return [Page(draw.sample(lines, LINES), [lang] * LINES) for _ in range(40)]


def ours(texts: list[str]) -> list[str]:
    return [guess.lang for guess in identify_blocks(texts, [first_evidence(text) for text in texts])[0]]


def peers() -> dict[str, Callable[[list[str]], list[str]]]:
    import langdetect
    import py3langid
    from lingua import LanguageDetectorBuilder

    langdetect.DetectorFactory.seed = 0
    lingua = LanguageDetectorBuilder.from_all_languages().build()

    def by_langdetect(texts: list[str]) -> list[str]:
        found = []
        for text in texts:
            try:
                found.append(langdetect.detect(text))
            except langdetect.LangDetectException:
                found.append("und")
        return found

    def by_lingua(texts: list[str]) -> list[str]:
        guesses: list[Any] = [lingua.detect_language_of(text) for text in texts]
        return [guess.iso_code_639_1.name.lower() if guess else "und" for guess in guesses]

    return {
        "langdetect": by_langdetect,
        "py3langid": lambda texts: [py3langid.classify(text)[0] for text in texts],
        "lingua": by_lingua,
    }


def primary(lang: str) -> str:
    return {"nb": "no", "nn": "no"}.get(lang.split("-")[0], lang.split("-")[0])


def measure(name: str, pages: list[Page]) -> dict[str, Any]:
    row: dict[str, Any] = {"set": name, "segments": sum(len(page.texts) for page in pages)}
    wanted = [primary(lang) for page in pages for lang in page.langs]
    for engine, identify in {"ours": ours, **peers()}.items():
        began = time.perf_counter()
        found = [lang for page in pages for lang in identify(page.texts)]
        seconds = time.perf_counter() - began
        right = sum(primary(lang) == want for lang, want in zip(found, wanted, strict=True))
        row[engine] = round(100 * right / len(wanted), 2)
        row[f"{engine}/s"] = round(len(wanted) / seconds)
        if engine == "ours":
            chinese = [
                (lang, want)
                for lang, want in zip(found, [lang for page in pages for lang in page.langs], strict=True)
                if want.startswith("zh") and lang.startswith("zh")
            ]
            if chinese:
                row["Hant/Hans"] = round(100 * sum(lang == want for lang, want in chinese) / len(chinese), 2)
    row["best"] = row["ours"] >= max(row[peer] for peer in ("langdetect", "py3langid", "lingua"))
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", help="Sets by how their names begin.  [default: all]")
    asked = tuple(parser.parse_args().sets) or ("",)
    sets: dict[str, list[Page]] = {"lines.tsv": list(seed_pages())}
    for path in sorted((GOLD / "dev").glob("*.jsonl")) if GOLD.exists() else []:
        sets[path.name.removesuffix(".jsonl")] = list(gold_pages(path.name))
        for side in ("src", "tgt"):
            if pages := short_pages(path.name, side):
                sets[f"short {pages[0].langs[0]}, {path.name.split('.')[0]}"] = pages
    if len(sets) == 1:
        print(f"{GOLD}: no gold here. Set ALIGN_GOLD to its folder to measure all sets.", file=sys.stderr)
    for name, pages in sets.items():
        if name.startswith(asked):
            print(json.dumps(measure(name, pages)), flush=True)


if __name__ == "__main__":
    main()
