"""Errors that the user can fix: a message with what, where and what to do next, and an exit code."""

from __future__ import annotations


class AlignError(Exception):
    """An error with a message of one line. `exit_code` is the exit status of the program."""

    exit_code = 1


class UsageError(AlignError):
    """The call itself is wrong: a file that does not exist, a flag that does not apply."""

    exit_code = 2


class ReadError(AlignError):
    """An input cannot be read as text."""


class InputError(ReadError):
    """An input cannot be opened: no file, not a regular one, too large, or without permission."""


class MissingFileError(InputError, UsageError):
    """An input does not exist: its name in the call is wrong."""

    exit_code = 2


class MissingExtraError(ReadError, UsageError):
    """What was asked for needs a package of an extra that is not installed."""

    exit_code = 2


class StoreError(AlignError):
    """The store cannot be opened, read or written."""


class ConflictError(StoreError):
    """The link changed since the reviewer loaded it, or a constraint contradicts another; nothing was written."""


class TextLossError(StoreError):
    """A new text would delete more confirmed links than is allowed without confirmation; nothing was written."""


class EmptyDecisionError(ConflictError):
    """There is nothing left to decide, undo or redo; nothing was written."""


class EncoderError(AlignError):
    """An encoder is unknown, not on disk, or broken."""


class ExportError(AlignError):
    """An output cannot be written, or differs from what was written when it is read back."""
