"""Group the sentences of a store by language, with normalised texts and vectors, for alignment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from align.domain import UNDETERMINED, BlockKind
from align.encoders.base import Encoder
from align.encoders.embed import TextSide, embed_sides
from align.match import EmbeddedSide
from align.store import Store
from align.text.tags import primary

UNMATCHED_KINDS = frozenset({BlockKind.BOILERPLATE, BlockKind.SEPARATOR})
"""Kinds of blocks that are aligned only on request."""


@dataclass(frozen=True, slots=True)
class LanguageGroup:
    """The sentences of one document in one language. `sentences`: store ids, in reading order."""

    document: int
    lang: str
    sentences: tuple[int, ...]
    passages: EmbeddedSide

    @property
    def primary(self) -> str:
        """The language without script or region: `zh` of `zh-Hant`."""
        return primary(self.lang)


def groups(
    store: Store,
    encoder: Encoder,
    documents: Iterable[int],
    *,
    boilerplate: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> list[LanguageGroup]:
    """Group sentences by document and primary language, in the order of the documents; encode each text once.

    Within a document, languages are in the order of first appearance. Sentences of undetermined language are left
    out, and so are boilerplate blocks unless `boilerplate`.
    """
    gathered: list[tuple[int, list[_Row]]] = []
    for document in documents:
        by_language: dict[str, list[_Row]] = {}
        for sentence in store.sentences(document):
            if sentence.lang == UNDETERMINED or (sentence.kind in UNMATCHED_KINDS and not boilerplate):
                continue
            row = _Row(sentence.id, sentence.block, sentence.position, sentence.lang, sentence.text)
            by_language.setdefault(primary(sentence.lang), []).append(row)
        gathered.extend((document, rows) for rows in by_language.values())
    sides = embed_sides(encoder, [_text_side(rows) for _, rows in gathered], for_bitext=False, progress=progress)
    return [
        LanguageGroup(document, side.lang, tuple(row.id for row in rows), side)
        for (document, rows), side in zip(gathered, sides, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Row:
    id: int
    block: int
    position: int
    lang: str
    text: str


def _text_side(rows: Sequence[_Row]) -> TextSide:
    langs = [row.lang for row in rows]
    return TextSide(
        texts=tuple(row.text for row in rows),
        lang=max(dict.fromkeys(langs), key=langs.count),
        blocks=np.array([row.block for row in rows], dtype=np.int64),
        positions=np.array([row.position for row in rows], dtype=np.int64),
    )
