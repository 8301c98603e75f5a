"""Existence: every row of the table in `reconcile/decide.py`, seen from both sides."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from syncd.model.policy import ConflictPolicy, Track
from syncd.model.values import Value
from tests.sync.world import ALICE, BOB, World

ANN: dict[str, Value] = {
    "firstname": "Ann",
    "lastname": "van Dyk",
    "emailaddress1": "ann@example.test",
}
CRM = ("CRM",)


@pytest.fixture
def ann(world: World) -> str:
    """A record of Alice's, in step with her mailbox."""
    made = world.new(**ANN)
    world.settle()
    return made


@pytest.fixture
def own(world: World) -> tuple[str, str]:
    """An item of Alice's own that she has put into the CRM: record and item."""
    world.settle()
    item = world.hand().add({**ANN, "categories": CRM})
    world.settle()
    (record,) = world.all_records()
    return record, item


def names(world: World, folder: str = "contacts", address: str = ALICE) -> list[str]:
    """The first names of what is in a folder."""
    return sorted(str(each["firstname"]) for each in world.items(folder, address))


# --- in scope, linked ----------------------------------------------------------------------------


def test_a_record_in_scope_gets_its_item(world: World, ann: str) -> None:
    """No link, in scope, no match: created, with its stamp (P3)."""
    item = world.item()
    assert item.fields | ANN == item.fields
    assert item.stamped
    assert world.link(ann).origin == "created"


def test_an_edit_goes_to_the_other_side(world: World, ann: str) -> None:
    """Only one side changed: carried over, from either side; the rest stays (P11)."""
    world.change(ann, jobtitle="CEO")
    world.settle()
    assert world.item()["jobtitle"] == "CEO"
    world.hand().edit(world.item().id, {"department": "Sales"})
    world.settle()
    assert world.crm(ann) == {**ANN, "jobtitle": "CEO", "department": "Sales"}


def test_edits_of_different_groups_meet(world: World, ann: str) -> None:
    """Both sides changed, different groups: both edits are on both sides, nothing is lost (P1)."""
    world.change(ann, jobtitle="CEO")
    world.hand().edit(world.item().id, {"department": "Sales"})
    world.settle()
    wanted = {**ANN, "jobtitle": "CEO", "department": "Sales"}
    assert world.crm(ann) == world.item().fields == wanted
    assert world.kept_losers() == []


@pytest.mark.parametrize(
    ("policy", "later", "winner"),
    [
        (ConflictPolicy.CRM, "outlook", "CEO"),
        (ConflictPolicy.OUTLOOK, "crm", "Boss"),
        (ConflictPolicy.LATEST, "crm", "CEO"),
        (ConflictPolicy.LATEST, "outlook", "Boss"),
    ],
)
def test_a_conflict_has_a_winner_and_keeps_the_loser(
    world: World, ann: str, policy: ConflictPolicy, later: str, winner: str
) -> None:
    """Both changed the same group: the rule decides, the other value is kept (P1)."""
    world.policy(conflict=policy)
    item = world.item().id
    edits: list[Callable[[], None]] = [
        lambda: world.change(ann, jobtitle="CEO"),
        lambda: world.hand().edit(item, {"jobtitle": "Boss"}),
    ]
    for edit in edits if later == "outlook" else reversed(edits):
        world.pass_time(seconds=30)
        edit()
    world.settle()
    assert world.crm(ann)["jobtitle"] == world.item()["jobtitle"] == winner
    loser = {"CEO": "Boss", "Boss": "CEO"}[winner]
    (kept,) = world.kept_losers()
    assert loser in kept


def test_the_same_edit_on_both_sides_is_no_conflict(world: World, ann: str) -> None:
    """Both changed to the same: agreed, nothing written."""
    world.change(ann, jobtitle="CEO")
    world.hand().edit(world.item().id, {"jobtitle": "CEO"})
    world.sync()
    assert world.writes == 0
    world.settle()
    assert world.kept_losers() == []


# --- gone from Outlook by its user's hand --------------------------------------------------------


def test_a_deletion_in_outlook_is_respected_and_goes_no_further(world: World, ann: str) -> None:
    """In Deleted Items: the link rests, the CRM is untouched, no item comes back (P14)."""
    version = world.record(ann).version
    world.hand().move(world.item().id, "deleteditems")
    world.settle()
    assert world.link(ann).state == "remembered"
    assert world.record(ann).version == version
    world.change(ann, jobtitle="CEO")
    world.settle()
    assert world.items() == []
    assert world.crm(ann)["jobtitle"] == "CEO"


def test_an_item_put_back_is_live_again(world: World, ann: str) -> None:
    """`remembered`, back in the folder: live, and what was edited meanwhile is merged."""
    gone = world.hand().move(world.item().id, "deleteditems")
    world.settle()
    world.change(ann, jobtitle="CEO")
    world.settle()
    back = world.hand().move(gone, "contacts")
    world.hand().edit(back, {"department": "Sales"})
    world.settle()
    assert world.link(ann).state == "live"
    assert world.item().fields == world.crm(ann)
    assert world.crm(ann) == {**ANN, "jobtitle": "CEO", "department": "Sales"}


def test_an_item_moved_to_another_folder_rests_until_it_comes_back(world: World, ann: str) -> None:
    """Moved away is not deleted: it rests, and lives again when it is back."""
    folder = world.hand().add_folder("Family")
    moved = world.hand().move(world.item().id, folder)
    world.settle()
    assert world.link(ann).state == "remembered"
    assert world.items() == []
    world.hand().move(moved, "contacts")
    world.settle()
    assert world.link(ann).state == "live"
    assert len(world.items()) == 1


def test_an_item_moved_out_and_back_between_two_runs_is_the_same_item(
    world: World, ann: str
) -> None:
    """Its id is another one; the stamp says that it is the linked item."""
    folder = world.hand().add_folder("Family")
    moved = world.hand().move(world.item().id, folder)
    back = world.hand().move(moved, "contacts")
    world.hand().edit(back, {"jobtitle": "Boss"})
    world.settle()
    assert world.link(ann).state == "live"
    assert world.link(ann).remote_id == back
    assert world.crm(ann)["jobtitle"] == "Boss"


def test_an_item_that_is_nowhere_is_looked_for_twice(world: World, ann: str) -> None:
    """Removed for good: concluded only by a second look, ten minutes on (P5)."""
    world.hand().delete(world.item().id)
    for _ in range(3):
        world.sync()
        assert world.link(ann).state == "live"
    world.pass_time(minutes=11)
    world.settle()
    assert world.link(ann).state == "remembered"
    assert ann in world.all_records()


# --- leaving and entering scope ------------------------------------------------------------------


def test_what_syncd_made_is_put_aside_when_it_leaves_scope(world: World, ann: str) -> None:
    """Scope exit, origin created: moved to "Former CRM contacts"; and from there back."""
    world.set_active(ann, active=False)
    world.settle()
    assert world.items() == []
    assert names(world, "Former CRM contacts") == ["Ann"]
    assert world.link(ann).state == "released"
    world.set_active(ann, active=True)
    world.change(ann, jobtitle="CEO")
    world.settle()
    assert world.item().fields == world.crm(ann)
    assert names(world, "Former CRM contacts") == []
    assert world.link(ann).state == "live"


def test_what_was_thrown_out_of_the_former_contacts_is_made_again(world: World, ann: str) -> None:
    """Tidying up our own folder is no decision about a contact that is in scope again."""
    world.set_active(ann, active=False)
    world.settle()
    (former,) = world.items("Former CRM contacts")
    world.hand().move(former.id, "deleteditems")
    world.settle()
    world.set_active(ann, active=True)
    world.settle()
    assert names(world) == ["Ann"]
    assert world.link(ann).state == "live"


def test_the_users_own_item_stays_when_its_record_leaves_scope(world: World) -> None:
    """Scope exit, origin adopted: released and left where it is; then taken up again."""
    item = world.hand().add(ANN)
    record = world.new(**ANN)
    world.start()
    world.settle()
    assert world.link(record).origin == "adopted"
    world.assign(record, BOB)
    world.settle()
    assert [each.id for each in world.items()] == [item]
    assert world.link(record).state == "released"
    world.hand().edit(item, {"jobtitle": "Boss"})
    world.settle()
    assert "jobtitle" not in world.crm(record)
    world.assign(record, ALICE)
    world.settle()
    assert world.link(record).state == "live"
    assert world.crm(record)["jobtitle"] == "Boss"


def test_the_last_edit_is_taken_before_it_leaves_scope(world: World, ann: str) -> None:
    """Left scope, Outlook changed: the edit goes to the CRM first (P1)."""
    world.hand().edit(world.item().id, {"jobtitle": "Boss"})
    world.assign(ann, BOB)
    world.settle()
    assert world.crm(ann)["jobtitle"] == "Boss"
    assert names(world, "Former CRM contacts") == ["Ann"]


def test_a_reassigned_record_goes_from_one_mailbox_to_the_other(world: World, ann: str) -> None:
    """Alice's item is put aside, Bob gets one of his own (P3)."""
    world.assign(ann, BOB)
    world.settle(ALICE, BOB)
    assert world.items() == []
    assert names(world, "contacts", BOB) == ["Ann"]
    world.change(ann, jobtitle="CEO")
    world.settle(ALICE, BOB)
    assert world.item(address=BOB)["jobtitle"] == "CEO"
    (former,) = world.items("Former CRM contacts")
    assert former["jobtitle"] is None


# --- deleted in the CRM --------------------------------------------------------------------------


def test_a_record_deleted_in_the_crm_takes_along_what_syncd_made(world: World, ann: str) -> None:
    """CRM deleted, origin created: to Deleted Items, from where it can be had back (P13)."""
    world.remove(ann)
    world.settle()
    assert world.items() == []
    assert names(world, "deleteditems") == ["Ann"]
    assert world.link(ann).state == "orphaned"


def test_a_record_deleted_in_the_crm_leaves_the_users_own_item(
    world: World, own: tuple[str, str]
) -> None:
    """CRM deleted, origin tracked: kept as orphaned, only our category comes off (P14)."""
    record, item = own
    world.remove(record)
    world.settle()
    assert world.item().id == item
    assert world.item()["categories"] is None
    assert world.link(record).state == "orphaned"
    assert world.item()["firstname"] == "Ann"


def test_an_edited_item_survives_the_deletion_of_its_record(world: World, ann: str) -> None:
    """CRM deleted, Outlook changed: the item is kept, as orphaned (P1)."""
    world.hand().edit(world.item().id, {"jobtitle": "Boss"})
    world.remove(ann)
    world.settle()
    assert world.item()["jobtitle"] == "Boss"
    assert world.link(ann).state == "orphaned"


def test_an_orphan_that_is_tracked_again_is_a_new_record(
    world: World, own: tuple[str, str]
) -> None:
    """`orphaned`, a new act of tracking: a record of its own."""
    record, item = own
    world.remove(record)
    world.settle()
    world.hand().edit(item, {"categories": CRM})
    world.settle()
    (again,) = world.all_records()
    assert again != record
    assert world.link(again).remote_id == item
    assert world.link(again).state == "live"


# --- tracking ------------------------------------------------------------------------------------


def test_a_tracked_item_becomes_a_record_of_its_user(world: World, own: tuple[str, str]) -> None:
    """The category is its user's act: created in the CRM, owned by the user, and stamped (P14)."""
    record, item = own
    assert world.record(record).owner_id == world.users[ALICE]
    assert world.crm(record) == ANN
    assert world.item().id == item
    assert world.item().stamped
    assert world.link(record).origin == "tracked"


def test_a_tracked_folder_is_an_act_of_tracking(world: World) -> None:
    """A folder that the policy names as tracked: what is put there is put into the CRM."""
    world.policy(track=Track.FOLDER, folder="default/Customers")
    world.settle()
    world.hand().add(ANN)
    world.hand().add({"firstname": "Bea"}, folder=folder_id(world, "Customers"))
    world.settle()
    (record,) = world.all_records()
    assert world.crm(record) == {"firstname": "Bea"}


def folder_id(world: World, name: str) -> str:
    """The id of a folder below the default one."""
    found = world.connect(ALICE).folder(world.rules.kind, f"default/{name}", create=False)
    assert found is not None
    return found.id


def test_untracking_leaves_the_record_and_lets_the_link_rest(
    world: World, own: tuple[str, str]
) -> None:
    """Removing the category ends it; adding it again goes on from where it was."""
    record, item = own
    world.hand().edit(item, {"categories": None})
    world.settle()
    assert world.link(record).state == "released"
    world.hand().edit(item, {"jobtitle": "Boss"})
    world.change(record, department="Sales")
    world.settle()
    assert "jobtitle" not in world.crm(record)
    assert world.item()["department"] is None
    world.hand().edit(item, {"categories": CRM})
    world.settle()
    assert world.link(record).state == "live"
    assert world.crm(record) == {**ANN, "jobtitle": "Boss", "department": "Sales"}
    assert world.item()["department"] == "Sales"


def test_tracking_pins_a_record_but_not_against_deactivation(
    world: World, own: tuple[str, str]
) -> None:
    """A tracked item stays in step though the filter says otherwise; deactivation releases it."""
    record, item = own
    world.assign(record, BOB)
    world.settle()
    world.change(record, jobtitle="CEO")
    world.settle()
    assert world.item()["jobtitle"] == "CEO"
    world.set_active(record, active=False)
    world.settle()
    assert world.link(record).state == "released"
    assert world.item().id == item


def test_an_item_that_nobody_tracked_stays_out(world: World) -> None:
    """No link, not in the CRM, not tracked: excluded, untouched, unknown to the CRM (P14)."""
    world.settle()
    item = world.hand().add(ANN)
    before = world.item()
    world.settle()
    assert world.all_records() == {}
    assert world.item() == before
    assert world.reason(item) == "excluded (not-tracked)"


def test_a_tracked_double_of_a_linked_contact_waits_for_a_person(world: World, ann: str) -> None:
    """A record that this mailbox has already under another item: a question, no second item."""
    second = world.hand().add({**ANN, "categories": CRM})
    world.sync()
    world.sync()
    assert world.reason(second) == "waiting (linked-here)"
    assert list(world.all_records()) == [ann]
    world.accounted()
