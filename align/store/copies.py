"""Two copies of a store side by side: which document, sentence and link of the one is which of the other.

Documents are the same by name and text, sentences by place, links by birth: the decision that made them and how
many-eth of it they were. Links that both copies were proposed by themselves are the same by their sentences.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import dataclass, field

from sqlite_utils import Database

from align.store import search
from align.store.documents import summarise
from align.store.log import FIELDS, State

SENTENCE = 'position, start, "end", pieces, lang, lang_confidence, text'


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
                ids = [int(number) for number in ours[side].split(",")]
                if not all(number in self.sentences for number in ids):
                    return None
                ours[side] = ",".join(str(self.sentences[number]) for number in ids)
        return ours


def map_copies(ours: Database, theirs: Database) -> Mapping:
    """What is what; documents that are missing here are taken in. Runs inside the caller's `writing`."""
    mapping = Mapping(births=Births.of(theirs))
    _documents(ours, theirs, mapping)
    uids = dict(ours.conn.execute("select uid, id from decisions"))
    for id_, uid in theirs.conn.execute("select id, uid from decisions"):
        if uid in uids:
            mapping.decisions[id_] = uids[uid]
    _links(ours, theirs, mapping)
    return mapping


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
        places = {
            (start, end, pieces): sentence
            for sentence, start, end, pieces in ours.conn.execute(
                'select id, start, "end", pieces from sentences where document = ?', (mapping.documents[id_],)
            )
        }
        for sentence, start, end, pieces in theirs.conn.execute(
            'select id, start, "end", pieces from sentences where document = ?', (id_,)
        ):
            if (start, end, pieces) in places:
                mapping.sentences[sentence] = places[start, end, pieces]


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
    ours.conn.executemany(
        f"insert into sentences (document, block, {SENTENCE}) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (new, *row)
            for row in theirs.conn.execute(
                f"select block, {SENTENCE} from sentences where document = ? order by position", (document,)
            )
        ),
    )
    search.add(ours, ours.conn.execute("select id, text from sentences where document = ?", (new,)).fetchall())
    summarise(ours, new)
    return new


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
    for (number,) in theirs.conn.execute("select id from links union select link from patches order by 1").fetchall():
        uid, ordinal = births[number]
        if number in live and mapping.state(live[number]) is None:
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


def name_alike(ours: Database, mapping: Mapping, theirs: int, link: int) -> None:
    """Their link is this one of ours, from now on."""
    mapping.links[theirs] = link
    ours.conn.execute("insert or replace into aliases values (?, ?, ?)", (*mapping.births[theirs], link))


def base_of(theirs: Database, link: int) -> State | None:
    """A link of the other copy as it was before any decision of its log; None for one that a decision made."""
    rows = theirs.conn.execute("select was, now from patches where link = ? order by decision desc", (link,)).fetchall()
    row = theirs.conn.execute(f"select {', '.join(FIELDS)} from links where id = ?", (link,)).fetchone()
    state: State | None = dict(zip(FIELDS, row, strict=True)) if row else None
    for was, now_ in rows:
        if was is None:
            state = None
        elif now_ is None:
            state = json.loads(was)
        elif state is not None:
            state.update(json.loads(was))
    return state
