"""Both texts with the evidence of the whole, and the exact search inside one window of them."""

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
"""Sentences beyond a window that beads at its edges are compared with."""
SURE = 0.45
"""A bead is no candidate if its similarity is this far below the best of its first source and first target
sentence."""
NEAR = 4
"""Target sentences beyond the band that are searched for token links and for the scale of similarities."""
OPEN = 0.05
"""A bead whose posterior is this far from 0 and from 1 is undecided: the joined texts of its runs are encoded."""
BEAD_PRICE, GAP_PRICE = 0.6, 0.45
"""Cost of a bead and of an omission on the path, in expected hits. Cheaper omissions recover more untranslated
sentences in news, and invent omissions in novels, whose sentences are merged and rarely left out."""
FAINT = 0.02
"""A bead with a lower posterior pays for each pair of its sentences: one large wrong bead is no better than many."""
MERGED, BEADS_BEFORE = 0.12, 10.0
"""Prior share of beads with more than two sentences, and the number of beads that the prior counts as."""
LEFT_OUT, OPENED, SENTENCES_BEFORE = 0.05, 0.03, 20.0
"""Prior shares of sentences that are omitted and that open an omission, and the sentences that the prior counts as."""
HABIT_LIMIT = 0.7
"""Limit of each style prior, in nats: a wrong first pass must not confirm itself."""

HARD, IMPOSSIBLE = 8.0, 1e-7
"""Factor of the rough score (not as sharp as the fitted one), and the posterior below which a bead is pruned."""
LINES, SURELY = 2.5, 16.0
"""Lines that count as one nat of evidence for a line-by-line translation, and the limit of that evidence in nats."""
IN_LINE = 0.5
"""Minimum expected share of lines that are paired with the line of their number in a line-by-line translation."""


@dataclass(frozen=True)
class Texts:
    """Both sides, and the evidence that comes from the whole of both."""

    src: Passages
    tgt: Passages
    fitted: Weights = field(init=False)
    _run_vectors: tuple[RunVectors, RunVectors] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.src.vectors.shape[1] != self.tgt.vectors.shape[1]:
            widths = self.src.vectors.shape[1], self.tgt.vectors.shape[1]
            raise ValueError(f"vectors of {widths[0]} and of {widths[1]} dimensions cannot be compared")
        encoder = self.src.encoder if self.src.encoder == self.tgt.encoder else ""
        object.__setattr__(self, "fitted", weights(family(encoder, tokens=self.bags is not None)))

    @cached_property
    def sides(self) -> tuple[Side, Side]:
        """Evidence of each side on its own."""
        return side(self.src), side(self.tgt)

    @cached_property
    def known(self) -> Tokens:
        """Numbers and words that both sides write in the same form."""
        return alike(self.src, self.tgt)

    @cached_property
    def bags(self) -> tuple[Bag, Bag] | None:
        """Token vectors of both sides; None unless both have them."""
        if self.src.tokens is None or self.tgt.tokens is None:
            return None
        return Bag(self.src.tokens), Bag(self.tgt.tokens)

    @cached_property
    def guided(self) -> tuple[Indices, npt.NDArray[np.float32]]:
        """Trusted one-to-one cells of the whole texts, and the gain of each."""
        return guide(self.sides[0].vectors, self.sides[1].vectors)

    @cached_property
    def ratio(self) -> float:
        """Source characters per target character, omissions excluded."""
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
        """Factor of all similarities."""
        src, tgt = self.sides
        return similarity_factor(src.vectors, tgt.vectors, src.length, tgt.length, *self.near)

    @cached_property
    def token_evidence(self) -> TokenEvidence | None:
        """Links between the tokens of both sides; None unless both have token vectors."""
        if self.bags is None:
            return None
        links = token_links(*self.bags, *self.near)
        weight_s, weight_t = linked_weight(links)
        standings = standing(weight_s / links.total_src), standing(weight_t / links.total_tgt)
        return TokenEvidence(links, (weight_s, weight_t), standings)

    @cached_property
    def usual(self) -> float:
        """Mean cosine of any source sentence with any target sentence."""
        return float(self.src.vectors.mean(0) @ self.tgt.vectors.mean(0))

    def covers(self, rows: slice, columns: slice, low: Indices, high: Indices) -> tuple[Floats32, Floats32] | None:
        """Coverage of a window in both directions; low, high: the nodes of its band, relative to the window."""
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
        """(c, 2) gains in similarity and in margin of the joined texts of beads (c, 4), times `scale`."""
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
    """A lattice over rows i0..i1 and columns j0..j1 of the texts, with the arrays that its kernels need."""

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
    """Build the lattice and evidence of rows x columns. low, high (rows + 1,): its band, relative to the window."""
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
    """Beads of a window with the greatest expected number of hits, in order; nulls are beads with an empty side."""
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
    """Indices (c,) of the beads that a first pass leaves undecided, and (c, 2) the features of their joined texts.

    The columns are JOINED_SIMILARITY and JOINED_MARGIN. Undecided: a posterior `limit` or more away from 0 and from
    1.
    """
    at = np.flatnonzero((lattice.sizes > 2) & (first.beads > limit) & (first.beads < 1 - limit))
    beads = lattice.beads[at]
    gains = texts.joined(beads + np.array([seen.rows[0], seen.columns[0], 0, 0]))
    offset = np.array([seen.top, seen.left, 0, 0])
    gains[:, 1] *= features.length_penalties(seen.evidence, beads + offset)
    return at, gains


def worthwhile(lattice: Lattice, seen: Window, *, lines: bool = False) -> Lattice:
    """Lattice without the beads that their scaled margin makes next to impossible; saves most of the scoring.

    lines: keep the beads that pair each line with the line of the same number.
    """
    scores = features.margins(seen.evidence, lattice.beads, seen.top, seen.left)
    null_s, null_t = (HARD * (0.175 - 0.5 * gaps[:, features.BEST]) for gaps in (seen.gaps_s, seen.gaps_t))
    passed = marginals(lattice, HARD * scores, null_s, null_t, -0.1 * HARD)
    possible = passed.beads > IMPOSSIBLE
    if lines:
        possible |= _diagonal(lattice)
    return Lattice(lattice.low, lattice.high, lattice.beads[possible])


def _diagonal(lattice: Lattice) -> npt.NDArray[np.bool_]:
    """(c,) whether each bead pairs two lines of the same number."""
    return np.asarray((lattice.beads[:, 0] == lattice.beads[:, 1]) & (lattice.sizes == 2))


@dataclass(frozen=True, slots=True)
class Habits:
    """Log odds of merging and omitting in two texts relative to the prior; 0 where there is little evidence."""

    more: float = 0.0
    """Log odds of beads of more than two sentences."""
    null: float = 0.0
    """Log share of omitted sentences."""
    openings: float = 0.0
    """Log share of sentences that open an omission, whatever its length."""


def habits(looked: Sequence[tuple[Lattice, Marginals]]) -> Habits:
    """Estimate the style of two texts from the posteriors of a first pass over their windows (empirical Bayes).

    An encyclopaedia that was translated line by line has next to no merged sentences, a yearbook a third of them.
    Estimating this from the whole text is worth more than the evidence of any one sentence.
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
    """Marginals for texts of equal line counts, which may have been translated line by line.

    A mixture of two hypotheses: every line is paired with the line of its number, which gains a nat of evidence for
    each LINES_PER_NAT lines; and the marginals as given, whose log odds are calibrated by `slope`. A repetitive
    list is then not shifted by some lines, while lines that are truly off cost far more than this prior gives.
    Marginals with less than MIN_DIAGONAL_SHARE of the lines on the diagonal are returned unchanged: the texts may
    be unrelated.
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
    """Yield the steps (bead index or -1, a, b, posterior) of the path with the greatest expected number of hits."""
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
    """Beads without the forbidden ones and those that only enclose one, with more sentences on both sides."""
    allowed = np.ones(len(beads), dtype=bool)
    rows, columns = range(*seen.rows), range(*seen.columns)
    i, j, a, b = beads.T
    for src, tgt in forbidden:
        if src.start in rows and tgt.start in columns:  # A rejected link of a book lies in few of its windows.
            top, left = src.start - rows.start, tgt.start - columns.start
            inside = (i <= top) & (i + a >= top + len(src)) & (j <= left) & (j + b >= left + len(tgt))
            larger = (a > len(src)) & (b > len(tgt))
            same = (a == len(src)) & (b == len(tgt))
            allowed &= ~(inside & (larger | same))
    return beads[allowed]
