"""`align pair`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from align.cli.options import (
    FiniteFloatRange,
    encoder_option,
    note,
    progress,
    progress_on_demand,
    reading_options,
    settings_for,
)
from align.text.messages import json_line

if TYPE_CHECKING:
    from align.workspace.pair import FileSide, PairedFiles


@click.command(epilog="Example: align pair book.de.txt book.fr.txt --to tmx > book.tmx")
@click.argument("src")
@click.argument("tgt")
@click.option("--src", "--src-lang", "src_lang", metavar="LANG", help="Language of SRC (BCP 47).  [default: detected]")
@click.option("--tgt", "--tgt-lang", "tgt_lang", metavar="LANG", help="Language of TGT (BCP 47).  [default: detected]")
@reading_options
@click.option(
    "--to", help="Format of the output; see `align export --help`.  [default: by the suffix of OUT, else tsv]"
)
@click.option(
    "--out",
    metavar="OUT",
    type=click.Path(path_type=Path),
    help="Write to this file, or files that start so (moses, ladder, ces).",
)
@click.option("--force", is_flag=True, help="Replace an existing file.")
@click.option(
    "--min-confidence", type=FiniteFloatRange(0, 1), default=0.0, help="Leave out links below this confidence."
)
@click.option(
    "--min-document-confidence",
    type=FiniteFloatRange(0, 1),
    default=0.0,
    help="No links unless the files are so surely translations of each other.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object about the two files instead of the links.")
@click.option(
    "--timed-by",
    type=click.Choice(["src", "tgt"]),
    help="SRT, VTT: the side whose times the cues have.  [default: src if it has times]",
)
@click.option("--with-nulls", is_flag=True, help="Include unpaired sentences, where the format can mark them.")
@encoder_option
def pair(
    src: str,
    tgt: str,
    src_lang: str | None,
    tgt_lang: str | None,
    segments: str,
    reordered: bool,
    boilerplate: bool,
    to: str | None,
    out: Path | None,
    force: bool,
    min_confidence: float,
    min_document_confidence: float,
    as_json: bool,
    with_nulls: bool,
    timed_by: Literal["src", "tgt"] | None,
    encoding: str | None,
    max_size: int,
    encoder: str | None,
) -> None:
    """Align two files, the same text in two languages, and print the pairs or write them to a file. Needs no store."""
    from typing import cast

    from align.aligner.types import MAX_TOKEN_SENTENCES
    from align.embeddings import TokenEncoder, coverage_warning, load_encoder
    from align.exchange.export import export
    from align.exchange.formats import export_format
    from align.exchange.types import ExportOptions
    from align.models import Segments, Status
    from align.workspace.pair import pair as pair_job
    from align.workspace.pair import read_side, with_unpaired

    settings = settings_for(encoder=encoder)
    segment_type = cast(Segments, segments)
    file_sides = (
        read_side(
            src, lang=src_lang, segments=segment_type, encoding=encoding, max_size=max_size, boilerplate=boilerplate
        ),
        read_side(
            tgt, lang=tgt_lang, segments=segment_type, encoding=encoding, max_size=max_size, boilerplate=boilerplate
        ),
    )
    note_other_languages(*file_sides)
    languages = {side.lang for side in file_sides}
    sentences = sum(len(side.texts) for side in file_sides)
    with progress() as stage:
        unpacking = progress_on_demand(stage, "Unpacking e5")
        model = load_encoder(settings.encoder, languages=languages, cache=settings.cache, preparing=unpacking)
        if warning := coverage_warning(model, languages):
            note(warning)
        if isinstance(model, TokenEncoder) and sentences > MAX_TOKEN_SENTENCES:
            note(f"{sentences:,} {segments}s are aligned without token vectors: more than {MAX_TOKEN_SENTENCES:,}.")
        paired = pair_job(
            *file_sides,
            model,
            reordered=reordered,
            min_confidence=min_confidence,
            min_document_confidence=min_document_confidence,
            progress=stage("Encoding"),
        )
    warn_of_doubt(paired, src, tgt, segments)
    if as_json:
        click.echo(json_line(described(paired, *file_sides, model.name)))
        return
    target, to = out or Path("-"), to if out else to or "tsv"
    with_unlinked = with_nulls or export_format(to, target).complete
    links = with_unpaired(paired, *file_sides) if with_unlinked else paired.links
    options = ExportOptions(statuses=frozenset(Status), with_nulls=with_nulls, timed_by=timed_by, force=force)
    texts = {number: side.subtitles for number, side in enumerate(file_sides, start=1)}
    report = export(links, target, to, options, texts=texts)
    left_out = [f"Left out: {count:,} {reason}." for reason, count in report.left_out.most_common()]
    for line in report.lines() if out else [*report.warnings, *left_out]:
        note(line)
    note(summary(paired, *file_sides, segments))
    if paired.confidence is not None:
        note(f"Document confidence {paired.confidence:.2f}.")


def note_other_languages(src: FileSide, tgt: FileSide) -> None:
    """Print what was left out of two files since it is in another language."""
    for side, option in ((src, "--src"), (tgt, "--tgt")):
        if side.left_out:
            others = ", ".join(f"{count} in {lang}" for lang, count in sorted(side.left_out.items()))
            note(f"{side.name}: left out {others}; {option} {side.lang} reads them as {side.lang}.")


def warn_of_doubt(paired: PairedFiles, src: str, tgt: str, segments: str) -> None:
    """Print a warning where two files are probably no translations of each other, or in different orders."""
    if paired.doubtful:
        note(
            f"warning: {src} and {tgt} are probably not translations of each other "
            f"(document confidence {paired.confidence:.2f}); their links are doubtful."
        )
    if paired.shuffled:
        note(f"{src} and {tgt} have their {segments}s in different orders: --reordered finds links in any order.")


def described(paired: PairedFiles, src: FileSide, tgt: FileSide, encoder: str) -> dict[str, Any]:
    """What came of two files, as `--json` prints it."""
    return {
        "src": {"doc": src.name, "lang": src.lang, "segments": len(src.texts), "unpaired": len(paired.unpaired[0])},
        "tgt": {"doc": tgt.name, "lang": tgt.lang, "segments": len(tgt.texts), "unpaired": len(paired.unpaired[1])},
        "links": len(paired.links),
        "document_confidence": None if paired.confidence is None else round(paired.confidence, 4),
        "shuffled": paired.shuffled,
        "encoder": encoder,
    }


def summary(paired: PairedFiles, src: FileSide, tgt: FileSide, segments: str) -> str:
    """The result of aligning two files, and what was left out, in one line."""
    unpaired_counts = (
        f"{len(numbers):,} of {len(side.texts):,} {side.lang}"
        for numbers, side in zip(paired.unpaired, (src, tgt), strict=True)
    )
    count = len(paired.links)
    line = f"{count:,} link{'' if count == 1 else 's'}; {' and '.join(unpaired_counts)} {segments}s are unpaired"
    if boilerplate := src.boilerplate + tgt.boilerplate:
        line += f"; {boilerplate:,} left out as boilerplate (--boilerplate includes them)"
    return line + "."
