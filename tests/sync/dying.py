"""Killing syncd at any step: what it does after that is not done, its own tidying up included.

A step is a commit, a request that is about to be sent, or an answer that was received. A run that
was killed ends in `Killed`, which nothing in syncd catches; the store refuses it from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from sqlalchemy import Connection, Engine

from syncd.crm import database
from syncd.outlook.port import Mailbox
from tests.power import Power
from tests.sync.world import WRITES, World

COMMIT, SENT, ANSWERED = "commit", "sent", "answered"


class Killed(BaseException):
    """The process is dead from here on."""


@dataclass
class Life:
    """One process: dies at the step `until`, or when it would settle what it has just written.

    `steps` counts those that were made; none other than these changes what outlives the process.
    """

    until: int = 0  # 0: it is not killed
    settles: bool = True  # whether what was written to a mailbox may be settled
    steps: int = 0
    at: str = ""  # the step at which it died
    written: bool = False  # a mailbox was written to since the last commit
    power: Power | None = None  # where it dies of a power cut
    _write: Callable[..., object] = field(default=database.write)

    @property
    def dead(self) -> bool:
        """Whether it was killed."""
        return bool(self.at)

    def step(self, name: str) -> None:
        """One step is made. Raises Killed when it was the last."""
        self.check()
        self.steps += 1
        if self.steps == self.until:
            self.die(name)

    def die(self, name: str) -> None:
        """It is killed here."""
        self.at = name
        raise Killed(name)

    def check(self) -> None:
        """Raises Killed when nothing can be done any more."""
        if self.dead:
            raise Killed(self.at)

    @contextmanager
    def write(self, engine: Engine, **begun: bool) -> Iterator[Connection]:
        """A writing transaction of this process."""
        self.check()
        with self._write(engine, **begun) as conn:  # type: ignore[attr-defined]
            yield conn
            if self.written and not self.settles:
                self.die("settle")  # which is then rolled back
        self.written = False
        if self.power is not None and begun.get("durable"):
            self.power.durable(engine)
        self.step(COMMIT)

    def over(self, port: Mailbox) -> Mailbox:
        """A port whose requests are steps."""
        return _Port(port, self)  # type: ignore[return-value]

    @contextmanager
    def of(self, world: World) -> Iterator[None]:
        """Meanwhile syncd is in this process, and only syncd may act."""
        connect = world.connect
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(database, "write", self.write)
            patch.setattr(world, "connect", lambda address: self.over(connect(address)))
            yield


_ASKED = frozenset(
    ("changes", "read", "find", "folder", "folders", "create", "update", "move", "trash",
     "remove_folder", "offer_category", "read_claim", "write_claim")
)  # fmt: skip


class _Port:
    """A port in front of another one."""

    def __init__(self, inner: Mailbox, life: Life) -> None:
        self._inner = inner
        self._life = life

    def __getattr__(self, name: str) -> object:
        found = getattr(self._inner, name)
        if name not in _ASKED:
            return found

        def ask(*args: object, **more: object) -> object:
            self._life.step(SENT)  # and it dies before the server has it
            answer = found(*args, **more)
            self._life.written |= name in WRITES
            self._life.step(ANSWERED)
            return answer

        return ask


def surviving(world: World, life: Life, run_it: Callable[[], object]) -> bool:
    """One run in a process. Whether it came to its end."""
    if life.power is not None:
        life.power.flushed(world.engine)  # what people did before was told to be saved
    try:
        with life.of(world):
            run_it()
    except Killed:
        if life.power is not None:
            life.power.cut(world.engine)
        return False
    return True
