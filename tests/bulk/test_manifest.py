"""Manifests and pairs by name."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from align.bulk.job import BulkJob
from align.bulk.manifest import read_manifest, write_manifest
from align.bulk.pair_documents import pair_by_name
from align.bulk.run import absolute, pair_key
from align.bulk.types import PairEntry
from align.bulk.worker import WorkSpec
from align.errors import AlignError, ReadError, UsageError
from align.inputs import walk
from align.text.tags import range_matches

PAIRS = [PairEntry("a b.txt", "c,d.txt", "en", "ja"), PairEntry('e"f.txt', "ギ.txt", None, "zh-Hant")]


def written(path: Path) -> Path:
    rows = [{"src": p.src, "tgt": p.tgt, "src_lang": p.src_lang, "tgt_lang": p.tgt_lang} for p in PAIRS]
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row | {"note": [1]}) + "\n\n" for row in rows))
    elif path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".tsv":
        write_manifest(path, PAIRS, [{"error": "x"}, {"error": "y\tz"}])
    else:
        import csv

        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, ["tgt", "more", "src", "tgt_lang", "src_lang"])
            writer.writeheader()
            writer.writerows(rows)
    return path


@pytest.mark.parametrize("suffix", [".tsv", ".csv", ".jsonl", ".parquet"])
def test_every_kind_of_manifest_names_the_same_pairs(tmp_path: Path, suffix: str) -> None:
    assert list(read_manifest(written(tmp_path / f"m{suffix}"))) == PAIRS


def test_a_spreadsheet_s_semicolons_are_read(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_bytes("\ufeffsrc;tgt;note\r\na, b.txt;c.txt;x\r\n".encode())
    assert list(read_manifest(tmp_path / "m.csv")) == [PairEntry("a, b.txt", "c.txt")]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("m.tsv", b"source\ttarget\na\tb\n", "no column 'src'"),
        ("m.tsv", b"src\ttgt\na\tb\nc\t\n", "line 3: src and tgt must both"),
        ("m.tsv", b"src\ttgt\n\xff\tb\n", "not UTF-8"),
        ("m.csv", b'src,tgt\n"a\n', "line"),
        ("m.jsonl", b'{"src": "a", "tgt": "b"}\n{"src": \n', "line 2: not JSON"),
        ("m.jsonl", b"[1]\n", "line 1: a pair is an object"),
        ("m.jsonl", b'{"src": "a", "tgt": 5}\n', "line 1: tgt is a string"),
        ("m.jsonl", b'{"src": "a\\u0000", "tgt": "b"}\n', "NUL"),
        ("m.tsv", b"src\ttgt\ttgt_lang\na\tb\tno such\n", "line 2: 'no such' is not a language tag"),
        ("m.parquet", b"PAR1 no", "not a Parquet file"),
        ("m.docx", b"", "a manifest is one of"),
    ],
)
def test_a_manifest_that_is_off_is_one_line_with_its_place(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AlignError, match=words) as error:
        list(read_manifest(tmp_path / name))
    assert str(error.value).startswith(str(tmp_path / name))
    assert "\n" not in str(error.value)


def test_a_missing_manifest_is_a_mistake_of_the_call(tmp_path: Path) -> None:
    for name in ("none.tsv", "none.parquet", "none.jsonl"):
        with pytest.raises(UsageError, match=r"no such file\. Check the name"):
            list(read_manifest(tmp_path / name))


def test_files_are_paired_by_suffix_folder_and_ending() -> None:
    files = sorted([
        "d/how-to.en.txt", "d/how-to.ja.txt", "x/en/deep/a.html", "x/ja/deep/a.html", "x/zh_TW/deep/a.html",
        "q/en.txt", "q/ja.txt", "n-en.txt", "n-de.txt", "alone.en.txt", "read.me.txt",
    ])  # fmt: skip
    found = pair_by_name(files)
    assert {(p.src, p.tgt, p.src_lang, p.tgt_lang) for p in found.pairs} == {
        ("d/how-to.en.txt", "d/how-to.ja.txt", "en", "ja"),
        ("n-de.txt", "n-en.txt", "de", "en"),
        ("q/en.txt", "q/ja.txt", "en", "ja"),
        ("x/en/deep/a.html", "x/ja/deep/a.html", "en", "ja"),
        ("x/en/deep/a.html", "x/zh_TW/deep/a.html", "en", "zh-Hant"),
        ("x/ja/deep/a.html", "x/zh_TW/deep/a.html", "ja", "zh-Hant"),
    }
    assert found.unpaired == ("alone.en.txt", "read.me.txt")


def test_two_texts_of_one_tag_are_two_texts() -> None:
    found = pair_by_name(["a.en.txt", "a.zh_HK.txt", "a.zh_TW.txt"], "zh-Hant", "en")
    assert [(p.src, p.src_lang) for p in found.pairs] == [("a.zh_HK.txt", "zh-Hant"), ("a.zh_TW.txt", "zh-Hant")]


def test_a_pair_of_languages_is_asked_for_in_its_direction() -> None:
    files = ["a.en.txt", "a.ja.txt", "a.zh-Hant.txt"]
    assert [(p.src, p.tgt) for p in pair_by_name(files, "ja", "en").pairs] == [("a.ja.txt", "a.en.txt")]
    assert [(p.src, p.tgt) for p in pair_by_name(files, "zh").pairs] == [
        ("a.zh-Hant.txt", "a.en.txt"),
        ("a.zh-Hant.txt", "a.ja.txt"),
    ]
    assert range_matches("zh", "zh-Hant")
    assert not range_matches("z", "zh")


def test_hidden_files_and_strange_suffixes_are_not_found(tmp_path: Path) -> None:
    for name in ("b/a.en.txt", ".git/a.en.txt", "b/.a.en.txt", "b/a.en.exe", "a.ja.TXT"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert [Path(p).relative_to(tmp_path).as_posix() for p in walk(str(tmp_path), {".txt"})] == [
        "a.ja.TXT",
        "b/a.en.txt",
    ]


NAMES = st.lists(
    st.from_regex(r"\A([a-c]|en|ja)(/([a-c]|en|ja)){0,2}([._-](en|ja|zh_TW|x)){0,2}\.txt\Z"), unique=True, max_size=8
)


@given(NAMES)
def test_a_pair_is_of_two_files_that_are_there_and_nobody_is_lost(names: list[str]) -> None:
    found = pair_by_name(sorted(names))
    used = {name for pair in found.pairs for name in (pair.src, pair.tgt)}
    assert used | set(found.unpaired) == set(names)
    assert not used & set(found.unpaired)
    assert all(pair.src != pair.tgt and pair.src_lang != pair.tgt_lang for pair in found.pairs)


def test_errors_of_reading_are_no_mistakes_of_the_call() -> None:
    assert ReadError.exit_code == 1


GERMAN, ENGLISH = "Guten Morgen.\nDas Haus ist alt.\n", "Good morning.\nThe house is old.\n"


@pytest.mark.parametrize(
    ("name", "row", "languages", "names"),
    [
        ("a.jsonl", {"src_text": GERMAN, "tgt_text": ENGLISH, "src_lang": "deu"}, (None, "en"), ["1.de", "1.en"]),
        ("b.jsonl", {"id": "x7", "de": GERMAN, "en": ENGLISH}, (None, None), ["x7.de", "x7.en"]),
        ("c.jsonl.gz", {"translation": {"fr": "Oui.", "deu": GERMAN, "en": ENGLISH}}, ("de", "en"), ["1.de", "1.en"]),
        ("d.jsonl", {"src": GERMAN, "tgt": ENGLISH}, (None, None), ["1.src", "1.tgt"]),
        ("e.parquet", {"url": "u", "en": ENGLISH, "de": GERMAN, "fr": "Oui."}, ("de", "en"), ["u.de", "u.en"]),
    ],
)
def test_texts_inside_a_manifest(
    tmp_path: Path, name: str, row: dict[str, object], languages: tuple[str | None, str | None], names: list[str]
) -> None:
    path = tmp_path / name
    if name.endswith("parquet"):
        pq.write_table(pa.Table.from_pylist([row]), path)
    else:
        line = json.dumps(row).encode() + b"\n"
        path.write_bytes(gzip.compress(line) if name.endswith("gz") else line)
    (entry,) = read_manifest(path, languages=languages)
    assert [entry.src, entry.tgt] == [f"{name}#{end}" for end in names]
    assert entry.texts == (GERMAN.encode(), ENGLISH.encode())


def test_a_manifest_in_several_languages_wants_two_chosen(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"de": GERMAN, "en": ENGLISH, "fr": "Oui."}) + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"texts in de, en, fr. Choose"):
        list(read_manifest(path))


def test_file_names_with_blanks_are_file_names(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"src": "my text.txt", "tgt": "a folder/text"}) + "\n", encoding="utf-8")
    assert [entry.texts for entry in read_manifest(path)] == [None]


def test_moses_files_and_folders_of_three_letter_codes_are_pairs() -> None:
    files = ["k/c.de-en.de", "k/c.de-en.en", "k/z.de.gz", "k/z.en.gz", "m/deu/a.txt", "m/eng/a.txt"]
    assert [(pair.src, pair.tgt, pair.src_lang, pair.tgt_lang) for pair in pair_by_name(files, "eng", "deu").pairs] == [
        (second, first, "en", "de") for first, second in zip(files[::2], files[1::2], strict=True)
    ]


def test_rows_with_one_name_and_other_texts_are_no_repeats(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [{"url": "u", "de": f"{GERMAN}{n}", "en": ENGLISH} for n in (1, 2, 2)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    entries = list(read_manifest(path))
    assert len({pair_key(entry) for entry in entries}) == 2
    job = BulkJob((str(path),), tmp_path / "out", WorkSpec("use", str(tmp_path)))
    assert absolute(job, entries[0]) == entries[0], "its names are no files"
