"""Merging copies, on random histories: `python -m benchmarks.merge_faults [--count N] [--start N] [--jobs N]`.

Three copies of a store with clocks that are wrong by up to a day, and are set back in mid-history, get decisions of
every kind, proposal runs, documents and merges of each other. Then they are merged in all six orders, each associated
to the left or to the right by chance, and in each fifth history back and forth until nothing changes. All results
must be equal and sound, and no decision may be lost without a later one that knew it or an open conflict; which
decision knew which is recorded here, independently of the store. Equal: documents and spans of both sides, kind,
status, texts, note and open conflicts, without ids and times. Documents with different texts are left out of that;
decisions on links of them must not be lost where the text is the one that they were made on. History N depends on the
seed and N: `--start N --count 1` repeats it. Prints one JSON object; exit code 1 where anything was wrong.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from align.errors import AlignError
from align.models import Block, BlockKind, Document, LinkKind, Proposal, Sentence, Span
from align.reviewer import Reviewer
from align.store import Change, Store, accept_many, decision_draft, decision_log, documents, edits, open_store
from align.store import store as store_module
from align.store.edits import SIDES, Direction, End, Side
from align.store.merge.merge import unite

SENTENCES = 7
LINKS = 2 * SENTENCES
"""Of the template: so many between the first document and each other one."""
DAY = 86_400.0
CLOCKS = (decision_draft, decision_log, accept_many, documents, store_module)
"""Modules that read the time."""
Key = tuple[Any, ...]
Look = frozenset[Key]


def document(name: str, lang: str, count: int = SENTENCES, word: str = "") -> Document:
    """A text of short sentences of four words each."""
    texts = [f"{name}{word} {n} has words." for n in range(count)]
    sentences, start = [], 0
    for text in texts:
        sentences.append(Sentence((Span(start, start + len(text)),), lang, 1.0))
        start += len(text) + 1
    block = Block(Span(0, start - 1), BlockKind.BODY, lang, 1.0, tuple(sentences))
    return Document(name, "\n".join(texts) + "\n", (block,))


def proposals(store: Store, pair: tuple[int, int], rng: random.Random) -> list[Proposal]:
    """One link per sentence, some of them shifted, like the errors of an encoder."""
    src, tgt = (store.sentences(number) for number in pair)
    shift = rng.choice([0, 0, 0, 1])
    return [
        Proposal((a.id,), (tgt[(n + shift) % len(tgt)].id,), LinkKind.TRANSLATION, 0.3, round(rng.random(), 3))
        for n, a in enumerate(src)
        if tgt and rng.random() < 0.9
    ]


def make_template(path: Path) -> bytes:
    """Create a store of three documents and links from the sentences of the first to those of the others."""
    with open_store(path) as store:
        for name, lang in (("a", "ja"), ("b", "en"), ("e", "en")):
            store.add_document(document(name, lang))
        for target in (2, 3):
            pairs = enumerate(zip(store.sentences(1), store.sentences(target), strict=True))
            found = [Proposal((a.id,), (b.id,), LinkKind.TRANSLATION, 0.3, 0.5 + n / 20) for n, (a, b) in pairs]
            store.propose(1, target, found, "use")
        store.db.conn.execute("pragma journal_mode = delete")  # A store in memory has no WAL file.
    return path.read_bytes()


@dataclass(slots=True)
class Known:
    """The benchmark's own record of a decision."""

    knew: int
    """Bit n: its copy had decision n."""
    values: dict[int, Key]
    """Link of the template -> its value afterwards; () if it was deleted."""
    turned: bool
    """Whether it is an undo or redo."""
    turns: str = ""
    text: str = ""
    """Digest of the document whose text changes."""
    changes: bool = False
    """Whether it changes a text."""


@dataclass(slots=True)
class Copy:
    """One of the copies, with its clock and the decisions in its log."""

    store: Store
    reviewer: Reviewer
    offset: float
    knows: int = 0


@dataclass(slots=True)
class Tally:
    """Counts over the histories."""

    histories: int = 0
    decisions: int = 0
    merges: int = 0
    conflicts: int = 0
    in_conflict: int = 0
    """Histories that ended with an open conflict."""
    actions: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Add the counts of another tally."""
        for name in ("histories", "decisions", "merges", "conflicts", "in_conflict"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.actions += other.actions
        self.wrong += other.wrong


class Names:
    """Reproducible uids of decisions."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = random.Random(rng.random())

    def uuid4(self) -> uuid.UUID:
        """The next uid."""
        return uuid.UUID(int=self.rng.getrandbits(128))


class Trial:
    """One random history."""

    def __init__(self, template: bytes, rng: random.Random, tally: Tally) -> None:
        self.template = template
        self.rng = rng
        self.tally = tally
        self.now = datetime(2026, 3, 1, tzinfo=UTC)
        self.names = Names(rng)
        self.known: list[Known] = []
        self.uids: dict[str, int] = {}
        self.copies: list[Copy] = []
        self.changes = rng.random() < 0.25
        """Whether texts change in it."""

    def play(self, steps: int) -> None:
        """Create the copies, make decisions and merges, then compare the copies."""
        with ExitStack() as stack:
            reviewers = self.rng.choice([["ada", "bo", "cy"], ["ada", "bo", "ada"], ["ada", "ada", "ada"]])
            first = stack.enter_context(closing(self._open("copy0", self.template)))
            self.copies = [Copy(first, Reviewer(first, reviewers[0]), 0.0)]
            for _ in range(self.rng.randrange(4)):
                self._step(self.copies[0])
            for number in (1, 2):
                store = stack.enter_context(closing(self._open(f"copy{number}", content(first))))
                self.copies.append(Copy(store, Reviewer(store, reviewers[number]), 0.0, self.copies[0].knows))
            for copy in self.copies:
                copy.offset = self.rng.uniform(-DAY, DAY)
            for _ in range(steps):
                copy = self.rng.choice(self.copies)
                if self.rng.random() < 0.05:
                    copy.offset -= self.rng.uniform(0, 2 * DAY)  # The clock is set back.
                if self.rng.random() < 0.12:
                    self._merge(copy, self.rng.choice([other for other in self.copies if other is not copy]))
                else:
                    self._step(copy)
            self._compare([copy.store for copy in self.copies])

    def _open(self, name: str, content: bytes) -> Store:
        """Open a store in memory: files would take most of the time."""
        conn = sqlite3.connect(":memory:", isolation_level=None, cached_statements=256)
        conn.deserialize(content)
        conn.execute("pragma foreign_keys = on")
        conn.execute("pragma journal_mode = memory")
        return Store(Path(f"{name}.db"), Database(conn, execute_plugins=False))

    def _clock(self, copy: Copy) -> None:
        self.now += timedelta(seconds=self.rng.expovariate(1 / 600))
        shown = (self.now + timedelta(seconds=copy.offset)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        for module in CLOCKS:
            setattr(module, "now", lambda: shown)  # noqa: B010
        setattr(decision_log, "uuid", self.names)  # noqa: B010

    # What happens in a copy

    def _step(self, copy: Copy) -> None:
        self._clock(copy)
        ids = [link.id for link in copy.store.links()]
        if not ids:
            return
        name = self.rng.choices(list(WORKS), [weight for weight, _ in WORKS.values()])[0]
        if name == "change" and not self.changes:
            return
        last = copy.store.latest()
        try:
            WORKS[name][1](self, copy, ids)
        except AlignError:
            return  # Refused: nothing changed.
        self.tally.actions[name] += 1
        self._remember(copy, last)

    def _remember(self, copy: Copy, last: int) -> None:
        db = copy.store.db.conn
        for id_, uid, action in db.execute("select id, uid, action from decisions where id > ? order by id", (last,)):
            if action in ("propose", "remove", "unite"):
                continue
            links = [row[0] for row in db.execute("select link from patches where decision = ?", (id_,))]
            values = {link: value(copy.store, link) for link in links if link <= LINKS and decided(db, id_, link)}
            self.uids[uid] = len(self.known)
            # What an undo takes back is the last redo, where there is one; and the other way round.
            target = db.execute(
                """select done.uid from decisions as done join decisions as turn on turn.id = ?
                   where (done.id = turn.target or done.target = turn.target) and done.id < turn.id
                   order by done.id desc limit 1""",
                (id_,),
            ).fetchone()
            turns = target[0] if target else ""
            changes = (
                db.execute(
                    "select 1 from decisions where id = ? and coalesce(detail ->> 'action', action) = 'import'", (id_,)
                ).fetchone()
                is not None
            )
            text = text_of(copy.store)
            self.known.append(Known(copy.knows, values, action in ("undo", "redo"), turns, text, changes))
            copy.knows |= 1 << self.uids[uid]
            self.tally.decisions += 1

    def _merge(self, copy: Copy, other: Copy) -> None:
        self._clock(copy)
        self._unite(copy.store, other.store)
        copy.knows |= other.knows

    def _unite(self, store: Store, other: Store) -> None:
        with store.writing():
            unite(store.db, other.db, other.path.name)
        self.tally.merges += 1

    # What must hold

    def _compare(self, copies: list[Store]) -> None:
        names = [store.path.stem for store in copies]
        contents = {store.path.stem: content(store) for store in copies}
        looks: dict[str, Look] = {}
        with ExitStack() as stack:
            whole = {name: stack.enter_context(closing(store)) for name, store in zip(names, copies, strict=True)}
            pairs = {}
            for one, two in permutations(names, 2):
                pairs[one, two] = stack.enter_context(closing(self._open(f"{one}+{two}", contents[one])))
                self._unite(pairs[one, two], whole[two])
            orders = list(permutations(names))
            to_right = {order for order in orders if self.rng.random() < 0.5}
            sound = self.rng.choice(orders)
            for one, two, three in sorted(orders, key=lambda order: order not in to_right):
                if (one, two, three) in to_right:
                    store = stack.enter_context(closing(self._open("right", contents[one])))
                    self._unite(store, pairs[two, three])
                    looks[f"{one}+({two}+{three})"] = look(store)
                else:
                    store = pairs[one, two]
                    self._unite(store, whole[three])
                    looks[f"({one}+{two})+{three}"] = look(store)
                if (one, two, three) == sound:
                    self._hold_sound(store)
        if self.rng.random() < 0.2:
            looks.update(self._back_and_forth(contents))
        texts = {key[1:] for found in looks.values() for key in found if key[0] == "document"}
        differing = {name for name, count in Counter(key[0] for key in texts).items() if count > 1}
        looks = {name: without(found, differing) for name, found in looks.items()}
        first_name, first = next(iter(looks.items()))
        self.tally.in_conflict += any(key[0] == "conflict" for key in first)
        self.tally.conflicts += sum(key[0] == "conflict" for key in first)
        for name, found in looks.items():
            if found != first:
                odd = sorted(map(str, found ^ first))
                self.tally.wrong.append(f"{name} is not {first_name}: {' | '.join(odd[:4])}")
                break

    def _back_and_forth(self, contents: dict[str, bytes]) -> dict[str, Look]:
        """Merge each copy into each other until nothing changes."""
        with ExitStack() as stack:
            stores = [stack.enter_context(closing(self._open(*copy))) for copy in contents.items()]
            for _ in range(6):
                sizes = [store.latest() for store in stores]
                for store in self.rng.sample(stores, len(stores)):
                    for other in stores:
                        if other is not store:
                            self._unite(store, other)
                if [store.latest() for store in stores] == sizes:
                    break
            else:
                self.tally.wrong.append("merging back and forth never ends")
            return {f"back and forth in {store.path.stem}": look(store) for store in stores}

    def _hold_sound(self, store: Store) -> None:
        self.tally.wrong += [f"unsound: {finding}" for finding in store.check()]
        db = store.db.conn
        uids = {row[0] for row in db.execute("select uid from decisions")}
        self.tally.wrong += [f"lost: decision {uid}" for uid in self.uids if uid not in uids]
        waiting = {row[0] for row in db.execute("select id from links where attention = 'conflict'")}
        waiting |= {conflict.link for conflict in store.conflicts()}
        in_conflict = {
            row[0]
            for row in db.execute(
                """select value from conflicts, json_each(contested, '$.decisions')
                   where dismissed is null and contested is not null"""
            )
        }
        present = {row.name for row in store.documents()}
        text = text_of(store)
        for link in range(1, LINKS + 1) if {"a", "b", "e"} <= present else ():
            heads = self._heads(link)
            now = value(store, link)
            for uid, head in heads:
                if link > SENTENCES and (head.text != text or head.changes):
                    continue  # It was made on another text, or made the text another.
                if uid in in_conflict:
                    continue  # As a whole: on another of its links.
                if now != head.values[link] and link not in waiting and not self._let_go(head, link, now):
                    self.tally.wrong.append(
                        f"link {link}: {head.values[link]} of {uid} became {now} without a conflict"
                    )

    def _heads(self, link: int) -> list[tuple[str, Known]]:
        """The decisions on a link of the template that no later decision on it knew."""
        numbers = [number for number, known in enumerate(self.known) if link in known.values]
        uids = list(self.uids)
        return [
            (uids[number], self.known[number])
            for number in numbers
            if not any(self.known[other].knew >> number & 1 for other in numbers)
        ]

    def _let_go(self, head: Known, link: int, now: Key) -> bool:
        """Whether a decision may be overridden without a conflict.

        That is an undo of a decision that not all others on the link knew, or an undecided link that a proposal run
        deleted.
        """
        if not now and head.values[link] and head.values[link][-1] == "proposed":
            return True
        if not head.turned:
            return False
        target = self.uids.get(head.turns)
        others = [known for _, known in self._heads(link) if known is not head]
        return target is None or (bool(others) and not all(known.knew >> target & 1 for known in others))


def decided(db: Any, decision: int, link: int) -> bool:
    """Whether a decision changes the value of a link: more than its marks, or the halves of a split sentence."""
    was, now, action = db.execute(
        """select was, now, coalesce(json_extract(detail, '$.action'), action)
           from patches join decisions on decisions.id = decision where decision = ? and patches.link = ?""",
        (decision, link),
    ).fetchone()
    if action == "remove":
        return False
    columns = json.loads(now or "{}").keys()
    decided_on = "decided_at" in columns and action not in ("kind", "anchor", "unanchor")
    return was is None or now is None or "status" in columns or decided_on


def value(store: Store, link: int) -> Key:
    """Value of a link without its note, kind and marks; () if there is none."""
    try:
        found = store.link(link)
    except KeyError:
        return ()
    sides = tuple(
        (
            side.doc,
            "".join((side.original or side.text).split()),
            side.original is not None,
            side.text if side.original is not None else "",
        )
        for side in (found.src, found.tgt)
    )
    return (*sides, str(found.status))


def text_of(store: Store) -> str:
    """Digest of the document whose text changes; empty where it was removed."""
    return next((row.digest for row in store.documents() if row.name == "e"), "")


def look(store: Store) -> Look:
    """Links and open conflicts of a store, without ids and times, by text."""
    found: list[Key] = [("document", row.name, row.digest) for row in store.documents()]
    keys: dict[int, Key] = {}
    for link in store.links():
        sides = [
            (side.doc, side.spans, side.text if side.original is not None else None) for side in (link.src, link.tgt)
        ]
        keys[link.id] = (*sides, str(link.kind), str(link.status), link.note)
        found.append(("link", *keys[link.id], link.attention == "conflict"))
    for conflict in store.conflicts():
        words = sorted(json.dumps(side, sort_keys=True) for side in (conflict.ours, conflict.theirs))
        found.append(("conflict", keys.get(conflict.link), *words, conflict.by, conflict.reviewer, conflict.action))
    counted = Counter(found)
    return frozenset((*key, count) for key, count in counted.items())


def without(found: Look, names: set[str]) -> Look:
    """Entries that do not concern documents of these names, whose texts differ between the copies."""

    def about(key: Key) -> set[str]:
        if key[0] == "document":
            return {key[1]}
        link = key[1:3] if key[0] == "link" else (key[1] or ())[:2]
        return {side[0] for side in link}

    return frozenset(key for key in found if about(key).isdisjoint(names))


def content(store: Store) -> bytes:
    """The whole store as bytes of a file."""
    return bytes(store.db.conn.serialize())


# The kinds of work, each with its weight


def _pick(rng: random.Random, ids: list[int]) -> int:
    """A random link or sentence, more often one of the first, or of those from the middle, so that copies meet."""
    start = len(ids) // 2 if rng.random() < 0.25 else 0
    return ids[min(start + int(rng.expovariate(0.35)), len(ids) - 1)]


def _verdict(name: str) -> Callable[[Trial, Copy, list[int]], Change]:
    return lambda trial, copy, ids: copy.reviewer.commit(getattr(edits, name)(_pick(trial.rng, ids)))


def _edit(trial: Trial, copy: Copy, ids: list[int]) -> Change:
    side: Side = trial.rng.choice(SIDES)
    return copy.reviewer.commit(edits.edit_text(_pick(trial.rng, ids), side, f"made up {trial.rng.randrange(3)}"))


def _note(trial: Trial, copy: Copy, ids: list[int]) -> Change:
    return copy.reviewer.commit(edits.note(_pick(trial.rng, ids), trial.rng.choice(["?", "hm", None])))


def _kind(trial: Trial, copy: Copy, ids: list[int]) -> Change:
    return copy.reviewer.commit(edits.set_kind(_pick(trial.rng, ids), trial.rng.choice(list(LinkKind))))


def _join(trial: Trial, copy: Copy, ids: list[int]) -> Change:
    one = _pick(trial.rng, ids)
    return copy.reviewer.commit(edits.merge(one, ids[(ids.index(one) + 1) % len(ids)]))


def _split(trial: Trial, copy: Copy, ids: list[int]) -> Change:
    rng = trial.rng
    inside = rng.random() < 0.6
    points: list[Any] = [(0, rng.choice([2, 4, 8])), (0, rng.choice([2, 4, 8]))] if inside else [1, 1]
    return copy.reviewer.commit(edits.split(_pick(rng, ids), *points))


def _cut(trial: Trial, copy: Copy, ids: list[int]) -> Change:
    rows = copy.store.sentences(trial.rng.choice([1, 2]))
    return copy.reviewer.commit(
        edits.cut(_pick(trial.rng, [row.id for row in rows] or [0]), trial.rng.choice([2, 4, 8]))
    )


def _move(trial: Trial, copy: Copy, ids: list[int]) -> Change:
    rng = trial.rng
    end: End = "first" if rng.random() < 0.5 else "last"
    direction: Direction = "give" if rng.random() < 0.5 else "take"
    return copy.reviewer.commit(edits.move(_pick(rng, ids), rng.choice(SIDES), end, direction))


def _relink(trial: Trial, copy: Copy, ids: list[int]) -> Change:
    rng = trial.rng
    src, tgt = ([row.id for row in copy.store.sentences(number)] for number in (1, 2))
    ends = [_pick(rng, src)], [_pick(rng, tgt)]
    by_hand = rng.random() < 0.5
    return copy.reviewer.commit(edits.link_by_hand(*ends) if by_hand else edits.relink(_pick(rng, ids), *ends))


def _accept_many(trial: Trial, copy: Copy, ids: list[int]) -> Change:
    if trial.rng.random() < 0.5:
        return copy.reviewer.accept_above(trial.rng.random())
    return copy.reviewer.accept_through(_pick(trial.rng, ids))


def _propose(trial: Trial, copy: Copy, ids: list[int]) -> object:
    pairs = [(row.src_document, row.tgt_document) for row in copy.store.pairs()]
    pair = trial.rng.choice(pairs)
    return copy.store.propose(*pair, proposals(copy.store, pair, trial.rng), trial.rng.choice(["use", "e5"]))


def _add(trial: Trial, copy: Copy, ids: list[int]) -> object:
    name = trial.rng.choice(["c", f"d{trial.rng.randrange(1000)}"])
    found = copy.store.add_document(document(name, "en", 4)).document
    return copy.store.propose(1, found, proposals(copy.store, (1, found), trial.rng), "use")


def _remove(trial: Trial, copy: Copy, ids: list[int]) -> Change:
    return copy.reviewer.remove_document(trial.rng.choice(copy.store.documents()).id)


def _change(trial: Trial, copy: Copy, ids: list[int]) -> object:
    word = trial.rng.choice(["", " now"])
    return copy.store.add_document(document("e", "en", trial.rng.choice([SENTENCES - 1, SENTENCES]), word))


def _dismiss(trial: Trial, copy: Copy, ids: list[int]) -> Change:
    waiting = [conflict.link for conflict in copy.store.conflicts()] or [0]
    return copy.reviewer.dismiss(trial.rng.choice(waiting))


def _decide_conflict(trial: Trial, copy: Copy, ids: list[int]) -> Change:
    waiting = [conflict.link for conflict in copy.store.conflicts()] or [0]
    verdict = trial.rng.choice([edits.accept, edits.reject])
    return copy.reviewer.commit(verdict(trial.rng.choice(waiting)))


WORKS: dict[str, tuple[float, Callable[[Trial, Copy, list[int]], object]]] = {
    "accept": (6, _verdict("accept")),
    "reject": (4, _verdict("reject")),
    "reopen": (2, _verdict("reopen")),
    "unlink": (1, _verdict("unlink")),
    "anchor": (0.5, _verdict("anchor")),
    "swap": (0.5, _verdict("swap")),
    "bookmark": (1, _verdict("bookmark")),
    "edit": (2, _edit),
    "note": (2, _note),
    "kind": (2, _kind),
    "merge": (2, _join),
    "split": (2, _split),
    "cut": (0.7, _cut),
    "move": (1.5, _move),
    "relink": (2, _relink),
    "undo": (4, lambda trial, copy, ids: copy.reviewer.undo()),
    "redo": (1.5, lambda trial, copy, ids: copy.reviewer.redo()),
    "accept-many": (0.7, _accept_many),
    "propose": (1.5, _propose),
    "add": (0.5, _add),
    "remove": (0.3, _remove),
    "change": (2, _change),
    "dismiss": (1, _dismiss),
    "decide a conflict": (2, _decide_conflict),
}


def trials(seed: int, numbers: range, steps: int) -> Tally:
    """Run the histories of these numbers."""
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="align-merge-") as name:
        template = make_template(Path(name) / "template.db")
    for number in numbers:
        rng = random.Random(f"{seed} {number}")
        wrong = len(tally.wrong)
        try:
            with real_clocks():
                Trial(template, rng, tally).play(rng.randrange(3, steps))
        except Exception as error:
            tally.wrong.append(f"{type(error).__name__}: {error}")
        tally.histories += 1
        tally.wrong[wrong:] = [f"history {number}: {line}" for line in tally.wrong[wrong:]]
    return tally


@contextmanager
def real_clocks() -> Iterator[None]:
    """Restore the clocks of the store's modules afterwards."""
    before = [module.now for module in CLOCKS]
    try:
        yield
    finally:
        for module, clock in zip(CLOCKS, before, strict=True):
            setattr(module, "now", clock)  # noqa: B010
        setattr(decision_log, "uuid", uuid)  # noqa: B010


def batches(numbers: range, size: int) -> Iterator[range]:
    """The numbers in batches of so many."""
    return (numbers[first : first + size] for first in range(0, len(numbers), size))


def main() -> None:
    """Run the benchmark and print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000, help="histories")
    parser.add_argument("--start", type=int, default=0, help="number of the first history")
    parser.add_argument("--steps", type=int, default=26, help="a history has fewer steps than this")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin nothing after so long")
    options = parser.parse_args()
    begun = time.monotonic()
    whole = Tally()
    parts = list(batches(range(options.start, options.start + options.count), 20))
    with ProcessPoolExecutor(options.jobs) as pool:
        waiting = []
        for part in parts:
            waiting.append(pool.submit(trials, options.seed, part, options.steps))
            if len(waiting) > options.jobs:
                part_done = waiting.pop(0).result()
                print(*(f"\n{line}" for line in part_done.wrong), end="", file=sys.stderr)
                whole.add(part_done)
            print(
                f"\r{whole.histories} of {options.count} histories, {len(whole.wrong)} wrong", end="", file=sys.stderr
            )
            if time.monotonic() - begun > options.seconds:
                break
        for future in waiting:
            whole.add(future.result())
    print(file=sys.stderr)
    report = {
        "histories": whole.histories, "first": options.start, "seed": options.seed, "decisions": whole.decisions,
        "merges": whole.merges, "open_conflicts": whole.conflicts, "histories_in_conflict": whole.in_conflict,
        "actions": dict(whole.actions.most_common()), "seconds": round(time.monotonic() - begun), "wrong": whole.wrong,
    }  # fmt: skip
    print(json.dumps(report, indent=2, ensure_ascii=False))
    sys.exit(bool(whole.wrong))


if __name__ == "__main__":
    main()
