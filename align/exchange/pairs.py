"""For formats that hold one pair of languages a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from align.errors import UsageError
from align.exchange.types import ExportOptions, Unit


def one_pair(units: Iterable[Unit], options: ExportOptions, form: str) -> tuple[str, str, Iterator[Unit]]:
    """The source and target language of the units, and the units.

    Raises UsageError (from the iterator) at the first unit in other languages: nothing has been moved into place yet.
    """
    feed = iter(units)
    first = next(feed, None)
    if first is None:
        return options.src or "und", options.tgt or "und", iter(())
    src, tgt = first.link.src.lang, first.link.tgt.lang

    def checked() -> Iterator[Unit]:
        for unit in chain([first], feed):
            link = unit.link
            if link.src.lang != src or link.tgt.lang != tgt:
                raise UsageError(
                    f"{form} holds one pair of languages, but there are {src} to {tgt} and "
                    f"{link.src.lang} to {link.tgt.lang}. Choose with --src and --tgt."
                )
            yield unit

    return src, tgt, checked()
