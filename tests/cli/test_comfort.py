"""`align config`, `align completion`, and what every command knows: --quiet, --verbose, --log-file."""

from __future__ import annotations

import itertools
import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest

from align.cli import COMMANDS, cli, global_options_first
from align.cli.config import COMMENTS, default_file, setting_origins, write_default
from align.errors import UsageError
from align.settings import Settings, default_reviewer, load_settings
from tests.prefork import align_program

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def align(tmp_path: Path) -> Run:
    """`align(*arguments)` in a folder of its own without a config file."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("ALIGN_")}
    clean["ALIGN_CONFIG"] = str(tmp_path / "config.toml")

    def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [align_program(), *arguments],
            cwd=tmp_path, env=clean | environ, capture_output=True, text=True, check=False,
        )  # fmt: skip

    return run


def test_the_default_file_says_all_and_changes_nothing(tmp_path: Path) -> None:
    assert COMMENTS.keys() == {field.name for field in fields(Settings)}
    path = tmp_path / "config.toml"
    path.write_text(default_file(), encoding="utf-8")
    assert load_settings({"ALIGN_CONFIG": str(path)}) == Settings()


def test_each_line_of_the_default_file_is_good_once_its_mark_is_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    lines = default_file().splitlines()
    live = [line.removeprefix("# ") for line in lines if line.startswith("# ") and (" = " in line or "# [" in line)]
    path.write_text("\n".join(line for line in live if line.split(" ")[0] in {*COMMENTS, "[keys]", "accept"}))
    settings = load_settings({"ALIGN_CONFIG": str(path)})
    assert settings == Settings(keys={"accept": "a,enter"})


def test_origins_name_the_flag_file_or_variable(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('encoder = "use"\nreviewer = "Aoi"\n[keys]\naccept = "y"\n')
    found = {row.name: row for row in setting_origins({"ALIGN_CONFIG": str(path), "ALIGN_REVIEWER": "Mei"})}
    assert (found["encoder"].value, found["encoder"].source) == ("use", str(path))
    assert (found["reviewer"].value, found["reviewer"].source) == ("Mei", "ALIGN_REVIEWER")
    assert found["db"].source == "default"
    assert (found["keys"].value, found["keys"].source) == ("accept = y", str(path))


def test_a_home_of_nobody_is_told() -> None:
    with pytest.raises(UsageError, match=r"db ~nobody-at-all/x\.db"):
        load_settings({"ALIGN_CONFIG": "none.toml", "ALIGN_DB": "~nobody-at-all/x.db"})


def test_a_name_in_git_that_is_not_utf_8(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("git") is None:
        pytest.skip("NO GIT here: who reviews is not asked of it.")
    (tmp_path / "gitconfig").write_bytes(b"[user]\n\tname = Ren\xe9\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.chdir(tmp_path)
    assert default_reviewer() == "Ren\N{REPLACEMENT CHARACTER}"


def test_init_writes_once(align: Run, tmp_path: Path) -> None:
    assert align("config", "init").returncode == 0
    (tmp_path / "config.toml").write_text('encoder = "use"\n')
    again = align("config", "init")
    assert again.returncode == 2
    assert "--force" in again.stderr
    assert "Traceback" not in again.stderr
    assert (tmp_path / "config.toml").read_text() == 'encoder = "use"\n'
    assert align("config", "init", "--force").returncode == 0
    assert (tmp_path / "config.toml").read_text(encoding="utf-8") == align("config", "default").stdout == default_file()


def test_init_where_nothing_can_be_written(tmp_path: Path) -> None:
    from align.errors import UsageError

    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        write_default(environ={"ALIGN_CONFIG": str(tmp_path / "file" / "config.toml")})


def test_config_prints_what_is_in_force(align: Run, tmp_path: Path) -> None:
    shown = align("config", "--json", ALIGN_ENCODER="e5")
    assert json.loads(shown.stdout)["encoder"] == {"value": "e5", "source": "ALIGN_ENCODER"}
    assert "e5  (ALIGN_ENCODER)" in align("config", ALIGN_ENCODER="e5").stdout
    assert align("config", "path").stdout.strip() == str(tmp_path / "config.toml")


def test_options_of_every_command_may_stand_after_it() -> None:
    assert global_options_first(["add", "a", "--quiet", "--log-file", "x", "b"]) == [
        "--quiet",
        "--log-file",
        "x",
        "add",
        "a",
        "b",
    ]
    assert global_options_first(["pair", "--", "--quiet"]) == ["pair", "--", "--quiet"]
    with pytest.raises(click.BadOptionUsage):
        global_options_first(["add", "--log-file"])


def commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command, with the words that call it."""
    with click.Context(group) as ctx:
        for name in group.list_commands(ctx):
            command = group.get_command(ctx, name)
            assert command is not None
            yield f"{path}{name}", command
            if isinstance(command, click.Group):
                yield from commands(command, f"{path}{name} ")


def test_every_command_has_help_an_example_and_options_of_its_own() -> None:
    for name, command in commands(cli):
        assert command.help, f"align {name} has no help"
        assert (command.epilog or "").startswith("Example"), f"align {name} has no example"
        own = {option for parameter in command.params for option in parameter.opts}
        assert not own & {"--quiet", "--verbose", "--log-file"}, f"align {name} takes an option that all know"


def test_the_examples_are_calls_that_the_command_takes() -> None:
    """Each `align ...` of an example is parsed as it would be; files that it names need not be there."""
    counted = 0
    for name, command in commands(cli):
        lexer = shlex.shlex((command.epilog or "").removeprefix("Example:"), posix=True, punctuation_chars="|&;<>()")
        lexer.whitespace_split = True
        for ends, words in itertools.groupby(lexer, key=lambda word: bool(set(word) <= set("|&;<>()"))):
            call = list(words)
            if ends or call[:1] != ["align"]:
                continue
            parsed(cli, call[1:], f"align {name}: {' '.join(call)}")
            counted += 1
    assert counted >= len(COMMANDS)


def parsed(command: click.Command, words: list[str], where: str) -> None:
    """Parse as click does, down to the last command, and call nothing."""
    with command.make_context(command.name, list(words), resilient_parsing=False) as ctx:
        # The words for the command below; click 8.1 keeps them under their old name.
        kept = "_protected_args" if hasattr(ctx, "_protected_args") else "protected_args"
        words = [*getattr(ctx, kept), *ctx.args]
        if isinstance(command, click.Group) and words:
            _, below, rest = command.resolve_command(ctx, words)
            assert below is not None, where
            parsed(below, rest, where)


def test_the_table_says_what_the_command_says() -> None:
    assert all(line.endswith(".") and len(line) < 90 for _, line in COMMANDS.values())


def test_quiet_says_nothing_and_the_log_keeps_it(align: Run, tmp_path: Path) -> None:
    loud = align("config", "init")
    assert "written" in loud.stderr
    still = align("config", "init", "--force", "--quiet", "--log-file", "run.log")
    assert (still.returncode, still.stdout, still.stderr) == (0, "", "")
    log = (tmp_path / "run.log").read_text(encoding="utf-8")
    assert "INFO align.note: " in log
    assert "written" in log


def test_verbose_shows_where_an_error_came_from(align: Run, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("encoder = ")
    short = align("config")
    assert short.returncode == 2
    assert len(short.stderr.splitlines()) == 1
    long = align("config", "--verbose", "--log-file", "run.log")
    assert "TOMLDecodeError" in long.stderr
    assert "TOMLDecodeError" in (tmp_path / "run.log").read_text()


def test_a_log_that_cannot_be_written(align: Run) -> None:
    ran = align("config", "--log-file", "no/such/folder/run.log")
    assert ran.returncode == 2
    assert ran.stderr.startswith("align: no/such/folder/run.log: cannot be written")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_in_the_shell_itself(align: Run, shell: str, tmp_path: Path) -> None:
    """The shell reads the script without complaint, and asking as it asks gives the command."""
    script = align("completion", shell)
    assert script.returncode == 0
    assert "_ALIGN_COMPLETE" in script.stdout
    asked = {"bash": ("align conf", "1"), "zsh": ("align conf", "1"), "fish": ("align conf", "conf")}[shell]
    answer = align(_ALIGN_COMPLETE=f"{shell}_complete", COMP_WORDS=asked[0], COMP_CWORD=asked[1])
    assert "config" in answer.stdout
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"NO {shell} HERE: its completion script was not read by the shell itself.")
    path = tmp_path / f"align.{shell}"
    path.write_text(script.stdout)
    checked = subprocess.run([program, "-n", str(path)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_completion_asks_for_a_shell_it_knows(align: Run) -> None:
    ran = align("completion", SHELL="/bin/tcsh")
    assert ran.returncode == 2
    assert "bash, zsh or fish" in ran.stderr


def test_review_without_a_terminal_says_so(align: Run, tmp_path: Path) -> None:
    from align.store import open_store

    open_store(tmp_path / "align.db").close()
    ran = align("review")
    assert ran.returncode == 2
    assert "needs a terminal" in ran.stderr
