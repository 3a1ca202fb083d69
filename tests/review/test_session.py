"""The review session by itself: what a reviewer decides, where the cursor goes, and what the session says of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import Future, wait
from dataclasses import replace
from pathlib import Path

import pytest

from align.errors import UsageError
from align.models import LinkKind, Realignment, Status
from align.review import decisions
from align.review.queries import SurroundingsReader
from align.review.session import PendingEdit, ReviewSession
from align.review.session_state import SessionState
from align.review.wording import only_in_one
from align.reviewer import DecisionWriter, open_reviewer
from align.store import edits, open_store
from align.workspace.browse import open_browser

from .conftest import links


def statuses(db: Path) -> str:
    """One letter a link, in document order."""
    return "".join(link.status.value[0] for link in links(db))


@pytest.fixture
def session(db: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ReviewSession]:
    """A session at the first link of eight undecided ones, which waits for each decision."""
    monkeypatch.setattr(decisions, "PATIENCE", 30)
    writer = DecisionWriter(lambda: open_reviewer(db, "Aoi"))
    with open_browser(db) as browser:
        session = ReviewSession(browser, writer, "Aoi", SessionState())
        session.open()
        yield session
        writer.close()


def commit(session: ReviewSession, pending: PendingEdit | None, realignment: Realignment | None = None) -> None:
    """What the dialog of a pending edit does, where solving again changes nothing else."""
    assert pending is not None
    with open_reviewer(session.browser.store.path, "Aoi") as reviewer:
        versions = reviewer.preview(pending.edit).versions
    session.commit(pending, versions, realignment or Realignment())


def test_accept_decides_and_goes_on(db: Path, session: ReviewSession) -> None:
    first = session.current
    session.accept()
    session.accept()
    assert session.cursor == 2
    assert session.left == 6
    assert statuses(db) == "aapppppp"
    assert links(db)[0].reviewer == "Aoi"
    assert first is not None
    assert first.status is Status.PROPOSED


def test_reject_and_skip(db: Path, session: ReviewSession) -> None:
    session.reject()
    session.skip()
    session.reject()
    assert session.cursor == 3
    assert statuses(db) == "rprppppp"


def test_undo_and_redo_go_to_where_it_happened(db: Path, session: ReviewSession) -> None:
    session.accept()
    session.accept()
    session.reject()
    session.undo()
    session.undo()
    assert session.cursor == 1
    assert statuses(db) == "appppppp"
    session.redo()
    assert statuses(db) == "aapppppp"


def test_undo_with_nothing_to_undo_says_so(db: Path, session: ReviewSession) -> None:
    session.undo()
    assert session.message.text == "Nothing to undo of Aoi's decisions."
    session.redo()
    assert session.message.text == "Nothing to redo of Aoi's decisions."
    assert statuses(db) == "pppppppp"


def test_accept_everything_to_here(db: Path, session: ReviewSession) -> None:
    session.reject()
    session.move(3)
    session.accept_through()
    assert session.cursor == 4
    assert session.message.text == "accepted 3 links"
    assert statuses(db) == "raaapppp"


def test_accepting_everything_to_the_end_stays_there(db: Path, session: ReviewSession) -> None:
    session.move(7)
    session.accept_through()
    assert session.cursor == 7
    session.accept_through()
    assert "Nothing to accept" in session.message.text
    session.undo()
    assert statuses(db) == "pppppppp"


def test_accept_to_here_is_refused_where_the_doubtful_are_above(db: Path, session: ReviewSession) -> None:
    session.sort()
    session.move(7)
    session.accept_through()
    assert "`A`" in session.message.text
    assert statuses(db) == "pppppppp"


def test_a_message_goes_with_the_next_move(session: ReviewSession) -> None:
    session.accept()
    assert session.message.text == "accepted"
    session.down()
    assert session.message.text == ""


def test_accept_above_a_confidence(db: Path, session: ReviewSession) -> None:
    session.accept_above("many")
    assert "from 0 to 100" in session.message.text
    session.accept_above("92 %")
    assert [link.status is Status.ACCEPTED for link in links(db)] == [link.confidence >= 0.92 for link in links(db)]


def test_next_undecided_goes_around_the_end(session: ReviewSession) -> None:
    session.accept()
    session.move(7)
    session.next_undecided()
    assert session.cursor == 1


def test_next_doubtful_stops_at_doubtful_ones_only(session: ReviewSession) -> None:
    visited = []
    for _ in range(4):
        session.doubtful()
        visited.append(session.cursor)
    assert visited == [3, 4, 7, 3]


def test_the_next_uneven_link(session: ReviewSession) -> None:
    session.next_uneven()
    assert session.cursor == 3
    session.filter("uneven")
    assert session.total == 1


def test_kind_note_and_bookmark(db: Path, session: ReviewSession) -> None:
    for decide in (
        lambda link: session.set_kind(link, "summary"),
        lambda link: session.note(link, "nice"),
        lambda _link: session.bookmark(),
    ):
        decide(session.current)
        assert session.cursor == 0
    link = links(db)[0]
    assert (link.kind, link.note, link.bookmarked, link.status) == (LinkKind.SUMMARY, "nice", True, Status.PROPOSED)
    session.move(2)
    session.next_bookmark()
    assert session.cursor == 0


def test_a_link_that_changed_meanwhile_is_shown_and_asked_again(db: Path, session: ReviewSession) -> None:
    with open_reviewer(db, "Ben") as reviewer:
        reviewer.commit(edits.reject(1))
    session.accept()
    assert statuses(db) == "rppppppp"
    assert session.message.mood == "bad"
    assert session.cursor == 0
    session.accept()
    assert statuses(db) == "appppppp"


def test_what_a_colleague_decides_is_listed_and_the_cursor_stays(db: Path, session: ReviewSession) -> None:
    session.move(2)
    with open_reviewer(db, "Ben") as reviewer:
        reviewer.commit(edits.accept(1))
        reviewer.commit(edits.merge(4, 5))
    session.news()
    assert (session.left, session.total, session.cursor) == (5, 7, 2)


def test_the_link_that_is_read_stays_when_a_colleague_decides_it(db: Path, session: ReviewSession) -> None:
    with open_reviewer(db, "Ben") as reviewer:
        reviewer.commit(edits.reject(1))
    session.news()
    assert re.match(r"Ben rejected this link at \d\d:\d\d\.", session.message.text)
    assert session.current is not None
    assert (session.current.id, session.current.status) == (1, Status.PROPOSED), "as it was read"
    session.accept()
    assert statuses(db) == "rppppppp", "not overruled unasked"
    assert "Decide again" in session.message.text
    session.accept()
    assert statuses(db) == "appppppp"


def test_a_decision_for_a_link_that_left_the_list_is_on_no_other(db: Path, session: ReviewSession) -> None:
    session.filter("status:proposed")
    session.down()
    with open_reviewer(db, "Ben") as reviewer:
        reviewer.commit(edits.reject(2))
    session.news()
    session.news()
    assert session.current is not None
    assert session.current.id == 2
    session.accept()
    assert statuses(db) == "prpppppp"
    assert re.match(r"Ben rejected link 2 at \d\d:\d\d\. It is not listed", session.message.text)


def test_a_decision_on_many_is_on_those_that_were_listed(db: Path, session: ReviewSession) -> None:
    session.move(2)
    with open_reviewer(db, "Ben") as reviewer:
        reviewer.commit(edits.note(1, "is this a quotation?"))
    session.accept_through()
    assert statuses(db) == "pppppppp"
    assert "Ben changed link 1" in session.message.text
    session.accept_through()
    assert statuses(db) == "aaappppp"


def test_nothing_left_is_said(db: Path, session: ReviewSession) -> None:
    for _ in range(8):
        session.accept()
    session.next_undecided()
    assert session.left == 0
    assert "Nothing is left" in session.message.text
    assert statuses(db) == "aaaaaaaa"


def test_a_filter_of_undecided_links_shrinks_as_they_are_decided(db: Path, session: ReviewSession) -> None:
    session.filter("status:proposed <95")
    assert session.total == 7
    session.accept()
    session.accept()
    assert session.total == 5
    session.undo()
    assert session.total == 6
    assert sum(link.status is Status.ACCEPTED for link in links(db)) == 1


def test_filter_by_words_and_back(session: ReviewSession) -> None:
    session.filter("会議")
    assert session.total == 2
    session.filter("")
    assert session.total == 8
    session.filter("status:nice")
    assert "proposed, accepted, rejected, edited" in session.message.text
    assert session.total == 8


def test_go_to_a_position_a_percentage_and_words(session: ReviewSession) -> None:
    visited = []
    for typed in ("5", "100%", "Moscow"):
        session.go_to(typed)
        visited.append(session.cursor)
    assert visited == [4, 7, 6]


def test_go_to_the_number_of_a_link(session: ReviewSession) -> None:
    commit(session, session.merge_next())
    session.go_to("#5")
    assert session.current is not None
    assert (session.current.id, session.cursor) == (5, 3)
    session.go_to("#2")
    assert "no link 2" in session.message.text
    session.go_to(f"#{2**70}")
    assert "no link" in session.message.text
    session.filter("status:proposed")
    session.go_to("#1")
    assert "Link 1 is not in this list" in session.message.text


def test_doubt_first_begins_where_the_most_mistakes_are_expected(db: Path, session: ReviewSession) -> None:
    session.down()
    session.sort()
    assert session.current is not None
    assert session.current.confidence == pytest.approx(0.3)
    session.reject()
    session.reject()
    session.sort()
    assert session.state.order == "document"
    assert [link.confidence for link in links(db) if link.status is Status.REJECTED] == pytest.approx([0.4, 0.3])


def test_merge_is_one_undo(db: Path, session: ReviewSession) -> None:
    before = [link.src.sentences for link in links(db)]
    commit(session, session.merge_next())
    assert links(db)[0].src.sentences == (1, 2)
    session.undo()
    assert [link.src.sentences for link in links(db)] == before
    session.down()
    commit(session, session.merge_previous())
    assert links(db)[0].src.sentences == (1, 2)


def test_merge_where_there_is_no_neighbour_says_so(session: ReviewSession) -> None:
    assert session.merge_previous() is None
    assert "no link above" in session.message.text


def test_boundaries_move_on_both_sides(db: Path, session: ReviewSession) -> None:
    session.move(3)
    commit(session, session.give_up())
    assert [link.src.sentences for link in links(db)[2:4]] == [(3, 4), (5,)]
    session.other_side()
    commit(session, session.give_down())
    assert [link.tgt.sentences for link in links(db)[3:5]] == [(14,), (15, 16)]
    session.undo()
    session.undo()
    assert all(link.status is Status.PROPOSED for link in links(db))


def test_the_last_sentence_of_a_side_is_not_given_away(session: ReviewSession) -> None:
    assert session.give_up() is None
    assert "one sentence only" in session.message.text


def test_unlink_swap_and_edit(db: Path, session: ReviewSession) -> None:
    commit(session, session.unlink())
    assert links(db)[0].status is Status.REJECTED
    session.down()
    session.swap()
    assert any((link.src.lang, link.tgt.lang) == ("en", "ja") for link in links(db))
    session.move(2)
    assert session.current is not None
    session.edit_text(session.current, "tgt", session.current.tgt.text)
    assert links(db)[2].status is Status.PROPOSED, "the same text is no edit"
    session.edit_text(session.current, "tgt", "Lavrov said so.")
    assert links(db)[2].tgt.text == "Lavrov said so."


def test_a_neighbour_that_changed_meanwhile_is_not_merged(db: Path, session: ReviewSession) -> None:
    with open_reviewer(db, "Ben") as reviewer:
        reviewer.commit(edits.edit_text(2, "tgt", "The meeting was in Tokyo."))
    commit(session, session.merge_next())
    assert "Ben edited link 2" in session.message.text
    assert len(links(db)) == 8
    commit(session, session.merge_next())
    assert len(links(db)) == 7


def test_solving_again_needs_something_settled_and_a_change(db: Path, session: ReviewSession) -> None:
    assert session.solve() is None
    assert "Nothing is settled" in session.message.text
    session.accept()
    commit(session, session.solve())
    assert "nothing would change" in session.message.text
    last = links(db)[-1]
    commit(session, session.solve(), Realignment(removed=(last,)))
    assert len(links(db)) == 7
    session.undo()
    assert len(links(db)) == 8


def test_a_busy_store_loses_nothing(db: Path, session: ReviewSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "PATIENCE", 0.01)
    late: list[Future[object]] = []
    session._when_saved = late.append
    with open_store(db) as other, other.writing():
        session.accept()
        session.accept()
        assert session.writer.waiting == 2
        assert session.cursor == 2
        assert "saving" in session.message.text
    wait(late)
    for future in late:
        session.saved(future)
    assert session.message.text == "accepted"
    assert session.left == 6
    assert statuses(db) == "aapppppp"


def test_a_late_undo_goes_to_where_it_happened_unless_the_cursor_moved(
    db: Path, session: ReviewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    late: list[Future[object]] = []
    session.accept()
    session.accept()
    monkeypatch.setattr(decisions, "PATIENCE", 0.01)
    session._when_saved = late.append
    with open_store(db) as other, other.writing():
        session.undo()
        assert session.cursor == 2
    wait(late)
    session.saved(late.pop())
    assert session.cursor == 1
    with open_store(db) as other, other.writing():
        session.undo()
        session.move(5)
    wait(late)
    session.saved(late.pop())
    assert session.cursor == 5
    assert statuses(db) == "pppppppp"


def test_a_verdict_of_a_colleague_is_overruled_by_the_second_key_only(db: Path, session: ReviewSession) -> None:
    with open_reviewer(db, "Ben") as ben:
        ben.commit(edits.reject(links(db)[0].id))
    session.fetch()
    session.accept()
    assert statuses(db) == "rppppppp"
    assert "Ben rejected this link" in session.message.text
    session.accept()
    assert statuses(db) == "appppppp"


def test_the_same_verdict_as_a_colleague_and_ones_own_are_not_asked_about(db: Path, session: ReviewSession) -> None:
    session.accept()
    session.move(0)
    session.reject()
    assert statuses(db) == "rppppppp"


def test_clear_removes_the_filter_and_never_more(db: Path, session: ReviewSession) -> None:
    session.filter("status:rejected")
    assert session.total == 0
    session.clear()
    assert session.total == 8
    session.clear()
    assert "no filter" in session.message.text
    session.filter("bookmarked")
    assert session.state.typed_before == ("bookmarked", "status:rejected")
    assert SessionState.from_dict(session.state.to_dict()).typed_before == session.state.typed_before


def test_bulk_accepts_are_counted_before(db: Path, session: ReviewSession) -> None:
    session.reject()
    session.move(3)
    count = session.count_through()
    session.accept_through()
    assert statuses(db).count("a") == count == 3
    assert session.count_above("90 %") == sum(
        link.confidence >= 0.9 and link.status is Status.PROPOSED for link in links(db)
    )
    with pytest.raises(UsageError, match="0 to 100"):
        session.count_above("many")
    session.sort()
    assert session.count_through() == 0


def test_what_only_one_text_has_is_named_by_language(db: Path) -> None:
    link = links(db)[7]
    assert only_in_one(link) == "Only in Japanese: 51億 · only in English: 7.1 billion"
    same = replace(
        link, src=replace(link.src, lang="en", text="It is 5 km."), tgt=replace(link.tgt, text="It is 6 km.")
    )
    assert only_in_one(same) == "Only in the source: 5 · only in the target: 6"


def test_hints_see_the_sentences_and_links_around(db: Path) -> None:
    with open_browser(db) as browser:
        reader = SurroundingsReader(browser)
        every = links(db)
        around = reader.around(every[3])
        assert all(text.count("\n") == 3 for text in around.near)
        assert every[3].src.text not in around.near[0]
        assert around.others is not None
        others = around.others()
        assert others.pairs[others.numbers[every[3].id]] == (every[3].src.text, every[3].tgt.text)
        assert len(others.pairs) == len(every)
        assert reader.around(every[4]).others is around.others
