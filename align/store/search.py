"""Full-text search over all sentences, in scripts with and without spaces between words.

Words are indexed folded (case, width, accents, variants of Han characters). Text of scripts without spaces is
indexed as overlapping character pairs plus the last character, because a trigram index misses 雾气 and a word index
finds nothing inside a run. A pair is then a token, a longer term a phrase of pairs, one character a prefix.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from sqlite_utils import Database

from align.store.actions import Action, Trait
from align.store.records import storable
from align.text.han import fold as fold_han

UNSPACED_SCRIPTS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
    "\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Scripts written without spaces between words, and Hangul, whose words have suffixes attached."""
_PART = re.compile(rf"[{UNSPACED_SCRIPTS}]+|[^\W{UNSPACED_SCRIPTS}]+")
_WORD = re.compile(rf"[^\W{UNSPACED_SCRIPTS}]")
_IS_RUN = re.compile(rf"[{UNSPACED_SCRIPTS}]")
_MARKED = re.compile(r".[\u0300-\u036f\u3099\u309a\uff9e\uff9f]*", re.DOTALL)
_TERM = re.compile(r'"([^"]*)"|(\S+)')
LATIN_END = "\u0530"
"""Below this, Latin, Greek and Cyrillic: accents are removed. Elsewhere a mark makes another letter (か, が)."""


def folded(text: str) -> tuple[str, list[int]]:
    """`text` folded for comparison, and for each folded character the offset in `text` that it comes from."""
    if text.isascii():
        return text.lower(), list(range(len(text)))
    letters: list[str] = []
    offsets: list[int] = []
    for cluster in _MARKED.finditer(text):
        piece = unicodedata.normalize("NFKC", cluster[0]).casefold()
        if piece[:1] < LATIN_END and not piece.isascii():
            piece = "".join(c for c in unicodedata.normalize("NFD", piece) if not unicodedata.combining(c))
        letters.append(piece)
        offsets.extend([cluster.start()] * len(piece))
    return fold_han("".join(letters)), offsets


def index_tokens(text: str) -> str:
    """The text as index input: tokens separated by spaces."""
    return " ".join(token for part in _PART.findall(folded(text)[0]) for token in _part_tokens(part, is_complete=True))


def _part_tokens(part: str, *, is_complete: bool) -> Iterator[str]:
    if not _IS_RUN.match(part):
        yield part
        return
    yield from (part[n : n + 2] for n in range(len(part) - 1))
    if is_complete or len(part) == 1:
        yield part[-1]


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase of a query; all terms must match."""

    text: str
    exact: bool
    """Written in quotes: matches whole words only."""

    @property
    def match(self) -> str:
        """The term in FTS5 query syntax; empty if it has nothing that is indexed."""
        parts = _PART.findall(folded(self.text)[0])
        term_tokens = [t for n, part in enumerate(parts) for t in _part_tokens(part, is_complete=n < len(parts) - 1)]
        if not term_tokens:
            return ""
        open_end = len(parts[-1]) == 1 if _IS_RUN.match(parts[-1]) else not self.exact
        return '"' + " ".join(term_tokens) + '"' + (" *" if open_end else "")


def parse(query: str) -> tuple[Term, ...]:
    """Terms of a query: words, which match as prefixes, and "exact phrases" in quotes."""
    terms = [Term(quoted or word, bool(quoted)) for quoted, word in _TERM.findall(storable(query))]
    return tuple(term for term in terms if term.text.strip())


def sentences_with(term: Term) -> tuple[str, list[object]]:
    """SQL for the ids of the sentences with a term, and its parameters."""
    if term.match:
        return "select rowid from search where search match ?", [term.match]
    return "select id from sentences where text like ? escape '\\'", [like(term.text)]


def like(text: str) -> str:
    r"""Pattern for `like ... escape '\'` that matches the text anywhere."""
    return "%" + re.sub(r"([\\%_])", r"\\\1", text) + "%"


def links_with(term: Term) -> tuple[str, list[object]]:
    """SQL for the ids of the links with a term on either side, edited texts included, and its parameters."""
    inside, values = sentences_with(term)
    return (
        f"""select link from link_sentences where sentence in ({inside})
            union all select id from links indexed by links_worded where (src_text is not null or tgt_text is not null)
            and (src_text like ? escape '\\' or tgt_text like ? escape '\\')""",
        [*values, like(term.text), like(term.text)],
    )


def find_terms(text: str, terms: Iterable[Term]) -> tuple[tuple[int, int], ...]:
    """Matches of the terms in `text`: [start, end) in characters, ascending and disjoint."""
    folded_text, offsets = folded(text)
    positions: set[int] = set()
    for term in terms:
        folded_term = folded(term.text)[0].strip()
        if not folded_term:
            continue
        pattern = r"\s+".join(re.escape(word) for word in folded_term.split())
        # Words match at word starts; runs of pairs and signs match anywhere.
        if _WORD.match(folded_term):
            pattern = rf"(?<![^\W{UNSPACED_SCRIPTS}]){pattern}"
        if term.exact and _WORD.match(folded_term[-1]):
            pattern += rf"(?![^\W{UNSPACED_SCRIPTS}])"
        for hit in re.finditer(pattern, folded_text):
            positions.update(offsets[hit.start() : hit.end()])
    return _spans(text, sorted(positions))


def _spans(text: str, offsets: list[int]) -> tuple[tuple[int, int], ...]:
    spans: list[tuple[int, int]] = []
    for offset in offsets:
        end = offset + len(_MARKED.match(text, offset)[0])  # type: ignore[index]
        if spans and spans[-1][1] == offset:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((offset, end))
    return tuple(spans)


def add(db: Database, rows: Iterable[tuple[int, str]]) -> None:
    """Index sentences: (id, text)."""
    db.conn.executemany(
        "insert into search (rowid, body) values (?, ?)", ((id_, index_tokens(text)) for id_, text in rows)
    )


def remove(db: Database, rows: Iterable[tuple[int, str]]) -> None:
    """Remove sentences from the index: (id, the text they were indexed with)."""
    db.conn.executemany(
        "insert into search (search, rowid, body) values ('delete', ?, ?)",
        ((id_, index_tokens(text)) for id_, text in rows),
    )


def add_all(db: Database) -> None:
    """Index all sentences, into an empty index."""
    add(db, db.conn.execute("select id, text from sentences order by id"))


def unlinked_sentences(db: Database, terms: tuple[Term, ...], limit: int) -> list[int]:
    """Unlinked sentences that match every term, in document order."""
    if not terms:
        return []
    conditions, values = [], list[object]()
    for term in terms:
        sql, parameters = sentences_with(term)
        conditions.append(f"sentences.id in ({sql})")
        values += parameters
    rows = db.conn.execute(
        f"""select sentences.id from sentences join documents on documents.id = document
            where {" and ".join(conditions)} and removed_at is null
              and not exists (select 1 from link_sentences where sentence = sentences.id)
            order by document, position limit ?""",
        [*values, limit],
    )
    return [row[0] for row in rows]


TEXT_KEEPING_ACTIONS: Final = tuple(sorted(Action.having(Trait.KEEPS_TEXT)))
"""Actions that leave links and their texts unchanged."""
TABLE: Final = "temp.hits"
TABLES: Final = {"document": TABLE, "doubt": "temp.hits_by_doubt"}
KEYS: Final = {"document": "h_place", "doubt": "h_queue"}
JOIN: Final = "cross join links on links.id = h_id"
JOINED: Final = f"{TABLE} {JOIN}"
COMMON_TERM_SENTENCES: Final = 50_000
"""Minimum number of sentences with a common term: scanning all links is then faster than looking up each."""


class CachedHits(NamedTuple):
    """State of the cache: the query, the decisions it covers, and the undecided links in it."""

    query: str
    gathered_at: int
    """Last decision when the links were gathered; later verdicts may have changed which are undecided."""
    checked_at: int
    """Last decision that was checked."""
    undecided: int
    expected: float


def gather(db: Database, query: str) -> CachedHits:
    """Fill `temp.hits` with the links of a query in document order, with their status and confidence at that time."""
    latest = db.conn.execute("select coalesce(max(id), 0) from decisions").fetchone()[0]
    cached = _load_cached(db)
    if cached and cached.query == query and (cached.checked_at == latest or _same_words(db, cached.checked_at)):
        db.conn.execute("update temp.hits_of set known = ?", (latest,))
        return cached._replace(checked_at=latest)
    conditions, values = [], list[object]()
    for term in parse(query):
        sql, parameters = links_with(term)
        conditions.append(f"id in ({sql})")
        values += parameters
    for table in ("hits", "hits_by_doubt", "hits_of"):
        db.conn.execute(f"drop table if exists temp.{table}")
    db.conn.execute(
        """create temp table hits (
            h_place integer, h_id integer, h_status text, h_confidence real,
            primary key (h_place, h_id)) without rowid"""
    )
    # For common terms, scan all links in order of the covering index: no sort is needed.
    index_hint = "indexed by links_place" if all(_is_common(db, term) for term in parse(query)) else ""
    db.conn.execute(
        f"""insert into temp.hits select place, id, status, confidence from links {index_hint}
            where {" and ".join(conditions) or "1"} order by place, id""",
        values,
    )
    undecided, expected = db.conn.execute(
        f"select count(*), total(h_confidence) from {TABLE} where h_status = 'proposed'"
    ).fetchone()
    db.conn.execute("create temp table hits_of (query text, gathered int, known int, amount int, expected real)")
    cached = CachedHits(query, latest, latest, undecided, expected)
    db.conn.execute("insert into temp.hits_of values (?, ?, ?, ?, ?)", cached)
    return cached


def _is_common(db: Database, term: Term) -> bool:
    """Whether more than `COMMON_TERM_SENTENCES` sentences contain the term."""
    sql, values = sentences_with(term)
    return (
        int(db.conn.execute(f"select count(*) from ({sql} limit {COMMON_TERM_SENTENCES + 1})", values).fetchone()[0])
        > COMMON_TERM_SENTENCES
    )


def gather_by_doubt(db: Database) -> None:
    """Fill `temp.hits_by_doubt` (h_queue, h_id): the same links in doubt order."""
    if db.conn.execute("select 1 from temp.sqlite_master where name = 'hits_by_doubt'").fetchone():
        return
    db.conn.execute(
        "create temp table hits_by_doubt (h_queue real, h_id integer, primary key (h_queue, h_id)) without rowid"
    )
    db.conn.execute(f"insert into temp.hits_by_doubt select queue, id from {JOINED} order by 1, 2")


def _load_cached(db: Database) -> CachedHits | None:
    if not db.conn.execute("select 1 from temp.sqlite_master where name = 'hits_of'").fetchone():
        return None
    row = db.conn.execute("select query, gathered, known, amount, expected from temp.hits_of").fetchone()
    return CachedHits(*row) if row else None


def _same_words(db: Database, since: int) -> bool:
    """Whether the decisions after `since` left links and texts unchanged."""
    marks = ", ".join("?" * len(TEXT_KEEPING_ACTIONS))
    other = db.conn.execute(
        f"""select 1 from decisions where id > ?
            and case when action in ('undo', 'redo') then json_extract(detail, '$.action') else action end
                not in ({marks}) limit 1""",
        (since, *TEXT_KEEPING_ACTIONS),
    ).fetchone()
    return other is None
