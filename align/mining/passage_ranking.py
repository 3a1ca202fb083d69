"""Rank the passages that may say the same as a passage, in every other document and in any language.

The score needs no training: the cosine of vectors centred by language and the token coverage both ways, each in units
of its own spread over the collection, and half of the best support by a third passage. There are no margins and no
mutual best matches: a fact that eight pages report has eight right answers. The score ranks passages; whether a
document makes the statement at all does not follow from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from align.aligner.tokens import Bag
from align.embeddings import Encoder
from align.embeddings.base import TokenEncoder, Tokens
from align.embeddings.embed import embed_texts
from align.models import Span
from align.text.tags import primary

CANDIDATES = 50
"""Passages of each document that are compared in full, by their cosine."""
MAX_POOL = 2000
"""Maximum number of passages that are compared in full at a time."""
SAMPLE = 150
"""Passages of each language that the spread of a similarity is measured on."""
SUPPORT_WEIGHT = 0.5
NEAR, LIKELY, POSSIBLE = 4.0, 2.7, 1.9
"""Scores from which a passage is called a near translation, likely, and worth a look.

In two languages of the Gospels the best passage of a book is right in two of three cases from `LIKELY`, in a quarter
from `POSSIBLE` and in one of six below it (`python -m benchmarks.statements gospels`).
"""
GROUP_SCORE = 2.6
"""Minimum score of every two members of a proposed group."""
MAX_CONFIDENCE = 0.6
"""Highest confidence of what is no translation: above it, none holds on texts of another kind."""
HALF_RIGHT, STEEPNESS = 2.95, 1.75
"""The logistic curve of the score there: where half of the best passages are right, and its slope."""
CENTRE_PRIOR = 20.0
"""Sentences of weight zero that the mean of a language's vectors is drawn to."""

Floats = npt.NDArray[np.float32]
Scores = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class DocumentPassage:
    """A sentence of a document."""

    document: str
    lang: str
    text: str
    spans: tuple[Span, ...]
    sentence: int
    """Its id in the store."""


@dataclass(frozen=True, slots=True)
class ProposedGroup:
    """Rows of passages that may make one statement."""

    rows: list[int]
    score: float
    """Of the weakest pair."""
    confidence: float
    """At most `MAX_CONFIDENCE`."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A passage that may make a statement, by its rank in its document, from 1."""

    passage: DocumentPassage
    rank: int
    score: float

    @property
    def likely(self) -> str:
        """The score in words."""
        steps = ((NEAR, "near translation"), (LIKELY, "likely"), (POSSIBLE, "worth a look"))
        return next((words for minimum, words in steps if self.score >= minimum), "probably not here")


class PassageRanker:
    """The passages of a collection with their vectors.

    `passages`: n, in document order. `encoder`: token vectors are used where it has them. Raises EncoderError.
    """

    def __init__(self, passages: Sequence[DocumentPassage], encoder: Encoder, progress: Progress | None = None) -> None:
        self.passages = passages
        self.encoder = encoder
        self.languages = np.array([primary(passage.lang) for passage in passages])
        self.names = list(dict.fromkeys(passage.document for passage in passages))
        number_of = {name: number for number, name in enumerate(self.names)}
        self.documents = np.array([number_of[passage.document] for passage in passages], dtype=np.int64)
        """(n,): the document of each passage, by its number in `names`."""
        vectors = embed_texts(encoder, [passage.text for passage in passages], progress)
        self.vectors = self._centred(vectors)
        self._tokens: dict[str, Tokens] = {}

    def _centred(self, vectors: Floats) -> Floats:
        """Unit vectors without what all sentences of a language have in common."""
        centred = vectors.astype(np.float32, copy=True)
        for language in np.unique(self.languages):
            rows = self.languages == language
            count = rows.sum()
            centred[rows] -= centred[rows].mean(axis=0) * (count / (count + CENTRE_PRIOR))
        unit: Floats = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)
        return unit

    def suggest(
        self, query: Sequence[int], *, top: int = 3, documents: Iterable[str] | None = None
    ) -> dict[str, list[Suggestion]]:
        """The `top` best passages of each other document that `query` (rows of confirmed members) is not in.

        The score is the mean over the members of the query.
        """
        own = {self.passages[row].document for row in query}
        names = [name for name in (self.names if documents is None else documents) if name not in own]
        number_of = {name: number for number, name in enumerate(self.names)}
        cosines = self.vectors[list(query)].mean(axis=0) @ self.vectors.T
        nearest = {
            name: self._best(cosines, np.flatnonzero(self.documents == number_of[name]), CANDIDATES) for name in names
        }
        share = max(top, MAX_POOL // max(1, len(names)))
        pool = np.unique(
            np.concatenate([np.array(query, dtype=np.int64), *(rows[:share] for rows in nearest.values())])
        )
        mean = self.scores(pool, np.searchsorted(pool, np.array(query))).mean(axis=0)
        suggestions: dict[str, list[Suggestion]] = {}
        for name in names:
            rows = np.flatnonzero(self.documents[pool] == number_of[name])
            best = self._best(mean, rows, top)
            suggestions[name] = [
                Suggestion(self.passages[pool[row]], rank, round(float(mean[row]), 3))
                for rank, row in enumerate(best.tolist(), start=1)
            ]
        return suggestions

    @staticmethod
    def _best(values: npt.NDArray[np.floating], rows: Rows, count: int) -> Rows:
        """The rows with the greatest values, best first."""
        best: Rows = rows[np.argsort(-values[rows], kind="stable")[:count]]
        return best

    def scores(self, pool: Rows, rows: Rows | None = None) -> Scores:
        """(r, p) float64: the scores of `rows` of these p passages (None: all) with each of them; -inf with itself."""
        base = self._standardised(pool, self._cosine)
        base = base + (self._standardised(pool, self._coverage) if isinstance(self.encoder, TokenEncoder) else base)
        np.fill_diagonal(base, -np.inf)
        rows = np.arange(len(pool)) if rows is None else rows
        scores = base[rows]
        for number, row in enumerate(rows):
            support = np.minimum(base[row][:, None], base).max(axis=0)
            scores[number] += SUPPORT_WEIGHT * np.maximum(support, 0.0)
            scores[number, row] = -np.inf
        return scores

    def _standardised(self, pool: Rows, similarity: Callable[[Rows], Floats]) -> Scores:
        """A similarity of the pool as (x - median) / (q.995 - median), both over a sample of every two languages."""
        sample = np.concatenate([self._sample(language) for language in np.unique(self.languages[pool])])
        rows = np.unique(np.concatenate([pool, sample]))
        values = similarity(rows).astype(np.float64)
        sampled, own = np.searchsorted(rows, sample), np.searchsorted(rows, pool)
        result = np.empty((len(pool), len(pool)))
        for one in np.unique(self.languages[pool]):
            for other in np.unique(self.languages[pool]):
                left = sampled[self.languages[sample] == one]
                right = sampled[self.languages[sample] == other]
                apart = self.documents[rows[left]][:, None] != self.documents[rows[right]][None]
                spread = values[np.ix_(left, right)]
                spread = spread[apart] if apart.any() else spread.ravel()
                median, high = np.quantile(spread, (0.5, 0.995))
                cells = np.ix_(self.languages[pool] == one, self.languages[pool] == other)
                part = values[np.ix_(own[cells[0].ravel()], own[cells[1].ravel()])]
                result[cells] = (part - median) / max(high - median, 1e-3)
        return result

    def _cosine(self, rows: Rows) -> Floats:
        """(r, r) float32: the cosines of the centred vectors."""
        cosines: Floats = self.vectors[rows] @ self.vectors[rows].T
        return cosines

    def _sample(self, language: str) -> Rows:
        """At most `SAMPLE` passages of a language, evenly spaced."""
        rows = np.flatnonzero(self.languages == language)
        return rows[np.linspace(0, len(rows) - 1, min(len(rows), SAMPLE)).astype(np.int64)]

    def _coverage(self, rows: Rows) -> Floats:
        """(r, r) float32: the mean of the shares of the content of either passage that the other has."""
        missing = [self.passages[row].text for row in rows if self.passages[row].text not in self._tokens]
        assert isinstance(self.encoder, TokenEncoder)
        self._tokens |= dict(zip(missing, self.encoder.encode_tokens(missing), strict=True)) if missing else {}
        covered = np.zeros((len(rows), len(rows)), dtype=np.float32)
        bags = {
            language: (at, Bag([self._tokens[self.passages[rows[row]].text] for row in at]))
            for language in np.unique(self.languages[rows])
            for at in (np.flatnonzero(self.languages[rows] == language),)
        }
        for at, own in bags.values():
            for columns, other in bags.values():
                for number, row in enumerate(at):
                    tokens = slice(own.starts[number], own.starts[number + 1])
                    weight = own.rarity[tokens]
                    if weight.sum() > 0:
                        close = own.vectors[tokens] @ other.vectors.T
                        best = np.maximum.reduceat(close, other.starts[:-1], axis=1)
                        covered[row, columns] = weight @ best / weight.sum()
        average: Floats = np.float32(0.5) * (covered + covered.T)
        return average

    # Groups

    def propose(
        self,
        links: Sequence[tuple[int, int]] = (),
        years: Mapping[str, set[str]] | None = None,
        *,
        limit: int = 30,
        least_score: float = GROUP_SCORE,
    ) -> list[ProposedGroup]:
        """At most `limit` groups of passages of two documents or more, one of each document, the surest first.

        Complete linkage over the score, `links` (pairs of sentence ids) as sure edges. No group has documents without
        a common year (`years` by document): they are about other events.
        """
        pool = self._pool()
        scores = self.scores(pool)
        self._apply_links(scores, pool, links)
        dated = self._with_nearest_years(years or {})
        documents = self.documents[pool]
        for one, other in combinations(range(len(self.names)), 2):
            if dated[one] and dated[other] and dated[one].isdisjoint(dated[other]):
                scores[np.ix_(documents == one, documents == other)] = -np.inf
                scores[np.ix_(documents == other, documents == one)] = -np.inf
        proposed = []
        for group, weakest in _complete_linkage(scores, documents, least_score)[:limit]:
            confidence = min(MAX_CONFIDENCE, 1.0 / (1.0 + np.exp(-STEEPNESS * (weakest - HALF_RIGHT))))
            rows = [int(pool[row]) for row in group]
            proposed.append(ProposedGroup(rows, round(weakest, 3), round(float(confidence), 3)))
        return proposed

    def _pool(self) -> Rows:
        """All passages, or those that are nearest to a passage of another document, in document order."""
        if len(self.passages) <= MAX_POOL:
            return np.arange(len(self.passages))
        best = np.empty(len(self.passages), dtype=np.float32)
        for start in range(0, len(best), 1024):
            part = slice(start, start + 1024)
            close = self.vectors[part] @ self.vectors.T
            close[self.documents[part][:, None] == self.documents[None]] = -1.0
            best[part] = close.max(axis=1)
        return np.sort(np.argsort(-best, kind="stable")[:MAX_POOL])

    def _apply_links(self, scores: Scores, pool: Rows, links: Sequence[tuple[int, int]]) -> None:
        """Give linked passages a sure score, and both of a link the mean of their scores to all others."""
        row_of = {self.passages[row].sentence: number for number, row in enumerate(pool.tolist())}
        pairs = [(row_of[a], row_of[b]) for a, b in links if a in row_of and b in row_of]
        for one, other in pairs:
            mean = (scores[one] + scores[other]) / 2
            mean[[one, other]] = -np.inf
            for row in (one, other):
                scores[row] = scores[:, row] = mean
        for one, other in pairs:
            scores[one, other] = scores[other, one] = 2 * NEAR

    def _with_nearest_years(self, years: Mapping[str, set[str]]) -> list[set[str]]:
        """Years of each document; one without any has those of the document nearest to it."""
        complete = [set(years.get(name, ())) for name in self.names]
        dated = [number for number, mentioned in enumerate(complete) if mentioned]
        for number in [number for number, mentioned in enumerate(complete) if not mentioned and dated]:
            own = self.vectors[self.documents == number]
            near = {other: float((own @ self.vectors[self.documents == other].T).max(axis=1).mean()) for other in dated}
            complete[number] = complete[max(near, key=lambda other: near[other])]
        return complete


def _complete_linkage(scores: Scores, documents: Rows, minimum: float) -> list[tuple[list[int], float]]:
    """Groups of rows whose every two have at least that score, with the weakest of them; the surest group first.

    The groups of the surest pair are joined first. A group has at most one row of each document.
    """
    scores = np.where(documents[:, None] == documents[None], -np.inf, scores)
    rows, columns = np.nonzero(np.triu(scores >= minimum, 1))
    groups = {row: [row] for row in range(len(scores))}
    group_of = np.arange(len(scores))
    for edge in np.argsort(-scores[rows, columns], kind="stable").tolist():
        one, other = int(group_of[rows[edge]]), int(group_of[columns[edge]])
        if one != other and scores[np.ix_(groups[one], groups[other])].min() >= minimum:
            group_of[groups[other]] = one
            groups[one] += groups.pop(other)
    listed = [sorted(group) for group in groups.values() if len(group) > 1]
    weakest = [min(float(scores[pair]) for pair in combinations(group, 2)) for group in listed]
    return sorted(zip(listed, weakest, strict=True), key=lambda group: -group[1])
