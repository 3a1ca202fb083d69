"""Tables with a row for each sentence of one document, the pivot, and a column for each of its translations.

The sentences of the pivot are never merged: a translation that covers several of them is in the row of the first, and
`SAME` in the others (in XLSX and HTML its cell spans the rows).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import IO, TYPE_CHECKING

from align.errors import ExportError, UsageError
from align.exchange.charsets import xlsx_text, xml_text
from align.exchange.delimited import line, unescape
from align.exchange.export import ExportJob
from align.exchange.export_target import STDOUT, written_file
from align.exchange.filter import filter_links
from align.exchange.formats import Format
from align.exchange.html import escaped
from align.exchange.types import ExportOptions, ExportReport, Verification
from align.models import BlockKind, Link
from align.text.messages import pluralise
from align.text.normalize import join
from align.text.tags import is_right_to_left

if TYPE_CHECKING:
    from align.store import Store
    from align.store.records import SentenceRow

SAME = "\u3003"
"""Cell of a row whose translation is in the row above."""
ROW_FORMATS = frozenset({"tsv", "xlsx", "html"})
_STYLE = (
    "body{font:16px/1.5 serif;margin:1rem}table{border-collapse:collapse;width:100%;table-layout:fixed}"
    "th,td{border:1px solid #999;padding:.3em .5em;vertical-align:top;text-align:start}"
    "th{font:bold 14px/1.4 sans-serif;position:sticky;top:0;background:#eee;color:#000}"
)


@dataclass(slots=True)
class RowTable:
    """The cells by row and column; the first column is the pivot. `spans`: rows of a cell that has several."""

    names: list[str]
    langs: list[str]
    rows: list[list[str]] = field(default_factory=list)
    spans: dict[tuple[int, int], int] = field(default_factory=dict)


def export_rows(store: Store, out: Path, form: Format, options: ExportOptions) -> ExportReport:
    """Write the rows of the pivot as TSV, XLSX or HTML. Raises UsageError where no link has the pivot."""
    report = ExportReport(None if out == STDOUT else out, form.name)
    job = ExportJob(form, options, report, store)
    job.check_options(of_document=True)
    units = list(filter_links(store.links(), form, options, report))
    if not units:
        raise UsageError(f"{out}: no link with {options.pivot}. Find some with `align propose`, or widen --status, "
                         "--kind, --min-confidence and --tgt.")  # fmt: skip
    report.units = len(units)
    table = table_of(store, units)
    report.facts += _without_pivot(store, units)
    with written_file(out, force=options.force) as file:
        {"tsv": _write_tsv, "xlsx": _write_xlsx, "html": _write_html}[form.name](table, file)
        if out != STDOUT and job.verifies:
            file.flush()
            _check(table, form.name, Path(file.name), out)
            report.verification = Verification({"tsv": "csv"}.get(form.name, form.verified_with), report.units)
    empty = sum(not row[0] for row in table.rows)
    counted = pluralise(len(table.rows) - empty, "row")
    extra = f", and {pluralise(empty, 'row')} of translations without an original" if empty else ""
    report.facts.insert(0, f"{counted} of {table.names[0]} in {pluralise(len(table.names), 'language column')}{extra}.")
    return report


def _without_pivot(store: Store, units: Sequence[Link]) -> Iterable[str]:
    """A line for each document that is linked with a translation of the pivot, but not with the pivot."""
    there = {unit.src.document for unit in units} | {unit.tgt.document for unit in units}
    missing: dict[str, str] = {}
    for pair in store.pairs():
        for own, other in (
            ((pair.src_document, pair.src_doc), (pair.tgt_document, pair.tgt_doc)),
            ((pair.tgt_document, pair.tgt_doc), (pair.src_document, pair.src_doc)),
        ):
            if own[0] in there and other[0] not in there:
                missing.setdefault(other[1], own[1])
    pivot = units[0].src.doc
    return [
        f"{name}: not in the rows, since it is linked with {partner} but not with {pivot}: align propose {pivot} {name}"
        for name, partner in missing.items()
    ]


def table_of(store: Store, units: Sequence[Link]) -> RowTable:
    """The rows of the document that is the source of all links; nothing of its translations is left out but their
    unlinked boilerplate."""
    linked = {sentence for unit in units for sentence in unit.src.sentences}
    pivot = [
        one for one in store.sentences(units[0].src.document)
        if one.kind is not BlockKind.BOILERPLATE or one.id in linked
    ]  # fmt: skip
    targets = list(dict.fromkeys(sorted((unit.tgt.document, unit.tgt.doc) for unit in units)))
    langs = {unit.tgt.document: unit.tgt.lang for unit in units}
    table = RowTable(
        [units[0].src.doc, *(name for _, name in targets)], [units[0].src.lang, *(langs[n] for n, _ in targets)]
    )
    positions = {sentence.id: number for number, sentence in enumerate(pivot)}
    columns = [
        _column(store.sentences(number), [unit for unit in units if unit.tgt.document == number], positions)
        for number, _ in targets
    ]
    for number, sentence in enumerate(pivot):
        row = len(table.rows)
        table.rows.append([sentence.text, *(cells.get(number, "") for cells, _, _ in columns)])
        for column, (_, spans, _) in enumerate(columns, start=1):
            if number in spans:
                table.spans[row, column] = spans[number]
        for column, (cells, _, extra) in enumerate(columns, start=1):
            if cells.get(number + 1) != SAME:  # else the passage follows the cell that spans the next row
                _add_extra(table, column, number, extra)
    _mend_spans(table)
    return table


def _add_extra(table: RowTable, column: int, number: int, extra: dict[int, list[str]]) -> None:
    """Add rows with the passages of a column that have no original and belong at or before a position of the pivot."""
    for text in [text for at in sorted(extra) if at <= number for text in extra.pop(at)]:
        table.rows.append([text if at == column else "" for at in range(len(table.names))])


def _mend_spans(table: RowTable) -> None:
    """Reduce the rows of a cell to those that follow it directly: a row without an original may be in between."""
    for (row, column), count in list(table.spans.items()):
        end = row + 1
        while end < min(row + count, len(table.rows)) and table.rows[end][column] == SAME:
            end += 1
        if end - row > 1:
            table.spans[row, column] = end - row
        else:
            del table.spans[row, column]


Cells = dict[int, str]
"""Text by position in the pivot."""


def _column(
    sentences: Sequence[SentenceRow], units: Sequence[Link], positions: dict[int, int]
) -> tuple[Cells, dict[int, int], dict[int, list[str]]]:
    """The cells of a translation, the number of rows of those that cover several, and its passages without an
    original by the position that they follow."""
    cells: Cells = {}
    spans: dict[int, int] = {}
    last_of: dict[int, int] = {}
    order = {sentence.id: number for number, sentence in enumerate(sentences)}
    for unit in sorted(units, key=lambda unit: order.get(unit.tgt.sentences[0], 0)):
        rows = sorted(positions[sentence] for sentence in unit.src.sentences)
        first, *others = rows
        before = cells.get(first, "")
        cells[first] = unit.tgt.text if before in ("", SAME) else join([before, unit.tgt.text], unit.tgt.lang)
        for row in others:
            cells.setdefault(row, SAME)
        if others and rows == list(range(first, rows[-1] + 1)):
            spans[first] = max(len(rows), spans.get(first, 1))
        last_of |= dict.fromkeys(unit.tgt.sentences, rows[-1])
    extra: dict[int, list[str]] = {}
    last = min(last_of.values())
    for (is_linked, _), run in groupby(sentences, lambda one: (one.id in last_of, one.block)):
        group = list(run)
        if is_linked:
            last = last_of[group[-1].id]
        elif group[0].kind is not BlockKind.BOILERPLATE:
            extra.setdefault(last, []).append(join([one.text for one in group], group[0].lang))
    return cells, spans, extra


def _write_tsv(table: RowTable, file: IO[bytes]) -> None:
    file.write(line(_header(table)))
    for row in table.rows:
        file.write(line(row))


def _header(table: RowTable) -> list[str]:
    return [f"{name} ({lang})" for name, lang in zip(table.names, table.langs, strict=True)]


def _write_xlsx(table: RowTable, file: IO[bytes]) -> None:
    import xlsxwriter

    whole = io.BytesIO()
    book = xlsxwriter.Workbook(whole, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet("rows")
    sheet.freeze_panes(1, 1)
    head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#ECECEC"})
    style = {"text_wrap": True, "valign": "top", "quote_prefix": True, "num_format": "@"}
    for column, (title, lang) in enumerate(zip(_header(table), table.langs, strict=True)):
        text = book.add_format({**style, **({"reading_order": 2} if is_right_to_left(lang) else {})})
        sheet.set_column(column, column, 60)
        sheet.write_string(0, column, xlsx_text(title)[0], head)
        for row, cells in enumerate(table.rows):
            cell, count = xlsx_text(cells[column])[0], table.spans.get((row, column), 1)
            if count > 1:
                sheet.merge_range(row + 1, column, row + count, column, cell, text)
            elif cell and not _is_covered(table, row, column):
                sheet.write_string(row + 1, column, cell, text)
    book.close()
    file.write(whole.getvalue())


def _is_covered(table: RowTable, row: int, column: int) -> bool:
    """Whether a cell above spans this one."""
    first = row
    while first > 0 and table.rows[first][column] == SAME:
        first -= 1
    return first != row and table.spans.get((first, column), 1) > row - first


def _write_html(table: RowTable, file: IO[bytes]) -> None:
    title = escaped(table.names[0])
    file.write(
        f'<!DOCTYPE html>\n<html lang="{escaped(table.langs[0])}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><table>\n<thead><tr>".encode()
    )
    for name in _header(table):
        file.write(f"<th>{escaped(name)}</th>".encode())
    file.write(b"</tr></thead>\n<tbody>\n")
    for row, cells in enumerate(table.rows):
        parts = []
        for column, cell in enumerate(cells):
            if _is_covered(table, row, column):
                continue
            count = table.spans.get((row, column), 1)
            rows = f' rowspan="{count}"' if count > 1 else ""
            parts.append(f'<td lang="{escaped(table.langs[column])}" dir="auto"{rows}>{escaped(cell)}</td>')
        file.write(f"<tr>{''.join(parts)}</tr>\n".encode())
    file.write(b"</tbody></table></body></html>\n")


def _check(table: RowTable, form: str, path: Path, out: Path) -> None:
    """Raise ExportError where another reader does not get the texts of the cells in their order."""
    if form == "tsv":
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
        back = [unescape(cell) for row in rows for cell in row if cell]
        written = [cell for row in table.rows for cell in row if cell]
    else:
        back = _cells_of_workbook(path) if form == "xlsx" else _cells_of_page(path)
        rule = xlsx_text if form == "xlsx" else xml_text
        written = [
            rule(cell)[0] for row, cells in enumerate(table.rows) for column, cell in enumerate(cells)
            if cell and not _is_covered(table, row, column)
        ]  # fmt: skip
    if back != written:
        raise ExportError(f"{out}: does not read back as it was written. Nothing was replaced; please report this, or "
                          "write the file with --no-prove.")  # fmt: skip


def _cells_of_workbook(path: Path) -> list[str]:
    import openpyxl

    with path.open("rb") as file:
        sheet = openpyxl.load_workbook(file)["rows"]
        return [str(value) for row in sheet.iter_rows(min_row=2, values_only=True) for value in row if value]


def _cells_of_page(path: Path) -> list[str]:
    from lxml import html

    tree = html.parse(str(path), parser=html.HTMLParser(encoding="utf-8"))
    return [text for cell in tree.iter("td") if (text := cell.text_content())]
