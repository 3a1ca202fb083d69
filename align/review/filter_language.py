"""The filter language of the link list: words, and `status:proposed kind:summary lang:ja-zh <50 >90 doc:talk`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from align.errors import UsageError
from align.models import LinkKind, Status, statuses_of
from align.text.tags import canonical
from align.workspace.browse import LinkFilter

GRAMMAR = (
    "words  status:proposed  kind:summary  lang:ja-zh  <50  >90  doc:name  by:reviewer  1:2  crossing  unlinked  "
    "edited  noted  note:words  bookmarked  uneven  attention"
)

FLAGS: dict[str, dict[str, Any]] = {
    "noted": {"noted": True},
    "notes": {"noted": True},
    "bookmarked": {"bookmarked": True},
    "uneven": {"uneven": True},
    "attention": {"attention": True},
    "crossing": {"crossing": True},
    "unlinked": {"unlinked": True},
    "edited": {"statuses": frozenset({Status.EDITED})},
}
"""Words with a meaning of their own. In quotes they are searched in the texts."""


JUMPS: dict[str, dict[str, Any]] = {
    "crossing another link": FLAGS["crossing"],
    "next to an unpaired sentence": FLAGS["unlinked"],
    "not 1:1": FLAGS["uneven"],
    "edited": FLAGS["edited"],
    "rejected": {"statuses": frozenset({Status.REJECTED})},
    "with a note": FLAGS["noted"],
    "bookmarked": FLAGS["bookmarked"],
    "asking for attention": FLAGS["attention"],
    "partial": {"kinds": frozenset({LinkKind.PARTIAL})},
    "summary": {"kinds": frozenset({LinkKind.SUMMARY})},
    "title": {"kinds": frozenset({LinkKind.TITLE})},
    "quote": {"kinds": frozenset({LinkKind.QUOTE})},
}
"""What a jump goes to, and its conditions."""

NAMES = ("status:", "kind:", "lang:", "doc:", "by:", "note:")


def parse_filter(typed: str, base: LinkFilter, documents: Sequence[tuple[int, str]] = ()) -> LinkFilter:
    """Narrow `base` by the typed conditions. `documents`: (id, name), where `doc:` matches a part of the name.

    Raises UsageError that names the word it cannot read.
    """
    conditions: dict[str, Any] = {}
    words: list[str] = []
    for word in typed.split():
        name, colon, value = word.partition(":")
        if word in FLAGS:
            conditions.update(FLAGS[word])
        elif shape := re.fullmatch(r"(\d{1,2}):(\d{1,2})", word, re.ASCII):
            conditions["shape"] = int(shape[1]), int(shape[2])
        elif colon and (named := _named_condition(name, value, documents)):
            conditions.update(named)
        elif match := re.fullmatch(r"([<>])(\d{1,3})%?", word):
            conditions["max_confidence" if match[1] == "<" else "min_confidence"] = int(match[2]) / 100
        else:
            words.append(word)
    if words:
        conditions["text"] = " ".join(words)
    return replace(base, **conditions)


def _named_condition(name: str, value: str, documents: Sequence[tuple[int, str]]) -> dict[str, Any]:
    """The condition `name:value`; {} if there is no such name."""
    match name:
        case "note" if value:
            return {"note": value}
        case "status":
            return {"statuses": _statuses(value)}
        case "kind":
            return {"kinds": frozenset(_kind(part) for part in value.split(","))}
        case "lang":
            src, tgt = _languages(value)
            return {"src_lang": src, "tgt_lang": tgt}
        case "by":
            return {"reviewer": value}
        case "doc":
            return {"document": _document(value, documents)}
        case _:
            return {}


def completions(typed: str, documents: Sequence[tuple[int, str]] = (), reviewers: Sequence[str] = ()) -> list[str]:
    """What the last word of a filter can become, best first; the whole filter with each."""
    head, last = typed[: len(typed) - len(typed.split(" ")[-1])], typed.split(" ")[-1]
    values = {
        "status": [status.value for status in Status],
        "kind": [kind.value for kind in LinkKind],
        "doc": list(dict.fromkeys(name.rsplit("/", 1)[-1] for _, name in documents if " " not in name)),
        "by": [name for name in reviewers if " " not in name],
    }
    name, colon, value = last.partition(":")
    if colon and name in values:
        words = [f"{name}:{one}" for one in values[name] if one.lower().startswith(value.lower())]
    else:
        words = [word for word in (*NAMES, *FLAGS) if word.startswith(last)]
    return [head + word for word in words if last and word != last]


def _statuses(value: str) -> frozenset[Status]:
    try:
        return statuses_of(value)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _kind(value: str) -> LinkKind:
    """The kind with that prefix."""
    members = [member for member in LinkKind if member.value.startswith(value.lower())]
    if len(members) != 1 or not value:
        raise UsageError(f"{value!r}: choose one of {', '.join(member.value for member in LinkKind)}.")
    return members[0]


def _languages(value: str) -> tuple[str | None, str | None]:
    """Source and target of `ja-en`, `ja`, `-en` or `zh-Hant-en`, divided where a lower-case language follows."""
    parts = value.replace("_", "-").split("-")
    for at in range(1, len(parts)):
        src, tgt = "-".join(parts[:at]), "-".join(parts[at:])
        # `zh-TW` is one tag: languages are lower case, regions upper case, as displayed.
        if (not src or canonical(src)) and (not tgt or (canonical(tgt) and parts[at].islower())):
            return canonical(src), canonical(tgt)
    if tag := canonical(value):
        return tag, None
    raise UsageError(f"lang:{value}: write tags as they are shown: lang:ja, lang:ja-en, lang:zh-Hant-en or lang:-en.")


def _document(value: str, documents: Sequence[tuple[int, str]]) -> int:
    matches = [number for number, name in documents if value == str(number) or value.lower() in name.lower()]
    if not matches:
        raise UsageError(f"doc:{value}: no document has this in its name.")
    return matches[0]


def parse_percentage(typed: str) -> int:
    """A whole number from 0 to 100, with or without `%`."""
    figure = typed.strip().rstrip("%").strip()
    if not figure.isdecimal() or not 0 <= int(figure) <= 100:
        raise UsageError("Type a number from 0 to 100.")
    return int(figure)
