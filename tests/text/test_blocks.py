"""Blocks of plain text: what each kind of line becomes, on the seed pages and on what they stand for."""

from __future__ import annotations

import json
from pathlib import Path

from align.models import BlockKind, Document
from align.readers import read
from align.text.normalize import clean, join, sentence_text
from align.text.segment import segment


def sentences(text: str) -> list[str]:
    return [sentence_text(text, s.pieces) for block in segment(text) for s in block.sentences]


def kinds(text: str) -> list[tuple[str, str]]:
    return [(block.kind.value, block.span.of(text)) for block in segment(text)]


def test_headline_source_date_and_address_on_one_line() -> None:
    line = "狙いは中国けん制 政府、南西諸島防衛にらみ產經新聞(2013.11.02http://sankei.jp.msn.com/world/n1.htm"
    assert kinds(line + "\n 政府がロシアとの間で協議した。") == [
        ("heading", "狙いは中国けん制 政府、南西諸島防衛にらみ"),
        ("boilerplate", "產經新聞(2013.11.02http://sankei.jp.msn.com/world/n1.htm"),
        ("body", "政府がロシアとの間で協議した。"),
    ]


def test_image_names_are_not_text() -> None:
    text = "JR2+2 2.jpgロシア側は提案した。\nRussiaPutin.jpgRussiaFlag.jpg11月2日に開催される。\n図 a.pngを見る。"
    assert sentences(text) == ["ロシア側は提案した。", "11月2日に開催される。", "図を見る。"]


def test_hard_wrapped_lines_are_joined() -> None:
    text = (
        "The foreign ministers of both countries said that the talks help to\n"
        "build trust between Japan and Russia. They have never signed a peace\n"
        "treaty.\n\n"
        "The two sides agreed to meet again in the spring of the next year in\n"
        "Moscow.\n"
    )
    assert sentences(text) == [
        "The foreign ministers of both countries said that the talks help to build trust between Japan and Russia.",
        "They have never signed a peace treaty.",
        "The two sides agreed to meet again in the spring of the next year in Moscow.",
    ]


def test_hard_wrapped_japanese_is_joined_without_spaces() -> None:
    text = "両国の防衛相と外相は、千島列島をめぐる紛争を解決し、平和条約を締\n結することに非常に強い意欲を示したと、安倍晋三首相は土曜日に東京\nで語った。次の会談は来年だ。\n"  # noqa: E501
    assert sentences(text) == [
        "両国の防衛相と外相は、千島列島をめぐる紛争を解決し、平和条約を締結することに非常に強い意欲を示したと、安倍晋三首相は土曜日に東京で語った。",
        "次の会談は来年だ。",
    ]


def test_halves_with_blank_lines_between(seeds: Path) -> None:
    document = read("x", (seeds / "004_8345e166239dbf0a.txt").read_bytes())
    found = [sentence_text(document.text, s.pieces) for b in document.blocks for s in b.sentences]
    assert 'On November 2, Japan and Russia held its first “two-plus-two strategic talks" in Tokyo.' in found
    assert "VOA said that compared with China, Russia has less wariness to Japan." in found
    assert "Japan-Russia 2-Plus-Two Meeting Aims At China" in found
    assert 'This result is unexpected, it is even beyond China’s imagination."' in found


def test_lists_notes_separators_and_quotes() -> None:
    text = "議論となった点\n●日本側は説明した。\n●ロシア側は表明した\n//////////\n(訳注：原文のまま)\n> quoted words here\n"  # noqa: E501
    assert kinds(text)[1:] == [
        ("list", "●日本側は説明した。"),
        ("list", "●ロシア側は表明した"),
        ("separator", "//////////"),
        ("comment", "(訳注：原文のまま)"),
        ("quote", "> quoted words here"),
    ]
    assert sentences(text)[1:] == [
        "日本側は説明した。",
        "ロシア側は表明した",
        "(訳注：原文のまま)",
        "quoted words here",
    ]


def test_comments_below_a_page() -> None:
    text = "本文です。ここまで。\n\n2 則留言:\n\n  1. 看來愛死了俄羅斯是有道理的。\n\n在野的戰略思考。"
    assert [kind for kind, _ in kinds(text)] == ["body", "boilerplate", "comment", "comment"]
    assert sentences(text)[-2:] == ["看來愛死了俄羅斯是有道理的。", "在野的戰略思考。"]


def test_addresses_and_dates_alone_are_boilerplate() -> None:
    assert [kind for kind, _ in kinds("2013-11-03\n\nhttp://a.example/b\n\nWords that say something here.")] == [
        "boilerplate",
        "boilerplate",
        "body",
    ]


def test_every_quotation_of_our_gold_is_covered_by_whole_sentences(seeds: Path) -> None:
    """Links can only be right where sentences end where the gold's do: at least 0.6 of the characters, mostly all."""
    documents: dict[str, Document] = {}
    shares = []
    for link in json.loads((seeds / "links.json").read_text(encoding="utf-8")):
        for side in ("src", "tgt"):
            name = link[f"{side}_file"]
            document = documents.setdefault(name, read(name, (seeds / name).read_bytes()))
            wanted: set[int] = set()
            for quote in link[side]:
                at = document.text.index(quote)
                wanted |= {i for i in range(at, at + len(quote)) if not document.text[i].isspace()}
            covered: set[int] = set()
            for block in document.blocks:
                assert block.kind is not BlockKind.BOILERPLATE or not wanted & set(range(*block.span))
                for sentence in block.sentences:
                    own = {i for piece in sentence.pieces for i in range(*piece) if not document.text[i].isspace()}
                    if 2 * len(own & wanted) >= len(own):
                        covered |= own
            shares.append(len(covered & wanted) / len(covered | wanted))
    assert min(shares) >= 0.6
    assert sum(share == 1.0 for share in shares) >= 0.9 * len(shares)


def test_clean_text() -> None:
    assert clean("The \ufb01rst a\ufb00air") == "The first affair"
    assert clean("⽇本の⻘い空") == "日本の青い空"
    assert clean("日本\n語  の\r\n\r\n文\u200b。") == "日本語 の文。"
    assert clean("two\n words\u00a0here \u202eand\tthere ") == "two words here and there"
    assert clean("ab\u200dc") == "ab\u200dc"
    assert join(["One.", "Two."], "en") == "One. Two."
    assert join(["一。", "二。"], "zh-Hant") == "一。二。"
    assert join(["Python", "Software"], "ja") == "Python Software"
