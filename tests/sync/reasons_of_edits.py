"""Reasons of edits: what goes where, and what stays apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import insert, select, update

from syncd.crm import database
from syncd.model.addresses import mailing_only
from syncd.model.contact import CONTACT
from syncd.model.fields import Direction
from syncd.model.kinds import Kind
from syncd.model.policy import (
    ConflictPolicy,
)
from syncd.outlook.errors import Failure
from syncd.outlook.port import Update, Written
from syncd.reconcile.images import Standing
from syncd.reconcile.oscillation import TURNS
from syncd.reconcile.reasons import Reason
from syncd.sync.tables import link, noticed
from tests.memory_server import MemoryServer
from tests.sync import desk
from tests.sync.desk import ALL, OWN
from tests.sync.reasons import (
    ANN,
    edit,
    ends_with,
    in_step,
    rounds,
)
from tests.sync.world import ALICE, BOB, World

# --- nothing, and edits --------------------------------------------------------------------------


@ends_with(Reason.EQUAL)
def equal(world: World, _: MemoryServer) -> None:
    """What its user edits in a field that is not mapped changes nothing."""
    in_step(world)
    world.hand().jot(world.item().id, "a note of her own")
    rounds(world, 1)


@ends_with(Reason.ECHO)
def echo(world: World, _: MemoryServer) -> None:
    """A listing from the start shows what syncd itself wrote, and lost sight of."""
    in_step(world)
    world.execute("delete from observed")
    world.execute("update mailbox_kind set cursor = null")
    rounds(world)


@ends_with(Reason.CRM_CHANGED)
def crm_changed(world: World, _: MemoryServer) -> None:
    """An edit in the CRM."""
    world.change(in_step(world), jobtitle="Boss")
    rounds(world)


@ends_with(Reason.OUTLOOK_CHANGED)
def outlook_changed(world: World, _: MemoryServer) -> None:
    """An edit in Outlook."""
    in_step(world)
    edit(world, jobtitle="Boss")
    rounds(world)


@ends_with(Reason.BOTH_CHANGED)
def both_changed(world: World, _: MemoryServer) -> None:
    """One on each side, in different places."""
    world.change(in_step(world), jobtitle="Boss")
    edit(world, department="Legal")
    rounds(world)


def conflicting(world: World, policy: ConflictPolicy) -> str:
    """Both sides change the job title."""
    world.policy(conflicts={"jobtitle": policy})
    record = in_step(world)
    world.change(record, jobtitle="CEO")
    world.pass_time(seconds=5)
    edit(world, jobtitle="Boss")
    rounds(world)
    return record


@ends_with(Reason.CONFLICT_CRM)
def conflict_crm(world: World, _: MemoryServer) -> None:
    """The CRM wins by rule."""
    conflicting(world, ConflictPolicy.CRM)


@ends_with(Reason.CONFLICT_OUTLOOK)
def conflict_outlook(world: World, _: MemoryServer) -> None:
    """Outlook wins by rule."""
    conflicting(world, ConflictPolicy.OUTLOOK)


@ends_with(Reason.LATEST_OUTLOOK)
def latest_outlook(world: World, _: MemoryServer) -> None:
    """Outlook's edit came later."""
    conflicting(world, ConflictPolicy.LATEST)


@ends_with(Reason.LATEST_CRM)
def latest_crm(world: World, _: MemoryServer) -> None:
    """The CRM's edit came later."""
    record = in_step(world)
    edit(world, jobtitle="Boss")
    world.pass_time(seconds=5)
    world.change(record, jobtitle="CEO")
    rounds(world)


@ends_with(Reason.LATEST_ESTIMATED)
def latest_estimated(world: World, _: MemoryServer) -> None:
    """Outlook's came later, among other edits of the item."""
    world.change(in_step(world), jobtitle="CEO")
    world.pass_time(seconds=5)
    edit(world, jobtitle="Boss", department="Legal")
    rounds(world)


@ends_with(Reason.LATEST_UNKNOWN)
def latest_unknown(world: World, server: MemoryServer) -> None:
    """The server's clock is off by an hour."""
    record = in_step(world)
    server.clock = lambda: world.time() + timedelta(hours=1)
    edit(world, jobtitle="Boss")
    world.change(record, jobtitle="CEO")
    rounds(world)


@ends_with(Reason.REGRESS)
def regress(world: World, server: MemoryServer) -> None:
    """A rep puts back an hour-old copy of a contact from a backup."""
    record = in_step(world)
    old = world.item().id
    kept = server.things[old]
    world.pass_time(hours=1)
    world.change(record, jobtitle="Boss")
    rounds(world)
    server.restore(replace(kept, version=""))
    rounds(world)
    assert (world.crm(record)["jobtitle"], world.item()["jobtitle"]) == ("Boss", "Boss")


@ends_with(Reason.MERGED_SET)
def merged_set(world: World, _: MemoryServer) -> None:
    """A child is added on each side."""
    record = in_step(world)
    world.change(record, childrensnames=("Tim",))
    rounds(world)
    world.change(record, childrensnames=("Tim", "Tom"))
    edit(world, childrensnames=("Tim", "Tom", "Eva"))
    rounds(world)


@ends_with(Reason.ASKED)
def asked(world: World, _: MemoryServer) -> None:
    """A person is to say whose counts."""
    conflicting(world, ConflictPolicy.ASK)


@ends_with(Reason.FROZEN)
def frozen(world: World, _: MemoryServer) -> None:
    """Somebody in the CRM and somebody in Outlook undo each other's edits, over and over."""
    record = in_step(world)
    for _turn in range(TURNS):
        edit(world, jobtitle="Boss")
        world.sync()
        world.change(record, jobtitle="Chief")
        world.sync()
    edit(world, jobtitle="Boss")
    rounds(world)


def answered(world: World, reason: Reason) -> None:
    """A person says whose job title counts."""
    record = conflicting(world, ConflictPolicy.ASK)
    with database.write(world.engine) as conn:
        mine = link.c.crm_id == record
        marks = dict(conn.execute(select(link.c.marks).where(mine)).scalar_one())
        marks["jobtitle"] = [Standing.UNSETTLED, reason]
        conn.execute(update(link).where(mine).values(marks=marks))
        here = {"mailbox_id": world.mailbox_id(ALICE), "kind": "contact"}
        conn.execute(insert(noticed).values(**here, crm_id=record, attempts=0))
    rounds(world)
    assert world.link(record).marks == {}


@ends_with(Reason.ANSWERED_CRM)
def answered_crm(world: World, _: MemoryServer) -> None:
    """The CRM's."""
    answered(world, Reason.ANSWERED_CRM)


@ends_with(Reason.ANSWERED_OUTLOOK)
def answered_outlook(world: World, _: MemoryServer) -> None:
    """Outlook's."""
    answered(world, Reason.ANSWERED_OUTLOOK)


@ends_with(Reason.RULE_CHANGED)
def rule_changed(world: World, _: MemoryServer) -> None:
    """A deviation is decided when the direction lets both speak."""
    one_way(world, _)
    world.policy(directions={})
    rounds(world)


@ends_with(Reason.MAP_CHANGED)
def map_changed(world: World, _: MemoryServer) -> None:
    """Another address of the item is the mailing address, and the CRM's is empty."""
    in_step(world, address2_city="Hometown")
    world.hand().name_mailing(world.item().id, "Home")
    rounds(world)
    world.policy(kind=mailing_only(CONTACT))
    rounds(world)


# --- a group stays apart -------------------------------------------------------------------------


def apart(world: World, direction: Direction) -> None:
    """The user edits what may not speak."""
    world.policy(directions={"jobtitle": direction})
    in_step(world)
    edit(world, jobtitle="Boss")
    rounds(world)


@ends_with(Reason.ONE_WAY)
def one_way(world: World, _: MemoryServer) -> None:
    """Job titles go to Outlook only."""
    apart(world, Direction.TO_OUTLOOK)


@ends_with(Reason.DIRECTION_NONE)
def direction_none(world: World, _: MemoryServer) -> None:
    """Job titles go nowhere."""
    apart(world, Direction.NONE)


@ends_with(Reason.PERSONAL, Reason.ADOPTED)
def personal(world: World, _: MemoryServer) -> None:
    """Ann is in Outlook already, under another nickname."""
    world.start()
    world.hand().add({**ANN, "nickname": "Annie"})
    rounds(world)
    world.new(**ANN, nickname="An")
    rounds(world)


@ends_with(Reason.NOT_WRITABLE)
def not_writable(world: World, _: MemoryServer) -> None:
    """Its user may read Bob's contacts, and not change them."""
    world.filter = "statecode eq 'active'"
    desk.rule(world, read=ALL, write=OWN)
    world.new(BOB, **ANN)
    world.start()
    rounds(world)
    edit(world, jobtitle="Boss")
    rounds(world)


@ends_with(Reason.NOT_TAKEN)
def not_taken(world: World, server: MemoryServer) -> None:
    """The server holds what it was sent in a form of its own."""
    in_step(world)
    record = next(iter(world.all_records()))
    world.change(record, jobtitle="a very long job title")
    written = server.update

    def shortened(update: Update, kind: Kind | None = None) -> Written | Failure:
        title = update.patch.get("jobtitle")
        patch = {**update.patch, "jobtitle": str(title)[:6]} if title else update.patch
        return written(replace(update, patch=patch), kind)

    server.update = shortened  # type: ignore[method-assign]
    rounds(world)


@ends_with(Reason.GUARDED)
def guarded(world: World, _: MemoryServer) -> None:
    """The CRM's plain text is not written over a formatted note."""
    record = in_step(world, description="plain")
    world.hand().write_formatted(world.item().id, "description", "plain")
    rounds(world)
    world.change(record, description="other")
    rounds(world)
