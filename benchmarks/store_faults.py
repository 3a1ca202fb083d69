"""Fault tolerance of the store: `python -m benchmarks.store_faults [--kills N] [--cuts N] [--full N] [--decisions N]`.

Each fault is followed by `align store check` and a search for every acknowledged decision. Prints one JSON object;
exit code 1 where anything was lost or unsound. POSIX only: children are forked and killed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from align.errors import AlignError, ConflictError, StoreError
from align.reviewer import Reviewer
from align.store import edits, open_store, restore
from benchmarks.store_works import (
    EDITOR,
    WORKS,
    Say,
    Work,
    adding,
    fill,
    merging,
    proposing,
    restoring,
    reviewing,
    rewriting,
    settled,
    visiting,
)


@contextmanager
def child(work: Work, path: Path, seed: int, before: Callable[[], None] = lambda: None) -> Iterator[tuple[int, int]]:
    """Run the work in a child process: (its process id, the end of the pipe on which it reports acknowledgements)."""
    ours, theirs = os.pipe()
    number = os.fork()

    def say(line: str) -> None:
        os.write(theirs, f"{line}\n".encode())

    if number == 0:
        os.close(ours)
        code = 1
        try:
            before()
            work(path, random.Random(seed), say)
            code = 0
        except AlignError as error:
            os.write(theirs, f"told {error}\n".encode())
            code = error.exit_code
        except BaseException as error:
            os.write(theirs, f"traceback {type(error).__name__}: {error}\n".encode())
        finally:
            os._exit(code)
    os.close(theirs)
    try:
        yield number, ours
    finally:
        os.close(ours)


def said(pipe: int) -> list[str]:
    """All complete lines from the pipe."""
    content = b""
    while part := os.read(pipe, 1 << 16):
        content += part
    return content[: content.rfind(b"\n") + 1].decode().splitlines()


def losses(path: Path, lines: list[str]) -> list[str]:
    """Problems of a store after a fault: unsound, or an acknowledged item is missing."""
    found: list[str] = []
    befores = sorted(path.parent.glob(f"{path.stem}.before-*.db"))
    try:
        with open_store(path, create=False) as store:
            found += [str(finding) for finding in store.check()]
            uids = {row[0] for row in store.db.conn.execute("select uid from decisions")}
            names = {row[0] for row in store.db.conn.execute("select name from documents")}
        uids_before: set[str] = set()
        for before in befores:
            with open_store(before, create=False) as store:
                found += [f"{before.name}: {finding}" for finding in store.check()]
                uids_before |= {row[0] for row in store.db.conn.execute("select uid from decisions")}
        found += unsettled(path)
    except AlignError as error:
        return [str(error)]
    found += forgotten(lines, uids, uids_before)
    for line in lines:
        kind, _, rest = line.partition(" ")
        if kind == "document" and rest not in names:
            found.append(f"lost: {line}")
        if kind == "traceback":
            found.append(line)
    out = path.with_suffix(".jsonl")
    if out.exists():
        for line in out.read_text(encoding="utf-8").splitlines():
            json.loads(line)
    for leftover in befores:
        leftover.unlink()
    return found


def forgotten(lines: list[str], uids: set[str], uids_before: set[str]) -> Iterator[str]:
    """Yield acknowledged decisions that are missing: `uids` are in the store, `uids_before` in those before restores.

    Decisions between a backup and its restore are in the store before the restore. An unacknowledged restore, or
    undo of one, may have happened or not.
    """
    here: set[str] = set()
    saved: set[str] = set()
    replaced: set[str] = set()
    possible: list[set[str]] = []
    acknowledged: set[str] = set()
    for line in lines:
        kind, _, uid = line.partition(" ")
        if kind == "decision":
            here.add(uid)
            acknowledged.add(uid)
        elif kind == "backup":
            saved, possible = set(here), []
        elif kind == "restoring":
            possible = [saved]
        elif kind == "restored":
            here, replaced = set(saved), here
            possible = [replaced]
        elif kind == "taken":
            here, possible = replaced, []
    if not any(expected <= uids for expected in (here, *possible)):
        yield f"lost: {len(here - uids)} decisions, such as {min(here - uids)}"
    if not acknowledged <= uids | uids_before:
        yield f"lost with a restore: {min(acknowledged - uids - uids_before)}"


def unsettled(path: Path) -> Iterator[str]:
    """Confirmed links that a changed text deleted and that an undo does not restore, tested on a copy."""
    note = path.with_suffix(".settled")
    if not note.exists():
        return
    names, wanted = json.loads(note.read_text(encoding="utf-8"))
    note.unlink()
    copy = path.with_name("undone.db")
    with open_store(path, create=False) as store:
        if settled(store, names) == wanted:
            return
        store.backup(copy, force=True)
    with open_store(copy) as store:
        with suppress(AlignError):
            for _ in range(3):
                Reviewer(store, EDITOR).undo()
                if settled(store, names) == wanted:
                    return
        left = len(settled(store, names))
        yield f"{len(wanted)} links were settled, an undo of the changed text brings back {left}"


def kills(folder: Path, times: int, rng: random.Random, links: int, at_least: int = 0) -> dict[str, object]:
    """kill -9 at random moments of every kind of work, repeatedly on the same store.

    Before half of them another program opens the store and closes it: if the work had no locks, that would delete
    its log.
    """
    path = folder / "kills.db"
    fill(path, links)
    told: Counter[str] = Counter()
    wrong: list[str] = []
    acknowledged = 0
    for number in count():
        if number >= times and (acknowledged >= at_least or number >= 20 * times):
            break
        name = list(WORKS)[number % len(WORKS)]
        if number % 50 == 49:  # Otherwise splits and changes leave no links to work on.
            path.unlink()
            fill(path, links)
        with child(WORKS[name], path, rng.randrange(10**9)) as (process, pipe):
            if rng.random() < 0.8:  # Otherwise the limit is reached while the store is opened.
                select.select([pipe], [], [], 20)
            most = 1.0 if name == "app" else 0.08
            time.sleep(rng.random() * most)
            if rng.random() < 0.5:
                with child(visiting, path, 0) as (visitor, _):
                    os.waitpid(visitor, 0)
            time.sleep(rng.random() * most)
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            lines = said(pipe)
        acknowledged += sum(not line.startswith(("ready", "told", "traceback")) for line in lines)
        told[name] += 1
        wrong += [f"kill {number} of {name}: {loss}" for loss in losses(path, lines)]
    return {"kills": sum(told.values()), "by_work": dict(told), "acknowledged": acknowledged, "wrong": wrong}


UNDER_CUTS = (reviewing, merging, rewriting, restoring)
BESIDE = (merging, rewriting)
"""Work that runs concurrently with many reviewers."""
UNDER_FULL_DISKS = (adding, reviewing, proposing, merging, rewriting, restoring)


def cuts(folder: Path, times: int, rng: random.Random, links: int) -> dict[str, object]:
    """Power cuts: the writer is stopped at a random moment, all files are copied, the end of the log is damaged."""
    wrong: list[str] = []
    acknowledged = 0
    for share, work in enumerate(UNDER_CUTS):
        home = folder / f"cuts{share}"
        home.mkdir()
        path = home / "cuts.db"
        fill(path, links)
        with child(work, path, rng.randrange(10**9)) as (process, pipe):
            os.set_blocking(pipe, False)
            heard = b""
            lines: list[str] = []
            for number in range(share, times, len(UNDER_CUTS)):
                time.sleep(rng.random() * 0.05)
                os.kill(process, signal.SIGSTOP)
                os.waitpid(process, os.WUNTRACED)
                with suppress(BlockingIOError):
                    while part := os.read(pipe, 1 << 16):
                        heard += part
                image = folder / f"cut{number}"
                shutil.copytree(home, image)
                with suppress(FileNotFoundError):
                    tear(image / "cuts.db-wal", rng)
                os.kill(process, signal.SIGCONT)
                lines = heard[: heard.rfind(b"\n") + 1].decode().splitlines()
                wrong += [f"cut {number} of {work.__name__}: {loss}" for loss in losses(image / "cuts.db", lines)]
                shutil.rmtree(image)
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            acknowledged += len(lines)
        shutil.rmtree(home)
    return {"cuts": times, "acknowledged": acknowledged, "wrong": wrong}


def tear(wal: Path, rng: random.Random) -> None:
    """Damage the frames after the last durable commit: they may be missing, truncated or garbage."""
    content = bytearray(wal.read_bytes())
    if len(content) < 32:
        return
    page = int.from_bytes(content[8:12], "big")
    salts, end, last = content[16:24], 32, 32
    while end + 24 + page <= len(content) and content[end + 8 : end + 16] == salts:
        committed = int.from_bytes(content[end + 4 : end + 8], "big")
        end += 24 + page
        if committed:
            last = end
    fate = rng.randrange(3)
    if fate == 0:
        del content[rng.randrange(last, len(content) + 1) :]
    elif fate == 1:
        content[last:] = rng.randbytes(len(content) - last)
    wal.write_bytes(bytes(content))


def full_disks(folder: Path, times: int, rng: random.Random, links: int) -> dict[str, object]:
    """Fail writes after a random number of bytes: by a limit on file sizes, and by SQLite's own limit."""
    wrong: list[str] = []
    told: Counter[str] = Counter()
    for number in range(times):
        path = folder / f"full{number}" / "full.db"
        path.parent.mkdir()
        fill(path, links)
        room = path.stat().st_size if number % 2 else 0
        limit = room + rng.randrange(1 << 10, 1 << (16 if number % 4 == 3 else 18))

        def before(limit: int = limit) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        work = UNDER_FULL_DISKS[number % len(UNDER_FULL_DISKS)]
        with child(work, path, rng.randrange(10**9), before) as (process, pipe):
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline and os.waitpid(process, os.WNOHANG)[0] == 0:
                time.sleep(0.005)
            else:
                if time.monotonic() >= deadline:
                    os.kill(process, signal.SIGKILL)
                    os.waitpid(process, 0)
            lines = said(pipe)
        told.update(line.split(": ", 1)[-1] for line in lines if line.startswith("told"))
        wrong += [f"full disk {number}: {loss}" for loss in losses(path, lines)]
        shutil.rmtree(path.parent)
    return {"full_disks": times, "told": dict(told), "wrong": wrong}


@contextmanager
def small_disk(folder: Path, megabytes: float) -> Iterator[Path | None]:
    """Mount a small file system of its own; None if this process has no permission."""
    point = folder / "disk"
    point.mkdir()
    size = f"size={int(megabytes * 1024)}k"
    mounted = shutil.which("mount") is not None and (
        subprocess.run(["mount", "-t", "tmpfs", "-o", size, "none", str(point)], capture_output=True).returncode == 0
    )
    try:
        yield point if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(point)], check=True)
        point.rmdir()


def small_disks(folder: Path, times: int, rng: random.Random, links: int) -> dict[str, object]:
    """Really full disks: work until there is no space, free some, and continue."""
    wrong: list[str] = []
    told: Counter[str] = Counter()
    tried = 0
    for number in range(times):
        with small_disk(folder, rng.uniform(0.8, 2.5)) as disk:
            if disk is None:
                break
            tried += 1
            path, ballast = disk / "full.db", disk / "ballast"
            fill(path, links)
            room = shutil.disk_usage(disk).free
            ballast.write_bytes(b"x" * rng.randrange(room // 2, room - 4096))
            work = UNDER_FULL_DISKS[number % len(UNDER_FULL_DISKS)]
            with child(work, path, rng.randrange(10**9)) as (process, pipe):
                done = [None]
                for _ in range(2000):
                    if os.waitpid(process, os.WNOHANG)[0]:
                        done = []
                        break
                    time.sleep(0.005)
                if done:
                    os.kill(process, signal.SIGKILL)
                    os.waitpid(process, 0)
                lines = said(pipe)
            told.update(line.split(": ", 1)[-1] for line in lines if line.startswith("told"))
            ballast.unlink()
            wrong += [f"small disk {number}: {loss}" for loss in losses(path, lines)]
            with open_store(path) as store:
                Reviewer(store, "ada").commit(edits.note(next(iter(store.links())).id, "room again"))
    return {"small_disks": tried, "told": dict(told), "wrong": wrong}


def together(folder: Path, processes: int, decisions: int, links: int) -> dict[str, object]:
    """Many concurrent reviewers on one store, each with so many decisions, while others merge and change texts.

    They also try to restore, which is refused.
    """
    path = folder / "together.db"
    fill(path, links)
    with open_store(path) as store:
        store.backup(folder / "early.db")

    def work(path: Path, rng: random.Random, say: Say) -> None:
        with open_store(path) as store:
            say("ready")
            reviewer = Reviewer(store, f"reviewer {rng.random()}")
            done: list[str] = []
            while sum(line.startswith("decision") for line in done) < decisions:
                verdict = edits.accept if rng.random() < 0.5 else edits.reject
                try:
                    done.append(f"decision {reviewer.commit(verdict(rng.randrange(1, links + 1))).decision.uid}")
                except StoreError as error:
                    if "has been writing for over" not in str(error):
                        raise
                    done.append("waited")  # Reported, nothing written, tried again.
            say("\n".join(done))  # At the end: a full pipe would keep a writer waiting.

    def refused(path: Path, _rng: random.Random, say: Say) -> None:
        while True:
            try:
                restore(path, folder / "early.db")
            except StoreError as error:
                if "is open in" not in str(error):
                    raise
                time.sleep(0.05)
            else:
                say("traceback a store in use was replaced")

    start = time.perf_counter()
    running = []
    for number in range(processes):
        manager = child(work, path, number)
        running.append((manager, *manager.__enter__()))
    for _, _, pipe in running:
        select.select([pipe], [], [], 60)  # From here on the store is open.
    others = [(manager, *manager.__enter__()) for manager in (child(one, path, 99) for one in (refused, *BESIDE))]
    lines = [line for _, _, pipe in running for line in said(pipe)]
    for _, process, _ in others:
        os.kill(process, signal.SIGKILL)
    lines += [line for _, _, pipe in others for line in said(pipe)]
    for manager, process, _ in (*running, *others):
        os.waitpid(process, 0)
        manager.__exit__(None, None, None)
    seconds = time.perf_counter() - start
    acknowledged = sum(line.startswith("decision") for line in lines)
    with open_store(path) as store:
        there = store.db.conn.execute(
            "select count(*) from decisions where action in ('accept', 'reject') and reviewer like 'reviewer %'"
        ).fetchone()[0]
    wrong = losses(path, lines) + [line for line in lines if line.startswith("told")]
    wanted = processes * decisions
    if there != wanted or acknowledged < wanted:
        wrong.append(f"{there} decisions are there, {acknowledged} were acknowledged, {wanted} were made")
    return {
        "processes": processes, "decisions": wanted, "there": there, "seconds": round(seconds, 1),
        "decisions_a_second": round(wanted / seconds), "waited_in_vain": lines.count("waited"), "wrong": wrong,
    }  # fmt: skip


def stale(folder: Path, links: int, rounds: int) -> dict[str, object]:
    """Two reviewers decide on the same links: of each two decisions one is stored, one is refused."""
    path = folder / "stale.db"
    fill(path, links)
    landed = refused = 0
    with open_store(path) as one, open_store(path) as two:
        reviewers = Reviewer(one, "ada"), Reviewer(two, "bo")
        for number in range(1, rounds + 1):
            seen = [reviewer.store.link(number).version for reviewer in reviewers]
            for reviewer, version in zip(reviewers, seen, strict=True):
                try:
                    reviewer.commit(edits.accept(number), expected=version)
                    landed += 1
                except ConflictError:
                    refused += 1
    wrong = [] if (landed, refused) == (rounds, rounds) else [f"{landed} landed, {refused} refused of {rounds} pairs"]
    return {"pairs": rounds, "landed": landed, "refused": refused, "wrong": wrong}


def main() -> None:
    """Run the benchmark and print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--acknowledged", type=int, default=0, help="go on killing until so many were acknowledged")
    parser.add_argument("--cuts", type=int, default=200)
    parser.add_argument("--full", type=int, default=80, help="full disks, by limits on a file's size")
    parser.add_argument("--mounts", type=int, default=20, help="full disks, by mounting small ones (needs root)")
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--decisions", type=int, default=2000, help="for each process")
    parser.add_argument("--links", type=int, default=60, help="links in the store under fault")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    report: dict[str, dict[str, object]] = {"sqlite": {"version": sqlite3.sqlite_version, "wrong": []}}
    with tempfile.TemporaryDirectory(prefix="align-faults-") as name:
        folder = Path(name)
        report["kill"] = kills(folder, options.kills, rng, options.links, options.acknowledged)
        report["power"] = cuts(folder, options.cuts, rng, options.links)
        report["full"] = full_disks(folder, options.full, rng, options.links)
        report["mounted"] = small_disks(folder, options.mounts, rng, options.links)
        report["together"] = together(folder, options.processes, options.decisions, 1000)
        report["stale"] = stale(folder, options.links, options.links)
    print(json.dumps(report, indent=2, ensure_ascii=False))
    sys.exit(any(part["wrong"] for part in report.values()))


if __name__ == "__main__":
    main()
