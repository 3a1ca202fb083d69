"""Sentence boundaries that each rule is there for."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from align.text.sentences import split


@pytest.mark.parametrize(
    ("lang", "marked"),
    [
        ("ja", "会談した。|合意した。"),
        ("ja", "「4島はロシア領だ。認めねば交渉は始まらない」というのが立場だ。|進行している。"),
        ("ja", "「これは第一歩だ。」|次の文。"),
        ("ja", "「これは第一歩だ。」と彼は語った。|次の文。"),
        ("ja", "彼は次のように述べた。「これは第一歩である。」|次の文。"),
        ("ja", "『お〜い!竜馬』（武田作）を読む。|次。"),
        ("ja", "本当？|いいえ！|そうです。"),
        ("ja", "中国を牽制(けんせい。抑える)する狙い。|次。"),
        ("ja", "M.K.バドラクマール著の本。|次。"),
        ("ja", "価格は3.14ドル、Python 3.5.2です。|次。"),
        ("ja", "組版の要件を記述したものです．|この文書は，JISに基づく．"),
        ("zh", "他說：「我來了。」|然後他走了。"),
        ("zh", "“我来了。”|他走了。"),
        ("zh", "日俄舉行22會議。|到時候真能派上用場?|中國的戰略目標。"),
        ("zh", "“有鲨鱼！”他说。|男孩得救了。"),
        ("zh", "大家都来了……他没有来。"),
        ("en", "Mr. Smith met Dr. Jones at 5 p.m. on Oct. 5.|They agreed."),
        ("en", "It fell to 3.5 percent in the U.S.|The rest grew."),
        ("en", "It rained in the U.S. Desert Southwest.|It stopped."),
        ("en", "He was born on St. John's Road, No. 5, e.g. near the station.|It burned."),
        ("en", '"We believe this."|It was so.'),
        ("en", '"There is a shark!" Hammel added.|The boy was flown out.'),
        ("en", "See http://example.org/a.b.c?d=e.f for it.|Then go."),
        ("en", "J. R. R. Tolkien wrote it.|He did."),
        ("en", "Wait... what?|Nothing."),
        ("en", "1. First do this.|2. Then do that.|3. Then stop."),
        ("de", "Am 3. Mai kamen sie z. B. nach Bern.|Dr. Meier blieb, d. h. er schlief."),
        ("de", "Sie kamen am 2. Juli, am 3. Juli und am 4. Juli an.|Dann gingen sie."),
        ("fr", "M. Dupont a dit : « Oui. » |Puis il est parti à 20 h. 30.".replace(" |", "|")),
        ("ru", "Это было в 1990 г. в Москве, т. е. давно.|«Мы были там», — сказал он."),
        ("el", "Τι είναι αυτό;|Δεν ξέρω."),
        ("es", "¿Qué es esto?|¡No lo sé!|El Sr. García tampoco."),
        ("ar", "ما هذا؟|لا أعرف."),
        ("hi", "यह क्या है।|मुझे नहीं पता।"),
        ("ko", "그는 말했다.|“동상을 없애자.”|다음 문장이다."),
        ("und", "One.|Two!|三。"),
        ("de", "»Wer ist da?«, rief sie.|Niemand kam.|»Ich habe einen Hund!«|Das stimmte nicht.|»Er beißt!«"),
        ("de", "»Warum?« fragte er.|»Er sagte: ›Komm!‹«|Er las »Faust. Der Tragödie erster Teil« und schlief.|Gut."),
        ("de", "Die « I.H.E. 1934 » stieg auf.|»… und dann?«|Er ging.|»Ja ...«|Sie schwieg."),
        ("sv", "”Vem är det?” ropade hon.|Ingen kom.|”Jag har en hund!”|Det var inte sant.|”Den biter!”"),
        ("fr", "« Oui ! » dit-il.|Elle dit « non ».|« Ça va ? »|Fin."),
        ("ru", "«Здесь акула!“»|Подплыв к нему, он заметил, что «у него была рана».|Конец."),
        ("zh", "那男孩道：“呸，你不会。 ”|韦小宝道：“谁说？”"),
        ("ru", "— Да! — сказал он.|— Что это?|— Дом.|Он ушёл."),
        ("es", "—¡Sí! —dijo él.|—No.|Se fue."),
    ],
)
def test_boundaries(lang: str, marked: str) -> None:
    pieces = marked.split("|")
    text = pieces[0]
    for before, piece in pairwise(pieces):
        text += ("" if ord(before[-1]) > 0x2FFF or (ord(piece[0]) > 0x2FFF and lang == "zh") else " ") + piece
    assert [span.of(text) for span in split(text, lang)] == pieces


def test_blank_and_stopless_texts() -> None:
    assert split("", "en") == []
    assert split(" \n\u3000", "ja") == []
    assert [tuple(span) for span in split("  no stop at all ", "en")] == [(2, 16)]


THAI = (
    "รัฐมนตรีว่าการกระทรวงการต่างประเทศของญี่ปุ่นและรัสเซียพบกันที่กรุงโตเกียวเมื่อวันเสาร์ที่ผ่านมา",
    "การประชุมครั้งนี้เป็นครั้งแรกในประวัติศาสตร์ของทั้งสองประเทศ และจัดขึ้นที่กรุงโตเกียว",
    "ทั้งสองฝ่ายตกลงที่จะร่วมมือกันต่อต้านการก่อการร้าย (ตามที่ได้ประกาศไว้ เมื่อเดือนเมษายนที่ผ่านมา) และโจรสลัด",
)


def test_thai_sentences_end_at_spaces_but_not_at_every_one() -> None:
    """A list, a bracket and a clause that goes on stay in their sentence; a polite particle ends a short one."""
    text = " ".join(THAI)
    assert [span.of(text) for span in split(text, "th")] == list(THAI)
    spoken = "สวัสดีครับ วันนี้อากาศดีมากเลยครับ เราไปเดินเล่นที่สวนสาธารณะกันไหมครับ"
    assert [span.of(spoken) for span in split(spoken, "th")] == [
        "สวัสดีครับ วันนี้อากาศดีมากเลยครับ",
        "เราไปเดินเล่นที่สวนสาธารณะกันไหมครับ",
    ]
    unbroken = "ก" * 900
    assert [span.of(unbroken) for span in split(unbroken, "th")] == [unbroken]


def test_a_list_of_works_without_line_breaks_is_cut_at_its_titles() -> None:
    works = [
        "『正法眼蔵』（石井恭二訳、河出文庫、2004年）",
        "『永平広録』（河出書房新社、2005年）",
        "『新選組!』（2004年）",
    ]
    assert [span.of("".join(works)) for span in split("".join(works), "ja")] == works
    inside = "代表作に" + "".join(works) + "などがある。"
    assert len(split(inside, "ja")) == 1
    chinese = ["《故乡》（1921年）", "《祝福》（1924年）", "《伤逝》（1925年）"]
    assert [span.of("".join(chinese)) for span in split("".join(chinese), "zh")] == chinese


STYLES = ["„“", "„”", "»«", "«»", "””", "»»", "“”", '""', "›‹", "‚‘", "’’", "‘’"]
"""What opens and what closes speech: German, Polish, Danish, Russian, Swedish, Finnish, English, and inside speech."""


@given(
    style=st.sampled_from(STYLES),
    spoken=st.lists(
        st.tuples(st.booleans(), st.sampled_from(["Gut.", "Komm mit!", "Warum?", "Ich bin es. Mach auf!"]))
    ),
)
def test_speech_is_cut_alike_in_whatever_marks_it_is_written(style: str, spoken: list[tuple[bool, str]]) -> None:
    opens, closes = style
    sentences = []
    for speech, words in spoken:
        sentences += f"{opens}{words}{closes}".replace(". ", ".|").split("|") if speech else words.split(". ")[-1:]
    assert [span.of(text) for text in [" ".join(sentences)] for span in split(text, "de")] == sentences
