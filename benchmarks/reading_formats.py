"""How much text survives in each format, and its CPU beside a control: used by `benchmarks.reading`."""

from __future__ import annotations

import html
import io
import os
import re
import resource
import subprocess
import time
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from align.models import BlockKind, Document
from align.readers import read
from align.text.normalize import sentence_text

MANUALS = {
    "en": "debian-faq.en.pdf", "ru": "debian-faq.ru.pdf", "en-reference": "developers-reference.pdf",
    "ja-reference": "ja/developers-reference.pdf", "ja": "maint-guide.ja.pdf", "zh": "maint-guide.zh-cn.pdf",
}  # fmt: skip
"""Ends of the paths of Debian's manuals, from `apt-get download debian-faq debian-faq-ru developers-reference
developers-reference-ja maint-guide-ja maint-guide-zh-cn` and `dpkg -x`."""
_FINISHED = re.compile(
    r"(?:[。！？.!?：:；;…](?:['\"’”»」』)）\]])*|(?:^|[。！？.!?])\s*[(（](?:[^()（）]|[(（][^()（）]*[)）])*[)）]|:-\))"
    r"\s*[\d⁰-⁹¹²³]*(?::-\))?$"
)
"""The end of a sentence, a remark in brackets after one or by itself, or a smile."""
_TABLE_OF_CONTENTS = re.compile(r"(?:\. ){5}|^[\d.]+ ")


def texts(document: Document, *, boilerplate: bool = False) -> Iterator[str]:
    """Yield the text of each block that is not boilerplate."""
    for block in document.blocks:
        if boilerplate or block.kind is not BlockKind.BOILERPLATE:
            yield " ".join(sentence_text(document.text, one.pieces) for one in block.sentences)


def made(paragraphs: list[str]) -> dict[str, bytes]:
    """The paragraphs as a file of each format."""
    import docx
    import openpyxl

    page = "".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in paragraphs)
    cues = "".join(
        f"{number}\n00:{number // 60 % 60:02}:{number % 60:02},000 --> 00:{number // 60 % 60:02}:{number % 60:02},900\n"
        f"{paragraph}\n\n"
        for number, paragraph in enumerate(paragraphs, 1)
    )
    word, book, sheet, epub = docx.Document(), openpyxl.Workbook(), io.BytesIO(), io.BytesIO()
    for paragraph in paragraphs:
        word.add_paragraph(paragraph)
        book.active.append((paragraph,))
    book.save(sheet)
    written = io.BytesIO()
    word.save(written)
    with zipfile.ZipFile(epub, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("mimetype", "application/epub+zip")
        packed.writestr("META-INF/container.xml", "<a/>")
        packed.writestr("a.xhtml", f"<html><body>{page}</body></html>")
    return {
        "html": f"<!doctype html><html><body><article>{page}</article></body></html>".encode(),
        "epub": epub.getvalue(),
        "docx": written.getvalue(),
        "xlsx": sheet.getvalue(),
        "srt": cues.encode(),
    }


def formats(paragraphs: list[str]) -> Iterator[dict[str, Any]]:
    """Measure each format: the share of the words that survive, and CPU as a multiple of the same text plain."""
    plain = "\n\n".join(paragraphs).encode()
    control = best(lambda: read("a.txt", plain))
    words = Counter(re.findall(r"\w+", " ".join(paragraphs)))
    for name, content in made(paragraphs).items():
        document = read(f"a.{name}", content)
        ours = Counter(re.findall(r"\w+", " ".join(texts(document))))
        seconds = best(lambda name=name, content=content: read(f"a.{name}", content))  # type: ignore[misc]
        yield {
            "format": name, "MB": round(len(content) / 1e6, 2), "survives": share(words & ours, words),
            "CPU / plain text": round(seconds / control, 2),
        }  # fmt: skip


def best(work: Callable[[], Any], count: int = 3) -> float:
    """CPU seconds of the quickest of `count` runs."""
    seconds = []
    for _ in range(count):
        began = time.process_time()
        work()
        seconds.append(time.process_time() - began)
    return min(seconds)


def share(part: Counter[str], whole: Counter[str]) -> float:
    return round(part.total() / max(1, whole.total()), 4)


def manuals(folder: Path) -> Iterator[dict[str, Any]]:
    """Measure the PDFs of Debian's manuals below `folder` against `pdftotext` (of PDFTOTEXT, else of the path)."""
    for name, end in MANUALS.items():
        path = next((path for path in sorted(folder.rglob("*.pdf")) if path.as_posix().endswith(f"/{end}")), None)
        if path is not None:
            yield {"pdf": name, **measured(path, is_wide=name[:2] in ("ja", "zh"))}


def measured(path: Path, *, is_wide: bool) -> dict[str, Any]:
    """Words (CJK: 5-grams) of pdftotext that are missing and of ours that it does not have, without lines that repeat
    on over a third of the pages; CJK body blocks that end inside a sentence; CPU beside pdftotext."""
    seconds = []
    reference = ""
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [os.environ.get("PDFTOTEXT", "pdftotext"), str(path), "-"]
        reference = subprocess.run(command, capture_output=True, check=True).stdout.decode()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    content = path.read_bytes()
    document = read("a.pdf", content)
    pages = [page.split("\n") for page in reference.split("\f")]
    counts = Counter(masked(line) for page in pages for line in {masked(line): line for line in page})
    repeated = {line for line, count in counts.items() if line and count > len(pages) / 3}
    wanted_lines = [line for page in pages for line in page if masked(line) not in repeated]
    tokens = grams if is_wide else lambda text: Counter(re.findall(r"\w+", text.lower()))
    theirs = tokens(normal("\n".join(wanted_lines)))
    ours = tokens(normal("\n".join(text for text in texts(document) if masked(text) not in repeated)))
    result = {
        "missing": share(theirs - ours, theirs),
        "extra": share(ours - theirs, ours),
        "CPU / pdftotext": round(best(lambda: read("a.pdf", content)) / min(seconds), 2),
    }
    if is_wide:
        body = [
            text
            for block in document.blocks
            if block.kind is BlockKind.BODY and block.lang[:2] in ("ja", "zh") and block.sentences
            and not _TABLE_OF_CONTENTS.search(text := block.span.of(document.text))
        ]  # fmt: skip
        result["unfinished blocks"] = round(sum(not _FINISHED.search(text) for text in body) / max(1, len(body)), 4)
    return result


def masked(line: str) -> str:
    return re.sub(r"\d+", "#", line.strip())


def normal(text: str) -> str:
    text = unicodedata.normalize("NFKC", text.replace("\u00ad\n", "").replace("\u2010\n", "-\n"))
    return re.sub(r"-[ \t]*\n\s*(?=[a-zа-я])", "", text)


def grams(text: str) -> Counter[str]:
    """Runs of five characters, without blanks, list marks and dashes."""
    bare = re.sub(r"[\s•–—]", "", text)
    return Counter(bare[at : at + 5] for at in range(len(bare) - 4))
