"""Two versions of one language, F1 of `propose` by line: `python -m benchmarks.versions`.

Dev gold: articles of ntrex in Taiwanese and mainland Chinese, a line a paragraph; pairs of lines that links share,
against the same line of both. Our own: tests/cases/versions, whose lines correspond by number. Prints a line of JSON
for each set.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from align.embeddings import load_encoder
from align.readers import read
from align.store import Store, open_store
from align.workspace.propose import propose
from benchmarks.gold import documents

CASES = Path(__file__).resolve().parents[1] / "tests" / "cases" / "versions"
Pair = tuple[list[str], list[str], str]


def ntrex() -> list[Pair]:
    """The lines of each article in Taiwanese and in mainland Chinese."""
    simplified = {one["id"]: one["tgt"] for one in documents("ntrex.ja_zh")}
    return [
        (one["src"], simplified[one["id"]], one["id"]) for one in documents("ntrex.zh-tw_en") if one["id"] in simplified
    ]


def cases() -> list[Pair]:
    """Our own retranslations: `NAME.a.txt` and `NAME.b.txt`, an empty line where a version leaves the line out."""
    names = sorted(path.name.removesuffix(".a.txt") for path in CASES.glob("*.a.txt"))
    return [
        (*((CASES / f"{name}.{side}.txt").read_text(encoding="utf-8").split("\n") for side in "ab"), name)  # type: ignore[misc]
        for name in names
    ]


def line_pairs(store: Store, src: int, tgt: int, sides: tuple[Sequence[str], Sequence[str]]) -> set[tuple[int, int]]:
    """The pairs of lines that the links between two documents share."""
    line_of: dict[int, int] = {}
    for document, texts in ((src, sides[0]), (tgt, sides[1])):
        written = [number for number, text in enumerate(texts) if text.strip()]
        for sentence in store.sentences(document):
            line_of[sentence.id] = written[sentence.block]
    return {
        (line_of[one], line_of[other])
        for link in store.links()
        if (link.src.document, link.tgt.document) == (src, tgt)
        for one, other in product(link.src.sentences, link.tgt.sentences)
    }


def measured(pairs: Sequence[Pair], encoder: str, *, same_language: bool, langs: tuple[str | None, str | None]) -> str:
    """Precision, recall and F1 over all pairs, each two documents of a store."""
    right = proposed = gold = 0
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder) / "s.db") as store:
        ids = []
        for sides in pairs:
            for number, lang in zip((0, 1), langs, strict=True):
                text = "\n\n".join(line for line in sides[number] if line.strip())
                name = f"{sides[2]}.{number}.txt"
                ids.append(store.add_document(read(name, text.encode(), lang=lang)).document)
        model = load_encoder(encoder)
        for number, (src_lines, tgt_lines, _) in enumerate(pairs):
            src, tgt = ids[2 * number : 2 * number + 2]
            list(propose(store, model, documents=[src, tgt], same_language=same_language))
            found = line_pairs(store, src, tgt, (src_lines, tgt_lines))
            both = {
                (line, line)
                for line, texts in enumerate(zip(src_lines, tgt_lines, strict=True))
                if all(text.strip() for text in texts)
            }
            right, proposed, gold = right + len(found & both), proposed + len(found), gold + len(both)
    precision, recall = right / max(1, proposed), right / gold
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return json.dumps({"precision": round(precision, 3), "recall": round(recall, 3), "f1": round(f1, 3), "lines": gold})


def main() -> None:
    """Measure both sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", default="use")
    encoder = parser.parse_args().encoder
    print("ntrex", measured(ntrex(), encoder, same_language=False, langs=("zh-Hant", "zh-Hans")), flush=True)
    for pair in cases():
        print(pair[2], measured([pair], encoder, same_language=True, langs=(None, None)), flush=True)


if __name__ == "__main__":
    main()
