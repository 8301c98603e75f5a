"""Qualifying: a lead becomes a contact, an account, an opportunity, whole or not at all."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import product

import pytest

from syncd.crm import qualifying
from syncd.crm.errors import DuplicatesFound, NotOpen, RuleBroken, StaleRecord
from syncd.crm.qualifying import Qualification
from syncd.model.qualification import OnDuplicate
from syncd.model.values import Value
from tests.crm.rules.desk import Desk
from tests.crm.rules.law import ACTIVITIES, Reason, reasons

WHOLE: dict[str, Value] = {
    "subject": "100 laptops",
    "firstname": "Robert",
    "lastname": "Lyon",
    "companyname": "Contoso Ltd",
    "jobtitle": "Buyer",
    "emailaddress1": "robert@contoso.com",
    "emailaddress2": "lyon@home.example",
    "telephone1": "+1 555 0100",
    "mobilephone": "+1 555 0101",
    "telephone2": "+1 555 0102",
    "fax": "+1 555 0103",
    "websiteurl": "https://contoso.com",
    "address1_line1": "1 High Street\nFloor 2",
    "address1_city": "Springfield",
    "address1_stateorprovince": "IL",
    "address1_postalcode": "62701",
    "address1_country": "USA",
    "description": "Met at the fair",
    "estimatedamount": Decimal("120000.50"),
    "estimatedclosedate": date(2026, 12, 31),
    "leadsourcecode": "trade show",
}
ADDRESS = ("address1_line1", "address1_city", "address1_stateorprovince", "address1_postalcode",
           "address1_country")  # fmt: skip
# What of a lead goes where; the name in the new record, where it is another one.
TO_CONTACT = (
    "firstname", "lastname", "companyname", "jobtitle", "emailaddress1", "emailaddress2",
    "telephone1", "mobilephone", "telephone2", "fax", "websiteurl", "description", *ADDRESS,
)  # fmt: skip
TO_ACCOUNT = {"companyname": "name", "telephone1": "telephone1", "fax": "fax",
              "websiteurl": "websiteurl", **{each: each for each in ADDRESS}}  # fmt: skip
TO_OPPORTUNITY = {"subject": "name", "estimatedamount": "estimatedvalue",
                  "estimatedclosedate": "estimatedclosedate",
                  "description": "description"}  # fmt: skip
SWITCHES = list(product([True, False], repeat=3))
IGNORE = OnDuplicate.IGNORE


def count(desk: Desk) -> dict[str, int]:
    """How many live records there are of what a lead may become."""
    return {e: desk.crm.search(e)[0] for e in ("contact", "account", "opportunity")}


@pytest.mark.parametrize(("contact", "account", "opportunity"), SWITCHES)
def test_it_becomes_what_the_switches_say(
    desk: Desk, contact: bool, account: bool, opportunity: bool
) -> None:
    """Of three records each is made or not; only an opportunity without a customer cannot be."""
    lead, before, start = desk.make("lead", **WHOLE), count(desk), desk.latest()
    how = Qualification(contact, account, opportunity)
    if opportunity and not (contact or account):
        with pytest.raises(RuleBroken):
            desk.crm.qualify(lead.id, how)
        assert desk.now(lead) == lead
        assert desk.latest() == start
        return
    done = desk.crm.qualify(lead.id, how)
    assert (done.lead.statecode, done.lead.statuscode) == ("qualified", "qualified")
    wanted = {"contact": contact, "account": account, "opportunity": opportunity}
    made = {name: getattr(done, name) for name in wanted}
    assert {name: each is not None for name, each in made.items()} == wanted
    assert count(desk) == {name: before[name] + wanted[name] for name in before}
    for each in made.values():
        assert each is None or (each.owner_id == lead.owner_id and each.active)
    assert done.adopted == frozenset()


def test_the_links_it_makes(desk: Desk) -> None:
    """Each knows the lead, the lead knows each; contact and account know each other."""
    lead = desk.make("lead", **WHOLE)
    done = desk.crm.qualify(lead.id)
    contact, account, sale = done.contact, done.account, done.opportunity
    assert contact
    assert account
    assert sale
    for each in (contact, account, sale):
        assert desk.value(each, "originatingleadid") == lead.id
    assert desk.value(contact, "parentcustomerid") == account.id
    assert desk.value(account, "primarycontactid") == contact.id
    assert desk.value(sale, "customerid") == f"account:{account.id}"
    assert desk.value(sale, "parentcontactid") == contact.id
    links = ("parentcontactid", "parentaccountid", "qualifyingopportunityid")
    assert [desk.value(lead, each) for each in links] == [contact.id, account.id, sale.id]


def test_a_customer_is_the_account_or_else_the_contact(desk: Desk) -> None:
    """A consumer buys in person."""
    lead = desk.make("lead", **WHOLE)
    done = desk.crm.qualify(lead.id, Qualification(account=False))
    assert done.contact
    assert done.opportunity
    assert desk.value(done.opportunity, "customerid") == f"contact:{done.contact.id}"
    assert desk.value(done.contact, "parentcustomerid") is None


def test_what_of_it_goes_where(desk: Desk) -> None:
    """Every field of the maps arrives as it was, and no other is filled."""
    done = desk.crm.qualify(desk.make("lead", **WHOLE).id)
    assert done.contact
    assert done.account
    assert done.opportunity
    links = {"originatingleadid", "parentcustomerid", "primarycontactid", "customerid",
             "parentcontactid"}  # fmt: skip
    for made, names in (
        (done.contact, {each: each for each in TO_CONTACT}),
        (done.account, TO_ACCOUNT),
        (done.opportunity, TO_OPPORTUNITY),
    ):
        held = {n: v for n, v in desk.now(made).values.items() if v is not None and n not in links}
        assert held == {target: WHOLE[source] for source, target in names.items()}


def test_without_a_company_there_is_no_account(desk: Desk) -> None:
    """Nobody's company is made up; the contact is the customer."""
    lead = desk.make("lead")
    done = desk.crm.qualify(lead.id)
    assert done.account is None
    assert done.contact
    assert done.opportunity
    assert desk.value(done.opportunity, "customerid") == f"contact:{done.contact.id}"
    other = desk.make("lead", firstname="Eve", lastname="Sand")
    with pytest.raises(RuleBroken):
        desk.crm.qualify(other.id, Qualification(contact=False))
    assert desk.now(other) == other


@pytest.mark.parametrize("by", ["lead", "qualification"])
def test_existing_ones_are_taken(desk: Desk, by: str) -> None:
    """Those the lead names, or whoever qualifies it: nothing is made beside them."""
    account = desk.make("account", name="Northwind")
    contact = desk.make("contact", parentcustomerid=account.id)
    named: dict[str, Value] = {"parentaccountid": account.id, "parentcontactid": contact.id}
    lead = desk.make("lead", **(named if by == "lead" else {}), companyname="Contoso Ltd")
    before = count(desk)
    how = Qualification() if by == "lead" else Qualification(
        contact_id=contact.id, account_id=account.id)  # fmt: skip
    done = desk.crm.qualify(lead.id, how)
    assert done.contact
    assert done.account
    assert (done.contact.id, done.account.id) == (contact.id, account.id)
    assert done.adopted == {"contact", "account"}
    assert count(desk) == {**before, "opportunity": before["opportunity"] + 1}
    assert desk.value(account, "primarycontactid") == contact.id
    assert desk.value(contact, "jobtitle") is None  # what they hold is theirs
    assert desk.value(account, "name") == "Northwind"


def test_existing_ones_keep_their_ties(desk: Desk) -> None:
    """A contact stays with its account, an account keeps who stands for it."""
    theirs, ours = desk.make("account", name="Theirs"), desk.make("account", name="Ours")
    head = desk.make("contact", lastname="Head", parentcustomerid=ours.id)
    desk.crm.edit("account", ours.id, {"primarycontactid": head.id})
    contact = desk.make("contact", parentcustomerid=theirs.id)
    lead = desk.make("lead")
    desk.crm.qualify(lead.id, Qualification(contact_id=contact.id, account_id=ours.id))
    assert desk.value(contact, "parentcustomerid") == theirs.id
    assert desk.value(ours, "primarycontactid") == head.id


def test_inactive_ones_are_taken_as_they_are(desk: Desk) -> None:
    """Named by whoever qualifies, they are linked to, and not changed: they are read-only."""
    account, contact = desk.make("account"), desk.make("contact")
    account = desk.crm.deactivate("account", account.id)
    contact = desk.crm.deactivate("contact", contact.id)
    lead = desk.make("lead", companyname="Contoso Ltd")
    done = desk.crm.qualify(lead.id, Qualification(contact_id=contact.id, account_id=account.id))
    assert done.opportunity
    assert desk.value(done.opportunity, "customerid") == f"account:{account.id}"
    assert desk.now(account) == account
    assert desk.now(contact) == contact


# --- who is there already ------------------------------------------------------------------------


def test_asked_about_a_contact_nothing_is_done(desk: Desk) -> None:
    """By default somebody says who it is: the lead stays open, and nothing is made."""
    there = desk.make("contact", firstname="Robert", emailaddress1="robert@contoso.com")
    lead = desk.make("lead", emailaddress1="robert@contoso.com", companyname="Contoso Ltd")
    before, start = count(desk), desk.latest()
    with pytest.raises(DuplicatesFound) as found:
        desk.crm.qualify(lead.id)
    assert [each.record.id for each in found.value.found] == [there.id]  # type: ignore[attr-defined]  # the error keeps what it is given
    assert (count(desk), desk.latest()) == (before, start)
    assert desk.now(lead) == lead


def test_asked_about_an_account_nothing_is_done(desk: Desk) -> None:
    """A company is told by its name, too."""
    desk.make("account", name="Contoso Ltd")
    lead = desk.make("lead", companyname="Contoso Ltd")
    before = count(desk)
    with pytest.raises(DuplicatesFound):
        desk.crm.qualify(lead.id)
    assert count(desk) == before


def test_the_certain_one_is_adopted(desk: Desk) -> None:
    """Where there is one and no other, it is taken."""
    account = desk.make("account", name="Contoso Ltd")
    there = desk.make("contact", firstname="Robert", emailaddress1="robert@contoso.com")
    lead = desk.make("lead", emailaddress1="robert@contoso.com", companyname="Contoso Ltd")
    done = desk.crm.qualify(lead.id, Qualification(duplicates=OnDuplicate.ADOPT))
    assert done.contact
    assert done.account
    assert (done.contact.id, done.account.id) == (there.id, account.id)
    assert done.adopted == {"contact", "account"}


def test_of_two_certain_ones_none_is_adopted(desk: Desk) -> None:
    """Nobody guesses which."""
    for _ in range(2):
        desk.make("contact", firstname="Robert", emailaddress1="robert@contoso.com")
    lead = desk.make("lead", emailaddress1="robert@contoso.com")
    with pytest.raises(DuplicatesFound):
        desk.crm.qualify(lead.id, Qualification(duplicates=OnDuplicate.ADOPT))
    assert desk.now(lead) == lead


def test_ignored_they_stand_side_by_side(desk: Desk) -> None:
    """Whoever qualifies may know better."""
    desk.make("contact", firstname="Robert", emailaddress1="robert@contoso.com")
    lead = desk.make("lead", emailaddress1="robert@contoso.com")
    before = count(desk)
    done = desk.crm.qualify(lead.id, Qualification(duplicates=IGNORE))
    assert done.adopted == frozenset()
    assert count(desk)["contact"] == before["contact"] + 1


@pytest.mark.parametrize("gone", ["deactivated", "deleted"])
def test_who_is_not_in_use_is_no_duplicate(desk: Desk, gone: str) -> None:
    """Inactive records hold nobody up."""
    there = desk.make("contact", firstname="Robert", emailaddress1="robert@contoso.com")
    (desk.crm.deactivate if gone == "deactivated" else desk.crm.delete)("contact", there.id)
    lead = desk.make("lead", emailaddress1="robert@contoso.com")
    done = desk.crm.qualify(lead.id)
    assert done.contact
    assert done.contact.id != there.id


# --- whole or not at all -------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["tie", "opportunity", "_create", "_update"])
def test_a_failure_in_the_middle_leaves_nothing(
    desk: Desk, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it is at, qualifying is done whole or not at all."""
    lead = desk.make("lead", **WHOLE)
    before, start = count(desk), desk.latest()

    def fail(*_: object, **__: object) -> None:
        raise InterruptedError(step)

    monkeypatch.setattr(qualifying._Qualifying, step, fail)
    with pytest.raises(InterruptedError):
        desk.crm.qualify(lead.id)
    assert desk.now(lead) == lead
    assert (count(desk), desk.latest()) == (before, start)


def test_a_failure_at_the_end_leaves_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is made by then, and nothing of it stays."""
    lead = desk.make("lead", **WHOLE)
    before, start = count(desk), desk.latest()

    def fail(*_: object) -> None:
        raise InterruptedError

    monkeypatch.setattr(qualifying, "_move_activities", fail)
    with pytest.raises(InterruptedError):
        desk.crm.qualify(lead.id)
    assert desk.now(lead) == lead
    assert (count(desk), desk.latest()) == (before, start)


@pytest.mark.parametrize("reason", [r for r in reasons("lead") if not r.state.editable], ids=str)
def test_only_an_open_lead_is_qualified_or_disqualified(desk: Desk, reason: Reason) -> None:
    """A closed one has been decided about."""
    lead = desk.make("lead", status=reason.name)
    with pytest.raises(NotOpen):
        desk.crm.qualify(lead.id)
    with pytest.raises(NotOpen):
        desk.crm.disqualify(lead.id, "lost")
    assert desk.now(lead) == lead


def test_it_is_qualified_as_it_was_seen(desk: Desk) -> None:
    """Who saw an older version is told so."""
    lead = desk.make("lead")
    desk.crm.edit("lead", lead.id, {"jobtitle": "Buyer"})
    for closing in (
        lambda: desk.crm.qualify(lead.id, expected=1),
        lambda: desk.crm.disqualify(lead.id, "lost", expected=1),
    ):
        with pytest.raises(StaleRecord):
            closing()


@pytest.mark.parametrize("entity", ACTIVITIES)
def test_what_is_to_be_done_moves_to_the_opportunity(desk: Desk, entity: str) -> None:
    """What was done stays with the lead."""
    lead = desk.make("lead")
    about = f"lead:{lead.id}"
    ahead = desk.make(entity, regardingobjectid=about)
    done = desk.make(entity, regardingobjectid=about)
    desk.crm.complete(entity, done.id)
    start = desk.latest()
    sale = desk.crm.qualify(lead.id).opportunity
    assert sale
    assert desk.value(ahead, "regardingobjectid") == f"opportunity:{sale.id}"
    assert desk.value(done, "regardingobjectid") == about
    assert [line.fields for line in desk.lines(ahead, start)] == [("regardingobjectid",)]
    assert desk.lines(done, start) == []


@pytest.mark.parametrize("entity", ACTIVITIES)
def test_without_an_opportunity_nothing_moves(desk: Desk, entity: str) -> None:
    """There is nowhere to move to."""
    lead = desk.make("lead")
    ahead = desk.make(entity, regardingobjectid=f"lead:{lead.id}")
    desk.crm.qualify(lead.id, Qualification(opportunity=False))
    assert desk.now(ahead) == ahead
