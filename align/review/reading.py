"""Queries of the screens about the context of a link."""

from __future__ import annotations

from collections.abc import Sequence

from align.domain import CONFIRMED, Link, LinkSide, Status
from align.jobs.browse import Browser, LinkFilter
from align.review.sides import SideContext

NOT_REJECTED = frozenset(Status) - {Status.REJECTED}
STATUS_RANK = {Status.EDITED: 3, Status.ACCEPTED: 3, Status.PROPOSED: 2, Status.REJECTED: 1}


def load_context(browser: Browser, side: LinkSide, count: int) -> SideContext:
    """Sentences of the side and `count` before and after it, with the link status of those."""
    before, after = browser.context(side, count)
    own = browser.sentences_by_id(side.sentences)
    return SideContext(before, own, after, statuses(browser, [row.id for row in (*before, *after)]))


def statuses(browser: Browser, sentences: Sequence[int]) -> dict[int, Status]:
    """Strongest link status of each sentence; sentences without links, or only with rejected ones, are left out."""
    by_sentence = {}
    for sentence, links in browser.links_of_sentences(list(sentences)).items():
        link_statuses = [link.status for link in links if link.status in NOT_REJECTED]
        if link_statuses:
            by_sentence[sentence] = max(link_statuses, key=STATUS_RANK.__getitem__)
    return by_sentence


def same_texts_filter(link: Link) -> LinkFilter:
    """Filter for the links of the same two texts and languages, without rejected ones."""
    return LinkFilter(
        statuses=NOT_REJECTED,
        documents=(link.src.document, link.tgt.document),
        src_lang=link.src.lang,
        tgt_lang=link.tgt.lang,
    )


def neighbour(browser: Browser, link: Link, step: int) -> Link | None:
    """The next (1) or previous (-1) link of the same two texts and languages that is not rejected."""
    same = same_texts_filter(link)
    rank = browser.rank(link.id, same)
    if rank is None or rank + step < 0:
        return None
    links = browser.at(rank + step, 1, same)
    return links[0] if links and links[0].id != link.id else None


def nearest_confirmed(browser: Browser, link: Link, reach: int = 100) -> Link | None:
    """The link itself if it is confirmed, else the nearest confirmed one within `reach` links of the same texts."""
    if link.status in CONFIRMED:
        return link
    same = same_texts_filter(link)
    rank = browser.rank(link.id, same)
    if rank is None:
        return None
    first = max(0, rank - reach)
    near = enumerate(browser.at(first, 2 * reach + 1, same), first)
    confirmed = [(abs(other_rank - rank), candidate) for other_rank, candidate in near if candidate.status in CONFIRMED]
    return min(confirmed, key=lambda entry: entry[0])[1] if confirmed else None


def link_at(browser: Browser, sentence: int, like: Link, side: str) -> Link | None:
    """A link with the sentence on that side, between the documents of `like`; confirmed ones first."""
    matches = [
        link
        for link in browser.links_of_sentences([sentence])[sentence]
        if link.status in NOT_REJECTED
        and (link.src.document, link.tgt.document) == (like.src.document, like.tgt.document)
        and sentence in getattr(link, side).sentences
    ]
    return max(matches, key=lambda link: STATUS_RANK[link.status], default=None)
