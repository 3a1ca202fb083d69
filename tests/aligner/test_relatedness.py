"""Document confidence: texts that belong together, at least in part, and texts that do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from align.aligner import Constraints, EmbeddedSide, align_bitext, align_documents
from align.aligner.bitext import bitext_beads
from align.embeddings import load_encoder
from align.embeddings.embed import TextSide, embed_sides

GERMAN = (
    "Das Kabinett tagte am Montagmorgen.", "Lehrer begrüßten den Plan.", "Kritiker sagten, das Geld komme zu spät.",
    "Der Fluss stieg über Nacht um drei Meter.", "Die Feuerwehr pumpte elf Keller leer.",
    "Am Abend spielte im Park ein Orchester.", "Der Bäcker an der Ecke schließt im Mai für immer.",
    "Zwei Kinder fanden eine alte Münze im Sand.", "Die Fähre fährt wegen des Sturms nicht.",
    "Im Museum hängt ein neues Bild.", "Ein Bauer verkauft seine letzten Kühe.", "Die Brücke wird neu gestrichen.",
    "Der Arzt riet ihm, weniger zu rauchen.", "Das Kino zeigt alte Filme.",
)  # fmt: skip
ENGLISH = (
    "The cabinet met on Monday morning.", "Teachers welcomed the plan.", "Critics said the money came too late.",
    "The river rose three metres overnight.", "The fire brigade pumped out eleven cellars.",
    "In the evening an orchestra played in the park.", "The baker on the corner closes for good in May.",
    "Two children found an old coin in the sand.", "The ferry does not sail because of the storm.",
    "A new picture hangs in the museum.", "A farmer is selling his last cows.", "The bridge is being repainted.",
    "The doctor advised him to smoke less.", "The cinema shows old films.",
)  # fmt: skip
OTHER = (
    "Stir the flour into the melted butter.", "My grandfather collected stamps.", "Press any key to continue.",
    "The comet returns every seventy years.", "She tuned her violin before the lesson.", "Interest rates fell again.",
    "Penguins cannot fly.", "He lost the chess game in twenty moves.", "Wool shrinks in hot water.",
    "The file could not be opened.", "Our hotel had no lift.", "The verb stands at the end of the clause.",
    "Copper conducts electricity well.", "They voted against the merger.",
)  # fmt: skip


@pytest.fixture(scope="module")
def encoder():
    return load_encoder("use")


def sides(encoder, src, tgt):
    return embed_sides(encoder, [TextSide(tuple(src), "de"), TextSide(tuple(tgt), "en")])


@pytest.mark.parametrize("size", [1, 2, 3, 14])
def test_a_translation_is_one_and_a_text_of_other_content_is_none(encoder, size):
    related = align_documents(*sides(encoder, GERMAN[:size], ENGLISH[:size]))
    assert related.confidence is not None
    assert related.confidence > 0.8
    unrelated = align_documents(*sides(encoder, GERMAN[:size], OTHER[:size]))
    assert unrelated.confidence is not None
    assert unrelated.confidence < 0.5
    assert max((b.confidence for b in unrelated.beads if b.src and b.tgt), default=0.0) < 0.5
    assert all(b.confidence > 0.5 for b in unrelated.beads if not b.src or not b.tgt)


def test_one_line_of_other_content_is_no_sure_link(encoder):
    for src, tgt in zip(GERMAN, OTHER, strict=True):
        assert all(
            bead.confidence < 0.9 for bead in align_bitext(*sides(encoder, [src], [tgt])) if bead.src and bead.tgt
        )


def test_an_edition_with_a_half_missing_is_a_translation(encoder):
    for src, tgt in ((GERMAN, ENGLISH[:7]), (GERMAN[7:], ENGLISH), (GERMAN[::2], ENGLISH)):
        found = align_documents(*sides(encoder, src, tgt))
        assert found.confidence is not None
        assert found.confidence > 0.8
        assert not found.shuffled


def test_another_order_is_noticed(encoder):
    order = np.random.default_rng(4).permutation(len(ENGLISH))
    assert align_documents(*sides(encoder, GERMAN, [ENGLISH[k] for k in order])).shuffled
    moved = [*ENGLISH[4:9], *ENGLISH[:4], *ENGLISH[9:]]
    for tgt in (ENGLISH, moved, OTHER):
        assert not align_documents(*sides(encoder, GERMAN, tgt)).shuffled


def test_the_sides_may_be_swapped(encoder):
    one, other = sides(encoder, GERMAN, ENGLISH[:7])
    found, mirrored = align_documents(one, other), align_documents(other, one)
    assert found.confidence == mirrored.confidence
    assert sorted(found.beads, key=repr) == sorted((bead.mirrored for bead in mirrored.beads), key=repr)


def test_an_anchor_keeps_its_confidence(encoder):
    anchor = (range(2, 3), range(1))
    found = align_documents(*sides(encoder, GERMAN[:4], OTHER[:4]), constraints=Constraints(anchors=[anchor]))
    assert {(b.src, b.tgt): b.confidence for b in found.beads}[anchor] == 1.0


def test_without_a_background_nothing_is_judged(encoder):
    one, other = (replace(side, background=None) for side in sides(encoder, GERMAN[:3], OTHER[:3]))
    found = align_documents(one, other)
    assert found.confidence is None
    assert found.beads == bitext_beads(one, other, Constraints())
    empty = align_documents(one, EmbeddedSide((), np.zeros((0, one.vectors.shape[1]), dtype=np.float32), "en"))
    assert empty.confidence is None


@pytest.mark.parametrize("width", [512, 200])
@pytest.mark.parametrize("shift", [0.0, 2.0])
def test_the_scale_of_an_encoder_does_not_matter(encoder, width, shift):
    """Vectors cut to fewer numbers, and squeezed together: what an encoder that is none of ours may give."""

    def other(vectors):
        moved = vectors[:, :width] + shift * np.float32(width**-0.5)
        return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), dtype=np.float32)

    def confidence(src, tgt):
        one, two = (
            replace(side, vectors=other(side.vectors), background=other(side.background), encoder="", encode_runs=None)
            for side in sides(encoder, src, tgt)
        )
        return align_documents(one, two).confidence

    for size in (3, 14):
        assert confidence(GERMAN[:size], ENGLISH[:size]) > 0.5
        assert confidence(GERMAN[:size], OTHER[:size]) < 0.5
