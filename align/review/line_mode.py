"""Review by lines: one link at a time on stdout, commands on stdin; for screen readers, simple terminals and scripts.

It has the session of the app, so that the same decisions are made and the same questions asked. No escape sequences are
written, and Textual is not imported.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TextIO

from align.errors import AlignError, UsageError
from align.models import LinkKind
from align.review.filter_language import GRAMMAR, parse_percentage
from align.review.queries import Consequences, consequences_of, load_context, open_solver, realignment_of
from align.review.session import PendingEdit, ReviewSession
from align.review.session_state import recall_state, state_key
from align.review.split_points import named_points, nearest_point, rest_of, share, split_points
from align.review.wording import count_of, only_in_one, progress_of, question, reasons_of, state_of
from align.reviewer import DecisionWriter, WorkerThread, open_reviewer
from align.settings import Settings, default_reviewer
from align.text.width import shown
from align.workspace.browse import open_browser
from align.workspace.history import words_of
from align.workspace.realign import AlternativeTarget, Realigner

CONTEXT_SENTENCES = 3
"""Sentences before and after a link that `v` prints on each side."""
HISTORY_DECISIONS, ALTERNATIVES = 20, 9
YES, NO, ONLY = "y", "n", "o"
SIDE_WORDS = {"src": "source", "tgt": "target"}


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its first word, what may follow it, the method here or of the session, what it does."""

    word: str
    argument: str
    method: str
    help_text: str


COMMAND_TABLE = """
a; ; accept; accept the link, go on to the next undecided one
x; ; reject; reject the link, go on
skip; ; skip; leave the link undecided, go on
u; ; undo; undo the last decision
U; ; redo; redo it
e; TEXT; do_edit; replace the text of the side (the source, or the one that `side` changed to)
side; ; do_side; change the side that e, [, ], { and } are for
m; ; merge_next; merge with the next link
M; ; merge_previous; merge with the previous link
s; N M | WORDS / WORDS; do_split; split after N and M sentences, or where WORDS begin; alone: in half
[; ; give_up; give the first sentence of the side to the link above
]; ; give_down; give the last sentence of the side to the link below
{; ; take_up; take the sentence above into the side
}; ; take_down; take the sentence below into the side
r; N; do_alternatives; list other targets for the source; with N, link to that one
d; ; unlink; unlink: delete the link, its sentences become unpaired
w; ; swap; swap the sides
R; ; solve; realign undecided links around the nearest settled one
c; TEXT; do_note; write a note on the link; alone: remove it
t; KIND; do_kind; set the kind: translation, partial, summary, title or quote
b; ; bookmark; set or remove the bookmark
A; PERCENT; do_accept_above; accept every undecided link that is at least this sure
C; ; do_accept_through; accept this link and every undecided one above it
n; ; next_undecided; go to the next undecided link
j; ; down; go to the next link
k; ; up; go to the previous link
N; ; doubtful; go to the next doubtful link
g; WHERE; do_go_to; go to a position, #number, percentage or words
filter; WORDS; do_filter; list only the links that match; alone: all
o; ; sort; sort by doubt, or as in the documents
i; ; do_info; why this link was proposed
v; ; do_context; the sentences before and after
h; ; do_history; the decisions on the link
?; ; do_help; this list
q; ; do_quit; leave; everything is saved already
"""
"""Word; argument; method here, else of the session; what it does."""
COMMANDS = tuple(Command(*re.split(r"; ?", line, maxsplit=3)) for line in COMMAND_TABLE.split("\n") if line)
BY_WORD = {command.word: command for command in COMMANDS} | {"/": next(c for c in COMMANDS if c.word == "filter")}


class Left(Exception):  # noqa: N818  # not an error: the reviewer leaves
    """The reviewer leaves, or the input ends."""


class PlainReview:
    """A session by lines. `lines`: the input; `write` prints a line."""

    def __init__(
        self,
        session: ReviewSession,
        solver: WorkerThread[Realigner],
        lines: Iterator[str],
        write: Callable[[str], None],
    ) -> None:
        self.session = session
        self._solver = solver
        self._lines = lines
        self._write = write
        self._printed: tuple[int, int, int] | None = None
        """Link, version and number of listed links that were printed last."""
        self._alternatives: tuple[int, Sequence[AlternativeTarget]] = (0, ())
        """Link, and the other targets that were listed for it."""

    def run(self) -> None:
        """Print the current link and do what is read, until the reviewer leaves or the input ends."""
        self.session.open()
        self._print_message()
        self._print_link()
        try:
            while True:
                self._do(self._next_line())
        except Left:
            return

    def _next_line(self) -> str:
        try:
            return next(self._lines).rstrip("\r\n")
        except (StopIteration, KeyboardInterrupt):
            raise Left from None

    def _do(self, line: str) -> None:
        self.session.news()
        word, _, argument = line.strip().partition(" ")
        command = BY_WORD.get(word)
        if not word:
            self._print_link()
            return
        if command is None:
            self._write(f"There is no command {shown(word)!r}. ? lists them.")
            return
        self.session.inform("")
        if not command.argument and argument.strip():
            self._write(f"{word} takes nothing after it. Nothing was done; ? lists the commands.")
            return
        own = getattr(self, command.method, None)
        try:
            pending = own(argument.strip()) if own else getattr(self.session, command.method)()
            if isinstance(pending, PendingEdit):
                self._apply(pending)
        except AlignError as error:
            self._write(shown(str(error)))
        self._print_message()
        link = self.session.current
        if link is None or (link.id, link.version, self.session.total) != self._printed:
            self._print_link()

    # Printing

    def _print_message(self) -> None:
        words = self.session.message.text
        if words:
            self._write(shown(words[:1].upper() + words[1:] + ("" if words[-1] in ".?!…" else ".")))

    def _print_link(self) -> None:
        session, link = self.session, self.session.current
        if link is None:
            self._printed = None
            self._write("No links here. `filter` alone lists all links.")
            return
        self._printed = link.id, link.version, session.total
        progress = progress_of(session.left, session.expected_right)
        self._write("")
        state = ", ".join([*state_of(link), *["bookmarked"] * link.bookmarked])
        self._write(shown(f"Link {link.id}, {session.cursor + 1:,} of {session.total:,}: {state}."))
        self._write(f"({progress})")
        self._write(f"Source, {link.src.lang}: {shown(link.src.text)}")
        self._write(f"Target, {link.tgt.lang}: {shown(link.tgt.text)}")
        for name, side in (("source", link.src), ("target", link.tgt)):
            if side.original is not None:
                self._write(f"Original {name}: {shown(side.original)}")
        if only := only_in_one(link, session.surroundings.around(link)):
            self._write(f"{shown(only)}.")
        if link.note:
            self._write(f"Note: {shown(link.note)}")

    # Questions

    def _ask(self, words: str, answers: str = YES + NO) -> str:
        """Ask until one of the letters is answered; the end of the input leaves, with nothing done."""
        letters = " or ".join(answers)
        self._write(f"{shown(words)} Answer {letters}.")
        while (answer := self._next_line().strip()) not in tuple(answers):
            self._write(f"Nothing was done yet. Answer {letters}.")
        return answer

    def _apply(self, pending: PendingEdit) -> None:
        """Commit an edit; ask first where something else changes."""
        consequences = self._consequences(pending)
        if consequences.needs_answer:
            for link in (*consequences.emptied, *consequences.realignment.removed):
                self._write(f"Removes: {shown(link.src.text)} / {shown(link.tgt.text)}")
            for proposal in consequences.realignment.added:
                texts = [self._text(side) for side in (proposal.src, proposal.tgt)]
                self._write(f"Adds: {' / '.join(texts)}")
            answers = YES + ONLY + NO if consequences.realignment else YES + NO
            only = " o is the change without its neighbours." if ONLY in answers else ""
            answer = self._ask(f"{pending.words} {consequences.in_words()}. Apply?{only}", answers)
            if answer == NO:
                self.session.cancel(pending)
                return
            if answer == ONLY:
                consequences = consequences.without_neighbours()
        self.session.commit(pending, consequences.versions, consequences.realignment)

    def _consequences(self, pending: PendingEdit) -> Consequences:
        """What else an edit changes. An edit that is impossible is left to the commit to refuse."""
        edit = pending.edit
        try:
            preview = self.session.writer.submit(lambda reviewer: reviewer.preview(edit)).result()
        except AlignError:
            return Consequences()
        realignment = Consequences().realignment
        try:
            realignment = self._solver.submit(lambda solver: realignment_of(solver, preview, edit)).result()
        except AlignError as error:
            self._write(shown(f"The neighbours could not be checked: {error}"))
        return consequences_of(self.session.browser, preview, realignment)

    def _text(self, sentences: Sequence[int]) -> str:
        return shown(" ".join(row.text for row in self.session.browser.store.sentences_by_id(sentences)))

    # Commands with an argument, or of the lines

    def do_edit(self, text: str) -> None:
        """Replace the text of the side."""
        link = self.session.require_current()
        if not text:
            raise UsageError(f"Write the new text of the {SIDE_WORDS[self.session.side]} after e.")
        if link is not None:
            self.session.edit_text(link, self.session.side, text)

    def do_side(self, _argument: str) -> None:
        """Change the side."""
        self.session.other_side()
        self.session.inform(f"The commands e [ ] {{ }} are for the {SIDE_WORDS[self.session.side]} now.")

    def do_note(self, text: str) -> None:
        """Write the note."""
        if link := self.session.require_current():
            self.session.note(link, text)

    def do_kind(self, kind: str) -> None:
        """Set the kind, by the start of its name."""
        kinds = [member for member in LinkKind if kind and member.value.startswith(kind.lower())]
        if len(kinds) != 1:
            raise UsageError(f"Choose one of {', '.join(member.value for member in LinkKind)}.")
        if link := self.session.require_current():
            self.session.set_kind(link, kinds[0].value)

    def do_go_to(self, where: str) -> None:
        """Go to a link."""
        self.session.go_to(where)

    def do_filter(self, typed: str) -> None:
        """List the links that match."""
        self.session.filter(typed)

    def do_accept_above(self, typed: str) -> None:
        """Accept all above a confidence, once agreed."""
        count = self.session.count_above(typed)
        if not count:
            self.session.inform(f"No undecided link is at least {parse_percentage(typed)} % sure.")
        elif self._ask(f"Accept {count_of(count)} at least {parse_percentage(typed)} % sure?") == YES:
            self.session.accept_above(typed)

    def do_accept_through(self, _argument: str) -> None:
        """Accept all to here, once agreed."""
        count = self.session.count_through()
        if count <= 1 or self._ask(f"Accept {count_of(count)}, from the top of the list to this one?") == YES:
            self.session.accept_through()

    def do_split(self, where: str) -> PendingEdit | None:
        """Split the link: 2:2 in the middle, others at the nearest points to half, once agreed; or where it is said."""
        link = self.session.require_current()
        if link is None:
            return None
        browser = self.session.browser
        texts = [[row.text for row in browser.store.sentences_by_id(side.sentences)] for side in (link.src, link.tgt)]
        if where:
            return self.session.split(link, *named_points(texts, where))
        if [len(side) for side in texts] == [2, 2]:
            return self.session.split(link, 1, 1)
        points = [split_points(side) for side in texts]
        if not all(points):
            raise UsageError("A side has one character only: d unlinks.")
        first = nearest_point(texts[0], 0.5, points[0])
        second = nearest_point(texts[1], share(texts[0], first), points[1])
        halves = [rest_of(side, at) for side, at in zip(texts, (first, second), strict=True)]
        agreed = self._ask(f"The second half begins with {halves[0]!r} and {halves[1]!r}. Split there?")
        return self.session.split(link, first, second) if agreed == YES else None

    def do_alternatives(self, number: str) -> PendingEdit | None:
        """List other targets, or link to one of them."""
        link = self.session.require_current()
        if link is None:
            return None
        of_link, alternatives = self._alternatives
        if not number or of_link != link.id:
            alternatives = self._solver.submit(lambda solver: solver.alternatives(link, ALTERNATIVES)).result()
            self._alternatives = link.id, alternatives
            self._write("Other targets; r and a number links to one:" if alternatives else "It has no alternatives.")
            for n, alternative in enumerate(alternatives, 1):
                self._write(f"{n}: {shown(alternative.text)}")
            return None
        if not number.isascii() or not number.isdecimal() or not 0 < int(number) <= len(alternatives):
            raise UsageError(f"There is no alternative {number}.")
        tgt = alternatives[int(number) - 1].sentences
        existing = self.session.browser.linked_already(link.src.sentences, tgt, link.id)
        if existing and self._ask(question(existing)) != YES:
            return None
        return self.session.relink(link, link.src.sentences, tgt, tuple(other.id for _, other in existing))

    def do_info(self, _argument: str) -> None:
        """Print the reasons for the link."""
        if link := self.session.require_current():
            for words in reasons_of(link, self.session.browser.store.signals(link.id) or {}):
                self._write(f"{words[:1].upper()}{words[1:]}.")

    def do_context(self, _argument: str) -> None:
        """Print the sentences around the link."""
        link = self.session.require_current()
        for name, side in (("Source", link.src), ("Target", link.tgt)) if link else ():
            context = load_context(self.session.browser, side, CONTEXT_SENTENCES)
            for words, rows in (("before", context.before), ("after", context.after)):
                for row in rows:
                    unpaired = "" if row.id in context.linked else ", unpaired"
                    self._write(f"{name} {words}{unpaired}: {shown(row.text)}")

    def do_history(self, _argument: str) -> None:
        """Print the decisions on the link."""
        link = self.session.require_current()
        decisions = self.session.browser.store.decisions(link=link.id, limit=HISTORY_DECISIONS) if link else []
        for decision in decisions:
            at = decision.at[:16].replace("T", " ")
            self._write(shown(f"{at}, {decision.reviewer}: {words_of(decision)}"))
        if not decisions:
            self._write("No decisions yet.")

    def do_help(self, _argument: str) -> None:
        """Print the commands."""
        for command in COMMANDS:
            head = f"{command.word} {command.argument}".strip()
            self._write(f"{head}: {command.help_text}.")
        self._write(f"An empty line reads the link again. In the filter: {GRAMMAR}.")

    def do_quit(self, _argument: str) -> None:
        """Leave."""
        raise Left


def read_lines(stream: TextIO) -> Iterator[str]:
    """Lines of the input; at a terminal with a prompt, and with line editing where Python has it."""
    if not stream.isatty():
        yield from stream
        return
    with suppress(ImportError):
        import readline  # `input` uses it

        readline.parse_and_bind("set enable-bracketed-paste off")  # which would write escape sequences
    while True:
        try:
            line = input("> ")
        except (EOFError, KeyboardInterrupt):
            return
        yield line


def run_plain(settings: Settings) -> int:
    """Review by lines until the input ends or the reviewer leaves. Returns the exit code."""
    name = settings.reviewer or default_reviewer()
    writer = DecisionWriter(lambda: open_reviewer(settings.db, name))
    solver: WorkerThread[Realigner] = WorkerThread(
        "solver", lambda: open_solver(settings.db, settings.encoder, settings.cache)
    )
    with open_browser(settings.db) as browser:
        session = ReviewSession(browser, writer, name, recall_state(browser, name), waits=True)

        def write(line: str) -> None:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()

        try:
            write(f"{settings.db.name}, reviewed by {shown(name)}. ? lists the commands, q leaves.")
            PlainReview(session, solver, read_lines(sys.stdin), write).run()
        finally:
            writer.remember(state_key(name), session.state.to_json())
            writer.close()
            solver.close()
    return 0
