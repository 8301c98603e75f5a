"""How records and items meet: matches, copies, stamps, lost links, companies, directions."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import text

from syncd.crm import accounts, database
from syncd.model.fields import Direction
from syncd.model.policy import FirstSync
from syncd.model.values import Value
from tests.sync.world import ALICE, BOB, BY_HAND, World

ANN: dict[str, Value] = {
    "firstname": "Ann", "lastname": "van Dyk", "emailaddress1": "ann@example.test",
}  # fmt: skip
CRM = ("CRM",)


# --- matching ------------------------------------------------------------------------------------


def go(world: World) -> None:
    """Let first contact go ahead."""
    world.policy(first_sync=FirstSync.GO)


def test_one_clear_match_is_adopted(world: World) -> None:
    """An address that is unique on both sides, no contradiction of names: linked (P3)."""
    go(world)
    item = world.hand().add({**ANN, "firstname": "A."})
    record = world.new(**ANN)
    world.settle()
    assert world.item().id == item
    assert world.item().stamped
    assert world.item()["firstname"] == "Ann"
    assert "A." in world.kept_losers()[0]
    assert world.link(record).origin == "adopted"


def test_names_that_contradict_wait_for_a_person(world: World) -> None:
    """The same address under another name is doubtful: nothing is linked or created."""
    go(world)
    item = world.hand().add({**ANN, "firstname": "Bea"})
    record = world.new(**ANN)
    world.settle()
    assert world.link(record) is None
    assert world.noticed(record) == "waiting (doubtful-match)"
    assert [each.id for each in world.items()] == [item]
    assert not world.item().stamped


def test_an_address_that_several_carry_matches_nobody(world: World) -> None:
    """info@ is everybody's: the record gets an item of its own, nothing else is touched."""
    go(world)
    for name in ("Ann", "Bea", "Cid"):
        world.hand().add({"firstname": name, "emailaddress1": "info@example.test"})
    before = world.items()
    record = world.new(firstname="Dan", lastname="Doe", emailaddress1="info@example.test")
    world.settle()
    assert world.items()[:3] == before
    assert world.item_of(record)["firstname"] == "Dan"


def test_a_shared_address_matches_with_the_name(world: World) -> None:
    """Ann and Tim share an address on both sides: each is tied to their own, nobody is doubled."""
    go(world)
    people = [ANN, {**ANN, "firstname": "Tim"}]
    items = [world.hand().add(each) for each in people]
    records = world.new_many(people)
    world.settle()
    assert [world.link(each).remote_id for each in records] == items


def test_two_items_that_a_record_could_be_wait_until_their_owner_says_which(world: World) -> None:
    """P3: a double in Outlook gets no third beside it; the category says which one is meant."""
    go(world)
    items = [world.hand().add(ANN) for _ in range(2)]
    record = world.new(**ANN)
    world.settle()
    assert world.noticed(record) == "waiting (doubtful-match)"
    assert [each.id for each in world.items()] == items
    world.hand().edit(items[1], {"categories": CRM})
    world.settle()
    assert world.link(record).remote_id == items[1]
    assert len(world.items()) == len(items)
    assert list(world.all_records()) == [record]


def test_two_records_that_claim_one_item_wait(world: World) -> None:
    """P3: which of the two it is says no edit of one of them; with the other gone it is clear."""
    go(world)
    item = world.hand().add(ANN)
    twins = world.new_many([ANN, ANN])
    world.settle()
    world.change(twins[0], jobtitle="CEO")
    world.settle()
    assert [world.noticed(each) for each in twins] == ["waiting (doubtful-match)"] * 2
    assert [each.id for each in world.items()] == [item]
    world.remove(twins[0])
    world.settle()
    assert world.link(twins[1]).remote_id == item
    assert world.item().id == item


def test_a_match_of_another_installation_waits(world: World) -> None:
    """P3: a store that was lost, or a second one: nobody is doubled beside the other's items."""
    go(world)
    item = world.hand().add(ANN)
    world.hand().set_link(item, "another/contact/00000000-0000-0000-0000-000000000001")
    record = world.new(**ANN)
    world.settle()
    assert world.noticed(record) == "waiting (bound-match)"
    assert world.reason(item) == "excluded (foreign)"
    assert [each.id for each in world.items()] == [item]
    world.hand().delete(item)
    world.settle()
    assert world.item_of(record) == world.item()


def test_a_match_whose_record_is_gone_waits(world: World) -> None:
    """Deleted in the CRM and typed in again: the item that rests in Outlook is not doubled."""
    world.settle()
    item = world.hand().add({**ANN, "categories": CRM})
    world.settle()
    (first,) = world.all_records()
    world.remove(first)
    world.settle()
    again = world.new(**ANN)
    world.settle()
    assert world.noticed(again) == "waiting (bound-match)"
    assert [each.id for each in world.items()] == [item]
    world.hand().edit(item, {"categories": CRM})  # a new act of tracking
    world.settle()
    assert world.link(again).remote_id == item
    assert len(world.items()) == 1


def test_a_copy_that_became_a_colleague_is_free_to_be_one(world: World) -> None:
    """Made by copying and renamed: the CRM's record of that colleague is tied to it."""
    go(world)
    world.new(**ANN)
    world.settle()
    copy = world.hand().copy(world.item().id)
    zoe: dict[str, Value] = {
        "firstname": "Zoe", "lastname": "Zed", "emailaddress1": "zoe@example.test",
    }  # fmt: skip
    world.hand().edit(copy, zoe)
    world.settle()
    record = world.new(**zoe)
    world.settle()
    assert world.link(record).remote_id == copy
    assert len(world.items()) == 2


# --- copies and stamps ---------------------------------------------------------------------------


def test_a_copy_is_left_alone_and_so_is_its_deletion(world: World) -> None:
    """A second item with a linked stamp, while the first is alive: excluded."""
    record = world.new(**ANN)
    world.settle()
    item = world.item().id
    copy = world.hand().copy(item)
    world.settle()
    assert world.reason(copy) == "excluded (copy)"
    assert world.link(record).remote_id == item
    assert world.link(record).state == "live"
    world.hand().edit(copy, {"jobtitle": "Boss"})
    world.settle()
    assert "jobtitle" not in world.crm(record)
    world.hand().delete(copy)
    world.settle()
    world.pass_time(minutes=11)
    world.settle()
    assert world.link(record).state == "live"
    assert list(world.all_records()) == [record]
    world.change(record, jobtitle="CEO")
    world.settle()
    assert world.item()["jobtitle"] == "CEO"


def test_a_copy_about_somebody_else_that_is_tracked_is_a_new_record(world: World) -> None:
    """Its user changed who it is about and put it into the CRM."""
    record = world.new(**ANN)
    world.settle()
    copy = world.hand().copy(world.item().id)
    world.settle()
    world.hand().edit(
        copy,
        {
            "firstname": "Bea",
            "lastname": "Ode",
            "emailaddress1": "bea@x.test",
            "categories": CRM,
        },
    )
    world.settle()
    (new,) = world.all_records().keys() - {record}
    assert world.crm(new)["firstname"] == "Bea"
    assert world.link(new).remote_id == copy
    assert world.crm(record) == ANN
    assert world.link(record).state == "live"
    world.hand().edit(copy, {"jobtitle": "Boss"})
    world.settle()
    assert world.crm(new)["jobtitle"] == "Boss"
    assert "jobtitle" not in world.crm(record)


def test_the_linked_item_that_is_gone_lives_on_in_its_copy(world: World) -> None:
    """A second item with a linked stamp *is* the linked one where the first is gone."""
    record = world.new(**ANN)
    world.settle()
    item = world.item().id
    copy = world.hand().copy(item)
    world.hand().delete(item)
    world.settle()
    assert world.link(record).remote_id == copy
    assert world.link(record).state == "live"


def test_of_two_copies_one_takes_the_place_of_what_is_gone(world: World) -> None:
    """Also where the record went as well, and what follows from it waits for a person (P3, P9)."""
    records = world.new_many([{**ANN, "emailaddress1": f"{n}@x.test"} for n in range(3)])
    world.start()
    world.settle()
    world.policy(limits=replace(world.rules.limits, few=1))
    for item in world.items():
        for _ in range(2):
            world.hand().copy(item.id)
        world.hand().delete(item.id)
    for record in records:
        world.remove(record)
    world.pass_time(minutes=11)
    world.sync()
    assert world.approve() == len(records)
    world.settle()
    assert len(world.items()) == len(records)  # the other copy of each
    assert {world.link(each).state for each in records} == {"orphaned"}


def test_an_item_of_another_installation_is_left_alone(world: World) -> None:
    """A foreign stamp: excluded, even when it is tracked."""
    world.settle()
    item = world.hand().add({**ANN, "categories": CRM})
    world.hand().set_link(item, "elsewhere/contact/7")
    before = world.item()
    world.settle()
    assert world.reason(item) == "excluded (foreign)"
    assert world.item() == before
    assert world.all_records() == {}


def test_a_distribution_list_is_accounted_for_and_left_alone(world: World) -> None:
    """Another class of item: excluded (P9)."""
    world.settle()
    item = world.hand().add({"categories": CRM}, item_class="IPM.DistList")
    world.settle()
    assert world.reason(item) == "excluded (other-class)"
    assert world.all_records() == {}


def test_a_lost_link_table_is_found_again_by_the_stamps(world: World) -> None:
    """Nothing is created or deleted on either side (P3); edits made meanwhile are merged."""
    records = world.new_many([{**ANN, "emailaddress1": f"{n}@x.test"} for n in range(6)])
    world.settle()
    items = {each.id for each in world.items()}
    world.forget_links()
    world.start()
    world.settle()
    assert {each.id for each in world.items()} == items
    assert set(world.all_records()) == set(records)
    assert {each.crm_id for each in world.links()} == set(records)
    assert {each.remote_id for each in world.links()} == items


def test_lost_links_alone_are_made_again(world: World) -> None:
    """Only the rows of `link` are gone, the cursor stands: the audit's listing finds them."""
    records = world.new_many([{**ANN, "emailaddress1": f"{n}@x.test"} for n in range(3)])
    world.settle()
    items = {each.id for each in world.items()}
    world.execute("delete from link")
    for record in records:
        world.change(record, jobtitle="CEO")
    world.settle()
    assert {each.id for each in world.items()} == items
    assert {each["jobtitle"] for each in world.items()} == {"CEO"}


# --- company -------------------------------------------------------------------------------------


def account(world: World, name: str) -> str:
    """An account in the CRM."""
    owner = world.users[ALICE]
    with database.write(world.engine) as conn:
        made = accounts.create(conn, name, owner_id=owner, actor=BY_HAND, at=world.time())
    return made.id


def parent(world: World, record: str) -> object:
    """The parent account of a record."""
    with database.read(world.engine) as conn:
        query = text("select parentcustomerid from contact where id = :id")
        return conn.execute(query, {"id": record}).scalar_one()


def test_the_accounts_name_goes_to_outlook(world: World) -> None:
    """And follows when the account is renamed."""
    fabrikam = account(world, "Fabrikam Inc.")
    record = world.new(**ANN, companyname="Fabrikam Inc.")
    world.change(record, parentcustomerid=fabrikam)
    world.settle()
    assert world.item()["companyname"] == "Fabrikam Inc."
    with database.write(world.engine) as conn:
        accounts.rename(conn, fabrikam, "Fabrikam AG", actor=BY_HAND, at=world.time())
    world.settle()
    assert world.item()["companyname"] == "Fabrikam AG"


def test_a_company_written_in_outlook_sets_the_parent_on_an_exact_name_only(world: World) -> None:
    """Never un-parents, never makes an account."""
    fabrikam = account(world, "Fabrikam Inc.")
    record = world.new(**ANN)
    world.settle()
    world.hand().edit(world.item().id, {"companyname": "Fabrikam"})
    world.settle()
    assert parent(world, record) is None
    assert world.crm(record)["companyname"] == "Fabrikam"
    world.hand().edit(world.item().id, {"companyname": "Fabrikam Inc."})
    world.settle()
    assert parent(world, record) == fabrikam
    world.hand().edit(world.item().id, {"companyname": "Somewhere else"})
    world.settle()
    assert parent(world, record) == fabrikam
    with database.read(world.engine) as conn:
        assert len(accounts.every(conn)) == 1


# --- directions ----------------------------------------------------------------------------------


def test_an_edit_on_a_side_that_may_not_speak_is_left_until_the_other_speaks(world: World) -> None:
    """A deviation: recorded, left, then overwritten and kept as a loser (P1)."""
    world.policy(direction=Direction.TO_OUTLOOK)
    record = world.new(**ANN, jobtitle="CEO")
    world.settle()
    world.hand().edit(world.item().id, {"jobtitle": "Boss"})
    world.settle()
    assert world.item()["jobtitle"] == "Boss"
    assert world.crm(record)["jobtitle"] == "CEO"
    world.change(record, jobtitle="President")
    world.settle()
    assert world.item()["jobtitle"] == "President"
    (kept,) = world.kept_losers()
    assert "Boss" in kept


def test_to_crm_takes_and_never_gives(world: World) -> None:
    """One-way the other way: nothing is created in Outlook; what is tracked goes to the CRM."""
    world.policy(direction=Direction.TO_CRM)
    world.new(**ANN)
    world.settle()
    assert world.items() == []
    item = world.hand().add({"firstname": "Bea", "categories": CRM})
    world.settle()
    (record,) = (
        r for r, held in world.all_records().items() if held.record.fields["firstname"] == "Bea"
    )
    world.change(record, jobtitle="CEO")
    world.settle()
    assert world.item()["jobtitle"] is None
    world.hand().edit(item, {"jobtitle": "Boss"})
    world.settle()
    assert world.crm(record)["jobtitle"] == "Boss"
    assert world.users[BOB] not in {each.owner_id for each in world.all_records().values()}


def test_two_tracked_items_about_one_known_record_make_one_link(world: World) -> None:
    """Both put into the CRM at once: the first one is linked, the second is a question (P3)."""
    world.start()
    known = world.new(BOB, **ANN)
    for _ in range(2):
        world.hand().add({**ANN, "categories": ("CRM",)})
    world.settle()
    assert [each.crm_id for each in world.links()] == [known]
    assert [each.stamped for each in world.items()].count(True) == 1
    world.accounted()
