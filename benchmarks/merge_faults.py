"""Merging copies, on random histories: `python -m benchmarks.merge_faults [--count N] [--start N] [--jobs N]`.

Three copies of a store with clocks that are wrong by up to a day, and are set back in mid-history, get decisions of
every kind, proposal runs, documents, merges of each other and restored backups (see `merge_works`). Then they are
merged in all six orders, each associated to the left or to the right by chance, and in each fifth history back and
forth until nothing changes. All results must be equal and sound, rebuilding one from its log must change nothing, and
no decision may be lost without a later one that knew it or an open conflict; which decision knew which is recorded
here, independently of the store. Equal: documents and spans of both sides, kind, status, texts, note, marks, statements
and open conflicts, without ids and times. Documents with different texts are left out of that; decisions on links of
them must not be lost where the text is the one that they were made on. History N depends on the seed and N:
`--start N --count 1` repeats it. Prints one JSON object; exit code 1 where anything was wrong.
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
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from align.errors import AlignError
from align.models import LinkKind, Proposal
from align.reviewer import Reviewer
from align.store import Store, accept_many, decision_draft, decision_log, documents, open_store
from align.store import store as store_module
from align.store.merge.merge import unite
from align.store.rebuild import rebuild
from benchmarks.merge_works import SENTENCES, WORKS, document

TEMPLATES = (0, 5)
"""Seeds of the uids in the template: with one the first decision comes first by uid, with the other the second."""
LINKS = 2 * SENTENCES
"""Of the template: so many between the first document and each other one."""
DAY = 86_400.0
CLOCKS = (decision_draft, decision_log, accept_many, documents, store_module)
"""Modules that read the time."""
Key = tuple[Any, ...]
Look = frozenset[Key]


def make_template(path: Path, names: Names) -> bytes:
    """Create a store of three documents and links from the sentences of the first to those of the others."""
    with real_clocks(), open_store(path) as store:
        setattr(decision_log, "uuid", names)  # noqa: B010
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
    texts: dict[str, str] = field(default_factory=dict)
    """Digests of the documents, by name."""
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
        self.changes_both = self.changes and rng.random() < 0.3
        """Whether two texts do."""
        self.backups: list[tuple[bytes, int]] = []
        """Content of a copy at some time, and what it knew."""

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
                if self.rng.random() < 0.04:
                    self.backups.append((content(copy.store), copy.knows))
                if self.backups and self.rng.random() < 0.03:
                    stored, copy.knows = self.rng.choice(self.backups)
                    copy.store = stack.enter_context(closing(self._open(copy.store.path.stem, stored)))
                    copy.reviewer = Reviewer(copy.store, copy.reviewer.name)
                    self.tally.actions["restore"] += 1
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
            if action in ("propose", "remove", "unite", "compact"):
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
            turned = action in ("undo", "redo")
            self.known.append(Known(copy.knows, values, turned, turns, texts_of(copy.store), changes))
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
                    with store.writing():
                        rebuild(store.db)
                    looks[f"{one}, {two} and {three} rebuilt"] = look(store)
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
        present_uids = {uid for uid, number in self.uids.items() if self._is_in_a_copy(number)}
        self.tally.wrong += [f"lost: decision {uid}" for uid in present_uids - uids]
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
        texts = texts_of(store)
        for link in range(1, LINKS + 1) if {"a", "b", "e"} <= present else ():
            heads = self._heads(link)
            now = value(store, link)
            for uid, head in heads:
                name = "e" if link > SENTENCES else "b"
                if head.texts.get(name) != texts.get(name) or head.changes:
                    continue  # It was made on another text, or made the text another.
                if uid in in_conflict:
                    continue  # As a whole: on another of its links.
                if now != head.values[link] and link not in waiting and not self._let_go(head, link, now):
                    self.tally.wrong.append(
                        f"link {link}: {head.values[link]} of {uid} became {now} without a conflict"
                    )

    def _heads(self, link: int) -> list[tuple[str, Known]]:
        """The decisions on a link of the template that no later decision on it knew."""
        numbers = [
            number for number, known in enumerate(self.known) if link in known.values and self._is_in_a_copy(number)
        ]
        uids = list(self.uids)
        return [
            (uids[number], self.known[number])
            for number in numbers
            if not any(self.known[other].knew >> number & 1 for other in numbers)
        ]

    def _is_in_a_copy(self, number: int) -> bool:
        """Whether a decision was not lost where a backup was restored."""
        return any(copy.knows >> number & 1 for copy in self.copies)

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
    if action in ("remove", "conflict"):  # Taken back, for one: what a file says otherwise is no verdict.
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


def texts_of(store: Store) -> dict[str, str]:
    """Digests of the documents, by name."""
    return {row.name: row.digest for row in store.documents()}


def look(store: Store) -> Look:
    """Links and open conflicts of a store, without ids and times, by text."""
    found: list[Key] = [("document", row.name, row.digest) for row in store.documents()]
    keys: dict[int, Key] = {}
    anchored = {row[0] for row in store.db.conn.execute("select id from links where anchored")}
    for link in store.links():
        sides = [
            (side.doc, side.spans, side.text if side.original is not None else None) for side in (link.src, link.tgt)
        ]
        keys[link.id] = (*sides, str(link.kind), str(link.status), link.note)
        found.append(("link", *keys[link.id], link.attention, link.bookmarked, link.id in anchored))
    for conflict in store.conflicts():
        words = sorted(json.dumps(side, sort_keys=True) for side in (conflict.ours, conflict.theirs))
        found.append(("conflict", keys.get(conflict.link), *words, conflict.by, conflict.reviewer, conflict.action))
    for uid, statement in store.statements().items():
        members = [
            (one.document, one.text, str(one.role), sorted(map(str, one.contested))) for one in statement.members
        ]
        found.append(("statement", uid, statement.given_label, str(sorted(members))))
    counted = Counter(found)
    return frozenset((*key, count) for key, count in counted.items())


def without(found: Look, names: set[str]) -> Look:
    """Entries that do not concern documents of these names, whose texts differ between the copies."""

    def about(key: Key) -> set[str]:
        if key[0] == "document":
            return {key[1]}
        if key[0] == "statement":
            return set()
        if key[1] is None:  # Of a link that is not there: it may be on any of them.
            return names
        link = key[1:3] if key[0] == "link" else key[1][:2]
        return {side[0] for side in link}

    return frozenset(key for key in found if about(key).isdisjoint(names))


def content(store: Store) -> bytes:
    """The whole store as bytes of a file."""
    return bytes(store.db.conn.serialize())


def trials(seed: int, numbers: range, steps: int) -> Tally:
    """Run the histories of these numbers."""
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="align-merge-") as name:
        templates = [make_template(Path(name) / f"{n}.db", Names(random.Random(n))) for n in TEMPLATES]
    for number in numbers:
        rng = random.Random(f"{seed} {number}")
        wrong = len(tally.wrong)
        try:
            with real_clocks():
                Trial(rng.choice(templates), rng, tally).play(rng.randrange(3, steps))
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
