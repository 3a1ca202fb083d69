"""Import the doubtful part of a bulk run into a store: both documents, and the doubtful links as proposals."""

from __future__ import annotations

import dataclasses
import json
import os
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from align.bulk.shards import JsonLines, WriteShard
from align.bulk.worker import WorkSpec
from align.errors import TextLossError
from align.models import Link, LinkKind, LinkSide, Proposal, Span, Status
from align.readers import read
from align.settings import default_reviewer, load_settings
from align.store import SentenceRow, Store, open_store
from align.text.segmentation import resegment
from align.text.tags import primary
from align.workspace.add import read_content


def into_store(write: WriteShard, db: Path, work: WorkSpec, below: float, refused: Callable[[str], None]) -> WriteShard:
    """A shard writer that also proposes links below the confidence `below` in the store at `db`.

    Document pairs without doubtful links are left out, and so are those with a text that would remove confirmed
    links of its document; `refused` gets the reason. Repeating a shard after a kill changes nothing further.
    """

    def both(lines: JsonLines, path: Path) -> None:
        doubtful: list[bytes] = []
        write(_collect_doubtful(lines, below, doubtful), path)
        if doubtful:
            with open_store(db) as store:
                propose_links(store, doubtful, work, refused)

    return both


def _collect_doubtful(lines: JsonLines, below: float, doubtful: list[bytes]) -> Iterator[bytes]:
    for line in lines:
        if next(links_of([line])).confidence < below:
            doubtful.append(line)
        yield line


def propose_links(store: Store, lines: list[bytes], work: WorkSpec, refused: Callable[[str], None]) -> None:
    """Add the documents of the links, and propose the links."""
    reviewer = load_settings().reviewer or default_reviewer()
    for _, group in groupby(links_of(lines), key=lambda link: (link.src.doc, link.tgt.doc)):
        links = list(group)
        src, tgt = links[0].src, links[0].tgt
        try:
            ends = [add_side_document(store, side, work, reviewer) for side in (src, tgt)]
        except TextLossError as error:
            refused(str(error))
            continue
        proposals = [link_proposal for link in links if (link_proposal := proposal_of(link, ends[0][1], ends[1][1]))]
        languages = (primary(src.lang), primary(tgt.lang))
        store.propose(ends[0][0], ends[1][0], proposals, links[0].encoder, languages=languages)


def add_side_document(store: Store, side: LinkSide, work: WorkSpec, reviewer: str) -> tuple[int, list[SentenceRow]]:
    """Read a document and add it to the store; returns its number and its sentences."""
    path = os.path.join(work.folder, side.doc)
    identity = store.identify(path, side.doc)
    document = read(side.doc, read_content(path), encoding=work.encoding, lang=side.lang)
    document = dataclasses.replace(resegment(document, work.segments, lang=side.lang), name=identity.name)
    number = store.add_document(document, reviewer=reviewer, origin=identity.origin).document
    return number, list(store.sentences(number))


def proposal_of(link: Link, src: list[SentenceRow], tgt: list[SentenceRow]) -> Proposal | None:
    """The link with sentence ids of the store; None if a side has none."""
    ends = sentences_in_side(link.src, src), sentences_in_side(link.tgt, tgt)
    if not ends[0] or not ends[1]:
        return None
    return Proposal(ends[0], ends[1], link.kind, link.score, link.confidence)


def sentences_in_side(side: LinkSide, sentences: list[SentenceRow]) -> tuple[int, ...]:
    """Ids of the sentences that begin within the side's spans."""
    starts = [span.start for span in side.spans]
    ids = []
    for sentence in sentences:
        index = bisect_right(starts, sentence.span.start) - 1
        if index >= 0 and sentence.span.start < side.spans[index].end:
            ids.append(sentence.id)
    return tuple(ids)


def links_of(lines: Iterable[bytes]) -> Iterator[Link]:
    """Links from lines of the JSON Lines contract."""
    for line in lines:
        record = json.loads(line)
        yield Link(
            id=record["id"],
            src=side_of(1, record["src"]),
            tgt=side_of(2, record["tgt"]),
            kind=LinkKind(record["kind"]),
            score=record["score"],
            confidence=record["confidence"],
            status=Status(record["status"]),
            encoder=record["encoder"],
        )


def side_of(document: int, record: dict[str, Any]) -> LinkSide:
    """A side of a link from its JSON record."""
    spans = tuple(Span(*span) for span in record["spans"])
    return LinkSide(document, record["doc"], record["lang"], (), record["text"], spans)
