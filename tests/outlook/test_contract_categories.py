"""The laws of the port about the categories that Outlook offers. Every backend keeps them."""

from __future__ import annotations

from tests.outlook.desk import Desk


def test_a_category_is_offered_beside_the_users_own(desk: Desk) -> None:
    """It is in the list, once; what its user has there stays (P11, P14)."""
    desk.set_categories("Red", "Kunde & Freund")
    assert desk.mailbox.offer_category("CRM")
    assert desk.mailbox.offer_category("CRM")
    assert desk.offered() == ["Red", "Kunde & Freund", "CRM"]


def test_a_category_of_its_users_own_is_taken_as_it_is(desk: Desk) -> None:
    """Outlook knows one category by its name, in any case: a second one would be none."""
    desk.set_categories("crm")
    assert desk.mailbox.offer_category("CRM")
    assert desk.offered() == ["crm"]


def test_a_mailbox_without_a_list_gets_one(desk: Desk) -> None:
    """Nobody has opened it in Outlook yet."""
    assert desk.mailbox.offer_category("CRM")
    assert desk.offered() == ["CRM"]


def test_a_list_that_is_not_open_to_us_is_no_failure(desk: Desk) -> None:
    """The answer says so, and the rest of the run goes on."""
    desk.lock_categories()
    assert not desk.mailbox.offer_category("CRM")
    assert not desk.mailbox.withdraw_category("CRM")
    assert desk.offered() == []


def test_a_category_is_withdrawn_alone(desk: Desk) -> None:
    """Its user's others stay; whether it was there is said."""
    desk.set_categories("Red", "CRM", "Blue")
    assert desk.mailbox.withdraw_category("CRM")
    assert desk.offered() == ["Red", "Blue"]
    assert not desk.mailbox.withdraw_category("CRM")


def test_there_is_nothing_to_withdraw_where_there_is_no_list(desk: Desk) -> None:
    """And no list is made for it."""
    assert not desk.mailbox.withdraw_category("CRM")
    assert desk.offered() == []
