"""From the first user to the last: import, test, approve, agree, rename, remove, as typed."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import pytest

from syncd.sandbox.properties import mapi_named
from tests.cli.office import ALICE, BOB, Office, own_password

CARA = "cara@example.test"
LINK = mapi_named("5f0b9c1e-7d43-4a86-9e1b-2c6a8f3d4e70", "SyncdLink", "String")


def user(office: Office, address: str, *words: str) -> dict[str, Any]:
    """A line of `users list`."""
    found: list[dict[str, Any]] = office.json("users", "list", *words)
    return next(each for each in found if each["address"] == address)


def listed(office: Office, text: str) -> str:
    """The path of a list of users."""
    path = office.folder / "users.csv"
    path.write_text(text, encoding="utf-8")
    return str(path)


def ask_users(office: Office) -> None:
    """From now on the policy asks each user."""
    path = office.folder / "syncd.toml"
    text = path.read_text()
    path.write_text(text.replace('server = "office"\n', 'server = "office"\nconsent = "user"\n'))


def requests(office: Office) -> int:
    """How many requests the server has had."""
    return office.box.requests.counts.total()


# --- import --------------------------------------------------------------------------------------

LIST = f"""E-Mail Address;Full name;Policy;User name;Password file
{BOB};Bob Baker;sales;;
;Nobody;sales;;
no address;Nobody;sales;;
{CARA};Cara;slaes;;
{BOB.upper()};Bob again;sales;;
dan@example.test;Dan;sales;dan;
eve@example.test;Eve;sales;eve;gone.password
{ALICE};Alice;sales;;
"""


def test_a_list_is_taken_row_by_row(office: Office) -> None:
    """Each bad row is told with its line and its reason; the good ones are taken."""
    result = office.type("users", "import", listed(office, LIST))
    assert result.exit_code == 1, result.output
    told = result.stderr
    assert "Line 3: it names no address." in told
    assert "Line 4 (no address): address: 'no address' is not an e-mail address." in told
    assert f"Line 5 ({CARA}): the configuration has no policy 'slaes'" in told
    assert "Did you mean 'sales'?" in told
    assert f"Line 6 ({BOB}): the address is in line 2 already." in told
    assert "Line 7 (dan@example.test): the mailbox needs a password of its own." in told
    assert "Line 8 (eve@example.test): there is no file" in told
    assert "1 added, 1 there already, 6 of the rows refused." in result.stdout
    assert "syncd users test" in result.stdout
    bob = user(office, BOB)
    assert (bob["name"], bob["policy"], bob["state"]) == ("Bob Baker", "sales", "added")
    assert {each["address"] for each in office.json("users", "list")} == {ALICE, BOB}


def test_the_same_list_again_changes_nothing(office: Office) -> None:
    """It says who is there already."""
    path = listed(office, f"address,policy\n{BOB},sales\n{ALICE},sales\n")
    office.done("users", "import", path)
    before = office.json("users", "list")
    assert "0 added, 2 there already, 0 of the rows refused." in office.done(
        "users", "import", path
    )
    assert office.json("users", "list") == before


def test_a_dry_run_says_what_would_be_done_and_does_nothing(office: Office) -> None:
    """Not even a user is added to the CRM."""
    before = office.json("users", "list")
    path = listed(office, f"address,policy\n{BOB},sales\n")
    assert "1 would be added" in office.done("users", "import", path, "--dry-run")
    assert office.json("users", "list") == before
    shown = office.json("users", "import", path, "--dry-run")
    assert shown["rows"] == [{"line": 2, "address": BOB, "result": "added"}]


def test_a_list_can_leave_out_the_policy(office: Office) -> None:
    """One policy for all is named once; with --approve nobody needs a test."""
    office.done(
        "users", "import", listed(office, f"mail\n{BOB}\n"), "--policy", "sales", "--approve"
    )
    assert user(office, BOB)["state"] == "approved"


def test_a_served_mailbox_is_not_changed_by_a_list(office: Office) -> None:
    """A row that says something else of it is refused, with what to type."""
    own_password(office, BOB, "x")
    path = listed(
        office, f"address,policy,username,password_file\n{ALICE},sales,{ALICE},{BOB}.password\n"
    )
    result = office.type("users", "import", path)
    assert result.exit_code == 1
    assert f"with another sign-in: syncd users change {ALICE}" in result.stderr
    office.done("sync", ALICE)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        ("name,policy\nBob,sales\n", "none of its columns is an address"),
        ("address\nbob@example.test\n", "none of its columns is the policy"),
        ("address,mail,policy\na,b,c\n", "several of its columns are the address"),
        ("address,policy,password\na@b.c,sales,hunter2\n", "holds passwords"),
    ],
)
def test_what_is_no_such_list_is_refused_as_a_whole(office: Office, text: str, said: str) -> None:
    """Exit 4; a password that stands in it is not repeated."""
    result = office.type("users", "import", listed(office, text))
    assert result.exit_code == 4
    assert said in result.stderr
    assert "No user was added." in result.stderr
    assert "hunter2" not in result.output


# --- states --------------------------------------------------------------------------------------


def test_a_pending_mailbox_is_tested_approved_and_then_live(office: Office) -> None:
    """Until it is approved nothing is synced there, and each refusal says what comes next."""
    assert "syncd users test" in office.done("users", "add", BOB, "--policy", "sales", "--pending")
    result = office.type("sync", BOB)
    assert result.exit_code == 1
    assert f"syncd users test {BOB}" in result.output
    assert office.type("users", "approve", BOB).exit_code == 4
    assert "is not approved yet, and left alone" in office.type("sync").stderr
    told = office.done("users", "test")
    assert f"{BOB}: signed in, on the server office (ews)." in told
    assert "contacts: Contacts, with 0 items" in told
    assert f"syncd users approve {BOB}" in told
    assert user(office, BOB)["state"] == "tested"
    assert office.type("resume", BOB).exit_code == 4  # no way around the approval
    assert office.type("users", "pause", BOB).exit_code == 4
    office.done("users", "approve", BOB)
    assert user(office, BOB)["state"] == "approved"
    assert "approved already" in office.done("users", "approve", BOB)
    office.done("sync", BOB)
    bob = user(office, BOB)
    assert bob["state"] == "live"
    assert bob["last_success"]


def test_a_test_writes_nothing(office: Office) -> None:
    """It is a harmless look, also into a folder that is not there yet."""
    path = office.folder / "syncd.toml"
    path.write_text(path.read_text() + 'folder = "default/CRM"\n')
    office.box.requests.counts.clear()
    told = office.done("users", "test", ALICE)
    assert "no folder default/CRM yet; the first sync makes it" in told
    assert {"GetFolder", "FindFolder"} >= set(office.box.requests.counts)
    assert user(office, ALICE)["state"] == "approved"


def test_what_is_wrong_is_told_mailbox_by_mailbox(office: Office) -> None:
    """One that fails stays added, and says what to do; the others are tested (P10)."""
    office.done("users", "add", BOB, "--policy", "sales", "--pending")
    office.done("users", "add", CARA, "--policy", "sales", "--pending")
    result = office.type("users", "test")
    assert result.exit_code == 1
    assert f"{BOB}: signed in, on the server office (ews)." in result.stdout
    assert f"syncd users test {CARA}" in result.stdout
    assert (user(office, BOB)["state"], user(office, CARA)["state"]) == ("tested", "added")


def test_a_refused_password_is_tried_once(office: Office) -> None:
    """More tries would lock the account: the others are not tried, and nobody is suspended."""
    for address in (BOB, CARA):
        office.done("users", "add", address, "--policy", "sales", "--pending")
    (office.folder / "password").write_text("wrong\n")
    before = requests(office)
    result = office.type("users", "test")
    assert result.exit_code == 1
    assert f"not tried, for the sign-in of {BOB} was refused" in result.stdout
    assert "[servers.office]" in result.stdout
    assert requests(office) - before <= 1
    assert user(office, BOB)["state"] == user(office, CARA)["state"] == "added"


def test_a_server_that_cannot_be_reached_is_told_apart(office: Office) -> None:
    """Exit 5."""
    office.configure("http://127.0.0.1:9/EWS/Exchange.asmx")
    (trial,) = office.json("users", "test", ALICE, exit_code=5)
    assert "[servers.office]" in trial["todo"]


def test_the_marks_of_another_installation_are_told_and_need_a_word(office: Office) -> None:
    """Two installations would write over each other's work: approval asks for --take-over."""
    office.done("users", "add", BOB, "--policy", "sales", "--pending")
    item = office.box.mailbox(BOB).add("contacts", {LINK: "elsewhere/contact/1"})
    assert "1 items are marked by another installation" in office.done("users", "test", BOB)
    result = office.type("users", "approve", BOB)
    assert result.exit_code == 4
    assert "--take-over" in result.stderr
    assert office.type("users", "approve", BOB, "--untested").exit_code == 4
    office.box.mailbox(BOB).delete(item.id)  # as the other one leaves it
    office.done("users", "test", BOB)
    office.done("users", "approve", BOB)


def test_a_mailbox_is_taken_over_on_a_persons_word(office: Office) -> None:
    """What the other one marked stays as it is."""
    office.done("users", "add", BOB, "--policy", "sales", "--pending")
    item = office.box.mailbox(BOB).add("contacts", {LINK: "elsewhere/contact/1"})
    office.done("users", "test", BOB)
    office.done("users", "approve", BOB, "--take-over")
    office.type("onboard", BOB, "--approve")
    assert office.box.mailbox(BOB).item(item.id)[LINK] == "elsewhere/contact/1"


# --- a second claim ------------------------------------------------------------------------------


def test_a_second_claim_is_refused(office: Office) -> None:
    """One mailbox, one user: neither the mailbox nor its user is served twice."""
    result = office.type("users", "add", ALICE.upper(), "--policy", "sales")
    assert result.exit_code == 4
    assert "served already" in result.stderr
    office.done("users", "add", BOB, "--policy", "sales")
    for address in (BOB, "no address"):
        refused = office.type("users", "change", ALICE, "--address", address)
        assert refused.exit_code == 4, refused.output
        assert f"{ALICE} was left as it was." in refused.stderr
    assert user(office, ALICE)["state"] == "approved"


# --- an address that changes ---------------------------------------------------------------------


def test_a_renamed_mailbox_is_the_same_and_is_approved_anew(office: Office) -> None:
    """What is in step stays so: no item is made again, and what is private is withdrawn (P7)."""
    item = office.box.mailbox(ALICE).add(
        "contacts", {"contacts:Surname": "Ray", "item:Categories": ["CRM"]}
    )
    office.done("onboard", ALICE, "--approve")
    told = office.done("users", "change", ALICE, "--address", BOB)
    assert f"syncd users test {BOB}" in told
    renamed = user(office, BOB)
    assert renamed["state"] == "added"
    assert office.type("sync", BOB).exit_code == 1
    assert office.type("sync", ALICE).exit_code == 4
    office.done("users", "change", BOB, "--address", ALICE)  # the sandbox renames no mailbox
    office.done("users", "test", ALICE)
    office.done("users", "approve", ALICE)
    assert office.json("sync", ALICE)[0]["counts"]["outlook"]["created"] == 0
    office.box.mailbox(ALICE).update(item.id, {"item:Sensitivity": "Private"})
    assert office.json("sync", ALICE)[0]["counts"]["crm"]["deleted"] == 1


def test_what_a_renamed_mailbox_wrote_stays_its_own(office: Office) -> None:
    """P7: records name the mailbox that a value came from, by its address of today."""
    office.box.mailbox(ALICE).add(
        "contacts", {"contacts:Surname": "Ray", "item:Categories": ["CRM"]}
    )
    office.done("onboard", ALICE, "--approve")
    assert ALICE in _origins(office)
    office.done("users", "change", ALICE, "--address", BOB)
    assert _origins(office) == {BOB, None}
    assert office.json("crm", "contact", "show", "Ray")["owner"] == BOB


def _origins(office: Office) -> set[object]:
    with sqlite3.connect(office.folder / "syncd.db") as conn:
        rows = [json.loads(row) for (row,) in conn.execute("select origins from contact")]
    return {mailbox for row in rows for _, mailbox in row.values()}


# --- consent -------------------------------------------------------------------------------------


def test_nothing_goes_out_before_its_user_agrees(office: Office) -> None:
    """Not one request, whatever is typed; each refusal says what to type."""
    ask_users(office)
    before = requests(office)
    for words in (
        ["sync", ALICE], ["sync"], ["plan", ALICE], ["plan"], ["users", "test", ALICE],
        ["onboard", ALICE], ["onboard", ALICE, "--approve"],
    ):  # fmt: skip
        result = office.type(*words)
        assert result.exit_code in (1, 4), words
        assert f"syncd users consent {ALICE}" in result.output, words
    assert f"Nothing of {ALICE} was ever read" in office.done("offboard", ALICE, "--keep")
    assert requests(office) == before
    assert user(office, ALICE)["consent"] == "user"
    assert user(office, ALICE)["consented_at"] is None
    assert "not yet" in office.done("users", "list")
    office.done("users", "consent", ALICE)
    assert user(office, ALICE)["consented_at"]
    assert office.json("sync", ALICE)[0]["counts"]["outlook"]["created"] == 1


def test_who_withdraws_is_told_how_to_leave(office: Office) -> None:
    """Nothing is read from then on; the marks go when the mailbox is offboarded."""
    ask_users(office)
    office.done("users", "consent", ALICE)
    office.done("sync", ALICE)
    before = requests(office)
    told = office.done("users", "consent", ALICE, "--withdraw")
    assert f"syncd offboard {ALICE}" in told
    assert office.type("sync", ALICE).exit_code == 1
    assert requests(office) == before
    assert "0 items carry a mark" in office.done("offboard", ALICE, "--remove", "--yes")


def test_consent_that_nobody_asks_for_is_said_to_be_so(office: Office) -> None:
    """Under a policy of the admin's it stops nothing, and says so."""
    result = office.type("users", "consent", ALICE, "--withdraw")
    assert "does not ask for it" in result.stderr
    assert f"syncd pause {ALICE}" in result.stdout


# --- the end -------------------------------------------------------------------------------------


def test_a_mailbox_with_items_in_step_is_offboarded_first(office: Office) -> None:
    """`remove` alone would leave the marks: it takes a word, for a mailbox that is gone."""
    office.done("sync")
    result = office.type("users", "remove", ALICE)
    assert result.exit_code == 4
    assert "syncd offboard" in result.stderr
    office.done("users", "remove", ALICE, "--leave-marks")
    assert user(office, ALICE, "--all")["state"] == "removed"


def test_a_removed_mailbox_keeps_its_journal_and_can_come_back(office: Office) -> None:
    """P1: what was done is read until it is forgotten on purpose."""
    office.done("sync")
    (run,) = office.json("runs", "list")
    office.done("offboard", ALICE, "--keep", "--yes")
    assert user(office, ALICE)["state"] is None
    assert user(office, ALICE, "--all")["state"] == "removed"
    assert office.json("runs", "show", run["run"])["operations"]
    assert run["run"] in {each["run"] for each in office.json("runs", "list", ALICE)}
    for words in (["sync", ALICE], ["pause", ALICE], ["resume", ALICE], ["users", "test", ALICE],
                  ["users", "approve", ALICE], ["offboard", ALICE, "--keep"]):  # fmt: skip
        result = office.type(*words)
        assert result.exit_code == 4, words
        assert "syncd users add" in result.stderr, words
    office.done("users", "add", ALICE, "--policy", "sales")
    office.done("onboard", ALICE, "--approve")
    assert user(office, ALICE)["state"] == "live"
    assert run["run"] in {each["run"] for each in office.json("runs", "list", ALICE)}


def test_to_forget_is_for_good(office: Office) -> None:
    """Neither the mailbox nor its runs are known; its user stays in the CRM."""
    office.done("sync")
    office.done("offboard", ALICE, "--keep", "--yes")
    office.done("users", "remove", ALICE, "--forget")
    assert user(office, ALICE, "--all")["state"] is None
    assert office.json("runs", "list") == []
    assert office.type("users", "remove", ALICE, "--forget").exit_code == 4


def test_offboarding_is_shown_first(office: Office) -> None:
    """The numbers come before the deed; without --yes nothing is done, and one must say how."""
    office.done("sync")
    assert office.type("offboard", ALICE, "--yes").exit_code == 4
    told = office.done("offboard", ALICE, "--remove")
    assert "that go to Deleted Items  1" in told
    assert f"syncd offboard {ALICE} --remove --yes" in told
    (item,) = office.box.mailbox(ALICE).items("contacts")
    assert item.get(LINK)
    told = office.done("offboard", ALICE, "--remove", "--yes")
    assert "1 item went to Deleted Items." in told
    assert "0 items carry a mark of syncd." in told
    (item,) = office.box.mailbox(ALICE).items("deleteditems")
    assert item.get(LINK) is None
    assert office.json("crm", "contact", "list")  # the CRM keeps its record


def test_what_is_left_is_said_and_told_by_the_exit_status(office: Office) -> None:
    """Exit 5 when the server goes away in the middle of it; typed again it goes on."""
    office.done("sync")
    office.configure("http://127.0.0.1:9/EWS/Exchange.asmx")
    result = office.type("offboard", ALICE, "--keep", "--yes")
    assert result.exit_code == 5
    assert f"syncd offboard {ALICE} --keep --yes" in result.stdout
    office.configure(office.box.url)
    report = office.json("offboard", ALICE, "--keep", "--yes")
    assert (report["removed"], report["left"], report["cleaned"]) == (True, {}, 1)
