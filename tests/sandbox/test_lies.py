"""Faults of a server that answers in good form what is not so: over EWS."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import pytest
import requests

from syncd.sandbox.mailbox import Mailbox
from syncd.sandbox.server import Sandbox
from tests.sandbox.conftest import Reply, get_items, send, set_field, sync, update

FIND = (
    '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>'
    '<m:Restriction><t:Exists><t:FieldURI FieldURI="item:ItemClass"/></t:Exists></m:Restriction>'
    '<m:ParentFolderIds><t:DistinguishedFolderId Id="contacts"/></m:ParentFolderIds></m:FindItem>'
)
NAME = "contacts:GivenName"


def ids(reply: Reply) -> list[str]:
    """The ids in an answer, in order."""
    return [each.get("Id") for each in reply.all("//t:ItemId")]


def test_an_empty_folder_is_listed_whole(box: Sandbox, mailbox: Mailbox) -> None:
    """No change, the last of the range, and a sync state to go on from; no search finds any."""
    item = mailbox.add("contacts", {NAME: "Ada"})
    box.faults.add("*", "empty_folder", times=2)
    listed = send(box, sync())
    assert (ids(listed), listed.codes) == ([], ["NoError"])
    assert [each.text for each in listed.all("//m:IncludesLastItemInRange")] == ["true"]
    assert ids(send(box, FIND)) == []
    assert ids(send(box, sync(listed.all("//m:SyncState")[0].text))) == []
    assert ids(send(box, sync())) == ids(send(box, FIND)) == [item.id]


def test_changes_come_in_another_order_and_twice(box: Sandbox, mailbox: Mailbox) -> None:
    """The same changes, and no others."""
    for name in ("Ada", "Bob"):
        mailbox.add("contacts", {NAME: name})
    plain = ids(send(box, sync()))
    box.faults.add("SyncFolderItems", "reordered")
    assert ids(send(box, sync())) == plain[::-1]
    box.faults.add("SyncFolderItems", "repeated")
    assert ids(send(box, sync())) == [*plain, *plain]


def test_an_index_that_lags_does_not_show_what_is_young(box: Sandbox, mailbox: Mailbox) -> None:
    """Only to a search: a listing and GetItem show it."""
    item = mailbox.add("contacts", {NAME: "Ada"})
    box.faults.add("*", "lagging_index", delay_ms=60_000, times=99)
    assert ids(send(box, FIND)) == []
    assert ids(send(box, sync())) == ids(send(box, get_items(item.id))) == [item.id]
    box.clock.advance(61)
    assert ids(send(box, FIND)) == [item.id]


@pytest.mark.parametrize("lead", [3600, -3600])
def test_a_wrong_clock_dates_answers_and_items(box: Sandbox, mailbox: Mailbox, lead: int) -> None:
    """For as long as the request takes; what is stamped by it stays so."""
    item = mailbox.add("contacts", {NAME: "Ada"})
    change = update(item.id, item.change_key, set_field(NAME, "<t:GivenName>B</t:GivenName>"))
    before = box.clock.seconds()
    box.faults.add("UpdateItem", "wrong_clock", delay_ms=lead * 1000)
    wrong = parsedate_to_datetime(send(box, change).headers["Date"]).timestamp()
    assert lead <= wrong - before <= lead + 30
    assert (mailbox.item(item.id).modified > item.modified) is (lead > 0)
    right = parsedate_to_datetime(send(box, sync()).headers["Date"]).timestamp()
    assert 0 <= right - before <= 30


@pytest.mark.parametrize(
    ("fault", "kept"), [("normalised", "ADALBERTINE"), ("truncated", "Adalbert")]
)
def test_a_text_is_kept_otherwise_than_it_was_sent(
    box: Sandbox, mailbox: Mailbox, fault: str, kept: str
) -> None:
    """The answer says nothing of it; the next write is kept as it is."""
    item = mailbox.add("contacts", {})
    change = set_field(NAME, "<t:GivenName>Adalbertine</t:GivenName>")
    box.faults.add("UpdateItem", fault)
    assert send(box, update(item.id, item.change_key, change)).codes == ["NoError"]
    assert mailbox.item(item.id)[NAME] == kept
    send(box, update(item.id, None, change, how="AlwaysOverwrite"))
    assert mailbox.item(item.id)[NAME] == "Adalbertine"


def test_change_keys_move_for_nothing(box: Sandbox, mailbox: Mailbox) -> None:
    """Each item has another one, and the same content."""
    item = mailbox.add("contacts", {NAME: "Ada"})
    box.faults.add("SyncFolderItems", "restless")
    (told,) = send(box, sync()).all("//t:ItemId")
    assert told.get("Id") == item.id
    assert told.get("ChangeKey") != item.change_key
    assert mailbox.item(item.id)[NAME] == "Ada"


def test_an_answer_is_cut_in_its_middle(box: Sandbox, mailbox: Mailbox) -> None:
    """What was asked is done; less arrives than was announced."""
    box.faults.add("CreateItem", "cut")
    with pytest.raises(requests.exceptions.RequestException):
        send(box, "<m:CreateItem><m:Items><t:Contact/></m:Items></m:CreateItem>")
    assert len(mailbox.items()) == 1


@pytest.mark.parametrize("code", ["", "bytes", "json", "empty"])
def test_an_answer_is_none_of_ours(box: Sandbox, mailbox: Mailbox, code: str) -> None:
    """What was asked is done; HTTP 200, and nothing of SOAP."""
    box.faults.add("CreateItem", "garbage", code=code)
    answer = requests.post(
        box.url,
        data='<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m='
        '"http://schemas.microsoft.com/exchange/services/2006/messages" xmlns:t='
        '"http://schemas.microsoft.com/exchange/services/2006/types"><s:Body>'
        "<m:CreateItem><m:Items><t:Contact/></m:Items></m:CreateItem></s:Body></s:Envelope>",
        auth=("alice@example.test", box.password),
        headers={"Content-Type": "text/xml; charset=utf-8"},
        timeout=10,
    )
    assert answer.status_code == 200
    assert b"CreateItemResponse" not in answer.content
    assert len(mailbox.items()) == 1
