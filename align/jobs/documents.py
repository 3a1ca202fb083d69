"""Look up a document by name or number, and set its language."""

from __future__ import annotations

from pathlib import PurePath

from align.errors import UsageError
from align.store import DocumentRow, Store
from align.store.charset import stored_name
from align.text.han import chinese
from align.text.tags import canonical
from align.text.visible import visible


def language_tag(lang: str) -> str:
    """The canonical language tag (`zh-Hant` for `zh_TW`). Raises UsageError for an invalid one."""
    tag = canonical(lang)
    if tag is None:
        raise UsageError(f"{lang!r} is not a language tag. Write it as ja, en, zh-Hant or pt-BR.")
    return tag


def asked_language(lang: str | None) -> str | None:
    """`language_tag`, or None for a language to be detected."""
    return None if lang is None else language_tag(lang)


def find_document(store: Store, called: str) -> DocumentRow:
    """The document with that name, file name or number; names also match in their printed form, with control
    characters escaped. Raises UsageError if none or several match."""
    rows = store.documents()
    name = stored_name(called)
    found = [row for row in rows if name in (row.name, str(row.id))]
    found = found or [row for row in rows if PurePath(row.name).name == name]
    found = found or [row for row in rows if called in (visible(row.name), visible(PurePath(row.name).name))]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(
            f"{called}: {len(found)} documents have this name. Choose one by its number: `align documents`."
        )
    raise UsageError(f"{called}: no such document in the store. `align documents` lists them.")


def set_language(store: Store, called: str, lang: str) -> str:
    """Set the language of the document's sentences; returns its name. UsageError for a tag that is not BCP 47.

    A bare `zh` becomes Hant or Hans, by the script of the text.
    """
    tag = language_tag(lang)
    row = find_document(store, called)
    store.set_language(row.id, chinese(store.text(row.id)) if tag == "zh" else tag)
    return row.name
