"""Link filters: the conditions that front ends set, and their SQL."""

from __future__ import annotations

from dataclasses import dataclass

from align.models import LinkKind, Status
from align.store import search
from align.store.records import storable


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
    shape: tuple[int, int] | None = None
    """Number of sentences on each side."""
    crossing: bool = False
    """Links whose target is before that of the link above, or after that of the link below, in the same two texts."""
    unlinked: bool = False
    """Links next to an unlinked sentence of the same language."""
    note: str | None = None
    """Text that the note contains."""

    def __post_init__(self) -> None:
        for name in ("statuses", "kinds"):
            object.__setattr__(self, name, frozenset(getattr(self, name) or ()))
        for name in ("src_lang", "tgt_lang", "reviewer", "text", "note"):
            if (value := getattr(self, name)) is not None:
                object.__setattr__(self, name, storable(value))


Condition = tuple[str, list[object]]

_TARGET = "(select position from sentences where id = cast({}.tgt as integer))"
_NEIGHBOUR = """(select {target} from links as o where o.place {compare} links.place
    and o.place >= (links.place >> 22) << 22 and o.place < ((links.place >> 22) + 1) << 22
    and o.status <> 'rejected' order by o.place {direction}, o.id {direction} limit 1)"""
_ABOVE, _BELOW = (
    _NEIGHBOUR.format(target=_TARGET.format("o"), compare=compare, direction=direction)
    for compare, direction in (("<", "desc"), (">", "asc"))
)
CROSSING = (
    f"(links.status <> 'rejected' and (coalesce({_ABOVE} > {_TARGET.format('links')}, 0) "
    f"or coalesce({_BELOW} < {_TARGET.format('links')}, 0)))"
)
"""SQL for `LinkFilter.crossing`; `place >> 22` is the pair of documents."""
NEXT_TO_UNLINKED = """exists (
    select 1 from json_each('[' || links.src || ',' || links.tgt || ']') as own
    join sentences as a on a.id = own.value
    join sentences as s on s.document = a.document and s.position in (a.position - 1, a.position + 1)
    where s.lang = a.lang and not exists (
        select 1 from link_sentences as m join links as l on l.id = m.link
        where m.sentence = s.id and l.status <> 'rejected'))"""
"""SQL for `LinkFilter.unlinked`."""

ANY = LinkFilter()


def language_term(column: str, lang: str) -> Condition:
    """SQL condition for the tags in a language range: `zh` covers `zh` and all its subtags."""
    # `-` sorts directly before `.`, so the range covers every tag that continues with `-`.
    return f"({column} = ? or ({column} > ? and {column} < ?))", [lang, lang + "-", lang + "."]


def where(link_filter: LinkFilter) -> Condition:
    """SQL condition on `links` (never empty) with its parameters."""
    terms: list[str] = []
    values: list[object] = []

    def term(sql: str, *parameters: object) -> None:
        terms.append(sql)
        values.extend(parameters)

    for column, words in (("status", link_filter.statuses), ("kind", link_filter.kinds)):
        if words:
            term(f"{column} in ({', '.join('?' * len(words))})", *sorted(words))
    for column, lang in (("src_lang", link_filter.src_lang), ("tgt_lang", link_filter.tgt_lang)):
        if lang is not None:
            sql, parameters = language_term(column, lang)
            term(sql, *parameters)
    if link_filter.document is not None:
        term("(src_document = ? or tgt_document = ?)", link_filter.document, link_filter.document)
    if link_filter.documents is not None:
        term("src_document = ? and tgt_document = ?", *link_filter.documents)
    if link_filter.min_confidence is not None:
        term("confidence >= ?", link_filter.min_confidence)
    if link_filter.max_confidence is not None:
        term("confidence <= ?", link_filter.max_confidence)
    if link_filter.reviewer is not None:
        term("reviewer = ?", link_filter.reviewer)
    for is_set, sql in (
        (link_filter.noted, "note is not null"),
        (link_filter.bookmarked, "bookmarked"),
        (link_filter.uneven, "(src like '%,%' or tgt like '%,%')"),
        (link_filter.attention, "attention is not null"),
        (link_filter.crossing, CROSSING),
        (link_filter.unlinked, NEXT_TO_UNLINKED),
    ):
        if is_set:
            term(sql)
    for column, number in zip(("src", "tgt"), link_filter.shape or (), strict=False):
        term(f"length({column}) - length(replace({column}, ',', '')) = ?", number - 1)
    if link_filter.note is not None:
        term("note like ? escape '\\'", search.like(link_filter.note))
    for word in search.parse(link_filter.text or ""):
        sql, parameters = search.links_with(word)
        term(f"id in ({sql})", *parameters)
    return " and ".join(terms) or "1", values
