"""What goes over the wire to Graph, how often, and what comes back of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from syncd.model.addresses import mailing_only
from syncd.model.contact import CONTACT
from syncd.model.custom import custom_field, property_place, with_fields
from syncd.model.fields import FieldType
from syncd.model.kinds import Kind
from syncd.model.values import Value
from syncd.outlook.errors import Failure, Sort
from syncd.outlook.graph import properties
from syncd.outlook.graph.compose import new_item
from syncd.outlook.graph.extract import compiled
from syncd.outlook.graph.layout import LONGEST_QUERY, layout, slot
from syncd.outlook.graph.mailbox import GraphMailbox, open_graph
from syncd.outlook.graph.session import GraphServer
from syncd.outlook.port import Creation, Item, Move, Sensitivity, Stamp, Update, Written
from syncd.sandbox.server import Sandbox
from tests.outlook.conftest import sandbox
from tests.outlook.desk import (
    ADDRESS,
    GraphDesk,
    Shown,
    create,
    create_all,
    creation,
    default,
    everything,
    read,
    stamp,
)
from tests.outlook.graph_wire import answered_by, http
from tests.outlook.test_contract import FULL

MAILING = mailing_only(CONTACT)
NATIVE = {name: FULL[name] for name, slot in layout(CONTACT).fields.items() if " " not in slot.key}


@pytest.fixture
def desk(box: Sandbox, graph: GraphMailbox) -> GraphDesk:
    """A desk over Graph alone."""
    return GraphDesk(box, graph)


def update(
    desk: GraphDesk, item: Written, patch: dict[str, Value], kind: Kind = CONTACT
) -> Written:
    """Patch one item, with a new stamp."""
    change = Update(item.id, item.version, patch, stamp("1", "key-2"))
    (now,) = desk.mailbox.update(kind, [change])
    assert isinstance(now, Written)
    return now


def test_a_thousand_creations_are_fifty_requests() -> None:
    """And nothing is read back of what the answers show, nor asked again by the next listing."""
    with Sandbox(users=[ADDRESS]) as box:
        server = GraphServer(Shown(box.graph_token), box.graph_url)
        with closing(open_graph(server, ADDRESS)) as mailbox:
            desk = GraphDesk(box, mailbox)
            where, before = default(desk), mailbox.requests
            people = [
                creation(str(n), {"firstname": "Ann", "lastname": f"N{n}", "telephone1": str(n)})
                for n in range(1000)
            ]
            made = create_all(desk, people, where)
            assert mailbox.requests - before == 50
            assert box.requests.parts["POST contacts"] == 1000
            assert [m.item is not None for m in made if isinstance(m, Written)] == [True] * 1000
            assert len(everything(desk, where)) == 1000
            assert box.requests.parts["GET contact"] == 0
            assert 0.1 < mailbox.share < 0.2


def test_the_answer_to_a_write_is_the_item(desk: GraphDesk) -> None:
    """As a read would show it, whatever had been in it."""
    made = create(desk, "1", NATIVE)
    assert made.item == read(desk, made.id)
    assert made.item is not None
    assert made.item.record.fields == {**dict.fromkeys(FULL), **NATIVE}
    rich = create(desk, "2", FULL)
    assert rich.item is None  # extended properties are not in the answer
    fewer: dict[str, Value] = {"firstname": "Bea", "telephone1": None, "business2": None}
    for patch in (fewer, NATIVE):
        now = update(desk, rich, patch)
        assert now.item == read(desk, rich.id)
        assert now.item is not None
        rich = now
    now = update(desk, rich, {"fax": None})
    assert now.item is None
    assert read(desk, rich.id).head.version == now.version


def test_the_answer_to_a_write_is_the_item_with_one_address(desk: GraphDesk) -> None:
    """Which address is the mailing address is known once it was written."""
    made = create(desk, "1", {"firstname": "Ann", "address1_city": "Workton"}, MAILING)
    assert made.item == read(desk, made.id, MAILING)
    desk.name_mailing(made.id, "Other")
    seen = Written(made.id, read(desk, made.id).head.version)
    now = update(desk, seen, {"address1_city": "Newton"}, MAILING)
    assert now.item == read(desk, made.id, MAILING)


def test_a_guard_outlives_an_edit_beside_it(desk: GraphDesk) -> None:
    """The answer to a write says as a read does that the notes are formatted."""
    item = desk.add({"firstname": "Ann", "description": "x"})
    desk.write_formatted(item, "description", "Important")
    seen = Written(item, read(desk, item).head.version)
    now = update(desk, seen, {"firstname": "Anna"})
    assert now.item is not None
    assert now.item.guarded == {"description"}
    now = update(desk, now, {"description": "plain"})
    assert now.item is not None
    assert now.item.guarded == frozenset()
    assert now.item == read(desk, item)


def test_a_display_name_is_its_users_own(desk: GraphDesk) -> None:
    """P11: it is sent again, since the server would make one up from the new name."""
    one = Creation({"firstname": "Ann"}, {"displayname": "Ann"}, stamp("1"))
    (made,) = desk.mailbox.create(CONTACT, default(desk), [one])
    assert isinstance(made, Written)
    own = desk.own
    own.update(desk.meant(made.id), {"contacts:DisplayName": "The Boss"})
    now = update(desk, Written(made.id, read(desk, made.id).head.version), {"firstname": "Bea"})
    assert own.item(desk.meant(made.id)).get("contacts:DisplayName") == "The Boss"
    update(desk, now, {"lastname": "Lee", "salutation": "Dr."})
    assert own.item(desk.meant(made.id)).get("contacts:DisplayName") == "The Boss"


def test_an_e_mail_keeps_the_name_that_its_user_gave_it(desk: GraphDesk) -> None:
    """One that merely repeats the address goes with it."""
    item = desk.add({"firstname": "Ann", "emailaddress1": "ann@example.test"})
    key = "contacts:EmailAddress:EmailAddress1:Name"
    version = read(desk, item).head.version
    for name, kept in (("ann@example.test", None), ("Ann at work", "Ann at work")):
        version = desk.own.update(desk.meant(item), {key: name}).change_key
        patch: dict[str, Value] = {"emailaddress1": f"{len(name)}@example.test"}
        version = update(desk, Written(item, version), patch).version
        now = desk.own.item(desk.meant(item))
        assert now.get("contacts:EmailAddress:EmailAddress1") == f"{len(name)}@example.test"
        assert now.bag.get(key) == kept


@pytest.mark.parametrize(
    ("routing", "address"),
    [("EX", "/O=CONTOSO/CN=ANN"), ("FAX", "Ann@+49 89"), ("SMTP", "Ann Lee")],
)
def test_what_is_no_e_mail_address_is_not_observed_and_guarded(
    desk: GraphDesk, routing: str, address: str
) -> None:
    """A colleague out of the address list, a fax: not taken for an address, nor replaced."""
    item = desk.add({"lastname": "Lee", "emailaddress2": "ann@example.test"})
    own = "contacts:EmailAddress:EmailAddress1"
    desk.own.update(desk.meant(item), {own: address, f"{own}:RoutingType": routing})
    found = read(desk, item)
    assert "emailaddress1" not in found.record.fields
    assert found.guarded == {"emailaddress1"}
    assert found.head.match["emailaddress1"] is None
    assert found.record.fields["emailaddress2"] == "ann@example.test"
    (head,) = everything(desk)
    assert head.match["emailaddress1"] is None


@pytest.mark.parametrize("heeded", [True, False])
def test_an_edit_before_the_look_is_refused_and_stays(heeded: bool) -> None:
    """Whether or not the tenant heeds If-Match: the versions are compared."""
    with in_tenant(graph_if_match=heeded) as desk:
        made = create(desk, "1", {"firstname": "Ann"})
        desk.edit(made.id, {"firstname": "Mine"})
        change = Update(made.id, made.version, {"firstname": "Ours"}, None)
        (refused,) = desk.mailbox.update(CONTACT, [change])
        assert isinstance(refused, Failure)
        assert refused.sort is Sort.PRECONDITION
        assert read(desk, made.id).record.fields["firstname"] == "Mine"
        assert desk.box.requests.parts["PATCH contacts"] == 0


@pytest.mark.parametrize("operation", ["PATCH contacts", "DELETE contacts"])
def test_an_edit_between_the_look_and_the_write_is_refused_by_if_match(
    desk: GraphDesk, operation: str
) -> None:
    """The server compares once more."""
    made = create(desk, "1", {"firstname": "Ann"})
    desk.box.faults.add(operation, "stale_change_key")
    if operation == "PATCH contacts":
        change = Update(made.id, made.version, {"firstname": "Ours"}, None)
        (refused,) = desk.mailbox.update(CONTACT, [change])
    else:
        (refused,) = desk.mailbox.trash(CONTACT, [Move(made.id, made.version)])
    assert isinstance(refused, Failure)
    assert refused.sort is Sort.PRECONDITION
    assert [head.id for head in everything(desk)] == [made.id]


def test_where_if_match_is_not_heeded_the_answer_shows_what_is_there() -> None:
    """An edit in the moment between look and write goes under in its field alone."""
    with in_tenant(graph_if_match=False) as desk:
        made = create(desk, "1", {"firstname": "Ann", "lastname": "Lee"})

        def look(*_: object) -> None:
            if desk.box.requests.parts["GET contact"]:
                desk.box.graph_observers.remove(look)
                desk.edit(made.id, {"lastname": "Mine"})

        desk.box.graph_observers.append(look)
        now = update(desk, made, {"firstname": "Ours"})
        assert now.item is not None
        fields = now.item.record.fields
        assert (fields["firstname"], fields["lastname"]) == ("Ours", "Mine")


def test_a_mark_that_is_set_between_the_look_and_the_write_is_seen() -> None:
    """Private stays private (P7) where If-Match is not heeded: the next listing shows the mark."""
    with in_tenant(graph_if_match=False) as desk:
        made = create(desk, "1", {"firstname": "Ann"})
        before = desk.mailbox.changes(CONTACT, default(desk), None).cursor

        def look(*_: object) -> None:
            if desk.box.requests.parts["GET contact"]:
                desk.box.graph_observers.remove(look)
                desk.own.update(desk.meant(made.id), {"item:Sensitivity": "Private"})

        desk.box.graph_observers.append(look)
        now = update(desk, made, {"firstname": "Ours"})
        (seen,) = desk.mailbox.changes(CONTACT, default(desk), before).seen
        assert (seen.version, seen.sensitivity) == (now.version, Sensitivity.PRIVATE)


@contextmanager
def in_tenant(*, graph_if_match: bool) -> Iterator[GraphDesk]:
    """A desk in a tenant that heeds If-Match on PATCH, or in one that does not."""
    with sandbox(graph_if_match=graph_if_match) as box:
        server = GraphServer(Shown(box.graph_token), box.graph_url)
        with closing(open_graph(server, ADDRESS)) as mailbox:
            yield GraphDesk(box, mailbox)


def part(number: int, status: int, body: object = None) -> dict[str, object]:
    """The answer to one part of a batch."""
    return {"id": str(number), "status": status, "headers": {}, "body": body}


def test_an_answer_without_a_new_version_is_in_doubt() -> None:
    """Something was done, or nothing: the journal looks."""
    same = http({"responses": [part(0, 200, {"id": "item", "changeKey": "v1"})]})
    with answered_by(same, times=2) as mailbox:
        change = Update("item", "v1", {"firstname": "Ann"}, None)
        (result,) = mailbox.update(CONTACT, [change])
    assert isinstance(result, Failure)
    assert (result.sort, result.code) == (Sort.IN_DOUBT, "same-version")


@pytest.mark.parametrize(
    ("responses", "sorts"),
    [
        ([], [Sort.IN_DOUBT, Sort.IN_DOUBT]),
        ([part(1, 201, {"id": "b", "changeKey": "v"})], [Sort.IN_DOUBT, None]),
        ([part(1, 412), part(0, 201, {"id": "a", "changeKey": "v"})], [None, Sort.PRECONDITION]),
        ([part(0, 201), part(1, 201, {"id": "b"})], [Sort.IN_DOUBT, Sort.IN_DOUBT]),
        (
            [part(n, 201, {"id": "a", "changeKey": f"{n}", "birthday": "soon"}) for n in (0, 1)],
            [None, None],
        ),
        (
            [part(0, 201, {"id": 1, "changeKey": "v"}), "x", part(1, 424)],
            [Sort.IN_DOUBT, Sort.NOT_TRIED],
        ),
        (
            [part(7, 201, {"id": "a", "changeKey": "v"}), {"id": "1"}],
            [Sort.IN_DOUBT, Sort.IN_DOUBT],
        ),
    ],
)
def test_an_answer_goes_to_the_part_of_its_number(
    responses: list[object], sorts: list[Sort | None]
) -> None:
    """In whatever order; a part without an answer may have been done."""
    batch = [creation(str(number), {"firstname": "N"}) for number in range(2)]
    with answered_by(http({"responses": responses})) as mailbox:
        made = mailbox.create(CONTACT, "folder", batch)
    assert [each.sort if isinstance(each, Failure) else None for each in made] == sorts


def test_a_part_that_was_not_answered_when_reading_is_read_again() -> None:
    """It has no effect, so it is not in doubt; nor does it count as gone (P5)."""
    one = part(0, 200, {"id": "a", "changeKey": "v"})
    with answered_by(http({"responses": [one]})) as mailbox:
        first, second = mailbox.read(CONTACT, ["a", "b"])
    assert isinstance(first, Item)
    assert isinstance(second, Failure)
    assert second.sort is Sort.TRANSIENT


@pytest.mark.parametrize(
    "body",
    [
        {"id": "a"},
        {"id": "a", "changeKey": "v", "birthday": "soon"},
        {"id": "a", "changeKey": "v", "givenName": 7},
        {"id": "a", "changeKey": "v", "homeAddress": []},
        {"id": "a", "changeKey": "v", "children": "Kim"},
        {"id": "a", "changeKey": "v", "singleValueExtendedProperties": [{"value": "x"}]},
        {"id": "a", "changeKey": "v", "singleValueExtendedProperties": {}},
    ],
)
def test_an_unreadable_item_fails_alone(body: dict[str, object]) -> None:
    """The others of its batch are read (P10)."""
    good = part(1, 200, {"id": "b", "changeKey": "v"})
    with answered_by(http({"responses": [part(0, 200, body), good]})) as mailbox:
        bad, fine = mailbox.read(CONTACT, ["a", "b"])
    assert isinstance(bad, Failure)
    assert bad.sort is Sort.INVALID
    assert isinstance(fine, Item)


def test_a_mark_that_nobody_knows_is_private() -> None:
    """P7: rather too little is taken than too much."""
    marked = [{"id": "Integer 0x36", "value": "9"}]
    body = {"id": "a", "changeKey": "v", "givenName": "X", properties.SINGLE: marked}
    with answered_by(http({"responses": [part(0, 200, body)]})) as mailbox:
        (item,) = mailbox.read(CONTACT, ["a"])
    assert isinstance(item, Item)
    assert (item.head.sensitivity.value, dict(item.record.fields)) == ("private", {})


@pytest.mark.parametrize(
    ("native", "html", "guarded"),
    [
        (None, None, False),
        ("1", None, False),
        ("2", None, True),  # RTF, of which nothing is to be had
        ("3", None, True),
        ("3", "PGI+eDwvYj4=", True),  # <b>x</b>
        ("3", "PHA+eDwvcD4=", False),  # <p>x</p>: text that the server wrapped
        ("2", "PHA+eDwvcD4=", False),
        ("1", "PGI+eDwvYj4=", False),  # made up by the server from plain text
        ("3", "no base64!", True),
    ],
)
def test_notes_are_guarded_where_they_are_more_than_text(
    native: str | None, html: str | None, guarded: bool
) -> None:
    """By their HTML as over EWS; where there is none to be had, in doubt they are guarded (P1)."""
    said = ((properties.NATIVE_BODY, native), (properties.HTML, html))
    held = [{"id": name, "value": value} for name, value in said if value is not None]
    item = {"id": "a", "changeKey": "v", "personalNotes": "x", properties.SINGLE: held}
    found = compiled(CONTACT).full.full(item)
    assert ("description" in found.guarded) is guarded
    assert found.record.fields["description"] == "x"


@pytest.mark.parametrize(
    "spelled",
    [
        "String {5f0b9c1e-7d43-4a86-9e1b-2c6a8f3d4e70} Name SyncdLink",
        "string 5F0B9C1E-7D43-4A86-9E1B-2C6A8F3D4E70 name syncdlink",
        "STRING {5F0B9C1E-7D43-4A86-9E1B-2C6A8F3D4E70} Name SyncdLink",
    ],
)
def test_a_property_is_known_however_it_is_spelled(spelled: str) -> None:
    """A server answers in a spelling of its own."""
    assert properties.key_of(spelled) == properties.key_of(properties.LINK)
    assert properties.key_of("String 0x3A1F") == properties.key_of("string 0x3a1f")
    assert properties.key_of("Integer 0x0036") == properties.key_of("Integer 0x36")
    assert properties.key_of("String 0x3A1F") != properties.key_of("String 0x3A1E")


def names(number: int) -> Kind:
    """A contact with so many fields in named properties."""
    places = (
        (f"n{n}", property_place(f"A long name of a property, {n}", FieldType.TEXT))
        for n in range(number)
    )
    return with_fields(
        CONTACT,
        tuple(custom_field(name, name, FieldType.TEXT, place) for name, place in places if place),
    )


def test_what_is_too_long_for_one_request_is_asked_in_two(desk: GraphDesk) -> None:
    """And is one item, as long as it is at one version."""
    kind = names(120)
    assert len(layout(kind).full) == 3
    assert max(map(len, layout(kind).full)) < LONGEST_QUERY + 1000
    fields: dict[str, Value] = {"firstname": "Ann", "n0": "first", "n119": "last", "fax": "+49 1"}
    made = create(desk, "1", fields, kind)
    found = read(desk, made.id, kind)
    assert {name: value for name, value in found.record.fields.items() if value} == fields
    desk.box.faults.add("GET contact", "stale_change_key", after=1)
    (failed,) = desk.mailbox.read(kind, [made.id])
    assert isinstance(failed, Failure)
    assert failed.sort is Sort.TRANSIENT


def test_a_list_of_names_is_a_property_of_several_values() -> None:
    """Where an administrator keeps one in a named property."""
    place = property_place("Bob's teams", FieldType.NAMES)
    assert place is not None
    kind = with_fields(CONTACT, (custom_field("teams", "Teams", FieldType.NAMES, place),))
    made = new_item(layout(kind), Creation({"teams": ("Red", "Blue")}, {}, stamp("1")))
    held = [{"id": place.graph, "value": ["Red", "Blue"]}]
    assert made.body[properties.MULTI] == held
    item = {"id": "a", "changeKey": "v", properties.MULTI: held}
    assert compiled(kind).full.full(item).record.fields["teams"] == ("Red", "Blue")
    assert "multiValueExtendedProperties($filter=id%20eq%20" in layout(kind).full[0]
    assert "Bob''s%20teams" in layout(kind).full[0]


@pytest.mark.parametrize("where", ["faxes[0]", "businessPhones[2]", "homeAddress.planet", "x.city"])
def test_a_map_that_graph_cannot_hold_is_refused(where: str) -> None:
    """When it is compiled, and not item by item."""
    with pytest.raises(ValueError, match="Graph has no"):
        slot("extra", FieldType.TEXT, where)


def test_what_no_text_may_hold_is_taken_out_of_an_answer() -> None:
    """JSON can say NUL and half an emoji, which no store keeps; all others are read (P10)."""
    body: dict[str, object] = {
        "id": "a",
        "changeKey": "v",
        "givenName": "A\ud83dnn\0 \U0001f600",
        "surname": "\\u0000",
    }
    stamp = [
        {"id": properties.LINK, "value": "x/contact/1\0"},
        {"id": properties.KEY, "value": "k"},
    ]
    body[properties.SINGLE] = stamp
    with answered_by(http({"responses": [part(0, 200, body)]})) as mailbox:
        (item,) = mailbox.read(CONTACT, ["a"])
    assert isinstance(item, Item)
    assert item.record.fields["firstname"] == "Ann \U0001f600"
    assert item.record.fields["lastname"] == "\\u0000"
    assert item.head.stamp == Stamp("x", "contact", "1", "k")
