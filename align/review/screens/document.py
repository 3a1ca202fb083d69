"""Document screen: both documents with their links; links are made by hand here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from align.errors import AlignError
from align.models import Link
from align.review.consequences import Consequences
from align.review.keys import ACTIONS_BY_ID, DOCUMENT_KEYS, bindings
from align.review.queries import NOT_REJECTED, OneLanguage, WholeDocument
from align.review.screens.base import ours
from align.review.screens.dialogs import HelpScreen, LinkIds, confirm_existing_links
from align.review.screens.realign_preview import RealignmentPreview
from align.review.widgets.bars import KeyBar, Line
from align.review.widgets.document_columns import DocumentColumns
from align.review.widgets.texts import Passage, SideView, Texts
from align.reviewer import Reviewer
from align.store import Change, edits
from align.store.edits import Edit
from align.text.tags import primary
from align.workspace.history import words_of


@dataclass(frozen=True, slots=True)
class View:
    """Documents and languages to show; `link`: initial position; `relinks`: the link is to be relinked."""

    documents: tuple[int, int]
    langs: tuple[str, str]
    names: tuple[str, str]
    link: Link | None = None
    relinks: bool = False

    @classmethod
    def of(cls, link: Link, *, relinks: bool = False) -> View:
        """View of a link's documents."""
        return cls(
            (link.src.document, link.tgt.document),
            (link.src.lang, link.tgt.lang),
            (link.src.doc, link.tgt.doc),
            link,
            relinks,
        )


class DocumentScreen(Screen[int | None]):
    """Both documents. Dismissed with the id of the link to review next, or None."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(
        (*DOCUMENT_KEYS, *(ACTIONS_BY_ID[name] for name in ("undo", "redo", "clear", "help", "back")))
    )

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view
        self._moving: Link | None = view.link if view.relinks else None
        self._move: Future[Any] | None = None

    def compose(self) -> ComposeResult:
        """Header, both documents, the current sentences in full, message line, key bar."""
        browser = ours(self).browser
        src, tgt = self.view.documents
        if src == tgt:
            columns: tuple[Any, Any] = (
                OneLanguage(browser, src, self.view.langs[0]),
                OneLanguage(browser, tgt, self.view.langs[1]),
            )
        else:
            columns = WholeDocument(browser, src), WholeDocument(browser, tgt)
        yield Line(id="top")
        yield DocumentColumns(columns, self._links_of, id="pages")
        yield Texts(id="under")
        yield Line(id="said", max_lines=2)
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Go to the sentences of the link."""
        pages = self.query_one(DocumentColumns)
        pages.focus()
        link = self.view.link
        if link is not None:
            for side, ends in enumerate((link.src, link.tgt)):
                pages.cursors[side] = pages.columns[side].row_number(ends.sentences[0]) or 0
        if self._moving is not None:
            pages.picked[0].update(self._moving.src.sentences)
            pages.side = 1
            self.show_message("Go to the new target and press `l`; Space selects several. Tab goes to the source side.")
        names = [name.rsplit("/", 1)[-1] for name in self.view.names]
        title = " ↔ ".join(dict.fromkeys(names))
        self.query_one("#top", Line).show(f" {title}", f"{self.view.langs[0]} → {self.view.langs[1]} ")

    def show_message(self, words: str) -> None:
        """Show a message."""
        self.query_one("#said", Line).show(words)

    def _links_of(self, sentences: Sequence[int]) -> list[Link]:
        """Links of these sentences between the two documents, in the direction shown."""
        links_of_sentence: dict[int, Link] = {}
        for links in ours(self).browser.links_of_sentences(list(sentences)).values():
            for link in links:
                pair = (link.src.document, link.tgt.document)
                same_langs = all(
                    primary(side.lang) == primary(lang)
                    for side, lang in zip((link.src, link.tgt), self.view.langs, strict=True)
                )
                if link.status in NOT_REJECTED and pair == self.view.documents and (pair[0] != pair[1] or same_langs):
                    links_of_sentence[link.id] = link
        return list(links_of_sentence.values())

    def on_document_columns_cursor_moved(self, _message: DocumentColumns.CursorMoved) -> None:
        """Show both current sentences in full."""
        pages = self.query_one(DocumentColumns)
        rows = (pages.current, pages.other())
        left, right = rows if pages.side == 0 else rows[::-1]
        sides = []
        for number, row in enumerate((left, right)):
            title = f"{row.lang} ¶{row.block + 1} {row.kind.value} {row.span.start}–{row.span.end}" if row else ""
            body = (Passage(row.text, (), "body", "▌" if number == pages.side else "▏"),) if row else ()
            sides.append(SideView(title, (), body, (), active=number == pages.side))
        self.query_one("#under", Texts).show(sides)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable actions that need a link."""
        if action in ("partner", "show_link") and self.is_mounted:
            return bool(self.query_one(DocumentColumns).links_here())
        return True

    def action_pick(self) -> None:
        """Toggle the sentence in the selection; change sides if the other side has no selection."""
        pages = self.query_one(DocumentColumns)
        row = pages.current
        if row is None:
            return
        picked = pages.picked[pages.side]
        picked.symmetric_difference_update({row.id})
        if row.id in picked and not pages.picked[1 - pages.side]:
            self.action_cross()
        else:
            pages.refresh()

    def action_cross(self) -> None:
        """Change to the other side."""
        pages = self.query_one(DocumentColumns)
        pages.side = 1 - pages.side
        pages.go(pages.side, pages.cursors[pages.side])

    def action_partner(self) -> None:
        """Go to a linked sentence."""
        self.action_cross()

    def action_next_unlinked(self) -> None:
        """Go to the next sentence of this side without a link."""
        pages = self.query_one(DocumentColumns)
        column, start = pages.columns[pages.side], pages.cursors[pages.side] + 1
        while start < column.count:
            rows = column.rows(start, 200)
            linked = {
                sentence
                for link in self._links_of([row.id for row in rows])
                for sentence in (*link.src.sentences, *link.tgt.sentences)
            }
            for number, row in enumerate(rows):
                if row.id not in linked:
                    pages.go(pages.side, start + number)
                    return
            start += len(rows)
        self.show_message("Every sentence below is linked.")

    def action_make(self) -> None:
        """Link the selected sentences; a side without a selection uses its current sentence."""
        pages = self.query_one(DocumentColumns)
        ends = []
        for side in (0, 1):
            here = pages.columns[side].rows(pages.cursors[side], 1)
            picked = sorted(pages.picked[side]) or [row.id for row in here]
            ends.append(tuple(picked))
        if not (pages.picked[0] or pages.picked[1]):
            self.show_message("Select sentences with Space first, one or more on each side.")
            return
        src, tgt = ends

        def go_on(link_ids: LinkIds | None) -> None:
            if link_ids is None:
                self.show_message("Linking: cancelled, nothing changed.")
            elif self._moving is not None:
                self._fix(edits.relink(self._moving.id, src, tgt, shared=link_ids), "Re-linking")
            else:
                self._fix(edits.link_by_hand(src, tgt, shared=link_ids), "Linking")

        try:
            confirm_existing_links(ours(self), (src, tgt), self._moving, go_on)
        except AlignError as error:
            self.show_message(str(error))

    def _fix(self, edit: Edit, words: str) -> None:
        def answered(answer: Consequences | None) -> None:
            if answer is None:
                self.show_message(f"{words}: cancelled, nothing changed.")
                return
            expected = dict(answer.versions)
            if self._moving is not None:
                expected[self._moving.id] = self._moving.version
            self._save(
                lambda reviewer: reviewer.commit(edit, expected=expected, realignment=answer.realignment),
                moves=self._moving is not None,
            )

        self.app.push_screen(RealignmentPreview(edit, words), answered)

    def _save(self, work: Callable[[Reviewer], Change], *, moves: bool = False) -> None:
        future = ours(self).decision_writer.submit(work)
        if moves:
            self._move = future
        if ours(self).in_time(future, self):
            self.saved(future)
        else:
            self._let_go()
            self.show_message("saving …")

    def saved(self, future: Future[Any]) -> None:
        """Show the result of a decision, or its error."""
        try:
            change = future.result()
        except AlignError as error:
            self.show_message(str(error))
            return
        self._let_go()
        if future is self._move and self.is_current:
            self.dismiss(change.next_link or (self._moving.id if self._moving else None))
            return
        self.show_message(words_of(change.decision))
        pages = self.query_one(DocumentColumns)
        for column in pages.columns:
            column.reload()
        pages.sync_sides()

    def _let_go(self) -> None:
        """Clear the selection."""
        pages = self.query_one(DocumentColumns)
        for picked in pages.picked:
            picked.clear()
        pages.refresh()

    def action_undo(self) -> None:
        """Undo the last decision."""
        self._save(Reviewer.undo)

    def action_redo(self) -> None:
        """Redo the last undone decision."""
        self._save(Reviewer.redo)

    def action_show_link(self) -> None:
        """Review the sentence's link."""
        links = self.query_one(DocumentColumns).links_here()
        if links:
            self.dismiss(links[0].id)

    def action_help(self) -> None:
        """Show all keys."""
        self.app.push_screen(HelpScreen())

    def action_clear(self) -> None:
        """Deselect all sentences."""
        pages = self.query_one(DocumentColumns)
        if pages.picked[0] or pages.picked[1]:
            for side in pages.picked:
                side.clear()
            pages.refresh()
            self.show_message("Nothing is selected.")
        else:
            self.show_message("Nothing is selected. `q` goes back.")

    def action_back(self) -> None:
        """Return to the previous screen."""
        self.dismiss(None)
