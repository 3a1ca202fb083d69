"""The parts of the documents that come from the program itself: every command's help, every key of the review app.

    python docs/scripts/generated.py            says what is not current (exit code 1)
    python docs/scripts/generated.py --write    writes it

A page holds a part between `<!-- NAME:begin -->` and `<!-- NAME:end -->`.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import click

DOCS = Path(__file__).resolve().parents[1]
PROGRAM = DOCS.parent / "align"
WIDTH = 96
KEY_NAMES = {
    "space": "Space", "enter": "Enter", "escape": "Esc", "tab": "Tab", "up": "↑", "down": "↓", "left": "←",
    "right": "→", "left_square_bracket": "[", "right_square_bracket": "]", "left_curly_bracket": "{",
    "right_curly_bracket": "}", "slash": "/", "question_mark": "?", "equals_sign": "=", "full_stop": ".", "f1": "F1",
    "vertical_line": "\\|",
}  # fmt: skip


def commands() -> str:
    """Every command with its help, as `--help` prints it."""
    from align.cli import COMMANDS, cli

    parts = []
    for name in COMMANDS:
        with click.Context(cli, info_name="align") as root:
            command = cli.get_command(root, name)
            assert command is not None
            parts += helps(command, f"align {name}", root)
    return "\n".join(parts)


def helps(command: click.Command, path: str, parent: click.Context) -> Iterator[str]:
    """The help of a command and of those below it."""
    with click.Context(command, info_name=path.rpartition(" ")[2], parent=parent, max_content_width=WIDTH) as ctx:
        ctx.terminal_width = WIDTH
        yield f"## {path}\n\n```text\n{command.get_help(ctx)}\n```\n"
        if isinstance(command, click.Group):
            for name in command.list_commands(ctx):
                below = command.get_command(ctx, name)
                assert below is not None
                yield from helps(below, f"{path} {name}", ctx)


def keys() -> str:
    """Every key of the review app, by screen and group; the third column is the name for `[keys]`."""
    from align.review import keys as table

    parts = []
    screens = (
        ("In the review", table.REVIEW_KEYS),
        ("In the workspace", table.WORKSPACE_KEYS),
        ("Between documents", table.DOCUMENT_KEYS),
    )
    for screen, actions in screens:
        parts.append(f"### {screen}\n")
        shown = [action for action in actions if not action.id.startswith("alternative_")]
        for group, found in groupby(shown, key=lambda action: action.group):
            if group != screen.rpartition(" ")[2].capitalize():
                parts.append(f"**{group}**\n")
            parts.append("| key | does | action |\n|---|---|---|")
            parts += [f"| {spelled(action.keys)} | {action.help_text} | `{action.id}` |" for action in found]
            if screen == "In the review" and group == "Put right":
                parts.append("| `1` to `9` | Link to that alternative instead. | `alternative_1` to `alternative_9` |")
            parts.append("")
    return "\n".join(parts)


def spelled(bound: str) -> str:
    """`a,enter` -> `a`, `Enter`."""
    names = []
    for key in bound.split(","):
        *holding, last = key.strip().split("+")
        names.append("+".join([*(word.capitalize() for word in holding), KEY_NAMES.get(last, last)]))
    return ", ".join(f"`{name}`" for name in names)


def formats() -> str:
    """The exchange formats of links."""
    from align.exchange.formats import BOOK_FORMAT, FORMATS

    rows = ["| name | suffixes | description | import |", "|---|---|---|---|"]
    for form in (*FORMATS, BOOK_FORMAT):
        suffixes = ", ".join(f"`{suffix}`" for suffix in form.suffixes) or "a folder"
        more = "".join(f", `{suffix}`" for suffix in form.import_suffixes)
        rows.append(
            f"| `{form.name}` | {suffixes} | {form.description} | {f'yes{more}' if form.importable else 'no'} |"
        )
    return "\n".join(rows)


def columns() -> str:
    """The columns of tables and Parquet files."""
    from align.exchange.columns import COLUMNS

    rows = ["| column | content | in |", "|---|---|---|"]
    for column in COLUMNS:
        tables = "tables with `--context`" if column.context else "tables"
        files = [*[tables] * column.table, "`parquet`", *["`datasets`"] * column.dataset]
        rows.append(f"| `{column.name}` | {column.description} | {', '.join(files)} |")
    return "\n".join(rows)


def tree() -> str:
    """Every module of the program with the first sentence of its docstring."""
    parts = []
    for package in [PROGRAM, *sorted(path.parent for path in PROGRAM.glob("*/__init__.py"))]:
        modules = sorted(package.rglob("*.py") if package != PROGRAM else package.glob("*.py"))
        parts.append(f"**`{package.relative_to(PROGRAM.parent).as_posix()}/`**\n")
        parts.append("| module | content |\n|---|---|")
        for path in modules:
            content = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n\n")[0]
            name = path.relative_to(package).with_suffix("").as_posix().removesuffix("/__init__")
            parts.append(f"| `{name}` | {' '.join(content.split()).replace('|', '&#124;')} |")
        parts.append("")
    return "\n".join(parts)


PARTS = {
    "commands": ("commands.md", commands),
    "keys": ("reviewing.md", keys),
    "formats": ("formats.md", formats),
    "columns": ("formats.md", columns),
    "modules": ("internals.md", tree),
}


def fresh(name: str) -> tuple[Path, str, str]:
    """The page of a part, its text now, and its text with the part made anew."""
    page, make = PARTS[name]
    path = DOCS / page
    now = path.read_text(encoding="utf-8")
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    if now.count(begin) != 1 or now.count(end) != 1:
        raise SystemExit(f"{path}: wants {begin} and {end} once each")
    pattern = re.escape(begin) + r".*" + re.escape(end)
    return path, now, re.sub(pattern, lambda _: f"{begin}\n\n{make().strip()}\n\n{end}", now, flags=re.DOTALL)


def main() -> int:
    """Compare or write."""
    stale = 0
    for name in PARTS:
        path, now, then = fresh(name)
        if now != then:
            stale = 1
            if "--write" in sys.argv[1:]:
                path.write_text(then, encoding="utf-8")
            sys.stdout.write(f"{path.name}: {name} {'written' if '--write' in sys.argv[1:] else 'not current'}\n")
    return 0 if "--write" in sys.argv[1:] else stale


if __name__ == "__main__":
    sys.exit(main())
