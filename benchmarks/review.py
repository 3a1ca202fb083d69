"""The review app at a million links: start-up, key latency, memory; and the key presses of a scripted review.

    python -m benchmarks.review                         # all of it; prints one JSON object
    python -m benchmarks.review --links 100000 --keys 50
    python -m benchmarks.review --scripted              # only the key presses

The app runs as `align review` in a pseudo-terminal of 160x48. `up` is from start until the list is displayed; a key
is `painted` when the last byte of the resulting screen has been written. Ratios are of one run, with the stores
measured alternately. The key presses of OmegaT and InterText are counted from their key lists, not run.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import json
import os
import pty
import random
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from align.models import Block, BlockKind, Document, LinkKind, Proposal, Sentence, Span, Status
from align.store import open_store
from benchmarks.review_fixes import measure as fixes

PAIRS = 50
WORDS = ("海賊", "会議", "防衛", "日本", "協議", "中国", "共同", "訓練", "大臣", "合意", "地域", "安全", "保障", "開催")
ENGLISH = ("pirates", "meeting", "defence", "Japan", "talks", "China", "joint", "drill", "minister", "agreed", "region")
SIZE = (160, 48)
QUIET = 0.04
"""Seconds without a byte after which a screen counts as painted."""
SEED = Path(__file__).resolve().parent.parent / "seeds" / "000_c75f5401250b3fc9.txt"


def document(name: str, lang: str, sentences: int, seed: int) -> Document:
    """A document of so many sentences, eight to a block."""
    chance = random.Random(seed)
    text: list[str] = []
    at = 0
    blocks = []
    for first in range(0, sentences, 8):
        own = []
        for number in range(first, min(sentences, first + 8)):
            if lang == "ja":
                words = "".join(chance.choices(WORDS, k=10)) + f"は{number}年。"
            else:
                words = " ".join(chance.choices(ENGLISH, k=12)) + f" in {number}."
            own.append(Sentence((Span(at, at + len(words)),), lang, 1.0))
            text.append(words + "\n")
            at += len(words) + 1
        blocks.append(Block(Span(own[0].span.start, own[-1].span.end), BlockKind.BODY, lang, 1.0, tuple(own)))
    return Document(name, "".join(text), tuple(blocks))


def proposals(src: list[int], tgt: list[int], seed: int) -> Iterator[Proposal]:
    """A link for each pair of sentences of the same number."""
    chance = random.Random(seed)
    for a, b in zip(src, tgt, strict=True):
        yield Proposal((a,), (b,), LinkKind.TRANSLATION, 0.3, chance.betavariate(6, 1.5))


def build(path: Path, links: int) -> None:
    """Create a store of so many links, in up to `PAIRS` pairs of documents."""
    pairs = min(PAIRS, max(1, links // 10))
    with open_store(path) as store:
        for number in range(pairs):
            ids = []
            for lang in ("ja", "en"):
                added = store.add_document(document(f"{number:03}.{lang}.txt", lang, links // pairs, number))
                ids.append((added.document, [row.id for row in store.sentences(added.document)]))
            (src, own), (tgt, other) = ids
            store.propose(src, tgt, proposals(own, other, number), "none")


class Terminal:
    """`align review` in a pseudo-terminal; reads its output and measures times."""

    def __init__(self, db: Path, size: tuple[int, int] = SIZE) -> None:
        self.began = time.perf_counter()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", LC_ALL="C.UTF-8")
            os.execv(sys.executable, [sys.executable, "-m", "align", "review", "--db", str(db), "--reviewer", "Bench"])
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))

    def read(self, wait: float) -> bytes:
        """Output within `wait` seconds; empty if there is none."""
        ready, _, _ = select.select([self.fd], [], [], wait)
        return os.read(self.fd, 1 << 20) if ready else b""

    def until(self, words: bytes, seconds: float = 60) -> float:
        """Seconds from the start until the words were written."""
        seen = b""
        while words not in seen:
            seen += self.read(seconds)
            if time.perf_counter() - self.began > seconds:
                raise TimeoutError(seen[-2000:].decode("utf-8", "replace"))
        return time.perf_counter() - self.began

    def rest(self, quiet: float = 0.5) -> None:
        """Wait until there is no output for a while."""
        while self.read(quiet):
            pass

    def press(self, key: bytes) -> float:
        """Seconds from the key to the last byte of the resulting screen."""
        began = last = time.perf_counter()
        os.write(self.fd, key)
        wait = 2.0
        while self.read(wait):
            last, wait = time.perf_counter(), QUIET
        return last - began

    def processor(self) -> float:
        """CPU seconds of its main thread."""
        return int(Path(f"/proc/{self.pid}/schedstat").read_text().split()[0]) / 1e9

    def memory(self) -> float:
        """Private and shared megabytes in use, each shared page counted in part."""
        rollup = Path(f"/proc/{self.pid}/smaps_rollup").read_text()
        return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1024

    def close(self) -> None:
        """End the app."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def started(db: Path) -> tuple[float, float]:
    """Seconds until the list is displayed, and megabytes then."""
    terminal = Terminal(db)
    try:
        up = terminal.until(b"likely right")
        terminal.rest()
        return up, terminal.memory()
    finally:
        terminal.close()


def painted(db: Path, count: int) -> tuple[list[float], list[float], float]:
    """For `count` keys (accept, reject, skip, up and down, in turn): seconds, CPU seconds; megabytes then."""
    keys = (b"a", b"a", b"x", b" ", b"\x1b[B", b"a", b"\x1b[A", b"n")
    terminal = Terminal(db)
    try:
        terminal.until(b"likely right")
        terminal.rest()
        terminal.press(b"g")
        for key in b"50%":
            terminal.press(bytes([key]))
        terminal.press(b"\r")
        terminal.rest()
        times, worked = [], []
        for number in range(count):
            before = terminal.processor()
            times.append(terminal.press(keys[number % len(keys)]))
            worked.append(terminal.processor() - before)
            time.sleep(0.02)
        return times, worked, terminal.memory()
    finally:
        terminal.close()


def jumping(db: Path, count: int = 20) -> dict[str, Any]:
    """Seconds of jumps in the order of doubt, of a filter by a word of most links, and of keys under the filter."""
    chance = random.Random(5)
    terminal = Terminal(db)
    try:
        terminal.until(b"likely right")
        terminal.rest()

        def typed(key: bytes, words: str) -> float:
            terminal.press(key)
            for letter in words:
                terminal.press(letter.encode())
            return terminal.press(b"\r")

        sort = terminal.press(b"o")
        jumps = [typed(b"g", f"{chance.randrange(100)}%") for _ in range(count)]
        terminal.press(b"o")
        terminal.rest()
        search = typed(b"/", "pirates")
        terminal.rest()
        keys = [terminal.press(key) for key in (b"a", b"x", b" ", b"n", b"u") * (count // 5)]
        again = [typed(b"g", f"{chance.randrange(100)}%") for _ in range(count)]
        terminal.press(b"/")
        terminal.press(b"\x15")  # Otherwise the next start restores the filter.
        terminal.press(b"\r")
        terminal.rest()
    finally:
        terminal.close()
    return {
        "sort_by_doubt_ms": round(1000 * sort, 1),
        "jump_in_doubt_order": summary(jumps),
        "filter_by_a_word_in_most_links_ms": round(1000 * search, 1),
        "key_in_that_filter": summary(keys),
        "jump_in_that_filter": summary(again),
    }


def writer(db: Path) -> subprocess.Popen[bytes]:
    """A second process that writes proposals to the same store without a pause."""
    code = (
        "import sys; from pathlib import Path\n"
        "from benchmarks.review import proposals; from align.store import open_store\n"
        "with open_store(Path(sys.argv[1])) as store:\n"
        "  rows = [[row.id for row in store.sentences(d, 0, 1000)] for d in (1, 2)]\n"
        "  seed = 0\n"
        "  while True:\n"
        "    seed += 1; store.propose(1, 2, proposals(*rows, seed), 'none')\n"
    )
    return subprocess.Popen([sys.executable, "-c", code, str(db)])


def summary(times: list[float]) -> dict[str, float]:
    """Milliseconds. Compare `painted` with the CPU time of the same keys for the effect of a busy machine."""
    ordered = sorted(times)
    return {
        "keys": len(ordered),
        "median_ms": round(1000 * statistics.median(ordered), 1),
        "p99_ms": round(1000 * ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], 1),
        "worst_ms": round(1000 * ordered[-1], 1),
    }


def keys_for(app: Any, link: Any, done: set[str]) -> tuple[str, ...]:
    """Keys of the scripted reviewer for a link: one merge, its split, both undone, one re-link; else a verdict.

    Which links those are depends on the current proposals; the number of presses does not.
    """
    from align.review.queries import neighbour

    other = neighbour(app.browser, link, 1)
    shapes = [len(side.sentences) for one in (link, other) if one for side in (one.src, one.tgt)]
    if "merge" not in done and other is not None and shapes == [1, 1, 1, 1]:
        done.add("merge")
        return "m", "s", "u", "u", "a"
    if "relink" not in done and done and link.confidence < 0.9:
        done.add("relink")
        return "1", "1", "n"  # show alternatives; take the first; next link
    return ("a",) if link.confidence >= 0.5 else ("x",)


async def scripted() -> dict[str, Any]:
    """Review the first seed by keys only until every link is decided. Counts the presses."""
    from align.review.app import ReviewApp
    from align.review.screens.dialogs import Confirm
    from align.review.screens.edit_dialogs import RealignmentPreview

    with tempfile.TemporaryDirectory() as folder:
        db = Path(folder) / "seed.db"
        for command in (["add", str(SEED)], ["propose", "--encoder", "use"]):
            words = [sys.executable, "-m", "align", command[0], "--db", str(db), *command[1:]]
            subprocess.run(words, check=True, capture_output=True)
        app = ReviewApp(db, "Bench", encoder="use")
        pressed: list[str] = []
        try:
            async with app.run_test(size=SIZE) as pilot:

                async def press(key: str) -> None:
                    pressed.append(key)
                    await pilot.press(key)
                    for _ in range(1000):
                        await pilot.pause(0.01)
                        if not app.decision_writer.waiting and not app.solver.waiting:
                            break
                    await pilot.pause(0.05)

                done: set[str] = set()
                while (screen := app.screen).session.left and len(pressed) < 200:  # type: ignore[attr-defined]
                    for key in keys_for(app, screen.session.current, done):  # type: ignore[attr-defined]
                        if key == "n" and not app.screen.session.left:  # type: ignore[attr-defined]
                            break
                        await press(key)
                        while isinstance(app.screen, RealignmentPreview | Confirm):
                            await press("enter")
        finally:
            app.close_store()
        with open_store(db) as store:
            links = list(store.links())
            actions = [decision.action for decision in store.decisions() if decision.reviewer == "Bench"]
    left = sum(link.status is Status.PROPOSED for link in links)
    return {
        "presses": len(pressed),
        "keys": " ".join(pressed),
        "decisions": len(actions),
        "of_them": {action: actions.count(action) for action in sorted(set(actions))},
        "left_undecided": left,
        "elsewhere": elsewhere(actions.count("accept"), actions.count("reject")),
    }


def elsewhere(accepted: int, rejected: int) -> dict[str, Any]:
    """The same review with the key lists of two other tools: the minimum number of presses.

    OmegaT's aligner accepts a row with A and clears it with C; it has no undo, so that a wrong merge and a wrong
    split are reversed by their opposites. InterText confirms all rows above with C, but the cursor must visit each
    row to read it, and it cannot reject: the sides of a wrong link are moved apart.
    """
    omegat = {
        "verdicts": accepted + rejected,
        "merge": 2,  # Shift+Down, M
        "split": 3,  # S, the split position, Enter
        "re-link": 3,  # Space, one move at least, Space
        "undo twice": 5,  # no undo: Shift+Down, M; S, the position, Enter
    }
    intertext = {
        "accept": accepted + 1,  # Down to each to read it; C once for all above
        "reject": 2 * rejected,  # no undo: Ctrl+Enter, and Enter on the other side
        "merge": 1,  # Ctrl+Backspace
        "split": 4,  # E, the cursor, Enter, Esc
        "re-link": 3,  # Enter or Backspace for every row between, on one side, and back below
        "undo twice": 2,
    }
    return {
        "omegat": {"presses_at_least": sum(omegat.values()), **omegat},
        "intertext": {"presses_at_least": sum(intertext.values()), **intertext},
    }


def main() -> None:
    """Build, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--links", type=int, default=1_000_000)
    parser.add_argument("--keys", type=int, default=200)
    parser.add_argument("--store", type=Path, help="a store that --build made; else one is made, and removed again")
    parser.add_argument("--build", type=Path, help="only make a store there")
    parser.add_argument("--scripted", action="store_true", help="only the key presses")
    chosen = parser.parse_args()
    if chosen.build:
        build(chosen.build, chosen.links)
        return
    if chosen.scripted:
        print(json.dumps(asyncio.run(scripted()), ensure_ascii=False, indent=1))
        return
    with tempfile.TemporaryDirectory() as folder:
        few, many = Path(folder) / "few.db", Path(folder) / "many.db"
        build(few, 10)
        if chosen.store:
            shutil.copy(chosen.store, many)
        else:
            build(many, chosen.links)
        found = measure(few, many, chosen.keys)
    found["scripted"] = asyncio.run(scripted())
    found["fixes"] = fixes()
    print(json.dumps({"links": chosen.links, **found}, ensure_ascii=False, indent=1))


def measure(few: Path, many: Path, keys: int) -> dict[str, Any]:
    """All measurements of time and memory."""
    ups: dict[Path, list[tuple[float, float]]] = {few: [], many: []}
    for _ in range(5):
        for db in (few, many):
            ups[db].append(started(db))
    up = {db: min(seconds for seconds, _ in runs) for db, runs in ups.items()}
    times, worked, memory = painted(many, keys)
    empty = statistics.median(megabytes for _, megabytes in ups[few])
    far = jumping(many)
    other = writer(many)
    try:
        busy, busy_worked, _ = painted(many, keys)
    finally:
        other.kill()
        other.wait()
    return {
        "up_s": {"few": round(up[few], 3), "many": round(up[many], 3), "ratio": round(up[many] / up[few], 2)},
        "painted": summary(times),
        "processor_time_of_a_key": summary(worked),
        **far,
        "painted_while_another_writes": summary(busy),
        "processor_time_of_a_key_while_another_writes": summary(busy_worked),
        "load": [round(load, 1) for load in os.getloadavg()],
        "memory_mb": {"few": round(empty, 1), "many": round(memory, 1), "over": round(memory - empty, 1)},
    }


if __name__ == "__main__":
    main()
