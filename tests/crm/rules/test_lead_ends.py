"""The other end of a lead, the way back, and what a new one takes from whom it names."""

from __future__ import annotations

import pytest

from syncd.crm.errors import CrmError, RuleBroken
from tests.crm.rules.desk import Desk
from tests.crm.rules.test_qualify import WHOLE, count


@pytest.mark.parametrize("reason", ["lost", "cannot contact", "no longer interested", "canceled"])
def test_a_lead_is_disqualified_for_a_reason(desk: Desk, reason: str) -> None:
    """It stays, with everything, and is open again as soon as somebody says so."""
    lead = desk.make("lead", **WHOLE)
    task = desk.make("task", regardingobjectid=f"lead:{lead.id}")
    done = desk.crm.disqualify(lead.id, reason)
    assert (done.statecode, done.statuscode) == ("disqualified", reason)
    assert done.values == lead.values
    assert desk.now(task) == task
    again = desk.crm.reactivate("lead", lead.id)
    assert (again.statecode, again.statuscode) == ("open", "new")


@pytest.mark.parametrize("reason", ["new", "qualified", "won", "tired", ""])
def test_there_is_no_other_reason(desk: Desk, reason: str) -> None:
    """One of the four."""
    lead = desk.make("lead")
    with pytest.raises(CrmError):
        desk.crm.disqualify(lead.id, reason)
    assert desk.now(lead) == lead


def test_what_came_to_a_sale_is_not_disqualified(desk: Desk) -> None:
    """Reactivated, it still has its opportunity; once that is gone, it may be."""
    lead = desk.make("lead")
    sale = desk.crm.qualify(lead.id).opportunity
    assert sale
    desk.crm.reactivate("lead", lead.id)
    with pytest.raises(RuleBroken):
        desk.crm.disqualify(lead.id, "lost")
    desk.crm.delete("opportunity", sale.id)
    assert desk.crm.disqualify(lead.id, "lost").statecode == "disqualified"


def test_qualified_again_it_makes_nothing_twice(desk: Desk) -> None:
    """Contact, account and opportunity are those of the first time."""
    lead = desk.make("lead", **WHOLE)
    first = desk.crm.qualify(lead.id)
    desk.crm.reactivate("lead", lead.id)
    before = count(desk)
    second = desk.crm.qualify(lead.id)
    assert count(desk) == before
    for name in ("contact", "account", "opportunity"):
        one, two = getattr(first, name), getattr(second, name)
        assert one.id == two.id
    assert second.adopted == {"contact", "account", "opportunity"}


def test_qualified_again_without_its_opportunity_it_makes_a_new_one(desk: Desk) -> None:
    """That one was deleted: the lead does not point to it any more."""
    lead = desk.make("lead", **WHOLE)
    first = desk.crm.qualify(lead.id).opportunity
    assert first
    desk.crm.delete("opportunity", first.id)
    desk.crm.reactivate("lead", lead.id)
    second = desk.crm.qualify(lead.id).opportunity
    assert second
    assert second.id != first.id


# --- a new lead about somebody known -------------------------------------------------------------


def test_a_new_lead_takes_from_whom_it_names(desk: Desk) -> None:
    """Name, job and ways to reach somebody; the account's name: never over what was typed."""
    known = {"firstname": "Robert", "lastname": "Lyon", "jobtitle": "Buyer",
             "telephone1": "+1 555 0100", "mobilephone": "+1 555 0101",
             "emailaddress1": "robert@contoso.com"}  # fmt: skip
    account = desk.make("account", name="Contoso Ltd")
    contact = desk.make("contact", **known)
    named = {"subject": "50 phones", "parentcontactid": contact.id, "parentaccountid": account.id}
    lead = desk.crm.create("lead", named, owner=desk.ann.id)
    for name, value in {**known, "companyname": "Contoso Ltd"}.items():
        assert lead.record.fields[name] == value
    typed = {**named, "firstname": "Bob", "companyname": "Contoso GmbH", "jobtitle": ""}
    lead = desk.crm.create("lead", typed, owner=desk.ann.id)
    assert lead.record.fields["firstname"] == "Bob"
    assert lead.record.fields["lastname"] == "Lyon"
    assert lead.record.fields["companyname"] == "Contoso GmbH"
