"""The types of the interface reach a user: `mypy --strict` finds the mistakes of a script, and no `Any`."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """\
import align
aligner = align.Aligner("use")
out = aligner.align("Guten Tag.", "Good day.", src_lnag="de")  # call-arg
print(out.beads[0].confidense)  # attr-defined
align.align_texts(1, "Good day.")  # arg-type
with align.open_store("align.db") as store:
    for link in store.links(align.LinkFilter(min_confidence="high")):  # arg-type
        print(link.src.text + link.confidence)  # operator
for one in aligner.align_many(["Guten Tag."], workers=2):  # list-item
    print(one.to_records()[0]["source"])  # typeddict-item
align.aling_texts("a", "b")  # attr-defined
"""
REVEALED = {
    "align.Aligner('use').align('a', 'b')": "Alignment",
    "align.align_texts('a', 'b').pairs()": "list[tuple[",
    "align.score_pairs([('a', 'b')])": "PairScore",
    "align.mine(['a'], ['b'], src_lang='de', tgt_lang='en')": "SentencePair",
    "align.evaluate('gold.jsonl')": "dict[",
    "align.open_store('align.db').documents()": "DocumentRow",
    "align.load_encoder('use').digest": "str",
    "align.EncoderError": "EncoderError",
}
"""Expression -> a part of its type."""


def checked(script: Path) -> str:
    """What mypy prints, with the options and the cache of this project."""
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", str(ROOT / "pyproject.toml"),
               "--cache-dir", str(ROOT / ".mypy_cache"), "--no-error-summary", str(script)]  # fmt: skip
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert not ran.stderr
    return ran.stdout


def test_mistakes_in_a_script_are_found_and_nothing_is_any(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    lines = [*SCRIPT.splitlines(), *(f"reveal_type({expression})" for expression in REVEALED)]
    script.write_text("\n".join(lines) + "\n")
    output = checked(script)
    expected = {
        (number, line.split("# ")[1]) for number, line in enumerate(SCRIPT.splitlines(), start=1) if "  # " in line
    }
    found = {(int(match[1]), match[2]) for match in re.finditer(r"script\.py:(\d+): error: .*\[([a-z-]+)\]", output)}
    assert found == expected, output
    revealed = re.findall(r'note: Revealed type is "(.*)"', output)
    assert len(revealed) == len(REVEALED)
    for expression, part, shown in zip(REVEALED, REVEALED.values(), revealed, strict=True):
        assert part in shown, expression
        assert "Any" not in shown, expression
