"""`align propose`."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from align.cli.options import encoder_option, note, opened, progress, progress_on_demand, settings_for, store_option
from align.errors import ConflictError, UsageError
from align.text.messages import json_line, pluralise

if TYPE_CHECKING:
    from align.workspace.propose import PairProposals

MAX_PAIRS_BELOW = 10
"""Pairs of texts after which a warning above their lines is repeated below them."""


@click.command(epilog="Example: align propose --encoder use")
@click.argument("documents", nargs=-1, metavar="[DOCUMENT]...")
@store_option
@encoder_option
@click.option("--boilerplate", is_flag=True, help="Align menus, footers and other boilerplate too.")
@click.option(
    "--same-language", is_flag=True, help="Align documents in one language too: retranslations, easy language."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per pair of language runs on stdout.")
def propose(
    documents: tuple[str, ...],
    db: Path | None,
    encoder: str | None,
    boilerplate: bool,
    same_language: bool,
    as_json: bool,
) -> None:
    """Find passages with the same meaning, within and across documents, and propose links.

    Decisions of reviewers are kept; the rest is aligned around them. Without DOCUMENT names, all are aligned. Two
    texts whose confirmed links contradict each other are reported and left unchanged; the exit code is then 1. Texts
    of one language are aligned where their tags differ in script or region (zh-Hans and zh-Hant, pt-BR and pt-PT).
    """
    from align.embeddings import cached, coverage_warning, load_encoder
    from align.workspace.document_lookup import find_document
    from align.workspace.propose import explain_no_links, matching_stage
    from align.workspace.propose import propose as propose_job

    settings = settings_for(db=db, encoder=encoder)
    with ExitStack() as opening:
        store = opening.enter_context(opened(settings))
        document_ids = list(dict.fromkeys(find_document(store, called).id for called in documents)) or None
        if document_ids is not None and len(documents) > len(document_ids) == 1:
            raise UsageError(f"{' and '.join(documents)} are one document. Name two.")
        names = {row.id: row.name for row in store.documents()}
        languages = {lang for row in store.documents() for lang in row.languages}
        total = contradictions = pairs = 0
        with progress() as stage:
            unpacking = progress_on_demand(stage, "Unpacking e5")
            model = load_encoder(settings.encoder, languages=languages, cache=settings.cache, preparing=unpacking)
            warning = coverage_warning(model, languages)
            if warning:
                note(warning)
            vectors = opening.enter_context(cached(model, settings.db))
            run = propose_job(
                store,
                vectors,
                documents=document_ids,
                boilerplate=boilerplate,
                same_language=same_language,
                encoding=stage("Encoding"),
                matching=stage(matching_stage()),
            )
            for pairs, pair in enumerate(run, 1):  # noqa: B007
                total += pair.added
                contradictions += bool(pair.contradiction)
                if as_json:
                    click.echo(json_line(described(pair, names)))
                if pair.contradiction or not as_json:
                    report(pair, names)
        if not total and not contradictions and not store.pairs():
            note(f"0 links proposed with {model.name}. {explain_no_links(store, boilerplate=boilerplate)}")
            return
    proposed = f"{pluralise(total, 'link')} proposed with {model.name}."
    note(f"{proposed} Next: `align review`, or `align export OUT.tmx --status any`.")
    if warning and pairs > MAX_PAIRS_BELOW:
        note(warning)
    if contradictions:
        raise ConflictError(
            f"{pluralise(contradictions, 'pair')} of texts left unchanged: decisions on them contradict each other, "
            "see above. All others are proposed."
        )


def described(pair: PairProposals, names: Mapping[int, str]) -> dict[str, Any]:
    """The proposals of a pair of language runs, as `--json` prints them."""
    ends = {
        side: {"doc": names[group.document], "lang": group.lang}
        for side, group in (("src", pair.src), ("tgt", pair.tgt))
    }
    counts = {"added": pair.added, "removed": pair.removed, "kept": pair.reviewed}
    counts |= {"pairs_of_file": True} if pair.pairs_of_file else {}
    error = {"contradiction": pair.contradiction} if pair.contradiction else {}
    return ends | counts | error


def report(pair: PairProposals, names: Mapping[int, str]) -> None:
    """Print the proposals of a pair of language runs in one line, if there are any, or why there are none."""
    src, tgt = names[pair.src.document], names[pair.tgt.document]
    where = f"{src if src == tgt else f'{src} - {tgt}'} ({pair.src.lang} - {pair.tgt.lang})"
    if pair.contradiction:
        note(f"Left unchanged: {where}: {pair.contradiction}.")
    elif pair.pairs_of_file:
        note(f"Left unchanged: {where}: its undecided links are the pairs of the file; `align accept` confirms them.")
    elif pair.added or pair.reviewed or pair.removed:
        reviewed = f", {pair.reviewed} decided links kept" if pair.reviewed else ""
        removed = f", {pair.removed} earlier ones removed" if pair.removed else ""
        note(f"{pair.added:>6} proposed{reviewed}{removed}: {where}")
