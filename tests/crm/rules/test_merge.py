"""Merging: of two records that are one, the survivor keeps what hung on either."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select

from syncd.crm.database import read, write
from syncd.crm.entities import ENTITIES
from syncd.crm.errors import CrmError, NoSuchRecord, RuleBroken
from syncd.crm.feed import Verb
from syncd.crm.parties import Party
from syncd.crm.sharing import Share
from syncd.crm.stored import Stored
from syncd.crm.tables import duplicate_key, external_key
from syncd.model.likeness import keys
from syncd.model.values import Value
from tests.crm.rules.desk import Desk
from tests.crm.rules.law import Reason, reasons
from tests.crm.rules.relations import ROWS, Row

MERGED = ("lead", "account", "contact")
CASES = [
    pytest.param(row, reason, id=f"{row}-{reason.state.name}")
    for row in ROWS
    if row.target in MERGED and row.field != "primarycontactid"  # that one has rules of its own
    for reason in reasons(row.entity)
    if reason.default
]


@pytest.mark.parametrize(("row", "reason"), CASES)
def test_what_pointed_to_either_points_to_the_survivor(
    desk: Desk, row: Row, reason: Reason
) -> None:
    """Closed records, too: that is no edit of them; their state and the rest stay as they were."""
    survivor, loser = desk.make(row.target), desk.make(row.target)
    held = desk.make(row.entity, status=reason.name, **row.values(loser))
    start = desk.latest()
    desk.crm.merge(row.target, survivor.id, loser.id)
    now = desk.now(held)
    assert now.values == {**held.values, **row.values(survivor)}
    assert (now.statecode, now.owner_id) == (held.statecode, held.owner_id)
    (line,) = desk.lines(held, start)
    assert row.field in line.fields


@pytest.mark.parametrize("entity", MERGED)
def test_the_loser_goes_and_the_feed_says_where_to(desk: Desk, entity: str) -> None:
    """Its row stays, with its values; the line names the survivor."""
    survivor, loser = desk.make(entity), desk.make(entity)
    start = desk.latest()
    desk.crm.merge(entity, survivor.id, loser.id)
    assert desk.gone(loser)
    now = desk.now(loser)
    assert (now.deleted, now.merged_into) == (True, survivor.id)
    assert now.values == loser.values
    (line,) = desk.lines(loser, start)
    assert (line.verb, line.merged_into) == (Verb.MERGE, survivor.id)
    with pytest.raises(NoSuchRecord):
        desk.crm.merge(entity, survivor.id, loser.id)


@pytest.mark.parametrize("entity", ENTITIES)
def test_no_record_is_merged_with_itself_or_with_another_entity(desk: Desk, entity: str) -> None:
    """Only leads, accounts and contacts are merged, each with its own."""
    one, two, start = desk.make(entity), desk.make(entity), desk.latest()
    with pytest.raises(RuleBroken):
        desk.crm.merge(entity, one.id, one.id)
    if entity not in MERGED:
        with pytest.raises(RuleBroken):
            desk.crm.merge(entity, one.id, two.id)
    for other in MERGED:
        if other != entity:
            with pytest.raises((NoSuchRecord, RuleBroken)):
                desk.crm.merge(entity, one.id, desk.make(other).id)
    assert desk.lines(one, start) == desk.lines(two, start) == []


@pytest.mark.parametrize(
    "reason", [r for r in reasons(*MERGED) if not r.state.editable and r.default], ids=str
)
def test_a_closed_record_goes_and_never_stays(desk: Desk, reason: Reason) -> None:
    """It may be merged into an open one, not the other way round."""
    one, closed = desk.make(reason.entity), desk.make(reason.entity, status=reason.name)
    with pytest.raises(RuleBroken):
        desk.crm.merge(reason.entity, closed.id, one.id)
    assert desk.crm.merge(reason.entity, one.id, closed.id).id == one.id
    assert desk.gone(closed)


def test_the_survivor_takes_what_it_lacks(desk: Desk) -> None:
    """Whole groups, never half an address; what it knows stays."""
    survivor = desk.make("contact", jobtitle="Buyer", address1_city="Springfield")
    loser = desk.make(
        "contact", jobtitle="Seller", telephone1="+1 555 0100", address1_city="Shelbyville",
        address1_country="USA", address2_city="Ogdenville",
    )  # fmt: skip
    merged = desk.crm.merge("contact", survivor.id, loser.id).values
    assert (merged["jobtitle"], merged["telephone1"]) == ("Buyer", "+1 555 0100")
    assert (merged["address1_city"], merged["address1_country"]) == ("Springfield", None)
    assert merged["address2_city"] == "Ogdenville"


# --- accounts above and below each other ---------------------------------------------------------

ABOVE = range(1, 5)


def chain(desk: Desk, length: int, top: str | None = None) -> list[Stored]:
    """Accounts A0, A1, …: each below the one before it."""
    made: list[Stored] = []
    for number in range(length):
        parent = made[-1].id if made else top
        made.append(desk.make("account", name=f"A{number}", parentaccountid=parent))
    return made


def ancestors(desk: Desk, held: Stored) -> list[Value]:
    """The ids above an account; it ends, or the test does."""
    found: list[Value] = []
    here: Stored | None = desk.now(held)
    while here is not None and here.values["parentaccountid"]:
        found.append(here.values["parentaccountid"])
        assert len(found) == len(set(found))
        here = desk.now_of("account", str(found[-1]))
    return found


@pytest.mark.parametrize("way", ["into the one above", "into the one below"])
@pytest.mark.parametrize("distance", ABOVE)
@pytest.mark.parametrize("under", [True, False])
def test_parent_and_child_merge_without_a_loop(
    desk: Desk, way: str, distance: int, under: bool
) -> None:
    """What was between them is below the survivor, and the survivor where the upper one was."""
    top = desk.make("account", name="Top").id if under else None
    accounts = chain(desk, distance + 1, top)
    upper, lower, between = accounts[0], accounts[-1], accounts[1:-1]
    survivor, loser = (upper, lower) if way == "into the one above" else (lower, upper)
    desk.crm.merge("account", survivor.id, loser.id)
    assert desk.value(survivor, "parentaccountid") == top
    expected = [survivor.id, *([top] if top else [])]
    for each in between:
        assert ancestors(desk, each) == expected
        expected = [each.id, *expected]


def test_the_contacts_of_both_accounts_are_the_survivors(desk: Desk) -> None:
    """They show its name, are found by it, and the feed says so: the inactive ones, too."""
    survivor = desk.make("account", name="Contoso Ltd")
    loser = desk.make("account", name="Northwind")
    plain = {"lastname": "Lyon", "parentcustomerid": loser.id}  # known by the company, too
    one = desk.make("contact", **plain)
    closed = desk.make("contact", status="inactive", **plain)
    start = desk.latest()
    desk.crm.merge("account", survivor.id, loser.id)
    for each in (one, closed):
        assert desk.value(each, "companyname") == "Contoso Ltd"
        (line,) = desk.lines(each, start)
        assert set(line.fields) == {"companyname", "parentcustomerid"}
        assert desk.now(each).origins["companyname"].at == desk.now(each).modified_at
        with read(desk.crm.engine) as conn:
            kept = set(conn.scalars(
                select(duplicate_key.c.key).where(duplicate_key.c.record_id == each.id)
            ))  # fmt: skip
        assert kept == keys(desk.now(each).record.fields)


# --- the contact that stands for an account ------------------------------------------------------


def headed(desk: Desk, name: str = "Contoso Ltd") -> tuple[Stored, Stored]:
    """An account, and its contact that stands for it."""
    account = desk.make("account", name=name)
    person = desk.make("contact", parentcustomerid=account.id)
    desk.crm.edit("account", account.id, {"primarycontactid": person.id})
    return account, person


def test_accounts_keep_one_who_stands_for_them(desk: Desk) -> None:
    """The survivor's, or else the loser's, who is now one of its own."""
    (one, first), (two, _) = headed(desk), headed(desk, "Northwind")
    desk.crm.merge("account", one.id, two.id)
    assert desk.value(one, "primarycontactid") == first.id
    without, (three, third) = desk.make("account", name="Adatum"), headed(desk, "Fourth")
    desk.crm.merge("account", without.id, three.id)
    assert desk.value(without, "primarycontactid") == third.id


def test_who_survives_stands_for_the_account_it_is_of(desk: Desk) -> None:
    """In the loser's place, if it is of the same account, or comes to be of it."""
    account, head = headed(desk)
    colleague = desk.make("contact", parentcustomerid=account.id)
    desk.crm.merge("contact", colleague.id, head.id)
    assert desk.value(account, "primarycontactid") == colleague.id
    free = desk.make("contact")
    desk.crm.merge("contact", free.id, colleague.id)
    assert desk.value(free, "parentcustomerid") == account.id
    assert desk.value(account, "primarycontactid") == free.id


def test_who_survives_elsewhere_stands_for_nothing_else(desk: Desk) -> None:
    """A contact of another account cannot stand for this one."""
    account, head = headed(desk)
    other = desk.make("contact", parentcustomerid=desk.make("account", name="Other").id)
    desk.crm.merge("contact", other.id, head.id)
    assert desk.value(account, "primarycontactid") is None


# --- parties, keys, shares -----------------------------------------------------------------------


@pytest.mark.parametrize("entity", MERGED)
def test_the_parties_of_both_are_the_survivors(desk: Desk, entity: str) -> None:
    """In finished activities, too; and nobody is invited twice."""
    survivor, loser = desk.make(entity), desk.make(entity)
    one, two = f"{entity}:{survivor.id}", f"{entity}:{loser.id}"
    given = [Party("to", two), Party("cc", one), Party("cc", two), Party("bcc", two, "x@y.example")]
    ahead, done = (desk.make("email", parties=[Party("sender", one), *given]) for _ in range(2))
    desk.crm.complete("email", done.id)
    start = desk.latest()
    desk.crm.merge(entity, survivor.id, loser.id)
    for mail in (ahead, done):
        assert desk.parties_of(mail) == [
            Party("sender", one), Party("to", one), Party("cc", one),
            Party("bcc", one, "x@y.example"),
        ]  # fmt: skip
        assert [line.fields for line in desk.lines(mail, start)] == [("parties",)]


@pytest.mark.parametrize("entity", MERGED)
def test_what_knew_the_loser_knows_the_survivor(desk: Desk, entity: str) -> None:
    """An import that comes again finds it under either key."""
    survivor, loser = desk.make(entity), desk.make(entity)
    held = {"entity": entity, "source": "d365"}
    with write(desk.crm.engine) as conn:
        conn.execute(insert(external_key), [
            {**held, "key": "1", "record_id": survivor.id},
            {**held, "key": "2", "record_id": loser.id},
        ])  # fmt: skip
    desk.crm.merge(entity, survivor.id, loser.id)
    with read(desk.crm.engine) as conn:
        assert set(conn.scalars(select(external_key.c.record_id))) == {survivor.id}


@pytest.mark.parametrize("entity", MERGED)
def test_who_saw_the_loser_sees_the_survivor(desk: Desk, entity: str) -> None:
    """As much as they were let before, of the two the more; and the feed says so."""
    survivor, loser = desk.make(entity), desk.make(entity)
    desk.crm.share(entity, survivor.id, desk.ann.id)
    desk.crm.share(entity, loser.id, desk.ann.id, may_write=True)
    desk.crm.share(entity, loser.id, desk.bob.id)
    start = desk.latest()
    desk.crm.merge(entity, survivor.id, loser.id)
    assert set(desk.crm.shares(entity, survivor.id)) == {
        Share(desk.ann.id, may_write=True),
        Share(desk.bob.id, may_write=False),
    }
    assert Verb.SHARE in desk.verbs(start, survivor)[0]


@pytest.mark.parametrize("entity", MERGED)
def test_what_is_refused_leaves_both(desk: Desk, entity: str) -> None:
    """A merge is done whole or not at all."""
    survivor, start = desk.make(entity), desk.latest()
    with pytest.raises(CrmError):
        desk.crm.merge(entity, survivor.id, "nobody")
    assert desk.now(survivor) == survivor
    assert desk.latest() == start
