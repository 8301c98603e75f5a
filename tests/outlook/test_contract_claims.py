"""The laws of the port about the claim on a folder. Every backend keeps all of them."""

from __future__ import annotations

import pytest

from syncd.model.contact import CONTACT
from syncd.outlook.errors import MailboxError, Scope, Sort
from tests.outlook.desk import Desk

CLAIM = "4d1/7ab/12/x<&>'y"


def test_a_folder_bears_what_was_put_on_it(desk: Desk) -> None:
    """It is read as it was written, replaced, and taken off; other folders bear nothing of it."""
    port, other = desk.mailbox, desk.add_folder("Kunden")
    here = port.folder(CONTACT, "default", create=False)
    assert here is not None
    assert port.read_claim(CONTACT, here.id) is None
    for claim in (CLAIM, "another/1"):
        port.write_claim(CONTACT, here.id, claim)
        assert port.read_claim(CONTACT, here.id) == claim
        assert port.read_claim(CONTACT, other) is None
    port.write_claim(CONTACT, here.id, None)
    assert port.read_claim(CONTACT, here.id) is None


def test_it_is_no_change_of_an_item(desk: Desk) -> None:
    """P4: what is put on a folder is no news of what is in it."""
    port = desk.mailbox
    here = port.folder(CONTACT, "default", create=False)
    assert here is not None
    desk.add({"firstname": "Ann"})
    page = port.changes(CONTACT, here.id, None)
    while not page.last:
        page = port.changes(CONTACT, here.id, page.cursor)
    port.write_claim(CONTACT, here.id, CLAIM)
    after = port.changes(CONTACT, here.id, page.cursor)
    assert (after.seen, after.removed) == ((), ())


def test_each_is_one_request(desk: Desk) -> None:
    """Reading costs one, and writing costs one."""
    port = desk.mailbox
    here = port.folder(CONTACT, "default", create=False)
    assert here is not None
    before = port.requests
    port.read_claim(CONTACT, here.id)
    port.write_claim(CONTACT, here.id, CLAIM)
    assert port.requests - before == 2


def test_a_folder_that_is_gone_says_so(desk: Desk) -> None:
    """A claim is not read off a folder that is not there, and not put on it."""
    gone = desk.add_folder("Kunden")
    desk.delete_folder(gone)
    with pytest.raises(MailboxError) as caught:
        desk.mailbox.read_claim(CONTACT, gone)
    assert (caught.value.sort, caught.value.scope) == (Sort.GONE, Scope.FOLDER)
    with pytest.raises(MailboxError) as caught:
        desk.mailbox.write_claim(CONTACT, gone, CLAIM)
    assert (caught.value.sort, caught.value.scope) == (Sort.GONE, Scope.FOLDER)
