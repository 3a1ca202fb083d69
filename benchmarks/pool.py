"""Training texts for the aligner's weights: the gold of twelve corpora, original and perturbed.

All parts of a source, and everything made from them, are one corpus: it is used or left out as a whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.gold import DEV, documents
from benchmarks.perturb import Hardship, end_to_end, perturbed

CORPORA = {
    "bible": "bible",
    "bsd": "bsd",
    "hunalign": "hunalign",
    "k8s": "k8s",
    "kyoto": "kyoto",
    "mac": "mac",
    "ntrex": "ntrex",
    "parice": "parice",
    "pydocs": "pydocs",
    "textberg": "textberg",
    "udhr": "udhr",
    "w3c": "w3c",
}
"""Corpora, and the prefixes of their file names."""
PLAIN = Hardship()
SEED = 7
SAGA = (0.45, 0.25, 0.14, 0.08, 0.05, 0.03)
NOVEL = (0.6, 0.22, 0.12, 0.06)
EPIC = (0.33, 0.2, 0.14, 0.1, 0.08, 0.06, 0.04, 0.03, 0.02)


@dataclass(frozen=True, slots=True)
class Group:
    """Some texts of one corpus, with one style."""

    corpus: str
    name: str
    """Prefix of the files, and the perturbation."""
    weight: float
    hardship: Hardship = PLAIN
    long: int = 0
    """Documents are concatenated to texts of so many sentences; 0: not at all."""
    sentences: int = 1_600
    """Maximum source sentences of the group, about."""
    tokens: bool = True
    """Whether it is also used for weights with token vectors."""

    @property
    def files(self) -> str:
        """Prefix of its file names."""
        return self.name.partition("+")[0]

    def texts(self) -> list[dict[str, Any]]:
        """The documents, perturbed."""
        found, count = [], 0
        plain = documents(self.files)
        for document in end_to_end(plain, self.long) if self.long else plain:
            if count >= self.sentences:
                break
            count += len(document["src"])
            found.append(perturbed(document, self.hardship, SEED) if self.hardship != PLAIN else document)
        return found


GROUPS = (
    Group("mac", "mac", 1.0),
    Group("textberg", "textberg", 1.0),
    Group("textberg", "textberg+omissions", 0.4, Hardship(omissions=4)),
    Group("bible", "bible", 1.0),
    Group("parice", "parice", 1.0),
    Group("hunalign", "hunalign", 1.0, sentences=3_000),
    Group("hunalign", "hunalign+saga", 0.7, Hardship(runs=SAGA), sentences=800),
    Group("hunalign", "hunalign+saga drop", 0.4, Hardship(runs=SAGA, drop=0.08), sentences=800),
    Group("hunalign", "hunalign+novel", 0.5, Hardship(runs=NOVEL), sentences=800, tokens=False),
    Group("hunalign", "hunalign+epic", 0.7, Hardship(runs=EPIC), sentences=800),
    Group("udhr", "udhr", 0.7),
    Group("udhr", "udhr+saga", 0.7, Hardship(runs=SAGA)),
    Group("udhr", "udhr+saga drop", 0.4, Hardship(runs=SAGA, drop=0.08)),
    Group("udhr", "udhr+drop", 0.4, Hardship(drop=0.1)),
    Group("udhr", "udhr+novel", 0.5, Hardship(runs=NOVEL), tokens=False),
    Group("udhr", "udhr+epic", 0.7, Hardship(runs=EPIC)),
    Group("ntrex", "ntrex.ja_zh+drop", 0.4, Hardship(drop=0.2, merge=0.1)),
    Group("ntrex", "ntrex.ja_zh+cut", 0.4, Hardship(drop=0.1, merge=0.2, cut=0.2)),
    Group("ntrex", "ntrex.ja_zh+long drop", 0.4, Hardship(drop=0.2, merge=0.1), long=200),
    Group("ntrex", "ntrex.ru+drop", 0.4, Hardship(drop=0.15, merge=0.1)),
    Group("ntrex", "ntrex.zh-tw", 0.25),
    Group("ntrex", "ntrex.zh-tw+saga", 0.7, Hardship(runs=SAGA), long=150),
    Group("ntrex", "ntrex.zh-tw+saga drop", 0.4, Hardship(runs=SAGA, drop=0.08), long=150),
    Group("ntrex", "ntrex.ko+saga", 0.7, Hardship(runs=SAGA), long=150),
    Group("ntrex", "ntrex.ko+novel", 0.5, Hardship(runs=NOVEL), long=150, tokens=False),
    Group("ntrex", "ntrex.ru+epic", 0.7, Hardship(runs=EPIC), long=150),
    Group("kyoto", "kyoto", 0.25),
    Group("kyoto", "kyoto+cut", 0.4, Hardship(drop=0.03, merge=0.15, cut=0.2, omissions=1)),
    Group("kyoto", "kyoto+novel", 0.5, Hardship(runs=NOVEL), tokens=False),
    Group("kyoto", "kyoto+epic", 0.5, Hardship(runs=EPIC), sentences=800),
    Group("pydocs", "pydocs", 1.0),
    Group("k8s", "k8s", 0.25),
    Group("k8s", "k8s+cut", 0.4, Hardship(drop=0.05, merge=0.1, cut=0.25, omissions=1)),
    Group("w3c", "w3c_layout.en_zh-hant", 0.25),
    Group("w3c", "w3c_layout.en_ja", 0.25, sentences=800),
    Group("bsd", "bsd", 0.25),
    Group("bsd", "bsd+drop", 0.4, Hardship(drop=0.1), sentences=800),
)


def corpus_of(name: str) -> str:
    """The corpus of a file or group. Raises KeyError for an unknown one."""
    for corpus, start in CORPORA.items():
        if name.startswith(start):
            return corpus
    raise KeyError(name)


def digest(corpora: Sequence[str] = tuple(CORPORA)) -> str:
    """Digest of the gold of some corpora, and of their perturbations."""
    total = hashlib.sha256()
    for corpus in corpora:
        for path in sorted(DEV.glob(f"{CORPORA[corpus]}*.jsonl")):
            total.update(path.name.encode() + path.read_bytes())
        total.update(repr([group for group in GROUPS if group.corpus == corpus]).encode())
    return total.hexdigest()[:16]
