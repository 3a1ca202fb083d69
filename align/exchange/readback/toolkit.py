"""What translate-toolkit sees in a file: an outside reader, where the extra `proof` installed it; whole in memory."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

_STORES = {
    "tmx": ("translate.storage.tmx", "tmxfile"),
    "xliff": ("translate.storage.xliff", "xlifffile"),
    "xliff2": ("translate.storage.xliff2", "Xliff2File"),
    "po": ("translate.storage.pypo", "pofile"),
}


def pairs(path: Path, form: str) -> Iterator[tuple[str, str] | None]:
    """The source and target text of every unit; None for one that the toolkit has no words for (`cp` of XLIFF 2)."""
    module, name = _STORES[form]
    store: Any = getattr(import_module(module), name)
    with path.open("rb") as file:
        units = store.parsefile(file).units
    for unit in units:
        if form == "po" and unit.isheader():
            continue
        if form == "xliff2" and next(unit.xmlelement.iter("{*}target"), None) is None:
            continue
        if form == "tmx":
            first, second = (unit.getNodeText(unit.getlanguageNode(index=index)) for index in (0, 1))
            yield str(first or ""), str(second or "")
        elif form == "xliff2" and next(unit.xmlelement.iter("{*}cp"), None) is not None:
            yield None
        else:
            yield str(unit.source or ""), str(unit.target or "")
