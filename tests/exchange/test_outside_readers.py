"""Programs that we did not write open what we write: xmllint, translate-toolkit, LibreOffice, gettext's own reader."""

from __future__ import annotations

import csv
import gettext
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from align.exchange.export import export_store
from align.exchange.import_file import import_file
from align.exchange.types import ExportOptions
from align.models import LinkKind, Status
from align.reviewer import Reviewer
from align.store import Store, edits

ANY = ExportOptions(statuses=frozenset(Status), kinds=frozenset(LinkKind), context=1)
DTD = Path(str(files("align.exchange") / "rules" / "tmx14.dtd"))
Program = Callable[..., subprocess.CompletedProcess[str]]


def program(*names: str) -> str:
    """Where a program is; the test is skipped, loudly, where it is not."""
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"NO {names[0].upper()} HERE: an outside reader did not check our files. .ci/run installs it.")
    return found


def ran(*command: str | Path, cwd: Path | None = None, may_fail: bool = False) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=cwd, timeout=180)
    assert may_fail or done.returncode == 0, done.stdout + done.stderr
    return done


def exported(store: Store, folder: Path, name: str, options: ExportOptions = ANY) -> Path:
    out = folder / name
    export_store(store, out, None, options)
    return out


def test_xmllint_finds_the_tmx_valid(store: Store, tmp_path: Path) -> None:
    ran(program("xmllint"), "--noout", "--nonet", "--dtdvalid", DTD, exported(store, tmp_path, "out.tmx"))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('xml:lang="en"', ""),
        ("<seg>Fog rises.</seg>", ""),
        ('segtype="sentence"', 'segtype="word"'),
        ('adminlang="en"', ""),
        ("<body>", "<body><tu/>"),
        ("<seg>Fog rises.</seg>", '<seg>Fog rises.</seg><prop type="x">late</prop>'),
    ],
)
def test_xmllint_finds_a_broken_tmx_invalid(store: Store, tmp_path: Path, right: str, wrong: str) -> None:
    """So our DTD has teeth."""
    out = exported(store, tmp_path, "out.tmx")
    text = out.read_text(encoding="utf-8")
    assert right in text
    out.write_text(text.replace(right, wrong), encoding="utf-8")
    done = ran(program("xmllint"), "--noout", "--nonet", "--dtdvalid", DTD, out, may_fail=True)
    assert done.returncode == 3, done.stderr


@pytest.mark.parametrize("name", ["out.xlf", "out.xlf2", "page.html"])
def test_xmllint_finds_the_rest_well_formed(store: Store, tmp_path: Path, name: str) -> None:
    as_html = ["--html"] if name.endswith("html") else []
    done = ran(
        program("xmllint"), "--noout", "--nonet", *as_html, exported(store, tmp_path, name), may_fail=bool(as_html)
    )
    unknown = [line for line in done.stderr.splitlines() if "error" in line and not line.endswith("invalid")]
    assert unknown == []


def converter(name: str) -> list[str]:
    """A command of translate-toolkit, run by this Python."""
    pytest.importorskip("translate", reason="NO TRANSLATE-TOOLKIT: its converters did not check our files.")
    return [sys.executable, "-W", "ignore", str(Path(sys.executable).with_name(name))]


def test_xliff2po_converts_our_xliff(store: Store, tmp_path: Path) -> None:
    out = exported(store, tmp_path, "out.xlf")
    ran(*converter("xliff2po"), "--progress=none", out, tmp_path / "back.po")
    text = (tmp_path / "back.po").read_text(encoding="utf-8")
    assert 'msgid "山へ行く。"' in text
    assert 'msgstr "We climb."' in text
    assert 'msgstr "=We cross & <rest> a while."' in text


def test_po2tmx_and_po2csv_convert_our_po(store: Store, tmp_path: Path) -> None:
    out = exported(store, tmp_path, "out.po")
    ran(*converter("po2tmx"), "--progress=none", "-l", "en", "--source-language=ja", out, tmp_path / "back.tmx")
    assert "We climb." in (tmp_path / "back.tmx").read_text(encoding="utf-8")
    ran(*converter("po2csv"), "--progress=none", out, tmp_path / "back.csv")
    with (tmp_path / "back.csv").open(encoding="utf-8", newline="") as file:
        assert ["山へ行く。", "We climb."] in [row[1:] for row in csv.reader(file)]


def test_po_that_the_toolkit_wrote_again_comes_back(store: Store, tmp_path: Path) -> None:
    """A tool rewraps and reorders; nothing was edited, so nothing changes."""
    from translate.storage import pypo

    out = exported(store, tmp_path, "out.po")
    with out.open("rb") as file:
        catalogue = pypo.pofile(file, width=30)
    (tmp_path / "again.po").write_bytes(bytes(catalogue))
    before = list(store.links())
    report = import_file(store, tmp_path / "again.po", "bea")
    assert (report.units, report.same, list(store.links())) == (6, 6, before)


def test_tmx_and_xliff_that_the_toolkit_wrote_again_come_back(store: Store, tmp_path: Path) -> None:
    from translate.storage import tmx, xliff

    before = list(store.links())
    for name, kind in (("out.tmx", tmx.tmxfile), ("out.xlf", xliff.xlifffile)):
        out = exported(store, tmp_path, name)
        with out.open("rb") as file:
            (tmp_path / f"again.{name}").write_bytes(bytes(kind(file)))
        report = import_file(store, tmp_path / f"again.{name}", "bea")
        assert (report.units, report.same, list(store.links())) == (6, 6, before)


def test_msgfmt_compiles_our_po(store: Store, tmp_path: Path) -> None:
    ran(program("msgfmt"), "--check", "-o", tmp_path / "out.mo", exported(store, tmp_path, "out.po"))
    with (tmp_path / "out.mo").open("rb") as file:
        catalogue = gettext.GNUTranslations(file)
    assert catalogue.pgettext("align:2", "山へ行く。") == "We climb."
    assert catalogue.pgettext("align:5", "風が吹く。") == "風が吹く。", "what nobody settled is fuzzy, so not used"


def office(folder: Path, path: Path, to: str) -> Path:
    """A file as LibreOffice saves it again."""
    profile = f"-env:UserInstallation=file://{folder}/profile"
    # What its import dialog would offer for a file with a byte order mark; without a window, it takes the locale's.
    mark = {".csv": 44, ".tsv": 9}.get(path.suffix)
    said = [f"--infilter=CSV:{mark},34,76"] if mark else []
    where = ["--outdir", folder / "office", path]
    ran(program("soffice", "libreoffice"), profile, "--headless", *said, "--convert-to", to, *where)
    return folder / "office" / f"{path.stem}.{to.partition(':')[0]}"


CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false"


@pytest.mark.parametrize("name", ["out.xlsx", "out.csv"])
def test_libreoffice_opens_tables_and_calculates_nothing(store: Store, tmp_path: Path, name: str) -> None:
    saved = office(tmp_path, exported(store, tmp_path, name), CSV)
    with saved.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    texts = [row["tgt"] for row in rows]
    assert len(rows) == 6
    assert "=We cross & <rest> a while." in [text.removeprefix("'") for text in texts]
    assert not any("Err:" in text or "#NAME" in text for text in texts)
    assert rows[0]["src"] == "霧が出る。"


def test_a_tsv_that_libreoffice_saved_comes_back_unchanged(store: Store, tmp_path: Path) -> None:
    for link, text in enumerate(
        ['"Wind," they say, "blows"', '"Climb!"', '=a "b"', '""', 'say "so"', "a\\tb"], start=1
    ):
        Reviewer(store, "ada").commit(edits.edit_text(link, "tgt", text))
    out = exported(store, tmp_path, "out.tsv")
    before = list(store.links())
    saved = office(tmp_path, out, CSV.replace("44", "9")).rename(tmp_path / "saved.tsv")
    report = import_file(store, saved, "bea")
    assert (report.units, report.same, list(store.links())) == (6, 6, before)
    assert [what.partition(":")[0] for what in report.calculated] == ["row 4, tgt"], "a formula, to a spreadsheet"
    assert "CSV and XLSX" in report.lines()[-1]


def test_a_workbook_that_libreoffice_saved_comes_back_unchanged(store: Store, tmp_path: Path) -> None:
    out = exported(store, tmp_path, "out.xlsx")
    before = list(store.links())
    report = import_file(store, office(tmp_path, out, "xlsx"), "bea")
    assert (report.units, report.same, list(store.links())) == (6, 6, before)
