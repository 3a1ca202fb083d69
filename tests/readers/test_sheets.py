"""Tables of one language without their headers and keys; sheets of OpenDocument, also with two languages."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from align.errors import ReadError
from align.exchange.detect_format import is_bilingual
from align.exchange.import_file import read_file
from align.models import Document
from align.readers import read
from align.text.normalize import sentence_text
from align.workspace.add import add

ODF = "urn:oasis:names:tc:opendocument:xmlns:"
SPACES = " ".join(
    f'xmlns:{name}="{ODF}{long}:1.0"'
    for name, long in (("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"))
)
ENGLISH = ["Open the file.", "Save the pages.", "We do not know the word.", "Close this window."]
GERMAN = ["Die Datei öffnen.", "Die Seiten sichern.", "Wir kennen das Wort nicht.", "Das Fenster schließen."]
NOTE = (
    "<office:annotation><text:list><text:list-item><text:p>A note.</text:p></text:list-item></text:list>"
    "</office:annotation><draw:frame><draw:text-box><text:p>A box.</text:p></draw:text-box></draw:frame>"
)
"""In a cell, not in its text."""


def spreadsheet(*tables: str) -> bytes:
    """A flat OpenDocument spreadsheet."""
    body = f"<office:body><office:spreadsheet>{''.join(tables)}</office:spreadsheet></office:body>"
    return f'<?xml version="1.0"?><office:document {SPACES}>{body}</office:document>'.encode()


def table(*rows: str, more: str = "") -> str:
    inside = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    return f'<table:table table:name="One" {more}>{inside}</table:table>'


def cell(text: str, columns: str = "1", inside: str = "") -> str:
    repeats = f'table:number-columns-repeated="{columns}"'
    return f"<table:table-cell {repeats}>{f'<text:p>{text}</text:p>' if text else ''}{inside}</table:table-cell>"


def shown(document: Document) -> list[tuple[str, str]]:
    return [
        (block.kind.value, " | ".join(sentence_text(document.text, one.pieces) for one in block.sentences))
        for block in document.blocks
    ]


@pytest.mark.parametrize(
    ("content", "blocks"),
    [
        ("id,text\n1,Good morning.\n2,Good night.\n",
         [("boilerplate", "id"), ("boilerplate", "text"), ("body", "Good morning."), ("body", "Good night.")]),
        ("Schlüssel;Text;Kommentar\nmenu_file;Datei öffnen;im Menü\nmenu_x;;\n",
         [("boilerplate", "Schlüssel"), ("boilerplate", "Text"), ("boilerplate", "Kommentar"),
          ("body", "Datei öffnen"), ("comment", "im Menü"), ("boilerplate", "menu_x")]),
        ("タイトル,本文\n旅,海へ行った。\n",
         [("boilerplate", "タイトル"), ("boilerplate", "本文"), ("body", "旅"), ("body", "海へ行った。")]),
        ("menu_file,Open the file\nmenu_edit,Edit it\n", [("body", "Open the file"), ("body", "Edit it")]),
        ("ok,Confirm\nbtn_open,Open it\nbtn_close,Close it\n",
         [("body", "Confirm"), ("body", "Open it"), ("body", "Close it")]),
        ("blue-green\nwell-known\n", [("body", "blue-green"), ("body", "well-known")]),
        ("Name,Enter your name\nCity,Enter your city\n",
         [("body", one) for one in ("Name", "Enter your name", "City", "Enter your city")]),
        ("English\nFrench\nGerman\n", [("body", "English"), ("body", "French"), ("body", "German")]),
    ],
)  # fmt: skip
def test_a_table_of_one_language_has_no_headers_and_keys_as_text(content: str, blocks: list[tuple[str, str]]) -> None:
    document = read("a.csv", content.encode())
    assert shown(document) == blocks
    assert all(key in document.text for key in ("menu_file", "menu_x") if key in content), "keys are in their blocks"


def test_a_sheet_of_two_languages_comes_in_linked(tmp_path: Path) -> None:
    rows = [cell("Key") + cell("", "2") + cell("English") + cell("Deutsch") + cell("", "16380")]
    for number, (english, german) in enumerate(zip(ENGLISH, GERMAN, strict=True)):
        rows.append(cell(f"menu_{number}") + cell("", "2") + cell(english, inside=NOTE) + cell(german))
    blank = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row></table:table>'
    linked = table(*rows).removesuffix("</table:table>") + blank
    other = table(cell("Kopie"), more='table:style-name="ta_extref"')
    flat = spreadsheet(linked, table(cell("Only English words are here.")), other)
    path = tmp_path / "strings.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<!DOCTYPE manifest><manifest/>")
        archive.writestr("content.xml", flat)
    (tmp_path / "strings.fods").write_bytes(flat)
    for name in ("strings.ods", "strings.fods"):
        assert is_bilingual(name, (tmp_path / name).read_bytes())
        imported = read_file(tmp_path / name)
        texts = [tuple(side.text for side in unit.sides) for unit in imported.units]
        assert texts == list(zip(ENGLISH, GERMAN, strict=True))
        assert imported.units[0].properties == (("x-key", "menu_0"),)
        assert "Columns: English (en), Deutsch (de); key: Key." in imported.messages[0]
        assert "left out" in imported.messages[1]
    (result,) = add(tmp_path / "s.db", [str(path)])
    assert (result.outcome, result.links) == ("added", 4)


def test_a_sheet_of_one_language_has_repeated_cells_and_what_is_beside_them() -> None:
    covered = "<table:covered-table-cell><text:p>Hidden.</text:p></table:covered-table-cell>"
    document = read(
        "a.fods",
        spreadsheet(
            table(
                cell("menu_file") + cell("Open the file.", inside=NOTE),
                cell("menu_edit") + cell("Edit it.", "2") + covered + cell("Outer.", inside=table(cell("Inner."))),
            )
        ),
    )
    assert shown(document) == [
        *(("body", text) for text in ("Open the file.", "Edit it.", "Edit it.", "Outer.", "Inner.")),
        ("comment", "A note."), ("body", "A box."),
    ]  # fmt: skip


@pytest.mark.parametrize("columns", ["999999999", "9" * 5000])
@pytest.mark.parametrize("text", ["x", ""])
def test_a_sheet_with_endless_repeats(columns: str, text: str) -> None:
    with pytest.raises(ReadError, match="more than 20,000,000 cells") as error:
        read("a.fods", spreadsheet(table(cell(text, columns) + cell("end"))))
    assert len(str(error.value).splitlines()) == 1


def test_a_sheet_filled_with_one_text_is_refused_at_once() -> None:
    rows = table(cell("a text that fills")).replace(
        "<table:table-row>", '<table:table-row table:number-rows-repeated="1048576">'
    )
    with pytest.raises(ReadError, match="expands to more than 8 MB"):
        read("a.fods", spreadsheet(rows))


def test_numbers_of_repeats_that_are_none() -> None:
    document = read("a.fods", spreadsheet(table(*(cell("x", columns) for columns in ("-3", "two", "0", "")))))
    assert document.text.split() == ["x"] * 4


def test_a_workbook_is_linked_if_a_later_sheet_is() -> None:
    book = openpyxl.Workbook()
    first: Any = book.active
    first.append(["How to use this file: read the next sheet."])
    sheet = book.create_sheet("strings")
    for row in [
        ("English", None, "Deutsch"),
        *((one, None, other) for one, other in zip(ENGLISH, GERMAN, strict=True)),
    ]:
        sheet.append(row)
    target = io.BytesIO()
    book.save(target)
    assert is_bilingual("a.xlsx", target.getvalue())
