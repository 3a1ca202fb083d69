"""Kinds of work for the fault benchmark: each reports what was acknowledged."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path

from align.errors import AlignError
from align.exchange.export import export_store
from align.exchange.types import ExportOptions
from align.models import CONFIRMED, Block, BlockKind, Document, Link, LinkKind, Proposal, Realignment, Sentence, Span
from align.review.app import ReviewApp
from align.review.screens.review import ReviewScreen
from align.reviewer import Reviewer
from align.store import Change, LinkFilter, Store, edits, open_store, restore
from align.workspace.realign import AlternativeTarget

REVIEWER = "Aoi"
"""The reviewer of the app."""
Say = Callable[[str], None]
Work = Callable[[Path, random.Random, Say], None]


def document(name: str, lang: str, sentences: int) -> Document:
    """A text of so many short sentences."""
    texts = [f"{name} {n} 霧が出る。" if lang == "ja" else f"{name} {n} fog rises." for n in range(sentences)]
    inside, start = [], 0
    for text in texts:
        inside.append(Sentence((Span(start, start + len(text)),), lang, 1.0))
        start += len(text) + 1
    block = Block(Span(0, start - 1), BlockKind.BODY, lang, 1.0, tuple(inside))
    return Document(name, "\n".join(texts) + "\n", (block,))


def proposals(store: Store, shift: int, pair: tuple[int, int] = (1, 2)) -> list[Proposal]:
    """A link for every sentence of the first document, to one of the second."""
    src, tgt = (store.sentences(number) for number in pair)
    return [
        Proposal((row.id,), (tgt[(n + shift) % len(tgt)].id,), LinkKind.TRANSLATION, 0.5, 0.5)
        for n, row in enumerate(src)
    ]


def fill(path: Path, links: int) -> None:
    """A store with so many links."""
    with open_store(path) as store:
        for name, lang in (("a", "ja"), ("b", "en")):
            store.add_document(document(name, lang, links))
        store.propose(1, 2, proposals(store, 0), "use")


# Work during which faults occur: each reports a line for every acknowledged item.


def reviewing(path: Path, rng: random.Random, say: Say) -> None:
    """Make decisions of every kind."""
    with open_store(path) as store:
        reviewer = Reviewer(store, f"reviewer {rng.randrange(3)}")
        ids = [link.id for link in store.links()]
        say("ready")
        while True:
            link, other = rng.choice(ids), rng.choice(ids)
            work: Callable[[], Change] = rng.choice(
                [
                    lambda: reviewer.commit(edits.accept(link)),  # noqa: B023
                    lambda: reviewer.commit(edits.reject(link)),  # noqa: B023
                    lambda: reviewer.commit(edits.note(link, "?")),  # noqa: B023
                    lambda: reviewer.commit(edits.merge(link, other)),  # noqa: B023
                    lambda: reviewer.commit(edits.split(link, (0, 5), (0, 5))),  # noqa: B023
                    lambda: reviewer.commit(edits.edit_text(link, "tgt", "as a reviewer has it")),  # noqa: B023
                    reviewer.undo,
                    reviewer.redo,
                    lambda: reviewer.accept_above(rng.random()),
                ]
            )
            with suppress(AlignError):
                say(f"decision {work().decision.uid}")


def visiting(path: Path, _rng: random.Random, _say: Say) -> None:
    """Open the store and close it: the last connection that closes deletes the log."""
    with open_store(path, create=False) as store:
        store.count()


def adding(path: Path, rng: random.Random, say: Say) -> None:
    """Add new documents, and changed ones."""
    with open_store(path) as store:
        say("ready")
        while True:
            name = f"more {rng.randrange(10**9)}"
            store.add_document(document(name, "en", rng.randrange(1, 60)))
            say(f"document {name}")
            changed = store.add_document(
                document("b", "en", rng.randrange(20, 60)), reviewer="reviewer 0", replace_settled=True
            )
            say(f"sentences {changed.document}")


def proposing(path: Path, rng: random.Random, say: Say) -> None:
    """Run proposals, each replacing the undecided links."""
    with open_store(path) as store:
        say("ready")
        while True:
            store.propose(1, 2, proposals(store, rng.randrange(5)), "use")
            say("run")


def exporting(path: Path, rng: random.Random, say: Say) -> None:
    """Export over the same file, with decisions in between."""
    out = path.with_suffix(".jsonl")
    with open_store(path) as store:
        say("ready")
        while True:
            export_store(store, out, "jsonl", ExportOptions(force=True))
            say("export")
            say(f"decision {Reviewer(store, 'ada').commit(edits.bookmark(rng.choice([1, 2, 3]))).decision.uid}")


def merging(path: Path, rng: random.Random, say: Say) -> None:
    """Make decisions in copies and merge them."""
    with open_store(path) as store:
        say("ready")
        while True:
            copy = path.with_name("copy.db")
            store.backup(copy, force=True)
            with open_store(copy) as theirs:
                uid = Reviewer(theirs, "bo").commit(edits.note(rng.choice([4, 5, 6]), str(rng.random()))).decision.uid
            store.unite(copy)
            say(f"decision {uid}")


def settled(store: Store, names: list[str]) -> list[list[str]]:
    """Confirmed links between two documents, by text."""
    numbers = {row.name: row.id for row in store.documents()}
    pair = (numbers[names[0]], numbers[names[1]])
    links = store.links(LinkFilter(documents=pair, statuses=CONFIRMED))
    return sorted([link.status.value, link.src.text, link.tgt.text] for link in links)


EDITOR = "editor"
"""The user who adds changed texts."""


def rewriting(path: Path, rng: random.Random, say: Say) -> None:
    """Change a text under its confirmed links, and change it back: by undo, or by adding the old text again.

    The confirmed links before are in a file next to the store while a change of text may be in effect.
    """
    note = path.with_suffix(".settled")
    count = rng.randrange(8, 30)
    with open_store(path) as store:
        names = [f"{lang} {rng.randrange(10**9)}" for lang in ("ja", "en")]
        src, tgt = (store.add_document(document(name, name[:2], count)).document for name in names)
        store.propose(src, tgt, proposals(store, 0, (src, tgt)), "use")
        settle = [link.id for link in store.links(LinkFilter(documents=(src, tgt)))]
        for link in settle[: rng.randrange(1, count)]:
            Reviewer(store, "ada").commit(edits.accept(link))
        say("ready")
        while True:
            before = settled(store, names)
            replace_file(note, json.dumps([names, before]))
            with suppress(AlignError):  # Refused if too many links would be deleted: then nothing may have changed.
                changed = document(names[1], "en", rng.randrange(1, count))
                store.add_document(changed, reviewer=EDITOR, replace_settled=rng.random() < 0.8)
                if rng.random() < 0.5:
                    Reviewer(store, EDITOR).undo()
                else:
                    store.add_document(document(names[1], "en", count), reviewer=EDITOR, replace_settled=True)
            now = settled(store, names)
            if now != before:
                raise AssertionError(f"{len(before)} settled links before the text changed and back, {len(now)} now")
            say("texts")


def replace_file(path: Path, text: str) -> None:
    """Write a small file atomically."""
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def restoring(path: Path, rng: random.Random, say: Say) -> None:
    """Restore backups after further decisions, and sometimes undo the restore."""
    say("ready")
    saved = path.with_name("saved.db")
    while True:
        with suppress(AlignError):
            with open_store(path) as store:
                store.backup(saved, force=True)
                say("backup")
                ids = [link.id for link in store.links()]
                for _ in range(rng.randrange(1, 4)):
                    change = Reviewer(store, "ada").commit(edits.note(rng.choice(ids), str(rng.random())))
                    say(f"decision {change.decision.uid}")
            say("restoring")
            before = restore(path, saved).before
            say("restored")
            if before is not None and rng.random() < 0.5:
                restore(path, before)
                say("taken back")


class NoSolver:
    """A solver without results: the app is tested here, not the solver."""

    def realign(self, *_documents: int, **_asked: object) -> Realignment:
        """No realignment."""
        return Realignment()

    def alternatives(self, _link: Link, _count: int) -> list[AlternativeTarget]:
        """No alternatives."""
        return []


KEYS = ("a", "x", "space", "down", "up", "u", "U", "m", "b", "w", "n", "o", "S", "enter", "escape")


def using_the_app(path: Path, rng: random.Random, say: Say) -> None:
    """Run `align review` with random keys; decisions count once the app no longer shows them as being saved."""
    asyncio.run(_pressing(path, rng, say))


async def _pressing(path: Path, rng: random.Random, say: Say) -> None:
    app = ReviewApp(path, REVIEWER)
    app.solver._open = lambda: nullcontext(NoSolver())  # type: ignore[arg-type]
    known = ""
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        kept = app.last_state().link
        if kept is not None and app.browser.link(kept) is None:
            kept = None
        current = app.screen.session.current if isinstance(app.screen, ReviewScreen) else None
        shown = current.id if current else None
        say("ready" if kept in (None, shown) else f"traceback it stands on {shown}, not on {kept}")
        while app.is_running:
            await pilot.press(rng.choice(KEYS))
            if app.decision_writer.waiting:
                continue
            latest = next(
                (d.uid for d in app.browser.store.decisions(link=None, limit=20) if d.reviewer == REVIEWER), ""
            )
            if latest not in (known, ""):
                known = latest
                say(f"decision {latest}")


WORKS: dict[str, Work] = {
    "review": reviewing,
    "app": using_the_app,
    "add": adding,
    "propose": proposing,
    "export": exporting,
    "merge": merging,
    "rewrite": rewriting,
    "restore": restoring,
}
