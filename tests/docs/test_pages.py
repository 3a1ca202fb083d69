"""Every command that a document shows is run, in order, in a folder with the seed pages; what it prints must be there.

In a page, a block of ```console has commands after `$ ` and below them what they print; `...` is anything.
A block of ```pycon is a session of Python; all of a page are one.
Comments just before a block: `<!-- not run: why -->`; `<!-- keys: a u q -->` types into a program that needs a terminal
(the last key again until it leaves); `<!-- asked: -->` opens the address that a server prints, then ends it.
`<!-- before: COMMAND -->` runs without being shown.
"""

from __future__ import annotations

import doctest
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.prefork import align_program

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
BLOCK = re.compile(
    r"(?:<!-- (?P<how>[a-z ]+):(?P<what>(?:(?!-->).)*)-->\n)?```(?P<lang>console)\n(?P<body>.*?)```", re.DOTALL
)
PYTHON = re.compile(r"```pycon\n(.*?)```", re.DOTALL)
BEFORE = re.compile(r"<!-- before:(?P<command>.*?)-->")


@dataclass(frozen=True)
class Shown:
    """A command of a page: how it is run, and the lines that it is said to print."""

    page: Path
    line: int
    command: str
    printed: tuple[str, ...]
    how: str = ""
    what: str = ""


def shown(page: Path) -> Iterator[Shown]:
    """The commands of a page, in order."""
    text = page.read_text(encoding="utf-8")
    found: list[tuple[int, list[Shown]]] = []
    for match in BEFORE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        found.append((match.start(), [Shown(page, line, match["command"].strip(), ())]))
    for match in BLOCK.finditer(text):
        commands: list[Shown] = []
        line = text.count("\n", 0, match.start("body"))
        command, printed, start = "", [], line
        for number, row in enumerate([*match["body"].splitlines(), "$ "], line + 1):
            if row.startswith("$ "):
                if command:
                    how = (match["how"] or "").strip()
                    commands.append(Shown(page, start, command, tuple(printed), how, (match["what"] or "").strip()))
                command, printed, start = row[2:].strip(), [], number
            elif command.endswith("\\"):
                command = command[:-1] + row.strip()
            elif row.strip():
                printed.append(row.strip())
        found.append((match.start(), commands))
    for _, commands in sorted(found, key=lambda pair: pair[0]):
        yield from commands


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a reader would stand: a folder with the seed pages, and nothing of theirs that is ours."""
    shutil.copytree(ROOT / "seeds", tmp_path / "work" / "seeds")
    return tmp_path / "work"


PREPARED = "align add seeds/*.txt && align propose --encoder use"
"""What several pages begin with: done once, and copied."""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder after `PREPARED`."""
    folder = tmp_path_factory.mktemp("prepared")
    shutil.copytree(ROOT / "seeds", folder / "seeds")
    subprocess.run(["bash", "-c", PREPARED], cwd=folder, env=environment(folder), check=True, capture_output=True)
    return folder


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A reader's environment."""
    return environment(tmp_path)


def environment(tmp_path: Path) -> dict[str, str]:
    """`align` on the path, no settings."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ALIGN_")}
    return kept | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}",
        "ALIGN_CONFIG": str(tmp_path / "config.toml"),
        "EDITOR": "true",
        "COLUMNS": "110",
        "TERM": "xterm-256color",
        "HF_HUB_OFFLINE": "1",
        # What is not said otherwise is the best encoder, which takes longer; what is printed is the same.
        "ALIGN_ENCODER": "use",
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
@pytest.mark.timeout(900)
def test_the_commands_of(page: Path, folder: Path, environ: dict[str, str], prepared: Path) -> None:
    if "| jq " in page.read_text(encoding="utf-8") and shutil.which("jq") is None:
        pytest.skip(f"NO JQ HERE: the commands of {page.name} were not run. .ci/run installs it.")
    path = f"{Path(align_program()).parent}{os.pathsep}{environ['PATH']}"
    for one in shown(page):
        if one.command == PREPARED:
            for made in prepared.glob("align.db*"):
                shutil.copy(made, folder)
            continue
        where = f"{one.page.name}:{one.line}: {one.command}"
        if one.how == "not run":
            assert one.what, f"{where}: say why it is not run"
        elif one.how == "keys":
            assert typed(one.command, one.what.split(), folder, environ) == 0, where
        elif one.how == "asked":
            assert asked(one.command, folder, environ) == 200, where
        else:
            ran = subprocess.run(
                ["bash", "-c", one.command],
                cwd=folder, env=environ | {"PATH": path}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, check=False, timeout=600,
            )  # fmt: skip
            wanted = 2 if any(line.startswith("align: ") for line in one.printed) else 0
            assert min(ran.returncode, 2) in (wanted, min(wanted, 1)), f"{where}\n{ran.stdout}"
            compare(where, one.printed, ran.stdout)


@pytest.mark.parametrize("page", [page for page in PAGES if PYTHON.search(page.read_text(encoding="utf-8"))],
                         ids=lambda page: page.name)  # fmt: skip
def test_the_python_of(page: Path) -> None:
    session = "\n".join(PYTHON.findall(page.read_text(encoding="utf-8")))
    test = doctest.DocTestParser().get_doctest(session, {}, page.name, str(page), 0)
    told: list[str] = []
    assert doctest.DocTestRunner(verbose=False).run(test, out=told.append).failed == 0, "".join(told)


def compare(where: str, printed: tuple[str, ...], output: str) -> None:
    """Every shown line is in the output, in order; `...` in a line stands for anything."""
    lines = [" ".join(line.split()) for line in output.splitlines()]
    at = 0
    for wanted in printed:
        if wanted == "...":
            continue
        pattern = re.compile(".*".join(re.escape(part) for part in " ".join(wanted.split()).split("...")))
        while at < len(lines) and not pattern.fullmatch(lines[at]):
            at += 1
        assert at < len(lines), f"{where}\nshows: {wanted}\nprints:\n{output}"
        at += 1


KEYS = {"enter": "\r", "space": " ", "escape": "\x1b", "tab": "\t", "up": "\x1b[A", "down": "\x1b[B"}


def typed(command: str, keys: list[str], folder: Path, environ: dict[str, str]) -> int:
    """Run in a terminal of 110 x 32, press the keys, and give the exit code."""
    process_id, terminal = pty.fork()
    if process_id == 0:
        os.chdir(folder)
        os.execvpe("bash", ["bash", "-c", command], environ)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 32, 110, 0, 0))
    try:
        settle(terminal, 60)
        for key in keys:
            os.write(terminal, KEYS.get(key, key).encode())
            settle(terminal, 10)
        for _ in range(20):
            ended, status = os.waitpid(process_id, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            settle(terminal, 2)
            time.sleep(0.5)
            with suppress(OSError):
                os.write(terminal, KEYS.get(keys[-1], keys[-1]).encode())
        os.kill(process_id, signal.SIGKILL)
        pytest.fail(f"{command}: still there after {' '.join(keys)}")
    finally:
        os.close(terminal)


def settle(terminal: int, seconds: float) -> None:
    """Read what is drawn until nothing more comes for a while."""
    end = time.monotonic() + seconds
    drawn = False
    while time.monotonic() < end:
        ready, _, _ = select.select([terminal], [], [], 0.8 if drawn else 0.2)
        if ready:
            try:
                drawn = bool(os.read(terminal, 65536)) or drawn
            except OSError:
                return
        elif drawn:
            return


def asked(command: str, folder: Path, environ: dict[str, str]) -> int:
    """Start a server, open the address that it prints, end it; gives the HTTP status."""
    process = subprocess.Popen(
        ["bash", "-c", f"exec {command}"], cwd=folder, env=environ, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        try:
            address = process.stdout.readline().strip()
            with urllib.request.urlopen(address, timeout=30) as answer:
                return int(answer.status)
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0


def test_every_page_has_commands_or_needs_none() -> None:
    """The pages that a newcomer follows do show commands; the parser does find them."""
    counted = {page.name: len([one for one in shown(page) if one.how != "not run"]) for page in PAGES}
    assert counted["tutorial.md"] >= 10
    assert counted["README.md"] >= 4
