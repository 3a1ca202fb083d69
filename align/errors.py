"""What can go wrong in a way that the user can mend: what, where, and what to do next, with an exit code."""

from __future__ import annotations


class AlignError(Exception):
    """A mistake or mishap told in one line. `exit_code` is what the program ends with."""

    exit_code = 1


class UsageError(AlignError):
    """The call itself is off: a file that is not there, a flag that does not fit."""

    exit_code = 2


class ReadError(AlignError):
    """An input cannot be read as text."""


class InputError(ReadError):
    """An input cannot be opened: no file, not a regular one, too large, or not for this user."""


class MissingFileError(InputError, UsageError):
    """An input is not there: the call names it wrongly."""

    exit_code = 2


class StoreError(AlignError):
    """The store cannot be opened, read or written."""


class ConflictError(StoreError):
    """The link changed since the reviewer saw it, or a constraint contradicts another; nothing was written."""


class TextLossError(StoreError):
    """A new text would take away more settled links than goes without a confirmation; nothing was written."""


class EmptyDecisionError(ConflictError):
    """There is nothing left to decide, to take back or to bring back; nothing was written."""


class EncoderError(AlignError):
    """An encoder is unknown, not on disk, or broken."""


class ExportError(AlignError):
    """An output cannot be written, or does not read back as what was written."""
