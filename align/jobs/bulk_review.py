"""Import the doubtful part of a bulk run into a store: both documents, and the doubtful links as proposals."""

from __future__ import annotations

import dataclasses
import os
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

from align.bulk.shards import Lines, WriteShard
from align.domain import Link, LinkSide, Proposal
from align.errors import TextLossError
from align.jobs.add import content_of
from align.jobs.bulk_lines import links_of
from align.jobs.bulk_work import WorkSpec
from align.readers import read
from align.settings import default_reviewer, load_settings
from align.store import SentenceRow, Store, open_store
from align.text.tags import primary


def into_store(write: WriteShard, db: Path, work: WorkSpec, below: float, refused: Callable[[str], None]) -> WriteShard:
    """A shard writer that also proposes links below the confidence `below` in the store at `db`.

    Document pairs without doubtful links are left out, and so are those with a text that would remove confirmed
    links of its document; `refused` gets the reason. Repeating a shard after a kill changes nothing further.
    """

    def both(lines: Lines, path: Path) -> None:
        doubtful: list[bytes] = []
        write(_watched(lines, below, doubtful), path)
        if doubtful:
            with open_store(db) as store:
                put(store, doubtful, work, refused)

    return both


def _watched(lines: Lines, below: float, doubtful: list[bytes]) -> Iterator[bytes]:
    for line in lines:
        if next(links_of([line])).confidence < below:
            doubtful.append(line)
        yield line


def put(store: Store, lines: list[bytes], work: WorkSpec, refused: Callable[[str], None]) -> None:
    """Add the documents of the links, and propose the links."""
    reviewer = load_settings().reviewer or default_reviewer()
    for _, group in groupby(links_of(lines), key=lambda link: (link.src.doc, link.tgt.doc)):
        links = list(group)
        src, tgt = links[0].src, links[0].tgt
        try:
            ends = [take(store, side, work, reviewer) for side in (src, tgt)]
        except TextLossError as error:
            refused(str(error))
            continue
        proposals = [found for link in links if (found := proposal(link, ends[0][1], ends[1][1]))]
        languages = (primary(src.lang), primary(tgt.lang))
        store.propose(ends[0][0], ends[1][0], proposals, links[0].encoder, languages=languages)


def take(store: Store, side: LinkSide, work: WorkSpec, reviewer: str) -> tuple[int, list[SentenceRow]]:
    """Read a document and add it to the store; returns its number and its sentences."""
    path = os.path.join(work.folder, side.doc)
    identity = store.identify(path, side.doc)
    document = read(side.doc, content_of(path), encoding=work.encoding, lang=side.lang)
    document = dataclasses.replace(document, name=identity.name)
    number = store.add_document(document, reviewer=reviewer, origin=identity.origin).document
    return number, list(store.sentences(number))


def proposal(link: Link, src: list[SentenceRow], tgt: list[SentenceRow]) -> Proposal | None:
    """The link with sentence ids of the store; None if a side has none, as segments may differ from sentences."""
    ends = inside(link.src, src), inside(link.tgt, tgt)
    if not ends[0] or not ends[1]:
        return None
    return Proposal(ends[0], ends[1], link.kind, link.score, link.confidence)


def inside(side: LinkSide, sentences: list[SentenceRow]) -> tuple[int, ...]:
    """Ids of the sentences that begin within the side's spans."""
    starts = [span.start for span in side.spans]
    found = []
    for sentence in sentences:
        place = bisect_right(starts, sentence.span.start) - 1
        if place >= 0 and sentence.span.start < side.spans[place].end:
            found.append(sentence.id)
    return tuple(found)
