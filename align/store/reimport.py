"""A document whose text changed: what is still there keeps its sentences and links, what returns gets its own back.

The change is a decision of whoever made it. What it replaced is stored with it (see `revisions`), so undo brings back
text and links together.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from sqlite_utils import Database

from align.errors import ConflictError, TextLossError
from align.models import Decision, Document
from align.store import decision_log, pagination, revisions, sentence_splits
from align.store.decision_draft import DecisionDraft, contradicted_links
from align.store.decision_log import (
    SOURCE_FACTOR,
    Patch,
    State,
    is_constraint,
    is_settled,
    is_unreviewed,
    read_patches,
    sentences_of,
)
from align.store.documents import block_values, existing_name, refuse_damaged_document, sentence_values, with_language
from align.store.draft_changes import turn
from align.store.links import have_same_sides, links_on, ordered, share_both_sides, sharing_both_sides
from align.store.rebuild import derive_document
from align.store.records import TextChange

LOSS_SHARE = 0.1
LOSS_LINKS = 20
"""A new text that would take more of a document's settled links than this share, or this number, is refused."""

# A new text


def change_documents(
    db: Database,
    reviewer: str,
    changed: Mapping[int, Document],
    *,
    replace_settled: bool,
    lang: str | None = None,
    more: Mapping[str, object] | None = None,
) -> TextChange:
    """Put new texts in the place of those of documents, a decision each. Runs inside the caller's `writing`.

    Links whose sentences are all still there stay as they are, and so do cuts of them. A link with a reviewer's touch
    whose text was reworded, or is there in part, is undecided again and asks for attention; one that lost a whole side
    goes. Links that an earlier change took away come back as they were where their text does. `lang` is the language
    that was set by hand with it; `more` is what else the log says.

    Raises TextLossError where too many settled links of the documents together would lose their text, and not
    `replace_settled`: the caller's transaction must then be rolled back.
    """
    inside = ",".join(map(str, changed))
    count = db.conn.execute(
        f"""select count(*) from links where (src_document in ({inside}) or tgt_document in ({inside}))
            and (status <> 'proposed' or anchored)"""
    ).fetchone()[0]
    moves: dict[int, tuple[State | None, State | None]] = {}
    reworded: set[int] = set()
    for document, doc in changed.items():
        for link, was, now in _change(db, reviewer, document, doc, lang, reworded, more or {}):
            moves[link] = (moves[link][0] if link in moves else was, now)
    change = _counted(count, moves.values())
    if not replace_settled and (change.affected > LOSS_SHARE * change.settled or change.affected > LOSS_LINKS):
        names = " and ".join(existing_name(db, document) for document in changed)
        raise TextLossError(
            f"{names}: the new text would take away {change.affected:,} of {change.settled:,} confirmed links "
            f"({change.removed:,} whose text is gone, {change.reopened:,} whose text is another). Nothing was changed. "
            "Is it the right file, whole, in the right encoding? Then add --replace, or name another document with "
            "--as NAME."
        )
    return change


def _counted(count: int, moves: Iterable[tuple[State | None, State | None]]) -> TextChange:
    """What became of links; `count` of their documents were settled before."""
    kinds = Counter((_status_of(was), _status_of(now)) for was, now in moves)
    return TextChange(
        settled=count,
        removed=kinds["settled", "gone"],
        reopened=kinds["settled", "open"],
        proposals=kinds["open", "gone"],
        restored=kinds["gone", "settled"] + kinds["open", "settled"],
    )


def _status_of(state: State | None) -> str:
    return "gone" if state is None else "settled" if is_settled(state) else "open"


def _change(
    db: Database,
    reviewer: str,
    document: int,
    doc: Document,
    lang: str | None,
    reworded: set[int],
    more: Mapping[str, object],
) -> list[Patch]:
    """One document's new text. `reworded`: sentences that were reworded in the documents before it, and from now on
    its own. Returns (link, was, now) of the links that changed, all columns."""
    refuse_damaged_document(db, document)
    before = revisions.Revision.of(db, document)
    lang = lang or before.lang
    if lang is not None:
        doc = with_language(doc, lang)
    past = list(revisions.earlier_revisions(db, document))
    carried = sentence_splits.carry_splits(
        [_cut_source(revision) for revision in (before, *past)], doc.text, list(sentence_values(doc))
    )
    texts = [str(values[-1]) for values in carried.values]
    unpaired = _linked_to(db, reworded) if reworded else set()
    numbers, rewordings = revisions.numbered(
        before, texts, past, fixed=carried.numbers, settled=_settled_sentences(db, document), unpaired=unpaired
    )
    after = revisions.Revision(
        doc.digest, doc.reader, doc.encoding, lang, doc.text, list(block_values(doc.blocks)),
        list(zip(numbers, carried.values, strict=True)), [],
    )  # fmt: skip
    lost, other = _differing(before, after)
    draft = DecisionDraft(db, reviewer)
    touched = links_on(db, lost | other)
    sides = revisions.sides_of(db, {*touched, *revisions.displaced(db, document)})
    ids = after.write(db, document)
    became = {number: ids[position] for number, position in rewordings.items()}
    reworded |= set(became.values())
    db.conn.execute("delete from cuts where document = ?", (document,))
    draft.cuts = carried.with_numbers(ids)
    restored = _restore(draft, revisions.displaced(db, document))
    _mend(draft, [link for link in touched if link not in restored], lost, became)
    _reorder(draft, document)
    moves = draft.moves()
    counts = _counted(0, [(was, now) for _, was, now in moves])
    detail: dict[str, object] = {
        **more, "name": doc.name, "was": before.digest, "now": doc.digest, "lang": lang,
        "same": len(before.sentences) - len(lost), "reworded": len(became), "lost": len(lost) - len(became),
        "returned": len(set(numbers) - before.by_number.keys() - {None}),
        "new": len({position for position, number in enumerate(numbers) if number is None} - set(rewordings.values())),
        **counts.losses(),
    }  # fmt: skip
    decision, _ = draft.close("import", document=document, detail=detail)
    _finish(db, decision, document, replace(before, reworded=became), moves, sides)
    return moves


def _cut_source(revision: revisions.Revision) -> sentence_splits.SplitSource:
    return sentence_splits.SplitSource(revision.text, [made for _, made in revision.cuts], revision.sentences)


def _differing(before: revisions.Revision, after: revisions.Revision) -> tuple[set[int], set[int]]:
    """The sentences of `before` that are gone, and those of which the text is another."""
    now = after.by_number
    gone = {number for number in before.by_number if number not in now}
    return gone, {number for number, text in before.by_number.items() if now.get(number, text) != text}


def _linked_to(db: Database, sentences: set[int]) -> set[int]:
    """The sentences that share a link with one of these."""
    inside = ",".join(map(str, sentences))
    rows = db.conn.execute(
        f"""select distinct other.sentence from link_sentences as own
            join link_sentences as other on other.link = own.link and other.side <> own.side
            where own.sentence in ({inside})"""
    )
    return {row[0] for row in rows}


def _settled_sentences(db: Database, document: int) -> set[int]:
    rows = db.conn.execute(
        """select sentence from link_sentences join links on links.id = link
           where (src_document = ?1 or tgt_document = ?1) and (status <> 'proposed' or anchored)""",
        (document,),
    )
    return {row[0] for row in rows}


def _mend(draft: DecisionDraft, links: Sequence[int], lost: Collection[int], became: Mapping[int, int]) -> None:
    """What becomes of links whose text is not the same any more; `became`: lost sentence -> its other wording."""
    for link in links:
        if not draft.present(link):
            continue
        state = draft.state(link)
        before = {side: sentences_of(state[side]) for side in ("src", "tgt")}
        sides = {side: [became.get(n, n) for n in ids if n not in lost or n in became] for side, ids in before.items()}
        whole = all(len(sides[side]) == len(before[side]) for side in sides)
        if not all(sides.values()) or not (whole or draft.is_reviewed(link)):
            draft.remove(link)
            continue
        columns = {side: ordered(draft.db, ids) for side, ids in sides.items()}
        if draft.is_reviewed(link):
            draft.change(link, status="proposed", attention="changed", touched=1, **columns)
        else:
            draft.change(link, **columns)


def _reorder(draft: DecisionDraft, document: int) -> None:
    """Sides of several sentences follow the order that the text has now."""
    rows = draft.db.conn.execute(
        """select id from links
           where (src_document = ?1 and src like '%,%') or (tgt_document = ?1 and tgt like '%,%')""",
        (document,),
    ).fetchall()
    for (link,) in rows:
        if draft.present(link):
            state = draft.state(link)
            draft.change(link, **{side: ordered(draft.db, sentences_of(state[side])) for side in ("src", "tgt")})


def _finish(
    db: Database,
    decision: Decision,
    document: int,
    replaced: revisions.Revision,
    moves: Iterable[Patch],
    sides: Mapping[int, revisions.SideDigests],
) -> None:
    """Store what the decision replaced, and derive from the new text what depends on it."""
    revisions.store_revision(db, decision.id, document, replaced)
    ends = {link: (was["src_document"], was["tgt_document"]) for link, was, _ in moves if was and link in sides}
    revisions.displace(db, decision.id, ends, sides)
    derive_document(db, document)
    sources = db.conn.execute("select distinct src_document from tallies where tgt_document = ?", (document,))
    for source in {document, *(row[0] for row in sources.fetchall())}:
        decision_log.recount_range(db, source * SOURCE_FACTOR, (source + 1) * SOURCE_FACTOR)
        pagination.refresh_range(db, source * SOURCE_FACTOR, (source + 1) * SOURCE_FACTOR)


# Links whose text returns


def restore_removed(draft: DecisionDraft, document: int) -> set[int]:
    """Bring back the links that went with other documents, removed while `document` was; returns which."""
    turned = """select id from decisions where action = 'remove'
                or action = 'redo' and target in (select id from decisions where action = 'remove')"""
    removals = {row[0] for row in draft.db.conn.execute(turned)}
    links = revisions.displaced(draft.db, document)
    return _restore(draft, {link: went for link, went in links.items() if max(went) in removals})


def _restore(draft: DecisionDraft, links: Mapping[int, Mapping[int, revisions.SideDigests]]) -> set[int]:
    """Bring back those of `links` (see `revisions.displaced`) whose text is there again; returns which.

    What a reviewer decided since stays, and a proposal does not come back where another link is by now.
    """
    states = {
        link: (max(decisions), state)
        for link, decisions in links.items()
        if (state := _state_again(draft, link, decisions)) is not None
    }
    # Settled before undecided, late before early: what comes first has the sentences.
    order = sorted(states, key=lambda link: (is_unreviewed(states[link][1]), -states[link][0], link))
    restored: set[int] = set()
    at: dict[int, list[tuple[int, State]]] = {}
    """Source sentence -> decision and state of the links that are restored on it."""
    for link in order:
        decision, state = states[link]
        if is_constraint(state) and contradicted_links(draft, state, link):
            continue
        if draft.present(link):
            draft.change(link, **state)
        else:
            # Those that went together with it stood together with it.
            near = [entry for number in sentences_of(state["src"]) for entry in at.get(number, ())]
            others = [one for went, one in near if went != decision and share_both_sides(one, state)]
            if not _displace_undecided(draft, state, others):
                continue
            draft.restore(link, state)
        restored.add(link)
        for number in sentences_of(state["src"]):
            at.setdefault(number, []).append((decision, state))
    return restored


def _displace_undecided(draft: DecisionDraft, state: State, others: Sequence[State]) -> bool:
    """Remove the undecided links that overlap a link which returns; False where it may not return.

    `others`: links that returned before and overlap it.
    """
    overlapping = {
        one: draft.state(one) for one in sharing_both_sides(draft.db, state["src"], state["tgt"]) if draft.present(one)
    }
    others = [*others, *overlapping.values()]
    if any(is_unreviewed(state) or (have_same_sides(one, state) and not is_unreviewed(one)) for one in others):
        return False
    for number, one in overlapping.items():
        if is_unreviewed(one) and (state["status"] != "rejected" or have_same_sides(one, state)):
            draft.remove(number)
    return True


def _state_again(draft: DecisionDraft, link: int, decisions: Mapping[int, revisions.SideDigests]) -> State | None:
    """What a link was before changes of text, the latest of them first, where it stood on texts that are there now.

    None where there is no such state, or somebody decided on the link since.
    """
    present = dict(draft.state(link)) if draft.present(link) else None
    state = present
    rows = draft.db.conn.execute(
        "select decision, was, now from patches where link = ? order by decision desc", (link,)
    ).fetchall()
    for decision, *values in rows:
        was, now = (None if one is None else json.loads(one) for one in values)
        passing = was is None or decision in decisions or sentence_splits.follows((link, was, now))
        if not passing or (state is None) != (now is None):  # The latter: a run took the proposal away.
            return None
        state = None if was is None else {**(state or {}), **was}
        if state is not None and decision in decisions:
            ends = {
                side: revisions.matching_side(draft.db, state[side], getattr(decisions[decision], side))
                for side in ("src", "tgt")
            }
            if all(ends.values()):
                again = {**state, **ends}
                return None if again == present else again
    return None


# Undo and redo


def turn_change(
    db: Database, reviewer: str, target: int, action: str, more: Mapping[str, object]
) -> tuple[Decision, tuple[int, ...]]:
    """Append an `undo` or `redo` of the change of text `target`: text, cuts and links as they were before it, or before
    its undo. `more` is what else the log says.

    Raises ConflictError where the text, its cuts or links on what would go changed since.
    """
    source = target
    if action == "redo":
        sql = "select max(id) from decisions where action = 'undo' and target = ?"
        source = db.conn.execute(sql, (target,)).fetchone()[0]
    document, detail = db.conn.execute("select document, detail from decisions where id = ?", (source,)).fetchone()
    name, detail = existing_name(db, document), json.loads(detail)
    before, after = _texts_around(db, source, document, name, detail["now"])
    if before.lang != detail.get("lang"):  # Set by hand since.
        after = after.tagged(before.lang)
    lost, other = _differing(before, after)
    draft = DecisionDraft(db, reviewer)
    patches = [(link, now, was) for link, was, now in read_patches(db, source)]
    own = {link for link, _, _ in patches}
    touched = links_on(db, lost | other)
    going = set(links_on(db, lost)) - own
    _refuse_decided(draft, set(touched) - own, going, name)
    sides = revisions.sides_of(db, {*touched, *own})
    after.write(db, document)
    turn(draft, patches, f"cannot {action} the change of {name}")
    for link in going:
        draft.remove(link)
    _reorder(draft, document)
    moves = draft.moves()
    counts = _counted(0, [(was, now) for _, was, now in moves])
    turned: dict[str, object] = {
        **more, "action": "import", "name": name, "was": before.digest, "now": after.digest, "lang": after.lang,
        **counts.losses(),
    }  # fmt: skip
    decision, links = draft.close(action, document=document, target=target, detail=turned)
    db.conn.execute("delete from cuts where document = ?", (document,))
    for number, cut in after.cuts:
        sentence_splits.enter(db, number, [cut], ())
    reworded = {now: earlier for earlier, now in after.reworded.items()}
    _finish(db, decision, document, replace(before, reworded=reworded), moves, sides)
    return decision, links


def _texts_around(
    db: Database, source: int, document: int, name: str, digest: str
) -> tuple[revisions.Revision, revisions.Revision]:
    """The text that the change `source` made, and the one it replaced. Raises ConflictError for changes since."""
    replaced = revisions.replaced_by(db, source)
    if replaced is None:
        raise ConflictError(f"{name}: the text of before is not in the store. Add the file of then again.")
    refuse_damaged_document(db, document)
    present = revisions.Revision.of(db, document)
    if present.digest != digest:
        raise ConflictError(f"{name}: its text changed again since.")
    splits = [cut for _, cut in sentence_splits.replayed(db, through=source) if cut.document == document]
    if splits != [cut for _, cut in present.cuts]:
        raise ConflictError(f"{name}: a sentence of it was split, or made whole, since.")
    return present, replaced


def _refuse_decided(draft: DecisionDraft, links: Iterable[int], going: Collection[int], name: str) -> None:
    """Raise ConflictError where a link is settled, or one that is `going` was decided."""
    for link in sorted(links):
        state = draft.state(link)
        if is_settled(state) or (link in going and not is_unreviewed(state)):
            who = state["reviewer"] or "a reviewer"
            raise ConflictError(f"{name}: {who} decided on link {link}, which is of the text that would go, since.")
