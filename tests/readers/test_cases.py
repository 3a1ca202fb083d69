"""Small files of other programs, in tests/cases, come in as a person sees them."""

from __future__ import annotations

from pathlib import Path

import pytest

from align.errors import ReadError
from align.models import BlockKind, Document
from align.readers import read
from align.readers.encodings import decode
from align.text.normalize import sentence_text
from align.text.sentences import split

CASES = Path(__file__).parents[1] / "cases" / "reading"


def opened(name: str) -> Document:
    return read(name, (CASES / name).read_bytes())


def sentences(document: Document, lang: str | None = None, *, main: bool = True) -> list[str]:
    return [
        sentence_text(document.text, sentence.pieces)
        for block in document.blocks
        if not main or block.kind is not BlockKind.BOILERPLATE
        for sentence in block.sentences
        if lang is None or sentence.lang == lang
    ]


def expected_pairs(name: str) -> list[list[str]]:
    lines = (CASES / f"{name}.expected.tsv").read_text("utf-8").splitlines()
    return [line.split("\t") for line in lines if line]


@pytest.mark.parametrize(
    ("case", "src", "tgt"),
    [
        ("speech", "speech.de.txt", "speech.en.txt"),
        ("ruby", "ruby.ja.html", "ruby.en.html"),
        ("references", "references.en.html", "references.de.html"),
    ],
)
def test_every_expected_sentence_is_a_sentence_of_its_own(case: str, src: str, tgt: str) -> None:
    pairs = expected_pairs(case)
    assert [one for one in sentences(opened(src)) if one in {pair[0] for pair in pairs}] == [pair[0] for pair in pairs]
    assert [one for one in sentences(opened(tgt)) if one in {pair[1] for pair in pairs}] == [pair[1] for pair in pairs]


def test_two_languages_in_each_cue_are_two_texts() -> None:
    document = opened("two-languages.srt")
    pairs = expected_pairs("two-languages")
    assert sentences(document, "en") == [pair[0] for pair in pairs]
    assert sentences(document, "zh-Hans") == [pair[1] for pair in pairs]
    first = document.blocks[0]
    assert document.text[first.span.start :].startswith("1\n00:00:01,000 --> 00:00:03,000\n")


STOPLESS = {
    "th": ["ฉันไม่รู้ว่าคนอื่นไปไหนกันหมด", "คุณเห็นพวกเขาบ้างไหม", "พวกเขาอยู่กับเราเมื่อเรากลับมา"],
    "lo": ["ຂ້ອຍບໍ່ຮູ້ວ່າຄົນອື່ນໄປໃສ", "ເຈົ້າເຫັນເຂົາເຈົ້າບໍ", "ເຂົາເຈົ້າຢູ່ກັບພວກເຮົາ"],
    "km": ["ខ្ញុំមិនដឹងថាអ្នកផ្សេងទៅណាទេ", "តើអ្នកបានឃើញពួកគេទេ", "ពួកគេនៅជាមួយយើង"],
    "my": ["တခြားသူတွေ ဘယ်သွားလဲ ငါမသိဘူး", "သူတို့ကို မင်းတွေ့လား", "သူတို့ ငါတို့နဲ့အတူရှိတယ်"],
    "zh-Hans": ["我不知道其他人去哪里了", "你看到他们了吗", "我们回来的时候他们还在"],
    "ko": ["다른 사람들이 어디로 갔는지 모르겠어", "그들을 봤어", "우리가 돌아왔을 때 같이 있었어"],
    "ar": ["لا أعرف أين ذهب الآخرون", "هل رأيتهم في المدينة", "كانوا معنا عندما عدنا من البحر"],
}


@pytest.mark.parametrize("lang", STOPLESS)
def test_cues_without_stops_are_sentences_in_scripts_without_letter_case(lang: str) -> None:
    lines = STOPLESS[lang]
    times = [f"00:00:0{second},000 --> 00:00:0{second},900" for second in range(len(lines))]
    source = "".join(f"{n}\n{time}\n{line}\n\n" for n, (time, line) in enumerate(zip(times, lines, strict=True), 1))
    assert sentences(read("a.srt", source.encode())) == lines
    english = ["I do not know where they went.", "Have you seen them?", "They were with us when we came."]
    two = "".join(
        f"{n}\n{time}\n{line}\n{below}\n\n"
        for n, (time, line, below) in enumerate(zip(times, lines, english, strict=True), 1)
    )
    document = read("b.srt", two.encode())
    assert [one for one in sentences(document) if one in lines] == lines
    assert sentences(document, "en") == english


def test_a_cue_that_pauses_continues_in_scripts_without_letter_case() -> None:
    lines = ["我不知道其他人，", "现在去哪里了", "你看到他们了吗"]
    source = "".join(f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n{line}\n\n" for n, line in enumerate(lines, 1))
    assert sentences(read("a.srt", source.encode())) == ["我不知道其他人，现在去哪里了", "你看到他们了吗"]


def test_two_languages_of_one_script_in_each_cue() -> None:
    source = ""
    lines = [
        ("I do not know where the", "Ich weiß nicht, wo die"),
        ("others have gone to.", "anderen hingegangen sind."),
        ("Have you seen them?", "Hast du sie gesehen?"),
        ("They were with us when we", "Sie waren noch bei uns, als wir"),
        ("came back from the sea.", "vom Meer zurückgekommen sind."),
    ]
    for number, (upper, lower) in enumerate(lines):
        source += f"{number + 1}\n00:00:0{number},000 --> 00:00:0{number},900\n{upper}\n{lower}\n\n"
    document = read("a.srt", source.encode())
    assert sentences(document, "en") == [
        "I do not know where the others have gone to.",
        "Have you seen them?",
        "They were with us when we came back from the sea.",
    ]
    assert sentences(document, "de") == [
        "Ich weiß nicht, wo die anderen hingegangen sind.",
        "Hast du sie gesehen?",
        "Sie waren noch bei uns, als wir vom Meer zurückgekommen sind.",
    ]


def test_rolling_captions_have_each_line_once() -> None:
    assert sentences(opened("rolling.en.vtt")) == [
        "so today we're going to repair an old radio that I found at a flea market first we take off the back and "
        "look at the tubes"
    ]
    assert len(sentences(opened("rolling.es.vtt"))) == 2


def test_a_repeated_line_of_ordinary_subtitles_is_not_left_out() -> None:
    spoken = ["No.", "No.", "Why not?", "Because of the dog.", "Which dog?"]
    source = "".join(f"{n}\n00:00:0{n},000 --> 00:00:0{n + 1},000\n{line}\n\n" for n, line in enumerate(spoken, 1))
    assert sentences(read("a.srt", source.encode())) == spoken


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_title_cards_broken_timings_and_blank_lines_of_cues(end: str, encoding: str) -> None:
    source = (
        "1\n00:00:01,000 --> 00:00:03,000\n<i>Zwei Stunden später</i>\n\n"
        "2\n00:00:03,100 -> 00:00:05,000\nWer hat das Licht\n\nausgemacht?\n\n"
        "3\n00:00:06 --> 00:00:07\nIch war es nicht,\n\n"
        "4\n00:00:07:500 —> 00:00:08:500\nfürchte ich.\n\n"
        "5\n00:01:00,000 -->\nDas war alles.\n"
    )
    document = read("a.srt", source.replace("\n", end).encode(encoding))
    assert sentences(document, main=False) == [
        "Zwei Stunden später",
        "Wer hat das Licht ausgemacht?",
        "Ich war es nicht, fürchte ich.",
        "Das war alles.",
    ]


OTHER_SUBTITLES = {
    "a.sbv": "0:00:00.599,0:00:04.160\n>> ANN: I am here and so is John\n\n0:00:04.160,0:00:06.770\n>> JOHN: Yes.\n",
    "a.lrc": "[ti:A Song]\n[ar:Band]\n[00:12.00]The rain is falling.\n[00:17.20]Nobody is coming down.\n",
    "a.sub": "{1}{1}23.976\n{24}{72}The first line.|And the second.\n{96}{120}{y:i}He said so.\n",
    "b.sub": "[10][25]The first line|and the second.\n[30][45]/He said so.\n",
    "c.sub": "00:00:01:The first line|and the second.\n00:00:05:He said so.\n",
    "a.stl": "$Bold = 1\n\n00:00:01:00 , 00:00:03:00 , The first | of two.\n00:00:04:00 , 00:00:06:00 , And more.\n",
    "a.ttml": '<tt xmlns="http://www.w3.org/ns/ttml" xmlns:p="http://www.w3.org/ns/ttml#parameter" p:frameRate="24" '
    'p:tickRate="10"><body><div><p begin="00:00:01:12" end="48f">Good day.</p><p begin="30t" end="4s">And you?</p>'
    "</div></body></tt>",
    "a.smi": "<SAMI><BODY><SYNC Start=1000><P Class=KR>안녕하세요.<P Class=EN>Hello, my friend.\n<SYNC Start=4000>"
    "<P Class=KR>어디에 가요?<P Class=EN>Where are you going?</BODY></SAMI>",
    "a.vtt": "WEBVTT\n\n00:00.500 --> 00:02.000\nTo the <ruby>harbour<rt>port</rt></ruby>.\n",
}


@pytest.mark.parametrize(
    ("name", "spoken"),
    [
        ("a.sbv", ["ANN: I am here and so is John", "JOHN: Yes."]),
        ("a.lrc", ["The rain is falling.", "Nobody is coming down."]),
        ("a.sub", ["The first line.", "And the second.", "He said so."]),
        ("b.sub", ["The first line and the second.", "He said so."]),
        ("c.sub", ["The first line and the second.", "He said so."]),
        ("a.stl", ["The first of two.", "And more."]),
        ("a.ttml", ["Good day.", "And you?"]),
        ("a.smi", ["안녕하세요.", "Hello, my friend.", "어디에 가요?", "Where are you going?"]),
        ("a.vtt", ["To the harbour."]),
    ],
)
def test_subtitles_of_other_programs(name: str, spoken: list[str]) -> None:
    document = read(name, OTHER_SUBTITLES[name].encode())
    assert (document.reader, sentences(document)) == ("subtitles", spoken)
    if name == "a.ttml":
        assert "00:00:01,500 --> 00:00:02,000" in document.text, "frames"
        assert "00:00:03,000 --> 00:00:04,000" in document.text, "ticks"
    if name == "a.sub":
        assert "00:00:01,001 --> 00:00:03,003" in document.text, "the frame rate of the file"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [("a.stl", b"850STL25.01" + bytes(1013), "EBU STL"), ("a.sub", b"\0\0\1\xba" + bytes(range(256)), "pictures")],
)
def test_binary_subtitles_are_refused_by_name(name: str, content: bytes, words: str) -> None:
    with pytest.raises(ReadError, match=words):
        read(name, content)


def test_verses_and_chats_with_times_are_no_lyrics() -> None:
    assert read("a.txt", b"[3:16] For God so loved the world.\n[3:17] For God did not send him.\n").reader == "text"
    assert read("a.txt", b"[12:30] Ann: Hello there.\n[12:31] Ben: Hello, Ann.\n").reader == "text"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (
            "The ministers met \u2014 \u201cin the harbour\u201d \u2014 on Monday\u2026 Whose plan\u2019s that.",
            "mac_roman",
        ),
        ("Où est passé le garçon ? À Noël, l'été est déjà loin. « Ça va », répondit-il.", "mac_roman"),
        ("Où est passé le garçon ? À Noël, l'été est déjà loin. « Ça va », répondit-il.", "cp1252"),
        ("Não há pão na cidade. É amanhã que começa a eleição.", "mac_roman"),
        ("På våren är ängen grön. Ö är ett ord.", "iso8859_1"),
        ("两国部长在旧港口会面。\n市场很早就关门了。\n", "utf-16-le"),
        ("二つの国の大臣は古い港で会った。\n", "utf-16-be"),
        ("두 나라의 장관들이 항구에서 만났다.\n", "utf-16-le"),
        ("Министры двух стран встретились в старом порту. Никто не знал.", "iso8859_5"),
        ("Министры двух стран встретились в старом порту. Никто не знал.", "mac_cyrillic"),
        ("Министры двух стран встретились в старом порту. Никто не знал.", "cp1251"),
        ("Міністри двох країн зустрілися у старому порту. Їхній ґанок.", "koi8_u"),
        ("التقى وزيرا البلدين في الميناء القديم. لم يعرف أحد بالخطة.", "iso8859_6"),
        ("Οι υπουργοί των δύο χωρών συναντήθηκαν. Άλλος κανείς.", "iso8859_7"),
        ("وزیران دو کشور در بندر قدیمی دیدار کردند.".replace("ی", "ي"), "cp1256"),
        ("Müller grüßte über die Straße, schön, sagte er. Ärger!", "cp850"),
        ("두 나라의 장관들이 항구에서 만났다.", "iso2022_kr"),
        ("The café’s “naïve” façade costs £5.", "cp1252"),
    ],
)
def test_encodings_of_a_few_letters(text: str, encoding: str) -> None:
    assert decode("a.txt", text.encode(encoding))[0] == text


ASS = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize
Style: Default,Arial,20

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,{\\i1}I do not\\Nknow{\\i0} him, and
Comment: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,hidden note
Dialogue: 0,0:00:03.00,0:00:05.00,Default,,0,0,0,,he does not know me.
Dialogue: 0,0:00:03.00,0:00:05.00,Default,,0,0,0,,{\\p1}m 0 0 l 100 0{\\p0}
"""
TTML = """<?xml version="1.0" encoding="UTF-8"?>
<tt xmlns="http://www.w3.org/ns/ttml"><body><div>
<p begin="00:00:01.000" end="00:00:03.000">I do not<br/>know him, and</p>
<p begin="00:00:03.000" end="00:00:05.000">he does not know <span>me</span>.</p>
</div></body></tt>
"""


@pytest.mark.parametrize(("name", "source"), [("a.ass", ASS), ("a.ssa", ASS), ("a.ttml", TTML), ("a.xml", TTML)])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_styled_subtitles_are_speech_with_timings(name: str, source: str, encoding: str) -> None:
    document = read(name, source.replace('encoding="UTF-8"', "").encode(encoding))
    assert sentences(document) == ["I do not know him, and he does not know me."]
    assert document.text.startswith("1\n00:00:01,000 --> 00:00:03,000\nI do not\nknow him, and\n")


def test_an_fb2_book_is_read_without_markup_and_pictures() -> None:
    document = opened("book.fb2")
    assert sentences(document) == [
        "Колодец",
        "Глава первая",
        "Вода помнит.",
        "В деревне было три колодца.",
        "Один высох, другой был солёный, а третий не принадлежал никому.",
        "— Дайте воды, — сказал путник.",
        "Луна на дне,",
        "и тишина.",
        "Говорят, что четыре.",
    ]
    assert document.blocks[-1].kind is BlockKind.COMMENT


@pytest.mark.parametrize(
    ("name", "content", "named"),
    [
        ("a.txt", "<?xml version='1.0'?>\n<!-- x --><root><data/></root>", "XML"),
        ("a.tbx", '<?xml version="1.0"?><!DOCTYPE martif SYSTEM "a.dtd"><martif type="TBX"/>', "TBX"),
        ("a.tex", "\\section{Hello}", "LaTeX"),
    ],
)
def test_markup_that_no_reader_understands_is_not_read_as_prose(name: str, content: str, named: str) -> None:
    with pytest.raises(ReadError, match=named) as caught:
        read(name, content.encode())
    assert str(caught.value).startswith(f"{name}: ")
    assert "\n" not in str(caught.value)


def test_characters_that_only_browsers_read_in_japanese_encodings() -> None:
    document = opened("eucms.txt")
    assert document.encoding == "euc_jp"
    assert "①準備をする。" in sentences(document)
    assert "お問い合わせは㈱田中商会までお願いします。" in sentences(document)
    page = b"<meta charset=EUC-JP><p>" + (CASES / "eucms.txt").read_bytes() + b"</p>"
    assert "①準備をする。" in read("a.html", page).text
    mixed = b"\x1b$B-!\x1b(B\x1b$B$O$8$a$K\x1b(B \x1b(I12\x1b(B"
    assert decode("a.txt", mixed) == ("①はじめに ｱｲ".replace("ｱｲ", "ｱｲ"), "iso2022_jp")


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("x-sjis", "cp932"),
        ("windows-31j", "cp932"),
        ("latin1", "cp1252"),
        ("gb2312", "gb18030"),
        ("x-euc-jp", "euc_jp"),
        ("ks_c_5601-1987", "cp949"),
        ("x-cp1251", "cp1251"),
        ("koi8-ru", "koi8_u"),
    ],
)
def test_labels_of_browsers_name_encodings(label: str, codec: str) -> None:
    text = {"cp1252": "naïve “text”", "cp949": "안녕하세요", "cp1251": "Привет", "koi8_u": "Привіт"}.get(codec, "日本")
    assert decode("a.txt", text.encode(codec), label)[0] == text


def test_the_ideographic_space_is_part_of_the_text() -> None:
    texts = sentences(opened("wide-space.ja.txt"))
    assert "第十四条　削除" in texts
    assert any(text.startswith("１　販売会社は") for text in texts)


def test_georgian_is_split_at_its_stops() -> None:
    assert len(sentences(opened("stops.ka.txt"))) == 10
    assert len(sentences(opened("stops.en.txt"))) == 10


@pytest.mark.parametrize("lang", ["en", "de", "fr", "ru"])
@pytest.mark.parametrize(
    "mark", ["[1]", "[12][13]", "[note 1]", "[citation needed]", "¹", "*", "1", " [3]"]
)  # fmt: skip
def test_reference_marks_after_a_stop_do_not_hide_it(mark: str, lang: str) -> None:
    first, second = ("Он пришёл домой.", "Она ушла.") if lang == "ru" else ("Then he came home.", "She left.")
    text = f"{first}{mark} {second}"
    assert [span.of(text) for span in split(text, lang)] == [f"{first}{mark}", second]


def test_notes_of_a_page_are_blocks_of_their_own() -> None:
    page = (
        "<html><body><p>It was cold<a epub:type='noteref' href='#n1'>1</a> and dark<sup><a href='#n2'>*</a></sup> here."
        " The area is 4 m<sup>2</sup>, see <a href='#x'>2</a>.</p><aside epub:type='footnote' id='n1'><p>Minus 4.</p></aside></body></html>"  # noqa: E501
    )
    document = read("a.html", page.encode())
    assert sentences(document) == ["It was cold and dark here.", "The area is 4 m2, see 2.", "Minus 4."]
    assert [block.kind for block in document.blocks] == [BlockKind.BODY, BlockKind.COMMENT]


def test_a_number_of_a_note_after_a_stop_of_cjk_belongs_to_the_sentence() -> None:
    for text in ("これに続きます。1", "これに続きます。²", "これに続きます。1⁸"):
        assert [span.of(text) for span in split(text, "ja")] == [text]
    text = "これに続きます。²次の文です。3月です。"
    assert [span.of(text) for span in split(text, "ja")] == ["これに続きます。²", "次の文です。", "3月です。"]


def test_ids_of_headings_and_marks_of_footnotes_in_markdown_are_no_text() -> None:
    source = "# Rotating the keys {#rotating-the-keys}\n\nIt was cold.[^1] Nobody came[^note] here.\n"
    assert sentences(read("a.md", source.encode())) == ["Rotating the keys", "It was cold.", "Nobody came here."]


def test_a_drop_cap_and_a_deleted_paragraph_mark_do_not_cut_a_text() -> None:
    import io

    import docx
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    file = docx.Document()
    cap = file.add_paragraph("O")
    frame = OxmlElement("w:framePr")
    frame.set(qn("w:dropCap"), "drop")
    cap._p.get_or_add_pPr().append(frame)
    file.add_paragraph("nce upon a time.")
    cut = file.add_paragraph("They walked ")
    marks = OxmlElement("w:rPr")
    marks.append(OxmlElement("w:del"))
    cut._p.get_or_add_pPr().append(marks)
    file.add_paragraph("to the sea.")
    target = io.BytesIO()
    file.save(target)
    assert sentences(read("a.docx", target.getvalue())) == ["Once upon a time.", "They walked to the sea."]


@pytest.mark.parametrize(
    ("text", "lang", "expected"),
    [
        ("Article 12. Definitions", "en", ["Article 12. Definitions"]),
        ("Section 5. Scope of it. Next one.", "en", ["Section 5. Scope of it.", "Next one."]),
        ("Глава IV. Письмо", "ru", ["Глава IV. Письмо"]),
        ("제3조. 정의", "ko", ["제3조. 정의"]),
        ("It is in Table 3. The results are good.", "en", ["It is in Table 3.", "The results are good."]),
        ("「来て。」4 しかし長老は彼に答えた。", "ja", ["「来て。」", "4 しかし長老は彼に答えた。"]),
    ],
)
def test_numbers_of_headings_stay_with_them_and_those_of_verses_begin_one(
    text: str, lang: str, expected: list[str]
) -> None:
    assert [span.of(text) for span in split(text, lang)] == expected


def test_the_dash_of_a_dialogue_is_text() -> None:
    assert sentences(read("a.txt", "— Какой поезд?\n— Не знаю, — сказал он.\n".encode())) == [
        "— Какой поезд?",
        "— Не знаю, — сказал он.",
    ]


def test_metadata_of_markdown_gives_its_title_and_its_notes_are_blocks() -> None:
    source = '---\nauthor: X\ntitle: "Rotating the keys"\nweight: 30\n---\n\nText[^1] of it.\n\n[^1]: The note here.\n'
    document = read("a.md", source.encode())
    assert document.text == source
    assert sentences(document) == ["Rotating the keys", "Text of it.", "The note here."]
    assert [block.kind.value for block in document.blocks][1:] == ["heading", "boilerplate", "body", "comment"]


def test_a_character_as_a_picture_is_text() -> None:
    page = "<p>何か<img class='gaiji' alt='噓'>をいった。<img alt='A picture'></p>"
    assert sentences(read("a.html", page.encode())) == ["何か噓をいった。"]
