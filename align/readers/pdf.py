"""PDF by pypdf: the text layer, page by page; repeated lines at the edges of pages are boilerplate."""

from __future__ import annotations

import io
import logging
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from itertools import takewhile

from align.errors import ReadError
from align.models import BlockKind, Document
from align.readers.builder import DocumentBuilder
from align.readers.safe_zip import check_expansion
from align.text.blocks import find_blocks, width
from align.text.normalize import letters
from align.text.scripts import HAN_CLASS, KANA_CLASS

_NUMBER = re.compile(r"\d+")
_CUT = re.compile(r"(?P<mark>[-\u00ad\u2010])[ \t]*\n(?P<after>[^\W\d_A-ZÀ-ÞА-Я]{2,})")
"""A hyphen at a line's end that may split a word: the next line begins in lower case."""
_WORD_BACKWARDS = re.compile(r"[^\W\d_]++(?:-[^\W\d_]++)*+")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_ENDED = re.compile(r"[.!?。！？｡…:：;؟۔।]['\"’”»」』)）\]]*\s*$")
_SMALL = re.compile("[\"'“‘(]?[a-zß-öø-ÿāă-žа-яёіїєґα-ωά-ώ]")
_FIRST_WORD = re.compile(r"[!-~\u00c0-\u024f\u0370-\u052f]+|.")
_BETWEEN_WIDE = re.compile(f"(?<=[{HAN_CLASS}{KANA_CLASS}ー、。]) (?=[{HAN_CLASS}{KANA_CLASS}ー、。])")
"""A space inserted by the layout between two characters of an unspaced script."""
_POINT = re.compile("(?<=[\u3041-\u30ff\u3400-\u9fff])\u2027(?=[\u3041-\u30ff\u3400-\u9fff])")
"""A hyphenation point used as the middle dot of Japanese names."""
EDGE_LINES = 2
"""Lines at the top and at the bottom of a page that may be its header, footer or page number."""
OCR_HINT = "Its pages are pictures. Recognise their text first (OCR, for example with ocrmypdf) and add the result."


def read(name: str, content: bytes, *, encoding: str | None = None, lang: str | None = None) -> Document:
    """Read the text of a PDF's pages. Raises ReadError for a broken, protected or image-only one."""
    pages = [_tidy(page) for page in _pages(name, content)]
    word_counts = _words(pages)
    composer = DocumentBuilder(name, len(content))
    for text, kind in _over_pages(pages):
        composer.add(_unhyphenated(text, word_counts), kind)
    return composer.document("pdf", "utf-8", lang, OCR_HINT)


def _pages(name: str, content: bytes) -> list[str]:
    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reader = pypdf.PdfReader(io.BytesIO(content))
            if reader.is_encrypted and not reader.decrypt(""):
                raise ReadError(f"{name}: protected by a password. Save it without one and add that.")
            pages: list[str] = []
            page_numbers: set[int] = set()
            size = 0
            for page in reader.pages:
                number = page.indirect_reference.idnum if page.indirect_reference is not None else -1 - len(pages)
                if number not in page_numbers:  # every page once, even if referenced several times
                    page_numbers.add(number)
                    pages.append(page.extract_text() or "")
                    size += len(pages[-1])
                    check_expansion(name, len(content), size)
            return pages
    except ReadError:
        raise
    except pypdf.errors.DependencyError as error:
        raise ReadError(
            f"{name}: encrypted with an unsupported method. Save it without protection and add that."
        ) from error
    except (Exception, RecursionError) as error:  # pypdf raises many kinds of errors for damaged files
        reason = (str(error).splitlines() or [""])[0][:120] or type(error).__name__
        raise ReadError(f"{name}: a broken PDF ({reason}). Open it and print it to a new PDF.") from error


def _tidy(page: str) -> str:
    """Repair artefacts of font tables in a page: surrogates, NULs, radicals instead of characters."""
    page = page.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")
    page = letters(page.replace("\f", "\n"))
    return _POINT.sub("・", _BETWEEN_WIDE.sub("", page))


def _words(pages: list[str]) -> Counter[str]:
    """Word counts of the pages, compounds included, if any word is split by a hyphen at a line's end; else none."""
    if not any(True for page in pages for _ in _cuts(page)):
        return Counter()
    return Counter(word for page in pages for word in _WORD.findall(page.lower()))


def _unhyphenated(text: str, word_counts: Counter[str]) -> str:
    """Join words split at line ends, without the hyphen unless the hyphenated form is more frequent."""
    pieces: list[str] = []
    at = 0
    for before, cut in _cuts(text):
        after = cut["after"]
        compound = cut["mark"] == "-" and (
            "-" in before or word_counts[f"{before}-{after}".lower()] > word_counts[f"{before}{after}".lower()]
        )
        pieces += [text[at : cut.start()], "-" * compound, after]
        at = cut.end()
    return "".join([*pieces, text[at:]])


def _cuts(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    """Yield the words split by a hyphen at a line's end, with the match of the hyphen and the rest.

    The hyphen is searched first, then the word before it backwards: a search from every letter would take quadratic
    time on a long run of letters.
    """
    at = 0
    for cut in _CUT.finditer(text):
        word = _WORD_BACKWARDS.match(text[at : cut.start()][::-1])
        at = cut.start()
        before = word[0][::-1] if word else ""
        while before and before.find("-") in (0, 1):  # the first part of a compound has two letters or more
            before = before.partition("-")[2]
        if len(before) > 1:
            yield before, cut


def _over_pages(pages: list[str]) -> Iterator[tuple[str, BlockKind]]:
    """Yield the blocks of all pages; a paragraph across a page break is one block, before the edge lines."""
    pending: tuple[str, BlockKind] | None = None
    edges: list[tuple[str, BlockKind]] = []
    for blocks in _by_page(pages):
        first = True
        for text, kind in blocks:
            if kind in (BlockKind.BOILERPLATE, BlockKind.SEPARATOR):
                edges.append((text, kind))
                continue
            if pending is not None and first and _goes_on(pending, (text, kind)):
                pending = (f"{pending[0]}\n{text}", pending[1])
            else:
                yield from (*([pending] if pending else ()), *edges)
                pending, edges = (text, kind), []
            first = False
    yield from (*([pending] if pending else ()), *edges)


def _goes_on(before: tuple[str, BlockKind], after: tuple[str, BlockKind]) -> bool:
    """Whether the first paragraph of a page continues the last one of the previous page."""
    if before[1] is not BlockKind.BODY or _ENDED.search(before[0]):
        return False
    if _SMALL.match(after[0]):
        return after[1] in (BlockKind.BODY, BlockKind.HEADING)  # the end of a sentence is as short as a title
    return after[1] is BlockKind.BODY and _full(before[0], after[0])


def _full(before: str, after: str) -> bool:
    """Whether the first word of `after` did not fit on the last line of `before`."""
    *lines, last = before.splitlines()
    word = _FIRST_WORD.match(after)
    needed = width(last) + 1 + (width(word[0]) if word else 0)
    return bool(lines) and needed >= 0.85 * max(map(width, lines))


def _by_page(pages: list[str]) -> Iterator[list[tuple[str, BlockKind]]]:
    """Yield the blocks of each page; lines at the edges of several pages, and page numbers, are boilerplate."""
    visible_lines = [[line for line in page.splitlines() if line.strip()] for page in pages]
    edges: Counter[str] = Counter()
    for lines in visible_lines:
        edges.update({_numbered(line) for line in (*lines[:EDGE_LINES], *lines[EDGE_LINES:][-EDGE_LINES:])})
    repeated = {line for line, pages_with in edges.items() if pages_with >= max(3, 0.4 * len(pages))} | {"#"}
    for page, lines in zip(pages, visible_lines, strict=True):
        top = sum(1 for _ in takewhile(lambda line: _numbered(line) in repeated, lines[:EDGE_LINES]))
        foot = sum(1 for _ in takewhile(lambda line: _numbered(line) in repeated, lines[top:][: -EDGE_LINES - 1 : -1]))
        head = [(line, BlockKind.BOILERPLATE) for line in lines[:top]]
        tail = [(line, BlockKind.BOILERPLATE) for line in lines[len(lines) - foot :]]
        body = _between(page, lines, top, foot)
        yield [*head, *((run.span.of(body), run.kind) for run in find_blocks(body)), *tail]


def _between(page: str, lines: list[str], top: int, foot: int) -> str:
    """The page without its first `top` and last `foot` visible lines; blank lines are not removed."""
    remaining = page.splitlines()
    for _ in range(top):
        del remaining[: 1 + next(i for i, line in enumerate(remaining) if line.strip())]
    for _ in range(min(foot, len(lines) - top)):
        del remaining[len(remaining) - 1 - next(i for i, line in enumerate(reversed(remaining)) if line.strip()) :]
    return "\n".join(remaining)


def _numbered(line: str) -> str:
    """An edge line with its numbers masked, so that page numbers do not differ."""
    return _NUMBER.sub("#", line.strip())
