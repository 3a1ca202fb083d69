"""Every action of the app with its default keys: bindings, key bar, help and rebinding are all made from this table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from textual.binding import Binding, BindingType
from textual.keys import REPLACED_KEYS, Keys, key_to_character

from align.errors import UsageError

NAMED = frozenset(key.value for key in Keys)
MODIFIERS = frozenset({"ctrl", "alt", "shift", "meta", "super", "hyper"})


@dataclass(frozen=True, slots=True)
class Action:
    """What a reviewer can do by one key. `id` is its name in the config file's `[keys]`."""

    id: str
    keys: str
    words: str
    """Short, for the key bar."""
    tells: str
    """One sentence, for the help."""
    group: str
    call: str = ""
    """The Textual action; the id where empty."""

    def binding(self, call: str = "{}") -> Binding:
        """The Textual binding that `set_keymap` can change by its id; `call` is the Textual action for an id."""
        return Binding(self.keys, self.call or call.format(self.id), self.words, id=self.id, tooltip=self.tells)


def _table(group: str, *rows: tuple[str, ...]) -> tuple[Action, ...]:
    return tuple(Action(row[0], row[1], row[2], row[3], group, *row[4:]) for row in rows)


DECIDE = _table(
    "Decide and go on",
    ("accept", "a,enter", "accept", "Accept the link and go to the next undecided one."),
    (
        "reject",
        "x",
        "reject",
        "Reject the link and go to the next undecided one; the solver will not propose it again.",
    ),
    ("skip", "space", "skip", "Leave the link undecided and go to the next undecided one."),
    ("undo", "u", "undo", "Take back the last decision; again and again, also after a restart."),
    ("redo", "U", "redo", "Decide again what was taken back."),
    ("accept_through", "C", "accept to here", "Accept this link and every undecided one above it."),
    ("accept_above", "A", "accept sure", "Accept every undecided link above a confidence that you name."),
    ("kind", "t", "kind", "Say what kind of link this is: translation, partial, summary, title or quote."),
    ("note", "c", "note", "Write a note on the link."),
    ("bookmark", "b", "bookmark", "Set or remove a bookmark on the link."),
)

FIX = _table(
    "Put right",
    ("merge_next", "m", "merge next", "Make one link of this one and the next."),
    ("merge_previous", "M", "merge previous", "Make one link of this one and the previous."),
    ("split", "s", "split", "Split the link in two; two by two sentences at once, else choose where as with `S`."),
    (
        "split_at",
        "S",
        "split at",
        "Split the link where you say on each side, between two sentences or inside one.",
    ),
    ("side", "tab", "other side", "Choose the side that the next four keys work on."),
    ("give_up", "left_square_bracket", "first up", "Give the first sentence of the side to what stands above."),
    ("give_down", "right_square_bracket", "last down", "Give the last sentence of the side to what stands below."),
    ("take_up", "left_curly_bracket", "take above", "Take the sentence above into this side."),
    ("take_down", "right_curly_bracket", "take below", "Take the sentence below into this side."),
    ("relink", "r", "re-link", "Link to another place: choose the sentences of both sides in the document view."),
    ("unlink", "d", "unlink", "Take the link apart: its sentences are linked to nothing."),
    ("edit", "e", "edit", "Edit the text of a side; the original is kept."),
    ("swap", "w", "swap", "Swap the sides: source becomes target."),
    (
        "solve",
        "R",
        "solve again",
        "Solve again what is undecided around the nearest settled link, as after a fix; shown before it is taken.",
    ),
    ("info", "i", "why, rivals", "Show the solver's signals, and the rivals that keys 1 to 9 choose."),
)

MOVE = _table(
    "Move",
    ("down", "down,j", "down", "Go to the next link of the list."),
    ("up", "up,k", "up", "Go to the previous link of the list."),
    ("next", "n", "next undecided", "Go to the next undecided link."),
    ("doubtful", "N", "next doubtful", "Go to the next undecided link that is more likely wrong than the rest."),
    ("next_uneven", "J", "next uneven", "Go to the next link that is not one sentence to one."),
    ("next_bookmark", "B", "next bookmark", "Go to the next bookmarked link."),
    (
        "go_to",
        "g",
        "go to",
        "Go to a link by its place in the list, by `#` and its number, by %, or by words in its text.",
    ),
    ("filter", "slash", "filter", "Show only links of a status, kind, language, confidence, or with words in them."),
    ("sort", "o", "sort", "Change between document order and doubt first."),
    ("document", "v", "documents", "Show both documents side by side with the links between them."),
    ("scroll_down", "ctrl+d", "scroll down", "Scroll the texts down."),
    ("scroll_up", "ctrl+u", "scroll up", "Scroll the texts up."),
)

LOOK = _table(
    "Look",
    ("audit", "y", "audit", "Judge a random sample of the accepted links, for a rate with its interval."),
    ("difference", "equals_sign", "changes", "Show or hide what was changed in edited texts."),
    ("history", "h", "history", "Show what was decided on this link, and by whom."),
    ("help", "question_mark,f1", "all keys", "Show every key."),
    ("back", "q,escape", "back", "Go back; from the workspace, leave. Everything is saved already."),
)

RIVALS = tuple(
    Action(f"rival_{n}", str(n), f"rival {n}", f"Link to rival {n} instead.", "Put right", f"rival({n})")
    for n in range(1, 10)
)

REVIEW = DECIDE + FIX + MOVE + LOOK + RIVALS

WORKSPACE = _table(
    "Workspace",
    ("open", "enter", "review", "Review the links of this pair of texts."),
    ("open_document", "v", "documents", "Show both documents side by side with the links between them."),
    ("open_all", "a", "review all", "Review the links of all texts, in order."),
    ("open_history", "h", "history", "Show the last decisions."),
)

PAGES = _table(
    "Documents",
    ("pick", "space", "pick", "Pick the sentence, or let go of it; the first on each side begins a hand-made link."),
    ("make", "l,enter", "link", "Link the sentences picked on both sides."),
    ("cross", "tab,left,right", "other side", "Go to the other document."),
    ("partner", "p", "partner", "Go to the sentence that this one is linked to."),
    ("next_unlinked", "n", "next unlinked", "Go to the next sentence that is linked to nothing."),
    ("show_link", "r", "review", "Review the link of this sentence."),
)

ALL = {action.id: action for action in (*REVIEW, *WORKSPACE, *PAGES)}


def bindings(actions: Iterable[Action], call: str = "{}") -> list[BindingType]:
    """The Textual bindings of the actions; `call` is the Textual action for the id of one, `{}`."""
    return [action.binding(call) for action in actions]


SCREENS = (REVIEW, (*WORKSPACE, ALL["help"], ALL["back"]), (*PAGES, ALL["undo"], ALL["redo"], ALL["help"], ALL["back"]))
"""The actions of each screen: inside one of them a key does one thing."""


def keymap(keys: Mapping[str, str]) -> dict[str, str]:
    """The reviewer's own keys, ready for `App.set_keymap`: a key that they give away leaves its default action.

    Raises UsageError for an action or a key there is not, for an action that would be left without one, and where they
    give one key to two actions of a screen.
    """
    for name in keys:
        if name not in ALL:
            raise UsageError(f"[keys]: there is no action {name!r}. Actions are {', '.join(sorted(ALL))}.")
        if not split(keys[name]):
            raise UsageError(f"[keys]: {name} is given no key. Name one, or take the line out.")
    own = {name: ",".join(split(wanted)) for name, wanted in keys.items()}
    for actions in SCREENS:
        taken: dict[str, str] = {}
        for action in actions:
            for key in split(own.get(action.id, "")):
                other = taken.setdefault(one_name(key), action.id)
                if other != action.id:
                    raise UsageError(f"[keys]: {key} is both {other} and {action.id}. Give one of them another key.")
    return own


def one_name(key: str) -> str:
    """A key's character where it has one (`slash` is `/`), else its name. Raises UsageError for what is no key."""
    if len(key) == 1:
        return key
    *held, last = key.split("+")
    character = key_to_character(REPLACED_KEYS.get(last, last))
    known = len(last) == 1 or last in NAMED or key in NAMED or character is not None
    if not known or not MODIFIERS.issuperset(held):
        raise UsageError(f"[keys]: {key!r} is no key. Write a character, or a name such as enter, space, f2 or ctrl+d.")
    return key if held or character is None else character


def split(keys: str) -> list[str]:
    """Comma-separated keys, one by one."""
    return [key.strip() for key in keys.split(",") if key.strip()]


def keys_of(action: Action, own: Mapping[str, str]) -> list[str]:
    """The keys that do the action, given the reviewer's own; empty where all of its defaults were given away."""
    if action.id in own:
        return split(own[action.id])
    mates = next(actions for actions in SCREENS if action in actions)
    given = {one_name(key) for mate in mates if mate.id in own for key in split(own[mate.id])}
    return [key for key in split(action.keys) if one_name(key) not in given]
