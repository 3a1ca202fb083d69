"""Build a text and its document from the blocks of a format."""

from __future__ import annotations

from align.errors import ReadError
from align.models import BlockKind, Document, Span
from align.readers.safe_zip import check_expansion
from align.text.segment import BlockMark, segment


class DocumentBuilder:
    """Collects blocks and builds the text of the document, with a blank line between blocks and a span for each.

    name, size in bytes: of the file that the blocks come from.
    """

    def __init__(self, name: str, size: int) -> None:
        self._name = name
        self._size = size
        self._texts: list[str] = []
        self._marks: list[BlockMark] = []
        self._at = 0

    def add(
        self, text: str, kind: BlockKind, lang: str | None = None, *, is_sentence: bool = False, before: str = ""
    ) -> None:
        """Add a block unless it is blank. Raises ReadError where the text is longer than the file's size allows.

        before: characters of the block that are not text, such as the key of a string. Pairs of surrogates, which
        formats with UTF-16 escapes have, become characters, and lone ones U+FFFD. NUL is dropped.
        """
        bare, before = _characters(text).strip(), _characters(before)
        if not bare:
            return
        check_expansion(self._name, self._size, self._at + len(before) + len(bare))
        if self._texts:
            self._texts.append("\n\n")
            self._at += 2
        self._texts += [before, bare]
        end = self._at + len(before) + len(bare)
        parts = (Span(end - len(bare), end),) if before else None
        self._marks.append(BlockMark(Span(self._at, end), kind, lang, parts, is_sentence))
        self._at = end

    def __len__(self) -> int:
        return len(self._marks)

    def document(self, reader: str, encoding: str, lang: str | None, hint: str) -> Document:
        """The document. Raises ReadError with `hint` (what to do) if there is no block."""
        if not self._marks:
            raise ReadError(f"{self._name}: no text found. {hint}")
        text = "".join(self._texts)
        return Document(self._name, text, segment(text, marks=self._marks, lang=lang), reader, encoding)


def _characters(text: str) -> str:
    text = text.replace("\0", "")
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
