"""The pictures of the documents: the review app on the seed pages, as SVG by Textual.

    python docs/scripts/pictures.py            says which are no longer like the app (exit code 1)
    python docs/scripts/pictures.py --write    draws them into docs/pictures

A picture is current while at least `ALIKE` of its words are those that the app shows: a confidence that moves by a
hundredth is no reason to draw it again, a new key bar is.
"""

from __future__ import annotations

import asyncio
import html
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from difflib import SequenceMatcher
from pathlib import Path

from rich.cells import cell_len

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "pictures"
ALIKE = 0.85
SIZE = (118, 34)
CELL = 12.2
"""Width of a cell in Rich's SVG."""


def store(folder: Path) -> Path:
    """A store of the Japanese page and the English article that it translates, with the first links decided."""
    from align.embeddings import cached, load_encoder
    from align.reviewer import open_reviewer
    from align.store import LinkFilter, edits, open_store
    from align.workspace.add import add
    from align.workspace.propose import propose

    db = folder / "talks.db"
    here = Path.cwd()
    os.chdir(ROOT)
    try:
        list(add(db, ["seeds/002_dc33c82b1993761c.txt", "seeds/rt_en.txt"]))
    finally:
        os.chdir(here)
    with open_store(db) as opened, cached(load_encoder("use"), db) as vectors:
        list(propose(opened, vectors))
        links = [link for link in opened.links(LinkFilter()) if link.src.document != link.tgt.document]
    with open_reviewer(db, "Aoi") as reviewer:
        for link in links[:9]:
            reviewer.commit(edits.accept(link.id))
    return db


async def drawn(db: Path, press: list[str], theme: str) -> str:
    """The app after some keys, as SVG."""
    from align.review.app import ReviewApp

    app = ReviewApp(db, "Aoi", encoder="use", theme=theme, start="workspace")
    async with app.run_test(size=SIZE) as pilot:
        await settled(app, pilot.pause)
        for key in press:
            await pilot.press(key)
            await settled(app, pilot.pause)
        return plain(app.export_screenshot(title="align review"))


async def settled(app: object, pause: Callable[[float], Awaitable[None]]) -> None:
    """Wait until no worker runs and what it did is drawn."""
    for _ in range(100):
        await pause(0.1)
        if not any(worker.is_running for worker in app.workers):  # type: ignore[attr-defined]
            break
    await pause(0.3)


def plain(svg: str) -> str:
    """Without the web fonts that the template names, and with the same ids each time."""
    svg = re.sub(r"@font-face \{.*?\}\n", "", svg, flags=re.DOTALL)
    svg = re.sub(r"terminal-\d+", "terminal-1", svg)
    # Rich gives a run of text as many cells as it has characters; Japanese has two cells a character.
    svg = re.sub(r'textLength="[\d.]+"([^>]*)>([^<]*)<', broadened, svg)
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def broadened(run: re.Match[str]) -> str:
    """A run of text with the length of its cells."""
    cells = cell_len(html.unescape(run[2]))
    return f'textLength="{round(cells * CELL, 1):g}"{run[1]}>{run[2]}<'


def words(svg: str) -> list[str]:
    """The texts of a picture, digits left out."""
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    shown = [re.sub(r"\d+", "0", html.unescape(text).replace("\xa0", " ")).strip() for text in texts]
    return [text for text in shown if text]


TALKS = ["down", "enter", "n"]
SHOTS = {
    "workspace.svg": (["down"], "textual-dark"),
    "review.svg": (TALKS, "textual-dark"),
    "review-light.svg": (TALKS, "textual-light"),
    "documents.svg": ([*TALKS, "v"], "textual-dark"),
}
"""Picture -> the keys pressed from the workspace on, and the theme. `TALKS` opens the second pair of texts."""


def draw() -> dict[str, str]:
    """Every picture, by name."""
    with tempfile.TemporaryDirectory() as folder:
        (first := Path(folder) / "first").mkdir()
        db = store(first)
        made = {}
        for name, (press, theme) in SHOTS.items():
            copied = Path(shutil.copytree(first, Path(folder) / name))
            made[name] = asyncio.run(drawn(copied / db.name, press, theme))
        return made


def alike(one: str, other: str) -> float:
    """How much of what two pictures show is the same, 0 to 1."""
    return SequenceMatcher(None, words(one), words(other), autojunk=False).ratio()


def main() -> int:
    """Compare or draw."""
    stale = 0
    for name, svg in draw().items():
        path = PICTURES / name
        if "--write" in sys.argv[1:]:
            PICTURES.mkdir(exist_ok=True)
            path.write_text(svg, encoding="utf-8")
            sys.stdout.write(f"{name}: drawn\n")
        elif not path.exists() or alike(path.read_text(encoding="utf-8"), svg) < ALIKE:
            sys.stdout.write(f"{name}: no longer like the app\n")
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main())
