"""Actions of the decision log, with the traits that the rest of the program checks."""

from __future__ import annotations

from enum import Flag, StrEnum, auto
from typing import Self


class Trait(Flag):
    """A property that actions may have."""

    REVIEW = auto()
    """A reviewer's judgement on links, counted in pace and reports."""
    UNDOABLE = auto()
    """Undo by the reviewer reverts it."""
    REPLICATED = auto()
    """A merge takes it over from the other copy."""
    KEEPS_TEXT = auto()
    """Links and their texts stay the same, so that search results stay valid."""
    KEEPS_ORDER = auto()
    """Links stay at the same positions of an unfiltered list."""


_INTERNAL = Trait(0)
_RESHAPE = Trait.REVIEW | Trait.UNDOABLE | Trait.REPLICATED
_KEEPS_TEXT = _RESHAPE | Trait.KEEPS_TEXT
_VERDICT = _KEEPS_TEXT | Trait.KEEPS_ORDER
_STATEMENT = Trait.UNDOABLE | Trait.REPLICATED | Trait.KEEPS_TEXT


class Action(StrEnum):
    """What a decision does. The value is stored in the log; all other lists of actions are derived from traits."""

    past_tense: str
    traits: Trait

    def __new__(cls, value: str, past_tense: str, traits: Trait) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.past_tense = past_tense
        member.traits = traits
        return member

    ACCEPT = "accept", "accepted", _VERDICT
    REJECT = "reject", "rejected", _VERDICT
    REOPEN = "reopen", "reopened", _VERDICT
    KIND = "kind", "kind set", _VERDICT
    NOTE = "note", "noted", _VERDICT
    BOOKMARK = "bookmark", "bookmarked", _VERDICT
    ACCEPT_MANY = "accept-many", "accepted many at once", _KEEPS_TEXT
    UNLINK = "unlink", "unlinked", _KEEPS_TEXT
    ANCHOR = "anchor", "anchored", _KEEPS_TEXT
    UNANCHOR = "unanchor", "released as an anchor", _KEEPS_TEXT
    EDIT = "edit", "edited", _RESHAPE
    MERGE = "merge", "merged", _RESHAPE
    SPLIT = "split", "split", _RESHAPE
    CUT = "cut", "split inside a sentence", _RESHAPE
    MOVE = "move", "boundary moved", _RESHAPE
    SWAP = "swap", "sides swapped", _RESHAPE
    SOLVE = "solve", "realigned around it", _RESHAPE
    RELINK = "relink", "linked to another passage", _RESHAPE
    LINK = "link", "linked by hand", _RESHAPE
    STATEMENT = "statement", "decided on a statement", _STATEMENT
    UNDO = "undo", "undid", Trait.REPLICATED
    REDO = "redo", "redid", Trait.REPLICATED
    CONFLICT = "conflict", "conflict found", Trait.UNDOABLE | Trait.REPLICATED
    DISMISS = "dismiss", "conflict dismissed", Trait.UNDOABLE | Trait.REPLICATED | Trait.KEEPS_TEXT
    REMOVE = "remove", "document removed", Trait.UNDOABLE
    PROPOSE = "propose", "proposed", _INTERNAL
    IMPORT = "import", "text replaced", Trait.UNDOABLE
    UNITE = "unite", "merged with another copy", _INTERNAL
    COMPACT = "compact", "compacted", _INTERNAL

    @classmethod
    def having(cls, traits: Trait) -> frozenset[Action]:
        """The actions that have all of these traits."""
        return frozenset(action for action in cls if traits in action.traits)


def past_tense(name: str) -> str:
    """Name of an action in a history; `name` itself if there is no such action."""
    return next((action.past_tense for action in Action if action == name), name)
