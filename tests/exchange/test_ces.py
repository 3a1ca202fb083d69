"""Links of OPUS and InterText go out and come in with their files of sentences."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from lxml import etree

from align.errors import ReadError, UsageError
from align.exchange.export import export_store
from align.exchange.import_file import import_file, read_file
from align.exchange.types import ExportOptions
from align.store import Store, open_store
from align.workspace.add import add
from tests.exchange.conftest import EN, JA

OPUS = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE cesAlign PUBLIC "-//CES//DTD XML cesAlign//EN" "">
<cesAlign version="1.0">
<linkGrp targType="s" fromDoc="de/one.xml.gz" toDoc="en/one.xml.gz">
<link xtargets="s1;s1" certainty="0.9" /><link xtargets="s2 s3;s3" /><link xtargets=";s4" />
</linkGrp>
<linkGrp targType="s" fromDoc="de/two.xml.gz" toDoc="en/two.xml.gz"><link xtargets="s1 ;s1" /></linkGrp>
</cesAlign>
"""
SENTENCES = {
    "de/one.xml": '<text><s id="s1"><w>Guten</w>\n<w>Tag</w>\n<w>,</w><w>du</w><w>!</w></s><p><s id="s2">Das\n Haus</s>'
                  '<s id="s3">ist alt.</s></p></text>',
    "en/one.xml": '<document><s id="s1"><time id="T1"/>Hello, you!</s><s id="s2">Nobody knows.</s>'
                  '<s id="s3">The house is old.</s><s id="s4">We go.</s></document>',
    "de/two.xml": '<text><s id="s1"><w spaceafter="no">Ja</w><w>wohl</w></s></text>',
    "en/two.xml": '<text><s id="s1">Yes.</s></text>',
}  # fmt: skip
PAIRS = [
    ("Guten Tag, du!", "Hello, you!"), ("", "Nobody knows."), ("Das Haus ist alt.", "The house is old."),
    ("", "We go."), ("Jawohl", "Yes."),
]  # fmt: skip


def corpus(folder: Path, *, packed: bool = True) -> Path:
    for name, text in SENTENCES.items():
        path = folder / (f"{name}.gz" if packed else name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    path = folder / ("de-en.xml.gz" if packed else "de-en.xml")
    path.write_bytes(gzip.compress(OPUS.encode()) if packed else OPUS.encode())
    return path


@pytest.mark.parametrize("packed", [True, False])
def test_links_of_opus_come_in_with_the_sentences_that_have_none(tmp_path: Path, packed: bool) -> None:
    path = corpus(tmp_path, packed=packed)
    imported = read_file(path)
    assert [tuple(side.text for side in unit.sides) for unit in imported.units] == PAIRS
    assert {side.lang for unit in imported.units for side in unit.sides} == {"de", "en"}
    (result,) = add(tmp_path / "s.db", [str(path)])
    assert (result.outcome, result.links) == ("added", 3)
    assert "Without a translation: 2 units" in " ".join(result.messages)


def test_links_without_their_sentences_are_refused(tmp_path: Path) -> None:
    path = corpus(tmp_path, packed=False)
    path.write_text(OPUS.replace("s2 s3;s3", "s2 s9;s3"), encoding="utf-8")
    with pytest.raises(ReadError, match=r"de-en\.xml:5: names the sentence s9, which .*one\.xml does not have"):
        read_file(path)
    path.write_text(OPUS.replace("s2 s3;s3", "s2 s3"), encoding="utf-8")
    with pytest.raises(ReadError, match="without two sides"):
        read_file(path)
    path.write_text(OPUS.replace("de/two", "../../../etc/two"), encoding="utf-8")
    with pytest.raises(UsageError, match=r"etc/two\.xml\.gz, which is not in .* --texts"):
        read_file(path)
    with pytest.raises(UsageError, match="2 pairs of texts"):
        read_file(path, texts=(tmp_path / "de/one.xml", tmp_path / "en/one.xml"))


def test_links_go_out_for_opus_and_come_back(store: Store, tmp_path: Path) -> None:
    report = export_store(store, tmp_path / "out.ces")
    assert report.verification is not None
    assert (report.units, report.left_out) == (5, {"rejected": 1})
    root = etree.parse(str(tmp_path / "out.ja-en.xml")).getroot()
    assert root.tag == "cesAlign"
    assert dict(root[0].attrib) == {"targType": "s", "fromDoc": "out.ja-en.ja.xml", "toDoc": "out.ja-en.en.xml"}
    assert [link.get("xtargets") for link in root.iter("link")] == [
        "s1;s1", "s2;s2", "s3;s3", "s4;", ";s4", "s5;s5", "s6;s6",
    ]  # fmt: skip
    texts = etree.parse(str(tmp_path / "out.ja-en.ja.xml"))
    assert [node.text for node in texts.iter("s")] == JA
    assert import_file(store, tmp_path / "out.ja-en.xml", "bea", new="never").decided == {}


def test_links_go_out_for_intertext_with_what_was_confirmed(store: Store, tmp_path: Path) -> None:
    export_store(store, tmp_path / "out.intertext")
    path = tmp_path / "out.ja-en.ja.en.alignment.xml"
    links = [(link.get("type"), link.get("status")) for link in etree.parse(str(path)).getroot()]
    assert links[:5] == [("1-1", "man"), ("1-1", "man"), ("1-1", "man"), ("1-0", "auto"), ("0-1", "auto")]
    imported = read_file(path)
    assert [unit.status and unit.status.value for unit in imported.units][2:4] == ["accepted", None]
    with open_store(tmp_path / "new.db") as new:
        report = import_file(new, path, "bea")
        assert report.documents is not None
        assert (report.documents.links, report.documents.accepted, report.documents.unpaired) == (5, 3, 2)


def test_a_compressed_export_comes_back(store: Store, tmp_path: Path) -> None:
    export_store(store, tmp_path / "out.ces.gz", None, ExportOptions(src="en"))
    imported = read_file(tmp_path / "out.en-ja.xml.gz")
    assert imported.units[0].sides[0].text == EN[0]


@pytest.mark.parametrize("folder", ["xml", "raw", "cs"])
def test_languages_are_those_of_the_files_before_that_of_the_folder(tmp_path: Path, folder: str) -> None:
    inside = tmp_path / folder
    inside.mkdir()
    for lang, text in (("de", "Guten Tag."), ("en", "Good day.")):
        (inside / f"book.{lang}.xml").write_text(
            f'<text><s>Ohne Nummer</s><s id="1">{text}</s></text>', encoding="utf-8"
        )
    group = '<linkGrp fromDoc="book.de.xml" toDoc="book.en.xml"><link xtargets="1;1"/></linkGrp>'
    (inside / "links.xml").write_text(group, encoding="utf-8")
    units = read_file(inside / "links.xml").units
    assert {side.lang for unit in units for side in unit.sides} == {"de", "en"}
    assert [side.text for unit in units for side in unit.sides if "Ohne" in side.text] == ["Ohne Nummer"] * 2
