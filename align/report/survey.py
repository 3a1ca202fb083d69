"""A report on a store, as values: coverage, maps, confidence against decisions, progress, omissions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from align import __version__
from align.errors import UsageError
from align.models import CONFIRMED, BlockKind, Link, Status
from align.report.pace import REVIEWS, LinkTally, Pace, paces
from align.store import LinkFilter, SentenceRow, Store
from align.text.tags import primary
from align.workspace.document_lookup import find_document

N_BINS = 10
NOT_TEXT = frozenset({BlockKind.BOILERPLATE, BlockKind.SEPARATOR})
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class SideCoverage:
    """Coverage of one side of a pair: sentences of its language, without boilerplate and separators."""

    sentences: int
    linked: int
    settled: int
    """Number of linked sentences with a confirmed link."""
    characters: int
    linked_characters: int

    @property
    def share(self) -> float:
        """Share of the characters that are linked, 0 to 1; 1 without characters."""
        return self.linked_characters / self.characters if self.characters else 1.0


@dataclass(frozen=True, slots=True)
class Unlinked:
    """An unpaired sentence between linked ones."""

    position: int
    start: int
    """Offset of its start in the document, in characters."""
    text: str


@dataclass(frozen=True, slots=True)
class Dot:
    """A link on the map: the first and last sentence of each side, by position in its document."""

    src: tuple[int, int]
    tgt: tuple[int, int]
    confidence: float
    status: Status


@dataclass(frozen=True, slots=True)
class PairReport:
    """The links between two documents (or within one) in two languages. Rejected links are not counted."""

    src_doc: str
    tgt_doc: str
    src_lang: str
    tgt_lang: str
    statuses: dict[Status, int]
    expected_right: float
    """Sum of the confidences of the undecided links."""
    src: SideCoverage
    tgt: SideCoverage
    src_length: int
    """Sentences of the whole source document: the height of the map."""
    tgt_length: int
    crossings: int
    """Number of pairs of links whose order differs between the sides."""
    dots: tuple[Dot, ...]
    omissions: tuple[Unlinked, ...]
    """Unpaired source sentences between the first and the last linked one."""
    additions: tuple[Unlinked, ...]
    """Unpaired target sentences between the first and the last linked one."""


@dataclass(frozen=True, slots=True)
class Bin:
    """The links in a range of confidence, and how many of the decided ones were confirmed."""

    low: float
    high: float
    links: int
    decided: int
    right: int
    mean_confidence: float
    """Of the decided links; 0 without any."""


@dataclass(frozen=True, slots=True)
class DocumentShare:
    """A document with the numbers of its sentences that are linked and confirmed."""

    name: str
    characters: int
    sentences: int
    languages: dict[str, int]
    linked: int
    settled: int


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report. The keys of `days` are dates (UTC)."""

    store: str
    document: str | None
    made_at: str
    version: str
    documents: tuple[DocumentShare, ...]
    statuses: dict[Status, int]
    kinds: dict[str, int]
    encoders: dict[str, int]
    languages: dict[str, int]
    pairs: tuple[PairReport, ...]
    bins: tuple[Bin, ...]
    reviewers: tuple[Pace, ...]
    days: dict[str, int]
    audits: tuple[dict[str, object], ...] = ()


@dataclass(slots=True)
class _PairLinks:
    """Accumulates the links of one pair."""

    dots: list[Dot] = field(default_factory=list)
    statuses: Counter[Status] = field(default_factory=Counter)
    expected: float = 0.0
    src: set[int] = field(default_factory=set)
    tgt: set[int] = field(default_factory=set)
    src_settled: set[int] = field(default_factory=set)
    tgt_settled: set[int] = field(default_factory=set)


class _Sentences:
    """The sentences of each document, loaded on first use."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rows: dict[int, list[SentenceRow]] = {}
        self._positions: dict[int, dict[int, int]] = {}

    def rows(self, document: int) -> list[SentenceRow]:
        """The sentences in reading order: the index is the position."""
        if document not in self._rows:
            self._rows[document] = self._store.sentences(document)
        return self._rows[document]

    def positions(self, document: int) -> dict[int, int]:
        """Sentence id -> position."""
        if document not in self._positions:
            self._positions[document] = {row.id: position for position, row in enumerate(self.rows(document))}
        return self._positions[document]


def build_report(store: Store, *, document: str | None = None, progress: Progress = lambda done, total: None) -> Report:
    """Build the report on all links of the store, or of one document by name or number. Read-only.

    Raises UsageError for an unknown document, or a store without documents.
    """
    rows = store.documents()
    if not rows:
        raise UsageError(f"{store.path}: no documents yet. Add some: `align add FILE`.")
    link_filter = LinkFilter() if document is None else LinkFilter(document=find_document(store, document).id)
    total = store.count(link_filter)
    sentences = _Sentences(store)
    groups: dict[tuple[int, int, str, str], _PairLinks] = {}
    kinds: Counter[str] = Counter()
    encoders: Counter[str] = Counter()
    tally = LinkTally(N_BINS)
    for done, link in enumerate(store.links(link_filter), 1):
        key = (link.src.document, link.tgt.document, link.src.lang, link.tgt.lang)
        _count_link(groups.setdefault(key, _PairLinks()), link, sentences)
        kinds[str(link.kind)] += 1
        encoders[link.encoder] += 1
        tally.add(link)
        if done % 1000 == 0 or done == total:
            progress(done, total)
    names = {row.id: row.name for row in rows}
    languages: Counter[str] = Counter()
    for row in rows:
        languages.update(row.languages)
    statuses: Counter[Status] = Counter()
    for group in groups.values():
        statuses.update(group.statuses)
    pairs = [_pair(key, group, names, sentences) for key, group in groups.items()]
    pairs.sort(key=lambda pair: (-sum(pair.statuses.values()), pair.src_doc, pair.tgt_doc, pair.src_lang))
    document_ids = {end for key in groups for end in key[:2]} if document else {row.id for row in rows}
    return Report(
        store=Path(store.path).name,
        document=None if document is None else find_document(store, document).name,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
        documents=tuple(
            DocumentShare(row.name, row.characters, row.sentences, dict(row.languages), *_linked_counts(row.id, groups))
            for row in rows
            if row.id in document_ids
        ),
        statuses={status: statuses[status] for status in Status},
        kinds=dict(kinds.most_common()),
        encoders=dict(encoders.most_common()),
        languages=dict(languages.most_common()),
        pairs=tuple(pairs),
        bins=tuple(Bin(*row) for row in tally.bins()),
        reviewers=paces(tally, store.decisions(), store.decided_by_another(REVIEWS, link_filter.document)),
        days=dict(sorted(tally.days.items())),
        audits=tuple(store.audits()),
    )


def _count_link(group: _PairLinks, link: Link, sentences: _Sentences) -> None:
    """Count a link."""
    group.statuses[link.status] += 1
    src = [sentences.positions(link.src.document)[number] for number in link.src.sentences]
    tgt = [sentences.positions(link.tgt.document)[number] for number in link.tgt.sentences]
    group.dots.append(Dot((min(src), max(src)), (min(tgt), max(tgt)), round(link.confidence, 3), link.status))
    if link.status is Status.REJECTED:
        return
    if link.status is Status.PROPOSED:
        group.expected += link.confidence
    group.src.update(src)
    group.tgt.update(tgt)
    if link.status in CONFIRMED:
        group.src_settled.update(src)
        group.tgt_settled.update(tgt)


def _linked_counts(document: int, groups: dict[tuple[int, int, str, str], _PairLinks]) -> tuple[int, int]:
    """Number of sentences of a document in links, and in confirmed links."""
    linked: set[int] = set()
    settled: set[int] = set()
    for (src, tgt, _, _), group in groups.items():
        if src == document:
            linked |= group.src
            settled |= group.src_settled
        if tgt == document:
            linked |= group.tgt
            settled |= group.tgt_settled
    return len(linked), len(settled)


def _pair(
    key: tuple[int, int, str, str], group: _PairLinks, names: dict[int, str], sentences: _Sentences
) -> PairReport:
    """The report on one pair."""
    src_id, tgt_id, src_lang, tgt_lang = key
    src_rows, tgt_rows = sentences.rows(src_id), sentences.rows(tgt_id)
    unrejected = [dot for dot in group.dots if dot.status is not Status.REJECTED]
    return PairReport(
        src_doc=names[src_id],
        tgt_doc=names[tgt_id],
        src_lang=src_lang,
        tgt_lang=tgt_lang,
        statuses={status: group.statuses[status] for status in Status},
        expected_right=round(group.expected, 2),
        src=_covered(src_rows, src_lang, group.src, group.src_settled),
        tgt=_covered(tgt_rows, tgt_lang, group.tgt, group.tgt_settled),
        src_length=len(src_rows),
        tgt_length=len(tgt_rows),
        crossings=inversions([dot.tgt[0] for dot in sorted(unrejected, key=lambda dot: (dot.src, dot.tgt))]),
        dots=tuple(group.dots),
        omissions=tuple(_unlinked(src_rows, src_lang, group.src)),
        additions=tuple(_unlinked(tgt_rows, tgt_lang, group.tgt)),
    )


def _is_counted(row: SentenceRow, lang: str) -> bool:
    """Whether a sentence is text in the language of a side."""
    return row.kind not in NOT_TEXT and primary(row.lang) == primary(lang)


def _covered(rows: Sequence[SentenceRow], lang: str, linked: set[int], settled: set[int]) -> SideCoverage:
    """Coverage of one side. A linked sentence counts whatever its language tag."""
    counted = {position for position, row in enumerate(rows) if _is_counted(row, lang)} | linked
    return SideCoverage(
        sentences=len(counted),
        linked=len(linked),
        settled=len(settled),
        characters=sum(len(rows[index].text) for index in counted),
        linked_characters=sum(len(rows[index].text) for index in linked),
    )


def _unlinked(rows: Sequence[SentenceRow], lang: str, linked: set[int]) -> Iterable[Unlinked]:
    """The unpaired sentences between the first and the last linked one."""
    if not linked:
        return
    for position in range(min(linked), max(linked)):
        row = rows[position]
        if position not in linked and _is_counted(row, lang):
            yield Unlinked(position, row.span.start, row.text)


def inversions(numbers: Sequence[int]) -> int:
    """Number of inversions: pairs `i < j` with `numbers[i] > numbers[j]`. O(n log n), by merge sort."""

    def sort(part: list[int]) -> tuple[list[int], int]:
        if len(part) < 2:
            return part, 0
        middle = len(part) // 2
        left, in_left = sort(part[:middle])
        right, in_right = sort(part[middle:])
        merged, count, taken = [], in_left + in_right, 0
        for number in right:
            while taken < len(left) and left[taken] <= number:
                merged.append(left[taken])
                taken += 1
            count += len(left) - taken
            merged.append(number)
        return merged + left[taken:], count

    return sort(list(numbers))[1]
