"""What happens in a copy of a store in the random histories of `benchmarks.merge_faults`, each kind with its weight."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from align.errors import UsageError
from align.models import Block, BlockKind, Document, LinkKind, Proposal, Realignment, Role, Sentence, Span
from align.store import Change, Store, edits
from align.store.actions import Action
from align.store.edits import SIDES, Direction, End, Side
from align.store.remove import compact
from align.store.statements import RoleChange
from align.workspace.merge_copies import STATUS_ACTIONS, TAKEABLE_COLUMNS, sides

if TYPE_CHECKING:
    from benchmarks.merge_faults import Copy, Trial

SENTENCES = 7
"""Of each document of the template."""


def document(name: str, lang: str, count: int = SENTENCES, word: str = "", only: int | None = None) -> Document:
    """A text of short sentences of four words each; `word` is in all of them, or in `only` one."""
    texts = [f"{name}{word if only in (None, n) else ''} {n} has words." for n in range(count)]
    sentences, start = [], 0
    for text in texts:
        sentences.append(Sentence((Span(start, start + len(text)),), lang, 1.0))
        start += len(text) + 1
    block = Block(Span(0, start - 1), BlockKind.BODY, lang, 1.0, tuple(sentences))
    return Document(name, "\n".join(texts) + "\n", (block,))


def proposals(store: Store, pair: tuple[int, int], rng: random.Random) -> list[Proposal]:
    """One link per sentence, some of them shifted, like the errors of an encoder."""
    src, tgt = (store.sentences(number) for number in pair)
    shift = rng.choice([0, 0, 0, 1])
    return [
        Proposal((a.id,), (tgt[(n + shift) % len(tgt)].id,), LinkKind.TRANSLATION, 0.3, round(rng.random(), 3))
        for n, a in enumerate(src)
        if tgt and rng.random() < 0.9
    ]


# The kinds of work, each with its weight


def _pick(rng: random.Random, ids: list[int]) -> int:
    """A random link or sentence, more often one of the first, or of those from the middle, so that copies meet."""
    start = len(ids) // 2 if rng.random() < 0.25 else 0
    return ids[min(start + int(rng.expovariate(0.35)), len(ids) - 1)]


def _verdict(name: str) -> Callable[[Trial, Copy, list[int]], Change]:
    return lambda trial, copy, ids: copy.reviewer.commit(getattr(edits, name)(_pick(trial.rng, ids)))


def _edit(trial: Trial, copy: Copy, ids: list[int]) -> Change:
    side: Side = trial.rng.choice(SIDES)
    return copy.reviewer.commit(edits.edit_text(_pick(trial.rng, ids), side, f"made up {trial.rng.randrange(3)}"))


def _note(trial: Trial, copy: Copy, ids: list[int]) -> Change:
    return copy.reviewer.commit(edits.note(_pick(trial.rng, ids), trial.rng.choice(["?", "hm", None])))


def _kind(trial: Trial, copy: Copy, ids: list[int]) -> Change:
    return copy.reviewer.commit(edits.set_kind(_pick(trial.rng, ids), trial.rng.choice(list(LinkKind))))


def _join(trial: Trial, copy: Copy, ids: list[int]) -> Change:
    one = _pick(trial.rng, ids)
    return copy.reviewer.commit(edits.merge(one, ids[(ids.index(one) + 1) % len(ids)]))


def _split(trial: Trial, copy: Copy, ids: list[int]) -> Change:
    rng = trial.rng
    inside = rng.random() < 0.6
    points: list[Any] = [(0, rng.choice([2, 4, 8])), (0, rng.choice([2, 4, 8]))] if inside else [1, 1]
    return copy.reviewer.commit(edits.split(_pick(rng, ids), *points))


def _cut(trial: Trial, copy: Copy, ids: list[int]) -> Change:
    rows = copy.store.sentences(trial.rng.choice([1, 2]))
    return copy.reviewer.commit(
        edits.cut(_pick(trial.rng, [row.id for row in rows] or [0]), trial.rng.choice([1, 2, 4, 8]))
    )


def _move(trial: Trial, copy: Copy, ids: list[int]) -> Change:
    rng = trial.rng
    end: End = "first" if rng.random() < 0.5 else "last"
    direction: Direction = "give" if rng.random() < 0.5 else "take"
    return copy.reviewer.commit(edits.move(_pick(rng, ids), rng.choice(SIDES), end, direction))


def _bookmark(trial: Trial, copy: Copy, ids: list[int]) -> Change:
    return copy.reviewer.commit(edits.bookmark(_pick(trial.rng, ids), trial.rng.random() < 0.7))


def _audit(trial: Trial, copy: Copy, ids: list[int]) -> Change:
    return copy.reviewer.commit(edits.reopen(_pick(trial.rng, ids), "audit"))


def _share(trial: Trial, copy: Copy, ids: list[int]) -> Change | None:
    """Link sentences that are linked otherwise, as the reviewer agrees, between any two documents."""
    rng = trial.rng
    changing = {"e", "b"} if trial.changes_both else {"e"} if trial.changes else set()
    # A link on a text that is another one in each copy could not be the same in all.
    documents = [row.id for row in copy.store.documents() if row.name not in changing]
    if len(documents) < 2:
        return None
    one, two = rng.sample(documents, 2)
    ends = [[_pick(rng, [row.id for row in copy.store.sentences(number)])] for number in (one, two)]
    if rng.random() < 0.3:
        ends[0].append(_pick(rng, [row.id for row in copy.store.sentences(one)]))
    if rng.random() < 0.5:
        return copy.reviewer.commit(edits.link_by_hand(*ends, shared=ids))
    return copy.reviewer.commit(edits.relink(_pick(rng, ids), *ends, shared=ids))


def _realign(trial: Trial, copy: Copy, ids: list[int]) -> Change:
    """A decision with what solving again around it brings."""
    rng = trial.rng
    link = _pick(rng, ids)
    edit = rng.choice([edits.accept, edits.solve, edits.reject, edits.unlink])(link)
    removed = [one for one in copy.store.links() if abs(one.id - link) < 3 and rng.random() < 0.5]
    pair = copy.store.link(link).src.document, copy.store.link(link).tgt.document
    added = [one for one in proposals(copy.store, pair, rng) if rng.random() < 0.2]
    return copy.reviewer.commit(edit, realignment=Realignment(tuple(removed), tuple(added), "use"))


def _contest(trial: Trial, copy: Copy, ids: list[int]) -> Change | None:
    """An imported file has a link otherwise."""
    rng = trial.rng
    link = copy.store.link(_pick(rng, ids))
    theirs = rng.choice([{"status": "rejected"}, {"status": "accepted"}, {"tgt_text": f"made up {rng.randrange(3)}"}])
    now = {"status": str(link.status), "tgt_text": link.tgt.text}
    return copy.reviewer.contest(link.id, f"{rng.choice('xy')}.tmx", {column: now[column] for column in theirs}, theirs)


def _statement(trial: Trial, copy: Copy, ids: list[int]) -> object:
    """Give passages roles in one of a few statements, or name it."""
    rng = trial.rng
    names = [row.name for row in copy.store.documents()]
    changes = [
        RoleChange(rng.choice(names), f"passage {rng.randrange(2)}", "en", rng.choice([*Role, None]))
        for _ in range(rng.randrange(3))
    ]
    label = rng.choice([None, None, "one", "two", ""])
    return copy.reviewer.decide_statement(f"{rng.randrange(3):032x}", changes, label=label)


def _batch(trial: Trial, copy: Copy, ids: list[int]) -> object:
    """Several decisions that one undo reverts."""
    with copy.reviewer.batch():
        for _ in range(trial.rng.randrange(2, 4)):
            WORKS[trial.rng.choice(["accept", "reject", "edit", "note", "kind", "merge", "statement"])][1](
                trial, copy, ids
            )
    return None


def _relink(trial: Trial, copy: Copy, ids: list[int]) -> Change:
    rng = trial.rng
    src, tgt = ([row.id for row in copy.store.sentences(number)] for number in (1, 2))
    ends = [_pick(rng, src or [0])], [_pick(rng, tgt or [0])]
    by_hand = rng.random() < 0.5
    return copy.reviewer.commit(edits.link_by_hand(*ends) if by_hand else edits.relink(_pick(rng, ids), *ends))


def _accept_many(trial: Trial, copy: Copy, ids: list[int]) -> Change:
    if trial.rng.random() < 0.5:
        return copy.reviewer.accept_above(trial.rng.random())
    return copy.reviewer.accept_through(_pick(trial.rng, ids))


def _propose(trial: Trial, copy: Copy, ids: list[int]) -> object:
    pairs = [(row.src_document, row.tgt_document) for row in copy.store.pairs()]
    pair = trial.rng.choice(pairs)
    languages = trial.rng.choice([None, None, ("ja", "en")])
    encoder = trial.rng.choice(["use", "e5"])
    return copy.store.propose(*pair, proposals(copy.store, pair, trial.rng), encoder, languages=languages)


def _add(trial: Trial, copy: Copy, ids: list[int]) -> object:
    name = trial.rng.choice(["c", f"d{trial.rng.randrange(1000)}"])
    found = copy.store.add_document(document(name, "en", 4)).document
    return copy.store.propose(1, found, proposals(copy.store, (1, found), trial.rng), "use")


def _remove(trial: Trial, copy: Copy, ids: list[int]) -> Change:
    return copy.reviewer.remove_document(trial.rng.choice(copy.store.documents()).id)


def _compact(trial: Trial, copy: Copy, ids: list[int]) -> object:
    if trial.rng.random() < 0.5:
        _remove(trial, copy, ids)
    return compact(copy.store.db)


def _change(trial: Trial, copy: Copy, ids: list[int]) -> object:
    rng = trial.rng
    word = rng.choice(["", " now", " then"])
    only = rng.choice([None, *range(SENTENCES)])
    name = "b" if trial.changes_both and rng.random() < 0.4 else "e"
    return copy.store.add_document(document(name, "en", rng.choice([SENTENCES - 1, SENTENCES]), word, only))


def _dismiss(trial: Trial, copy: Copy, ids: list[int]) -> Change:
    waiting = [conflict.link for conflict in copy.store.conflicts()] or [0]
    return copy.reviewer.dismiss(trial.rng.choice(waiting))


def _decide_conflict(trial: Trial, copy: Copy, ids: list[int]) -> Change:
    waiting = [conflict.link for conflict in copy.store.conflicts()] or [0]
    rng = trial.rng
    link = rng.choice(waiting)
    if rng.random() < 0.3:  # As one of its sides has it.
        columns = rng.choice(sides(copy.store.conflicts(link)) or [{}])
        if columns.get("status") == "taken away":
            raise UsageError("no state of a link")
        status = str(columns.get("status", "accepted"))
        known = {column: columns[column] for column in columns if column in TAKEABLE_COLUMNS}
        return copy.reviewer.commit(edits.set_columns(STATUS_ACTIONS.get(status, Action.EDIT), link, known))
    return copy.reviewer.commit(rng.choice([edits.accept, edits.reject])(link))


WORKS: dict[str, tuple[float, Callable[[Trial, Copy, list[int]], object]]] = {
    "accept": (6, _verdict("accept")),
    "reject": (4, _verdict("reject")),
    "reopen": (2, _verdict("reopen")),
    "unlink": (1, _verdict("unlink")),
    "anchor": (0.5, _verdict("anchor")),
    "swap": (0.5, _verdict("swap")),
    "audit": (0.5, _audit),
    "share": (1, _share),
    "realign": (1, _realign),
    "contest": (1, _contest),
    "statement": (1, _statement),
    "batch": (0.7, _batch),
    "bookmark": (1, _bookmark),
    "edit": (2, _edit),
    "note": (2, _note),
    "kind": (2, _kind),
    "merge": (2, _join),
    "split": (2, _split),
    "cut": (1.2, _cut),
    "move": (1.5, _move),
    "relink": (2, _relink),
    "undo": (4, lambda trial, copy, ids: copy.reviewer.undo()),
    "redo": (1.5, lambda trial, copy, ids: copy.reviewer.redo()),
    "accept-many": (0.7, _accept_many),
    "propose": (1.5, _propose),
    "add": (0.5, _add),
    "remove": (0.3, _remove),
    "compact": (0.3, _compact),
    "change": (2, _change),
    "dismiss": (1, _dismiss),
    "decide a conflict": (2, _decide_conflict),
}
