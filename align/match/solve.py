"""Two whole texts made ready, and the exact search inside a window of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import exp, log

import numpy as np
import numpy.typing as npt

from align.match import features
from align.match.coverage import Bag, Floats32, coverage
from align.match.evidence import Floats, Side, TokenEvidence, Tokens, alike, side, window
from align.match.features import Evidence
from align.match.guide import Indices, band, guide
from align.match.joined import RunVectors, joined_gains
from align.match.lattice import Lattice, Marginals, best_path, marginals
from align.match.lengths import length_ratio, usual_ratio
from align.match.links import linked_weight, standing, token_links
from align.match.passages import Bead, Pair, Passages
from align.match.scale import similarity_factor
from align.match.weights import Weights, family, weights

CONTEXT = 8
"""Sentences beyond a window that its edges are compared with."""
SURE = 0.45
"""A bead this much less alike than the best rivals of both its first sentences is not looked at."""
NEAR = 4
"""Sentences beyond the band that token links and the scale of similarities are looked for in."""
OPEN = 0.05
"""A bead whose posterior is this far from 0 and from 1 is open: the texts of its runs are worth encoding."""
BEAD_PRICE, GAP_PRICE = 0.6, 0.45
"""Expected hits that a bead, and an omission, must be worth to be on the path. Cheaper omissions find more of what has
no translation in news, and invent omissions in novels, whose sentences are merged and rarely left out."""
FAINT = 0.02
"""A bead less likely than this pays for each pair of its sentences: one large wrong bead is no better than many."""
MERGED, BEADS_BEFORE = 0.12, 10.0
"""The usual share of beads of more than two sentences, and how many beads that belief is worth."""
LEFT_OUT, OPENED, SENTENCES_BEFORE = 0.05, 0.03, 20.0
"""The usual shares of sentences that are left out and that begin an omission, and how many sentences that is worth."""
HABIT_LIMIT = 0.7
"""Nats that a habit may differ from the usual, at most: a first look that is wrong must not confirm itself."""

HARD, IMPOSSIBLE = 8.0, 1e-7
"""How sharply the rough score tells beads apart, less so than the fitted one; and the likelihood that is too small."""
LINES, SURELY = 2.5, 16.0
"""Lines that speak as much as a nat for a text translated line by line, and the most nats that they come to."""
IN_LINE = 0.5
"""Expected share of lines that are paired with the line of their number, at least, for a text to be one of those."""


@dataclass(frozen=True)
class Texts:
    """Both sides, and what the whole of both says."""

    src: Passages
    tgt: Passages
    fitted: Weights = field(init=False)
    _run_vectors: tuple[RunVectors, RunVectors] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.src.vectors.shape[1] != self.tgt.vectors.shape[1]:
            widths = self.src.vectors.shape[1], self.tgt.vectors.shape[1]
            raise ValueError(f"vectors of {widths[0]} and of {widths[1]} numbers cannot be compared")
        encoder = self.src.encoder if self.src.encoder == self.tgt.encoder else ""
        object.__setattr__(self, "fitted", weights(family(encoder, tokens=self.bags is not None)))

    @cached_property
    def sides(self) -> tuple[Side, Side]:
        """Both sides' own evidence."""
        return side(self.src), side(self.tgt)

    @cached_property
    def known(self) -> Tokens:
        """What both write alike."""
        return alike(self.src, self.tgt)

    @cached_property
    def bags(self) -> tuple[Bag, Bag] | None:
        """Token vectors of both sides, where both have them."""
        if self.src.tokens is None or self.tgt.tokens is None:
            return None
        return Bag(self.src.tokens), Bag(self.tgt.tokens)

    @cached_property
    def guided(self) -> tuple[Indices, npt.NDArray[np.float32]]:
        """Trusted one-to-one cells of the whole."""
        return guide(self.sides[0].vectors, self.sides[1].vectors)

    @cached_property
    def ratio(self) -> float:
        """Source characters per target character, without what only one side has."""
        src, tgt = self.sides
        return length_ratio(src.length, tgt.length, self.guided[0], usual_ratio(self.src.lang, self.tgt.lang))

    @cached_property
    def near(self) -> tuple[Indices, Indices]:
        """(n,) first and last + 1 of the target sentences that each source sentence may correspond to."""
        n, m = len(self.src), len(self.tgt)
        low, high = band(self.guided[0], n, m)
        return np.maximum(low[:n] - NEAR, 0), np.minimum(high[1:] + NEAR, m)

    @cached_property
    def scale(self) -> float:
        """What similarities are multiplied by."""
        src, tgt = self.sides
        return similarity_factor(src.vectors, tgt.vectors, src.length, tgt.length, *self.near)

    @cached_property
    def token_evidence(self) -> TokenEvidence | None:
        """Links between the tokens of both sides, where both have token vectors."""
        if self.bags is None:
            return None
        links = token_links(*self.bags, *self.near)
        weight_s, weight_t = linked_weight(links)
        standings = standing(weight_s / links.total_src), standing(weight_t / links.total_tgt)
        return TokenEvidence(links, (weight_s, weight_t), standings)

    @cached_property
    def usual(self) -> float:
        """The cosine that any two sentences of the two sides have."""
        return float(self.src.vectors.mean(0) @ self.tgt.vectors.mean(0))

    def covers(self, rows: slice, columns: slice, low: Indices, high: Indices) -> tuple[Floats32, Floats32] | None:
        """Coverage of a window both ways: low and high are the nodes of its band, in the window's numbering."""
        if self.bags is None:
            return None
        n, m = rows.stop - rows.start, columns.stop - columns.start
        back_low = np.searchsorted(high, np.arange(m), side="left")
        back_high = np.searchsorted(low, np.arange(m), side="right")
        src, tgt = self.bags
        return (
            coverage(src, tgt, low[:n], high[:n], rows, columns),
            coverage(tgt, src, back_low, np.minimum(back_high, n), columns, rows),
        )

    def joined(self, beads: Indices) -> Floats:
        """(c, 2) gains of similarity and of margin by the joined texts of beads (c, 4), on the texts' own scale."""
        encode = self.src.encode_runs
        if encode is None or not len(beads):
            return np.zeros((len(beads), 2))
        if self._run_vectors is None:
            width = encode([self.src.texts[0]]).shape[1]
            sides = zip((self.src, self.tgt), self.sides, strict=True)
            object.__setattr__(self, "_run_vectors", tuple(RunVectors(*side, width) for side in sides))
        assert self._run_vectors is not None
        return self.scale * joined_gains(*self._run_vectors, beads, encode)


@dataclass(frozen=True)
class Window:
    """A lattice over rows i0..i1 and columns j0..j1 of the texts, with all that its kernels need."""

    rows: tuple[int, int]
    columns: tuple[int, int]
    low: Indices
    high: Indices
    evidence: Evidence
    gaps_s: Floats
    gaps_t: Floats
    top: int
    left: int


def look(texts: Texts, rows: tuple[int, int], columns: tuple[int, int], low: Indices, high: Indices) -> Window:
    """Make a window ready. low and high (rows + 1,): its band of nodes, counted from the window's corner."""
    n, m = len(texts.src), len(texts.tgt)
    wide_rows = slice(max(0, rows[0] - CONTEXT), min(n, rows[1] + CONTEXT))
    wide_columns = slice(max(0, columns[0] - CONTEXT), min(m, columns[1] + CONTEXT))
    top, left = rows[0] - wide_rows.start, columns[0] - wide_columns.start
    count = rows[1] - rows[0]
    after = wide_rows.stop - rows[1]
    wide_low = np.concatenate([np.zeros(top, dtype=np.int64), low + left, np.full(after, low[-1] + left)])
    wide_high = np.concatenate([np.full(top, left), high + left, np.full(after, 0)])
    wide_high[top + count :] = wide_columns.stop - wide_columns.start
    evidence, gaps_s, gaps_t = window(
        *texts.sides,
        texts.known,
        wide_rows,
        wide_columns,
        ratio=texts.ratio,
        scale=texts.scale,
        cover=texts.covers(wide_rows, wide_columns, wide_low, wide_high),
        tokens_=texts.token_evidence,
    )
    inner = gaps_s[top : top + count], gaps_t[left : left + columns[1] - columns[0]]
    return Window(rows, columns, low, high, evidence, *inner, top, left)


def solve(texts: Texts, seen: Window, forbidden: Sequence[Pair] = ()) -> list[Bead]:
    """The beads of a window with the greatest expected number of hits, in order; nulls are beads with an empty side."""
    n, m = seen.rows[1] - seen.rows[0], seen.columns[1] - seen.columns[0]
    if not n or not m:
        alone = [Bead(range(i, i + 1), range(0), confidence=1.0) for i in range(*seen.rows)]
        return alone + [Bead(range(0), range(j, j + 1), confidence=1.0) for j in range(*seen.columns)]
    lines = len(texts.src) == len(texts.tgt) and seen.rows == seen.columns
    limit = np.inf if lines else SURE * texts.scale
    beads = features.candidates(seen.evidence, seen.low, seen.high, seen.top, seen.left, limit)
    lattice = worthwhile(Lattice(seen.low, seen.high, _allowed(beads, seen, forbidden)), seen, lines=lines)
    first, second = texts.fitted.first, texts.fitted.second
    rough, scores = features.bead_scores(seen.evidence, lattice.beads, first.bead, second.bead, seen.top, seen.left)
    opening = float(first.gap[features.OPENING])
    passed = marginals(lattice, rough, seen.gaps_s @ first.gap, seen.gaps_t @ first.gap, opening)
    own = habits([(lattice, passed)])
    if texts.src.encode_runs is not None:
        at, gains = joined_features(texts, seen, lattice, passed)
        scores[at] += gains @ second.bead[[features.JOINED_SIMILARITY, features.JOINED_MARGIN]]
    scores += second.bead[features.MERGING] * own.more * (lattice.sizes > 2)
    omitting = second.gap[features.OMITTING] * own.null
    null_s, null_t = seen.gaps_s @ second.gap + omitting, seen.gaps_t @ second.gap + omitting
    opening = float(second.gap[features.OPENING] + second.gap[features.OPENINGS] * own.openings)
    passed = marginals(lattice, scores, null_s, null_t, opening)
    if lines:
        passed = line_by_line(lattice, scores, passed, texts.fitted.slope)
    i, j = seen.rows[0], seen.columns[0]
    found = []
    for edge, a, b, chance in taken(lattice, passed):
        score = scores[edge] if a and b else null_s[i - seen.rows[0]] if a else null_t[j - seen.columns[0]]
        src, tgt = range(i, i + a) if a else range(0), range(j, j + b) if b else range(0)
        found.append(Bead(src, tgt, float(score), texts.fitted.confidence(chance)))
        i, j = i + a, j + b
    return found


def joined_features(
    texts: Texts, seen: Window, lattice: Lattice, first: Marginals, limit: float = OPEN
) -> tuple[Indices, Floats]:
    """Numbers (c,) of the beads that a first look leaves open, and (c, 2) what their joined texts add.

    The columns are JOINED_SIMILARITY and JOINED_MARGIN. Open is a posterior that is `limit` away from 0 and from 1.
    """
    at = np.flatnonzero((lattice.sizes > 2) & (first.beads > limit) & (first.beads < 1 - limit))
    beads = lattice.beads[at]
    gains = texts.joined(beads + np.array([seen.rows[0], seen.columns[0], 0, 0]))
    offset = np.array([seen.top, seen.left, 0, 0])
    gains[:, 1] *= features.length_penalties(seen.evidence, beads + offset)
    return at, gains


def worthwhile(lattice: Lattice, seen: Window, *, lines: bool = False) -> Lattice:
    """The lattice less beads that one feature alone finds next to impossible: most of the work is looking closer.

    lines: keep what pairs each line with the other side's line of that number.
    """
    scores = features.margins(seen.evidence, lattice.beads, seen.top, seen.left)
    null_s, null_t = (HARD * (0.175 - 0.5 * gaps[:, features.BEST]) for gaps in (seen.gaps_s, seen.gaps_t))
    passed = marginals(lattice, HARD * scores, null_s, null_t, -0.1 * HARD)
    possible = passed.beads > IMPOSSIBLE
    if lines:
        possible |= _diagonal(lattice)
    return Lattice(lattice.low, lattice.high, lattice.beads[possible])


def _diagonal(lattice: Lattice) -> npt.NDArray[np.bool_]:
    """(c,) whether each bead pairs lines of one number."""
    return np.asarray((lattice.beads[:, 0] == lattice.beads[:, 1]) & (lattice.sizes == 2))


@dataclass(frozen=True, slots=True)
class Habits:
    """How much oftener than elsewhere two texts do what a path can do; 0 where there is little to tell from."""

    more: float = 0.0
    """Log odds of beads of more than two sentences."""
    null: float = 0.0
    """Log share of sentences that the other side leaves out."""
    openings: float = 0.0
    """Log share of omissions, however long each is."""


def habits(looked: Sequence[tuple[Lattice, Marginals]]) -> Habits:
    """What is usual in a text, from its windows as they are seen by weights that do not know.

    An encyclopaedia that was translated line by line has next to no merged sentences, a yearbook a third of them;
    telling the two apart from a first look at the whole is worth more than any one sentence can say (empirical Bayes).
    """
    one, more, alone, opened, sentences = 0.0, 0.0, 0.0, 0.0, 0
    for lattice, rough in looked:
        one += float(rough.beads[lattice.sizes == 2].sum())
        more += float(rough.beads[lattice.sizes > 2].sum())
        alone += float(rough.gap_s.sum() + rough.gap_t.sum())
        opened += rough.opened
        sentences += len(lattice.low) - 1 + int(lattice.high[-1])
    share = (more + BEADS_BEFORE * MERGED) / (one + more + BEADS_BEFORE)
    left = (alone + SENTENCES_BEFORE * LEFT_OUT) / (sentences + SENTENCES_BEFORE)
    begun = (opened + SENTENCES_BEFORE * OPENED) / (sentences + SENTENCES_BEFORE)
    logs = log(share / (1 - share)) - log(MERGED / (1 - MERGED)), log(left / LEFT_OUT), log(begun / OPENED)
    return Habits(*(max(-HABIT_LIMIT, min(HABIT_LIMIT, value)) for value in logs))


def line_by_line(lattice: Lattice, scores: Floats, passed: Marginals, slope: float) -> Marginals:
    """The marginals of a text of as many lines on both sides, which may well have been translated line by line.

    A mixture of two hypotheses: that every line is the other side's line of that number, which LINES lines make
    likelier by a nat, and what the sums say, whose log odds are calibrated by `slope`. One list that reads like another
    then does not shift by some lines, while lines that are off cost far more than this gives. Texts of which less than
    IN_LINE is line by line without it are not of this kind: they may have nothing to do with each other.
    """
    diagonal = _diagonal(lattice)
    count = len(lattice.low) - 1
    if int(diagonal.sum()) < count or passed.beads[diagonal].sum() < IN_LINE * count:
        return passed
    odds = slope * (float(scores[diagonal].sum()) - passed.total) + min(count / LINES, SURELY)
    share = 1 / (1 + exp(-max(-40.0, min(40.0, odds))))
    beads = np.where(diagonal, share, 0.0) + (1 - share) * passed.beads
    return replace(passed, beads=beads, gap_s=(1 - share) * passed.gap_s, gap_t=(1 - share) * passed.gap_t)


def taken(lattice: Lattice, passed: Marginals) -> Iterator[tuple[int, int, int, float]]:
    """The path with the greatest expected number of hits: (number of the bead or -1, a, b, posterior) of each step."""
    price = np.where(passed.beads < FAINT, BEAD_PRICE * lattice.sizes / 2, BEAD_PRICE)
    path = best_path(lattice, 2 * passed.beads - price, passed.gap_s - GAP_PRICE, passed.gap_t - GAP_PRICE)
    node, (_, stops) = 0, lattice.ends
    for edge in path.tolist():
        if edge >= 0:
            yield edge, *lattice.beads[edge, 2:].tolist(), float(passed.beads[edge])
            node = int(stops[edge])
        elif edge == -1:
            yield -1, 1, 0, float(passed.gap_s[node])
            node = int(lattice.down[node])
        else:
            yield -1, 0, 1, float(passed.gap_t[node])
            node = int(lattice.across[node])


def _allowed(beads: Indices, seen: Window, forbidden: Sequence[Pair]) -> Indices:
    """The beads less those that are forbidden, and those that would only hide one: with more on both of its sides."""
    allowed = np.ones(len(beads), dtype=bool)
    rows, columns = range(*seen.rows), range(*seen.columns)
    i, j, a, b = beads.T
    for src, tgt in forbidden:
        if src.start in rows and tgt.start in columns:  # A book's rejected links are in few of its windows.
            top, left = src.start - rows.start, tgt.start - columns.start
            inside = (i <= top) & (i + a >= top + len(src)) & (j <= left) & (j + b >= left + len(tgt))
            larger = (a > len(src)) & (b > len(tgt))
            same = (a == len(src)) & (b == len(tgt))
            allowed &= ~(inside & (larger | same))
    return beads[allowed]
