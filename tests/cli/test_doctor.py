"""`syncd doctor` as it is typed: what is printed, and how it ends."""

from __future__ import annotations

import pytest

from tests.cli.office import ALICE, BOB, Office


def test_what_is_well_is_told_on_a_narrow_screen(office: Office) -> None:
    """No line of prose is longer than 80 columns, and nothing is written into the mailbox."""
    told = office.done("doctor")
    assert f"Mailbox {ALICE} on server office" in told
    assert "ok       sign-in: Signed in as the account svc-syncd." in told
    prose = [each for each in told.splitlines() if str(office.folder) not in each]
    assert max(map(len, prose)) <= 80
    assert "0 failures" in told
    assert office.box.mailbox(ALICE).items("deleteditems") == []


def test_a_failure_says_what_to_do_and_lines_to_type_are_whole(office: Office) -> None:
    """They can be copied; the exit status is that of a failure."""
    result = office.type("doctor", "--outside", BOB)
    assert result.exit_code == 1
    line = "Set-ManagementRoleAssignment ASSIGNMENT -CustomRecipientWriteScope 'syncd mailboxes'"
    assert line in [each.strip() for each in result.output.splitlines()]


def test_a_program_reads_codes(office: Office) -> None:
    """One object; codes stay, and what is not there is null."""
    found = office.json("doctor", ALICE, "--write")
    assert (found["ok"], found["exit"]) == (True, 0)
    codes = [each["code"] for each in found["findings"]]
    assert codes[:2] == ["configuration-fine", "store-fine"]
    assert codes[-2:] == ["stale-refused", "write-fine"]
    assert set(found["findings"][0]) == {
        "check", "server", "mailbox", "level", "code", "what", "follows", "todo", "type", "detail",
    }  # fmt: skip
    assert found["findings"][0]["server"] is None


def test_the_end_says_what_is_to_be_mended(office: Office) -> None:
    """4 the configuration, 5 the network; the configuration goes before."""
    (office.folder / "password").unlink()
    assert office.json("doctor", exit_code=4)["ok"] is False
    (office.folder / "password").write_text("sandbox\n")
    (office.folder / "password").chmod(0o600)
    office.configure("http://127.0.0.1:9/EWS/Exchange.asmx")
    found = office.json("doctor", exit_code=5)["findings"]
    assert "connection-refused" in {each["code"] for each in found}
    assert {each["level"] for each in found if each["mailbox"] == ALICE} == {"skipped"}
    (office.folder / "syncd.toml").write_text("[servers.office]\nbackend = 'wes'\n")
    assert "configuration-mistake" in str(office.json("doctor", exit_code=4))


def test_a_mailbox_that_is_not_served_is_looked_at_where_there_is_one_server(
    office: Office,
) -> None:
    """As before it is added; that it is not served is told."""
    found = office.json("doctor", BOB)["findings"]
    codes = {each["code"]: each["mailbox"] for each in found}
    assert codes["mailbox-not-served"] == codes["mailbox-fine"] == BOB
    (strange,) = [each for each in found if each["code"] == "mailbox-not-served"]
    assert strange["follows"].endswith("looked at all the same, on the server office.")
    told = office.done("doctor", BOB).splitlines()
    assert told.count("This installation") == 1


def test_a_server_that_the_configuration_lacks(office: Office) -> None:
    """It names those that there are."""
    found = office.json("doctor", "--server", "cloud", exit_code=4)["findings"]
    assert found[0]["what"] == "The configuration has no server 'cloud'; it has office."
    told = office.type("doctor", "--server", "cloud").stdout.splitlines()
    assert [each for each in told if each and not each.startswith(" ")] == [
        "This installation",  # and no heading for a server that there is not
        "0 well, 0 warnings, 1 failure, 1 not looked at.",
    ]
    assert told[0] == "This installation"


@pytest.mark.parametrize("words", [["nobody"], ["--outside", "nobody"]])
def test_what_is_no_address_is_not_looked_for(office: Office, words: list[str]) -> None:
    """It is a slip, and no mailbox that is well."""
    refused = office.type("doctor", *words)
    assert refused.exit_code == 4
    assert "'nobody' is not an e-mail address" in refused.output
