"""Concordance: words in all texts with their translations, and how else a sentence is translated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from align.models import Link, LinkSide, Status
from align.review.keys import ACTIONS_BY_ID
from align.review.screens.base import ClosesOnce, ours, reason, served_text
from align.review.session_state import SessionState
from align.review.widgets.bars import KeyBar, Line
from align.review.wording import percent
from align.review.workspace_rows import base_name
from align.store import Store
from align.store.edits import SIDES
from align.store.search import find_terms, parse
from align.text.messages import pluralise
from align.text.width import shown
from align.workspace.browse import Browser
from align.workspace.concordance import ConcordanceHit, ConcordanceText, first_words, last_words, renderings, search

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_HITS = 100
CONTEXT_LENGTH = 40
"""Characters of the sentences before and after a hit."""
LINKS_NAMED = 3
"""Links that are listed of a translation."""
UNPAIRED = "This sentence is unpaired. `W` asks who else says it."


class ListedHit(NamedTuple):
    """Lines to list, the number of the link that they lead to, and the sentences of their passage."""

    text: Text
    link: int | None = None
    sentences: tuple[int, ...] = ()


Entries = Sequence[ListedHit]


class ConcordanceScreen(ClosesOnce, Screen[int | None]):
    """Search all texts; Enter on a hit answers its link. At first, how the sentences of `link` are translated."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "results", "results", id="concordance_results"),
        Binding("slash", "query", "search again", id="concordance_query"),
        Binding("enter", "results", "review the link", id="concordance_open"),
        ACTIONS_BY_ID["who_else"].binding(),
        Binding("escape,q", "leave", "back", id="back"),
    ]

    class Ready(Message):
        """The search is done."""

        def __init__(self, query: str, future: Future[Entries]) -> None:
            super().__init__()
            self.words = query
            self.future = future

    def __init__(self, query: str = "", link: Link | None = None) -> None:
        super().__init__()
        self._query, self._link = query, link
        self._asked = ""
        self._entries: Entries = ()

    def compose(self) -> ComposeResult:
        """Title, query, results, keys."""
        yield Line(id="top")
        yield Input(self._query, placeholder='words of any text · "quotes": exactly these', id="query")
        yield OptionList(id="hits", markup=False)
        yield Line(id="said", max_lines=2)
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Show how the link is translated elsewhere, or ask for words."""
        self.query_one("#top", Line).show(" Concordance: all texts")
        link = self._link
        if self._query:
            self._search(self._query)
        elif link is not None:
            self._look_up("", lambda browser: [*in_other_texts(browser, link), *consistency(browser.store, link)])
        self.query_one(OptionList if link is not None and not self._query else Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Search."""
        event.stop()
        self._search(event.value)

    def _search(self, query: str) -> None:
        if query.strip():
            self._look_up(query, lambda browser: list(map(entry_of, search(browser.store, query, limit=MAX_HITS))))

    def _look_up(self, query: str, work: Callable[..., Entries]) -> None:
        self._asked = query
        self.query_one("#said", Line).show("Searching …")
        future = ours(self).lookups.submit(work)
        future.add_done_callback(lambda done: self.post_message(self.Ready(query, done)))

    def on_concordance_screen_ready(self, message: Ready) -> None:
        """List the hits of the last search."""
        if message.words != self._asked:
            return
        error = message.future.exception()
        entries = [] if error else message.future.result()
        hits = self.query_one(OptionList)
        hits.clear_options()
        hits.add_options([Option(entry.text, disabled=not entry.sentences) for entry in entries])
        self._entries = entries
        count = len(entries)
        words = (
            f"{pluralise(count, 'hit')}. Enter opens the link of one; `W` asks who else says it."
            if count
            else "No hits."
        )
        if count == MAX_HITS:
            words = f"The first {count} hits. More words narrow the search."
        if not message.words:
            words = (
                "The sentences in other texts, and all translations of the same words, the most frequent first. "
                "Enter opens a link; `/` searches words."
            )
        self.query_one("#said", Line).show(served_text(self, reason(error)) if error else words)
        if entries and message.words:
            hits.focus()
            hits.highlighted = 0

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Answer the link of the hit."""
        number = self._entries[event.option_index].link
        if number is not None:
            self.dismiss(number)
        else:
            self.query_one("#said", Line).show(UNPAIRED)

    @property
    def current_sentence(self) -> int | None:
        """The first sentence of the highlighted hit that has the words; None without a hit."""
        number = self.query_one(OptionList).highlighted
        rows = ours(self).browser.store.sentences_by_id(self._entries[number].sentences) if number is not None else []
        terms = parse(self._asked)
        matching = [row.id for row in rows if terms and find_terms(row.text, terms)]
        return next(iter(matching or [row.id for row in rows]), None)

    def on_key(self, event: events.Key) -> None:
        """In the field, ↓ goes to the hits; other keys are text there."""
        if event.key == "down" and self.query_one(Input).has_focus:
            event.stop()
            self.query_one(OptionList).focus()

    def action_results(self) -> None:
        """Go to the hits."""
        self.query_one(OptionList).focus()

    def action_query(self) -> None:
        """Go to the field, with its text selected."""
        field = self.query_one(Input)
        field.focus()
        field.action_select_all()

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss(None)


def look_up(screen: Screen, query: str, link: Link | None = None) -> None:
    """Show the concordance over a screen; the link of a hit is reviewed over it, and `q` goes back."""

    def opened(number: int | None) -> None:
        from align.review.screens.review import ReviewScreen

        if number is not None and (link is None or number != link.id):
            screen.app.push_screen(ReviewScreen(SessionState(link=number)))

    screen.app.push_screen(ConcordanceScreen(query, link), opened)


def entry_of(hit: ConcordanceHit) -> ListedHit:
    """A hit in three lines: the text with the match, the text linked to it, and where it is."""
    text = Text()
    for number, side in enumerate(hit.sides):
        text.append(f"{side.lang:<8}", style="dim")
        text.append_text(_in_context(side))
        text.append("\n")
        if number == 0 and len(hit.sides) == 1:
            text.append("        unpaired\n", style="dim")
    link = hit.link
    about = f" · link {link.id} · {link.status} · {percent(link.confidence)} % sure" if link else ""
    text.append(f"        {shown(base_name(hit.sides[0].doc))}{about}\n", style="dim")
    return ListedHit(text, link.id if link else None, hit.sides[0].sentences)


def _in_context(side: ConcordanceText) -> Text:
    """The text with the matches marked, between whole words of the sentences before and after it."""
    text = Text()
    if before := last_words(side.before, CONTEXT_LENGTH):
        text.append(f"{shown(before)} ", style="dim")
    last = 0
    for start, end in side.marks:
        text.append(shown(side.text[last:start]))
        text.append(shown(side.text[start:end]), style="bold reverse")
        last = end
    text.append(shown(side.text[last:]))
    if after := first_words(side.after, CONTEXT_LENGTH):
        text.append(f" {shown(after)}", style="dim")
    return text


def in_other_texts(browser: Browser, link: Link) -> Iterator[ListedHit]:
    """The row of the link in all other documents: what else its sentences are linked with, by language."""
    documents = {link.src.document, link.tgt.document}
    sides: dict[int, tuple[LinkSide, Link]] = {}
    for own in (link.src, link.tgt):
        for links in browser.store.links_of_sentences(list(own.sentences)).values():
            for one in links:
                side = one.tgt if one.src.document == own.document else one.src
                if side.document not in documents and one.status is not Status.REJECTED:
                    sides[one.id] = side, one
    if sides:
        texts = len({side.document for side, _ in sides.values()})
        yield ListedHit(Text(f"In {pluralise(texts, 'other text')}", style="bold"))
    for side, one in sorted(sides.values(), key=lambda entry: (entry[0].lang, entry[0].document, entry[1].id)):
        text = Text(f"{side.lang:<8}", style="dim")
        text.append(shown(side.text), style="")
        sure = f", {percent(one.confidence)} % sure" if one.status is Status.PROPOSED else ""
        text.append(f"\n        {shown(base_name(side.doc))} · link {one.id} · {one.status}{sure}", style="dim")
        yield ListedHit(text, one.id, side.sentences)


def consistency(store: Store, link: Link) -> Iterator[ListedHit]:
    """Each side of a link with all its translations, and the links that have them."""
    for side in SIDES:
        own, other = (link.src, link.tgt) if side == "src" else (link.tgt, link.src)
        translations = renderings(store, link, side)
        link_count = sum(len(one.links) for one in translations)
        head = Text(f"{own.lang} → {other.lang}  ", style="bold")
        head.append(shown(own.text), style="bold")
        count = f"\n        {pluralise(link_count, 'link')}, {pluralise(len(translations), 'translation')}"
        consistent = " · the same everywhere" if link_count > 1 and len(translations) == 1 else ""
        head.append("\n        nowhere else" if link_count <= 1 else f"{count}{consistent}", style="dim")
        yield ListedHit(head)
        for rendering in translations if link_count > 1 else ():
            text = Text(f"{len(rendering.links):>5}×  ")
            text.append(shown(rendering.text))
            named = ", ".join(
                f"link {one.id} ({shown(base_name(one.src.doc))})" for one in rendering.links[:LINKS_NAMED]
            )
            more = f" and {len(rendering.links) - LINKS_NAMED} more" if len(rendering.links) > LINKS_NAMED else ""
            text.append(f"\n        {named}{more}", style="dim")
            others = [one.id for one in rendering.links if one.id != link.id]
            first = rendering.links[0]
            passage = first.tgt if first.tgt.text == rendering.text else first.src
            yield ListedHit(text, (others or [link.id])[0], passage.sentences)
