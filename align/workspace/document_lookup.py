"""Look up a document by name or number, and set its language."""

from __future__ import annotations

from pathlib import PurePath

from align.errors import UsageError
from align.store import DocumentRow, Store
from align.store.records import stored_name
from align.text.han import chinese_tag
from align.text.messages import visible
from align.text.tags import canonical


def language_tag(lang: str) -> str:
    """The canonical language tag (`zh-Hant` for `zh_TW`). Raises UsageError for an invalid one."""
    tag = canonical(lang)
    if tag is None:
        raise UsageError(f"{lang!r} is not a language tag. Write it as ja, en, zh-Hant or pt-BR.")
    return tag


def language_tag_or_none(lang: str | None) -> str | None:
    """`language_tag`, or None for a language to be detected."""
    return None if lang is None else language_tag(lang)


def find_document(store: Store, reference: str) -> DocumentRow:
    """The document with that name, file name or number; names also match in their printed form, with control
    characters escaped. Raises UsageError if none or several match."""
    rows = store.documents()
    name = stored_name(reference)
    matches = [row for row in rows if name in (row.name, str(row.id))]
    matches = matches or [row for row in rows if PurePath(row.name).name == name]
    matches = matches or [row for row in rows if reference in (visible(row.name), visible(PurePath(row.name).name))]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise UsageError(
            f"{reference}: {len(matches)} documents have this name. Choose one by its number: `align documents`."
        )
    raise UsageError(f"{reference}: no such document in the store. `align documents` lists them.")


def set_language(store: Store, reference: str, lang: str) -> str:
    """Set the language of the document's sentences; returns its name. UsageError for a tag that is not BCP 47.

    A bare `zh` becomes Hant or Hans, by the script of the text.
    """
    tag = language_tag(lang)
    row = find_document(store, reference)
    store.set_language(row.id, chinese_tag(store.text(row.id)) if tag == "zh" else tag)
    return row.name
