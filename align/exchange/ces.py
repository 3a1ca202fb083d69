"""Links of OPUS (cesAlign) and of InterText: XML with the ids of sentences, which are in a file of each language.

A link is `<link xtargets="s1 s2;s1"/>` in a `<linkGrp fromDoc="…" toDoc="…">`. An export has `OUT.de-en.xml` (for
InterText, `OUT.de-en.de.en.alignment.xml`), `OUT.de-en.de.xml` and `OUT.de-en.en.xml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from align.errors import ReadError, UsageError
from align.exchange.filter import pair_name
from align.exchange.ladder import LineBead, arrange, line_suffixes, sentences_of, with_others
from align.exchange.types import ExportOptions, ImportedUnit, Segment, Unit
from align.inputs import read_input
from align.models import CONFIRMED, Status
from align.readers.safe_zip import decompress, parsed
from align.text.normalize import join
from align.text.table_columns import is_code
from align.text.tags import canonical

__all__ = ["arrange", "read", "read_intertext", "write", "write_intertext"]

_HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'
_CES_HEAD = f'{_HEAD}<!DOCTYPE cesAlign PUBLIC "-//CES//DTD XML cesAlign//EN" "">\n<cesAlign version="1.0">\n'
_LINE_END = re.compile(r"\s*\n\s*")
_BEFORE_STOP = re.compile(r" (?=[,.;:!?%)\]}»”…])|(?<=[(\[{«“¿¡]) ")
"""Spaces between the words of a sentence that no text has."""
_LANGUAGE_ATTRIBUTES = ("{http://www.w3.org/XML/1998/namespace}lang", "lang", "language")


class _SentenceFile(NamedTuple):
    """The sentences of one language in their order."""

    name: str
    lang: str
    ids: dict[str, int]
    """Index of each sentence by its id."""
    sentences: list[str]


def write(units: Iterable[Unit], stem: Path, options: ExportOptions) -> None:
    """Write the three files of every pair of languages as OPUS has them; their paths start with `stem`."""
    _write(units, stem, is_intertext=False)


def write_intertext(units: Iterable[Unit], stem: Path, options: ExportOptions) -> None:
    """Write the three files of every pair of languages for InterText, where confirmed links are `man`."""
    _write(units, stem, is_intertext=True)


def _write(units: Iterable[Unit], stem: Path, *, is_intertext: bool) -> None:
    with ExitStack() as open_files:
        files: dict[tuple[str, str], list[IO[bytes]]] = {}
        counts: dict[tuple[str, str], list[int]] = {}
        for unit in units:
            key = unit.link.src.lang, unit.link.tgt.lang
            if key not in files:
                base = f"{stem.name}.{pair_name(*key)}"
                ends = line_suffixes(key)
                texts = [f"{base}.{end}.xml" for end in ends]
                links = f"{base}.{'.'.join(ends)}.alignment.xml" if is_intertext else f"{base}.xml"
                paths = [stem.with_name(name) for name in (*texts, links)]
                files[key] = [open_files.enter_context(path.open("wb")) for path in paths]
                for file, lang in zip(files[key], key, strict=False):
                    file.write(f"{_HEAD}<text lang={quoteattr(lang)}>\n<p>\n".encode())
                group = f'<linkGrp targType="s" fromDoc={quoteattr(texts[0])} toDoc={quoteattr(texts[1])}>\n'
                files[key][2].write(f"{_HEAD if is_intertext else _CES_HEAD}{group}".encode())
                counts[key] = [0, 0]
            sides = sentences_of(unit)
            targets = []
            for number, side in enumerate(sides):
                first = counts[key][number] + 1
                ids = [f"1:{one}" if is_intertext else f"s{one}" for one in range(first, first + len(side))]
                for one, text in zip(ids, side, strict=True):
                    files[key][number].write(f'<s id="{one}">{escape(text)}</s>\n'.encode())
                counts[key][number] += len(side)
                targets.append(" ".join(ids))
            if is_intertext:
                status = "man" if unit.link.id and unit.link.status in CONFIRMED else "auto"
                more = f'type="{len(sides[0])}-{len(sides[1])}" status="{status}"'
            else:
                more = f'certainty="{unit.link.confidence:.4f}"'
            files[key][2].write(f'<link xtargets="{";".join(targets)}" {more}/>\n'.encode())
        for src, tgt, links_file in files.values():
            for text_file in (src, tgt):
                text_file.write(b"</p>\n</text>\n")
            links_file.write(b"</linkGrp>\n" if is_intertext else b"</linkGrp>\n</cesAlign>\n")


def read(
    path: Path, texts: tuple[Path, Path] | None = None, texts_folder: Path | None = None
) -> Iterator[ImportedUnit]:
    """The units of a file of links, or of every such file in a folder; sentences that no link has, with one side.

    `texts`: the files of sentences, else those that the file names, in `texts_folder` or in the folder of the file.
    Raises UsageError where they are not there, ReadError for a broken file or a link with an id that is not there.
    """
    if path.is_dir():
        # The files of sentences are in the folder too, with a further suffix before .xml.
        for one in sorted([*path.glob("*.xml"), *path.glob("*.xml.gz")]):
            if b"<linkGrp" in decompress(str(one), read_input(str(one)))[:1000]:
                yield from read(one)
        return
    folder = texts_folder or path.parent
    root = parsed(str(path), decompress(str(path), read_input(str(path))))
    groups = [root] if _name(root) == "linkGrp" else list(root.iter("{*}linkGrp"))
    open_text = cache(_text_of)
    if texts and len(groups) != 1:
        raise UsageError(
            f"{path}: has links of {len(groups)} pairs of texts; --texts names those of one. Leave it out."
        )
    for number, group in enumerate(groups, start=1):
        files = texts or tuple(
            _file_named(path, folder, group.get(one) or root.get(one)) for one in ("fromDoc", "toDoc")
        )
        pair = open_text(files[0]), open_text(files[1])
        links = list(group.iter("{*}link"))
        beads = [_bead(path, link, pair) for link in links]
        status = {bead: Status.ACCEPTED for bead, link in zip(beads, links, strict=True) if link.get("status") == "man"}
        lengths = len(pair[0].sentences), len(pair[1].sentences)
        for position, bead in enumerate(with_others(beads, lengths), start=1):
            sides = [
                Segment(text.lang, join([text.sentences[index] for index in indexes], text.lang))
                for text, indexes in zip(pair, bead, strict=True)
            ]
            yield ImportedUnit(f"linkGrp {number}, link {position}", (sides[0], sides[1]), status=status.get(bead))


def read_intertext(
    path: Path, texts: tuple[Path, Path] | None = None, texts_folder: Path | None = None
) -> Iterator[ImportedUnit]:
    """As `read`: links that a person confirmed in InterText are accepted."""
    yield from read(path, texts, texts_folder)


def _bead(path: Path, link: Any, pair: tuple[_SentenceFile, _SentenceFile]) -> LineBead:
    """The indexes of the sentences of a link. Raises ReadError where one is not there."""
    targets = (link.get("xtargets") or "").split(";")
    if len(targets) != 2:
        raise ReadError(f"{path}:{link.sourceline}: a link without two sides in its xtargets. Mend it.")
    sides = []
    for target, text in zip(targets, pair, strict=True):
        ids = target.split()
        if missing := next((one for one in ids if one not in text.ids), None):
            raise ReadError(
                f"{path}:{link.sourceline}: names the sentence {missing}, which {text.name} does not have. "
                "Get the files of one version."
            )
        sides.append(tuple(text.ids[one] for one in ids))
    return LineBead(*sides)


def _file_named(path: Path, folder: Path, name: str | None) -> Path:
    """The file of sentences of a name in a file of links, near it. Raises UsageError where it is not there."""
    parts = [part for part in PurePosixPath((name or "").replace("\\", "/")).parts if part not in ("/", "..")]
    tails = [PurePosixPath(*parts[start:]) for start in range(len(parts))]
    for tail in tails:
        for near in (folder, folder / "xml", folder / "raw"):
            for file in (near / tail, near / f"{tail}.gz", near / str(tail).removesuffix(".gz")):
                if file.is_file():
                    return file
    raise UsageError(
        f"{path}: its sentences are in {name or 'a file without a name'}, which is not in {folder}. Put it there, or "
        "name the two files: align import --texts SRC TGT."
    )


def _text_of(file: Path) -> _SentenceFile:
    """The sentences of a file. Raises ReadError where it has none."""
    root = parsed(str(file), decompress(str(file), read_input(str(file))))
    tags = [root.get(attribute) for attribute in _LANGUAGE_ATTRIBUTES]
    parts = [part.partition("-")[0] for part in file.name.split(".")[1:-1]]
    # OPUS has a folder for each language; `xml`, `raw` and `tmp` are codes of languages, too, but unlikely ones.
    names = [word for word in (*parts, file.parent.name) if is_code(word.lower().replace("_", "-"))]
    lang = next((tag for one in (*tags, *names) if one and (tag := canonical(one))), "und")
    ids: dict[str, int] = {}
    sentences: list[str] = []
    for node in root.iter("{*}s", "{*}seg", "{*}verse"):
        if (number := node.get("id") or node.get("{http://www.w3.org/XML/1998/namespace}id")) is not None:
            ids.setdefault(number, len(sentences))
        sentences.append(_sentence(node, lang))  # One without an id is in no link, but in the text.
    if not ids:
        raise ReadError(f"{file}: has no sentences (<s> with an id). Name the files of sentences with --texts SRC TGT.")
    return _SentenceFile(str(file), lang, ids, sentences)


def _sentence(node: Any, lang: str) -> str:
    """The text of a sentence; words that are elements are joined as they are written."""
    words = [word for word in node.iter("{*}w", "{*}pc") if word.text]
    if not words:
        return _LINE_END.sub(" ", "".join(node.itertext())).strip()
    pieces: list[str] = []
    for word in words:
        pieces.append("".join(word.itertext()).strip())
        if word.get("spaceafter") == "no" or "SpaceAfter=No" in (word.get("misc") or ""):
            pieces[-1] += "\0"
    return _BEFORE_STOP.sub("", join(pieces, lang).replace("\0 ", "")).replace("\0", "")


def _name(node: Any) -> str:
    return str(node.tag).rpartition("}")[2]
