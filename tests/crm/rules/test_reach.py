"""How far an act reaches: never further than the rights of who does it, and never halfway."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from syncd.crm import access, sharing
from syncd.crm.access import Level, Rule
from syncd.crm.api import Crm
from syncd.crm.database import read, write
from syncd.crm.errors import InvalidValue, NoSuchRecord, NotAllowed, RuleBroken
from syncd.crm.feed import Actor, ActorKind
from syncd.crm.qualifying import Qualification
from syncd.crm.stored import Stored
from tests.crm.conftest import NOON
from tests.crm.rules.desk import Desk


def own_only(desk: Desk, *entities: str) -> Crm:
    """Everybody may read and change what is their own; the CRM in Ann's hands."""
    with write(desk.crm.engine) as conn:
        for entity in entities:
            access.put(conn, Rule(entity, Level.OWN, Level.OWN))
    return desk.by(desk.ann)


@pytest.mark.parametrize("deed", ["assign", "share", "delete"])
def test_nothing_goes_along_that_the_actor_may_not_change(desk: Desk, deed: str) -> None:
    """Bob's contact at Ann's account: she neither gets it, nor sees it, nor takes it from him."""
    account = desk.make("account")
    his = desk.make("contact", desk.bob, parentcustomerid=account.id)
    anns = own_only(desk, "account", "contact")
    acts: dict[str, Callable[[], object]] = {
        "assign": lambda: anns.assign("account", account.id, desk.ann.id),
        "share": lambda: anns.share("account", account.id, desk.ann.id, may_write=True),
        "delete": lambda: anns.delete("account", account.id),
    }
    with pytest.raises(NotAllowed):
        acts[deed]()
    assert (desk.now(his), desk.now(account)) == (his, account)
    with pytest.raises(NoSuchRecord):
        anns.get("contact", his.id)


def test_qualifying_adopts_nobody_who_may_not_be_read(desk: Desk) -> None:
    """Whatever id is named: what is hidden is not there."""
    his = desk.make("contact", desk.bob)
    anns = own_only(desk, "contact", "account")
    lead = desk.make("lead")
    with pytest.raises(NoSuchRecord):
        anns.qualify(lead.id, Qualification(contact_id=his.id))
    assert desk.now(lead) == lead


def test_a_company_that_may_not_be_read_is_a_text(desk: Desk) -> None:
    """Typing its name ties no contact to it, and so tells nobody that there is one."""
    hidden = desk.make("account", desk.bob, name="Secret GmbH")
    own_only(desk, "account")
    outlook = Crm(desk.crm.engine, Actor(ActorKind.MAILBOX, desk.ann.address, desk.ann.id))
    made = outlook.create("contact", {"companyname": "Secret GmbH"}, owner=desk.ann.id)
    assert made.extras["parentcustomerid"] is None
    with pytest.raises(NoSuchRecord):
        outlook.create("task", {"subject": "x", "regardingobjectid": f"account:{hidden.id}"},
                       owner=desk.ann.id)  # fmt: skip


def test_sharing_an_account_takes_no_right_away(desk: Desk) -> None:
    """A contact that may be changed still may be; and the feed tells once."""
    account = desk.make("account")
    contact = desk.make("contact", parentcustomerid=account.id)
    desk.crm.share("contact", contact.id, desk.bob.id, may_write=True)
    for _ in range(2):
        before = desk.latest()
        desk.crm.share("account", account.id, desk.bob.id)
    assert desk.latest() == before
    with read(desk.crm.engine) as conn:
        (held,) = sharing.shares_of(conn, "contact", contact.id)
    assert held.may_write


@pytest.mark.parametrize("status", ["waiting", "canceled", "open"])
def test_an_activity_is_completed_as_completed(desk: Desk, status: str) -> None:
    """By no reason of another state."""
    task = desk.make("task")
    with pytest.raises(InvalidValue):
        desk.crm.complete("task", task.id, status=status)
    assert desk.now(task) == task


@pytest.mark.parametrize(("entity", "status"), [("lead", "qualified"), ("opportunity", "won")])
def test_nobody_enters_what_is_over(desk: Desk, entity: str, status: str) -> None:
    """It comes to its end by what is done, with all that belongs to that."""
    given = desk.smallest(entity)
    with pytest.raises(RuleBroken):
        desk.crm.create(entity, given, owner=desk.ann.id, status=status)


def test_a_sale_keeps_the_value_that_was_entered(desk: Desk) -> None:
    """Won at it, unless another one is said; lost at nothing."""
    sale = desk.make("opportunity", actualvalue=500, estimatedvalue=400)
    assert desk.crm.win(sale.id).record.fields["actualvalue"] == 500
    desk.crm.reactivate("opportunity", sale.id)
    assert desk.crm.lose(sale.id).record.fields["actualvalue"] is None


def test_a_merged_contact_keeps_the_company_it_had(desk: Desk) -> None:
    """As a text, too: the other one's account is another company."""
    account = desk.make("account", name="Contoso")
    other = desk.make("contact", parentcustomerid=account.id, accountrolecode="CEO")
    stays = desk.make("contact", companyname="Fabrikam")
    made: Stored = desk.crm.merge("contact", stays.id, other.id)
    assert made.record.fields["companyname"] == "Fabrikam"
    assert (made.extras["parentcustomerid"], made.extras["accountrolecode"]) == (None, None)
    assert desk.crm.clock() == NOON
