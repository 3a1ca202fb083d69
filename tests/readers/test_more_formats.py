"""OpenDocument, PowerPoint, RTF and files of strings come in as blocks; what no reader understands is refused."""

from __future__ import annotations

import io
import json
import zipfile
from types import ModuleType

import pytest

from align.errors import ReadError
from align.models import BlockKind, Document
from align.readers import read, suffixes
from align.text.normalize import sentence_text

ODF = "urn:oasis:names:tc:opendocument:xmlns:"
SPACES = " ".join(
    f'xmlns:{name}="{ODF}{long}:1.0"'
    for name, long in [("office", "office"), ("text", "text"), ("table", "table"), ("style", "style"),
                       ("draw", "drawing"), ("presentation", "presentation")]
)  # fmt: skip
TEXT = (
    '<text:tracked-changes><text:deletion><text:p>Gone.</text:p></text:deletion></text:tracked-changes>'
    '<text:h text:outline-level="1">The mountain station</text:h>'
    '<text:p text:style-name="P1">It<text:s/>was <text:span>co</text:span>ld.<text:note><text:note-citation>1'
    "</text:note-citation><text:note-body><text:p>A note.</text:p></text:note-body></text:note> She left."
    '<draw:frame><draw:text-box><text:p>A box of text.</text:p></draw:text-box></draw:frame></text:p>'
    "<text:list><text:list-item><text:p>First point.</text:p></text:list-item></text:list>"
    '<text:section text:display="none"><text:p>Hidden.</text:p></text:section>'
    "<table:table><table:table-row><table:table-cell><text:p><text:ruby><text:ruby-base>駅</text:ruby-base>"
    "<text:ruby-text>えき</text:ruby-text></text:ruby>です。</text:p></table:table-cell></table:table-row></table:table>"
)  # fmt: skip
SLIDES = (
    '<draw:page><draw:frame presentation:class="title"><draw:text-box><text:p>A title</text:p></draw:text-box>'
    "</draw:frame><draw:frame><draw:text-box><text:p>The first point.</text:p></draw:text-box></draw:frame>"
    "<presentation:notes><draw:frame><draw:text-box><text:p>Speak slowly.</text:p></draw:text-box></draw:frame>"
    "</presentation:notes></draw:page>"
)


def packed(**parts: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for path, content in parts.items():
            archive.writestr(path.replace("__", "/").replace("_dot_", "."), content)
    return target.getvalue()


def open_document(what: str, body: str, **more: str) -> bytes:
    content = f"<office:document-content {SPACES}><office:body><office:{what}>{body}</office:{what}></office:body>"
    return packed(
        mimetype=f"application/vnd.oasis.opendocument.{what}",
        content_dot_xml=f"{content}</office:document-content>",
        **more,
    )


def texts(name: str, content: bytes) -> list[str]:
    document = read(name, content)
    return [
        sentence_text(document.text, one.pieces)
        for block in document.blocks
        if block.kind is not BlockKind.BOILERPLATE
        for one in block.sentences
    ]


def shown(document: Document) -> list[tuple[str, str]]:
    return [
        (block.kind.value, " | ".join(sentence_text(document.text, one.pieces) for one in block.sentences))
        for block in document.blocks
    ]


def test_open_document_text_has_its_notes_and_boxes_and_nothing_deleted() -> None:
    document = read("a.odt", open_document("text", TEXT))
    assert document.reader == "opendocument"
    assert shown(document) == [
        ("heading", "The mountain station"),
        ("body", "It was cold. | She left."),
        ("comment", "A note."),
        ("body", "A box of text."),
        ("list", "First point."),
        ("body", "駅です。"),
    ]


def test_open_document_sheets_and_slides() -> None:
    sheet = "<table:table><table:table-row>{}{}</table:table-row></table:table>".format(
        *(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in ("One. Two.", "三です。"))
    )
    assert shown(read("a.ods", open_document("spreadsheet", sheet))) == [("body", "One. Two."), ("body", "三です。")]
    assert shown(read("a.odp", open_document("presentation", SLIDES))) == [
        ("heading", "A title"), ("body", "The first point."), ("comment", "Speak slowly."),
    ]  # fmt: skip
    protected = {"META-INF__manifest_dot_xml": "<a><encryption-data/></a>"}
    with pytest.raises(ReadError, match="protected by a password"):
        read("a.odt", open_document("text", TEXT, **protected))


def test_slides_are_in_their_order_with_titles_notes_and_diagrams() -> None:
    a, p = (
        "http://schemas.openxmlformats.org/drawingml/2006/main",
        "http://schemas.openxmlformats.org/presentationml/2006/main",
    )
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    spaces = f'xmlns:a="{a}" xmlns:p="{p}" xmlns:r="{rel}"'

    def shape(text: str, kind: str = "") -> str:
        holder = f'<p:nvPr><p:ph type="{kind}"/></p:nvPr>' if kind else "<p:nvPr/>"
        return f"<p:sp><p:nvSpPr>{holder}</p:nvSpPr><p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"

    def relations(*targets: tuple[str, str]) -> str:
        lines = (
            f'<Relationship Id="r{n}" Type="{rel}/{kind}" Target="{path}"/>' for n, (kind, path) in enumerate(targets)
        )
        return f"<Relationships>{''.join(lines)}</Relationships>"

    notes = ("notesSlide", "../n/n1.xml")
    content = packed(
        ppt__presentation_dot_xml=f'<p:presentation {spaces}><p:sldId r:id="r1"/><p:sldId r:id="r0"/></p:presentation>',
        ppt___rels__presentation_dot_xml_dot_rels=relations(("slide", "slides/s1.xml"), ("slide", "slides/s2.xml")),
        ppt__slides__s1_dot_xml=f"<p:sld {spaces}>{shape('The last slide.')}{shape('7', 'sldNum')}</p:sld>",
        ppt__slides__s2_dot_xml=f"<p:sld {spaces}>{shape('A title', 'title')}{shape('The first point.')}</p:sld>",
        ppt__slides___rels__s2_dot_xml_dot_rels=relations(notes, ("diagramData", "../d/d1.xml")),
        ppt__n__n1_dot_xml=f"<p:notes {spaces}>{shape('2', 'sldNum')}{shape('Speak slowly.', 'body')}</p:notes>",
        ppt__d__d1_dot_xml=f"<dgm {spaces}><a:p><a:r><a:t>A step.</a:t></a:r></a:p></dgm>",
    )  # fmt: skip
    assert shown(read("a.pptx", content)) == [
        ("heading", "A title"), ("body", "The first point."), ("comment", "Speak slowly."), ("body", "A step."),
        ("body", "The last slide."), ("boilerplate", "7"),
    ]  # fmt: skip


def test_rtf_has_its_notes_and_encodings_and_nothing_hidden() -> None:
    content = (
        rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset128 MS Gothic;}}{\info{\title No}}"
        rb"{\header\pard Running head\par}\pard\outlinelevel0 The station\par\pard It was \i cold\i0 . He said "
        rb"\ldblquote no\rdblquote .{\super\chftn}{\footnote\pard{\super 1} A note.} She left.\par"
        b"\n{\\v hidden }{\\deleted gone }{\\pict\\bin4 {}}}}Caf\\'e9s op\\u233\\'e9n.\\par\n"
        rb"\f1\'93\'fa\'96\'7b\'8c\'ea\'82\'c5\'82\'b7\'81\'42\f0\par{\listtext\'b7\tab}First point.\par"
        rb"{\field{\*\fldinst HYPERLINK}{\fldrslt A link}} here.\par"
        rb"{\shp{\*\shpinst{\sp{\sn a}{\sv 2}}{\shptxt A box of text.\par}}}"
        rb"\par One cell\cell Two cells\cell\row \uc1\u-10179?\u-8704? smiles.\par}"
    )
    assert shown(read("a.rtf", content)) == [
        ("heading", "The station"),
        ("boilerplate", "Running head"),
        ("body", "It was cold. | He said “no”. | She left."),
        ("comment", "A note."),
        ("body", "Cafés opén."),
        ("body", "日本語です。"),
        ("list", "First point."),
        ("body", "A link here."),
        ("body", "A box of text."),
        ("body", "One cell"),
        ("body", "Two cells"),
        ("body", "😀 smiles."),
    ]


ARB = '{"@@locale":"de","t":"Die Bergstation","@t":{"description":"On top"},"menu":{"items":["Eins","Zwei"]},"n":3}'
RESX = (
    '<?xml version="1.0"?><root><!-- x --><resheader name="version"><value>2.0</value></resheader><data name="Menu">'
    "<value>File menu</value><comment>on top</comment></data>"
    '<data name="S" type="Size"><value>1, 2</value></data></root>'
)
ANDROID = (
    '<resources xmlns:x="urn:x"><!-- on top --><string name="menu">ファイル <b>メニュー</b></string><string name="n">'
    r"It\'s <x:g>%d</x:g>\n件</string><plurals name='p'><item quantity='one'>一つ</item></plurals></resources>"
)


@pytest.mark.parametrize(
    ("name", "content", "lang", "rows"),
    [
        (
            "a.arb",
            ARB,
            "de",
            [("# On top\nt = ", "Die Bergstation"), ("menu.items[0] = ", "Eins"), ("menu.items[1] = ", "Zwei")],
        ),
        (
            "_locales/de/m.json",
            '{"a":{"message":"Die Datei","description":"On top"}}',
            "de",
            [("# On top\na = ", "Die Datei")],
        ),
        (
            "a_de.properties",
            "# On top\nfile.menu=Das Men\\u00fc\nb = eins \\\n  zwei\n",
            "de",
            [("# On top\nfile.menu = ", "Das Menü"), ("b = ", "eins zwei")],
        ),
        (
            "de.lproj/a.strings",
            '/* On top */\n"a" = "Das \\"Men\\u00fc\\"";\n',
            "de",
            [("# On top\na = ", 'Das "Menü"')],
        ),
        ("S.resx", RESX, "en", [("# on top\nMenu = ", "File menu")]),
        (
            "values-ja/strings.xml",
            ANDROID,
            "ja",
            [("# on top\nmenu = ", "ファイル メニュー"), ("n = ", "It's %d\n件"), ("p[one] = ", "一つ")],
        ),
    ],
)
def test_strings_are_sentences_with_their_keys_and_notes_before_them(
    name: str, content: str, lang: str, rows: list[tuple[str, str]]
) -> None:
    document = read(name, content.encode())
    assert [block.span.of(document.text) for block in document.blocks] == ["".join(row) for row in rows]
    assert [one.span.of(document.text) for block in document.blocks for one in block.sentences] == [
        row[1] for row in rows
    ]
    assert {block.lang for block in document.blocks} == {lang}


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        (
            "a.docx",
            packed(_rels___dot_rels='<a href="http://purl.oclc.org/ooxml/x"/>', word__document_dot_xml=""),
            "Strict",
        ),
        ("a.idml", packed(designmap_dot_xml=""), "InDesign"),
        ("a.pages", packed(Index__Document_dot_iwa=""), "Apple"),
        ("a.tex", rb"\section{Hello}", "LaTeX"),
        ("a.txt", b"% x\n\\documentclass{article}\n", "LaTeX"),
        ("a.tbx", b"<martif><text>Hello</text></martif>", "TBX"),
        ("a.xml", b"<?xml version='1.0'?>" + b" " * 3000 + b"<report>Hello</report>", "XML"),
        ("a.txt", b"%20240101~120000\t%User ID\tTU=00000001\n", "Wordfast"),
        ("a.mobi", b"\0" * 60 + b"BOOKMOBI" + b"\0" * 90, "Kindle"),
        ("a.json", b'{"a": ', "not readable JSON"),
        ("a.py", b"print('Hello')", "program code"),
    ],
)
def test_what_no_reader_understands_is_refused_by_name(name: str, content: bytes, why: str) -> None:
    with pytest.raises(ReadError, match=why) as caught:
        read(name, content)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


def test_a_folder_is_not_searched_for_data_files(files: ModuleType) -> None:
    assert {".odt", ".rtf", ".pptx", ".resx"} <= suffixes()
    assert not {".json", ".xml", ".stl"} & suffixes()


def test_kinds_of_open_document_are_those_of_the_nearest_style_with_one() -> None:
    styles = "".join(
        f'<style:style style:name="{name}" style:family="paragraph" style:parent-style-name="{parent}"/>'
        for name, parent in [("Quotations", "Standard"), ("P1", "P2"), ("P2", "Caption"), ("Caption", "Standard"),
                             ("Loop", "Pool"), ("Pool", "Loop")]
    )  # fmt: skip
    names = ["Quotations", "P1", "Contents_20_1", "Loop", "Standard"]
    body = "".join(f'<text:p text:style-name="{name}">One.</text:p>' for name in names)
    automatic = f"<office:document-styles {SPACES}>{styles}</office:document-styles>"
    document = read("a.odt", open_document("text", body, styles_dot_xml=automatic))
    assert [block.kind.value for block in document.blocks] == ["quote", "caption", "boilerplate", "body", "body"]


def test_text_boxes_of_a_sheet_are_read_after_its_rows() -> None:
    sheet = (
        "<table:table><table:shapes><draw:frame><draw:text-box><text:p>A box.</text:p></draw:text-box></draw:frame>"
        "</table:shapes><table:table-row><table:table-cell><text:p>One.</text:p></table:table-cell></table:table-row>"
        "</table:table>"
    )
    assert shown(read("a.ods", open_document("spreadsheet", sheet))) == [("body", "One."), ("body", "A box.")]


def test_alternatives_of_a_slide_are_read_once_and_labels_of_a_chart_are_read() -> None:
    drawing, rel = (
        "http://schemas.openxmlformats.org/drawingml/2006",
        "http://schemas.openxmlformats.org/officeDocument",
    )
    spaces = (
        f'xmlns:a="{drawing}/main" xmlns:c="{drawing}/chart" xmlns:r="{rel}/2006/relationships" '
        'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
        'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    )

    def relation(kind: str, path: str) -> str:
        line = f'<Relationship Id="r0" Type="{rel}/2006/relationships/{kind}" Target="{path}"/>'
        return f"<Relationships>{line}</Relationships>"

    text = "<a:p><a:r><a:t>Once.</a:t></a:r></a:p>"
    alternatives = f"<mc:AlternateContent><mc:Choice>{text}</mc:Choice><mc:Fallback>{text}</mc:Fallback>"
    series = "".join(
        f"<c:ser><c:tx><c:strRef><c:strCache><c:pt><c:v>{name}</c:v></c:pt></c:strCache></c:strRef></c:tx>"
        "<c:cat><c:strRef><c:strCache><c:pt><c:v>Cold days</c:v></c:pt></c:strCache></c:strRef></c:cat>"
        "<c:val><c:numRef><c:numCache><c:pt><c:v>7</c:v></c:pt></c:numCache></c:numRef></c:val></c:ser>"
        for name in ("North", "South")
    )
    content = packed(
        ppt__presentation_dot_xml=f'<p:presentation {spaces}><p:sldId r:id="r0"/></p:presentation>',
        ppt___rels__presentation_dot_xml_dot_rels=relation("slide", "slides/s1.xml"),
        ppt__slides__s1_dot_xml=f"<p:sld {spaces}>{alternatives}</mc:AlternateContent></p:sld>",
        ppt__slides___rels__s1_dot_xml_dot_rels=relation("chart", "../c/c1.xml"),
        ppt__c__c1_dot_xml=f"<c:chart {spaces}>{series}</c:chart>",
    )
    assert shown(read("a.pptx", content)) == [
        ("body", "Once."), ("caption", "North"), ("caption", "Cold days"), ("caption", "South"),
    ]  # fmt: skip


def test_an_escaped_backslash_before_bin_is_text() -> None:
    document = read("a.rtf", rb"{\rtf1 Path C:\\bin32 Important text that must stay.\par {\pict\bin3 }}}}After.\par}")
    assert document.text == "Path C:\\bin32 Important text that must stay.\n\nAfter."


def test_a_string_named_message_is_one_of_several() -> None:
    document = read("a.json", b'{"message": "Hello.", "title": "A page", "form": {"message": "Write.", "hash": "x"}}')
    assert document.text == "message = Hello.\n\ntitle = A page\n\nform = Write."


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.strings", r'"a" = "Good \uD83D\uDE00";', "a = Good \U0001f600"),
        ("a.xml", r'<resources><string name="a">Good \ud83d\ude00</string></resources>', "a = Good \U0001f600"),
        ("a.json", r'{"a\ud83d": "Good \ud83d"}', "a\ufffd = Good \ufffd"),
    ],
)
def test_surrogates_of_escapes_become_characters(name: str, content: str, text: str) -> None:
    assert read(name, content.encode()).text == text


ENTITIES = '<!DOCTYPE resources [<!ENTITY app "Acme"><!ENTITY far SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        (
            "a.xml",
            f'{ENTITIES}<resources><string name="a">Hello &app; you.</string></resources>',
            "a = Hello Acme you.",
        ),
        ("a.xml", '<resources><item name="z" type="string">An item.</item></resources>', "z = An item."),
        ("a.json", '{"a": "One.", "a": "Two."}', "a = One.\n\na (2) = Two."),
        ("a.json", '{"a": "One\tNUL\\u0000 gone.", "n": ' + "9" * 5000 + "}", "a = One\tNUL gone."),
        ("a.rtf", "\ufeff{\\rtf1 Gr\u00fc\u00dfe, \\'fc.\\par}\0\0", "Gr\u00fc\u00dfe, \u00fc."),
        ("a.rtf", "\r\n{\\rtf1 One\r\n line.\\par}", "One line."),
        ("a.strings", '/* "n" = "no"; */\r\n"a" = "One.";\r\n// end', '# "n" = "no";\na = One.'),
    ],
)
def test_odd_files_that_are_read(name: str, content: str, text: str) -> None:
    assert read(name, content.encode()).text == text


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.xml", f'{ENTITIES}<resources><string name="a">Hello &far; you.</string></resources>', "broken XML"),
        ("a.xml", '<!DOCTYPE r SYSTEM "x.dtd"><resources><string name="a">Hi &far;</string></resources>', "'far' not"),
        ("a.rtf", "{\\rtf1 One here.\\par Two is cu", "cut off"),
        ("a.rtf", "{\\rtf1 One here.\\par {\\pict\\bin999 x}}", "cut off"),
        ("a.strings", '"a" = "One.";\n"b" = "No end;\n"c" = "Three.";\n', r"a\.strings:2: not"),
        ("a.strings", '"a" = "One."\n"b" = "Two.";\n', r"a\.strings:1: not"),
        ("a.strings", "bplist00\1\2", "a binary property list"),
    ],
)
def test_odd_files_that_would_lose_text_are_refused(name: str, content: str, reason: str) -> None:
    with pytest.raises(ReadError, match=reason) as error:
        read(name, content.encode())
    assert len(str(error.value).splitlines()) == 1


def test_a_packed_file_without_one_of_its_parts_is_refused() -> None:
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    slides = (
        f'<p:presentation xmlns:r="{office}" xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main">'
        '<p:sldId r:id="r1"/></p:presentation>'
    )
    relation = f'<Relationships><Relationship Id="r1" Type="{office}/slide" Target="slides/s1.xml"/></Relationships>'
    for name, content, reason in (
        ("a.odt", packed(mimetype="application/vnd.oasis.opendocument.text"), "its part content.xml is missing"),
        ("a.pptx", packed(ppt__presentation_dot_xml=slides), "no part for the slide r1"),
        ("a.pptx", packed(ppt__presentation_dot_xml=slides, ppt___rels__presentation_dot_xml_dot_rels=relation),
         "its part ppt/slides/s1.xml is missing"),
    ):  # fmt: skip
        with pytest.raises(ReadError, match=reason):
            read(name, content)


def test_a_text_box_is_read_once_and_hidden_text_not_at_all() -> None:
    import docx
    from docx.oxml import parse_xml

    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    box = "<w:txbxContent><w:p><w:r><w:t>A text box with words.</w:t></w:r></w:p></w:txbxContent>"
    file = docx.Document()
    paragraph = file.add_paragraph("Words are seen.")
    paragraph.add_run("Words are hidden.").font.hidden = True
    paragraph.add_run(" More are seen.").font.hidden = False
    file.element.body.append(
        parse_xml(
            f'<w:p xmlns:w="{word}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><w:r>'
            f"<mc:AlternateContent><mc:Choice Requires='wps'>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
            "</mc:AlternateContent></w:r></w:p>"
        )
    )
    target = io.BytesIO()
    file.save(target)
    assert texts("a.docx", target.getvalue()) == ["Words are seen.", "More are seen.", "A text box with words."]


def test_formulas_symbols_and_inserted_pages_of_a_word_file_are_text() -> None:
    import docx
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part
    from docx.oxml import parse_xml

    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    math = "http://schemas.openxmlformats.org/officeDocument/2006/math"
    file = docx.Document()
    file.element.body.append(
        parse_xml(
            f'<w:p xmlns:w="{word}" xmlns:m="{math}"><w:r><w:t xml:space="preserve">The angle </w:t></w:r>'
            "<m:oMath><m:r><m:t>x+1</m:t></m:r></m:oMath>"
            '<w:r><w:t xml:space="preserve"> is </w:t><w:sym w:font="Symbol" '
            'w:char="F061"/><w:sym w:font="Wingdings" w:char="F061"/><w:t>.</w:t></w:r></w:p>'
        )
    )
    page = Part(PackURI("/word/chunk.html"), "text/html", b"<p>A page was put in.</p>", file.part.package)
    file.part.relate_to(page, "http://schemas.openxmlformats.org/officeDocument/2006/relationships/aFChunk")
    target = io.BytesIO()
    file.save(target)
    assert texts("a.docx", target.getvalue()) == ["The angle x+1 is α.", "A page was put in."]


@pytest.mark.parametrize(
    ("source", "spoken"),
    [
        (
            "<div>\n<h2>The <i>old</i> harbour</h2>\n<p>Ships <b>came</b>.</p><!-- no --><style>p {}</style>\n</div>\n",
            ["The old harbour", "Ships came."],
        ),
        ("<table><tr><td>One cell.</td><td>Another.</td></tr></table>\n", ["One cell.", "Another."]),
        ("<details>\n<summary>More</summary>\n\nIt was **cold**.\n\n</details>\n", ["More", "It was cold."]),
        ("- [ ] Do this.\n- [x] Do that.\n", ["Do this.", "Do that."]),
        ("> [!NOTE]\n> Look here.\n", ["Look here."]),
        (
            "A&B &copy; 2024&nbsp;&#8212; 5 &lt; 6, R&amp;D, &nix; &amp;lt;.\n",
            ["A&B © 2024 — 5 &lt; 6, R&D, &nix; &amp;lt;."],
        ),
        ("Harbour\n: A place for ships.\n", ["Harbour", "A place for ships."]),
        ("::: warning\nDo not swim.\n:::\n", ["Do not swim."]),
        ("Go {% if x %}home{% endif %} now.\n\n{{< figure a >}}\n\n{% include b %}\n", ["Go home now."]),
    ],
)
def test_extensions_of_markdown_and_html_in_it(source: str, spoken: list[str]) -> None:
    assert texts("a.md", source.encode()) == spoken


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (
            {"id": "a.b", "defaultMessage": "Hello {name}.", "description": "greeting"},
            "# greeting\na.b = Hello {name}.",
        ),
        ({"id": "a.b", "translation": "Hello."}, "a.b = Hello."),
        ({"term": "a.b", "definition": "Hello.", "context": "top"}, "# top\na.b = Hello."),
    ],
)
def test_messages_of_software_are_objects_in_json(message: dict[str, str], text: str) -> None:
    document = read("a.json", json.dumps([message]).encode())
    assert (document.text.strip(), len(document.blocks[0].sentences), len(document.blocks)) == (text, 1, 1)


def test_the_language_of_a_file_of_strings_is_no_text() -> None:
    document = read("a.json", '{"locale": "ja", "messages": [{"key": "a", "text": "港に行く。"}]}'.encode())
    assert [(block.lang, len(block.sentences)) for block in document.blocks] == [("ja", 1)]
    assert texts("a.json", b'{"language": "Language", "save": "Save it."}') == ["Language", "Save it."]


def test_styles_of_open_document_may_hide_text() -> None:
    styles = (
        '<style:style style:name="H"><style:text-properties text:display="none"/></style:style>'
        '<style:style style:name="P"><style:text-properties text:display="true"/></style:style>'
    )
    body = (
        f'{styles}<text:p text:style-name="H">Hidden.</text:p><text:p text:style-name="P">It is'
        '<text:span text:style-name="H"> not</text:span> here.</text:p>'
    )
    assert texts("a.odt", open_document("text", body)) == ["It is here."]


def test_marks_of_pages_and_notes_in_a_book_are_no_text() -> None:
    body = (
        '<p>The harbour is old.<span epub:type="pagebreak" id="p12">12</span> Nobody came<a href="#fn1">*</a>.</p>'
        '<p>See <a href="#part2">2</a>, and <a href="#x">here</a>.</p>'
        '<div class="note"><p>An advice.</p></div><div id="fn1" class="footnote">* An old note.</div>'
    )
    document = read("a.html", f"<html><body>{body}</body></html>".encode())
    assert shown(document) == [
        ("body", "The harbour is old. | Nobody came."), ("body", "See 2, and here."), ("body", "An advice."),
        ("comment", "An old note."),
    ]  # fmt: skip


def test_an_accent_in_a_font_without_an_encoding_is_western() -> None:
    source = rb"{\rtf1\ansi\ansicpg932{\fonttbl{\f0\fcharset0 Arial;}}\f0 \'8d\'60 caf\'e9 here.\par}"
    assert texts("a.rtf", source) == ["港 café here."]


def test_an_object_with_two_texts_is_no_message() -> None:
    assert texts("a.json", b'[{"string": "Hello there.", "translation": "Guten Tag."}]') == [
        "Hello there.",
        "Guten Tag.",
    ]
    assert texts("a.json", b'[{"term": "Open the file", "definition": "Auf!"}]') == ["Open the file", "Auf!"]
