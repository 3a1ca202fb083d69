"""Tables and migrations. Migrations are history: append to them, never edit a released one.

Primary data: `documents`, `texts`, `blocks`, `sentences` (what was read), `decisions`, `patches` (what was proposed
and decided, in order), `revisions` and `displaced_links` (what new texts replaced). `links` and `link_sentences`
are derived from these for fast reads; `align store rebuild` makes them again.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from sqlite_utils import Database, Migrations

from align.errors import StoreError
from align.store import checksums, pagination, search

APPLICATION_ID: Final = 0x416C676E
"""`Algn` in the file header, which distinguishes a store from other SQLite files."""

migrations = Migrations("align.store")


def _run(db: Database, *statements: str) -> None:
    for statement in statements:
        db.execute(statement)


@migrations()
def m001_first(db: Database) -> None:
    """Documents, links and the log of decisions."""
    _run(
        db,
        """create table documents (
            id integer primary key autoincrement, name text not null, digest text not null, reader text not null,
            encoding text not null, text blob not null, characters integer not null, added_at text not null,
            removed_at text) strict""",
        "create unique index documents_name on documents (name) where removed_at is null",
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
        """create table decisions (
            id integer primary key autoincrement, uid text not null unique, at text not null, reviewer text not null,
            action text not null, link integer, document integer, target integer references decisions (id),
            detail text not null default '{}', first_link integer, proposals blob) strict""",
        "create index decisions_reviewer on decisions (reviewer, id)",
        "create index decisions_birth on decisions (first_link) where first_link is not null",
        """create table patches (
            decision integer not null references decisions (id), link integer not null, was text, now text,
            primary key (decision, link)) strict, without rowid""",
        "create index patches_link on patches (link, decision)",
        """create table links (
            id integer primary key autoincrement, src_document integer not null references documents (id),
            tgt_document integer not null references documents (id), place integer not null, src text not null,
            tgt text not null, src_lang text not null, tgt_lang text not null, kind text not null, score real not null,
            confidence real not null, encoder text not null, chain integer not null, signals text,
            status text not null, version integer not null, reviewer text, decided_at text, note text,
            bookmarked integer not null, anchored integer not null, touched integer not null, src_text text,
            tgt_text text, attention text) strict""",
        "create index links_place on links (place)",
        "create index links_status on links (status, place)",
        "create index links_doubt on links (status, confidence)",
        "create index links_target on links (tgt_document)",
        "create table kept (key text primary key, value text not null) strict, without rowid",
        """create table audits (
            id integer primary key, at text not null, reviewer text not null, filter text not null, n integer not null,
            "right" integer not null, low real not null, high real not null) strict""",
        """create table link_sentences (
            sentence integer not null, link integer not null, side integer not null,
            primary key (sentence, link, side)) strict, without rowid""",
    )


@migrations()
def m002_tallies(db: Database) -> None:
    """Link counts by bucket, for positions in lists of a million links; summaries of documents."""
    _run(
        db,
        """create table tallies (
            bucket integer not null, status text not null, src_document integer not null, tgt_document integer not null,
            src_lang text not null, tgt_lang text not null, n integer not null, total real not null,
            least real not null,
            primary key (bucket, status, tgt_document, src_lang, tgt_lang)) strict, without rowid""",
        "drop index links_place",
        "drop index links_status",
        "drop index links_doubt",
        "create index links_place on links (place, id, status, confidence)",
        "create index links_doubt on links (confidence, id, status)",
        """insert into tallies
           select place >> 9, status, src_document, tgt_document, src_lang, tgt_lang, count(*), total(confidence),
               min(confidence) from links group by 1, 2, 4, 5, 6""",
        "alter table documents add column sentences integer not null default 0",
        "alter table documents add column languages text not null default '{}'",
        """update documents set
            sentences = (select count(*) from sentences where document = documents.id),
            languages = (select coalesce(json_group_object(lang, n), '{}') from
                (select lang, count(*) as n from sentences where document = documents.id
                 group by lang order by n desc, lang))""",
    )


@migrations()
def m003_order_by_pair(db: Database) -> None:
    """Document order goes through one pair of documents after the other."""
    _run(
        db,
        """update links set place = src_document * 4398046511104 + tgt_document * 4194304 + position from sentences
           where sentences.id = cast(src as integer)""",
        "delete from tallies",
        """insert into tallies
           select place >> 9, status, src_document, tgt_document, src_lang, tgt_lang, count(*), total(confidence),
               min(confidence) from links group by 1, 2, 4, 5, 6""",
    )


@migrations()
def m004_search(db: Database) -> None:
    """Full text over both sides; the index holds no copy of the texts."""
    _run(
        db,
        """create virtual table search using fts5(
            body, content = '', tokenize = "unicode61 remove_diacritics 0 categories 'L* N* Co Mn Mc'")""",
        "create index links_worded on links (id) where src_text is not null or tgt_text is not null",
    )
    search.reindex(db)


@migrations()
def m005_conflicts(db: Database) -> None:
    """Contradictory decisions of two copies, until a reviewer resolves them."""
    _run(
        db,
        """create table conflicts (
            link integer not null, uid text not null, at text not null, reviewer text not null, action text not null,
            ours text not null, theirs text not null, name text not null, primary key (link, uid)) strict,
            without rowid""",
    )


@migrations()
def m006_language_by_hand(db: Database) -> None:
    """A language that was set by hand stays when the document is read again."""
    _run(db, "alter table documents add column lang text")


@migrations()
def m007_aliases(db: Database) -> None:
    """Links of another copy are identified by their creating decision there."""
    _run(
        db,
        """create table aliases (
            uid text not null, ordinal integer not null, link integer not null, primary key (uid, ordinal)) strict,
            without rowid""",
    )


@migrations()
def m008_texts_apart(db: Database) -> None:
    """Texts in a table of their own, so that listing documents does not read them."""
    _run(
        db,
        """create table texts (
            document integer primary key references documents (id), content blob not null) strict""",
        "insert into texts (document, content) select id, text from documents",
        "alter table documents drop column text",
    )


@migrations()
def m009_cuts(db: Database) -> None:
    """Sentence splits; see `sentence_splits`."""
    _run(
        db,
        """create table cuts (
            rest integer primary key, sentence integer not null, document integer not null references documents (id),
            at integer not null, pieces text not null, decision integer not null references decisions (id)) strict""",
        "create index cuts_document on cuts (document)",
    )


@migrations()
def m010_queue(db: Database) -> None:
    """Doubt order by the expected yield of mistakes per look; see `pagination`."""
    _run(
        db,
        "drop index links_doubt",
        "alter table links add column queue real not null default 0",
    )
    pagination.refresh_all(db)
    _run(db, "create index links_queue on links (queue, id, status)")


@migrations()
def m011_dismissed(db: Database) -> None:
    """The decision that dismissed a conflict."""
    _run(db, "alter table conflicts add column dismissed text")


@migrations()
def m012_seals(db: Database) -> None:
    """Checksums of documents and decisions; see `checksums`."""
    checksums.create(db)


@migrations()
def m013_revisions(db: Database) -> None:
    """Earlier texts of documents with the links they had; the files that documents were read from."""
    _run(
        db,
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
        "alter table documents add column origin text",
        "create index documents_origin on documents (origin collate nocase) where origin is not null",
    )
    checksums.create_triggers(db)


@migrations()
def m014_causality(db: Database) -> None:
    """What each decision knew when it was made (see `causality`), and what came from other copies (see `replica`).

    The patches of a decision with `taken` are for display only. Earlier logs were written in id order: `parents`
    null means the row before. Of the aliases of a link, the `main` one is its identity in other copies.
    """
    _run(
        db,
        "alter table decisions add column depth integer not null default 0",
        "alter table decisions add column parents text",
        "update decisions set depth = id",
        """create table replicas (
            decision integer primary key references decisions (id), content blob not null,
            taken integer not null) strict""",
        "alter table aliases add column main integer not null default 1",
        "alter table conflicts add column contested text",
    )
    checksums.create_triggers(db)


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
    layouts = [row[0] for row in db.conn.execute("select name from _sqlite_migrations not indexed order by id")]
    if sorted(layouts) != sorted(migration.name for migration in migrations._migrations):
        yield "the table _sqlite_migrations does not list the migrations of align"
    there = {(kind, name): sql for kind, name, sql in db.conn.execute(_OBJECTS)}
    for kind, name in objects.keys() - there.keys():
        yield f"the {kind} {name} is missing"
    for kind, name in there.keys() - objects.keys():
        if kind in ("index", "trigger"):
            yield f"the {kind} {name} is not part of align"
    for kind, name in objects.keys() & there.keys():
        if kind != "table" and objects[kind, name] != there[kind, name]:
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
