"""Help screen: all keys as they are bound."""

from __future__ import annotations

from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from align.review.keys import ALTERNATIVE_KEYS, DOCUMENT_KEYS, REVIEW_KEYS, WORKSPACE_KEYS, KeyAction, keys_of

CLOSING = """
In the filter: words, status:proposed, kind:summary, lang:ja-zh, <50, >90, doc:name, by:reviewer, noted, bookmarked,
uneven (not one sentence to one), attention (text changed since, or in conflict).

In the list: ✓ accepted, ✎ edited or linked by hand, ✗ rejected; the number is the solver's confidence in per cent;
p partial, s summary, T title, q quote; 2:1 sentences on each side; ⚑ bookmark, # note.
Around a link: ∅ marks an unpaired sentence.

Keys are changed in the config file:  [keys]  accept = "y"   (`align config` shows where it is.)
Ctrl+P searches actions by name and changes the colours. Ctrl+Q quits; everything is saved already.
"""


class HelpScreen(ModalScreen[None]):
    """Table of keys and a legend of the screens."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,f1,enter", "dismiss", "back")]

    def compose(self) -> ComposeResult:
        """Table of keys, legend."""
        with VerticalScroll(classes="page"):
            yield Static(self._keys_told())
            yield Static(Text(CLOSING))

    def _keys_told(self) -> Table:
        """Table of keys and their help texts."""
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column()
        group = ""
        for action in (*REVIEW_KEYS, *WORKSPACE_KEYS, *DOCUMENT_KEYS):
            if action in ALTERNATIVE_KEYS[1:]:
                continue
            if action.group != group:
                group = action.group
                table.add_row()
                table.add_row(Text(group, style="bold underline"))
            keys = "1 … 9" if action in ALTERNATIVE_KEYS else self._keys(action)
            table.add_row(Text(f"  {keys}", style="bold"), Text(action.help_text))
        return table

    def _keys(self, action: KeyAction) -> str:
        keys = keys_of(action, self.app._keymap)
        return " ".join(self.app.get_key_display(Binding(key, "")) for key in keys) or "(Ctrl+P)"
