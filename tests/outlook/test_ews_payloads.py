"""Every request that the adapter can build is one that the published schemas allow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from syncd.model.addresses import mailing_only
from syncd.model.contact import CONTACT
from syncd.model.fields import FieldType, Uri
from syncd.model.kinds import Kind
from syncd.model.values import Value
from syncd.outlook.ews import requests
from syncd.outlook.ews.extract import HEAD_PATHS, PARENT, full_paths
from syncd.outlook.ews.paths import layout
from syncd.outlook.ews.requests import Distinguished
from syncd.outlook.ews.xml import Element, M, T
from syncd.outlook.port import Creation, Move, Update
from syncd.outlook.stamp import KEY, LINK
from tests.outlook.desk import stamp

KINDS = (CONTACT, mailing_only(CONTACT))
PLACE = layout(CONTACT)
PATHS = [*HEAD_PATHS, PARENT, *(slot.property for slot in PLACE.fields.values())]
TEXTS = st.text(max_size=40)
VALUES: dict[FieldType, st.SearchStrategy[Value]] = {
    **dict.fromkeys(FieldType, TEXTS),
    FieldType.DATE: st.dates(),
    FieldType.NAMES: st.lists(TEXTS, max_size=3).map(tuple),
}
FIELDS: st.SearchStrategy[dict[str, Value]] = st.fixed_dictionaries(
    {},
    optional={
        field.name: st.none() | VALUES[field.type]
        for field in CONTACT.fields
        if field.ews != Uri("contacts:BusinessHomePage")
    },
)


@pytest.fixture(scope="module")
def schema(schemas: Path) -> etree.XMLSchema:
    """The published schema of all operations."""
    return etree.XMLSchema(etree.parse(str(schemas / "messages.xsd")))


def wire(payload: Element) -> Element:
    """A payload as the server sees it."""
    return etree.fromstring(etree.tostring(payload, encoding="utf-8"))


def payloads() -> Iterator[Element]:
    """One of each operation, and of each form of it."""
    somewhere = Distinguished("contacts", "alice@example.test")
    for folder in ("id", Distinguished("contacts", None), somewhere):
        yield requests.sync_folder_items(folder, None, PATHS)
        yield requests.get_folder([folder])
        yield requests.find_folder(folder, "Deep", 512)
        yield requests.move_item([Move("id", "key")], folder)
        yield requests.get_user_configuration(folder, "CategoryList")
        for operation in ("CreateUserConfiguration", "UpdateUserConfiguration"):
            yield requests.save_user_configuration(operation, folder, "CategoryList", b"<a/>")
    yield requests.sync_folder_items("id", "state", PATHS)
    yield requests.find_folder("id", "Shallow", 0)
    yield requests.get_item(["one", "two"], PATHS)
    yield requests.get_item(["one"], ())
    yield from (requests.get_item(["one"], full_paths(layout(kind))) for kind in KINDS)
    yield requests.find_item(["one", "two"], LINK, ["a/b/c"], PATHS, 0)
    yield requests.find_item(["one"], KEY, ["a", "b", "ä"], PATHS, 512)
    for folder_class in ("IPF.Contact", "IPF.Task", "IPF.Appointment", "IPF.Note"):
        yield requests.create_folder("id", folder_class, "Früher & später")


def test_every_operation_is_valid(schema: etree.XMLSchema) -> None:
    """Order of elements included."""
    for payload in payloads():
        schema.assertValid(wire(payload))


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    fields=FIELDS,
    initial=st.dictionaries(st.sampled_from(["fileas", "displayname"]), TEXTS),
)
def test_every_creation_is_valid(
    schema: etree.XMLSchema, kind: Kind, fields: dict[str, Value], initial: dict[str, str]
) -> None:
    """Whatever fields it has, and whatever is in them, the stamp is in it."""
    batch = [Creation(fields, initial, stamp("1"))] * 2
    payload = wire(requests.create_item(kind, layout(kind), "id", batch))
    schema.assertValid(payload)
    for item in payload.iter(T + "Contact"):
        names = [path.get("PropertyName") for path in item.iter(T + "ExtendedFieldURI")]
        assert names.count(LINK.name) == names.count(KEY.name) == 1


@settings(max_examples=150, deadline=None)
@given(kind=st.sampled_from(KINDS), patch=FIELDS, named=st.sampled_from([None, "Home"]))
def test_every_update_is_valid(
    schema: etree.XMLSchema, kind: Kind, patch: dict[str, Value], named: str | None
) -> None:
    """One change for each field of the patch and two for the stamp, and none besides.

    But for one that names the mailing address, where something is put into it and none is named.
    """
    place = layout(kind)
    updates = [Update("id", "key", patch, stamp("1"))]
    payload = wire(requests.update_item(place, updates, {"id": named}))
    schema.assertValid(payload)
    changes = payload.find(f"{M}ItemChanges/{T}ItemChange/{T}Updates")
    assert changes is not None
    names = named is None and any(patch.get(each) for each in place.mailing)
    assert len(changes) == len(patch) + 2 + names


def test_a_kind_that_ews_cannot_hold_is_refused() -> None:
    """A bad field map is found when it is compiled, not by a server."""
    wrong = Mock(wraps=CONTACT, item_element="Contact", match=CONTACT.match, initial=())
    wrong.fields = (Mock(ews=Uri("contacts:ShoeSize"), type=FieldType.TEXT),)
    wrong.fields[0].name = "shoesize"
    wrong.name = "contact"
    with pytest.raises(ValueError, match="shoesize"):
        layout(wrong)
