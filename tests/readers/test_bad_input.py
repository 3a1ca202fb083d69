"""What cannot be read is said in one line that names the file and the next step; nothing hangs or is unpacked."""

from __future__ import annotations

import io
import re
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import xlsxwriter

from align.errors import ReadError, UsageError
from align.readers import read
from align.text.normalize import sentence_text


def message(name: str, content: bytes, **named: str) -> str:
    with pytest.raises(ReadError) as caught:
        read(name, content, **named)
    text = str(caught.value)
    assert text.startswith(name)
    assert "\n" not in text
    assert text.endswith((".", ")", name))
    return text


@pytest.mark.parametrize("content", [b"", b" \n\t ", b"\xef\xbb\xbf", "\ufeff \n".encode("utf-16")])
def test_empty(content: bytes) -> None:
    assert "empty" in message("a.txt", content)


@pytest.mark.parametrize(
    "content", [bytes(range(256)) * 40, b"\x89PNG\r\n\x1a\n" + b"\0" * 50, b"\x7fELF" + b"\1" * 60, b"\0" * 1000 + b"a"]
)
def test_binary(content: bytes) -> None:
    assert "a.txt" in message("a.txt", content)


@pytest.mark.parametrize("encoding", [None, "utf-8"])
def test_a_broken_byte_costs_one_character(encoding: str | None) -> None:
    text = ("両国の外相は会談した。" * 200).encode()
    document = read("a.txt", text[:3000] + b"\xff" + text[3000:], encoding=encoding)
    assert document.encoding == "utf-8"
    assert document.text.replace("\ufffd", "").encode() == text
    assert document.text.count("\ufffd") == 1


def test_encodings_that_do_not_exist_or_do_not_fit() -> None:
    for unknown in ("klingon", "hex"):
        with pytest.raises(UsageError, match=f"unknown encoding '{unknown}'"):
            read("a.txt", b"abc", encoding=unknown)
    assert "is not valid ascii" in message("a.txt", "é".encode(), encoding="ascii")


def bomb(path: str, megabytes: int) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed, packed.open(path, "w", force_zip64=True) as part:
        for _ in range(megabytes):
            part.write(b"\0" * (1 << 20))
    return target.getvalue()


@pytest.mark.parametrize("path", ["word/document.xml", "xl/workbook.xml", "META-INF/container.xml"])
def test_zip_bombs_are_not_unpacked(path: str) -> None:
    content = bomb(path, 64)
    tracemalloc.start()
    assert "unpacks to" in message("a.docx", content)
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()


def test_what_is_named_many_times_is_read_once(files: ModuleType) -> None:
    page = "<p>The only page.</p>"
    repeated = rewritten(
        files.book(page), "OEBPS/content.opf", lambda part: re.sub(rb"(<itemref [^>]*>)", rb"\1" * 400, part)
    )
    assert read("a.epub", repeated).text == "The only page."
    sheets = rewritten(
        files.workbook(("A cell with words",)),
        "xl/workbook.xml",
        lambda part: re.sub(rb'(<sheet [^>]*name=")(\w+)("[^>]*sheetId=")(\d+)("[^>]*>)',
                            lambda m: b"".join(b"%s%s%d%s%d%s" % (m[1], m[2], n, m[3], n, m[5]) for n in range(1, 99)),
                            part),
    )  # fmt: skip
    assert read("a.xlsx", sheets).text == "A cell with words"
    pages = files.pdf(["The only page."]).replace(b"/Kids [5 0 R]", b"/Kids [%s]" % (b"5 0 R " * 99))
    assert pages.count(b"5 0 R") > 90
    assert read("a.pdf", pages).text == "The only page."


def test_a_text_that_many_cells_share_does_not_unfold_without_end() -> None:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        sheet = book.add_worksheet()
        for row in range(300):
            sheet.write_string(row, 0, "Words that are shared. " * 1400)
    assert len(target.getvalue()) < 40_000
    assert "expands to more than 8 MB of text" in message("a.xlsx", target.getvalue())


@pytest.mark.parametrize(
    "piece",
    ["<b>x</b> y ", '<a href="/">x</a> y ', "<ruby>台<rt>たい</rt></ruby>風。", "a<img src=x>", "<time>x</time> y "],
)
def test_a_paragraph_of_many_elements_takes_linear_time(piece: str) -> None:
    """In quadratic time, each takes longer than anybody waits."""
    page = f"<html><body><article><p>{piece * 30_000}</p><p>An ordinary paragraph.</p></article></body></html>"
    assert "An ordinary paragraph." in read("a.html", page.encode()).text


@pytest.mark.parametrize("line", ["a" * 200_000, "ab-" * 60_000, "a-" * 100_000, "- " * 100_000])
def test_a_pdf_with_one_long_line_takes_linear_time(files: ModuleType, line: str) -> None:
    """In quadratic time, each takes longer than anybody waits."""
    document = read("a.pdf", files.pdf([line, "An ordinary line of text stands here."]))
    assert "An ordinary line" in document.text


def rewritten(content: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """An archive with one part changed."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, change(old.read(entry)) if entry.filename == part else old.read(entry))
    return target.getvalue()


def test_xml_entities_are_refused(files: ModuleType) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(files.word())) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "word/document.xml":
                laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
                content = content.replace(b"?>", b"?>" + laughs, 1)
            new.writestr(entry.filename, content)
    assert "entities" in message("a.docx", target.getvalue())


def test_external_entities_of_a_page_are_never_fetched(tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = tmp_path_factory.mktemp("x") / "secret.txt"
    secret.write_text("the secret words", encoding="utf-8")
    page = f'<?xml version="1.0"?><!DOCTYPE html [<!ENTITY e SYSTEM "file://{secret}">]><html><body><p>Hello &e;</p></body></html>'  # noqa: E501
    assert "secret words" not in read("a.html", page.encode()).text


def test_broken_and_protected_files(files: ModuleType) -> None:
    assert "broken archive" in message("a.docx", files.word()[:-400])
    assert "broken" in message("a.pdf", b"%PDF-1.7\n1 0 obj\n<<")
    assert "OCR" in message("a.pdf", files.pdf([]))
    assert "old format" in message("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    # Encrypted with msoffcrypto-tool as Word does it.
    assert "password" in message("a.docx", Path(__file__).with_name("password.docx").read_bytes())
    assert "Save it again" in message("a.docx", b"plain words, no Word file")
    assert "Unpack it" in message("a.zip", files.archive(x=b"1"))


def test_a_sheet_that_claims_to_be_endless(files: ModuleType) -> None:
    content = files.workbook(("One.", "Two."))
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.infolist():
            part = old.read(entry)
            if entry.filename.startswith("xl/worksheets/"):
                part = part.replace(b'"A1:B1"', b'"A1:XFD1048576"')
                part = part.replace(b"</sheetData>", b'<row r="1048576"><c r="A1048576"><v>1</v></c></row></sheetData>')
            new.writestr(entry.filename, part)
    assert len(read("a.xlsx", target.getvalue()).blocks) == 3


def test_a_protected_pdf(files: ModuleType) -> None:
    import pypdf

    writer = pypdf.PdfWriter()
    writer.append(io.BytesIO(files.pdf(["Some words."])))
    writer.encrypt("secret", algorithm="RC4-128")
    target = io.BytesIO()
    writer.write(target)
    assert "password" in message("a.pdf", target.getvalue())


def test_a_page_without_text() -> None:
    assert "JavaScript" in message("a.html", b"<html><body><div id='root'></div><script>x()</script></body></html>")


def test_a_very_long_line_and_controls_go_through() -> None:
    line = ("\u202eab \U0001f600\u200b。" * 20_000 + "word " * 100_000).encode()
    document = read("a.txt", b"Words first. " * 200 + line + b"\0")
    assert sum(len(block.sentences) for block in document.blocks) > 20_000


def test_lone_surrogates_stay_and_pairs_become_characters() -> None:
    document = read("a.txt", b"words \xed\xa0\x80 here \xed\xa0\xbd\xed\xb8\x80 too")
    assert document.text == "words \ud800 here \U0001f600 too"
    assert sentence_text(document.text, document.blocks[0].sentences[0].pieces) == "words here \U0001f600 too"
