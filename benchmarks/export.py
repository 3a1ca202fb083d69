"""Speed and memory of exports, against a bare loop over the same rows: `python -m benchmarks.export [--links N]`.

The bare loop reads the same links from the same store and writes a plain line of both texts. Every run has its own
process; each round runs the bare loop and every format once, in turn, and the ratios are of the medians, of
wall-clock and CPU time (the latter is more reliable on a busy machine). Memory is the peak of the process above its
level at the start of the export, with the writer's libraries loaded. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from align.exchange.export import export, export_store
from align.exchange.types import ExportOptions
from align.models import Block, BlockKind, Document, LinkKind, Proposal, Sentence, Span, Status
from align.store import LinkFilter, open_store

AIMS = {"tsv": 0.40, "jsonl": 0.40, "tmx": 0.15, "xliff": 0.15}
MEGABYTES = 60
JA = "両国の外相は、この会談はロシアと日本の間で「信頼を構築する」のに役立つと語った。これは第{}回の協議である。"
EN = 'The foreign ministers of both countries said the talks help "build trust" between them & theirs, meeting no. {}.'


def document(name: str, lang: str, pattern: str, numbers: range) -> Document:
    """A text with a sentence for each number, in blocks of ten."""
    blocks: list[Block] = []
    inside: list[Sentence] = []
    parts: list[str] = []
    at = 0
    for number in numbers:
        text = pattern.format(number)
        inside.append(Sentence((Span(at, at + len(text)),), lang, 1.0))
        parts.append(text)
        at += len(text) + 1
        if len(inside) == 10 or number == numbers[-1]:
            span = Span(inside[0].span.start, inside[-1].span.end)
            blocks.append(Block(span, BlockKind.BODY, lang, 1.0, tuple(inside)))
            inside = []
    return Document(name, "\n".join(parts) + "\n", tuple(blocks))


def fill(path: Path, links: int, each: int = 10_000) -> None:
    """Create a store of so many accepted links, `each` between two documents."""
    rng = random.Random(1)
    with open_store(path) as store:
        for first in range(0, links, each):
            numbers = range(first, min(links, first + each))
            src = store.add_document(document(f"ja/{first:07}.txt", "ja", JA, numbers)).document
            tgt = store.add_document(document(f"en/{first:07}.txt", "en", EN, numbers)).document
            pairs = zip(store.sentences(src), store.sentences(tgt), strict=True)
            found = [Proposal((a.id,), (b.id,), LinkKind.TRANSLATION, rng.random(), rng.random()) for a, b in pairs]
            store.propose(src, tgt, found, "use")
        store.accept_many("ada", LinkFilter(), above=0.0)


def peak() -> int:
    """Peak resident memory of this process in KiB."""
    told = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in told.splitlines() if line.startswith("VmHWM")).split()[1])


def forget_peak() -> None:
    """Reset the peak to the current resident memory."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def once(db: Path, name: str, folder: Path) -> dict[str, float]:
    """One run: seconds, rows and peak MB above the start."""
    out = folder / f"out.{name}"
    with open_store(db) as store:
        rows = store.count()
        if name != "bare":
            export(store.links(limit=1), folder / "warm", name, ExportOptions(prove=False, force=True))
        next(store.links(limit=1))
        forget_peak()
        start, begun, begun_cpu = peak(), time.perf_counter(), time.process_time()
        if name == "bare":
            with out.open("w", encoding="utf-8") as file:
                for link in store.links():
                    file.write(f"{link.src.text}\t{link.tgt.text}\n")
        else:
            export_store(store, out, name, ExportOptions(statuses=frozenset(Status), prove=False, force=True))
        seconds, cpu = time.perf_counter() - begun, time.process_time() - begun_cpu
    return {
        "seconds": seconds,
        "cpu": cpu,
        "rows": rows,
        "megabytes": (peak() - start) / 1024,
        "written": out.stat().st_size,
    }


def apart(db: Path, name: str, folder: Path) -> dict[str, float]:
    """`once` in its own process."""
    command = [sys.executable, "-m", "benchmarks.export", "--once", name, "--db", str(db), "--folder", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told: dict[str, float] = json.loads(done.stdout)
    return told


def measured(db: Path, names: list[str], rounds: int, folder: Path) -> dict[str, object]:
    """Rows per second, ratio to the bare loop and memory for each format."""
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in ["bare", *names]}
    for _ in range(rounds):
        for name, done in runs.items():
            done.append(apart(db, name, folder))
    seconds = {name: statistics.median(run["seconds"] for run in done) for name, done in runs.items()}
    cpu = {name: statistics.median(run["cpu"] for run in done) for name, done in runs.items()}
    return {
        name: {
            "rows": done[0]["rows"],
            "rows_per_second": round(done[0]["rows"] / seconds[name]),
            "of_the_bare_loop": round(seconds["bare"] / seconds[name], 3),
            "of_the_bare_loop_in_cpu_time": round(cpu["bare"] / cpu[name], 3),
            "aim": AIMS.get(name),
            "peak_mb_above_start": round(max(run["megabytes"] for run in done), 1),
            "written_mb": round(done[0]["written"] / 1e6, 1),
        }
        for name, done in runs.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--links", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--formats", default=",".join(AIMS))
    parser.add_argument("--db", type=Path, help="A store that is there already.")
    parser.add_argument("--once", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.once:
        print(json.dumps(once(args.db, args.once, args.folder)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        db = args.db or folder / "links.db"
        if not db.exists():
            fill(db, args.links)
        found = measured(db, args.formats.split(","), args.rounds, folder)
    print(json.dumps({"rounds": args.rounds, "most_mb": MEGABYTES, "formats": found}, indent=2))


if __name__ == "__main__":
    main()
