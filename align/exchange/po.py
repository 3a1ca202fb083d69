"""PO, as gettext's tools read it: one pair of languages; what nobody settled is fuzzy, what was rejected obsolete."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import IO

from align import __version__
from align.domain import SETTLED, Status
from align.exchange.charsets import in_unicode
from align.exchange.columns import spans_cell
from align.exchange.link_stamp import stamp_of
from align.exchange.pairs import one_pair
from align.exchange.types import ExportOptions, Unit

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"})


def quoted(text: str) -> str:
    """A PO string on one line."""
    return f'"{text.translate(_ESCAPES)}"'


def comment(mark: str, text: str) -> Iterator[str]:
    """Comment lines; a line break in the text cannot end the comment."""
    for part in text.splitlines():
        yield f"#{mark} {part}\n"


def entry(unit: Unit) -> Iterator[str]:
    """The lines of a link. The context (msgctxt) is its id, so that equal sources stay apart."""
    link = unit.link
    if link.note:
        yield from comment("", link.note)
    yield from comment(".", f"align: {link.status} {link.kind} {link.confidence:.4f} {stamp_of(link)}")
    if link.reviewer:
        yield from comment(".", f"reviewer: {link.reviewer} {link.decided_at or ''}")
    for side in (link.src, link.tgt):
        if side.doc:
            yield from comment(".", f"from: {side.doc} {spans_cell(side.spans)}")
    for around in unit.context or ():
        for text in (*around.before, *around.after):
            yield from comment(".", f"around: {text}")
    if link.status not in SETTLED:
        yield "#, fuzzy\n"
    dead = "#~ " if link.status == Status.REJECTED else ""
    yield f"{dead}msgctxt {quoted(f'align:{link.id}')}\n"
    yield f"{dead}msgid {quoted(link.src.text)}\n"
    yield f"{dead}msgstr {quoted(link.tgt.text)}\n\n"


def write(units: Iterable[Unit], file: IO[bytes], options: ExportOptions) -> None:
    """Write the header and an entry a link. Raises UsageError for more than one pair of languages."""
    src, tgt, run = one_pair(units, options, "PO")
    head = {
        "Project-Id-Version": "align",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "X-Source-Language": src,
        "Language": tgt.replace("-", "_"),
        "X-Generator": f"align {__version__}",
    }
    lines = "".join(quoted(f"{name}: {value}\n") + "\n" for name, value in head.items())
    file.write(f'msgid ""\nmsgstr ""\n{lines}\n'.encode())
    for unit in run:
        file.write(in_unicode("".join(entry(unit)))[0].encode())
