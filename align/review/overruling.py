"""Questions before a reviewer changes what somebody else has settled."""

from __future__ import annotations

from align.models import CONFIRMED, Link, Status
from align.workspace.browse import Browser

OVERRULING = {
    "accept": "accept", "reject": "reject", "unlink": "unlink", "merge_next": "merge", "merge_previous": "merge",
    "split": "split", "split_at": "split", "give_up": "change", "give_down": "change", "take_up": "change",
    "take_down": "change", "relink": "re-link", "edit": "edit", "swap": "swap",
}  # fmt: skip
"""Actions that change what is settled, with the verb of the question."""


class OverruleGuard:
    """Asks once about each link and version, or decision to undo; the same key again does it.

    `visit` names the visit of a browser, where a name proves nothing: what was decided under the same name in another
    visit counts as somebody else's.
    """

    def __init__(self, browser: Browser, reviewer: str, visit: str = "") -> None:
        self._browser = browser
        self._reviewer = reviewer
        self._visit = visit
        self._asked: tuple[object, ...] | None = None
        """The action, link and version that were asked about last; without the action where a message came first."""

    def question(self, link: Link | None, action: str) -> str:
        """The question before an action on a link; empty where it may be done."""
        if link is None or action not in OVERRULING or link.reviewer is None:
            return ""
        is_settled = link.status is Status.REJECTED if action == "accept" else link.status in CONFIRMED
        if not is_settled or self._is_own(link) or self._asked_before((action, link.id, link.version)):
            return ""
        words = f"{link.reviewer} {link.status.value} this link"
        again = " in another visit" if link.reviewer == self._reviewer else ""
        return f"{words}{again}. The same key again will {OVERRULING[action]} it."

    def question_before_undo(self, action: str, latest: int) -> str:
        """The question before an undo, or a redo, of a decision of another visit; `latest` is the last decision."""
        visit = self._browser.visit_to_undo(self._reviewer, action) if self._visit else None
        if visit in (None, self._visit) or self._asked_before((action, latest)):
            return ""
        return f"That was decided as {self._reviewer} in another visit. The same key again will {action} it."

    def was_informed(self, link: Link) -> None:
        """The reviewer has just read how the link is now: do not ask about it."""
        self._asked = link.id, link.version

    def _is_own(self, link: Link) -> bool:
        if not self._visit:
            return link.reviewer == self._reviewer
        return self._browser.is_of_visit(link, self._reviewer, self._visit)

    def _asked_before(self, attempt: tuple[object, ...]) -> bool:
        is_repeated = self._asked in (attempt, attempt[1:])
        self._asked = None if is_repeated else attempt
        return is_repeated
