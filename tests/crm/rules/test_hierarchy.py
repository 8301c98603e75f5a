"""Accounts below accounts, and the contact that stands for one."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from syncd.crm import records
from syncd.crm.database import write
from syncd.crm.entities import ACCOUNTS
from syncd.crm.errors import LoopFound, RuleBroken
from syncd.crm.feed import Verb
from syncd.crm.records import Update
from syncd.crm.stored import Stored
from tests.crm.conftest import BY_HAND, LATER
from tests.crm.rules.desk import Desk

DEPTHS = (1, 2, 3, 4, 5)


def chain(desk: Desk, length: int) -> list[Stored]:
    """Accounts A1, A2, …: each below the one before it."""
    made = [desk.make("account", name="A1")]
    for number in range(2, length + 1):
        made.append(desk.make("account", name=f"A{number}", parentaccountid=made[-1].id))
    return made


@pytest.mark.parametrize("depth", DEPTHS)
def test_no_account_is_its_own_ancestor(desk: Desk, depth: int) -> None:
    """However far up: refused, with the way from it to itself, and nothing changed."""
    accounts = chain(desk, depth)
    with pytest.raises(LoopFound) as refusal:
        desk.crm.edit("account", accounts[0].id, {"parentaccountid": accounts[-1].id})
    names = [each.name for each in accounts]
    assert list(refusal.value.path) == [names[0], *reversed(names)]
    assert [desk.now(each) for each in accounts] == accounts


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_batch_makes_no_loop_either(desk: Desk, depth: int) -> None:
    """Each row meets what those before it did: the one that would close the ring is refused."""
    loose = [desk.make("account", name=f"A{n}") for n in range(depth)]
    ring = [
        Update(each.id, {"parentaccountid": loose[(n + 1) % depth].id})
        for n, each in enumerate(loose)
    ]
    with write(desk.crm.engine) as conn:
        done = records.update_many(conn, ACCOUNTS, ring, actor=BY_HAND, at=LATER)
    assert [type(each) for each in done] == [Stored] * (depth - 1) + [LoopFound]
    parents = [desk.value(each, "parentaccountid") for each in loose]
    assert parents == [each.id for each in loose[1:]] + [None]


def test_a_batch_may_turn_a_chain_around(desk: Desk) -> None:
    """A row that lets go first makes the way free for the next one."""
    top, below = chain(desk, 2)
    turned = [
        Update(below.id, {"parentaccountid": None}),
        Update(top.id, {"parentaccountid": below.id}),
    ]
    with write(desk.crm.engine) as conn:
        records.update_many(conn, ACCOUNTS, turned, actor=BY_HAND, at=LATER)
    assert desk.value(below, "parentaccountid") is None
    assert desk.value(top, "parentaccountid") == below.id


def test_an_account_stands_alone_or_has_many_below_it(desk: Desk) -> None:
    """A parent is nobody's duty, and children have no bound; the tree shows them all."""
    top = desk.make("account", name="Top")
    below = [desk.make("account", name=f"B{n}", parentaccountid=top.id) for n in range(30)]
    lowest = desk.make("account", name="Lowest", parentaccountid=below[3].id)
    person = desk.make("contact", parentcustomerid=below[3].id)
    branch = desk.crm.tree(top.id)
    assert {each.account.id for each in branch.below} == {each.id for each in below}
    third = next(each for each in branch.below if each.account.id == below[3].id)
    assert [each.account.id for each in third.below] == [lowest.id]
    assert [each.id for each in third.contacts] == [person.id]
    alone = desk.crm.edit("account", below[3].id, {"parentaccountid": None})
    assert alone.record.fields["parentaccountid"] is None
    assert len(desk.crm.tree(top.id).below) == 29


def test_the_database_has_no_account_below_itself(desk: Desk) -> None:
    """The shortest loop is refused there as well."""
    made = desk.make("account")
    with pytest.raises(IntegrityError, match="its own parent"):
        desk.overwrite(made, parentaccountid=made.id)


# --- the contact that stands for an account ------------------------------------------------------


def headed(desk: Desk) -> tuple[Stored, Stored]:
    """An account, and its contact that stands for it."""
    account = desk.make("account", name="Contoso Ltd")
    person = desk.make("contact", parentcustomerid=account.id)
    desk.crm.edit("account", account.id, {"primarycontactid": person.id})
    return desk.now(account), person


def test_only_its_own_contact_stands_for_an_account(desk: Desk) -> None:
    """Neither somebody else's nor nobody's; and a new account has no contacts yet."""
    account, other = desk.make("account"), desk.make("account", name="Other Ltd")
    for stranger in (
        desk.make("contact"),
        desk.make("contact", parentcustomerid=other.id),
    ):
        with pytest.raises(RuleBroken):
            desk.crm.edit("account", account.id, {"primarycontactid": stranger.id})
        with pytest.raises(RuleBroken):
            desk.make("account", primarycontactid=stranger.id)
    assert desk.value(account, "primarycontactid") is None


@pytest.mark.parametrize("elsewhere", [True, False])
def test_who_leaves_an_account_stands_for_it_no_more(desk: Desk, elsewhere: bool) -> None:
    """Whether for another account or for none; and the feed says so of the account."""
    account, person = headed(desk)
    start = desk.latest()
    target = desk.make("account", name="Other Ltd").id if elsewhere else None
    desk.crm.edit("contact", person.id, {"parentcustomerid": target})
    assert desk.value(account, "primarycontactid") is None
    assert [line.fields for line in desk.lines(account, start)] == [("primarycontactid",)]


def test_who_leaves_a_closed_account_stands_for_it_no_more(desk: Desk) -> None:
    """That is no edit of the account."""
    account, person = headed(desk)
    desk.crm.deactivate("account", account.id)
    desk.crm.edit("contact", person.id, {"parentcustomerid": None})
    assert desk.value(account, "primarycontactid") is None


def test_what_an_account_was_merged_away_with_stays_in_it(desk: Desk) -> None:
    """A deleted record changes no more, whatever becomes of who stood for it (P1)."""
    account, person = headed(desk)
    desk.crm.merge("account", desk.make("account", name="Other Ltd").id, account.id)
    gone, start = desk.now(account), desk.latest()
    desk.crm.edit("contact", person.id, {"parentcustomerid": None})
    assert desk.now(account) == gone
    assert desk.lines(account, start) == []


def test_who_is_deleted_stands_for_nothing(desk: Desk) -> None:
    """The account stays, without."""
    account, person = headed(desk)
    start = desk.latest()
    desk.crm.delete("contact", person.id)
    assert desk.value(account, "primarycontactid") is None
    assert desk.verbs(start, account, person) == [[Verb.UPDATE], [Verb.DELETE]]


def test_who_only_changes_goes_on_standing_for_it(desk: Desk) -> None:
    """A new job, a deactivation: the contact is still the account's."""
    account, person = headed(desk)
    desk.crm.edit("contact", person.id, {"jobtitle": "Buyer"})
    desk.crm.deactivate("contact", person.id)
    assert desk.value(account, "primarycontactid") == person.id
