"""Plays one cell of the fault matrix over the wire, and says what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Engine, select

from syncd.crm import database
from syncd.model.values import Value
from syncd.outlook.graph import gate
from syncd.outlook.port import Backend
from syncd.sandbox.faults import FaultKind
from syncd.sandbox.server import Sandbox
from syncd.sync import mailboxes
from syncd.sync.journal import Status
from syncd.sync.mailboxes import MailboxState
from syncd.sync.report import Outcome, RunReport
from syncd.sync.tables import mailbox_kind, observed, operation
from tests.faults.lies import SEEN, overheard
from tests.faults.looking import status_of
from tests.faults.matrix import End, Phase, Row, Struck
from tests.sync.world import ALICE, World
from tests.sync.worlds import sandbox_world

ANN: Mapping[str, Value] = {
    "firstname": "Ann", "lastname": "van Dyk", "emailaddress1": "ann@example.test",
}  # fmt: skip
BEN: Mapping[str, Value] = {"firstname": "Ben", "emailaddress1": "ben@example.test"}
CY: Mapping[str, Value] = {
    "firstname": "Cyrillus-Maria", "jobtitle": "Bookkeeper", "emailaddress1": "cy@example.test",
}  # fmt: skip

# Which request is that of a phase, and how many like it come before in a run.
REQUESTS: Mapping[Backend, Mapping[Phase, tuple[str, int]]] = {
    Backend.EWS: {
        Phase.OBSERVE: ("SyncFolderItems", 0),
        Phase.CLAIM: ("UpdateFolder", 0),
        Phase.CREATE: ("CreateItem", 0),
        Phase.UPDATE: ("UpdateItem", 0),
        Phase.DELETE: ("MoveItem", 0),
        Phase.SETTLE: ("GetItem", 0),
    },
    Backend.GRAPH: {
        Phase.OBSERVE: ("GET contacts/delta", 0),
        Phase.CLAIM: ("PATCH contactFolder", 0),
        Phase.CREATE: ("POST contacts", 0),
        Phase.UPDATE: ("PATCH contacts", 0),
        Phase.DELETE: ("DELETE contacts", 0),
        Phase.SETTLE: ("GET contact", 1),
    },
}
# What is done to a connection or a whole answer is done to a batch: how many come before.
BATCHES: Mapping[Phase, int] = {
    Phase.CLAIM: 0, Phase.CREATE: 1, Phase.UPDATE: 2, Phase.DELETE: 3, Phase.SETTLE: 3,
}  # fmt: skip
OF_THE_WHOLE = frozenset(
    {"lost_answer", "lost_request", "late_write", "cut", "corrupt_xml", "garbage"}
)
_WRITES = frozenset({Phase.CREATE, Phase.UPDATE, Phase.DELETE})
ROUNDS = 8  # of ten minutes each
WHILE_IT_LASTS = 5  # rounds


@dataclass
class Played:
    """What was seen of a cell."""

    end: End = End.NONE
    told: list[str] = field(default_factory=list)  # what `syncd status` said, after each run
    silent: list[str] = field(default_factory=list)  # runs that were not in step, and said nothing


def play(engine: Engine, box: Sandbox, row: Row, phase: Phase, backend: Backend) -> Played:
    """Play a cell. Raises AssertionError for a loss, a duplicate, or work for a hand."""
    gate._GATES.clear()  # a port may have been another sandbox's
    world = sandbox_world(engine, box, backend)
    ids = world.new_many([ANN, BEN])
    world.start()
    world.settle()
    ACTS[phase](world, ids)
    before = _generation(world)
    armed = _arm(box, row, phase, backend)
    versions, played = _versions(box), Played()
    with overheard() as effective:
        report = world.sync()
    lies = SEEN & {FaultKind(each.fault) for each in _struck(row, backend)}
    if _left(box) == armed or (lies and not lies & effective):
        return played  # nothing came of it
    if row.late and phase in _WRITES:
        _wait_for_change(box, versions)
    seen = _Seen(world, box, played)
    seen.look(report)
    at_once = report.outcome is Outcome.OK and _agree(world, ids, phase)
    again = _generation(world) > before
    for _ in range(WHILE_IT_LASTS if row.lasts and not at_once else 0):
        _pass(world)
        seen.look(world.sync())
    box.faults.clear()
    if seen.suspended or seen.set_aside:
        with database.write(world.engine) as conn:  # the one thing that is for a hand
            mailboxes.resume(conn, world.state(), world.time())
    for _ in range(ROUNDS):
        if _agree(world, ids, phase):
            break
        _pass(world)
        seen.look(world.sync())
    _pass(world)
    assert _agree(world, ids, phase), (_outlook(world), _crm(world))
    world.settle()
    assert _agree(world, ids, phase), (_outlook(world), _crm(world))
    played.end = seen.end(at_once=at_once, again=again, lasts=row.lasts)
    return played


# --- what is done --------------------------------------------------------------------------------


def _edit(world: World, ids: list[str]) -> None:
    for each in ids:
        world.hand().edit(world.item_of(each).id, {"jobtitle": "Chairwoman"})


def _change(world: World, ids: list[str]) -> None:
    world.change(ids[0], jobtitle="Chairwoman")


def _new(world: World, ids: list[str]) -> None:
    ids.append(world.new(**CY))


def _remove(world: World, ids: list[str]) -> None:
    world.remove(ids[1])


ACTS: Mapping[Phase, Callable[[World, list[str]], None]] = {
    Phase.OBSERVE: _edit,
    Phase.CLAIM: _change,
    Phase.CREATE: _new,
    Phase.UPDATE: _change,
    Phase.DELETE: _remove,
    Phase.SETTLE: _change,
}


def _struck(row: Row, backend: Backend) -> Sequence[Struck]:
    return row.ews if backend is Backend.EWS else row.graph


def _arm(box: Sandbox, row: Row, phase: Phase, backend: Backend) -> int:
    own = REQUESTS[backend][phase]
    batch = ("$batch", BATCHES[phase]) if backend is Backend.GRAPH and phase in BATCHES else own
    for each in _struck(row, backend):
        whole = each.fault in OF_THE_WHOLE and not each.part
        on, after = (each.on, 0) if each.on else (batch if whole else own)
        box.faults.add(on, each.fault, times=each.times, after=after, **each.more)
    return _left(box)


def _left(box: Sandbox) -> int:
    return sum(left for _, left in box.faults.pending())


def _versions(box: Sandbox) -> set[str]:
    with box.organisation.lock:
        return {each.change_key for each in box.mailbox(ALICE).items()}


def _wait_for_change(box: Sandbox, before: set[str]) -> None:
    until = time.monotonic() + 5
    while _versions(box) == before and time.monotonic() < until:
        time.sleep(0.01)


def _pass(world: World) -> None:
    gate._GATES.clear()  # its clock is the machine's: in this world the pause is over
    world.pass_time(minutes=11)


# --- what is seen --------------------------------------------------------------------------------


@dataclass
class _Seen:
    world: World
    box: Sandbox
    played: Played
    suspended: bool = False
    set_aside: bool = False
    doubts: set[str] = field(default_factory=set)

    def look(self, report: RunReport) -> None:
        """After each run: how it stands, and whether anybody would know."""
        with database.read(self.world.engine) as conn:
            query = select(operation.c.key).where(operation.c.status == Status.IN_DOUBT.value)
            self.doubts |= {str(key) for key in conn.scalars(query)}
        said = status_of(self.world, self.box)
        self.played.told += said
        if report.outcome is not Outcome.OK and not said:
            self.played.silent.append(report.outcome.value)
        if self.world.state().state is MailboxState.SUSPENDED:
            self.suspended = True
            assert any(each.startswith("it was suspended because ") for each in said), said
        if report.counters["quarantined"]:
            self.set_aside = True
            assert any("See them: syncd quarantine list" in each for each in said), said

    def end(self, *, at_once: bool, again: bool, lasts: bool) -> End:
        """What came of it, in one word."""
        if self.suspended:
            return End.SUSPENDED
        if self.set_aside:
            return End.SET_ASIDE
        if self.doubts:
            return End.NOT_FOUND if self._lost() else End.FOUND
        if at_once:
            return End.STARTS_OVER if again else End.AT_ONCE
        return End.WAITS if lasts else End.RETRIED

    def _lost(self) -> bool:
        with database.read(self.world.engine) as conn:
            query = select(operation.c.status).where(operation.c.key.in_(self.doubts))
            return Status.LOST.value in set(conn.scalars(query))


def _generation(world: World) -> int:
    with database.read(world.engine) as conn:
        return int(conn.scalars(select(mailbox_kind.c.generation)).first() or 0)


def _outlook(world: World) -> list[dict[str, Value]]:
    return sorted((each.fields for each in world.items()), key=_address)


def _crm(world: World) -> list[dict[str, Value]]:
    return sorted((world.crm(each) for each in world.all_records()), key=_address)


def _address(fields: Mapping[str, Value]) -> str:
    return str(fields.get("emailaddress1"))


def _equal(outlook: list[dict[str, Value]], crm: list[dict[str, Value]]) -> bool:
    """Field by field; what a server made of a text is in Outlook, and the whole in the CRM."""
    return len(outlook) == len(crm) and all(
        item.keys() == record.keys()
        and all(
            item[name] in (value, *((value.upper(), value[:8]) if isinstance(value, str) else ()))
            for name, value in record.items()
        )
        for item, record in zip(outlook, crm, strict=True)
    )


def _agree(world: World, ids: list[str], phase: Phase) -> bool:
    """Whether both sides hold the same, field by field, each once, and what was done is done."""
    if not _equal(_outlook(world), _crm(world)):
        return False
    with database.read(world.engine) as conn:
        open_ = (Status.INTENDED.value, Status.IN_DOUBT.value)
        if conn.scalars(select(operation.c.key).where(operation.c.status.in_(open_))).first():
            return False
        if conn.scalars(select(observed.c.remote_id).where(observed.c.unsettled)).first():
            return False
    if phase is Phase.DELETE:
        trashed = [each["firstname"] for each in world.items("deleteditems")]
        return trashed == ["Ben"] and len(world.items()) == 1
    if phase is Phase.CREATE:
        return len(world.items()) == 3
    return len(world.items()) == 2 and world.crm(ids[0]).get("jobtitle") == "Chairwoman"
