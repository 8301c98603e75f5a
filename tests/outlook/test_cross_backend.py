"""What one backend wrote the other reads: every field, every stamp, in the same mailbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from syncd.model.addresses import mailing_only
from syncd.model.contact import CONTACT
from syncd.model.custom import FREE, custom_field, property_place, with_fields
from syncd.model.fields import FieldType
from syncd.model.kinds import Kind
from syncd.model.values import Value
from syncd.outlook.ews.mailbox import EwsMailbox
from syncd.outlook.graph.mailbox import GraphMailbox
from syncd.outlook.port import Backend, Item, Mailbox, Sensitivity, Update, Written
from syncd.sandbox.server import Sandbox
from tests.outlook.desk import Desk, EwsDesk, GraphDesk, create_all, creation, default, stamp
from tests.outlook.test_contract import FULL
from tests.samples import SAMPLES

MAILING = mailing_only(CONTACT)


@dataclass(frozen=True)
class Pair:
    """One mailbox over two backends: what `writer` writes, `reader` reads."""

    writer: Desk
    reader: Desk

    def there(self, item: str) -> str:
        """The id that the reader knows an item by, which the writer knows by this one."""
        if self.reader.mailbox.backend is Backend.GRAPH:
            return self.reader.mailbox.translate([item], Backend.EWS)[item]
        return _by_stamp(self.reader)

    def create(self, fields: dict[str, Value], kind: Kind = CONTACT) -> str:
        """Write an item; its id for the writer."""
        where = default(self.writer)
        (made,) = self.writer.mailbox.create(kind, where, [creation("1", fields)])
        assert isinstance(made, Written)
        return made.id

    def update(self, item: str, patch: dict[str, Value], kind: Kind = CONTACT) -> Written:
        """Patch an item at the version that the writer sees."""
        version = _read(self.writer.mailbox, item, kind).head.version
        change = Update(item, version, patch, stamp("1", "key-2"))
        (now,) = self.writer.mailbox.update(kind, [change])
        assert isinstance(now, Written)
        return now

    def read(self, item: str, kind: Kind = CONTACT) -> Item:
        """What the reader sees of an item, which both see at the same version."""
        seen = _read(self.reader.mailbox, self.there(item), kind)
        assert seen.head.version == _read(self.writer.mailbox, item, kind).head.version
        return seen


def _read(mailbox: Mailbox, item: str, kind: Kind) -> Item:
    (found,) = mailbox.read(kind, [item])
    assert isinstance(found, Item)
    return found


def _by_stamp(desk: Desk) -> str:
    (head,) = desk.mailbox.find(CONTACT, [default(desk)], links=[stamp("1").link])
    return head.id


@pytest.fixture(params=["ews to graph", "graph to ews"])
def pair(
    request: pytest.FixtureRequest, box: Sandbox, ews: EwsMailbox, graph: GraphMailbox
) -> Pair:
    """One mailbox, written over one backend and read over the other, both ways."""
    desks: tuple[Desk, Desk] = (EwsDesk(box, ews), GraphDesk(box, graph))
    return Pair(*desks) if request.param == "ews to graph" else Pair(*desks[::-1])


def test_every_field_and_the_stamp_are_read_as_they_were_written(pair: Pair) -> None:
    """Field by field, created and then changed."""
    item = pair.create(FULL)
    seen = pair.read(item)
    assert seen.record.fields == FULL
    assert (seen.head.stamp, seen.guarded) == (stamp("1"), frozenset())
    for wanted in (dict.fromkeys(FULL), FULL):
        pair.update(item, wanted)
        assert pair.read(item).record.fields == wanted
        assert pair.read(item).head.stamp == stamp("1", "key-2")


def test_each_field_alone_is_the_same_field(pair: Pair) -> None:
    """No two fields share a place, and none shifts into the place of an empty one."""
    batch = [creation(name, {name: value}) for name, value in FULL.items()]
    create_all(pair.writer, batch)
    links = {stamp(name).link: name for name in FULL}
    mailbox = pair.reader.mailbox
    heads = mailbox.find(CONTACT, [default(pair.reader)], links=links)
    items = mailbox.read(CONTACT, [head.id for head in heads])
    assert len(items) == len(FULL)
    for item in items:
        assert isinstance(item, Item)
        assert item.head.stamp is not None
        name = item.head.stamp.crm_id
        assert item.record.fields == {**dict.fromkeys(FULL), name: FULL[name]}


@pytest.mark.parametrize(
    "names",
    [
        ("business2",),
        ("home2",),
        ("emailaddress2",),
        ("emailaddress3",),
        ("emailaddress1", "emailaddress3"),
        ("telephone1", "business2", "home2"),
    ],
)
def test_a_hole_stays_a_hole(pair: Pair, names: tuple[str, ...]) -> None:
    """Graph's arrays close up; positions are kept all the same, when written and when cleared."""
    phones = ("telephone1", "business2", "telephone2", "home2")
    row = (*phones, "emailaddress1", "emailaddress2", "emailaddress3")
    values = {name: FULL[name] for name in names}
    item = pair.create(values)
    assert pair.read(item).record.fields == {**dict.fromkeys(FULL), **values}
    pair.update(item, {name: FULL[name] for name in row})
    pair.update(item, {name: None for name in row if name not in names})
    assert pair.read(item).record.fields == {**dict.fromkeys(FULL), **values}


def test_formatted_notes_are_guarded_over_both(pair: Pair) -> None:
    """P11: and read as the text that they show."""
    item = pair.create({"firstname": "Ann", "description": "as it is"})
    pair.writer.write_formatted(item, "description", "Important")
    for seen in (pair.read(item), _read(pair.writer.mailbox, item, CONTACT)):
        assert seen.guarded == {"description"}
        assert seen.record.fields["description"] == "Important"


@pytest.mark.parametrize("sensitivity", list(Sensitivity))
def test_a_mark_is_the_same_mark(pair: Pair, sensitivity: Sensitivity) -> None:
    """P7, P14: what is private over one is private over the other."""
    item = pair.writer.add({"firstname": "Secret"}, sensitivity=sensitivity)
    version = _read(pair.writer.mailbox, item, CONTACT).head.version
    pair.writer.mailbox.update(CONTACT, [Update(item, version, {}, stamp("1"))])
    seen = pair.read(item)
    assert seen.head.sensitivity is sensitivity
    assert seen.record.fields.get("firstname") == ("Secret" if sensitivity == "normal" else None)


@pytest.mark.parametrize("named", ["", "Business", "Home", "Other"])
def test_the_mailing_address_is_the_same_address(pair: Pair, named: str) -> None:
    """Whichever it is by name; Business where none is."""
    cities: dict[str, Value] = {f"address{each}_city": f"City {each}" for each in (1, 2, 3)}
    item = pair.create(cities)
    pair.writer.name_mailing(item, named)
    pair.update(item, {"address1_city": "Newton"}, MAILING)
    assert pair.read(item, MAILING).record.fields["address1_city"] == "Newton"
    number = {"Home": 2, "Other": 3}.get(named, 1)
    changed = {f"address{number}_city": "Newton"}
    fields = pair.read(item).record.fields
    assert {name: fields[name] for name in cities} == {**cities, **changed}
    assert pair.writer.mailing(item) == (named or "Business")


@pytest.mark.parametrize("day", [date(1952, 2, 29), date(1899, 12, 31), date(2026, 11, 29)])
def test_a_day_is_that_day(pair: Pair, day: date) -> None:
    """Not the one before or after."""
    fields: dict[str, Value] = {"birthdate": day, "anniversary": day}
    item = pair.create({"firstname": "Ann", **fields})
    assert {name: pair.read(item).record.fields[name] for name in fields} == fields


PLACES = {
    **{name: (FieldType.TEXT, place) for name, place in FREE.items()},
    "User1": (FieldType.DATE, FREE["User1"]),
    "User2": (FieldType.FLAG, FREE["User2"]),
    "Hobbies": (FieldType.LINES, FREE["Hobbies"]),
    "CarPhone": (FieldType.PHONE, FREE["CarPhone"]),
    "Bob's Field": (FieldType.TEXT, property_place("Bob's Field", FieldType.TEXT)),
    "Teams": (FieldType.NAMES, property_place("Bob's (own), teams", FieldType.NAMES)),
}
CUSTOM = with_fields(
    CONTACT,
    tuple(
        custom_field(f"at {name}", name, kind, place)
        for name, (kind, place) in PLACES.items()
        if place is not None
    ),
)


def extras(number: int) -> dict[str, Value]:
    """A value for every custom field, none like another."""
    values = {**SAMPLES, FieldType.FLAG: number % 2 == 1, FieldType.NAMES: ("Red", f"{number}")}
    return {
        f"at {name}": f"{values[kind]} {name} {number}" if kind is FieldType.TEXT else values[kind]
        for name, (kind, _) in PLACES.items()
    }


def test_a_custom_field_is_the_same_field(pair: Pair) -> None:
    """In every place in Outlook that is free for one: written, changed and cleared."""
    item = pair.create({"firstname": "Ann", **extras(1)}, CUSTOM)
    plain = {**dict.fromkeys(FULL), "firstname": "Ann"}
    assert pair.read(item, CUSTOM).record.fields == {**plain, **extras(1)}
    for wanted in (extras(2), dict.fromkeys(extras(2))):
        pair.update(item, wanted, CUSTOM)
        assert pair.read(item, CUSTOM).record.fields == {**plain, **wanted}
    assert pair.read(item).record.fields == plain


def test_an_id_of_ews_is_translated_where_there_is_such_an_item(
    box: Sandbox, ews: EwsMailbox, graph: GraphMailbox
) -> None:
    """What is not there, or is no id, is left out; an id of Graph's own stays what it is."""
    desk = EwsDesk(box, ews)
    one, gone = desk.add({"firstname": "One"}), desk.add({"firstname": "Gone"})
    desk.delete(gone)
    found = graph.translate([one, gone, "no id"], Backend.EWS)
    assert found.keys() == {one}
    assert _read(graph, found[one], CONTACT).record.fields["firstname"] == "One"
    assert graph.translate([found[one]], Backend.GRAPH) == {found[one]: found[one]}
    assert not ews.translate([found[one]], Backend.GRAPH)
