"""Reasons of ties: a record and an item meet, and part."""

from __future__ import annotations

from syncd.model.policy import (
    ExitPolicy,
    FirstSync,
    OutlookDelete,
    ScopeExit,
)
from syncd.outlook.port import Backend, Sensitivity
from syncd.reconcile.reasons import Reason
from syncd.sync.offboard import Items, offboard
from syncd.sync.questions import Answer
from tests.memory_server import MemoryServer
from tests.sync import desk
from tests.sync.desk import OWN
from tests.sync.reasons import (
    ANN,
    CRM,
    TRASH,
    discard,
    doubtful,
    edit,
    ends_with,
    in_step,
    late,
    many,
    rounds,
)
from tests.sync.world import ALICE, BOB, World


@ends_with(Reason.TRACKED)
def tracked(world: World, _: MemoryServer) -> None:
    """Its user gives it the category."""
    world.start()
    world.hand().add(CRM)
    rounds(world)


@ends_with(Reason.RECREATED)
def recreated(world: World, server: MemoryServer) -> None:
    """Many were thrown away where nothing can be moved, and are wanted all the same."""
    server.backend = Backend.GRAPH
    many(world)
    for each in world.items():
        server.to_trash(each.id)
    rounds(world)
    discard(world)


# --- a record and an item meet -------------------------------------------------------------------


@ends_with(Reason.CREATED)
def created(world: World, _: MemoryServer) -> None:
    """It was not in Outlook."""
    in_step(world)


@ends_with(Reason.STAMP_FOUND)
def stamp_found(world: World, _: MemoryServer) -> None:
    """The links were lost."""
    record = in_step(world)
    world.forget_links()
    world.change(record, jobtitle="Boss")
    world.policy(first_sync=FirstSync.GO)
    rounds(world, 3)


@ends_with(Reason.DUPLICATE_LINKED)
def duplicate_linked(world: World, _: MemoryServer) -> None:
    """Bob has her in the CRM."""
    world.new(BOB, **ANN)
    tracked(world, _)


@ends_with(Reason.DUPLICATE_UNSEEN)
def duplicate_unseen(world: World, _: MemoryServer) -> None:
    """Bob has her in the CRM, where Alice does not see it."""
    desk.rule(world, read=OWN, write=OWN)
    duplicate_linked(world, _)


@ends_with(Reason.IN_SCOPE_AGAIN)
def in_scope_again(world: World, _: MemoryServer) -> None:
    """Deactivated, and active again."""
    record = in_step(world)
    world.set_active(record, active=False)
    rounds(world)
    world.set_active(record, active=True)
    rounds(world)


@ends_with(Reason.BACK_IN_FOLDER)
def back_in_folder(world: World, _: MemoryServer) -> None:
    """Thrown away, and taken out of Deleted Items again."""
    in_step(world)
    gone = world.hand().move(world.item().id, TRASH)
    rounds(world)
    world.hand().move(gone, "contacts")
    rounds(world)


@ends_with(Reason.ANSWERED)
def chosen(world: World, _: MemoryServer) -> None:
    """It is this one."""
    doubtful(world, Answer.LINK)


@ends_with(Reason.PUT_BACK)
def put_back(world: World, _: MemoryServer) -> None:
    """An emptied folder is made good."""
    many(world)
    for each in world.items():
        world.hand().move(each.id, TRASH)
    rounds(world)
    discard(world)


# --- a record or an item leaves ------------------------------------------------------------------


@ends_with(Reason.LEFT_SCOPE)
def left_scope(world: World, _: MemoryServer) -> None:
    """Deactivated."""
    world.set_active(in_step(world), active=False)
    rounds(world)


@ends_with(Reason.KEPT_UPDATING)
def kept_updating(world: World, _: MemoryServer) -> None:
    """Deactivated, and kept in step."""
    world.policy(on_scope_exit=ExitPolicy(created=ScopeExit.KEEP_UPDATING))
    left_scope(world, _)


@ends_with(Reason.MERGED)
def merged(world: World, _: MemoryServer) -> None:
    """Of two records of Ann, Alice has the one that goes."""
    world.filter = "owner eq @me and statecode eq 'active'"
    loser = in_step(world)
    desk.merge(world, world.new(ALICE, firstname="Ann", lastname="Smith-Lee"), loser)
    rounds(world, 3)


@ends_with(Reason.CRM_DELETED)
def crm_deleted(world: World, _: MemoryServer) -> None:
    """Deleted in the CRM."""
    world.remove(in_step(world))
    rounds(world)


@ends_with(Reason.OUTLOOK_DELETED)
def outlook_deleted(world: World, _: MemoryServer) -> None:
    """Thrown away in Outlook."""
    in_step(world)
    world.hand().move(world.item().id, TRASH)
    rounds(world)


@ends_with(Reason.OUTLOOK_MOVED)
def outlook_moved(world: World, _: MemoryServer) -> None:
    """Filed elsewhere in Outlook."""
    in_step(world)
    world.hand().move(world.item().id, world.hand().add_folder("Mine"))
    rounds(world)


@ends_with(Reason.RECORD_DEACTIVATED)
def record_deactivated(world: World, _: MemoryServer) -> None:
    """Thrown away in Outlook, under a rule."""
    world.policy(on_outlook_delete=OutlookDelete.DEACTIVATE)
    outlook_deleted(world, _)


@ends_with(Reason.RECORD_DELETED)
def record_deleted(world: World, _: MemoryServer) -> None:
    """Thrown away in Outlook, under a stricter rule."""
    world.policy(on_outlook_delete=OutlookDelete.DELETE_IF_OWNER)
    outlook_deleted(world, _)


@ends_with(Reason.UNTRACKED)
def untracked(world: World, _: MemoryServer) -> None:
    """The category is taken off."""
    tracked(world, _)
    edit(world, categories=None)
    rounds(world)


@ends_with(Reason.MADE_PRIVATE)
def made_private(world: World, _: MemoryServer) -> None:
    """Marked private while in step."""
    tracked(world, _)
    world.hand().mark(world.item().id, Sensitivity.PRIVATE)
    rounds(world)


@ends_with(Reason.DOUBLE)
def double(world: World, server: MemoryServer) -> None:
    """A create that was given up for lost is carried out after all."""
    world.start()
    world.new(**ANN)
    late(server, "create")
    world.sync()
    world.pass_time(minutes=3)
    world.settle()
    server.commit_late()
    rounds(world)


@ends_with(Reason.OFFBOARDED)
def offboarded(world: World, _: MemoryServer) -> None:
    """The mailbox leaves: the stamp goes, the item stays."""
    in_step(world)
    offboard(world.service(), ALICE, Items.KEEP)
    assert not world.item().stamped


@ends_with(Reason.OTHER_FOLDER)
def other_folder(world: World, _: MemoryServer) -> None:
    """The admin names another folder: what is in step goes along."""
    in_step(world)
    world.hand().add_folder("Customers")
    world.policy(folder="default/Customers")
    rounds(world)
    assert len(world.items("Customers")) == 1
