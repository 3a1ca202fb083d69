"""The views of a store: what other programs see, in words; a store that was made before them gets them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from align.reviewer import Reviewer
from align.store import Store, edits, open_store
from align.store.schema import VIEWS, missing_views

COLUMNS = {
    "v_documents": ["id", "name", "sentences", "characters", "languages", "reader", "encoding", "added_at"],
    "v_links": ["id", "status", "kind", "confidence", "score", "src_doc", "tgt_doc", "src_lang", "tgt_lang", "src",
                "tgt", "reviewer", "decided_at", "note", "encoder", "attention"],
    "v_decisions": ["id", "at", "reviewer", "action", "link", "doc", "detail"],
}  # fmt: skip
"""Frozen: columns may be added at the end, but none renamed or removed."""


def rows(path: Path, sql: str) -> list[dict[str, object]]:
    with closing(sqlite3.connect(path)) as conn:
        conn.row_factory = sqlite3.Row
        return [dict(row) for row in conn.execute(sql)]


def test_links_in_words_are_those_of_the_store(store: Store) -> None:
    path = store.path
    reviewer = Reviewer(store, "ada")
    reviewer.commit(edits.edit_text(2, "tgt", "We are climbing."))
    reviewer.commit(edits.merge(3, 4))
    reviewer.commit(edits.accept(1))
    links = list(store.links())
    shown = rows(path, "select * from v_links order by id")
    assert [row["id"] for row in shown] == sorted(link.id for link in links)
    by_id = {link.id: link for link in links}
    for row in shown:
        link = by_id[int(str(row["id"]))]
        assert (row["src"], row["tgt"]) == (link.src.text, link.tgt.text)
        assert (row["src_doc"], row["tgt_doc"]) == (link.src.doc, link.tgt.doc)
        assert (row["src_lang"], row["status"], row["reviewer"]) == (link.src.lang, link.status.value, link.reviewer)
    assert shown[0]["reviewer"] == "ada"
    (document, *_) = rows(path, "select * from v_documents")
    assert json.loads(str(document["languages"]))
    assert rows(path, "select * from v_decisions order by id desc")[0]["action"] == "accept"


def test_the_columns_of_the_views_are_frozen(store: Store) -> None:
    path = store.path
    for name, columns in COLUMNS.items():
        assert [row["name"] for row in rows(path, f"select name from pragma_table_info('{name}')")] == columns


def test_a_store_without_views_gets_them_when_it_is_opened(store: Store) -> None:
    path = store.path
    store.close()
    with closing(sqlite3.connect(path)) as conn:
        for name in VIEWS:
            conn.execute(f"drop view {name}")
    with open_store(path, readonly=True) as readonly:
        assert readonly.check() == []
    with open_store(path) as opened:
        assert opened.check() == []
    assert len(rows(path, "select name from sqlite_schema where type = 'view'")) == len(VIEWS)


def test_a_view_of_before_is_made_anew(store: Store) -> None:
    store.db.conn.execute("drop view v_documents")
    store.db.conn.execute("create view v_documents as select id, name from documents")
    assert store.check() == []
    path = store.path
    store.close()
    with open_store(path) as again:
        assert list(again.db["v_documents"].columns_dict) == COLUMNS["v_documents"]


def test_opening_a_store_with_its_views_takes_no_lock(store: Store) -> None:
    assert missing_views(store.db) == []
    with store.writing(), open_store(store.path) as again:
        assert again.count() == store.count()
