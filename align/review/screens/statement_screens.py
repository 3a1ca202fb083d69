"""Who else says this? The statements of a store, and the passages of every document for one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from align.mining.passage_ranking import DocumentPassage, Suggestion
from align.mining.statement_passages import members_of, suggest
from align.models import Decision, Role
from align.review.screens.base import ours, reason
from align.review.screens.dialogs import Ask
from align.review.widgets.bars import KeyBar, Line
from align.store.statements import RoleChange, Statement, new_uid
from align.text.messages import pluralise, visible
from align.workspace.realign import Realigner

Suggestions = dict[str, list[Suggestion]]


class StatementScreen(Screen[None]):
    """The best passages of every document for one statement; a key gives the selected one its role.

    `passage`: the passage to ask for; None for a statement that has members. `uid`: None for a new statement.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "role('says')", "says", id="statement_full"),
        Binding("p", "role('in part')", "in part", id="statement_part"),
        Binding("x", "role('contradicts')", "contradicts", id="statement_against"),
        Binding("d", "role('doubtful')", "doubtful", id="statement_doubtful"),
        Binding("n", "role('not said')", "no", id="statement_no"),
        Binding("m", "absent", "absent", id="statement_absent"),
        Binding("r", "ask", "ask again", id="statement_again"),
        Binding("l", "label", "label", id="statement_label"),
        Binding("u", "undo", "undo", id="statement_undo"),
        Binding("q,escape", "leave", "back", id="back"),
        Binding("j", "move(1)", "down", show=False, id="statement_down"),
        Binding("k", "move(-1)", "up", show=False, id="statement_up"),
    ]

    class Suggested(Message):
        """The suggestions, or why there are none."""

        def __init__(self, future: Future[Suggestions]) -> None:
            super().__init__()
            self.future = future

    def __init__(self, passage: DocumentPassage | None, uid: str | None = None) -> None:
        super().__init__()
        self._passage = passage
        self._uid = uid or new_uid()
        self._suggestions: Suggestions = {}
        self._passages: dict[str, tuple[str, str, str]] = {}
        """Id of an option -> (document, language, text); an empty text for the document itself."""

    def compose(self) -> ComposeResult:
        """Header, passages, message, key bar."""
        yield Line(id="top", max_lines=2)
        yield OptionList(id="passages")
        yield Line(id="said", max_lines=2)
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Make the passage that was asked for the first member, and ask."""
        self.query_one(OptionList).focus()
        if self._passage is not None and not self._statement().members:
            one = self._passage
            self._decide([RoleChange(one.document, one.text, one.lang, Role.FULL)])
        self.action_ask()

    def _statement(self) -> Statement:
        return ours(self).browser.store.statements().get(self._uid) or Statement(self._uid)

    # Suggestions

    def action_ask(self) -> None:
        """Rank the passages of all documents by what is confirmed so far."""
        statement, passage = self._statement(), self._passage
        decided = {(member.document, member.text) for member in statement.members}
        self._show_message("Looking in all documents ...")

        def work(realigner: Realigner) -> Suggestions:
            members = members_of(realigner.store, statement) or ([passage] if passage else [])
            return suggest(realigner.store, realigner.encoder, members, exclude=decided) if members else {}

        future = ours(self).solver.submit(work)
        future.add_done_callback(lambda done: self.post_message(self.Suggested(done)))

    def on_statement_screen_suggested(self, message: Suggested) -> None:
        """Show the suggestions."""
        error = message.future.exception()
        if error is not None:
            self._show_message(reason(error), bad=True)
        else:
            self._suggestions = message.future.result()
            self._show_message("Read them: whether a text says it does not follow from its rank.")
        self._paint()

    def _paint(self) -> None:
        statement, options = self._statement(), self.query_one(OptionList)
        highlighted = options.highlighted
        self._passages.clear()
        options.clear_options()
        documents = [row.name for row in ours(self).browser.store.documents()]
        for name in documents:
            roles = {member.text: member.role for member in statement.members if member.document == name}
            rows = self._rows(name, statement)
            if not rows:
                continue
            absent = "  not in this text" if roles.get("") == Role.ABSENT else ""
            self._add(Text(visible(name) + absent, style="bold underline"), (name, "und", ""))
            for lang, text, words in rows:
                role = roles.get(text)
                mark = f"{role.value:<12}" if role else f"{words:<12.12}"
                style = "bold" if role in (Role.FULL, Role.PARTIAL) else "dim" if role == Role.ABSENT else ""
                self._add(Text(f"  {mark} {lang:<7} {visible(text)}", style=style), (name, lang, text))
        if options.option_count:
            options.highlighted = min(highlighted or 0, options.option_count - 1)
        count = len({member.document for member in statement.members_with(Role.FULL, Role.PARTIAL)})
        label = statement.label or (self._passage.text if self._passage else "")
        self.query_one("#top", Line).show(f" {visible(label)}", f"{pluralise(count, 'document')} ")

    def _rows(self, name: str, statement: Statement) -> list[tuple[str, str, str]]:
        """(language, text, words) of the passages of a document: those with a role, then the suggestions."""
        rows = [(m.lang, m.text, m.role.value) for m in statement.members if m.document == name and m.text]
        decided_texts = {text for _, text, _ in rows}
        suggestions = (one for one in self._suggestions.get(name, []) if one.passage.text not in decided_texts)
        return rows + [(one.passage.lang, one.passage.text, one.likely) for one in suggestions]

    def _add(self, prompt: Text, passage: tuple[str, str, str]) -> None:
        key = f"p{len(self._passages)}"
        self._passages[key] = passage
        self.query_one(OptionList).add_option(Option(prompt, id=key))

    # Decisions

    def _selected(self) -> tuple[str, str, str] | None:
        options = self.query_one(OptionList)
        if options.highlighted is None:
            return None
        return self._passages.get(options.get_option_at_index(options.highlighted).id or "")

    def action_move(self, step: int) -> None:
        """Go to the next passage, or to the previous one."""
        options = self.query_one(OptionList)
        (options.action_cursor_down if step > 0 else options.action_cursor_up)()

    def action_role(self, role: str) -> None:
        """Give the selected passage a role."""
        selected = self._selected()
        if selected and selected[2]:
            name, lang, text = selected
            self._decide([RoleChange(name, text, lang, Role(role))])
            self.query_one(OptionList).action_cursor_down()
        elif selected:
            self._show_message("Select a passage; m is for the whole text.", bad=True)

    def action_absent(self) -> None:
        """Say that the selected document does not make the statement."""
        if selected := self._selected():
            self._decide([RoleChange(selected[0], "", "und", Role.ABSENT)])

    def action_label(self) -> None:
        """Name the statement."""

        def named(text: str | None) -> None:
            if text is not None:
                self._decide([], label=text)

        ours(self).push_screen(Ask("Label of the statement", self._statement().given_label), named)

    def action_undo(self) -> None:
        """Take back the last decision."""
        self._wait_for(ours(self).decision_writer.submit(lambda reviewer: reviewer.undo()))

    def _decide(self, changes: Sequence[RoleChange], label: str | None = None) -> None:
        uid = self._uid
        self._wait_for(
            ours(self).decision_writer.submit(lambda reviewer: reviewer.decide_statement(uid, changes, label=label))
        )

    def _wait_for(self, future: Future[Any]) -> None:
        if ours(self).in_time(future, self):
            self.saved(future)

    def saved(self, future: Future[Decision | None]) -> None:
        """Show the outcome of a decision."""
        error = future.exception()
        self._show_message("Saved." if error is None else reason(error), bad=error is not None)
        self._paint()

    def _show_message(self, words: str, *, bad: bool = False) -> None:
        line = self.query_one("#said", Line)
        line.show(f" {words}")
        line.set_class(bad, "-bad")

    def action_leave(self) -> None:
        """Back; everything is saved."""
        ours(self).pop_screen()


class StatementsScreen(Screen[None]):
    """The statements of the store; Enter opens one."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q,escape", "leave", "back", id="back")]

    def compose(self) -> ComposeResult:
        """Header, list, key bar."""
        yield Line(id="top")
        yield OptionList(id="statements")
        yield KeyBar(id="keys")

    def on_screen_resume(self) -> None:
        """List them as they are now."""
        listed: Mapping[str, Statement] = ours(self).browser.store.statements()
        options = self.query_one(OptionList)
        options.clear_options()
        for one in listed.values():
            count = len({member.document for member in one.members_with(Role.FULL, Role.PARTIAL)})
            mark = "!" if one.members_with(Role.CONTRADICTS) or any(m.contested for m in one.members) else " "
            options.add_option(Option(Text(f"{mark} {count:>3}  {visible(one.label)}"), id=one.uid))
        empty = "no statements yet: press W on a passage of a link or document"
        self.query_one("#top", Line).show(f" {pluralise(len(listed), 'statement')}" if listed else f" {empty}")
        options.highlighted = 0 if listed else None
        options.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open the statement."""
        ours(self).push_screen(StatementScreen(None, event.option.id))

    def action_leave(self) -> None:
        """Back."""
        ours(self).pop_screen()
