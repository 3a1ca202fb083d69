"""Laws of the store, on histories that hypothesis makes up."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from align.errors import AlignError, ConflictError
from align.models import CONFIRMED, Block, BlockKind, Document, LinkKind, Proposal, Sentence, Span, Status
from align.reviewer import Reviewer
from align.store import LinkFilter, Store, edits, open_store

SENTENCES = 7


def document(name: str, lang: str) -> Document:
    text = "".join(f"{name}{n}. " for n in range(SENTENCES))
    width = len(text) // SENTENCES
    sentences = tuple(Sentence((Span(n * width, n * width + width - 1),), lang, 1.0) for n in range(SENTENCES))
    return Document(name, text, (Block(Span(0, len(text)), BlockKind.BODY, lang, 1.0, sentences),))


def reading(name: str, lang: str, texts: list[str]) -> Document:
    """A document of one block with these sentences; without any, of no block."""
    text = "".join(f"{one} " for one in texts)
    sentences, start = [], 0
    for one in texts:
        sentences.append(Sentence((Span(start, start + len(one)),), lang, 1.0))
        start += len(one) + 1
    blocks = (Block(Span(0, len(text)), BlockKind.BODY, lang, 1.0, tuple(sentences)),) if texts else ()
    return Document(name, text, blocks)


def proposals(store: Store, shift: int, confidence: float, pair: tuple[int, int] = (1, 2)) -> list[Proposal]:
    src, tgt = ([row.id for row in store.sentences(number)] for number in pair)
    return [
        Proposal((number,), (tgt[(n + shift) % len(tgt)],), LinkKind.TRANSLATION, 0.3, confidence)
        for n, number in enumerate(src[:SENTENCES] if tgt else ())
    ]


Operation = Callable[[Store, Reviewer, list[int]], object]


def pick(ids: list[int], number: int) -> int:
    return ids[number % len(ids)]


def cuttable(store: Store, number: int) -> int:
    """A sentence of one of the documents, halves of others among them."""
    rows = [row for document in (1, 2) for row in store.sentences(document)]
    return rows[number % len(rows)].id


def operations() -> st.SearchStrategy[Operation]:
    number = st.integers(0, 20)
    place = st.integers(0, 3)
    simple = st.sampled_from(["accept", "reject", "reopen", "unlink", "anchor", "swap", "bookmark"])
    side = st.sampled_from(["src", "tgt"])
    return st.one_of(
        st.builds(lambda name, n: lambda s, d, ids: d.commit(getattr(edits, name)(pick(ids, n))), simple, number),
        st.builds(
            lambda n, text: lambda s, d, ids: d.commit(edits.note(pick(ids, n), text)),
            number,
            st.sampled_from(["?", "", None]),
        ),
        st.builds(
            lambda n, kind: lambda s, d, ids: d.commit(edits.set_kind(pick(ids, n), kind)),
            number,
            st.sampled_from(LinkKind),
        ),
        st.builds(
            lambda n, e: lambda s, d, ids: d.commit(edits.edit_text(pick(ids, n), e, f"made up {n}")), number, side
        ),
        st.builds(lambda a, b: lambda s, d, ids: d.commit(edits.merge(pick(ids, a), pick(ids, b))), number, number),
        st.builds(lambda n: lambda s, d, ids: d.commit(edits.split(pick(ids, n), 1, 1)), number),
        st.builds(
            lambda n, c, e: lambda s, d, ids: d.commit(edits.split(pick(ids, n), (0, c), (0, e))), number, place, place
        ),
        st.builds(lambda n, c: lambda s, d, ids: d.commit(edits.cut(cuttable(s, n), c)), number, place),
        st.builds(
            lambda n, e, end, way: lambda s, d, ids: d.commit(edits.move(pick(ids, n), e, end, way)),
            number,
            side,
            st.sampled_from(["first", "last"]),
            st.sampled_from(["give", "take"]),
        ),
        st.builds(
            lambda a, b: (
                lambda s, d, ids: d.commit(edits.link_by_hand([1 + a % SENTENCES], [SENTENCES + 1 + b % SENTENCES]))
            ),
            number,
            number,
        ),
        st.builds(lambda c: lambda s, d, ids: d.accept_above(c), st.sampled_from([0.0, 0.5, 0.9])),
        st.builds(lambda n: lambda s, d, ids: d.accept_through(pick(ids, n)), number),
        st.builds(
            lambda n, c: lambda s, d, ids: s.propose(1, 2, proposals(s, n % 3, c), "use", languages=("ja", "en")),
            number,
            st.sampled_from([0.2, 0.6, 0.95]),
        ),
        st.builds(lambda: lambda s, d, ids: d.undo()),
        st.builds(lambda: lambda s, d, ids: d.redo()),
        st.builds(lambda: lambda s, d, ids: s.compact()),
    )


def texts() -> st.SearchStrategy[Document]:
    """Another text of one of the documents: sentences gone, doubled, reworded, moved, new; now and then the first."""
    named = st.sampled_from([("a", "ja"), ("b", "en")])
    one = st.tuples(st.integers(0, SENTENCES - 1), st.sampled_from(["{}{}.", "{}{}.", "{}{}.", "{}{}?", "new {1}"]))
    written = st.builds(
        lambda name, parts: reading(*name, [form.format(name[0], n) for n, form in parts]),
        named,
        st.lists(one, max_size=SENTENCES + 2),
    )
    return st.one_of(written, named.map(lambda name: document(*name)))


def readings() -> st.SearchStrategy[Operation]:
    """Texts that change between decisions."""
    change = st.builds(
        lambda doc: lambda s, d, ids: s.add_document(doc, reviewer=d.name, replace_settled=True), texts()
    )
    return st.one_of(operations(), operations(), change)


def goings() -> st.SearchStrategy[Operation]:
    """Links move to and from a third document; documents go and come back."""
    number = st.integers(0, 20)
    pair = st.sampled_from([(1, 2), (1, 3), (2, 3)])
    return st.one_of(
        readings(),
        st.builds(lambda n: lambda s, d, ids: d.remove_document(1 + n % 3), number),
        st.builds(
            lambda a, b: (
                lambda s, d, ids: d.commit(
                    edits.link_by_hand([1 + a % SENTENCES], [1 + (SENTENCES + b) % (3 * SENTENCES)])
                )
            ),
            number,
            number,
        ),
        st.builds(
            lambda n, a, b: (
                lambda s, d, ids: d.commit(edits.relink(pick(ids, n), [1 + a], [1 + (a + b) % (3 * SENTENCES)]))
            ),
            number,
            number,
            number,
        ),
        st.builds(
            lambda two, n, c: lambda s, d, ids: s.propose(*two, proposals(s, n % 3, c, two), "use"),
            pair,
            number,
            st.sampled_from([0.2, 0.6, 0.95]),
        ),
    )


def play(store: Store, reviewers: list[Reviewer], story: list[tuple[int, Operation]]) -> None:
    for who, operation in story:
        ids = [link.id for link in store.links()] or [1]
        with suppress(AlignError):  # Refused: nothing happened, which the laws go on to check.
            operation(store, reviewers[who], ids)


def undo_all(reviewer: Reviewer) -> None:
    for _ in range(1000):
        reviewer.undo()


def tables(store: Store) -> dict[str, list[tuple[object, ...]]]:
    found = {
        table: store.db.conn.execute(f"select * from {table} order by 1, 2, 3").fetchall()
        for table in ("links", "link_sentences", "sentences", "cuts")
    }
    rows = store.db.conn.execute(
        "select bucket, status, tgt_document, src_lang, tgt_lang, n, round(total, 6), least from tallies"
        " order by 1, 2, 3, 4, 5"
    )
    return {**found, "tallies": rows.fetchall()}


def shown(store: Store) -> list[tuple[object, ...]]:
    """Everything of the links but the count of their changes, and the sentences they stand on."""
    columns = [row[1] for row in store.db.conn.execute("pragma table_info(links)") if row[1] != "version"]
    links = store.db.conn.execute(f"select {', '.join(columns)} from links order by id").fetchall()
    return links + store.db.conn.execute("select * from sentences order by id").fetchall()


@cache
def template() -> bytes:
    """The file of a store with two documents and a link for every two sentences."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.db"
        with open_store(path) as store:
            store.add_document(document("a", "ja"))
            store.add_document(document("b", "en"))
            store.propose(1, 2, proposals(store, 0, 0.7), "use", languages=("ja", "en"))
        return path.read_bytes()


def fresh(folder: str) -> Store:
    path = Path(folder) / "laws.db"
    path.write_bytes(template())
    store = open_store(path)
    # No power is cut here: waiting for the disk would only make the laws slow.
    store.db.execute("pragma synchronous = off")
    return store


stories = st.lists(st.tuples(st.integers(0, 1), readings()), min_size=1, max_size=14)
many = settings(
    max_examples=int(os.environ.get("ALIGN_EXAMPLES", "15")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@many
@given(stories)
def test_links_are_the_sum_of_the_log(story: list[tuple[int, Operation]]) -> None:
    with tempfile.TemporaryDirectory() as folder, fresh(folder) as store:
        play(store, [Reviewer(store, "ada"), Reviewer(store, "bo")], story)
        before = tables(store)
        # Whatever happens to the links, the log has them.
        store.db.conn.execute("update links set status = 'proposed', note = 'x', src = '1', version = 9 where id % 2")
        store.db.conn.execute("delete from links where id % 3 = 0")
        store.rebuild()
        assert tables(store) == before


@many
@given(stories)
def test_a_played_store_is_sound(story: list[tuple[int, Operation]]) -> None:
    with tempfile.TemporaryDirectory() as folder, fresh(folder) as store:
        play(store, [Reviewer(store, "ada"), Reviewer(store, "bo")], story)
        assert store.check() == []


@many
@given(stories, st.integers(1, 6))
def test_undo_then_redo_is_the_identity(story: list[tuple[int, Operation]], steps: int) -> None:
    with tempfile.TemporaryDirectory() as folder, fresh(folder) as store:
        reviewer = Reviewer(store, "ada")
        play(store, [reviewer, Reviewer(store, "bo")], story)
        states = [shown(store)]
        for _ in range(steps):
            try:
                reviewer.undo()
            except ConflictError:
                break
            states.append(shown(store))
        for state in reversed(states[:-1]):
            reviewer.redo()
            assert shown(store) == state


@many
@given(stories)
def test_one_reviewer_can_undo_everything(story: list[tuple[int, Operation]]) -> None:
    """Alone, without a new proposal run in between, a reviewer gets back to where it began."""
    with tempfile.TemporaryDirectory() as folder, fresh(folder) as store:
        begun = shown(store)
        reviewer = Reviewer(store, "ada")
        play(store, [reviewer, reviewer], story)
        runs = [d for d in store.decisions() if d.action == "propose"]
        with pytest.raises(ConflictError) as stop:
            undo_all(reviewer)
        if len(runs) == 1:
            assert "nothing to undo" in str(stop.value)
            assert shown(store) == begun


@many
@given(st.lists(st.tuples(st.integers(0, 1), goings()), min_size=1, max_size=20))
def test_compacting_changes_no_link(story: list[tuple[int, Operation]]) -> None:
    with tempfile.TemporaryDirectory() as folder, fresh(folder) as store:
        store.add_document(document("c", "en"))
        store.propose(1, 3, proposals(store, 0, 0.7, (1, 3)), "use")
        play(store, [Reviewer(store, "ada"), Reviewer(store, "bo")], story)
        before = list(store.links())
        store.compact()
        assert list(store.links()) == before
        assert store.check() == []
        store.rebuild()
        assert list(store.links()) == before


def reviewed(store: Store) -> dict[int, tuple[object, ...]]:
    """What reviewers made of the links that they settled."""
    return {
        link.id: (link.status, link.kind, link.reviewer, link.note, link.bookmarked, link.src, link.tgt)
        for link in store.links()
        if link.status is not Status.PROPOSED
    }


@many
@given(stories, texts())
def test_a_text_that_returns_has_its_settled_links_again(story: list[tuple[int, Operation]], doc: Document) -> None:
    """Added again, without undo, and across a compact; and one undo after each gives back what was."""
    with tempfile.TemporaryDirectory() as folder, fresh(folder) as store:
        ada = Reviewer(store, "ada")
        play(store, [ada, Reviewer(store, "bo")], story)
        number = 1 if doc.name == "a" else 2
        old = reading(doc.name, "ja" if number == 1 else "en", [row.text for row in store.sentences(number)])
        store.add_document(old, reviewer="bo", replace_settled=True)  # The same sentences, as a file would have them.
        before, links = shown(store), reviewed(store)
        if store.add_document(doc, reviewer="ada", replace_settled=True).outcome == "changed":
            ada.undo()
            assert shown(store) == before
            ada.redo()
        store.compact()
        store.add_document(old, reviewer="bo", replace_settled=True)
        assert reviewed(store) == links
        assert store.check() == []


@many
@given(stories)
def test_no_row_is_ever_taken_off_the_log(story: list[tuple[int, Operation]]) -> None:
    columns = "id, uid, at, reviewer, action, link, document, target, detail, first_link"
    with tempfile.TemporaryDirectory() as folder, fresh(folder) as store:
        seen: list[tuple[object, ...]] = []
        reviewers = [Reviewer(store, "ada"), Reviewer(store, "bo")]
        for step in story:
            play(store, reviewers, [step])
            log = store.db.conn.execute(f"select {columns} from decisions order by id").fetchall()
            assert log[: len(seen)] == seen
            seen = log


@many
@given(stories, st.sampled_from([None, Status.PROPOSED, Status.ACCEPTED]))
def test_ranks_and_pages_agree_with_the_whole_list(story: list[tuple[int, Operation]], status: Status | None) -> None:
    with tempfile.TemporaryDirectory() as folder, fresh(folder) as store:
        play(store, [Reviewer(store, "ada"), Reviewer(store, "bo")], story)
        chosen = LinkFilter(statuses=frozenset({status} if status else ()))
        for order in ("document", "doubt"):
            whole = [link.id for link in store.links(chosen, order=order)]
            assert store.count(chosen) == len(whole)
            assert [store.rank(link, chosen, order=order) for link in whole] == list(range(len(whole)))
            assert [link.id for n in range(len(whole)) for link in store.at(n, 1, chosen, order=order)] == whole
            for n, link in enumerate(whole):
                assert store.next_link(link, chosen, order=order) == whole[(n + 1) % len(whole)]


def settled_links(store: Store) -> dict[int, tuple[object, ...]]:
    """By text, not by sentence: where one was cut, a link has both halves of it."""
    return {link.id: (link.status, link.src.text, link.tgt.text) for link in store.links() if link.status in CONFIRMED}


@many
@given(stories, stories, stories)
def test_copies_unite_soundly_and_once(
    before: list[tuple[int, Operation]], here: list[tuple[int, Operation]], elsewhere: list[tuple[int, Operation]]
) -> None:
    with tempfile.TemporaryDirectory() as folder, fresh(folder) as store:
        play(store, [Reviewer(store, "ada"), Reviewer(store, "bo")], before)
        store.backup(Path(folder) / "copy.db")
        with open_store(Path(folder) / "copy.db") as copy:
            begun = settled_links(copy)
            play(store, [Reviewer(store, "ada"), Reviewer(store, "cy")], here)
            play(copy, [Reviewer(copy, "bo"), Reviewer(copy, "di")], elsewhere)
            settled = settled_links(store)
            store.unite(copy.path)
            assert store.check() == []
            for number, decided in settled.items():
                # What was settled here since either stands or was decided on by someone who agreed.
                there = store.db.conn.execute("select 1 from links where id = ?", (number,)).fetchone()
                if there and begun.get(number) != decided:
                    link = store.link(number)
                    known = (link.status, link.src.text, link.tgt.text) == decided or link.reviewer in ("bo", "di")
                    assert known or link.attention == "conflict", (decided, link)
            again = store.unite(copy.path)
            assert (again.decisions, again.conflicts, again.links) == (0, 0, 0)


def test_an_edit_survives_a_text_that_another_copy_changed_and_took_back(tmp_path: Path) -> None:
    with fresh(str(tmp_path)) as store:
        Reviewer(store, "ada").commit(edits.accept(1))
        store.backup(tmp_path / "copy.db")
        Reviewer(store, "ada").commit(edits.edit_text(1, "src", "made up"))
        with open_store(tmp_path / "copy.db") as copy:
            bo = Reviewer(copy, "bo")
            copy.add_document(Document(name="a", text="", blocks=()), reviewer="bo", replace_settled=True)
            bo.undo()
            store.unite(copy.path)
        link = store.link(1)
        assert link.src.text == "made up" or link.attention == "conflict"


@many
@given(stories)
def test_what_a_log_says_is_what_its_links_are(story: list[tuple[int, Operation]]) -> None:
    """A merge works every link out from the log; where it brings a bookmark alone, it changes nothing else."""
    with tempfile.TemporaryDirectory() as folder, fresh(folder) as store:
        play(store, [Reviewer(store, "ada"), Reviewer(store, "bo")], story)
        store.backup(Path(folder) / "copy.db")
        ids = [link.id for link in store.links() if not link.bookmarked]
        if not ids:
            return
        before = shown(store)
        with open_store(Path(folder) / "copy.db") as copy:
            Reviewer(copy, "cy").commit(edits.bookmark(ids[0]))
            store.unite(copy.path)
        Reviewer(store, "cy").commit(edits.bookmark(ids[0], on=False))
        assert shown(store) == before


def test_the_log_refuses_nothing_silently(tmp_path: Path) -> None:
    with fresh(str(tmp_path)) as store:
        Reviewer(store, "ada").commit(edits.accept(1))
        store.db.conn.execute('update patches set now = \'{"status": "rejected"}\'')
        assert [finding.problem for finding in store.check()][:2] == [
            "decision 2 (accept by ada, link 1) was written by another program",
            "1 link not as in the log: 1",
        ]
        store.db.conn.execute("delete from decisions where 0")
    with sqlite3.connect(tmp_path / "laws.db") as conn:
        assert conn.execute("pragma integrity_check").fetchone() == ("ok",)
    conn.close()
