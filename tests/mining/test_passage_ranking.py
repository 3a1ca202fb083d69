"""Who else says this: the passages of other documents, ranked; and groups of passages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from align.mining.passage_ranking import MAX_CONFIDENCE, DocumentPassage, PassageRanker
from align.mining.statement_passages import find_passage, passages_of, suggest, years_of
from align.readers import read
from align.store import Store, open_store

TOPICS = ("ministers met", "fish prices", "a new bridge", "heavy snow", "the chess final", "an old temple")


class TopicEncoder:
    """A vector for each topic, and a little of the text itself: what says the same in any document is near."""

    name = "topics"
    dimensions = 64
    languages = None
    digest = "topics"

    def encode(self, texts: Sequence[str], progress: object = None) -> np.ndarray:
        vectors = []
        for text in texts:
            noise = np.random.default_rng(sum(text.encode())).normal(size=self.dimensions) * 0.4
            topic = next((number for number, words in enumerate(TOPICS) if words in text), len(TOPICS))
            noise[topic] += 4.0
            vectors.append(noise / np.linalg.norm(noise))
        return np.array(vectors, dtype=np.float32)


def passages(*documents: Sequence[str]) -> list[DocumentPassage]:
    return [
        DocumentPassage(f"{number}.txt", "en", text, (), 100 * number + at)
        for number, texts in enumerate(documents)
        for at, text in enumerate(texts)
    ]


def news(number: int, topics: Sequence[int]) -> list[str]:
    return [f"Report {number} has this of {TOPICS[topic]} on that day, line {topic}." for topic in topics]


def test_the_passage_of_the_same_topic_comes_first_in_every_document() -> None:
    listed = passages(news(0, range(6)), news(1, [3, 1, 0, 5]), news(2, [5, 4, 2, 1]))
    ranker = PassageRanker(listed, TopicEncoder())
    first = {name: best[0].passage.text for name, best in ranker.suggest([1], top=2).items()}
    assert set(first) == {"1.txt", "2.txt"}, "not the document that asks"
    assert all(TOPICS[1] in text for text in first.values())
    both = ranker.suggest([1, 7], top=3)
    assert set(both) == {"2.txt"}
    assert [one.rank for one in both["2.txt"]] == [1, 2, 3]
    assert TOPICS[1] in both["2.txt"][0].passage.text


def test_groups_are_of_one_topic_and_of_several_documents() -> None:
    listed = passages(news(0, range(6)), news(1, [3, 1, 0, 5]), news(2, [5, 4, 2, 1]))
    groups = PassageRanker(listed, TopicEncoder()).propose(limit=4, least_score=1.0)
    assert groups
    for group in groups:
        members = [listed[row] for row in group.rows]
        assert len({one.document for one in members}) > 1
        assert len({next(t for t in TOPICS if t in one.text) for one in members}) == 1
        assert group.confidence <= MAX_CONFIDENCE


def test_documents_of_other_years_are_in_no_group() -> None:
    listed = passages(news(0, range(6)), news(1, [3, 1, 0, 5]), news(2, [5, 4, 2, 1]))
    years = {"0.txt": {"2013"}, "1.txt": {"2013"}, "2.txt": {"2023"}}
    groups = PassageRanker(listed, TopicEncoder()).propose(years=years, least_score=1.0)
    assert groups
    assert all(listed[row].document != "2.txt" for group in groups for row in group.rows)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "store.db") as store:
        for number, topics in enumerate(([0, 1, 2, 3], [3, 1, 0, 5], [5, 4, 2, 1])):
            text = "\n\n".join([f"News of {2013 + 10 * (number == 2)}-11-02.", *news(number, topics)])
            store.add_document(read(f"{number}.txt", text.encode(), lang="en"))
        yield store


def test_a_quote_names_one_sentence_of_a_store(store: Store) -> None:
    passage = find_passage(store, "0.txt", "FISH  prices")
    assert passage.text.startswith("Report 0 has this of fish prices")
    assert years_of(store)["2.txt"] == {"2023"}
    with pytest.raises(Exception, match="no sentence has this quote"):
        find_passage(store, "0.txt", "chess")
    with pytest.raises(Exception, match="4 sentences have this quote"):
        find_passage(store, "0.txt", "on that day")
    found = suggest(store, TopicEncoder(), [passage], top=1)
    assert {name: TOPICS[1] in best[0].passage.text for name, best in found.items()} == {"1.txt": True, "2.txt": True}
    rest = {(name, best[0].passage.text) for name, best in found.items()}
    again = suggest(store, TopicEncoder(), [passage], top=1, exclude=rest)
    assert all(TOPICS[1] not in best[0].passage.text for best in again.values()), "what is decided is not asked again"
    assert len(passages_of(store)) == 12
