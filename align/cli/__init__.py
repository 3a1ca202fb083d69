"""The command line: one module per command; parse options, call a function, print. stdout is data, stderr is notes.

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
from align.text.messages import escape_unencodable, visible

COMMANDS: dict[str, tuple[str, str]] = {
    "add": ("align.cli.add:add", "Add texts to the store: files, folders, patterns, or - for standard input."),
    "documents": ("align.cli.documents:documents", "List the documents of the store."),
    "propose": ("align.cli.propose:propose", "Find passages with the same meaning and propose links."),
    "review": ("align.cli.review:review", "Review links in a terminal app."),
    "accept": ("align.cli.accept:accept", "Accept the undecided links of a confidence or more."),
    "export": ("align.cli.export:export", "Write links as TMX, TSV, JSONL and other formats."),
    "import": ("align.cli.import_:import_", "Import an edited export, or a memory of another tool."),
    "pair": ("align.cli.pair:pair", "Align two files and print the result; needs no store."),
    "eval": ("align.cli.evaluate:evaluate", "Align a gold file and print precision, recall and F1."),
    "explain": ("align.cli.explain:explain", "Show the signals behind a link and the best alternatives."),
    "search": ("align.cli.search:search", "Find words in all texts, with the linked text of the other side."),
    "history": ("align.cli.history:history", "List the decisions on a link, on a document, or all."),
    "store": ("align.cli.store:store", "Check, back up, restore, rebuild, merge and compact the store."),
    "bulk": ("align.cli.bulk:bulk", "Align many pairs of documents, on all cores or a cluster, restartable."),
    "mine": ("align.cli.mine:mine", "Find sentences with the same meaning anywhere in a store or corpus."),
    "statements": ("align.cli.statements:statements", "Find who else says a thing, and list which texts say it."),
    "demo": ("align.cli.demo:demo", "Add, align and export the seed pages."),
    "report": ("align.cli.report:report", "Write an HTML report: coverage, maps, progress, omissions."),
    "stats": ("align.cli.stats:stats", "Print review statistics with small plots."),
    "serve": ("align.cli.serve:serve", "Serve the review app to browsers on this machine, protected by a token."),
    "doctor": ("align.cli.doctor:doctor", "Check the installation, and say how to fix problems."),
    "models": ("align.cli.models:models", "List, prepare and check the encoders."),
    "config": ("align.cli.config:config", "Show the settings in force, or write a commented config file."),
    "completion": ("align.cli.completion:completion", "Print the script that completes commands in your shell."),
}
"""Name -> location of the command, and its line in the help."""


class LazyGroup(click.Group):
    """Lists commands from the table, and imports only the one that is called."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, global_options_first(args))

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
@click.option("--verbose", is_flag=True, help="Print more on stderr, with the traceback of an error.")
@click.option(
    "--log-file",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Append notes, errors and their tracebacks to FILE.",
)
@click.version_option(__version__, prog_name="align")
def cli(quiet: bool, verbose: bool, log_file: str | None) -> None:
    """Find passages with the same meaning in texts of several languages, review the doubtful ones,
    and hand translators a memory they can trust.

    --quiet, --verbose and --log-file may also follow the command."""
    if verbose or log_file:
        from align.cli.log import start

        start(verbose=verbose, log_file=log_file)


def global_options_first(args: list[str]) -> list[str]:
    """Move the global options to the front of the arguments; nothing after `--` moves."""
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


def log_error(error: BaseException) -> None:
    """Log the error, if `--verbose` or `--log-file` opened a log."""
    if "align.cli.log" in sys.modules:
        sys.modules["align.cli.log"].failed(error)


def print_error(message: str) -> None:
    """Print an error as one line on stderr."""
    click.echo(f"align: {visible(message)}", err=True)


def main() -> NoReturn:
    """The console script: every error is one line on stderr and an exit code, never a traceback."""
    escape_unencodable(sys.stdout, sys.stderr)
    try:
        status = cli.main(prog_name="align", standalone_mode=False)
        sys.stdout.flush()
    except AlignError as error:
        print_error(str(error))
        log_error(error)
        sys.exit(error.exit_code)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        message = visible(error.format_message())
        error.format_message = lambda: message  # type: ignore[method-assign]
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        print_error("interrupted; completed work is saved.")
        sys.exit(130)
    except BrokenPipeError:
        # The reader of stdout has closed it (`align ... | head`): no message, and nothing left to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except OSError as error:
        # A full disk or a deleted file: the message of the system is the clearest.
        where = f"{error.filename}: " if error.filename else ""
        print_error(
            f"{where}{error.strerror or error}. Completed work is saved; fix the problem and run the command again."
        )
        log_error(error)
        sys.exit(1)
    except Exception as error:
        print_error(
            f"{type(error).__name__}: {error}. This is a bug: run the command again with --verbose and report it."
        )
        log_error(error)
        sys.exit(70)
    sys.exit(status if isinstance(status, int) else 0)
