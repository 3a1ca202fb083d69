"""Document screen: two texts as an aligned table, in which links are decided, mended, searched and made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from align.errors import AlignError
from align.models import CONFIRMED, Link, Status
from align.review.aligned_rows import AlignedRows, LinkEnds
from align.review.keys import ACTIONS_BY_ID, DOCUMENT_KEY_BAR, DOCUMENT_KEYS, DOCUMENT_SHARED_KEYS, bindings
from align.review.queries import OneLanguage, WholeDocument
from align.review.screens.base import ours, served_text
from align.review.screens.deciding import DecidingScreen
from align.review.screens.dialogs import Ask, LinkIds, confirm_existing_links
from align.review.session import PendingEdit
from align.review.session_state import SessionState
from align.review.widgets.aligned_table import AlignedTable
from align.review.widgets.bars import KeyBar, Line
from align.review.wording import headline, progress_of, snippet
from align.review.workspace_rows import base_name
from align.store import edits
from align.text.tags import primary
from align.text.width import cells
from align.workspace.browse import LinkFilter, SentenceRow

NEWS_SECONDS = 2.0
"""Seconds between two looks at what others did."""
WITHOUT_LINK = frozenset(
    {"undo", "redo", "next", "doubtful", "next_uneven", "next_bookmark", "jump", "go_to", "copy", "open_file", "clear"}
    | {"help", "back", "pick", "make", "cross", "next_unlinked", "find", "history"}
)
"""Actions that need no link under the cursor."""


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


class DocumentScreen(DecidingScreen):
    """Both documents. Dismissed with the id of the link to review next, or None."""

    HELP_ACTIONS = (*DOCUMENT_KEYS, *(ACTIONS_BY_ID[name] for name in DOCUMENT_SHARED_KEYS))
    BINDINGS: ClassVar[list[BindingType]] = bindings(HELP_ACTIONS, "perform('{}')")
    KEY_BAR = DOCUMENT_KEY_BAR

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view
        self._moving: Link | None = view.link if view.relinks else None
        self._move: Future[Any] | None = None
        self._revision = 0

    def compose(self) -> ComposeResult:
        """Header, both documents, what is picked, message line, key bar."""
        src, tgt = self.view.documents
        link_filter = LinkFilter(
            documents=self.view.documents, src_lang=self.view.langs[0], tgt_lang=self.view.langs[1]
        )
        link = self.view.link.id if self.view.link else None
        self.open_session(SessionState(link_filter, link_filter, link=link), lambda _state: None)
        browser = ours(self).browser
        if src == tgt:
            langs = self.view.langs
            self._columns: tuple[Any, Any] = OneLanguage(browser, src, langs[0]), OneLanguage(browser, tgt, langs[1])
        else:
            self._columns = WholeDocument(browser, src), WholeDocument(browser, tgt)
        yield Line(id="top")
        yield AlignedTable(id="table")
        yield Line(id="picked", max_lines=2)
        yield Line(id="said", max_lines=2)
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Go to the link, or to the first row."""
        self.table.focus()
        self.session.fetch(self.session.state.link)
        self._load()
        link = self.view.link
        if self._moving is not None:
            self.table.picked[0].update(self._moving.src.sentences)
            self.session.inform("Go to the new target and press `l`; Space picks several. Tab goes to the source side.")
        if link is not None:
            side = int(self._moving is not None)
            at = self.table.rows.position[side].get((link.src, link.tgt)[side].sentences[0])
            if at is not None:
                self.table.go_to_sentence(side, at)
        self.paint()
        self.set_interval(NEWS_SECONDS, self.look_for_news)

    @property
    def table(self) -> AlignedTable:
        """The table of both texts."""
        return self.query_one(AlignedTable)

    def _load(self) -> None:
        """Read the links and the sentences of both texts."""
        browser = ours(self).browser
        sides = []
        for column, document, lang in zip(self._columns, self.view.documents, self.view.langs, strict=True):
            column.reload()
            sentences = browser.store.sentence_ids(document)
            same = self.view.documents[0] == self.view.documents[1]
            sides.append([number for number, of in sentences if not same or primary(of) == primary(lang)])
        links = map(LinkEnds._make, browser.store.ends_between(*self.view.documents))
        self._revision = self.session.revision
        self.session.changed_ranks.clear()
        self.table.show(AlignedRows(sides[0], sides[1], links), self._texts)

    def _texts(self, side: int, first: int, number: int) -> Sequence[SentenceRow]:
        rows: Sequence[SentenceRow] = self._columns[side].rows(first, number)
        return rows

    # Painting

    def paint(self) -> None:
        """Show the session as it is, with the cursor on its link."""
        if not self.is_attached:
            return
        session, table = self.session, self.table
        link = session.current
        if session.revision != self._revision or not self._renew():
            self._load()
        row = table.rows.row_of_link(link.id) if link is not None and self._follows else None
        if link is not None and row is not None and table.link != link.id:
            table.go(row)
        self._follows = False
        self.show_state()

    _follows = False
    """Whether the cursor goes to the link of the session, after an action on it."""

    def _renew(self) -> bool:
        """Show the links that changed. False where the texts did too."""
        changes: dict[int, LinkEnds | None] = {}
        for rank in self.session.changed_ranks:
            link = self.session.link_at(rank)
            if link is None:
                return False
            ends = LinkEnds(link.id, link.src.sentences, link.tgt.sentences, link.status, link.confidence)
            changes[link.id] = ends if link.status is not Status.REJECTED else None
        table = self.table
        current, side = table.current_id, table.current_side
        if not all(table.rows.change(number, ends) for number, ends in changes.items()):
            return False
        if changes and current is not None:
            table.go_to_sentence(side, table.rows.position[side][current])
        self.session.changed_ranks.clear()
        return True

    def show_state(self) -> None:
        """Show the top line, what is picked, and the message."""
        session, table = self.session, self.table
        ends = table.rows.links.get(table.link)
        names = " ↔ ".join(dict.fromkeys(base_name(name) for name in self.view.names))
        state = "unpaired"
        if ends is not None:
            current = session.browser.link(ends.id)
            rank = session.browser.store.rank(ends.id, session.state.filter) or 0
            state = headline(current, rank, session.total) if current else ""
        progress = progress_of(session.left, session.expected_right)
        if cells(state) + cells(names) + cells(progress) + 8 > self.size.width:
            progress = f"{session.left:,} left"
        self.query_one("#top", Line).show(f" {state} · {names}", f" {progress} ")
        picked = self.query_one("#picked", Line)
        words = self._picked_in_words()
        picked.display = bool(words)
        picked.show(words)
        message, line = session.message, self.query_one("#said", Line)
        line.set_class(message.mood == "good", "-good")
        line.set_class(message.mood == "bad", "-bad")
        waiting = ours(self).decision_writer.waiting
        line.show(served_text(self, message.text), f"saving {waiting} …" if waiting and message.text else "")
        self.refresh_bindings()

    def _picked_in_words(self) -> str:
        """`Picked: ja 3 彼は… · en 5, 6 He said…`; empty where nothing is picked."""
        parts = []
        for side, lang in enumerate(self.view.langs):
            positions = sorted(self.table.rows.position[side][one] for one in self.table.picked[side])
            if positions:
                first = snippet(self._texts(side, positions[0], 1)[0].text)
                parts.append(f"{lang} {', '.join(str(at + 1) for at in positions)} {first}")
        return f"◆ Picked: {' · '.join(parts)}" if parts else ""

    def useful(self, call: str) -> bool:
        """Whether the key bar offers an action now. The key works all the same, and says why it does nothing."""
        action = call.split("'")[1]
        if not self.table.link:
            return action in WITHOUT_LINK
        ends = self.table.rows.links[self.table.link]
        if action == "accept":
            return ends.status not in CONFIRMED
        return action != "make" or bool(self.table.picked[0] or self.table.picked[1])

    def on_aligned_table_cursor_moved(self, _message: AlignedTable.CursorMoved) -> None:
        """Show the state of the row."""
        if self.is_attached and self.session.revision:
            self.show_state()

    def look_for_news(self) -> None:
        """Show what others did to the store meanwhile."""
        session = self.session
        if self.is_current and session.browser.store.others_since(session.latest, session.reviewer):
            session.fetch(session.state.link)
            self.paint()

    # Keys

    def action_perform(self, action: str) -> None:
        """Do an action on the link under the cursor."""
        table, session = self.table, self.session
        session.inform("")
        if table.link:
            session.go_to_link(table.link)
            session.side = "tgt" if table.current_side else "src"
        elif action not in WITHOUT_LINK:
            session.inform("This sentence is unpaired: Space picks it, and `l` links what is picked.", "bad")
            self.show_state()
            return
        self._follows = action not in ("pick", "cross", "find", "next_unlinked", "partner", "make", "copy", "clear")
        super().action_perform(action)

    def do_next(self) -> None:
        """Go to the next undecided link."""
        self.session.next_undecided()

    def do_pick(self) -> None:
        """Pick the sentence, or put it back; change sides if nothing is picked on the other."""
        table = self.table
        sentence = table.current_id
        if sentence is None:
            return
        picked = table.picked[table.current_side]
        picked.symmetric_difference_update({sentence})
        if sentence in picked and not table.picked[1 - table.current_side]:
            table.cross()
        table.refresh()

    def do_cross(self) -> None:
        """Change to the other side."""
        self.table.cross()

    def do_partner(self) -> None:
        """Go to the other side of the link."""
        self.table.cross()

    def do_next_unlinked(self) -> None:
        """Go to the next unpaired sentence."""
        row = self.table.rows.next_unlinked(self.table.row)
        if row is None:
            self.session.inform("Every sentence is linked.")
        else:
            self.table.go(row)

    def do_find(self) -> None:
        """Ask for words, and go to the next sentence with them."""

        def use(words: str) -> None:
            table = self.table
            table.search = words.strip()
            ids = ours(self).browser.store.sentences_with(table.search, self.view.documents) if table.search else set()
            rows = sorted(
                {
                    (table.rows.row_of_sentence(side, at), side, at)
                    for side in (0, 1)
                    for one in ids
                    if (at := table.rows.position[side].get(one)) is not None
                }
            )
            if not rows:
                self.session.inform(f"{words!r} is in neither text." if table.search else "Nothing is marked.")
                table.refresh()
                return
            _, side, at = next((hit for hit in rows if hit[0] > table.row), rows[0])
            table.go_to_sentence(side, at)
            count = len(rows)
            self.session.inform(f"{count:,} sentence{'s' * (count != 1)}. `/` and Enter goes to the next; Esc unmarks.")

        self._ask(Ask("Find in both texts", self.table.search, 'words, or a "phrase" · Enter again = next'), use)

    def do_make(self) -> None:
        """Link the picked sentences; a side without any uses the one under the cursor, or the row's."""
        table = self.table
        if not (table.picked[0] or table.picked[1]):
            self.session.inform("Pick sentences with Space first, one or more on each side.", "bad")
            return
        ends = []
        for side in (0, 1):
            ids = sorted(table.picked[side], key=table.rows.position[side].__getitem__)
            if not ids and table.current_side == side and table.current_id is not None:
                ids = [table.current_id]
            ends.append(tuple(ids))
        if not all(ends):
            self.session.inform("Pick a sentence of the other side too, or go to it.", "bad")
            return
        src, tgt = ends

        def go_on(link_ids: LinkIds | None) -> None:
            if link_ids is None:
                self.session.inform("Linking: cancelled, nothing changed.")
                self.show_state()
            elif self._moving is not None:
                link = self._moving
                self._realign(self.session.relink(link, src, tgt, link_ids))
            else:
                edit = edits.link_by_hand(src, tgt, shared=link_ids)
                self._realign(PendingEdit(edit, "Linking", None, {}))

        try:
            confirm_existing_links(ours(self), (src, tgt), self._moving, go_on)
        except AlignError as error:
            self.session.inform(str(error), "bad")

    def committed(self, pending: PendingEdit) -> None:
        """Let go of what was picked; leave where a link was moved."""
        if pending.edit.action in ("link", "relink") and self.session.message.mood != "bad":
            for picked in self.table.picked:
                picked.clear()
            if self._moving is not None:
                self.dismiss(self._moving.id)

    def do_show_link(self) -> None:
        """Review the link of the row."""
        if self.table.link:
            self.dismiss(self.table.link)

    def do_copy(self) -> None:
        """Copy the sentence under the cursor, or the picked ones of its side."""
        side = self.table.current_side
        positions = sorted(self.table.rows.position[side][one] for one in self.table.picked[side])
        texts = [self._texts(side, at, 1)[0].text for at in positions]
        current = self.table.current
        if not texts and current is not None:
            texts = [current.text]
        self.app.copy_to_clipboard("\n".join(texts))
        self.session.inform(
            f"Copied {len(texts)} sentence{'s' * (len(texts) != 1)} of the {self.view.langs[side]} text.", "good"
        )

    def document_of_side(self) -> int | None:
        """The document on the side of the cursor."""
        return self.view.documents[self.table.current_side]

    def do_clear(self) -> None:
        """Put back what is picked, or unmark what was found."""
        table = self.table
        if table.picked[0] or table.picked[1]:
            for side in table.picked:
                side.clear()
            self.session.inform("Nothing is picked.")
        elif table.search:
            table.search = ""
            self.session.inform("Nothing is marked.")
        else:
            self.session.inform("Nothing is picked or marked. `q` goes back.")
        table.refresh()

    def do_back(self) -> None:
        """Return to the previous screen."""
        self.dismiss(None)
