"""Measure the table of `docs/algorithm.md` on gold that the weights never saw; takes some minutes.

    python docs/scripts/figures.py [--cache FOLDER]            prints the table
    python docs/scripts/figures.py [--cache FOLDER] --write    puts it into the page

Each corpus is measured with the fold that was fitted without it. --cache: the folder of the fits, which stores vectors.
The gold is found through ALIGN_GOLD, or `../shared/gold` beside the repository.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.pool import CORPORA  # noqa: E402
from benchmarks.quality import measure  # noqa: E402

PAGE = ROOT / "docs" / "algorithm.md"
ENCODERS = ("use", "blend", "e5")
BEGIN, END = "<!-- figures:begin -->", "<!-- figures:end -->"


def measured(folder: Path | None) -> dict[str, dict[str, Any]]:
    """The figures of each set, by encoder."""
    rows: dict[str, dict[str, Any]] = {}
    for encoder in ENCODERS:
        for corpus in CORPORA:
            for row, _ in measure(corpus, encoder, folder):
                rows.setdefault(row["set"], {})[encoder] = row
                sys.stderr.write(f"{encoder} {row['set']} {row['f1_strict']:.3f}\n")
    return rows


def cell(row: dict[str, Any] | None) -> str:
    """Strict and lax F1, and the recall of nulls where there are some."""
    if row is None:
        return ""
    recall = f" ({row['null_recall']:.2f})" if row["nulls"] else ""
    return f"{row['f1_strict']:.3f} / {row['f1_lax']:.3f}{recall}"


def table(folder: Path | None) -> str:
    """The table, and how it was made."""
    lines = [
        "Strict / lax F1 by weights that were fitted without the corpus (`python -m benchmarks.quality --encoder "
        "NAME`, `python docs/scripts/figures.py`). Strict: a bead counts only where it is one of the gold's. Lax: "
        "where it shares a source and a target sentence with one. In brackets: the share of the gold's nulls that "
        "were found. `use` and `blend` are measured on the languages of `use`.",
        "",
        f"| gold | {' | '.join(f'`{encoder}`' for encoder in ENCODERS)} | texts encoded a sentence, `use` |",
        "|---|---|---|---|---|",
    ]
    for name, row in measured(folder).items():
        encoded = f"{row['use']['encoded']:.2f}" if "use" in row else ""
        lines.append(f"| {name} | {' | '.join(cell(row.get(encoder)) for encoder in ENCODERS)} | {encoded} |")
    return "\n".join(lines)


def main() -> None:
    """Print or write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    made = table(asked.cache)
    if not asked.write:
        sys.stdout.write(made + "\n")
        return
    text = PAGE.read_text(encoding="utf-8")
    pattern = re.escape(BEGIN) + ".*" + re.escape(END)
    PAGE.write_text(re.sub(pattern, lambda _: f"{BEGIN}\n\n{made}\n\n{END}", text, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()
