"""`syncd config effect`: a changed policy is shown before it applies."""

from __future__ import annotations

from tests.cli.office import ALICE, Office


def test_what_a_changed_policy_does_is_shown_before_it_does(office: Office) -> None:
    """Who comes, who leaves, which fields go another way; and nothing is changed by looking."""
    office.done("sync")
    (same,) = office.json("config", "effect")
    assert (same["gains"], same["loses"], same["stays"], same["turned"]) == ([], [], 1, [])
    file = office.folder / "syncd.toml"
    file.write_text(
        file.read_text()
        + "filter = \"lastname eq 'Nobody'\"\n"
        + '[policies.sales.contacts.directions]\nmobilephone = "to-outlook"\n'
    )
    office.done("filters", "off", ALICE, "My contacts", "--yes")
    (found,) = office.json("config", "effect")
    assert (len(found["loses"]), found["stays"], found["turned"]) == (1, 0, ["Mobile phone"])
    assert "Mobile phone" in office.done("config", "effect", ALICE)
    assert office.json("status")[0]["counts"]["in_step"] == 1
