"""What goes round: every field there and back, what the map does not name, notes, odd entries."""

from __future__ import annotations

from syncd.model.fields import Direction
from syncd.model.values import Value
from syncd.sandbox.server import Sandbox
from tests.samples import SAMPLES, WEBSITE
from tests.sync.world import ALICE, World

ANN: dict[str, Value] = {
    "firstname": "Ann", "lastname": "van Dyk", "emailaddress1": "ann@example.test",
}  # fmt: skip


def full(world: World) -> dict[str, Value]:
    """A record with every field that flows both ways, all different where they can be."""
    fields = [f for f in world.rules.kind.fields if f.direction is Direction.TWO_WAY]
    values = {f.name: SAMPLES[f.type] for f in fields}
    return {**values, "websiteurl": WEBSITE, "emailaddress2": "2@x.test"}


def test_every_mapped_field_goes_round_unchanged(world: World) -> None:
    """CRM to Outlook, an edit elsewhere, and back: any script, emoji, addresses, line breaks."""
    wanted = full(world)
    record = world.new(**wanted)
    world.settle()
    assert world.item().fields | wanted == world.item().fields
    world.hand().edit(world.item().id, {"jobtitle": "Boss"})
    world.settle()
    assert world.crm(record) == {**wanted, "jobtitle": "Boss"}
    assert world.item().fields == world.crm(record)
    assert world.kept_losers() == []


def test_what_the_map_does_not_name_stays(world: World) -> None:
    """An unmapped property in Outlook and a CRM column outside the map survive updates (P11)."""
    record = world.new(**ANN)
    world.change(record, accountrolecode="Decision Maker")
    world.settle()
    world.hand().jot(world.item().id, "Bergsteigerin")
    world.change(record, jobtitle="CEO")
    world.hand().edit(world.item().id, {"department": "Sales"})
    world.settle()
    assert world.hand().jotted(world.item().id) == "Bergsteigerin"
    assert world.record(record).extras["accountrolecode"] == "Decision Maker"
    assert world.item().fields == world.crm(record)


def test_clearing_a_field_goes_to_the_other_side(world: World) -> None:
    """Empty is a value: what was cleared on one side is cleared on the other."""
    record = world.new(**ANN, jobtitle="CEO", department="Sales")
    world.settle()
    world.change(record, jobtitle=None)
    world.hand().edit(world.item().id, {"department": None})
    world.sync()
    world.approve()  # of one link, emptied fields are all there is: the breaker asks
    world.settle()
    assert world.crm(record) == world.item().fields == ANN


def test_formatted_notes_are_never_replaced_by_plain_text(world: World) -> None:
    """P1, P11: their text goes to the CRM, what the CRM writes later stays there."""
    record = world.new(**ANN, description="Call on Monday")
    world.settle()
    item = world.item().id
    world.hand().write_formatted(item, "description", "Important")
    world.settle()
    assert world.crm(record)["description"] == "Important"
    world.change(record, description="Call on Friday", jobtitle="CEO")
    world.settle()
    assert world.hand().is_formatted(item, "description")
    assert world.item()["jobtitle"] == "CEO"
    assert world.crm(record)["description"] == "Call on Friday"
    world.hand().write_formatted(item, "description", "More important")
    world.settle()
    assert world.crm(record)["description"] == "More important"
    assert "Call on Friday" in world.kept_losers()[-1]


def test_plain_notes_go_on_as_before(world: World) -> None:
    """What its user typed without formatting is replaced by what the CRM says later."""
    record = world.new(**ANN)
    world.settle()
    world.hand().edit(world.item().id, {"description": "one\n\ntwo"})
    world.settle()
    world.change(record, description="three")
    world.settle()
    assert world.item()["description"] == "three"


def test_an_entry_that_is_no_address_neither_travels_nor_goes(wire: World, box: Sandbox) -> None:
    """What a rep dragged in from the address list stays in Outlook as it is, whoever edits what."""
    record = wire.new(**ANN)
    wire.settle()
    item = wire.item().id
    own = "contacts:EmailAddress:EmailAddress1"
    entry = {own: "/O=ACME/CN=ANN", f"{own}:RoutingType": "EX"}
    box.mailbox(ALICE).update(item, entry)
    wire.hand().edit(item, {"jobtitle": "CEO"})
    wire.settle()
    assert wire.crm(record) == {**ANN, "jobtitle": "CEO"}
    wire.change(record, department="Sales")
    wire.settle()
    assert wire.item()["emailaddress1"] == "/O=ACME/CN=ANN"
    assert wire.item()["department"] == "Sales"
