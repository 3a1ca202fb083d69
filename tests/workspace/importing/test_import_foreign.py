"""A file that another tool wrote becomes documents with links."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from align.exchange.export import export_store
from align.exchange.import_file import import_file
from align.exchange.types import ExportOptions
from align.models import Status
from align.store import open_store
from align.workspace.add import add

FOREIGN = """<?xml version="1.0"?>
<!DOCTYPE tmx SYSTEM "http://example.invalid/tmx14.dtd" [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<tmx version="1.4"><header creationtool="x" creationtoolversion="1" segtype="sentence" o-tmf="x" adminlang="en"
 srclang="EN-US" datatype="plaintext"/><body>
<tu><tuv xml:lang="EN-US"><seg>A <bpt i="1">&lt;b></bpt>bold<ept i="1">&lt;/b></ept> word.</seg></tuv>
<tuv xml:lang="zh_TW"><seg>一個粗體字。</seg></tuv><tuv xml:lang="ja"><seg>太字&x;。</seg></tuv></tu>
<tu><tuv lang="EN-US"><seg>Two.</seg></tuv><tuv lang="ja"><seg>二。</seg></tuv></tu>
</body></tmx>"""


def test_a_foreign_memory_becomes_documents_with_accepted_links(tmp_path: Path) -> None:
    path = tmp_path / "foreign.tmx"
    path.write_text(FOREIGN, encoding="utf-8")
    with open_store(tmp_path / "s.db") as store:
        report = import_file(store, path, "bea")
        assert report.documents is not None
        assert report.documents.links == 3
        names = [row.name.rpartition(" ")[2] for row in store.documents()]
        assert names == ["[en-US]", "[zh-TW]", "[ja]"]
        links = list(store.links())
        assert {(link.src.text, link.tgt.text) for link in links} == {
            ("A bold word.", "一個粗體字。"), ("A bold word.", "太字&x;。"), ("Two.", "二。")
        }  # fmt: skip
        assert {link.status for link in links} == {Status.ACCEPTED}
        assert not any("root:" in store.text(row.id) for row in store.documents()), "nothing external is read"
        again = import_file(store, path, "bea")
        assert again.documents is None
        assert (again.same, len(store.documents())) == (2, 3)


def units(*languages: tuple[str | None, tuple[str, ...]], header: str) -> str:
    """A memory: of each unit its srclang and its languages in order; every text is its language and a number."""
    tus = []
    for number, (own, langs) in enumerate(languages):
        tuvs = "".join(f'<tuv xml:lang="{lang}"><seg>{lang} {number}{at}</seg></tuv>' for at, lang in enumerate(langs))
        tus.append(f'<tu srclang="{own}">{tuvs}</tu>' if own else f"<tu>{tuvs}</tu>")
    return f'<tmx version="1.4"><header srclang="{header}"/><body>{"".join(tus)}</body></tmx>'


@pytest.mark.parametrize(
    ("header", "own", "langs", "links"),
    [
        ("en-US", None, ("de-DE", "en-US", "fr-FR"), ["en-US de-DE", "en-US fr-FR"]),
        ("EN_us", None, ("fr", "de", "en-US"), ["en-US fr", "en-US de"]),
        ("en", None, ("de", "en-US"), ["en-US de"]),
        ("en-US", None, ("de", "en"), ["en de"]),
        ("en-US", None, ("de", "en-GB"), ["en-GB de"]),
        ("en-US", None, ("en-GB", "de", "en-US"), ["en-US de", "en-US en-GB"]),
        ("de", "fr", ("de", "en", "fr"), ["fr de", "fr en"]),
        ("*all*", "fr", ("de", "fr"), ["fr de"]),
        ("*all*", None, ("de", "en", "fr"), ["de en", "de fr"]),
        ("ja", None, ("de", "en"), ["de en"]),
        ("en", None, ("fr", "en", "fr"), ["en fr", "en fr"]),
        ("en", None, ("en", "fr", "en"), ["en fr", "en fr"]),
        ("en-GB", None, ("en-US", "en-GB"), ["en-GB en-US"]),
    ],
)
def test_srclang_says_which_language_is_the_source(
    tmp_path: Path, header: str, own: str | None, langs: tuple[str, ...], links: list[str]
) -> None:
    path = tmp_path / "memory.tmx"
    path.write_text(units((own, langs), header=header), encoding="utf-8")
    with open_store(tmp_path / "s.db") as store:
        import_file(store, path, "bea")
        found = [f"{link.src.text.split()[0]} {link.tgt.text.split()[0]}" for link in store.links()]
    assert sorted(found) == sorted(links)


def test_units_in_any_order_of_languages_are_one_direction(tmp_path: Path) -> None:
    path = tmp_path / "memory.tmx"
    path.write_text(units((None, ("de", "en", "fr")), (None, ("fr", "en", "de")), header="en"), encoding="utf-8")
    with open_store(tmp_path / "s.db") as store:
        import_file(store, path, "bea")
        assert (
            sorted((link.src.lang, link.tgt.lang) for link in store.links()) == [("en", "de")] * 2 + [("en", "fr")] * 2
        )
        report = export_store(store, tmp_path / "out.tmx", None, ExportOptions(src="en", tgt="fr"))
    assert report.units == 2


TABLES = {
    "named": "id\tsrc\ttgt\n1\t霧が出る。\tFog rises.\n2\t山へ行く。\tWe climb up the hill.\n",
    "coded": "JA\ten-GB\n霧が出る。\tFog rises.\n山へ行く。\tWe climb up the hill.\n",
    "headed": "原文\t訳文\n霧が出る。\tFog rises.\n山へ行く。\tWe climb up the hill.\n",
    "bare": "1\t霧が出る。\tFog rises.\n2\t山へ行く。\tWe climb up the hill.\n",
}


@pytest.mark.parametrize("name", sorted(TABLES))
def test_another_tool_s_table_becomes_documents_with_links(tmp_path: Path, name: str) -> None:
    path = tmp_path / "table.tsv"
    path.write_text(TABLES[name], encoding="utf-8")
    with open_store(tmp_path / "s.db") as store:
        report = import_file(store, path, "bea")
        assert report.documents is not None
        assert [(link.src.text, link.tgt.text, link.status) for link in store.links()] == [
            ("霧が出る。", "Fog rises.", Status.PROPOSED), ("山へ行く。", "We climb up the hill.", Status.PROPOSED)
        ]  # fmt: skip
        if name != "named":
            assert [link.src.lang for link in store.links()] == ["ja", "ja"]


def test_a_table_is_cut_alike_whether_added_or_imported(tmp_path: Path) -> None:
    pairs = [("Fog rises.", "霧が出る。"), ('"Up the hill, he said.', "山へ行く。"), ("It rains.", "雨が降る。")]
    path = tmp_path / "table.tsv"
    path.write_text("".join(f"{src}\t{tgt}\r" for src, tgt in pairs), encoding="utf-8", newline="")
    (taken,) = add(tmp_path / "s.db", [str(path)])
    assert (taken.outcome, taken.links) == ("added", 3)
    with open_store(tmp_path / "s.db") as store:
        assert [(link.src.text, link.tgt.text) for link in store.links()] == pairs


def test_a_spreadsheets_quotes_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "table.tsv"
    path.write_text('"She said ""fog""."\t霧が出る。\n"Up, up the hill."\t山へ行く。\n', encoding="utf-8")
    with open_store(tmp_path / "s.db") as store:
        import_file(store, path, "bea")
        assert [link.src.text for link in store.links()] == ['She said "fog".', "Up, up the hill."]


OTHERS = Path(__file__).parents[1] / "foreign"


THEIRS = {
    "cat.xlf": [
        ("en-GB", "The fog rises.", "ja", "霧が出る。", Status.ACCEPTED),
        ("en-GB", "We climb. Up.", "ja", "登る。上へ。", Status.PROPOSED),
    ],
    "cat.xlf2": [
        ("en", "Fog rises.", "fr", "Le brouillard monte.", Status.ACCEPTED),
        ("en", "We climb.", "fr", "Nous montons.", Status.PROPOSED),
    ],
    "git.po": [
        ("en", "file %s not found", "de", "Datei %s nicht gefunden", Status.ACCEPTED),
        ("en", "one file", "de", "eine Datei", Status.ACCEPTED),
        ("en", "%d files", "de", "%d Dateien", Status.ACCEPTED),
        ("en", "long line", "de", "lange Zeile", Status.PROPOSED),
    ],
}


@pytest.mark.parametrize("name", THEIRS)
def test_what_other_tools_write_becomes_documents_with_links(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes((OTHERS / name).read_bytes())
    with open_store(tmp_path / "s.db") as store:
        report = import_file(store, path, "bea")
        found = [(x.src.lang, x.src.text, x.tgt.lang, x.tgt.text, x.status) for x in store.links()]
        assert found == THEIRS[name]
        assert report.documents is not None
        assert report.documents.rejected == (name == "git.po")
        again = import_file(store, path, "bea")
        assert again.documents is None
        assert len(list(store.links())) == len(found)


def test_a_foreign_workbook_and_csv_become_documents_with_links(tmp_path: Path) -> None:
    pairs = [("霧が出る。", "Fog rises."), ("山へ行く。", "We climb up the hill.")]
    book = openpyxl.Workbook()
    book.active.append(["Source", "Target", "Comment"])
    for src, tgt in pairs:
        book.active.append([src, tgt, 7])
    book.save(tmp_path / "table.xlsx")
    (tmp_path / "table.csv").write_text(
        "Source;Target\r\n" + "".join(f'"{src}";"{tgt}"\r\n' for src, tgt in pairs), encoding="utf-8-sig"
    )
    for name in ("table.xlsx", "table.csv"):
        with open_store(tmp_path / f"{name}.db") as store:
            import_file(store, tmp_path / name, "bea")
            assert [(link.src.text, link.tgt.text) for link in store.links()] == pairs, name
            assert {(link.src.lang, link.tgt.lang) for link in store.links()} == {("ja", "en")}


def test_notes_of_a_foreign_memory_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "foreign.tmx"
    path.write_text(FOREIGN.replace("<tu><tuv lang", "<tu><note>why two?</note><tuv lang"), encoding="utf-8")
    with open_store(tmp_path / "s.db") as store:
        import_file(store, path, "bea")
        assert [link.note for link in store.links()] == [None, None, "why two?"]
        again = import_file(store, path, "bea")
        assert (again.same, again.decided) == (2, {})


PAIRS = [("霧が出る。", "Fog rises."), ("山へ行く。", "We climb up the hill."), ("川を渡る。", "We cross the river.")]


@pytest.mark.parametrize("asked", [None, "shift_jis"])
def test_a_table_in_another_encoding_is_read(tmp_path: Path, asked: str | None) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes("".join(f"{src},{tgt}\r\n" for src, tgt in PAIRS * 5).encode("cp932"))
    with open_store(tmp_path / "s.db") as store:
        import_file(store, path, "bea", encoding=asked)
        assert [(link.src.text, link.tgt.text) for link in store.links()] == PAIRS * 5


def test_a_po_file_says_its_encoding_and_is_from_english(tmp_path: Path) -> None:
    path = tmp_path / "fr.po"
    path.write_bytes(
        'msgid ""\nmsgstr ""\n"Language: fr\\n"\n"Content-Type: text/plain; charset=ISO-8859-15\\n"\n\n'
        'msgid "ox"\nmsgstr "b\u0153uf, \u20ac"\n'.encode("iso8859-15")
    )
    with open_store(tmp_path / "s.db") as store:
        import_file(store, path, "bea")
        assert [(x.src.lang, x.tgt.lang, x.tgt.text) for x in store.links()] == [("en", "fr", "b\u0153uf, \u20ac")]


def test_a_table_of_three_languages_keeps_all(tmp_path: Path) -> None:
    path = tmp_path / "table.tsv"
    path.write_text("id\ten\tde\tfr\n1\tOne.\tEins.\tUn.\n2\tTwo.\tZwei.\t\n", encoding="utf-8")
    with open_store(tmp_path / "s.db") as store:
        import_file(store, path, "bea")
        assert {(link.tgt.lang, link.src.text, link.tgt.text) for link in store.links()} == {
            ("de", "One.", "Eins."), ("de", "Two.", "Zwei."), ("fr", "One.", "Un.")
        }  # fmt: skip
        assert import_file(store, path, "bea").documents is None


def test_what_another_tool_wrote_is_not_unescaped(tmp_path: Path) -> None:
    path = tmp_path / "table.tsv"
    rows = [("C:\\new\\temp", "C:\\new\\tmp"), ("'-quoted", "'=zitiert"), ('He said "no".', 'Er sagte "nein".')]
    path.write_text("en\tde\n" + "".join(f"{src}\t{tgt}\n" for src, tgt in rows), encoding="utf-8")
    with open_store(tmp_path / "s.db") as store:
        import_file(store, path, "bea")
        assert [(link.src.text, link.tgt.text) for link in store.links()] == rows


@pytest.mark.parametrize("name", ["memory.xml", "memory.sdlxliff"])
def test_the_root_says_the_format_where_the_name_does_not(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(FOREIGN, encoding="utf-8")
    if path.suffix == ".sdlxliff":
        path.write_bytes((OTHERS / "cat.xlf").read_bytes())
    with open_store(tmp_path / "s.db") as store:
        assert import_file(store, path, "bea").documents is not None


@pytest.mark.parametrize("name", ["CHARSET", "hex", "nonsense"])
def test_a_po_file_that_names_no_encoding_is_read_as_it_is(tmp_path: Path, name: str) -> None:
    path = tmp_path / "ja.po"
    path.write_text(
        f'msgid ""\nmsgstr "Language: ja\\n"\n"Content-Type: text/plain; charset={name}\\n"\n\n'
        'msgid "fog"\nmsgstr "霧"\n',
        encoding="utf-8",
    )
    with open_store(tmp_path / "s.db") as store:
        import_file(store, path, "bea")
        assert [link.tgt.text for link in store.links()] == ["霧"]
