"""Small books for the tests of bilingual books: EPUB 2 and 3, with notes, ruby, a picture, lists and markup."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

CONTAINER = (
    '<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
XHTML = "http://www.w3.org/1999/xhtml"


def picture() -> bytes:
    """A PNG of one grey pixel."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\x80")) + chunk(b"IEND", b"")
    )


def page(body: str, lang: str, version: int, title: str = "t") -> str:
    """A page with a body."""
    doctype = (
        "<!DOCTYPE html>"
        if version == 3
        else '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd">'
    )
    more = f' xmlns:epub="http://www.idpf.org/2007/ops" lang="{lang}"' if version == 3 else ""
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n{doctype}\n<html xmlns="{XHTML}"{more} xml:lang="{lang}"><head>'
        f"<title>{title}</title></head><body>{body}</body></html>"
    )


def epub(pages: list[str], lang: str, *, version: int = 3, extra: dict[str, bytes] | None = None) -> bytes:
    """A valid book of the bodies of its pages, each of which may show `p.png`."""
    target = io.BytesIO()
    items = "".join(
        f'<item id="p{i}" href="p{i}.xhtml" media-type="application/xhtml+xml"/>' for i in range(len(pages))
    )
    spine = "".join(f'<itemref idref="p{i}"/>' for i in range(len(pages)))
    points = "".join(
        f'<navPoint id="n{i}" playOrder="{i + 1}"><navLabel><text>{i + 1}</text></navLabel>'
        f'<content src="p{i}.xhtml"/></navPoint>'
        for i in range(len(pages))
    )
    modified = '<meta property="dcterms:modified">2020-01-01T00:00:00Z</meta>'
    nav = '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        packed.writestr("META-INF/container.xml", CONTAINER)
        packed.writestr(
            "OEBPS/content.opf",
            f'<?xml version="1.0" encoding="utf-8"?><package xmlns="http://www.idpf.org/2007/opf" version="{version}.0"'
            ' unique-identifier="id"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
            f'<dc:identifier id="id">urn:isbn:1</dc:identifier><dc:title>Book</dc:title>'
            f"<dc:language>{lang}</dc:language>"
            f"{modified if version == 3 else ''}</metadata><manifest>{items}{nav if version == 3 else ''}"
            '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
            '<item id="png" href="p.png" media-type="image/png"/></manifest>'
            f'<spine toc="ncx">{spine}</spine></package>',
        )
        packed.writestr(
            "OEBPS/toc.ncx",
            '<?xml version="1.0" encoding="utf-8"?><ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1">'
            '<head><meta name="dtb:uid" content="urn:isbn:1"/></head><docTitle><text>Book</text></docTitle>'
            f"<navMap>{points}</navMap></ncx>",
        )
        if version == 3:
            entries = "".join(f'<li><a href="p{i}.xhtml">{i + 1}</a></li>' for i in range(len(pages)))
            contents = page(f'<nav epub:type="toc"><ol>{entries}</ol></nav>', lang, 3)
            packed.writestr("OEBPS/nav.xhtml", contents)
        for i, body in enumerate(pages):
            packed.writestr(f"OEBPS/p{i}.xhtml", page(body, lang, version))
        packed.writestr("OEBPS/p.png", picture())
        for name, content in (extra or {}).items():
            packed.writestr(name, content)
    return target.getvalue()


FR = [
    "<h1>Le puits</h1>"
    '<p id="a">La vieille maison du puits était <i>vide. Personne</i> ne venait plus y boire depuis longtemps.</p>'
    "<p>Un matin, une fillette ouvrit la grille rouillée. Elle avait apporté une corde et un seau de bois.</p>"
    '<div><img src="p.png" alt="Le puits"/></div>'
    "<ul><li>La corde était trop courte pour toucher l’eau.</li><li>Le seau ne rapporta que du sable sec.</li></ul>",
    "<h1>La pluie</h1>"
    "<blockquote><p>Cette année-là, la pluie tomba pendant quarante jours.&#160;Les champs devinrent un lac.</p>"
    "</blockquote>"
    "<p>Cette phrase n’existe que dans le livre français et parle de fromage.</p>"
    "<p>Au printemps, le puits était plein jusqu’au bord. La fillette but la première gorgée en riant.</p>",
]
EN = [
    "<h1>The well</h1>"
    "<p>The old house of the well was empty. Nobody had come to drink there for a long time.</p>"
    "<p>One morning a little girl opened the rusty gate. She had brought a rope and a wooden bucket.</p>"
    "<ul><li>The rope was too short to touch the water.</li><li>The bucket brought up nothing but dry sand.</li></ul>",
    "<h1>The rain</h1>"
    "<p>That year the rain fell for forty days. The fields became a lake.</p>"
    "<p>In spring the well was full to the brim. The little girl laughed and drank the first mouthful.</p>"
    "<p>A bicycle shop in Norway sells this sentence to nobody.</p>",
]
