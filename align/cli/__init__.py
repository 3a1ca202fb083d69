"""The command line: one file a noun; parse, call a job, print. stdout is data, stderr is notes.

Commands are imported when they are called, so that `align --help` loads no model, no app and no store.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import NoReturn

import click

from align import __version__
from align.errors import AlignError
from align.text.visible import take_any_text, visible

COMMANDS: dict[str, tuple[str, str]] = {
    "add": ("align.cli.add:add", "Add texts to the store: files, folders, patterns, or - for standard input."),
    "documents": ("align.cli.documents:documents", "List the documents of the store."),
    "propose": ("align.cli.propose:propose", "Find which passages say the same thing and propose links."),
    "review": ("align.cli.review:review", "Settle the links in a terminal app."),
    "export": ("align.cli.export:export", "Write links as TMX, TSV, JSONL and other formats."),
    "import": ("align.cli.import_:import_", "Bring back what was edited elsewhere, or another tool's memory."),
    "pair": ("align.cli.pair:pair", "Align two files and print the result; needs no store."),
    "eval": ("align.cli.evaluate:evaluate", "Align a gold file and print precision, recall and F1."),
    "explain": ("align.cli.explain:explain", "Show the signals behind a link and its best rivals."),
    "search": ("align.cli.search:search", "Find words in all texts, with what stands on the other side."),
    "history": ("align.cli.history:history", "Tell what was done to a link, a document, or at all."),
    "store": ("align.cli.store:store", "Check, back up, restore, rebuild, merge and compact the store."),
    "bulk": ("align.cli.bulk:bulk", "Align many pairs of documents, on all cores or a cluster, restartable."),
    "mine": ("align.cli.mine:mine", "Find equivalents across the whole store or corpus, in any order."),
    "demo": ("align.cli.demo:demo", "Run the main job on the five pages this started from."),
    "report": ("align.cli.report:report", "Write a page on how the work stands: coverage, maps, progress, omissions."),
    "stats": ("align.cli.stats:stats", "Print how the work stands, with small plots."),
    "serve": ("align.cli.serve:serve", "Open the review app to browsers on this machine, behind a token."),
    "doctor": ("align.cli.doctor:doctor", "Look at what a run needs, and say what to mend."),
    "models": ("align.cli.models:models", "List, prepare and check the encoders."),
    "config": ("align.cli.config:config", "Show the settings in force, or write a commented config file."),
    "completion": ("align.cli.completion:completion", "Print the script that completes commands in your shell."),
}
"""Name -> where the command is, and its line in the help."""


class LazyGroup(click.Group):
    """Lists commands from the table and imports the one that is called."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, global_first(args))

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else " `align --help` lists the commands."
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


@click.command(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: align add page.txt original.txt && align propose && align review && align export memory.tmx",
)
@click.option("--quiet", is_flag=True, help="No notes and no progress bars; data and errors only.")
@click.option("--verbose", is_flag=True, help="Say more on stderr, and show where an error came from.")
@click.option(
    "--log-file", type=click.Path(dir_okay=False), metavar="FILE", help="Add notes, errors and their origin to FILE."
)
@click.version_option(__version__, prog_name="align")
def cli(quiet: bool, verbose: bool, log_file: str | None) -> None:
    """Find which passages of texts in several languages say the same thing, settle the doubtful ones,
    and hand translators a memory they can trust.

    --quiet, --verbose and --log-file may also stand after the command."""
    if verbose or log_file:
        from align.cli.log import start

        start(verbose=verbose, log_file=log_file)


def global_first(args: list[str]) -> list[str]:
    """The arguments with the options that every command knows moved to the front; nothing after `--` moves."""
    end = args.index("--") if "--" in args else len(args)
    front: list[str] = []
    rest: list[str] = []
    words = iter(args[:end])
    for word in words:
        if word in ("--quiet", "--verbose") or word.startswith("--log-file="):
            front.append(word)
        elif word == "--log-file":
            value = next(words, None)
            if value is None:
                raise click.BadOptionUsage(word, f"Option {word!r} requires an argument.")
            front += [word, value]
        else:
            rest.append(word)
    return front + rest + args[end:]


def keep_in_log(error: BaseException) -> None:
    """Hand the error to the log, where `--verbose` or `--log-file` opened one."""
    if "align.cli.log" in sys.modules:
        sys.modules["align.cli.log"].failed(error)


def complain(message: str) -> None:
    """Say in one line on stderr what went wrong."""
    click.echo(f"align: {visible(message)}", err=True)


def main() -> NoReturn:
    """The console script: every mishap is one line on stderr and an exit code, never a traceback."""
    take_any_text(sys.stdout, sys.stderr)
    try:
        status = cli.main(prog_name="align", standalone_mode=False)
        sys.stdout.flush()
    except AlignError as error:
        complain(str(error))
        keep_in_log(error)
        sys.exit(error.exit_code)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        message = visible(error.format_message())
        error.format_message = lambda: message  # type: ignore[method-assign]
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        complain("interrupted; what was done is kept.")
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output left (`align ... | head`): nothing to say, and nothing more to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except OSError as error:
        # A disk that is full or a file that went away: the system's own words say it best.
        where = f"{error.filename}: " if error.filename else ""
        complain(f"{where}{error.strerror or error}. What was done is kept; mend it and call again.")
        keep_in_log(error)
        sys.exit(1)
    except Exception as error:
        complain(f"{type(error).__name__}: {error}. A mistake of ours: call again with --verbose and report it.")
        keep_in_log(error)
        sys.exit(70)
    sys.exit(status if isinstance(status, int) else 0)
