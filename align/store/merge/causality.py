"""Which decision of several logs was made with knowledge of which others.

Every decision names the decisions at the head of its log when it was made (its parents), as a commit does in git. What
a decision knew is all that is reached from it over parents; two decisions of which neither knew the other are
concurrent. Clocks play no part. `depth` is one more than the greatest depth of the parents, so that sorting by
(depth, uid) lists every decision after all that it knew, in the same order in every copy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Origin(NamedTuple):
    """The position of a decision in the history: the smaller of two that are recorded of one decision is the older."""

    depth: int
    parents: tuple[str, ...]
    """The uids of the decisions at the head of the log; sorted."""


class Causality:
    """The partial order of the decisions of one or more logs.

    `origins`: uid -> origin. Parents that are not in it are ignored. Positions are numbers in the common order.
    """

    def __init__(self, origins: Mapping[str, Origin]) -> None:
        self.uids = sorted(origins, key=lambda uid: (origins[uid].depth, uid))
        self.position = {uid: number for number, uid in enumerate(self.uids)}
        self._chain: list[int] = []
        self._ancestors: list[dict[int, int]] = []
        """Per decision: chain -> the last position in it that the decision knew, but for its own chain. Decisions of
        one stretch of a log share theirs, so that this is no table of decisions times chains."""
        self.linear = len(self.uids)
        """So many decisions at the beginning are known to each other and to all later ones."""
        tails: dict[int, int] = {}
        for number, uid in enumerate(self.uids):
            parents = [self.position[parent] for parent in origins[uid].parents if parent in self.position]
            self._add_to_chain(number, parents, tails)
            if max(parents, default=-1) != number - 1:
                self.linear = min(self.linear, max(parents, default=-1) + 1)

    def _add_to_chain(self, number: int, parents: list[int], tails: dict[int, int]) -> None:
        """Append a decision to the chain of a parent that ends one, else begin a new chain."""
        before = next((parent for parent in parents if tails.get(self._chain[parent]) == parent), None)
        if before is not None and len(parents) == 1:
            chain, ancestors = self._chain[before], self._ancestors[before]
        else:
            chain = len(tails) if before is None else self._chain[before]
            ancestors = {}
            for parent in parents:
                for one, last in (*self._ancestors[parent].items(), (self._chain[parent], parent)):
                    ancestors[one] = max(last, ancestors.get(one, -1))
            ancestors.pop(chain, None)
        tails[chain] = number
        self._chain.append(chain)
        self._ancestors.append(ancestors)

    def before(self, one: int, other: int) -> bool:
        """Whether the decision at position `other` knew the one at position `one`."""
        if one >= other:
            return False
        chain = self._chain[one]
        return chain == self._chain[other] or self._ancestors[other].get(chain, -1) >= one

    def concurrent(self, one: int, other: int) -> bool:
        """Whether neither knew the other."""
        return one != other and not self.before(*sorted((one, other)))


def heads(origins: Mapping[str, Origin]) -> tuple[str, ...]:
    """The decisions that no other one knew, sorted."""
    parents = {parent for origin in origins.values() for parent in origin.parents}
    return tuple(sorted(origins.keys() - parents))
