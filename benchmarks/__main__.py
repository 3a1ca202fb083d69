"""`python -m benchmarks`: list and run benchmarks.

    python -m benchmarks                 lists the benchmarks
    python -m benchmarks store review    runs these, one after the other
    python -m benchmarks store -- -h     runs one with its own arguments
    python -m benchmarks --all           runs all but those that write into align/, by their first line

Each is a module of this folder with a `main()`. It prints ratios from one run, which depend little on the machine.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def benchmarks() -> dict[str, str]:
    """Module name -> first line of the docstring, for every module with a `main()`. Nothing is imported."""
    found = {}
    for path in sorted(HERE.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        has_main = any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body)
        if has_main and path.stem != "__main__":
            found[path.stem] = (ast.get_docstring(tree) or "").partition("\n")[0]
    return found


def run(name: str, arguments: list[str]) -> int:
    """Run a benchmark in its own process, so that memory and threads do not affect the next; returns its exit code."""
    # Some machines force an old OpenBLAS kernel by these, which would slow one side of a comparison.
    environ = {key: value for key, value in os.environ.items() if key not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    print(f"== {name}", flush=True)
    begun = time.monotonic()
    code = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *arguments], cwd=HERE.parent, env=environ, check=False
    ).returncode
    print(
        f"== {name}: {'done' if code == 0 else f'exit code {code}'} in {time.monotonic() - begun:.0f} s\n", flush=True
    )
    return code


def main() -> int:
    """List or run. Exit code 1 if one failed, 2 for an unknown name."""
    asked = sys.argv[1:]
    own: list[str] = []
    if "--" in asked:
        cut = asked.index("--")
        asked, own = asked[:cut], asked[cut + 1 :]
    known = benchmarks()
    if asked and asked[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    if not asked:
        width = max(map(len, known), default=0)
        print("\n".join(f"{name:<{width}}  {line}" for name, line in known.items()))
        return 0
    if asked == ["--all"]:
        asked = [name for name, line in known.items() if "writes align/" not in line]
    unknown = [name for name in asked if name not in known]
    if unknown or (own and len(asked) != 1):
        said = (
            f"{unknown[0]}: no such benchmark; `python -m benchmarks` lists them"
            if unknown
            else "arguments need one name before --"
        )
        print(said, file=sys.stderr)
        return 2
    codes = [run(name, own) for name in asked]
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main())
