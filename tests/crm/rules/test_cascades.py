"""What goes along when a record is assigned, shared or deleted: one line for each reference."""

from __future__ import annotations

import pytest

from syncd.crm.cascades import Deed
from syncd.crm.entities import ENTITIES
from syncd.crm.feed import Verb
from syncd.crm.parties import Party
from syncd.crm.sharing import Share
from syncd.crm.stored import Stored
from tests.crm.rules.desk import Desk
from tests.crm.rules.law import Reason, reasons
from tests.crm.rules.relations import ALONG, IF_OPEN, ROWS, Row

CASES = [
    pytest.param(row, reason, id=f"{row}-{reason.state.name}")
    for row in ROWS
    for reason in reasons(row.entity)
    if reason.default
]


def scene(desk: Desk, row: Row, reason: Reason) -> tuple[Stored, Stored, int]:
    """A target, a record that points to it, in a state; and the number the feed is at then."""
    target = desk.make(row.target)
    if row.field == "primarycontactid":  # the account is there first
        held = desk.make(row.entity)
        desk.crm.edit("contact", target.id, {"parentcustomerid": held.id})
        desk.crm.edit("account", held.id, {"primarycontactid": target.id})
        if not reason.state.editable:
            desk.crm.deactivate("account", held.id)
    else:
        held = desk.make(row.entity, status=reason.name, **row.values(target))
    return target, desk.now(held), desk.latest()


def goes(rule: str, reason: Reason) -> bool:
    """Whether a record in this state goes along."""
    return rule == ALONG or (rule == IF_OPEN and reason.state.editable)


def test_every_reference_has_its_line() -> None:
    """No field can point to a record without a rule for what becomes of it."""
    pointing = {
        (entity, field.name, target)
        for entity, stored in ENTITIES.items()
        for field in stored.kind.fields
        for target in field.refers
    } | {("contact", "parentcustomerid", "account"), ("contact", "originatingleadid", "lead")}
    assert {(row.entity, row.field, row.target) for row in ROWS} == pointing


@pytest.mark.parametrize(("row", "reason"), CASES)
def test_assigning(desk: Desk, row: Row, reason: Reason) -> None:
    """The new owner gets what belongs to it; what is closed stays whose it was, or goes along."""
    target, held, start = scene(desk, row, reason)
    along = goes(row.assigned, reason)
    foretold = desk.crm.taken_along(row.target, target.id, Deed.ASSIGN)
    assert (held.id in foretold.get(row.entity, ())) is along
    desk.crm.assign(row.target, target.id, desk.bob.id)
    assert desk.now(target).owner_id == desk.bob.id
    assert desk.now(held).owner_id == (desk.bob.id if along else desk.ann.id)
    assert desk.now(held).values == held.values
    assert (Verb.ASSIGN in desk.verbs(start, held)[0]) is along


@pytest.mark.parametrize(("row", "reason"), CASES)
def test_sharing(desk: Desk, row: Row, reason: Reason) -> None:
    """Who is let see a record sees what belongs to it, until that is taken back."""
    target, held, start = scene(desk, row, reason)
    along = goes(row.shared, reason)
    foretold = desk.crm.taken_along(row.target, target.id, Deed.SHARE)
    assert (held.id in foretold.get(row.entity, ())) is along
    desk.crm.share(row.target, target.id, desk.bob.id, may_write=True)
    assert desk.crm.shares(row.target, target.id) == [Share(desk.bob.id, may_write=True)]
    expected = [Share(desk.bob.id, may_write=True)] if along else []
    assert desk.crm.shares(row.entity, held.id) == expected
    assert desk.verbs(start, held) == [[Verb.SHARE] if along else []]
    assert desk.crm.unshare(row.target, target.id, desk.bob.id)
    assert desk.crm.shares(row.target, target.id) == []
    assert desk.crm.shares(row.entity, held.id) == []
    assert not desk.crm.unshare(row.target, target.id, desk.bob.id)
    assert desk.now(held) == held


@pytest.mark.parametrize(("row", "reason"), CASES)
def test_deleting(desk: Desk, row: Row, reason: Reason) -> None:
    """What cannot be without it goes, closed or not; the rest stays, and points to nothing."""
    target, held, start = scene(desk, row, reason)
    along = goes(row.deleted, reason)
    foretold = desk.crm.taken_along(row.target, target.id, Deed.DELETE)
    assert (held.id in foretold.get(row.entity, ())) is along
    desk.crm.delete(row.target, target.id)
    now = desk.now(held)
    assert now.deleted is along
    assert desk.gone(target)
    if along:
        assert desk.verbs(start, held) == [[Verb.DELETE]]
        assert now.values == held.values  # P1
    else:
        assert now.values == {**held.values, row.field: None}
        assert [line.fields for line in desk.lines(held, start)] == [(row.field,)]
        assert now.statecode == held.statecode


def test_it_goes_all_the_way_down(desk: Desk) -> None:
    """An account's accounts' contacts' opportunities' tasks are assigned with it."""
    top = desk.make("account", name="Top")
    below = desk.make("account", name="Below", parentaccountid=top.id)
    person = desk.make("contact", parentcustomerid=below.id)
    sale = desk.make("opportunity", customerid=f"contact:{person.id}")
    task = desk.make("task", regardingobjectid=f"opportunity:{sale.id}")
    desk.crm.assign("account", top.id, desk.bob.id)
    for each in (top, below, person, sale, task):
        assert desk.now(each).owner_id == desk.bob.id


def test_what_is_closed_shields_what_is_below_it(desk: Desk) -> None:
    """Assigning stops at a sale that is over: its tasks stay whose they are."""
    account = desk.make("account")
    sale = desk.make("opportunity", customerid=f"account:{account.id}")
    task = desk.make("task", regardingobjectid=f"opportunity:{sale.id}")
    desk.crm.win(sale.id)
    desk.crm.assign("account", account.id, desk.bob.id)
    assert desk.now(sale).owner_id == desk.ann.id
    assert desk.now(task).owner_id == desk.ann.id


def test_deleting_an_account_leaves_nobody_pointing_at_those_who_went_along(desk: Desk) -> None:
    """Also what only points to a contact that died with it loses the reference."""
    account = desk.make("account")
    person = desk.make("contact", parentcustomerid=account.id)
    elsewhere = desk.make("opportunity", parentcontactid=person.id)
    lead = desk.make("lead", parentcontactid=person.id, parentaccountid=account.id)
    desk.crm.delete("account", account.id)
    assert desk.value(elsewhere, "parentcontactid") is None
    assert desk.value(lead, "parentcontactid") is None
    assert desk.value(lead, "parentaccountid") is None


@pytest.mark.parametrize("entity", ["contact", "account", "lead"])
def test_parties_stay_by_address_and_name(desk: Desk, entity: str) -> None:
    """Who is deleted keeps the part under address and name; what was written there stays."""
    gone = desk.make(entity, emailaddress1="robert@contoso.com")
    target = f"{entity}:{gone.id}"
    given = [
        Party("sender", target), Party("to", target, "sales@contoso.com", "The buyer"),
        Party("cc", address="else@contoso.com"), Party("bcc", f"user:{desk.bob.id}"),
    ]  # fmt: skip
    mail = desk.make("email", parties=given)
    start = desk.latest()
    desk.crm.delete(entity, gone.id)
    assert desk.parties_of(mail) == [
        Party("sender", None, "robert@contoso.com", gone.name),
        Party("to", None, "sales@contoso.com", "The buyer"), *given[2:],
    ]  # fmt: skip
    assert [line.fields for line in desk.lines(mail, start)] == [("parties",)]
