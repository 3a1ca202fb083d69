"""Shared by the commands: options, settings, opening the store, and progress on stderr."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from align.errors import AlignError
from align.inputs import MAX_SIZE, parse_size
from align.models import MAX_ID, SEGMENTS, STATUS_WORDS, LinkKind, Status, statuses_of
from align.settings import Settings, load_settings
from align.text.messages import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from align.store import Store

ANY = "any"
"""Value of `--kind`: links of every kind."""
Decorated = TypeVar("Decorated", bound=Callable[..., Any])
ProgressCallback = Callable[[int, int], None]


class StoreIntRange(click.IntRange):
    """The number of a link, or a count: at most what a store can hold."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        number: int = super().convert(value, param, ctx)
        if number > MAX_ID:
            self.fail(f"{number} is larger than any number in a store.", param, ctx)
        return number


class FiniteFloatRange(click.FloatRange):
    """A finite number in a range, such as a share from 0 to 1; comparisons do not exclude nan."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        measure: float = super().convert(value, param, ctx)
        if not math.isfinite(measure):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return measure


class StatusList(click.ParamType):  # type: ignore[type-arg]  # generic from a later click on than we ask for
    """A comma-separated list of statuses, as `models.statuses_of` reads it."""

    name = "status"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> frozenset[Status]:
        try:
            return statuses_of(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def status_option(command: Decorated) -> Decorated:
    """`--status`: statuses of links; an empty tuple by default."""
    return click.option(
        "--status",
        "statuses",
        metavar="STATUS[,...]",
        multiple=True,
        type=StatusList(),
        help=f"Only these: {', '.join(STATUS_WORDS)}. any is all but rejected. Repeatable.",
    )(command)


def kind_option(default: frozenset[LinkKind] = frozenset()) -> Callable[[Decorated], Decorated]:
    """`--kind`: kinds of links as a frozenset; `any` is all of them, and `default` those without the option."""

    def kinds_of(ctx: click.Context, param: click.Parameter, names: tuple[str, ...]) -> frozenset[LinkKind]:
        return frozenset(LinkKind) if ANY in names else frozenset(map(LinkKind, names)) or default

    shown = ", ".join(kind for kind in LinkKind if kind in default)
    return click.option(
        "--kind",
        "kinds",
        multiple=True,
        type=click.Choice([*map(str, LinkKind), ANY]),
        callback=kinds_of,
        help="Only links of this kind; repeatable." + (f"  [default: {shown}]" if shown else ""),
    )


def document_option(command: Decorated) -> Decorated:
    """`--doc`: one document."""
    return click.option(
        "--doc",
        "--document",
        "document",
        metavar="NAME",
        help="Only links with a side in this document (name or number).",
    )(command)


def store_option(command: Decorated) -> Decorated:
    """`--db`: the store."""
    return click.option(
        "--db", type=click.Path(path_type=Path, dir_okay=False), help="The store.  [env: ALIGN_DB; default: align.db]"
    )(command)


def encoder_option(command: Decorated) -> Decorated:
    """`--encoder`: the encoder; and `--device`, `--batch-size` and `--dtype` of a sentence-transformers model."""
    command = model_options(command)
    return click.option(
        "--encoder",
        metavar="NAME",
        help="use, e5, blend, auto, or a sentence-transformers model by name or folder.  [default: auto]",
    )(command)


def model_options(command: Decorated) -> Decorated:
    """`--device`, `--batch-size` and `--dtype` of a sentence-transformers model, as settings of this call."""
    for option in (
        click.option(
            "--dtype",
            type=click.Choice(["float32", "float16", "bfloat16"]),
            expose_value=False,
            callback=_as_setting,
            help="Number format of a sentence-transformers model.  [default: that of its files]",
        ),
        click.option(
            "--batch-size",
            type=click.IntRange(1),
            expose_value=False,
            callback=_as_setting,
            help="Texts that a sentence-transformers model encodes at a time.  [default: 32]",
        ),
        click.option(
            "--device",
            metavar="NAME",
            expose_value=False,
            callback=_as_setting,
            help="Where such a model runs: cpu, cuda, cuda:1, mps.  [default: a GPU where there is one]",
        ),
    ):
        command = option(command)
    return command


def _as_setting(ctx: click.Context, param: click.Parameter, value: object) -> None:
    """Set the environment variable of a setting for this call, so that its worker processes see it too."""
    if value is None or param.name is None:
        return
    variable = f"ALIGN_{param.name.upper()}"
    before = os.environ.get(variable)
    os.environ[variable] = str(value)

    def restore() -> None:
        if before is None:
            os.environ.pop(variable, None)
        else:
            os.environ[variable] = before

    ctx.call_on_close(restore)


def reading_options(command: Decorated) -> Decorated:
    """Options of reading and aligning files: `--segments`, `--boilerplate`, `--reordered`, `--encoding`,
    `--max-size`."""
    for option in (
        size_option,
        click.option("--encoding", help="Character encoding of the files.  [default: detected]"),
        click.option("--reordered", is_flag=True, help="Passages may be in another order; link only what corresponds."),
        click.option("--boilerplate", is_flag=True, help="Include menus, page numbers and lines that a site repeats."),
        click.option(
            "--segments",
            type=click.Choice(SEGMENTS),
            default="sentence",
            show_default=True,
            help="Unit of alignment; verses go by their numbers, else by line.",
        ),
    ):
        command = option(command)
    return command


class ByteSize(click.ParamType):  # type: ignore[type-arg]  # generic from a later click on than we ask for
    """A number of bytes, with a unit such as MB."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return parse_size(value)
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


class NameList(click.ParamType):  # type: ignore[type-arg]  # generic from a later click on than we ask for
    """A comma-separated list of names."""

    name = "names"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        return tuple(filter(None, (part.strip() for part in value.split(",")))) if isinstance(value, str) else value


def columns_option(command: Decorated) -> Decorated:
    """`--columns`: the columns of a table."""
    return click.option(
        "--columns",
        metavar="SRC,TGT[,...]",
        type=NameList(),
        default=(),
        help="Columns of a table by name, number or letter, as in English,Deutsch or B=en,C=de.  [default: recognised]",
    )(command)


def size_option(command: Decorated) -> Decorated:
    """`--max-size`: maximum size of an input."""
    return click.option(
        "--max-size",
        type=ByteSize(),
        metavar="SIZE",
        default=MAX_SIZE,
        help="Refuse a file over this size, such as 500MB or 2GB.  [default: 200MB]",
    )(command)


def settings_for(**flags: Any) -> Settings:
    """Defaults < config file < environment < the given flags."""
    return load_settings().with_flags(**flags)


@contextmanager
def opened(settings: Settings) -> Iterator[Store]:
    """Open the store of this call. Raises UsageError where there is none."""
    from align.errors import UsageError
    from align.store import open_store

    if not settings.db.exists():
        raise UsageError(f"{settings.db}: no store there. Make one with `align add FILE`, or name another with --db.")
    with open_store(settings.db, create=False) as store:
        yield store


def require_yes(question: str, refusal: str) -> None:
    """Continue only after a yes. Else print `refusal` and exit with code 1; AlignError without a terminal."""
    try:
        is_confirmed = click.confirm(visible(question), err=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise AlignError(f"{refusal} Cannot ask without a terminal: use --yes to continue.") from None
    if not is_confirmed:
        note(refusal)
        raise click.exceptions.Exit(1)


def is_quiet() -> bool:
    """Whether this call has `--quiet`."""
    ctx = click.get_current_context(silent=True)
    return bool(ctx and ctx.find_root().params.get("quiet"))


_note_printers: list[Callable[[str], None]] = []
"""Functions that print a line above a progress bar; the last one is in use."""


def print_line(text: str) -> None:
    """Print a line on stdout, with control characters escaped. JSON is printed with `click.echo`."""
    click.echo(visible(text))


def cell(text: object) -> Text:
    """Text of others as a table cell, with markup and control characters disabled."""
    from rich.text import Text

    return Text(visible(text))


def note(text: str) -> None:
    """Print a line on stderr; never part of the data. Also logged with `--log-file`."""
    text = visible(text)
    if not is_quiet():
        (_note_printers[-1] if _note_printers else lambda line: click.echo(line, err=True))(text)
    if "align.cli.log" in sys.modules:
        sys.modules["align.cli.log"].noted(text)


@contextmanager
def progress() -> Iterator[Callable[[str], ProgressCallback]]:
    """Progress bars on stderr during the block, one per stage: `stage("Reading")(done, total)`.

    A total of 0 is unknown. Nothing is drawn where stderr is not a terminal, or with `--quiet`.
    """
    if is_quiet() or not sys.stderr.isatty():
        yield lambda label: lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True) as bars, notes_above(console):

        def stage(label: str) -> ProgressCallback:
            task = bars.add_task(label, total=None)
            return lambda done, total: bars.update(task, completed=done, total=total or None)

        yield stage


@contextmanager
def notes_above(console: Console) -> Iterator[None]:
    """Print notes above the console's progress bars, unwrapped, during the block."""
    from rich.text import Text

    _note_printers.append(lambda line: console.print(Text(line), soft_wrap=True))
    try:
        yield
    finally:
        _note_printers.pop()


def progress_on_demand(stage: Callable[[str], ProgressCallback], label: str) -> ProgressCallback:
    """A callback for progress in bytes; its bar, in MB, appears with the first call: for rare stages."""
    bars: list[ProgressCallback] = []

    def report(done: int, total: int) -> None:
        if not bars:
            bars.append(stage(f"{label}, MB"))
        bars[0](done // 1_000_000, total // 1_000_000)

    return report
