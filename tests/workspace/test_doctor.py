"""What `align doctor` finds, and what it says about it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from align import errors
from align.settings import temporary_folder
from align.workspace import doctor
from align.workspace.doctor import (
    CheckResult,
    CheckState,
    Terminal,
    kernels,
    requirement_problem,
    run_checks,
    screen,
    store,
    version_numbers,
)

WIDE = Terminal(120, 40, True, "utf-8", "truecolor")


def by_area(findings: list[CheckResult]) -> dict[str, list[CheckResult]]:
    areas: dict[str, list[CheckResult]] = {}
    for finding in findings:
        areas.setdefault(finding.area, []).append(finding)
    return areas


def test_here_all_is_good_but_for_the_store_that_is_not_there(tmp_path: Path) -> None:
    environ = {"ALIGN_CONFIG": str(tmp_path / "none.toml"), "ALIGN_CACHE": str(tmp_path / "cache")}
    found = list(run_checks(environ, db=tmp_path / "none.db", terminal=WIDE))
    assert [f for f in found if f.state is CheckState.BAD] == []
    assert [f.area for f in found if f.state is CheckState.NOTE and f.area != "extras"] == ["encoder e5", "store"]
    assert "512" in by_area(found)["encoder use"][0].message


def test_every_finding_that_is_not_good_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("nonsense = 1")
    (tmp_path / "text.db").write_text("no store, a text")
    environ = {"ALIGN_CONFIG": str(tmp_path / "config.toml"), "ALIGN_CACHE": str(tmp_path / "text.db" / "cache")}
    bad = Terminal(40, 10, True, "ascii", "none")
    found = list(run_checks(environ, db=tmp_path / "text.db", terminal=bad))
    areas = by_area(found)
    assert areas["config"][0].state is CheckState.BAD
    assert "nonsense" in areas["config"][0].message
    assert areas["store"][0].state is CheckState.BAD
    assert {f.state for f in areas["terminal"]} == {CheckState.BAD, CheckState.NOTE}
    assert all(f.remedy for f in found if f.state is not CheckState.GOOD)
    assert (tmp_path / "text.db").read_text() == "no store, a text"


@pytest.mark.parametrize(
    ("requirement", "lack"),
    [
        ("click>=8.1", ""),
        ("click", ""),
        ("click>=9", "click 8.5.1 is older than 9"),
        ("absent>=1", "absent is not installed"),
        ("click[all]>=8.5.1", ""),
    ],
)
def test_requirements(requirement: str, lack: str) -> None:
    def version_of(name: str) -> str:
        if name == "absent":
            raise metadata.PackageNotFoundError
        return "8.5.1"

    assert requirement_problem(requirement, version_of) == lack


def test_versions_compare_as_numbers() -> None:
    assert version_numbers("1.20.0rc1") == (1, 20)
    assert version_numbers("8.10") > version_numbers("8.9.9")
    assert version_numbers("2.0") == version_numbers("2")


def test_what_cannot_be_kept_is_said_with_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    temporary = temporary_folder()
    assert temporary is not None
    (tmp_path / "file").write_text("")
    for finding in (doctor.cache(temporary), kernels(None), kernels(tmp_path / "file" / "below")):
        assert finding.state is CheckState.NOTE
        assert "ALIGN_CACHE" in finding.remedy
    assert doctor.config(tmp_path / "file" / "config.toml", "Aoi").state is CheckState.NOTE
    assert "ALIGN_CONFIG" in doctor.config(tmp_path / "file" / "config.toml", "Aoi").remedy
    assert store(tmp_path / "file" / "align.db").remedy == "Name another with --db."
    assert doctor.cache(tmp_path / "cache").state is kernels(tmp_path / "kernels").state is CheckState.GOOD
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_pipe_is_no_fault() -> None:
    assert [f.state for f in screen(Terminal(80, 24, False, "utf-8", "none"))] == [CheckState.NOTE]


def test_a_good_store_is_counted(tmp_path: Path) -> None:
    from align.store import open_store

    open_store(tmp_path / "a.db").close()
    finding = store(tmp_path / "a.db")
    assert finding.state is CheckState.GOOD
    assert "0 documents, 0 links" in finding.message


def test_a_module_that_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert doctor.encoder("use", "no_such_module", tmp_path).state is CheckState.BAD
    monkeypatch.setattr(errors, "is_installed", lambda module: module != "pyarrow")
    notes = [f for f in doctor.libraries() if f.state is CheckState.NOTE]
    assert [(f.message, f.remedy) for f in notes] == [
        ("without Parquet and Zstandard", "pip install 'align-workbench[data]'")
    ]


def test_another_package_of_the_same_name_is_named() -> None:
    (finding,) = doctor.other_packages(lambda: {"align": ["align-workbench", "align"]})
    assert finding.state is CheckState.BAD
    assert "pip uninstall align " in finding.remedy
    assert list(doctor.other_packages(lambda: {"align": ["align-workbench"]})) == []


def test_the_command_says_one_line_a_finding_and_its_exit_code(tmp_path: Path) -> None:
    environ = os.environ | {"ALIGN_CONFIG": str(tmp_path / "none.toml"), "ALIGN_CACHE": str(tmp_path / "cache")}
    (tmp_path / "bad.db").write_text("text")
    command = [sys.executable, "-m", "align", "doctor", "--json", "--db", str(tmp_path / "bad.db")]
    ran = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    findings = [json.loads(line) for line in ran.stdout.splitlines()]
    assert ran.returncode == 1
    assert {f["area"] for f in findings if f["state"] == "bad"} == {"store"}
    assert ran.stderr == ""
