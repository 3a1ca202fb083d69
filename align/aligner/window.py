"""Both texts with the evidence of the whole, and the exact search inside one window of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import exp, log

import numpy as np
import numpy.typing as npt

from align.aligner import features
from align.aligner.coarse_path import Indices, band, coarse_path
from align.aligner.evidence import (
    CommonTokens,
    FloatArray,
    RunVectors,
    SideEvidence,
    TokenEvidence,
    expected_ratio,
    find_common_tokens,
    joined_gains,
    length_ratio,
    side_evidence,
    window_evidence,
)
from align.aligner.features import WindowEvidence
from align.aligner.lattice import Lattice, Marginals, best_path, marginals
from align.aligner.similarity import similarity_factor
from align.aligner.tokens import Bag, Float32Array, coverage, linked_weight, robust_zscores, token_links
from align.aligner.types import MAX_TOKEN_SENTENCES, Bead, EmbeddedSide, RangePair
from align.aligner.weights import Weights, family, weights

CONTEXT_SENTENCES = 8
"""Sentences beyond a window that beads at its edges are compared with."""
MAX_SIMILARITY_DEFICIT = 0.45
"""A bead is no candidate if its similarity is this far below the best of its first source and first target
sentence."""
BAND_MARGIN = 4
"""Target sentences beyond the band that are searched for token links and for the scale of similarities."""
OPEN_POSTERIOR = 0.05
"""A bead whose posterior is this far from 0 and from 1 is undecided: the joined texts of its runs are encoded."""
BEAD_PRICE, GAP_PRICE, FOREIGN_GAP_PRICE = 0.5, 0.2, 0.6
"""Cost of a bead and of an omission on the path, in expected hits; and of an omission in a language that the encoder
does not cover, where everything looks left out. Cheaper omissions recover more untranslated sentences in news; from
0.05 on they are invented in novels, whose sentences are merged and rarely left out."""
UNLIKELY_POSTERIOR = 0.02
"""A bead with a lower posterior pays for each pair of its sentences: one large wrong bead is no better than many."""
PRIOR_MERGED_SHARE, PRIOR_BEADS = 0.12, 10.0
"""Prior share of beads with more than two sentences, and the number of beads that the prior counts as."""
PRIOR_OMITTED_SHARE, PRIOR_OPENED_SHARE, PRIOR_SENTENCES = 0.05, 0.03, 20.0
"""Prior shares of sentences that are omitted and that open an omission, and the sentences that the prior counts as."""
MAX_STYLE_NATS = 0.7
"""Limit of each style prior, in nats: a wrong first pass must not confirm itself."""

ROUGH_SHARPNESS, MIN_ROUGH_POSTERIOR = 8.0, 1e-7
"""Factor of the rough score (not as sharp as the fitted one), and the posterior below which a bead is pruned."""
LINES_PER_NAT, MAX_LINE_NATS = 2.5, 16.0
"""Lines that count as one nat of evidence for a line-by-line translation, and the limit of that evidence in nats."""
LINE_SCORE_SHARE = 0.6
"""Share of the difference in score that counts as evidence: the errors of a repetitive list are not independent."""
MIN_DIAGONAL_SHARE = 0.5
"""Minimum expected share of lines that are paired with the line of their number in a line-by-line translation."""


@dataclass(frozen=True)
class Bitext:
    """Both sides, and the evidence that comes from the whole of both."""

    src: EmbeddedSide
    tgt: EmbeddedSide
    fitted: Weights = field(init=False)
    _run_vectors: tuple[RunVectors, RunVectors] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.src.vectors.shape[1] != self.tgt.vectors.shape[1]:
            widths = self.src.vectors.shape[1], self.tgt.vectors.shape[1]
            raise ValueError(f"vectors of {widths[0]} and of {widths[1]} dimensions cannot be compared")
        encoder = self.src.encoder if self.src.encoder == self.tgt.encoder else ""
        object.__setattr__(self, "fitted", weights(family(encoder, tokens=self.bags is not None)))

    @cached_property
    def sides(self) -> tuple[SideEvidence, SideEvidence]:
        """Evidence of each side on its own."""
        return side_evidence(self.src), side_evidence(self.tgt)

    @cached_property
    def common_tokens(self) -> CommonTokens:
        """Numbers and words that both sides write in the same form."""
        return find_common_tokens(self.src, self.tgt)

    @cached_property
    def bags(self) -> tuple[Bag, Bag] | None:
        """Token vectors of both sides; None unless both have them, and for more than MAX_TOKEN_SENTENCES."""
        if len(self.src) + len(self.tgt) > MAX_TOKEN_SENTENCES:
            return None
        src, tgt = (
            side.encode_tokens(side.texts) if side.tokens is None and side.encode_tokens else side.tokens
            for side in (self.src, self.tgt)
        )
        return None if src is None or tgt is None else (Bag(src), Bag(tgt))

    @cached_property
    def anchor_path(self) -> tuple[Indices, npt.NDArray[np.float32]]:
        """Trusted one-to-one cells of the whole texts, and the gain of each."""
        return coarse_path(self.sides[0].vectors, self.sides[1].vectors)

    @cached_property
    def ratio(self) -> float:
        """Source characters per target character, omissions excluded."""
        src, tgt = self.sides
        return length_ratio(src.length, tgt.length, self.anchor_path[0], expected_ratio(self.src.lang, self.tgt.lang))

    @cached_property
    def target_ranges(self) -> tuple[Indices, Indices]:
        """(n,) first and last + 1 of the target sentences that each source sentence may correspond to."""
        n, m = len(self.src), len(self.tgt)
        low, high = band(self.anchor_path[0], n, m)
        return np.maximum(low[:n] - BAND_MARGIN, 0), np.minimum(high[1:] + BAND_MARGIN, m)

    @cached_property
    def scale(self) -> float:
        """Factor of all similarities."""
        src, tgt = self.sides
        return similarity_factor(src.vectors, tgt.vectors, src.length, tgt.length, *self.target_ranges)

    @cached_property
    def token_evidence(self) -> TokenEvidence | None:
        """Links between the tokens of both sides; None unless both have token vectors."""
        if self.bags is None:
            return None
        links = token_links(*self.bags, *self.target_ranges)
        weight_s, weight_t = linked_weight(links)
        zscores = robust_zscores(weight_s / links.total_src), robust_zscores(weight_t / links.total_tgt)
        return TokenEvidence(links, (weight_s, weight_t), zscores)

    @property
    def gap_price(self) -> float:
        """Cost of an omission on the path."""
        return GAP_PRICE if self.src.language_covered and self.tgt.language_covered else FOREIGN_GAP_PRICE

    @cached_property
    def baseline_cosine(self) -> float:
        """Mean cosine of any source sentence with any target sentence."""
        return float(self.src.vectors.mean(0) @ self.tgt.vectors.mean(0))

    def window_coverage(
        self, rows: slice, columns: slice, low: Indices, high: Indices
    ) -> tuple[Float32Array, Float32Array] | None:
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

    def joined_text_gains(self, beads: Indices) -> FloatArray:
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
    evidence: WindowEvidence
    gaps_s: FloatArray
    gaps_t: FloatArray
    top: int
    left: int


def build_window(
    bitext: Bitext, rows: tuple[int, int], columns: tuple[int, int], low: Indices, high: Indices
) -> Window:
    """Build the lattice and evidence of rows x columns. low, high (rows + 1,): its band, relative to the window."""
    n, m = len(bitext.src), len(bitext.tgt)
    wide_rows = slice(max(0, rows[0] - CONTEXT_SENTENCES), min(n, rows[1] + CONTEXT_SENTENCES))
    wide_columns = slice(max(0, columns[0] - CONTEXT_SENTENCES), min(m, columns[1] + CONTEXT_SENTENCES))
    top, left = rows[0] - wide_rows.start, columns[0] - wide_columns.start
    count = rows[1] - rows[0]
    after = wide_rows.stop - rows[1]
    wide_low = np.concatenate([np.zeros(top, dtype=np.int64), low + left, np.full(after, low[-1] + left)])
    wide_high = np.concatenate([np.full(top, left), high + left, np.full(after, 0)])
    wide_high[top + count :] = wide_columns.stop - wide_columns.start
    evidence, gaps_s, gaps_t = window_evidence(
        *bitext.sides,
        bitext.common_tokens,
        wide_rows,
        wide_columns,
        ratio=bitext.ratio,
        scale=bitext.scale,
        cover=bitext.window_coverage(wide_rows, wide_columns, wide_low, wide_high),
        tokens_=bitext.token_evidence,
    )
    inner = gaps_s[top : top + count], gaps_t[left : left + columns[1] - columns[0]]
    return Window(rows, columns, low, high, evidence, *inner, top, left)


def solve_window(bitext: Bitext, window: Window, forbidden: Sequence[RangePair] = ()) -> list[Bead]:
    """Beads of a window with the greatest expected number of hits, in order; nulls are beads with an empty side."""
    n, m = window.rows[1] - window.rows[0], window.columns[1] - window.columns[0]
    if not n or not m:
        nulls = [Bead(range(i, i + 1), range(0), confidence=1.0) for i in range(*window.rows)]
        return nulls + [Bead(range(0), range(j, j + 1), confidence=1.0) for j in range(*window.columns)]
    lines = len(bitext.src) == len(bitext.tgt) and window.rows == window.columns
    limit = np.inf if lines else MAX_SIMILARITY_DEFICIT * bitext.scale
    beads = features.candidates(window.evidence, window.low, window.high, window.top, window.left, limit)
    lattice = prune(Lattice(window.low, window.high, _drop_forbidden(beads, window, forbidden)), window, lines=lines)
    first, second = bitext.fitted.first, bitext.fitted.second
    rough, scores = features.bead_scores(
        window.evidence, lattice.beads, first.bead, second.bead, window.top, window.left
    )
    opening = float(first.gap[features.OPENING])
    posteriors = marginals(lattice, rough, window.gaps_s @ first.gap, window.gaps_t @ first.gap, opening)
    style = style_priors([(lattice, posteriors)])
    if bitext.src.encode_runs is not None:
        at, gains = joined_features(bitext, window, lattice, posteriors)
        scores[at] += gains @ second.bead[[features.JOINED_SIMILARITY, features.JOINED_MARGIN]]
    scores += second.bead[features.MERGING] * style.merged * (lattice.sizes > 2)
    omitting = second.gap[features.OMITTING] * style.null
    null_s, null_t = window.gaps_s @ second.gap + omitting, window.gaps_t @ second.gap + omitting
    opening = float(second.gap[features.OPENING] + second.gap[features.OPENINGS] * style.openings)
    posteriors = marginals(lattice, scores, null_s, null_t, opening)
    if lines:
        posteriors = line_by_line(lattice, scores, posteriors)
    i, j = window.rows[0], window.columns[0]
    path_beads = []
    for edge, a, b, chance in decode_path(lattice, posteriors, bitext.gap_price):
        score = scores[edge] if a and b else null_s[i - window.rows[0]] if a else null_t[j - window.columns[0]]
        src, tgt = range(i, i + a) if a else range(0), range(j, j + b) if b else range(0)
        path_beads.append(Bead(src, tgt, float(score), bitext.fitted.confidence(chance)))
        i, j = i + a, j + b
    return path_beads


def joined_features(
    bitext: Bitext, window: Window, lattice: Lattice, first: Marginals, limit: float = OPEN_POSTERIOR
) -> tuple[Indices, FloatArray]:
    """Indices (c,) of the beads that a first pass leaves undecided, and (c, 2) the features of their joined texts.

    The columns are JOINED_SIMILARITY and JOINED_MARGIN. Undecided: a posterior `limit` or more away from 0 and from
    1.
    """
    at = np.flatnonzero((lattice.sizes > 2) & (first.beads > limit) & (first.beads < 1 - limit))
    beads = lattice.beads[at]
    gains = bitext.joined_text_gains(beads + np.array([window.rows[0], window.columns[0], 0, 0]))
    offset = np.array([window.top, window.left, 0, 0])
    gains[:, 1] *= features.length_penalties(window.evidence, beads + offset)
    return at, gains


def prune(lattice: Lattice, window: Window, *, lines: bool = False) -> Lattice:
    """Lattice without the beads that their scaled margin makes next to impossible; saves most of the scoring.

    lines: keep the beads that pair each line with the line of the same number.
    """
    scores = features.margins(window.evidence, lattice.beads, window.top, window.left)
    null_s, null_t = (
        ROUGH_SHARPNESS * (0.175 - 0.5 * gaps[:, features.BEST]) for gaps in (window.gaps_s, window.gaps_t)
    )
    posteriors = marginals(lattice, ROUGH_SHARPNESS * scores, null_s, null_t, -0.1 * ROUGH_SHARPNESS)
    possible = posteriors.beads > MIN_ROUGH_POSTERIOR
    if lines:
        possible |= _diagonal(lattice)
    return Lattice(lattice.low, lattice.high, lattice.beads[possible])


def _diagonal(lattice: Lattice) -> npt.NDArray[np.bool_]:
    """(c,) whether each bead pairs two lines of the same number."""
    return np.asarray((lattice.beads[:, 0] == lattice.beads[:, 1]) & (lattice.sizes == 2))


@dataclass(frozen=True, slots=True)
class StylePriors:
    """Log odds of merging and omitting in two texts relative to the prior; 0 where there is little evidence."""

    merged: float = 0.0
    """Log odds of beads of more than two sentences."""
    null: float = 0.0
    """Log share of omitted sentences."""
    openings: float = 0.0
    """Log share of sentences that open an omission, whatever its length."""


def style_priors(windows: Sequence[tuple[Lattice, Marginals]]) -> StylePriors:
    """Estimate the style of two texts from the posteriors of a first pass over their windows (empirical Bayes).

    An encyclopaedia that was translated line by line has next to no merged sentences, a yearbook a third of them.
    Estimating this from the whole text is worth more than the evidence of any one sentence.
    """
    one, merged, omitted, opened, sentences = 0.0, 0.0, 0.0, 0.0, 0
    for lattice, rough in windows:
        one += float(rough.beads[lattice.sizes == 2].sum())
        merged += float(rough.beads[lattice.sizes > 2].sum())
        omitted += float(rough.gap_s.sum() + rough.gap_t.sum())
        opened += rough.opened
        sentences += len(lattice.low) - 1 + int(lattice.high[-1])
    share = (merged + PRIOR_BEADS * PRIOR_MERGED_SHARE) / (one + merged + PRIOR_BEADS)
    omitted_share = (omitted + PRIOR_SENTENCES * PRIOR_OMITTED_SHARE) / (sentences + PRIOR_SENTENCES)
    opened_share = (opened + PRIOR_SENTENCES * PRIOR_OPENED_SHARE) / (sentences + PRIOR_SENTENCES)
    logs = (
        log(share / (1 - share)) - log(PRIOR_MERGED_SHARE / (1 - PRIOR_MERGED_SHARE)),
        log(omitted_share / PRIOR_OMITTED_SHARE),
        log(opened_share / PRIOR_OPENED_SHARE),
    )
    return StylePriors(*(max(-MAX_STYLE_NATS, min(MAX_STYLE_NATS, value)) for value in logs))


def line_by_line(lattice: Lattice, scores: FloatArray, posteriors: Marginals) -> Marginals:
    """Marginals for texts of equal line counts, which may have been translated line by line.

    A mixture of two hypotheses: every line is paired with the line of its number, which gains a nat of evidence for
    each LINES_PER_NAT lines; and the marginals as given, whose log odds count LINE_SCORE_SHARE. A repetitive
    list is then not shifted by some lines, while lines that are truly off cost far more than this prior gives.
    Marginals with less than MIN_DIAGONAL_SHARE of the lines on the diagonal are returned unchanged: the texts may
    be unrelated.
    """
    diagonal = _diagonal(lattice)
    count = len(lattice.low) - 1
    if int(diagonal.sum()) < count or posteriors.beads[diagonal].sum() < MIN_DIAGONAL_SHARE * count:
        return posteriors
    odds = LINE_SCORE_SHARE * (float(scores[diagonal].sum()) - posteriors.total) + min(
        count / LINES_PER_NAT, MAX_LINE_NATS
    )
    share = 1 / (1 + exp(-max(-40.0, min(40.0, odds))))
    beads = np.where(diagonal, share, 0.0) + (1 - share) * posteriors.beads
    return replace(posteriors, beads=beads, gap_s=(1 - share) * posteriors.gap_s, gap_t=(1 - share) * posteriors.gap_t)


def decode_path(
    lattice: Lattice, posteriors: Marginals, gap_price: float = GAP_PRICE
) -> Iterator[tuple[int, int, int, float]]:
    """Yield the steps (bead index or -1, a, b, posterior) of the path with the greatest expected number of hits."""
    price = np.where(posteriors.beads < UNLIKELY_POSTERIOR, BEAD_PRICE * lattice.sizes / 2, BEAD_PRICE)
    path = best_path(lattice, 2 * posteriors.beads - price, posteriors.gap_s - gap_price, posteriors.gap_t - gap_price)
    node, (_, stops) = 0, lattice.ends
    for edge in path.tolist():
        if edge >= 0:
            yield edge, *lattice.beads[edge, 2:].tolist(), float(posteriors.beads[edge])
            node = int(stops[edge])
        elif edge == -1:
            yield -1, 1, 0, float(posteriors.gap_s[node])
            node = int(lattice.down[node])
        else:
            yield -1, 0, 1, float(posteriors.gap_t[node])
            node = int(lattice.across[node])


def _drop_forbidden(beads: Indices, window: Window, forbidden: Sequence[RangePair]) -> Indices:
    """Beads without the forbidden ones and those that only enclose one, with more sentences on both sides."""
    allowed = np.ones(len(beads), dtype=bool)
    rows, columns = range(*window.rows), range(*window.columns)
    i, j, a, b = beads.T
    for src, tgt in forbidden:
        if src.start in rows and tgt.start in columns:  # A rejected link of a book lies in few of its windows.
            top, left = src.start - rows.start, tgt.start - columns.start
            inside = (i <= top) & (i + a >= top + len(src)) & (j <= left) & (j + b >= left + len(tgt))
            larger = (a > len(src)) & (b > len(tgt))
            same = (a == len(src)) & (b == len(tgt))
            allowed &= ~(inside & (larger | same))
    return beads[allowed]
