"""The export job: what goes out, and what happens on the way to the disk."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from align.errors import UsageError
from align.exchange.export import export, export_blocks
from align.exchange.types import ExportOptions
from align.models import Block, BlockKind, Link, LinkKind, LinkSide, Span, Status

GREETING = Link(
    id=1,
    src=LinkSide(1, "zh.txt", "zh-Hant", (1,), "你好,世界。", (Span(0, 6),)),
    tgt=LinkSide(2, "ja.txt", "ja", (7, 8), "こんにちは、世界。", (Span(3, 8), Span(9, 12))),
    kind=LinkKind.TRANSLATION,
    score=0.25,
    confidence=0.91,
    status=Status.ACCEPTED,
    encoder="use",
    version=2,
    reviewer="ada",
    decided_at="2026-11-21T10:11:12.000013+00:00",
)
PROPOSED = replace(GREETING, id=2, status=Status.PROPOSED, confidence=0.4)
SUMMARY = replace(GREETING, id=3, kind=LinkKind.SUMMARY)
ALL = (GREETING, PROPOSED, SUMMARY)


def test_jsonl_has_every_link_and_the_fields_that_scripts_rely_on(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    report = export(ALL, out)
    records = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert report.units == 3
    assert [r["id"] for r in records] == [1, 2, 3]
    assert {"id", "kind", "score", "confidence", "status", "encoder", "src", "tgt"} <= records[0].keys()
    assert records[0]["tgt"] == {
        "doc": "ja.txt", "lang": "ja", "text": "こんにちは、世界。", "spans": [[3, 8], [9, 12]],
    }  # fmt: skip


def test_memory_formats_take_confirmed_links_of_any_kind(tmp_path: Path) -> None:
    report = export(ALL, tmp_path / "out.tmx")
    assert report.units == 2
    assert report.left_out == {"proposed": 1}
    undecided = replace(SUMMARY, status=Status.PROPOSED)
    options = ExportOptions(statuses=frozenset(Status), force=True)
    report = export([*ALL[:2], undecided], tmp_path / "out.tmx", options=options)
    assert report.left_out == {"of kind summary": 1}


def test_memory_formats_take_what_is_asked_for(tmp_path: Path) -> None:
    options = ExportOptions(statuses=frozenset(Status), kinds=frozenset(LinkKind), min_confidence=0.5)
    report = export(ALL, tmp_path / "out.tmx", options=options)
    assert report.units == 2
    assert report.left_out == {"below confidence 0.5": 1}


def test_nothing_accepted_yet_says_how_to_export_proposals(tmp_path: Path) -> None:
    report = export([PROPOSED], tmp_path / "out.tmx")
    assert report.units == 0
    assert report.hint is not None
    assert "--status any" in report.hint


def sources(path: Path) -> tuple[str, list[tuple[str | None, list[str]]]]:
    """`srclang` of the header, and of each unit with the languages that it has."""
    tree = etree.parse(path)
    units = [
        (tu.get("srclang"), [tuv.get("{*}lang") or tuv.attrib.values()[0] for tuv in tu.iter("tuv")])
        for tu in tree.iter("tu")
    ]
    return tree.find("header").get("srclang"), units


def test_a_memory_names_the_source_language_of_every_unit(tmp_path: Path) -> None:
    out = tmp_path / "out.tmx"
    other = replace(GREETING, id=4, src=GREETING.tgt, tgt=GREETING.src)
    for asked in (None, "zh"):
        export([GREETING], out, options=ExportOptions(src=asked, force=True))
        assert sources(out) == ("zh-Hant", [(None, ["zh-Hant", "ja"])]), "as its texts are tagged, not as was asked"
    export([GREETING, other], out, options=ExportOptions(force=True, lang_map={"zh-Hant": "zh-TW"}))
    assert sources(out) == ("zh-TW", [(None, ["zh-TW", "ja"]), ("ja", ["ja", "zh-TW"])])
    export([], out, options=ExportOptions(force=True))
    assert sources(out) == ("*all*", [])


def test_direction_turns_links_and_language_map_renames(tmp_path: Path) -> None:
    out = tmp_path / "out.tmx"
    export([GREETING], out, options=ExportOptions(src="ja", tgt="zh", lang_map={"zh-hant": "zh-TW"}))
    langs = etree.parse(out).xpath("//tuv/@xml:lang", namespaces={"xml": "http://www.w3.org/XML/1998/namespace"})
    assert langs == ["ja", "zh-TW"]


def test_other_languages_are_left_out(tmp_path: Path) -> None:
    assert export([GREETING], tmp_path / "out.tmx", options=ExportOptions(src="en")).units == 0


def test_an_existing_file_needs_force(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("mine")
    with pytest.raises(UsageError, match="--force"):
        export(ALL, out)
    assert out.read_text() == "mine"
    export(ALL, out, options=ExportOptions(force=True))
    assert out.read_text() != "mine"


def test_an_interrupted_export_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("mine")

    def links() -> object:
        yield GREETING
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(links(), out, options=ExportOptions(force=True))  # type: ignore[arg-type]
    assert out.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("name", ["out.docx", "out"])
def test_an_unknown_suffix_names_the_formats(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="tmx"):
        export(ALL, tmp_path / name)


def test_blocks_are_written_with_their_spans(tmp_path: Path) -> None:
    out = tmp_path / "blocks.jsonl"
    export_blocks([("zh.txt", Block(Span(0, 6), BlockKind.BODY, "zh-Hant", 0.9))], out)
    assert json.loads(out.read_text(encoding="utf-8")) == {
        "doc": "zh.txt", "start": 0, "end": 6, "kind": "body", "lang": "zh-Hant", "lang_confidence": 0.9,
    }  # fmt: skip


def test_what_xml_cannot_carry_is_replaced_and_named(tmp_path: Path) -> None:
    out = tmp_path / "out.tmx"
    report = export([replace(GREETING, src=replace(GREETING.src, text="a\x00b]]>\ud800"))], out)
    assert etree.parse(out).findtext(".//seg") == "a\ufffdb]]>\ufffd"
    assert any("U+0000" in warning and "U+D800" in warning for warning in report.warnings)
