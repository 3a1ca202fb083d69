"""Small files of the kinds that people have, aligned as a user does it: the pairs are the expected ones."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

CASES = Path(__file__).parent / "cases"
Run = Callable[..., CompletedProcess[str]]


@pytest.mark.parametrize(
    ("src", "tgt"),
    [("speech.de.txt", "speech.en.txt"), ("ruby.ja.html", "ruby.en.html")],
)
def test_the_pairs_are_the_expected_ones(align: Run, src: str, tgt: str) -> None:
    done = align("pair", CASES / src, CASES / tgt, "--encoder", "use")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(done.stdout.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    expected = (CASES / f"{src.split('.')[0]}.expected.tsv").read_text(encoding="utf-8").splitlines()
    assert {(row["src"], row["tgt"]) for row in rows} == {tuple(line.split("\t")) for line in expected}


def test_subtitles_with_the_line_ends_of_windows_are_read(align: Run) -> None:
    done = align("add", CASES / "crlf.srt")
    assert done.returncode == 0
    assert "2 sentences, en" in done.stderr
