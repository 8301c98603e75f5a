"""`syncd settings` and `syncd fields`: what holds, where it comes from, and what users set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import insert, select

from syncd.crm.database import open_database, read, utcnow, write
from syncd.sync.tables import mailbox, setting
from tests.cli.office import ALICE, Office

OPEN = """
[organisation]
interval = "10m"
[organisation.contacts]
conflict = "crm"
directions = { pager = "none" }
[policies.sales]
server = "office"
user_may = ["interval", "contacts.folder", "contacts.company", "contacts.directions.*"]
[policies.sales.bounds]
interval = ["2m", "1h"]
"contacts.directions.*" = ["to-outlook", "none"]
[policies.sales.contacts]
direction = "to-outlook"
"""


@pytest.fixture
def office(office: Office) -> Office:
    """The office under a policy that opens some of its settings."""
    opened(office, OPEN)
    return office


def opened(office: Office, policies: str) -> None:
    """Configure the office with these policies."""
    office.configure(office.box.url)
    file = office.folder / "syncd.toml"
    file.write_text(file.read_text().partition("[policies.sales]")[0] + policies)


def shown(office: Office, *of: str) -> Mapping[str, Mapping[str, Any]]:
    """What `settings show` says, by key."""
    said = office.json("settings", "show", *(of or (ALICE,)))
    return {each["key"]: each for each in said["settings"]}


def test_every_value_is_shown_with_its_origin_and_bounds(office: Office) -> None:
    """All layers at once, and who may change what within which bounds."""
    office.done("settings", "set", ALICE, "contacts.folder", "default/CRM")
    found = shown(office)
    expected: list[tuple[str, object, str, bool, str | None]] = [
        ("server", "office", "policy", False, None),
        ("interval", "10m", "organisation", True, "2m to 1h"),
        ("first_sync", "ask", "default", False, None),
        ("breaker.most", 50, "default", False, None),
        ("contacts.direction", "to-outlook", "policy", False, None),
        ("contacts.conflict", "crm", "organisation", False, None),
        ("contacts.folder", "default/CRM", "user", True, None),
        ("contacts.company", True, "default", True, None),
        ("contacts.directions.pager", "none", "organisation", True, "to-outlook, none"),
        ("contacts.directions.*", None, "default", True, "to-outlook, none"),
    ]
    for key, value, origin, is_open, within in expected:
        assert found[key] == {
            "key": key, "value": value, "origin": origin, "open": is_open, "within": within,
        }  # fmt: skip
    assert shown(office, "--policy", "sales")["contacts.folder"]["value"] == "default"
    text = office.done("settings", "show", ALICE)
    assert re.search(r"^interval +10m +organisation +yes: 2m to 1h$", text, re.MULTILINE)
    assert re.search(r"^contacts.company +true +default +yes$", text, re.MULTILINE)


def due(office: Office) -> Any:
    """When Alice's mailbox is due."""
    engine = open_database(f"sqlite:///{office.folder / 'syncd.db'}")
    with read(engine) as conn:
        at = conn.scalar(select(mailbox.c.due))
    engine.dispose()
    return at


def test_setting_and_unsetting(office: Office) -> None:
    """What is set holds, makes the mailbox due, and can be taken away; the value below holds."""
    office.done("sync", ALICE)
    later = due(office)
    assert later > utcnow()
    assert "interval is 5m" in office.done("settings", "set", ALICE, "interval", "5m")
    assert due(office) < later
    assert shown(office)["interval"]["value"] == "5m"
    office.done("settings", "set", ALICE, "interval", "7m")
    assert shown(office)["interval"]["value"] == "7m"
    assert "It is 10m now, by the organisation." in office.done(
        "settings", "unset", ALICE, "interval"
    )
    assert shown(office)["interval"]["origin"] == "organisation"
    office.done("settings", "set", ALICE, "contacts.company", "false")
    assert shown(office)["contacts.company"]["value"] is False
    said = office.done("settings", "set", ALICE, "contacts.directions.address1_city", "none")
    assert "contacts.directions.address1_city goes together with the rest" in said
    assert shown(office)["contacts.directions.address1"]["value"] == "none"
    office.done("settings", "unset", ALICE, "contacts.directions.address1_postalcode")
    assert "contacts.directions.address1" not in shown(office)


ERRORS = [
    (["set", ALICE, "intervall", "5m"], "There is no setting 'intervall'.", "Did you mean"),
    (["set", ALICE, "interval", "5"], "'interval': '5' is not a duration.", "Write it like 30s"),
    (["set", ALICE, "interval", "1m"], "'interval' must be from 2m to 1h.", "allows no more"),
    (
        ["set", ALICE, "contacts.conflict", "crm"],
        "The policy 'sales' does not open 'contacts.conflict' to its users.",
        'An admin opens it by user_may = ["contacts.conflict"] in [policies.sales]',
    ),
    (["set", ALICE, "server", "office"], "'server' is the admin's alone", "settings show"),
    (["set", ALICE, "contacts.company", "maybe"], "must be true or false", "settings show"),
    (["set", ALICE, "contacts.directions.lastname", "none"], "is locked: without a name", ""),
    (["set", ALICE, "contacts.directions.mobil", "none"], "no field 'mobil'", "mobilephone"),
    (["set", ALICE, "contacts.directions.fax", "to-crm"], "must be one of to-outlook, none", ""),
    (["set", ALICE, "contacts.folder", "Inbox"], "'Inbox' is not a folder", "default/Name"),
    (["set", "eve@example.test", "interval", "5m"], "No mailbox eve@example.test", "users add"),
    (["unset", ALICE, "interval"], "has not set 'interval'.", "What they have set: nothing."),
    (["unset", ALICE, "intervall"], "There is no setting 'intervall'.", "Did you mean 'interval'?"),
    (["show", "--policy", "slaes"], "no policy 'slaes'", "Did you mean 'sales'?"),
    (["show"], "Name a mailbox, or a policy", ""),
    (["show", ALICE, "--policy", "sales"], "Name a mailbox, or a policy", ""),
]


def test_every_refusal_says_what_to_do(office: Office) -> None:
    """What is wrong, that nothing was changed, what to type; and nothing is changed."""
    before = office.json("settings", "show", ALICE)
    for words, what, todo in ERRORS:
        result = office.type("settings", *words)
        assert result.exit_code == 4, words
        assert what in result.stderr, words
        assert todo in result.stderr, words
    assert office.json("settings", "show", ALICE) == before


def test_what_the_policy_does_not_let_any_more_is_shown_and_kept(office: Office) -> None:
    """A policy that closes a setting switches it off; one that opens it again, on."""
    office.done("settings", "set", ALICE, "interval", "5m")
    opened(office, OPEN.replace('"interval", ', ""))
    assert shown(office)["interval"]["value"] == "10m"
    (refused,) = office.json("settings", "show", ALICE)["refused"]
    assert (refused["key"], refused["value"]) == ("interval", "5m")
    assert "Set by its user and not in force: interval = 5m: the policy 'sales'" in office.done(
        "settings", "show", ALICE
    )
    opened(office, OPEN)
    assert shown(office)["interval"]["value"] == "5m"


def test_a_setting_that_nothing_knows_any_more_can_be_taken_away(office: Office) -> None:
    """Another version may have known it."""
    engine = open_database(f"sqlite:///{office.folder / 'syncd.db'}")
    with write(engine) as conn:
        conn.execute(insert(setting).values(mailbox_id=1, key="colour", value="red", at=utcnow()))
    engine.dispose()
    assert office.json("settings", "show", ALICE)["refused"][0]["key"] == "colour"
    office.done("settings", "unset", ALICE, "colour")
    assert office.json("settings", "show", ALICE)["refused"] == []


def fields(office: Office, *of: str) -> Mapping[str, Mapping[str, Any]]:
    """What `fields contact` says, by name."""
    return {each["name"]: each for each in office.json("fields", "contact", *of)}


def test_the_field_table_in_force(office: Office) -> None:
    """Of the organisation, a policy, a mailbox: which way, from where, and what deviates."""
    office.done("settings", "set", ALICE, "contacts.directions.fax", "none")
    office.done("settings", "set", ALICE, "contacts.company", "false")
    office.done(
        "crm",
        "access",
        "set",
        "contact",
        "--field",
        "mobilephone",
        "--read",
        "none",
        "--write",
        "none",
    )
    # where, field → direction, origin, whether it deviates
    expected: list[tuple[list[str], str, str, str, bool]] = [
        ([], "fax", "two-way", "default", False),
        ([], "pager", "none", "organisation", True),
        (["--policy", "sales"], "fax", "to-outlook", "policy", True),
        (["--policy", "sales"], "pager", "none", "organisation", True),
        (["--policy", "sales"], "categories", "none", "default", False),
        (["--mailbox", ALICE], "fax", "none", "user", True),
        (["--mailbox", ALICE], "companyname", "none", "user", True),
        (["--mailbox", ALICE], "jobtitle", "to-outlook", "policy", True),
        (["--mailbox", ALICE], "mobilephone", "none", "rights", True),
    ]
    for of, name, direction, origin, deviates in expected:
        found = fields(office, *of)[name]
        said = (found["direction"], found["origin"], found["deviates"])
        assert said == (direction, origin, deviates), (of, name)
        assert found["conflict"] == "crm"
    text = office.done("fields", "contact", "--mailbox", ALICE)
    assert re.search(r"^Business fax +fax +fax +none \* +user +crm +business$", text, re.MULTILINE)
    assert re.search(r"^First name +firstname +name .* locked +business$", text, re.MULTILINE)
    assert text.endswith("* not as the field map has it.\n")
    unknown = office.type("fields", "contcat")
    assert "no kind 'contcat'" in unknown.stderr
    assert "Did you mean 'contact'?" in unknown.stderr
