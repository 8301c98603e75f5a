"""A rep on EWS and one on Graph share contacts: each field that one edits reaches the other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from syncd.model.contact import CONTACT
from syncd.model.fields import Direction, Field, FieldType
from syncd.model.normal import normal
from syncd.model.policy import Limits
from syncd.model.values import Value
from syncd.outlook.port import Backend
from syncd.sandbox.server import Sandbox
from tests.samples import SAMPLES, WEBSITE
from tests.sync.hands import Seen
from tests.sync.on_the_wire import in_a_hybrid_tenant
from tests.sync.world import ALICE, BOB, World

MANY = 1_000
GOVERNMENT = {"governmentid": Direction.TWO_WAY}  # which else stays where it is
EDITED: Mapping[FieldType, Value] = {
    FieldType.TEXT: "Geändert",
    FieldType.LINES: "Neue Straße 7\n2. Stock",
    FieldType.NOTE: "neu\n\ngeschrieben",
    FieldType.EMAIL: "anders@example.test",
    FieldType.PHONE: "+49 40 765 43 21",
    FieldType.DATE: date(1984, 12, 31),
    FieldType.NAMES: ("Eda", "Udo"),
}
FIELDS = [each for each in CONTACT.fields if each.name != CONTACT.labels]


def filled(number: int) -> dict[str, Value]:
    """Somebody of whom everything is known that the map has a field for."""
    held = {each.name: SAMPLES[each.type] for each in FIELDS}
    held |= {f"emailaddress{n}": f"n{number}.{n}@example.test" for n in (1, 2, 3)}
    return {**held, "websiteurl": WEBSITE, "lastname": f"Doe {number}"}


def as_compared(field: Field, value: Value) -> object:
    """What a value is compared by."""
    return normal(field.type, value)


def items_of(world: World, address: str) -> dict[str, Seen]:
    """What a rep sees of each contact, by CRM id."""
    mailbox_id = world.mailbox_id(address)
    linked = {e.remote_id: e.crm_id for e in world.links() if e.mailbox_id == mailbox_id}
    return {linked[world.other_ids(address, i.id)]: i for i in world.items(address=address)}


def edit_each_field(world: World, address: str, ids: list[str]) -> None:
    """A rep edits a field of each contact, each time another one."""
    items = items_of(world, address)
    for field, crm_id in zip(FIELDS, ids, strict=True):
        world.hand(address).edit(items[crm_id].id, {field.name: EDITED[field.type]})


def test_every_field_travels_between_a_rep_on_ews_and_one_on_graph(
    wire: World, box: Sandbox
) -> None:
    """Each mapped field of a thousand shared contacts, edited on either side, within two rounds."""
    in_a_hybrid_tenant(wire, box, cloud=(BOB,))
    wire.filter = "statecode eq 'active'"
    wire.policy(directions=GOVERNMENT, limits=Limits(9_999, 9_999, 1.0, 9_999, 9_999, 9_999, 99))
    ids = wire.new_many([filled(n) for n in range(MANY)])
    wire.start(ALICE)
    wire.start(BOB)
    assert (wire.state(ALICE).backend, wire.state(BOB).backend) == (Backend.EWS, Backend.GRAPH)
    of_alice, of_bob = ids[: len(FIELDS)], ids[-len(FIELDS) :]
    edit_each_field(wire, ALICE, of_alice)
    edit_each_field(wire, BOB, of_bob)
    for _ in range(2):
        wire.sync(ALICE)
        wire.sync(BOB)
    hers, his = items_of(wire, ALICE), items_of(wire, BOB)
    for edited in (of_alice, of_bob):
        for field, crm_id in zip(FIELDS, edited, strict=True):
            new = as_compared(field, EDITED[field.type])
            for held in (hers[crm_id].fields, his[crm_id].fields, wire.crm(crm_id)):
                assert as_compared(field, held.get(field.name)) == new, field.name
    for crm_id in ids:
        for field in FIELDS:
            one, other = (as_compared(field, held[crm_id][field.name]) for held in (hers, his))
            assert one == other, field.name
    wire.quiet(ALICE)
    wire.quiet(BOB)
