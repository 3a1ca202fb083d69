"""A user without a home who can write neither the packages nor anything but one folder, as in most containers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest

import align as package

CASES = Path(__file__).parent / "cases"
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
CURBED = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
"""Root, bound by permissions like everybody: where the interpreter lies in root's own home."""
HOMES = ["/proc/none", None]
"""One that does not exist and cannot be made, and none."""
GOLD = (
    '{"src_lang": "de", "tgt_lang": "en", "src": ["Der Hafen ist alt.", "Niemand schwimmt."], '
    '"tgt": ["The harbour is old.", "Nobody swims."], "gold": [[[0], [0]], [[1], [1]]]}\n'
)
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder with a copy of the package that nobody can write, `work` and `tmp`."""
    made = Path(mkdtemp())
    try:
        shutil.copytree(Path(package.__file__).parent, made / "align", ignore=shutil.ignore_patterns("__pycache__"))
        for path in [made / "align", *(made / "align").rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        for name in ("work", "tmp"):
            (made / name).mkdir()
            (made / name).chmod(0o777)
        made.chmod(0o755)
        yield made
    finally:
        for path in made.rglob("*"):
            if path.is_dir():
                path.chmod(0o777)
        shutil.rmtree(made)


@pytest.fixture
def contained(folder: Path) -> Run:
    """`contained(*arguments, home=...)` runs align so; it must say nothing of a mistake of ours."""
    if os.name != "posix" or os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("NOT ROOT, OR NO setpriv: nothing was tried as another user.")

    def run(*arguments: str | Path, home: str | None = None) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(folder), "TMPDIR": str(folder / "tmp")}
        environment |= {"HOME": home} if home else {}
        done = subprocess.run(
            [*prefix(), sys.executable, *map(str, arguments)],
            cwd=folder / "work",
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "A mistake of ours" not in done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


def prefix() -> list[str]:
    """How to become somebody without rights: nobody, where nobody can run this interpreter."""
    tried = subprocess.run(
        [*NOBODY, sys.executable, "-c", "import sys, click, numba; print(sys.version)"],
        capture_output=True,
        text=True,
        check=False,
    )
    return NOBODY if tried.returncode == 0 and tried.stdout.strip() == sys.version.strip() else CURBED


@pytest.mark.parametrize("home", HOMES)
def test_the_main_job_and_what_needs_no_store(contained: Run, folder: Path, home: str | None) -> None:
    """Every command that compiles kernels, loads a model, or writes beside the texts."""
    shutil.rmtree(folder / "work")
    (folder / "work").mkdir()
    (folder / "work").chmod(0o777)
    (folder / "work" / "pair").mkdir()
    (folder / "work" / "gold.jsonl").write_text(GOLD)
    for name in ("de", "en"):
        shutil.copyfile(CASES / f"speech.{name}.txt", folder / "work" / "pair" / f"speech.{name}.txt")
    for arguments, words in (
        (["add", "pair"], "16 sentences, de"),
        (["propose", "--encoder", "use"], "16 links proposed"),
        (["stats"], "16 links"),
        (["export", "memory.tmx", "--status", "any"], "16"),
        (["pair", "pair/speech.de.txt", "pair/speech.en.txt", "--encoder", "use"], "Anton"),
        (["bulk", "pair", "out", "--encoder", "use", "--workers", "1"], "16 links written"),
        (["mine", "pair", "mined.tsv", "--encoder", "use"], "pairs de-en"),
        (["eval", "gold.jsonl", "--encoder", "use"], '"f1_strict": 1.0'),
        (["doctor"], "kernels"),
        (["review"], "review needs a terminal"),
    ):
        done = contained("-m", "align", *arguments, home=home)
        assert words in done.stdout + done.stderr, (arguments, done.stdout, done.stderr)
        assert done.returncode == (2 if arguments == ["review"] else 0), (arguments, done.stderr)


def test_the_python_interface_works(contained: Run) -> None:
    code = "from align import align_texts; print(len(align_texts(['Guten Tag.'], ['Good day.'], encoder='use').beads))"
    done = contained("-c", code)
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
