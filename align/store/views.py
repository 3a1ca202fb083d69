"""SQL views for other programs: documents, links and decisions in words. Their columns stay; others may be added."""

from __future__ import annotations

from typing import Final

from sqlite_utils import Database

from align.text.normalize import UNSPACED


def _text(side: str) -> str:
    """SQL of the current text of a side of a link: as edited, else its sentences in order."""
    unspaced = ", ".join(f"'{lang}'" for lang in sorted(UNSPACED))
    primary = f"substr(links.{side}_lang, 1, instr(links.{side}_lang || '-', '-') - 1)"
    return f"""coalesce(links.{side}_text, (
                select group_concat(text, case when {primary} in ({unspaced}) then '' else ' ' end) from (
                    select sentences.text from json_each('[' || links.{side} || ']') as part
                    join sentences on sentences.id = part.value order by part.key)))"""


VIEWS: Final = {
    "v_documents": """CREATE VIEW v_documents as
        select id, name, sentences, characters, languages, reader, encoding, added_at
        from documents where removed_at is null""",
    "v_links": f"""CREATE VIEW v_links as
        select links.id, links.status, links.kind, links.confidence, links.score,
            source.name as src_doc, target.name as tgt_doc, links.src_lang, links.tgt_lang,
            {_text("src")} as src,
            {_text("tgt")} as tgt,
            links.reviewer, links.decided_at, links.note, links.encoder, links.attention
        from links join documents as source on source.id = links.src_document
            join documents as target on target.id = links.tgt_document""",
    "v_decisions": """CREATE VIEW v_decisions as
        select decisions.id, decisions.at, decisions.reviewer, decisions.action, decisions.link,
            documents.name as doc, decisions.detail
        from decisions left join documents on documents.id = decisions.document""",
}
"""Name -> SQL, as SQLite stores it: with the first two words in capitals."""


def missing_views(db: Database) -> list[str]:
    """Names of the views that a store made before them lacks, or has as they were then."""
    rows = db.conn.execute("select name, type, sql from sqlite_schema where name like 'v\\_%' escape '\\'")
    there = {name: (kind, sql) for name, kind, sql in rows}
    tables = {name for name, (kind, _) in there.items() if kind != "view"}  # of another program: never dropped
    return [name for name, sql in VIEWS.items() if name not in tables and there.get(name) != ("view", sql)]


def create_views(db: Database) -> None:
    """Create the views that are missing or of before, inside an open transaction."""
    for name in missing_views(db):
        db.conn.execute(f"drop view if exists {name}")
        db.conn.execute(VIEWS[name])
