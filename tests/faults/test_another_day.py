"""Over both protocols: a mailbox or a store of another day, told from ordinary change (P1, P3)."""

from __future__ import annotations

import copy
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

from syncd.crm import database
from syncd.reconcile.claim import Finding
from syncd.sandbox.server import Sandbox
from tests.faults.looking import status_of
from tests.sync.another_day import NAMES, entered, healed, held, saved, shown
from tests.sync.relinked import relinked
from tests.sync.world import ALICE, World


def told(world: World, box: Sandbox) -> bool:
    """Whether `syncd status` says that nothing is written, and what to type."""
    return any("syncd relink" in each for each in status_of(world, box))


def test_a_mailbox_restored_from_a_backup(world: World, box: Sandbox) -> None:
    """What it lacks comes back, nothing is deleted and nothing doubled."""
    ids = entered(world)
    with box.organisation.lock:
        mailbox = box.mailbox(ALICE)
        backup = copy.deepcopy(mailbox, {id(mailbox.clock): mailbox.clock})
    world.pass_time(hours=1)
    world.change(ids["Ann"], jobtitle="Boss")
    ids["Eve"] = world.new(firstname="Eve", lastname="E")
    world.settle()
    with box.organisation.lock:
        box.organisation.put(backup)
    world.change(ids["Bea"], jobtitle="Buyer")
    for _ in range(2):
        held(world, Finding.MAILBOX_RESTORED)
        assert told(world, box)
    healed(world)
    assert not told(world, box)
    assert shown(world) == Counter([*NAMES, "Eve"])
    assert world.all_records().keys() == set(ids.values())
    assert world.crm(ids["Bea"])["jobtitle"] == world.item_of(ids["Bea"])["jobtitle"] == "Buyer"
    assert world.crm(ids["Ann"])["jobtitle"] == world.item_of(ids["Ann"])["jobtitle"] == "Boss"


def test_a_server_replaced_by_an_empty_one(world: World, box: Sandbox) -> None:
    """Nobody in the CRM is deleted for it, and nothing written; relinked, all of it comes back."""
    ids = entered(world)
    with box.organisation.lock:
        box.organisation.add(ALICE)
    for _ in range(3):
        world.sync()
        assert world.writes == 0
        world.pass_time(minutes=11)
    world.change(ids["Bea"], jobtitle="Buyer")
    held(world, Finding.GONE)
    assert told(world, box)
    healed(world)
    assert shown(world) == Counter(NAMES)
    assert world.all_records().keys() == set(ids.values())
    assert world.item_of(ids["Bea"])["jobtitle"] == "Buyer"


def test_a_store_restored_from_a_backup(world: World, box: Sandbox, tmp_path: Path) -> None:
    """What it does not know waits, and what is newer in Outlook flows into it."""
    ids = entered(world)
    old = saved(world, tmp_path / "old.db")
    world.pass_time(hours=1)
    world.change(ids["Ann"], jobtitle="Boss")
    world.new(firstname="Eve", lastname="E")
    world.settle()
    old.change(ids["Bea"], jobtitle="Buyer")
    held(old, Finding.STORE_RESTORED)
    assert told(old, box)
    healed(old)
    assert shown(old) == Counter([*NAMES, "Eve"])  # Eve is of a record that this store never had
    assert old.all_records().keys() == set(ids.values())
    assert (old.crm(ids["Ann"])["jobtitle"], old.crm(ids["Bea"])["jobtitle"]) == ("Boss", "Buyer")
    eve = next(each for each in old.items() if each["firstname"] == "Eve")
    assert old.reason(old.other_ids(ALICE, eve.id)) == "waiting (orphan-stamp)"


def test_a_copy_of_the_store_at_work(world: World, box: Sandbox, tmp_path: Path) -> None:
    """Whichever of both writes first, the other one stops; who is relinked serves, and is known."""
    ids = entered(world)
    other = saved(world, tmp_path / "copy.db")
    world.change(ids["Ann"], jobtitle="Boss")
    world.settle()
    other.change(ids["Bea"], jobtitle="Buyer")
    held(other, Finding.STORE_RESTORED)  # as far as can be seen yet
    world.change(ids["Ann"], jobtitle="Chief")
    world.settle()
    held(other, Finding.STORE_COPIED)
    assert told(other, box)
    healed(other)
    world.change(ids["Cid"], jobtitle="Clerk")
    held(world, Finding.OTHER_STORE)
    assert told(world, box)
    assert shown(world) == Counter(NAMES)


def test_a_second_installation(
    world: World, box: Sandbox, empty_database: Path, tmp_path: Path
) -> None:
    """It writes nothing until a person says which one serves; then the first one stops."""
    entered(world)
    shutil.copy(empty_database, tmp_path / "second.db")
    engine = database.open_database(f"sqlite:///{tmp_path / 'second.db'}")
    second = replace(world, engine=engine, users={}, reports=[])
    with database.write(engine) as conn:
        second.add_users(conn)
    second.new(firstname="Zoe", lastname="Z")
    assert second.sync().first_contact
    second.approve()
    held(second, Finding.FOREIGN)
    assert told(second, box)
    assert shown(second) == Counter(NAMES)
    relinked(second)
    second.sync()
    second.approve()
    second.settle()
    assert shown(second) == Counter([*NAMES, "Zoe"])
    world.new(firstname="Yan", lastname="Y")
    held(world, Finding.FOREIGN)


def test_a_folder_whose_mark_somebody_took_away(world: World) -> None:
    """Nothing else is amiss: a relinked mailbox goes on."""
    ids = entered(world)
    port, kind = world.connect(ALICE), world.rules.kind
    folder = port.folder(kind, "default", create=False)
    assert folder is not None
    port.write_claim(kind, folder.id, None)
    world.change(ids["Ann"], jobtitle="Boss")
    held(world, Finding.GONE)
    healed(world)
    assert shown(world) == Counter(NAMES)
    assert world.item_of(ids["Ann"])["jobtitle"] == "Boss"
