"""Earlier texts of a document: what a decision replaced is stored with it, for undo and for texts that return.

The links that lost their text then are in `displaced_links`, with digests of the texts they stood on: where those
texts are there again, the links can come back as they were.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlite_utils import Database

from align.errors import ConflictError
from align.store import cuts, search
from align.store.charset import as_bytes
from align.store.cuts import Cut
from align.store.documents import document_text, summarise
from align.store.log import sentences_of, stored

BLOCK = 'position, start, "end", kind, lang, lang_confidence'
SENTENCE = 'block, position, start, "end", pieces, lang, lang_confidence, text'
Values = tuple[Any, ...]
"""Columns of `SENTENCE`, as `documents.sentence_values` gives them."""
Rows = list[tuple[int | None, Values]]
"""Sentences in reading order: number (None: a new one) and columns."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A document's text with all that was read from it and cut in it, as rows."""

    digest: str
    reader: str
    encoding: str
    lang: str | None
    """The language that was set by hand."""
    text: str
    blocks: list[Values]
    """Columns of `BLOCK`."""
    sentences: Rows
    cuts: list[tuple[int, Cut]]
    """Cuts in force, each with its decision."""

    @classmethod
    def of(cls, db: Database, document: int) -> Revision:
        """The document as it is now."""
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
        """Sentence number -> clean text."""
        return {number: values[-1] for number, values in self.sentences if number is not None}

    def pack(self) -> bytes:
        """As deflated JSON."""
        fields = (
            self.digest, self.reader, self.encoding, self.lang, self.text, self.blocks, self.sentences,
            [(decision, cut.told()) for decision, cut in self.cuts],
        )  # fmt: skip
        return zlib.compress(json.dumps(fields, ensure_ascii=False).encode("utf-8", "surrogatepass"), 1)

    @classmethod
    def unpack(cls, packed: bytes) -> Revision:
        """The inverse of `pack`."""
        digest, reader, encoding, lang, text, blocks, sentences, cut = json.loads(
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
            [(decision, Cut.of(one)) for decision, one in cut],
        )

    def tagged(self, lang: str | None) -> Revision:
        """The same in one language, as set by hand; None: in the languages that it has."""
        if lang is None:
            return replace(self, lang=None)
        blocks = [(*block[:-2], lang, 1.0) for block in self.blocks]
        sentences = [(number, (*values[:-3], lang, 1.0, values[-1])) for number, values in self.sentences]
        return replace(self, lang=lang, blocks=blocks, sentences=sentences)

    def write(self, db: Database, document: int) -> list[int]:
        """Make this the document's text; returns the numbers of its sentences. Links and `cuts` are the caller's.

        A sentence whose number the document has now is changed in place, one whose number it had once comes back.
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
        gone = [(number, text) for number, text in before.items() if number not in after]
        reworded = [(number, text) for number, text in before.items() if after.get(number, text) != text]
        search.drop(db, [*gone, *reworded])
        db.conn.executemany("delete from sentences where id = ?", ((number,) for number, _ in gone))
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
        summarise(db, document)
        return [number for number, _ in numbered]


def preserve(db: Database, decision: int, document: int, replaced: Revision) -> None:
    """Store what a decision replaced."""
    db.conn.execute(
        "insert into revisions (decision, document, digest, content) values (?, ?, ?, ?)",
        (decision, document, replaced.digest, replaced.pack()),
    )


def replaced_by(db: Database, decision: int) -> Revision | None:
    """What a decision replaced; None where it replaced no text, or that is not stored (any more).

    Raises ConflictError where it is damaged.
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


def earlier(db: Database, document: int) -> Iterator[Revision]:
    """The earlier texts of a document, latest first, but for damaged ones."""
    rows = db.conn.execute("select decision from revisions where document = ? order by decision desc", (document,))
    for (decision,) in rows.fetchall():
        with suppress(ConflictError):
            revision = replaced_by(db, decision)
            if revision is not None:
                yield revision


class Sides(NamedTuple):
    """Digests of the texts of a link's source and target."""

    src: str
    tgt: str


def digest(texts: Iterable[str]) -> str:
    """The digest of a side by its sentences' texts; blanks do not count, so that cuts change nothing."""
    joined = "".join("".join(texts).split())
    return hashlib.blake2b(joined.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def sides_of(db: Database, links: Iterable[int]) -> dict[int, Sides]:
    """The digests of links as they are now."""
    digests: dict[int, Sides] = {}
    for link in links:
        row = db.conn.execute("select src, tgt from links where id = ?", (link,)).fetchone()
        if row is not None:
            digests[link] = Sides(*(digest(_texts_of(db, sentences_of(ids)).values()) for ids in row))
    return digests


def _texts_of(db: Database, sentences: Sequence[int]) -> dict[int, str]:
    """Number -> text of those that are there, in reading order."""
    inside = ",".join(map(str, sentences))
    rows = db.conn.execute(
        f"""select sentences.id, text from sentences join documents on documents.id = document
            where sentences.id in ({inside}) and removed_at is null order by document, position"""
    )
    return dict(rows.fetchall())


def fitting(db: Database, side: str, expected: str) -> str | None:
    """The sentences of a side if they have the text of a digest now; None if they have not.

    Halves of cuts that were made since are taken in, those of cuts that were taken back are left out.
    """
    texts = _texts_of(db, sentences_of(side))
    if texts and digest(texts.values()) != expected:
        numbers = [*texts]
        for number in numbers:  # Grows while it is gone through: a half may have been cut again.
            rests = db.conn.execute("select rest from cuts where sentence = ?", (number,)).fetchall()
            numbers += [rest for (rest,) in rests if rest not in numbers]
        texts = _texts_of(db, numbers)
    return stored([*texts]) if texts and digest(texts.values()) == expected else None


def displace(db: Database, decision: int, documents: Mapping[int, tuple[int, int]], sides: Mapping[int, Sides]) -> None:
    """Note links whose text a decision took or changed: their documents, and the texts they stood on."""
    db.conn.executemany(
        """insert into displaced_links (link, decision, src_document, tgt_document, src, tgt)
           values (?, ?, ?, ?, ?, ?)""",
        ((link, decision, *ends, *sides[link]) for link, ends in documents.items()),
    )


def displaced(db: Database, document: int) -> dict[int, dict[int, Sides]]:
    """Links of a document whose text was taken or changed: link -> decision -> the texts they stood on before."""
    noted: dict[int, dict[int, Sides]] = {}
    for link, decision, src, tgt in db.conn.execute(
        """select link, decision, src, tgt from displaced_links where src_document = ?1 or tgt_document = ?1
           order by link, decision""",
        (document,),
    ):
        noted.setdefault(link, {})[decision] = Sides(src, tgt)
    return noted


def forget(db: Database, document: int) -> None:
    """Delete the earlier texts of a document that is compacted away."""
    db.conn.execute("delete from revisions where document = ?", (document,))
    db.conn.execute("delete from displaced_links where src_document = ?1 or tgt_document = ?1", (document,))


def findings(db: Database) -> Iterator[str]:
    """Earlier texts that are damaged, a line each."""
    rows = db.conn.execute("select decision, name from revisions join documents on documents.id = document order by 1")
    for decision, name in rows.fetchall():
        try:
            replaced_by(db, decision)
        except ConflictError:
            yield f"{name}: its text from before decision {decision} is damaged, so undo cannot bring it back"
