"""Queries of the screens about the context of a link."""

from __future__ import annotations

from collections.abc import Sequence

from align.domain import SETTLED, Link, LinkSide, Status
from align.jobs.browse import Browser, LinkFilter
from align.review.sides import Surroundings

ALIVE = frozenset(Status) - {Status.REJECTED}
WEIGHT = {Status.EDITED: 3, Status.ACCEPTED: 3, Status.PROPOSED: 2, Status.REJECTED: 1}


def surroundings(browser: Browser, side: LinkSide, reach: int) -> Surroundings:
    """Sentences of the side and `count` before and after it, with the link status of those."""
    before, after = browser.context(side, reach)
    own = browser.sentences_by_id(side.sentences)
    return Surroundings(before, own, after, statuses(browser, [row.id for row in (*before, *after)]))


def statuses(browser: Browser, sentences: Sequence[int]) -> dict[int, Status]:
    """Strongest link status of each sentence; sentences without links, or only with rejected ones, are left out."""
    found = {}
    for sentence, links in browser.links_of_sentences(list(sentences)).items():
        alive = [link.status for link in links if link.status in ALIVE]
        if alive:
            found[sentence] = max(alive, key=WEIGHT.__getitem__)
    return found


def of_the_same_texts(link: Link) -> LinkFilter:
    """Filter for the links of the same two texts and languages, without rejected ones."""
    return LinkFilter(
        statuses=ALIVE,
        documents=(link.src.document, link.tgt.document),
        src_lang=link.src.lang,
        tgt_lang=link.tgt.lang,
    )


def neighbour(browser: Browser, link: Link, step: int) -> Link | None:
    """The next (1) or previous (-1) link of the same two texts and languages that is not rejected."""
    same = of_the_same_texts(link)
    rank = browser.rank(link.id, same)
    if rank is None or rank + step < 0:
        return None
    found = browser.at(rank + step, 1, same)
    return found[0] if found and found[0].id != link.id else None


def nearest_settled(browser: Browser, link: Link, reach: int = 100) -> Link | None:
    """The link itself if it is confirmed, else the nearest confirmed one within `reach` links of the same texts."""
    if link.status in SETTLED:
        return link
    same = of_the_same_texts(link)
    rank = browser.rank(link.id, same)
    if rank is None:
        return None
    first = max(0, rank - reach)
    near = enumerate(browser.at(first, 2 * reach + 1, same), first)
    settled = [(abs(place - rank), found) for place, found in near if found.status in SETTLED]
    return min(settled, key=lambda entry: entry[0])[1] if settled else None


def link_at(browser: Browser, sentence: int, like: Link, side: str) -> Link | None:
    """A link with the sentence on that side, between the documents of `like`; confirmed ones first."""
    found = [
        link
        for link in browser.links_of_sentences([sentence])[sentence]
        if link.status in ALIVE
        and (link.src.document, link.tgt.document) == (like.src.document, like.tgt.document)
        and sentence in getattr(link, side).sentences
    ]
    return max(found, key=lambda link: WEIGHT[link.status], default=None)
