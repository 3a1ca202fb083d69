"""What a corpus builder leaves out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from align.bulk.worker import Filters, link_key, removed_by
from align.models import Link, LinkKind, LinkSide, Status
from align.text.normalize import letters_and_digits, weighted_length


def link(src: str, tgt: str, *, src_lang: str = "en", tgt_lang: str = "de", confidence: float = 0.9) -> Link:
    sides = [LinkSide(n, "d", lang, (), text, ()) for n, lang, text in ((1, src_lang, src), (2, tgt_lang, tgt))]
    return Link(1, sides[0], sides[1], LinkKind.TRANSLATION, 0.1, confidence, Status.PROPOSED, "use")


def tell(text: str) -> str:
    return "und" if "?" in text else text.split()[0]


LONG = "en words enough to tell a language by"


def test_each_filter_says_that_it_was_the_one() -> None:
    fine = link(LONG, "de Wörter genug um eine Sprache zu erkennen")
    everything = Filters(0.5, 2.0, True)
    assert removed_by(fine, everything, tell) is None
    assert removed_by(link(LONG, "de kurz, kürzer, am", confidence=0.4), everything, tell) == "confidence"
    assert removed_by(link(LONG, "de kurz"), everything, tell) == "length"
    assert removed_by(link(LONG, LONG), everything, tell) == "language"
    assert removed_by(link(LONG, LONG), Filters(), tell) is None
    assert removed_by(link("en", "Ja"), everything, tell) is None, "short texts tell nothing"
    assert removed_by(link(LONG, "? Wörter genug um eine Sprache"), everything, tell) is None, "unknown is not wrong"
    assert removed_by(fine, Filters(kinds=frozenset({LinkKind.TITLE})), tell) == "kind"


def test_scripts_are_weighed() -> None:
    assert weighted_length("日本語です", "ja") == pytest.approx(11)
    both = link("The Japanese language is spoken here.", "ここでは日本語が話されている。", tgt_lang="ja")
    assert removed_by(both, Filters(length_ratio=1.5), tell) is None


def test_near_duplicates_forget_what_says_nothing() -> None:
    one, other = link("It cost 5 Euro.", "Es kostete 5 Euro."), link("IT cost 17 euro", "Es  kostete: 17 EURO!")
    assert link_key(one, "near") == link_key(other, "near")
    assert link_key(one, "exact") != link_key(other, "exact")
    assert link_key(link("5", "5"), "near") != link_key(link("6", "6"), "near"), "numbers alone are what they are"


def test_numbers_tell_sentences_apart() -> None:
    same = ["The fine is 50 euros.", "the FINE is 50 euros!", "The fine: is ５０ euros"]
    assert len({letters_and_digits(text) for text in same}) == 1
    apart = ["It is 15 m.", "It is 1.5 m.", "It is 1, 5 m.", "It is 16 m.", "It is m."]
    assert len({letters_and_digits(text) for text in apart}) == len(apart)
    assert letters_and_digits("!?") == "!?"


@given(st.text(), st.text())
def test_keys_fit_the_ledger_and_sides_are_kept_apart(a: str, b: str) -> None:
    key = link_key(link(a, b), "near")
    assert 0 <= key < 2**63
    assert letters_and_digits(letters_and_digits(a)) == letters_and_digits(a) or not letters_and_digits(a).isalpha()


@pytest.mark.parametrize("wrong", [{"min_confidence": 2}, {"length_ratio": 0.5}, {"dedupe": "some"}])
def test_filters_refuse_nonsense(wrong: dict) -> None:
    with pytest.raises(ValueError, match="is "):
        Filters(**wrong)
