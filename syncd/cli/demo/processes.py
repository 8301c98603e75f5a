"""The processes of the demo: the sandbox, the daemon, and every command that is shown.

A command runs the `syncd` that a user types, in a process of its own. It is forked from a server
that has the modules loaded: the demo would else spend most of its time on imports.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import forkserver, get_context
from pathlib import Path
from typing import IO, Any

from syncd.cli.demo.people import REPS
from syncd.cli.demo.place import GRAPH, READY, TLS, Place, read_place
from syncd.cli.errors import Exit, Problem

_LOADED = (
    "alembic.command",
    "rich.table",
    "syncd.cli.crm",
    "syncd.cli.explain",
    "syncd.cli.onboard",
    "syncd.cli.reporting",
    "syncd.cli.sync",
    "syncd.crm.importing.load",
    "syncd.crm.migration",
    "syncd.daemon.logging",
    "syncd.settings.check",
    "syncd.sync.explain.looking",
    "syncd.sync.overview",
    "syncd.sync.service",
)
_SYNCD = (sys.executable, "-P", "-c", "from syncd.cli import main; main(prog_name='syncd')")
_STARTS_WITHIN, _STOPS_WITHIN = 20.0, 20.0  # seconds


def prepare() -> None:
    """See that children reach loopback and no other configuration, and load what they need."""
    os.environ.pop("SYNCD_CONFIG", None)
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, (os.environ.get(name), "127.0.0.1")))
    forkserver.set_forkserver_preload(list(_LOADED))
    held = signal.signal(signal.SIGINT, signal.SIG_IGN)  # inherited: Ctrl-C is for the demo alone
    try:
        forkserver.ensure_running()
    finally:
        signal.signal(signal.SIGINT, held)


class Commands:
    """The `syncd` command, typed in the demo's folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._context = get_context("forkserver")

    def run(self, *arguments: str) -> int:
        """Run a command that prints where this process prints; its exit status."""
        return self._finished(arguments, None)

    def ask(self, *arguments: str) -> Any:  # noqa: ANN401 - JSON of any shape
        """What a command answers with `--json`."""
        answer = self._folder / ".answer.json"
        code = self._finished((*arguments, "--json"), answer)
        text = answer.read_text(encoding="utf-8")
        answer.unlink()
        if code != Exit.DONE:
            raise unexpected(arguments, code, Exit.DONE)
        return json.loads(text)

    def _finished(self, arguments: Sequence[str], output: Path | None) -> int:
        child = self._context.Process(target=_typed, args=(tuple(arguments), self._folder, output))
        child.start()
        try:
            child.join()
        finally:
            if child.is_alive():
                child.terminate()
                child.join()
        return child.exitcode if child.exitcode is not None else Exit.FAILED


def _typed(arguments: tuple[str, ...], folder: Path, output: Path | None) -> None:
    """Be `syncd` with these arguments, in the child."""
    os.chdir(folder)
    if output is not None:
        with output.open("wb") as file:
            os.dup2(file.fileno(), 1)
    from syncd.cli import main

    main(list(arguments), prog_name="syncd")


def unexpected(arguments: Sequence[str], code: int, wanted: int) -> Problem:
    """A command ended otherwise than the demo knows it to."""
    return Problem(
        f"`syncd {' '.join(arguments)}` ended with exit status {code}; {wanted} was expected.",
        "The demo stopped there. What it made is still in its folder.",
        "Read above what the command says; then start again with: syncd demo",
        Exit.FAILED,
    )


@contextmanager
def sandbox(folder: Path, backend: str) -> Iterator[Place]:
    """The sandbox on a free port of this machine, on TLS where Graph is spoken. Raises Problem."""
    log = folder / "sandbox.log"
    users = [word for address in REPS for word in ("--user", address)]
    tls = ("--tls", str(folder / TLS)) if backend == GRAPH else ()
    with _running("sandbox", "--listen", "127.0.0.1:0", *tls, *users, log=log) as process:
        _said(process, log, READY[backend])
        yield read_place(log.read_text(encoding="utf-8"), backend, folder)


@contextmanager
def daemon(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`syncd run`, up, with its log in `syncd.log`. Raises Problem."""
    log = folder / "syncd.log"
    with _running("run", log=log, folder=folder) as process:
        _said(process, log, re.compile(r"\b(started)\b"))
        yield process


def _said(process: subprocess.Popen[bytes], log: Path, wanted: re.Pattern[str]) -> str:
    """What a process that starts says in its log. Raises Problem when it does not."""
    deadline = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        if found := wanted.search(log.read_text(encoding="utf-8")):
            return found[1]
        time.sleep(0.05)
    said = log.read_text(encoding="utf-8").strip()
    raise Problem(
        f"A part of the demo did not start{f', and says: {said}' if said else ''}.",
        "The demo stopped there. What it made is still in its folder.",
        f"Look into {log}, and see that this machine lets programs listen on 127.0.0.1.",
        Exit.FAILED,
    )


@contextmanager
def _running(
    *arguments: str, log: Path, folder: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A `syncd` in the background, stopped at the end whatever happens.

    It is in a session of its own: Ctrl-C reaches the demo alone, which stops things in order.
    """
    with log.open("wb") as output:
        process = _started(arguments, output, folder)
    try:
        yield process
    finally:
        _stop(process)


def _started(
    arguments: Sequence[str], output: IO[bytes], folder: Path | None
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own command, with arguments of ours
        (*_SYNCD, *arguments),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    held = {each: signal.signal(each, signal.SIG_IGN) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        process.terminate()
        try:
            process.wait(_STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    finally:
        for each, handler in held.items():
            signal.signal(each, handler)
