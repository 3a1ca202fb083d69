"""Formats with every sentence in its place: subtitles with both languages, and ladders with their texts."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from itertools import combinations, pairwise
from pathlib import Path

import pysubs2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from align.errors import ReadError, UsageError
from align.exchange.export import export, export_store
from align.exchange.formats import format_named
from align.exchange.import_file import import_file, read_file
from align.exchange.ladder import _monotone
from align.exchange.types import ExportOptions
from align.models import Link, LinkKind, LinkSide, Proposal, Span, Status
from align.readers import read
from align.reviewer import Reviewer
from align.store import Store, edits, open_store
from tests.exchange.conftest import EN, JA, document, link_up

GERMAN = """1
00:00:01,000 --> 00:00:03,000
Guten Morgen, mein Freund.

2
00:00:04,000 --> 00:00:06,000
Der Hund läuft heute
sehr schnell durch

3
00:00:06,500 --> 00:00:09,000
den Wald. Ich habe Hunger.

4
00:00:10,000 --> 00:00:12,000
<i>Das Boot fährt & kommt an.</i>
"""
ENGLISH = """WEBVTT

00:01.100 --> 00:03.100
Good morning, my friend.

00:04.100 --> 00:07.000
The dog is running through the forest.

00:07.600 --> 00:09.000
I am hungry.

00:10.000 --> 00:11.900
The boat &amp; we arrive.

00:20.000 --> 00:21.000
Nobody knows.
"""


@pytest.fixture
def film(tmp_path: Path) -> Store:
    """Four German and five English sentences of subtitles; the first four are linked."""
    store = open_store(tmp_path / "film.db")
    src = store.add_document(read("a.de.srt", GERMAN.encode(), lang="de")).document
    tgt = store.add_document(read("a.en.vtt", ENGLISH.encode(), lang="en")).document
    pairs = zip(store.sentences(src), store.sentences(tgt), strict=False)
    proposals = [Proposal((a.id,), (b.id,), LinkKind.TRANSLATION, 0.1, 0.9) for a, b in pairs]
    store.propose(src, tgt, proposals, "use", languages=("de", "en"))
    return store


def events(path: Path) -> list[tuple[int, int, str]]:
    """The cues, as pysubs2 reads them."""
    return [(event.start, event.end, event.plaintext) for event in pysubs2.load(str(path))]


def test_subtitles_have_both_languages_in_the_times_of_either(film: Store, tmp_path: Path) -> None:
    report = export_store(film, tmp_path / "out.srt")
    assert (report.units, report.left_out) == (4, {"of the other side, without a link": 1})
    assert events(tmp_path / "out.srt") == [
        (1000, 3000, "Guten Morgen, mein Freund.\nGood morning, my friend."),
        (4000, 7375, "Der Hund läuft heute sehr schnell durch den Wald.\nThe dog is running through the forest."),
        (7375, 9000, "Ich habe Hunger.\nI am hungry."),
        (10000, 12000, "Das Boot fährt & kommt an.\nThe boat & we arrive."),
    ]
    report = export_store(film, tmp_path / "out.vtt", None, ExportOptions(timed_by="tgt"))
    assert report.verification is not None
    assert [event[:2] for event in events(tmp_path / "out.vtt")] == [
        (1100, 3100), (4100, 7000), (7600, 9000), (10000, 11900), (20000, 21000),
    ]  # fmt: skip
    assert "The boat &amp; we arrive." in (tmp_path / "out.vtt").read_text(encoding="utf-8")
    assert events(tmp_path / "out.vtt")[-1][2] == "Nobody knows."


def test_a_rejected_link_leaves_its_sentence_as_a_cue(film: Store, tmp_path: Path) -> None:
    Reviewer(film, "ada").commit(edits.reject(3))
    export_store(film, tmp_path / "out.srt", None, ExportOptions(src="de", tgt="en"))
    assert events(tmp_path / "out.srt")[2][2] == "Ich habe Hunger."


def test_what_has_no_times_is_counted_and_several_pairs_are_refused(film: Store, store: Store, tmp_path: Path) -> None:
    report = export_store(store, tmp_path / "out.srt")
    assert report.left_out["without timing"] == 5
    assert report.hint is not None
    assert report.hint.startswith("Neither side of the links is of subtitles, so no cue has a time.")
    report = export_store(store, tmp_path / "timed.srt", None, ExportOptions(timed_by="tgt"))
    assert report.hint is not None
    assert report.hint.startswith("The side that --timed-by names (tgt) is not of subtitles.")
    src = film.add_document(document("ja.txt", JA, "ja")).document
    link_up(film, src, film.add_document(document("en.txt", EN, "en")).document, ("ja", "en"))
    with pytest.raises(UsageError, match="--doc"):
        export_store(film, tmp_path / "both.srt")
    options = ExportOptions(documents=frozenset({"a.de.srt"}))
    assert export_store(film, tmp_path / "both.srt", None, options).units == 4


def rungs(path: Path) -> list[tuple[str, list[str], list[str]]]:
    """(score, source lines, target lines) of each bead, as hunalign's ladder2text joins them."""
    ladder = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    stem = str(path).removesuffix(".ladder")
    langs = stem.rpartition(".")[2].split("-")
    src, tgt = (Path(f"{stem}.{lang}").read_text(encoding="utf-8").split("\n") for lang in langs)
    return [
        (first[2], src[int(first[0]) : int(second[0])], tgt[int(first[1]) : int(second[1])])
        for first, second in pairwise(ladder)
    ]


def test_a_ladder_relates_every_sentence(store: Store, tmp_path: Path) -> None:
    report = export_store(store, tmp_path / "out.ladder")
    assert (report.units, report.unpaired, report.left_out) == (5, 2, {"rejected": 1})
    assert report.lines()[1] == "Also written, as units of their own: 2 sentences without a link."
    assert report.verification is not None
    assert report.verification.units == report.units + report.unpaired
    assert rungs(tmp_path / "out.ja-en.ladder") == [
        ("0.5000", [JA[0]], [EN[0]]),
        ("0.5500", [JA[1]], [EN[1]]),
        ("0.6000", [JA[2]], ["=We cross & <rest> a while."]),
        ("0.0000", [JA[3]], []),
        ("0.0000", [], [EN[3]]),
        ("0.7000", [JA[4]], [EN[4]]),
        ("0.7500", [JA[5]], [EN[5]]),
    ]
    assert import_file(store, tmp_path / "out.ja-en.ladder", "bea", new="never").decided == {}


def test_lines_of_vecalign_relate_every_sentence(store: Store, tmp_path: Path) -> None:
    report = export_store(store, tmp_path / "out.vecalign")
    assert (report.units, report.left_out) == (5, {"rejected": 1})
    assert (tmp_path / "out.ja-en.vecalign").read_text(encoding="utf-8").splitlines() == [
        "[0]:[0]:0.500000", "[1]:[1]:0.450000", "[2]:[2]:0.400000", "[3]:[]:0.000000", "[]:[3]:0.000000",
        "[4]:[4]:0.300000", "[5]:[5]:0.250000",
    ]  # fmt: skip
    assert (tmp_path / "out.ja-en.en").read_text(encoding="utf-8").count("\n") == 6
    assert import_file(store, tmp_path / "out.ja-en.vecalign", "bea", new="never").decided == {}


def test_links_that_cross_are_counted(store: Store, tmp_path: Path) -> None:
    rows = {row.name: [s.id for s in store.sentences(row.id)] for row in store.documents()}
    reviewer = Reviewer(store, "ada")
    reviewer.commit(edits.relink(5, [rows["ja.txt"][4]], [rows["en.txt"][5]], shared=[6]))
    report = export_store(store, tmp_path / "out.ladder")
    assert report.units + report.left_out.total() == len(list(store.links()))


@pytest.mark.parametrize("packed", [False, True])
def test_a_ladder_of_hunalign_comes_in_with_its_texts(tmp_path: Path, packed: bool) -> None:
    texts = {"x.de": "Eins.\n<p>\nZwei.\nDrei.\n", "x.en": "One.\nTwo and three.\nFour.\n"}
    ladder = {"x.ladder": "0\t0\t0.3\n1\t1\t1.2\n3\t2\t-0.1\n3\t3\t0\n"}
    for name, text in {**texts, **ladder}.items():
        content = gzip.compress(text.encode()) if packed else text.encode()
        (tmp_path / f"{name}{'.gz' if packed else ''}").write_bytes(content)
    path = tmp_path / ("x.ladder.gz" if packed else "x.ladder")
    units = [tuple(side.text for side in unit.sides) for unit in read_file(path).units]
    assert units == [("Eins.", "One."), ("Zwei. Drei.", "Two and three."), ("", "Four.")]
    with open_store(tmp_path / "s.db") as store:
        report = import_file(store, path, "bea")
        assert report.documents is not None
        assert (report.documents.links, report.documents.unpaired) == (2, 1)


def test_alignments_of_vecalign_come_in(tmp_path: Path) -> None:
    (tmp_path / "x.vecalign").write_text("[0]:[0]:0.1\n[1, 2]:[1]:0.42\n[]:[2]:0\n", encoding="utf-8")
    texts = tmp_path / "german.txt", tmp_path / "english.txt"
    texts[0].write_text("Guten Morgen.\nDas Haus\nist alt.\n", encoding="utf-8")
    texts[1].write_text("Good morning.\nThe house is old.\nWe live there.\n", encoding="utf-8")
    with pytest.raises(UsageError, match="--texts"):
        read_file(tmp_path / "x.vecalign")
    units = read_file(tmp_path / "x.vecalign", texts=texts).units
    assert [tuple(side.text for side in unit.sides) for unit in units][:2] == [
        ("Guten Morgen.", "Good morning."), ("Das Haus ist alt.", "The house is old."),
    ]  # fmt: skip
    (tmp_path / "x.vecalign").write_text("[0]:[7]:0.1\n", encoding="utf-8")
    with pytest.raises(ReadError, match=r"x\.vecalign:1: names a line"):
        read_file(tmp_path / "x.vecalign", texts=texts)
    (tmp_path / "x.ladder").write_text("1\t1\t0\n0\t0\t0\n", encoding="utf-8")
    with pytest.raises(ReadError, match=r"x\.ladder:2: the lines of a ladder never go back"):
        read_file(tmp_path / "x.ladder", texts=texts)


def test_lines_that_an_alignment_does_not_name_are_units_of_one_side(tmp_path: Path) -> None:
    for end in ("de", "en"):
        (tmp_path / f"x.{end}").write_text("".join(f"{end} {line}\n" for line in range(4)), encoding="utf-8")

    def pairs(name: str, text: str) -> list[tuple[str, ...]]:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return [tuple(side.text for side in unit.sides) for unit in read_file(tmp_path / name).units]

    shown = f"[2, 0]:[1]:0.4\n{' ' * 40} SRC:  de 0 de 2\n{' ' * 40} TGT:  en 1\n"
    others = [("de 1", ""), ("de 3", ""), ("", "en 2"), ("", "en 3")]
    assert pairs("x.vecalign", shown) == [("", "en 0"), ("de 2 de 0", "en 1"), *others]
    (tmp_path / "x.vecalign").unlink()
    assert pairs("x.ladder", "1\t1\t0.3\n3\t3\t0\n") == [
        ("de 0", ""), ("", "en 0"), ("de 1 de 2", "en 1 en 2"), ("de 3", ""), ("", "en 3"),
    ]  # fmt: skip


def test_a_ladder_without_a_store_has_a_line_for_each_side(tmp_path: Path) -> None:
    sides = [
        LinkSide(number, name, lang, (index,), text, (Span(0, 1),))
        for number, name, lang, index, text in ((1, "a", "de", 0, "Ja."), (2, "b", "en", 0, "Yes."))
    ]
    link = Link(1, sides[0], sides[1], LinkKind.TRANSLATION, 0.5, 0.5, Status.PROPOSED, "use")
    export([link], tmp_path / "out.ladder.gz")
    assert gzip.decompress((tmp_path / "out.de-en.ladder.gz").read_bytes()) == b"0\t0\t0.5000\n1\t1\t0\n"
    assert format_named("ladder").complete


RANGES = st.tuples(st.integers(0, 9), st.integers(1, 4)).map(lambda one: range(one[0], one[0] + one[1]))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(RANGES, RANGES), max_size=8))
@example([(range(2), range(6, 7)), (range(2, 4), range(4, 5)), (range(6, 9), range(2, 4)), (range(6, 7), range(6, 7))])
def test_the_selection_for_a_ladder_is_a_longest_one(pairs: list[tuple[range, range]]) -> None:
    def in_order(some: Sequence[tuple[range, range]]) -> bool:
        return all(a[0].stop <= b[0].start and a[1].stop <= b[1].start for a, b in pairwise(some))

    pairs.sort(key=lambda one: (one[0].start, one[1].start))
    longest = max(n for n in range(len(pairs) + 1) if any(map(in_order, combinations(pairs, n))))
    selected = [(src, tgt) for src, tgt, _ in _monotone([(src, tgt, None) for src, tgt in pairs])]  # type: ignore[misc]
    assert in_order(selected)
    assert len(selected) == longest
