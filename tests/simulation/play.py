"""Playing a history: each step is done, a run is disturbed at its moments, and all is checked."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from random import Random

from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError

from syncd.crm import database
from syncd.crm.transaction import begun_as
from syncd.sync.mailboxes import MailboxState
from syncd.sync.session import Session
from tests.memory_server import Effect
from tests.simulation import faults
from tests.simulation.actors import Actors
from tests.simulation.checks import Checks
from tests.simulation.faults import WRITING, Awkward, Faulty
from tests.simulation.history import History, Step
from tests.simulation.ledger import Ledger, Violation
from tests.simulation.world_of import PAUSE, REQUEST, SimulatedWorld, Store, opened

QUIET = 14  # rounds in which it must come to rest
SECOND_LOOK, LEASE_OVER = 75, 20  # minutes


class Crash(BaseException):
    """The process is gone: nothing of it catches this."""


@dataclass
class Play:
    """One history, played once. `trace` tells what happened; `run` raises Violation."""

    history: History
    trace: list[str] = field(default_factory=list)
    watch: Callable[[str], None] = lambda _: None

    @property
    def told(self) -> str:
        """A hash of all that happened: the same for the same history."""
        return hashlib.sha256("\n".join(self.trace).encode()).hexdigest()[:16]

    @property
    def came(self) -> list[str]:
        """What came of each step, in words."""
        return [line.split(": ", 2)[2] for line in self.trace if line[0].isdigit()]

    def run(self) -> None:
        """Play it to its end, and on until nothing is left to do."""
        history = self.history
        with opened(history.mailboxes, history.backend, "play") as (world, servers, store):
            playing = _Playing(world, servers, store, self._say)
            with playing.watched():
                playing.play(history)

    def _say(self, line: str) -> None:
        self.trace.append(line)
        self.watch(line)


@dataclass
class _Playing:
    """A play under way."""

    world: SimulatedWorld
    servers: Mapping[str, Awkward]
    store: Store
    say: Callable[[str], None]
    dead: bool = False
    fragile: bool = False  # the power is going to fail in this run
    locked: bool = False  # another process has the store, to the end of this run
    count: int = 0
    pending: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ledger = Ledger()
        self.actors = Actors(self.world, self.servers, self.ledger)
        self.checks = Checks(self.world, self.servers, self.store, self.ledger, self.actors)
        self.wrong = {
            each: Faulty(server, Random(each), self.world.time)  # noqa: S311
            for each, server in self.servers.items()
        }

    def play(self, history: History) -> None:
        """All of it."""
        addresses = list(self.servers)
        for number, step in enumerate(history.steps):
            self.world.time.passed += PAUSE
            if step.do == "run":
                address = addresses[step.who % len(addresses)]
                self._at_last(step)
                came = self._run(address, step.moments)
            else:
                came = self.actors.do(step)
            self.say(f"{number}: {step.do} by {step.who}: {came}")
            if step.do == "run":
                self.checks.after_run(address, whole=came.startswith("ok"))
        self._rest(addresses)

    def _at_last(self, step: Step) -> None:
        """What clients gave up on is done at some time."""
        for address, server in self.servers.items():
            if server.late and step.pick % 3 == 0:
                self.say(f"   late in {address}: {len(server.late)}")
                server.commit_late()

    def _run(self, address: str, moments: tuple[Step, ...] = ()) -> str:
        """One run of a mailbox, with what happens in the middle of it."""
        self.checks.before_run(address)
        self.count, self.pending = 0, list(moments)
        self.fragile = any(each.do == "power cut" for each in moments)
        if self.fragile:
            self.store.keep()
        try:
            report = self.world.sync(address)
            came = (
                f"{report.outcome} {report.error or ''} {dict(sorted(self.world.counts.items()))}"
            )
        except Crash as crash:
            came = str(crash)
            self._gone(power=came == "power cut")
        except database.UNUSABLE as error:
            came = f"no store: {database.cause_of(error)}"
        finally:
            self.pending, self.fragile, self.locked = [], False, False
            for each in self.wrong.values():
                each.mend()
        for other in self.servers:  # more than one where their sign-in was refused
            if self.world.state(other).state is MailboxState.SUSPENDED:
                self.world.resume(other)
                came += " (resumed)"
        return came

    def _gone(self, *, power: bool) -> None:
        """Nothing is left but what is in the store, and with the power what was on its disk."""
        self.dead = False
        self.world.engine.dispose()
        if power:
            self.store.cut_power()

    # --- the middle of a run ---------------------------------------------------------------------

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Meanwhile each request and each commit is a moment, at which anything may happen."""
        write, playing = Session.write, self

        @contextmanager
        def telling(session: Session, **begun: bool) -> Iterator[Connection]:
            with write(session, **begun) as conn:
                yield conn
            if begun.get("durable") and playing.fragile:
                playing.store.keep()
            playing.moment()

        Session.write = telling  # type: ignore[method-assign, assignment]
        event.listen(self.world.engine, "begin", self._begin)
        for address, server in self.servers.items():
            server.meddle = self._meddling(address)
        try:
            yield
        finally:
            Session.write = write  # type: ignore[method-assign]

    def _meddling(self, address: str) -> Callable[[str, Effect], object]:
        def meddle(call: str, effect: Effect) -> object:
            self._alive()
            self.world.time.passed += REQUEST
            self.moment()
            answer = self.wrong[address].request(call, effect)
            if call in WRITING:
                self.moment()
            return answer

        return meddle

    def _alive(self, *_: object) -> None:
        """A process that is gone asks nothing and writes nothing, whatever it cleans up."""
        if self.dead:
            raise Crash("gone")

    def _begin(self, conn: Connection) -> None:
        self._alive()
        if self.locked and begun_as(conn).writes:
            raise OperationalError("BEGIN", None, sqlite3.OperationalError("database is locked"))

    def moment(self) -> None:
        """What happens here."""
        self.count += 1
        while self.pending and self.pending[0].at <= self.count:
            step = self.pending.pop(0)
            if step.do in ("crash", "power cut"):
                self.dead = True
                raise Crash(step.do)
            if step.do in faults.ALL:
                if step.do == "store locked":
                    self.locked = True
                else:
                    self.wrong[list(self.servers)[step.who % len(self.servers)]].arm(step.do)
                self.say(f"   at {self.count}: {step.do}")
            elif not ((self.fragile or self.locked) and step.do.startswith("crm")):
                # It would be lost with the power, or wait as long as the other process writes.
                came = self.actors.do(step)
                self.say(f"   at {self.count}: {step.do} by {step.who}: {came}")

    # --- the end ---------------------------------------------------------------------------------

    def _rest(self, addresses: list[str]) -> None:
        """Nobody does anything any more: it comes to rest, and all agrees (P2, P4, P9)."""
        for server in self.servers.values():
            server.commit_late()
        self.world.pass_time(minutes=LEASE_OVER)
        for number in range(QUIET):
            before, worked = self._rows(), False
            for address in addresses:
                came = self._run(address)
                self.say(f"rest {number}: {address}: {came}")
                worked = worked or bool(self.world.writes)
                self.checks.after_run(address, whole=came.startswith("ok"))
            for address in addresses:
                if number == 0:  # what was set aside is the one thing that is for a hand
                    self.actors.admin.retry(address)
                if number == 1:  # that a mailbox was restored shows before a write, or in an audit
                    self._audited(address)
                if came := self.actors.admin.relink(address):
                    self.say(f"relinked {address}: {came}")
                self.world.approve(address)
                self.actors.admin.approved.add(address)
            self.world.pass_time(minutes=SECOND_LOOK)
            if number > 2 and not worked and before == self._rows():
                break
        else:
            raise Violation(f"P2: not at rest after {QUIET} rounds: {self.trouble()}")
        for address in addresses:
            self._run(address)
        self.checks.at_rest(addresses)

    def _audited(self, address: str) -> None:
        """The counters have moved with what they count, always; and nothing was overlooked (P9).

        What an audit finds it hands to the next run: that must not be what makes both sides agree.
        But that a mailbox is of another day it may be the first to see.
        """
        found = self.world.service().audit(address)
        if found.miscounted:
            raise Violation(f"P9: an audit of {address} finds {dict(found.miscounted)}")
        if found.divergence and address not in self.actors.admin.restored:
            raise Violation(f"P2: an audit of {address} finds {dict(found.divergence)}")

    def trouble(self) -> str:
        """How the last runs went."""
        return "; ".join(f"{each.outcome} {each.error or ''}" for each in self.world.reports[-3:])

    def _rows(self) -> object:
        """Where all stands, but for when it is looked at again."""
        rows = self.world.rows()
        seen = {(row[0], row[2], row[3], *row[6:8]) for row in rows["observed"]}
        return rows["link"], seen, [row[:5] for row in rows["noticed"]]


def without(history: History, drop: Callable[[Step], bool]) -> History:
    """A history without some steps."""
    return replace(history, steps=tuple(each for each in history.steps if not drop(each)))
