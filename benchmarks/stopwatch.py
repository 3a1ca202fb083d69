"""Time from clone to the first reviewed pair, in total and by part.

    python -m benchmarks.stopwatch                   in the current environment
    python -m benchmarks.stopwatch --from-clone      clones the repository and sets everything up first (minutes)

The parts are the commands of the README for a newcomer, on all the seed pages, with empty caches: kernels are
compiled and weights unpacked in the clone. Reading the README is not timed: commands are entered at once.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Stopwatch:
    """Times parts and prints each when it is finished."""

    def __init__(self) -> None:
        self.total = 0.0

    def part(self, name: str, do: Callable[[], object]) -> None:
        """Time one part."""
        begun = time.monotonic()
        do()
        taken = time.monotonic() - begun
        self.total += taken
        print(f"{name:<34} {taken:8.2f} s", flush=True)


def call(*command: str, cwd: Path, environ: dict[str, str]) -> None:
    """Run a command that must succeed; its output is printed only if it fails."""
    ran = subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise SystemExit(f"{' '.join(command)}: exit code {ran.returncode}\n{ran.stdout}{ran.stderr}")


def review_one(align: str, folder: Path, environ: dict[str, str], db: Path) -> None:
    """Open the review app in a terminal, accept a link by key, wait until it is stored, and quit."""
    process_id, terminal = pty.fork()
    if process_id == 0:
        os.chdir(folder)
        os.execve(align, [align, "review"], environ)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 32, 110, 0, 0))
    end = time.monotonic() + 60
    while time.monotonic() < end:
        ready, _, _ = select.select([terminal], [], [], 0.1)
        if ready:
            os.read(terminal, 65536)
        else:
            os.write(terminal, b"a")
            if accepted(db):
                break
    else:
        raise SystemExit("the review app accepted nothing in 60 s")
    for _ in range(20):
        try:
            os.write(terminal, b"q")
            ready, _, _ = select.select([terminal], [], [], 0.2)
            if ready:
                os.read(terminal, 65536)
        except OSError:
            pass
        if os.waitpid(process_id, os.WNOHANG)[0]:
            break
        time.sleep(0.1)
    os.close(terminal)


def accepted(db: Path) -> bool:
    """Whether the store has a decision."""
    from align.models import Status
    from align.store import LinkFilter, open_store

    with open_store(db, readonly=True) as store:
        return store.count(LinkFilter(statuses=frozenset({Status.ACCEPTED}))) > 0


def main() -> None:
    """Measure in a folder that is deleted afterwards."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from-clone", action="store_true", help="clone and install first")
    parser.add_argument("--encoder", default="auto")
    asked = parser.parse_args()
    watch = Stopwatch()
    environ = {key: value for key, value in os.environ.items() if not key.startswith("ALIGN_")}
    environ["TERM"] = "xterm-256color"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environ |= {"ALIGN_CONFIG": str(folder / "none.toml"), "ALIGN_CACHE": str(folder / "cache")}
        if asked.from_clone:
            clone = folder / "clone"
            watch.part(
                "git clone", lambda: call("git", "clone", "-q", str(ROOT), str(clone), cwd=folder, environ=environ)
            )
            watch.part("make demo: environment", lambda: call("make", ".venv/.installed", cwd=clone, environ=environ))
            watch.part("make demo: the demo", lambda: call("make", "demo", cwd=clone, environ=environ))
            align, place = str(clone / ".venv" / "bin" / "align"), clone
        else:
            shutil.copytree(ROOT / "seeds", folder / "seeds")
            align, place = shutil.which("align", path=str(Path(sys.executable).parent)) or "", folder
        texts = sorted(str(path.relative_to(place)) for path in (place / "seeds").glob("*.txt"))
        chosen = () if asked.encoder == "auto" else ("--encoder", asked.encoder)
        watch.part("align add seeds/*.txt", lambda: call(align, "add", *texts, cwd=place, environ=environ))
        watch.part(
            " ".join(["align propose", *chosen]), lambda: call(align, "propose", *chosen, cwd=place, environ=environ)
        )
        watch.part("align review, one link accepted", lambda: review_one(align, place, environ, place / "align.db"))
        first = watch.total
        watch.part("align export memory.tmx", lambda: call(align, "export", "memory.tmx", cwd=place, environ=environ))
        print(f"{'to the first reviewed pair':<34} {first:8.2f} s")
        print(f"{'all':<34} {watch.total:8.2f} s")


if __name__ == "__main__":
    main()
