"""Dialogs: a line of text, a longer text, a confirmation, a choice by letter. Stock widgets, so that IMEs work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from os.path import commonprefix
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static, TextArea
from textual.widgets.input import Selection

from align.errors import AlignError
from align.models import Decision, Link
from align.review.filter_language import GRAMMAR
from align.review.keys import ALTERNATIVE_KEYS, DOCUMENT_KEYS, REVIEW_KEYS, WORKSPACE_KEYS, KeyAction, keys_of
from align.review.screens.base import ClosesOnce, Host, ours, served_text, server_folders, without_folders
from align.review.wording import question
from align.review.workspace_rows import base_name
from align.text.width import shown
from align.workspace.history import who_of, words_of

MAX_COMPLETIONS = 12


class Ask(ClosesOnce, ModalScreen[str | None]):
    """Dialog for one line of text; Enter returns it, Esc returns None.

    `check` raises AlignError for a text that cannot be used: the dialog stays, with the reason. `describe`: what the
    text would do, shown while it is typed. `history`: earlier texts, latest first, for ↑ and ↓. `complete`: texts that
    the typed one can become, for Tab.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss_none", "cancel"),
        Binding("up", "earlier(1)", "earlier", show=False),
        Binding("down", "earlier(-1)", "later", show=False),
        Binding("tab", "complete", "complete", show=False, priority=True),
    ]

    def __init__(
        self,
        question: str,
        value: str = "",
        hint: str = "",
        *,
        check: Callable[[str], object] | None = None,
        describe: Callable[[str], str] | None = None,
        history: Sequence[str] = (),
        complete: Callable[[str], Sequence[str]] | None = None,
    ) -> None:
        super().__init__()
        self._question, self._value, self._hint = question, shown_lines(value), hint
        self._check, self._describe = check, describe
        self._history, self._recalled = history, -1
        self._complete = complete

    def compose(self) -> ComposeResult:
        """Question, field, what the text would do, keys."""
        with Vertical(classes="dialog"):
            yield Static(Text(shown(self._question)), classes="question")
            yield Input(self._value, id="answer", select_on_focus=False)
            yield Static("", id="effect", classes="effect")
            hint = " · ".join(part for part in (self._hint, "Enter confirms · Esc cancels") if part)
            yield Static(Text(shown(hint)), classes="hint")

    def on_mount(self) -> None:
        """Select the value, so that typing replaces it."""
        field = self.query_one(Input)
        field.focus()
        field.selection = Selection(0, len(self._value))
        self._show_effect(self._value)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what the text would do."""
        self._show_effect(event.value)

    def _show_effect(self, text: str) -> None:
        words = ""
        try:
            words = self._describe(text) if self._describe is not None else ""
            if self._complete is not None:
                words = "  ".join(option.split(" ")[-1] for option in self._complete(text)[:MAX_COMPLETIONS])
        except AlignError as error:
            words = served_text(self, str(error))
        self._show(words)

    def _show(self, words: str, *, bad: bool = False) -> None:
        effect = self.query_one("#effect", Static)
        effect.update(Text(shown(words)))
        effect.set_class(bad, "-bad")
        effect.display = bool(words)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Return the text on Enter, or show why it cannot be used."""
        self._answer(event.value)

    def _answer(self, text: str) -> None:
        try:
            if self._check is not None:
                self._check(text)
        except AlignError as error:
            self._show(served_text(self, str(error)), bad=True)
            field = self.query_one(Input)
            field.selection = Selection(0, len(field.value))
            return
        self.dismiss(text)

    def action_complete(self) -> None:
        """Complete the last word as far as all its completions agree."""
        field = self.query_one(Input)
        options = self._complete(field.value) if self._complete is not None else ()
        if options:
            field.value = commonprefix(list(options))  # noqa: RUF071  # characters are meant
            field.cursor_position = len(field.value)

    def action_earlier(self, step: int) -> None:
        """Put an earlier text into the field, or a later one."""
        if self._history:
            self._recalled = max(0, min(self._recalled + step, len(self._history) - 1))
            field = self.query_one(Input)
            field.value = shown_lines(self._history[self._recalled])
            field.cursor_position = len(field.value)

    def action_dismiss_none(self) -> None:
        """Return None."""
        self.dismiss(None)


class AskText(ClosesOnce, ModalScreen[str | None]):
    """Dialog for a longer text; Ctrl+S or Enter returns it (a sentence has no line breaks), Esc returns None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss_none", "cancel"),
        Binding("enter,ctrl+s", "answer", "save", priority=True),
    ]

    def __init__(self, question: str, value: str, hint: str = "") -> None:
        super().__init__()
        self._question, self._value, self._hint = question, value, hint

    def compose(self) -> ComposeResult:
        """Question, field, hint."""
        with Vertical(classes="dialog -tall"):
            yield Static(Text(shown(self._question)), classes="question")
            area = TextArea(shown_lines(self._value), id="answer", soft_wrap=True, show_line_numbers=False)
            area.move_cursor(area.document.end)
            yield area
            yield Static(Text(shown(self._hint)), classes="hint")

    def action_answer(self) -> None:
        """Return the text."""
        self.dismiss(self.query_one(TextArea).text)

    def action_dismiss_none(self) -> None:
        """Return None."""
        self.dismiss(None)


class Confirm(ClosesOnce, ModalScreen[bool]):
    """Confirmation dialog: Enter or y confirms, Esc, n or q cancels."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "dismiss(True)", "yes"),
        Binding("escape,n,q", "dismiss(False)", "no"),
    ]

    def __init__(self, question: str, lines: Sequence[str] = ()) -> None:
        super().__init__()
        self._question, self._lines = question, lines

    def compose(self) -> ComposeResult:
        """Question, details, hint."""
        with Vertical(classes="dialog"):
            yield Static(Text(shown(self._question)), classes="question")
            for line in self._lines:
                yield Static(Text(shown(line), overflow="ellipsis", no_wrap=True))
            yield Static(Text("Enter or y: yes · Esc or n: no"), classes="hint")


class Choose(ClosesOnce, ModalScreen[str | None]):
    """Dialog for a choice by one letter; Esc returns None. `choices`: (key, words); the words are returned."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss_none", "cancel")]

    def __init__(self, question: str, choices: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._question, self._choices = question, dict(choices)

    def compose(self) -> ComposeResult:
        """Question, choices."""
        words = Text()
        for key, choice in self._choices.items():
            words.append(f"  {key}", style="bold")
            words.append(f"  {choice}\n")
        with Vertical(classes="dialog"):
            yield Static(Text(shown(self._question)), classes="question")
            yield Static(words, classes="choices")

    def on_key(self, event: events.Key) -> None:
        """Return the choice of a letter."""
        choice = self._choices.get(event.character or "")
        if choice is not None:
            event.stop()
            self.dismiss(choice)

    def action_dismiss_none(self) -> None:
        """Return None."""
        self.dismiss(None)


def shown_lines(text: str) -> str:
    """The text for an input field: on one line, without control characters."""
    return "".join(char if char.isprintable() else " " if char.isspace() else "" for char in text)


LinkIds = tuple[int, ...]


def confirm_existing_links(
    app: Host, ends: tuple[Sequence[int], Sequence[int]], moved: Link | None, go_on: Callable[[LinkIds | None], None]
) -> None:
    """Hand the numbers of the links that are in the way to `go_on`, once the reviewer wants both; None where not.

    `moved` is the link that is moved to these sentences. Raises UsageError where they cannot be linked.
    """
    existing_links = app.browser.linked_already(*ends, moved.id if moved else None)
    if not existing_links:
        go_on(())
        return
    link_ids = tuple(link.id for _, link in existing_links)
    texts = [f"{link.id}: {link.src.text}  │  {link.tgt.text}" for _, link in existing_links]
    app.push_screen(Confirm(question(existing_links), texts), lambda agreed: go_on(link_ids if agreed else None))


GROUP_ORDER = ("Workspace", "Documents", "Decide", "Edit", "Move", "Look")

LEGEND = (
    ("✓ ✎ ✗", "accepted · edited or linked by hand, which counts as accepted · rejected"),
    ("97", "how sure the program is that the link is right, in per cent"),
    ("p s T q", "kinds: partial, summary, title, quote; nothing for a translation"),
    ("2:1", "sentences on each side, where not 1:1"),
    ("⚑ #", "bookmark, note"),
    ("∅", "unpaired sentence"),
    ("◆", "picked sentence, to be linked by hand"),
    (
        "x, d",
        "reject says that the two do not correspond; unlink takes them apart to be linked anew: both forbid the pair",
    ),
    ("In the filter", GRAMMAR),
    ("Ctrl+P", "the command palette: every action by name, and the colours (themes)"),
    ("Ctrl+Q", "leave at once; everything is saved already"),
    ('[keys] accept = "y"', "in the config file changes a key; `align config path` shows where it is"),
)
"""What is on the screens besides keys."""


class HelpScreen(ClosesOnce, ModalScreen[None]):
    """The keys of a screen, a legend, and the keys of the other screens; only the lines with what is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,enter", "dismiss", "back", priority=True),
        Binding("down", "scroll(1)", "down", show=False, priority=True),
        Binding("up", "scroll(-1)", "up", show=False, priority=True),
        Binding("pagedown", "scroll(10)", "page down", show=False, priority=True),
        Binding("pageup", "scroll(-10)", "page up", show=False, priority=True),
    ]

    def __init__(self, actions: Sequence[KeyAction] = ()) -> None:
        super().__init__()
        self._actions = actions or REVIEW_KEYS

    def compose(self) -> ComposeResult:
        """Search field, table of keys."""
        with Vertical(classes="page"):
            yield Input(
                placeholder="type to search · Esc goes back · Ctrl+P finds and does any action", id="help-search"
            )
            with VerticalScroll(id="help-scroll", can_focus=False):
                yield Static(self._table(""), id="help-table")

    def on_mount(self) -> None:
        """Type into the field."""
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show the lines with the words."""
        self.query_one("#help-table", Static).update(self._table(event.value))
        self.query_one("#help-scroll").scroll_home(animate=False)

    def action_scroll(self, lines: int) -> None:
        """Scroll the table."""
        self.query_one("#help-scroll").scroll_relative(y=lines, animate=False)

    def _lines(self) -> Iterator[tuple[str, str, str]]:
        """(group, keys, what they do)."""
        own = {action.id for action in self._actions}
        here = [action for action in self._actions if action not in ALTERNATIVE_KEYS]
        for action in sorted(here, key=lambda action: list(GROUP_ORDER).index(action.group)):
            yield action.group, self._keys(action), action.help_text
        if ALTERNATIVE_KEYS[0] in self._actions:
            yield "Edit", "1 … 9", "Link to that alternative instead (`i` shows them)."
        yield from (("Signs", sign, words) for sign, words in LEGEND)
        for screen, actions in (("In the workspace", WORKSPACE_KEYS), ("Between documents", DOCUMENT_KEYS)):
            yield from ((screen, self._keys(action), action.help_text) for action in actions if action.id not in own)
        if "accept" not in own:
            for action in REVIEW_KEYS:
                if action.id not in own and action not in ALTERNATIVE_KEYS:
                    yield "In the review", self._keys(action), action.help_text

    def _table(self, words: str) -> Table:
        """The lines with all the words."""
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column()
        group = ""
        for of_group, keys, help_text in self._lines():
            line = f"{of_group} {keys} {help_text}".casefold()
            if not all(word in line for word in words.casefold().split()):
                continue
            if of_group != group:
                group = of_group
                table.add_row(Text(group, style="bold underline"))
            table.add_row(Text(f"  {keys}", style="bold"), Text(help_text.replace("`", "")))
        if not group:
            table.add_row(Text("No key or sign matches."))
        return table

    def _keys(self, action: KeyAction) -> str:
        keys = keys_of(action, self.app._keymap)
        return " ".join(self.app.get_key_display(Binding(key, "")) for key in keys) or "(Ctrl+P)"


class HistoryScreen(ClosesOnce, ModalScreen[None]):
    """Decisions on one link, or the latest ones of the store, newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,h,enter", "dismiss", "back")]
    MAX_ENTRIES = 200

    def __init__(self, link: int | None = None) -> None:
        super().__init__()
        self._link = link

    def compose(self) -> ComposeResult:
        """One line per decision."""
        decisions = ours(self).browser.store.decisions(link=self._link, limit=self.MAX_ENTRIES)
        with VerticalScroll(classes="page"):
            yield Static(self._words(decisions))

    def _words(self, decisions: list[Decision]) -> Text:
        words = Text()
        words.append(f"Link {self._link}\n\n" if self._link else "The latest decisions\n\n", style="bold")
        app = ours(self)
        link = app.browser.link(self._link) if self._link else None
        for side in (link.src, link.tgt) if link else ():
            name = base_name(side.doc) if app.served else side.doc
            spans = ", ".join(f"{span.start:,} to {span.end:,}" for span in side.spans)
            words.append(shown(f"{side.lang}: characters {spans} of {name}\n"), style="dim")
        words.append("\n" if link else "")
        folders = server_folders(app) if app.served else set[str]()
        if not decisions:
            words.append("No decisions yet.")
        for decision in decisions:
            words.append(f"{decision.at[:19].replace('T', ' ')}  ", style="dim")
            done = words_of(decision)
            words.append(shown(who_of(decision)))
            words.append(f"  {shown(without_folders(done, folders) if app.served else done)}", style="bold")
            words.append(f"  link {decision.link}\n" if self._link is None and decision.link else "\n", style="dim")
        return words
