"""Who else says this: how often the right passage of a text is among the first, and which groups are right.

    python -m benchmarks.statements [seeds gospels ntrex] [--encoder blend] [--cache FOLDER] [--count 300]

`seeds`: the five pages with the groups on which two annotators agree (`seeds/statements.json`). `gospels`: a verse of
one book, and the verses of another that tell the same, in the other language; then two known verses and the third
book. `ntrex`: the same news in four languages, all of a language as one document; the proposed groups against the
translations. Nothing is fitted to any of them.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from align.embeddings import Encoder
from align.mining.passage_ranking import DocumentPassage, PassageRanker
from align.mining.statement_passages import passages_of, years_of
from align.readers import read
from align.store import open_store
from benchmarks.gold import DEV, asked_for, documents
from benchmarks.vectors import encoder_of

SEEDS = Path(__file__).parents[1] / "seeds"
FIRST = (1, 3, 5)
SEED = 5


def ranks_line(name: str, ranks: Sequence[int]) -> str:
    """Share of the queries with a right passage among the first."""
    values = np.array(ranks)
    shares = "  ".join(f"first {k} {np.mean(values < k):.3f}" for k in FIRST)
    return f"{name:<28}{len(values):6}  {shares}"


def rank_of(ranker: PassageRanker, query: Sequence[int], document: str, right: Iterable[int]) -> int:
    """Number of wrong passages of a document that come before the first right one."""
    suggestions = ranker.suggest(query, top=50, documents=[document])[document]
    texts = {ranker.passages[row].text for row in right}
    return next((number for number, one in enumerate(suggestions) if one.passage.text in texts), 50)


def agreed_groups(annotators: Sequence[Sequence[dict[str, object]]]) -> tuple[list[set[tuple[str, str]]], float]:
    """Pairs of passages of two pages that both annotators put into one statement, and F1 between the annotators."""

    def pairs(groups: Sequence[dict[str, object]]) -> set[frozenset[tuple[str, str]]]:
        listed = set()
        for group in groups:
            members = [(m["file"], m["text"]) for m in group["members"] if m["role"] != "doubtful"]  # type: ignore[attr-defined]
            listed |= {frozenset(pair) for pair in combinations(members, 2) if pair[0][0] != pair[1][0]}
        return listed

    one, other = map(pairs, annotators)
    return [set(pair) for pair in one & other], 2 * len(one & other) / max(1, len(one) + len(other))


def measure_seeds(encoder: Encoder) -> None:
    """The pages of the seeds, with one and with two known passages; the page of another year in no group."""
    gold = json.loads((SEEDS / "statements.json").read_text(encoding="utf-8"))
    agreed, agreement = agreed_groups([gold["first"], gold["second"]])
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder) / "seeds.db") as store:
        for path in sorted(SEEDS.glob("00*.txt")):
            store.add_document(read(path.name, path.read_bytes()))
        passages, years = passages_of(store), years_of(store)
    row_of = {(one.document, one.text): row for row, one in enumerate(passages)}
    partners: dict[int, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for pair in agreed:
        one, other = (row_of.get(member) for member in pair)
        if one is not None and other is not None:
            partners[one][passages[other].document].add(other)
            partners[other][passages[one].document].add(one)
    ranker = PassageRanker(passages, encoder)
    scores = ranker.scores(np.arange(len(passages)))

    def rank(query: Sequence[int], document: str, right: Iterable[int]) -> int:
        rows = np.flatnonzero(ranker.documents == ranker.names.index(document))
        order = rows[np.argsort(-scores[list(query)].mean(axis=0)[rows], kind="stable")].tolist()
        return min(int(order.index(row)) for row in right)

    single = [rank([row], name, right) for row, texts in partners.items() for name, right in texts.items()]
    double: list[int] = []
    for row, texts in partners.items():
        for other in {one for rows in texts.values() for one in rows if one > row}:
            common = texts.keys() & partners[other].keys()
            double += [rank([row, other], name, texts[name] | partners[other][name]) for name in common]
    print(f"{len(agreed)} pairs that both annotators have; F1 between them {agreement:.3f}")
    print(ranks_line("seeds, one known", single))
    print(ranks_line("seeds, two known", double))
    groups = ranker.propose(years=years)
    right = sum(
        all(b in partners[a][passages[b].document] for a, b in combinations(group.rows, 2)
            if passages[a].document != passages[b].document)
        for group in groups
    )  # fmt: skip
    other_event = sum(any(passages[row].document.startswith("003") for row in group.rows) for group in groups)
    print(f"{len(groups)} groups proposed, {right} right in all pairs; {other_event} with the page of another year")


def measure_gospels(encoder: Encoder, count: int) -> None:
    """A verse, and two, against another book in the other language."""
    gold = json.loads((DEV / "gospels_en_zh.json").read_text(encoding="utf-8"))
    size = len(gold["keys"])
    passages = [
        DocumentPassage(f"{key[0]} {lang}", lang, text, (), number + offset)
        for lang, texts, offset in (("en", gold["en"], 0), ("zh", gold["zh"], size))
        for number, (key, text) in enumerate(zip(gold["keys"], texts, strict=True))
    ]
    partners: dict[int, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for one, other, _ in gold["pos"]:
        partners[one][gold["keys"][other][0]].add(other)
        partners[other][gold["keys"][one][0]].add(one)
    ranker = PassageRanker(passages, encoder)
    chance = random.Random(SEED)
    queries = [(row, book) for row, books in partners.items() for book in books]
    single = []
    for row, book in chance.sample(queries, min(count, len(queries))):
        lang = chance.choice(("en", "zh"))
        here, there = (0, size) if lang == "en" else (size, 0)
        right = [other + there for other in partners[row][book]]
        single.append(rank_of(ranker, [row + here], f"{book} {'zh' if lang == 'en' else 'en'}", right))
    triples = [
        (row, other, book)
        for row, books in partners.items() for name in books for other in books[name] if other > row
        for book in books if book in partners[other] and book != name
    ]  # fmt: skip
    double = []
    for row, other, book in chance.sample(triples, min(count, len(triples))):
        lang = chance.choice(("en", "zh"))
        right = [one + (0 if lang == "en" else size) for one in partners[row][book] | partners[other][book]]
        query = [row + chance.choice((0, size)), other + chance.choice((0, size))]
        double.append(rank_of(ranker, query, f"{book} {lang}", right))
    print(ranks_line("gospels, one known", single))
    print(ranks_line("gospels, two known", double))
    measure_words(ranker, gold, partners, chance, count)


def measure_words(
    ranker: PassageRanker,
    gold: Mapping[str, Any],
    partners: Mapping[int, Mapping[str, set[int]]],
    chance: random.Random,
    count: int,
) -> None:
    """How often the first passage of a book is right by the words beside it, books without the verse included."""
    size = len(gold["keys"])
    unknown = {(row, gold["keys"][other][0]) for one, two in gold["ign"] for row, other in ((one, two), (two, one))}
    books = sorted({key[0] for key in gold["keys"]})
    queries = [
        (row, book)
        for row in range(size) for book in books
        if book != gold["keys"][row][0] and (book in partners[row] or (row, book) not in unknown)
    ]  # fmt: skip
    outcomes: dict[str, list[bool]] = defaultdict(list)
    for row, book in chance.sample(queries, min(2 * count, len(queries))):
        here, there = chance.choice(((0, size), (size, 0)))
        name = f"{book} {'zh' if here == 0 else 'en'}"
        (first, *_) = ranker.suggest([row + here], top=1, documents=[name])[name]
        outcomes[first.likely].append(first.passage.sentence - there in partners[row][book])
    for words, right in outcomes.items():
        print(f"gospels, first is called {words!r:<20}{len(right):6}  right {np.mean(right):.3f}")


def measure_ntrex(encoder: Encoder) -> None:
    """The proposed groups of the articles in four languages against their translations."""
    passages: list[DocumentPassage] = []
    statement_of: dict[int, tuple[str, int]] = {}
    articles = {one["id"]: one for one in documents("ntrex.zh-tw_en")}
    for one in documents("ntrex.ja_zh"):
        other = articles.get(one["id"])
        if other is None:
            continue
        for lang, texts in (("ja", one["src"]), ("zh", one["tgt"]), ("zh-TW", other["src"]), ("en", other["tgt"])):
            for number, text in enumerate(texts):
                statement_of[len(passages)] = (one["id"], number)
                passages.append(DocumentPassage(lang, lang, text, (), len(passages)))
    ranker = PassageRanker(passages, encoder)
    groups = ranker.propose(limit=len(passages))
    pairs = {pair for group in groups for pair in combinations(group.rows, 2)}
    right = sum(statement_of[one] == statement_of[other] for one, other in pairs)
    sizes: dict[tuple[str, int], int] = defaultdict(int)
    for statement in statement_of.values():
        sizes[statement] += 1
    total = sum(size * (size - 1) // 2 for size in sizes.values())
    print(f"ntrex: {len(groups)} groups, pair precision {right / max(1, len(pairs)):.3f}, recall {right / total:.3f}")


def main() -> None:
    """Print the figures."""
    parser = asked_for(__doc__)
    parser.add_argument("--count", type=int, default=300, help="queries of the gospels")
    asked = parser.parse_args()
    encoder = encoder_of(asked.encoder, asked.cache)
    sets = asked.sets or ["seeds", "gospels", "ntrex"]
    if "seeds" in sets:
        measure_seeds(encoder)
    if "gospels" in sets:
        measure_gospels(encoder, asked.count)
    if "ntrex" in sets:
        measure_ntrex(encoder)


if __name__ == "__main__":
    main()
