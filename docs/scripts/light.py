"""The pins of an install without torch: `python docs/scripts/light.py --write` takes the versions of this environment.

`docs/light.txt` has every package that the core needs, but not sentence-transformers, torch and what only they need.
"""

from __future__ import annotations

import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PINS = ROOT / "docs" / "light.txt"
LEFT_OUT = {"sentence-transformers", "pip"}
"""What the light install does without, and pip, which installs it (sqlite-utils asks for it)."""
HEAD = """\
# align without torch: every encoder but named sentence-transformers models works.
#     pip install --no-deps align-workbench -r light.txt
"""


def pins() -> list[str]:
    """One line a package: name, version, and the marker of pyproject.toml where it has one."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    waiting = [Requirement(line) for line in project["dependencies"]]
    markers = {normalised(one.name): f"; {one.marker}" for one in waiting if one.marker}
    versions: dict[str, str] = {}
    seen: set[tuple[str, tuple[str, ...]]] = set()
    while waiting:
        one = waiting.pop()
        key = normalised(one.name), tuple(sorted(one.extras))
        if key[0] in LEFT_OUT or key in seen:
            continue
        seen.add(key)
        distribution = metadata.distribution(one.name)
        versions[key[0]] = distribution.version.partition("+")[0]
        for line in distribution.requires or []:
            needed = Requirement(line)
            if needed.marker is None or any(needed.marker.evaluate({"extra": name}) for name in (*one.extras, "")):
                waiting.append(needed)
    return [f"{name}=={version}{markers.get(name, '')}" for name, version in sorted(versions.items())]


def normalised(name: str) -> str:
    """A name as the index has it."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    text = HEAD + "\n".join(pins()) + "\n"
    if "--write" in sys.argv:
        PINS.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
