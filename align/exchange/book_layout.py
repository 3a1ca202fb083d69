"""The three layouts of a bilingual book: translations below, in a second column, or as notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, NamedTuple

from align.exchange.book_source import (
    PARAGRAPHS,
    PHRASES_ONLY,
    BookPage,
    container_of,
    element,
    empty_copy,
    fill,
    insert_mark,
    is_inside,
    move_space_after,
    replace,
    take_contents,
)
from align.exchange.types import BookLayout
from align.readers.html import BLOCK_ELEMENTS, element_name
from align.text.tags import is_right_to_left

OPS = "http://www.idpf.org/2007/ops"
XML = "http://www.w3.org/XML/1998/namespace"
TEXT, EXTRA, ROW, REFERENCE, NOTE = "align-text", "align-extra", "align-row", "align-ref", "align-note"
"""Classes of our elements: a translation, one without an original, a row, a reference to a note, a note."""


class BookText(NamedTuple):
    """A translation in a book. `id`: of its element."""

    id: str
    lang: str
    text: str
    is_extra: bool = False
    """A passage of the translation without an original."""
    is_block: bool = False
    """A paragraph of its own."""


class Stop(NamedTuple):
    """Translations after a part of a piece, which ends before character number `end` (None: with the piece)."""

    end: int | None
    texts: tuple[BookText, ...]


@dataclass(slots=True)
class Typesetter:
    """Writes translations into the pages of a book. version: of EPUB, 2 or 3."""

    layout: BookLayout
    version: int
    _numbers: Iterable[int] = field(default_factory=lambda: count(1))

    def set(self, page: BookPage, stops: Mapping[int, Sequence[Stop]]) -> None:
        """Write the translations of a page into its tree. `stops`: by number of the piece, in order."""
        containers = [container_of(piece) for piece in page.pieces]
        pieces_in = Counter(map(id, containers))
        marks = self._insert_marks(page, containers, stops)
        notes: list[Any] = []
        done: set[int] = set()
        for number, container in enumerate(containers):
            is_whole = pieces_in[id(container)] == 1 and element_name(container) in PARAGRAPHS
            inline = is_inside(container, ("nav", "a", "td", "th")) or element_name(container) in PHRASES_ONLY
            may_be_rows = self.layout == "columns" and not is_inside(container, ("nav", "a", "td", "th", "hgroup"))
            if may_be_rows and is_whole:
                self._rows(container, marks.get(number, []))
                continue
            if may_be_rows and not inline:
                if id(container) not in done:
                    done.add(id(container))
                    own = [k for k, one in enumerate(containers) if one is container]
                    self._rows_inside(container, [mark for k in own for mark in marks.get(k, [])])
                continue
            if self.layout == "notes" and not is_inside(container, ("nav", "a")):
                notes += [self._note(mark, texts) for mark, texts in marks.get(number, [])]
                continue
            self._below(container, marks.get(number, []), is_whole and element_name(container) == "p", inline)
        if notes:
            self._append_notes(page.tree, notes)

    def _insert_marks(
        self, page: BookPage, containers: Sequence[Any], stops: Mapping[int, Sequence[Stop]]
    ) -> dict[int, list[tuple[Any, tuple[BookText, ...]]]]:
        """Insert a mark at each stop, the last one first, so that positions stay; by number of the piece, in order."""
        marks: dict[int, list[tuple[Any, tuple[BookText, ...]]]] = {}
        for number in sorted(stops, reverse=True):
            piece, container = page.pieces[number], containers[number]
            is_contents = is_inside(container, ("nav",))
            marks[number] = [
                (insert_mark(piece, container, None if is_contents else stop.end), stop.texts)
                for stop in reversed(stops[number])
            ][::-1]
        return marks

    def _below(
        self, container: Any, marks: Sequence[tuple[Any, tuple[BookText, ...]]], is_paragraph: bool, inline: bool
    ) -> None:
        """Each translation below its original: in the paragraph, or as a paragraph after it."""
        after = container
        for mark, texts in marks:
            inside = []
            for text in texts:
                if text.is_block and is_paragraph:
                    paragraph = self._element("p", text)
                    paragraph.tail, after.tail = after.tail, "\n"
                    after.getparent().insert(after.getparent().index(after) + 1, paragraph)
                    after = paragraph
                else:
                    inside.append(self._element("div" if text.is_block and not inline else "span", text))
            replace(mark, inside)

    def _rows(self, container: Any, marks: Sequence[tuple[Any, tuple[BookText, ...]]]) -> None:
        """A paragraph as rows of two columns."""
        texts_of = dict(marks)
        parent, tail = container.getparent(), container.tail
        index = parent.index(container)
        container.tail = None
        rows: list[Any] = []
        pending: list[Any] = []
        for item in [*take_contents(container), None]:
            if item is not None and item not in texts_of:
                pending.append(item)
            elif item is not None or any(not isinstance(one, str) or one.strip() for one in pending):
                left = fill(empty_copy(container, with_id=not rows), pending)
                rows.append(self._row(left, texts_of.get(item, ())))
                pending = []
        parent.remove(container)
        for number, row in enumerate(rows):
            row.tail = "\n" if number < len(rows) - 1 else tail
            parent.insert(index + number, row)

    def _rows_inside(self, container: Any, marks: Sequence[tuple[Any, tuple[BookText, ...]]]) -> None:
        """The texts directly in a block element (a list item, a quote) as rows of two columns."""
        if not marks:
            return
        texts_of = dict(marks)
        pending: list[Any] = []
        items: list[Any] = []
        for item in take_contents(container):
            if not isinstance(item, str) and item in texts_of:
                items.append(self._row(fill(element("div"), pending), texts_of[item]))
                pending = []
            elif not isinstance(item, str) and element_name(item) in BLOCK_ELEMENTS:
                items += [*pending, item]
                pending = []
            else:
                pending.append(item)
        fill(container, [*items, *pending])

    def _row(self, left: Any, texts: Sequence[BookText]) -> Any:
        right = element("div", class_="align-side")
        for text in texts:
            right.append(self._element("p", text))
        return fill(element("div", class_=ROW), [left, right])

    def _note(self, mark: Any, texts: Sequence[BookText]) -> Any:
        """Put a reference in place of the mark; returns the note with the translations."""
        number = next(iter(self._numbers))
        note_id, reference_id = f"{NOTE}-{number}", f"{REFERENCE}-{number}"
        sign = "+" if all(text.is_extra for text in texts) else "\u00b0"
        reference = element("a", href=f"#{note_id}", class_=REFERENCE, id=reference_id)
        reference.text = sign
        note = element("aside" if self.version > 2 else "div", id=note_id, class_=NOTE)
        for text in texts:
            note.append(self._element("p", text))
        if self.version > 2:
            reference.set(f"{{{OPS}}}type", "noteref")
            reference.set("role", "doc-noteref")
            note.set(f"{{{OPS}}}type", "footnote")
            note.set("role", "doc-footnote")
        else:
            back = element("a", href=f"#{reference_id}")
            back.text = " \u21a9"
            note[-1].append(back)
        move_space_after(mark)
        replace(mark, [reference])
        return note

    def _append_notes(self, tree: Any, notes: Sequence[Any]) -> None:
        body = next(child for child in tree if element_name(child) == "body")
        section = element("section" if self.version > 2 else "div", class_="align-notes")
        if self.version > 2:
            section.set(f"{{{OPS}}}type", "footnotes")
        fill(body, [fill(section, [part for note in notes for part in (note, "\n")]), "\n"])

    def _element(self, name: str, text: BookText) -> Any:
        """The element of a translation, with its language."""
        one = element(name, id=text.id, class_=f"{TEXT} {EXTRA}" if text.is_extra else TEXT)
        one.text = text.text
        one.set(f"{{{XML}}}lang", text.lang)
        if self.version > 2:
            one.set("lang", text.lang)
        if is_right_to_left(text.lang):
            one.set("dir", "rtl")
        return one
