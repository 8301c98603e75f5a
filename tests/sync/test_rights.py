"""Who may read or change what: the sync obeys it as every other program does."""

from __future__ import annotations

import pytest

from syncd.outlook.port import Sensitivity
from syncd.sync.service import SyncService
from tests.sync import desk
from tests.sync.desk import ALL, NONE, OWN, TEAM
from tests.sync.world import ALICE, BOB, World

ANN = {"firstname": "Ann", "lastname": "Lee", "emailaddress1": "ann@example.test"}
ACTIVE = "statecode eq 'active'"
CRM = ("CRM",)


def first_names(world: World, address: str = ALICE, folder: str = "contacts") -> list[str]:
    """Who is in a folder."""
    return sorted(str(each["firstname"]) for each in world.items(folder, address))


# --- whose records -------------------------------------------------------------------------------


def test_a_filter_reaches_as_far_as_its_user_may_read(world: World) -> None:
    """Filter and right: what a user may not read is not pushed, however wide the filter."""
    world.filter = ACTIVE
    desk.rule(world, read=OWN, write=OWN)
    world.new(ALICE, firstname="Ann")
    world.new(BOB, firstname="Bea")
    world.settle(ALICE, BOB)
    assert first_names(world, ALICE) == ["Ann"]
    assert first_names(world, BOB) == ["Bea"]


@pytest.mark.parametrize("to_team", [False, True])
def test_what_is_shared_comes_and_what_is_unshared_goes(world: World, *, to_team: bool) -> None:
    """With the user or a team; it leaves as what left scope, not as what was deleted."""
    world.filter = ACTIVE
    desk.rule(world, read=OWN, write=OWN)
    principal = desk.team(world, "North", ALICE) if to_team else ALICE
    bea = world.new(BOB, firstname="Bea")
    world.settle()
    assert world.items() == []
    desk.share(world, bea, principal)
    world.settle()
    assert first_names(world) == ["Bea"]
    desk.unshare(world, bea, principal)
    world.settle()
    assert world.items() == []
    assert first_names(world, folder="Former CRM contacts") == ["Bea"]


def test_who_joins_or_leaves_a_team_has_its_records_or_not(world: World) -> None:
    """A change of members is a change of the rules: membership is asked anew, set-wise."""
    world.filter = ACTIVE
    desk.rule(world, read=TEAM, write=TEAM)
    world.new(BOB, firstname="Bea")
    world.settle()
    assert world.items() == []
    north = desk.team(world, "North", ALICE, BOB)
    world.settle()
    assert first_names(world) == ["Bea"]
    desk.leave(world, north, BOB)
    world.settle()
    assert world.items() == []


def test_a_rule_that_is_made_or_taken_back_is_applied_by_the_next_run(world: World) -> None:
    """Nobody has to touch a record for it."""
    world.filter = ACTIVE
    world.new(BOB, firstname="Bea")
    world.settle()
    assert first_names(world) == ["Bea"]
    desk.rule(world, read=OWN, write=OWN)
    world.settle()
    assert world.items() == []
    desk.no_rule(world)
    world.settle()
    assert first_names(world) == ["Bea"]


def test_tracking_pins_against_the_filter_and_not_against_a_lost_right(world: World) -> None:
    """The user's own item stays where it is, and is in step no more (P14)."""
    world.settle()
    own = world.hand().add({**ANN, "categories": CRM})
    world.settle()
    (record,) = world.all_records()
    desk.rule(world, read=OWN, write=OWN)
    world.assign(record, BOB)
    world.settle()
    assert world.link(record).state == "released"
    assert world.item().id == own
    world.hand().edit(own, {"jobtitle": "Boss"})
    world.settle()
    assert "jobtitle" not in world.crm(record)
    desk.share(world, record, ALICE, may_write=True)
    world.settle()
    assert world.link(record).state == "live"
    assert world.crm(record)["jobtitle"] == "Boss"


def test_the_last_edit_before_a_right_is_lost_is_kept(world: World) -> None:
    """It is too late for the CRM: kept as a loser, and nothing is set aside or refused (P1)."""
    world.filter = ACTIVE
    record = world.new(BOB, **ANN)
    world.settle()
    world.hand().edit(world.item().id, {"jobtitle": "Boss"})
    desk.rule(world, read=OWN, write=OWN)
    world.settle()
    assert "jobtitle" not in world.crm(record)
    assert first_names(world, folder="Former CRM contacts") == ["Ann"]
    assert sum("Boss" in kept for kept in world.kept_losers()) == 1
    assert all(report.outcome == "ok" for report in world.reports)


# --- read, and not changed -----------------------------------------------------------------------


def read_only(world: World) -> str:
    """A record of Bob's that Alice has in Outlook, and may read and not change."""
    world.filter = ACTIVE
    desk.rule(world, read=ALL, write=OWN)
    record = world.new(BOB, **ANN, jobtitle="Buyer")
    world.settle()
    return record


def test_an_edit_of_what_its_user_may_not_change_is_left(world: World) -> None:
    """Not pulled, not blanked, not overwritten; until the CRM speaks: then kept as a loser."""
    record = read_only(world)
    world.hand().edit(world.item().id, {"jobtitle": "Boss", "lastname": None})
    world.settle()
    assert world.crm(record)["jobtitle"] == "Buyer"
    assert world.crm(record)["lastname"] == "Lee"
    assert (world.item()["jobtitle"], world.item()["lastname"]) == ("Boss", None)
    assert world.kept_losers() == []
    world.change(record, jobtitle="CEO")
    world.settle()
    assert world.item()["jobtitle"] == "CEO"
    assert world.item()["lastname"] is None
    assert [kept for kept in world.kept_losers() if "Boss" in kept]
    assert all(report.outcome == "ok" for report in world.reports)


def test_an_edit_that_was_left_is_decided_once_the_right_is_there(world: World) -> None:
    """As on adoption: the CRM's value is written, Outlook's kept; an empty one takes Outlook's."""
    record = read_only(world)
    world.hand().edit(world.item().id, {"jobtitle": "Boss", "department": "Sales"})
    world.settle()
    desk.share(world, record, ALICE, may_write=True)
    world.settle()
    assert world.crm(record)["jobtitle"] == world.item()["jobtitle"] == "Buyer"
    assert world.crm(record)["department"] == world.item()["department"] == "Sales"
    assert any("Boss" in kept for kept in world.kept_losers())


def test_a_right_that_comes_by_a_rule_is_taken_up_too(world: World) -> None:
    """No feed line tells of it."""
    record = read_only(world)
    world.hand().edit(world.item().id, {"department": "Sales"})
    world.settle()
    desk.rule(world, read=ALL, write=ALL)
    world.settle()
    assert world.crm(record)["department"] == "Sales"


def test_a_match_that_may_not_be_changed_is_adopted_one_way(world: World) -> None:
    """First contact: what the CRM has is written to Outlook, what it lacks stays Outlook's own."""
    world.filter = ACTIVE
    desk.rule(world, read=ALL, write=OWN)
    record = world.new(BOB, **ANN, jobtitle="Buyer")
    item = world.hand().add({**ANN, "jobtitle": "Boss", "department": "Sales"})
    world.start()
    world.settle()
    assert world.link(record).remote_id == item
    assert (world.item()["jobtitle"], world.item()["department"]) == ("Buyer", "Sales")
    assert "department" not in world.crm(record)
    assert all(report.outcome == "ok" for report in world.reports[1:])


def test_a_tracked_item_is_tied_to_what_its_user_may_read_and_not_change(world: World) -> None:
    """No second record, and no edit of the first (P3)."""
    desk.rule(world, read=ALL, write=OWN)
    record = world.new(BOB, **ANN, jobtitle="Buyer")
    world.settle()
    world.hand().add({**ANN, "department": "Sales", "categories": CRM})
    world.settle()
    assert list(world.all_records()) == [record]
    assert world.link(record).state == "live"
    assert "department" not in world.crm(record)
    assert (world.item()["jobtitle"], world.item()["department"]) == ("Buyer", "Sales")


def test_who_may_make_no_record_puts_nothing_into_the_crm(world: World) -> None:
    """The item is left alone, until there is a right: then it need not be touched again."""
    desk.rule(world, read=ALL, write=NONE)
    world.settle()
    own = world.hand().add({**ANN, "categories": CRM})
    world.settle()
    assert world.all_records() == {}
    assert world.reason(own) == "excluded (not-writable)"
    desk.rule(world, read=ALL, write=OWN)
    world.settle()
    assert len(world.all_records()) == 1


def test_what_is_made_private_is_taken_back_whatever_the_rights(world: World) -> None:
    """P7: also out of a record that its user may not change any more, or that is closed."""
    world.settle()
    own = world.hand().add({**ANN, "spousesname": "Max", "categories": CRM})
    world.settle()
    (record,) = world.all_records()
    world.set_active(record, active=False)
    desk.rule(world, read=ALL, write=NONE)
    world.hand().mark(own, Sensitivity.PRIVATE)
    world.settle()
    assert not any(world.record(record).record.fields.values())


# --- single fields -------------------------------------------------------------------------------


def test_a_field_that_may_not_be_read_is_not_pushed(world: World) -> None:
    """Not when its item is created, nor by an edit, nor in a conflict; and never blanked."""
    desk.rule(world, read=NONE, write=NONE, field="mobilephone")
    record = world.new(**ANN, mobilephone="+41 79 1234567", jobtitle="Buyer")
    world.settle()
    assert world.item()["mobilephone"] is None
    world.hand().edit(world.item().id, {"mobilephone": "+41 79 7654321"})
    world.change(record, mobilephone="+41 79 0000000", jobtitle="CEO")
    world.settle()
    assert world.item()["mobilephone"] == "+41 79 7654321"
    assert world.item()["jobtitle"] == "CEO"
    assert world.crm(record)["mobilephone"] == "+41 79 0000000"
    world.hand().edit(world.item().id, {"mobilephone": None})
    world.settle()
    assert world.crm(record)["mobilephone"] == "+41 79 0000000"


def test_a_field_that_may_not_be_read_is_not_pushed_on_adoption(world: World) -> None:
    """What its user has there stays, and is not taken."""
    desk.rule(world, read=NONE, write=ALL, field="jobtitle")
    record = world.new(**ANN, jobtitle="Buyer")
    world.hand().add({**ANN, "jobtitle": "Boss"})
    world.start()
    world.settle()
    assert world.link(record).origin == "adopted"
    assert (world.item()["jobtitle"], world.crm(record)["jobtitle"]) == ("Boss", "Buyer")


@pytest.mark.parametrize("field", ["firstname", "lastname"])
def test_nothing_that_may_not_be_read_shows_in_a_name(world: World, field: str) -> None:
    """A name is one group: it is as closed as its more closed half, whatever shows it."""
    desk.rule(world, read=NONE, write=NONE, field=field)
    world.new(**ANN)
    world.settle()
    assert not {"Ann", "Lee"} & set(map(str, world.item().fields.values()))


def test_a_field_that_may_not_be_written_is_not_pulled(world: World) -> None:
    """The rest of the same edit is; what is left is not blanked, and goes when the CRM speaks."""
    desk.rule(world, read=ALL, write=NONE, field="jobtitle")
    record = world.new(**ANN, jobtitle="Buyer")
    world.settle()
    world.hand().edit(world.item().id, {"jobtitle": "Boss", "department": "Sales"})
    world.settle()
    assert world.crm(record)["jobtitle"] == "Buyer"
    assert world.crm(record)["department"] == "Sales"
    assert world.item()["jobtitle"] == "Boss"
    world.change(record, jobtitle="CEO")
    world.settle()
    assert world.item()["jobtitle"] == "CEO"
    assert any("Boss" in kept for kept in world.kept_losers())


def test_a_field_that_may_not_be_written_is_left_out_of_a_new_record(world: World) -> None:
    """The record is made all the same, and the item keeps what it holds."""
    desk.rule(world, read=ALL, write=NONE, field="jobtitle")
    world.settle()
    world.hand().add({**ANN, "jobtitle": "Boss", "categories": CRM})
    world.settle()
    (record,) = world.all_records()
    assert "jobtitle" not in world.crm(record)
    assert world.item()["jobtitle"] == "Boss"
    assert all(report.outcome == "ok" for report in world.reports)


def test_the_company_is_closed_with_the_account_it_names(world: World) -> None:
    """Outlook's company would set the account: who may not set that writes no company."""
    desk.rule(world, read=ALL, write=NONE, field="parentcustomerid")
    desk.account(world, "Contoso")
    record = world.new(**ANN)
    world.settle()
    world.hand().edit(world.item().id, {"companyname": "Contoso"})
    world.settle()
    assert "companyname" not in world.crm(record)
    assert all(report.outcome == "ok" for report in world.reports)


def test_a_field_that_is_opened_is_decided_once(world: World) -> None:
    """As when a direction opens: the CRM's value is written, Outlook's is kept (P1)."""
    desk.rule(world, read=NONE, write=NONE, field="jobtitle")
    record = world.new(**ANN, jobtitle="Buyer", department="Sales")
    world.settle()
    world.hand().edit(world.item().id, {"jobtitle": "Boss"})
    world.settle()
    desk.no_rule(world, field="jobtitle")
    world.settle()
    assert world.item()["jobtitle"] == world.crm(record)["jobtitle"] == "Buyer"
    assert any("Boss" in kept for kept in world.kept_losers())


def test_a_field_that_is_closed_stays_as_it_is(world: World) -> None:
    """What was in step is not taken away from either side, and goes nowhere from then on."""
    record = world.new(**ANN, jobtitle="Buyer")
    world.settle()
    desk.rule(world, read=NONE, write=NONE, field="jobtitle")
    world.settle()
    assert world.item()["jobtitle"] == world.crm(record)["jobtitle"] == "Buyer"
    world.change(record, jobtitle="CEO")
    world.settle()
    assert world.item()["jobtitle"] == "Buyer"


def test_rules_of_one_user_do_not_bind_another(world: World) -> None:
    """The same record, and a field that the one may read and the other not."""
    world.filter = ACTIVE
    desk.rule(world, read=NONE, write=NONE, field="jobtitle")
    north = desk.team(world, "North", BOB)
    desk.rule(world, read=ALL, write=ALL, field="jobtitle", team=north)
    record = world.new(**ANN, jobtitle="Buyer")
    world.settle(ALICE, BOB)
    assert world.item()["jobtitle"] is None
    assert world.item(address=BOB)["jobtitle"] == "Buyer"
    world.hand(BOB).edit(world.item(address=BOB).id, {"jobtitle": "Boss"})
    world.settle(ALICE, BOB)
    assert world.crm(record)["jobtitle"] == "Boss"
    assert world.item()["jobtitle"] is None


# --- whom a change concerns ----------------------------------------------------------------------


def watching(world: World) -> SyncService:
    """A service that has seen the feed as it stands."""
    service = world.service()
    service.due(10)
    return service


def test_sharing_makes_the_mailboxes_due_that_it_concerns(world: World) -> None:
    """The owner's, and those of the users and teams that it is shared with."""
    world.filter = ACTIVE
    desk.rule(world, read=OWN, write=OWN)
    north = desk.team(world, "North", BOB)
    bea = world.new(ALICE, firstname="Bea")
    world.settle(ALICE, BOB)
    service = watching(world)
    assert service.due(10) == []
    desk.share(world, bea, north)
    assert set(service.due(10)) == {ALICE, BOB}
    world.settle(ALICE, BOB)
    desk.unshare(world, bea, north)
    assert set(service.due(10)) == {ALICE, BOB}


def test_an_account_that_changes_makes_its_contacts_mailboxes_due(world: World) -> None:
    """Whose mailbox they are in may depend on it, though nothing in them changed."""
    contoso = desk.account(world, "Contoso", BOB)
    ann = world.new(ALICE, firstname="Ann", parentcustomerid=contoso)
    world.settle(ALICE, BOB)
    service = watching(world)
    version = world.record(ann).version
    desk.change_account(world, contoso, customertypecode="Customer")
    assert service.due(10) == [ALICE]
    assert world.record(ann).version == version
    world.settle(ALICE, BOB)


def test_a_merge_makes_the_mailboxes_due_that_hold_either(world: World) -> None:
    """The one that went, and the one that stays."""
    ann, anne = world.new(ALICE, **ANN), world.new(BOB, firstname="Anne")
    world.settle(ALICE, BOB)
    service = watching(world)
    desk.merge(world, ann, anne)
    assert set(service.due(10)) == {ALICE, BOB}
