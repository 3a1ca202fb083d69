"""The history of a link, of a document or of the whole store, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from align.errors import UsageError
from align.models import Decision
from align.store import Store
from align.store.actions import past_tense
from align.text.messages import json_line, pluralise
from align.workspace.document_lookup import find_document

SHOWN_COLUMNS = {"status", "kind", "note", "bookmarked", "anchored", "src_text", "tgt_text", "src", "tgt", "attention"}
"""The columns of a link whose changes are shown; the others follow from them."""


@dataclass(frozen=True, slots=True)
class Event:
    """A decision in words, with its changes to the requested link."""

    decision: Decision
    words: str
    changes: tuple[tuple[str, object, object], ...] = ()
    """(column, before, after)."""


def history(
    store: Store, *, link: int | None = None, document: int | None = None, limit: int | None = None
) -> Iterator[Event]:
    """Decisions, latest first: on a link, on a document and its links, or all."""
    for decision in store.decisions(link=link, document=document, limit=limit):
        changes = store.changes(decision.id, link) if link is not None else ()
        yield Event(decision, words_of(decision), tuple(change for change in changes if change[0] in SHOWN_COLUMNS))


def words_of(decision: Decision) -> str:
    """The decision in words."""
    words = past_tense(decision.action)
    detail = decision.detail
    if "statement" in detail:
        words = f"{words}: {_in_statement(detail)}" + (f" ({detail['why']})" if detail.get("why") else "")
        return f"{words}. Skipped: {detail['skipped']}" if detail.get("skipped") else words
    if decision.action in _WORDS_OF:
        return _WORDS_OF[decision.action](words, detail)
    if detail.get("conflict"):
        words = f"{words}, in another copy (conflict)"
    if "emptied" in detail:
        words = f"{words}; link {detail['emptied']} had no sentences left and was deleted"
    if "gave_way" in detail:
        words = f"{words}; {pluralise(int(str(detail['gave_way'])), 'undecided link')} on its sentences deleted"
    return f"{words} ({detail['why']})" if detail.get("why") else words


def _of_inverted(words: str, detail: Mapping[str, Any]) -> str:
    """An undo or redo, with what it inverted and what it skipped."""
    action = str(detail.get("action", ""))
    phrase = f"{words}: {past_tense(action)}"
    if action == "import":
        phrase = f"{detail.get('name', '')}: {phrase}{_in_links(detail)}"
    return f"{phrase}. Skipped: {detail['skipped']}" if detail.get("skipped") else phrase


def _of_new_text(words: str, detail: Mapping[str, Any]) -> str:
    """A changed text, with what became of its sentences and links."""
    if not detail.keys() >= {"removed", "proposals"}:
        return _of_counts(words, detail)
    old_counts = f"{detail['same']:,} sentences unchanged, {detail['reworded']:,} reworded, {detail['lost']:,} removed"
    new_counts = f"{detail['returned']:,} returned, {detail['new']:,} new"
    return f"{detail.get('name', '')}: {words} ({old_counts}, {new_counts}){_in_links(detail)}"


def _of_merge(words: str, detail: Mapping[str, Any]) -> str:
    """A merge with another copy, with what it took in."""
    if "decided" not in detail:
        return _of_counts(words, detail)
    counts = {key: int(str(detail[key])) for key in ("decisions", "decided", "links", "agreed", "conflicts")}
    return (
        f"{detail.get('name', '')}: {words} ({pluralise(counts['decisions'], 'decision')} taken in, on "
        f"{pluralise(counts['decided'], 'link')}; {counts['agreed']:,} of the links had been decided alike; "
        f"{pluralise(counts['links'], 'new link')}, {pluralise(counts['conflicts'], 'conflict')})"
    )


def _of_counts(words: str, detail: Mapping[str, Any]) -> str:
    """A decision on a document or a copy, with all its numbers."""
    rest = ", ".join(f"{key} {value}" for key, value in detail.items() if isinstance(value, int))
    return f"{detail.get('name', '')}: {words}" + (f" ({rest})" if rest else "")


def _of_compacted(words: str, detail: Mapping[str, Any]) -> str:
    """Removed documents deleted permanently."""
    return f"{words}: {pluralise(int(str(detail.get('documents', 0))), 'removed document')} deleted permanently"


def _of_proposed(words: str, detail: Mapping[str, Any]) -> str:
    """A run of the aligner on two texts."""
    added, removed = detail.get("added", 0), detail.get("removed", 0)
    return f"{words} {pluralise(int(str(added)), 'link')} ({detail.get('encoder', '')}), removed {removed:,}"


def _of_accepted(_words: str, detail: Mapping[str, Any]) -> str:
    """Many links accepted at once."""
    how = f" of confidence {detail['above']} and more" if "above" in detail else ""
    words = f"accepted {pluralise(int(str(detail.get('links', 0))), 'link')}{how}"
    if "left_out" in detail:
        words += f"; left out {detail['left_out']} whose sentences are in other accepted links"
    return words


_WORDS_OF: dict[str, Callable[[str, Mapping[str, Any]], str]] = {
    "undo": _of_inverted, "redo": _of_inverted, "import": _of_new_text, "unite": _of_merge, "remove": _of_counts,
    "compact": _of_compacted, "accept-many": _of_accepted, "propose": _of_proposed,
}  # fmt: skip
"""The words of actions that are on more than a link: of the action in the past tense, and the details."""


def _in_statement(detail: Mapping[str, Any]) -> str:
    """What a decision on a statement changed."""
    parts = [f"label {detail['label'][1]!r}"] if "label" in detail else []
    for document, text, _, _, role in detail["members"]:
        parts.append(f"{_short(text) or 'no passage'} of {document}: {role or 'removed'}")
    return "; ".join(parts)


def _in_links(detail: Mapping[str, object]) -> str:
    """The effect of a new text on links, as a suffix."""
    names = {
        "removed": ("confirmed link", "removed"), "reopened": ("confirmed link", "to be decided again"),
        "proposals": ("proposal", "removed"), "restored": ("confirmed link", "restored"),
    }  # fmt: skip
    counts = [
        f"{pluralise(int(str(detail[key])), noun)} {rest}" for key, (noun, rest) in names.items() if detail.get(key)
    ]
    return f"; {', '.join(counts)}" if counts else ""


def as_json(event: Event) -> str:
    """The event as one line of JSON."""
    decision = event.decision
    return json_line(
        {
            "id": decision.id,
            "uid": decision.uid,
            "at": decision.at,
            "reviewer": decision.reviewer,
            "action": decision.action,
            "link": decision.link,
            "words": event.words,
            "changes": [{"what": what, "before": before, "after": after} for what, before, after in event.changes],
            "detail": decision.detail,
        }
    )


def lines_of(event: Event) -> list[str]:
    """The event as lines of text: when, who, what, and its changes."""
    decision = event.decision
    link = f" link {decision.link}" if decision.link is not None else ""
    lines = [f"{decision.at[:19].replace('T', ' ')}  {who_of(decision)}:{link} {event.words}"]
    return lines + [f"    {what}: {_short(before)} -> {_short(after)}" for what, before, after in event.changes]


def who_of(decision: Decision) -> str:
    """The reviewer, with the visit in a browser that the decision was made in."""
    visit = decision.detail.get("visit")
    return f"{decision.reviewer} (visit {visit})" if visit else decision.reviewer


def _short(value: object) -> str:
    text = "-" if value is None else str(value)
    return text if len(text) <= 60 else text[:59] + "…"


def events_of(store: Store, what: str | None, *, limit: int | None = None) -> Iterator[Event]:
    """The history of a link by its number or a document by its name. A number that matches both is a link.

    Raises UsageError where neither exists.
    """
    if what is None:
        return history(store, limit=limit)
    if what.isdecimal() and store.decisions(link=int(what), limit=1):
        return history(store, link=int(what), limit=limit)
    try:
        document = find_document(store, what).id
    except UsageError as error:
        if what.isdecimal():
            raise UsageError(f"{what}: no link ever had this number, and no document has this name.") from error
        raise
    return history(store, document=document, limit=limit)
