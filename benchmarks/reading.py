"""Speed, memory and losses of reading: `python -m benchmarks.reading [--big MB] [--pdf FOLDER] [--fuzz SECONDS]`.

Prints one JSON object per line. First, for each language, MB of UTF-8 per CPU second on one core (best of three),
with langdetect's share counted separately; `control` is a bare `text.split()` and dictionary count over the same
text, so that two runs on different machines can be compared. Then a file of `--big` MB (100 by default) in its own
process: seconds, and peak memory as a multiple of the file. Then HTML, EPUB, DOCX, XLSX and SRT made of the same
paragraphs: the share of the words that survive, and CPU as a multiple of plain text. With `--pdf`, Debian's manuals
below a folder against pdftotext (see `benchmarks.reading_formats`). With `--fuzz`, every reader is fed mutated files by
atheris for so many seconds in all; anything but a Document or a one-line ReadError is a failure.

The texts are the seed pages, repeated with their paragraphs shuffled; no gold is needed.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from align.readers import read
from align.text import ngrams
from benchmarks.reading_formats import formats, manuals

ROOT = Path(__file__).parents[1]
SEEDS = {
    "ja": "002_dc33c82b1993761c.txt",
    "ja-blog": "001_cded03f6e742fba8.txt",
    "en": "rt_en.txt",
    "en-halved": "004_8345e166239dbf0a.txt",
    "mixed": "000_c75f5401250b3fc9.txt",
}
NAMES = ("a.txt", "a.md", "a.html", "a.docx", "a.epub", "a.pdf", "a.srt", "a.csv", "a.xlsx")


def corpus(name: str, size: int, seed: int = 0) -> bytes:
    """About `size` bytes of the paragraphs of a seed page, shuffled."""
    paragraphs = (ROOT / "seeds" / SEEDS[name]).read_text(encoding="utf-8").split("\n\n")
    shuffle = random.Random(seed)
    pieces: list[bytes] = []
    total = 0
    while total < size:
        shuffle.shuffle(paragraphs)
        pieces.append(("\n\n".join(paragraphs) + "\n\n").encode())
        total += len(pieces[-1])
    return b"".join(pieces)


class Share:
    """CPU seconds spent in langdetect."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.calls = 0
        self._real = ngrams.probabilities

    def __enter__(self) -> Share:
        def timed(text: str, script: str, allowed: Mapping[str, float]) -> dict[str, float]:
            began = time.process_time()
            found = self._real(text, script, allowed)
            self.seconds += time.process_time() - began
            self.calls += 1
            return found

        ngrams.probabilities = timed
        return self

    def __exit__(self, *_: object) -> None:
        ngrams.probabilities = self._real


def speed(name: str, size: int) -> dict[str, Any]:
    content = corpus(name, size)
    read(f"{name}.txt", corpus(name, size // 20))  # the tables and langdetect's profiles are loaded here
    best, share, calls, sentences = float("inf"), 0.0, 0, 0
    for _ in range(3):
        with Share() as langdetect:
            began = time.process_time()
            document = read(f"{name}.txt", content)
            seconds = time.process_time() - began - langdetect.seconds
        if seconds < best:
            best, share, calls = seconds, langdetect.seconds, langdetect.calls
        sentences = sum(len(block.sentences) for block in document.blocks)
    began = time.process_time()
    Counter(content.decode().split())
    control = time.process_time() - began
    megabytes = len(content) / 1e6
    return {
        "text": name, "MB": round(megabytes, 1), "MB/s": round(megabytes / best, 2), "sentences": sentences,
        "langdetect s": round(share, 3), "langdetect calls": calls, "control MB/s": round(megabytes / control, 1),
    }  # fmt: skip


_ALONE = """
import json, resource, sys, time
from align.readers import read
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
content = open(sys.argv[1], "rb").read()
began = time.process_time()
document = read("big.txt", content)
seconds = time.process_time() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"MB": round(len(content) / 1e6, 1), "MB/s": round(len(content) / 1e6 / seconds, 2),
    "sentences": sum(len(b.sentences) for b in document.blocks), "peak MB": round((peak - before) / 1024),
    "peak / size": round((peak - before) * 1024 / len(content), 1)}))
"""


def memory(name: str, megabytes: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "big.txt"
        path.write_bytes(corpus(name, megabytes * 1_000_000))
        done = subprocess.run([sys.executable, "-c", _ALONE, str(path)], capture_output=True, text=True, check=True)
    return {"big": name, **json.loads(done.stdout)}


def long_line(megabytes: int) -> dict[str, Any]:
    """A line of so many MB without a stop, then one with stops."""
    found: dict[str, Any] = {"one line MB": megabytes}
    for what, unit in (("blank", b"word "), ("solid", b"x"), ("stops", "文。".encode()), ("open", "「文。".encode())):
        content = unit * (megabytes * 1_000_000 // len(unit))
        began = time.process_time()
        document = read("line.txt", content)
        found[what + " s"] = round(time.process_time() - began, 1)
        found[what + " sentences"] = sum(len(block.sentences) for block in document.blocks)
    return found


_FUZZ = """
import sys, atheris
with atheris.instrument_imports(include=["align.text", "align.readers"]):
    from align.readers import read
    import align.readers.html, align.readers.markdown, align.readers.subtitles, align.readers.tables
from align.errors import ReadError
NAMES = %r
def one(data):
    if not data:
        return
    name = NAMES[data[0] %% len(NAMES)]
    try:
        document = read(name, data[1:])
    except ReadError as error:
        assert "\\n" not in str(error), str(error)
        return
    at = 0
    for block in document.blocks:
        assert at <= block.span.start < block.span.end <= len(document.text)
        at = block.span.end
atheris.Setup([sys.argv[0], *sys.argv[1:]], one)
atheris.Fuzz()
"""


def fuzz(seconds: int) -> dict[str, Any]:
    """Coverage-guided fuzzing of every reader, from small files of each format. Raises SystemExit on a failure."""
    with tempfile.TemporaryDirectory() as folder:
        starts = Path(folder) / "corpus"
        starts.mkdir()
        for number, content in enumerate(_starts()):
            (starts / f"{number}").write_bytes(content)
        script = Path(folder) / "fuzz.py"
        script.write_text(_FUZZ % (NAMES,), encoding="utf-8")
        limits = [f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=3000", "-max_len=20000"]
        done = subprocess.run(
            [sys.executable, str(script), str(starts), *limits], capture_output=True, text=True, cwd=folder, check=False
        )
    tail = [line for line in done.stderr.splitlines() if line.strip()]
    runs = next((line for line in reversed(tail) if line.startswith("Done")), "")
    if done.returncode:
        print("\n".join(tail[-60:]), file=sys.stderr)
        raise SystemExit(1)
    return {"fuzz": runs, "seconds": seconds, "failures": 0}


def _starts() -> list[bytes]:
    sys.path.insert(0, str(ROOT / "tests" / "readers"))
    import files  # type: ignore[import-not-found]

    page = b"<!doctype html><html lang=ja><body><h1>A</h1><p>B c. D</p><ul><li>e</li></ul></body></html>"
    kept = [
        (ROOT / "seeds" / SEEDS["mixed"]).read_bytes()[:3000],
        b"# A\n\n- b *c*\n\n> d [e](f)\n\n| g | h |\n|---|---|\n| i | j |\n",
        page,
        files.word(),
        files.book("<p>One. Two.</p>"),
        files.pdf(["Some words", "on a page."]),
        b"1\n00:00:01,000 --> 00:00:02,000\nOne <i>two</i>\n\n2\n00:00:03,000 --> 00:00:04,000\n- three.\n",
        b'a,b\n"c, d",e\n',
        files.workbook(("a", "b"), ("c", 1)),
    ]
    return [bytes([number]) + content for number, content in enumerate(kept)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mb", type=int, default=4, help="size of the texts that speed is measured on; 0 = none")
    parser.add_argument("--big", type=int, default=100, help="size of the file that memory is measured on; 0 = none")
    parser.add_argument("--line", type=int, default=50, help="size of the one-line files; 0 = none")
    parser.add_argument("--pdf", type=Path, help="folder with the PDFs of Debian's manuals")
    parser.add_argument("--fuzz", type=int, default=0, help="seconds of fuzzing; 0 = none")
    asked = parser.parse_args()
    for name in SEEDS if asked.mb else ():
        print(json.dumps(speed(name, asked.mb * 1_000_000)), flush=True)
    for name in ("en", "ja") if asked.mb else ():
        lines = (ROOT / "seeds" / SEEDS[name]).read_text(encoding="utf-8").splitlines()
        paragraphs = list(dict.fromkeys(" ".join(line.split()) for line in lines if line.strip()))
        for line in formats(paragraphs):
            print(json.dumps({"text": name, **line}), flush=True)
    for line in manuals(asked.pdf) if asked.pdf else ():
        print(json.dumps(line), flush=True)
    if asked.big:
        for name in ("ja", "en"):
            print(json.dumps(memory(name, asked.big)), flush=True)
    if asked.line:
        print(json.dumps(long_line(asked.line)), flush=True)
    if asked.fuzz:
        print(json.dumps(fuzz(asked.fuzz)), flush=True)


if __name__ == "__main__":
    main()
