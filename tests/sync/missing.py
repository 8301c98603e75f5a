"""Situations in which somebody is not in an Outlook. Each makes one, and returns the record."""

from __future__ import annotations

from sqlalchemy import insert

from syncd.crm import database
from syncd.crm.tables import metadata
from syncd.model.fields import Direction
from syncd.model.policy import FirstSync
from syncd.reconcile.reasons import Reason
from syncd.sync import guard
from tests.sync import desk
from tests.sync.asking import ANN, Situation
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory


def not_owned(memory: Memory) -> str:
    """It is Bob's."""
    world, _ = memory
    world.settle()
    return world.new(BOB, **ANN)


def not_in_use(memory: Memory) -> str:
    """It was deactivated before it ever came."""
    world, _ = memory
    world.settle()
    ann = world.new(**ANN)
    world.set_active(ann, active=False)
    world.sync()
    return ann


def filtered(memory: Memory) -> str:
    """The filter wants another town."""
    world, _ = memory
    world.filter = "owner eq @me and (address1_city eq 'Bern' or contains(jobtitle, 'Boss'))"
    world.settle()
    ann = world.new(**ANN, address1_city="Basel")
    world.sync()
    return ann


def hidden(memory: Memory) -> str:
    """Alice may not read what is Bob's."""
    world, _ = memory
    world.filter = "statecode eq 'active'"
    desk.rule(world, read=desk.OWN, write=desk.OWN)
    world.settle()
    return world.new(BOB, **ANN)


def nothing_to_outlook(memory: Memory) -> str:
    """The direction lets nothing go there."""
    world, _ = memory
    world.policy(direction=Direction.TO_CRM)
    world.settle()
    ann = world.new(**ANN)
    world.sync()
    return ann


def without_filter(memory: Memory) -> str:
    """No filter is on."""
    world, _ = memory
    world.policy(pushes=False)
    world.settle()
    ann = world.new(**ANN)
    world.sync()
    return ann


def new(memory: Memory) -> str:
    """It was made a moment ago."""
    world, _ = memory
    world.settle()
    return world.new(**ANN)


def first_contact(memory: Memory) -> str:
    """The first sync waits for approval."""
    world, _ = memory
    world.hand().add({"firstname": "May"})
    ann = world.new(**ANN)
    world.sync()
    return ann


def never_synced(memory: Memory) -> str:
    """There was no run yet."""
    world, _ = memory
    return world.new(**ANN)


def doubtful(memory: Memory) -> str:
    """Twice in Outlook: it is not clear which is meant."""
    world, _ = memory
    world.policy(first_sync=FirstSync.GO)
    for _ in range(2):
        world.hand().add(ANN)
    ann = world.new(**ANN)
    world.sync()
    return ann


def refused(memory: Memory) -> str:
    """The server does not take it."""
    world, servers = memory
    servers[ALICE].refuses = lambda fields: fields.get("firstname") == "Ann"
    ann = world.new(**ANN)
    for _ in range(4):
        world.sync()
        world.pass_time(hours=1)
    return ann


def deleted_in_outlook(memory: Memory) -> str:
    """Alice threw it away."""
    world, _ = memory
    world.new(firstname="Bea")
    ann = world.new(**ANN)
    world.settle()
    world.hand().move(world.item_of(ann).id, "deleteditems")
    world.sync()
    world.sync()
    return ann


def deleted_in_crm(memory: Memory) -> str:
    """Somebody deleted it in the CRM."""
    world, _ = memory
    ann = world.new(**ANN)
    world.settle()
    world.remove(ann)
    world.settle()
    return ann


def merged(memory: Memory) -> str:
    """It was merged before it ever came."""
    world, _ = memory
    world.settle()
    ann, other = world.new_many([ANN, {"firstname": "Anna", "lastname": "Leigh"}], BOB)
    desk.merge(world, other, ann)
    return ann


def _kept(world: World, table: str, **values: object) -> None:
    row = {"mailbox_id": world.mailbox_id(ALICE), "kind": world.stored.kind.name, **values}
    with database.write(world.engine) as conn:
        conn.execute(insert(metadata.tables[table]).values(row))


def thrown_away(memory: Memory) -> str:
    """It was thrown away, and what tied it to its item is lost."""
    world, _ = memory
    world.settle()
    ann = world.new(**ANN)
    gone = Reason.OUTLOOK_DELETED.value
    _kept(world, "remembered", crm_id=ann, reason=gone, at=world.time())
    return ann


def entered_anew(memory: Memory) -> str:
    """It was thrown away, deleted in the CRM, and entered anew."""
    world, _ = memory
    old = deleted_in_outlook(memory)
    world.remove(old)
    ann = world.new(**ANN)
    world.sync()
    assert world.link(ann) is None
    return ann


def decided_against(memory: Memory) -> str:
    """Too many were to be made, and a person did not want them."""
    world, _ = memory
    world.settle()
    ids = world.new_many([ANN, *({"firstname": f"N{n}"} for n in range(60))])
    world.sync()
    with database.write(world.engine) as conn:
        guard.discard_held(conn, world.mailbox_id(ALICE), world.time())
    world.sync()
    assert world.items() == []
    return ids[0]


def _question(world: World, crm_id: str, answer: str | None) -> None:
    _kept(
        world, "question", subject=crm_id, reason=Reason.DOUBTFUL_MATCH.value,
        candidates=["one", "two"], asked_at=world.time(), answer=answer,
        answered_at=world.time() if answer else None, version="1",
    )  # fmt: skip


def asked_about(memory: Memory) -> str:
    """A question waits."""
    world, _ = memory
    world.settle()
    ann = world.new(**ANN)
    _question(world, ann, None)
    return ann


def answered_ignore(memory: Memory) -> str:
    """Somebody said to leave it alone until it changes."""
    world, _ = memory
    world.settle()
    ann = world.new(**ANN)
    _question(world, ann, "ignore")
    return ann


def ignored_and_changed(memory: Memory) -> str:
    """The answer was about what it was then."""
    ann = answered_ignore(memory)
    memory[0].change(ann, jobtitle="Boss")
    return ann


def answered_never(memory: Memory) -> str:
    """Somebody said never."""
    world, _ = memory
    world.settle()
    ann = world.new(**ANN)
    _question(world, ann, "never")
    return ann


def emptied(memory: Memory) -> str:
    """Everything was deleted at once: whether it was meant waits for a person, and it is gone."""
    world, _ = memory
    ids = world.new_many([ANN, {"firstname": "Bea"}, {"firstname": "Cid"}])
    world.settle()
    for each in ids:
        world.hand().move(world.item_of(each).id, "deleteditems")
    world.sync()
    return ids[0]


def served_by_another(memory: Memory) -> str:
    """Another installation has put its mark on the folder, and then she was entered."""
    world, servers = memory
    world.new(firstname="Bea")
    world.settle()
    servers[ALICE].folder("contacts").claim = "another/epoch/7/token"
    ann = world.new(**ANN)
    world.sync()
    return ann


# situation → how it is, and why
MISSING: dict[Situation, tuple[str, str]] = {
    not_owned: ("absent", "not-owned"),
    not_in_use: ("absent", "not-in-use"),
    filtered: ("absent", "not-in-filter"),
    hidden: ("absent", "no-right"),
    nothing_to_outlook: ("absent", "no-push"),
    without_filter: ("absent", "no-filter"),
    new: ("absent", "next-run"),
    first_contact: ("absent", "first-contact"),
    never_synced: ("absent", "first-time"),
    served_by_another: ("absent", "claimed"),
    doubtful: ("absent", "doubtful-match"),
    refused: ("absent", "refused"),
    deleted_in_outlook: ("absent", "outlook-deleted"),
    emptied: ("absent", "held"),
    deleted_in_crm: ("absent", "crm-deleted"),
    merged: ("absent", "merged"),
    thrown_away: ("absent", "remembered"),
    asked_about: ("absent", "doubtful-match"),
    answered_never: ("absent", "never"),
    entered_anew: ("absent", "remembered"),
    decided_against: ("absent", "discarded"),
    answered_ignore: ("absent", "ignored"),
    ignored_and_changed: ("absent", "next-run"),
}
