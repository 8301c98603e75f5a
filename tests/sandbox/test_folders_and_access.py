"""Folders as a client meets them, and who may meet whose."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from exchangelib import DELEGATE, Contact, ExtendedProperty
from exchangelib.errors import ErrorAccessDenied, ErrorFolderExists, ErrorImpersonateUserDenied
from exchangelib.folders import Contacts, Folder

from syncd.sandbox.mailbox import Mailbox
from syncd.sandbox.server import NotLoopbackError, Sandbox
from tests.sandbox.conftest import ALICE, BOB, as_user, connect, send

FOLDER = (
    "<m:GetFolder><m:FolderShape><t:BaseShape>{}</t:BaseShape></m:FolderShape>"
    "<m:FolderIds>{}</m:FolderIds></m:GetFolder>"
)
CONTACTS = '<t:DistinguishedFolderId Id="contacts"/>'


class Claim(ExtendedProperty):  # type: ignore[misc]  # exchangelib has no types
    """A named property on a folder."""

    property_set_id = "c0ffee00-1111-2222-3333-444455556666"
    property_name = "claim"
    property_type = "String"


def contacts_of(address: str) -> str:
    """Return somebody's contacts folder."""
    return (
        '<t:DistinguishedFolderId Id="contacts"><t:Mailbox>'
        f"<t:EmailAddress>{address}</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId>"
    )


def test_exchangelib_walks_the_tree(alice: Any) -> None:
    """Root, distinguished folders by their classes, and what was made below."""
    Contacts(parent=alice.contacts, name="Former CRM contacts").save()
    made = alice.contacts / "Former CRM contacts"
    assert (made.folder_class, made.parent.id) == ("IPF.Contact", alice.contacts.id)
    assert alice.contacts.child_folder_count in (0, 1)
    assert alice.inbox.folder_class == "IPF.Note"
    assert {f.name for f in alice.root.walk()} >= {"Contacts", "Deleted Items", "Deletions"}
    with pytest.raises(ErrorFolderExists):
        Contacts(parent=alice.contacts, name="former crm CONTACTS").save()


def test_folders_count_what_they_hold(alice: Any, box: Sandbox, mailbox: Mailbox) -> None:
    """TotalCount and ChildFolderCount."""
    Contact(account=alice, folder=alice.contacts, display_name="x").save()
    mailbox.add_folder("contacts", "Below")
    reply = send(box, FOLDER.format("AllProperties", CONTACTS))
    assert reply.all("//t:ContactsFolder/t:TotalCount/text()") == ["1"]
    assert reply.all("//t:ContactsFolder/t:ChildFolderCount/text()") == ["1"]
    assert reply.all("//t:DistinguishedFolderId/text()") == ["contacts"]


def test_a_folder_keeps_a_property(alice: Any) -> None:
    """Set it, read it, change it: each change makes a new change key."""
    Folder.register("syncd_test_claim", Claim)
    try:
        folder = Contacts(parent=alice.contacts, name="Claimed").save()
        folder.syncd_test_claim = "1"
        folder.save(update_fields=["syncd_test_claim"])
        alice.root.clear_cache()
        assert (alice.contacts / "Claimed").syncd_test_claim == "1"
    finally:
        Folder.deregister("syncd_test_claim")


def test_names_follow_the_language_of_the_mailbox(make_box: Callable[..., Sandbox]) -> None:
    """The contacts folder is found whatever it is called."""
    box = make_box(folder_names={ALICE: {"contacts": "Kontakte"}})
    assert connect(box).contacts.name == "Kontakte"
    assert connect(box, BOB).contacts.name == "Contacts"


def test_the_service_account_serves_by_impersonation_and_as_delegate(box: Sandbox) -> None:
    """Both ways lead into the same mailbox."""
    for account in (connect(box), connect(box, access_type=DELEGATE)):
        Contact(account=account, folder=account.contacts, display_name="x").save()
    assert len(box.mailbox(ALICE).items()) == 2
    assert box.mailbox(BOB).items() == []


def test_a_user_has_her_own_mailbox_and_no_other(box: Sandbox) -> None:
    """No impersonation, no foreign folder, no foreign item."""
    own = connect(box, name=ALICE, access_type=DELEGATE)
    assert own.contacts.total_count == 0
    with pytest.raises(ErrorImpersonateUserDenied):
        assert connect(box, BOB, name=ALICE).contacts
    with pytest.raises(ErrorAccessDenied):
        assert connect(box, BOB, name=ALICE, access_type=DELEGATE).contacts
    foreign = box.mailbox(BOB).folder("contacts").id
    assert send(box, FOLDER.format("IdOnly", f'<t:FolderId Id="{foreign}"/>')).codes == [
        "ErrorAccessDenied"
    ]


def test_impersonation_reaches_one_mailbox_only(box: Sandbox) -> None:
    """Acting as Alice is not acting as Bob."""
    body = FOLDER.format("IdOnly", contacts_of(BOB))
    service = box.service_account
    assert send(box, body, name=service, header=as_user(ALICE)).codes == ["ErrorAccessDenied"]
    assert send(box, body, name=service).codes == ["NoError"]


def test_mailboxes_that_are_not(box: Sandbox) -> None:
    """An unknown address, and an account without a mailbox that names none."""
    service = box.service_account
    nobody = send(box, FOLDER.format("IdOnly", CONTACTS), name=service, header=as_user("no@x.test"))
    assert (nobody.status, nobody.codes) == (500, ["ErrorNonExistentMailbox"])
    named = send(box, FOLDER.format("IdOnly", contacts_of("no@x.test")), name=service)
    assert named.codes == ["ErrorNonExistentMailbox"]
    unnamed = send(box, FOLDER.format("IdOnly", CONTACTS), name=service)
    assert unnamed.codes == ["ErrorMissingEmailAddress"]


def test_a_wrong_password_is_a_401(box: Sandbox) -> None:
    """With a challenge, and it is not counted as a request."""
    answer = requests.post(box.url, data=b"", auth=(ALICE, "wrong"), timeout=10)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
    assert box.requests.total == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "example.test", "::"])  # noqa: S104
def test_only_loopback_is_served(host: str) -> None:
    """It has one password for all: no other machine may reach it."""
    with pytest.raises(NotLoopbackError):
        Sandbox([ALICE], host=host)
