"""User configurations as a client meets them: hidden messages of a folder."""

from pathlib import Path
from typing import Any

import pytest
from exchangelib.errors import ErrorItemNotFound, ErrorItemSave

from syncd.sandbox.mailbox import Mailbox
from syncd.sandbox.server import Sandbox
from tests.sandbox.conftest import ALICE, BOB, as_user, send

GET = (
    '<m:GetUserConfiguration><m:UserConfigurationName Name="{}"><t:DistinguishedFolderId '
    'Id="calendar"/></m:UserConfigurationName><m:UserConfigurationProperties>{}'
    "</m:UserConfigurationProperties></m:GetUserConfiguration>"
)


def test_exchangelib_keeps_one(alice: Any) -> None:
    """Made, read, changed in part: what is not given stays."""
    folder = alice.calendar
    folder.create_user_configuration(name="Mine", xml_data=b"<a/>", binary_data=b"\x00\x01")
    folder.update_user_configuration(name="Mine", xml_data=b"<b/>")
    held = folder.get_user_configuration(name="Mine")
    assert (held.xml_data, held.binary_data) == (b"<b/>", b"\x00\x01")


def test_a_dictionary_comes_back(alice: Any) -> None:
    """Keys and values of their types."""
    folder, given = alice.inbox, {"on": "yes", 7: "seven"}
    folder.create_user_configuration(name="Mine", dictionary=given)
    assert folder.get_user_configuration(name="Mine").dictionary == given


def test_one_that_is_not_there_is_not_found(alice: Any) -> None:
    """Neither read nor updated; and none is made twice. Each folder has its own."""
    with pytest.raises(ErrorItemNotFound):
        alice.calendar.get_user_configuration(name="CategoryList")
    with pytest.raises(ErrorItemNotFound):
        alice.calendar.update_user_configuration(name="CategoryList", xml_data=b"<a/>")
    alice.calendar.create_user_configuration(name="CategoryList", xml_data=b"<a/>")
    with pytest.raises(ErrorItemSave):
        alice.calendar.create_user_configuration(name="CategoryList", xml_data=b"<a/>")
    with pytest.raises(ErrorItemNotFound):
        alice.inbox.get_user_configuration(name="CategoryList")


def test_only_what_is_asked_for_is_told(box: Sandbox, mailbox: Mailbox) -> None:
    """The id, which stays, with a change key, which does not; or single properties."""
    parts = {"XmlData": "<t:XmlData>YQ==</t:XmlData>"}
    parts = {k: v.replace("<t:XmlData", _declared("<t:XmlData"), 1) for k, v in parts.items()}
    mailbox.configure("calendar", "Mine", parts)
    first = send(box, GET.format("Mine", "Id"))
    mailbox.configure("calendar", "Mine", parts)
    second = send(box, GET.format("Mine", "Id XmlData"))
    assert first.all("//t:XmlData") == []
    assert second.all("//t:XmlData/text()") == ["YQ=="]
    for name, same in (("Id", True), ("ChangeKey", False)):
        path = f"//t:ItemId/@{name}"
        assert (first.all(path) == second.all(path)) is same


def _declared(tag: str) -> str:
    return f'{tag} xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"'


def test_nobody_reads_that_of_somebody_else(box: Sandbox) -> None:
    """A mailbox that is not the caller's is denied, as its folders are."""
    theirs = GET.format("Mine", "All").replace(
        'Id="calendar"/>',
        f'Id="calendar"><t:Mailbox><t:EmailAddress>{ALICE}</t:EmailAddress></t:Mailbox>'
        "</t:DistinguishedFolderId>",
    )
    assert send(box, theirs, name=BOB).codes == ["ErrorAccessDenied"]
    header = as_user(ALICE)
    own = send(box, GET.format("Mine", "All"), name=box.service_account, header=header)
    assert own.codes == ["ErrorItemNotFound"]


def test_they_outlive_a_restart(tmp_path: Path) -> None:
    """They are kept with their folder."""
    with Sandbox(users=[ALICE], state=tmp_path) as box:
        folder = box.mailbox(ALICE).configure("calendar", "Mine", {"XmlData": "<x/>"})
        box.save()
    with Sandbox(users=[ALICE], state=tmp_path) as box:
        assert box.mailbox(ALICE).folder("calendar").configurations == folder.configurations
