"""What `--verbose` and `--log-file` keep of a run; imported only when one of them is given."""

from __future__ import annotations

import logging
import shlex
import sys
import time

from align import __version__
from align.errors import UsageError
from align.text.visible import visible

LOG = logging.getLogger("align")
LOG.addHandler(logging.NullHandler())  # without any, Python prints errors as they are
NOTES = logging.getLogger("align.note")
"""Lines that are on stderr already, so that `--verbose` does not print them twice."""


class Lines(logging.Formatter):
    """`2026-11-21T22:30:00Z INFO align.store: text`; each line of a traceback as it is, but for what would steer a
    terminal."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%SZ"
    default_msec_format = ""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The lines of a record."""
        return "\n".join(map(visible, super().format(record).split("\n")))


def start(*, verbose: bool, log_file: str | None) -> None:
    """Open the logs of this run. Raises UsageError where the file cannot be written."""
    LOG.setLevel(logging.DEBUG)
    LOG.propagate = False
    if verbose:
        shown = logging.StreamHandler(sys.stderr)
        shown.setFormatter(Lines())
        shown.addFilter(lambda record: record.name != NOTES.name)
        LOG.addHandler(shown)
    if log_file:
        try:
            kept = logging.FileHandler(log_file, encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise UsageError(f"{log_file}: cannot be written ({error.strerror}). Name another --log-file.") from error
        kept.setFormatter(Lines())
        LOG.addHandler(kept)
    LOG.debug("align %s, Python %s: %s", __version__, sys.version.split()[0], shlex.join(sys.argv[1:]))


def noted(text: str) -> None:
    """Keep a line that the person saw (or, with `--quiet`, did not)."""
    NOTES.info("%s", text)


def failed(error: BaseException) -> None:
    """Keep an error with where it came from."""
    LOG.error("%s: %s", type(error).__name__, error, exc_info=error)
