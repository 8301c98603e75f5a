"""Custom fields in the store: of one engine each, filtered, merged, exported like any other."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from syncd.crm import feed, records, users
from syncd.crm.access import Level, Rule, put
from syncd.crm.api import Crm
from syncd.crm.custom import declare, entities_of, kinds_of, stored_of
from syncd.crm.database import read, write
from syncd.crm.errors import CrmError, InvalidValue, NotAllowed
from syncd.crm.exporting.files import export_file
from syncd.crm.feed import Actor, ActorKind
from syncd.crm.importing.load import Rules, import_file
from syncd.crm.records import CONTACTS
from syncd.model.custom import custom_field, property_place, wording_of
from syncd.model.fields import Field, FieldType, Style
from syncd.model.values import Value
from syncd.settings.filters import Filter, FilterError


def field(name: str, kind: FieldType, *options: str, style: Style = Style.PLAIN) -> Field:
    """A custom field."""
    place = property_place(name, kind)
    assert place is not None
    wording = wording_of(kind, options, style, {})
    return custom_field(name, name.title(), kind, place, options=options, wording=wording)


COLOUR = field("colour", FieldType.TEXT)
FIELDS = (
    COLOUR, field("size", FieldType.WHOLE), field("vip", FieldType.FLAG),
    field("since", FieldType.DATE), field("tier", FieldType.CHOICE, "gold", "old silver"),
    field("pets", FieldType.NAMES), field("route", FieldType.LINES),
    field("code", FieldType.TEXT, style=Style.UPPER),
)  # fmt: skip
VALUES: dict[str, Value] = {
    "colour": "dark red", "size": 0, "vip": False, "since": date(2026, 2, 1), "tier": "gold",
    "pets": ("a;b", "c"), "route": "one\ntwo\nthree\nfour", "code": "AB1",
}  # fmt: skip


@pytest.fixture
def crm(engine: Engine) -> Crm:
    """The CRM of a store that was opened with all of these fields."""
    declare(engine, {"contact": FIELDS})
    return Crm(engine, Actor(ActorKind.USER, "admin"))


@pytest.fixture
def ann(engine: Engine) -> str:
    """The id of a user."""
    with write(engine) as conn:
        return users.add(conn, "ann@example.test").id


def forget_contacts(engine: Engine) -> None:
    """Lose all contacts, and all that they are known by."""
    with write(engine) as conn:
        for table in ("contact", "external_key", "duplicate_key"):
            conn.exec_driver_sql(f"delete from {table}")  # noqa: S608 - names of our own


def test_every_type_is_kept_as_it_is(crm: Crm, ann: str) -> None:
    """What was written is what is read, a no and a zero too; empty is empty."""
    made = crm.create("contact", {"lastname": "Lee", **VALUES}, owner=ann)
    held = crm.get("contact", made.id)
    assert {name: held.values[name] for name in VALUES} == VALUES
    assert held == made
    now = crm.edit("contact", made.id, {"colour": None, "size": 7})
    assert (now.values["colour"], now.values["size"], now.values["vip"]) == (None, 7, False)
    assert now.version == 2
    assert crm.edit("contact", made.id, {"size": 7}).version == 2


def test_the_feed_and_the_origins_name_the_field(crm: Crm, ann: str) -> None:
    """A change says which custom field it is of, and of that one alone when it was authored."""
    made = crm.create("contact", {"lastname": "Lee", "colour": "red", "size": 1}, owner=ann)
    crm.edit("contact", made.id, {"size": 2})
    with read(crm.engine) as conn:
        first, second = feed.about(conn, "contact", made.id)
    assert {"colour", "size"} <= set(first.fields)
    assert second.fields == ("size",)
    origins = crm.get("contact", made.id).origins
    assert origins["size"].at > origins["colour"].at


@pytest.mark.parametrize(
    ("name", "value"),
    [("size", "many"), ("vip", "perhaps"), ("tier", "bronze"), ("since", "2026"), ("pets", "a"),
     ("size", 2**40), ("colour", 7), ("hat", "red")],
)  # fmt: skip
def test_a_value_of_another_type_is_refused(crm: Crm, ann: str, name: str, value: Value) -> None:
    """A custom field is held to its type as any other field is."""
    with pytest.raises(InvalidValue):
        crm.create("contact", {"lastname": "Lee", name: value}, owner=ann)


def test_capitals_are_held_so(crm: Crm, ann: str) -> None:
    """A field in capitals has its values in capitals, however they are typed."""
    made = crm.create("contact", {"lastname": "Lee", "code": "ab1"}, owner=ann)
    assert made.values["code"] == crm.get("contact", made.id).values["code"] == "AB1"


def test_nothing_leaks_from_one_store_to_another(crm: Crm, ann: str) -> None:
    """The fields belong to the engine that they were declared for."""
    made = crm.create("contact", {"lastname": "Lee", "colour": "red"}, owner=ann)
    other = Engine(crm.engine.pool, crm.engine.dialect, crm.engine.url)
    bare = Crm(other, crm.actor)
    assert kinds_of(other)["contact"] is CONTACTS
    assert "colour" not in bare.get("contact", made.id).values
    with pytest.raises(InvalidValue):
        bare.edit("contact", made.id, {"colour": "blue"})
    # Who does not know a field leaves it alone.
    bare.edit("contact", made.id, {"jobtitle": "Boss"})
    assert crm.get("contact", made.id).values["colour"] == "red"


def test_values_stay_when_their_field_goes(crm: Crm, ann: str) -> None:
    """P1: another set of fields writes beside them, and with their own again they are back."""
    made = crm.create("contact", {"lastname": "Lee", **VALUES}, owner=ann)
    declare(crm.engine, {"contact": (COLOUR,)})
    assert "size" not in crm.get("contact", made.id).values
    crm.edit("contact", made.id, {"colour": "blue"})
    declare(crm.engine, {"contact": tuple(reversed(FIELDS))})
    held = crm.get("contact", made.id).values
    assert {name: held[name] for name in VALUES} == {**VALUES, "colour": "blue"}


def test_a_survivor_takes_what_it_lacks(crm: Crm, ann: str) -> None:
    """A merge fills an empty custom field from the other record, and overwrites none."""
    one = crm.create("contact", {"lastname": "Lee", "vip": False}, owner=ann)
    two = crm.create("contact", {"lastname": "Lee", "vip": True, "colour": "red"}, owner=ann)
    made = crm.merge("contact", one.id, two.id)
    assert (made.values["vip"], made.values["colour"]) == (False, "red")


def test_a_closed_record_keeps_its_custom_fields(crm: Crm, ann: str) -> None:
    """What is deactivated is read-only, its custom fields too."""
    made = crm.create("contact", {"lastname": "Lee", "colour": "red"}, owner=ann)
    crm.deactivate("contact", made.id)
    with pytest.raises(CrmError):
        crm.edit("contact", made.id, {"colour": "blue"})


def test_a_rule_for_a_custom_field_holds(crm: Crm, ann: str) -> None:
    """Who may not read it does not see it, who may not write it does not change it."""
    made = crm.create("contact", {"lastname": "Lee", "colour": "red", "size": 1}, owner=ann)
    with write(crm.engine) as conn:
        put(conn, Rule("contact", Level.NONE, Level.NONE, "colour"))
        put(conn, Rule("contact", Level.ORGANISATION, Level.NONE, "size"))
    hers = replace(crm, actor=Actor(ActorKind.USER, "ann", ann))
    seen = hers.get("contact", made.id).values
    assert ("colour" in seen, seen["size"]) == (False, 1)
    for patch in ({"colour": "blue"}, {"size": 2}):
        with pytest.raises(NotAllowed):
            hers.edit("contact", made.id, patch)
    hers.edit("contact", made.id, {"vip": True})
    assert crm.get("contact", made.id).values["colour"] == "red"


FILTERS = [
    ("colour eq 'dark red'", {"lee"}),
    ("colour ne 'dark red'", {"ek", "bo"}),
    ("colour eq null", {"bo"}),
    ("contains(colour, 'blu')", {"ek"}),
    ("tier in ('gold', 'old silver')", {"lee", "ek"}),
    ("since eq 2026-02-01", {"lee"}),
    ("since in (2026-02-01, 2027-01-01)", {"lee", "ek"}),
    ("size eq 3", {"bo"}),
    ("size lt 1", {"lee"}),
    ("vip eq false", {"lee"}),
    ("since gt 2026-06-01", {"ek"}),
    ("code eq 'AB1' or startswith(route, 'one')", {"lee"}),
]


@pytest.mark.parametrize(("text", "found"), FILTERS)
def test_a_filter_may_name_a_custom_field(crm: Crm, ann: str, text: str, found: set[str]) -> None:
    """By its name, on both databases."""
    stored = kinds_of(crm.engine)["contact"]
    people: tuple[dict[str, Value], ...] = (
        {"lastname": "lee", **VALUES},
        {"lastname": "ek", "colour": "blue", "tier": "old silver", "since": date(2027, 1, 1)},
        {"lastname": "bo", "size": 3},
    )
    for values in people:
        crm.create("contact", values, owner=ann)
    with read(crm.engine) as conn:
        ids = records.members(
            conn, stored, Filter.parse(text, stored).where(ann, today=date(2026, 3, 1))
        )
        assert {r.values["lastname"] for r in records.read(conn, stored, ids).values()} == found


def test_a_filter_may_not_name_one_that_is_not_there() -> None:
    """The field of another configuration is none of this one."""
    with pytest.raises(FilterError):
        Filter.parse("colour eq 'red'", CONTACTS)


@pytest.mark.parametrize("ending", [".csv", ".json", ".jsonl", ".vcf"])
def test_an_export_brings_all_of_it_back(crm: Crm, ann: str, tmp_path: Path, ending: str) -> None:
    """Exported, deleted, imported: each custom field holds what it held."""
    made = crm.create("contact", {"firstname": "Ann", "lastname": "Lee", **VALUES}, owner=ann)
    path = tmp_path / f"contacts{ending}"
    export_file(crm.engine, "contact", path)
    again = import_file(crm.engine, path, Rules(preview=True))
    assert not again.rejects, again.rejected
    forget_contacts(crm.engine)
    report = import_file(crm.engine, path, Rules(default_owner="ann@example.test"))
    assert not report.rejects, report.rejected
    held = crm.get("contact", made.id).values
    assert {name: held[name] for name in VALUES} == VALUES


@pytest.mark.parametrize("ending", [".csv", ".vcf"])
def test_a_file_with_a_field_that_is_gone_comes_in(
    crm: Crm, ann: str, tmp_path: Path, ending: str
) -> None:
    """What has no place any more is counted, and the contact is in."""
    crm.create("contact", {"firstname": "Ann", "lastname": "Lee", "colour": "red"}, owner=ann)
    path = tmp_path / f"contacts{ending}"
    export_file(crm.engine, "contact", path)
    declare(crm.engine, {})
    forget_contacts(crm.engine)
    report = import_file(crm.engine, path, Rules(default_owner="ann@example.test"))
    assert not report.rejects, report.rejected
    assert report.left_out.total() == 1


def test_all_other_entities_are_what_they_were(crm: Crm) -> None:
    """Only a kind that has custom fields is another one."""
    named: dict[str, Any] = dict(entities_of(crm.engine))
    assert named["contact"].custom == FIELDS
    assert stored_of(crm.engine, "lead") is named["lead"]
