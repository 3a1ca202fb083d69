"""The report page of many links: its size, the time to make it, and the time to open it in Chromium.

    python -m benchmarks.report [--links N]

Times are best of three; opening is from navigation to the rendered page (`load`), files from disk, light theme.
Without Chromium or playwright the last part is left out.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path

from align.models import Block, BlockKind, Document, LinkKind, Proposal, Sentence, Span
from align.report.page import page
from align.report.survey import build_report
from align.store import Store, open_store

RUNS = 3
GAP = 20
"""One sentence in so many has no partner, so that there are omissions to list."""


def document(name: str, lang: str, sentences: list[str]) -> Document:
    """A document of one block."""
    found, start = [], 0
    for text in sentences:
        found.append(Sentence((Span(start, start + len(text)),), lang, 1.0))
        start += len(text) + 1
    text = "\n".join(sentences)
    return Document(name, text, (Block(Span(0, len(text)), BlockKind.BODY, lang, 1.0, tuple(found)),))


def fill(store: Store, links: int) -> None:
    """Two texts with `links` one-to-one links of every confidence."""
    n = links + links // (GAP - 1) + 1
    first = store.add_document(
        document("a.ja.txt", "ja", [f"これは{i}番目の文で、少し長いものです。" for i in range(n)])
    )
    second = store.add_document(document("a.en.txt", "en", [f"This is sentence {i}, somewhat long." for i in range(n)]))
    src = [row.id for row in store.sentences(first.document)]
    tgt = [row.id for row in store.sentences(second.document)]
    linked = [i for i in range(n) if i % GAP][:links]
    found = [Proposal((src[i],), (tgt[i],), LinkKind.TRANSLATION, 0.2, i % 997 / 997) for i in linked]
    store.propose(first.document, second.document, found, "use", languages=("ja", "en"))


def opened(path: Path) -> float | None:
    """Best seconds to open the page in Chromium; None if it is not available."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        return None
    if program is None:
        return None
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        times = []
        for _ in range(RUNS):
            tab = browser.new_page(viewport={"width": 1280, "height": 800})
            begun = time.perf_counter()
            tab.goto(path.as_uri(), wait_until="load")
            times.append(time.perf_counter() - begun)
            tab.close()
        browser.close()
    return min(times)


def main() -> None:
    """Measure and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--links", type=int, default=10_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "report.html"
        with open_store(Path(name) / "a.db") as store:
            fill(store, asked.links)
            times = []
            for _ in range(RUNS):
                begun = time.perf_counter()
                found = build_report(store)
                path.write_text("".join(page(found)), encoding="utf-8")
                times.append(time.perf_counter() - begun)
        print(f"{sum(found.statuses.values()):,} links: {path.stat().st_size / 1e6:.2f} MB, made in {min(times):.2f} s")
        seconds = opened(path)
        print("no Chromium here: not opened" if seconds is None else f"opened in Chromium in {seconds:.2f} s")


if __name__ == "__main__":
    main()
