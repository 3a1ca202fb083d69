"""Documents with their blocks and sentences: inserted once, read in reading order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from sqlite_utils import Database

from align.errors import ConflictError, StoreError
from align.models import Block, BlockKind, Document, Sentence, Span, Status
from align.store import decision_log, search
from align.store.decision_log import now
from align.store.records import DocumentRow, SentenceRow, as_bytes, storable
from align.store.transaction import DAMAGED, refuse_damaged
from align.text.normalize import join, sentence_text

MAX_DOCUMENTS = 1 << 20
MAX_SENTENCES = 1 << 22
"""Limits given by the bits of `links.place`."""


def insert_document(db: Database, doc: Document) -> int:
    """Insert the document with its blocks and sentences; returns its id."""
    cursor = db.conn.execute(
        """insert into documents (name, digest, reader, encoding, characters, added_at)
           values (?, ?, ?, ?, ?, ?)""",
        (doc.name, doc.digest, doc.reader, doc.encoding, len(doc.text), now()),
    )
    document = cursor.lastrowid
    assert document is not None
    if document >= MAX_DOCUMENTS:
        raise StoreError(f"a store has at most {MAX_DOCUMENTS - 1:,} documents. Create another with --db.")
    db.conn.execute("insert into texts (document, content) values (?, ?)", (document, as_bytes(doc.text)))
    insert_blocks(db, document, doc.blocks)
    insert_sentences(db, document, sentence_values(doc))
    update_summary(db, document)
    return document


def insert_sentences(db: Database, document: int, values: Iterable[tuple[object, ...]]) -> None:
    """Insert sentences, as from `sentence_values`, and index them for search."""
    last = db.conn.execute("select coalesce(max(id), 0) from sentences").fetchone()[0]
    db.conn.executemany(
        """insert into sentences (document, block, position, start, "end", pieces, lang, lang_confidence, text)
           values (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        ((document, *row) for row in values),
    )
    search.add(
        db,
        db.conn.execute("select id, text from sentences where document = ? and id > ? order by id", (document, last)),
    )


def update_summary(db: Database, document: int) -> None:
    """Update the sentence counts of a document, in total and by language."""
    counts = db.conn.execute(
        "select lang, count(*) from sentences where document = ? group by lang order by count(*) desc, lang",
        (document,),
    ).fetchall()
    db.conn.execute(
        "update documents set sentences = ?, languages = ? where id = ?",
        (sum(count for _, count in counts), json.dumps(dict(counts)), document),
    )


def with_language(doc: Document, lang: str) -> Document:
    """The document with all blocks and sentences in one language, set by hand."""
    blocks = tuple(
        replace(
            block,
            lang=lang,
            lang_confidence=1.0,
            sentences=tuple(replace(sentence, lang=lang, lang_confidence=1.0) for sentence in block.sentences),
        )
        for block in doc.blocks
    )
    return replace(doc, blocks=blocks)


def insert_blocks(db: Database, document: int, blocks: Sequence[Block]) -> None:
    """Insert the blocks of a document, numbered from 0."""
    db.conn.executemany(
        """insert into blocks (document, position, start, "end", kind, lang, lang_confidence)
           values (?, ?, ?, ?, ?, ?, ?)""",
        ((document, *values) for values in block_values(blocks)),
    )


def block_values(blocks: Sequence[Block]) -> Iterator[tuple[object, ...]]:
    """(position, start, end, kind, lang, lang_confidence) of each block, numbered from 0."""
    for number, block in enumerate(blocks):
        yield number, *block.span, block.kind.value, block.lang, block.lang_confidence


def sentence_values(doc: Document) -> Iterator[tuple[object, ...]]:
    """(block, position, start, end, pieces, lang, lang_confidence, text) of each sentence, in reading order."""
    position = 0
    for number, block in enumerate(doc.blocks):
        for sentence in block.sentences:
            pieces = json.dumps(sentence.pieces) if len(sentence.pieces) > 1 else None
            text = storable(sentence_text(doc.text, sentence.pieces))
            yield number, position, *sentence.span, pieces, sentence.lang, sentence.lang_confidence, text
            position += 1
    if position > MAX_SENTENCES:
        raise StoreError(f"{doc.name}: more than {MAX_SENTENCES:,} sentences. Split the file.")


def existing_name(db: Database, document: int) -> str:
    """Name of a document. Raises ConflictError if it does not exist (any more)."""
    row = db.conn.execute("select name from documents where id = ? and removed_at is null", (document,)).fetchone()
    if row is None:
        raise ConflictError(f"document {document} does not exist (any more). `align documents` lists them.")
    return str(row[0])


def document_text(db: Database, document: int) -> str:
    """Original text of a document."""
    text: bytes = _one(db, document)[0]
    return text.decode("utf-8", "surrogatepass")


def document_rows(db: Database) -> list[DocumentRow]:
    """All documents that are not removed, in the order they were added."""
    links: dict[int, dict[Status, int]] = {}
    for document, status, count in db.conn.execute(
        """select document, status, sum(n) from (
               select src_document as document, status, n from tallies
               union all select tgt_document, status, n from tallies where tgt_document <> src_document
           ) group by document, status"""
    ):
        links.setdefault(document, {})[Status(status)] = count
    return [
        DocumentRow(
            id=id_,
            name=name,
            reader=reader,
            encoding=encoding,
            characters=characters,
            sentences=sentences,
            languages=json.loads(languages),
            links={status: links.get(id_, {}).get(status, 0) for status in Status},
            added_at=added_at,
            digest=digest,
        )
        for id_, name, reader, encoding, characters, added_at, digest, sentences, languages in db.conn.execute(
            """select id, name, reader, encoding, characters, added_at, digest, sentences, languages from documents
               where removed_at is null order by id"""
        )
    ]


def blocks_of(db: Database, document: int) -> list[Block]:
    """Blocks of a document with their sentences."""
    _one(db, document)
    sentences: dict[int, list[Sentence]] = {}
    for block, start, end, pieces, lang, confidence in db.conn.execute(
        """select block, start, "end", pieces, lang, lang_confidence from sentences
           where document = ? order by position""",
        (document,),
    ):
        sentences.setdefault(block, []).append(Sentence(pieces_of(start, end, pieces), lang, confidence))
    return [
        Block(Span(start, end), BlockKind(kind), lang, confidence, tuple(sentences.get(position, ())))
        for position, start, end, kind, lang, confidence in db.conn.execute(
            """select position, start, "end", kind, lang, lang_confidence from blocks
               where document = ? order by position""",
            (document,),
        )
    ]


def sentence_rows(db: Database, document: int, start: int = 0, count: int | None = None) -> list[SentenceRow]:
    """`count` sentences (None: all) from position `start`, in reading order."""
    stop = 1 << 62 if count is None else start + count
    return _sentence_rows(
        db, "sentences.document = ? and sentences.position >= ? and sentences.position < ?", document, start, stop
    )


def sentences_by_id(db: Database, sentence_ids: Sequence[int]) -> list[SentenceRow]:
    """Sentences with these ids, in reading order."""
    return _sentence_rows(db, f"sentences.id in ({','.join(map(str, sentence_ids))})")


def _sentence_rows(db: Database, condition: str, *values: int) -> list[SentenceRow]:
    # A join reads only the blocks of these sentences; a book has too many blocks to load them all for a page.
    rows = db.conn.execute(
        f"""select sentences.id, sentences.document, block, blocks.kind, sentences.position, sentences.start,
                   sentences."end", pieces, sentences.lang, text
            from sentences join blocks on blocks.document = sentences.document and blocks.position = block
            where {condition} order by sentences.document, sentences.position""",
        values,
    )
    return [
        SentenceRow(id_, doc, block, BlockKind(kind), position, pieces_of(start, end, pieces), lang, text)
        for id_, doc, block, kind, position, start, end, pieces, lang, text in rows
    ]


def pieces_of(start: int, end: int, pieces: str | None) -> tuple[Span, ...]:
    """Spans of a sentence from its columns."""
    return (Span(start, end),) if pieces is None else tuple(Span(*piece) for piece in json.loads(pieces))


def split_rests(db: Database) -> frozenset[int]:
    """Ids of the sentences that are the second part of a split."""
    return frozenset(row[0] for row in db.conn.execute("select rest from cuts"))


def join_texts(rows: Sequence[tuple[int, int, int, str]], lang: str, rests: Collection[int]) -> str:
    """Join texts of consecutive sentences (id, start, end, text); parts of a word that was split get no space."""
    texts: list[str] = []
    ended = -1
    for number, start, end, text in rows:
        if number in rests and start == ended:
            texts[-1] += text
        else:
            texts.append(text)
        ended = end
    return join(texts, lang)


def refuse_damaged_document(db: Database, document: int) -> None:
    """Raise StoreError if the document is damaged: changing it would renew its checksum and hide the damage."""
    digest, text = db.conn.execute(
        "select digest, content from documents join texts on texts.document = documents.id where id = ?", (document,)
    ).fetchone()
    refuse_damaged(db, "document", [document])
    if hashlib.sha256(text).hexdigest() != digest:
        raise StoreError(DAMAGED.format(f"the text of document {document}"))


def set_language(db: Database, document: int, lang: str) -> None:
    """Set the language of all blocks, sentences and links of the document by hand."""
    _one(db, document)
    refuse_damaged(db, "document", [document])
    for table in ("blocks", "sentences"):
        db.conn.execute(f"update {table} set lang = ?, lang_confidence = 1.0 where document = ?", (lang, document))
    for side in ("src", "tgt"):
        db.conn.execute(f"update links set {side}_lang = ? where {side}_document = ?", (lang, document))
    db.conn.execute("update documents set lang = ? where id = ?", (lang, document))
    update_summary(db, document)
    decision_log.recount_all(db)


def set_origin(db: Database, document: int, origin: str) -> None:
    """Set the file that the document was last read from; see `origins`."""
    db.conn.execute("update documents set origin = ?1 where id = ?2 and origin is not ?1", (origin, document))


def languages_of(db: Database, document: int) -> dict[str, int]:
    """Sentence counts by language, most frequent first."""
    row = db.conn.execute("select languages from documents where id = ?", (document,)).fetchone()
    if row is None:
        raise KeyError(f"document {document}")
    counts: dict[str, int] = json.loads(row[0])
    return counts


def _one(db: Database, document: int) -> tuple[bytes]:
    row: tuple[bytes] | None = db.conn.execute("select content from texts where document = ?", (document,)).fetchone()
    if row is None:
        raise KeyError(f"document {document}")
    return row
