"""Which links an export writes, in which direction, and how languages name files and headers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain

from align.errors import UsageError
from align.exchange.formats import Format
from align.exchange.group_by import DigestSet, digest64
from align.exchange.types import ExportOptions, ExportReport, Unit
from align.models import CONFIRMED, MEMORY_KINDS, UNDETERMINED, Link, LinkKind, Status
from align.text.tags import canonical, shortened

_TAG = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")


def in_range(lang: str, language_range: str) -> bool:
    """Whether a tag is in a language range (RFC 4647, basic filtering): `zh` covers `zh-Hant`, not `zho`.

    A range also covers a tag with the region of its script (`zh-Hant` covers `zh-TW`), and `no` covers `nb` and `nn`.
    """
    language_range = shortened(language_range.replace("_", "-")).lower()
    tags = {lang.lower(), (canonical(lang) or lang).lower()}
    return language_range == "*" or any(tag == language_range or tag.startswith(language_range + "-") for tag in tags)


def swapped(link: Link) -> Link:
    """The link with source and target exchanged."""
    return replace(link, src=link.tgt, tgt=link.src)


def oriented(link: Link, src: str | None, tgt: str | None) -> Link | None:
    """The link in the direction from language range `src` to `tgt`; None where neither direction fits."""
    if (src is None or in_range(link.src.lang, src)) and (tgt is None or in_range(link.tgt.lang, tgt)):
        return link
    if (src is None or in_range(link.tgt.lang, src)) and (tgt is None or in_range(link.src.lang, tgt)):
        return swapped(link)
    return None


def oriented_null(link: Link, options: ExportOptions) -> Link | None:
    """An unpaired sentence, which is a link with an empty target, on the side of its language; None for others."""
    side = link.src
    if options.documents and side.doc not in options.documents:
        return None
    if options.tgt is not None and in_range(side.lang, options.tgt):
        return swapped(link)
    is_source = options.tgt is None if options.src is None else in_range(side.lang, options.src)
    return link if is_source else None


def _from_pivot(link: Link, pivot: str, src: str | None, tgt: str | None) -> Link | None:
    """The link with the document `pivot` as its source; None where its languages are not requested."""
    turned = link if link.src.doc == pivot else swapped(link)
    return turned if oriented(turned, src, tgt) is turned else None


def exported_statuses(options: ExportOptions, form: Format) -> frozenset[Status]:
    """The statuses to write: those of the options, else the default of the format."""
    if options.statuses is not None:
        return options.statuses
    if form.memory:
        return CONFIRMED
    return frozenset(Status) if form.rejected else frozenset(Status) - {Status.REJECTED}


def exported_kinds(options: ExportOptions, form: Format, status: Status) -> frozenset[LinkKind]:
    """The kinds to write of links with a status: those of the options, else the default of the format.

    A translation memory has what a reviewer confirmed, of any kind, and of other links only translations and titles.
    """
    if options.kinds is not None:
        return options.kinds
    return MEMORY_KINDS if form.memory and status not in CONFIRMED else frozenset(LinkKind)


def of_documents(link: Link, documents: frozenset[str]) -> bool:
    """Whether a side of the link is in the only document, or both sides in several."""
    sides = [link.src.doc in documents, link.tgt.doc in documents]
    return any(sides) if len(documents) == 1 else all(sides)


def same_tag(link: Link, tags: Mapping[str, str]) -> bool:
    """Whether both sides have one language tag, after the mapping of `--lang-map` (keys in lower case)."""
    src, tgt = (tags.get(side.lang.lower(), side.lang).lower() for side in (link.src, link.tgt))
    return src == tgt != UNDETERMINED


def filter_links(links: Iterable[Link], form: Format, options: ExportOptions, report: ExportReport) -> Iterator[Link]:
    """The links to write, in the direction of the options; `report.left_out` counts the others by reason."""
    kinds = {status: exported_kinds(options, form, status) for status in exported_statuses(options, form)}
    tags = {ours.lower(): theirs for ours, theirs in options.lang_map.items()}
    for link in links:
        reason = _reason_against(link, form, options, kinds, tags)
        if reason is not None:
            report.left_out[reason] += 1
        elif (directed := _directed(link, options)) is not None:
            yield directed
        else:
            report.left_out["in other languages"] += 1


def _reason_against(
    link: Link,
    form: Format,
    options: ExportOptions,
    kinds: Mapping[Status, frozenset[LinkKind]],
    tags: Mapping[str, str],
) -> str | None:
    """Why a link is left out, whatever its direction; None where it may be written. `kinds`: those of each status."""
    if link.status not in kinds:
        return link.status.value
    if link.kind not in kinds[link.status]:
        return f"of kind {link.kind.value}"
    if options.documents and not of_documents(link, options.documents):
        return "of other documents"
    if link.confidence < options.min_confidence:
        return f"below confidence {options.min_confidence:g}"
    if form.distinct_languages and same_tag(link, tags):
        return (
            f"with both sides in {link.src.lang}, which {form.name} cannot hold: give one document a tag of "
            f"its own (align documents set-lang NAME {link.src.lang}-x-other)"
        )
    has_nulls = form.nulls and (options.with_nulls or not form.memory)
    if not has_nulls and not (link.src.text.strip() and link.tgt.text.strip()):
        return "with an empty side"
    if options.pivot is not None and options.pivot not in (link.src.doc, link.tgt.doc):
        return "without the pivot"
    return None


def _directed(link: Link, options: ExportOptions) -> Link | None:
    """The link from the pivot, or in the languages of the options; None where it is in others."""
    if options.pivot is not None:
        return _from_pivot(link, options.pivot, options.src, options.tgt)
    if options.src is None and options.tgt is None:
        return link
    return oriented(link, options.src, options.tgt)


def without_duplicates(units: Iterable[Unit], report: ExportReport) -> Iterator[Unit]:
    """The units without those that repeat the languages and texts of an earlier one, which `report` counts."""
    digests = DigestSet()
    for unit in units:
        if digests.add(digest64("\0".join([part for side in unit.sides for part in (side.lang, side.text)]))):
            yield unit
        else:
            report.left_out["with the same languages and texts as an earlier unit"] += 1


def one_language_pair(units: Iterable[Unit], options: ExportOptions, form: str) -> tuple[str, str, Iterator[Unit]]:
    """Source language, target language and units, for formats that hold one pair of languages in a file.

    Raises UsageError (from the iterator) at the first unit in other languages; then no file has been replaced yet.
    """
    iterator = iter(units)
    first = next(iterator, None)
    if first is None:
        return options.src or "und", options.tgt or "und", iter(())
    src, tgt = first.link.src.lang, first.link.tgt.lang

    def checked() -> Iterator[Unit]:
        for unit in chain([first], iterator):
            link = unit.link
            if link.src.lang != src or link.tgt.lang != tgt:
                raise UsageError(
                    f"{form} holds one pair of languages, but there are {src} to {tgt} and "
                    f"{link.src.lang} to {link.tgt.lang}. Choose with --src and --tgt."
                )
            yield unit

    return src, tgt, checked()


def tag_name(lang: str) -> str:
    """A language tag as part of a file name: `und` for one that is not shaped as in BCP 47 (it could be a path)."""
    return lang if _TAG.fullmatch(lang) else "und"


def pair_name(src: str, tgt: str) -> str:
    """A pair of languages as part of a file name: `ja-zh-Hant`."""
    return f"{tag_name(src)}-{tag_name(tgt)}"
