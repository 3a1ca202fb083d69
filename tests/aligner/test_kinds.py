"""What kind a link is: a complete translation is one whatever its length, a summary says less."""

from __future__ import annotations

import pytest

from align.aligner import align_pages
from align.embeddings import load_encoder
from align.embeddings.embed import TextSide, embed_sides
from align.models import LinkKind

TALK = [
    ("こんにちは、デニスさん。", "Oh, hi Dennis."),
    ("わかりました。", "I see."),
    ("会議は何時からですか。", "What time does the meeting start?"),
    ("三時です。", "It starts at three o'clock."),
    ("できると思います。", "I think so."),
    ("では、書類を持ってきてください。", "Then please bring the documents with you."),
    ("ありがとうございます。", "Thank you."),
    ("また明日お会いしましょう。", "See you tomorrow."),
]
STORY = (
    ["那天下着雨，祖母坐在窗边缝衣服。", "她什么也没说。", "孩子们在院子里等着父亲回来。"],
    ["It was raining that day.", "Grandmother sat by the window and sewed.", "She said nothing.",
     "The children waited in the yard for their father to come home."],
)  # fmt: skip
COMPLETE = {LinkKind.TRANSLATION, LinkKind.TITLE}


def kinds(src: list[str], tgt: list[str], src_lang: str, tgt_lang: str) -> dict[tuple[int, ...], LinkKind]:
    sides = embed_sides(load_encoder("use"), [TextSide(tuple(src), src_lang), TextSide(tuple(tgt), tgt_lang)])
    return {tuple(bead.src): bead.kind for bead in align_pages(*sides)}


@pytest.mark.parametrize("count", [2, 3, 5, 8])
def test_short_turns_of_a_talk_are_translations(count: int) -> None:
    src, tgt = ([pair[side] for pair in TALK[:count]] for side in (0, 1))
    found = kinds(src, tgt, "ja", "en")
    assert len(found) >= count - 1
    assert set(found.values()) <= COMPLETE


def test_a_sentence_that_became_two_is_no_summary() -> None:
    found = kinds(*STORY, "zh", "en")
    assert len(found) == 3
    assert set(found.values()) == {LinkKind.TRANSLATION}


def test_a_link_that_leaves_out_most_of_a_long_text_is_partial() -> None:
    rest = " und dann noch vieles mehr, das der englische Satz mit keinem einzigen Wort erwähnt" * 4
    src = ["Das Kabinett tagte am Montagmorgen.", "Lehrer im ganzen Land begrüßten den neuen Plan" + rest + "."]
    src += ["Kritiker sagten, das Geld komme zu spät.", "Das Parlament stimmt im März ab."]
    tgt = ["The cabinet met on Monday morning.", "Teachers all over the country welcomed the new plan."]
    tgt += ["Critics said that the money would come too late.", "Parliament will vote in March."]
    found = kinds(src, tgt, "de", "en")
    assert found[0,] == LinkKind.TRANSLATION
    assert found.get((1,)) in (None, LinkKind.PARTIAL)
