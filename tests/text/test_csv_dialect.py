"""Tables cut into cells: the same way whether a table is read as text or brought back with its links."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from align.text.csv_dialect import delimiter_of, quotes_cells, table_rows


def rows(text: str) -> list[list[str]]:
    return list(table_rows(io.StringIO(text, newline="")))


def test_a_lone_quote_between_tabs_is_text() -> None:
    lines = ["Good day.\tone", '"Hello, he said.\ttwo', "It rains.\tthree", 'Bye," she said.\tfour']
    assert rows("\n".join(lines)) == [line.split("\t") for line in lines]


def test_speech_between_tabs_keeps_its_quotes() -> None:
    lines = ['"Hello."\t"Hallo."', "Good day.\tGuten Tag.", '"Yes, he said, "no".\tJa']
    assert rows("\r\n".join(lines)) == [line.split("\t") for line in lines]
    assert not quotes_cells('"Hello."\t"Hallo."\nGood day.\tGuten Tag.\n')


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
def test_a_spreadsheets_quoting_between_tabs_is_undone(quoting: int) -> None:
    table = [["src", "tgt", "n"], ['He said "hi".', "two\nlines", 5], ["plain, here", "a\ttab", 6]]
    file = io.StringIO(newline="")
    csv.writer(file, delimiter="\t", quoting=quoting).writerows(table)
    assert rows(file.getvalue()) == [[str(cell) for cell in row] for row in table]


def test_a_cell_that_is_quoted_for_its_comma_is_undone() -> None:
    assert rows('"Hello, you."\tHallo\nBye.\t"Ade, du."\n') == [["Hello, you.", "Hallo"], ["Bye.", "Ade, du."]]
    assert rows('"Hello, you."\tHallo, du\n') == [['"Hello, you."', "Hallo, du"]]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", "\t;,")
def test_every_line_end_ends_a_row(end: str, mark: str) -> None:
    assert rows(end.join([f"a b{mark}c d", f"e f{mark}g h", ""])) == [["a b", "c d"], ["e f", "g h"]]


@pytest.mark.parametrize(
    ("head", "mark"),
    [
        ("Hello, you;Hallo\nBye;Ade\n", ";"),
        ("one, two\tthree, four\n", "\t"),
        ('id,src,tgt\n1,"a;\nb;",c\n2,"d;",e\n', ","),
        ("My words\na;b\nc;d\n", ";"),
        ("no mark\n", ","),
        ("", ","),
    ],
)
def test_the_mark_is_the_one_that_stands_equally_often(head: str, mark: str) -> None:
    assert delimiter_of(head) == mark


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\t\r\n"), min_size=1)


@given(st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=8))
def test_literal_rows_come_back_as_they_are(table: list[list[str]]) -> None:
    text = "src\tstamp\n" + "".join("\t".join(row) + "\n" for row in table)
    assert list(table_rows(io.StringIO(text, newline=""), literal=True))[1:] == table
