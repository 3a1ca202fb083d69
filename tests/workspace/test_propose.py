"""Proposing: what corresponds is linked, what was decided stays, nothing is encoded or proposed twice."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from align.embeddings import cached
from align.models import BlockKind, Link, Status
from align.reviewer import Reviewer
from align.store import LinkFilter, Store, edits, open_store
from align.workspace.add import add
from align.workspace.language_runs import Runs, groups
from align.workspace.propose import explain_no_links, propose
from tests.workspace.conftest import TopicEncoder, english, japanese, page


def topics(link: Link) -> tuple[list[str], list[str]]:
    return re.findall(r"\d+", link.src.text), re.findall(r"\d+", link.tgt.text)


def run(store: Store, encoder: TopicEncoder) -> int:
    return sum(pair.added for pair in propose(store, encoder))


def test_every_sentence_finds_its_partner(store: Store, encoder: TopicEncoder) -> None:
    assert run(store, encoder) == 20
    links = list(store.links(LinkFilter()))
    assert all(src == tgt for src, tgt in map(topics, links))
    assert {(link.src.lang, link.tgt.lang) for link in links} == {("en", "ja")}
    assert {link.encoder for link in links} == {"topics"}


def test_a_second_run_changes_nothing(store: Store, encoder: TopicEncoder) -> None:
    run(store, encoder)
    before = [(link.id, link.src.sentences, link.tgt.sentences, link.confidence) for link in store.links(LinkFilter())]
    run(store, encoder)
    after = [(link.id, link.src.sentences, link.tgt.sentences, link.confidence) for link in store.links(LinkFilter())]
    assert after == before


def test_decisions_stay_and_constrain(store: Store, encoder: TopicEncoder) -> None:
    run(store, encoder)
    links = list(store.links(LinkFilter()))
    reviewer = Reviewer(store, "Aoi")
    reviewer.commit(edits.accept(links[3].id))
    reviewer.commit(edits.reject(links[7].id))
    run(store, encoder)
    after = {(link.src.sentences, link.tgt.sentences): link for link in store.links(LinkFilter())}
    assert after[links[3].src.sentences, links[3].tgt.sentences].status is Status.ACCEPTED
    assert after[links[7].src.sentences, links[7].tgt.sentences].status is Status.REJECTED
    assert len(after) == len(list(store.links(LinkFilter()))), "nothing decided is proposed again"


def test_a_swapped_link_is_not_proposed_again(store: Store, encoder: TopicEncoder) -> None:
    mixed = page("mixed.txt", english([300, 301, 302, 303, 304]) + "\n\n" + japanese([300, 301, 302, 303, 304]))
    number = store.add_document(mixed).document
    run(store, encoder)
    reviewer = Reviewer(store, "Aoi")
    links = list(store.links(LinkFilter()))
    inside = [link for link in links if link.src.document == link.tgt.document == number]
    for link in (links[3], inside[2]):
        reviewer.commit(edits.swap(link.id))
        reviewer.commit(edits.accept(link.id))
    reviewer.commit(edits.swap(links[7].id))
    reviewer.commit(edits.reject(links[7].id))
    run(store, encoder)
    after = [frozenset((*x.src.sentences, *x.tgt.sentences)) for x in store.links(LinkFilter())]
    assert len(after) == len(set(after)) == len(links)


def test_what_was_decided_is_counted_where_it_is(store: Store, encoder: TopicEncoder) -> None:
    mixed = page("mixed.txt", english([300, 301, 302, 303, 304]) + "\n\n" + japanese([100, 301, 302, 303, 304]))
    store.add_document(mixed)
    run(store, encoder)
    links = list(store.links(LinkFilter()))
    names = {link.src.doc for link in links} | {link.tgt.doc for link in links}
    assert "mixed.txt" in names
    Reviewer(store, "Aoi").accept_above(0.0)
    for pair in propose(store, encoder):
        inside = [
            link
            for link in links
            if {link.src.document, link.tgt.document} == {pair.src.document, pair.tgt.document}
            and {link.src.lang, link.tgt.lang} == {pair.src.lang, pair.tgt.lang}
        ]
        assert pair.reviewed == len(inside)


def sentences(store: Store, document: int) -> list[int]:
    return [row.id for row in store.sentences(document)]


def contradict(store: Store) -> None:
    """Two copies link one sentence otherwise, and both are taken in."""
    path = Path(store.path).with_name("copy.db")
    store.backup(path)
    src, tgt = sentences(store, 1), sentences(store, 2)
    Reviewer(store, "Aoi").commit(edits.link_by_hand([src[10]], [tgt[10]]))
    with open_store(path) as copy:
        Reviewer(copy, "Ben").commit(edits.link_by_hand([src[10]], [tgt[14]]))
        store.unite(path)


def test_a_contradiction_stops_its_pair_alone_and_is_named(store: Store, encoder: TopicEncoder) -> None:
    contradict(store)
    one, other = (link.id for link in store.links(LinkFilter()))
    store.add_document(page("c.en.txt", english(range(200, 212))))
    store.add_document(page("d.ja.txt", japanese(range(200, 212))))
    pairs = list(propose(store, encoder))
    stopped = [pair for pair in pairs if pair.contradiction]
    assert [(pair.src.document, pair.tgt.document, pair.added) for pair in stopped] == [(1, 2, 0)]
    told = stopped[0].contradiction
    assert f"link {one} (accepted by Aoi) and link {other} (accepted by Ben)" in told
    assert "sentence 11 of a.en.txt" in told
    assert sum(pair.added for pair in pairs) == 12
    known = store.link(one)
    Reviewer(store, "Aoi").commit(edits.link_by_hand(known.src.sentences, known.tgt.sentences, shared=[other]))
    assert not any(pair.contradiction for pair in propose(store, encoder)), "who links one again keeps both"
    assert store.link(one).status is store.link(other).status is Status.ACCEPTED


def test_two_links_on_a_sentence_are_one_anchor(store: Store, encoder: TopicEncoder) -> None:
    src, tgt = sentences(store, 1), sentences(store, 2)
    reviewer = Reviewer(store, "Aoi")
    first = reviewer.commit(edits.link_by_hand([src[5]], [tgt[5]])).link_ids[0]
    reviewer.commit(edits.link_by_hand([src[5], src[6]], [tgt[6]], shared=[first]))
    apart = reviewer.commit(edits.link_by_hand([src[10], src[12]], [tgt[11]])).link_ids[0]
    reviewer.commit(edits.link_by_hand([src[11]], [tgt[16]]))
    runs = Runs(*groups(store, encoder, [1, 2]))
    found = runs.settled(store)
    assert set(found.anchors) == {
        (range(5, 7), range(5, 7)), (range(10, 11), range(11, 12)), (range(11, 12), range(16, 17))
    }  # fmt: skip
    assert found.blocked == ({12}, frozenset()), "the rest of a link that is not in one piece"
    list(propose(store, encoder))
    settled = [link for link in store.links(LinkFilter()) if link.status is Status.ACCEPTED]
    on = {number for link in settled for side in (link.src, link.tgt) for number in side.sentences}
    rest = [link for link in store.links(LinkFilter()) if link.status is Status.PROPOSED]
    assert all(on.isdisjoint((*link.src.sentences, *link.tgt.sentences)) for link in rest)
    assert len(rest) >= 12
    assert store.link(apart).src.sentences == (src[10], src[12])


def test_a_link_with_a_sentence_that_is_left_out_is_settled_all_the_same(tmp_path: Path, encoder: TopicEncoder) -> None:
    with open_store(tmp_path / "s.db") as store:
        store.add_document(page("a.en.txt", english(range(100, 110))))
        text = page("b.ja.txt", japanese(range(100, 109)) + "\n\n" + japanese([109]))
        footer = replace(text.blocks[-1], kind=BlockKind.BOILERPLATE)
        store.add_document(replace(text, blocks=(*text.blocks[:-1], footer)))
        src, tgt = sentences(store, 1), sentences(store, 2)
        Reviewer(store, "Aoi").commit(edits.link_by_hand([src[3]], [tgt[9]]))
        list(propose(store, encoder))
        rest = [link for link in store.links(LinkFilter()) if link.status is Status.PROPOSED]
        assert len(rest) >= 8
        assert not any(src[3] in link.src.sentences for link in rest)


def test_a_mixed_page_is_matched_with_itself(store: Store, encoder: TopicEncoder) -> None:
    mixed = page("mixed.txt", english([300, 301, 302, 303, 304]) + "\n\n" + japanese([300, 301, 302, 303, 304]))
    number = store.add_document(mixed).document
    run(store, encoder)
    inside = [x for x in store.links(LinkFilter()) if x.src.document == x.tgt.document == number]
    assert [topics(link) for link in inside] == [([str(t)], [str(t)]) for t in (300, 301, 302, 303, 304)]


def test_what_is_translated_already_has_no_echo_in_another_document(store: Store, encoder: TopicEncoder) -> None:
    said_again = [*range(200, 210), 105, *range(210, 220)]
    store.add_document(page("c.en.txt", english(said_again)))
    store.add_document(page("d.ja.txt", japanese(said_again)))
    store.add_document(page("e.ja.txt", japanese([*range(300, 306), 105, *range(306, 312)])))
    run(store, encoder)
    links = list(store.links(LinkFilter()))
    pairs = [(link.src.doc[0], link.tgt.doc[0]) for link in links]
    assert (pairs.count(("a", "b")), pairs.count(("c", "d"))) == (20, 21)
    assert not {("a", "d"), ("b", "c")} & set(pairs)
    quoted = [topics(link) for link in links if (link.src.doc[0], link.tgt.doc[0]) == ("a", "e")]
    assert quoted == [(["105"], ["105"])], "a page that is nobody's translation still quotes"


def test_nothing_is_encoded_twice(store: Store, encoder: TopicEncoder) -> None:
    with cached(encoder, store.path) as vectors:
        list(propose(store, vectors))
        once = len(encoder.encoded)
        assert len(set(encoder.encoded)) == once
        list(propose(store, vectors))
        assert len(encoder.encoded) == once


def test_where_nothing_is_found_it_says_why(tmp_path: Path, encoder: TopicEncoder) -> None:
    with open_store(tmp_path / "s.db") as store:
        store.add_document(page("a.txt", english([1, 2, 3])))
        assert run(store, encoder) == 0
        assert "All text is in en" in explain_no_links(store)
        store.add_document(page("b.txt", japanese([700, 701])))
        assert run(store, encoder) == 0
        assert "found no passages with the same meaning" in explain_no_links(store)
        store.add_document(page("c.html", f"<p>{japanese([1])}</p><footer>{japanese([2, 3])}</footer>"))
        assert "left out as boilerplate" in explain_no_links(store)
        assert "left out as boilerplate" not in explain_no_links(store, boilerplate=True)


def test_the_pairs_of_a_file_stay(tmp_path: Path, encoder: TopicEncoder) -> None:
    rows = "".join(f"{english([number]).strip()}\t{japanese([number + 1]).strip()}\n" for number in range(6))
    (tmp_path / "old.tsv").write_text(f"en\tja\n{rows}", encoding="utf-8")
    list(add(tmp_path / "s.db", [str(tmp_path / "old.tsv")]))
    with open_store(tmp_path / "s.db") as store:
        before = [(link.src.text, link.tgt.text, link.status) for link in store.links(LinkFilter())]
        assert len(before) == 6
        (pair,) = propose(store, encoder)
        assert (pair.pairs_of_file, pair.added, pair.removed) == (True, 0, 0)
        assert [(link.src.text, link.tgt.text, link.status) for link in store.links(LinkFilter())] == before
