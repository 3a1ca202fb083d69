"""CPU time and memory of a bilingual book from two EPUBs of 300 pages: `python -m benchmarks.books [--layout L]`.

The books are three Gospels and the part of Genesis in the dev gold, in English and Chinese, a chapter a page of the
EPUB, five verses a paragraph; a printed page has 250 English words. Each command is a process; prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from html import escape
from itertools import groupby
from pathlib import Path

from benchmarks.gold import ROOT, documents
from tests.exchange.books import epub

WORDS_OF_PAGE = 250
VERSES_OF_PARAGRAPH = 5


def chapters(lang: str) -> list[str]:
    """The body of each chapter, with a picture."""
    gold = json.loads((ROOT / "dev" / "gospels_en_zh.json").read_text(encoding="utf-8"))
    bodies = []
    verses = list(zip(gold["keys"], gold[lang], strict=True))
    genesis = documents("bible_zh_en.part")[0]
    own = genesis["src" if lang == "zh" else "tgt"]
    parts = 20
    verses += [(["Genesis", at * parts // len(own) + 1, at], text) for at, text in enumerate(own)]
    for (book, chapter), run in groupby(verses, lambda verse: tuple(verse[0][:2])):
        texts = [escape(text) for _, text in run]
        paragraphs_of = [texts[at : at + VERSES_OF_PARAGRAPH] for at in range(0, len(texts), VERSES_OF_PARAGRAPH)]
        paragraphs = "".join(f"<p>{' '.join(part)}</p>" for part in paragraphs_of)
        bodies.append(f'<h1>{book} {chapter}</h1><p><img src="p.png" alt="{book}"/></p>{paragraphs}')
    return bodies


def run(*arguments: str, where: Path) -> dict[str, float]:
    """CPU seconds and peak memory (MB) of a command of `align`."""
    program = (
        "import resource, sys; from align.cli import main\n"
        "try: main()\n"
        "finally:\n"
        "    used = resource.getrusage(resource.RUSAGE_SELF)\n"
        "    print('USED', used.ru_utime + used.ru_stime, used.ru_maxrss // 1024, file=sys.stderr)\n"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=where, capture_output=True, text=True, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(done.stderr)
    print(*done.stderr.splitlines(), sep="\n", file=sys.stderr)
    memory = next(line for line in done.stderr.splitlines() if line.startswith("USED")).split()[2]
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu_seconds": round(cpu, 1), "megabytes": int(memory)}


def main() -> None:
    """Make the books, add and align them, and write the bilingual one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layout", default="interleaved")
    parser.add_argument("--encoder", default="use")
    layout = parser.parse_args().layout
    encoder = parser.parse_args().encoder
    with tempfile.TemporaryDirectory() as name:
        where = Path(name)
        bodies = chapters("en")
        words = sum(len(body.split()) for body in bodies)
        (where / "en.epub").write_bytes(epub(bodies, "en"))
        (where / "zh.epub").write_bytes(epub(chapters("zh"), "zh"))
        steps = {
            "add": run("add", "en.epub", "zh.epub", where=where),
            "propose": run("propose", "--encoder", encoder, where=where),
            "export": run("export", "book.epub", "--src", "en", "--tgt", "zh", "--layout", layout, where=where),
        }
    total = round(sum(step["cpu_seconds"] for step in steps.values()), 1)
    peak = max(step["megabytes"] for step in steps.values())
    print(json.dumps({"pages": words // WORDS_OF_PAGE, **steps, "cpu_seconds": total, "megabytes": peak}))


if __name__ == "__main__":
    main()
