"""Ids: those of EWS in other letters, and immutable ones, which outlive moves and restarts."""

from collections.abc import Callable
from pathlib import Path

from syncd.sandbox.mailbox import Mailbox
from syncd.sandbox.server import Sandbox
from tests.sandbox.conftest import connect
from tests.sandbox.graph.conftest import ALICE, CONTACTS, Graph

PLAIN = {"Prefer": ""}


def test_an_item_that_ews_moves_keeps_its_immutable_id(box: Sandbox, graph: Graph) -> None:
    """Into another folder and into Deleted Items; its other id changes each time."""
    made = graph.post(CONTACTS, {"givenName": "Ada"})
    plain = [graph.get(CONTACTS, **PLAIN)["value"][0]["id"]]
    folder = graph.post("/contactFolders", {"displayName": "Old"})
    account = connect(box)
    item = next(iter(account.contacts.all()))
    item.move(account.contacts / "Old")
    seen = graph.get(f"/contacts/{made['id']}")
    assert (seen["id"], seen["parentFolderId"]) == (made["id"], folder["id"])
    plain.append(graph.get(f"/contacts/{made['id']}", **PLAIN)["id"])
    item.move_to_trash()
    assert graph.get(f"/contacts/{made['id']}")["id"] == made["id"]
    plain.append(graph.get(f"/contacts/{made['id']}", **PLAIN)["id"])
    assert len({made["id"], *plain}) == 4
    assert graph.refused("GET", f"/contacts/{plain[0]}") == (404, "ErrorItemNotFound")
    assert graph.get(f"/contacts/{plain[2]}")["id"] == made["id"]


def test_what_is_deleted_for_good_is_gone(graph: Graph, mailbox: Mailbox) -> None:
    """Also by its immutable id, and so is what is beyond Deleted Items."""
    for how in ("delete", "purge"):
        made = graph.post(CONTACTS, {"givenName": "Ada"})
        item = mailbox.items()[0]
        if how == "delete":
            mailbox.delete(mailbox.move(item.id, "deleteditems").id)
        else:
            mailbox.move(item.id, "recoverableitemsdeletions")
        assert graph.refused("GET", f"/contacts/{made['id']}") == (404, "ErrorItemNotFound")


def test_a_copy_is_another_item(graph: Graph, mailbox: Mailbox) -> None:
    """It has an immutable id of its own."""
    graph.post(CONTACTS, {"givenName": "Ada"})
    mailbox.copy(mailbox.items()[0].id, "contacts")
    assert len({each["id"] for each in graph.get(CONTACTS)["value"]}) == 2


def test_immutable_ids_outlive_a_restart(make_box: Callable[..., Sandbox], tmp_path: Path) -> None:
    """Of an item that moved, and of one that is gone and still to be told as removed."""
    box = make_box(state=tmp_path)
    graph, mailbox = Graph(box), box.mailbox(ALICE)
    folder = graph.post("/contactFolders", {"displayName": "Old"})
    made = [graph.post(CONTACTS, {"givenName": name})["id"] for name in ("Ada", "Bea")]
    where = f"/contactFolders/{folder['id']}/contacts"
    with box.organisation.lock:
        for item in mailbox.items():
            mailbox.move(item.id, "Old")
    _, link = graph.rounds(f"{where}/delta?$select=id")
    with box.organisation.lock:
        mailbox.delete(mailbox.items("Old")[0].id)
        box.save()
    box.close()

    graph = Graph(again := make_box(state=tmp_path))
    assert [each["id"] for each in graph.get(where)["value"]] == made[1:]
    assert graph.get(f"/contacts/{made[1]}")["givenName"] == "Bea"
    told, _ = graph.rounds(link.replace(box.base_url, again.base_url))
    assert told == [{"id": made[0], "@removed": {"reason": "deleted"}}]


def test_ids_are_translated_each_by_itself(graph: Graph, mailbox: Mailbox) -> None:
    """From every form into every other; what is unknown is named, and the rest goes on."""
    made = graph.post(CONTACTS, {"givenName": "Ada"})
    ews = mailbox.items()[0].id
    forms = ("ewsId", "restId", "entryId", "immutableEntryId", "restImmutableEntryId")

    def translated(ids: list[str], source: str, target: str) -> list[dict[str, object]]:
        body = {"inputIds": ids, "sourceIdType": source, "targetIdType": target}
        value: list[dict[str, object]] = graph.post("/translateExchangeIds", body)["value"]
        return value

    own = {form: translated([ews], "ewsId", form)[0]["targetId"] for form in forms}
    assert (own["ewsId"], own["restImmutableEntryId"]) == (ews, made["id"])
    for source in forms:
        for target in forms:
            answer = translated([str(own[source])], source, target)
            assert answer == [{"sourceId": own[source], "targetId": own[target]}]

    gone = mailbox.move(ews, "deleteditems")
    answers = translated([ews, gone.id, "nonsense"], "ewsId", "restImmutableEntryId")
    assert [each.get("targetId") for each in answers] == [None, made["id"], None]
    codes = [each["errorDetails"]["code"] for each in answers if "errorDetails" in each]  # type: ignore[index]
    assert codes == ["ErrorItemNotFound", "ErrorInvalidIdMalformed"]


def test_folders_are_translated_too(graph: Graph, mailbox: Mailbox) -> None:
    """They have one id, which is immutable by itself."""
    folder = mailbox.folder("contacts")
    body = {
        "inputIds": [folder.id],
        "sourceIdType": "ewsId",
        "targetIdType": "restImmutableEntryId",
    }
    answer = graph.post("/translateExchangeIds", body)["value"][0]
    assert answer["targetId"] == graph.get("/contactFolders/contacts")["id"]
    assert graph.refused("POST", "/translateExchangeIds", {**body, "inputIds": ["x"] * 1001}) == (
        400,
        "ErrorInvalidRequest",
    )
