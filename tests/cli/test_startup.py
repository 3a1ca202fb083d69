"""Start-up stays light: nothing is imported that a call does not need."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = ("torch", "textual", "sentence_transformers", "transformers", "sqlite_utils", "numpy", "lxml", "rich")


def loaded_by(*statements: str) -> set[str]:
    code = "; ".join([*statements, "import sys, json", "print(json.dumps(sorted(sys.modules)))"])
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(ran.stdout.splitlines()[-1]))


def test_the_command_line_loads_nothing_heavy() -> None:
    assert not loaded_by("import align.cli").intersection(HEAVY)


def test_help_loads_nothing_heavy() -> None:
    modules = loaded_by(
        "import contextlib, io, align.cli",
        "out = contextlib.redirect_stdout(io.StringIO()); out.__enter__()",
        "align.cli.cli.main(['--help'], standalone_mode=False)",
        "out.__exit__(None, None, None)",
    )
    assert "click" in modules
    assert not modules.intersection(HEAVY)


@pytest.mark.parametrize("command", ["add", "propose", "review", "pair", "eval", "export", "documents", "demo"])
def test_every_command_explains_itself_with_an_example_and_without_a_model(command: str) -> None:
    code = (
        f"import sys, align.cli; align.cli.cli.main(['{command}', '--help'], standalone_mode=False);"
        "assert not {'torch', 'textual', 'sentence_transformers'} & set(sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "Example: align " in " ".join(ran.stdout.split())
