"""`align` in a process of its own without the second that its imports take: a server forks a process per command.

The server has imported what most commands import, and nothing has run in it. A client (`align_program`) passes its
arguments, folder, environment and open files, and ends with the exit code of the command. Where the environment has
other settings of Python, the locale or numeric libraries than the server had at its start, the client runs
`python -m align` itself. Tests that kill or stop a process, or measure one, start `python -m align`.

    python tests/prefork.py SOCKET      the server, until its standard input ends
"""

from __future__ import annotations

import array
import atexit
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from select import select
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]
AT_START = ("PYTHON", "LC_", "LANG", "LANGUAGE", "OPENBLAS", "OMP_", "MKL_", "NUMBA_", "LD_", "COVERAGE")
"""Beginnings of the names of variables that are read when a process starts, or a library is loaded."""
MODULES = (
    "align.cli", "align.aligner", "align.embeddings.use", "align.embeddings.embed", "align.exchange.export",
    "align.exchange.import_file", "align.exchange.tmx", "align.exchange.verify", "align.readers", "align.report.page",
    "align.reviewer", "align.store", "align.workspace.add", "align.workspace.history", "align.workspace.pair",
    "align.workspace.propose", "click.testing", "lxml.etree", "numba",
)  # fmt: skip

CLIENT = """#!{python} -IS
import array, json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    request = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    files = array.array("i", [0, 1, 2])
    server.sendmsg([len(request).to_bytes(4, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)])
    server.sendall(request)
    answer = server.recv(16).decode()
if answer in ("", "start"):
    os.execv({python!r}, [{python!r}, "-m", "align", *sys.argv[1:]])
if int(answer) < 0:
    os.kill(os.getpid(), -int(answer))
os._exit(int(answer))
"""


def at_start(environ: dict[str, str]) -> dict[str, str]:
    """The variables that a running process does not notice."""
    return {key: value for key, value in environ.items() if key.startswith(AT_START)}


@cache
def align_program() -> str:
    """The path of the client `align`; its server runs as long as this process."""
    folder = Path(tempfile.mkdtemp(prefix="prefork-"))
    address = str(folder / "socket")
    server = subprocess.Popen([sys.executable, __file__, address], cwd=ROOT, stdin=subprocess.PIPE)
    assert server.stdin is not None

    def end() -> None:
        server.communicate()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    while not os.path.exists(address):
        assert server.poll() is None, "the server of forked processes ended at its start"
        time.sleep(0.05)
    client = folder / "align"
    client.write_text(CLIENT.format(python=sys.executable, address=address))
    client.chmod(0o755)
    return str(client)


def serve(address: str) -> None:
    """Answer clients until standard input ends."""
    for name in MODULES:
        __import__(name)
    assert threading.active_count() == 1, "a thread would not be in the forked processes"
    started_with = at_start(dict(os.environ))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{address}.new")
        listener.listen(64)
        os.rename(f"{address}.new", address)
        while sys.stdin not in select([listener, sys.stdin], [], [])[0]:
            client, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _answer(client, started_with)
            client.close()


def _answer(client: socket.socket, started_with: dict[str, str]) -> NoReturn:
    """Run one command in a child, and tell its exit code or the signal that ended it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    head, ancillary, *_ = client.recvmsg(4, socket.CMSG_LEN(3 * 4))
    files = array.array("i")
    files.frombytes(ancillary[0][2])
    size, request = int.from_bytes(head, "big"), b""
    while len(request) < size:
        request += client.recv(size - len(request))
    arguments, folder, environ = json.loads(request)
    answer = "start"
    if at_start(environ) == started_with:
        child = os.fork()
        if child == 0:
            client.close()
            _run(arguments, folder, environ, files)
        answer = str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    with suppress(BrokenPipeError):
        client.sendall(answer.encode())
    os._exit(0)


def _run(arguments: list[str], folder: str, environ: dict[str, str], files: array.array[int]) -> NoReturn:
    """Be the process of the command."""
    for number, file in enumerate(files):
        os.dup2(file, number)
    os.closerange(3, 256)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    time.tzset()
    errors = sys.stdout.errors
    for number, mode, handling in ((0, "r", errors), (1, "w", errors), (2, "w", "backslashreplace")):
        raw = io.FileIO(number, mode, closefd=False)
        buffered = io.BufferedReader(raw) if mode == "r" else io.BufferedWriter(raw)
        text = io.TextIOWrapper(buffered, "utf-8", handling, line_buffering=number == 2 or raw.isatty())
        setattr(sys, name := ("stdin", "stdout", "stderr")[number], text)
        setattr(sys, f"__{name}__", text)
    sys.argv = ["align", *arguments]
    code = 0
    try:
        from align.cli import main

        main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        code = code or 120
    with suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1])
