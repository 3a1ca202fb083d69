"""`align propose`."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import click

from align.cli.context import encoder_option, note, once_asked, opened, progress, settings_for, store_option
from align.errors import ConflictError
from align.text.counted import counted


@click.command(epilog="Example: align propose --encoder use")
@click.argument("documents", nargs=-1, metavar="[DOCUMENT]...")
@store_option
@encoder_option
@click.option("--boilerplate", is_flag=True, help="Align menus, footers and other boilerplate too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per pair of language runs on stdout.")
def propose(documents: tuple[str, ...], db: Path | None, encoder: str | None, boilerplate: bool, as_json: bool) -> None:
    """Find passages with the same meaning, within and across documents, and propose links.

    Decisions of reviewers are kept; the rest is aligned around them. Without DOCUMENT names, all are aligned. Two
    texts whose confirmed links contradict each other are reported and left unchanged; the exit code is then 1.
    """
    from align.encoders import cached, coverage_warning, load_encoder
    from align.jobs.documents import find_document
    from align.jobs.kernels import matching_stage
    from align.jobs.propose import propose as propose_job
    from align.jobs.propose import why_nothing

    settings = settings_for(db=db, encoder=encoder)
    with ExitStack() as opening:
        store = opening.enter_context(opened(settings))
        chosen = [find_document(store, called).id for called in documents] or None
        names = {row.id: row.name for row in store.documents()}
        languages = {lang for row in store.documents() for lang in row.languages}
        total = stopped = 0
        with progress() as stage:
            unpacking = once_asked(stage, "Unpacking e5")
            model = load_encoder(settings.encoder, languages=languages, cache=settings.cache, preparing=unpacking)
            if warning := coverage_warning(model, languages):
                note(warning)
            vectors = opening.enter_context(cached(model, settings.db))
            run = propose_job(
                store,
                vectors,
                documents=chosen,
                boilerplate=boilerplate,
                encoding=stage("Encoding"),
                matching=stage(matching_stage()),
            )
            for pair in run:
                total += pair.added
                stopped += bool(pair.contradiction)
                if as_json:
                    ends = {
                        side: {"doc": names[group.document], "lang": group.lang}
                        for side, group in (("src", pair.src), ("tgt", pair.tgt))
                    }
                    counts = {"added": pair.added, "removed": pair.removed, "kept": pair.kept}
                    error = {"contradiction": pair.contradiction} if pair.contradiction else {}
                    click.echo(json.dumps(ends | counts | error, ensure_ascii=False))
                src, tgt = names[pair.src.document], names[pair.tgt.document]
                where = src if src == tgt else f"{src} - {tgt}"
                if pair.contradiction:
                    note(f"Left unchanged: {where} ({pair.src.lang} - {pair.tgt.lang}): {pair.contradiction}.")
                elif (pair.added or pair.kept) and not as_json:
                    kept = f", {pair.kept} decided links kept" if pair.kept else ""
                    note(f"{pair.added:>6} proposed{kept}: {where} ({pair.src.lang} - {pair.tgt.lang})")
        if not total and not stopped and not store.pairs():
            note(f"0 links proposed with {model.name}. {why_nothing(store, boilerplate=boilerplate)}")
            return
    found = f"{counted(total, 'link')} proposed with {model.name}."
    note(f"{found} Next: `align review`, or `align export OUT.tmx --status any`.")
    if stopped:
        raise ConflictError(
            f"{counted(stopped, 'pair')} of texts left unchanged: decisions on them contradict each other, see "
            "above. All others are proposed."
        )
