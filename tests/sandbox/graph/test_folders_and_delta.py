"""Contact folders, and what changed in them and among them since last time."""

from collections.abc import Callable

import pytest

from syncd.sandbox.mailbox import Mailbox
from syncd.sandbox.server import Sandbox
from tests.sandbox.graph.conftest import ALICE, CONTACTS, IMMUTABLE, Graph

DELTA = f"{CONTACTS}/delta"


def test_folders_are_made_below_contacts(graph: Graph, mailbox: Mailbox) -> None:
    """Named once in any case; renamed; put into Deleted Items with what is in them; then gone."""
    home = graph.get("/contactFolders/contacts")
    assert home["parentFolderId"] not in {home["id"], None}
    made = graph.post("/contactFolders", {"displayName": "Old"})
    assert made["parentFolderId"] == home["id"]
    taken = {"displayName": "OLD"}
    assert graph.refused("POST", "/contactFolders", taken) == (409, "ErrorFolderExists")
    path = f"/contactFolders/{made['id']}"
    contact = graph.post(f"{path}/contacts", {"givenName": "Ada"})
    assert graph.patch(path, {"displayName": "Older"})["displayName"] == "Older"
    assert [each["id"] for each in graph.get("/contactFolders")["value"]] == [made["id"]]
    counted = graph.get(f"{path}/contacts?$count=true&$top=1&$select=id")
    assert counted["@odata.count"] == 1
    assert graph.refused("GET", f"{CONTACTS}/{contact['id']}") == (404, "ErrorItemNotFound")

    graph.delete(path)
    assert graph.get("/contactFolders")["value"] == []
    trash = graph.get(path)["parentFolderId"]
    known = {each["id"]: each for each in graph.rounds("/contactFolders/delta")[0]}
    assert known[made["id"]]["parentFolderId"] == trash
    assert trash not in known and home["parentFolderId"] != trash  # noqa: PT018  # one thought
    assert graph.get(f"{path}/contacts/{contact['id']}")["givenName"] == "Ada"
    graph.delete(path)
    assert graph.refused("GET", path) == (404, "ErrorItemNotFound")
    assert graph.refused("DELETE", "/contactFolders/contacts")[0] == 400
    assert mailbox.children(mailbox.folder("deleteditems")) == []


def test_a_name_that_deleted_items_has_is_numbered(graph: Graph, mailbox: Mailbox) -> None:
    """Two folders of one name can be deleted."""
    for _ in range(2):
        made = graph.post("/contactFolders", {"displayName": "Old"})
        graph.delete(f"/contactFolders/{made['id']}")
    names = [each.name for each in mailbox.children(mailbox.folder("deleteditems"))]
    assert names == ["Old", "Old (1)"]


def test_folders_that_changed_are_told(graph: Graph, mailbox: Mailbox) -> None:
    """Made, renamed, moved away, and removed for good; in pages."""
    prefer = {"Prefer": "odata.maxpagesize=1"}
    told, link = graph.rounds("/contactFolders/delta", **prefer)
    assert [each["displayName"] for each in told] == ["Contacts"]
    ids = [graph.post("/contactFolders", {"displayName": n})["id"] for n in ("A", "B", "C")]
    told, link = graph.rounds(link, **prefer)
    assert [each["displayName"] for each in told] == ["A", "B", "C"]
    graph.patch(f"/contactFolders/{ids[0]}", {"displayName": "AA"})
    graph.delete(f"/contactFolders/{ids[1]}")
    mailbox.delete_folder("C")
    told, link = graph.rounds(link, **prefer)
    assert [each.get("displayName") for each in told] == ["AA", "B", None]
    assert told[2] == {"id": ids[2], "@removed": {"reason": "deleted"}}
    assert graph.rounds(link)[0] == []


def test_a_round_tells_what_changed(graph: Graph) -> None:
    """All at first, in pages, with what was selected at the start; then only what is new."""
    made = [graph.post(CONTACTS, {"givenName": str(n), "jobTitle": "x"})["id"] for n in range(5)]
    first = graph.get(f"{DELTA}?$select=givenName", Prefer=f"{IMMUTABLE}, odata.maxpagesize=2")
    assert len(first["value"]) == 2
    prefer = {"Prefer": f"{IMMUTABLE}, odata.maxpagesize=2"}
    rest, link = graph.rounds(first["@odata.nextLink"], **prefer)
    told = first["value"] + rest
    assert {each["id"] for each in told} == set(made)
    assert all(set(each) == {"@odata.etag", "id", "givenName"} for each in told)
    assert graph.rounds(link)[0] == []

    graph.patch(f"/contacts/{made[1]}", {"givenName": "new"})
    graph.delete(f"/contacts/{made[2]}")
    told, link = graph.rounds(link)
    assert {each["id"]: each.get("givenName") for each in told} == {made[1]: "new", made[2]: None}
    assert graph.rounds(link)[0] == []


def test_a_contact_that_came_back_is_not_removed(graph: Graph, mailbox: Mailbox) -> None:
    """Moved away and back by EWS it has another id there, and the same one here."""
    made = graph.post(CONTACTS, {"givenName": "Ada"})
    mailbox.add_folder("contacts", "Old")
    _, link = graph.rounds(f"{DELTA}?$select=id")
    away = mailbox.move(mailbox.items()[0].id, "Old")
    told, link = graph.rounds(link)
    assert told == [{"id": made["id"], "@removed": {"reason": "changed"}}]
    back = mailbox.move(away.id, "contacts")
    mailbox.move(mailbox.move(back.id, "Old").id, "contacts")
    told, link = graph.rounds(link)
    assert [(each["id"], "@removed" in each) for each in told] == [(made["id"], False)]
    assert graph.rounds(link)[0] == []


def test_changes_may_come_twice_and_pages_empty(make_box: Callable[..., Sandbox]) -> None:
    """Where the sandbox does all that it may, a round still ends, and tells everything."""
    graph = Graph(make_box(graph_replays=True))
    made = {graph.post(CONTACTS, {"givenName": str(n)})["id"] for n in range(5)}
    prefer = {"Prefer": f"{IMMUTABLE}, odata.maxpagesize=2"}
    told, link = graph.rounds(f"{DELTA}?$select=id", **prefer)
    assert len(told) > len(made)
    assert {each["id"] for each in told} == made
    assert graph.rounds(link, **prefer)[0] == []


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("$filter=givenName eq 'x'", 400, "ErrorInvalidUrlQuery"),
        ("$orderby=givenName", 400, "ErrorInvalidUrlQuery"),
        ("$search=x", 400, "ErrorInvalidUrlQuery"),
        ("$expand=singleValueExtendedProperties", 500, "ErrorInternalServerError"),
        ("$deltatoken=made-up", 400, "BadRequest"),
    ],
)
def test_what_a_delta_refuses(graph: Graph, query: str, status: int, code: str) -> None:
    """As it is documented, or known to be trouble."""
    assert graph.refused("GET", f"{DELTA}?{query}") == (status, code)


def test_a_link_is_good_for_its_folder_only(graph: Graph) -> None:
    """The token of one folder is none for another; one that was cut is none for any."""
    _, link = graph.rounds(DELTA)
    folder = graph.post("/contactFolders", {"displayName": "Old"})["id"]
    other = link.replace("contactFolders/contacts/", f"contactFolders/{folder}/")
    assert graph.refused("GET", other) == (400, "ErrorInvalidIdMalformed")
    assert graph.refused("GET", link[:-5]) == (400, "BadRequest")
    assert ALICE in link
