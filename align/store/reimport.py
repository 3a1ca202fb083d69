"""A document whose text changed: what is still there keeps its sentences and links, the rest is marked for review."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from sqlite_utils import Database

from align.domain import Document
from align.store import cuts, queue, search, tallies
from align.store.charset import as_bytes
from align.store.documents import (
    document_text,
    insert_blocks,
    insert_sentences,
    sentence_values,
    summarise,
    tagged,
)
from align.store.ledger import Ledger
from align.store.log import SOURCE, sentences_of
from align.store.proposals import PROGRAM
from align.store.rebuild import derive_document

ALIKE = 0.5
"""From this similarity on (difflib's ratio) a sentence is another wording of the one that stood there."""
WINDOW = 40
"""Rewritten stretches longer than this are matched by their equal sentences only."""


@dataclass(slots=True)
class Matched:
    """Old sentences (by number) and the new ones they became."""

    same: dict[int, int] = field(default_factory=dict)
    changed: dict[int, int] = field(default_factory=dict)

    def new_of(self, old: int) -> int | None:
        """Which new sentence the old one is, if any."""
        return self.same.get(old, self.changed.get(old))


def match(old: Sequence[str], new: Sequence[str]) -> Matched:
    """Which sentences of `old` are in `new`: in order first, then moved ones whose text is unique, then rewordings."""
    found = Matched()
    rewritten: list[tuple[range, range]] = []
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        found.same[start] = start
        start += 1
    matcher = SequenceMatcher(None, old[start:], new[start:], autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            found.same.update(zip(range(start + a, start + b), range(start + c, start + d), strict=True))
        elif tag == "replace":
            rewritten.append((range(start + a, start + b), range(start + c, start + d)))
    _moved(old, new, found)
    taken = set(found.same.values())
    for before, after in rewritten:
        left = [n for n in before if n not in found.same], [n for n in after if n not in taken]
        if max(map(len, left)) <= WINDOW:
            found.changed.update(_reworded(old, new, *left))
    return found


def _moved(old: Sequence[str], new: Sequence[str], found: Matched) -> None:
    taken = set(found.same.values())
    gone = [n for n in range(len(old)) if n not in found.same]
    come = [n for n in range(len(new)) if n not in taken]
    once = Counter(old[n] for n in gone), Counter(new[n] for n in come)
    places = {new[n]: n for n in come}
    for number in gone:
        if once[0][old[number]] == once[1][old[number]] == 1:
            found.same[number] = places[old[number]]


def _reworded(old: Sequence[str], new: Sequence[str], before: list[int], after: list[int]) -> Iterator[tuple[int, int]]:
    for number in before:
        ranked = [(SequenceMatcher(None, old[number], new[n], autojunk=False).ratio(), -n) for n in after]
        if ranked and max(ranked)[0] >= ALIKE:
            best = -max(ranked)[1]
            yield number, best
            after = [n for n in after if n > best]


def change_document(db: Database, document: int, doc: Document) -> None:
    """Put the new text of a document in the place of the old. Runs inside the caller's `writing`.

    Links whose sentences are all still there stay as they are, and so do cuts of them. A link with a reviewer's touch
    whose text was reworded, or is there in part, is undecided again and asks for attention; one that lost a whole side
    goes. All of it is one entry of the log.
    """
    was, lang = db.conn.execute("select digest, lang from documents where id = ?", (document,)).fetchone()
    if lang is not None:
        doc = tagged(doc, lang)
    old = db.conn.execute("select id, text from sentences where document = ? order by position", (document,)).fetchall()
    carried = cuts.carry(db, document, document_text(db, document), doc.text, list(sentence_values(doc)))
    new = carried.values
    matched = match([text for _, text in old], [str(values[-1]) for values in new])
    lost = {id_ for n, (id_, _) in enumerate(old) if matched.new_of(n) is None}
    reworded = {old[n][0] for n in matched.changed}
    ledger = Ledger(db, PROGRAM)
    _write(db, document, doc, [id_ for id_, _ in old], new, matched)
    db.conn.execute("delete from cuts where document = ?", (document,))
    ids = [
        row[0] for row in db.conn.execute("select id from sentences where document = ? order by position", (document,))
    ]
    ledger.cuts = carried.placed(ids)
    touched = _links_of(db, lost | reworded)
    counts = _mend(ledger, touched, lost)
    _reorder(ledger, document)
    ledger.close(
        "import", document=document,
        detail={"name": doc.name, "was": was, "now": doc.digest, "same": len(matched.same), "reworded": len(reworded),
                "lost": len(lost), "new": len(new) - len(matched.same) - len(matched.changed), **counts},
    )  # fmt: skip
    derive_document(db, document)
    sources = db.conn.execute(
        "select distinct src_document from tallies where tgt_document = ?", (document,)
    ).fetchall()
    for source in {document, *(row[0] for row in sources)}:
        tallies.refresh_range(db, source * SOURCE, (source + 1) * SOURCE)
        queue.refresh_range(db, source * SOURCE, (source + 1) * SOURCE)


def _write(
    db: Database, document: int, doc: Document, old: list[int], new: list[tuple[object, ...]], matched: Matched
) -> None:
    """The rows of the document: texts replaced, sentences that are still there keeping their ids."""
    db.conn.execute(
        "update documents set digest = ?, reader = ?, encoding = ?, characters = ? where id = ?",
        (doc.digest, doc.reader, doc.encoding, len(doc.text), document),
    )
    db.conn.execute("update texts set content = ? where document = ?", (as_bytes(doc.text), document))
    db.conn.execute("delete from blocks where document = ?", (document,))
    insert_blocks(db, document, doc.blocks)
    ids = {number: old[n] for n in range(len(old)) if (number := matched.new_of(n)) is not None}
    gone = [id_ for n, id_ in enumerate(old) if matched.new_of(n) is None]
    reworded = [old[n] for n in matched.changed]
    search.drop(db, _texts(db, gone + reworded))
    db.conn.executemany("delete from sentences where id = ?", ((id_,) for id_ in gone))
    db.conn.executemany(
        """update sentences set block = ?, position = ?, start = ?, "end" = ?, pieces = ?, lang = ?,
           lang_confidence = ?, text = ? where id = ?""",
        ((*new[number], id_) for number, id_ in ids.items()),
    )
    search.add(db, _texts(db, reworded))
    insert_sentences(db, document, [values for number, values in enumerate(new) if number not in ids])
    summarise(db, document)


def _texts(db: Database, ids: list[int]) -> list[tuple[int, str]]:
    inside = ",".join(map(str, ids))
    return db.conn.execute(f"select id, text from sentences where id in ({inside})").fetchall()


def _links_of(db: Database, sentences: set[int]) -> list[int]:
    inside = ",".join(map(str, sentences))
    rows = db.conn.execute(f"select distinct link from link_sentences where sentence in ({inside}) order by link")
    return [row[0] for row in rows.fetchall()]


def _mend(ledger: Ledger, links: Sequence[int], lost: set[int]) -> dict[str, object]:
    """What becomes of links whose text is not the same any more."""
    marked = removed = 0
    for link in links:
        state = ledger.state(link)
        sides = {side: [n for n in sentences_of(state[side]) if n not in lost] for side in ("src", "tgt")}
        whole = all(len(sides[side]) == len(sentences_of(state[side])) for side in sides)
        if not all(sides.values()) or not (whole or ledger.kept(link)):
            ledger.remove(link)
            removed += 1
        elif ledger.kept(link):
            columns = {side: ledger.ordered(ids) for side, ids in sides.items()}
            ledger.change(link, status="proposed", attention="changed", touched=1, **columns)
            marked += 1
    return {"marked": marked, "removed": removed}


def _reorder(ledger: Ledger, document: int) -> None:
    """Sides of several sentences follow the order that the text has now."""
    rows = ledger.db.conn.execute(
        """select id from links
           where (src_document = ?1 and src like '%,%') or (tgt_document = ?1 and tgt like '%,%')""",
        (document,),
    ).fetchall()
    for (link,) in rows:
        if ledger.present(link):
            state = ledger.state(link)
            ledger.change(link, **{side: ledger.ordered(sentences_of(state[side])) for side in ("src", "tgt")})
