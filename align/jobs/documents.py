"""Find a document of the store by what a person calls it, and correct what was found out about it."""

from __future__ import annotations

from pathlib import PurePath

from align.errors import UsageError
from align.store import DocumentRow, Store
from align.store.charset import stored_name
from align.text.han import chinese
from align.text.tags import canonical
from align.text.visible import visible


def language_tag(lang: str) -> str:
    """A language tag as the house writes it (`zh_TW` is `zh-Hant`). Raises UsageError for what is none."""
    tag = canonical(lang)
    if tag is None:
        raise UsageError(f"{lang!r} is not a language tag. Write it as ja, en, zh-Hant or pt-BR.")
    return tag


def asked_language(lang: str | None) -> str | None:
    """`language_tag` of what may be left to be found out."""
    return None if lang is None else language_tag(lang)


def find_document(store: Store, called: str) -> DocumentRow:
    """The document of that name, file name or number; a name also as it is printed, with what would steer a terminal
    written out. Raises UsageError where none or several are called so."""
    rows = store.documents()
    name = stored_name(called)
    found = [row for row in rows if name in (row.name, str(row.id))]
    found = found or [row for row in rows if PurePath(row.name).name == name]
    found = found or [row for row in rows if called in (visible(row.name), visible(PurePath(row.name).name))]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{called}: {len(found)} documents are called so. Say which by its number: `align documents`.")
    raise UsageError(f"{called}: no such document in the store. `align documents` lists them.")


def set_language(store: Store, called: str, lang: str) -> str:
    """Tag the document's sentences by hand; returns its name. Raises UsageError for a tag that is not BCP 47.

    `zh` alone is Hant or Hans, as the text is written.
    """
    tag = language_tag(lang)
    row = find_document(store, called)
    store.set_language(row.id, chinese(store.text(row.id)) if tag == "zh" else tag)
    return row.name
