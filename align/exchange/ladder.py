"""Ladders of hunalign: `OUT.de-en.ladder` relates the lines of `OUT.de-en.de` and `OUT.de-en.en`, a sentence in each.

A rung is `source line TAB target line TAB score`: the sentences from there to the next rung correspond, so surely.
A line of vecalign (`OUT.de-en.vecalign`) is `[source lines]:[target lines]:cost`, as in `[0]:[0, 1]:0.42`. Both have
one order: links that cross others are left out and counted. Both are read with the two files of sentences.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from heapq import heappop, heappush
from itertools import groupby, pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from align.errors import ReadError, UsageError
from align.exchange.charsets import CharacterRule
from align.exchange.filter import pair_name, tag_name
from align.exchange.group_by import document_key, group_by
from align.exchange.types import ExportOptions, ImportedUnit, Segment, Unit
from align.inputs import inner_name
from align.models import LinkSide
from align.readers.plain import text_of
from align.readers.safe_zip import decompress
from align.text.normalize import join
from align.text.tags import canonical

if TYPE_CHECKING:
    from align.exchange.export import ExportJob
    from align.store import Store

CROSSING = "that cross others: a list of lines has one order"
WITH_GAPS = "of sentences that are not next to each other"
ELSEWHERE = "sentences of texts without links"
PARAGRAPH = "<p>"
"""A line that hunalign's sentence files have between paragraphs, and that ladders do not count."""
_VECALIGN = re.compile(r"\[([\d, ]*)\]:\[([\d, ]*)\](?::\S*)?")
_ALIGNED_TEXT = re.compile(r" {20,}(?:SRC|TGT):")
"""A text that vecalign prints below its line, if asked."""


class _Rows:
    """The lines of one side of a pair of documents: its sentences in order, as the format can represent them."""

    def __init__(self, sides: Sequence[LinkSide], store: Store | None, rule: CharacterRule) -> None:
        """`sides`: of the links, and without a store also of the unpaired sentences. `rule`: of the format."""
        first = sides[0]
        if store is None:
            rows = {side.sentences: side for side in sides if side.sentences}
            self.sides = [rows[key] for key in sorted(rows)]
        else:
            linked = {number for side in sides for number in side.sentences}
            sentences = store.sentences(first.document)
            langs = {row.lang for row in sentences if row.id in linked}
            self.sides = [
                replace(first, sentences=(row.id,), text=row.text, spans=row.pieces, original=None)
                for row in sentences
                if row.lang in langs
            ]
        self.sides = [replace(side, text=rule(side.text)[0]) for side in self.sides]
        self._lines = {number: line for line, side in enumerate(self.sides) for number in side.sentences}

    def lines(self, side: LinkSide) -> range | None:
        """The lines of a side of a link; None where they are not next to each other."""
        lines = sorted({self._lines.get(number, -1) for number in side.sentences})
        if not lines or lines[0] < 0 or lines[-1] - lines[0] != len(lines) - 1:
            return None
        return range(lines[0], lines[-1] + 1)

    def texts(self, side: LinkSide, lines: range) -> tuple[str, ...]:
        """The texts of the lines; a text that a reviewer edited is one line."""
        texts = tuple(self.sides[line].text for line in lines)
        return texts if join(texts, side.lang) == side.text else (side.text,)


def arrange(units: Iterable[Unit], job: ExportJob) -> Iterator[Unit]:
    """The units and the unpaired sentences in the order of the texts, with the lines of their sides.

    Links that are not in one order with the most others are counted as left out.
    """
    store, report = job.store, job.report
    nulls: list[Unit] = []

    def links() -> Iterator[Unit]:
        for unit in units:
            if unit.link.id:
                yield unit
            else:
                nulls.append(unit)

    documents: set[int] = set()
    grouped = [list(group) for _, group in groupby(group_by(links(), document_key), document_key)]
    for group in grouped:
        yield from _in_order(group, [] if store else nulls, job)
        documents |= {group[0].link.src.document, group[0].link.tgt.document}
    options = job.options
    elsewhere = not (options.src or options.tgt or options.documents) and sum(
        not {unit.link.src.document, unit.link.tgt.document} & documents for unit in nulls
    )
    if elsewhere:
        report.left_out[ELSEWHERE] += elsewhere


def _in_order(units: Sequence[Unit], nulls: Sequence[Unit], job: ExportJob) -> Iterator[Unit]:
    """The units of one pair of documents, and their unpaired sentences."""
    report, rule = job.report, job.form.text_rule
    sides = [
        [*(getattr(unit.link, name) for unit in units), *(getattr(unit.link, name) for unit in nulls)]
        for name in ("src", "tgt")
    ]
    rows = _Rows(sides[0], job.store, rule), _Rows(sides[1], job.store, rule)
    positioned: list[tuple[range, range, Unit]] = []
    for unit in units:
        lines = rows[0].lines(unit.link.src), rows[1].lines(unit.link.tgt)
        if lines[0] is None or lines[1] is None:
            report.left_out[WITH_GAPS] += 1
        else:
            positioned.append((lines[0], lines[1], unit))
    positioned.sort(key=lambda one: (one[0].start, one[1].start))
    monotone = _monotone(positioned)
    if crossing := len(positioned) - len(monotone):
        report.left_out[CROSSING] += crossing
    at = [0, 0]
    for src, tgt, unit in monotone:
        yield from _unpaired(rows, (range(at[0], src.start), range(at[1], tgt.start)), unit)
        yield unit._replace(lines=(rows[0].texts(unit.link.src, src), rows[1].texts(unit.link.tgt, tgt)))
        at = [src.stop, tgt.stop]
    yield from _unpaired(rows, (range(at[0], len(rows[0].sides)), range(at[1], len(rows[1].sides))), units[0])


def _monotone(positioned: Sequence[tuple[range, range, Unit]]) -> list[tuple[range, range, Unit]]:
    """A longest selection of the units, which are in the order of the source, that is in one order on both sides.

    The units are swept by the start of their source. The selection before each is the longest one whose last unit
    ends at or before it on both sides: a heap has the units that have not yet ended on the source side, and a Fenwick
    tree the longest selections by the end of their last unit on the target side.
    """
    longest = _PrefixMaximum(max((tgt.stop for _, tgt, _ in positioned), default=0))
    unended: list[tuple[int, int]] = []
    lengths: list[int] = []
    before: list[int] = []
    for number, (src, tgt, _) in enumerate(positioned):
        while unended and unended[0][0] <= src.start:
            ended = heappop(unended)[1]
            longest.add(positioned[ended][1].stop, lengths[ended], ended)
        length, previous = longest.up_to(tgt.start)
        lengths.append(length + 1)
        before.append(previous)
        heappush(unended, (src.stop, number))
    number = max(range(len(lengths)), key=lambda one: (lengths[one], -positioned[one][1].stop), default=-1)
    selected: list[int] = []
    while number >= 0:
        selected.append(number)
        number = before[number]
    return [positioned[number] for number in reversed(selected)]


class _PrefixMaximum:
    """The longest selection among those that end at or before a line: a Fenwick tree over the ends, 1 to `size`."""

    def __init__(self, size: int) -> None:
        self._longest = [(0, -1)] * (size + 1)

    def add(self, end: int, length: int, number: int) -> None:
        """Add a selection with its length and its last unit; the first of several of one length stays."""
        while end < len(self._longest):
            if length > self._longest[end][0]:
                self._longest[end] = length, number
            end += end & -end

    def up_to(self, end: int) -> tuple[int, int]:
        """Length and last unit of the longest selection up to an end; (0, -1) without one."""
        longest = (0, -1)
        while end > 0:
            longest = max(longest, self._longest[end], key=lambda one: one[0])
            end -= end & -end
        return longest


def _unpaired(rows: tuple[_Rows, _Rows], gaps: tuple[range, range], unit: Unit) -> Iterator[Unit]:
    """The lines between two links, each as a unit with one side."""
    for number, (side_rows, gap) in enumerate(zip(rows, gaps, strict=True)):
        for line in gap:
            side = side_rows.sides[line]
            empty = replace(unit.link.tgt if number == 0 else unit.link.src, sentences=(), text="", spans=())
            sides = (side, empty) if number == 0 else (empty, side)
            link = replace(unit.link, id=0, src=sides[0], tgt=sides[1], confidence=0.0, note=None)
            yield Unit(link, lines=((side.text,), ()) if number == 0 else ((), (side.text,)))


def sentences_of(unit: Unit) -> Sequence[Sequence[str]]:
    """The sentences of the source and of the target of a unit; the whole text where they are not known."""
    return unit.lines or [[side.text] if side.text else [] for side in (unit.link.src, unit.link.tgt)]


def write(units: Iterable[Unit], stem: Path, options: ExportOptions) -> None:
    """Write the three files of every pair of languages as a ladder; their paths start with `stem`."""
    _write(units, stem, "ladder")


def write_vecalign(units: Iterable[Unit], stem: Path, options: ExportOptions) -> None:
    """Write the three files of every pair of languages with an alignment as vecalign prints it."""
    _write(units, stem, "vecalign")


def _write(units: Iterable[Unit], stem: Path, suffix: str) -> None:
    with ExitStack() as open_files:
        files: dict[tuple[str, str], list[IO[bytes]]] = {}
        counts: dict[tuple[str, str], list[int]] = {}
        for unit in units:
            key = unit.link.src.lang, unit.link.tgt.lang
            if key not in files:
                base = f"{stem.name}.{pair_name(*key)}"
                paths = [stem.with_name(f"{base}.{end}") for end in (*line_suffixes(key), suffix)]
                files[key] = [open_files.enter_context(path.open("wb")) for path in paths]
                counts[key] = [0, 0]
            *texts, alignment = files[key]
            at = counts[key]
            sides = sentences_of(unit)
            lines = [range(start, start + len(side)) for start, side in zip(at, sides, strict=True)]
            line = _rung(lines, unit) if suffix == "ladder" else _vecalign_line(lines, unit)
            alignment.write(f"{line}\n".encode())
            for number, (file, side) in enumerate(zip(texts, sides, strict=True)):
                file.write("".join(f"{text}\n" for text in side).encode())
                at[number] = lines[number].stop
        for key, (*_, alignment) in files.items():
            if suffix == "ladder":
                alignment.write(f"{counts[key][0]}\t{counts[key][1]}\t0\n".encode())


def _rung(lines: Sequence[range], unit: Unit) -> str:
    return f"{lines[0].start}\t{lines[1].start}\t{unit.link.confidence:.4f}"


def _vecalign_line(lines: Sequence[range], unit: Unit) -> str:
    """A line of vecalign: both sides as lists, and a cost, 0 for an unpaired sentence."""
    cost = 1 - unit.link.confidence if all(lines) else 0
    return f"{list(lines[0])}:{list(lines[1])}:{cost:.6f}"


def line_suffixes(langs: tuple[str, str]) -> tuple[str, str]:
    """The suffixes of the two files of sentences."""
    src, tgt = map(tag_name, langs)
    return (src, tgt) if src != tgt else (f"src.{src}", f"tgt.{tgt}")


def read(path: Path, texts: tuple[Path, Path] | None = None) -> Iterator[ImportedUnit]:
    """The units of a ladder or of an alignment of vecalign, or of all of them in a folder.

    `texts`: the files of sentences; without them, those with the same name but for a language as suffix. Raises
    UsageError where they are not there, ReadError for a file that is no ladder of these texts.
    """
    if path.is_dir():
        for one in sorted((*path.glob("*.ladder"), *path.glob("*.vecalign"))):
            yield from read(one)
        return
    sources, langs = (texts, _languages(texts)) if texts else _texts_of(path)
    lines = [
        text_of(str(file), decompress(str(file), file.read_bytes()), None)[0].removesuffix("\n").split("\n")
        for file in sources
    ]
    lines = [[line.rstrip("\r") for line in side if line.strip() != PARAGRAPH] for side in lines]
    lengths = len(lines[0]), len(lines[1])
    for number, bead in enumerate(with_others(_beads(path, lengths), lengths), start=1):
        sides = [
            Segment(lang, join([side[line] for line in part], lang))
            for lang, side, part in zip(langs, lines, bead, strict=True)
        ]
        yield ImportedUnit(f"line {number}", (sides[0], sides[1]))


read_vecalign = read


class LineBead(NamedTuple):
    """Lines of the two files that correspond."""

    src: tuple[int, ...]
    tgt: tuple[int, ...]


def with_others(beads: Iterable[LineBead], lengths: tuple[int, int]) -> Iterator[LineBead]:
    """The beads, with each line that none of them names as a bead of its own, before those of later lines."""
    named = list(beads)
    others = [
        sorted({*range(length)}.difference(*(bead[side] for bead in named)), reverse=True)
        for side, length in enumerate(lengths)
    ]
    end = LineBead((lengths[0],), (lengths[1],))
    for bead in (*named, end):
        for side, lines in enumerate(bead):
            while lines and others[side] and others[side][-1] < min(lines):
                line = (others[side].pop(),)
                yield LineBead(line, ()) if side == 0 else LineBead((), line)
        if bead is not end:
            yield bead


def _beads(path: Path, lengths: tuple[int, int]) -> Iterator[LineBead]:
    """The beads of a ladder or of vecalign. Raises ReadError with the line of an invalid one."""
    rungs: list[tuple[int, int]] = []
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for number, line in enumerate(filter(str.strip, file), start=1):
            if _ALIGNED_TEXT.match(line):
                continue
            if match := _VECALIGN.fullmatch(line.strip()):
                sides = [[int(part) for part in match[side].split(",") if part.strip()] for side in (1, 2)]
                if any(line >= length for side, length in zip(sides, lengths, strict=True) for line in side):
                    raise _no_such_line(path, number, lengths)
                yield LineBead(tuple(sides[0]), tuple(sides[1]))
                continue
            try:
                rung = int(line.split("\t")[0]), int(line.split("\t")[1])
            except (ValueError, IndexError) as error:
                raise ReadError(
                    f"{path}:{number}: not a rung of a ladder: source line, target line and score, between tabs."
                ) from error
            if rungs and (rung[0] < rungs[-1][0] or rung[1] < rungs[-1][1]):
                raise ReadError(f"{path}:{number}: the lines of a ladder never go back. Export it again.")
            if min(rung) < 0 or rung[0] > lengths[0] or rung[1] > lengths[1]:
                raise _no_such_line(path, number, lengths)
            rungs.append(rung)
    for start, end in pairwise(rungs):
        yield LineBead(tuple(range(start[0], end[0])), tuple(range(start[1], end[1])))


def _no_such_line(path: Path, number: int, lengths: tuple[int, int]) -> ReadError:
    return ReadError(
        f"{path}:{number}: names a line that is not there: the texts have {lengths[0]:,} and {lengths[1]:,} lines. "
        "Name the files of sentences with --texts."
    )


def _languages(texts: tuple[Path, Path]) -> tuple[str, str]:
    """The languages that the suffixes of two files name; `und` for others: then the texts are identified."""
    src, tgt = (_language(Path(inner_name(str(path))).suffix.removeprefix(".")) or "und" for path in texts)
    return src, tgt


def _language(end: str) -> str | None:
    return canonical(end.rpartition(".")[2]) if 2 <= len(end.rpartition(".")[2].partition("-")[0]) <= 3 else None


def _texts_of(path: Path) -> tuple[tuple[Path, Path], tuple[str, str]]:
    """The two files of sentences next to a ladder, and their languages, in the order that its name gives."""
    stem = path.name.removesuffix(path.suffix)
    candidates = [
        other
        for other in sorted(path.parent.iterdir())
        if other.name.startswith(f"{stem}.") and other != path and _language(other.name.removeprefix(f"{stem}."))
    ]
    if len(candidates) != 2:
        raise UsageError(
            f"{path}: there are {len(candidates)} files of sentences next to it ({stem}.de, {stem}.en), not 2. "
            "Name them with --texts SRC TGT."
        )
    ends = [other.name.removeprefix(f"{stem}.") for other in candidates]
    pair = stem.rpartition(".")[2]
    if ends[0].startswith("tgt.") or (pair.startswith(f"{ends[1]}-") and not pair.startswith(f"{ends[0]}-")):
        candidates.reverse()
    src, tgt = candidates
    return (src, tgt), (src.suffix.removeprefix("."), tgt.suffix.removeprefix("."))
