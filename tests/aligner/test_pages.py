"""Pages: languages that take turns, small pages, what is rejected, what was accepted, copies, kinds."""

from __future__ import annotations

import numpy as np
import pytest

from align.aligner import Constraints, EmbeddedSide, align_pages, pages
from align.aligner.local_alignment import interleaved_turns
from align.aligner.similarity import csls
from align.models import LinkKind


def passages(vectors, lang, places=None, size=60):
    texts = tuple(f"{lang} {'wordy ' * (size // 6)}{number}." for number in range(len(vectors)))
    where = None if places is None else np.array(places, dtype=np.int64)
    return EmbeddedSide(texts, vectors, lang, positions=where)


def unit(rows):
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def meanings(count, *, noise, seed=0, width=48):
    """Vectors of `count` sentences in two languages that say the same, as unlike as `noise` makes them."""
    chance = np.random.default_rng(seed)
    core = chance.normal(size=(count, width))
    return unit(core + noise * chance.normal(size=core.shape)), unit(core + noise * chance.normal(size=core.shape))


def ends(beads):
    return [(tuple(b.src), tuple(b.tgt)) for b in beads]


def test_where_languages_take_turns_what_stands_together_belongs_together():
    one, other = meanings(30, noise=0.5)
    chance = np.random.default_rng(1)
    vague = [4, 11, 12, 20]
    one[vague] = unit(
        other[vague] + 0.35 * chance.normal(size=(len(vague), one.shape[1]))
    )  # Next to nothing in common.
    places = np.arange(30) * 2
    src, tgt = passages(one, "en", places), passages(other, "zh", places + 1)
    woven = ends(align_pages(src, tgt, together=True))
    assert woven == [((k,), (k,)) for k in range(30)]


def test_turns_follow_the_pairs_and_leave_alone_what_only_one_language_says():
    one, other = meanings(12, noise=0.3)
    at = [k * 2 for k in range(12)]
    src = passages(one, "en", at)
    tgt = passages(np.delete(other, 5, axis=0), "zh", [k + 1 for n, k in enumerate(at) if n != 5])
    cells = [(k, k if k < 5 else k - 1) for k in range(12) if k != 5]
    cut = interleaved_turns(src, tgt, (0, 12), (0, 11), cells)
    assert cut is not None
    assert ((5, 7), (5, 6)) in cut, "two turns of one language in a row are one"
    assert [part for part in cut if part[0] == (0, 1)] == [((0, 1), (0, 1))]
    assert interleaved_turns(src, tgt, (0, 12), (0, 11), cells[:3]) is None
    backwards = [(k, 10 - k) for k in range(11)]
    assert interleaved_turns(src, tgt, (0, 12), (0, 11), backwards) is None


def test_a_paraphrase_does_not_take_the_margin_from_a_lone_sentence():
    one, other = meanings(60, noise=0.3)
    other[7] = unit((other[6] + 0.3 * other[7])[None])[0]  # 7 says almost what 6 says.
    page = csls(one[6:7], other, baseline=0.0)
    assert page.argmax() == 6
    assert page[0, 6] > 0.3
    assert np.sort(page[0])[-3] < 0.1


@pytest.mark.parametrize("together", [False, True])
def test_a_rejected_link_is_never_found_again_and_an_accepted_one_always(together):
    one, other = meanings(20, noise=0.3)
    src, tgt = passages(one, "en", np.arange(20) * 2), passages(other, "zh", np.arange(20) * 2 + 1)
    forbidden = [(range(k, k + 1), range(k, k + 1)) for k in (3, 4, 9)]
    anchors = [(range(15, 16), range(2, 3)), (range(2, 3), range(15, 17))]
    wanted = Constraints(anchors=anchors, forbidden=forbidden)
    found = [(b.src, b.tgt) for b in align_pages(src, tgt, constraints=wanted, together=together)]
    assert not set(forbidden) & set(found)
    assert set(anchors) <= set(found)
    assert len({i for s, _ in found for i in s}) == sum(len(s) for s, _ in found)
    assert ((range(10, 11), range(10, 11))) in found


def test_a_rejected_bead_of_two_leaves_its_parts_free():
    one, other = meanings(20, noise=0.3)
    src, tgt = passages(one, "en"), passages(other, "zh")
    forbidden = [(range(5, 7), range(5, 6))]
    found = ends(align_pages(src, tgt, constraints=Constraints(forbidden=forbidden)))
    assert ((5,), (5,)) in found


def test_copies_of_one_line_say_nothing_and_cost_little():
    one, other = meanings(40, noise=0.3)
    copies = np.repeat(one[:1], 10_000, axis=0)
    src = EmbeddedSide(("the same line",) * 10_000, copies, "en")
    beads = align_pages(src, passages(other, "zh"))
    assert len(beads) <= 1


def test_unrelated_pages_have_no_links():
    chance = np.random.default_rng(3)
    links = 0
    for _ in range(30):
        one, other = unit(chance.normal(size=(2, 25, 256)).reshape(50, 256)).reshape(2, 25, 256)
        links += len(align_pages(passages(one, "en"), passages(other, "zh")))
    assert links <= 1


def test_long_texts_are_linked_where_one_is_the_other_and_nowhere_else(monkeypatch):
    monkeypatch.setattr(pages, "MAX_PAGE_CELLS", 1_000)
    one, other = meanings(120, noise=0.8)
    strangers = meanings(120, noise=0.8, seed=1)[1]
    src = passages(one, "en")
    assert align_pages(src, passages(strangers, "de")) == []
    quoted = passages(np.concatenate([strangers[:60], other[40:60], strangers[60:]]), "de")
    found = ends(align_pages(src, quoted))
    assert {((k,), (k + 20,)) for k in range(42, 58)} <= set(found)
    assert all(36 <= k < 64 for run, _ in found for k in run)
    kept = Constraints(anchors=((range(100, 101), range(3, 4)),))
    assert ((100,), (3,)) in ends(align_pages(src, quoted, constraints=kept))


def test_translated_runs_are_translations_and_uneven_links_in_them_are_partial():
    one, other = meanings(20, noise=0.3)
    src = passages(one, "en")
    long = "all that the other says and then three times as much of what it does not say at all " * 4
    tgt = passages(other, "de")
    uneven = EmbeddedSide(tuple(long if k == 9 else text for k, text in enumerate(tgt.texts)), tgt.vectors, "de")
    kinds = {bead.src.start: bead.kind for bead in align_pages(src, uneven)}
    assert kinds[9] is LinkKind.PARTIAL
    assert {kind for k, kind in kinds.items() if k != 9} == {LinkKind.TRANSLATION}
