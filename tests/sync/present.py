"""Situations in which somebody is, or was, in an Outlook. Each returns the record."""

from __future__ import annotations

from syncd.crm import database
from syncd.model.fields import Direction
from syncd.model.policy import ConflictPolicy, FirstSync
from syncd.outlook.port import Sensitivity
from syncd.sync import mailboxes
from tests.sync.asking import ANN, CRM, Situation, go
from tests.sync.world import ALICE, BOB
from tests.sync.worlds import Memory


def in_step(memory: Memory) -> str:
    """The rules put it there."""
    world, _ = memory
    ann = world.new(**ANN)
    world.settle()
    return ann


def adopted(memory: Memory) -> str:
    """It was in Outlook already."""
    world, _ = memory
    world.policy(first_sync=FirstSync.GO)
    world.hand().add(ANN)
    ann = world.new(**ANN)
    world.settle()
    return ann


def tracked(memory: Memory) -> str:
    """Alice put her own contact into the CRM, and Bob owns it by now."""
    world, _ = memory
    go(world)
    world.hand().add({**ANN, "categories": CRM})
    world.settle()
    (ann,) = world.all_records()
    world.assign(ann, BOB)
    world.settle()
    return ann


def held_back(memory: Memory) -> str:
    """All leave at once."""
    world, _ = memory
    ids = world.new_many([ANN, {"firstname": "Bea"}, {"firstname": "Cid"}])
    world.settle()
    for each in ids:
        world.assign(each, BOB)
    world.sync()
    return ids[0]


def back_again(memory: Memory) -> str:
    """It was Bob's for a while."""
    world, _ = memory
    ann = world.new(**ANN)
    world.settle()
    world.assign(ann, BOB)
    world.settle()
    world.assign(ann, ALICE)
    world.settle()
    return ann


def put_back(memory: Memory) -> str:
    """Alice moved it away, and back."""
    world, _ = memory
    folder = world.hand().add_folder("Elsewhere")
    ann = world.new(**ANN)
    world.settle()
    moved = world.hand().move(world.item_of(ann).id, folder)
    world.settle()
    world.hand().move(moved, "contacts")
    world.settle()
    return ann


def reassigned(memory: Memory) -> str:
    """It is Bob's now."""
    world, _ = memory
    ann = world.new(**ANN)
    world.settle()
    world.assign(ann, BOB)
    world.settle()
    return ann


def made_private(memory: Memory) -> str:
    """Alice marked her tracked contact private; Bob had added to it."""
    world, _ = memory
    ann = world.new(**ANN)
    world.settle()
    world.hand().mark(world.item_of(ann).id, Sensitivity.PRIVATE)
    world.settle()
    return ann


def taken_out(memory: Memory) -> str:
    """Alice took the category off."""
    world, _ = memory
    go(world)
    item = world.hand().add({**ANN, "categories": CRM})
    world.settle()
    (ann,) = world.all_records()
    world.hand().edit(item, {"categories": None})
    world.settle()
    return ann


def one_way(memory: Memory) -> str:
    """Alice changed what only the CRM may say."""
    world, _ = memory
    world.policy(directions={"jobtitle": Direction.TO_OUTLOOK})
    ann = world.new(**ANN, jobtitle="Boss")
    world.settle()
    world.hand().edit(world.item_of(ann).id, {"jobtitle": "Queen"})
    world.settle()
    return ann


def personal(memory: Memory) -> str:
    """What is personal was different when they met."""
    world, _ = memory
    world.policy(first_sync=FirstSync.GO)
    world.hand().add({**ANN, "nickname": "Annie"})
    ann = world.new(**ANN, nickname="Nan")
    world.settle()
    return ann


def guarded(memory: Memory) -> str:
    """Alice formatted the notes."""
    world, _ = memory
    ann = world.new(**ANN, description="Plain")
    world.settle()
    world.hand().write_formatted(world.item_of(ann).id, "description", "Plain")
    world.sync()
    world.change(ann, description="Other")
    world.settle()
    return ann


def changed(memory: Memory) -> str:
    """The CRM changed it a moment ago."""
    world, _ = memory
    ann = in_step(memory)
    world.change(ann, jobtitle="Boss")
    return ann


def paused(memory: Memory) -> str:
    """The mailbox is paused, and the CRM has changed it."""
    world, _ = memory
    ann = changed(memory)
    with database.write(world.engine) as conn:
        mailboxes.set_state(conn, world.mailbox_id(ALICE), mailboxes.MailboxState.PAUSED)
    return ann


def contested(memory: Memory) -> str:
    """Both sides changed it, and a person is to say which counts."""
    world, _ = memory
    world.policy(conflict=ConflictPolicy.ASK)
    ann = in_step(memory)
    world.hand().edit(world.item_of(ann).id, {"jobtitle": "Queen"})
    world.change(ann, jobtitle="Boss")
    world.sync()
    return ann


def served_by_another(memory: Memory) -> str:
    """Another installation has put its mark on the folder, and then the CRM changed."""
    world, servers = memory
    ann = in_step(memory)
    servers[ALICE].folder("contacts").claim = "another/epoch/7/token"
    world.change(ann, jobtitle="Boss")
    world.sync()
    return ann


# situation → how it is, and why
PRESENT: dict[Situation, tuple[str, str]] = {
    in_step: ("there", "belongs"),
    adopted: ("there", "adopted"),
    tracked: ("there", "tracked"),
    held_back: ("behind", "held"),
    back_again: ("back", "in-scope-again"),
    put_back: ("back", "back-in-folder"),
    reassigned: ("left", "not-owned"),
    made_private: ("left", "made-private"),
    taken_out: ("left", "untracked"),
    one_way: ("behind", "one-way"),
    personal: ("behind", "personal"),
    guarded: ("behind", "guarded"),
    changed: ("behind", "next-change"),
    paused: ("behind", "unserved"),
    served_by_another: ("behind", "claimed"),
    contested: ("behind", "asked"),
}
