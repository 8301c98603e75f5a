"""Faults on demand, and the endpoint by which another process asks for them."""

import time
from typing import Any

import pytest
import requests
from exchangelib import Contact
from exchangelib.errors import ErrorInvalidSyncStateData, ErrorServerBusy, UnauthorizedError

from syncd.sandbox.faults import FaultRuleError
from syncd.sandbox.mailbox import Mailbox
from syncd.sandbox.server import Sandbox
from tests.sandbox.conftest import ALICE, BOB, send, set_field, sync, update

CREATE = "<m:CreateItem><m:Items>" + "<t:Contact/>" * 3 + "</m:Items></m:CreateItem>"


def test_a_lost_answer_leaves_the_write_done(box: Sandbox, mailbox: Mailbox) -> None:
    """The client learns nothing, the mailbox has the item."""
    box.faults.add("CreateItem", "lost_answer")
    with pytest.raises(requests.ConnectionError):
        send(box, CREATE)
    assert len(mailbox.items()) == 3
    assert send(box, CREATE).codes == ["NoError"] * 3


def test_a_lost_request_leaves_nothing_done(box: Sandbox, mailbox: Mailbox) -> None:
    """The client cannot tell it from a lost answer."""
    box.faults.add("CreateItem", "lost_request")
    with pytest.raises(requests.ConnectionError):
        send(box, CREATE)
    assert mailbox.items() == []


def test_a_late_write_arrives_after_its_client_gave_up(box: Sandbox, mailbox: Mailbox) -> None:
    """Nothing at first, everything a moment later."""
    box.faults.add("CreateItem", "late_write", delay_ms=150)
    with pytest.raises(requests.ConnectionError):
        send(box, CREATE)
    assert mailbox.items() == []
    deadline = time.monotonic() + 5
    while not mailbox.items() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(mailbox.items()) == 3


def test_a_busy_server_says_for_how_long(alice: Any, box: Sandbox) -> None:
    """ErrorServerBusy with the back-off in milliseconds; nothing is done."""
    folder = alice.contacts
    box.faults.add("CreateItem", "server_busy", back_off_ms=2500)
    with pytest.raises(ErrorServerBusy) as busy:
        Contact(account=alice, folder=folder, display_name="x").save()
    assert busy.value.back_off == 2.5
    assert folder.all().count() == 0


def test_a_stale_change_key_is_somebody_elses_save(box: Sandbox, mailbox: Mailbox) -> None:
    """NeverOverwrite meets a conflict; the next try with the new key goes through."""
    item = mailbox.add("contacts", {})
    change = set_field("contacts:GivenName", "<t:GivenName>a</t:GivenName>")
    box.faults.add("UpdateItem", "stale_change_key")
    assert send(box, update(item.id, item.change_key, change)).codes == [
        "ErrorIrresolvableConflict"
    ]
    fresh = mailbox.item(item.id).change_key
    assert send(box, update(item.id, fresh, change)).codes == ["NoError"]


def test_an_invalid_sync_state_strikes_only_who_brings_one(alice: Any, box: Sandbox) -> None:
    """The first sync goes through, the second does not, a fresh start does."""
    box.faults.add("SyncFolderItems", "invalid_sync_state")
    assert list(alice.contacts.sync_items()) == []
    with pytest.raises(ErrorInvalidSyncStateData):
        list(alice.contacts.sync_items(sync_state=alice.contacts.item_sync_state))
    assert list(alice.contacts.sync_items()) == []


def test_a_sync_error_may_come_without_a_sync_state(box: Sandbox) -> None:
    """Legal by the schema, and known to break clients."""
    state = send(box, sync()).all("//m:SyncState/text()")[0]
    box.faults.add("SyncFolderItems", "bare_sync_error")
    reply = send(box, sync(state))
    assert (reply.codes, reply.all("//m:SyncState")) == (["ErrorInvalidSyncStateData"], [])


@pytest.mark.parametrize(
    ("fault", "status"),
    [("unauthorized", 401), ("http_403", 403), ("http_429", 429), ("http_503", 503)],
)
def test_http_errors(box: Sandbox, mailbox: Mailbox, fault: str, status: int) -> None:
    """As often as asked; busy ones say when to come back; nothing is done."""
    box.faults.add("*", fault, times=2, back_off_ms=3000)
    replies = [send(box, CREATE) for _ in range(3)]
    assert [reply.status for reply in replies] == [status, status, 200]
    assert replies[0].headers.get("Retry-After") == ("3" if status in (429, 503) else None)
    assert len(mailbox.items()) == 3


def test_exchangelib_sees_a_401(alice: Any, box: Sandbox) -> None:
    """As it would from a server whose password changed."""
    folder = alice.contacts
    box.faults.add("FindItem", "unauthorized")
    with pytest.raises(UnauthorizedError):
        folder.all().count()


def test_one_item_of_a_batch_fails(box: Sandbox, mailbox: Mailbox) -> None:
    """The others are done."""
    box.faults.add("CreateItem", "item_error", code="ErrorQuotaExceeded", index=1)
    assert send(box, CREATE).codes == ["NoError", "ErrorQuotaExceeded", "NoError"]
    assert len(mailbox.items()) == 2


def test_a_batch_stops(box: Sandbox, mailbox: Mailbox) -> None:
    """What comes after is not tried."""
    box.faults.add("CreateItem", "batch_stopped", index=1)
    assert send(box, CREATE).codes == ["NoError"] + ["ErrorBatchProcessingStopped"] * 2
    assert len(mailbox.items()) == 1


def test_a_rule_picks_its_mailbox_and_its_moment(box: Sandbox) -> None:
    """Bob is not struck, and Alice only the second time."""
    box.faults.add("CreateItem", "internal_error", mailbox=ALICE, after=1)
    statuses = [send(box, CREATE, name=name).status for name in (BOB, ALICE, BOB, ALICE, ALICE)]
    assert statuses == [200, 200, 200, 500, 200]


def test_the_control_endpoint(box: Sandbox) -> None:
    """Arm, list, disarm; count and reset; move the clock; ask for health."""
    url = box.control_url
    rule = {"on": "CreateItem", "fault": "server_busy", "times": 2}
    assert requests.post(f"{url}faults", json=rule, timeout=10).status_code == 200
    assert send(box, CREATE).codes == ["ErrorServerBusy"]
    armed = requests.get(f"{url}faults", timeout=10).json()["faults"]
    assert [(f["on"], f["fault"], f["left"]) for f in armed] == [("CreateItem", "server_busy", 1)]
    requests.delete(f"{url}faults", timeout=10)
    assert send(box, CREATE).codes == ["NoError"] * 3
    seen = requests.get(f"{url}requests", timeout=10).json()
    assert seen["counts"] == {"CreateItem": 2}
    assert [entry["status"] for entry in seen["last"]] == [500, 200]
    requests.delete(f"{url}requests", timeout=10)
    assert requests.get(f"{url}requests", timeout=10).json()["total"] == 0
    before = box.clock.seconds()
    requests.post(f"{url}clock", json={"advance_seconds": 3600}, timeout=10)
    assert 3600 <= box.clock.seconds() - before < 3660
    health = requests.get(f"{url}health", timeout=10).json()
    assert (health["mailboxes"], health["invalid_responses"]) == ([ALICE, BOB], 0)


@pytest.mark.parametrize(
    ("rule", "word"),
    [
        ({"on": "CreateItem", "fault": "gremlins"}, "lost_answer"),
        ({"on": "CreateItem", "fault": "slow", "time": 3}, "times"),
        ({"on": "CreateItem", "fault": "slow", "times": "3"}, "number"),
        ({"on": "CreateItem", "fault": "item_error"}, "code"),
    ],
)
def test_a_wrong_rule_is_explained(box: Sandbox, rule: dict[str, object], word: str) -> None:
    """HTTP 400, and the answer names what there is."""
    answer = requests.post(f"{box.control_url}faults", json=rule, timeout=10)
    assert answer.status_code == 400
    assert word in answer.json()["error"]
    with pytest.raises(FaultRuleError):
        box.faults.add(**rule)  # type: ignore[arg-type]  # that is the point
