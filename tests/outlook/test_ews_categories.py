"""The master list of categories over EWS: an XML document that others write, too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import pytest
from lxml import etree

from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.ews.answers import Message
from syncd.outlook.ews.categories import Categories
from syncd.outlook.ews.mailbox import EwsMailbox
from syncd.outlook.ews.requests import Distinguished
from syncd.outlook.ews.session import EwsServer, Session
from syncd.outlook.ews.xml import Element
from syncd.outlook.verdict import Effect
from syncd.sandbox.server import Sandbox
from tests.outlook.desk import ADDRESS, EwsDesk

RICH = (
    '<?xml version="1.0"?><!-- kept --><categories xmlns="CategoryList.xsd" default="Red" '
    'lastSavedSession="3" lastSavedTime="2026-01-05T20:23:33.000"><category name="Red" color="0" '
    'keyboardShortcut="2" usageCount="5" guid="{a27f8c66-3621-4183-bd29-6a7d34897811}" '
    'strange="yes"><more xmlns="urn:other"/></category><unknown/></categories>'
)


@pytest.fixture
def desk(box: Sandbox, ews: EwsMailbox) -> EwsDesk:
    """A desk over EWS alone."""
    return EwsDesk(box, ews)


def test_what_is_not_ours_goes_back_as_it_came(desk: EwsDesk) -> None:
    """P11: colours, shortcuts, counters, and what only other clients understand."""
    desk.keep_list(RICH)
    before = etree.fromstring(RICH.encode())
    assert desk.mailbox.offer_category("CRM")
    after = etree.fromstring(desk.list_xml())
    assert [etree.tostring(each) for each in list(after)[:2]] == [etree.tostring(e) for e in before]
    assert desk.mailbox.withdraw_category("CRM")
    left = etree.fromstring(desk.list_xml())
    for each in (before, left):
        del each.attrib["lastSavedTime"]
    assert etree.tostring(left) == etree.tostring(before)


def test_a_new_category_has_all_that_outlook_wants_of_it(desk: EwsDesk) -> None:
    """Its last use must be said, and who it is ([MS-OXOCFG] 2.2.5.2.2); its colour is nobody's."""
    assert desk.mailbox.offer_category("CRM")
    (made,) = etree.fromstring(desk.list_xml())
    assert made.tag == "{CategoryList.xsd}category"
    assert (made.get("name"), made.get("color")) == ("CRM", "-1")
    assert made.get("lastTimeUsed") == "1601-01-01T00:00:00.000"
    assert len(made.get("guid", "")) == len("{a27f8c66-3621-4183-bd29-6a7d34897811}")


@pytest.mark.parametrize(
    "xml", ["no list at all", "<categories/>", "<x xmlns='CategoryList.xsd'/>"]
)
def test_a_list_that_cannot_be_understood_is_left_alone(desk: EwsDesk, xml: str) -> None:
    """Whatever it is, it is not ours to replace."""
    desk.keep_list(xml)
    assert not desk.mailbox.offer_category("CRM")
    assert not desk.mailbox.withdraw_category("CRM")
    assert desk.list_xml() == xml.encode()


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("CreateUserConfiguration", "ErrorAccessDenied"),
        ("GetUserConfiguration", "ErrorFolderNotFound"),
        ("GetUserConfiguration", "ErrorInvalidRequest"),
    ],
)
def test_a_server_that_does_not_let_us_is_no_failure(
    desk: EwsDesk, box: Sandbox, operation: str, code: str
) -> None:
    """No right to make a list, no calendar, no such operation."""
    box.faults.add(operation, "soap_fault", code=code, times=9)
    assert not desk.mailbox.offer_category("CRM")
    assert desk.list_xml() == b""


@pytest.mark.parametrize("fault", ["server_busy", "lost_answer", "unauthorized"])
def test_a_mailbox_that_cannot_be_reached_is_a_failure(
    desk: EwsDesk, box: Sandbox, fault: str
) -> None:
    """It is tried again later, and nobody is told that the server does not allow it."""
    box.faults.add("GetUserConfiguration", fault, times=9)
    with pytest.raises(MailboxError):
        desk.mailbox.offer_category("CRM")


def test_a_category_that_may_not_be_taken_off_is_a_failure(desk: EwsDesk, box: Sandbox) -> None:
    """Whoever leaves a mailbox clean must know that it is not."""
    desk.set_categories("CRM")
    box.faults.add("UpdateUserConfiguration", "item_error", code="ErrorAccessDenied")
    with pytest.raises(MailboxError) as caught:
        desk.mailbox.withdraw_category("CRM")
    assert (caught.value.sort, caught.value.scope) == (Sort.DENIED, Scope.MAILBOX)


def test_a_refused_save_is_tried_once_more(desk: EwsDesk, box: Sandbox) -> None:
    """Somebody else saved the list meanwhile: it is read again, and again it is enough."""
    desk.set_categories("Red")
    box.faults.add("UpdateUserConfiguration", "item_error", code="ErrorIrresolvableConflict")
    assert desk.mailbox.offer_category("CRM")
    assert desk.offered() == ["Red", "CRM"]


@dataclass
class Rival:
    """A session in whose back somebody else acts, right after a request of one operation."""

    session: Session
    operation: str
    act: Callable[[], object]
    times: int = 1

    def call(self, operation: str, payload: Element, effect: Effect) -> list[Message]:
        """Send a request, then let the other one act."""
        found = self.session.call(operation, payload, effect)
        if operation == self.operation and self.times:
            self.times -= 1
            self.act()
        return found


def categories(server: EwsServer, *rival: Any) -> Categories:
    """The list of Alice, and somebody else at it."""
    session = cast("Session", Rival(Session(server, ADDRESS), *rival))
    return Categories(session, Distinguished("calendar", None))


def test_a_list_that_is_made_meanwhile_is_taken(desk: EwsDesk, server: EwsServer) -> None:
    """Outlook made it between our look and our save: both categories are in it."""
    held = categories(server, "GetUserConfiguration", lambda: desk.set_categories("Red"))
    assert held.offer("CRM")
    assert desk.offered() == ["Red", "CRM"]


@pytest.mark.parametrize(("times", "kept"), [(1, True), (9, False)])
def test_a_client_that_saves_over_ours_is_noticed(
    desk: EwsDesk, server: EwsServer, times: int, kept: bool
) -> None:
    """Outlook saves the list it had read before: ours is put in once more, and then no more."""
    desk.set_categories("Red")
    rival = ("UpdateUserConfiguration", lambda: desk.set_categories("Red"), times)
    assert categories(server, *rival).offer("CRM") is kept
    assert desk.offered() == (["Red", "CRM"] if kept else ["Red"])
