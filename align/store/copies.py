"""Two copies of a store side by side: which document, sentence and link of the one is which of the other.

Documents are the same by name and text, sentences by place, links by birth: the decision that made them and how
many-eth of it they were. Links that both copies were proposed by themselves are the same by their sentences.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

from sqlite_utils import Database

from align.store import cuts, search
from align.store.charset import storable
from align.store.cuts import Cut, Pieces
from align.store.documents import document_text, summarise
from align.store.log import FIELDS, State, sentences_of, stored
from align.text.clean import sentence_text

SENTENCE_REST = 'start, "end", pieces, lang, lang_confidence, text'
SENTENCE = f"position, {SENTENCE_REST}"
Place = tuple[Any, ...]
"""start, end, pieces as the columns have them."""


@dataclass(slots=True)
class Mapping:
    """Numbers of the other copy -> numbers here."""

    documents: dict[int, int] = field(default_factory=dict)
    sentences: dict[int, int] = field(default_factory=dict)
    links: dict[int, int] = field(default_factory=dict)
    decisions: dict[int, int] = field(default_factory=dict)
    added: int = 0
    """Documents that only the other copy had."""
    births: Births = field(default_factory=lambda: Births([], [], {}))
    """Of the other copy's links."""
    differing: list[str] = field(default_factory=list)
    """Names of documents whose text is not the same in both."""

    def state(self, theirs: State) -> State | None:
        """A state, or part of one, in our numbers; None where a sentence of it is not here."""
        ours = dict(theirs)
        for side in ("src", "tgt"):
            if f"{side}_document" in ours:
                if ours[f"{side}_document"] not in self.documents:
                    return None
                ours[f"{side}_document"] = self.documents[ours[f"{side}_document"]]
            if side in ours:
                ids = sentences_of(ours[side])
                if not all(number in self.sentences for number in ids):
                    return None
                ours[side] = stored([self.sentences[number] for number in ids])
        return ours

    def cut(self, theirs: Cut) -> Cut | None:
        """A cut in our numbers, its second half unnamed (0) where it is not here; None where its sentence is not."""
        if theirs.document not in self.documents or theirs.sentence not in self.sentences:
            return None
        return replace(
            theirs, document=self.documents[theirs.document], sentence=self.sentences[theirs.sentence],
            rest=self.sentences.get(theirs.rest, 0),
        )  # fmt: skip


def map_copies(ours: Database, theirs: Database) -> Mapping:
    """What is what; documents that are missing here are taken in. Runs inside the caller's `writing`."""
    mapping = Mapping(births=Births.of(theirs))
    _documents(ours, theirs, mapping)
    uids = dict(ours.conn.execute("select uid, id from decisions"))
    for id_, uid in theirs.conn.execute("select id, uid from decisions"):
        if uid in uids:
            mapping.decisions[id_] = uids[uid]
    _halves(ours, theirs, mapping)
    _links(ours, theirs, mapping)
    return mapping


def _halves(ours: Database, theirs: Database, mapping: Mapping) -> None:
    """What came of cuts that both know, though they may have been taken back since."""
    told = "select detail from decisions where id = ?"
    for there in cuts.deciding(theirs):
        here = mapping.decisions.get(there)
        if here is not None:
            pair = [
                json.loads(db.conn.execute(told, (id_,)).fetchone()[0]) for db, id_ in ((ours, here), (theirs, there))
            ]
            mine, other = ([one["rest"] for one in detail.get("cuts", ())] for detail in pair)
            if len(mine) == len(other):
                for number, rest in zip(mine, other, strict=True):
                    mapping.sentences.setdefault(rest, number)


def _documents(ours: Database, theirs: Database, mapping: Mapping) -> None:
    known = {
        name: (id_, digest)
        for id_, name, digest in ours.conn.execute("select id, name, digest from documents where removed_at is null")
    }
    for id_, name, digest in theirs.conn.execute(
        "select id, name, digest from documents where removed_at is null order by id"
    ).fetchall():
        if name not in known:
            mapping.documents[id_] = _take_in(ours, theirs, id_)
            mapping.added += 1
        elif known[name][1] == digest:
            mapping.documents[id_] = known[name][0]
        else:
            mapping.differing.append(name)
            continue
        for here, there in zip(_places(ours, mapping.documents[id_]), _places(theirs, id_), strict=True):
            numbers = {place: sentence for sentence, place in here.items()}
            for sentence, place in there.items():
                if place in numbers:
                    mapping.sentences[sentence] = numbers[place]


def _places(db: Database, document: int) -> tuple[dict[int, Place], dict[int, Place]]:
    """Where the sentences of a document stand: as they were read, and apart from them those that came of cuts."""
    whole, made = cuts.read_pieces(db, document)
    read: dict[int, Place] = {}
    halves: dict[int, Place] = {}
    for sentence, *place in db.conn.execute(
        'select id, start, "end", pieces from sentences where document = ?', (document,)
    ):
        (halves if sentence in made else read)[sentence] = tuple(place)
    read.update((sentence, _place(pieces)) for sentence, pieces in whole.items())
    return read, halves


def _place(pieces: Pieces) -> Place:
    return pieces[0].start, pieces[-1].end, json.dumps(pieces) if len(pieces) > 1 else None


def _take_in(ours: Database, theirs: Database, document: int) -> int:
    columns = "name, digest, reader, encoding, characters, added_at, lang"
    row = theirs.conn.execute(f"select {columns} from documents where id = ?", (document,)).fetchone()
    new = ours.conn.execute(f"insert into documents ({columns}) values (?, ?, ?, ?, ?, ?, ?)", row).lastrowid
    assert new is not None
    text = theirs.conn.execute("select content from texts where document = ?", (document,)).fetchone()
    ours.conn.execute("insert into texts (document, content) values (?, ?)", (new, *text))
    columns = 'position, start, "end", kind, lang, lang_confidence'
    ours.conn.executemany(
        f"insert into blocks (document, {columns}) values (?, ?, ?, ?, ?, ?, ?)",
        ((new, *row) for row in theirs.conn.execute(f"select {columns} from blocks where document = ?", (document,))),
    )
    # As it was read: what was cut since is cut again when the decisions that did it are taken over.
    whole, made = cuts.read_pieces(theirs, document)
    text_read = document_text(theirs, document) if whole else ""
    rows = theirs.conn.execute(
        f"select id, block, {SENTENCE} from sentences where document = ? order by position", (document,)
    )
    read = [_as_read(row[1:], whole.get(row[0]), text_read) for row in rows if row[0] not in made]
    ours.conn.executemany(
        f"insert into sentences (document, position, block, {SENTENCE_REST}) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((new, position, row[0], *row[2:]) for position, row in enumerate(read)),
    )
    search.add(ours, ours.conn.execute("select id, text from sentences where document = ?", (new,)).fetchall())
    summarise(ours, new)
    return new


def _as_read(row: tuple[Any, ...], whole: Pieces | None, text: str) -> tuple[Any, ...]:
    """(block, `SENTENCE`) of a sentence as it was before anybody cut it."""
    if whole is None:
        return row
    block, position, _, _, _, lang, sure, _ = row
    return block, position, *_place(whole), lang, sure, storable(sentence_text(text, whole))


@dataclass(frozen=True, slots=True)
class Births:
    """Which decision made each link of a store, and how many-eth of it the link is: the same in every copy."""

    starts: list[int]
    uids: list[str]
    aliases: dict[int, tuple[str, int]]
    """Links that came from another copy."""

    @classmethod
    def of(cls, db: Database) -> Births:
        """Those of a store."""
        rows = db.conn.execute(
            "select first_link, uid from decisions where first_link is not null order by first_link, id"
        ).fetchall()
        aliases = {link: (uid, ordinal) for uid, ordinal, link in db.conn.execute("select * from aliases")}
        return cls([first for first, _ in rows], [uid for _, uid in rows], aliases)

    def __getitem__(self, link: int) -> tuple[str, int]:
        """(uid of the decision, number in it)."""
        if link in self.aliases:
            return self.aliases[link]
        place = bisect_right(self.starts, link) - 1
        return self.uids[place], link - self.starts[place]


def _links(ours: Database, theirs: Database, mapping: Mapping) -> None:
    """Links of a birth that is known here; then links of the other's own that stand on the same sentences here."""
    births = mapping.births
    here = {(uid, ordinal): link for uid, ordinal, link in ours.conn.execute("select * from aliases")}
    firsts = dict(ours.conn.execute("select uid, first_link from decisions where first_link is not null"))
    same = {(src, tgt): link for link, src, tgt in ours.conn.execute("select id, src, tgt from links order by id desc")}
    live: dict[int, State] = {
        link: {"src": src, "tgt": tgt} for link, src, tgt in theirs.conn.execute("select id, src, tgt from links")
    }
    whole_of = {made.rest: made.sentence for made in cuts.in_force(theirs)}

    def uncut(sides: State) -> State:
        """The sides with the sentences that halves were cut from: the cuts themselves are taken over later."""
        if not whole_of:
            return sides
        return {side: stored([_root(whole_of, number) for number in sentences_of(ids)]) for side, ids in sides.items()}

    for (number,) in theirs.conn.execute("select id from links union select link from patches order by 1").fetchall():
        uid, ordinal = births[number]
        if number in live and mapping.state(uncut(live[number])) is None:
            continue
        if (uid, ordinal) in here:
            mapping.links[number] = here[uid, ordinal]
        elif uid in firsts:
            mapping.links[number] = firsts[uid] + ordinal
    taken = set(mapping.links.values())
    for number, theirs_sides in live.items():
        sides = mapping.state(theirs_sides)
        if number not in mapping.links and sides is not None:
            link = same.get((sides["src"], sides["tgt"]))
            if link is not None and link not in taken:
                name_alike(ours, mapping, number, link)
                taken.add(link)


def _root(whole_of: dict[int, int], sentence: int) -> int:
    while sentence in whole_of:
        sentence = whole_of[sentence]
    return sentence


def name_alike(ours: Database, mapping: Mapping, theirs: int, link: int) -> None:
    """Their link is this one of ours, from now on."""
    mapping.links[theirs] = link
    ours.conn.execute("insert or replace into aliases values (?, ?, ?)", (*mapping.births[theirs], link))


def base_of(theirs: Database, link: int, cut: Collection[int] = ()) -> State | None:
    """A link of the other copy as it was before any decision of its log; None for one that a decision made.

    Where sentences were cut by decisions that are known here (`cut`), it has both halves from the beginning.
    """
    rows = theirs.conn.execute(
        "select was, now, decision from patches where link = ? order by decision desc", (link,)
    ).fetchall()
    row = theirs.conn.execute(f"select {', '.join(FIELDS)} from links where id = ?", (link,)).fetchone()
    state: State | None = dict(zip(FIELDS, row, strict=True)) if row else None
    for was, now_, decision in rows:
        if decision in cut and was is not None and now_ is not None:
            continue
        if was is None:
            state = None
        elif now_ is None:
            state = json.loads(was)
        elif state is not None:
            state.update(json.loads(was))
    return state
