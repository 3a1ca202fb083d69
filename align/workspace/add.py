"""Add texts to a store: files, folders, patterns and standard input, with a result for each."""

from __future__ import annotations

import dataclasses
import glob
import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from align.errors import ReadError, TextLossError, UsageError
from align.exchange.detect_format import is_bilingual, readable_suffixes
from align.inputs import MAX_SIZE, document_path, read_input, read_stream, walk
from align.models import BlockKind, Document, Segments
from align.readers import read
from align.readers.encodings import UNREADABLE
from align.readers.safe_zip import decompress
from align.reviewer import Reviewer
from align.settings import default_reviewer
from align.sqlite_session import is_open
from align.store import Store, TextChange, open_store
from align.store.origins import moved_messages, namesake_messages
from align.text.han import chinese_tag
from align.text.messages import pluralise
from align.text.segment import resegment
from align.workspace.document_lookup import language_tag_or_none

if TYPE_CHECKING:
    from align.embeddings import Progress
    from align.exchange.split_units import Splitter

AddOutcome = Literal["added", "changed", "unchanged", "skipped", "refused", "ignored"]
STDIN = "-"
MAX_NAMED_FILES = 5
"""Files of a folder that are named of those that are not texts by their names."""


@dataclass(frozen=True, slots=True)
class AddResult:
    """The result of adding one file."""

    name: str
    outcome: AddOutcome
    sentences: int = 0
    languages: tuple[str, ...] = ()
    why: str = ""
    """Why it was skipped, refused or ignored; empty otherwise."""
    links: int = 0
    """Number of translation pairs in the file; for a file that was added before, of the new ones."""
    messages: tuple[str, ...] = ()
    """What was not imported, and why; further notes."""
    change: TextChange | None = None
    """The effect of a new text on links; None without a new text."""
    boilerplate: int = 0
    """Number of its sentences that are boilerplate, which is aligned only where asked."""
    segments: Segments = "sentence"
    """What its sentences are."""
    not_text: int = 0
    """Number of its passages with letters that are no text: code, markup, addresses, names of pictures."""

    def line(self) -> str:
        """The result in one line, without the outcome."""
        if self.why:
            return f"{self.name}: {self.why}"
        size = f"{pluralise(self.sentences, self.segments)}, {', '.join(self.languages) or '-'}"
        if self.boilerplate and self.outcome != "unchanged":
            size += f", {self.boilerplate:,} of them boilerplate"
        if not self.languages:  # A file of pairs.
            new = pluralise(self.links, "new pair")
            size = new if self.outcome == "changed" else f"{pluralise(self.links, 'pair')}, linked already"
        phrases = self.change.summary_lines() if self.change else []
        return "; ".join([f"{self.name}: {size}", *phrases])


def summary_lines(results: Sequence[AddResult]) -> Iterator[str]:
    """Summary lines over all files, one per fact."""
    changes = [one.change for one in results if one.change and one.change.affected]
    if changes:
        removed, reopened = sum(one.removed for one in changes), sum(one.reopened for one in changes)
        yield (
            f"{pluralise(removed + reopened, 'confirmed link')} of {pluralise(len(changes), 'file')} lost their text "
            f"({removed:,} removed, {reopened:,} to be decided again). `align store undo` restores text and links."
        )
    if boilerplate := sum(one.boilerplate for one in results if one.outcome != "unchanged"):
        yield (
            f"Left out of aligning: {pluralise(boilerplate, 'sentence')} of boilerplate (menus, page numbers, headers "
            "of tables, lines that repeat). `align propose --boilerplate` includes them."
        )
    if not_text := sum(one.not_text for one in results if one.outcome != "unchanged"):
        yield f"Not read as text: {pluralise(not_text, 'passage')} (code, markup, addresses, names of pictures)."


def add(
    db: Path,
    sources: Sequence[str],
    *,
    encoding: str | None = None,
    lang: str | None = None,
    segments: Segments | None = None,
    name: str | None = None,
    max_size: int = MAX_SIZE,
    columns: Sequence[str] = (),
    replace: bool = False,
    reviewer: str = "",
    split: bool = False,
    splitter: Splitter | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[AddResult]:
    """Read each source and add it to the store at `db`, one transaction per document; yields a result for each.

    A document is called `name`, else by its file's path below the current folder, else by the whole path; a file
    that was added before is the same document, and another file of the same name is another (see `store.origins`).
    Standard input is called `name`, else by its content. Unreadable files are skipped with a reason. A file of
    texts with their translations becomes linked documents, a table by its `columns` if given. `encoding` and `lang`
    override detection; `segments` says what a sentence is (None: as when the document was added, else sentences).
    `split`: its units are cut into sentences by `splitter`, then and whenever it is added again. A new text of a
    document is a decision of `reviewer` (default: see `settings`); one that would remove too many confirmed links
    is refused, unless `replace`. Files added before an error stay added; the store is created only when there is
    something to add.

    Raises UsageError for a missing source, an invalid language, a `name` for several files, or a text to `split`;
    ReadError and TextLossError for the only file that was named, and at the end if one of several could not be read
    or was refused.
    """
    lang = language_tag_or_none(lang)
    if name is not None and (not name.strip() or len(sources) != 1 or os.path.isdir(sources[0])):
        raise UsageError(f"--as {name}: names the document of one file, or of standard input. Add only that.")
    others: list[str] = []
    files = list(expand_sources(sources, others))
    if name is not None and len(files) > 1:
        raise UsageError(f"--as {name}: names one document, and {sources[0]} matches {len(files)} files.")
    reviewer_name = reviewer or default_reviewer()
    failed = refused = 0
    with ExitStack() as stack:
        opened = cache(lambda: stack.enter_context(open_store(db)))
        missing = cache(lambda: opened().missing_files())

        def add_one(source: str) -> AddResult:
            content = read_content(source, max_size)
            if source == STDIN and not split:
                document = read_piped(content, name, encoding=encoding, lang=lang)
            elif source != STDIN and (columns or is_bilingual(source, content, encoding=encoding)):
                return with_moved(add_pairs(
                    opened(), source, reviewer_name, name=name, encoding=encoding, columns=columns, replace=replace,
                    max_size=max_size, split=split, splitter=splitter,
                ), source)  # fmt: skip
            elif split and is_named:
                why = "standard input is one text: save it as a file" if source == STDIN else "this has none"
                raise UsageError(f"{source}: --split cuts the units of files with translations, and {why}.")
            else:
                document = read(source, content, encoding=encoding, lang=lang)
            result = add_text(
                opened(), source, document, reviewer_name, name=name, lang=lang, segments=segments, replace=replace
            )
            return with_moved(result, source, document.digest if document.text.strip() else "")

        def with_moved(result: AddResult, source: str, digest: str = "") -> AddResult:
            """With a note where the new document may be one whose file was moved."""
            if result.outcome != "added" or name is not None or source == STDIN:
                return result
            notes = moved_messages(missing(), source, result.name, digest)
            return dataclasses.replace(result, messages=(*result.messages, *notes))

        for number, (source, is_named) in enumerate(files):
            progress(number, len(files))
            try:
                yield add_one(source)
            except TextLossError as error:
                if len(files) == 1 and is_named:
                    raise
                refused += 1
                yield AddResult(source, "refused", why=str(error).removeprefix(f"{source}: "))
            except (ReadError, UsageError) as error:
                if is_named and (len(files) == 1 or not isinstance(error, ReadError)):
                    raise
                failed += 1
                yield AddResult(source, "skipped", why=str(error).removeprefix(f"{source}: "))
    progress(len(files), len(files))
    yield from ignored(sources, others)
    raise_left_out(failed, refused)


def splitter_with(encoder: str, cache: Path | None, progress: Progress) -> Splitter:
    """Cut units with an encoder, by its name as for `--encoder`, which is loaded when there is something to cut."""
    from align.embeddings import load_encoder
    from align.exchange.split_units import split_units

    return lambda units: split_units(
        units, lambda languages: load_encoder(encoder, languages=languages, cache=cache), progress
    )


def raise_left_out(failed: int, refused: int) -> None:
    """Raise TextLossError or ReadError where files were not added, with their numbers."""
    words = f"{failed} of the files could not be read" if failed else ""
    if refused:
        words += f"{' and ' if words else ''}{pluralise(refused, 'new text')} would remove confirmed links"
        raise TextLossError(f"{words}: see above. The other files are added.")
    if failed:
        raise ReadError(f"{words}: see above. The others are added.")


def ignored(sources: Sequence[str], others: Sequence[str]) -> Iterator[AddResult]:
    """Yield a result for each folder with files that are not texts by their names, which names some of them."""
    for folder in (source for source in sources if os.path.isdir(source)):
        inside = [os.path.relpath(name, folder) for name in others if os.path.relpath(name, folder)[:2] != ".."]
        if inside:
            more = f" and {len(inside) - MAX_NAMED_FILES:,} more" if len(inside) > MAX_NAMED_FILES else ""
            names = ", ".join(inside[:MAX_NAMED_FILES])
            why = f"{names}{more} not read, by the suffix. Name a file to add it."
            yield AddResult(document_path(folder), "ignored", why=why)


def read_piped(content: bytes, name: str | None, *, encoding: str | None, lang: str | None) -> Document:
    """Read the text from standard input, called `name`, or by its content: two texts piped in are two documents.

    Raises ReadError, also if it contains translations: they are imported from a file.
    """
    if is_bilingual(name or STDIN, content, encoding=encoding) or (
        name is None
        and b"\t" in content.partition(b"\n")[0]
        and is_bilingual(f"{STDIN}.tsv", content, encoding=encoding)
    ):
        raise ReadError(f"{STDIN}: holds texts with their translations. Save it as a file and add that.")
    return read(name or f"{STDIN} ({hashlib.sha256(content).hexdigest()[:6]})", content, encoding=encoding, lang=lang)


def add_text(
    store: Store,
    source: str,
    document: Document,
    reviewer_name: str,
    *,
    name: str | None,
    lang: str | None,
    segments: Segments | None,
    replace: bool,
) -> AddResult:
    """Add the text of a file or of standard input; what was set by hand before (language, segments) is preserved."""
    by_hand = chinese_tag(document.text) if lang == "zh" else lang
    origin: str | None = None
    messages = tuple(unreadable_message(document))
    with store.writing():  # In one transaction: no text is stored without the language set for it.
        if source != STDIN:
            identity = store.identify(source, source)
            origin = identity.origin
            messages += () if name else namesake_messages(identity)
            document = dataclasses.replace(document, name=name or identity.name)
        document = resegment(document, segments or store.segments_of(document.name) or "sentence", lang=lang)
        (added,), change = store.add_documents(
            [document],
            reviewer=Reviewer(store, reviewer_name).name,
            lang=by_hand,
            replace_settled=replace,
            origins=[origin],
        )
        outcome: AddOutcome = added.outcome
        before = store.languages_of(added.document)
        if by_hand is not None and outcome != "changed":
            store.set_language(added.document, by_hand)
        languages = store.languages_of(added.document)
    if outcome == "unchanged" and languages != before:
        outcome = "changed"
    boilerplate = sum(len(block.sentences) for block in document.blocks if block.kind is BlockKind.BOILERPLATE)
    return AddResult(
        document.name,
        outcome,
        sum(languages.values()),
        tuple(languages),
        messages=messages,
        change=change,
        boilerplate=boilerplate,
        segments=document.segments,
        not_text=sum(
            not block.sentences and any(map(str.isalpha, block.span.of(document.text))) for block in document.blocks
        ),
    )


def unreadable_message(document: Document) -> Iterator[str]:
    """Yield a line about the characters of a text that could not be decoded, if there are any."""
    if count := document.text.count(UNREADABLE):
        yield (
            f"{pluralise(count, 'character')} could not be read as {document.encoding} (shown as {UNREADABLE}). "
            "If it is another encoding, name it with --encoding."
        )


def add_pairs(
    store: Store,
    source: str,
    reviewer_name: str,
    *,
    name: str | None = None,
    encoding: str | None = None,
    columns: Sequence[str] = (),
    replace: bool = False,
    max_size: int = MAX_SIZE,
    split: bool = False,
    splitter: Splitter | None = None,
) -> AddResult:
    """Add a file of texts with their translations, as linked documents."""
    from align.exchange.import_file import import_file

    report = import_file(
        store,
        Path(source),
        reviewer_name,
        encoding=encoding,
        columns=columns,
        max_size=max_size,
        new="own",
        name=name,
        replace_settled=replace,
        split=split,
        splitter=splitter,
    )
    messages = (*report.messages, *report.left_out())
    if (documents := report.documents) is not None:
        links = documents.pairs if documents.outcome == "unchanged" else documents.links
        messages += documents.messages
        if documents.linked_elsewhere:
            messages += (documents.left_out(),)
        if documents.rejected:
            messages += (f"Left out: {documents.rejected:,} rejected or obsolete in the file.",)
        if documents.unpaired:
            messages += (documents.without_partner(),)
        return AddResult(
            documents.name,
            documents.outcome,
            0 if documents.pairs else documents.sentences,
            () if documents.pairs else documents.languages,
            links=links,
            messages=messages,
            change=documents.change,
        )
    outcome: AddOutcome = "changed" if report.decided or report.conflicts else "unchanged"
    return AddResult(source, outcome, links=report.units, messages=messages)


def read_content(name: str, max_size: int = MAX_SIZE) -> bytes:
    """The bytes of a file or of standard input, at most `max_size`, decompressed. Raises ReadError where it cannot be
    read."""
    if name == STDIN:
        return decompress(STDIN, read_stream(STDIN, sys.stdin.buffer, max_size))
    if is_open(Path(name)):
        raise UsageError(f"{name}: is the store itself. Name the texts.")
    return decompress(name, read_input(name, max_size))


def expand_sources(sources: Iterable[str], others: list[str] | None = None) -> Iterator[tuple[str, bool]]:
    """Expand the sources to files, named as by `document_path`, and whether each was named itself.

    Folders are searched recursively (without hidden files) for the suffixes of the readers; `others` gets the files
    with other suffixes. Raises UsageError for a missing path, and for a folder or pattern without readable files.
    """
    for source in sources:
        if source == STDIN:
            yield source, True
        elif os.path.isfile(source):
            yield document_path(source), True
        elif os.path.isdir(source):
            files = list(walk(source, readable_suffixes(), others))
            if not files:
                kinds = " ".join(sorted(readable_suffixes()))
                raise UsageError(f"{source}: no texts in this folder (looked for {kinds}). Name the files themselves.")
            yield from ((document_path(name), False) for name in files)
        elif glob.has_magic(source):
            files = sorted(name for name in glob.glob(source, recursive=True) if not os.path.isdir(name))
            if not files:
                raise UsageError(f"{source}: no file matches this pattern. Check it with `ls`.")
            yield from ((document_path(name), False) for name in files)
        elif os.path.lexists(source):
            yield document_path(source), True  # a pipe, a device, a link to nothing: refused as it is opened
        else:
            raise UsageError(f"{source}: no such file or folder. Check the name.")
