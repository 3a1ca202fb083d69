"""What an edit changes besides the link that it is made on: links without sentences, and proposals next to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from align.models import CONFIRMED, Link, Realignment, Status
from align.reviewer import Preview
from align.store.actions import Action
from align.store.edits import Edit
from align.text.messages import pluralise
from align.workspace.browse import Browser
from align.workspace.realign import Realigner


@dataclass(frozen=True, slots=True)
class Consequences:
    """What to commit with an edit: its realignment, and the versions to expect of the links that it changes."""

    realignment: Realignment = field(default_factory=Realignment)
    versions: Mapping[int, int] = field(default_factory=dict)
    emptied: tuple[Link, ...] = ()
    """Links that the edit leaves without sentences on a side, so that it deletes them."""

    @property
    def needs_answer(self) -> bool:
        """Whether a reviewer has to agree first.

        An undecided link that loses its last sentence to the very sentence that is moved needs no answer: it follows
        from the key, nobody decided it, the message names it, and one undo brings it back.
        """
        return bool(self.realignment) or any(link.status is not Status.PROPOSED for link in self.emptied)

    def in_words(self) -> str:
        """`removes 1 proposal and adds 2 proposals next to it`; empty where nothing else changes."""
        words = [f"leaves {called(link)} without sentences, so it is deleted" for link in self.emptied]
        removed, added = len(self.realignment.removed), len(self.realignment.added)
        counts = [f"removes {pluralise(removed, 'proposal')}"] if removed else []
        counts += [f"adds {pluralise(added, 'proposal')}"] if added else []
        if counts:
            words.append(f"also {' and '.join(counts)} next to it")
        return "; ".join(words)

    def without_neighbours(self) -> Consequences:
        """The edit without the proposals that change next to it."""
        return Consequences(Realignment(), self.versions, self.emptied)


def consequences_of(browser: Browser, preview: Preview, realignment: Realignment) -> Consequences:
    """The consequences of an edit from its preview and from what solving again around it changes."""
    emptied = [browser.link(number) for number in preview.deleted]
    return Consequences(realignment, preview.versions, tuple(link for link in emptied if link is not None))


def realignment_of(solver: Realigner, preview: Preview, edit: Edit) -> Realignment:
    """What follows from an edit around it; for `solve`, all that a new solution there changes."""
    return solver.realign(
        *preview.documents,
        anchors=preview.anchors,
        forbidden=preview.forbidden,
        replaced=preview.replaced,
        shared_links=preview.shared,
        against_store=edit.action == Action.SOLVE,
    )


def called(link: Link) -> str:
    """The link, and who decided it, if anybody did."""
    if link.status not in CONFIRMED:
        return f"link {link.id}"
    by = f" by {link.reviewer}" if link.reviewer else ""
    return f"link {link.id}, {link.status}{by},"
