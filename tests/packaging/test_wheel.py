"""The wheel carries all it needs, installs into a clean environment and does the main job there."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel made from that sdist."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    return out


@pytest.fixture(scope="session")
def wheel(built: Path) -> Path:
    (found,) = built.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel and, by a path file, the libraries of this one; gives its `bin`."""
    home = tmp_path_factory.mktemp("clean") / "env"
    venv.create(home, with_pip=False, symlinks=True)
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", "--quiet"]
    subprocess.run([*pip, "--disable-pip-version-check", str(wheel)], check=True)
    (place,) = home.glob("lib/python*/site-packages")
    # Only the libraries: path files inside that folder, such as that of a checkout, are not followed.
    (place / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return scripts


def clean_environment(home: Path) -> dict[str, str]:
    """Nothing of ours, and a home of its own."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("ALIGN_", "PYTHON"))}
    return kept | {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "COLUMNS": "100"}


def test_the_wheel_has_what_the_package_has_and_no_more(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    source = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "align").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    seeds = {f"align/seeds/{path.name}" for path in (ROOT / "seeds").iterdir()}
    packaged = {name for name in names if ".dist-info/" not in name}
    assert packaged == source | seeds
    assert {"align/py.typed", "align/review/review.tcss", "align/server/static/index.html"} <= packaged


def test_the_wheel_names_its_licence_and_version(wheel: Path) -> None:
    from align import __version__

    archive = zipfile.ZipFile(wheel)
    (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    text = archive.read(metadata).decode()
    assert f"Version: {__version__}\n" in text
    assert "License-Expression: Apache-2.0\n" in text
    assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())


def test_the_sdist_has_what_tests_and_documents_need(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"LICENSE", "README.md", "CHANGELOG.md", "Makefile", "pyproject.toml", "mkdocs.yml", "docs/index.md"}
    assert wanted <= names
    assert not any(name.startswith((".ci/", ".venv/", "demo/")) for name in names)


def test_it_runs_where_nothing_else_of_ours_is(installed: Path, tmp_path: Path) -> None:
    where = "import align; print(align.__file__)"
    python = [str(installed / "python"), "-c", where]
    ran = subprocess.run(
        python, cwd=tmp_path, env=clean_environment(tmp_path), capture_output=True, text=True, check=True
    )
    assert Path(ran.stdout.strip()).is_relative_to(installed.parent)
    shown = subprocess.run([str(installed / "align"), "--version"], capture_output=True, text=True, check=True)
    assert shown.stdout.startswith("align, version ")


def test_the_demo_runs_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    command = [str(installed / "align"), "demo", "--out", str(tmp_path / "demo")]
    ran = subprocess.run(
        command, cwd=tmp_path, env=clean_environment(tmp_path), capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "demo" / "demo.db").stat().st_size > 0
    memory = (tmp_path / "demo" / "memory.tmx").read_text(encoding="utf-8")
    assert memory.count("<tu ") > 20
