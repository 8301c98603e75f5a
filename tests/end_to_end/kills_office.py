"""An office whose daemon is killed: a store, an Exchange of its own process, and `syncd run`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests
from sqlalchemy import Engine

from syncd.cli.demo.place import EWS, GRAPH, PASSWORD_FILE, READY, TLS, Place, read_place
from syncd.crm import database, users
from syncd.crm.api import Crm
from syncd.crm.feed import Actor, ActorKind
from syncd.crm.migration import upgrade
from syncd.sync import mailboxes
from tests.end_to_end.kills_boxes import EDITED, KEY, PASSWORD

STARTS_WITHIN = 60.0  # seconds
ANSWERS_AFTER = 150  # milliseconds, to a write

_SETTINGS = """\
[store]
url = "{store}"

{server}
[policies.sales]
server = "sandbox"
interval = "{interval}"
first_sync = "go"

# Many edit at once here: that is no accident, of which the breaker keeps people.
[policies.sales.breaker]
most = 100000
some = 100000
share = 1.0
few = 100000
daily = 100000
cause = 100000

[policies.sales.contacts]
filter = "owner eq @me and statecode eq 'active'"
conflict = "latest"
"""
# As a user types it; `{before}` is nothing, or sets a time to one that a test can wait for.
_SYNCD = "{before}from syncd.cli import main; main(prog_name='syncd')"
_GRACE = (
    "from datetime import timedelta; from syncd.sync import recover; "
    "recover.GRACE = timedelta(seconds={seconds}); "
)


@dataclass
class Office:
    """What runs: the folder of a configuration, the store, the Exchange, and who is served."""

    folder: Path
    engine: Engine
    place: Place
    addresses: Sequence[str]
    users: dict[str, str]  # ids in the CRM, by address
    grace: float | None
    started: int = 0
    torn: set[str] = field(default_factory=set)  # runs that were killed, and writes in doubt

    @property
    def crm(self) -> Crm:
        """The CRM, in the hands of the back office."""
        return Crm(self.engine, Actor(ActorKind.USER, "office"))

    def command(self, *words: str) -> list[str]:
        """The command line of `syncd`."""
        before = "" if self.grace is None else _GRACE.format(seconds=self.grace)
        return [sys.executable, "-P", "-c", _SYNCD.format(before=before), *words]

    def type(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Type a command."""
        return subprocess.run(  # noqa: S603 - our own command
            self.command(*words), cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def slow(self) -> None:
        """Let answers to writes take their time, as they do on a real server.

        A request that a process is killed in is then done, and its answer seen by nobody.
        """
        for on in ("CreateItem", "UpdateItem") if self.place.backend == EWS else ("$batch",):
            rule = {"on": on, "fault": "slow", "times": 10**6, "delay_ms": ANSWERS_AFTER}
            self._control("POST", rule)

    def quick(self) -> None:
        """Answer at once again."""
        self._control("DELETE")

    def _control(self, method: str, rule: object = None) -> None:
        url, ca = f"{self.place.control}faults", self.place.ca
        verify = str(ca) if ca else True
        requests.request(method, url, json=rule, timeout=60, verify=verify).raise_for_status()

    def start(self) -> Daemon:
        """Start `syncd run`."""
        self.started += 1
        log = self.folder / f"run{self.started}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own command
                self.command("run"), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        return Daemon(process, log)


@dataclass
class Daemon:
    """A `syncd run`, which is killed or stopped."""

    process: subprocess.Popen[bytes]
    log: Path
    ended: int | None = None  # by what, once it was killed

    def wait_for(self, text: str) -> None:
        """Until it has said so. Raises AssertionError when it ends, or does not for long."""
        until = time.monotonic() + STARTS_WITHIN
        while text not in self.log.read_text(encoding="utf-8"):
            assert self.process.poll() is None, self.log.read_text(encoding="utf-8")
            assert time.monotonic() < until, self.log.read_text(encoding="utf-8")
            time.sleep(0.01)

    def kill(self) -> None:
        """SIGKILL, which nothing in it sees. `ended` tells whether it was alive until then."""
        self.process.send_signal(signal.SIGKILL)
        self.ended = self.process.wait()

    def stop(self) -> None:
        """SIGTERM: what it is in the middle of is finished."""
        self.process.terminate()
        try:
            assert self.process.wait(STARTS_WITHIN) == 0, self.log.read_text(encoding="utf-8")
        finally:
            self.process.kill()


@contextmanager
def office(
    folder: Path,
    backend: str,
    store: str,
    *,
    mailboxes_: int,
    contacts: int,
    interval: str = "1s",
    grace: float | None = None,
) -> Iterator[Office]:
    """An office in a folder: each mailbox is empty, and `contacts` belong in it.

    `store` is the address of a database without a table. `grace`: how many seconds a write that was
    not answered is waited for, or `None` for what the product waits.
    """
    os.environ.pop("SYNCD_CONFIG", None)
    addresses = [f"rep{n}@example.test" for n in range(mailboxes_)]
    engine = database.open_database(store)
    upgrade(engine)
    try:
        with _sandbox(folder, backend, addresses) as place:
            server = place.settings
            text = _SETTINGS.format(store=store, server=server, interval=interval)
            (folder / "syncd.toml").write_text(text, encoding="utf-8")
            secret = folder / PASSWORD_FILE
            secret.touch(mode=0o600)
            secret.write_text(f"{PASSWORD}\n")
            yield Office(
                folder, engine, place, addresses, _people(engine, addresses, contacts), grace
            )
    finally:
        engine.dispose()


def person(owner: str, number: int) -> dict[str, str]:
    """Contact number `number` of a rep."""
    rep = owner.partition("@")[0]
    values = {"firstname": f"F{number}", "lastname": f"Of {rep} {number}"}
    values |= {each: f"{each} of {rep} {number}" for each in EDITED}
    return {**values, KEY: f"c{number}.{rep}@contoso.test"}


def _people(engine: Engine, addresses: Sequence[str], contacts: int) -> dict[str, str]:
    ids = {}
    with database.write(engine) as conn:
        mailboxes.installation(conn)
        for each in addresses:
            ids[each] = users.add(conn, each).id
            mailboxes.add(conn, each, ids[each], "sales", database.utcnow())
    with Crm(engine, Actor(ActorKind.USER, "office")).together() as crm:
        for owner, user in ids.items():
            for number in range(contacts):
                crm.create("contact", person(owner, number), owner=user)
    return ids


@contextmanager
def _sandbox(folder: Path, backend: str, addresses: Sequence[str]) -> Iterator[Place]:
    command = [sys.executable, "-P", "-c", _SYNCD.format(before=""), "sandbox"]
    command += ["--listen", "127.0.0.1:0"]
    command += ["--tls", f"{folder}/{TLS}"] if backend == GRAPH else []
    command += [word for address in addresses for word in ("--user", address)]
    log = folder / "sandbox.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        until = time.monotonic() + STARTS_WITHIN
        while not READY[backend].search(said := log.read_text(encoding="utf-8")):
            assert process.poll() is None, said
            assert time.monotonic() < until, said
            time.sleep(0.02)
        yield read_place(said, backend, folder)
    finally:
        process.terminate()
        process.wait()
