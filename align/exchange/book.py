"""Bilingual books: the EPUB of a document with the translations of its sentences or paragraphs in it.

Another parser reads the translations and the text around them back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import IO, TYPE_CHECKING

from align.errors import UsageError
from align.exchange.book_layout import BookText, Stop, Typesetter
from align.exchange.book_package import Package, plain_book
from align.exchange.book_source import BookSource, Location, open_original
from align.exchange.charsets import xml_text
from align.exchange.export import ExportJob
from align.exchange.export_target import STDOUT, written_file
from align.exchange.filter import filter_links
from align.exchange.formats import BOOK, BOOK_FORMAT
from align.exchange.group_by import block_links
from align.exchange.types import BookLayout, ExportOptions, ExportReport, Verification
from align.models import BlockKind, Link
from align.text.messages import pluralise
from align.text.normalize import join

if TYPE_CHECKING:
    from align.store import Store
    from align.store.records import DocumentRow, SentenceRow
import zipfile
from xml.etree import ElementTree

from align.errors import ExportError
from align.exchange.book_layout import NOTE, REFERENCE, TEXT

MANY_UNPAIRED = 1 / 3
"""Share of sentences without a partner from which the two texts may be different editions."""


def export_book(store: Store, out: Path, options: ExportOptions) -> ExportReport:
    """Write the book of one document, the source of all links of the options, with its translations.

    Raises UsageError where there are no links or several sources, ReadError where the original cannot be used.
    """
    report = ExportReport(None if out == STDOUT else out, BOOK)
    job = ExportJob(BOOK_FORMAT, options, report, store)
    job.check_options(of_document=True)
    links: Iterable[Link] = store.links()
    if options.level == "block":
        links = block_links(links, store)
    units = list(filter_links(links, BOOK_FORMAT, options, report))
    document, targets = _documents(store, out, units, options)
    sentences = store.sentences(document.id)
    linked = {sentence for unit in units for sentence in unit.src.sentences}
    source, locations = _source(store, document, sentences, linked, options, report)
    tags = {ours.lower(): theirs for ours, theirs in options.lang_map.items()}

    def encode(lang: str, text: str) -> tuple[str, str]:
        encoded, warning = xml_text(text)
        if warning is not None:
            report.warnings[warning] += 1
        return tags.get(lang.lower(), lang), encoded

    translations = Translations(sentences, locations, is_block=options.level == "block")
    unpaired = [
        one for one in sentences
        if one.id not in linked and one.id in locations and one.kind is not BlockKind.BOILERPLATE
    ]  # fmt: skip
    report.facts += _unpaired(unpaired, sentences, document.name, "a translation")
    for target in targets:
        own = store.sentences(target.id)
        extra = translations.add(own, [unit for unit in units if unit.tgt.document == target.id], encode)
        report.facts += _unpaired(extra, own, target.name, "an original")
        report.facts += _boilerplate(own, units, target.name)
    report.units = len(units)
    languages = list(dict.fromkeys([units[0].src.lang, *(unit.tgt.lang for unit in units)]))
    with written_file(out, force=options.force) as file:
        write(file, source, translations, [tags.get(lang.lower(), lang) for lang in languages], options.layout)
        if out != STDOUT and job.verifies:
            file.flush()
            check_book(Path(file.name), out, translations.texts(), source)
            report.verification = Verification(BOOK_FORMAT.verified_with, report.units)
    return report


def write(
    file: IO[bytes], source: BookSource, translations: Translations, languages: Sequence[str], layout: BookLayout
) -> None:
    """Write the translations into the pages of the source, and those into an archive.

    languages: that of the source first.
    """
    package = Package(source)
    typesetter = Typesetter(layout, package.version)
    for number, stops in translations.stops().items():
        page = source.pages[number]
        typesetter.set(page, stops)
        package.set_page(page)
    package.write(file, languages)


def _documents(
    store: Store, out: Path, units: Sequence[Link], options: ExportOptions
) -> tuple[DocumentRow, list[DocumentRow]]:
    """The source document of the links, and their target documents. Raises UsageError for none or several sources."""
    if not units:
        raise UsageError(
            f"{out}: no link to make a book of. Find some with `align propose`, or widen --status, --kind, "
            "--min-confidence, --src, --tgt or --pivot."
        )
    rows = {row.id: row for row in store.documents()}
    sources = list(dict.fromkeys(unit.src.document for unit in units))
    if len(sources) > 1:
        names = ", ".join(rows[number].name for number in sources[:5]) + (", ..." if len(sources) > 5 else "")
        raise UsageError(
            f"{out}: a book has one source, and the links have {len(sources)}: {names}. Choose one with --pivot."
        )
    targets = list(dict.fromkeys(unit.tgt.document for unit in units))
    if sources[0] in targets:
        name = rows[sources[0]].name
        raise UsageError(
            f"{out}: the links of {name} go to {name} itself, which has both texts already. Choose a translation "
            "with --tgt, or add it as a document of its own."
        )
    return rows[sources[0]], [rows[number] for number in sorted(targets)]


def _source(
    store: Store,
    document: DocumentRow,
    sentences: Sequence[SentenceRow],
    linked: set[int],
    options: ExportOptions,
    report: ExportReport,
) -> tuple[BookSource, dict[int, Location]]:
    """The original, or a plain book of the stored text where it is none or `--plain` asks for it."""
    if document.reader == "epub" and not options.plain:
        source = open_original(store, document, options.source_file)
        return source, source.locations(sentences)
    if options.source_file is not None:
        raise UsageError(f"--source {options.source_file}: only the original of an EPUB is used, and "
                         f"{document.name} is made into a plain book. Leave --source away.")  # fmt: skip
    source, locations, left_out = plain_book(store, document, linked)
    report.facts.append(f"{document.name}: a plain book of the stored text, without pictures.")
    if left_out:
        report.facts.append(f"Left out of it: {pluralise(left_out, 'sentence')} of boilerplate (menus, running heads).")
    return source, locations


def _unpaired(
    unpaired: Sequence[SentenceRow], sentences: Sequence[SentenceRow], name: str, partner: str
) -> Iterator[str]:
    """A line about the sentences without a partner, if there are any."""
    if unpaired:
        line = f"{name}: {len(unpaired):,} of {pluralise(len(sentences), 'sentence')} without {partner}, in the book"
        is_edition = len(unpaired) > MANY_UNPAIRED * len(sentences)
        yield f"{line}. Perhaps the two are different editions, or parts of a book." if is_edition else f"{line}."


def _boilerplate(sentences: Sequence[SentenceRow], units: Sequence[Link], name: str) -> Iterator[str]:
    """A line about the boilerplate of a translation that is not in the book, if there is any."""
    linked = {sentence for unit in units for sentence in unit.tgt.sentences}
    count = sum(one.kind is BlockKind.BOILERPLATE and one.id not in linked for one in sentences)
    if count:
        yield f"Left out: {pluralise(count, 'sentence')} of boilerplate of {name} (contents, menus)."


class Translations:
    """The translations of a book, each at the end of its original.

    locations: of the source's sentences. is_block: translations are paragraphs of their own.
    """

    def __init__(self, sentences: Sequence[SentenceRow], locations: dict[int, Location], *, is_block: bool) -> None:
        self._is_block = is_block
        self._ends: dict[int, tuple[int, int, int | None]] = {}
        """Page, piece and end in it of each sentence, by position in the document."""
        self._positions = {sentence.id: number for number, sentence in enumerate(sentences)}
        following: Location | None = None
        for sentence in reversed(sentences):
            location = locations.get(sentence.id)
            if location is not None:
                is_last = following is None or following[:2] != location[:2]
                end = None if is_last or following is None else following.start
                self._ends[self._positions[sentence.id]] = location.page, location.piece, end
                following = location
        self._texts: dict[int, list[BookText]] = {}
        """By position of the sentence that they follow."""
        self._count = 0

    def add(
        self, sentences: Sequence[SentenceRow], units: Sequence[Link], encode: Callable[[str, str], tuple[str, str]]
    ) -> list[SentenceRow]:
        """Add the links to one translation, and its sentences without an original, which are returned.

        A passage without an original follows what is before it in the translation. `encode` maps a language tag and
        a text to those of the book.
        """
        positions: dict[int, int] = {}
        starting: dict[int, list[tuple[int, Link]]] = {}
        for unit in units:
            position = max(self._positions[sentence] for sentence in unit.src.sentences)
            positions |= dict.fromkeys(unit.tgt.sentences, position)
            starting.setdefault(unit.tgt.sentences[0], []).append((position, unit))
        blocks = {sentence.block for sentence in sentences if sentence.id in positions}
        last = next(positions[sentence.id] for sentence in sentences if sentence.id in positions)
        extra: list[SentenceRow] = []
        for (is_linked, block), run in groupby(sentences, lambda one: (one.id in positions, one.block)):
            group = list(run)
            if is_linked:
                for sentence in group:
                    for position, unit in starting.get(sentence.id, ()):
                        self._append(position, *encode(unit.tgt.lang, unit.tgt.text), False, self._is_block)
                    last = positions[sentence.id]
            elif group[0].kind is not BlockKind.BOILERPLATE:
                extra += group
                text = join([sentence.text for sentence in group], group[0].lang)
                self._append(last, *encode(group[0].lang, text), True, block not in blocks)
        return extra

    def _append(self, position: int, lang: str, text: str, is_extra: bool, is_block: bool) -> None:
        self._count += 1
        one = BookText(f"align-{self._count}", lang, text, is_extra, is_block)
        self._texts.setdefault(position, []).append(one)

    def texts(self) -> list[BookText]:
        """All texts, in the order of their ids."""
        return sorted((one for texts in self._texts.values() for one in texts), key=lambda one: int(one.id[6:]))

    def stops(self) -> dict[int, dict[int, list[Stop]]]:
        """The translations by page and piece, in the order of the source."""
        stops: dict[int, dict[int, list[Stop]]] = {}
        for position in sorted(self._texts):
            page, piece, end = self._ends[position]
            own = stops.setdefault(page, {}).setdefault(piece, [])
            texts = tuple(self._texts[position])
            if own and own[-1].end == end:
                texts = own.pop().texts + texts
            own.append(Stop(end, texts))
        return stops


_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

_OURS = frozenset({TEXT, REFERENCE, NOTE})


def check_book(path: Path, out: Path, texts: Sequence[BookText], source: BookSource) -> None:
    """Raise ExportError where a translation or the text of a page does not read back; messages name `out`.

    texts: as they were written, by id.
    """
    back: dict[str, tuple[str, str]] = {}
    with zipfile.ZipFile(path) as archive:
        for page in source.pages:
            content = archive.read(page.path)
            if b"align-" not in content:
                continue  # without translations, so copied byte by byte
            original = "".join("".join(_texts(ElementTree.fromstring(content), back)).split())
            if original != page.text:
                raise ExportError(f"{out}: the text of its page {page.path} changed. Nothing was replaced; "
                                  "please report this, or write the file with --no-prove.")  # fmt: skip
    differing = [one.id for one in texts if back.pop(one.id, None) != (one.lang, one.text)]
    if differing or back:
        raise ExportError(
            f"{out}: {len(differing) + len(back)} translations do not read back as they were written "
            f"({', '.join([*differing, *back][:3])}). Nothing was replaced; please report this, or write the file "
            "with --no-prove."
        )


def _texts(node: ElementTree.Element, back: dict[str, tuple[str, str]]) -> Iterator[str]:
    """The texts of an element without ours, whose languages and texts go to `back`, by id."""
    classes = set((node.get("class") or "").split())
    if TEXT in classes:
        back[node.get("id") or ""] = (node.get(_LANG) or "", node.text or "")
    is_original = not classes & _OURS
    if is_original:
        yield node.text or ""
    for child in node:
        inner = list(_texts(child, back))
        if is_original:
            yield from [*inner, child.tail or ""]
