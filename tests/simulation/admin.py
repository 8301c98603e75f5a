"""What the admin does in the simulated world: policies, answers, repairs; time, and backups."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from syncd.crm import database
from syncd.crm.errors import CrmError
from syncd.model.fields import Direction, Side
from syncd.model.policy import (
    ConflictPolicy,
    CrmDelete,
    ExitPolicy,
    Limits,
    OutlookDelete,
    ScopeExit,
)
from syncd.sync import by_hand, claims, disagreements, mailboxes, quarantine
from syncd.sync.bringing_back import bring_back, thrown_away
from syncd.sync.mailboxes import MailboxProblem
from syncd.sync.report import Outcome, RunReport
from syncd.sync.session import Session
from tests.memory_server import TRASH, Folder, MemoryServer, Thing
from tests.simulation.ledger import OUTSIDE, Ledger, named, theirs, tokens
from tests.simulation.world_of import SimulatedWorld
from tests.sync.relinked import relinked

WIDE = Limits(9_999, 9_999, 1.0, 9_999, 9_999, 9_999, 99)


Backup = tuple[dict[str, Thing], dict[str, Folder]]  # the items of a mailbox, and its folders


@dataclass
class Admin:
    """The admin of a world."""

    world: SimulatedWorld
    servers: Mapping[str, MemoryServer]
    ledger: Ledger
    approved: set[str] = field(default_factory=set)  # since the last run of each
    wide: bool = False  # the breaker was let out
    backups: dict[str, Backup] = field(default_factory=dict)
    restored: set[str] = field(default_factory=set)  # and not relinked yet

    def act(self, do: str) -> Callable[[str, random.Random], str] | None:
        """How something is done; `None` where it is nothing of the admin's."""
        return {
            "approve": self._approve, "policy": self._policy, "time": self._time,
            "tidy": self._tidy, "retry": self._retry, "resolve": self._resolve,
            "bring back": self._bring_back, "backup": self._backup,
            "restore mailbox": self._restore, "relink": self.relink,
        }.get(do)  # fmt: skip

    def _approve(self, address: str, _: random.Random) -> str:
        self.approved.add(address)
        return str(self.world.approve(address))

    def _policy(self, _: str, chance: random.Random) -> str:
        exits = (ScopeExit.RELEASE, ScopeExit.ARCHIVE, ScopeExit.KEEP_UPDATING)
        changes = chance.choice((
            {"limits": WIDE},
            {"on_scope_exit": ExitPolicy(chance.choice([*ScopeExit]), *chance.choices(exits, k=2))},
            {"on_outlook_delete": chance.choice([*OutlookDelete])},
            {"on_crm_delete": chance.choice((CrmDelete.DELETE_CREATED, CrmDelete.RELEASE))},
            {"conflict": chance.choice([*ConflictPolicy])},
            {"directions": {"jobtitle": chance.choice([*Direction])}},
        ))  # fmt: skip
        self.wide = self.wide or "limits" in changes
        self.world.policy(**changes)
        return repr(changes)

    def _time(self, _: str, chance: random.Random) -> str:
        minutes = chance.choice((1, 5, 11, 70))
        self.world.time.passed += timedelta(minutes=minutes)
        return f"{minutes} min"

    def _tidy(self, *_: object) -> str:
        self.world.service().tidy()
        return ""

    def _retry(self, address: str, _: random.Random) -> str:
        return str(self.retry(address))

    def retry(self, address: str) -> int:
        """All that was set aside is tried once more; how many."""
        with database.write(self.world.engine, alone=True) as conn:
            row = mailboxes.get(conn, address)
            cases = quarantine.every(conn, row)
            quarantine.retry(conn, row, cases)
        return len(cases)

    def _resolve(self, address: str, chance: random.Random) -> str:
        """One open conflict is answered."""
        with database.read(self.world.engine) as conn:
            every = [each for each in disagreements.every(conn) if each.mailbox == address]
        if not every:
            return ""
        one, side = chance.choice(every), chance.choice([*Side])
        try:
            with (
                database.write(self.world.engine, alone=True) as conn,
                by_hand.alone_with(conn, mailboxes.get(conn, address), self.world.time()),
            ):
                disagreements.answer(conn, one, side)
        except (MailboxProblem, disagreements.Outdated, CrmError) as error:
            return type(error).__name__
        return f"{one.group.name}: {side}"

    def _bring_back(self, address: str, chance: random.Random) -> str:
        """What its user threw away is fetched back by command."""
        with database.read(self.world.engine) as conn:
            thrown = thrown_away(conn, [self.world.mailbox_id(address)])
        if not thrown:
            return ""
        one = chance.choice(sorted(thrown, key=lambda each: each.crm_id))
        came: list[str] = []

        def act(session: Session, *, report: RunReport) -> None:
            came.extend(f"{each.way}" for each in bring_back(session, [one.crm_id]))
            report.outcome = Outcome.OK

        report = self.world.service().visit(address, "restore", act)
        held = self.world.all_records().get(one.crm_id)
        if held is not None:
            place = address, named(held.record.fields)
            self.ledger.thrown.discard(place)
            if "merged" in self.ledger.causes[place[1]]:  # another item may stand for it by now
                self.ledger.copies[place] += 1
        return f"{one.crm_id}: {came or report.error}"

    # --- a mailbox of another day ----------------------------------------------------------------

    def _backup(self, address: str, _: random.Random) -> str:
        server = self.servers[address]
        self.backups[address] = (dict(server.things), copy.deepcopy(server._folders))
        return str(len(server.things))

    def _restore(self, address: str, _: random.Random) -> str:
        """The mailbox is as it was then: what was done in it since is gone, by nobody's fault."""
        saved, server, ledger = self.backups.get(address), self.servers[address], self.ledger
        if saved is None:
            return ""
        elsewhere = self._elsewhere(address)
        for thing in server.things.values():
            ledger.over |= tokens(thing.fields) - elsewhere
            ledger.caused(thing.fields, "restored")
        touched = {*server.things, *saved[0]}
        server.things, server._folders = dict(saved[0]), copy.deepcopy(saved[1])
        for folder in server._folders.values():  # the server tells of all that it put back
            folder.log += [(next(server._numbers), item) for item in sorted(touched)]
        server.late.clear()
        ledger.kept_out = {place: v for place, v in ledger.kept_out.items() if place[0] != address}
        there = {each.jotted for each in server.things.values() if each.folder != TRASH}
        for jotted, birth in ledger.births.items():
            if birth.address == address:
                (ledger.binned.discard if jotted in there else ledger.binned.add)((address, jotted))
        # What a mailbox of another day lacks nobody has thrown away, until a person lets it go on.
        ledger.thrown = {place for place in ledger.thrown if place[0] != address}
        self.restored.add(address)
        for thing in server.things.values():
            born = ledger.births.get(thing.jotted or "")
            if born is not None and born.sort in OUTSIDE:
                ledger.kept_out[address, thing.id] = theirs(thing)
        return str(len(server.things))

    def _elsewhere(self, address: str) -> frozenset[str]:
        """What is in the CRM as well, or in the mailbox of somebody else."""
        found = [each.record.fields for each in self.world.all_records().values()]
        for other, server in self.servers.items():
            if other != address:
                found += [each.fields for each in server.things.values()]
        return frozenset[str]().union(*(tokens(each) for each in found))

    def relink(self, address: str, _: random.Random | None = None) -> str:
        """A person lets a mailbox go on that is of another day."""
        with database.read(self.world.engine) as conn:
            finding = claims.standing(conn, self.world.mailbox_id(address))
        if finding is None:
            return ""
        try:
            self.restored.discard(address)
            return f"{finding}: {relinked(self.world, address)}"
        except (AssertionError, MailboxProblem) as error:
            return f"{finding}: {error}"
