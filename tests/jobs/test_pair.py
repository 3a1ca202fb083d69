"""Two files without a store: what language each is said to be in."""

from __future__ import annotations

from pathlib import Path

import pytest

from align.errors import UsageError
from align.jobs.foreign import our_tag
from align.jobs.pair import half


@pytest.mark.parametrize(
    ("asked", "lang"), [("zh_TW", "zh-Hant"), ("zh", "zh-Hant"), ("ZH-hans", "zh-Hans"), (None, "zh-Hant")]
)
def test_a_language_is_written_in_the_one_way(tmp_path: Path, asked: str | None, lang: str) -> None:
    (tmp_path / "a.txt").write_text("這個系統是為了讓大家學習。\n\n我們認為這樣會更好。\n", encoding="utf-8")
    assert half(str(tmp_path / "a.txt"), lang=asked).lang == lang


def test_a_language_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Good day.\n")
    with pytest.raises(UsageError, match="42"):
        half(str(tmp_path / "a.txt"), lang="42")


def test_short_lines_stay_and_what_is_left_out_is_told(tmp_path: Path) -> None:
    german, english = tmp_path / "de.txt", tmp_path / "mixed.txt"
    german.write_text("Guten Tag.\n\nDas ist ein kurzer Brief.\n\nHier in Marseille, Café Rouge.\n")
    english.write_text(
        "Good day to you, my friends.\n\nThis is a short letter.\n\nIch habe das nicht gesagt, und er auch nicht.\n"
    )
    found = half(str(german))
    assert (found.lang, len(found.texts), dict(found.left_out)) == ("de", 3, {})
    assert dict(half(str(english)).left_out) == {"de": 1}
    assert dict(half(str(english), lang="en").left_out) == {}


def test_lines_of_subtitles_are_what_is_said_in_them(tmp_path: Path) -> None:
    said = ["Where have you been? I was worried.", "The train from Kyoto was an hour late", "because of the snow."]
    times = ("00:00:01,000 --> 00:00:02,000", "00:00:03,000 --> 00:00:04,000")
    cues = f"1\n{times[0]}\n{said[0]}\n\n2\n{times[1]}\n{said[1]}\n<i>{said[2]}</i>\n"
    (tmp_path / "a.srt").write_text(cues)
    assert half(str(tmp_path / "a.srt"), segments="line").texts == tuple(said)
    (tmp_path / "a.txt").write_text("One line.\n\n* two: three. Four\n")
    assert half(str(tmp_path / "a.txt"), segments="line").texts == ("One line.", "* two: three. Four")


@pytest.mark.parametrize(
    ("theirs", "tag"), [("ZH_tw", "zh-Hant"), ("EN-us", "en-US"), ("iw", "he"), ("", "und"), ("English", "und")]
)
def test_another_tool_s_code_is_written_in_the_same_way(theirs: str, tag: str) -> None:
    assert our_tag(theirs) == tag
