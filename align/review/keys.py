"""All actions of the app with their default keys; bindings, key bar, help and rebinding are derived from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from textual.binding import Binding, BindingType
from textual.keys import REPLACED_KEYS, Keys, key_to_character
from textual.theme import BUILTIN_THEMES

from align.errors import UsageError
from align.settings import Settings
from align.workspace.doctor import CheckResult, CheckState

KEY_NAMES = frozenset(key.value for key in Keys)
MODIFIERS = frozenset({"ctrl", "alt", "shift", "meta", "super", "hyper"})


@dataclass(frozen=True, slots=True)
class KeyAction:
    """An action with a key. `id` is its name in the config file's `[keys]`."""

    id: str
    keys: str
    label: str
    """Label in the key bar."""
    help_text: str
    """One sentence for the help screen."""
    group: str
    call: str = ""
    """The Textual action; empty: the screen derives it from the id. Where links are decided it is `perform(id)`, which
    calls the method `do_<id>` of `DecidingScreen`, else `<id>` of the session."""

    def binding(self, call: str = "{}") -> Binding:
        """The Textual binding that `set_keymap` can change by its id; `call` is the Textual action for an id."""
        return Binding(self.keys, self.call or call.format(self.id), self.label, id=self.id, tooltip=self.help_text)


def _table(group: str, *rows: tuple[str, ...]) -> tuple[KeyAction, ...]:
    return tuple(KeyAction(row[0], row[1], row[2], row[3], group, *row[4:]) for row in rows)


DECISION_KEYS = _table(
    "Decide",
    ("accept", "a", "accept", "Accept the link and go to the next undecided one."),
    (
        "reject",
        "x",
        "reject",
        "Reject the link and go to the next undecided one; the solver will not propose it again.",
    ),
    ("skip", "space", "skip", "Leave the link undecided and go to the next undecided one."),
    ("undo", "u", "undo", "Undo the last decision; repeat for earlier ones, also after a restart."),
    ("redo", "U", "redo", "Redo the last undone decision."),
    ("accept_through", "C", "accept to here", "Accept this link and every undecided one above it."),
    ("accept_above", "A", "accept ≥ …%", "Accept every undecided link above a confidence that you enter."),
    ("kind", "t", "kind", "Set the kind of the link: translation, partial, summary, title or quote."),
    ("note", "c", "note", "Write a note on the link."),
    ("bookmark", "b", "bookmark", "Set or remove a bookmark on the link."),
)

EDIT_KEYS = _table(
    "Edit",
    ("merge_next", "m", "merge next", "Merge the link with the next one."),
    ("merge_previous", "M", "merge previous", "Merge the link with the previous one."),
    (
        "split",
        "s",
        "split",
        "Split the link in two: a 2:2 link at once, others at points that you select, as with `S`.",
    ),
    (
        "split_at",
        "S",
        "split at",
        "Split the link at a point that you select on each side, between sentences or inside one.",
    ),
    ("side", "tab", "other side", "Change the side that the next four keys act on."),
    (
        "give_up",
        "left_square_bracket",
        "first up",
        "Move the first sentence of the side out of the link, to the link above.",
    ),
    (
        "give_down",
        "right_square_bracket",
        "last down",
        "Move the last sentence of the side out of the link, to the link below.",
    ),
    ("take_up", "left_curly_bracket", "take above", "Add the sentence above to the side."),
    ("take_down", "right_curly_bracket", "take below", "Add the sentence below to the side."),
    ("relink", "r", "re-link", "Link other sentences: select them on both sides in the document view."),
    ("unlink", "d", "unlink", "Delete the link; its sentences become unpaired."),
    ("edit", "e", "edit", "Edit the text of a side; the original is not lost."),
    ("swap", "w", "swap", "Swap the sides: source becomes target."),
    (
        "solve",
        "R",
        "realign",
        "Realign undecided links around the nearest confirmed link, as after an edit; shown before it is saved.",
    ),
    ("info", "i", "why, others", "Show the solver's features, and the alternatives that keys 1 to 9 select."),
)

MOVEMENT_KEYS = _table(
    "Move",
    ("down", "down,j", "down", "Go to the next link of the list."),
    ("up", "up,k", "up", "Go to the previous link of the list."),
    ("next", "n", "next undecided", "Go to the next undecided link."),
    ("doubtful", "N", "next doubtful", "Go to the next undecided link that is more likely wrong than the rest."),
    ("next_uneven", "J", "next not 1:1", "Go to the next link that is not one sentence to one."),
    ("next_bookmark", "B", "next bookmark", "Go to the next bookmarked link."),
    (
        "jump",
        "full_stop",
        "jump to",
        "Go to the next link that crosses, is edited, has a note, is next to an unpaired sentence; twice: again.",
    ),
    (
        "go_to",
        "g",
        "go to",
        "Go to a link by its position in the list, by `#` and its number, by %, or by words in its text.",
    ),
    ("filter", "slash", "filter", "Show only links of a status, kind, language, confidence, or with words in them."),
    ("sort", "o", "sort", "Switch between document order and doubt order."),
    ("document", "v", "documents", "Show both documents side by side with the links between them."),
    ("scroll_down", "ctrl+d", "scroll down", "Scroll the texts down."),
    ("scroll_up", "ctrl+u", "scroll up", "Scroll the texts up."),
)

VIEW_KEYS = _table(
    "Look",
    ("audit", "y", "audit", "Judge a random sample of the accepted links to estimate how many are right."),
    (
        "who_else",
        "W",
        "who else",
        "Ask which other documents say the same as this passage, and give their passages a role.",
        "app.who_else",
    ),
    ("difference", "equals_sign", "changes", "Show or hide the changes in edited texts."),
    ("history", "h", "history", "Show the decisions on the link, with reviewer and time."),
    ("concordance", "f", "look up", "Show how else the sentence is translated, and find words in all texts."),
    ("help", "question_mark,f1", "help", "Show the keys of this screen, searched as you type."),
    ("clear", "escape", "clear", "Clear the filter, or the selection between documents; never leaves."),
    ("copy", "ctrl+c", "copy", "Copy the text of the side to the clipboard, also through SSH where the terminal can."),
    ("open_file", "O", "open file", "Open the file of the side's document in its program."),
    ("back", "q", "back", "Go back, or quit from the workspace. Everything is saved already."),
)

ALTERNATIVE_KEYS = tuple(
    KeyAction(
        f"alternative_{n}", str(n), f"alternative {n}", f"Link to alternative {n} instead.", "Edit", f"alternative({n})"
    )
    for n in range(1, 10)
)

REVIEW_KEYS = DECISION_KEYS + EDIT_KEYS + MOVEMENT_KEYS + VIEW_KEYS + ALTERNATIVE_KEYS

KEY_BAR = (
    "accept", "reject", "undo", "merge_next", "split", "give_up", "give_down", "document", "sort", "skip", "next",
    "go_to", "edit", "side", "take_up", "take_down", "unlink", "relink", "info", "note", "kind", "bookmark",
)  # fmt: skip
"""What the key bar of the review shows first, so that it is learned by position."""

WORKSPACE_KEYS = _table(
    "Workspace",
    ("open", "enter", "review", "Review the links of the row, where you left them or from the first undecided one."),
    ("open_all", "a", "all", "Review the links of all texts, in order."),
    ("open_document", "v", "side by side", "Show both documents side by side with the links between them."),
    ("add_files", "plus", "add", "Add files, folders or patterns to the store."),
    ("propose_links", "p", "propose", "Find links between all texts, in the background."),
    ("export_links", "e", "export", "Write links to a file, in the background."),
    ("write_report", "r", "report", "Write the report as a web page, in the background."),
    ("audit_links", "y", "audit", "Judge a random sample of the accepted links of the row."),
    ("cancel_job", "x", "cancel", "Cancel what runs in the background; what is finished stays."),
    ("table_by", "tab", "by document", "List documents instead of pairs of texts, or pairs again."),
    ("sort_texts", "o", "sort", "Sort by name, undecided links, expected share of right ones, or progress."),
    ("filter_texts", "slash", "filter", "List only texts with words in their names, languages or state."),
    ("open_history", "h", "history", "Show the last decisions."),
    ("statements", "W", "statements", "List the statements: who says what.", "app.statements"),
)

DOCUMENT_KEYS = _table(
    "Documents",
    ("pick", "space", "pick", "Select or deselect the sentence, to link the selected sentences by hand."),
    ("make", "l", "link", "Link the selected sentences of both sides."),
    ("cross", "tab,left,right", "other side", "Go to the other document."),
    ("partner", "p", "partner", "Go to the sentence that this one is linked to."),
    ("next_unlinked", "0", "next unpaired", "Go to the next unpaired sentence."),
    ("show_link", "r", "review", "Review the link of this sentence."),
    ("find", "slash", "find", "Go to the next sentence with some words, and mark them; with Enter again to the next."),
)

WORKSPACE_SHARED_KEYS = ("concordance", "clear", "help", "back")

DOCUMENT_SHARED_KEYS = (
    "accept", "reject", "undo", "redo", "merge_next", "merge_previous", "split", "split_at", "give_up", "give_down",
    "take_up", "take_down", "unlink", "edit", "note", "kind", "bookmark", "swap", "solve", "next", "doubtful",
    "next_uneven", "next_bookmark", "jump", "go_to", "history", "copy", "open_file", "concordance", "clear",
    "help", "back",
)  # fmt: skip
"""Actions of the review that work between documents too, on the link of the sentence under the cursor."""

DOCUMENT_KEY_BAR = (
    "accept", "reject", "undo", "merge_next", "split", "pick", "make", "next_unlinked", "give_up", "give_down", "cross",
    "next", "show_link", "take_up", "take_down", "partner", "unlink",
)  # fmt: skip
"""What the key bar between documents shows first."""

ACTIONS_BY_ID = {action.id: action for action in (*REVIEW_KEYS, *WORKSPACE_KEYS, *DOCUMENT_KEYS)}


def bindings(actions: Iterable[KeyAction], call: str = "{}") -> list[BindingType]:
    """The Textual bindings of the actions; `call` is the Textual action for the id of one, `{}`."""
    return [action.binding(call) for action in actions]


ACTIONS_BY_SCREEN = (
    REVIEW_KEYS,
    (*WORKSPACE_KEYS, *(ACTIONS_BY_ID[name] for name in WORKSPACE_SHARED_KEYS)),
    (*DOCUMENT_KEYS, *(ACTIONS_BY_ID[name] for name in DOCUMENT_SHARED_KEYS)),
)
"""Actions of each screen; within a screen no key has two actions."""


def keymap(keys: Mapping[str, str]) -> dict[str, str]:
    """The reviewer's key bindings for `App.set_keymap`. A key that they rebind is removed from its default action.

    Raises UsageError for an unknown action or key, for an action without a key, and for a key with two actions of a
    screen.
    """
    for name in keys:
        if name not in ACTIONS_BY_ID:
            raise UsageError(f"[keys]: there is no action {name!r}. Actions are {', '.join(sorted(ACTIONS_BY_ID))}.")
        if not split_keys(keys[name]):
            raise UsageError(f"[keys]: {name} has no key. Name one, or remove the line.")
    rebound = {name: ",".join(split_keys(new_keys)) for name, new_keys in keys.items()}
    for actions in ACTIONS_BY_SCREEN:
        actions_by_key: dict[str, str] = {}
        for action in actions:
            for key in split_keys(rebound.get(action.id, "")):
                other = actions_by_key.setdefault(canonical_key(key), action.id)
                if other != action.id:
                    raise UsageError(f"[keys]: {key} is both {other} and {action.id}. Give one of them another key.")
    return rebound


def check_settings(settings: Settings) -> Iterator[CheckResult]:
    """Findings about keys and theme of the settings that are not usable."""
    try:
        keymap(settings.keys)
    except UsageError as error:
        yield CheckResult("keys", CheckState.BAD, str(error), "Edit the file that `align config path` prints.")
    if settings.theme and settings.theme not in BUILTIN_THEMES:
        message = f"there is no theme {settings.theme!r}; the default is used"
        yield CheckResult("theme", CheckState.NOTE, message, f"Themes are {', '.join(sorted(BUILTIN_THEMES))}.")


def canonical_key(key: str) -> str:
    """Character of a key if it has one (`slash` is `/`), else its name. Raises UsageError if it is not a key."""
    if len(key) == 1:
        return key
    *modifiers, last = key.split("+")
    character = key_to_character(REPLACED_KEYS.get(last, last))
    is_key = len(last) == 1 or last in KEY_NAMES or key in KEY_NAMES or character is not None
    if not is_key or not MODIFIERS.issuperset(modifiers):
        raise UsageError(f"[keys]: {key!r} is no key. Write a character, or a name such as enter, space, f2 or ctrl+d.")
    return key if modifiers or character is None else character


def split_keys(keys: str) -> list[str]:
    """Split comma-separated keys."""
    return [key.strip() for key in keys.split(",") if key.strip()]


def keys_of(action: KeyAction, rebound: Mapping[str, str]) -> list[str]:
    """Keys of the action after rebinding; empty if all of its defaults are bound to other actions."""
    if action.id in rebound:
        return split_keys(rebound[action.id])
    screen_actions = next(actions for actions in ACTIONS_BY_SCREEN if action in actions)
    given = {
        canonical_key(key)
        for screen_action in screen_actions
        if screen_action.id in rebound
        for key in split_keys(rebound[screen_action.id])
    }
    return [key for key in split_keys(action.keys) if canonical_key(key) not in given]
