"""Two files without a store: what language each is said to be in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from align.cli import cli
from align.embeddings import load_encoder
from align.errors import UsageError
from align.text.tags import tag_or_undetermined
from align.workspace.pair import pair, read_side, with_unpaired


@pytest.mark.parametrize(
    ("asked", "lang"), [("zh_TW", "zh-Hant"), ("zh", "zh-Hant"), ("ZH-hans", "zh-Hans"), (None, "zh-Hant")]
)
def test_a_language_is_written_in_the_one_way(tmp_path: Path, asked: str | None, lang: str) -> None:
    (tmp_path / "a.txt").write_text("這個系統是為了讓大家學習。\n\n我們認為這樣會更好。\n", encoding="utf-8")
    assert read_side(str(tmp_path / "a.txt"), lang=asked).lang == lang


def test_a_language_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Good day.\n")
    with pytest.raises(UsageError, match="42"):
        read_side(str(tmp_path / "a.txt"), lang="42")


def test_short_lines_stay_and_what_is_left_out_is_told(tmp_path: Path) -> None:
    german, english = tmp_path / "de.txt", tmp_path / "mixed.txt"
    german.write_text("Guten Tag.\n\nDas ist ein kurzer Brief.\n\nHier in Marseille, Café Rouge.\n")
    english.write_text(
        "Good day to you, my friends.\n\nThis is a short letter.\n\nIch habe das nicht gesagt, und er auch nicht.\n"
    )
    found = read_side(str(german))
    assert (found.lang, len(found.texts), dict(found.left_out)) == ("de", 3, {})
    assert dict(read_side(str(english)).left_out) == {"de": 1}
    assert dict(read_side(str(english), lang="en").left_out) == {}


def test_lines_of_subtitles_are_what_is_said_in_them(tmp_path: Path) -> None:
    said = ["Where have you been? I was worried.", "The train from Kyoto was an hour late", "because of the snow."]
    times = ("00:00:01,000 --> 00:00:02,000", "00:00:03,000 --> 00:00:04,000")
    cues = f"1\n{times[0]}\n{said[0]}\n\n2\n{times[1]}\n{said[1]}\n<i>{said[2]}</i>\n"
    (tmp_path / "a.srt").write_text(cues)
    assert read_side(str(tmp_path / "a.srt"), segments="line").texts == tuple(said)
    (tmp_path / "a.txt").write_text("One line.\n\n* two: three. Four\n")
    assert read_side(str(tmp_path / "a.txt"), segments="line").texts == ("One line.", "* two: three. Four")


@pytest.mark.parametrize(
    ("theirs", "tag"), [("ZH_tw", "zh-TW"), ("EN-us", "en-US"), ("iw", "he"), ("", "und"), ("English", "und")]
)
def test_another_tool_s_code_is_written_in_the_same_way(theirs: str, tag: str) -> None:
    assert tag_or_undetermined(theirs) == tag


GERMAN = ["Das Kabinett tagte am Montagmorgen.", "Lehrer begrüßten den Plan.",
          "Kritiker sagten, das Geld komme zu spät.", "Der Fluss stieg über Nacht um drei Meter."]  # fmt: skip
ENGLISH = ["The cabinet met on Monday morning.", "It rained all day in Paris.", "Teachers welcomed the plan.",
           "The river rose three metres overnight."]  # fmt: skip


@pytest.fixture
def news(tmp_path: Path) -> list[str]:
    """A German and an English text, each with a sentence that the other has not."""
    names = []
    for lang, texts in (("de", GERMAN), ("en", ENGLISH)):
        (tmp_path / f"{lang}.txt").write_text("\n\n".join(texts) + "\n", encoding="utf-8")
        names.append(str(tmp_path / f"{lang}.txt"))
    return names


@pytest.mark.parametrize("reordered", [False, True])
def test_every_segment_is_in_a_link_or_has_no_partner(news: list[str], reordered: bool) -> None:
    halves = read_side(news[0]), read_side(news[1])
    found = pair(*halves, load_encoder("use"), reordered=reordered)
    for side, numbers, texts in (("src", found.unpaired[0], GERMAN), ("tgt", found.unpaired[1], ENGLISH)):
        linked = [number for link in found.links for number in getattr(link, side).sentences]
        assert sorted([*linked, *numbers]) == list(range(len(texts)))
    rows = list(with_unpaired(found, *halves))
    assert sorted(row.src.text for row in rows if row.src.text) == sorted(GERMAN)
    assert sorted(row.tgt.text for row in rows if row.tgt.text) == sorted(ENGLISH)
    assert [row.id for row in rows if row.id] == [link.id for link in found.links]


def test_what_has_no_partner_is_counted_and_written_where_asked(news: list[str]) -> None:
    run = CliRunner().invoke(cli, ["pair", *news, "--encoder", "use", "--with-nulls"])
    assert run.exit_code == 0, run.output
    assert "3 links; 1 of 4 de and 1 of 4 en sentences are unpaired." in run.stderr
    rows = [line.split("\t")[4:6] for line in run.stdout.splitlines()[1:]]
    assert rows == [
        [GERMAN[0], ENGLISH[0]],
        ["", ENGLISH[1]],
        [GERMAN[1], ENGLISH[2]],
        [GERMAN[2], ""],
        [GERMAN[3], ENGLISH[3]],
    ]


def test_links_below_the_least_confidence_are_left_over(news: list[str]) -> None:
    run = CliRunner().invoke(cli, ["pair", *news, "--encoder", "use", "--min-confidence", "1"])
    assert "0 links; 4 of 4 de and 4 of 4 en sentences are unpaired." in run.stderr


def test_boilerplate_is_counted_and_taken_in_where_asked(tmp_path: Path) -> None:
    page = "<html><body><nav><a href='/'>Home page</a></nav><article><p>{}</p></article></body></html>"
    for lang, texts in (("de", GERMAN), ("en", ENGLISH)):
        (tmp_path / f"{lang}.html").write_text(page.format("</p><p>".join(texts)), encoding="utf-8")
    names = [str(tmp_path / "de.html"), str(tmp_path / "en.html")]
    assert read_side(names[1]).boilerplate == 1
    assert read_side(names[1], boilerplate=True).texts == ("Home page", *ENGLISH)
    run = CliRunner().invoke(cli, ["pair", *names, "--encoder", "use"])
    assert "left out as boilerplate (--boilerplate includes them)" in run.stderr


def test_files_that_do_not_belong_together_are_warned_of(news: list[str], tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("Stir the flour into the melted butter.\n\nMy grandfather collected stamps.\n", encoding="utf-8")
    good = CliRunner().invoke(cli, ["pair", *news, "--encoder", "use", "--json"])
    found = json.loads(good.stdout)
    assert found["document_confidence"] > 0.8
    assert (found["links"], found["shuffled"], found["src"]["unpaired"]) == (3, False, 1)
    assert "warning" not in good.stderr
    bad = CliRunner().invoke(cli, ["pair", news[0], str(other), "--encoder", "use"])
    assert bad.exit_code == 0
    assert "are probably not translations of each other (document confidence 0." in bad.stderr
    none = CliRunner().invoke(
        cli, ["pair", news[0], str(other), "--encoder", "use", "--min-document-confidence", "0.5", "--json"]
    )
    assert json.loads(none.stdout)["links"] == 0
