"""Contacts over Graph: made, read, changed, deleted, and what is refused in what words."""

from collections.abc import Callable
from typing import Any

import pytest

from syncd.sandbox.mailbox import Mailbox
from syncd.sandbox.server import Sandbox
from tests.sandbox.graph.conftest import CONTACTS, LINK, Graph

EXPAND = f"$expand=singleValueExtendedProperties($filter=id eq '{LINK}' or id eq 'integer 0x0036')"


def test_a_contact_is_made_read_changed_and_deleted(graph: Graph, mailbox: Mailbox) -> None:
    """A new version each time; what is deleted is in Deleted Items, under the same immutable id."""
    made = graph.post(CONTACTS, {"givenName": "Ada", "surname": "Lovelace"})
    assert (made["displayName"], made["fileAs"]) == ("Ada Lovelace", "Lovelace, Ada")
    assert made["@odata.etag"] == f'W/"{made["changeKey"]}"'
    assert graph.get(f"/contacts/{made['id']}")["changeKey"] == made["changeKey"]

    kept = graph.patch(f"/contacts/{made['id']}", {"givenName": "Augusta"})
    assert (kept["id"], kept["displayName"]) == (made["id"], "Augusta Lovelace")
    assert kept["changeKey"] != made["changeKey"]

    graph.delete(f"/contacts/{made['id']}")
    gone = graph.get(f"/contacts/{made['id']}")
    assert (gone["id"], gone["surname"]) == (made["id"], "Lovelace")
    assert gone["changeKey"] != kept["changeKey"]
    assert gone["parentFolderId"] not in {f["id"] for f in graph.rounds("/contactFolders/delta")[0]}
    assert graph.get(CONTACTS)["value"] == []
    assert [item["contacts:Surname"] for item in mailbox.items("deleteditems")] == ["Lovelace"]

    graph.delete(f"/contacts/{made['id']}")
    assert graph.refused("GET", f"/contacts/{made['id']}") == (404, "ErrorItemNotFound")


def test_extended_properties_are_in_no_answer_to_a_write(graph: Graph) -> None:
    """They show when asked for, as the server spells them, and are taken away by null."""
    values = [{"id": LINK, "value": "mine"}, {"id": "Integer 0x36", "value": "2"}]
    made = graph.post(CONTACTS, {"givenName": "Ada", "singleValueExtendedProperties": values})
    assert "singleValueExtendedProperties" not in made
    path = f"/contacts/{made['id']}"
    shown = graph.get(f"{path}?$select=id&{EXPAND}")
    assert shown["singleValueExtendedProperties"] == values
    assert "givenName" not in shown

    otherwise = f"{LINK.upper().removesuffix('SYNCDLINK')}SyncdLink"
    gone = [{"id": otherwise, "value": None}]
    kept = graph.patch(path, {"singleValueExtendedProperties": gone})
    assert "singleValueExtendedProperties" not in kept
    assert graph.get(f"{path}?{EXPAND}")["singleValueExtendedProperties"] == values[1:]


def test_structures_are_replaced_as_a_whole(graph: Graph) -> None:
    """Addresses and arrays: what is not given again is gone; null takes away all of it."""
    body = {
        "businessAddress": {"street": "1 Row", "city": "Ware"},
        "businessPhones": ["1", "2"],
        "children": ["A", "B"],
    }
    path = f"/contacts/{graph.post(CONTACTS, body)['id']}"
    part = {"businessAddress": {"city": "Wells"}, "businessPhones": ["3"], "children": []}
    kept = graph.patch(path, part)
    assert {name: kept[name] for name in part} == part
    assert graph.patch(path, {"businessAddress": None})["businessAddress"] == {}


def test_positions_hold_what_arrays_close_up(graph: Graph, mailbox: Mailbox) -> None:
    """The second address alone is the first of an array, and is known by its own name."""
    made = graph.post(CONTACTS, {"secondaryEmailAddress": {"address": "b@x.test", "name": "B"}})
    mail = {"name": "B", "address": "b@x.test"}
    assert (made["primaryEmailAddress"], made["secondaryEmailAddress"]) == (None, mail)
    assert made["emailAddresses"] == [mail]

    path = f"/contacts/{made['id']}"
    second = [{"id": "String 0x3A1B", "value": "2"}]
    kept = graph.patch(path, {"singleValueExtendedProperties": second})
    assert kept["businessPhones"] == ["2"]
    assert mailbox.items()[0]["contacts:PhoneNumber:BusinessPhone2"] == "2"


def test_a_display_name_that_comes_along_stays(graph: Graph) -> None:
    """It is worked out anew only where a part of the name is changed without it."""
    path = f"/contacts/{graph.post(CONTACTS, {'displayName': 'Boss', 'givenName': 'Ada'})['id']}"
    assert graph.patch(path, {"jobTitle": "x"})["displayName"] == "Boss"
    assert graph.patch(path, {"surname": "L", "displayName": "Boss"})["displayName"] == "Boss"
    assert graph.patch(path, {"surname": "L"})["displayName"] == "Ada L"


def test_what_only_the_server_sets_is_passed_over(graph: Graph) -> None:
    """Ids, stamps and annotations of a body that was read before do no harm, and do nothing."""
    made = graph.post(CONTACTS, {"givenName": "Ada"})
    other = graph.post("/contactFolders", {"displayName": "Old"})["id"]
    body = {**made, "givenName": "Bea", "displayName": "Bea", "parentFolderId": other, "id": "x"}
    for form in ("primaryEmailAddress", "secondaryEmailAddress", "tertiaryEmailAddress"):
        del body[form]
    kept = graph.patch(f"/contacts/{made['id']}", body)
    assert kept["givenName"] == "Bea"
    for name in ("id", "parentFolderId", "createdDateTime"):
        assert kept[name] == made[name]


def test_a_stale_etag_is_refused(make_box: Callable[..., Sandbox]) -> None:
    """On DELETE everywhere; on PATCH where the tenant heeds it."""
    for heeds in (True, False):
        graph = Graph(make_box(graph_if_match=heeds))
        made = graph.post(CONTACTS, {"givenName": "Ada"})
        path, stale = f"/contacts/{made['id']}", made["@odata.etag"]
        graph.patch(path, {"givenName": "Augusta"}, If_Match=stale)
        conflict = (412, "ErrorIrresolvableConflict")
        assert graph.refused("DELETE", path, If_Match=stale) == conflict
        if heeds:
            assert graph.refused("PATCH", path, {"givenName": "x"}, If_Match=stale) == conflict
        else:
            graph.patch(path, {"givenName": "x"}, If_Match=stale)


def test_a_list_comes_in_pages(graph: Graph, mailbox: Mailbox) -> None:
    """Ten by default; with a count when asked for one; distribution lists are not in it."""
    for number in range(12):
        mailbox.add("contacts", {"contacts:GivenName": str(number)})
    mailbox.add("contacts", {"contacts:DisplayName": "All"}, "IPM.DistList")
    first = graph.get(f"{CONTACTS}?$select=givenName&$count=true")
    assert first["@odata.count"] == 12
    rest = graph.get(first["@odata.nextLink"])
    names = [each["givenName"] for each in first["value"] + rest["value"]]
    assert names == [str(number) for number in range(12)]
    assert "@odata.nextLink" not in rest
    only = graph.get("/contacts?$top=1&$select=id")
    assert [set(each) for each in only["value"]] == [{"@odata.etag", "id"}]


def test_contacts_are_found_by_what_they_hold(graph: Graph) -> None:
    """By extended properties, several in one question, and by name or address."""
    for name, key in (("Ada", "k'1"), ("Bea", "k2"), ("Cleo", "k3")):
        mail = {"address": f"{name}@x.test"}
        values = [{"id": LINK, "value": key}]
        body = {
            "givenName": name,
            "primaryEmailAddress": mail,
            "singleValueExtendedProperties": values,
        }
        graph.post(CONTACTS, body)

    def found(question: str) -> list[str]:
        listed = graph.get(f"{CONTACTS}?$select=givenName&$filter={question}")["value"]
        return [each["givenName"] for each in listed]

    one = "singleValueExtendedProperties/any(ep: ep/id eq '{}' and ep/value eq '{}')"
    asked = " or ".join(one.format(LINK.upper().replace("SYNCDLINK", "SyncdLink"), key) for key in
                        ("k''1", "k3", "none"))  # fmt: skip
    assert found(asked) == ["Ada", "Cleo"]
    assert found("displayName eq 'bea'") == ["Bea"]
    assert found("emailAddresses/any(a:a/address eq 'CLEO@x.test')") == ["Cleo"]
    assert found(f"({one.format(LINK, 'k2')}) and givenName eq 'Bea'") == ["Bea"]


BOTH_FORMS = {"emailAddresses": [], "primaryEmailAddress": {"address": "a@x.test"}}
REFUSED_BODIES: tuple[tuple[Any, str], ...] = (
    ({"businessPhones": ["1", "2", "3"]}, "exceeds the max allowed value"),
    ({"homePhones": ["1", "2", "3"]}, "exceeds the max allowed value"),
    ({"emailAddresses": [{"address": f"{n}@x.test"} for n in range(4)]}, "exceeds the max"),
    (BOTH_FORMS, "cannot be set together"),
    ({"faxNumber": "1"}, "The property 'faxNumber' does not exist on type"),
    ({"homeAddress": {"zip": "1"}}, "The property 'zip' does not exist on type"),
    ({"givenName": 3}, "Cannot convert"),
    ({"birthday": "tomorrow"}, "Cannot convert"),
    ({"singleValueExtendedProperties": [{"id": "String", "value": "x"}]}, "is invalid"),
    ({"singleValueExtendedProperties": [{"id": "Integer 0x36", "value": "x"}]}, "not of its type"),
    ({"singleValueExtendedProperties": [{"id": "Integer 0x36", "value": "9"}]}, "Cannot convert"),
    ([], "Unable to read JSON request payload"),
)


@pytest.mark.parametrize(("body", "words"), REFUSED_BODIES)
def test_a_body_that_cannot_be_is_refused(
    graph: Graph, mailbox: Mailbox, body: Any, words: str
) -> None:
    """With 400 and in words that name the trouble; nothing is made."""
    answer = graph.call("POST", CONTACTS, body)
    assert answer.status_code == 400
    assert words in answer.json()["error"]["message"]
    assert mailbox.items() == []


REFUSED_CALLS = (
    ("GET", "/contacts/x", 400, "ErrorInvalidIdMalformed"),
    ("GET", "/contacts/AAMkAGI2TGuLAAA=", 404, "ErrorItemNotFound"),
    ("GET", "/contacts?$select=faxNumber", 400, "RequestBroker--ParseUri"),
    ("GET", "/contacts?$expand=photo", 400, "RequestBroker--ParseUri"),
    ("GET", "/contacts?$filter=givenName ne 'x'", 400, "ErrorInvalidUrlQuery"),
    ("GET", "/contacts?$top=0", 400, "ErrorInvalidUrlQuery"),
    ("GET", "/contacts?$top=1&$top=2", 400, "BadRequest"),
    ("GET", "/contactFolders/deleteditems", 400, "ErrorInvalidIdMalformed"),
    ("GET", "/nothing", 400, "BadRequest"),
    ("PATCH", "/contacts", 405, "MethodNotAllowed"),
    ("GET", "/mailFolders", 403, "ErrorAccessDenied"),
    ("POST", "/contacts/AAMkAGI2TGuLAAA=/move", 400, "BadRequest"),
)


@pytest.mark.parametrize(("method", "path", "status", "code"), REFUSED_CALLS)
def test_a_call_that_cannot_be_is_refused(
    graph: Graph, method: str, path: str, status: int, code: str
) -> None:
    """With the status and the code that Graph has for it."""
    assert graph.refused(method, path) == (status, code)


def test_only_some_tenants_move_contacts(make_box: Callable[..., Sandbox]) -> None:
    """Where one does, an unknown id is not found rather than the segment; the id stays."""
    graph = Graph(make_box(graph_moves=True))
    unknown, home = "/contacts/AAMkAGI2TGuLAAA=/move", {"destinationId": "contacts"}
    assert graph.refused("POST", unknown, home) == (404, "ErrorItemNotFound")
    folder = graph.post("/contactFolders", {"displayName": "Old"})
    made = graph.post("/contacts", {"givenName": "Ada"})
    moved = graph.post(f"/contacts/{made['id']}/move", {"destinationId": folder["id"]})
    assert (moved["id"], moved["parentFolderId"]) == (made["id"], folder["id"])
    assert moved["changeKey"] != made["changeKey"]


def test_errors_and_answers_say_whose_they_are(graph: Graph) -> None:
    """By an id of the server's and by the client's own; and preferences that count are named."""
    wanted = {"client_request_id": "mine", "Prefer": 'IdType="ImmutableId", odata.maxpagesize=3'}
    answer = graph.call("GET", f"{CONTACTS}/delta", **wanted)
    assert answer.headers["client-request-id"] == "mine"
    assert answer.headers["Preference-Applied"] == 'IdType="ImmutableId", odata.maxpagesize=3'
    error = graph.call("GET", "/contacts/x", client_request_id="mine")
    inner = error.json()["error"]["innerError"]
    assert inner["client-request-id"] == "mine"
    assert inner["request-id"] == error.headers["request-id"]
