"""The tables of a store, the triggers of the checksums of its primary data, and views for other programs.

Primary data: `documents`, `texts`, `blocks`, `sentences` (what was read), `decisions`, `patches` (what was proposed
and decided, in order), `revisions` and `displaced_links` (what new texts replaced). `links` and `link_sentences`
are derived from these for fast reads; `align store rebuild` makes them again.

`seals` has a CRC-32 for each document (with its blocks and sentences; its text has a separate digest), each
decision (with its patches) and each row of the other primary tables, so that a damaged byte is detected and its
document or decision named. Triggers set the checksum of written rows to null; `seal` of `transaction` recomputes those
before the commit. A CRC-32 detects every error burst of up to 32 bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from sqlite_utils import Database, Migrations

from align.errors import StoreError
from align.text.normalize import UNSPACED

SealKey = int | str

SEALED_TABLES: Final = {
    "document": (
        ("documents", "id", "id"),
        ("blocks", "document", "position"),
        ("sentences", "document", "position, id"),
    ),
    "decision": (("decisions", "id", "id"), ("patches", "decision", "link"), ("replicas", "decision", "decision")),
    "alias": (("aliases", "uid", "ordinal"),),
    "conflict": (("conflicts", "link", "uid"),),
    "audit": (("audits", "id", "id"),),
    "note": (("kept", "key", "key"),),
    "revision": (("revisions", "decision", "decision"),),
    "displaced link": (("displaced_links", "link", "decision"),),
}
"""Tables of each kind of checksum: (table, key column, row order). The first table has the keys."""
SEQUENCE: Final = "sequence"
"""Kind of the last assigned ids, by table; the checksum is the id itself."""


SEAL_TABLES: Final = (
    "create table seals (kind text not null, key any not null, sum integer, primary key (kind, key))"
    " strict, without rowid",
    "create index seals_open on seals (kind, key) where sum is null",
)


def triggers() -> dict[str, str]:
    """Name -> SQL of the triggers that record writes."""
    statements = {}
    for kind, parts in SEALED_TABLES.items():
        for table, column, _ in parts:
            for event, row in (("insert", "new"), ("update", "old"), ("delete", "old")):
                name = f"seal_{table}_{event}"
                statements[name] = (
                    f"create trigger {name} after {event} on {table} begin insert into seals (kind, key)"
                    f" values ('{kind}', {row}.{column}) on conflict (kind, key) do update set sum = null"
                    " where sum is not null; end"
                )
    return statements


def enter_missing(db: Database) -> None:
    """Add rows for data without a checksum, and delete checksums of unknown kinds."""
    there = {row[0] for row in db.conn.execute("select name from sqlite_schema")}
    for kind, parts in SEALED_TABLES.items():
        table, column, _ = parts[0]
        if table not in there:
            continue
        db.conn.execute(f"insert or ignore into seals (kind, key) select distinct '{kind}', {column} from {table}")
    marks = ", ".join("?" * (len(SEALED_TABLES) + 1))
    db.conn.execute(f"delete from seals where kind not in ({marks})", (*SEALED_TABLES, SEQUENCE))


APPLICATION_ID: Final = 0x416C676E
"""`Algn` in the file header, which distinguishes a store from other SQLite files."""

LATEST: Final = "m014_causality"
"""Name of the current schema, the last in the table `_sqlite_migrations`; names sort in the order of schemas."""
LAST_MIGRATING_COMMIT: Final = "0dff4e4"
"""The last commit of this repository that brings a store of an earlier schema to `LATEST`."""

TABLES: Final = (
    # What was read.
    """create table documents (
        id integer primary key autoincrement, name text not null, digest text not null, reader text not null,
        encoding text not null, characters integer not null, added_at text not null, removed_at text,
        sentences integer not null default 0, languages text not null default '{}', lang text, origin text) strict""",
    "create unique index documents_name on documents (name) where removed_at is null",
    "create index documents_origin on documents (origin collate nocase) where origin is not null",
    # A table of its own, so that listing documents does not read the texts.
    """create table texts (
        document integer primary key references documents (id), content blob not null) strict""",
    """create table blocks (
        id integer primary key, document integer not null references documents (id), position integer not null,
        start integer not null, "end" integer not null, kind text not null, lang text not null,
        lang_confidence real not null) strict""",
    "create unique index blocks_place on blocks (document, position)",
    """create table sentences (
        id integer primary key autoincrement, document integer not null references documents (id),
        block integer not null, position integer not null, start integer not null, "end" integer not null,
        pieces text, lang text not null, lang_confidence real not null, text text not null) strict""",
    "create index sentences_place on sentences (document, position)",
    # Sentence splits; see `sentence_splits`.
    """create table cuts (
        rest integer primary key, sentence integer not null, document integer not null references documents (id),
        at integer not null, pieces text not null, decision integer not null references decisions (id)) strict""",
    "create index cuts_document on cuts (document)",
    # What was proposed and decided. `depth` and `parents`: what a decision knew when it was made (see `causality`);
    # a decision without `parents` follows the row before.
    """create table decisions (
        id integer primary key autoincrement, uid text not null unique, at text not null, reviewer text not null,
        action text not null, link integer, document integer, target integer references decisions (id),
        detail text not null default '{}', first_link integer, proposals blob, depth integer not null default 0,
        parents text) strict""",
    "create index decisions_reviewer on decisions (reviewer, id)",
    "create index decisions_birth on decisions (first_link) where first_link is not null",
    """create table patches (
        decision integer not null references decisions (id), link integer not null, was text, now text,
        primary key (decision, link)) strict, without rowid""",
    "create index patches_link on patches (link, decision)",
    # Decisions of other copies (see `replica`). The patches of a decision with `taken` are for display only.
    """create table replicas (
        decision integer primary key references decisions (id), content blob not null,
        taken integer not null) strict""",
    # Links of another copy are identified by their creating decision there; the `main` alias of a link is its
    # identity in other copies.
    """create table aliases (
        uid text not null, ordinal integer not null, link integer not null, main integer not null default 1,
        primary key (uid, ordinal)) strict, without rowid""",
    # Contradictory decisions of two copies, until a reviewer resolves them.
    """create table conflicts (
        link integer not null, uid text not null, at text not null, reviewer text not null, action text not null,
        ours text not null, theirs text not null, name text not null, dismissed text, contested text,
        primary key (link, uid)) strict, without rowid""",
    # Earlier texts of documents, with the links they had.
    """create table revisions (
        decision integer primary key references decisions (id), document integer not null references documents (id),
        digest text not null, content blob not null) strict""",
    "create index revisions_document on revisions (document)",
    """create table displaced_links (
        link integer not null, decision integer not null references decisions (id), src_document integer not null,
        tgt_document integer not null, src text not null, tgt text not null,
        primary key (link, decision)) strict, without rowid""",
    "create index displaced_links_source on displaced_links (src_document)",
    "create index displaced_links_target on displaced_links (tgt_document)",
    # Values of front ends and audits.
    "create table kept (key text primary key, value text not null) strict, without rowid",
    """create table audits (
        id integer primary key, at text not null, reviewer text not null, filter text not null, n integer not null,
        "right" integer not null, low real not null, high real not null) strict""",
    # Derived: links, their sentences, link counts by bucket, full text of both sides without a copy of the texts.
    """create table links (
        id integer primary key autoincrement, src_document integer not null references documents (id),
        tgt_document integer not null references documents (id), place integer not null, src text not null,
        tgt text not null, src_lang text not null, tgt_lang text not null, kind text not null, score real not null,
        confidence real not null, encoder text not null, chain integer not null, signals text,
        status text not null, version integer not null, reviewer text, decided_at text, note text,
        bookmarked integer not null, anchored integer not null, touched integer not null, src_text text,
        tgt_text text, attention text, queue real not null default 0) strict""",
    "create index links_place on links (place, id, status, confidence)",
    "create index links_queue on links (queue, id, status)",
    "create index links_target on links (tgt_document)",
    "create index links_worded on links (id) where src_text is not null or tgt_text is not null",
    """create table link_sentences (
        sentence integer not null, link integer not null, side integer not null,
        primary key (sentence, link, side)) strict, without rowid""",
    """create table tallies (
        bucket integer not null, status text not null, src_document integer not null, tgt_document integer not null,
        src_lang text not null, tgt_lang text not null, n integer not null, total real not null, least real not null,
        primary key (bucket, status, tgt_document, src_lang, tgt_lang)) strict, without rowid""",
    """create virtual table search using fts5(
        body, content = '', tokenize = "unicode61 remove_diacritics 0 categories 'L* N* Co Mn Mc'")""",
)


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


migrations = Migrations("align.store")


@migrations(name=LATEST)
def create(db: Database) -> None:
    """Create all tables, indexes and triggers. From the first release on, later schemas are migrations after it."""
    for statement in (*TABLES, *SEAL_TABLES, *triggers().values()):
        db.execute(statement)
    create_views(db)


def schema_names(db: Database) -> list[str]:
    """Names of the schemas that were applied to the store, in order; the last is its present one."""
    return sorted(done.name for done in migrations.applied(db))


DERIVED: Final = ("links", "link_sentences", "tallies", "search")
"""Derived tables, which are rebuilt from the others."""
_OBJECTS = "select type, name, sql from sqlite_schema where sql is not null and name not like 'sqlite\\_%' escape '\\'"
_COLUMNS = 'select name, type, "notnull", dflt_value, pk from pragma_table_xinfo(?) order by cid'


@cache
def expected() -> tuple[dict[tuple[str, str], str], dict[str, list[tuple[Any, ...]]]]:
    """Objects of the current schema: (type, name) -> SQL of every object, table -> its columns."""
    db = Database(memory=True)
    migrations.apply(db)
    objects = {(kind, name): sql for kind, name, sql in db.conn.execute(_OBJECTS)}
    tables = [name for kind, name in objects if kind == "table" and name != "_sqlite_migrations"]
    columns = {name: db.conn.execute(_COLUMNS, (name,)).fetchall() for name in tables}
    db.close()
    return objects, columns


def differences(db: Database) -> Iterator[str]:
    """Yield a line for each table, column, index and trigger that differs from the current schema."""
    objects, columns = expected()
    applied = db.conn.execute("select max(name) from _sqlite_migrations not indexed").fetchone()[0]
    if applied != LATEST:
        yield "the table _sqlite_migrations does not end with the schema of align"
    there = {(kind, name): sql for kind, name, sql in db.conn.execute(_OBJECTS)}
    # A view that is missing or of before is made anew when the store is opened for writing.
    for kind, name in objects.keys() - there.keys() - {("view", name) for name in VIEWS}:
        yield f"the {kind} {name} is missing"
    for kind, name in there.keys() - objects.keys():
        if kind in ("index", "trigger"):
            yield f"the {kind} {name} is not part of align"
    for kind, name in objects.keys() & there.keys():
        if kind not in ("table", "view") and objects[kind, name] != there[kind, name]:
            yield f"the {kind} {name} differs from the schema of align"
    for name in columns.keys() & {name for kind, name in there if kind == "table"}:
        now = db.conn.execute(_COLUMNS, (name,)).fetchall()
        names = [row[0] for row in now]
        missing = [row[0] for row in columns[name] if row[0] not in names]
        if missing:
            yield f"the table {name} has no column {missing[0]}"
        elif now != columns[name]:
            yield f"the columns of the table {name} differ from the schema of align"


def refuse_foreign(db: Database) -> None:
    """Raise StoreError where an index or a trigger of another program is in the store: what is written might then be
    changed or taken away without a word."""
    objects, _ = expected()
    for kind, name, sql in db.conn.execute(f"{_OBJECTS} and type in ('index', 'trigger')"):
        if objects.get((kind, name)) != sql:
            shown = name if str(name).isprintable() else ascii(name)
            raise StoreError(
                f"the {kind} {shown} in it is not part of align and may change what is written. Nothing was written; "
                "`align store rebuild` removes it."
            )


def of_others(db: Database) -> list[tuple[str, str]]:
    """Tables and views of other programs: (`table` or `view`, name). They may contain data and are never dropped."""
    there = {(kind, name) for kind, name, _ in db.conn.execute(_OBJECTS)}
    return sorted(key for key in there - expected()[0].keys() if key[0] in ("table", "view"))


def repair(db: Database) -> None:
    """Drop indexes and triggers that are not in the schema, create missing ones, and recreate the derived tables
    empty. Tables of other programs stay. Call inside `writing`."""
    objects, _ = expected()
    for kind, name, sql in db.conn.execute(_OBJECTS).fetchall():
        if kind in ("index", "trigger") and objects.get((kind, name)) != sql:
            db.conn.execute(f"drop {kind} {_quoted(name)}")
    last = db.conn.execute("select seq from sqlite_sequence where name = 'links'").fetchone()
    for name in DERIVED:
        db.conn.execute(f"drop table if exists {name}")
        db.conn.execute(objects["table", name])
    if last:
        db.conn.execute("insert into sqlite_sequence (name, seq) values ('links', ?)", last)
    db.conn.execute("delete from sqlite_sequence where name not in (select name from sqlite_schema)")
    there = {(kind, name) for kind, name, _ in db.conn.execute(_OBJECTS)}
    for (kind, name), sql in objects.items():
        if kind in ("index", "trigger") and (kind, name) not in there:
            db.conn.execute(sql)
    db.conn.execute("reindex")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
