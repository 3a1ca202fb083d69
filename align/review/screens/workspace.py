"""Workspace screen: the pairs of texts with their review progress."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.screen import Screen
from textual.scroll_view import ScrollView
from textual.strip import Strip

from align.models import Status
from align.review.keys import ACTIONS_BY_ID, WORKSPACE_KEYS, bindings
from align.review.rendering import Painted, fitted_segment
from align.review.screens.base import ours
from align.review.screens.dialogs import HelpScreen, HistoryScreen
from align.review.screens.document import DocumentScreen, View
from align.review.session_state import SessionState
from align.review.widgets.bars import KeyBar, Line
from align.text.messages import pluralise
from align.workspace.browse import LinkFilter, PairRow

DONE = (Status.ACCEPTED, Status.EDITED, Status.REJECTED)


class PairList(Painted, ScrollView, can_focus=True, inherit_bindings=False):
    """List of pairs of texts, two lines each: names and languages; progress, undecided links, expected precision."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "step(1)", "down", show=False),
        Binding("up,k", "step(-1)", "up", show=False),
        Binding("pagedown", "step(8)", "down", show=False),
        Binding("pageup", "step(-8)", "up", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "pair-list--cursor",
        "pair-list--done",
        "pair-list--left",
        "pair-list--faint",
    }
    EACH = 2
    cursor: reactive[int] = reactive(0)

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.pairs: list[PairRow] = []

    def show(self, pairs: list[PairRow]) -> None:
        """Set the pairs."""
        self.pairs = pairs
        self.virtual_size = Size(self.size.width, len(pairs) * self.EACH)
        self.cursor = min(self.cursor, max(0, len(pairs) - 1))
        self.refresh()

    def on_resize(self, _event: events.Resize) -> None:
        """Adapt to the new width."""
        self.virtual_size = Size(self.size.width, len(self.pairs) * self.EACH)

    def validate_cursor(self, cursor: int) -> int:
        """Limit the cursor to the list."""
        return max(0, min(cursor, len(self.pairs) - 1))

    def watch_cursor(self) -> None:
        """Scroll the cursor into view."""
        self.scroll_to_region(Region(0, self.cursor * self.EACH, 1, self.EACH), animate=False, force=True)
        self.refresh()

    def action_step(self, step: int) -> None:
        """Move the cursor."""
        self.cursor += step

    def render_line(self, y: int) -> Strip:
        """Render the names or the progress of a pair."""
        width = self.scrollable_content_region.width
        number, part = divmod(y + self.scroll_offset.y, self.EACH)
        if number >= len(self.pairs):
            return Strip.blank(width, self.base)
        pair = self.pairs[number]
        here = number == self.cursor
        base = self.component_style("pair-list--cursor", ground=True) if here else self.base
        mark = Segment("▌ " if here else "  ", base)
        if part == 0:
            return Strip([mark, fitted_segment(self._names(pair), width - 2, base)], width)
        return Strip([mark, *self._progress(pair, width - 2, base)], width)

    def _names(self, pair: PairRow) -> str:
        src, tgt = (name.rsplit("/", 1)[-1] for name in (pair.src_doc, pair.tgt_doc))
        languages = f"{pair.src_lang} → {pair.tgt_lang}"
        return f"{languages}   {src}" if src == tgt else f"{languages}   {src}  ↔  {tgt}"

    def _progress(self, pair: PairRow, width: int, base: Style) -> list[Segment]:
        total = sum(pair.counts.values())
        done = sum(pair.counts[status] for status in DONE)
        left = pair.counts[Status.PROPOSED]
        words = f" {done:,} of {total:,} decided"
        if left:
            words += f", {left:,} left, expected {100 * pair.expected_right / left:.0f} % right"
        bar = max(4, min(24, width // 4))
        filled = bar * done // total if total else 0
        styles = [self.component_style(f"pair-list--{name}") for name in ("done", "left")]
        return [
            Segment("━" * filled, base + styles[0]),
            Segment("─" * (bar - filled), base + styles[1]),
            fitted_segment(words, max(0, width - bar), base),
        ]


class WorkspaceScreen(Screen[None]):
    """All pairs of texts with links."""

    BINDINGS: ClassVar[list[BindingType]] = bindings((*WORKSPACE_KEYS, ACTIONS_BY_ID["help"], ACTIONS_BY_ID["back"]))

    def __init__(self) -> None:
        super().__init__()
        self._stood_on: int | None = None

    def compose(self) -> ComposeResult:
        """Header, pair list, message line, key bar."""
        yield Line(id="top")
        yield PairList(id="pairs")
        yield Line(id="said", max_lines=2)
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """List the pairs."""
        self.query_one(PairList).focus()
        self._list()

    def on_screen_resume(self) -> None:
        """Reload, since the review may have changed links."""
        self._list()

    def _list(self) -> None:
        browser = ours(self).browser
        pairs = browser.pairs()
        self.query_one(PairList).show(pairs)
        self._restore_cursor(pairs)
        tagged = {lang for pair in pairs for lang in (pair.src_lang, pair.tgt_lang)}
        texts = {document for pair in pairs for document in (pair.src_document, pair.tgt_document)}
        left = sum(pair.counts[Status.PROPOSED] for pair in pairs)
        self.query_one("#top", Line).show(
            f" {ours(self).store_path.name} · {pluralise(len(texts), 'document')} with links"
            f" · {', '.join(sorted(tagged))}",
            f" {pluralise(left, 'link')} left · {ours(self).reviewer} ",
        )
        if not pairs:
            self.query_one("#said", Line).show("No links yet: quit with q and run `align propose`.")

    def _restore_cursor(self, pairs: list[PairRow]) -> None:
        """Move the cursor to the pair of the link reviewed last, once per link."""
        number = ours(self).session_state.link
        link = ours(self).browser.link(number) if number is not None and number != self._stood_on else None
        self._stood_on = number
        if link is None:
            return
        at = (link.src.document, link.tgt.document, link.src.lang, link.tgt.lang)
        for row, pair in enumerate(pairs):
            if at == (pair.src_document, pair.tgt_document, pair.src_lang, pair.tgt_lang):
                self.query_one(PairList).cursor = row

    @property
    def _pair(self) -> PairRow | None:
        pairs = self.query_one(PairList)
        return pairs.pairs[pairs.cursor] if pairs.pairs else None

    def action_open(self) -> None:
        """Review the links of the current pair."""
        pair = self._pair
        if pair is not None:
            link_filter = LinkFilter(
                documents=(pair.src_document, pair.tgt_document), src_lang=pair.src_lang, tgt_lang=pair.tgt_lang
            )
            self._review(SessionState(filter=link_filter, base=link_filter))

    def action_open_all(self) -> None:
        """Review all links."""
        if self._pair is not None:
            self._review(SessionState())

    def _review(self, state: SessionState) -> None:
        from align.review.screens.review import ReviewScreen

        self.app.push_screen(ReviewScreen(state))

    def action_open_document(self) -> None:
        """Show both documents of the pair."""
        pair = self._pair
        if pair is not None:
            view = View(
                (pair.src_document, pair.tgt_document), (pair.src_lang, pair.tgt_lang), (pair.src_doc, pair.tgt_doc)
            )
            self.app.push_screen(DocumentScreen(view), self._show_link)

    def _show_link(self, link: int | None) -> None:
        if link is not None:
            self._review(SessionState(link=link))

    def action_open_history(self) -> None:
        """Show the last decisions."""
        self.app.push_screen(HistoryScreen())

    def action_help(self) -> None:
        """Show all keys."""
        self.app.push_screen(HelpScreen((*WORKSPACE_KEYS, ACTIONS_BY_ID["help"], ACTIONS_BY_ID["back"])))

    def action_back(self) -> None:
        """Quit the app."""
        self.app.exit()
