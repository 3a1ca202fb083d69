"""`align review --plain`: the same decisions by lines, without Textual and without escape sequences."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from align.models import LinkKind, Proposal, Realignment, Status
from align.review.line_mode import COMMANDS, PlainReview
from align.review.session import ReviewSession
from align.review.session_state import SessionState
from align.reviewer import DecisionWriter, WorkerThread, open_reviewer
from align.workspace.browse import open_browser
from align.workspace.realign import AlternativeTarget

from .conftest import Quiet, links

Typed = Callable[..., str]


@pytest.fixture
def typed(db: Path, solver: Quiet) -> Typed:
    """`typed("a", "x")`: what the program prints when these lines are its whole input."""

    @contextmanager
    def held() -> Iterator[Quiet]:
        yield solver

    def run(*lines: str) -> str:
        writer = DecisionWriter(lambda: open_reviewer(db, "Aoi"))
        of_lines: WorkerThread[Any] = WorkerThread("solver", held)
        printed: list[str] = []
        with open_browser(db) as browser:
            session = ReviewSession(browser, writer, "Aoi", SessionState(), waits=True)
            PlainReview(session, of_lines, iter([f"{line}\n" for line in lines]), printed.append).run()
        writer.close()
        of_lines.close()
        return "\n".join(printed)

    return run


def test_one_letter_decides_and_reads_the_next_link(db: Path, typed: Typed) -> None:
    seen = typed("a", "x", "skip", "a")
    assert "Link 1, 1 of 8: proposed, 97 % sure, 1:1." in seen
    assert "Source, ja: 日露で初の会議が開かれた。" in seen
    assert "Only in English: 7.1" not in seen.split("Link 8,")[0]
    assert [link.status.value[0] for link in links(db)] == list("arpapppp")


def test_the_end_of_the_input_leaves_and_undo_works_in_the_next_session(db: Path, typed: Typed) -> None:
    typed("a", "a")
    typed("u")
    assert [link.status.value[0] for link in links(db)] == list("appppppp")


def test_a_text_is_edited_on_the_side_that_is_chosen(db: Path, typed: Typed) -> None:
    seen = typed("side", "e They met.", "c a note", "t summ", "b")
    assert "The commands e [ ] { } are for the target now." in seen
    assert "Original target: Japan and Russia held their first meeting." in seen
    link = links(db)[0]
    assert (link.tgt.text, link.status, link.note, link.kind) == (
        "They met.",
        Status.EDITED,
        "a note",
        LinkKind.SUMMARY,
    )
    assert link.bookmarked


def test_a_fix_with_consequences_asks_until_it_is_answered(db: Path, typed: Typed, solver: Quiet) -> None:
    new = Proposal((9, 10), (19, 20), LinkKind.TRANSLATION, 0.4, 0.8)
    solver.ripple = Realignment((links(db)[-1],), (new,), "use")
    assert "removes 1 proposal and adds 1 proposal" in typed("m", "a")
    assert all(link.status is Status.PROPOSED for link in links(db))
    typed("m", "n")
    assert len(links(db)) == 8
    typed("m", "o")
    assert [len(link.src.sentences) for link in links(db)] == [2, 1, 2, 1, 1, 1, 1]


def test_a_link_is_split_by_counts_by_words_and_in_half(db: Path, typed: Typed) -> None:
    typed("g 4", "s 1 1")
    assert len(links(db)) == 9
    seen = typed("g 1", "s 開かれた / held their", "u", "s", "y")
    assert "The second half begins with" in seen
    assert len(links(db)) == 10
    assert "does not begin a second half" in typed("g 9", "s foo / bar")


def test_many_are_accepted_only_once_agreed(db: Path, typed: Typed) -> None:
    assert "Accept 5 undecided links at least 90 % sure? Answer y or n." in typed("A 90")
    assert all(link.status is Status.PROPOSED for link in links(db))
    assert "Type a number from 0 to 100." in typed("A lots")
    typed("A 90", "y")
    assert [link.status.value[0] for link in links(db)] == list("aaappaap")


def test_another_target_is_listed_before_it_is_taken(db: Path, typed: Typed, solver: Quiet) -> None:
    solver.found = [AlternativeTarget((20,), "That is the summary.", 0.2)]
    assert "1: That is the summary." in typed("g 8", "r 1", "r 1")
    assert links(db)[-1].tgt.sentences == (20,)


def test_reasons_context_history_filter_and_what_cannot_be_read(typed: Typed) -> None:
    seen = typed("a", "k", "i", "v", "h", "filter kind:foo", "filter status:accepted", "filter", "foo", "a b", "", "?")
    assert "Other sentences are as close in meaning." not in seen
    assert "Source after: 会議は2013年11月2日に東京で開催された。" in seen
    assert "Aoi: accepted" in seen
    assert "'foo': choose one of" in seen
    assert "1 of 1: accepted by Aoi" in seen
    assert "There is no command 'foo'. ? lists them." in seen
    assert "a takes nothing after it." in seen
    assert all(f"{command.word} {command.argument}".strip() + ": " in seen for command in COMMANDS)


def test_every_command_is_a_method() -> None:
    for command in COMMANDS:
        assert hasattr(PlainReview, command.method) or hasattr(ReviewSession, command.method), command
        assert not command.argument or command.method.startswith("do_")


def test_it_works_in_a_pipe_without_textual_and_without_escapes(db: Path) -> None:
    code = (
        "import sys; from align.cli import main; sys.argv = ['align', 'review', '--plain', '--db', sys.argv[1]]\n"
        "try: main()\nfinally: print('textual' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(db)], input=b"a\ne \xff\xfe\ng 5\nx", capture_output=True, check=False
    )
    seen = ran.stdout.decode()
    assert ran.returncode == 0, ran.stderr
    assert seen.rstrip().endswith("False")
    assert "\x1b" not in seen
    assert "[31m制御" in seen
    assert [link.status.value[0] for link in links(db)] == list("appprppp")
