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
from pathlib import Path
from typing import Literal

from align.domain import Document
from align.errors import ReadError, TextLossError, UsageError
from align.exchange.detect_format import is_bilingual, readable_suffixes
from align.held import is_held
from align.inputs import MAX_SIZE, known_as, read_input, read_stream, walk
from align.jobs.documents import asked_language
from align.readers import read
from align.reviewer import Reviewer
from align.settings import default_reviewer
from align.store import Store, TextChange, open_store
from align.store.origins import namesake
from align.text.counted import counted
from align.text.han import chinese

Outcome = Literal["added", "changed", "unchanged", "skipped", "refused"]
STDIN = "-"


@dataclass(frozen=True, slots=True)
class Taken:
    """The result of adding one file."""

    name: str
    outcome: Outcome
    sentences: int = 0
    languages: tuple[str, ...] = ()
    why: str = ""
    """Why it was skipped or refused; empty otherwise."""
    links: int = 0
    """Number of translation pairs in the file; for a file that was added before, of the new ones."""
    told: tuple[str, ...] = ()
    """What was not imported, and why; further notes."""
    change: TextChange | None = None
    """The effect of a new text on links; None without a new text."""

    def line(self) -> str:
        """The result in one line, without the outcome."""
        if self.outcome in ("skipped", "refused"):
            return f"{self.name}: {self.why}"
        size = f"{self.sentences} sentences, {', '.join(self.languages) or '-'}"
        if not self.languages:  # A file of pairs.
            new = counted(self.links, "new pair")
            size = new if self.outcome == "changed" else f"{counted(self.links, 'pair')}, linked already"
        phrases = self.change.words() if self.change else []
        return "; ".join([f"{self.name}: {size}", *phrases])


def total(results: Sequence[Taken]) -> Iterator[str]:
    """Summary lines over all files, one per fact."""
    changes = [one.change for one in results if one.change and one.change.affected]
    if changes:
        removed, reopened = sum(one.removed for one in changes), sum(one.reopened for one in changes)
        yield (
            f"{counted(removed + reopened, 'confirmed link')} of {counted(len(changes), 'file')} lost their text "
            f"({removed:,} removed, {reopened:,} to be decided again). `align store undo` restores text and links."
        )
    for outcome in ("skipped", "refused"):
        count = sum(one.outcome == outcome for one in results)
        if count:
            yield f"{count} file(s) {outcome}."


def add(
    db: Path,
    sources: Sequence[str],
    *,
    encoding: str | None = None,
    lang: str | None = None,
    name: str | None = None,
    max_size: int = MAX_SIZE,
    replace: bool = False,
    reviewer: str = "",
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[Taken]:
    """Read each source and add it to the store at `db`, one transaction per document; yields a result for each.

    A document is called `name`, else by its file's path below the current folder, else by the whole path; a file
    that was added before is the same document, and another file of the same name is another (see `store.origins`).
    Standard input is called `name`, else by its content. Unreadable files are skipped with a reason. A file of
    texts with their translations becomes linked documents. `encoding` and `lang` override detection. A new text of
    a document is a decision of `reviewer` (default: see `settings`); one that would remove too many confirmed links
    is refused, unless `replace`. Files added before an error stay added; the store is created only when there is
    something to add.

    Raises UsageError for a missing source, an invalid language or a `name` for several files; ReadError and
    TextLossError for the only file that was named, and at the end if one of several could not be read or was
    refused.
    """
    lang = asked_language(lang)
    if name is not None and (not name.strip() or len(sources) != 1 or os.path.isdir(sources[0])):
        raise UsageError(f"--as {name}: names the document of one file, or of standard input. Add only that.")
    found = list(find(sources))
    if name is not None and len(found) > 1:
        raise UsageError(f"--as {name}: names one document, and {sources[0]} matches {len(found)} files.")
    who = reviewer or default_reviewer()
    failed = refused = 0
    with ExitStack() as stack:
        store: Store | None = None

        def opened() -> Store:
            nonlocal store
            if store is None:
                store = stack.enter_context(open_store(db))
            return store

        for number, (source, named) in enumerate(found):
            progress(number, len(found))
            try:
                content = content_of(source, max_size)
                if source == STDIN:
                    document = read_piped(content, name, encoding=encoding, lang=lang)
                elif is_bilingual(source, content, encoding=encoding):
                    yield take_pairs(
                        opened(), source, who, name=name, encoding=encoding, replace=replace, max_size=max_size
                    )
                    continue
                else:
                    document = read(source, content, encoding=encoding, lang=lang)
                yield take_text(opened(), source, document, who, name=name, lang=lang, replace=replace)
            except TextLossError as error:
                if len(found) == 1 and named:
                    raise
                refused += 1
                yield Taken(source, "refused", why=str(error).removeprefix(f"{source}: "))
            except (ReadError, UsageError) as error:
                if named and (len(found) == 1 or not isinstance(error, ReadError)):
                    raise
                failed += 1
                yield Taken(source, "skipped", why=str(error).removeprefix(f"{source}: "))
    progress(len(found), len(found))
    words = f"{failed} of the files could not be read" if failed else ""
    if refused:
        words += f"{' and ' if words else ''}{counted(refused, 'new text')} would remove confirmed links"
        raise TextLossError(f"{words}: see above. The other files are added.")
    if failed:
        raise ReadError(f"{words}: see above. The others are added.")


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


def take_text(
    store: Store, source: str, document: Document, who: str, *, name: str | None, lang: str | None, replace: bool
) -> Taken:
    """Add the text of a file or of standard input; a language set by hand, now or before, is preserved."""
    by_hand = chinese(document.text) if lang == "zh" else lang
    origin: str | None = None
    told: tuple[str, ...] = ()
    with store.writing():  # In one transaction: no text is stored without the language set for it.
        if source != STDIN:
            identity = store.identify(source, source)
            origin, told = identity.origin, () if name else namesake(identity)
            document = dataclasses.replace(document, name=name or identity.name)
        (added,), change = store.add_documents(
            [document],
            reviewer=Reviewer(store, who).name,
            lang=by_hand,
            replace_settled=replace,
            origins=[origin],
        )
        outcome: Outcome = added.outcome
        before = store.languages_of(added.document)
        if by_hand is not None and outcome != "changed":
            store.set_language(added.document, by_hand)
        languages = store.languages_of(added.document)
    if outcome == "unchanged" and languages != before:
        outcome = "changed"
    return Taken(document.name, outcome, sum(languages.values()), tuple(languages), told=told, change=change)


def take_pairs(
    store: Store,
    source: str,
    who: str,
    *,
    name: str | None = None,
    encoding: str | None = None,
    replace: bool = False,
    max_size: int = MAX_SIZE,
) -> Taken:
    """Add a file of texts with their translations, as linked documents."""
    from align.jobs.import_ import import_file

    report = import_file(
        store, Path(source), who, encoding=encoding, max_size=max_size, new="own", name=name, replace_settled=replace
    )
    told = tuple(report.left_out())
    if (documents := report.documents) is not None:
        links = report.units if documents.outcome == "unchanged" else documents.links
        told += documents.messages
        if documents.linked_elsewhere:
            told += (documents.left_out(),)
        return Taken(documents.name, documents.outcome, links=links, told=told, change=documents.change)
    outcome: Outcome = "changed" if report.decided or report.conflicts else "unchanged"
    return Taken(source, outcome, links=report.units, told=told)


def content_of(name: str, max_size: int = MAX_SIZE) -> bytes:
    """The bytes of a file or of standard input, at most `max_size`. Raises ReadError where it cannot be read."""
    if name == STDIN:
        return read_stream(STDIN, sys.stdin.buffer, max_size)
    if is_held(Path(name)):
        raise UsageError(f"{name}: is the store itself. Name the texts.")
    return read_input(name, max_size)


def find(sources: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Expand the sources to files, named as by `document_path`, and whether each was named itself.

    Folders are searched recursively (without hidden files) for the suffixes of the readers. Raises UsageError for a
    missing path, and for a folder or pattern without readable files.
    """
    for source in sources:
        if source == STDIN:
            yield source, True
        elif os.path.isfile(source):
            yield known_as(source), True
        elif os.path.isdir(source):
            files = list(walk(source, readable_suffixes()))
            if not files:
                kinds = " ".join(sorted(readable_suffixes()))
                raise UsageError(f"{source}: no texts in this folder (looked for {kinds}). Name the files themselves.")
            yield from ((known_as(name), False) for name in files)
        elif glob.has_magic(source):
            files = sorted(name for name in glob.glob(source, recursive=True) if not os.path.isdir(name))
            if not files:
                raise UsageError(f"{source}: no file matches this pattern. Check it with `ls`.")
            yield from ((known_as(name), False) for name in files)
        elif os.path.lexists(source):
            yield known_as(source), True  # a pipe, a device, a link to nothing: refused as it is opened
        else:
            raise UsageError(f"{source}: no such file or folder. Check the name.")
