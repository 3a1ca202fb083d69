"""Demonstrate the main workflow on the seed pages."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from pathlib import Path

from align.embeddings import cached, load_encoder
from align.errors import UsageError
from align.exchange.export import export_store
from align.exchange.types import ExportOptions
from align.models import Link, Status
from align.store import LinkFilter, open_store
from align.workspace.add import add
from align.workspace.propose import matching_stage, propose

SEED_PAGES = (
    "000_c75f5401250b3fc9.txt",
    "001_cded03f6e742fba8.txt",
    "002_dc33c82b1993761c.txt",
    "003_8e3132f798ff7763.txt",
    "004_8345e166239dbf0a.txt",
    "rt_en.txt",
)
EXPORTS = ("links.jsonl", "memory.tmx", "memory.tsv")
Stage = Callable[[str], Callable[[int, int], None]]


def seed_pages() -> list[Path]:
    """Paths of the five seed pages and the English RT text, next to the package or (in a wheel) inside it."""
    package = Path(str(resources.files("align")))
    for folder in (package / "seeds", package.parent / "seeds"):
        if (folder / SEED_PAGES[0]).is_file():
            return [folder / page for page in SEED_PAGES]
    raise UsageError("The seed pages are missing from this installation. Reinstall it, or run in a checkout.")


def demo(out: Path, encoder: str, *, cache: Path | None, stage: Stage, log_line: Callable[[str], None]) -> list[Link]:
    """Add the seed pages to `out`/demo.db, propose, export to `out`; returns the links in document order.

    A further run changes no reviewed link.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{out}: {error.strerror or error}. Name another folder with --out.") from error
    db = out / "demo.db"
    for result in add(db, [str(page) for page in seed_pages()], progress=stage("Reading")):
        log_line(
            f"{result.outcome:<10} {Path(result.name).name}: {result.sentences} sentences, "
            f"{', '.join(result.languages)}"
        )
    with open_store(db) as store:
        languages = {lang for row in store.documents() for lang in row.languages}
        with cached(load_encoder(encoder, languages=languages, cache=cache), db) as vectors:
            for _ in propose(store, vectors, encoding=stage("Encoding"), matching=stage(matching_stage())):
                pass
        links = list(store.links(LinkFilter()))
        for name in EXPORTS:
            report = export_store(store, out / name, None, ExportOptions(statuses=frozenset(Status), force=True))
            log_line(report.lines()[0])
    return links
