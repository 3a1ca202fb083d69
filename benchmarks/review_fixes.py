"""Fixes in a fresh chapter: how many keys each takes, and whether what was changed is what the panel showed.

    python -m benchmarks.review_fixes            # 40 each of merge, take, give, split and accept; one JSON object

The chapter is textberg_de_fr.dev of the gold, proposed anew. Each fix is undone before the next. A fix takes one key
where it changes nothing else that a reviewer has to agree to (`Consequences.needs_answer`). Split takes 2:2 links, and
where the chapter has too few, two neighbours that were merged for it.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from align.embeddings import cached, load_encoder
from align.errors import AlignError
from align.models import CONFIRMED, Link, Status
from align.review.queries import Consequences, consequences_of, neighbour, realignment_of
from align.reviewer import Reviewer, open_reviewer
from align.store import Store, edits, open_store
from align.store.edits import Edit
from align.workspace.add import add
from align.workspace.browse import Browser, open_browser
from align.workspace.propose import propose
from align.workspace.realign import Realigner
from benchmarks.gold import book

NAME, SEED, COUNT = "textberg_de_fr.dev", 18, 40


def chapter(folder: Path) -> Path:
    """A store with the chapter as two documents, proposed with the encoder `use`."""
    texts = book(NAME)
    paths = []
    for side in ("src", "tgt"):
        path = folder / f"chapter.{texts[f'{side}_lang']}.txt"
        path.write_text("\n".join(texts[side]) + "\n", encoding="utf-8")
        paths.append(str(path))
    db = folder / "chapter.db"
    list(add(db, paths))
    with open_store(db) as store, cached(load_encoder("use"), db) as encoder:
        list(propose(store, encoder))
    return db


def contents(store: Store) -> dict[tuple[tuple[int, ...], tuple[int, ...]], Status]:
    """Status of each link, by its sentences."""
    return {(link.src.sentences, link.tgt.sentences): link.status for link in store.links()}


class Fixes:
    """Fixes of one store, each previewed, committed, compared and undone."""

    def __init__(self, browser: Browser, reviewer: Reviewer, solver: Realigner, seed: int) -> None:
        self.browser, self.reviewer, self.solver = browser, reviewer, solver
        self.chance = random.Random(seed)
        self.links = list(browser.store.links())

    def measured(self, of: Callable[[Link], Edit | None], count: int) -> dict[str, int]:
        """`count` fixes at random links: one key, shown exactly, sentences shown."""
        result = {"fixes": 0, "one_key": 0, "as_shown": 0, "refused": 0}
        for link in self.chance.sample(self.links, len(self.links)):
            if result["fixes"] == count:
                break
            edit = of(link)
            if edit is None:
                continue
            try:
                self._fix(edit, result)
            except AlignError:
                result["refused"] += 1
        return result

    def _fix(self, edit: Edit, result: dict[str, int]) -> None:
        preview = self.reviewer.preview(edit)
        consequences = consequences_of(self.browser, preview, realignment_of(self.solver, preview, edit))
        before = contents(self.browser.store)
        self.reviewer.commit(edit, expected=preview.versions, realignment=consequences.realignment)
        after = contents(self.browser.store)
        result["fixes"] += 1
        result["one_key"] += not consequences.needs_answer
        result["as_shown"] += is_as_shown(before, after, consequences)
        self.reviewer.undo()

    def split(self, count: int) -> dict[str, int]:
        """Splits of 2:2 links: of the chapter first, then of merged neighbours."""
        result = {"fixes": 0, "one_key": 0, "as_shown": 0, "refused": 0}
        for link in self._even(self.chance.sample(self.links, len(self.links))):
            self._fix(edits.split(link.id, 1, 1), result)
            if result["fixes"] == count:
                break
        for link in self.chance.sample(self.links, len(self.links)):
            other = neighbour(self.browser, link, 1)
            if result["fixes"] >= count:
                break
            if other is None or any(len(side.sentences) > 1 for one in (link, other) for side in (one.src, one.tgt)):
                continue
            self.reviewer.commit(edits.merge(link.id, other.id))
            self._fix(edits.split(link.id, 1, 1), result)
            self.reviewer.undo()
        return result

    def _even(self, links: list[Link]) -> Iterator[Link]:
        return (link for link in links if (len(link.src.sentences), len(link.tgt.sentences)) == (2, 2))

    def merge(self, link: Link) -> Edit | None:
        """Merge with the next link."""
        other = neighbour(self.browser, link, 1)
        return edits.merge(link.id, other.id) if other else None

    def move(self, link: Link) -> Edit | None:
        """Move a boundary: give a sentence where a side has two, else take one."""
        side, end = self.chance.choice(("src", "tgt")), self.chance.choice(("first", "last"))
        give = len(getattr(link, side).sentences) > 1
        return edits.move(link.id, side, end, "give" if give else "take")  # type: ignore[arg-type]


def is_as_shown(before: dict[Any, Status], after: dict[Any, Status], shown: Consequences) -> bool:
    """Whether every change is one that the panel shows, or a link that the edit itself settles."""
    removed = {pair for pair in before if pair not in after}
    added = {pair for pair, status in after.items() if pair not in before and status is Status.PROPOSED}
    named = {(link.src.sentences, link.tgt.sentences) for link in (*shown.realignment.removed, *shown.emptied)}
    settled = {
        sentence
        for pair, status in after.items()
        if pair not in before and status in CONFIRMED
        for side in pair
        for sentence in side
    }
    unnamed = {pair for pair in removed - named if settled.isdisjoint((*pair[0], *pair[1]))}
    return not unnamed and added == {(one.src, one.tgt) for one in shown.realignment.added}


def measure(count: int = COUNT, seed: int = SEED) -> dict[str, Any]:
    """All fixes, on one store."""
    with tempfile.TemporaryDirectory() as folder:
        db = chapter(Path(folder))
        with (
            open_browser(db) as browser,
            open_reviewer(db, "Bench") as reviewer,
            Realigner(db, "use") as solver,
        ):
            fixes = Fixes(browser, reviewer, solver, seed)
            results = {
                "accept": fixes.measured(lambda link: edits.accept(link.id), count),
                "merge": fixes.measured(fixes.merge, count),
                "move": fixes.measured(fixes.move, count),
                "split": fixes.split(count),
            }
            return {"chapter": NAME, "links": len(fixes.links), "seed": seed, **results}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=SEED)
    chosen = parser.parse_args()
    print(json.dumps(measure(chosen.count, chosen.seed), indent=1))
