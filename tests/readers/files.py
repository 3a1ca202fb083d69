"""Real files of each format, made here: what the readers are tried on."""

from __future__ import annotations

import io
import zipfile

import docx
import openpyxl

EN = "The ministers met in Tokyo. They agreed on joint exercises."
JA = "両国の外相は東京で会談した。共同訓練の実施で合意した。"


def word() -> bytes:
    file = docx.Document()
    file.add_heading("Military and cybersecurity cooperation", 1)
    file.add_paragraph(EN)
    file.add_paragraph(JA)
    file.add_paragraph("First point of the list", style="List Bullet")
    table = file.add_table(rows=1, cols=2)
    table.cell(0, 0).text = "A cell in English"
    table.cell(0, 1).text = "日本語のセルです"
    file.sections[0].footer.paragraphs[0].text = "Page footer text"
    target = io.BytesIO()
    file.save(target)
    return target.getvalue()


def workbook(*rows: tuple[object, ...]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def archive(**parts: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for path, content in parts.items():
            packed.writestr(path.replace("__", "/").replace("_dot_", "."), content)
    return target.getvalue()


def book(*pages: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        packed.writestr(
            "META-INF/container.xml",
            '<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',  # noqa: E501
        )
        items = "".join(
            f'<item id="p{i}" href="p{i}.xhtml" media-type="application/xhtml+xml"/>' for i in range(len(pages))
        )
        spine = "".join(f'<itemref idref="p{i}"/>' for i in reversed(range(len(pages))))
        packed.writestr(
            "OEBPS/content.opf",
            '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
            f"<manifest>{items}</manifest><spine>{spine}</spine></package>",
        )
        for i, body in enumerate(pages):
            packed.writestr(
                f"OEBPS/p{i}.xhtml",
                f'<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><body>{body}</body></html>',
            )
    return target.getvalue()


def pdf(*pages: list[str]) -> bytes:
    """A PDF with a text layer in Helvetica; an empty page has no text at all."""
    objects: list[bytes] = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    kids = []
    for lines in pages:
        shown = b"".join(b"(%s) Tj T* " % line.encode("latin-1").replace(b"(", b"\\(") for line in lines)
        stream = b"BT /F1 12 Tf 14 TL 72 720 Td " + shown + b"ET" if lines else b"0 0 m 10 10 l S"
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(kids), len(kids))
    out = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
