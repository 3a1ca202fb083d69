"""Earlier texts of a document: a replaced text is stored with the decision, for undo and for texts that return.

Links that lost their text are in `displaced_links`, with digests of the texts they linked: where those texts
return, the links can be restored.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from sqlite_utils import Database

from align.errors import ConflictError
from align.store import search
from align.store import sentence_splits as cuts
from align.store.decision_log import sentences_of, stored
from align.store.documents import document_text, update_summary
from align.store.records import as_bytes
from align.store.sentence_splits import Cut
from align.store.text_match import equal_sentences, rewordings

BLOCK = 'position, start, "end", kind, lang, lang_confidence'
SENTENCE = 'block, position, start, "end", pieces, lang, lang_confidence, text'
Values = tuple[Any, ...]
"""Columns of `SENTENCE`, as from `documents.sentence_values`."""
Rows = list[tuple[int | None, Values]]
"""Sentences in reading order: id (None for a new one) and columns."""


@dataclass(frozen=True, slots=True)
class Revision:
    """Text of a document with its blocks, sentences and splits, as rows."""

    digest: str
    reader: str
    encoding: str
    lang: str | None
    """Language set by hand."""
    text: str
    blocks: list[Values]
    """Columns of `BLOCK`."""
    sentences: Rows
    cuts: list[tuple[int, Cut]]
    """Splits in force, each with its decision."""
    reworded: dict[int, int] = field(default_factory=dict)
    """Of a text that was replaced: sentence id -> id of its other wording in the text after it."""

    @classmethod
    def of(cls, db: Database, document: int) -> Revision:
        """The current revision of a document."""
        digest, reader, encoding, lang = db.conn.execute(
            "select digest, reader, encoding, lang from documents where id = ?", (document,)
        ).fetchone()
        ordered = "where document = ? order by position"
        blocks = db.conn.execute(f"select {BLOCK} from blocks {ordered}", (document,)).fetchall()
        rows = db.conn.execute(f"select id, {SENTENCE} from sentences {ordered}", (document,)).fetchall()
        sentences: Rows = [(row[0], row[1:]) for row in rows]
        text, in_force = document_text(db, document), cuts.with_decisions(db, document)
        return cls(digest, reader, encoding, lang, text, blocks, sentences, in_force)

    @property
    def texts(self) -> list[str]:
        """The clean text of each sentence."""
        return [values[-1] for _, values in self.sentences]

    @property
    def by_number(self) -> dict[int, str]:
        """Sentence id -> clean text."""
        return {number: values[-1] for number, values in self.sentences if number is not None}

    def positions(self, numbers: Set[int]) -> Iterator[tuple[int, int]]:
        """Sentence ids among `numbers` with their positions, in reading order."""
        for position, (number, _) in enumerate(self.sentences):
            if number is not None and number in numbers:
                yield number, position

    def pack(self) -> bytes:
        """Serialise as deflated JSON."""
        fields = (
            self.digest, self.reader, self.encoding, self.lang, self.text, self.blocks, self.sentences,
            [(decision, cut.to_dict()) for decision, cut in self.cuts], list(self.reworded.items()),
        )  # fmt: skip
        return zlib.compress(json.dumps(fields, ensure_ascii=False).encode("utf-8", "surrogatepass"), 1)

    @classmethod
    def unpack(cls, packed: bytes) -> Revision:
        """Inverse of `pack`."""
        digest, reader, encoding, lang, text, blocks, sentences, cut, *reworded = json.loads(
            zlib.decompress(packed).decode("utf-8", "surrogatepass")
        )
        return cls(
            digest,
            reader,
            encoding,
            lang,
            text,
            [tuple(block) for block in blocks],
            [(number, tuple(values)) for number, values in sentences],
            [(decision, Cut.from_dict(one)) for decision, one in cut],
            dict(reworded[0]) if reworded else {},
        )

    def tagged(self, lang: str | None) -> Revision:
        """The revision in one language, set by hand; None: with the languages that it has."""
        if lang is None:
            return replace(self, lang=None)
        blocks = [(*block[:-2], lang, 1.0) for block in self.blocks]
        sentences = [(number, (*values[:-3], lang, 1.0, values[-1])) for number, values in self.sentences]
        return replace(self, lang=lang, blocks=blocks, sentences=sentences)

    def write(self, db: Database, document: int) -> list[int]:
        """Write this as the document's text; returns its sentence ids. The caller updates links and `cuts`.

        A sentence whose id exists in the document is updated, one whose id existed earlier is restored.
        """
        before = dict(db.conn.execute("select id, text from sentences where document = ?", (document,)).fetchall())
        db.conn.execute(
            "update documents set digest = ?, reader = ?, encoding = ?, lang = ?, characters = ? where id = ?",
            (self.digest, self.reader, self.encoding, self.lang, len(self.text), document),
        )
        db.conn.execute("update texts set content = ? where document = ?", (as_bytes(self.text), document))
        db.conn.execute("delete from blocks where document = ?", (document,))
        db.conn.executemany(
            f"insert into blocks (document, {BLOCK}) values (?, ?, ?, ?, ?, ?, ?)",
            ((document, *block) for block in self.blocks),
        )
        after = self.by_number
        deleted = [(number, text) for number, text in before.items() if number not in after]
        reworded = [(number, text) for number, text in before.items() if after.get(number, text) != text]
        search.remove(db, [*deleted, *reworded])
        db.conn.executemany("delete from sentences where id = ?", ((number,) for number, _ in deleted))
        db.conn.executemany(
            """update sentences set block = ?, position = ?, start = ?, "end" = ?, pieces = ?, lang = ?,
               lang_confidence = ?, text = ? where id = ?""",
            ((*values, number) for number, values in self.sentences if number in before),
        )
        db.conn.executemany(
            f"insert into sentences (document, id, {SENTENCE}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            ((document, number, *values) for number, values in self.sentences if number not in before),
        )
        numbered = db.conn.execute(
            "select id, text from sentences where document = ? order by position", (document,)
        ).fetchall()
        search.add(db, [(number, text) for number, text in numbered if before.get(number) != text])
        update_summary(db, document)
        return [number for number, _ in numbered]


def store_revision(db: Database, decision: int, document: int, replaced: Revision) -> None:
    """Store the revision that a decision replaced."""
    db.conn.execute(
        "insert into revisions (decision, document, digest, content) values (?, ?, ?, ?)",
        (decision, document, replaced.digest, replaced.pack()),
    )


def replaced_by(db: Database, decision: int) -> Revision | None:
    """The revision that a decision replaced; None if it replaced no text, or if that is not stored (any more).

    Raises ConflictError if it is damaged.
    """
    row = db.conn.execute("select content, digest from revisions where decision = ?", (decision,)).fetchone()
    if row is None:
        return None
    try:
        revision = Revision.unpack(row[0])
    except (ValueError, TypeError, KeyError, zlib.error):
        revision = None
    if revision is None or hashlib.sha256(as_bytes(revision.text)).hexdigest() != row[1]:
        raise ConflictError(f"the text from before decision {decision} is damaged.")
    return revision


def earlier_revisions(db: Database, document: int) -> Iterator[Revision]:
    """Earlier revisions of a document, latest first, without damaged ones."""
    rows = db.conn.execute("select decision from revisions where document = ? order by decision desc", (document,))
    for (decision,) in rows.fetchall():
        with suppress(ConflictError):
            revision = replaced_by(db, decision)
            if revision is not None:
                yield revision


class SideDigests(NamedTuple):
    """Text digests of a link's source and target."""

    src: str
    tgt: str


def digest(texts: Iterable[str]) -> str:
    """Digest of a side's sentence texts. Whitespace is ignored, so that splits do not change it."""
    joined = "".join("".join(texts).split())
    return hashlib.blake2b(joined.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def sides_of(db: Database, links: Iterable[int]) -> dict[int, SideDigests]:
    """Current digests of links, by id."""
    digests: dict[int, SideDigests] = {}
    for link in links:
        row = db.conn.execute("select src, tgt from links where id = ?", (link,)).fetchone()
        if row is not None:
            digests[link] = SideDigests(*(digest(_texts_of(db, sentences_of(ids)).values()) for ids in row))
    return digests


def _texts_of(db: Database, sentences: Sequence[int]) -> dict[int, str]:
    """Sentence id -> text of the sentences that exist, in reading order."""
    inside = ",".join(map(str, sentences))
    rows = db.conn.execute(
        f"""select sentences.id, text from sentences join documents on documents.id = document
            where sentences.id in ({inside}) and removed_at is null order by document, position"""
    )
    return dict(rows.fetchall())


def matching_side(db: Database, side: str, expected: str) -> str | None:
    """Sentence ids of a side, as stored, if their text now has the expected digest, else None.

    Halves of later splits are included; those of splits that were undone are left out.
    """
    texts = _texts_of(db, sentences_of(side))
    if texts and digest(texts.values()) != expected:
        numbers = [*texts]
        for number in numbers:  # grows during the loop: a half may have been split again
            rests = db.conn.execute("select rest from cuts where sentence = ?", (number,)).fetchall()
            numbers += [rest for (rest,) in rests if rest not in numbers]
        texts = _texts_of(db, numbers)
    return stored([*texts]) if texts and digest(texts.values()) == expected else None


def displace(
    db: Database, decision: int, documents: Mapping[int, tuple[int, int]], sides: Mapping[int, SideDigests]
) -> None:
    """Record links whose text a decision deleted or changed: their documents, and the digests of their texts before."""
    db.conn.executemany(
        """insert into displaced_links (link, decision, src_document, tgt_document, src, tgt)
           values (?, ?, ?, ?, ?, ?)""",
        ((link, decision, *ends, *sides[link]) for link, ends in documents.items()),
    )


def displaced(db: Database, document: int) -> dict[int, dict[int, SideDigests]]:
    """Links of a document whose text was deleted or changed: link -> decision -> digests of the texts before."""
    noted: dict[int, dict[int, SideDigests]] = {}
    for link, decision, src, tgt in db.conn.execute(
        """select link, decision, src, tgt from displaced_links where src_document = ?1 or tgt_document = ?1
           order by link, decision""",
        (document,),
    ):
        noted.setdefault(link, {})[decision] = SideDigests(src, tgt)
    return noted


def delete_revisions(db: Database, document: int) -> None:
    """Delete the earlier revisions of a document that is compacted away."""
    db.conn.execute("delete from revisions where document = ?", (document,))
    db.conn.execute("delete from displaced_links where src_document = ?1 or tgt_document = ?1", (document,))


def findings(db: Database) -> Iterator[str]:
    """Yield a line for each damaged revision."""
    rows = db.conn.execute("select decision, name from revisions join documents on documents.id = document order by 1")
    for decision, name in rows.fetchall():
        try:
            replaced_by(db, decision)
        except ConflictError:
            yield f"{name}: its text from before decision {decision} is damaged, so undo cannot restore it"


# Numbering the sentences of a new text


def numbered(
    before: Revision,
    new: Sequence[str],
    past: Sequence[Revision],
    *,
    fixed: Mapping[int, int],
    settled: Collection[int],
    unpaired: Collection[int],
) -> tuple[list[int | None], dict[int, int]]:
    """The numbers of the sentences of a new text (None for a new one), and which of the new ones are other wordings:
    number of a sentence that is gone, but not of one `unpaired` -> position.

    A sentence that is there keeps its number; one that was there in an earlier text has its number again: the number is
    the text's. `fixed` (position -> number) are known already; `settled` are sentences of settled links.
    """
    numbering = _Numbering(new, fixed)
    now = before.by_number
    whole = next((revision for revision in past if revision.texts == new), None)
    if whole is not None:  # Of two sentences with one text, each is again where it was.
        unchanged = {number for number, text in whole.by_number.items() if now.get(number) == text}
        numbering.take(whole.positions(unchanged))
        numbering.take_equal((number, text) for number, text in now.items() if number in settled)
    here = [(number, text) for number, text in now.items() if number not in numbering.used]
    positions = numbering.open_positions()
    if whole is not None:
        numbering.take(whole.positions(whole.by_number.keys() - now.keys()))
    texts = [text for _, text in here], [new[position] for position in positions]
    same, rewritten = equal_sentences(*texts)
    numbering.take((here[a][0], positions[b]) for a, b in same.items())
    for revision in past:
        numbering.take_equal(list(revision.by_number.items()))
    numbers_in_use = {*numbering.used, *unpaired}
    busy = {a for a, (number, _) in enumerate(here) if number in numbers_in_use}
    taken = {b for b, position in enumerate(positions) if numbering.numbers[position] in now}
    return numbering.numbers, {here[a][0]: positions[b] for a, b in rewordings(*texts, rewritten, busy, taken)}


class _Numbering:
    """Numbers of the sentences of a new text (None for a new one): each number and each position is taken once."""

    def __init__(self, new: Sequence[str], fixed: Mapping[int, int]) -> None:
        """`fixed`: position -> number."""
        self._new = new
        self.numbers: list[int | None] = [None] * len(new)
        self.used: set[int] = set()
        self.take((number, position) for position, number in fixed.items())

    def open_positions(self) -> list[int]:
        return [position for position, number in enumerate(self.numbers) if number is None]

    def take(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Give the numbers to the positions, unless either is taken."""
        for number, position in pairs:
            if number not in self.used and self.numbers[position] is None:
                self.numbers[position] = number
                self.used.add(number)

    def take_equal(self, sentences: Iterable[tuple[int, str]]) -> None:
        """Give the numbers of sentences to the open positions with the same texts, in order."""
        left = self.open_positions()
        texts = [self._new[position] for position in left]
        free = [(number, text) for number, text in sentences if number not in self.used]
        if not {text for _, text in free}.isdisjoint(texts):
            again, _ = equal_sentences([text for _, text in free], texts)
            self.take((free[a][0], left[b]) for a, b in again.items())
