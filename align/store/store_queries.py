"""Queries of documents, links and the log, as methods of `Store`: they read and never write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from align.models import Block, Decision, Link, LinkSide, Segments, Status, segments_of
from align.sqlite_session import translate_errors
from align.store import conflicts, decision_log, documents, links, origins, pagination, search, statements
from align.store.filter import ANY, LinkFilter
from align.store.origins import Identity
from align.store.pagination import Order
from align.store.records import Conflict, DocumentRow, PairRow, SentenceRow, stored_name
from align.store.statements import Statement
from align.store.transaction import StoreTransactions


class StoreQueries(StoreTransactions):
    """What can be asked of a store. Every method may raise StoreError for disk errors."""

    # Documents

    def documents(self) -> list[DocumentRow]:
        """All documents, in the order they were added."""
        with translate_errors(self.path):
            return documents.document_rows(self.db)

    def text(self, document: int) -> str:
        """Original text of a document. Raises KeyError if there is no such document."""
        with translate_errors(self.path):
            return documents.document_text(self.db, document)

    def blocks(self, document: int) -> list[Block]:
        """Blocks of a document with their sentences."""
        with translate_errors(self.path):
            return documents.blocks_of(self.db, document)

    def sentences(self, document: int, start: int = 0, count: int | None = None) -> list[SentenceRow]:
        """`count` sentences (None: all) from position `start`, in reading order."""
        with translate_errors(self.path):
            return documents.sentence_rows(self.db, document, start, count)

    def sentences_by_id(self, sentence_ids: Sequence[int]) -> list[SentenceRow]:
        """Sentences with these ids, in reading order."""
        with translate_errors(self.path):
            return documents.sentences_by_id(self.db, sentence_ids)

    def languages_of(self, document: int) -> dict[str, int]:
        """Sentence counts by language, most frequent first."""
        with translate_errors(self.path):
            return documents.languages_of(self.db, document)

    def segments_of(self, name: str) -> Segments | None:
        """What the sentences of the document with this name are, or of the last removed one; None without any."""
        reader = self._reader_of(name)
        return None if reader is None else segments_of(reader)

    def is_split(self, name: str) -> bool:
        """Whether the document with this name is one language of a memory whose units were cut into sentences."""
        return (self._reader_of(name) or "").endswith("/sentence")

    def _reader_of(self, name: str) -> str | None:
        with translate_errors(self.path):
            row = self.db.conn.execute(
                "select reader from documents where name = ? order by removed_at is null desc, id desc limit 1",
                (stored_name(name),),
            ).fetchone()
        return str(row[0]) if row else None

    def identify(self, path: str, file_name: str, parts: Sequence[str] = ("",)) -> Identity:
        """The document that a file belongs to, named `file_name` unless that name is in use; see `origins`."""
        with translate_errors(self.path):
            return origins.identify(self.db, self.path, path, file_name, parts)

    def missing_files(self) -> list[origins.Missing]:
        """The documents whose files are gone."""
        with translate_errors(self.path):
            return origins.missing_files(self.db, self.path)

    def names_of_parts(self, path: str, file_name: str) -> frozenset[str]:
        """Names of the documents, one a language, that were read from a multilingual file."""
        with translate_errors(self.path):
            return origins.names_of_parts(self.db, self.path, path, file_name)

    def file_of(self, document: int) -> Path | None:
        """The file that a document was last read from, which may be gone; None for standard input and for pairs."""
        with translate_errors(self.path):
            return origins.file_of(self.db, self.path, document)

    # Links

    def link(self, link: int) -> Link:
        """The link with that id. Raises KeyError if there is none (any more)."""
        with translate_errors(self.path):
            stored_link = links.link_by_id(self.db, link)
        if stored_link is None:
            raise KeyError(f"link {link}")
        return stored_link

    def links(
        self,
        link_filter: LinkFilter = ANY,
        *,
        order: Order = "document",
        after: int | None = None,
        limit: int | None = None,
    ) -> Iterator[Link]:
        """Stream the links that match a filter, beginning after link `after`."""
        with translate_errors(self.path):
            yield from links.stream_links(self.db, link_filter, order=order, after=after, limit=limit)

    def count(self, link_filter: LinkFilter = ANY) -> int:
        """Number of links that match a filter."""
        with translate_errors(self.path):
            return pagination.count(self.db, link_filter)

    def at(self, rank: int, n: int = 1, link_filter: LinkFilter = ANY, *, order: Order = "document") -> list[Link]:
        """`n` links that match a filter, from 0-based `rank`."""
        with translate_errors(self.path):
            return links.by_ids(self.db, pagination.ids_at(self.db, rank, n, link_filter, order))

    def adjacent_links(
        self,
        link: int,
        n: int,
        link_filter: LinkFilter = ANY,
        *,
        order: Order = "document",
        skip: int = 0,
        before: bool = False,
    ) -> list[Link]:
        """`n` links that match a filter after a link, or before it, without the `skip` next to it; in list order."""
        with translate_errors(self.path):
            link_ids = pagination.adjacent_ids(self.db, link, n, link_filter, order, skip=skip, before=before)
            return links.by_ids(self.db, link_ids)

    def latest(self) -> int:
        """Id of the last decision; 0 if there is none."""
        with translate_errors(self.path):
            return int(self.db.conn.execute("select coalesce(max(id), 0) from decisions").fetchone()[0])

    def others_since(self, decision: int, reviewer: str) -> bool:
        """Whether anyone but the reviewer, the program included, appended to the log after that decision."""
        with translate_errors(self.path):
            sql = "select exists (select 1 from decisions where id > ? and reviewer <> ?)"
            return bool(self.db.conn.execute(sql, (decision, reviewer)).fetchone()[0])

    def who_changed(self, link: Link) -> str | None:
        """Last change of a link, as `B rejected this link at 12:05`; None if unchanged since it was read."""
        with translate_errors(self.path):
            row = self.db.conn.execute("select version from links where id = ?", (link.id,)).fetchone()
            if row is None:
                return f"this link was deleted: {links.who_removed(self.db, link.id)}"
            return links.who_changed(self.db, link.id, row[0] - link.version) if row[0] != link.version else None

    def rank(self, link: int, link_filter: LinkFilter = ANY, *, order: Order = "document") -> int | None:
        """Number of links of the filter before this one; None if the link does not exist."""
        with translate_errors(self.path):
            return pagination.rank(self.db, link, link_filter, order)

    def next_link(
        self, after: int | None, link_filter: LinkFilter = ANY, *, order: Order = "document", wrap: bool = True
    ) -> int | None:
        """Id of the first link of the filter after link `after`, from the start again at the end of the list."""
        with translate_errors(self.path):
            return pagination.next_id(self.db, after, link_filter, order, wrap=wrap)

    def next_undecided(
        self,
        after: int | None,
        link_filter: LinkFilter = ANY,
        *,
        order: Order = "document",
        max_confidence: float | None = None,
        wrap: bool = True,
    ) -> int | None:
        """Id of the next undecided link of the filter after `after`, of confidence at most `max_confidence`."""
        if link_filter.statuses and Status.PROPOSED not in link_filter.statuses:
            return None
        undecided_filter = replace(link_filter, statuses=frozenset({Status.PROPOSED}))
        if max_confidence is not None:
            limit = (
                max_confidence
                if link_filter.max_confidence is None
                else min(max_confidence, link_filter.max_confidence)
            )
            undecided_filter = replace(undecided_filter, max_confidence=limit)
        return self.next_link(after, undecided_filter, order=order, wrap=wrap)

    def undecided(self, link_filter: LinkFilter = ANY) -> tuple[int, float]:
        """Number of undecided links that match a filter, and the sum of their confidences."""
        with translate_errors(self.path):
            return pagination.undecided(self.db, link_filter)

    def context(self, side: LinkSide, n: int) -> tuple[tuple[SentenceRow, ...], tuple[SentenceRow, ...]]:
        """Up to `n` sentences before and after a side."""
        with translate_errors(self.path):
            return links.context(self.db, side, n)

    def edition(self, document: int) -> tuple[object, ...]:
        """Opaque value that changes whenever the sentences of the document change: new text or sentence split."""
        with translate_errors(self.path):
            row: tuple[object, ...] = self.db.conn.execute(
                """select digest, sentences, lang, (select total(decision) from cuts where document = ?1)
                   from documents where id = ?1""",
                (document,),
            ).fetchone()
        return row or ()

    def sentence_count(self, document: int) -> int:
        """Number of sentences of a document; 0 if there is no such document."""
        with translate_errors(self.path):
            row = self.db.conn.execute("select sentences from documents where id = ?", (document,)).fetchone()
        return int(row[0]) if row else 0

    def links_of_sentences(self, sentences: Sequence[int]) -> dict[int, list[Link]]:
        """The links of each sentence."""
        with translate_errors(self.path):
            return links.links_of_sentences(self.db, sentences)

    def unreviewed(self, link_ids: Sequence[int]) -> set[int]:
        """The links among `link_ids` that no reviewer has changed: undecided, without a note or any other mark."""
        inside = ",".join(map(str, link_ids))
        with translate_errors(self.path):
            rows = self.db.conn.execute(
                f"select id from links where id in ({inside}) and not {decision_log.REVIEWED}"
            ).fetchall()
        return {row[0] for row in rows}

    def signals(self, link: int) -> dict[str, float] | None:
        """Feature values of a link, as stored when it was proposed."""
        with translate_errors(self.path):
            return links.signals(self.db, link)

    def pairs(self) -> list[PairRow]:
        """Review progress for each pair of documents and languages with links."""
        with translate_errors(self.path):
            return links.pair_rows(self.db)

    def undecided_pairs(self, encoders: Iterable[str]) -> set[tuple[int, int]]:
        """(source, target) of the documents with undecided links that one of these encoders, or formats, made."""
        names = list(encoders)
        sql = f"""select distinct src_document, tgt_document from links
                  where status = ? and encoder in ({", ".join("?" * len(names))})"""
        with translate_errors(self.path):
            return set(self.db.conn.execute(sql, [Status.PROPOSED, *names]).fetchall())

    def unlinked_with(self, query: str, limit: int) -> list[SentenceRow]:
        """Unlinked sentences that match all terms of `query`, in document order."""
        with translate_errors(self.path):
            sentence_ids = search.unlinked_sentences(self.db, search.parse(query), limit)
            rows = self.sentences_by_id(sentence_ids)
        return sorted(rows, key=lambda row: (row.document, row.position))

    def ends_between(self, src: int, tgt: int) -> list[tuple[int, tuple[int, ...], tuple[int, ...], Status, float]]:
        """(id, source sentences, target sentences, status, confidence) of the links from one document to the other
        that are not rejected."""
        with translate_errors(self.path):
            return links.ends_between(self.db, src, tgt)

    def sentence_ids(self, document: int) -> list[tuple[int, str]]:
        """(id, language) of the sentences of a document, in reading order."""
        sql = "select id, lang from sentences where document = ? order by position"
        with translate_errors(self.path):
            return self.db.conn.execute(sql, (document,)).fetchall()

    def sentences_with(self, query: str, documents: Sequence[int]) -> set[int]:
        """Sentences of these documents with all terms of `query`."""
        inside = ",".join(map(str, documents))
        results: list[set[int]] = []
        with translate_errors(self.path):
            for term in search.parse(query):
                sql, values = search.sentences_with(term)
                rows = self.db.conn.execute(
                    f"select id from sentences where document in ({inside}) and id in ({sql})", values
                )
                results.append({row[0] for row in rows})
        return set.intersection(*results) if results else set()

    # Decisions

    def decisions(
        self, *, link: int | None = None, document: int | None = None, limit: int | None = None
    ) -> list[Decision]:
        """Decisions, latest first: on one link, on a document and its links, or all."""
        with translate_errors(self.path):
            return decision_log.decisions(self.db, link=link, document=document, limit=limit)

    def decided_by_another(self, actions: Iterable[str], document: int | None = None) -> dict[str, int]:
        """Links that a reviewer decided on by one of `actions`, where another's decision is in force, by reviewer.

        Where two copies of a store were merged, both reviewers may have decided alike.
        """
        names = sorted(actions)
        of_document = "" if document is None else " and ? in (links.src_document, links.tgt_document)"
        with translate_errors(self.path):
            rows = self.db.conn.execute(
                "select decisions.reviewer, count(distinct links.id) from patches"
                " join decisions on decisions.id = patches.decision join links on links.id = patches.link"
                f" where decisions.action in ({', '.join('?' * len(names))}) and links.status <> 'proposed'"
                f" and links.reviewer is not decisions.reviewer{of_document} group by decisions.reviewer",
                [*names, *([] if document is None else [document])],
            )
            return dict(rows.fetchall())

    def changes(self, decision: int, link: int) -> list[tuple[str, object, object]]:
        """Columns of a link that a decision changed: (column, before, after)."""
        with translate_errors(self.path):
            return decision_log.changes_of(self.db, decision, link)

    def statements(self) -> dict[str, Statement]:
        """The statements in force, by uid, in the order in which they were made."""
        with translate_errors(self.path):
            return statements.statements(self.db)

    def conflicts(self, link: int | None = None) -> list[Conflict]:
        """Unresolved conflicts with a merged copy or an imported file, in document order; of one link, or all.

        A deleted link has its conflicts until they are dismissed.
        """
        with translate_errors(self.path):
            return conflicts.unresolved(self.db, link)
