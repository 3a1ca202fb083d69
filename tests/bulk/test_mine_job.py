"""`align mine` over files and over a store, with the real encoder."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from align.cli import cli
from align.errors import AlignError
from align.mining.mine import LanguageSentences, is_stray, length_difference, number_difference
from align.text.tags import is_requested


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory, seeds: Path) -> Path:
    """The English RT text, the Japanese page that it renders, in no order that helps, and a repeated sentence."""
    folder = tmp_path_factory.mktemp("news")
    english = [p for p in (seeds / "rt_en.txt").read_text(encoding="utf-8").splitlines() if p.strip()]
    (folder / "a.txt").write_text("\n\n".join(reversed(english[len(english) // 2 :])) + "\n", encoding="utf-8")
    (folder / "b.txt").write_text("\n\n".join(english[: len(english) // 2] + english[:1]) + "\n", encoding="utf-8")
    quotes = json.loads((seeds / "links.json").read_text(encoding="utf-8"))
    documents = json.dumps(quotes, ensure_ascii=False)
    for page in sorted(seeds.glob("0*.txt")):
        if page.name in documents:
            (folder / page.name).write_bytes(page.read_bytes())
    (folder / "broken.txt").write_bytes(b"\0\0\0")
    return folder


def run(*arguments: str) -> None:
    result = CliRunner().invoke(cli, ["mine", *arguments, "--encoder", "use"], catch_exceptions=False)
    assert result.exit_code == 0, result.output


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_statements_are_found_across_pages_in_any_order(news: Path, tmp_path: Path) -> None:
    out = tmp_path / "mined.jsonl"
    run(
        str(news),
        str(out),
        "--src",
        "ja",
        "--tgt",
        "en",
        "--min-confidence",
        "0.6",
        "--summary",
        str(tmp_path / "s.json"),
    )
    links = read(out)
    assert len(links) >= 8
    assert all(link["src"]["lang"] == "ja" and link["tgt"]["lang"].startswith("en") for link in links)
    assert all(link["confidence"] >= 0.6 for link in links)
    assert [link["id"] for link in links] == list(range(1, len(links) + 1))
    assert len({link["src"]["text"] for link in links}) == len({link["tgt"]["text"] for link in links}) == len(links)
    for link in links:
        for side in ("src", "tgt"):
            text = Path(link[side]["doc"]).read_text(encoding="utf-8-sig")
            assert link[side]["text"][:3] in "".join(text[a:b] for a, b in link[side]["spans"]).replace("\n", "")
    assert {Path(link["tgt"]["doc"]).name for link in links} >= {"a.txt", "b.txt"}, "from both halves"
    figures = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    assert figures["pairs"] == {"ja-en": len(links)}
    assert figures["repeated"] >= 1
    assert any("broken.txt" in why for why in figures["skipped"])


def test_a_store_is_mined_as_its_files_are(news: Path, tmp_path: Path) -> None:
    db = str(tmp_path / "w.db")
    added = CliRunner().invoke(cli, ["add", str(news), "--db", db])
    assert str(added.exception).startswith("1 of the files could not be read")
    run(str(tmp_path / "s.jsonl"), "--db", db, "--src", "ja", "--tgt", "en", "--min-confidence", "0.6")
    run(str(news), str(tmp_path / "f.jsonl"), "--src", "ja", "--tgt", "en", "--min-confidence", "0.6")
    texts = [
        [(link["src"]["text"], link["tgt"]["text"]) for link in read(tmp_path / name)]
        for name in ("s.jsonl", "f.jsonl")
    ]
    assert texts[0] == texts[1]


def test_sentences_that_differ_in_a_number_are_two(tmp_path: Path) -> None:
    (tmp_path / "en.txt").write_text("The fine is 50 euros.\n\nThe fine is 500 euros.\n\nIt is raining today.\n")
    (tmp_path / "de.txt").write_text("Die Geldstrafe beträgt 500 Euro.\n\nHeute regnet es.\n", encoding="utf-8")
    run(str(tmp_path / "en.txt"), str(tmp_path / "de.txt"), str(tmp_path / "o.jsonl"), "--min-confidence", "0")
    fines = [link for link in read(tmp_path / "o.jsonl") if "500" in link["tgt"]["text"]]
    assert [link["src"]["text"] for link in fines] == ["The fine is 500 euros."]


def test_one_language_is_nothing_to_compare(news: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["mine", str(news / "a.txt"), str(tmp_path / "o.jsonl"), "--encoder", "use"])
    assert isinstance(result.exception, AlignError)
    assert "no two languages" in str(result.exception)
    assert not (tmp_path / "o.jsonl").exists()


def test_differences_of_lengths_and_numbers() -> None:
    assert number_difference("In 2020, 3 of 4", "2020年に４人中３人") == 0
    assert number_difference("1 and 2", "2 and 3") == pytest.approx(2 / 3)
    assert number_difference("none", "なし") == 0
    assert number_difference("9" * 10_000, "9") == 1
    assert length_difference("abcdef", "en", "abc", "de") == pytest.approx(0.693, abs=1e-3)
    assert length_difference("日本語", "ja", "Japanese", "en") < 0.3


def test_a_language_that_the_encoder_does_not_know_is_said(news: Path, tmp_path: Path) -> None:
    (tmp_path / "fi.txt").write_text("Hallitus kertoi uudesta sopimuksesta naapurimaan kanssa eilen illalla.\n" * 2)
    sources = [str(news / "a.txt"), str(tmp_path / "fi.txt")]
    result = CliRunner().invoke(cli, ["mine", *sources, str(tmp_path / "o.jsonl"), "--encoder", "use"])
    assert result.exit_code == 0, result.output
    assert "use does not cover fi" in result.stderr


def test_a_stray_sentence_makes_no_language_of_the_collection() -> None:
    def side(lang: str, count: int) -> LanguageSentences:
        return LanguageSentences(lang, io.BytesIO(), io.BytesIO(), 2, offsets=[0] * count)

    sides = {"en": side("en", 3000), "ja": side("ja", 3000), "so": side("so", 2)}
    assert [lang for lang in sides if is_stray(sides[lang], sides, None, None)] == ["so"]
    assert not is_stray(sides["so"], sides, "so", None), "what is asked for by name is meant"
    few = {"en": side("en", 3), "fi": side("fi", 1)}
    assert not is_stray(few["fi"], few, None, None)


def test_a_script_that_is_asked_for_is_meant() -> None:
    assert is_requested("zh-Hant", "zh-Hant", "ja")
    assert not is_requested("zh-Hans", "zh-Hant", "ja")
    assert is_requested("zh-Hans", "zh", None)
    assert is_requested("en-GB", "zh-Hant", None)
