"""Verification of a bilingual book: another parser reads its translations and the text around them back."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

from align.errors import ExportError
from align.exchange.book_layout import NOTE, REFERENCE, TEXT, BookText
from align.exchange.book_source import BookSource

_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_OURS = frozenset({TEXT, REFERENCE, NOTE})


def check_book(path: Path, out: Path, texts: Sequence[BookText], source: BookSource) -> None:
    """Raise ExportError where a translation or the text of a page does not read back; messages name `out`.

    texts: as they were written, by id.
    """
    back: dict[str, tuple[str, str]] = {}
    with zipfile.ZipFile(path) as archive:
        for page in source.pages:
            content = archive.read(page.path)
            if b"align-" not in content:
                continue  # without translations, so copied byte by byte
            original = "".join("".join(_texts(ElementTree.fromstring(content), back)).split())
            if original != page.text:
                raise ExportError(f"{out}: the text of its page {page.path} changed. Nothing was replaced; "
                                  "please report this, or write the file with --no-prove.")  # fmt: skip
    differing = [one.id for one in texts if back.pop(one.id, None) != (one.lang, one.text)]
    if differing or back:
        raise ExportError(
            f"{out}: {len(differing) + len(back)} translations do not read back as they were written "
            f"({', '.join([*differing, *back][:3])}). Nothing was replaced; please report this, or write the file "
            "with --no-prove."
        )


def _texts(node: ElementTree.Element, back: dict[str, tuple[str, str]]) -> Iterator[str]:
    """The texts of an element without ours, whose languages and texts go to `back`, by id."""
    classes = set((node.get("class") or "").split())
    if TEXT in classes:
        back[node.get("id") or ""] = (node.get(_LANG) or "", node.text or "")
    is_original = not classes & _OURS
    if is_original:
        yield node.text or ""
    for child in node:
        inner = list(_texts(child, back))
        if is_original:
            yield from [*inner, child.tail or ""]
