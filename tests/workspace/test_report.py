"""The report counts right, says it in values, on a page and in the terminal."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from align.errors import UsageError
from align.models import Block, BlockKind, Decision, Document, LinkKind, Proposal, Sentence, Span, Status
from align.report.pace import LinkTally, bar, columns, dot_map, paces
from align.report.page import page, wilson
from align.report.survey import Report, build_report, inversions
from align.reviewer import open_reviewer
from align.store import LinkFilter, Store, edits, open_store
from align.text.messages import per_cent
from tests.prefork import align_program

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def document(name: str, lang: str, sentences: list[str], kind: BlockKind = BlockKind.BODY) -> Document:
    """A document of one block."""
    found, start = [], 0
    for text in sentences:
        found.append(Sentence((Span(start, start + len(text)),), lang, 1.0))
        start += len(text) + 1
    text = "\n".join(sentences)
    return Document(name, text, (Block(Span(0, len(text)), kind, lang, 1.0, tuple(found)),))


def fill(
    store: Store,
    src: list[str],
    tgt: list[str],
    links: list[tuple[list[int], list[int], float]],
    kind: BlockKind = BlockKind.BODY,
) -> None:
    """Two documents and proposals between them, by position."""
    first = store.add_document(document("talk.ja.txt", "ja", src, kind)).document
    second = store.add_document(document("talk.en.txt", "en", tgt)).document
    ids = [[row.id for row in store.sentences(number)] for number in (first, second)]
    proposals = [
        Proposal(tuple(ids[0][i] for i in a), tuple(ids[1][i] for i in b), LinkKind.TRANSLATION, 0.1, sure)
        for a, b, sure in links
    ]
    store.propose(first, second, proposals, "use", languages=("ja", "en"))


@pytest.fixture
def talks(tmp_path: Path) -> Path:
    """Six sentences against five: 0-0, 1+2-1, 3-4, 5-3 (crosses), the fourth left out on one side, one on the other."""
    path = tmp_path / "talks.db"
    with open_store(path) as store:
        fill(
            store,
            ["一です。", "二です。", "三です。", "四です。", "五<script>です。", "六です。"],
            ["One.", "Two, three.", "Not there.", "Six.", "Four."],
            [([0], [0], 0.95), ([1, 2], [1], 0.85), ([3], [4], 0.55), ([5], [3], 0.35)],
        )
        links = list(store.links(LinkFilter()))
    with open_reviewer(path, "Aoi") as reviewer:
        reviewer.commit(edits.accept(links[0].id))
        reviewer.commit(edits.accept(links[1].id))
    with open_reviewer(path, "Mei") as reviewer:
        reviewer.commit(edits.reject(links[3].id))
    return path


@pytest.fixture
def report(talks: Path) -> Iterator[Report]:
    with open_store(talks, readonly=True) as store:
        yield build_report(store)


def test_it_counts(report: Report) -> None:
    (pair,) = report.pairs
    assert report.statuses == {Status.PROPOSED: 1, Status.ACCEPTED: 2, Status.REJECTED: 1, Status.EDITED: 0}
    assert (pair.src.sentences, pair.src.linked, pair.src.settled) == (6, 4, 3)
    assert (pair.tgt.sentences, pair.tgt.linked, pair.tgt.settled) == (5, 3, 2)
    assert pair.src.share == pytest.approx(16 / (4 * 5 + 12))
    assert pair.expected_right == 0.55
    assert [unlinked.position for unlinked in pair.omissions] == []
    assert [unlinked.text for unlinked in pair.additions] == ["Not there.", "Six."]
    assert pair.additions[0].start == len("One.\nTwo, three.\n")
    assert [share.linked for share in report.documents] == [4, 3]


def test_crossings_count_what_stands(talks: Path) -> None:
    with open_reviewer(talks, "Mei") as reviewer:
        reviewer.undo()
        links = list(reviewer.store.links(LinkFilter()))
        assert build_report(reviewer.store).pairs[0].crossings == 1
        reviewer.commit(edits.reject(next(link.id for link in links if link.tgt.text == "Four.")))
        (pair,) = build_report(reviewer.store).pairs
    assert pair.crossings == 0
    assert [unlinked.text for unlinked in pair.omissions] == ["四です。", "五<script>です。"]


def test_reviewers_and_days(report: Report) -> None:
    assert [(p.reviewer, p.accepted, p.rejected, p.decisions) for p in report.reviewers] == [
        ("Aoi", 2, 0, 2),
        ("Mei", 0, 1, 1),
    ]
    assert sum(report.days.values()) == 3


def test_pace_is_that_of_a_person() -> None:
    moments = ["00:00.00", "00:04.00", "00:04.01", "00:10.00", "30:00.00", "30:06.00"]
    made = [
        Decision(n, "", f"2026-11-21T20:{moment}0000+00:00", "Aoi", "accept", n, {}) for n, moment in enumerate(moments)
    ]
    (pace,) = paces(LinkTally(10), reversed(made), {})
    assert (pace.decisions, pace.median_seconds) == (6, 5.99)
    assert paces(LinkTally(10), made[:1], {})[0].median_seconds is None
    assert paces(LinkTally(10), [Decision(1, "", made[0].at, "align", "propose", None, {})], {}) == ()
    assert paces(LinkTally(10), [Decision(1, "", made[0].at, "align", "unite", None, {})], {}) == ()


def test_confidence_against_decisions(report: Report) -> None:
    found = {row.low: (row.links, row.decided, row.right) for row in report.bins if row.links}
    assert found == {0.9: (1, 1, 1), 0.8: (1, 1, 1), 0.5: (1, 0, 0), 0.3: (1, 1, 0)}


def test_one_document_only(talks: Path) -> None:
    with open_store(talks) as store:
        other = store.add_document(document("more.en.txt", "en", ["Nothing of it."]))
        assert len(build_report(store).documents) == 3
        assert [share.name for share in build_report(store, document="talk.ja.txt").documents] == [
            "talk.ja.txt",
            "talk.en.txt",
        ]
        assert build_report(store, document=str(other.document)).pairs == ()
        with pytest.raises(UsageError, match="no such document"):
            build_report(store, document="absent.txt")


def test_menus_are_not_omissions(tmp_path: Path) -> None:
    for kind, missing in ((BlockKind.BODY, [1]), (BlockKind.BOILERPLATE, [])):
        with open_store(tmp_path / f"{kind}.db") as store:
            fill(store, ["一。", "二。", "三。"], ["One.", "Three."], [([0], [0], 0.9), ([2], [1], 0.9)], kind)
            assert [unlinked.position for unlinked in build_report(store).pairs[0].omissions] == missing


def test_an_empty_store_says_what_to_do(tmp_path: Path) -> None:
    with open_store(tmp_path / "a.db") as store, pytest.raises(UsageError, match="align add"):
        build_report(store)


@given(st.lists(st.integers(0, 20), max_size=40))
def test_inversions_are_what_they_are_by_definition(numbers: list[int]) -> None:
    n = len(numbers)
    assert inversions(numbers) == sum(numbers[i] > numbers[j] for i in range(n) for j in range(i + 1, n))


def test_percentages_do_not_round_to_all_or_nothing() -> None:
    assert [per_cent(share) for share in (0, 0.001, 0.5, 0.999, 1)] == ["0 %", "1 %", "50 %", "99 %", "100 %"]


def test_wilson() -> None:
    low, high = wilson(8, 10)
    assert (round(low, 3), round(high, 3)) == (0.490, 0.943)
    assert wilson(0, 0) == (0.0, 1.0)


def test_the_page_takes_nothing_from_the_texts_but_text(report: Report) -> None:
    html = "".join(page(report))
    assert "Not there." in html
    assert "五<script>" not in html
    assert not re.search(r"""(src|href)=["'](?!data:)""", html)
    assert "http://" not in html
    assert "https://" not in html


@given(st.lists(st.integers(0, 10**6), max_size=20))
def test_columns_show_what_is_there(counts: list[int]) -> None:
    drawn = columns(counts)
    assert [c == " " for c in drawn] == [count == 0 for count in counts]


@given(st.floats(0, 1), st.integers(1, 40))
def test_bars_have_their_width_and_never_round_to_all_or_nothing(share: float, width: int) -> None:
    drawn = bar(share, width)
    assert len(drawn) == width
    assert (drawn == "█" * width) == (share == 1)
    assert (drawn.strip() == "") == (share == 0)


def test_a_dot_map_has_a_dot_for_a_point() -> None:
    assert dot_map([(0, 0), (0.99, 0.99)], 2, 1) == ["⠁⢀"]
    assert dot_map([], 3, 2) == ["⠀" * 3] * 2
    assert dot_map([(1.0, 1.0)], 1, 1) == ["⢀"]


def align(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = os.environ | {"ALIGN_CONFIG": str(folder / "none.toml"), "ALIGN_DB": "talks.db", "COLUMNS": "110"}
    command = [align_program(), *arguments]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)


def test_the_commands(talks: Path) -> None:
    folder = talks.parent
    assert align(folder, "report", "r.html").returncode == 0
    again = align(folder, "report", "r.html")
    assert (again.returncode, "--force" in again.stderr) == (2, True)
    assert align(folder, "report", "r.html", "--force", "--quiet").stderr == ""
    assert align(folder, "report").returncode == 2
    assert "store" in align(folder, "report", "talks.db", "--force").stderr
    assert align(folder, "report", "no/such/r.html").returncode == 2
    assert [path.name for path in folder.iterdir() if path.name.endswith(".part")] == []
    told = json.loads(align(folder, "report", "--json").stdout)
    assert told["statuses"] == {"proposed": 1, "accepted": 2, "rejected": 1, "edited": 0}
    assert json.loads(align(folder, "stats", "--json", "--doc", "talk.ja.txt").stdout)["statuses"] == told["statuses"]
    shown = align(folder, "stats", "--map").stdout
    assert "Aoi: 2 accepted, 0 edited, 0 rejected" in shown
    assert "talk.ja.txt - talk.en.txt" in shown


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of 10,000 links."""
    folder = tmp_path_factory.mktemp("large")
    n = 10_500
    with open_store(folder / "large.db") as store:
        links = [([i], [i], (i % 1000) / 1000) for i in range(n) if i % 21]
        fill(
            store,
            [f"これは{i}番目の文で、少し長いものです。" for i in range(n)],
            [f"Sentence {i}." for i in range(n)],
            links,
        )
        found = build_report(store)
        assert sum(found.statuses.values()) == 10_000
        assert len(found.pairs[0].omissions) == n - 10_000 - 1
        (folder / "large.html").write_text("".join(page(found)), encoding="utf-8")
    return folder / "large.html"


def test_ten_thousand_links_stay_under_two_megabytes(large: Path) -> None:
    assert large.stat().st_size < 2_000_000


def test_the_page_in_chromium(large: Path, chromium: Browser) -> None:
    """It opens without a complaint, asks for nothing, draws its map, and fits a phone."""
    for width, height in ((1280, 800), (390, 844)):
        shown = chromium.new_context(viewport={"width": width, "height": height}).new_page()
        complaints: list[str] = []
        asked: list[str] = []
        shown.on("console", lambda message, to=complaints: to.append(message.text))
        shown.on("pageerror", lambda error, to=complaints: to.append(str(error)))
        shown.on("request", lambda request, to=asked: to.append(request.url))
        shown.goto(large.as_uri())
        canvas = shown.locator("canvas")
        canvas.scroll_into_view_if_needed()
        coloured = """canvas => new Promise(done => setTimeout(() => {
            const seen = new Set(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data);
            done(seen.size) }, 300))"""
        assert canvas.evaluate(coloured) > 5
        shown.get_by_role("button", name="Ribbons").click()
        assert canvas.evaluate(coloured) > 5
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
        assert [line for line in complaints if "getImageData" not in line] == []
        assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
