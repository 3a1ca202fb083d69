"""What is found wrong with a store, and what is not its fault."""

from __future__ import annotations

import pytest

from align.errors import StoreError
from align.store import Store


def test_lack_of_room_for_the_copy_is_no_finding(store: Store) -> None:
    resource = pytest.importorskip("resource", reason="NO LIMITS on this system: lack of room is not tried.")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    told = []
    for room in (0, store.path.stat().st_size // 2, store.path.stat().st_size * 4):
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
        try:
            told.append(str(store.check()))
        except StoreError as error:
            told.append(str(error))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert ["no room" in line for line in told] == [True, True, False]
    assert "TMPDIR" in told[0]
    assert told[2] == "[]"
