"""HTML: every visible text of the page, block by block; trafilatura identifies the main text.

Nothing visible is dropped: menus, footers and the like are boilerplate blocks at their positions.
"""

from __future__ import annotations

import re
import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from align.errors import ReadError, UsageError, require_extra
from align.models import BlockKind, Document
from align.readers.builder import DocumentBuilder
from align.readers.encodings import decode
from align.text.blocks import width
from align.text.function_words import words
from align.text.language_evidence import first_evidence
from align.text.normalize import WIDE

if TYPE_CHECKING:
    from numpy import bool_, uint32, uint64
    from numpy.typing import NDArray

_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})|encoding\s*=\s*[\"']([A-Za-z0-9_:.-]{2,40})[\"']",
    re.IGNORECASE,
)
BLOCK_ELEMENTS = words(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption "
    "figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol option p pre section "
    "summary table tbody td tfoot th thead title tr ul"
)
_HIDDEN = words("script style noscript template head svg math canvas iframe object select textarea rt rp rtc")
"""Elements whose text is not part of the page; ruby annotations would interrupt the words that they explain."""
_KINDS = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6", "title", "legend", "summary"), BlockKind.HEADING),
    **dict.fromkeys(("li", "dt", "dd"), BlockKind.LIST),
    "blockquote": BlockKind.QUOTE,
    **dict.fromkeys(("figcaption", "caption"), BlockKind.CAPTION),
    **dict.fromkeys(("nav", "footer", "menu", "form", "aside"), BlockKind.BOILERPLATE),
}
_EPUB_TYPE = "{http://www.idpf.org/2007/ops}type"
_NOTE_TYPES = frozenset({"footnote", "footnotes", "endnote", "endnotes", "rearnote", "rearnotes", "note"})
"""Values of `epub:type` for notes; those of `role` have the prefix `doc-`."""
_REFERENCE_CLASSES = frozenset({"reference", "noprint", "mw-editsection", "footnote-ref", "noteref", "footnote-back"})
_REFERENCE_MARK = re.compile(
    r"[\[(]?\s*(?:\d{1,4}|[a-z]|[ivxlc]{1,6}|(?:note|n\.?|注|註)\s*\d{1,3}|[*†‡§¶#↑^⤴↩︎]{1,3})\s*[\])]?", re.IGNORECASE
)
"""Text of a link to a note or back from it."""
_TO_NOTE = re.compile(r"#(?:.*[_-])?(?:fn|fnref|ftn|footnote|endnote|note)", re.IGNORECASE)
_ANCHORS = frozenset("¶#§🔗")
_COMMENTS = re.compile(r"(?:^|[\s_-])(?:comments?|commentlist|replies|disqus)(?:$|[\s_-])", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\r\n\f]+")
_WIDE_BREAK = re.compile(f"(?<=[{WIDE}])[ \t]*\r?\n[ \t\r\n]*(?=[{WIDE}])")
"""A line break of the source between characters of unspaced scripts: nothing, not a space."""
_SUBSET = re.compile(r"\A(\s*<!DOCTYPE[^<>\[]{0,1000})\[.{0,60000}?\]\s*>", re.IGNORECASE | re.DOTALL)
"""Internal subset of a document type, which the parser would take for text."""
_ANY_TAG = re.compile(r"</?([a-zA-Z][\w-]*)(?![\w-])[^<>]*>")
MAX_NESTING = 400
"""Maximum nesting of elements; deeper ones are read as text of their parent."""
_UNWRAPPED = words("audio button data label meter output picture progress ruby rb time video")
"""Elements inside a paragraph that trafilatura would drop with their words."""
_INLINE = words(
    "a abbr b bdi bdo big cite code del dfn em font i img ins kbd label mark nobr q s samp small span strike strong "
    "sub sup tt u var wbr"
)
MAX_INLINE_ELEMENTS = 500
"""Children of an element above which inline ones are removed: trafilatura takes quadratic time in them."""
_UNREAD = tuple(sorted(_HIDDEN - {"script", "style", "head"}))
"""Elements that trafilatura would read, and we do not."""
MAX_MAIN_CHARACTERS = 3 << 20
"""Maximum characters of a page for which the main text is extracted: trafilatura takes more than linear time."""
MIN_SUMMARY_LETTERS = 40
"""Minimum letters (CJK counted double) of a text in another language than the main text that is not boilerplate."""


class Part(NamedTuple):
    """A text of the tree in a piece: the text or the tail of an element."""

    node: Any
    """None: white space for an element (a line break, a picture)."""
    is_tail: bool
    text: str


class Piece(NamedTuple):
    """The text of a page between two borders of block elements."""

    text: str
    kind: BlockKind
    lang: str | None
    parts: tuple[Part, ...]
    """Where the text is in the tree: they have the same characters other than white space."""


def read(name: str, content: bytes, *, encoding: str | None = None, lang: str | None = None) -> Document:
    """Read a page into blocks. Raises ReadError where it has no text."""
    source, used_encoding = source_of(name, content, encoding)
    composer = DocumentBuilder(name, len(content))
    add_page(composer, source)
    return composer.document(
        "html", used_encoding, lang, "If JavaScript renders it, save the page as text and add that."
    )


def source_of(name: str, content: bytes, encoding: str | None) -> tuple[str, str]:
    """Decode the source: by `encoding`, a byte order mark, the page's own declaration, or its bytes."""
    declared = _CHARSET.search(content[:4096])
    if encoding is None and declared and not content.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        charset = (declared[1] or declared[2]).decode("ascii").lower()
        try:
            return decode(name, content, charset)
        except (ReadError, UsageError):
            pass  # declarations of pages are often wrong
    return decode(name, content, encoding)


def add_page(composer: DocumentBuilder, source: str, *, is_chapter: bool = False) -> None:
    """Add the blocks of a page, in order, to `composer`.

    is_chapter: of a book, all of whose text is main text and whose title is not visible.
    """
    tree = page_tree(source)
    if tree is None:
        return
    main = _main_text(source, tree) if not is_chapter and len(source) <= MAX_MAIN_CHARACTERS else ""
    pieces = list(pieces_of_page(tree, with_title=not is_chapter))
    kinds = _kinds_given_main(main, pieces) if main else [piece.kind for piece in pieces]
    for piece, kind in zip(pieces, kinds, strict=True):
        composer.add(piece.text, kind, piece.lang)


def _kinds_given_main(main: str, pieces: list[Piece]) -> list[BlockKind]:
    """Kinds of the pieces of a page, given its main text: pieces outside it are boilerplate.

    Exceptions are comments, long headings, headings before a piece of main text, and pieces in another language
    than the main text.
    """
    lang = first_evidence(main[:2000]).best
    kinds: list[BlockKind] = []
    before_main = False
    for piece, is_main in zip(reversed(pieces), reversed(in_main(main, [piece.text for piece in pieces])), strict=True):
        heading = piece.kind is BlockKind.HEADING
        stays = (
            is_main
            or piece.kind is BlockKind.COMMENT
            or (heading and (before_main or width(piece.text) >= 15))
            or _is_other_language(piece.text, lang)
        )
        kinds.append(piece.kind if stays else BlockKind.BOILERPLATE)
        before_main = is_main or (heading and before_main)
    return kinds[::-1]


def page_tree(source: str) -> Any:
    """The tree of a page by the HTML parser; None where it has no element."""
    from lxml import etree, html

    # The text is decoded already, so remove a declared encoding; the parser stops at NULs.
    source = _SUBSET.sub(r"\1>", re.sub(r"^\s*<\?xml[^>]*\?>", "", source.replace("\0", ""), count=1), count=1)
    for prepare in (str, _flatten):
        # Without huge_tree, the parser drops everything after 256 levels of nesting; with it, after 2048.
        parser = html.HTMLParser(
            no_network=True, remove_comments=True, remove_pis=True, huge_tree=True, encoding="utf-8"
        )
        try:
            tree = html.document_fromstring(prepare(source).encode("utf-8", "replace"), parser=parser)
        except (etree.ParserError, etree.XMLSyntaxError, ValueError):
            return None
        if not any(error.type_name == "ERR_RESOURCE_LIMIT" for error in parser.error_log):
            break
    return tree


def _flatten(source: str) -> str:
    """A page without nesting, split at its blocks: for pages nested too deeply for the parser."""
    remaining_tags = _HIDDEN | {"html", "title", "body", "br"}

    def replaced(tag: re.Match[str]) -> str:
        name = tag[1].lower()
        return tag[0] if name in remaining_tags else "<hr>" if name in BLOCK_ELEMENTS else ""

    return _ANY_TAG.sub(replaced, source)


def _is_other_language(text: str, lang: str) -> bool:
    """Whether a text is certainly in another language than the main text: a summary or a translation of it.

    trafilatura reads the article only and drops such texts above it.
    """
    evidence = first_evidence(text)
    return evidence.is_certain and evidence.weight >= MIN_SUMMARY_LETTERS and evidence.best != lang


def _main_text(source: str, tree: Any) -> str:
    """The main text by trafilatura, limited to the words that we read; empty if it finds none."""
    import copy
    import logging

    from lxml import etree

    require_extra("trafilatura")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its dependencies, where a proxy is set
        import trafilatura

    if len(tree) < 2 and "html" not in source[:50].lower():
        return ""  # a fragment of a page has no other text than its main text
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    try:
        page = copy.copy(tree)
        etree.strip_elements(page, *_UNREAD, with_tail=False)
        for paragraph in page.iter("p", "h1", "h2", "h3", "h4", "h5", "h6"):
            etree.strip_tags(paragraph, *_UNWRAPPED)
        for crowded in [node for node in page.iter() if len(node) > MAX_INLINE_ELEMENTS]:
            etree.strip_tags(crowded, *_INLINE)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Serialise again: trafilatura takes quadratic time over adjacent texts without elements between them.
            plain = etree.tostring(page, encoding="unicode", method="html")
            extracted = trafilatura.extract(plain, include_comments=False, include_tables=True, favor_recall=True)
    except Exception:  # if trafilatura fails on odd markup, there is no main text
        return ""
    return extracted or ""


def pieces_of_page(tree: Any, *, with_title: bool = True) -> Iterator[Piece]:
    """Yield the texts of the page between the borders of block elements, with the kind and language of each.

    tree: of the HTML parser, or of an XML parser with the namespace of XHTML.
    """
    buffer: list[Part] = []

    def flush(kind: BlockKind, lang: str | None) -> Iterator[Piece]:
        joined = "".join([part.text for part in buffer])
        text = _SPACE.sub(" ", _WIDE_BREAK.sub("", joined)).replace("\u2028", "\n").strip()
        if text:
            yield Piece(re.sub(r" ?\n ?", "\n", text), kind, lang, tuple(buffer))
        buffer.clear()

    stack: list[tuple[Any, BlockKind, str | None, Iterator[Any]]] = []
    kind, lang = BlockKind.BODY, tree.get("lang")
    title = tree.findtext(".//title")
    if with_title and title and title.strip():
        yield Piece(_SPACE.sub(" ", title).strip(), BlockKind.HEADING, lang, ())
    stack.append((tree, kind, lang, iter(tree)))
    while stack:
        node, kind, lang, children = stack[-1]
        child = next(children, None)
        if child is None:
            stack.pop()
            if element_name(node) in BLOCK_ELEMENTS:
                yield from flush(kind, lang)
            if stack and node.tail:
                buffer.append(Part(node, True, node.tail))
            continue
        tag = element_name(child)
        is_invisible = (
            tag in _HIDDEN or child.get("hidden") is not None or _is_anchor(child, tag) or _is_reference(child, tag)
        )
        if not tag or is_invisible or len(stack) > MAX_NESTING:
            if len(stack) > MAX_NESTING and tag not in _HIDDEN:
                buffer.append(Part(child, False, " ".join(child.itertext())))
            buffer.append(Part(child, True, child.tail or ""))
            continue
        if tag in BLOCK_ELEMENTS:
            yield from flush(kind, lang)
        elif tag == "br":
            buffer.append(Part(None, False, "\u2028"))
        elif tag == "img":
            alt = (child.get("alt") or "").strip()  # a single one is a rare character, as a picture
            buffer.append(Part(None, False, alt if len(alt) == 1 and alt.isalpha() else " "))
        stack.append((child, _kind(child, tag, kind), child.get("lang") or lang, iter(child)))
        if child.text:
            buffer.append(Part(child, False, child.text))


def element_name(node: Any) -> str:
    """Name of an element without its namespace; empty for a comment or an instruction."""
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def _is_anchor(node: Any, tag: str) -> bool:
    """Whether a link is only a sign next to a heading that points to the heading itself."""
    return tag == "a" and (node.text or "").strip() in _ANCHORS and not len(node) and node.get("href", "")[:1] == "#"


def _is_reference(node: Any, tag: str) -> bool:
    """Whether an inline element is only a reference mark to a note or a source, or a link to edit a section."""
    if tag not in ("a", "sup", "span"):
        return False
    if _REFERENCE_CLASSES & set((node.get("class") or "").split()) or _types(node) & {
        "noteref",
        "backlink",
        "pagebreak",
    }:
        return True
    link = node if tag == "a" else node.find(".//{*}a") if tag == "sup" else None
    href = "" if link is None else link.get("href") or ""
    if "#" not in href or _REFERENCE_MARK.fullmatch("".join(node.itertext()).strip()) is None:
        return False
    return "sup" in (tag, element_name(node.getparent()), *map(element_name, node)) or bool(_TO_NOTE.search(href))


def _types(node: Any) -> set[str]:
    """Values of `epub:type` and `role`, without the prefix `doc-`."""
    values = " ".join([node.get(name) or "" for name in ("epub:type", _EPUB_TYPE, "role")])
    return {value.removeprefix("doc-") for value in values.lower().split()}


def _kind(node: Any, tag: str, parent_kind: BlockKind) -> BlockKind:
    if parent_kind in (BlockKind.BOILERPLATE, BlockKind.COMMENT):
        return parent_kind
    if tag in BLOCK_ELEMENTS and (_types(node) | set((node.get("class") or "").split()) - {"note"}) & _NOTE_TYPES:
        return BlockKind.COMMENT
    if _COMMENTS.search(f"{node.get('id', '')} {node.get('class', '')}") and tag in BLOCK_ELEMENTS and tag != "body":
        return BlockKind.COMMENT
    if parent_kind in (BlockKind.QUOTE, BlockKind.CAPTION) and tag in ("p", "div", "span"):
        return parent_kind
    if parent_kind is BlockKind.LIST and tag == "p":
        return parent_kind
    if tag in ("p", "div", "section", "article", "main", "td", "th"):
        return BlockKind.BODY
    return _KINDS.get(tag, parent_kind)


SHINGLE_CHARACTERS = 12
"""Consecutive letters and digits that two texts share only if one was copied from the other."""
WIDE_SHINGLE_CHARACTERS = 6
"""The same for mostly CJK characters."""
MIN_SHARED_LETTERS = 0.5
"""Minimum share of a piece's letters in such shingles: inline elements may cause small differences."""
_BASE = 0x9E3779B97F4A7C15
"""Odd, so that hashes of shingles do not lose bits of their characters."""


def in_main(main: str, pieces: Sequence[str]) -> list[bool]:
    """Whether each piece is in the main text: most of its letters and digits are in shingles of it.

    Only shingles are compared, not their order. A piece shorter than a shingle has to be in the main text as a
    whole; a piece without a letter or digit counts as in it.
    """
    import numpy as np

    codes = _codes(_bare(main))
    result = np.ones(len(pieces), dtype=bool)
    by_size: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    for index, piece in enumerate(pieces):
        if bare := _bare(piece):
            size = WIDE_SHINGLE_CHARACTERS if width(bare) > 1.5 * len(bare) else SHINGLE_CHARACTERS
            by_size[min(size, len(bare))].append((index, bare))
    for size, group in by_size.items():
        lengths = np.array([len(bare) for _, bare in group])
        covered = _covered(codes, _codes("".join(bare for _, bare in group)), lengths, size)
        shares = np.add.reduceat(covered, np.cumsum(lengths) - lengths, dtype=np.int64) / lengths
        result[[index for index, _ in group]] = shares >= MIN_SHARED_LETTERS
    return [bool(one) for one in result]


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)


def _codes(text: str) -> NDArray[uint32]:
    import numpy as np

    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _covered(main: NDArray[uint32], joined: NDArray[uint32], lengths: NDArray[uint64], size: int) -> NDArray[bool_]:
    """Which characters of the `joined` pieces are in a shingle of `size` characters that also occurs in the main text.

    lengths (n,): of the pieces, each at least `size`; no shingle spans two pieces.
    """
    import numpy as np

    inside, hashes = np.append(np.sort(_hashes(main, size)), np.uint64(0)), _hashes(joined, size)
    shared = inside[np.searchsorted(inside[:-1], hashes)] == hashes  # np.isin takes up to 20 times as long
    ends = np.cumsum(lengths)[:-1]
    for back in range(1, size):
        shared[ends - back] = False
    steps = np.zeros(len(joined) + 1, dtype=np.int64)
    starts = np.flatnonzero(shared)
    steps[starts] += 1
    steps[starts + size] -= 1
    return np.cumsum(steps)[:-1] > 0


def _hashes(codes: NDArray[uint32], size: int) -> NDArray[uint64]:
    """64-bit hash of each run of `size` characters."""
    import numpy as np

    count = max(0, len(codes) - size + 1)
    hashes = np.zeros(count, dtype=np.uint64)
    for at in range(size):
        hashes = hashes * np.uint64(_BASE) + codes[at : at + count]
    return hashes
