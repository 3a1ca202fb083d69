"""Gold links of the seed pages: quotes, compared as sets of characters, independent of sentence boundaries."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from align.domain import Link, LinkKind, LinkSide
from align.encoders import cached, load_encoder
from align.errors import ReadError
from align.jobs.add import add
from align.jobs.demo import seed_pages
from align.jobs.propose import propose
from align.store import LinkFilter, open_store
from align.text.tags import primary

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


def score(case: str, links: Sequence[Link], texts: dict[str, str], gold: Sequence[GoldLink]) -> dict[str, Any]:
    """Precision, recall and F1 of the links between the case's two languages inside its files."""
    case_links = [link for link in gold if link.case == case]
    across = all(link.sides[0][0] != link.sides[1][0] for link in case_links)
    files = {side[0] for link in case_links for side in link.sides}
    predicted = []
    for link in links:
        sides = side_of(texts, link.src), side_of(texts, link.tgt)
        languages = {primary(link.src.lang), primary(link.tgt.lang)}
        if (
            {sides[0][0], sides[1][0]} <= files
            and languages == CASE_LANGUAGES[case]
            and (sides[0][0] != sides[1][0]) == across
        ):
            predicted.append((sides, link))
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
    from align.encoders import coverage_warning

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
    return [score(case, links, texts, gold) for case in cases]
