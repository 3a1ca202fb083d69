"""PDF by pypdf: the text layer, page by page; what repeats at the edges of pages is boilerplate."""

from __future__ import annotations

import io
import logging
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from itertools import takewhile

from align.domain import BlockKind, Document
from align.errors import ReadError
from align.readers.compose import Composer
from align.readers.limits import check_unfolded
from align.text.blocks import runs, width
from align.text.clean import letters
from align.text.scripts import HAN_CLASS, KANA_CLASS

_NUMBER = re.compile(r"\d+")
_CUT = re.compile(r"(?P<mark>[-\u00ad\u2010])[ \t]*\n(?P<after>[^\W\d_A-ZÀ-ÞА-Я]{2,})")
"""A hyphen at a line's end that cuts a word, if it follows one: what comes after it begins small."""
_WORD_BACKWARDS = re.compile(r"[^\W\d_]++(?:-[^\W\d_]++)*+")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_ENDED = re.compile(r"[.!?。！？｡…:：;؟۔।]['\"’”»」』)）\]]*\s*$")
_SMALL = re.compile("[\"'“‘(]?[a-zß-öø-ÿāă-žа-яёіїєґα-ωά-ώ]")
_FIRST_WORD = re.compile(r"[!-~\u00c0-\u024f\u0370-\u052f]+|.")
_BETWEEN_WIDE = re.compile(f"(?<=[{HAN_CLASS}{KANA_CLASS}ー、。]) (?=[{HAN_CLASS}{KANA_CLASS}ー、。])")
"""A space that the layout put between two characters of a text that writes none."""
_POINT = re.compile("(?<=[\u3041-\u30ff\u3400-\u9fff])\u2027(?=[\u3041-\u30ff\u3400-\u9fff])")
"""A hyphenation point that stands for the middle dot of Japanese names."""
EDGE = 2
"""Lines at the top and at the foot of a page that can be its running head, its foot, its number."""
OCR = "Its pages are pictures. Recognise their text first (OCR, for example with ocrmypdf) and add the result."


def read(name: str, content: bytes, *, encoding: str | None = None, lang: str | None = None) -> Document:
    """The text of a PDF's pages. Raises ReadError for a broken, protected or image-only one."""
    pages = [_tidy(page) for page in _pages(name, content)]
    known = _words(pages)
    composer = Composer(name, len(content))
    for text, kind in _over_pages(pages):
        composer.add(_unhyphenated(text, known), kind)
    return composer.document("pdf", "utf-8", lang, OCR)


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
            read: set[int] = set()
            size = 0
            for page in reader.pages:
                number = page.indirect_reference.idnum if page.indirect_reference is not None else -1 - len(pages)
                if number not in read:  # a page is there once, however often it is named
                    read.add(number)
                    pages.append(page.extract_text() or "")
                    size += len(pages[-1])
                    check_unfolded(name, len(content), size)
            return pages
    except ReadError:
        raise
    except pypdf.errors.DependencyError as error:
        raise ReadError(
            f"{name}: encrypted in a way we cannot read. Save it without protection and add that."
        ) from error
    except (Exception, RecursionError) as error:  # pypdf lets many kinds through for damaged files
        reason = (str(error).splitlines() or [""])[0][:120] or type(error).__name__
        raise ReadError(f"{name}: a broken PDF ({reason}). Open it and print it to a new PDF.") from error


def _tidy(page: str) -> str:
    """The page with what fonts' tables leave behind mended: halves of characters, NULs, radicals for characters."""
    page = page.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")
    page = letters(page.replace("\f", "\n"))
    return _POINT.sub("・", _BETWEEN_WIDE.sub("", page))


def _words(pages: list[str]) -> Counter[str]:
    """The words of the pages that have one cut by a hyphen at a line's end, compounds as such; else none."""
    if not any(True for page in pages for _ in _cuts(page)):
        return Counter()
    return Counter(word for page in pages for word in _WORD.findall(page.lower()))


def _unhyphenated(text: str, known: Counter[str]) -> str:
    """`text` with words whole that a line's end cuts: without the hyphen, unless it is written so elsewhere too."""
    pieces: list[str] = []
    at = 0
    for before, cut in _cuts(text):
        after = cut["after"]
        compound = cut["mark"] == "-" and (
            "-" in before or known[f"{before}-{after}".lower()] > known[f"{before}{after}".lower()]
        )
        pieces += [text[at : cut.start()], "-" * compound, after]
        at = cut.end()
    return "".join([*pieces, text[at:]])


def _cuts(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    """The words that a hyphen cuts at a line's end, with the hyphen and what comes after it.

    The hyphen is looked for first, and the word before it backwards: from every letter on, a long run of letters would
    take quadratic time.
    """
    at = 0
    for cut in _CUT.finditer(text):
        word = _WORD_BACKWARDS.match(text[at : cut.start()][::-1])
        at = cut.start()
        before = word[0][::-1] if word else ""
        while before and before.find("-") in (0, 1):  # a compound begins with a part of two letters or more
            before = before.partition("-")[2]
        if len(before) > 1:
            yield before, cut


def _over_pages(pages: list[str]) -> Iterator[tuple[str, BlockKind]]:
    """The blocks of all pages; a paragraph that goes on over a page's end is one, before what stands at the edges."""
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
    """Whether the first paragraph of a page goes on with the last one of the page before."""
    if before[1] is not BlockKind.BODY or _ENDED.search(before[0]):
        return False
    if _SMALL.match(after[0]):
        return after[1] in (BlockKind.BODY, BlockKind.HEADING)  # the end of a sentence is as short as a title
    return after[1] is BlockKind.BODY and _full(before[0], after[0])


def _full(before: str, after: str) -> bool:
    """Whether the first word of `after` had no room on the last line of `before`."""
    *lines, last = before.splitlines()
    word = _FIRST_WORD.match(after)
    room = width(last) + 1 + (width(word[0]) if word else 0)
    return bool(lines) and room >= 0.85 * max(map(width, lines))


def _by_page(pages: list[str]) -> Iterator[list[tuple[str, BlockKind]]]:
    """The blocks of each page; lines that stand at the edge of several pages, and page numbers, are boilerplate."""
    inked = [[line for line in page.splitlines() if line.strip()] for page in pages]
    edges: Counter[str] = Counter()
    for lines in inked:
        edges.update({_numbered(line) for line in (*lines[:EDGE], *lines[EDGE:][-EDGE:])})
    often = {line for line, pages_with in edges.items() if pages_with >= max(3, 0.4 * len(pages))} | {"#"}
    for page, lines in zip(pages, inked, strict=True):
        top = sum(1 for _ in takewhile(lambda line: _numbered(line) in often, lines[:EDGE]))
        foot = sum(1 for _ in takewhile(lambda line: _numbered(line) in often, lines[top:][: -EDGE - 1 : -1]))
        head = [(line, BlockKind.BOILERPLATE) for line in lines[:top]]
        tail = [(line, BlockKind.BOILERPLATE) for line in lines[len(lines) - foot :]]
        body = _between(page, lines, top, foot)
        yield [*head, *((run.span.of(body), run.kind) for run in runs(body)), *tail]


def _between(page: str, lines: list[str], top: int, foot: int) -> str:
    """The page without its first `top` and last `foot` lines with ink; its blank lines stay."""
    kept = page.splitlines()
    for _ in range(top):
        del kept[: 1 + next(i for i, line in enumerate(kept) if line.strip())]
    for _ in range(min(foot, len(lines) - top)):
        del kept[len(kept) - 1 - next(i for i, line in enumerate(reversed(kept)) if line.strip()) :]
    return "\n".join(kept)


def _numbered(line: str) -> str:
    """An edge line with its numbers alike, so that page numbers do not tell pages apart."""
    return _NUMBER.sub("#", line.strip())
