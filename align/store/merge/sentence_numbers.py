"""Numbers of sentences that mean the same in all stores of one merge (see `replica`)."""

from __future__ import annotations

import json
from typing import Any

from sqlite_utils import Database

from align.store import sentence_splits as cuts
from align.store.revisions import Revision, earlier_revisions

Side = tuple[int, ...]
"""The sentences of one side of a link."""


class Sentences:
    """Numbers of sentences that hold for all stores of one merge, whatever their ids are there."""

    def __init__(self) -> None:
        self.names: list[tuple[Any, ...]] = []
        """(name, digest, start, end, pieces) of a sentence as it was read; (number, at) of the second half of a cut."""
        self._numbers: dict[tuple[Any, ...], int] = {}

    def number(self, name: tuple[Any, ...]) -> int:
        """The number of a sentence of that name."""
        number = self._numbers.get(name)
        if number is None:
            number = self._numbers[name] = len(self.names)
            self.names.append(name)
        return number

    def half(self, sentence: int, at: int) -> int:
        """The second half of a sentence that is cut before character `at` of its document."""
        return self.number((sentence, at))

    def parent(self, sentence: int) -> int | None:
        """The sentence that a second half was cut from; None for one that was read."""
        name = self.names[sentence]
        return name[0] if len(name) == 2 else None

    def root(self, sentence: int) -> int:
        """The sentence as it was read."""
        while (parent := self.parent(sentence)) is not None:
            sentence = parent
        return sentence

    def document(self, sentence: int) -> tuple[str, str]:
        """Name and digest of the document; both empty for a sentence that its store has lost."""
        name = self.names[self.root(sentence)]
        return (name[0], name[1]) if len(name) == 5 else ("", "")


def numbers_of(db: Database, sentences: Sentences) -> dict[int, int]:
    """Sentence id -> number; also of halves that are whole again. Documents count until they are compacted away."""
    names = {id_: (name, digest) for id_, name, digest in db.conn.execute("select id, name, digest from documents")}
    now = cuts.in_force(db)
    whole: dict[int, cuts.Pieces] = {}
    made = {cut.rest for cut in now}
    for cut in reversed(now):
        whole[cut.sentence] = cut.pieces
    numbers: dict[int, int] = {}
    for id_, document, start, end, pieces in db.conn.execute(
        'select id, document, start, "end", pieces from sentences'
    ):
        if id_ in whole and id_ not in made:
            spans = whole[id_]
            start, end, pieces = spans[0].start, spans[-1].end, json.dumps(spans) if len(spans) > 1 else None
        if id_ not in made and document in names:
            numbers[id_] = sentences.number((*names[document], start, end, pieces))
    for decision in cuts.split_decisions(db):
        written = db.conn.execute("select detail from decisions where id = ?", (decision,)).fetchone()[0]
        for one in json.loads(written).get("cuts", ()):
            if one["sentence"] in numbers:
                numbers[one["rest"]] = sentences.half(numbers[one["sentence"]], one["at"])
    for cut in now:
        if cut.sentence in numbers:
            numbers[cut.rest] = sentences.half(numbers[cut.sentence], cut.at)
    return numbers


def replaced_numbers(db: Database, sentences: Sentences) -> dict[int, int]:
    """Sentence id -> number, of sentences of earlier texts that the texts of now do not have: by their latest text."""
    present = {row[0] for row in db.conn.execute("select id from sentences")}
    numbers: dict[int, int] = {}
    rows = db.conn.execute("select distinct document, name from revisions join documents on documents.id = document")
    for document, name in rows.fetchall():
        for revision in earlier_revisions(db, document):
            for id_, number in _numbers_of_revision(revision, name, sentences).items():
                if id_ not in present:
                    numbers.setdefault(id_, number)
    return numbers


def _numbers_of_revision(revision: Revision, name: str, sentences: Sentences) -> dict[int, int]:
    made = [cut for _, cut in revision.cuts]
    rests = {cut.rest for cut in made}
    whole: dict[int, cuts.Pieces] = {}
    for cut in reversed(made):
        whole[cut.sentence] = cut.pieces
    numbers: dict[int, int] = {}
    for id_, (_, _, start, end, pieces, *_) in revision.sentences:
        if id_ is None or id_ in rests:
            continue
        if id_ in whole:
            spans = whole[id_]
            start, end, pieces = spans[0].start, spans[-1].end, json.dumps(spans) if len(spans) > 1 else None
        numbers[id_] = sentences.number((name, revision.digest, start, end, pieces))
    for cut in made:
        if cut.sentence in numbers:
            numbers[cut.rest] = sentences.half(numbers[cut.sentence], cut.at)
    return numbers
