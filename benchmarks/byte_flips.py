"""Flip random bytes of a store: `python -m benchmarks.byte_flips [--flips N] [--seed N]`.

Each flip is made in a copy of a closed store. It must be detected (`align store check` lists it, or the store is
refused with one line) or harmless (no value in a table or the search index differs). A repair that `check` names
must work: after `align store rebuild`, or `restore`, the store equals the original. No command may end in anything
but a result or a message of one line. Prints one JSON object; exit code 1 if a flip was missed. POSIX only: each
copy is examined in a child process.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import click
from click.testing import CliRunner

from align.cli import cli
from align.errors import AlignError
from align.models import CONFIRMED, LinkKind
from align.reviewer import Reviewer
from align.store import LinkFilter, Store, edits, open_store, restore
from align.store.check import REBUILD_COMMAND
from benchmarks.store_works import document, fill

COMMANDS = (
    ["documents"],
    ["stats"],
    ["search", "fog"],
    ["search", "霧"],
    ["history"],
    ["history", "1"],
    ["export", "-", "--to", "jsonl", "--status", "any"],
    ["export", "-", "--to", "tmx", "--status", "any"],
    ["store", "conflicts"],
    ["store", "undo", "--reviewer", "ada"],
)
SECONDS = 60
"""CPU seconds after which a child counts as hanging."""


def make(path: Path, links: int) -> None:
    """Create a store with rows in every table."""
    fill(path, links)
    copy = path.with_name("copy.db")
    with open_store(path) as store:
        store.add_document(document("c", "en", links // 2))
        Reviewer(store, "ada").remove_document(3)
        decide(store, "ada", range(1, links // 2))
        store.backup(copy)
    with open_store(copy) as theirs:
        Reviewer(theirs, "cy").commit(edits.edit_text(2, "tgt", "as cy has it"))
        settled = [link.id for link in theirs.links(LinkFilter(statuses=CONFIRMED))]
        Reviewer(theirs, "cy").commit(edits.link_by_hand([1, 2], [links + 3], shared=settled))
    with open_store(path) as store:
        Reviewer(store, "ada").commit(edits.reject(2))
        store.unite(copy)
        store.remember("place", "17")
        store.record_audit("ada", "", 20, 19, 0.76, 0.99)
        assert store.check() == []
    copy.unlink()


def decide(store: Store, name: str, links: Iterable[int]) -> None:
    """Make decisions of every kind."""
    reviewer = Reviewer(store, name)
    for number in links:
        work = number % 7
        if work == 0:
            reviewer.commit(edits.note(number, "to be looked at"))
        elif work == 1:
            reviewer.commit(edits.edit_text(number, "tgt", f"worded anew {number}"))
        elif work == 2:
            reviewer.commit(edits.reject(number))
        elif work == 3:
            reviewer.commit(edits.set_kind(number, LinkKind.TITLE))
        elif work == 4:
            reviewer.commit(edits.split(number, (0, 5), (0, 5)))
        else:
            reviewer.commit(edits.accept(number))


def content(path: Path) -> dict[str, object]:
    """All values in a store, and all words in its search index."""
    with open_store(path, create=False) as store:
        conn = store.db.conn
        tables = [
            row[0] for row in conn.execute("select name from sqlite_schema where rootpage > 0 and type = 'table'")
        ]
        found: dict[str, object] = {
            table: sorted(map(repr, conn.execute(f"select * from {table}")))
            for table in tables
            if not table.startswith(("search_", "_sqlite", "tallies", "sqlite_sequence"))
        }
        # The last digits of a sum of floats depend on the order of addition.
        found["tallies"] = conn.execute(
            "select bucket, status, tgt_document, src_lang, tgt_lang, n, round(total, 6), least from tallies"
            " order by 1, 2, 3, 4, 5"
        ).fetchall()
        found["sequence"] = conn.execute("select * from sqlite_sequence order by name").fetchall()
        found["schema"] = conn.execute("select type, name, sql from sqlite_schema order by 1, 2").fetchall()
        conn.execute("create virtual table temp.words using fts5vocab(main, search, instance)")
        found["words"] = conn.execute("select * from temp.words order by 1, 2, 3, 4").fetchall()
    return found


def examine(path: Path, saved: Path, was: dict[str, object]) -> str:
    """Result of one flip: a word, and after `: ` the failure, if any."""
    flipped = path.read_bytes()
    outcome, findings = "found", []
    try:
        with open_store(path, create=False) as store:
            findings = store.check()
    except AlignError as error:
        outcome = "refused"
        if "\n" in str(error):
            return f"refused: in several lines: {error}"
    except Exception as error:
        return f"mistake: check: {type(error).__name__}: {error}"
    if outcome == "found" and not findings:
        try:
            if content(path) != was:
                now = content(path)
                differing = [table for table in was if was[table] != now.get(table)]
                return f"missed: {differing}"
        except Exception as error:
            return f"missed: {type(error).__name__}: {error}"
        outcome = "harmless"
    for command in COMMANDS:
        path.write_bytes(flipped)
        for log in path.parent.glob(f"{path.name}-*"):
            log.unlink()
        stop = CliRunner().invoke(cli, [*command, "--db", str(path)], standalone_mode=False).exception
        if isinstance(stop, AlignError) and "\n" in str(stop):
            return f"{outcome}: several lines: {command}: {stop}"
        if stop and not isinstance(stop, (AlignError, click.ClickException, SystemExit)):
            return f"mistake: {' '.join(command)}: {type(stop).__name__}: {stop} after {findings[:1]}"
    path.write_bytes(flipped)
    try:
        if findings and all(finding.command == REBUILD_COMMAND for finding in findings):
            with open_store(path) as store:
                store.rebuild()
                left = store.check()
            outcome = "found, mended by rebuild"
            if left or content(path) != was:
                return f"mended badly: {findings[:2]} {left[:2]}"
        elif findings or outcome == "refused":
            restore(path, saved)
            outcome += ", restored"
            if content(path) != was:
                return "mended badly: not what the backup has"
    except Exception as error:
        return f"mistake: mending: {type(error).__name__}: {error} after {findings[:1]}"
    return outcome


def in_child(path: Path, saved: Path, was: dict[str, object]) -> str:
    """Run `examine` in a child process, which may crash or hang."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        try:
            said = examine(path, saved, was)
        except BaseException as error:
            said = f"mistake: {type(error).__name__}: {error}"
        os.write(theirs, said.encode("utf-8", "replace")[:60000])
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        said = pipe.read().decode("utf-8", "replace")
    os.waitpid(child, 0)
    return said or "mistake: it hangs, or the process died"


def flips(folder: Path, times: int, rng: random.Random, links: int) -> dict[str, object]:
    """Make so many flips, each in a fresh copy."""
    path, saved = folder / "sound.db", folder / "saved.db"
    make(path, links)
    with open_store(path) as store:
        store.backup(saved)
        store.db.conn.execute("pragma wal_checkpoint(truncate)")
    was = content(saved)
    whole = path.read_bytes()
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for _ in range(times):
        content_now = bytearray(whole)
        offset, mask = rng.randrange(len(whole)), rng.randrange(1, 256)
        content_now[offset] ^= mask
        home = Path(tempfile.mkdtemp(dir=folder))
        flipped = home / "flipped.db"
        flipped.write_bytes(bytes(content_now))
        said = in_child(flipped, saved, was)
        outcome, _, problem = said.partition(": ")
        counts[outcome] += 1
        if problem:
            wrong.append(f"byte {offset} ^ {mask}: {said}")
        for leftover in home.iterdir():
            leftover.unlink()
        home.rmdir()
    return {"flips": times, "bytes": len(whole), "outcomes": dict(counts), "wrong": wrong}


def main() -> None:
    """Run the benchmark and print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flips", type=int, default=1000)
    parser.add_argument("--links", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="align-flips-") as name:
        report = flips(Path(name), options.flips, random.Random(options.seed), options.links)
    print(json.dumps(report, indent=2, ensure_ascii=False))
    sys.exit(bool(report["wrong"]))


if __name__ == "__main__":
    main()
