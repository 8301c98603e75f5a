"""Reasons of what is left alone, and of what waits."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from syncd.crm import database
from syncd.model.fields import Direction
from syncd.model.kinds import Kind
from syncd.model.policy import (
    ExitPolicy,
    FirstSync,
    ScopeExit,
)
from syncd.outlook.errors import Failure, Sort
from syncd.outlook.port import Backend, Sensitivity, Update, Written
from syncd.reconcile.reasons import Reason
from syncd.sync import questions
from syncd.sync.questions import Answer
from syncd.sync.tables import question
from tests.memory_server import Effect, MemoryServer
from tests.sync.reasons import (
    ANN,
    CRM,
    TRASH,
    alone,
    discard,
    doubtful,
    edit,
    ends_with,
    in_step,
    late,
    many,
    rounds,
)
from tests.sync.reasons_of_ties import left_scope
from tests.sync.world import BOB, World

# --- left alone ----------------------------------------------------------------------------------


@ends_with(Reason.NOT_TRACKED)
def not_tracked(world: World, _: MemoryServer) -> None:
    """Nobody put it into the CRM."""
    alone(world)


@ends_with(Reason.PRIVATE)
def private(world: World, _: MemoryServer) -> None:
    """It is private."""
    alone(world, CRM, sensitivity=Sensitivity.PRIVATE)


@ends_with(Reason.OTHER_CLASS)
def other_class(world: World, _: MemoryServer) -> None:
    """A distribution list."""
    alone(world, CRM, item_class="IPM.DistList")


@ends_with(Reason.FOREIGN, Reason.BOUND_MATCH)
def foreign(world: World, _: MemoryServer) -> None:
    """It bears the stamp of another installation, and is somebody whom the CRM has."""
    world.start()
    made = world.hand().add(ANN)
    world.hand().set_link(made, "another/contact/00000000-0000-0000-0000-000000000001")
    world.new(**ANN)
    rounds(world)


@ends_with(Reason.COPY)
def copied(world: World, _: MemoryServer) -> None:
    """Copied in Outlook."""
    in_step(world)
    world.hand().copy(world.item().id)
    rounds(world)


@ends_with(Reason.AT_REST)
def at_rest(world: World, _: MemoryServer) -> None:
    """Its user edits what is released."""
    world.policy(on_scope_exit=ExitPolicy(created=ScopeExit.RELEASE))
    left_scope(world, _)
    edit(world, jobtitle="Boss")
    rounds(world)


@ends_with(Reason.DIRECTION)
def direction(world: World, _: MemoryServer) -> None:
    """Nothing comes from Outlook."""
    world.policy(direction=Direction.TO_OUTLOOK)
    alone(world, CRM)


def no_filter(world: World, _: MemoryServer) -> None:
    """No filter is on."""
    world.start()
    world.policy(pushes=False)
    world.new(**ANN)
    rounds(world)


def remembered(world: World, _: MemoryServer) -> None:
    """Thrown away in Outlook; deleted in the CRM, and typed in again."""
    record = in_step(world)
    world.hand().delete(world.hand().move(world.item().id, TRASH))
    rounds(world)
    world.pass_time(minutes=11)
    rounds(world)
    world.remove(record)
    rounds(world)
    world.new(**ANN)
    rounds(world)
    assert world.items() == []


@ends_with(Reason.IGNORED)
def ignored(world: World, _: MemoryServer) -> None:
    """A person says to leave it alone for now."""
    left_to_itself(world, Answer.IGNORE)


@ends_with(Reason.NEVER)
def never(world: World, _: MemoryServer) -> None:
    """A person says to leave it alone for good."""
    left_to_itself(world, Answer.NEVER)


def left_to_itself(world: World, said: Answer) -> None:
    """A tracked item that could be one of two records."""
    world.start()
    for each in ("Sales", "Legal"):
        world.new(BOB, **{**ANN, "department": each})
    world.hand().add(CRM)
    rounds(world)
    with database.write(world.engine) as conn:
        (row,) = conn.execute(select(question)).all()
        questions.answer(conn, row, said, world.time(), None)
    rounds(world)


@ends_with(Reason.DISCARDED)
def discarded(world: World, _: MemoryServer) -> None:
    """A person does not want what was deleted in the CRM to go."""
    for each in many(world):
        world.remove(each)
    rounds(world)
    discard(world)


# --- waits ---------------------------------------------------------------------------------------


@ends_with(Reason.FIRST_CONTACT)
def first_contact(world: World, _: MemoryServer) -> None:
    """There is somebody in Outlook already."""
    world.hand().add(ANN)
    world.new(firstname="Bea")
    rounds(world)


@ends_with(Reason.DOUBTFUL_MATCH)
def doubtful_match(world: World, _: MemoryServer) -> None:
    """Two items could be Ann."""
    doubtful(world)


@ends_with(Reason.LINKED_HERE)
def linked_here(world: World, _: MemoryServer) -> None:
    """Ann is tracked once more."""
    in_step(world)
    world.hand().add(CRM)
    rounds(world)


@ends_with(Reason.ORPHAN_STAMP)
def orphan_stamp(world: World, _: MemoryServer) -> None:
    """The stamp names nobody."""
    in_step(world)
    record = next(iter(world.all_records()))
    world.forget_links()
    world.remove(record)
    world.policy(first_sync=FirstSync.GO)
    rounds(world)


@ends_with(Reason.HELD)
def held(world: World, _: MemoryServer) -> None:
    """All at once."""
    for each in many(world):
        world.remove(each)
    rounds(world)


@ends_with(Reason.EMPTIED)
def emptied(world: World, _: MemoryServer) -> None:
    """A phone empties four fields."""
    in_step(world)
    edit(world, jobtitle=None, department=None, mobilephone=None, managername=None)
    rounds(world)


@ends_with(Reason.IN_DOUBT)
def in_doubt(world: World, server: MemoryServer) -> None:
    """No answer to a create."""
    world.start()
    world.new(**ANN)
    late(server, "create")
    rounds(world, 1)


@ends_with(Reason.ONLY_BY_HAND)
def only_by_hand(world: World, server: MemoryServer) -> None:
    """Put aside while items could be moved, and back since they cannot."""
    record = in_step(world)
    world.set_active(record, active=False)
    rounds(world)
    server.backend = Backend.GRAPH
    world.execute("update mailbox set moves = null")
    world.set_active(record, active=True)
    rounds(world)


@ends_with(Reason.SECOND_LOOK)
def second_look(world: World, _: MemoryServer) -> None:
    """It is nowhere to be found."""
    in_step(world)
    world.hand().delete(world.item().id)
    rounds(world, 1)


@ends_with(Reason.UNKNOWN_OUTLOOK)
def unknown_outlook(world: World, server: MemoryServer) -> None:
    """The search finds it in a folder that the mailbox does not name."""
    in_step(world)

    def nowhere(call: str, effect: Effect) -> object:
        found = effect()
        return [replace(each, folder=None) for each in found] if call == "find" else found  # type: ignore[attr-defined]

    server.meddle = nowhere
    world.hand().move(world.item().id, TRASH)
    rounds(world, 1)


@ends_with(Reason.EDITED_MEANWHILE)
def edited_meanwhile(world: World, server: MemoryServer) -> None:
    """Its user edits it between the reading and the writing."""
    world.change(in_step(world), jobtitle="Boss")
    refused(server, Sort.PRECONDITION)
    rounds(world, 1)


@ends_with(Reason.LIVELOCK)
def livelock(world: World, server: MemoryServer) -> None:
    """Refused again and again, and nothing is different."""
    world.change(in_step(world), jobtitle="Boss")
    refused(server, Sort.PRECONDITION)
    for _ in range(5):
        rounds(world, 1)
        world.pass_time(minutes=20)


@ends_with(Reason.RETRY)
def retry(world: World, server: MemoryServer) -> None:
    """The server is busy."""
    world.change(in_step(world), jobtitle="Boss")
    refused(server, Sort.TRANSIENT)
    rounds(world, 1)


@ends_with(Reason.REFUSED)
def never_taken(world: World, server: MemoryServer) -> None:
    """The server does not take it."""
    world.start()
    server.refuses = lambda fields: fields.get("firstname") == "Ann"
    world.new(**ANN)
    for _ in range(4):
        rounds(world, 1)
        world.pass_time(minutes=30)


def refused(server: MemoryServer, sort: Sort) -> None:
    """From here on every update of an item fails."""

    def fails(update: Update, kind: Kind | None = None) -> Written | Failure:
        del update, kind
        return Failure(sort, "No", "not now")

    server.update = fails  # type: ignore[method-assign]
