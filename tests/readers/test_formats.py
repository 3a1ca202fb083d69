"""Each format comes out as blocks in reading order with kinds and languages."""

from __future__ import annotations

from types import ModuleType

import pytest

from align.errors import ReadError
from align.exchange.detect_format import is_bilingual
from align.models import BlockKind, Document
from align.readers import read, suffixes
from align.readers.html import in_main
from align.readers.pdf import _tidy
from align.text.function_words import words
from align.text.normalize import sentence_text


def sentences(document: Document) -> list[str]:
    return [sentence_text(document.text, s.pieces) for b in document.blocks for s in b.sentences]


def kinds(document: Document) -> list[tuple[str, str]]:
    return [(block.kind.value, block.span.of(document.text).split("\n")[0][:30]) for block in document.blocks]


def test_word_keeps_order_kinds_and_both_languages(files: ModuleType) -> None:
    document = read("a.docx", files.word())
    assert document.reader == "docx"
    assert sentences(document) == [
        "Military and cybersecurity cooperation",
        "The ministers met in Tokyo.",
        "They agreed on joint exercises.",
        "両国の外相は東京で会談した。",
        "共同訓練の実施で合意した。",
        "First point of the list",
        "A cell in English",
        "日本語のセルです",
        "Page footer text",
    ]
    assert [block.kind for block in document.blocks][:4] == ["heading", "body", "body", "list"]
    assert document.blocks[-1].kind is BlockKind.BOILERPLATE
    assert [block.lang for block in document.blocks][1:3] == ["en", "ja"]


def test_epub_follows_the_spine_not_the_names(files: ModuleType) -> None:
    document = read(
        "b.epub", files.book("<p>Second page comes last.</p>", "<h1>Erstes Kapitel</h1><p>Es war einmal.</p>")
    )
    assert sentences(document) == ["Erstes Kapitel", "Es war einmal.", "Second page comes last."]


def test_pdf_text_layer_joins_hard_wrapped_lines(files: ModuleType) -> None:
    lines = [
        "The foreign ministers of both countries said that the talks help to",
        "build trust between them, and that they will go on with them in the",
        "spring of the next year in Moscow.",
    ]
    document = read("c.pdf", files.pdf(lines))
    assert sentences(document) == [" ".join(lines)]


def test_the_sign_that_links_a_heading_to_itself_is_no_text() -> None:
    page = '<h1 id="a">Reading<a class="headerlink" href="#a">¶</a></h1><p>See <a href="#b">#</a> and § 5 of it.</p>'
    assert sentences(read("a.html", page.encode())) == ["Reading", "See and § 5 of it."]


def test_a_pdf_sentence_that_runs_over_a_page_or_a_hyphen_is_whole(files: ModuleType) -> None:
    first = [
        "The Journal of Pacts",
        "The foreign ministers of both countries said that the talks help to es-",
        "tablish a well-known kind of trust, and that they will go on with a well-",
        "known host in the",
        "1",
    ]
    second = ["The Journal of Pacts", "spring of the next year. Nothing else was said.", "2"]
    third = ["The Journal of Pacts", "A new paragraph stands here.", "3"]
    document = read("c.pdf", files.pdf(first, second, third))
    said = [text for text in sentences(document) if "Journal" not in text and not text.isdigit()]
    assert said == [
        "The foreign ministers of both countries said that the talks help to establish a well-known kind of trust, "
        "and that they will go on with a well-known host in the spring of the next year.",
        "Nothing else was said.",
        "A new paragraph stands here.",
    ]


def test_what_fonts_of_a_pdf_leave_behind_is_mended() -> None:
    """Radicals for characters and spaces between them, as Chromium's PDFs of Japanese pages have them."""
    assert _tidy("⽇本の⻘い 空、⺠主‧主義\0 and two words") == "日本の青い空、民主・主義\ufffd and two words"
    assert _tidy("한국 사람") == "한국 사람"


def test_pdf_running_heads_are_boilerplate(files: ModuleType) -> None:
    pages = [["The Journal of Pacts", f"Page {n} says something of its own here.", str(n)] for n in range(1, 6)]
    document = read("c.pdf", files.pdf(*pages))
    heads = [block.kind for block in document.blocks if "Journal" in block.span.of(document.text)]
    assert heads == [BlockKind.BOILERPLATE] * 5


def test_html_keeps_a_summary_in_another_language_beside_the_article() -> None:
    told = "两国外长在东京举行会谈，就加强安全合作达成一致，并决定明年春天在莫斯科再次会面。"
    body = "".join(
        f"<p>Paragraph number {n} tells at some length what the ministers of the two countries said in Tokyo.</p>"
        for n in range(8)
    )
    page = (
        "<html><body><nav><a>首页</a> <a>新闻</a></nav><h1>两国外长在东京举行会谈</h1>"
        f"<div><p>{told}</p><p>The latest of our news every morning in your letter box, for readers.</p></div>"
        f"<article lang='en'><h1>Talks in Tokyo held</h1>{body}</article></body></html>"
    )
    found = {text: kind for kind, text in kinds(read("s.html", page.encode()))}
    assert found[told[:30]] == "body"
    assert found["两国外长在东京举行会谈"] == "heading"
    assert found["首页 新闻"] == "boilerplate"
    assert found["The latest of our news every m"] == "boilerplate"


def test_html_marks_boilerplate_and_keeps_every_text() -> None:
    body = "".join(
        f"<p>Paragraph number {n} tells at some length what the ministers of the two countries said in Tokyo.</p>"
        for n in range(8)
    )
    page = (
        "<!doctype html><html lang='en'><head><title>Talks in Tokyo</title><script>var x = 'no text';</script></head><body>"  # noqa: E501
        "<nav><a href='/'>Home</a> <a href='/news'>News</a></nav>"
        f"<article><h1>Talks in Tokyo held</h1>{body}<blockquote lang='ja'><p>信頼を構築するのに役立つ。</p></blockquote>"  # noqa: E501
        "<ul><li>First point</li><li>Second point</li></ul></article>"
        "<div class='comments'><p>I do not agree at all with this.</p></div><footer>Copyright 2013 Example Ltd</footer></body></html>"  # noqa: E501
    )
    document = read("d.html", page.encode())
    found = {text: kind for kind, text in kinds(document)}
    assert found["Home News"] == "boilerplate"
    assert found["Copyright 2013 Example Ltd"] == "boilerplate"
    assert found["I do not agree at all with this"[:30]] == "comment"
    assert found["Talks in Tokyo held"] == "heading"
    assert found["信頼を構築するのに役立つ。"] == "quote"
    assert "no text" not in document.text
    assert sum(kind == "body" for kind, _ in kinds(document)) == 8


ARTICLE = """<html><head><title>Harbour</title></head><body><nav><a href="/">Top</a> <a href="/w">Weather</a></nav>
<article><h1>The harbour of the town</h1><p>Many people walk along the water in the evening, when the ferries come back
from the islands.</p>{}<h2>Light</h2><p>Nobody knows how old the lighthouse is, but the oldest map that shows it was
drawn in 1720.</p></article><footer>Imprint</footer></body></html>"""


@pytest.mark.parametrize(
    "paragraph",
    [
        "<p>The boats leave <{0}>at noon</{0}> from the quay below the church, and no later.</p>",
        "<p>Ask <{0}>at noon</{0}> here.</p>",
    ],
)
@pytest.mark.parametrize(
    "tag",
    sorted(
        words(
            "a abbr b bdi bdo big button cite code data del dfn em font i ins kbd label mark meter nobr output q "
            "progress s samp small span strike strong sub sup time tt u var x-word audio video picture"
        )
    ),
)
def test_a_paragraph_of_an_article_is_main_text_whatever_element_is_in_it(tag: str, paragraph: str) -> None:
    document = read("a.html", ARTICLE.format(paragraph.format(tag)).encode())
    found = {text: kind for kind, text in kinds(document)}
    [kind] = [kind for text, kind in found.items() if text.startswith(("The boats leave", "Ask at"))]
    assert kind == "body"


@pytest.mark.parametrize("readings", [1, 3, 9])
def test_a_paragraph_with_readings_above_its_characters_is_main_text(readings: int) -> None:
    ruby = "<ruby>港<rp>(</rp><rt>みなと</rt><rp>)</rp></ruby>は町の北にある。" * readings
    document = read("a.html", ARTICLE.format(f"<p>{ruby}</p>").encode())
    assert ("body", ("港は町の北にある。" * readings)[:30]) in kinds(document)


def test_a_short_heading_over_main_text_is_a_heading() -> None:
    document = read("a.html", ARTICLE.format("<p>Nothing else is known of it in the whole of the town.</p>").encode())
    assert ("heading", "Light") in kinds(document)
    assert ("boilerplate", "Imprint") in kinds(document)


def test_what_is_main_text_is_asked_once_for_all_pieces() -> None:
    main = "Many people walk along the water in the evening. " * 20_000
    assert sum(in_main(main, [f"Entry {number}" for number in range(50_000)])) == 0
    pieces = {
        "water": True,
        "wine": False,
        "…": True,
        "along the water in the": True,
        "Many people walk {at noon} along the water": True,
        "Many people swim in the water of the lake": False,
    }
    assert in_main(main, list(pieces)) == list(pieces.values())
    pieces = {"会議": True, "議会": False, "会議は来月（三日）の初めに東京で開かれる。": True}
    assert in_main("会議は来月の初めに東京で開かれる。", list(pieces)) == list(pieces.values())


def test_html_charset_of_the_page_itself() -> None:
    page = "<html><head><meta charset='Shift_JIS'></head><body><p>両国の外相は会談した。</p></body></html>"
    assert sentences(read("e.html", page.encode("shift_jis"))) == ["両国の外相は会談した。"]


def test_html_takes_the_lang_attribute_as_evidence() -> None:
    document = read("f.html", "<html><body><p lang='zh-Hant'>概述</p><p lang='zh-Hans'>概述</p></body></html>".encode())
    assert [block.lang for block in document.blocks] == ["zh-Hant", "zh-Hans"]


def test_markdown_leaves_markup_between_pieces() -> None:
    source = (
        '---\ntitle: x\n---\n\n# A *short* title\n\nThe [ministers](http://example.org/a "b c") met in **Tokyo**, '
        "and `code` ran.\nThey agreed.\n\n- one item\n- two items\n\n> quoted words\n\n```\nno text\n```\n\n---\n"
    )
    document = read("g.md", source.encode())
    assert document.text == source
    assert sentences(document) == [
        "x",
        "A short title",
        "The ministers met in Tokyo, and code ran.",
        "They agreed.",
        "one item",
        "two items",
        "quoted words",
    ]
    assert [block.kind.value for block in document.blocks] == [
        "boilerplate", "heading", "boilerplate", "heading", "body", "list", "list", "quote", "boilerplate", "separator",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["h.srt", "h.vtt", "h"])
def test_cues_become_sentences_across_cue_breaks(name: str) -> None:
    source = (
        "1\n00:00:01,000 --> 00:00:03,000\n<i>Japan and Russia held</i>\ntheir first talks\n\n"
        "2\n00:00:03,100 --> 00:00:05,000\nin Tokyo on Saturday. The two\n\n"
        "3\n00:00:05,100 --> 00:00:07,000\nsides agreed.\n\n4\n00:00:08,000 --> 00:00:09,000\n- Really?\n- Yes.\n"
    )
    document = read(name, source.encode())
    assert document.text == source
    assert sentences(document) == [
        "Japan and Russia held their first talks in Tokyo on Saturday.",
        "The two sides agreed.",
        "Really?",
        "Yes.",
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("name", ["a.srt", "a.vtt", "a.md", "a.txt", "a.html", "a.csv"])
def test_a_text_is_the_same_with_the_line_ends_of_any_system(name: str, end: str) -> None:
    cues = "1\n00:00:01,000 --> 00:00:02,000\nHello there, my\nfriend.\n\n2\n00:00:03,000 --> 00:00:04,000\nGood bye.\n"
    source = {
        "a.srt": cues,
        "a.vtt": "WEBVTT\n\n" + cues.replace(",0", ".0"),
        "a.md": "---\ntitle: x\n---\n\n# Hello there, my\n\n- friend.\n\nGood\nbye.\n",
        "a.txt": "Hello there, my\nfriend.\n\nGood bye.\n",
        "a.html": "<p>Hello there, my\nfriend.</p>\n\n<p>Good bye.</p>\n",
        "a.csv": "Hello there\tmy friend\nGood bye\tto you\n",
    }[name]
    document = read(name, source.replace("\n", end).encode())
    assert sentences(document) == sentences(read(name, source.encode()))
    assert len(sentences(document)) >= 2


@pytest.mark.parametrize("cue", ["", "<i> </i>", "{\\an8}"])
def test_subtitles_without_a_spoken_word_are_refused(cue: str) -> None:
    with pytest.raises(ReadError, match=r"^a\.srt: no cue with text found\. .* save it as SRT or WebVTT\.$"):
        read("a.srt", f"1\n00:00:01,000 --> 00:00:02,000\n{cue}\n".encode())


def test_webvtt_heads_and_notes_are_no_speech() -> None:
    source = "WEBVTT - a title\n\nNOTE made by hand\n\nintro\n00:01.000 --> 00:03.000 align:start\n両国の外相は\n会談した。\n"  # noqa: E501
    document = read("i.vtt", source.encode())
    spoken = [b for b in document.blocks if b.kind is BlockKind.BODY]
    assert [sentence_text(source, s.pieces) for b in spoken for s in b.sentences] == ["両国の外相は会談した。"]


@pytest.mark.parametrize(
    ("spoken", "wanted"),
    [
        ("I am <i>very</i> happy to see you.", "I am very happy to see you."),
        ("How<c.loud> are</c> you, my <b>dear</b> <i>friend</i>?", "How are you, my dear friend?"),
        ("  <font color='red'> This is one line. </font> ", "This is one line."),
        ("{\\an8}un<i>believ</i>able, is<00:00:01.500> it not?", "unbelievable, is it not?"),
        ("You &amp; me &lt;3, not <i>&amp;amp;</i>&nbsp;here.", "You & me <3, not &amp; here."),
        ("What &lt;b&gt; means.", "What &lt;b> means."),
        ("<i>Two lines</i>\n<i>of them.</i>", "Two lines of them."),
    ],
)
def test_tags_of_subtitles_leave_the_words_as_they_stand(spoken: str, wanted: str) -> None:
    for name, head, time in (
        ("t.srt", "1\n", "00:00:01,000 --> 00:00:02,000"),
        ("t.vtt", "WEBVTT\n\n", "00:01.000 --> 00:02.000"),
    ):
        assert sentences(read(name, f"{head}{time}\n{spoken}\n".encode())) == [wanted]


def test_tables_are_read_cell_by_cell(files: ModuleType) -> None:
    rows = [("id", "note"), ("Good morning. How are you?", "おはようございます。"), ("'=1+1 is two", 7)]
    wanted = ["id", "note", "Good morning. How are you?", "おはようございます。", "=1+1 is two", "7"]
    assert sentences(read("j.xlsx", files.workbook(*rows))) == wanted
    tsv = "\n".join("\t".join(str(cell) for cell in row) for row in rows)
    assert sentences(read("j.tsv", tsv.encode())) == wanted


def test_a_lone_quote_swallows_no_rows_of_a_table() -> None:
    rows = ["Good day.\tone", '"Hello, he said.\ttwo', "It rains.\tthree"]
    assert sentences(read("q.tsv", "\n".join(rows).encode())) == [cell for row in rows for cell in row.split("\t")]


def test_a_table_with_the_line_ends_of_old_macintoshes_is_read() -> None:
    assert sentences(read("mac.csv", b"a b,c d\re f,g h")) == ["a b", "c d", "e f", "g h"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pdf.txt", "Every PDF begins with the bytes %PDF-1.4 and ends with EOF."),
        ("tmx.md", 'A TMX file begins like this:\n\n    <tmx version="1.4">\n\nThen come its units.'),
        ("xliff.txt", 'A note on XLIFF. Its root is <xliff version="1.2">, and units stand below it.'),
        ("vtt.txt", "WEBVTT is a caption format.\n\nIt has cues with times."),
        ("vtts.txt", "WEBVTTs are captions.\n\n00:01.000 --> 00:03.000\nNot here."),
    ],
)
def test_a_text_on_a_format_is_a_text(name: str, text: str) -> None:
    assert not is_bilingual(name, text.encode())
    document = read(name, text.encode())
    assert document.reader in ("text", "markdown")
    assert any(block.sentences for block in document.blocks)


@pytest.mark.parametrize(
    "head",
    [
        "<tmx version='1.4'>",
        "\ufeff<?xml version='1.0'?>\n<!-- by hand -->\n<!DOCTYPE tmx SYSTEM 'tmx14.dtd'>\n<tmx version='1.4'>",
        "<!DOCTYPE tmx [ <!ELEMENT x (y)> ] >\n<?pi?><xliff\nversion='1.2'>",
        "  <x:xliff version='2.0'>",
    ],
)
def test_units_are_told_by_their_root_whatever_the_name(head: str) -> None:
    for encoding in ("utf-8", "utf-16"):
        assert is_bilingual("a.txt", head.encode(encoding))


def test_a_root_is_looked_for_without_going_back() -> None:
    assert not is_bilingual("a.txt", b"<??>" * 1020 + b"<tm")


def test_content_wins_over_the_suffix(files: ModuleType) -> None:
    assert read("a.txt", files.word()).reader == "docx"
    assert read("a.txt", files.pdf(["Some words on a page."])).reader == "pdf"
    assert read("a.txt", b"<!DOCTYPE html><p>Words</p>").reader == "html"
    assert ".docx" in suffixes()


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("shift_jis", "両国の外相は、この会談は日露の間で信頼を構築するのに役立つと語った。"),
        ("euc_jp", "両国の外相は、この会談は日露の間で信頼を構築するのに役立つと語った。"),
        ("iso2022_jp", "両国の外相は、この会談は日露の間で信頼を構築するのに役立つと語った。"),
        ("gb18030", "两国外长表示，这次会谈有助于在日本和俄罗斯之间建立信任。"),
        ("big5", "兩國外長表示，這次會談有助於在日本和俄羅斯之間建立信任。"),
        ("euc_kr", "양국 외무장관은 이번 회담이 러시아와 일본 사이의 신뢰를 쌓는 데 도움이 된다고 말했다."),
        ("windows-1251", "Министры обеих стран заявили, что переговоры помогают укрепить доверие."),
        ("windows-1252", "Les ministres des deux pays ont déclaré que la réunion était très utile à l’été."),
        ("windows-1250", "Ministrowie obu krajów powiedzieli, że rozmowy pomagają budować zaufanie między nimi."),
        ("utf-16", "The ministers of both countries met."),
        ("utf-16-le", "The ministers of both countries met."),
        ("utf-8-sig", "両国の外相は会談した。"),
    ],
)
def test_encodings_are_found(encoding: str, text: str) -> None:
    assert read("k.txt", text.encode(encoding)).text == text


def test_a_named_encoding_overrides() -> None:
    assert read("k.txt", "été".encode("latin-1"), encoding="latin-1").text == "été"


def test_lang_set_by_hand_holds_for_every_block_with_letters() -> None:
    document = read("l.txt", "概述\n\n----\n\nSTORAGE BACKENDS".encode(), lang="zh-Hant")
    assert [block.lang for block in document.blocks] == ["zh-Hant", "und", "zh-Hant"]


def test_bilingual_files_are_told_by_their_content(files: ModuleType) -> None:
    two = "Good morning.\tおはようございます。\nThank you very much.\tどうもありがとうございます。\n"
    one = "Good morning.\tThank you very much.\nHow are you?\tI am well today.\n"
    assert is_bilingual("a.tsv", two.encode())
    assert not is_bilingual("a.tsv", one.encode())
    assert not is_bilingual("a.txt", two.encode())
    assert is_bilingual("a.csv", "One apple.,リンゴです。".encode())
    assert is_bilingual("a.csv", b"en;de\nHello, there;Hallo, du\nGood night;Gute Nacht\n")
    assert is_bilingual("a.csv", "en,ja\nHi,やあ\n".encode())
    assert is_bilingual("a.tsv", b"src_lang\ttgt_lang\tsrc\ttgt\tstatus\nen\tde\tOne.\tEins.\taccepted\n")
    assert not is_bilingual("a.csv", b"id,no\n1,2\n")
    assert not is_bilingual("a.csv", "A-1,リンゴです。\nB-2,なしです。".encode())
    assert is_bilingual("a.xlsx", files.workbook(("1", "We met in the house.", "Wir trafen uns in dem Haus.")))
    assert not is_bilingual("a.docx", files.word())
    assert is_bilingual("a.xml", b'<?xml version="1.0"?>\n<tmx version="1.4"><header/></tmx>')
    assert is_bilingual("a.tmx", '<?xml version="1.0"?><tmx version="1.4"/>'.encode("utf-16"))
    assert not is_bilingual("a.xlsx", b"PK\x03\x04 broken")


def test_readings_above_characters_are_left_out() -> None:
    page = "<html><body><p><ruby>漢字<rp>(</rp><rt>かんじ</rt><rp>)</rp></ruby>を読む。</p></body></html>"
    assert sentences(read("a.html", page.encode())) == ["漢字を読む。"]


@pytest.mark.parametrize("depth", [300, 450, 3000])
def test_nothing_of_a_deep_page_is_lost(depth: int) -> None:
    page = f"<p>Before it.</p>{'<div>' * depth}<p>Deep inside.</p>{'</div>' * depth}<p>After it all.</p>"
    assert sentences(read("d.html", f"<html><body>{page}</body></html>".encode())) == [
        "Before it.",
        "Deep inside.",
        "After it all.",
    ]


def test_what_a_document_type_declares_is_no_text() -> None:
    page = '<!DOCTYPE html [\n<!ENTITY nbsp "&#160;">\n]>\n<html><body><p>Hello [there] to you.</p></body></html>'
    assert sentences(read("d.xhtml", page.encode())) == ["Hello [there] to you."]
