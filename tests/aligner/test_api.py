"""`align_texts`, for those who script: with an encoder of one's own."""

from __future__ import annotations

import numpy as np
import pytest

from align.api import align_texts
from align.errors import UsageError

MEANING = {
    "今日は雨だ。": 0,
    "傘がない。": 1,
    "It rains today.": 0,
    "I have no umbrella.": 1,
    "It rains; no umbrella.": 2,
}


class Made:
    """Vectors by what a sentence means; 2 says both."""

    name, dimensions, languages, digest = "made", 8, None, "made"

    def encode(self, texts, progress=None):
        each = np.eye(8, dtype=np.float32)
        table = np.stack([each[0], each[1], (each[0] + each[1]) / np.float32(2**0.5)])
        return table[[MEANING[text] for text in texts]]


def test_sentences_in_beads_out_and_japanese_is_joined_without_a_space():
    found = align_texts(
        ["今日は雨だ。", "傘がない。"], ["It rains; no umbrella."], src_lang="ja", tgt_lang="en", encoder=Made()
    )
    assert [(list(b.src), list(b.tgt)) for b in found.beads] == [([0, 1], [0])]
    assert found.pairs()[0][:2] == ("今日は雨だ。傘がない。", "It rains; no umbrella.")
    assert 0 <= found.pairs()[0][2] <= 1


def test_anchors_are_kept_and_pages_leave_out_what_nothing_says():
    src, tgt = ["今日は雨だ。", "傘がない。"], ["It rains today.", "I have no umbrella."]
    anchor = (range(1), range(1, 2))
    found = align_texts(src, tgt, src_lang="ja", tgt_lang="en", encoder=Made(), anchors=[anchor])
    assert anchor in {(b.src, b.tgt) for b in found.beads}
    assert found.src == tuple(src)


def test_a_text_tells_its_language():
    found = align_texts("今日は雨だ。傘がない。", "It rains; no umbrella.", tgt_lang="en", encoder=Made())
    assert (found.src_lang, found.tgt_lang) == ("ja", "en")
    assert found.pairs()[0][0] == "今日は雨だ。傘がない。", "joined as the language does"


def test_an_anchor_that_is_given_twice_is_one_and_what_is_none_is_told():
    src, tgt = ["今日は雨だ。", "傘がない。"], ["It rains today.", "I have no umbrella."]
    anchor = (range(1), range(1, 2))
    found = align_texts(src, tgt, encoder=Made(), anchors=[anchor, anchor])
    assert sorted(i for bead in found.beads for i in bead.src) == [0, 1]
    for wrong in [(range(0, 2, 2), range(1)), ((0, 1), (0, 1)), (range(1),), 3]:
        with pytest.raises(ValueError, match=r"anchors: .* is not a pair of sentence ranges"):
            align_texts(src, tgt, encoder=Made(), anchors=[wrong])


@pytest.mark.parametrize("wrong", [b"It rains.", None, 3, [1, 2], ["It rains.", None]])
def test_what_is_no_text_is_told(wrong):
    with pytest.raises(TypeError, match="src: must be a text or a list of sentences"):
        align_texts(wrong, ["It rains today."], encoder=Made())


def test_languages_are_checked_and_those_that_the_encoder_does_not_know_are_told(tmp_path):
    with pytest.raises(UsageError, match="not a language tag"):
        align_texts(["a"], ["b"], src_lang="no language", encoder=Made())
    with pytest.warns(UserWarning, match="use does not cover vi"):
        align_texts(["Xin chào."], ["Hello."], src_lang="vi", tgt_lang="en", encoder="use", cache=str(tmp_path))
