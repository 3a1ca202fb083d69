"""Exchange files as other tools write them: segments, states, comments, codes, untranslated units, damaged texts."""

from __future__ import annotations

from pathlib import Path
from tempfile import gettempdir
from xml.sax.saxutils import escape

import openpyxl
import pytest
from lxml import etree

from align.atomic_file import part_folder
from align.errors import ReadError, UsageError
from align.exchange.column_layout import TableColumns
from align.exchange.export import export_store
from align.exchange.formats import format_named
from align.exchange.import_file import import_file, read_file
from align.exchange.types import ExportOptions
from align.exchange.xml import segment_text
from align.models import LinkKind, Status
from align.readers.safe_zip import decompress
from align.reviewer import Reviewer
from align.store import Store, edits, open_store
from align.workspace.add import add

CASES = Path(__file__).with_name("cases")
NAMESPACES = (
    'xmlns="urn:oasis:names:tc:xliff:document:1.2" xmlns:sdl="http://sdl.com/FileTypes/SdlXliff/1.0" '
    'xmlns:mq="MQXliff" xmlns:m="http://www.memsource.com/mxlf/2.0"'
)
Pairs = list[tuple[str, str, Status | None, str | None]]


def units(tmp_path: Path, body: str, head: str = "") -> Pairs:
    """Source, target, status and note of each unit of an XLIFF file."""
    path = tmp_path / "x.xlf"
    path.write_text(
        f'<xliff version="1.2" {NAMESPACES}>{head}<file original="a" source-language="en" target-language="de" '
        f'datatype="x"><body>{body}</body></file></xliff>',
        encoding="utf-8",
    )
    read = format_named("xliff").read(path)
    return [(unit.sides[0].text, unit.sides[1].text, unit.status, unit.note) for unit in read]


def texts(name: str) -> list[tuple[str, ...]]:
    path = CASES / name
    read = format_named("xliff" if path.suffix == ".xlf" else "tmx").read(path)
    return [tuple(side.text for side in unit.sides) for unit in read]


def test_the_cases_read_as_a_person_sees_them(tmp_path: Path) -> None:
    assert texts("min_seg.xlf") == [
        ("Open the valve.", "Öffnen Sie das Ventil."),
        ("Close the lid.", "Schließen Sie den Deckel."),
        ("First line second line", "Erste Zeile zweite Zeile"),
        ("Hello {{name}}, welcome.", "Hallo {{name}}, willkommen."),
    ]
    assert texts("lb.tmx") == [
        ("Tools menu Options", "Menü Extras Optionen"),
        ("Name: Smith Age", "Name: Schmidt Alter"),
        ("Open the door. See page 3.", "Öffnen Sie die Tür. Siehe Seite 3."),
    ]
    with open_store(tmp_path / "s.db") as store:
        import_file(store, CASES / "srclang.tmx", "bea")
        report = export_store(store, tmp_path / "out.tmx", None, ExportOptions(src="en", tgt="fr"))
        assert report.units == 2


def test_formulas_give_their_values() -> None:
    read = list(format_named("xlsx").read(CASES / "formula.xlsx"))
    assert read[1].sides[0].text == "Switch the pump on. Then wait."
    assert [unit.sides[1].text for unit in read][1:3] == [
        "ポンプのスイッチを入れます。それから待ちます。",
        "カバーを閉じます。",
    ]


def test_states_and_comments_of_trados(tmp_path: Path) -> None:
    states = ["Draft", "Translated", "RejectedTranslation", "ApprovedTranslation", "RejectedSignOff", "ApprovedSignOff"]
    numbers = range(1, len(states) + 1)
    source = "".join(f'<mrk mtype="seg" mid="{number}">Text {number}.</mrk>' for number in numbers)
    target = "".join(
        f'<mrk mtype="seg" mid="{number}"><mrk mtype="x-sdl-comment" sdl:cid="c{number}">Satz {number}.</mrk></mrk>'
        for number in numbers
    )
    segments = "".join(f'<sdl:seg id="{number}" conf="{conf}"/>' for number, conf in zip(numbers, states, strict=True))
    comments = (
        '<doc-info xmlns="http://sdl.com/FileTypes/SdlXliff/1.0"><cmt-defs><cmt-def id="c2"><Comments xmlns="">'
        '<Comment user="x">Is it?</Comment></Comments></cmt-def></cmt-defs></doc-info>'
    )
    body = (
        f'<trans-unit id="a"><source>x</source><seg-source><g id="1">{source}</g></seg-source><target><g id="1">'
        f"{target}</g></target><sdl:seg-defs>{segments}</sdl:seg-defs></trans-unit>"
    )
    accepted, rejected, proposed = Status.ACCEPTED, Status.REJECTED, Status.PROPOSED
    statuses = [proposed, accepted, rejected, accepted, rejected, accepted]
    assert units(tmp_path, body, comments) == [
        (f"Text {number}.", f"Satz {number}.", status, "Is it?" if number == 2 else None)
        for number, status in zip(numbers, statuses, strict=True)
    ]


@pytest.mark.parametrize(
    ("attributes", "status"),
    [
        ('mq:status="ManuallyConfirmed"', Status.ACCEPTED),
        ('mq:status="Rejected"', Status.REJECTED),
        ('mq:status="PartiallyEdited"', Status.PROPOSED),
        ('m:confirmed="1"', Status.ACCEPTED),
        ('m:confirmed="0"', Status.PROPOSED),
        ('approved="yes"', Status.ACCEPTED),
        ("", None),
    ],
)
def test_states_of_memoq_phrase_and_the_standard(tmp_path: Path, attributes: str, status: Status | None) -> None:
    body = (
        f'<trans-unit id="1" {attributes}><source>Stop.</source><target>Halt.</target><mq:comments>'
        '<mq:comment>Why?</mq:comment><mq:comment deleted="true">Old.</mq:comment></mq:comments></trans-unit>'
    )
    assert units(tmp_path, body) == [("Stop.", "Halt.", status, "Why?")]


def test_segments_without_partner_and_tracked_changes(tmp_path: Path) -> None:
    body = (
        '<trans-unit id="1"><source>x</source><seg-source><mrk mtype="seg" mid="1">One.</mrk> '
        '<mrk mtype="seg" mid="2">Two.</mrk></seg-source><target><mrk mtype="seg" mid="2">Die <mrk '
        'mtype="x-sdl-deleted">rote </mrk><mrk mtype="x-sdl-added">blaue </mrk>Pumpe.</mrk></target></trans-unit>'
        '<trans-unit id="2"><source>Three.</source></trans-unit>'
        '<trans-unit id="3"><source>Four.</source><target/></trans-unit>'
        '<trans-unit id="4" translate="no"><source><x id="1"/></source></trans-unit>'
    )
    assert units(tmp_path, body) == [
        ("One.", "", None, None),
        ("Two.", "Die blaue Pumpe.", None, None),
        ("Three.", "", None, None),
        ("Four.", "", None, None),
    ]


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ('Menu<ph type="lb">{}</ph>Options'.format(escape("<br/>")), "Menu Options"),
        ("Name:<ut>{\\tab }</ut>Age", "Name: Age"),
        ('Name:<ch val="&#xA;"/>Age', "Name: Age"),
        ('画面<x ctype="lb"/>設定', "画面 設定"),
        ("画面<x id='1'/>設定", "画面設定"),
        ("detector.<x id='1'/>Touch", "detector. Touch"),
        ('Read %<ph id="1">%s</ph> of <ph>{0}</ph>', "Read %%s of {0}"),
        ('Hi <x id="INTERPOLATION"/>!', "Hi {INTERPOLATION}!"),
        ('Hi <x id="START" equiv-text="&lt;b&gt;"/>you', "Hi you"),
        ('un<bpt i="1">&lt;b&gt;</bpt>believ<ept i="1">&lt;/b&gt;</ept>able', "unbelievable"),
        ('<bpt i="1">&lt;b&gt;</bpt>S<ept i="1">&lt;/b&gt;</ept>oftware', "Software"),
        ('This<bpt i="1">&lt;b&gt;</bpt>is<ept i="1">&lt;/b&gt;</ept> new', "This is new"),
        ('<bpt i="1">&lt;b&gt;</bpt>This is<ept i="1">&lt;/b&gt;</ept>a page', "This is a page"),
        ('H<bpt i="1">&lt;sub&gt;</bpt>2<ept i="1">&lt;/sub&gt;</ept>O', "H2O"),
        ("Te<ph>&lt;b&gt;</ph>xt", "Text"),
        ("A note<ph>{\\footnote <sub>See 3.</sub>}</ph>.", "A note. See 3."),
    ],
)
def test_codes_leave_the_text_that_a_person_sees(markup: str, text: str) -> None:
    assert segment_text(etree.fromstring(f"<seg>{markup}</seg>")) == text


def test_untranslated_units_come_in_as_texts_and_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.pot"
    path.write_text('msgid ""\nmsgstr "Language: de\\n"\n\nmsgid "Open"\nmsgstr ""\n\nmsgid "Shut"\nmsgstr "Zu"\n')
    with open_store(tmp_path / "s.db") as store:
        report = import_file(store, path, "bea")
        assert [document.sentences for document in store.documents()] == [2, 1]
        assert report.documents is not None
        assert (report.documents.links, report.documents.unpaired) == (1, 1)
        assert any("Without a translation: 1 unit" in line for line in report.lines())


def test_units_without_partner_of_a_known_file_are_counted(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "out.tmx"
    export_store(store, path)
    text = path.read_text(encoding="utf-8").replace(
        "</body>", '<tu><tuv xml:lang="en"><seg>New.</seg></tuv></tu></body>'
    )
    path.write_text(text, encoding="utf-8")
    report = import_file(store, path, "bea")
    assert (report.untranslated, report.unmatched) == (1, [])
    assert any("1 unit without a translation" in line and "--new" in line for line in report.lines())


def test_variants_of_a_language_stay_apart(tmp_path: Path) -> None:
    tags = ["en", "nb", "nn", "zh-TW", "zh-HK"]
    path = tmp_path / "m.tmx"
    sides = "".join(f'<tuv xml:lang="{tag}"><seg>{tag} text</seg></tuv>' for tag in tags)
    path.write_text(f'<tmx version="1.4"><header srclang="en"/><body><tu>{sides}</tu></body></tmx>', encoding="utf-8")
    with open_store(tmp_path / "s.db") as store:
        import_file(store, path, "bea")
        assert [link.tgt.lang for link in store.links()] == tags[1:]
        assert export_store(store, tmp_path / "o.tmx", None, ExportOptions(src="en", tgt="zh-Hant")).units == 2
        assert export_store(store, tmp_path / "p.tmx", None, ExportOptions(src="en", tgt="no")).units == 2


def test_what_was_confirmed_is_in_the_memory_whatever_its_kind(store: Store, tmp_path: Path) -> None:
    reviewer = Reviewer(store, "ada")
    for link in (1, 5):
        reviewer.commit(edits.set_kind(link, LinkKind.SUMMARY))
    everything = frozenset({Status.PROPOSED, Status.ACCEPTED, Status.EDITED})
    report = export_store(store, tmp_path / "a.tmx", None, ExportOptions(statuses=everything))
    assert report.left_out["of kind summary"] == sum(
        link.kind == LinkKind.SUMMARY and link.status == Status.PROPOSED for link in store.links()
    )
    assert 1 in {unit.id for unit in format_named("tmx").read(tmp_path / "a.tmx")}
    only = ExportOptions(statuses=everything, kinds=frozenset({LinkKind.TRANSLATION}))
    export_store(store, tmp_path / "b.tmx", None, only)
    assert 1 not in {unit.id for unit in format_named("tmx").read(tmp_path / "b.tmx")}


@pytest.mark.parametrize("form", ["csv", "tsv"])
def test_texts_that_became_question_marks_stop_the_import(store: Store, tmp_path: Path, form: str) -> None:
    path = tmp_path / f"out.{form}"
    export_store(store, path, None, ExportOptions(statuses=frozenset(Status)))
    text = path.read_text(encoding="utf-8-sig").encode("cp1252", "replace")
    path.write_bytes(text)
    before = list(store.links())
    with pytest.raises(ReadError, match=r"lost their characters.*--replace"):
        import_file(store, path, "bea")
    assert list(store.links()) == before


def test_one_letter_that_became_a_question_mark_stops_too(tmp_path: Path) -> None:
    path = tmp_path / "a.tmx"
    pair = '<tu><tuv xml:lang="en"><seg>{}</seg></tuv><tuv xml:lang="de"><seg>{}</seg></tuv></tu>'
    body = "".join(pair.format(f"Size {number}", f"Größe {number}") for number in range(4))
    path.write_text(f'<tmx version="1.4"><header srclang="en"/><body>{body}</body></tmx>', encoding="utf-8")
    with open_store(tmp_path / "s.db") as store:
        import_file(store, path, "bea")
        path.write_text(path.read_text(encoding="utf-8").replace("Größe 3", "Gr?ße 3"), encoding="utf-8")
        with pytest.raises(ReadError, match="1 of its texts"):
            import_file(store, path, "bea")


def test_edits_of_a_tool_that_drops_ids_come_home(tmp_path: Path) -> None:
    pairs = [
        ("Open the valve.", "Öffnen Sie das Ventil."),
        ("Close the lid.", "Schließen Sie den Deckel."),
        ("Wait.", "Warten"),
        ("Press the green button.", "Drücken Sie die grüne Taste."),
        ("Yes.", "Ja."),
        ("Yes.", "Richtig."),
        *((f"Step {number}.", f"Schritt {number}.") for number in range(8)),
    ]
    pair = '<tu><tuv xml:lang="en"><seg>{}</seg></tuv><tuv xml:lang="de"><seg>{}</seg></tuv></tu>'
    body = "".join(pair.format(*texts) for texts in pairs)
    path = tmp_path / "a.tmx"
    path.write_text(f'<tmx version="1.4"><header srclang="en"/><body>{body}</body></tmx>', encoding="utf-8")
    with open_store(tmp_path / "s.db") as store:
        import_file(store, path, "bea")
        edited = body.replace("Ventil.", "Ventil!").replace("Schließen Sie", "HINWEIS: Schließen Sie")
        edited = edited.replace("Warten", "Warten.").replace("grüne Taste", "grüne Schaltfläche")
        edited = edited.replace("Richtig.", "Richtig!")
        path = tmp_path / "omegat.tmx"
        path.write_text(f'<tmx version="1.4"><header srclang="en"/><body>{edited}</body></tmx>', encoding="utf-8")
        report = import_file(store, path, "bea")
        assert report.unmatched == []
        assert report.decided["text edited"] == 5
        assert store.link(6).tgt.text == "Richtig!"


def test_bitext_is_two_texts_and_a_confidence(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "out.bitext"
    assert export_store(store, out).verification is not None
    rows = [line.split("\t") for line in out.read_text(encoding="utf-8").splitlines()]
    assert rows[0] == ["霧が出る。", "Fog rises.", "0.5000"]
    with open_store(tmp_path / "t.db") as other:
        import_file(other, out, "bea")
        assert [(link.src.lang, link.tgt.lang) for link in other.links()][:1] == [("ja", "en")]


@pytest.mark.parametrize("name", ["out.tmx.gz", "out.tsv.gz", "out.bitext.gz", "out.tmx.zst"])
def test_a_compressed_file_goes_out_and_comes_back(store: Store, tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    report = export_store(store, out)
    assert report.verification is not None
    assert out.read_bytes().startswith(b"\x28\xb5\x2f\xfd" if name.endswith("zst") else b"\x1f\x8b")
    if "bitext" not in name:
        assert import_file(store, out, "bea").same == report.units
    out.write_bytes(out.read_bytes()[:-9])
    with pytest.raises(ReadError, match=r"gzip|Zstandard|not well-formed"):
        import_file(store, out, "bea")


def test_another_run_does_not_delete_what_is_unpacked(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(name: str, content: bytes) -> bytes:
        with part_folder(Path(gettempdir())):  # deletes the folders of dead processes
            return decompress(name, content)

    out = tmp_path / "out.tmx.gz"
    exported = export_store(store, out).units
    monkeypatch.setattr("align.exchange.import_file.decompress", interrupted)
    assert import_file(store, out, "bea").same == exported


def test_properties_of_a_foreign_memory_go_through(tmp_path: Path) -> None:
    out, again = tmp_path / "out.tmx", tmp_path / "again.tmx"
    path = tmp_path / "lb.tmx"
    path.write_text(
        (CASES / "lb.tmx")
        .read_text(encoding="utf-8")
        .replace("<tu c", '<tu tuid="a-1" c')
        .replace(
            '<tuv xml:lang="DE-DE">',
            '<tuv xml:lang="DE-DE" creationid="CARL"><note>formal</note><prop type="Register">Sie</prop>',
            1,
        ),
        encoding="utf-8",
    )
    with open_store(tmp_path / "s.db") as store:
        import_file(store, path, "bea")
        export_store(store, out)
        first = next(etree.parse(out).iter("tu"))
        german = first.findall("tuv")[1]
        assert german.get("creationid") == "CARL"
        assert german.findtext("note") == "formal"
        assert "Register" in {prop.get("type") for prop in german.iterfind("prop")}
        expected = {
            "tuid": "a-1", "creationdate": "20240101T000000Z", "creationid": "ANNA", "usagecount": "3",
            "changedate": "20240202T000000Z", "changeid": "BEA", "lastusagedate": "20240303T000000Z",
        }  # fmt: skip
        assert expected.items() <= dict(first.attrib).items()
        props = {prop.get("type"): prop.text for prop in first.iterfind("prop")}
        assert {"Txt::Client": "ACME", "Att::Domain": "Pumps"}.items() <= props.items()
        assert first.findtext("note") == "Checked by legal"
        assert import_file(store, out, "bea").same == 3
        Reviewer(store, "ada").commit(edits.edit_text(1, "tgt", "Menü Extras, Optionen"))
        export_store(store, again)
        assert next(etree.parse(again).iter("tu")).get("changeid") == "ada"


ROWS = [
    ("menu_file", "File menu", "ファイルメニュー", "Dateimenü"),
    ("app.open", "Open and read the file", "ファイルを開いて読む", "Die Datei öffnen und lesen"),
    ("saveNow", "Save the file now", "今すぐファイルを保存する", "Die Datei jetzt speichern"),
]


@pytest.mark.parametrize(
    ("header", "columns", "langs"),
    [
        ("Key,English,Japanese", (0, 1, 2), ("en", "ja")),
        ("Schlüssel;Englisch;Japanisch", (0, 1, 2), ("en", "ja")),
        ("sep=;\nKontext;Deutsch;Englisch", (0, 3, 1), ("de", "en")),
        ("キー,英語,日本語", (0, 1, 2), ("en", "ja")),
        ("id,英語原文,日本語訳", (0, 1, 2), ("en", "ja")),
        ("Key,Source,Target", (0, 1, 2), ("en", "ja")),
        ("Key,English (US),ja", (0, 1, 2), ("en", "ja")),
        ("ID,Source (en),Target (de)", (0, 1, 3), ("en", "de")),
        ("ref,value_en,value_de", (0, 1, 3), ("en", "de")),
        ("ref,text_en_US,text_de_DE", (0, 1, 3), ("en-US", "de-DE")),
        ("ref;English text;German text", (0, 1, 3), ("en", "de")),
        ("ref\teng\tdeu", (0, 1, 3), ("en", "de")),
        ("ключ;английский;немецкий", (0, 1, 3), ("en", "de")),
        ("مفتاح;الإنجليزية;الألمانية", (0, 1, 3), ("en", "de")),
        ("รหัส;ภาษาอังกฤษ;ภาษาญี่ปุ่น", (0, 1, 2), ("en", "ja")),
        ("kunci;Bahasa Inggris;Bahasa Jepang", (0, 1, 2), ("en", "ja")),
        ("ключ;Английский язык;Немецкий язык", (0, 1, 3), ("en", "de")),
        ("khóa;bản gốc;bản dịch", (0, 1, 2), ("en", "ja")),
        ("کلید;متن اصلی;ترجمه", (0, 1, 2), ("en", "ja")),
        ("ključ;izvornik;prijevod", (0, 1, 2), ("en", "ja")),
    ],
)
def test_a_header_names_the_columns_of_a_table(
    tmp_path: Path, header: str, columns: tuple[int, ...], langs: tuple[str, str]
) -> None:
    mark = next(mark for mark in "\t;," if mark in header)
    path = tmp_path / "table.csv"
    lines = [header, *(mark.join(row[column] for column in columns) for row in ROWS)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = TableColumns()
    first = next(iter(format_named("csv").read(path, columns=found)))
    assert [side.text for side in first.sides] == [ROWS[0][columns[1]], ROWS[0][columns[2]]]
    assert tuple(side.lang for side in first.sides) == langs
    assert list(first.properties) == [("x-key", "menu_file")]
    assert "left out" not in found.messages[0]


@pytest.mark.parametrize("name", ["table.csv", "table.xlsx"])
def test_columns_are_said_and_may_be_chosen(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    rows = [("Key", "English", "Japanese", "Deutsch", "Owner"), *((*row, "Ann B") for row in ROWS)]
    if name.endswith("xlsx"):
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.create_sheet("Notes").append(["Only a remark"])
        book.save(path)
    else:
        path.write_text("".join(",".join(row) + "\n" for row in rows), encoding="utf-8")
    messages = read_file(path).messages
    assert "Columns: English (en), Japanese (ja), Deutsch (de); key: Key; left out: Owner." in messages[0]
    for columns in (["Deutsch", "English"], ["4", "2=en"], ["D=de", "b"]):
        unit = read_file(path, columns=columns).units[0]
        assert [tuple(side) for side in unit.sides] == [("de", "Dateimenü"), ("en", "File menu")]
    with open_store(tmp_path / "s.db") as store:
        (result,) = add(store.path, [str(path)], columns=["Japanese", "English"])
        assert result.links == 3
        assert "Owner" in result.messages[0]
    with pytest.raises((UsageError, ReadError), match=r"no such column|no two columns"):
        read_file(path, columns=["French", "English"])


def test_every_text_of_a_row_comes_in_with_its_translations(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(
        "id;question_fr;question_es;answer_fr;answer_es;answer_de\n"
        "1;Où est le port ?;¿Dónde está el puerto?;Au sud.;Al sur.;Im Süden.\n"
        "2;Qui est là ?;¿Quién está ahí?;;;\n",
        encoding="utf-8",
    )
    table = read_file(path)
    assert [[side.text for side in unit.sides] for unit in table.units] == [
        ["Où est le port ?", "¿Dónde está el puerto?"], ["Au sud.", "Al sur.", "Im Süden."],
        ["Qui est là ?", "¿Quién está ahí?"],
    ]  # fmt: skip
    assert table.units[1].where == "row 2, column 4"
    assert "question_fr (fr), question_es (es). --columns" in table.messages[0]


@pytest.mark.parametrize("name", ["table.csv", "table.xlsx"])
def test_titles_above_a_header_are_no_rows(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    rows = [["Strings of the harbour app"], [""], ["Key", "English", "Japanese"], *(list(row[:3]) for row in ROWS)]
    if name.endswith("xlsx"):
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(path)
    else:
        path.write_text("".join(",".join(row) + "\n" for row in rows), encoding="utf-8")
    table = read_file(path)
    assert [unit.sides[0].text for unit in table.units] == [row[1] for row in ROWS]
    assert table.units[0].where.endswith("row 4")
    assert "English (en), Japanese (ja); key: Key; left out: 2 rows above the header." in table.messages[0]


def test_forbidden_characters_cost_themselves_and_unknown_languages_are_said(tmp_path: Path) -> None:
    body = (
        '<tu><tuv xml:lang="en"><seg>Page\x0b one &#x1F;&amp; two</seg></tuv>'
        '<tuv xml:lang="xx"><seg>Seite</seg></tuv></tu>'
        '<tu><tuv xml:lang="en">No segment</tuv><tuv xml:lang="deu"><seg>Kein Segment</seg></tuv></tu>'
    )
    path = tmp_path / "a.tmx"
    path.write_text(f'<tmx version="1.4"><header srclang="en"/><body>{body}</body></tmx>', encoding="utf-8")
    with open_store(tmp_path / "s.db") as store:
        lines = import_file(store, path, "bea").lines()
        assert any(line == "Characters that could not be read, shown as \ufffd: 2." for line in lines)
        assert any(line.startswith("Unknown language codes: xx (1).") for line in lines)
        assert [(link.src.text, link.tgt.lang) for link in store.links()] == [
            ("Page\ufffd one \ufffd& two", "xx"), ("No segment", "de"),
        ]  # fmt: skip
