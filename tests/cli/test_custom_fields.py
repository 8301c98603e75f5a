"""A field of the configuration's own, from the command line to Outlook and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncd.cli.errors import Exit
from syncd.sandbox.properties import mapi_named
from tests.cli.crm_desk import REP, CrmDesk
from tests.cli.office import ALICE, Office

FIELDS = """
[fields.contact.favourite_colour]
outlook = "User1"
[fields.contact.key_account]
label = "Key account"
type = "flag"
property = "isKeyAccount"
converter = { yes = "Ja", no = "Nein" }
[fields.contact.tier]
type = "choice"
options = ["gold", "old silver"]
property = "tier"
"""
_COLOUR = mapi_named("00062004-0000-0000-c000-000000000046", 0x804F)
_KEY_ACCOUNT = mapi_named("00020329-0000-0000-c000-000000000046", "isKeyAccount")


@pytest.fixture
def own(crm: CrmDesk) -> CrmDesk:
    """`syncd crm` with fields of its own."""
    crm.configuration.write_text(FIELDS)
    return crm


def test_the_verbs_have_an_option_for_it(own: CrmDesk) -> None:
    """It is given, changed, shown, emptied and named by --set as any other field."""
    ann = own.id(
        f"contact new --owner {REP} --first-name Ann --last-name Lee --favourite-colour teal"
        " --no-key-account --tier 'Old-Silver'"
    )
    held = own.json(f"contact show {ann}")
    assert (held["favourite_colour"], held["key_account"], held["tier"]) == (
        "teal", False, "old silver",
    )  # fmt: skip
    own.done(f"contact edit {ann} --key-account --set favourite_colour=pink --clear tier")
    held = own.json(f"contact show {ann}")
    assert (held["favourite_colour"], held["key_account"], held["tier"]) == ("pink", True, None)
    shown = own.done(f"contact show {ann}")
    assert "Favourite colour" in shown
    assert "Key account" in shown
    assert "Favourite colour" in own.done(f"history contact {ann}")
    (listed,) = own.json("contact list")
    assert listed["favourite_colour"] == "pink"


def test_help_names_it_and_a_wrong_value_is_told(own: CrmDesk) -> None:
    """Its options are in the help; a word that is none of its options is refused with them."""
    assert "--favourite-colour" in own.done("contact new --help")
    said = own.refused(f"contact new --owner {REP} --last-name Lee --tier bronze")
    assert "gold, old silver" in said
    assert "--favourite-colour" not in own.done("lead new --help")


def test_it_is_of_this_configuration_alone(own: CrmDesk) -> None:
    """Without its section there is no such option, and with it again the value is back."""
    ann = own.id(f"contact new --owner {REP} --last-name Lee --favourite-colour teal")
    own.configuration.write_text("")
    assert "favourite_colour" not in own.json(f"contact show {ann}")
    own.refused(f"contact edit {ann} --favourite-colour pink")
    own.configuration.write_text(FIELDS)
    assert own.json(f"contact show {ann}")["favourite_colour"] == "teal"


def test_a_rule_may_be_of_it(own: CrmDesk) -> None:
    """`crm access` takes it by its name, and --as obeys."""
    ann = own.id(f"contact new --owner {REP} --last-name Lee --favourite-colour teal")
    own.done("access set contact --field favourite_colour --read none --write none")
    seen = own.json(f"--as {REP} contact show {ann}")
    assert "favourite_colour" not in seen
    assert own.json(f"contact show {ann}")["favourite_colour"] == "teal"


def test_a_mistake_in_it_is_told_when_it_is_used(own: CrmDesk) -> None:
    """A broken section stops the verbs with its line, and not with an unknown option."""
    own.configuration.write_text(FIELDS.replace("User1", "User7"))
    said = own.refused("contact list", Exit.USAGE)
    assert "line 3" in said
    assert "User7" in said


def test_it_is_imported_and_exported(own: CrmDesk, tmp_path: Path) -> None:
    """A column of its name is taken in, and is there again in what is written."""
    file = tmp_path / "in.csv"
    file.write_text("firstname,lastname,favourite_colour,key_account\nAnn,Lee,teal,yes\n")
    own.done(f"import {file} --kind contact --owner {REP}")
    (held,) = own.json("contact list")
    assert (held["favourite_colour"], held["key_account"]) == ("teal", True)
    out = tmp_path / "out.vcf"
    own.done(f"export contact {out}")
    assert "X-SYNCD-FIELD-FAVOURITE-COLOUR" in out.read_text()


def test_it_goes_to_outlook_and_comes_back(office: Office) -> None:
    """The whole way, as an admin and a rep see it; the plan says first what it would do."""
    office.done("sync")
    file = office.folder / "syncd.toml"
    file.write_text(file.read_text() + FIELDS)
    office.done("crm", "contact", "edit", "Ann Lee", "--favourite-colour", "teal", "--key-account")
    assert "Favourite colour" in office.type("plan").output
    office.done("sync")
    alice = office.box.mailbox(ALICE)
    (item,) = alice.items("contacts")
    assert (item.get(_COLOUR), item.get(_KEY_ACCOUNT)) == ("teal", "Ja")
    alice.update(item.id, {_COLOUR: "pink", _KEY_ACCOUNT: "nein"})
    office.done("sync")
    held = office.json("crm", "contact", "show", "Ann Lee")
    assert (held["favourite_colour"], held["key_account"]) == ("pink", False)
