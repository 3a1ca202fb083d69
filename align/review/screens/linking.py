"""Linking by hand where the sentences are in accepted links already: the reviewer is asked first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from align.domain import CONFIRMED, Link, Status
from align.jobs.browse import SentenceRow
from align.review.screens.asking import Confirm
from align.review.screens.base import Host

Known = tuple[int, ...]


def ask_known(
    app: Host, ends: tuple[Sequence[int], Sequence[int]], moved: Link | None, go_on: Callable[[Known | None], None]
) -> None:
    """Hand the numbers of the links that are in the way to `go_on`, once the reviewer wants both; None where not.

    `moved` is the link that is moved to these sentences. Raises UsageError where they cannot be linked.
    """
    found = app.browser.linked_already(*ends, moved.id if moved else None)
    if not found:
        go_on(())
        return
    known = tuple(link.id for _, link in found)
    texts = [f"{link.id}: {link.src.text}  │  {link.tgt.text}" for _, link in found]
    app.push_screen(Confirm(question(found), texts), lambda agreed: go_on(known if agreed else None))


def question(found: Sequence[tuple[SentenceRow, Link]]) -> str:
    """`Sentence 11 is already in accepted link 57. Link anyway?`"""
    words = []
    for row, link in found:
        if link.status is Status.REJECTED:
            words.append(f"these sentences are link {link.id}, which {link.reviewer} rejected")
        else:
            status = link.status if link.status in CONFIRMED else "anchored"
            words.append(f"sentence {row.position + 1} is already in {status} link {link.id}")
    told = ", ".join(words)
    return f"{told[:1].upper()}{told[1:]}. Link anyway?"
