"""Accuracy and calibration of links on pages: seeds, alternating languages, whole books, unrelated pages.

python -m benchmarks.pages [--encoder use] [--cache FOLDER] [--raw] [SET ...]

--raw also writes each mixed page as one text, as copied from a browser, and runs the whole pipeline on it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from align.aligner import Bead, EmbeddedSide, align_bitext, align_pages
from align.aligner import pages as searched
from align.embeddings import Encoder, cached, load_encoder, unknown_languages
from align.store import LinkFilter, open_store
from align.workspace.add import add
from align.workspace.demo import seed_pages
from align.workspace.evaluate import (
    CASE_LANGUAGES,
    FileCharacters,
    GoldLink,
    evaluate_cases,
    gold_links,
    non_space_chars,
)
from align.workspace.language_runs import groups
from align.workspace.propose import propose
from benchmarks.gold import book, documents, passages
from benchmarks.quality import link_f1, tell_reliability

SETS = ("k8s_en_zh", "w3c_layout.en_ja", "w3c_layout.en_zh-hant")
NEWS = ("ntrex.ja_zh", "ntrex.ko_en", "ntrex.ru_en")
BOOKS = ("textberg_de_fr.dev", "parice_en_is", "kyoto_ja_en.dev", "pydocs.en_ja")
UNRELATED = 8
"""Number of other documents that each news document is compared with."""
FOLDER_DOCUMENTS = 12
"""Number of documents of a set that are proposed in one folder."""
SEEDS = seed_pages()


@dataclass(frozen=True)
class SeedGroup:
    """The sentences of a seed page in one language, and their positions."""

    name: str
    lang: str
    passages: EmbeddedSide
    pieces: tuple[tuple[tuple[int, int], ...], ...]

    def side(self, run: range) -> FileCharacters:
        """The sentences of a run as characters of the page."""
        texts, _ = seeds_gold()
        return self.name, non_space_chars(texts[self.name], (piece for k in run for piece in self.pieces[k]))


@cache
def seeds_gold() -> tuple[dict[str, str], list[GoldLink]]:
    """The seed pages and their gold."""
    return gold_links()


def seed_groups(encoder: Encoder) -> list[SeedGroup]:
    """The language runs of the seed pages, read and segmented by the program itself."""
    with tempfile.TemporaryDirectory() as folder:
        db = Path(folder) / "seeds.db"
        for _ in add(db, [str(page) for page in SEEDS]):
            pass
        with open_store(db) as store:
            names = {row.id: Path(row.name).name for row in store.documents()}
            sentences = {s.id: s for number in names for s in store.sentences(number)}
            return [
                SeedGroup(
                    names[group.document],
                    group.primary,
                    group.passages,
                    tuple(tuple((p.start, p.end) for p in sentences[s].pieces) for s in group.sentences),
                )
                for group in groups(store, encoder, names)
            ]


def right_in_seeds(src: SeedGroup, tgt: SeedGroup, bead: Bead) -> bool:
    """Whether a bead is one of the gold's."""
    sides = src.side(bead.src), tgt.side(bead.tgt)
    return any(link.matches(sides) for link in seeds_gold()[1])


def mixed(page: Mapping[str, Any]) -> tuple[list[int], list[int]]:
    """Positions of the segments of both sides on a mixed page."""
    place = {(side, number): at for at, (side, number) in enumerate(page["mixed_order"])}
    return [place["s", i] for i in range(len(page["src"]))], [place["t", j] for j in range(len(page["tgt"]))]


def placed(
    sides: tuple[EmbeddedSide, EmbeddedSide], places: tuple[Sequence[int], Sequence[int]]
) -> tuple[EmbeddedSide, EmbeddedSide]:
    """Both sides with their positions."""
    src, tgt = (replace(side, positions=np.array(at, dtype=np.int64)) for side, at in zip(sides, places, strict=True))
    return src, tgt


def raw_f1(encoder: Encoder, found: Sequence[Mapping[str, Any]]) -> float:
    """F1 of links by characters, from pages written as one text, through store, segmentation and languages.

    Segments of the gold have several sentences each, and the program links sentences: a link is right if it lies
    within one gold pair, a gold pair counts if a link connects its sides. Segments that are equal on both sides
    (code, product names) have no clear language, and are left out of the gold.
    """
    right = hit = ours = theirs = 0
    for number, page in enumerate(found):
        lines = [page["src" if side == "s" else "tgt"][k] for side, k in page["mixed_order"]]
        text, spans = "", {}
        for (side, k), line in zip(page["mixed_order"], lines, strict=True):
            spans[side, k] = (len(text), len(text) + len(line))
            text += line + "\n\n"
        gold = [
            (non_space_chars(text, (spans["s", i] for i in s)), non_space_chars(text, (spans["t", j] for j in t)))
            for s, t in page["gold"]
            if s and t and [page["src"][i] for i in s] != [page["tgt"][j] for j in t]
        ]
        with tempfile.TemporaryDirectory() as folder:
            path, db = Path(folder) / f"{number}.txt", Path(folder) / "page.db"
            path.write_text(text, encoding="utf-8")
            for _ in add(db, [str(path)]):
                pass
            with open_store(db) as store, cached(encoder, db) as vectors:
                for _ in propose(store, vectors):
                    pass
                links = [
                    tuple(
                        ("", non_space_chars(text, ((p.start, p.end) for p in side.spans)))
                        for side in (link.src, link.tgt)
                    )
                    for link in store.links(LinkFilter())
                ]
        pairs = [frozenset(a | b) for a, b in gold]
        ends = [frozenset(one[1] | other[1]) for one, other in links]
        right += sum(
            any((a & one[1] and b & other[1]) or (a & other[1] and b & one[1]) for one, other in links) for a, b in gold
        )
        hit += sum(any(both <= pair for pair in pairs) for both in ends)
        ours, theirs = ours + len(links), theirs + len(pairs)
    precision, recall = hit / max(1, ours), right / max(1, theirs)
    return 2 * precision * recall / max(1e-9, precision + recall)


def unrelated(encoder: Encoder, name: str, others: int = UNRELATED) -> tuple[int, int]:
    """(links, pairs of pages) among unrelated news documents, each with `others` of them."""
    sides = list(passages(encoder, documents(name), tokens=False))
    told = pairs = 0
    for number, (src, _) in enumerate(sides):
        for step in range(1, others + 1):
            told += len(align_pages(src, sides[(number + step) % len(sides)][1]))
            pairs += 1
    return told, pairs


def as_folder(encoder: Encoder, name: str, most: int = FOLDER_DOCUMENTS) -> tuple[int, int]:
    """(links between a text and its translation, links between others) for a folder with two files per document."""
    with tempfile.TemporaryDirectory() as folder:
        db = Path(folder) / "folder.db"
        for number, page in enumerate(documents(name)[:most]):
            for side in ("src", "tgt"):
                text = "\n\n".join(page[side]) + "\n"
                (Path(folder) / f"{number}.{page[f'{side}_lang']}.txt").write_text(text, encoding="utf-8")
        for _ in add(db, [folder]):
            pass
        with open_store(db) as store, cached(encoder, db) as vectors:
            for _ in propose(store, vectors):
                pass
            own = [_document(link.src.doc) == _document(link.tgt.doc) for link in store.links(LinkFilter())]
    return sum(own), len(own) - sum(own)


def _document(path: str) -> str:
    return Path(path).name.split(".")[0]


def as_book(encoder: Encoder, name: str) -> dict[str, Any]:
    """Strict F1 of a set as one long text: aligned as pages, as pages too long for a table, and as bitext.

    Also the links between the first half of one side and the second half of the other, which are unrelated.
    """
    whole = book(name)
    n, m = len(whole["src"]), len(whole["tgt"])
    ends = {**whole, "src": whole["src"][: n // 2 - 10], "tgt": whole["tgt"][m // 2 + 10 :]}
    (src, tgt), strangers = passages(encoder, [whole, ends], tokens=False)
    figures: dict[str, Any] = {"set": name, "sentences": [n, m]}
    for way, most in (("pages", searched.MAX_PAGE_CELLS), ("long", 0)):
        with mock.patch.object(searched, "MAX_PAGE_CELLS", most):
            figures[way] = round(link_f1([whole], [align_pages(src, tgt)]), 4)
            figures[f"unrelated, {way}"] = len(align_pages(*strangers))
    return figures | {"bitext": round(link_f1([whole], [align_bitext(src, tgt)]), 4)}


def sure_of_seeds(encoder: Encoder, judged: Sequence[tuple[str, str, str, str]]) -> list[tuple[float, bool]]:
    """(confidence, right) of every link between the language runs of the seeds whose gold is complete."""
    found = {(group.name[:3], group.lang): group for group in seed_groups(encoder)}
    rows: list[tuple[float, bool]] = []
    for one, lang, other, other_lang in judged:
        src, tgt = found[one, lang], found[other, other_lang]
        beads = align_pages(src.passages, tgt.passages, together=one == other)
        rows.extend((bead.confidence, right_in_seeds(src, tgt, bead)) for bead in beads)
    return rows


def measured(
    encoder: Encoder,
    names: Sequence[str],
    raw: bool,
    say: Callable[[str], None],
    *,
    in_folder: int = FOLDER_DOCUMENTS,
    others: int = UNRELATED,
) -> list[tuple[float, bool]]:
    """Print figures of each set; (confidence, right) of all links.

    in_folder: documents of a set in a folder. others: documents that each news document is compared with.
    """
    from benchmarks.fit_pages import JUDGED

    rows = sure_of_seeds(encoder, JUDGED) if "seeds" in names else []
    for name in [name for name in SETS if name in names]:
        found = documents(name)
        sides = list(passages(encoder, found, tokens=False))
        woven = [
            align_pages(*placed(both, mixed(page)), together=True) for page, both in zip(found, sides, strict=True)
        ]
        apart = [align_pages(*both) for both in sides]
        figures = {"set": name, "link_f1": round(link_f1(found, woven), 4), "apart": round(link_f1(found, apart), 4)}
        figures |= dict(zip(("in a folder", "across documents"), as_folder(encoder, name, in_folder), strict=True))
        say(json.dumps(figures | ({"raw": round(raw_f1(encoder, found), 4)} if raw else {})))
        for page, beads in [*zip(found, woven, strict=True), *zip(found, apart, strict=True)]:
            gold = {(tuple(s), tuple(t)) for s, t in page["gold"]}
            rows += [(bead.confidence, (tuple(bead.src), tuple(bead.tgt)) in gold) for bead in beads]
    for name in [name for name in BOOKS if name in names]:
        if unknown_languages(encoder, [documents(name)[0][f"{side}_lang"] for side in ("src", "tgt")]):
            continue
        say(json.dumps(as_book(encoder, name)))
    for name in [name for name in NEWS if name in names]:
        told, pairs = unrelated(encoder, name, others)
        say(json.dumps({"set": name, "unrelated pages": pairs, "links": told}))
        for page, (src, tgt) in zip(documents(name), passages(encoder, documents(name), tokens=False), strict=True):
            gold = {(tuple(s), tuple(t)) for s, t in page["gold"]}
            rows += [(b.confidence, (tuple(b.src), tuple(b.tgt)) in gold) for b in align_pages(src, tgt)]
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*")
    parser.add_argument("--encoder", default="use")
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--raw", action="store_true")
    asked = parser.parse_args()
    names = asked.sets or ["seeds", *SETS, *BOOKS, *NEWS]
    if "seeds" in names:
        for figures in evaluate_cases(list(CASE_LANGUAGES), asked.encoder, cache=asked.cache):
            print(json.dumps(figures), flush=True)
    rows = measured(
        load_encoder(asked.encoder, cache=asked.cache), names, asked.raw, lambda line: print(line, flush=True)
    )
    if rows:
        tell_reliability(rows)


if __name__ == "__main__":
    main()
