"""Link filters: the conditions that front ends set, and their SQL."""

from __future__ import annotations

from dataclasses import dataclass

from align.domain import LinkKind, Status
from align.store import search
from align.store.charset import storable


@dataclass(frozen=True, slots=True)
class LinkFilter:
    """Conditions on links, combined with "and"; None or empty = any."""

    statuses: frozenset[Status] = frozenset()
    kinds: frozenset[LinkKind] = frozenset()
    src_lang: str | None = None
    """A language range: `zh` covers `zh-Hant`."""
    tgt_lang: str | None = None
    document: int | None = None
    """Links with a side in this document."""
    documents: tuple[int, int] | None = None
    """Links from the first document to the second."""
    min_confidence: float | None = None
    max_confidence: float | None = None
    reviewer: str | None = None
    text: str | None = None
    """Query as for `align search`: terms that one of the sides contains."""
    noted: bool = False
    bookmarked: bool = False
    uneven: bool = False
    """Links with several sentences on a side."""
    attention: bool = False
    """Links whose text changed since the decision, or that are in conflict."""

    def __post_init__(self) -> None:
        for name in ("statuses", "kinds"):
            object.__setattr__(self, name, frozenset(getattr(self, name) or ()))
        for name in ("src_lang", "tgt_lang", "reviewer", "text"):
            if (asked := getattr(self, name)) is not None:
                object.__setattr__(self, name, storable(asked))


Condition = tuple[str, list[object]]

ANY = LinkFilter()


def language_term(column: str, lang: str) -> Condition:
    """SQL condition for the tags in a language range: `zh` covers `zh` and all its subtags."""
    # `-` sorts directly before `.`, so the range covers every tag that continues with `-`.
    return f"({column} = ? or ({column} > ? and {column} < ?))", [lang, lang + "-", lang + "."]


def where(chosen: LinkFilter) -> Condition:
    """SQL condition on `links` (never empty) with its parameters."""
    terms: list[str] = []
    values: list[object] = []

    def term(sql: str, *parameters: object) -> None:
        terms.append(sql)
        values.extend(parameters)

    for column, words in (("status", chosen.statuses), ("kind", chosen.kinds)):
        if words:
            term(f"{column} in ({', '.join('?' * len(words))})", *sorted(words))
    for column, lang in (("src_lang", chosen.src_lang), ("tgt_lang", chosen.tgt_lang)):
        if lang is not None:
            sql, parameters = language_term(column, lang)
            term(sql, *parameters)
    if chosen.document is not None:
        term("(src_document = ? or tgt_document = ?)", chosen.document, chosen.document)
    if chosen.documents is not None:
        term("src_document = ? and tgt_document = ?", *chosen.documents)
    if chosen.min_confidence is not None:
        term("confidence >= ?", chosen.min_confidence)
    if chosen.max_confidence is not None:
        term("confidence <= ?", chosen.max_confidence)
    if chosen.reviewer is not None:
        term("reviewer = ?", chosen.reviewer)
    if chosen.noted:
        term("note is not null")
    if chosen.bookmarked:
        term("bookmarked")
    if chosen.uneven:
        term("(src like '%,%' or tgt like '%,%')")
    if chosen.attention:
        term("attention is not null")
    for word in search.parse(chosen.text or ""):
        sql, parameters = search.links_with(word)
        term(f"id in ({sql})", *parameters)
    return " and ".join(terms) or "1", values
