"""PDF by pypdf: the text layer, page by page; what repeats at the edges of pages is boilerplate."""

from __future__ import annotations

import io
import logging
import re
import warnings
from collections import Counter

from align.domain import BlockKind, Document, Span
from align.errors import ReadError
from align.text.blocks import runs
from align.text.segment import Mark, segment

SUFFIXES = frozenset({".pdf"})
_NUMBER = re.compile(r"\d+")
OCR = "Its pages are pictures. Recognise their text first (OCR, for example with ocrmypdf) and add the result."


def read(name: str, content: bytes, *, encoding: str | None = None, lang: str | None = None) -> Document:
    """The text of a PDF's pages. Raises ReadError for a broken, protected or image-only one."""
    pages = [_tidy(page) for page in _pages(name, content)]
    if not any(page.strip() for page in pages):
        raise ReadError(f"{name}: no text in it. {OCR}")
    text = "\f".join(pages)
    return Document(name, text, segment(text, kinds=_marks(text), lang=lang), "pdf", "utf-8")


def _pages(name: str, content: bytes) -> list[str]:
    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reader = pypdf.PdfReader(io.BytesIO(content))
            if reader.is_encrypted and not reader.decrypt(""):
                raise ReadError(f"{name}: protected by a password. Save it without one and add that.")
            return [page.extract_text() or "" for page in reader.pages]
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
    """Unpaired surrogates, which some fonts' tables yield, and NULs made visible as unknown characters."""
    return (
        page.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd").replace("\f", "\n")
    )


def _marks(text: str) -> list[Mark]:
    """The runs of all pages; lines that stand at the edge of several pages are boilerplate."""
    edges: Counter[str] = Counter()
    pages = text.split("\f")
    for page in pages:
        lines = [line.strip() for line in page.splitlines() if line.strip()]
        edges.update({_NUMBER.sub("#", line) for line in (*lines[:2], *lines[-2:])})
    often = {line for line, pages_with in edges.items() if pages_with >= max(3, 0.4 * len(pages))}
    marks: list[Mark] = []
    at = 0
    for page in pages:
        for run in runs(page):
            span = Span(run.span.start + at, run.span.end + at)
            line = _NUMBER.sub("#", span.of(text).strip())
            marks.append(Mark(span, BlockKind.BOILERPLATE if line in often or line == "#" else run.kind))
        at += len(page) + 1
    return marks
