"""Changes of a draft that come from elsewhere: patches turned back or repeated, sentences cut in two or made whole."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from align.errors import ConflictError
from align.store import sentence_splits
from align.store.decision_draft import DecisionDraft, sharing
from align.store.decision_log import Patch, State, is_unreviewed, sentences_of, stored
from align.store.documents import document_text
from align.store.links import links_on, removed_by
from align.store.sentence_splits import Cut


def turn(draft: DecisionDraft, patches: Sequence[Patch], cannot: str) -> None:
    """Bring links from what patches have before to what they have after. Raises ConflictError, its text beginning
    with `cannot`, where they are otherwise by now.

    An undecided link that another replaced in the meantime stays deleted.
    """
    own = {link for link, _, _ in patches}
    # What goes makes room first.
    for link, before, after in sorted(patches, key=lambda patch: patch[2] is not None):
        if before is None:
            assert after is not None
            if draft.present(link):
                raise ConflictError(f"{cannot}: link {link} is there again already.")
            if not (is_unreviewed(after) and _superseded(draft, after, own)):
                draft.restore(link, after)
            continue
        if not draft.present(link):
            if sentence_splits.follows((link, before, after)) or (after is None and is_unreviewed(before)):
                continue  # A proposal that a later run took away by itself.
            raise ConflictError(f"{cannot}: link {link} was deleted, {removed_by(draft.db, link)}.")
        state = draft.state(link)
        differing = [column for column, value in before.items() if state[column] != value]
        if differing:
            who = state["reviewer"] or "a new proposal"
            raise ConflictError(f"{cannot}: link {link} changed since ({differing[0]}, by {who}). Decide it anew.")
        if after is None:
            draft.remove(link)
        else:
            draft.change(link, **after)


def _superseded(draft: DecisionDraft, proposal: State, own: Collection[int]) -> bool:
    """Whether a proposal must not come back: by now, another link has a sentence of it, or it was rejected."""
    turned = {**proposal, "src": proposal["tgt"], "tgt": proposal["src"]}
    linked = {draft.link_of(proposal), draft.link_of(turned)} - {None, *own}
    return bool(linked or sharing(draft, proposal, own))


def cut_sentence(draft: DecisionDraft, sentence: int, count: int) -> int:
    """Cut a sentence after `count` characters of its clean text; returns the second half's number.

    The first half keeps the number. Whatever had the sentence has both halves.
    """
    row = draft.db.conn.execute("select document from sentences where id = ?", (sentence,)).fetchone()
    pieces = sentence_splits.pieces_now(draft.db, sentence)
    if row is None or pieces is None:
        raise ConflictError("the sentence is no longer in its document. Look again.")
    at = sentence_splits.split_offset(document_text(draft.db, row[0]), pieces, count)
    made = Cut(row[0], sentence, sentence_splits.next_rest(draft.db), at, pieces)
    make_cut(draft, made)
    return made.rest


def make_cut(draft: DecisionDraft, made: Cut, but: Iterable[int] = ()) -> None:
    """Make a cut; the links that had the sentence have both halves, `but` those that are told what to have."""
    sentence_splits.cut(draft.db, made)
    draft.cuts.append(made)
    for link in set(links_on(draft.db, [made.sentence])).difference(but):
        state = draft.state(link)
        for side in ("src", "tgt"):
            ids = sentences_of(state[side])
            if made.sentence in ids:
                index = ids.index(made.sentence) + 1
                draft.change(link, **{side: stored([*ids[:index], made.rest, *ids[index:]])})


def join_cut(draft: DecisionDraft, made: Cut, but: Collection[int] = ()) -> None:
    """Take a cut back: links that have both halves have the whole again, proposals on the second half alone go.

    `but` are links that are told what to have. Raises ConflictError where a reviewer's link has the second half.
    """
    for link in sorted({*links_on(draft.db, [made.rest]), *links_on(draft.db, [made.sentence])}):
        if link in but or not draft.present(link):
            continue
        state = draft.state(link)
        for side in ("src", "tgt"):
            ids = sentences_of(state[side])
            if made.rest not in ids:
                if made.sentence in ids:  # It is on what was the first half: to be known if the cut is redone.
                    draft.touch_columns(link, side)
            elif made.sentence in ids:
                draft.change(link, **{side: stored([number for number in ids if number != made.rest])})
            elif draft.is_reviewed(link):
                raise ConflictError(f"link {link} is on a half of that sentence. Decide that one first.")
            else:
                draft.remove(link)
                break
    sentence_splits.join(draft.db, made)
    draft.joins.append(made)
