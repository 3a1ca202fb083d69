"""`align serve`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from align.cli.options import encoder_option, note, settings_for, store_option
from align.errors import UsageError, require_extra

if TYPE_CHECKING:
    from align.server.server import TouchKey
    from align.settings import Settings

BAR_ACTIONS = ("accept", "reject", "skip", "undo", "next", "up", "down", "filter", "help")
"""Actions that have buttons on a phone."""
KEY_SEQUENCES = {"space": " ", "enter": "\r", "tab": "\t", "escape": "\x1b", "up": "\x1b[A", "down": "\x1b[B",
         "slash": "/", "question_mark": "?"}  # fmt: skip
"""Characters that named keys send."""


@click.command(epilog="Example: align serve --reviewer Aoi")
@store_option
@encoder_option
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on; the default is this machine only."
)
@click.option("--port", type=click.IntRange(0, 65535), default=8317, show_default=True, help="0 picks a free port.")
@click.option(
    "--allow-host", multiple=True, metavar="NAME", help="Another host name of the server in browsers; repeatable."
)
@click.option(
    "--seats", type=click.IntRange(1), default=4, show_default=True, help="Maximum number of simultaneous sessions."
)
@click.option("--reviewer", help="Name of the reviewer; without it, the page asks.")
@click.option("--theme", help="A Textual theme.  [env: ALIGN_THEME]")
def serve(
    db: Path | None,
    encoder: str | None,
    host: str,
    port: int,
    allow_host: tuple[str, ...],
    seats: int,
    reviewer: str | None,
    theme: str | None,
) -> None:
    """Serve the review app to browsers, for reviewers without a terminal.

    Prints the address on stdout: only requests with its token are answered, and each session is a process. Ctrl-C ends
    it; decisions are saved as they are made. Needs the extra `serve`.
    """
    settings = settings_for(db=db, encoder=encoder, theme=theme)
    if not settings.db.exists():
        raise UsageError(f"{settings.db}: no store there. Make one with `align add FILE`, or name another with --db.")
    require_extra("textual_serve")
    from align.server.server import ServerOptions, run

    command = [
        sys.executable,
        "-m",
        "align",
        "review",
        "--db",
        str(settings.db.resolve()),
        "--encoder",
        settings.encoder,
    ]
    command += ["--theme", settings.theme] if settings.theme else []
    options = ServerOptions(
        command=command,
        title=settings.db.stem,
        host=host,
        port=port,
        max_sessions=seats,
        reviewer=reviewer or "",
        names=frozenset(name.lower() for name in allow_host),
        keys=touch_keys(settings),
    )
    run(options, note_with_time, ready=click.echo)


def note_with_time(line: str) -> None:
    """Print a log line with the time."""
    import time

    note(f"{time.strftime('%H:%M:%S')} {line}")


def touch_keys(settings: Settings) -> list[TouchKey]:
    """The key bar for phones, from the review app's table of keys and the configured keys."""
    from align.review.keys import ACTIONS_BY_ID
    from align.server.server import TouchKey

    keys = []
    for name in BAR_ACTIONS:
        action = ACTIONS_BY_ID.get(name)
        if action is None:
            continue
        key = str(settings.keys.get(name, action.keys)).split(",")[0].strip()
        types = key if len(key) == 1 else KEY_SEQUENCES.get(key)
        if types is not None:
            keys.append(TouchKey(action.label, action.help_text, types))
    return keys
