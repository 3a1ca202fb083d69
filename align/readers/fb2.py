"""FB2 (FictionBook): titles, paragraphs, verses and notes of the bodies; pictures and metadata are not text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from align.errors import ReadError
from align.models import BlockKind, Document
from align.readers.builder import DocumentBuilder
from align.readers.plain import text_of
from align.readers.safe_zip import xml_parser

_PARAGRAPHS = frozenset({"p", "v", "subtitle", "text-author", "td", "th", "date"})
_KINDS = {
    "title": BlockKind.HEADING, "subtitle": BlockKind.HEADING, "epigraph": BlockKind.QUOTE, "cite": BlockKind.QUOTE,
    "text-author": BlockKind.CAPTION,
}  # fmt: skip
_ENCODING = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9_:.-]{2,40})")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


def read(name: str, content: bytes, *, encoding: str | None = None, lang: str | None = None) -> Document:
    """Read the bodies of a book into blocks. Raises ReadError for broken XML and for a book without text."""
    from lxml import etree

    declared = _ENCODING.search(content[:400])
    source, used_encoding = text_of(name, content, encoding or (declared[1].decode("ascii") if declared else None))
    parser = xml_parser(recover=True, huge_tree=True)
    tree = etree.fromstring(_DECLARATION.sub("", source.removeprefix("\ufeff")).encode("utf-8", "replace"), parser)
    if tree is None:
        raise ReadError(f"{name}: not a readable FB2 file. Open it in an e-book editor and save it again.")
    for link in [node for node in tree.iter("{*}a") if node.get("type") == "note"]:
        tail = link.tail
        link.clear()
        link.tail = tail
    builder = DocumentBuilder(name, len(content))
    for body in (node for node in tree if _tag(node) == "body"):
        is_notes = body.get("name") in ("notes", "comments", "footnotes")
        for text, kind in _paragraphs(body, BlockKind.BODY):
            builder.add(text, BlockKind.COMMENT if is_notes and kind is BlockKind.BODY else kind)
    return builder.document("fb2", used_encoding, lang, "Is it a book of pictures?")


def _tag(node: Any) -> str:
    return str(node.tag).rpartition("}")[2] if isinstance(node.tag, str) else ""


def _paragraphs(parent: Any, kind: BlockKind) -> Iterator[tuple[str, BlockKind]]:
    stack = [(node, kind) for node in reversed(parent)]
    while stack:
        node, kind = stack.pop()
        tag = _tag(node)
        kind = _KINDS.get(tag, kind)
        if tag in _PARAGRAPHS:
            yield " ".join("".join(node.itertext()).split()), kind
        elif tag:
            stack += [(child, kind) for child in reversed(node)]
