"""Who else says this? The statements of a store, and the passages of every document for one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import cached_property
from threading import Event
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.screen import Screen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from align.highlight import correspondences
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
from align.text.tags import primary
from align.text.width import wrap
from align.workspace.browse import Browser
from align.workspace.history import words_of
from align.workspace.realign import Realigner

Suggestions = dict[str, list[Suggestion]]
INDENT = 29
"""Cells before the text of a passage: two, the words of its likelihood or role, and its language."""


class StatementScreen(ClosesOnce, Screen[None]):
    """The best passages of every document for one statement; a key gives the selected one its role.

    A wide screen lists the statements of the store on the left: Tab goes there, Enter opens one.
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
        """The statements and the names of all documents, or why they cannot be read."""

        def __init__(self, future: Future[tuple[dict[str, Statement], list[str]]]) -> None:
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
        self._statements: dict[str, Statement] = {}
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
        """Header, statements, passages, message, key bar."""
        yield Line(id="top", max_lines=2)
        with Horizontal():
            yield OptionList(id="statements")
            yield OptionList(id="passages")
        yield Line(id="said", max_lines=2)
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Read the statement that the passage is in, or begin a new one; nothing is written."""
        self._options.focus()

        def load(browser: Browser) -> tuple[dict[str, Statement], list[str]]:
            return browser.store.statements(), [row.name for row in browser.store.documents()]

        future = ours(self).lookups.submit(load)
        future.add_done_callback(lambda done: self.post_message(self.Loaded(done)))

    def on_unmount(self) -> None:
        """End the ranking."""
        self._stop.set()

    def on_resize(self) -> None:
        """Wrap the passages anew."""
        self.call_after_refresh(self._paint)

    def on_statement_screen_loaded(self, message: Loaded) -> None:
        """Show the statement, and ask."""
        if (error := message.future.exception()) is not None:
            self._show_message(reason(error), bad=True)
            return
        self._statements, self._names = message.future.result()
        uid, asked = self._statement.uid, self._passage and (self._passage.document, self._passage.text)
        for one in self._statements.values():
            members = one.members_with(Role.FULL, Role.PARTIAL)
            if one.uid == uid or any((member.document, member.text) == asked for member in members):
                self._statement = one
                break
        self._paint()
        self.action_ask()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open a statement of the list."""
        if event.option_list.id == "statements" and event.option.id in self._statements:
            self._passage, self._suggestions, self._asked = None, {}, ()
            self._statement = self._statements[event.option.id]
            self._options.focus()
            self._paint()
            self.action_ask()

    @property
    def _options(self) -> OptionList:
        return self.query_one("#passages", OptionList)

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
        statement, options = self._statement, self._options
        list_statements(self.query_one("#statements", OptionList), self._statements, statement.uid)
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
        self.query_one("#top", Line).show(f" {visible(label)}", f" {pluralise(len(statement.documents), 'document')} ")

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
        """A passage with a hanging indent, wrapped to the list; what it shares with the first one is underlined."""
        text, width = visible(text), self._options.scrollable_content_region.width or self.size.width
        prompt = Text(f"  {words:<17.17} {lang:<8.8} ", style=style)
        for number, line in enumerate(wrap(text, max(20, width - INDENT - 2))):
            part = Text("\n" + " " * INDENT if number else "")
            offset = len(part) - line.start
            part.append(text[line.start : line.end])
            for start, end in self._shared(text, lang):
                part.stylize("underline", max(len(part) - line.end + line.start, start + offset), max(0, end + offset))
            prompt.append_text(part)
        return prompt

    def _shared(self, text: str, lang: str) -> list[tuple[int, int]]:
        """Spans of a text that correspond to the first member, or to what was asked for."""
        first = next(iter(self._statement.members_with(Role.FULL, Role.PARTIAL)), self._passage)
        if first is None or visible(first.text) == text:
            return []
        # Of two texts in one language, `correspondences` would show what differs.
        langs = ("und", "und") if primary(first.lang) == primary(lang) else (first.lang, lang)
        marks = correspondences(visible(first.text), text, *langs)[1]
        return [(start, end) for start, end, role in marks if role != "lonely"]

    def _add(self, prompt: Text, passage: tuple[str, str, str]) -> None:
        key = f"p{len(self._passages)}"
        self._passages[key] = passage
        self._options.add_option(Option(prompt, id=key))

    # Decisions

    def _selected(self) -> tuple[str, str, str] | None:
        option = self._options.highlighted_option
        return self._passages.get(option.id or "") if option else None

    def action_move(self, step: int) -> None:
        """Go to the next passage, or to the previous one."""
        (self._options.action_cursor_down if step > 0 else self._options.action_cursor_up)()

    def action_role(self, role: str) -> None:
        """Give the selected passage a role; the first one makes the passage that was asked for a member too."""
        selected = self._selected()
        if selected and selected[2]:
            name, lang, text = selected
            if self._decide(RoleChange(name, text, lang, Role(role))):
                self._options.action_cursor_down()
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
        if question := self._guard.question_before_undo("undo", app.browser.store.latest()):
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

        def write(reviewer: Reviewer) -> tuple[Decision | None, dict[str, Statement]]:
            decision = work(reviewer)
            return decision, reviewer.store.statements()

        future = ours(self).decision_writer.submit(write)
        if ours(self).in_time(future, self):
            self.saved(future)

    def saved(self, future: Future[tuple[Decision | None, dict[str, Statement]]]) -> None:
        """Show the outcome of a decision."""
        if (error := future.exception()) is not None:
            self._show_message(reason(error), bad=True)
            return
        decision, self._statements = future.result()
        self._statement = self._statements.get(self._statement.uid, Statement(self._statement.uid))
        self._asked = ()
        saved = words_of(decision) if decision and decision.action == "undo" else "Saved."
        self._show_message(saved if decision else "Nothing changed.")
        self._paint()

    def _show_message(self, words: str, *, bad: bool = False) -> None:
        self.query_one("#said", Line).show(f" {visible(served_text(self, words))}")
        self.query_one("#said", Line).set_class(bad, "-bad")

    def action_leave(self) -> None:
        """Back; everything is saved."""
        self.dismiss()


def list_statements(options: OptionList, statements: Mapping[str, Statement], uid: str = "") -> None:
    """Fill a list with the statements, each with the number of its documents; the one of `uid` is bold."""
    options.clear_options()
    for one in statements.values():
        mark = "!" if one.is_contested else " "
        style = "bold" if one.uid == uid else ""
        options.add_option(Option(Text(f"{mark} {len(one.documents):>3}  {visible(one.label)}", style), id=one.uid))
    if uid in statements:
        options.highlighted = list(statements).index(uid)


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
        list_statements(options, listed)
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
