"""Whether the program works at both ends of its dependency bounds: `python tests/packaging/bounds.py lowest|newest`.

Makes an environment in a temporary folder (or `--venv DIR`, kept), installs the program with each of its direct
dependencies at the lowest version that pyproject.toml allows, or at the newest there is, and runs the demo and the
tests there. Takes minutes and a network, so it is no part of `make test`. Torch is the one of the Makefile in both.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
TESTS = ("tests/text", "tests/readers", "tests/aligner", "tests/exchange", "tests/store", "tests/workspace",
         "tests/journeys", "tests/review", "tests/server", "tests/embeddings", "tests/bulk", "tests/laws")  # fmt: skip
EXTRAS = ("documents", "data", "bulk", "serve", "proof")
RUNNERS = ("pytest", "pytest-asyncio", "pytest-timeout", "pytest-xdist", "hypothesis")


def direct() -> list[Requirement]:
    """What pyproject.toml asks for to run, the extras included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    return [
        Requirement(line) for line in (*project["dependencies"], *(line for name in EXTRAS for line in extras[name]))
    ]


def lowest(requirement: Requirement) -> str:
    """The requirement at its lower bound; as it is where it has none."""
    bounds = [part.version for part in requirement.specifier if part.operator == ">="]
    return f"{requirement.name}=={bounds[0]}" if bounds else str(requirement)


def torch() -> str:
    """The torch that the Makefile names."""
    found = re.search(r"^TORCH \?= (\S+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    return found[1]


def run(*command: str, **named: object) -> None:
    """Run a command that must succeed; what it prints is seen."""
    sys.stdout.write("$ " + " ".join(command) + "\n")
    sys.stdout.flush()
    subprocess.run(command, check=True, **named)  # type: ignore[call-overload]


def main() -> None:
    """Install and try."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("end", choices=("lowest", "newest"))
    parser.add_argument("--venv", type=Path, help="where to make the environment, which is then kept")
    parser.add_argument("--tests", nargs="*", default=TESTS, help="what to run")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        # Another numba would throw away the kernels that the one in use has kept beside the sources.
        os.environ["NUMBA_CACHE_DIR"] = str(Path(temporary) / "numba")
        place = (asked.venv or Path(temporary) / "venv").absolute()
        if not (place / "bin" / "python").exists():
            venv.create(place, with_pip=True)
        python = str(place / "bin" / "python")
        wanted = [lowest(one) if asked.end == "lowest" else one.name for one in direct()]
        pip = (python, "-m", "pip", "install", "--quiet")
        run(*pip, torch())
        upgrade = ("--upgrade",) if asked.end == "newest" else ()
        run(*pip, *upgrade, *wanted, *RUNNERS)
        run(*pip, "--no-deps", "--editable", str(ROOT))
        run(python, "-m", "pip", "check")
        run(str(place / "bin" / "align"), "demo", cwd=temporary)
        run(
            python,
            "-m",
            "pytest",
            "-q",
            "-n",
            "2",
            "--dist",
            "loadfile",
            "-p",
            "no:cacheprovider",
            *asked.tests,
            cwd=ROOT,
        )


if __name__ == "__main__":
    main()
