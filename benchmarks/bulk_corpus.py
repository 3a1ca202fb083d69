"""Corpora for the bulk benchmarks, synthesised from the gold files where larger ones are needed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
FILES = ("ntrex.ja_zh", "ntrex.ko_en", "ntrex.ru_en", "ntrex.zh-tw_en", "kyoto_ja_en.dev")


def gold_folder(named: Path | None = None) -> Path:
    """`ALIGN_GOLD`, or `../shared/gold` next to the checkout. Exits with a message if it does not exist."""
    folder = named or Path(os.environ.get("ALIGN_GOLD") or ROOT.parent / "shared" / "gold")
    if not (folder / "dev").is_dir():
        raise SystemExit(f"no gold at {folder}: set ALIGN_GOLD to its folder")
    return folder


def gold_documents(name: str, named: Path | None = None) -> Iterator[dict[str, Any]]:
    """The documents of a gold file."""
    with (gold_folder(named) / "dev" / f"{name}.jsonl").open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def sentence_pairs(named: Path | None = None) -> list[tuple[str, str, str, str]]:
    """(source language, target language, source, target) of every 1-1 bead of the files."""
    found = []
    for name in FILES:
        for document in gold_documents(name, named):
            for src, tgt in document["gold"]:
                if len(src) == len(tgt) == 1:
                    pair = (document["src"][src[0]], document["tgt"][tgt[0]])
                    found.append((document["src_lang"], document["tgt_lang"], *pair))
    return found


def write_corpus(folder: Path, documents: int, sentences: int, *, seed: int = 0, broken: float = 0.0) -> list[int]:
    """Write `documents` pairs of files of about `sentences` sentences each, and a manifest `pairs.tsv`.

    Each pair is drawn from one language pair. Returns the numbers (from 1) of the `broken` share, each damaged in
    one of several forms.
    """
    rng = np.random.default_rng(seed)
    by_languages: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for src_lang, tgt_lang, src, tgt in sentence_pairs():
        by_languages.setdefault((src_lang, tgt_lang), []).append((src, tgt))
    languages = sorted(by_languages)
    lines = ["src\ttgt\tsrc_lang\ttgt_lang"]
    spoilt = []
    for number in range(1, documents + 1):
        src_lang, tgt_lang = languages[int(rng.integers(len(languages)))]
        pool = by_languages[src_lang, tgt_lang]
        count = max(1, int(rng.poisson(sentences)))
        start = int(rng.integers(max(1, len(pool) - count)))
        chosen = pool[start : start + count]
        names = [f"{number // 1000:04d}/{number}.{side}.txt" for side in ("a", "b")]
        lines.append("\t".join([*names, src_lang, tgt_lang]))
        for side, name in enumerate(names):
            path = folder / name
            if number % 1000 in (0, 1):
                path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join(pair[side] for pair in chosen) + "\n", encoding="utf-8")
        if rng.random() < broken:
            spoilt.append(number)
            _break(folder / names[number % 2], number // 2 % 4)
    (folder / "pairs.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return spoilt


def _break(path: Path, way: int) -> None:
    if way == 0:
        path.unlink()
    elif way == 1:
        path.write_bytes(b"")
    elif way == 2:
        path.write_bytes(b"\x00\x01\x02" * 100)
    else:
        path.write_bytes(b" \n\n\t\n")
