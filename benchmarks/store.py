"""Speed of the store with a million links, against SQLite itself: `python -m benchmarks.store [--links N]`.

Prints one JSON object. Opening is compared with an empty store, the import with `executemany` of the same rows into
the same tables; both in this run. Times are milliseconds, medians unless named otherwise.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import numpy.typing as npt

from align.models import Block, BlockKind, Document, LinkKind, Proposal, Sentence, Span, Status
from align.reviewer import Reviewer
from align.store import LinkFilter, Store, edits, open_store

PAGE = 50
UNDECIDED = LinkFilter(statuses=frozenset({Status.PROPOSED}))


def document(name: str, lang: str, sentences: int) -> Document:
    """A text of so many short sentences in blocks of 1,000."""
    texts = [f"{name} number {n} says a thing." if lang == "en" else f"{n}番目の文は霧の話。" for n in range(sentences)]
    blocks, start = [], 0
    for first in range(0, sentences, 1000):
        inside, begin = [], start
        for text in texts[first : first + 1000]:
            inside.append(Sentence((Span(start, start + len(text)),), lang, 1.0))
            start += len(text) + 1
        blocks.append(Block(Span(begin, start - 1), BlockKind.BODY, lang, 1.0, tuple(inside)))
    return Document(name, "\n".join(texts) + "\n", tuple(blocks))


def proposals(store: Store, src: int, tgt: int, rng: random.Random) -> list[Proposal]:
    """A link for each pair of sentences of the same position."""
    sides = zip(store.sentences(src), store.sentences(tgt), strict=True)
    return [
        Proposal((a.id,), (b.id,), LinkKind.TRANSLATION, rng.random(), round(rng.random(), 3), n // 1000)
        for n, (a, b) in enumerate(sides)
    ]


def took(work: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def median(work: Callable[[], object], times: int) -> dict[str, float]:
    """Median, 99th percentile and worst of so many calls, in milliseconds."""
    found = sorted(took(work) for _ in range(times))
    return {
        "median": round(statistics.median(found), 3),
        "p99": round(found[int(0.99 * (len(found) - 1))], 3),
        "worst": round(found[-1], 3),
    }


def fill(path: Path, links: int, documents: int) -> dict[str, object]:
    """Create `documents` texts in each of two languages; returns the time of the import of the links, ours and raw.

    After each of our imports its rows are inserted by `executemany`, in one transaction, into a second file with
    the same tables, indexes and rows: the two alternate, so that a busy machine affects both.
    """
    rng = random.Random(1)
    each = links // documents
    ours, raw = np.zeros(2), np.zeros(2)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder, open_store(path) as store:
        bare = Path(folder) / "raw.db"
        open_store(bare).close()
        with closing(sqlite3.connect(bare, isolation_level=None)) as conn:
            for pragma in ("journal_mode = wal", "synchronous = full", "cache_size = -65536"):
                conn.execute(f"pragma {pragma}")
            for number in range(documents):
                src = store.add_document(document(f"ja{number}", "ja", each)).document
                tgt = store.add_document(document(f"en{number}", "en", each)).document
                found = proposals(store, src, tgt, rng)
                before = store.db.conn.execute("select max(seq) from sqlite_sequence where name = 'links'").fetchone()[
                    0
                ]
                ours += both(lambda: store.propose(src, tgt, found, "use", languages=("ja", "en")))  # noqa: B023
                raw += both(raw_import(store, conn, before or 0, src))
    report: dict[str, object] = {"links": links}
    for clock, name in enumerate(("wall", "cpu")):
        report[f"ours_{name}_s"] = round(float(ours[clock]), 2)
        report[f"raw_executemany_{name}_s"] = round(float(raw[clock]), 2)
        report[f"share_of_raw_speed_{name}"] = round(float(raw[clock] / ours[clock]), 3)
    return report


def both(work: Callable[[], object]) -> npt.NDArray[np.float64]:
    """Wall-clock and CPU seconds of one call; other processes on the machine do not affect the latter."""
    start = np.array([time.perf_counter(), time.process_time()])
    work()
    taken: npt.NDArray[np.float64] = np.array([time.perf_counter(), time.process_time()]) - start
    return taken


def raw_import(store: Store, conn: sqlite3.Connection, before: int, src: int) -> Callable[[], None]:
    """Insert the rows of the last import by `executemany` into a bare file; reading them is not timed."""
    conditions = {
        "decisions": f"first_link = {before + 1}",
        "links": f"id > {before}",
        "link_sentences": f"link > {before}",
        "tallies": f"src_document = {src}",
    }
    rows = {
        table: store.db.conn.execute(f"select * from {table} where {condition}").fetchall()
        for table, condition in conditions.items()
    }

    def insert() -> None:
        conn.execute("begin immediate")
        for table, found in rows.items():
            conn.executemany(f"insert into {table} values ({', '.join('?' * len(found[0]))})", found)
        conn.execute("commit")

    return insert


def opening(path: Path) -> dict[str, float]:
    """Time from opening to the first page, with new connections."""

    def first_page() -> None:
        with open_store(path, create=False) as store:
            store.at(0, PAGE)
            store.count(UNDECIDED)

    return median(first_page, 15)


def browsing(path: Path, links: int) -> dict[str, object]:
    """Pages, ranks and the next undecided or doubtful link from random positions, before and after half is decided.

    The file is in memory: a page in the order of doubt has 150 rows from random positions, each of which may cost a
    disk access otherwise.
    """
    rng = random.Random(2)
    read_once(path)
    report: dict[str, object] = {}
    with open_store(path, create=False) as store:
        ids = [link.id for link in store.at(0, 1)] + [store.at(rng.randrange(links), 1)[0].id for _ in range(300)]
        after: Iterator[int] = iter(ids * 20)
        report["next_page"] = median(lambda: list(store.links(after=next(after), limit=PAGE)), 200)
        report["next_page_by_doubt"] = median(
            lambda: list(store.links(order="doubt", after=next(after), limit=PAGE)), 200
        )
        report["page_by_rank"] = median(lambda: store.at(rng.randrange(links), PAGE), 200)
        report["rank_of_link"] = median(lambda: store.rank(next(after)), 200)
        report["next_undecided"] = median(lambda: store.next_undecided(next(after)), 200)
        report["next_doubtful"] = median(lambda: store.next_undecided(next(after), max_confidence=0.02), 200)
        report["page_by_rank_in_doubt"] = median(lambda: store.at(rng.randrange(links), PAGE, order="doubt"), 30)
        report["counts_by_status"] = median(
            lambda: [store.count(LinkFilter(statuses=frozenset({s}))) for s in Status], 50
        )
        report["left"] = median(lambda: store.undecided(), 50)
        report["documents"] = median(lambda: store.documents(), 20)
        report["pairs"] = median(lambda: store.pairs(), 20)
        report["search"] = median(lambda: store.at(0, PAGE, LinkFilter(text="777777番目")), 20)
    return report


def read_once(path: Path) -> None:
    """Read the file into the operating system's cache."""
    with path.open("rb") as file:
        while file.read(1 << 20):
            pass


def deciding(path: Path, links: int, times: int) -> dict[str, object]:
    """Durable decisions on random links, and undo and redo of them."""
    rng = random.Random(3)
    with open_store(path, create=False) as store:
        reviewer = Reviewer(store, "bench")
        ids: Iterator[int] = iter(rng.sample(range(1, links + 1), times))
        report: dict[str, object] = {"synchronous": store.db.execute("pragma synchronous").fetchone()[0]}
        report["accept"] = median(lambda: reviewer.commit(edits.accept(next(ids))), times // 2)
        report["undo"] = median(reviewer.undo, times // 8)
        report["redo"] = median(reviewer.redo, times // 8)
        report["fsync_of_4096_bytes"] = median(fsyncs(path.parent), 200)
        report["accept_half_s"] = round(took(lambda: reviewer.accept_above(0.5)) / 1000, 2)
        report["undo_half_s"] = round(took(reviewer.undo) / 1000, 2)
        reviewer.redo()
    return report


def fsyncs(folder: Path) -> Callable[[], None]:
    """Time of one durable write on the disk itself."""
    import os

    file = (folder / "fsync").open("wb")

    def write() -> None:
        file.write(b"x" * 4096)
        file.flush()
        os.fdatasync(file.fileno())

    return write


def whole(path: Path) -> dict[str, object]:
    """Streaming all links, rebuilding them, checking the store; seconds."""
    with open_store(path, create=False) as store:
        stream = took(lambda: sum(1 for _ in store.links()))
        rebuilt = took(store.rebuild)
        checked = took(lambda: store.check())
        size = path.stat().st_size
    seconds = {"stream_s": stream, "rebuild_s": rebuilt, "check_s": checked}
    return {**{name: round(ms / 1000, 2) for name, ms in seconds.items()}, "file_mb": round(size / 1e6, 1)}


PARTS = ("import", "open", "browse", "decide", "whole")


def main() -> None:
    """Run the benchmark and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--links", type=int, default=1_000_000)
    parser.add_argument("--documents", type=int, default=10, help="texts a language")
    parser.add_argument("--decisions", type=int, default=1000)
    parser.add_argument("--store", type=Path, help="make the store here and leave it, or go on with the one here")
    parser.add_argument("--only", choices=PARTS, action="append", help="some of the parts")
    options = parser.parse_args()
    parts = options.only or PARTS
    with tempfile.TemporaryDirectory() as folder:
        path = options.store or Path(folder) / "million.db"
        empty = Path(folder) / "empty.db"
        open_store(empty).close()
        report: dict[str, object] = {}
        if not path.exists():
            report["import"] = fill(path, options.links, options.documents)
        if "open" in parts:
            report["open_empty_to_first_page"] = opening(empty)
            report["open_to_first_page"] = opening(path)
        if "browse" in parts:
            report["browse"] = browsing(path, options.links)
        if "decide" in parts:
            report["decide"] = deciding(path, options.links, options.decisions)
            report["open_after_deciding"] = opening(path)
            report["browse_half_decided"] = browsing(path, options.links)
        if "whole" in parts:
            report["whole"] = whole(path)
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
