"""What is read of one unit of an exchange file."""

from __future__ import annotations

from typing import NamedTuple

from align.domain import LinkKind, Status


class Told(NamedTuple):
    """What a unit says in one language."""

    lang: str
    text: str


class Also(NamedTuple):
    """A further link of a unit of more than two languages; `src` and `tgt` number its sides."""

    id: int
    src: int
    tgt: int
    status: Status | None
    stamp: str | None


class Row(NamedTuple):
    """A unit of an exchange file. None: the file does not say."""

    where: str
    """For messages: `line 12`, `tu 5`."""
    sides: tuple[Told, ...]
    id: int | None = None
    status: Status | None = None
    kind: LinkKind | None = None
    note: str | None = None
    """None where the format has no notes or this unit's was left out; "" where it is empty."""
    stamp: str | None = None
    also: tuple[Also, ...] = ()
    docs: tuple[str, ...] = ()
    """The documents of the sides, where the file names them."""
    spans: tuple[str, ...] = ()
    """Where the sides stand in them, as `12:40 52:60`."""
    odd: tuple[str, ...] = ()
    """What a person typed that is none of ours: `status 'acepted': there is none such`."""


def number(text: str | None) -> int | None:
    """A link's id; None where it is none of ours."""
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def status(text: str | None) -> Status | None:
    """A status as people type it; None for what is none."""
    try:
        return Status((text or "").strip().lower())
    except ValueError:
        return None


def kind(text: str | None) -> LinkKind | None:
    """A kind as people type it; None for what is none."""
    try:
        return LinkKind((text or "").strip().lower())
    except ValueError:
        return None
