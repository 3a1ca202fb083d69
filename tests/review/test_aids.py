"""Reading aids and drawing: pure functions, by example and by law."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from align.highlight import OtherLinks, Surroundings, correspondences, text_diff
from align.highlight.names import consonant_key, is_same_word
from align.report.pace import sample, wilson
from align.review.aligned_rows import Wire, draw, wire_columns

TEXT = st.text(
    alphabet="第二百三十年月日億万円0123456789,.２０ 令和元民國 Putinプーチン大統領S-400 会議會議のを「」May ",
    max_size=50,
)


def marked(src: str, tgt: str, src_lang: str, tgt_lang: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The marked words and their roles, for both sides."""
    found = correspondences(src, tgt, src_lang, tgt_lang)
    return [(src[m.start : m.end], m.role) for m in found[0]], [(tgt[m.start : m.end], m.role) for m in found[1]]


def test_dates_names_and_codes_of_japanese_and_english_meet() -> None:
    left, right = marked(
        "プーチン大統領は2019年10月にSu-35とS-400を購入し、51億ドルを払った。",
        "In October 2019 President Putin bought Su-35 jets and S-300 for $5.1 billion.",
        "ja",
        "en",
    )
    assert ("プーチン", "name") in left
    assert ("Putin", "name") in right
    assert {("2019", "number"), ("10", "number"), ("Su-35", "latin"), ("S-400", "lonely")} <= set(left)
    assert {("October", "number"), ("S-300", "lonely"), ("5.1 billion", "number")} <= set(right)


def test_han_words_meet_across_written_forms() -> None:
    left, right = marked("日俄會議強化關係。", "日露会議で関係を強化。", "zh-Hant", "ja")
    assert "".join(word for word, _ in left) == "會議強化關係"
    assert {"会議", "関係", "強化"} <= {word for word, _ in right}


def test_a_number_without_a_partner_stands_out() -> None:
    left, right = marked("会議は22回目である。", "The meeting is the 23rd.", "ja", "en")
    assert ("22", "lonely") in left
    assert ("23", "lonely") in right


@pytest.mark.parametrize(
    ("src", "tgt"),
    [("12 Mrd. Euro", "120億ユーロ"), ("康熙30年", "in 1691"), ("5 миллионов", "5 million"), ("5만", "50,000")],
)
def test_a_number_that_is_a_reason_for_a_link_is_not_shown_as_lonely(src: str, tgt: str) -> None:
    for marks in correspondences(src, tgt):
        assert "number" in {mark.role for mark in marks}
        assert "lonely" not in {mark.role for mark in marks}


def test_a_name_without_a_partner_stands_out() -> None:
    left, right = marked("ラブロフ外相が述べた。", "Minister Shoigu said so.", "ja", "en")
    assert ("ラブロフ", "lonely") in left
    assert ("Shoigu", "lonely") in right


def test_words_of_two_latin_languages_meet() -> None:
    left, right = marked("Die Expedition erreichte Zermatt.", "The expedition reached Zermatt.", "de", "en")
    assert ("Expedition", "word") in left
    assert ("Zermatt", "word") in right


@pytest.mark.parametrize(
    ("kana", "latin"),
    [
        ("プーチン", "Putin"),
        ("ペスコフ", "Peskov"),
        ("ドミトリー", "Dmitry"),
        ("ロシア", "Russia"),
        ("クレムリン", "Kremlin"),
    ],
)
def test_katakana_has_the_bones_of_its_word(kana: str, latin: str) -> None:
    assert is_same_word(consonant_key(kana), consonant_key(latin), kana, latin)


@given(TEXT, TEXT, st.sampled_from([("ja", "en"), ("zh-Hant", "ja"), ("de", "en"), ("und", "und")]))
def test_marks_lie_in_their_text_apart_and_in_order(src: str, tgt: str, langs: tuple[str, str]) -> None:
    for text, marks in zip((src, tgt), correspondences(src, tgt, *langs), strict=True):
        at = 0
        for mark in marks:
            assert at <= mark.start < mark.end <= len(text)
            at = mark.end


@given(TEXT)
def test_a_text_beside_itself_has_nothing_lonely(text: str) -> None:
    for marks in correspondences(text, text, "ja", "ja"):
        assert all(mark.role != "lonely" for mark in marks)


@given(TEXT, TEXT)
def test_changes_account_for_every_character(before: str, after: str) -> None:
    removed, added = text_diff(before, after)

    def without(text: str, marks: tuple[tuple[int, int, str], ...]) -> str:
        gone = {at for start, end, _ in marks for at in range(start, end)}
        return "".join(char for at, char in enumerate(text) if at not in gone)

    assert without(before, removed) == without(after, added)


def test_wilson_by_the_book() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(50, 50)[0] == pytest.approx(0.9287, abs=1e-4)
    assert wilson(45, 50) == pytest.approx((0.7864, 0.9565), abs=1e-4)


@given(st.integers(0, 300), st.integers(1, 300))
def test_wilson_holds_the_rate(right: int, judged: int) -> None:
    right = min(right, judged)
    low, high = wilson(right, judged)
    assert 0 <= low <= right / judged <= high <= 1


def test_a_sample_has_no_pair_twice() -> None:
    assert sorted(sample(5, 9, random.Random(1))) == [0, 1, 2, 3, 4]
    assert len(set(sample(1_000_000, 50, random.Random(1)))) == 50


def drawing(wires: list[Wire], height: int, width: int = 7) -> list[str]:
    """The cells as lines."""
    return ["".join(cell.glyph for cell in row) for row in draw(wires, height, width)]


def test_links_are_drawn_straight_bent_and_crossing() -> None:
    assert drawing([Wire((0,), (0,))], 1) == ["───────"]
    assert drawing([Wire((0,), (1,))], 2) == ["───┐   ", "   └───"]
    assert drawing([Wire((0, 1), (0,))], 2) == ["───┬───", "───┘   "]
    assert drawing([Wire((0,), (1,)), Wire((1,), (0,))], 2) == ["──┬┬───", "──┘└───"]
    assert drawing([Wire((0,), (2,)), Wire((2,), (0,))], 3) == ["──┬┬───", "  ││   ", "──┘└───"]


def test_a_link_that_goes_off_the_screen_points_there() -> None:
    assert drawing([Wire((0,), (), off_screen=1)], 1)[0][1] == "↓"
    assert drawing([Wire((), (0,), off_screen=-1)], 1)[0][-2] == "↑"


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=8))
def test_every_link_can_be_followed_from_end_to_end(pairs: list[tuple[int, int]]) -> None:
    one_each = {b: a for a, b in dict(pairs).items()}
    wires = [Wire((a,), (b,)) for b, a in one_each.items()]
    cells = draw(wires, 10, 20)
    columns = wire_columns(wires, 20)
    for number, wire in enumerate(wires):
        assert cells[wire.left[0]][0].glyph == "─"
        assert cells[wire.right[0]][-1].glyph == "─"
        if not wire.straight:
            low, high = wire.rows
            assert all(cells[row][columns[number]].glyph in "│┼├┤┬┴┌┐└┘" for row in range(low, high + 1))


@pytest.mark.parametrize(
    ("han", "other", "lang", "pairs"),
    [
        ("俄羅斯總統普京表示", "Russian President Putin said", "en", {"俄羅斯": "Russian", "普京": "Putin"}),
        ("俄罗斯总统普京表示", "ロシアのプーチン大統領は", "ja", {"俄罗斯": "ロシア", "普京": "プーチン"}),
        ("拉夫罗夫外长与克里会谈", "Lavrov met Kerry", "en", {"拉夫罗夫": "Lavrov"}),
        ("拉夫羅夫外長", "ラブロフ外相", "ja", {"拉夫羅夫": "ラブロフ"}),
        ("奥巴马和特朗普", "Obama and Trump", "en", {"奥巴马": "Obama", "特朗普": "Trump"}),
        ("索马里海盗", "Pirates off Somalia", "en", {"索马里": "Somalia"}),
        ("莫斯科", "モスクワ", "ja", {"莫斯科": "モスクワ"}),
        ("两国同意明年再次会谈", "Both sides agreed to meet again next Year", "en", {}),
        ("加强安全保障合作", "Minister Peters Said This Already Yesterday", "en", {}),
    ],
)
def test_names_between_han_and_other_scripts(han: str, other: str, lang: str, pairs: dict[str, str]) -> None:
    for texts, langs, turned in (((han, other), ("zh-Hans", lang), False), ((other, han), (lang, "zh-Hans"), True)):
        found = correspondences(*texts, *langs)
        here, there = (
            {text[m.start : m.end] for m in marks if m.role == "name"} for text, marks in zip(texts, found, strict=True)
        )
        if turned:
            here, there = there, here
        assert here == set(pairs)
        assert there == set(pairs.values())


def test_a_row_of_sounds_is_no_name_by_chance() -> None:
    from align.highlight.names import same_name

    assert same_name("克林顿", "Clinton")
    assert same_name("爱因斯坦", "Einstein")
    assert not same_name("克林顿", "Kremlin")
    assert not same_name("马里", "Merkel")
    assert not same_name("巴马", "Obama"), "it begins with a vowel"


@pytest.mark.parametrize(
    ("kana", "latin", "same"),
    [
        ("ミサイル", "missile", True),
        ("システム", "system", True),
        ("バランス", "balance", True),
        ("アプローチ", "approach", True),
        ("サイバーセキュリティ", "cybersecurity", True),
        ("ニュース", "between", False),
        ("プーチン", "between", False),
        ("シベリア", "supreme", False),
        ("ロシア", "worries", False),
        ("プーチン", "Putin", True),
        ("ワシントン", "Washington", True),
    ],
)
def test_a_borrowed_word_is_told_from_one_with_the_same_consonants(kana: str, latin: str, same: bool) -> None:
    from align.highlight.names import consonant_key, is_same_word

    assert is_same_word(consonant_key(kana), consonant_key(latin), kana, latin) is same


@pytest.mark.parametrize(
    ("src", "tgt", "langs"),
    [
        ("Am 3. Juli waren sie dort.", "Ils y étaient le 3 juillet.", ("de", "fr")),
        (
            "Затем Кромвель вернулся в Мехико в понедельник.",
            "Then Oliver Cromwell left for Mexico on Monday.",
            ("ru", "en"),
        ),
        ("Um 15.30 Uhr begann es.", "Cela commença à 15 h. 30.", ("de", "fr")),
        ("В 15:00 он ушёл.", "He left at 3 p.m. sharp.", ("ru", "en")),
        ("徳川家康が勝った。", "Ieyasu TOKUGAWA won on JR land.", ("ja", "en")),
        ("超過 2040 萬人次觀看。", "More than 20.4 million watched.", ("zh-Hant", "en")),
        ("気温は摂氏27度だった。", "It was 80 °F.", ("ja", "en")),
        ("It was 27 °C outside.", "Es waren 80 Grad Fahrenheit.", ("en", "de")),
        ("A 200-pound man, 6 feet tall", "体重91公斤、身高183厘米的男人", ("en", "zh-Hans")),
        ("時速100キロで走る。", "It runs at 62 mph.", ("ja", "en")),
        ("面積は100平方キロメートル", "an area of 39 square miles", ("ja", "en")),
        ("for 14 days", "две недели, то есть 2 недели", ("en", "ru")),
        ("24 months later", "2年間の後", ("en", "ja")),
        (
            "Noch kein Achttausender ist es, 36 m fehlen.",
            "Il n'atteint pas les 8000, à trente-six mètres près.",
            ("de", "fr"),
        ),
        ("at least forty-five years, three hundred million", "negyvenöt éve, háromszázmillió", ("en", "hu")),
        ("Il y a 93 ans.", "Vor dreiundneunzig Jahren.", ("fr", "de")),
        ("Article 16", "סעיף טז.", ("en", "he")),
        ("九鬼隆常（寛永10年3月5日藩主就任）", "became the lord on March 5, 1633", ("ja", "en")),
        ("天智7年1月3日（668年2月20日）即位", "enthroned on February 20, 668", ("ja", "en")),
        ("2003.6.27 死去", "died on June 27, 2003", ("ja", "en")),
        ("1952 und 1953 dort", "1952/53 là", ("de", "fr")),
        ("Berge der Welt, S. 161-177", "Berge der Welt", ("de", "fr")),
        ("似乎在一九六几年，走了十七八步", "in the sixties, a dozen steps", ("zh", "en")),
        ("超過 2000 萬人收看", "More than 20 million watched", ("zh-Hant", "en")),
    ],
)
def test_right_links_raise_no_alarm(src: str, tgt: str, langs: tuple[str, str]) -> None:
    assert [mark for side in correspondences(src, tgt, *langs) for mark in side if mark.role == "lonely"] == []


def test_a_changed_number_is_marked_on_both_sides() -> None:
    sides = correspondences("Article 9", "Artikel 1", "en", "de")
    assert [[mark.role for mark in side if mark.role == "lonely"] for side in sides] == [["lonely"], ["lonely"]]


@pytest.mark.parametrize(
    ("src", "tgt", "langs"),
    [
        ("It was 27 °C outside.", "Es waren 95 °F.", ("en", "de")),
        ("100 km", "105 km", ("en", "de")),
        ("50 miles", "60 km", ("en", "fr")),
        ("15 days", "2週間", ("en", "ja")),
        ("3 T-shirts", "3000 kg shirts", ("en", "de")),
        ("將錄得 2 至 4 英吋的降雨量", "to 4 inches of rainfall", ("zh-Hant", "en")),
        ("在六月，委員會發布", "In , the Commission published", ("zh-Hant", "en")),
        ("At 3pm there were two", "Um 14 Uhr waren es zwei", ("en", "de")),
        ("المادة", "Article 13", ("ar", "en")),
        ("Kubernetes 1.3", "Kubernetes, 1 von allen diesen 3", ("en", "de")),
        ("三十六人の歌人がいた", "one of the poets", ("ja", "en")),
        ("100 kilograms", "100 miles and 220 feet", ("en", "en-GB")),
    ],
)
def test_other_quantities_are_marked(src: str, tgt: str, langs: tuple[str, str]) -> None:
    roles = [mark.role for side in correspondences(src, tgt, *langs) for mark in side]
    assert "lonely" in roles


def test_a_number_and_its_converted_one_are_marked_as_the_same() -> None:
    left, right = marked("5キロ先にある。", "It is three miles away.", "ja", "en")
    assert (left, right) == ([("5", "number")], [("three", "number")])


NAMES = [
    (f"Dann kam Petersen mit {name} aus Rom.", f"Puis Petersen vint de Rome avec {name}, le Grand.")
    for name in ("Kato", "Hartog", "Roiss", "Moravec")
] * 6


def lonely(src: str, tgt: str, around: Surroundings) -> list[str]:
    sides = correspondences(src, tgt, "de", "fr", around)
    return [
        text[m.start : m.end]
        for text, marks in zip((src, tgt), sides, strict=True)
        for m in marks
        if m.role == "lonely"
    ]


def test_a_name_that_corresponds_in_other_links_is_missed_where_it_does_not() -> None:
    others = OtherLinks(NAMES, ("de", "fr"))
    around = Surroundings(others=lambda: others, link=0)
    assert lonely("Dann kam Petersen mit Kato.", "Puis Petersen vint.", around) == ["Kato"]
    assert lonely("Dann kam Petersen.", "Puis Petersen vint avec Kato, le Grand.", around) == ["Kato"]
    assert lonely("Dann kam Petersen mit Roiss.", "Puis Petersen vint avec Kato.", around) == ["Roiss", "Kato"]
    assert lonely("Dann kam der Wagen.", "Puis vint le Grand.", around) == []  # never has a counterpart
    assert lonely("Dann kam Petersen mit Kato.", "Puis Petersen vint.", Surroundings()) == []  # nothing is known


def test_names_that_are_translated_correspond_by_the_other_links() -> None:
    pairs = [(f"He saw Big Brother at {n}.", f"Meglátta, hogy Nagy Testvér ott van {n}-kor.") for n in range(20, 50)]
    others = OtherLinks(pairs, ("en", "hu"))
    around = Surroundings(others=lambda: others, link=0)
    for src, tgt, missed in (
        ("But Big Brother was there.", "De ott volt Nagy Testvér.", []),
        ("But Big Brother was there.", "De ott volt.", ["Brother"]),
    ):
        marks = correspondences(src, tgt, "en", "hu", around)[0]
        assert [src[m.start : m.end] for m in marks if m.role == "lonely"][-1:] == missed


def test_what_two_documents_often_differ_in_is_not_shown() -> None:
    rare = [(f"Der Berg hat {n} m.", f"La montagne a {n} m.") for n in range(1000, 1060)]
    often = [*rare, *[(f"Der Berg hat {n} m.", "La montagne est haute.") for n in range(2000, 2020)]]
    for pairs, shown in ((rare, ["7000"]), (often, [])):
        others = OtherLinks(pairs, ("de", "fr"), ids=range(500, 500 + len(pairs)))
        around = Surroundings(others=lambda others=others: others, link=500)  # type: ignore[misc]
        assert lonely("Hier sind 7000 Lasten.", "Voici les charges.", around) == shown
