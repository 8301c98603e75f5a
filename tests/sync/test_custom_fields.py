"""Custom fields over the wire: each is a group of its own, wherever an admin puts it (P11)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import cast

import pytest
from sqlalchemy import insert

from syncd.crm.custom import with_custom
from syncd.crm.database import write
from syncd.crm.tables import access_rule
from syncd.model.custom import FREE, custom_field, property_place, wording_of
from syncd.model.fields import Direction, Field, FieldType, Sphere, Style
from syncd.model.values import Value
from syncd.outlook.port import Sensitivity
from syncd.sync.run import Mode
from tests.sync.hands import SandboxHand
from tests.sync.test_privacy import dump
from tests.sync.world import ALICE, World

ANN: dict[str, Value] = {
    "firstname": "Ann", "lastname": "van Dyk", "emailaddress1": "ann@example.test",
}  # fmt: skip


def field(
    name: str = "colour",
    kind: FieldType = FieldType.TEXT,
    *,
    outlook: str = "",
    style: Style = Style.PLAIN,
    options: tuple[str, ...] = (),
    words: dict[str, str] | None = None,
    direction: Direction = Direction.TWO_WAY,
    sphere: Sphere = Sphere.BUSINESS,
) -> Field:
    """A custom field: a named property of its name, unless it is a field of Outlook's."""
    place = FREE[outlook] if outlook else property_place(name, kind)
    assert place is not None
    return custom_field(
        name, name.title(), kind, place, direction=direction, sphere=sphere, options=options,
        wording=wording_of(kind, options, style, words or {}),
    )  # fmt: skip


def map_to(world: World, *fields: Field) -> None:
    """The admin writes these custom fields into the configuration, and no other ones."""
    stored = with_custom("contact", fields)
    world.stored = stored
    world.policy(kind=stored.kind)
    world.hands = {
        each: replace(cast("SandboxHand", hand), kind=stored.kind)
        for each, hand in world.hands.items()
    }


@dataclass(frozen=True)
class Row:
    """A field, a value and its text; what its user then writes, and what that means."""

    field: Field
    value: Value
    text: str | tuple[str, ...]
    written: Value
    means: Value


TEXT, FLAG, CHOICE, DATE = FieldType.TEXT, FieldType.FLAG, FieldType.CHOICE, FieldType.DATE
COLOURS = ("red", "dark green")
ROWS = {
    "text": Row(field(), "teal", "teal", "pink", "pink"),
    "user1": Row(field(outlook="User1"), "teal", "teal", "pink", "pink"),
    "profession": Row(field(outlook="Profession"), "judge", "judge", "baker", "baker"),
    "hobbies": Row(field(outlook="Hobbies"), "chess", "chess", "golf", "golf"),
    "billing": Row(field(outlook="Billing"), "A 1", "A 1", "B 2", "B 2"),
    "fax": Row(field("f", FieldType.PHONE, outlook="HomeFax"), "+1 425 555 0100", "+1 425 555 0100", "112", "112"),
    "upper": Row(field(style=Style.UPPER), "teal", "TEAL", "pink", "PINK"),
    "lines": Row(field("l", FieldType.LINES, outlook="User2"), "a\nb", "a\nb", "a\nc", "a\nc"),
    "note": Row(field("n", FieldType.NOTE, outlook="Office"), "a\n\nb", "a\n\nb", "c", "c"),
    "email": Row(field("e", FieldType.EMAIL, outlook="User3"), "a@x.test", "a@x.test", "b@x.test", "b@x.test"),
    "day": Row(field("d", DATE), date(2026, 2, 1), "2026-02-01", "2027-03-04", date(2027, 3, 4)),
    "german day": Row(field("d", DATE, style=Style.DMY), date(2026, 2, 1), "01.02.2026", "4.3.2027", date(2027, 3, 4)),
    "american day": Row(field("d", DATE, style=Style.MDY), date(33, 2, 1), "02/01/0033", "3/4/2027", date(2027, 3, 4)),
    "whole": Row(field("w", FieldType.WHOLE), 0, "0", " 42", 42),
    "yes": Row(field("y", FLAG), True, "yes", "No", False),
    "no": Row(field("y", FLAG, outlook="User4"), False, "no", "yes", True),
    "nein": Row(field("y", FLAG, words={"yes": "Ja", "no": "Nein"}), False, "Nein", "JA", True),
    "choice": Row(field("c", CHOICE, options=COLOURS), "red", "red", "Dark Green", "dark green"),
    "rot": Row(field("c", CHOICE, options=COLOURS, words={"red": "Rot"}), "red", "Rot", "dark green", "dark green"),
    "names": Row(field("s", FieldType.NAMES), ("a; b", "c"), ("a; b", "c"), ("c", "d"), ("c", "d")),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_custom_field_goes_there_and_back(wire: World, row: Row) -> None:
    """What the CRM holds is shown in Outlook's words, and an edit there is a value here."""
    world, name = wire, row.field.name
    map_to(world, row.field)
    record = world.new(**ANN, **{name: row.value})
    world.settle()
    assert world.item()[name] == row.text
    assert world.kept_losers() == []
    world.hand().edit(world.item().id, {name: row.written})
    world.settle()
    assert world.record(record).record.fields[name] == row.means
    world.hand().edit(world.item().id, {name: None})
    world.settle()
    assert world.record(record).record.fields[name] is None
    world.change(record, **{name: row.value})
    world.settle()
    assert world.item()[name] == row.text


def test_what_no_custom_field_names_stays(wire: World) -> None:
    """P11: a field of Outlook's that is free stays as its user wrote it."""
    map_to(wire, field(outlook="User1"))
    record = wire.new(**ANN, colour="teal")
    wire.settle()
    wire.hand().jot(wire.item().id, "judge")
    wire.change(record, colour="pink")
    wire.settle()
    assert (wire.item()["colour"], wire.hand().jotted(wire.item().id)) == ("pink", "judge")


def test_a_tracked_item_brings_its_custom_fields(wire: World) -> None:
    """An item that its user tracks comes with what its user wrote there."""
    map_to(wire, field("vip", FLAG, words={"yes": "Ja", "no": "Nein"}))
    wire.start()
    wire.hand().add({**ANN, "vip": "nein", "categories": ("CRM",)})
    wire.settle()
    (record,) = wire.all_records().values()
    assert record.record.fields["vip"] is False


def test_a_text_that_is_no_value_is_left_alone(wire: World) -> None:
    """P1, P11: "perhaps" is no answer to yes or no. It stays, and the rest of the item flows."""
    map_to(wire, field("vip", FLAG))
    record = wire.new(**ANN, vip=True)
    wire.settle()
    mine = wire.item().id
    wire.hand().edit(mine, {"vip": "perhaps", "jobtitle": "Boss"})
    wire.settle()
    assert (wire.crm(record)["jobtitle"], wire.crm(record)["vip"]) == ("Boss", True)
    wire.change(record, department="Sales")
    wire.settle()
    assert (wire.item()["vip"], wire.item()["department"]) == ("perhaps", "Sales")
    wire.change(record, vip=None)
    wire.settle()
    assert wire.item()["vip"] == "perhaps"
    wire.hand().edit(mine, {"vip": "no"})
    wire.settle()
    assert wire.record(record).record.fields["vip"] is False


# CRM, Outlook → what both hold then, and what is kept of the loser
NEW_TO_THE_MAP = [
    ("teal", None, "teal", ""),
    (None, "pink", "pink", ""),
    ("teal", "pink", "teal", "pink"),
    ("teal", "teal ", "teal", ""),
    (None, None, None, ""),
]


@pytest.mark.parametrize(("crm", "outlook", "both", "loser"), NEW_TO_THE_MAP)
def test_a_field_that_is_new_to_the_map_is_decided_once(
    wire: World, crm: str | None, outlook: str | None, both: str | None, loser: str
) -> None:
    """As on adoption, for links that are there; the plan shows it, and no folder is listed anew."""
    colour = field(outlook="User1")
    map_to(wire, colour)
    record = wire.new(**ANN, colour=crm)
    map_to(wire)
    wire.settle()
    map_to(wire, colour)
    wire.hand().edit(wire.item().id, {"colour": outlook})
    map_to(wire)
    wire.settle()
    assert "colour" not in wire.crm(record)
    map_to(wire, colour)
    planned = wire.sync(mode=Mode.PLAN)
    lines = [line for line in planned.lines if line.to_outlook or line.to_crm]
    assert bool(lines) is ((crm or "").strip() != (outlook or "").strip())
    wire.sync()
    assert wire.counts["SyncFolderItems"] <= 2
    wire.settle()
    assert wire.record(record).record.fields["colour"] == both
    assert str(wire.item()["colour"] or "").strip() == (both or "")
    assert [loser in kept for kept in wire.kept_losers()] == ([True] if loser else [])


def test_a_new_field_lists_no_folder_anew(wire: World) -> None:
    """The listing goes on from its cursor: what it once told is not asked for again."""
    wire.new_many([{"firstname": f"Ann{n}", "lastname": "Lee"} for n in range(3)])
    wire.start()
    wire.settle()
    generation = _generation(wire)
    map_to(wire, field(outlook="User1"))
    wire.settle()
    assert _generation(wire) == generation


def test_values_outlive_their_section_and_come_back(wire: World) -> None:
    """P1: without its section a field goes neither way; with it both sides are as they were."""
    colour, size = field(outlook="User1"), field("size", FieldType.WHOLE)
    map_to(wire, colour, size)
    record = wire.new(**ANN, colour="teal", size=3)
    wire.settle()
    map_to(wire)
    wire.settle()
    wire.change(record, jobtitle="Boss")
    wire.settle()
    map_to(wire, size, colour)
    wire.settle()
    for held in (wire.crm(record), wire.item()):
        assert (held["colour"], str(held["size"]), held["jobtitle"]) == ("teal", "3", "Boss")
    assert wire.kept_losers() == []


def test_a_field_that_moves_takes_its_value_along(wire: World) -> None:
    """P1: mapped to another place, an empty one, the CRM's value goes there and is not blanked."""
    map_to(wire, field(outlook="User1"))
    record = wire.new(**ANN, colour="teal")
    wire.settle()
    map_to(wire, field(outlook="User2"))
    wire.hand().edit(wire.item().id, {"jobtitle": "Boss"})
    wire.settle()
    assert (wire.crm(record)["colour"], wire.item()["colour"]) == ("teal", "teal")
    map_to(wire, field(outlook="User1"))
    assert wire.item()["colour"] == "teal"  # what it left behind is its user's


def test_a_field_that_changes_its_type_keeps_what_it_can(wire: World) -> None:
    """A text becomes a number: "3" is one, "many" stays in the store and is not shown."""
    map_to(wire, field("size"))
    three = wire.new(**ANN, size="3")
    many = wire.new(firstname="Bo", lastname="Ek", size="many")
    wire.settle()
    map_to(wire, field("size", FieldType.WHOLE))
    wire.settle()
    assert wire.crm(three)["size"] == 3
    assert "size" not in wire.crm(many)
    assert {item["size"] for item in wire.items()} == {"3", "many"}
    map_to(wire, field("size"))
    wire.settle()
    assert (wire.crm(three)["size"], wire.crm(many)["size"]) == ("3", "many")


def test_a_direction_of_its_own_holds(wire: World) -> None:
    """To Outlook only: an edit there does not come back, and the CRM's next one goes over it."""
    map_to(wire, field(direction=Direction.TO_OUTLOOK))
    record = wire.new(**ANN, colour="teal")
    wire.settle()
    wire.hand().edit(wire.item().id, {"colour": "pink"})
    wire.settle()
    assert (wire.crm(record)["colour"], wire.item()["colour"]) == ("teal", "pink")
    wire.change(record, colour="red")
    wire.settle()
    assert wire.item()["colour"] == "red"
    assert any("pink" in kept for kept in wire.kept_losers())


def test_a_personal_field_that_is_new_stays_apart(wire: World) -> None:
    """A field of the sphere `personal` is not decided for its user."""
    wire.new(**ANN)
    wire.settle()
    colour = field(sphere=Sphere.PERSONAL)
    map_to(wire, colour)
    (record,) = wire.all_records()
    wire.hand().edit(wire.item().id, {"colour": "pink"})
    wire.settle()
    assert "colour" not in wire.crm(record)
    wire.hand().edit(wire.item().id, {"colour": "red"})
    wire.settle()
    assert wire.crm(record)["colour"] == "red"


@pytest.mark.parametrize(("read", "there"), [("none", None), ("organisation", "teal")])
def test_access_rules_hold_for_a_custom_field(wire: World, read: str, there: str | None) -> None:
    """What its user may not read is not pushed; what they may not write is not pulled."""
    map_to(wire, field())
    with write(wire.engine) as conn:
        rule = {"entity": "contact", "field": "colour", "read": read, "write": "none"}
        conn.execute(insert(access_rule).values(**rule))
    record = wire.new(**ANN, colour="teal")
    wire.settle()
    assert wire.item()["colour"] == there
    wire.hand().edit(wire.item().id, {"colour": "pink"})
    wire.settle()
    assert wire.crm(record)["colour"] == "teal"


def test_both_sides_edit_different_custom_fields(wire: World) -> None:
    """Each is a group of its own: two edits of one contact at once are both kept."""
    map_to(wire, field(), field("size", FieldType.WHOLE))
    record = wire.new(**ANN, colour="teal", size=3)
    wire.settle()
    wire.change(record, size=4)
    wire.hand().edit(wire.item().id, {"colour": "pink"})
    wire.settle(ALICE)
    assert (wire.crm(record)["colour"], wire.crm(record)["size"]) == ("pink", 4)
    assert (wire.item()["colour"], wire.item()["size"]) == ("pink", "4")
    assert wire.kept_losers() == []


def _generation(world: World) -> int:
    with world.engine.connect() as conn:
        query = "select generation from mailbox_kind"
        return int(conn.exec_driver_sql(query).scalars().first() or 0)


LOST: dict[str, tuple[FieldType, Value]] = {
    "text": (FieldType.TEXT, "zq-teal"),
    "names": (FieldType.NAMES, ("zq-teal", "zq-pink")),
    "whole": (FieldType.WHOLE, "770077"),
    "flag": (FieldType.FLAG, "yes"),
    "date": (FieldType.DATE, "1907-07-07"),
}


@pytest.mark.parametrize(("kind", "written"), LOST.values(), ids=LOST)
def test_what_no_section_names_any_more_is_withdrawn_too(
    wire: World, kind: FieldType, written: Value
) -> None:
    """P7: its section left the configuration before its user made the item private."""
    lost = field(kind=kind)
    map_to(wire, lost)
    record = wire.new(**ANN)
    wire.start()
    wire.settle()
    wire.hand().edit(wire.item().id, {lost.name: written})
    wire.settle()
    assert lost.name in wire.crm(record)
    map_to(wire)
    wire.settle()
    wire.hand().mark(wire.item().id, Sensitivity.PRIVATE)
    wire.settle()
    for kept in ("zq-", "770077", "1907-07-07"):
        assert kept not in dump(wire)
    map_to(wire, lost)
    assert wire.crm(record) == ANN


def test_what_others_put_into_a_lost_field_stays(wire: World) -> None:
    """P1: what the office typed is not withdrawn with an item that never held anything else."""
    map_to(wire, field(), field("size"))
    record = wire.new(**ANN, colour="teal")
    wire.start()
    wire.settle()
    wire.hand().edit(wire.item().id, {"size": "zq-many"})
    wire.settle()
    map_to(wire)
    wire.settle()
    wire.hand().mark(wire.item().id, Sensitivity.PRIVATE)
    wire.settle()
    map_to(wire, field(), field("size"))
    assert wire.crm(record) == {**ANN, "colour": "teal"}
