"""Logging for `--verbose` and `--log-file`; imported only if one of them is given."""

from __future__ import annotations

import logging
import shlex
import sys
import time
from contextlib import suppress
from pathlib import Path

import click

from align import __version__
from align.atomic_file import opened_stream
from align.errors import UsageError
from align.text.messages import visible

LOG = logging.getLogger("align")
LOG.addHandler(logging.NullHandler())  # without a handler, Python prints errors unformatted
NOTES = logging.getLogger("align.note")
"""Lines that are on stderr already, so that `--verbose` does not print them twice."""


class LogFormatter(logging.Formatter):
    """`2026-11-21T22:30:00Z INFO align.store: text`; lines of a traceback with control characters escaped."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%SZ"
    default_msec_format = ""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The lines of a record."""
        return "\n".join(map(visible, super().format(record).split("\n")))


class LogFile(logging.FileHandler):
    """A file that lines are added to. Where it takes no more, one line says so and the run goes on without it."""

    def __init__(self, path: str) -> None:
        target = Path(path)
        if target.exists() and not target.is_file() and not target.is_dir():
            opened_stream(target).close()  # Raises OSError, instead of waiting, for a pipe that nobody reads.
        super().__init__(path, encoding="utf-8", errors="backslashreplace")
        self.full = False

    def emit(self, record: logging.LogRecord) -> None:
        """Add the lines of a record."""
        if not self.full:
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Give the file up."""
        self.full = True
        why = sys.exc_info()[1]
        words = why.strerror if isinstance(why, OSError) else str(why)
        line = f"{visible(self.baseFilename)}: cannot be written ({words}). Nothing more is logged."
        click.echo(line, err=True)

    def close(self) -> None:
        """Close the file; what it has no room for is lost."""
        with suppress(OSError):
            super().close()


def start(*, verbose: bool, log_file: str | None) -> None:
    """Open the logs of this run. Raises UsageError where the file cannot be written."""
    LOG.setLevel(logging.DEBUG)
    LOG.propagate = False
    if verbose:
        stderr_handler = logging.StreamHandler(sys.stderr)
        stderr_handler.setFormatter(LogFormatter())
        stderr_handler.addFilter(lambda record: record.name != NOTES.name)
        LOG.addHandler(stderr_handler)
    if log_file:
        try:
            file_handler = LogFile(log_file)
        except OSError as error:
            raise UsageError(f"{log_file}: cannot be written ({error.strerror}). Name another --log-file.") from error
        file_handler.setFormatter(LogFormatter())
        LOG.addHandler(file_handler)
    LOG.debug("align %s, Python %s: %s", __version__, sys.version.split()[0], shlex.join(sys.argv[1:]))


def noted(text: str) -> None:
    """Log a line that was printed on stderr (or, with `--quiet`, was not)."""
    NOTES.info("%s", text)


def failed(error: BaseException) -> None:
    """Log an error with its traceback."""
    LOG.error("%s: %s", type(error).__name__, error, exc_info=error)
