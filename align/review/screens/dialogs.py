"""Dialogs: a line of text, a longer text, a confirmation, a choice by letter. Stock widgets, so that IMEs work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static, TextArea

from align.text.width import shown


class Ask(ModalScreen[str | None]):
    """Dialog for one line of text; Esc returns None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss_none", "cancel")]

    def __init__(self, question: str, value: str = "", hint: str = "") -> None:
        super().__init__()
        self._question, self._value, self._hint = question, value, hint

    def compose(self) -> ComposeResult:
        """Question, field, hint."""
        with Vertical(classes="dialog"):
            yield Static(Text(shown(self._question)), classes="question")
            yield Input(shown_lines(self._value), id="answer", select_on_focus=False)
            yield Static(Text(shown(self._hint)), classes="hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Return the text on Enter."""
        self.dismiss(event.value)

    def action_dismiss_none(self) -> None:
        """Return None."""
        self.dismiss(None)


class AskText(ModalScreen[str | None]):
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


class Confirm(ModalScreen[bool]):
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


class Choose(ModalScreen[str | None]):
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
