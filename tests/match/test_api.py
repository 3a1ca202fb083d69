"""`align_texts`, for those who script: with an encoder of one's own."""

from __future__ import annotations

import numpy as np

from align.api import align_texts

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
