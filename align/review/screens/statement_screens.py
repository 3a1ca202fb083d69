"""Who else says this? The statements of a store, and the passages of every document for one of them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import cached_property
from threading import Event
from typing import ClassVar

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
from align.review.decisions import OverruleGuard
from align.review.jobs import JobCancelled
from align.review.screens.base import ClosesOnce, ours, reason, served_text
from align.review.screens.dialogs import Ask
from align.review.widgets.bars import KeyBar, Line
from align.review.workspace_rows import base_name
from align.reviewer import Reviewer
from align.store.statements import Member, RoleChange, Statement, new_uid
from align.text.messages import pluralise, visible
from align.text.width import wrap
from align.workspace.browse import Browser
from align.workspace.history import words_of
from align.workspace.realign import Realigner

Suggestions = dict[str, list[Suggestion]]
INDENT = 29
"""Cells before the text of a passage: two, the words of its likelihood or role, and its language."""


def _makes(statement: Statement, passage: DocumentPassage) -> bool:
    """Whether the passage is a confirmed member of the statement."""
    members = statement.members_with(Role.FULL, Role.PARTIAL)
    return any((member.document, member.text) == (passage.document, passage.text) for member in members)


class StatementScreen(ClosesOnce, Screen[None]):
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

    class Loaded(Message):
        """The statement and the names of all documents, or why they cannot be read."""

        def __init__(self, future: Future[tuple[Statement, list[str]]]) -> None:
            super().__init__()
            self.future = future

    class Suggested(Message):
        """The suggestions, or why there are none."""

        def __init__(self, future: Future[Suggestions]) -> None:
            super().__init__()
            self.future = future

    def __init__(self, passage: DocumentPassage | None, uid: str | None = None) -> None:
        super().__init__()
        self._passage = passage
        self._statement = Statement(uid or new_uid())
        self._names: list[str] = []
        self._suggestions: Suggestions = {}
        self._passages: dict[str, tuple[str, str, str]] = {}
        """Id of an option -> (document, language, text); an empty text for the document itself."""
        self._stop = Event()
        """Ends the ranking that runs."""
        self._decided_here: set[tuple[str, str]] = set()
        self._asked: tuple[str, ...] = ()
        """What the last question was about: the same key again does it."""

    def compose(self) -> ComposeResult:
        """Header, passages, message, key bar."""
        yield Line(id="top", max_lines=2)
        yield OptionList(id="passages")
        yield Line(id="said", max_lines=2)
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Read the statement that the passage is in, or begin a new one; nothing is written."""
        self.query_one(OptionList).focus()
        uid, passage = self._statement.uid, self._passage

        def load(browser: Browser) -> tuple[Statement, list[str]]:
            statements = browser.store.statements()
            has_passage = (one for one in statements.values() if passage and _makes(one, passage))
            statement = statements.get(uid) or next(has_passage, Statement(uid))
            return statement, [row.name for row in browser.store.documents()]

        future = ours(self).lookups.submit(load)
        future.add_done_callback(lambda done: self.post_message(self.Loaded(done)))

    def on_unmount(self) -> None:
        """End the ranking."""
        self._stop.set()

    def on_resize(self) -> None:
        """Wrap the passages anew."""
        self._paint()

    def on_statement_screen_loaded(self, message: Loaded) -> None:
        """Show the statement, and ask."""
        if (error := message.future.exception()) is not None:
            self._show_message(reason(error), bad=True)
            return
        self._statement, self._names = message.future.result()
        self._paint()
        self.action_ask()

    # Suggestions

    def action_ask(self) -> None:
        """Rank the passages of all documents by what is confirmed so far."""
        statement, passage = self._statement, self._passage
        decided = {(member.document, member.text) for member in statement.members}
        self._stop.set()
        stop = self._stop = Event()
        self._show_message("Looking in all documents ...")

        def progress(_done: int, _total: int) -> None:
            if stop.is_set():
                raise JobCancelled

        def work(realigner: Realigner) -> Suggestions:
            progress(0, 0)
            members = members_of(realigner.store, statement) or ([passage] if passage else [])
            if not members:
                return {}
            return suggest(realigner.store, realigner.encoder, members, exclude=decided, progress=progress)

        future = ours(self).solver.submit(work)
        future.add_done_callback(lambda done: self.post_message(self.Suggested(done)))

    def on_statement_screen_suggested(self, message: Suggested) -> None:
        """Show the suggestions."""
        error = message.future.exception()
        if isinstance(error, JobCancelled):
            return
        if error is not None:
            self._show_message(reason(error), bad=True)
        else:
            self._suggestions = message.future.result()
            self._show_message("Read them: whether a text says it does not follow from its rank.")
        self._paint()

    def _paint(self) -> None:
        statement, options = self._statement, self.query_one(OptionList)
        highlighted = options.highlighted
        self._passages.clear()
        options.clear_options()
        for name in self._names:
            roles = {member.text: member.role for member in statement.members if member.document == name}
            absent = "  not in this text" if "" in roles else ""
            heading = base_name(name) if ours(self).served else name
            self._add(Text(visible(heading) + absent, style="bold underline"), (name, "und", ""))
            for lang, text, words in self._rows(name):
                role = roles.get(text)
                style = "bold" if role in (Role.FULL, Role.PARTIAL) else "dim" if role == Role.ABSENT else ""
                self._add(self._prompt(words, lang, text, style), (name, lang, text))
        if options.option_count:
            options.highlighted = min(highlighted or 0, options.option_count - 1)
        label = statement.label or (self._passage.text if self._passage else "")
        count = pluralise(len(statement.documents), "document")
        self.query_one("#top", Line).show(f" {visible(label)}", f" {count} ")

    def _rows(self, name: str) -> list[tuple[str, str, str]]:
        """(language, text, words) of the passages of a document: those with a role, then the suggestions."""
        rows = [(m.lang, m.text, m.role.value) for m in self._statement.members if m.document == name and m.text]
        asked = self._passage
        if asked and asked.document == name and not self._statement.members:
            rows.append((asked.lang, asked.text, "asked for"))
        shown_texts = {text for _, text, _ in rows}
        suggestions = (one for one in self._suggestions.get(name, []) if one.passage.text not in shown_texts)
        return rows + [(one.passage.lang, one.passage.text, one.likely) for one in suggestions]

    def _prompt(self, words: str, lang: str, text: str, style: str) -> Text:
        """A passage with a hanging indent, wrapped to the width of the list."""
        text = visible(text)
        width = self.query_one(OptionList).scrollable_content_region.width or self.size.width
        lines = wrap(text, max(20, width - INDENT - 2))
        first = f"  {words:<17.17} {lang:<8.8} "
        return Text(
            "\n".join(
                (" " * INDENT if number else first) + text[line.start : line.end] for number, line in enumerate(lines)
            ),
            style=style,
        )

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
        """Give the selected passage a role; the first one makes the passage that was asked for a member too."""
        selected = self._selected()
        if selected and selected[2]:
            name, lang, text = selected
            if self._decide(RoleChange(name, text, lang, Role(role))):
                self.query_one(OptionList).action_cursor_down()
        elif selected:
            self._show_message("Select a passage; m is for the whole text.", bad=True)

    def action_absent(self) -> None:
        """Say that the selected document does not make the statement."""
        if selected := self._selected():
            self._decide(RoleChange(selected[0], "", "und", Role.ABSENT))

    def action_label(self) -> None:
        """Name the statement."""

        def named(text: str | None) -> None:
            if text is not None:
                self._submit(lambda reviewer: reviewer.decide_statement(self._statement.uid, [], label=text))

        ours(self).push_screen(Ask("Label of the statement", self._statement.given_label), named)

    def action_undo(self) -> None:
        """Take back the last decision of this reviewer; the message names it."""
        app = ours(self)
        question = self._guard.question_before_undo("undo", app.browser.store.latest())
        if question:
            self._show_message(question, bad=True)
        else:
            self._submit(lambda reviewer: reviewer.undo().decision)

    @cached_property
    def _guard(self) -> OverruleGuard:
        app = ours(self)
        return OverruleGuard(app.browser, app.reviewer, app.visit)

    def _decide(self, change: RoleChange) -> bool:
        """Whether the change is written; not where somebody else gave the role, before the same key comes again."""
        key = (change.document, change.text)
        member = next((one for one in self._statement.members if (one.document, one.text) == key), None)
        attempt = (*key, str(change.role))
        if member and member.role != change.role and not self._is_own(member) and self._asked != attempt:
            self._asked = attempt
            self._show_message(f"{member.reviewer} gave it: {member.role}. The same key again changes it.", bad=True)
            return False
        changes = [change]
        asked = self._passage
        if asked and not self._statement.members and key != (asked.document, asked.text):
            changes.insert(0, RoleChange(asked.document, asked.text, asked.lang, Role.FULL))
        self._decided_here |= {(one.document, one.text) for one in changes}
        self._submit(lambda reviewer: reviewer.decide_statement(self._statement.uid, changes))
        return True

    def _is_own(self, member: Member) -> bool:
        """Whether this reviewer gave the role; in a browser a name proves nothing, so only in this visit."""
        app = ours(self)
        here = (member.document, member.text) in self._decided_here
        return member.reviewer == app.reviewer and (here or not app.visit)

    def _submit(self, work: Callable[[Reviewer], Decision | None]) -> None:
        """Write in the thread of decisions, and read the statement again there."""
        uid = self._statement.uid

        def write(reviewer: Reviewer) -> tuple[Decision | None, Statement]:
            decision = work(reviewer)
            return decision, reviewer.store.statements().get(uid, Statement(uid))

        future = ours(self).decision_writer.submit(write)
        if ours(self).in_time(future, self):
            self.saved(future)

    def saved(self, future: Future[tuple[Decision | None, Statement]]) -> None:
        """Show the outcome of a decision."""
        if (error := future.exception()) is not None:
            self._show_message(reason(error), bad=True)
            return
        decision, self._statement = future.result()
        self._asked = ()
        words = words_of(decision) if decision and decision.action == "undo" else "Saved."
        self._show_message(words if decision else "Nothing changed.")
        self._paint()

    def _show_message(self, words: str, *, bad: bool = False) -> None:
        line = self.query_one("#said", Line)
        line.show(f" {visible(served_text(self, words))}")
        line.set_class(bad, "-bad")

    def action_leave(self) -> None:
        """Back; everything is saved."""
        self.dismiss()


class StatementsScreen(ClosesOnce, Screen[None]):
    """The statements of the store; Enter opens one."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q,escape", "leave", "back", id="back")]

    def compose(self) -> ComposeResult:
        """Header, list, key bar."""
        yield Line(id="top")
        yield OptionList(id="statements")
        yield KeyBar(id="keys")

    class Listed(Message):
        """The statements, or why they cannot be read."""

        def __init__(self, future: Future[dict[str, Statement]]) -> None:
            super().__init__()
            self.future = future

    def on_screen_resume(self) -> None:
        """List them as they are now."""
        future = ours(self).lookups.submit(lambda browser: browser.store.statements())
        future.add_done_callback(lambda done: self.post_message(self.Listed(done)))

    def on_statements_screen_listed(self, message: Listed) -> None:
        """Show them."""
        if (error := message.future.exception()) is not None:
            words = reason(error)
            self.query_one("#top", Line).show(f" {served_text(self, words)}")
            return
        listed = message.future.result()
        options = self.query_one(OptionList)
        options.clear_options()
        for one in listed.values():
            mark = "!" if one.is_contested else " "
            options.add_option(Option(Text(f"{mark} {len(one.documents):>3}  {visible(one.label)}"), id=one.uid))
        empty = "no statements yet: press W on a passage of a link or document"
        self.query_one("#top", Line).show(f" {pluralise(len(listed), 'statement')}" if listed else f" {empty}")
        options.highlighted = 0 if listed else None
        options.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open the statement."""
        ours(self).push_screen(StatementScreen(None, event.option.id))

    def action_leave(self) -> None:
        """Back."""
        self.dismiss()
