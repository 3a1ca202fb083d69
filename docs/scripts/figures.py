"""Measure the table of `docs/algorithm.md` on the gold files, with the date and the commands; takes some minutes.

    python docs/scripts/figures.py            prints the table
    python docs/scripts/figures.py --write    puts it into the page

The gold is found through ALIGN_GOLD, or `../shared/gold` beside the repository.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "algorithm.md"
GOLD = Path(os.environ.get("ALIGN_GOLD") or ROOT.parent / "shared" / "gold")
SETS = (
    ("textberg_de_fr.dev", "de - fr, alpine yearbook", ("use", "blend")),
    ("parice_en_is.test", "en - is, hand-aligned", ("e5",)),
    ("kyoto_ja_en.dev", "ja - en, encyclopaedia", ("use", "blend")),
    ("pydocs.en_ja", "en - ja, manuals with untranslated entries", ("use", "blend")),
    ("ntrex.ja_zh", "ja - zh, news, two translations of one text", ("use", "blend")),
)
BEGIN, END = "<!-- figures:begin -->", "<!-- figures:end -->"


def measured(name: str, encoder: str) -> dict[str, float]:
    """What `align eval` says of a gold file."""
    gold = GOLD / "dev" / f"{name}.jsonl"
    command = [sys.executable, "-m", "align", "eval", str(gold), "--encoder", encoder]
    environ = {key: value for key, value in os.environ.items() if not key.startswith("OPENBLAS_")}
    ran = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(ran.stdout)
    return found


def share(found: dict[str, float], name: str) -> str:
    """A figure to three places."""
    return f"{found[name]:.3f}"


def table() -> str:
    """The table, and how it was made."""
    today = datetime.now(UTC).date().isoformat()
    rows = [
        f"Measured on {today} by `align eval FILE --encoder NAME` (`python docs/scripts/figures.py`). Strict: a bead "
        "counts only where it is one of the gold's. Lax: where it shares a source and a target sentence with one.",
        "",
        "| gold | texts | encoder | strict F1 | lax F1 | encoder calls a sentence |",
        "|---|---|---|---|---|---|",
    ]
    for name, texts, encoders in SETS:
        for encoder in encoders:
            found = measured(name, encoder)
            rows.append(
                f"| `{name}` | {texts} | {encoder} | {share(found, 'f1_strict')} | {share(found, 'f1_lax')} | "
                f"{found['encoded_per_sentence']:.2f} |"
            )
            sys.stderr.write(rows[-1] + "\n")
    return "\n".join(rows)


def main() -> None:
    """Print or write."""
    made = table()
    if "--write" not in sys.argv[1:]:
        sys.stdout.write(made + "\n")
        return
    text = PAGE.read_text(encoding="utf-8")
    pattern = re.escape(BEGIN) + ".*" + re.escape(END)
    PAGE.write_text(re.sub(pattern, lambda _: f"{BEGIN}\n\n{made}\n\n{END}", text, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()
