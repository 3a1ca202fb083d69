"""`align pair`."""

from __future__ import annotations

from pathlib import Path

import click

from align.cli.context import cutting_options, encoder_option, note, once_asked, progress, settings_for


@click.command(epilog="Example: align pair book.de.txt book.fr.txt --to tmx > book.tmx")
@click.argument("src")
@click.argument("tgt")
@click.option("--src-lang", help="Language of SRC (BCP 47).  [default: found out]")
@click.option("--tgt-lang", help="Language of TGT (BCP 47).  [default: found out]")
@cutting_options
@click.option("--to", default="tsv", show_default=True, help="Format of the output; see `align export --help`.")
@encoder_option
def pair(
    src: str,
    tgt: str,
    src_lang: str | None,
    tgt_lang: str | None,
    segments: str,
    reordered: bool,
    to: str,
    encoding: str | None,
    max_size: int,
    encoder: str | None,
) -> None:
    """Align two files, the same text in two languages, and print the pairs. Needs no store."""
    from typing import cast

    from align.domain import Status
    from align.encoders import coverage_warning, load_encoder
    from align.exchange import ExportOptions
    from align.exchange.export import export
    from align.jobs.pair import Segments, half
    from align.jobs.pair import pair as pair_job

    settings = settings_for(encoder=encoder)
    cutting = cast(Segments, segments)
    halves = (
        half(src, lang=src_lang, segments=cutting, encoding=encoding, max_size=max_size),
        half(tgt, lang=tgt_lang, segments=cutting, encoding=encoding, max_size=max_size),
    )
    for side, option in zip(halves, ("--src-lang", "--tgt-lang"), strict=True):
        if side.left_out:
            others = ", ".join(f"{count} in {lang}" for lang, count in sorted(side.left_out.items()))
            note(f"{side.name}: left out {others}; {option} {side.lang} takes them as {side.lang}.")
    languages = {side.lang for side in halves}
    with progress() as stage:
        unpacking = once_asked(stage, "Unpacking e5")
        model = load_encoder(settings.encoder, languages=languages, cache=settings.cache, preparing=unpacking)
        if warning := coverage_warning(model, languages):
            note(warning)
        links = list(pair_job(*halves, model, reordered=reordered, progress=stage("Encoding")))
    export(links, Path("-"), to, ExportOptions(statuses=frozenset(Status)))
