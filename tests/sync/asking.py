"""Asking `explain` of a world, and the situations that people ask about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import insert

from syncd.crm import database, records
from syncd.crm.tables import metadata
from syncd.model.fields import Direction
from syncd.model.policy import ConflictPolicy, FirstSync
from syncd.model.values import Value
from syncd.outlook.port import Sensitivity
from syncd.reconcile.reasons import Reason
from syncd.settings.filters import Filter
from syncd.settings.policies import MailboxPolicy, NamedFilter, ScopedKind
from syncd.sync import guard, mailboxes
from syncd.sync.explain import looking, telling
from syncd.sync.explain.facts import Facts
from tests.sync import desk
from tests.sync.world import ALICE, BOB, Memory, World

ANN: dict[str, Value] = {
    "firstname": "Ann", "lastname": "Lee", "emailaddress1": "ann@example.test",
}  # fmt: skip
CRM = ("CRM",)


def asked(world: World, crm_id: str, address: str = ALICE, *system: NamedFilter) -> Facts:
    """What explain knows of a record in a mailbox; `system`: what the filter is made of."""
    scoped = ScopedKind(world.rules, Filter.parse(world.filter, world.stored), system)
    kinds = {world.rules.kind.name: scoped}
    policy = MailboxPolicy("sales", "office", timedelta(minutes=5), kinds)
    with database.read(world.engine) as conn:
        record = records.read(conn, world.stored, [crm_id])[crm_id]
        about = looking.about(conn, world.stored, record)
        return looking.look(
            conn, about, world.stored, mailboxes.get(conn, address), policy, world.time().date()
        )


def told(facts: Facts, language: str = "en") -> str:
    """All that a rep reads."""
    return "\n".join(telling.lines(facts, language))


def go(world: World) -> None:
    """Let first contact go ahead, and be over."""
    world.policy(first_sync=FirstSync.GO)
    world.settle()


# --- situations: each makes one, and returns the record that is asked about ---------------------


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


def held_back(memory: Memory) -> str:
    """All leave at once."""
    world, _ = memory
    ids = world.new_many([ANN, {"firstname": "Bea"}, {"firstname": "Cid"}])
    world.settle()
    for each in ids:
        world.assign(each, BOB)
    world.sync()
    return ids[0]


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


def contested(memory: Memory) -> str:
    """Both sides changed it, and a person is to say which counts."""
    world, _ = memory
    world.policy(conflict=ConflictPolicy.ASK)
    ann = in_step(memory)
    world.hand().edit(world.item_of(ann).id, {"jobtitle": "Queen"})
    world.change(ann, jobtitle="Boss")
    world.sync()
    return ann


Situation = Callable[[Memory], str]
# situation → how it is, and why
SITUATIONS: dict[Situation, tuple[str, str]] = {
    in_step: ("there", "belongs"),
    adopted: ("there", "adopted"),
    tracked: ("there", "tracked"),
    not_owned: ("absent", "not-owned"),
    not_in_use: ("absent", "not-in-use"),
    filtered: ("absent", "not-in-filter"),
    hidden: ("absent", "no-right"),
    nothing_to_outlook: ("absent", "no-push"),
    without_filter: ("absent", "no-filter"),
    new: ("absent", "next-run"),
    first_contact: ("absent", "first-contact"),
    never_synced: ("absent", "first-time"),
    doubtful: ("absent", "doubtful-match"),
    held_back: ("behind", "held"),
    refused: ("absent", "refused"),
    deleted_in_outlook: ("absent", "outlook-deleted"),
    back_again: ("back", "in-scope-again"),
    put_back: ("back", "back-in-folder"),
    reassigned: ("left", "not-owned"),
    made_private: ("left", "made-private"),
    taken_out: ("left", "untracked"),
    deleted_in_crm: ("absent", "crm-deleted"),
    merged: ("absent", "merged"),
    one_way: ("behind", "one-way"),
    personal: ("behind", "personal"),
    guarded: ("behind", "guarded"),
    changed: ("behind", "next-change"),
    paused: ("behind", "unserved"),
    thrown_away: ("absent", "remembered"),
    asked_about: ("absent", "doubtful-match"),
    answered_never: ("absent", "never"),
    entered_anew: ("absent", "remembered"),
    decided_against: ("absent", "discarded"),
    answered_ignore: ("absent", "ignored"),
    ignored_and_changed: ("absent", "next-run"),
    contested: ("behind", "asked"),
}
