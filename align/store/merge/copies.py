"""Copy documents that are missing here from another copy of the store.

Documents are identified by name and text, sentences by the position at which they were read (see `replica`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from sqlite_utils import Database

from align.models import segments_of
from align.store import search, sentence_splits
from align.store.documents import document_text, update_summary
from align.store.records import storable
from align.store.sentence_splits import Pieces
from align.text.normalize import sentence_text

SENTENCE_REST = 'start, "end", pieces, lang, lang_confidence, text'
SENTENCE = f"position, {SENTENCE_REST}"


@dataclass(slots=True)
class MergedDocuments:
    """What happened to the other copy's documents."""

    added: int = 0
    restored: list[str] = field(default_factory=list)
    """Names of documents that had been removed here."""
    differing: list[str] = field(default_factory=list)
    """Names of documents whose texts differ, or the sentences that they were read as."""


def merge_documents(ours: Database, theirs: Database) -> MergedDocuments:
    """Copy the documents that are missing here. Call inside `writing`."""
    merged = MergedDocuments()
    present = {
        name: (digest, segments_of(reader))
        for name, digest, reader in ours.conn.execute(
            "select name, digest, reader from documents where removed_at is null"
        )
    }
    for id_, name, digest, reader in theirs.conn.execute(
        "select id, name, digest, reader from documents where removed_at is null order by id"
    ).fetchall():
        version = (digest, segments_of(reader))
        if present.get(name, version) != version:
            merged.differing.append(name)
        elif name not in present:
            removed_rows = ours.conn.execute(
                "select id, reader from documents where name = ? and digest = ? order by id desc", (name, digest)
            )
            removed = next((row[0] for row in removed_rows.fetchall() if segments_of(row[1]) == version[1]), None)
            if removed is None:
                _copy_document(ours, theirs, id_)
                merged.added += 1
            else:
                ours.conn.execute("update documents set removed_at = null where id = ?", (removed,))
                merged.restored.append(name)
    return merged


def _copy_document(ours: Database, theirs: Database, document: int) -> None:
    columns = "name, digest, reader, encoding, characters, added_at, lang"
    row = theirs.conn.execute(f"select {columns} from documents where id = ?", (document,)).fetchone()
    new = ours.conn.execute(f"insert into documents ({columns}) values (?, ?, ?, ?, ?, ?, ?)", row).lastrowid
    assert new is not None
    text = theirs.conn.execute("select content from texts where document = ?", (document,)).fetchone()
    ours.conn.execute("insert into texts (document, content) values (?, ?)", (new, *text))
    columns = 'position, start, "end", kind, lang, lang_confidence'
    ours.conn.executemany(
        f"insert into blocks (document, {columns}) values (?, ?, ?, ?, ?, ?, ?)",
        ((new, *row) for row in theirs.conn.execute(f"select {columns} from blocks where document = ?", (document,))),
    )
    # without splits: they are made again when their decisions are merged
    uncut, rests = sentence_splits.read_pieces(theirs, document)
    text_read = document_text(theirs, document) if uncut else ""
    rows = theirs.conn.execute(
        f"select id, block, {SENTENCE} from sentences where document = ? order by position", (document,)
    )
    read = [_as_read(row[1:], uncut.get(row[0]), text_read) for row in rows if row[0] not in rests]
    ours.conn.executemany(
        f"insert into sentences (document, position, block, {SENTENCE_REST}) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((new, position, row[0], *row[2:]) for position, row in enumerate(read)),
    )
    search.add(ours, ours.conn.execute("select id, text from sentences where document = ?", (new,)).fetchall())
    update_summary(ours, new)


def _as_read(row: tuple[Any, ...], pieces: Pieces | None, text: str) -> tuple[Any, ...]:
    """(block, `SENTENCE`) of a sentence as it was before any split."""
    if pieces is None:
        return row
    block, position, _, _, _, lang, lang_confidence, _ = row
    return block, position, *_span_columns(pieces), lang, lang_confidence, storable(sentence_text(text, pieces))


def _span_columns(pieces: Pieces) -> tuple[Any, ...]:
    return pieces[0].start, pieces[-1].end, json.dumps(pieces) if len(pieces) > 1 else None
