"""Workspace screen: the texts with their review progress, and the long jobs on them."""

from __future__ import annotations

import time
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from align.review.keys import ACTIONS_BY_ID, WORKSPACE_KEYS, WORKSPACE_SHARED_KEYS, bindings
from align.review.screens.base import ours
from align.review.screens.dialogs import Ask, Confirm, HelpScreen, HistoryScreen
from align.review.screens.document import DocumentScreen, View
from align.review.screens.workspace_jobs import EMPTY, EMPTY_SERVED, JobScreen
from align.review.session_state import SessionState
from align.review.widgets.bars import KeyBar, Line
from align.review.widgets.workspace_table import WorkspaceTable, WorkspaceTotal
from align.review.workspace_rows import (
    ROW_WORDS,
    SORT_COLUMNS,
    SortColumn,
    WorkspaceRow,
    document_rows,
    matching_rows,
    pair_rows,
    sorted_rows,
    total_row,
)
from align.text.messages import pluralise
from align.text.width import cells
from align.workspace.browse import LinkFilter

SORT_WORDS = {
    "texts": "by name",
    "left": "with the most undecided links first",
    "right": "with the least likely right first",
    "decided": "with the least decided first",
}


HELP_ACTIONS = (*WORKSPACE_KEYS, *(ACTIONS_BY_ID[name] for name in WORKSPACE_SHARED_KEYS))


class WorkspaceScreen(JobScreen):
    """All pairs of texts with links, or all documents; documents without links are listed too."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(HELP_ACTIONS)
    KEY_BAR = ("open", "open_all", "add_files", "propose_links", "export_links", "sort_texts", "concordance")

    def __init__(self) -> None:
        super().__init__()
        self._last_link: int | None = None
        self._typed = ""
        self._typed_before: tuple[str, ...] = ()
        self._sort: SortColumn = "texts"
        self._by_document = False

    def compose(self) -> ComposeResult:
        """Title, table, total, message, keys."""
        table = WorkspaceTable(id="pairs")
        yield Line(id="top")
        yield table
        yield WorkspaceTotal(table, id="total")
        yield Line(id="said", max_lines=2)
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """List the rows."""
        self.query_one(WorkspaceTable).focus()
        self.list_rows()

    def on_screen_resume(self) -> None:
        """Reload, since the review may have changed links."""
        self.list_rows()

    def on_resize(self) -> None:
        """Fit the title to the new width."""
        self.list_rows()

    def list_rows(self) -> None:
        """List the rows as they are now."""
        app = ours(self)
        pairs, documents = app.browser.store.pairs(), app.browser.store.documents()
        every = (document_rows if self._by_document else pair_rows)(pairs, documents)
        rows = sorted_rows(matching_rows(every, self._typed), self._sort)
        empty = f"No row matches {self._typed!r}. Esc clears the filter." if every else EMPTY
        table = self.query_one(WorkspaceTable)
        table.show(rows, self._sort, EMPTY_SERVED if app.served and not every else empty)
        self._restore_cursor(rows)
        noun = "document" if self._by_document else "pair"
        count = len(rows) if self._by_document else sum(row.pair is not None for row in rows)
        listed = [row.pair for row in rows if row.pair is not None] if self._typed and not self._by_document else pairs
        self.query_one(WorkspaceTotal).show(total_row(listed, count, noun))
        self.query_one("#top", Line).show(
            *self._title(len(documents), {lang for row in documents for lang in row.languages})
        )

    def _title(self, documents: int, languages: set[str]) -> tuple[str, str]:
        """The store, its documents and languages, and the reviewer: fewer words where the screen is narrow."""
        app = ours(self)
        store, reviewer = f" {app.store_path.stem if app.served else app.store_path.name}", f" {app.reviewer} "
        count = pluralise(documents, "document")
        listed = ", ".join(sorted(languages))
        search = f" · / {self._typed}" if self._typed else ""
        for words in (
            f" · {count} · {listed}",
            f" · {count} · {pluralise(len(languages), 'language')}",
            f" · {count}",
            "",
        ):
            if cells(store + words + search + reviewer) <= self.size.width:
                return f"{store}{words}{search}", reviewer
        return f"{store}{search}", ""

    def _restore_cursor(self, rows: list[WorkspaceRow]) -> None:
        """Move the cursor to the row of the link reviewed last, once per link."""
        number = ours(self).session_state.link
        link = ours(self).browser.link(number) if number is not None and number != self._last_link else None
        self._last_link = number
        if link is None:
            return
        at = (link.src.document, link.tgt.document, link.src.lang, link.tgt.lang)
        for number, row in enumerate(rows):
            pair = row.pair
            if pair and at == (pair.src_document, pair.tgt_document, pair.src_lang, pair.tgt_lang):
                self.query_one(WorkspaceTable).cursor = number

    def useful(self, call: str) -> bool:
        """Whether the key bar offers an action now."""
        if call == "cancel_job":
            return ours(self).jobs.job is not None
        if call in ("open", "open_document", "open_all", "audit_links"):
            row = self.query_one(WorkspaceTable).row
            return row is not None and (bool(row.total) or call == "open_document")
        return not (call == "add_files" and ours(self).served)

    # Rows

    def action_open(self) -> None:
        """Review the links of the row."""
        row = self.query_one(WorkspaceTable).row
        if row is None:
            self.inform(EMPTY_SERVED if ours(self).served else EMPTY)
        elif not row.total:
            self.inform(f"{row.name} has no links yet. `p` proposes links between all texts.")
        else:
            self._review(row.link_filter())

    def on_workspace_table_opened(self) -> None:
        """Review the links of the row that was clicked."""
        self.action_open()

    def action_open_all(self) -> None:
        """Review all links."""
        if ours(self).browser.store.count(LinkFilter()):
            self._review(LinkFilter())
        else:
            self.inform("There are no links yet. `p` proposes links between all texts.")

    def _review(self, base: LinkFilter, link: int | None = None) -> Any:
        """Push the review of these links: at a link, else where the reviewer left them, or at the first undecided."""
        from align.review.screens.review import ReviewScreen

        state = SessionState(filter=base, base=base, link=link) if link is not None else ours(self).state_of(base)
        screen = ReviewScreen(state)
        self.app.push_screen(screen)
        return screen

    def action_audit_links(self) -> None:
        """Judge a sample of the accepted links of the row."""
        row = self.query_one(WorkspaceTable).row
        if row is not None and row.total:
            screen = self._review(row.link_filter())
            screen.call_after_refresh(screen.do_audit)

    def action_open_document(self) -> None:
        """Show both documents of the pair."""
        row = self.query_one(WorkspaceTable).row
        pair = row.pair if row is not None else None
        if pair is None:
            self.inform("Side by side needs a pair of texts: Tab lists the pairs.")
            return
        view = View(
            (pair.src_document, pair.tgt_document), (pair.src_lang, pair.tgt_lang), (pair.src_doc, pair.tgt_doc)
        )
        self.app.push_screen(DocumentScreen(view), self._show_link)

    def _show_link(self, link: int | None) -> None:
        if link is not None:
            self._review(LinkFilter(), link)

    def action_table_by(self) -> None:
        """Switch between pairs and documents."""
        self._by_document = not self._by_document
        self.list_rows()
        self.inform("A row a document, with the links on either side of it." if self._by_document else "A row a pair.")

    def action_sort_texts(self) -> None:
        """Sort by the next column."""
        self._sort_by(SORT_COLUMNS[(SORT_COLUMNS.index(self._sort) + 1) % len(SORT_COLUMNS)])

    def on_workspace_table_sort_requested(self, message: WorkspaceTable.SortRequested) -> None:
        """Sort by the column that was clicked."""
        self._sort_by(message.column)

    def _sort_by(self, column: SortColumn) -> None:
        self._sort = column
        self.list_rows()
        self.query_one(WorkspaceTable).cursor = 0
        self.inform(f"Sorted {SORT_WORDS[column]}.")

    def action_filter_texts(self) -> None:
        """Ask which rows to list."""
        hint = f"words of names and languages · {' · '.join(ROW_WORDS)} · empty = all"

        def describe(typed: str) -> str:
            rows = (document_rows if self._by_document else pair_rows)(
                ours(self).browser.store.pairs(), ours(self).browser.store.documents()
            )
            return f"Shows {pluralise(len(matching_rows(rows, typed)), 'row')}."

        dialog = Ask("Filter: show only texts with", self._typed, hint, describe=describe, history=self._typed_before)
        self.ask(dialog, self._filter)

    def _filter(self, typed: str) -> None:
        self._typed = typed.strip()
        if self._typed:
            self._typed_before = tuple(dict.fromkeys((self._typed, *self._typed_before)))
        self.list_rows()
        self.query_one(WorkspaceTable).cursor = 0

    def action_perform(self, action: str) -> None:
        """Do what a key of all screens does here."""
        getattr(self, f"action_{action}")()
        ours(self).acted_at = time.monotonic()

    def action_clear(self) -> None:
        """Clear the filter."""
        if self._typed:
            self._filter("")
        else:
            self.inform("There is no filter to clear. `q` leaves the program.")

    # Other screens

    def action_concordance(self) -> None:
        """Look up words in all texts."""
        from align.review.screens.concordance_view import look_up

        look_up(self, "")

    def action_open_history(self) -> None:
        """Show the last decisions."""
        self.app.push_screen(HistoryScreen())

    def action_help(self) -> None:
        """Show all keys."""
        self.app.push_screen(HelpScreen(HELP_ACTIONS))

    def action_back(self) -> None:
        """Quit the app; a job that runs is cancelled, after a question."""
        job = ours(self).jobs.job
        if job is None:
            self.app.exit()
            return
        question = f"{job.label} is still running. Cancel it and leave?"
        self.ask(Confirm(question), lambda agreed: self.app.exit() if agreed else None)
