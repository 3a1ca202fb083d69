"""Bilingual books: the text of the source stays, translations are at their originals, EPUBCheck finds them valid."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from align.errors import ReadError, UsageError
from align.exchange.export import export_store
from align.exchange.types import BookLayout, ExportOptions, Level
from align.models import LinkKind, Proposal
from align.readers import read
from align.reviewer import Reviewer
from align.store import Store, edits, open_store
from tests.exchange import books

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LAYOUTS: tuple[BookLayout, ...] = ("interleaved", "columns", "notes")
OPTIONS = ExportOptions(src="fr", tgt="en", force=True)
PAIRS = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, 8: 8, 9: 9, 11: 10, 12: 11}
"""French sentence to English; 10 and 12 have no partner."""


def fill(store: Store, folder: Path, version: int) -> None:
    """The two books in a store, linked."""
    ids = []
    for lang, pages in (("fr", books.FR), ("en", books.EN)):
        path = folder / f"{lang}.epub"
        path.write_bytes(books.epub(pages, lang, version=version))
        name = store.identify(str(path), path.name)
        document = replace(read(path.name, path.read_bytes(), lang=lang), name=name.name)
        ids.append(store.add_documents([document], reviewer="ada", origins=[name.origin])[0][0].document)
    src, tgt = ([sentence.id for sentence in store.sentences(number)] for number in ids)
    proposals = [Proposal((src[a],), (tgt[b],), LinkKind.TRANSLATION, 0.9, 0.9) for a, b in PAIRS.items()]
    store.propose(ids[0], ids[1], proposals, "use", languages=("fr", "en"))


@pytest.fixture(params=[3])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store with both books."""
    with open_store(tmp_path / "s.db") as store:
        fill(store, tmp_path, request.param)
        yield store


def made(store: Store, layout: BookLayout, level: Level = "sentence", **more: object) -> tuple[Path, str, list[str]]:
    """Export; the file, all its pages, the lines of the report."""
    out = store.path.parent / f"{layout}-{level}.epub"
    report = export_store(store, out, None, replace(OPTIONS, layout=layout, level=level, **more))  # type: ignore[arg-type]
    with zipfile.ZipFile(out) as book:
        pages = "".join(
            book.read(name).decode() for name in sorted(book.namelist()) if re.search(r"/p.*\.xhtml$", name)
        )
    return out, pages, report.lines()


@pytest.mark.parametrize("level", ["sentence", "block"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_book_has_both_texts_and_all_parts_of_the_original(shelf: Store, layout: BookLayout, level: Level) -> None:
    out, pages, lines = made(shelf, layout, level)
    with zipfile.ZipFile(out) as book, zipfile.ZipFile(shelf.path.parent / "fr.epub") as original:
        assert {*original.namelist(), "OEBPS/align.css"} == set(book.namelist())
        assert book.read("OEBPS/p.png") == original.read("OEBPS/p.png")
        assert book.infolist()[0].filename == "mimetype"
        assert book.infolist()[0].compress_type == zipfile.ZIP_STORED
        package = book.read("OEBPS/content.opf").decode()
        ncx = book.read("OEBPS/toc.ncx").decode()
    own = str(re.search(r'id="id">([^<]+)<', package)[1])  # type: ignore[index]
    assert own != "urn:isbn:1"
    assert own in ncx
    assert "<dc:language>en</dc:language>" in package
    assert "Book (fr, en)" in package
    assert "bicycle shop" in pages
    assert "de fromage" in pages
    assert pages.count("align-extra") == 1
    assert f"Verified: {12 if level == 'sentence' else 8} units read back with xml.etree, no differences." in lines
    assert "fr.epub: 1 of 13 sentences without a translation, in the book." in lines
    assert "en.epub: 1 of 13 sentences without an original, in the book." in lines


def test_translations_are_at_the_ends_of_their_sentences(shelf: Store) -> None:
    _, below, _ = made(shelf, "interleaved")
    assert '<i>vide. </i><span id="align-2" class="align-text" xml:lang="en" lang="en">The old house' in below
    assert ">The rope was too short to touch the water.</span></li>" in below
    _, paragraphs, _ = made(shelf, "interleaved", "block")
    assert re.search(r"<i>vide\. Personne</i> [^<]+</p>\s*<p id=\"align-\d+\" class=\"align-text\"", paragraphs)
    _, columns, _ = made(shelf, "columns")
    assert re.search(
        r'<div class="align-row"><p><i>Personne</i> [^<]+</p><div class="align-side"><p [^>]+>Nob', columns
    )
    assert columns.count('id="a"') == 1
    _, notes, _ = made(shelf, "notes")
    assert re.search(r'rouillée\.<a [^>]*epub:type="noteref"[^>]*>°</a> Elle', notes)
    assert 'epub:type="footnote"' in notes


def java_reads(path: Path) -> None:
    """EPUBCheck finds no error and no warning."""
    jar, java = Path("/usr/share/java/epubcheck.jar"), shutil.which("java")
    if java is None or not jar.exists():
        pytest.skip("NO EPUBCHECK HERE: an outside reader did not check our books. .ci/run installs it.")
    command = [java, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-jar", str(jar), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=170, check=False)
    assert "0 fatals / 0 errors / 0 warnings" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize("shelf", [2, 3], indirect=True)
def test_epubcheck_finds_the_books_valid(shelf: Store, tmp_path: Path) -> None:
    """The pages of all layouts as one book: the checker takes seconds to start."""
    is_old = b"XHTML 1.1" in zipfile.ZipFile(tmp_path / "fr.epub").read("OEBPS/p0.xhtml")
    pages: list[bytes] = []
    for layout in LAYOUTS:
        for level in ("sentence", "block"):
            out, _, _ = made(shelf, layout, level)
            with zipfile.ZipFile(out) as book:
                pages += [book.read(f"OEBPS/p{number}.xhtml") for number in range(2)]
                style = book.read("OEBPS/align.css")
    whole = books.epub(["<p>x</p>"] * len(pages), "fr", version=2 if is_old else 3)
    joined = tmp_path / "joined.epub"
    with zipfile.ZipFile(joined, "w") as target:
        (tmp_path / "whole.epub").write_bytes(whole)
        with zipfile.ZipFile(tmp_path / "whole.epub") as parts:
            for entry in parts.infolist():
                content = parts.read(entry)
                if match := re.fullmatch(r"OEBPS/p(\d+)\.xhtml", entry.filename):
                    content = pages[int(match[1])]
                if entry.filename.endswith(".opf"):
                    css = b'<item id="css" href="align.css" media-type="text/css"/></manifest>'
                    content = content.replace(b"</manifest>", css)
                target.writestr(entry, content)
        target.writestr("OEBPS/align.css", style)
    java_reads(joined)


def test_epubcheck_finds_a_plain_book_valid(shelf: Store) -> None:
    out, pages, lines = made(shelf, "interleaved", plain=True)
    assert "fr.epub: a plain book of the stored text, without pictures." in lines
    assert "<ul><li>La corde" in pages.replace("\n", "")
    assert "<blockquote><p>Cette année-là" in pages.replace("\n", "")
    assert pages.count("align-text") == 13
    java_reads(out)


def test_an_original_that_is_gone_or_changed_is_named_and_a_plain_book_offered(shelf: Store, tmp_path: Path) -> None:
    original = tmp_path / "fr.epub"
    moved = tmp_path / "moved.epub"
    original.rename(moved)
    with pytest.raises(ReadError, match=r"fr\.epub: the original of .* is not there any more.*--source.*--plain"):
        made(shelf, "notes")
    assert "Verified" in made(shelf, "notes", source_file=moved)[2][-1]
    original.write_bytes(books.epub([books.FR[0]], "fr"))
    with pytest.raises(ReadError, match=r"its text is not that of .*Add it again.*--plain"):
        made(shelf, "notes")
    (tmp_path / "b.epub").write_bytes(moved.read_bytes()[:900])
    with pytest.raises(ReadError, match="broken archive"):
        made(shelf, "notes", source_file=tmp_path / "b.epub")
    assert not list(tmp_path.glob("notes*epub.*"))


def test_protected_books_are_refused_and_obfuscated_fonts_are_not(tmp_path: Path) -> None:
    def encryption(algorithm: str) -> bytes:
        return (
            '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:e="http://www.w3.org/2001/04/'
            f'xmlenc#"><e:EncryptedData><e:EncryptionMethod Algorithm="{algorithm}"/><e:CipherData><e:CipherReference '
            'URI="OEBPS/p0.xhtml"/></e:CipherData></e:EncryptedData></encryption>'
        ).encode()

    for name, content in (
        ("META-INF/encryption.xml", encryption("http://www.w3.org/2001/04/xmlenc#aes128-cbc")),
        ("META-INF/license.lcpl", b"{}"),
        ("META-INF/rights.xml", b"<rights/>"),
    ):
        with pytest.raises(ReadError, match="DRM"):
            read("a.epub", books.epub(books.FR, "fr", extra={name: content}))
    fonts = {"META-INF/encryption.xml": encryption("http://www.idpf.org/2008/embedding")}
    assert read("a.epub", books.epub(books.FR, "fr", extra=fonts)).blocks


def test_several_sources_and_no_links_are_refused(shelf: Store, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no link to make a book of"):
        made(shelf, "notes", min_confidence=1.0)
    (tmp_path / "de.epub").write_bytes(books.epub(["<p>Der Brunnen war leer.</p>"], "de"))
    german = store_document(shelf, tmp_path / "de.epub")
    english = shelf.documents()[1].id
    ids = shelf.sentences(german)[0].id, shelf.sentences(english)[1].id
    shelf.propose(german, english, [Proposal((ids[0],), (ids[1],), LinkKind.TRANSLATION, 0.9, 0.9)], "use",
                  languages=("de", "en"))  # fmt: skip
    with pytest.raises(UsageError, match=r"a book has one source, and the links have 2: .*--pivot"):
        made(shelf, "notes", src=None)
    english_name = shelf.documents()[1].name
    out = tmp_path / "three.epub"
    report = export_store(shelf, out, None, ExportOptions(pivot=english_name))
    assert report.units == 13
    text = zipfile.ZipFile(out).read("OEBPS/p0.xhtml").decode()
    assert text.index("well was empty") < text.index("était vide") < text.index("Der Brunnen war leer.")


def store_document(store: Store, path: Path) -> int:
    """Add a book as `align add` does."""
    identity = store.identify(str(path), path.name)
    document = replace(read(path.name, path.read_bytes()), name=identity.name)
    return store.add_documents([document], reviewer="ada", origins=[identity.origin])[0][0].document


def test_half_a_book_says_so(shelf: Store) -> None:
    links = [link.id for link in shelf.links()]
    for number in links[4:]:
        Reviewer(shelf, "ada").commit(edits.reject(number))
    _, pages, lines = made(shelf, "columns")
    assert "fr.epub: 9 of 13 sentences without a translation, in the book. " in "\n".join(lines)
    assert "different editions" in "\n".join(lines)
    assert "mouthful" in pages


@pytest.mark.parametrize("width", [390, 1000])
def test_columns_are_side_by_side_where_there_is_room(shelf: Store, chromium: Browser, width: int) -> None:
    out, _, _ = made(shelf, "columns")
    folder = out.with_suffix("")
    with zipfile.ZipFile(out) as book:
        book.extractall(folder)
    page = chromium.new_page(viewport={"width": width, "height": 800})
    page.goto((folder / "OEBPS" / "p0.xhtml").as_uri())
    left, right = page.locator(".align-row > p").first.bounding_box(), page.locator("#align-2").bounding_box()
    assert left is not None
    assert right is not None
    is_beside = right["x"] > left["x"] + 100
    assert is_beside == (width > 600)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
