"""The known traps of EWS and of its client library, each with the test that it is stepped around.

The numbers are those of the work-around list for exchangelib 5.6.0. Number 7, the renewal of
tokens, has no place in basic authentication: there a refused sign-in is final.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import urllib3
from exchangelib.protocol import BaseProtocol, CachingProtocol
from requests.adapters import HTTPAdapter

from syncd.model.contact import CONTACT
from syncd.outlook import stamp as stamps
from syncd.outlook.errors import Failure, MailboxError, Sort
from syncd.outlook.ews import requests
from syncd.outlook.ews.mailbox import EwsMailbox, open_ews
from syncd.outlook.ews.paths import layout
from syncd.outlook.ews.session import EwsServer
from syncd.outlook.ews.xml import Element, M, T
from syncd.outlook.port import Creation, Move, Update, Written
from syncd.sandbox.server import Sandbox
from tests.outlook.desk import (
    ADDRESS,
    EwsDesk,
    create,
    creation,
    default,
    everything,
    read,
    stamp,
)

BOB = "bob@example.test"


@pytest.fixture
def desk(box: Sandbox, ews: EwsMailbox) -> EwsDesk:
    """A desk over EWS alone."""
    return EwsDesk(box, ews)


def test_01_a_busy_server_is_passed_on_at_once(desk: EwsDesk, box: Sandbox) -> None:
    """The library's policy would sleep for the hour that the server asks for, and send again."""
    where = default(desk)
    box.faults.add("CreateItem", "server_busy", back_off_ms=3_600_000, times=2)
    with pytest.raises(MailboxError) as caught:
        desk.mailbox.create(CONTACT, where, [creation("1", {"firstname": "Ann"})])
    assert (caught.value.sort, caught.value.retry_after) == (Sort.THROTTLED, 3600)
    assert [left for _, left in box.faults.pending()] == [1]


def test_02_an_error_of_one_item_keeps_the_ids_of_the_others(desk: EwsDesk, box: Sandbox) -> None:
    """The library raises on the first code that is not on its list, and forgets the others."""
    batch = [creation(str(number), {"firstname": "N"}) for number in range(10)]
    box.faults.add("CreateItem", "item_error", code="ErrorQuotaExceeded", index=5)
    results = desk.mailbox.create(CONTACT, default(desk), batch)
    assert sum(isinstance(each, Written) for each in results) == 9
    assert isinstance(results[5], Failure)


def test_03_a_create_is_never_repeated_down_here(desk: EwsDesk, box: Sandbox) -> None:
    """In doubt it is the journal that looks, after its grace; a look right now could miss it."""
    where = default(desk)
    box.faults.add("CreateItem", "late_write", delay_ms=300)
    before = desk.mailbox.requests
    with pytest.raises(MailboxError) as caught:
        desk.mailbox.create(CONTACT, where, [creation("1", {"firstname": "Ann"})])
    assert caught.value.sort is Sort.IN_DOUBT
    assert desk.mailbox.requests == before + 1


def test_04_nothing_is_overwritten_and_a_delete_is_a_move(desk: EwsDesk, box: Sandbox) -> None:
    """Updates say NeverOverwrite with their change key; DeleteItem is never sent."""
    made = create(desk, "1", {"firstname": "Ann"})
    box.faults.add("UpdateItem", "stale_change_key")
    update = Update(made.id, made.version, {"firstname": "Anna"}, None)
    (failed,) = desk.mailbox.update(CONTACT, [update])
    assert isinstance(failed, Failure)
    assert failed.sort is Sort.PRECONDITION
    (head,) = everything(desk)
    desk.mailbox.trash(CONTACT, [Move(head.id, head.version)])
    assert box.requests["DeleteItem"] == 0
    payload = requests.update_item(layout(CONTACT), [update], {})
    assert payload.get("ConflictResolution") == "NeverOverwrite"


def test_05_each_mailbox_has_a_connection_of_its_own(box: Sandbox, server: EwsServer) -> None:
    """The library keeps one per endpoint and account for ever, with the first one's settings."""
    cached = dict(CachingProtocol._protocol_cache)
    with (
        closing(open_ews(server, ADDRESS)) as one,
        closing(open_ews(replace(server, timeout=3), BOB)) as two,
    ):
        box.mailbox(BOB).add("contacts", {"contacts:GivenName": "Ann"})
        totals = []
        for mailbox in (one, two):
            folder = mailbox.folder(CONTACT, "default", create=False)
            totals.append(folder and folder.total)
        assert totals == [0, 1]
    assert cached == CachingProtocol._protocol_cache
    assert BaseProtocol.HTTP_ADAPTER_CLS is HTTPAdapter


def test_06_a_page_that_fails_loses_no_other(desk: EwsDesk, box: Sandbox) -> None:
    """Each page brings its own cursor; the library hands out the last one only."""
    for number in range(600):
        desk.add({"firstname": str(number)})
    first = desk.mailbox.changes(CONTACT, default(desk), None)
    box.faults.add("SyncFolderItems", "lost_answer")
    with pytest.raises(MailboxError):
        desk.mailbox.changes(CONTACT, default(desk), first.cursor)
    second = desk.mailbox.changes(CONTACT, default(desk), first.cursor)
    assert (len(first.seen), first.last) == (512, False)
    assert (len(second.seen), second.last) == (88, True)


def test_08_an_answer_is_taken_in_large_pieces(
    desk: EwsDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library takes it byte by byte, which is two fifths of its cost."""
    ids = [desk.add({"firstname": "N", "description": "x" * 1000}) for _ in range(100)]
    pieces: list[int] = []
    whole = urllib3.HTTPResponse.read1

    def counted(
        self: urllib3.HTTPResponse, amt: int | None = None, decode_content: bool | None = None
    ) -> bytes:
        piece = whole(self, amt, decode_content)
        pieces.append(len(piece))
        return piece

    monkeypatch.setattr(urllib3.HTTPResponse, "read1", counted)
    desk.mailbox.read(CONTACT, ids)
    assert sum(pieces) > 100_000
    assert len(pieces) < sum(pieces) / 1000


def test_09_the_stamp_is_one_property_set_for_all_backends() -> None:
    """It is never registered anywhere and never changes: all stamps would be lost."""
    assert stamps.LINK.set_id == stamps.KEY.set_id == "5f0b9c1e-7d43-4a86-9e1b-2c6a8f3d4e70"
    assert (stamps.LINK.name, stamps.KEY.name) == ("SyncdLink", "SyncdKey")


def test_10_a_new_phone_number_is_one_change() -> None:
    """The library deletes every other label once per number: 51 deletes for three numbers."""
    numbers = {"telephone1": "+1", "mobilephone": "+2", "pager": "+3"}
    payload = requests.update_item(layout(CONTACT), [Update("id", "key", numbers, None)], {})
    changes = payload.find(f"{M}ItemChanges/{T}ItemChange/{T}Updates")
    assert changes is not None
    assert [change.tag for change in changes] == [T + "SetItemField"] * 3


def test_11_nothing_is_guessed_or_discovered(box: Sandbox, server: EwsServer) -> None:
    """Opening a mailbox sends nothing; the first call is the first request."""
    with closing(open_ews(server, ADDRESS)) as mailbox:
        assert box.requests.total == 0
        mailbox.folder(CONTACT, "default", create=False)
        assert (box.requests.total, mailbox.requests) == (1, 1)


def test_12_a_connection_that_broke_is_not_waited_for(desk: EwsDesk, box: Sandbox) -> None:
    """Every session is given back, whatever happened: the library would wait for one for ever."""
    where = default(desk)
    for fault in ("lost_answer", "corrupt_xml", "unauthorized", "http_503", "lost_request") * 2:
        box.faults.add("SyncFolderItems", fault)
        with pytest.raises(MailboxError):
            desk.mailbox.changes(CONTACT, where, None)
    assert desk.mailbox.changes(CONTACT, where, None).last


def test_13_nothing_is_sent_to_anybody() -> None:
    """Writes save, and only save (P6)."""
    for payload in writing():
        assert payload.get("MessageDisposition") == "SaveOnly"


def writing() -> Iterator[Element]:
    """The payloads that save items."""
    place = layout(CONTACT)
    yield requests.create_item(CONTACT, place, "id", [Creation({}, {}, stamp("1"))])
    yield requests.update_item(place, [Update("id", "key", {"firstname": "Ann"}, None)], {})


@pytest.mark.parametrize(
    ("address", "routing"),
    [
        ("/O=CONTOSO/OU=EXCHANGE/CN=RECIPIENTS/CN=ANN", "EX"),
        ("Ann Lee@+49 89 1234", "FAX"),
        ("Ann Lee", "SMTP"),
    ],
)
def test_what_is_no_e_mail_address_is_not_observed_and_guarded(
    desk: EwsDesk, box: Sandbox, address: str, routing: str
) -> None:
    """A colleague out of the address list, a fax: not taken for an address, nor replaced."""
    item = desk.add({"lastname": "Lee", "emailaddress2": "ann@example.test"})
    own = "contacts:EmailAddress:EmailAddress1"
    box.mailbox(ADDRESS).update(item, {own: address, f"{own}:RoutingType": routing})
    found = read(desk, item)
    assert "emailaddress1" not in found.record.fields
    assert found.record.fields["emailaddress2"] == "ann@example.test"
    assert found.guarded == {"emailaddress1"}
    (head,) = everything(desk)
    assert head.match["emailaddress1"] is None


def test_the_environment_does_not_replace_what_is_configured(
    server: EwsServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither its proxies, nor its CA bundle, nor its netrc."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login mallory password wrong\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with closing(open_ews(server, ADDRESS)) as mailbox:
        assert mailbox.folder(CONTACT, "default", create=False) is not None


def test_what_is_private_is_not_in_the_log(
    desk: EwsDesk, box: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even of a request that failed, and not at the lowest level (P14)."""
    caplog.set_level("DEBUG")
    where = default(desk)
    for fault in ("lost_answer", "corrupt_xml", "internal_error"):
        box.faults.add("CreateItem", fault)
        with pytest.raises(MailboxError) as caught:
            desk.mailbox.create(CONTACT, where, [creation("1", {"firstname": "Rumpelstilz"})])
        assert "Rumpelstilz" not in repr(caught.value)
    assert "Rumpelstilz" not in caplog.text
    assert box.password not in caplog.text.replace("sandbox-", "")
