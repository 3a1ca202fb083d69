"""Queries of the review: neighbours and context of a link, sentences of a document as rows, consequences of an edit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

from align.highlight import OtherLinks, Surroundings
from align.models import CONFIRMED, Link, LinkSide, Realignment, Status
from align.reviewer import Preview
from align.store.actions import Action
from align.store.edits import Edit
from align.text.messages import pluralise
from align.text.tags import primary
from align.workspace.browse import Browser, LinkFilter, SentenceRow, open_browser
from align.workspace.realign import Realigner, open_realigner

PREFETCHED_ROWS = 400
NEAR = 2
"""Number of sentences before and after a side in which a name or number may be instead."""
EVIDENCE = 60
"""Number of sentences before and after a link whose links are evidence of which names correspond."""

SAMPLE_LINKS = 20
"""Number of links sampled for the encoder of their proposals, since some are made by hand."""


def open_solver(db: Path, encoder: str, cache: Path | None = None) -> Realigner:
    """Open the solver with the requested encoder, else with that of the proposals, whose vectors are cached."""
    with open_browser(db) as browser:
        links = browser.at(0, SAMPLE_LINKS, LinkFilter())
    return open_realigner(db, encoder, links, cache=cache)


class WholeDocument:
    """All sentences, fetched only near the visible rows."""

    def __init__(self, browser: Browser, document: int) -> None:
        self._browser = browser
        self._document = document
        self.reload()

    def reload(self) -> None:
        """Reload after a sentence was split or joined."""
        self.count = self._browser.store.sentence_count(self._document)
        self._first = 0
        self._fetched: Sequence[SentenceRow] = ()
        self._row_numbers: dict[int, int] = {}

    def rows(self, start: int, n: int) -> Sequence[SentenceRow]:
        """Up to `n` sentences from row `start`."""
        stop = min(self.count, start + n)
        if not (self._first <= start and stop <= self._first + len(self._fetched)):
            self._first = max(0, start - PREFETCHED_ROWS // 2)
            self._fetched = self._browser.store.sentences(self._document, self._first, n + PREFETCHED_ROWS)
        return self._fetched[start - self._first : stop - self._first]

    def row_number(self, sentence: int) -> int | None:
        """Row number of a sentence; None if it is in another document."""
        if sentence not in self._row_numbers:
            for row in self._browser.store.sentences_by_id([sentence]):
                if row.document == self._document:
                    self._row_numbers[sentence] = row.position
        return self._row_numbers.get(sentence)


class OneLanguage:
    """Sentences of a document in one language: a side of a page that mixes languages."""

    def __init__(self, browser: Browser, document: int, lang: str) -> None:
        self._browser = browser
        self._document = document
        self._primary = primary(lang)
        self.reload()

    def reload(self) -> None:
        """Reload after a sentence was split or joined."""
        every = self._browser.store.sentences(self._document, 0, self._browser.store.sentence_count(self._document))
        self._rows = [row for row in every if primary(row.lang) == self._primary]
        self._row_numbers = {row.id: number for number, row in enumerate(self._rows)}
        self.count = len(self._rows)

    def rows(self, start: int, n: int) -> Sequence[SentenceRow]:
        """Up to `n` sentences from row `start`."""
        return self._rows[start : start + n]

    def row_number(self, sentence: int) -> int | None:
        """Row number of a sentence; None if it is not in this language."""
        return self._row_numbers.get(sentence)


@dataclass(frozen=True, slots=True)
class SideContext:
    """Sentences of a side of a link, and those before and after; `linked`: sentence id -> status of its best link."""

    before: Sequence[SentenceRow]
    sentences: Sequence[SentenceRow]
    after: Sequence[SentenceRow]
    linked: dict[int, Status]


NOT_REJECTED = frozenset(Status) - {Status.REJECTED}


STATUS_RANK = {Status.EDITED: 3, Status.ACCEPTED: 3, Status.PROPOSED: 2, Status.REJECTED: 1}


def load_context(browser: Browser, side: LinkSide, count: int) -> SideContext:
    """Sentences of the side and `count` before and after it, with the link status of those."""
    before, after = browser.store.context(side, count)
    own = browser.store.sentences_by_id(side.sentences)
    return SideContext(before, own, after, statuses(browser, [row.id for row in (*before, *after)]))


def statuses(browser: Browser, sentences: Sequence[int]) -> dict[int, Status]:
    """Strongest link status of each sentence; sentences without links, or only with rejected ones, are left out."""
    by_sentence = {}
    for sentence, links in browser.store.links_of_sentences(list(sentences)).items():
        link_statuses = [link.status for link in links if link.status in NOT_REJECTED]
        if link_statuses:
            by_sentence[sentence] = max(link_statuses, key=STATUS_RANK.__getitem__)
    return by_sentence


class SurroundingsReader:
    """What is around a link, as evidence for its hints. The last run of links is cached."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self._run: object = None
        self._others: Callable[[], OtherLinks] | None = None

    def around(self, link: Link) -> Surroundings:
        """Texts near both sides, and the links of the same two documents near the link."""
        near = [self.browser.store.context(side, NEAR) for side in (link.src, link.tgt)]
        texts = ["\n".join(row.text for rows in context for row in rows) for context in near]
        rows = self.browser.store.sentences_by_id(link.src.sentences)
        position = rows[0].position if rows else 0
        run = (link.src.document, link.tgt.document, link.src.lang, link.tgt.lang, position // EVIDENCE)
        if run != self._run:
            self._run, self._others = run, cache(partial(self._others_near, link))
        return Surroundings((texts[0], texts[1]), self._others, link.id)

    def _others_near(self, link: Link) -> OtherLinks:
        links = self._links_near(link)
        pairs = [(other.src.text, other.tgt.text) for other in links]
        return OtherLinks(pairs, (link.src.lang, link.tgt.lang), [other.id for other in links])

    def _links_near(self, link: Link) -> list[Link]:
        """Links of the same two texts near a link, in order, without rejected ones."""
        before, after = self.browser.store.context(link.src, EVIDENCE)
        sentences = [row.id for row in before] + list(link.src.sentences) + [row.id for row in after]
        links = {
            other.id: other
            for own in self.browser.store.links_of_sentences(sentences).values()
            for other in own
            if other.status in NOT_REJECTED
            and (other.src.document, other.tgt.document) == (link.src.document, link.tgt.document)
            and (other.src.lang, other.tgt.lang) == (link.src.lang, link.tgt.lang)
        }
        return list(links.values())


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
    rank = browser.store.rank(link.id, same)
    if rank is None or rank + step < 0:
        return None
    links = browser.at(rank + step, 1, same)
    return links[0] if links and links[0].id != link.id else None


def nearest_confirmed(browser: Browser, link: Link, reach: int = 100) -> Link | None:
    """The link itself if it is confirmed, else the nearest confirmed one within `reach` links of the same texts."""
    if link.status in CONFIRMED:
        return link
    same = same_texts_filter(link)
    rank = browser.store.rank(link.id, same)
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
        for link in browser.store.links_of_sentences([sentence])[sentence]
        if link.status in NOT_REJECTED
        and (link.src.document, link.tgt.document) == (like.src.document, like.tgt.document)
        and sentence in getattr(link, side).sentences
    ]
    return max(matches, key=lambda link: STATUS_RANK[link.status], default=None)


@dataclass(frozen=True, slots=True)
class Consequences:
    """What to commit with an edit: its realignment, and the versions to expect of the links that it changes."""

    realignment: Realignment = field(default_factory=Realignment)
    versions: Mapping[int, int] = field(default_factory=dict)
    emptied: tuple[Link, ...] = ()
    """Links that the edit leaves without sentences on a side, so that it deletes them."""

    @property
    def needs_answer(self) -> bool:
        """Whether a reviewer has to agree first.

        An undecided link that loses its last sentence to the very sentence that is moved needs no answer: it follows
        from the key, nobody decided it, the message names it, and one undo brings it back.
        """
        return bool(self.realignment) or any(link.status is not Status.PROPOSED for link in self.emptied)

    def in_words(self) -> str:
        """`removes 1 proposal and adds 2 proposals next to it`; empty where nothing else changes."""
        words = [f"leaves {called(link)} without sentences, so it is deleted" for link in self.emptied]
        removed, added = len(self.realignment.removed), len(self.realignment.added)
        counts = [f"removes {pluralise(removed, 'proposal')}"] if removed else []
        counts += [f"adds {pluralise(added, 'proposal')}"] if added else []
        if counts:
            words.append(f"also {' and '.join(counts)} next to it")
        return "; ".join(words)

    def without_neighbours(self) -> Consequences:
        """The edit without the proposals that change next to it."""
        return Consequences(Realignment(), self.versions, self.emptied)


def consequences_of(browser: Browser, preview: Preview, realignment: Realignment) -> Consequences:
    """The consequences of an edit from its preview and from what solving again around it changes."""
    emptied = [browser.link(number) for number in preview.deleted]
    return Consequences(realignment, preview.versions, tuple(link for link in emptied if link is not None))


def realignment_of(solver: Realigner, preview: Preview, edit: Edit) -> Realignment:
    """What follows from an edit around it; for `solve`, all that a new solution there changes."""
    return solver.realign(
        *preview.documents,
        anchors=preview.anchors,
        forbidden=preview.forbidden,
        replaced=preview.replaced,
        shared_links=preview.shared,
        against_store=edit.action == Action.SOLVE,
    )


def called(link: Link) -> str:
    """The link, and who decided it, if anybody did."""
    if link.status not in CONFIRMED:
        return f"link {link.id}"
    by = f" by {link.reviewer}" if link.reviewer else ""
    return f"link {link.id}, {link.status}{by},"
