"""Divide the decisions on links by the texts that their documents had, where merged copies have different texts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import product

from align.store.actions import Action
from align.store.decision_log import State
from align.store.merge.replica import SIDES
from align.store.merge.text_versions import TextVersions
from align.store.merge.writes import History, MergedLink, Write


def part_by_text(history: History, texts: TextVersions) -> None:
    """Leave each link the writes that count for this store's texts.

    Those that count for other texts that its documents had are a link without births: a decision on several links
    is in conflict on one of them in every store or in none.
    """
    undone = {entry.target for entry in history.entries if entry.action == Action.UNDO}
    for link in history.links[:]:
        documents = _documents_of(history, link)
        names = sorted({name for two in documents for name in two} & texts.changes.keys())
        if not names:
            continue
        writes = [
            (write, texts.changes.keys() & _scope(history, number, link, documents, undone))
            for number, write in enumerate(link.writes)
            if not _has_left(history, write, link, documents, undone)
        ]
        here = tuple(texts.digests.get(name, "") for name in names)
        parts: dict[tuple[Write, ...], dict[str, str]] = {}
        for digests in (here, *product(*map(texts.versions, names))):
            digest_of = dict(zip(names, digests, strict=True))
            part = tuple(w for w, two in writes if all(texts.cut_fits(w.position, n, digest_of[n]) for n in two))
            parts.setdefault(part, digest_of)
        for write in link.writes:
            history.of_entry[write.position].remove((link, write))
        link.writes.clear()
        for number, (selected, digest_of) in enumerate(parts.items()):
            part_link = link if number == 0 else MergedLink([], link.sides)
            for write in selected:
                history.write(part_link, _in_texts(history, texts, write, digest_of))
            if number:
                history.links.append(part_link)


def _in_texts(history: History, texts: TextVersions, write: Write, digests: Mapping[str, str]) -> Write:
    """A write with the sentences of the texts with these digests, where they have them."""

    def translated(columns: State) -> State:
        sides = {
            side: texts.in_texts(columns[side], write.position, digests, history.sentences)
            for side in SIDES
            if side in columns
        }
        return {**columns, **sides}

    was = write.was and translated(write.was)
    return replace(write, columns=translated(write.columns), was=was)


def _documents_of(history: History, link: MergedLink) -> list[tuple[str, ...]]:
    """Names of the two documents that a link was between after each of its writes."""
    born = tuple(history.sentences.document(side[0])[0] if side else "" for side in link.sides)
    documents: list[tuple[str, ...]] = []
    for number, write in enumerate(link.writes):
        earlier = (n for n in reversed(range(number)) if _knew(history, link.writes[n], write))
        base = next(earlier, None)
        source, target = born if base is None else documents[base]
        src, tgt = (write.columns.get(side) for side in ("src", "tgt"))
        source = history.sentences.document(src[0])[0] if src else source
        documents.append((source, history.sentences.document(tgt[0])[0] if tgt else target))
    return documents


def _scope(
    history: History,
    number: int,
    link: MergedLink,
    documents: Sequence[tuple[str, ...]],
    undone: Collection[str | None],
) -> Collection[str]:
    """Names of the documents whose texts a write of a link depends on, by its number."""
    write, entry = link.writes[number], history.entries[link.writes[number].position]
    if entry.action == Action.UNDO:  # It counts where that counts which it takes back.
        target = history.causality.position.get(entry.target or "")
        done = (two for one, two in zip(link.writes, documents, strict=True) if one.position == target)
        return next(done, documents[number])
    if write.was is not None or not write.columns.keys().isdisjoint(SIDES):
        return documents[number]
    # On a link that was drawn on other documents meanwhile, it counts there, whatever the text is.
    return [name for name in documents[number] if not _drawn_away(history, write, name, link, documents, undone)]


def _drawn_away(
    history: History,
    write: Write,
    name: str,
    link: MergedLink,
    documents: Sequence[tuple[str, ...]],
    undone: Collection[str | None],
) -> list[Write]:
    """What drew a link on other documents than the one of that name, without knowledge of a write and it of that."""
    return [
        other
        for other, two in zip(link.writes, documents, strict=True)
        if name not in two
        and history.causality.concurrent(other.position, write.position)
        and history.entries[other.position].uid not in undone
    ]


def _has_left(
    history: History,
    write: Write,
    link: MergedLink,
    documents: Sequence[tuple[str, ...]],
    undone: Collection[str | None],
) -> bool:
    """Whether a change of a text concerns the link no more: it was drawn on other documents, without knowledge of
    the change, and nobody decided on it as the change left it."""
    if write.was is None:
        return False
    name = str(history.entries[write.position].detail.get("name"))
    away = _drawn_away(history, write, name, link, documents, undone)
    return bool(away) and not any(
        one.was is None and _knew(history, write, one) and not any(_knew(history, other, one) for other in away)
        for one in link.writes
    )


def _knew(history: History, write: Write, later: Write) -> bool:
    return history.causality.before(write.position, later.position)
