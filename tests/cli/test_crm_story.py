"""The story of a lead, typed as a rep types it: contacted, met, qualified; another one is not."""

from __future__ import annotations

import json

from syncd.cli.errors import Exit
from tests.cli.crm_desk import BOSS, REP, CrmDesk


def test_a_lead_is_contacted_met_and_becomes_a_customer(crm: CrmDesk, clay: str) -> None:
    """Contact, account and opportunity are there, tied to each other and to the lead."""
    crm.done(
        f"phone-call new --subject 'First call' --regarding 'Robert Clay' --to 'Robert Clay'"
        f" --direction outgoing --status made --owner {REP}"
    )
    crm.done("lead edit 'Robert Clay' --status contacted")
    crm.done(
        f"appointment new --subject 'Meeting at Contoso' --regarding '100 laptops for Contoso Corp'"
        f" --start '2026-12-01 10:00' --end '2026-12-01 11:00' --required robert.clay@contoso.test"
        f" --required {BOSS} --owner {REP}"
    )
    assert crm.json(f"lead show {clay}")["statuscode"] == "contacted"

    sale = crm.json("lead qualify 'Robert Clay'")
    contact, account, opportunity = (sale[each] for each in ("contact", "account", "opportunity"))

    assert (sale["lead"]["statecode"], sale["adopted"]) == ("qualified", [])
    assert (contact["firstname"], contact["emailaddress1"]) == (
        "Robert",
        "robert.clay@contoso.test",
    )
    assert account["name"] == "Contoso Corp"
    assert contact["parentcustomerid"] == account["id"]
    assert account["primarycontactid"] == contact["id"]
    assert opportunity["customerid"] == f"account:{account['id']}"
    assert opportunity["parentcontactid"] == contact["id"]
    assert (opportunity["name"], opportunity["estimatedvalue"]) == (
        "100 laptops for Contoso Corp",
        "120000.00",
    )
    for each in (contact, account, opportunity):
        assert each["originatinglead" + "id"] == clay
        assert each["owner"] == REP
    lead = crm.json(f"lead show {clay}")
    assert lead["qualifyingopportunityid"] == opportunity["id"]
    # What was done stays with the lead; what is to come is about the sale.
    (call,) = crm.json(f"phone-call list --regarding lead:{clay}")
    (meeting,) = crm.json("appointment list --regarding 'opportunity:100 laptops for Contoso Corp'")
    assert (call["statuscode"], meeting["statecode"]) == ("made", "scheduled")
    assert {(each["role"], each["name"]) for each in meeting["parties"]} == {
        ("organizer", REP),
        ("required", "Robert Clay"),
        ("required", BOSS),
        ("regarding", "100 laptops for Contoso Corp"),
        ("owner", REP),
    }
    won = crm.json("opportunity win '100 laptops for Contoso Corp' --value 118000.50")
    assert (won["statecode"], won["actualvalue"]) == ("won", "118000.50")


def test_what_a_rep_reads_of_it(crm: CrmDesk, clay: str) -> None:
    """The sentences name what was made, by name and id."""
    told = crm.done("lead qualify 'Robert Clay'")
    assert f"Qualified 100 laptops for Contoso Corp, Robert Clay ({clay})." in told
    assert "  contact: Robert Clay (" in told
    assert "  account: Contoso Corp (" in told
    assert "  opportunity: 100 laptops for Contoso Corp (" in told
    tree = crm.done("account tree 'Contoso Corp'")
    assert f"Contoso Corp ({REP})" in tree
    assert f"└─ Robert Clay ({REP})" in tree


def test_a_lead_that_buys_nothing_stays_searchable(crm: CrmDesk) -> None:
    """It is disqualified with a reason, found by its words and its state, and can be taken up."""
    crm.done(f"lead new --owner {REP} --first-name Jo --last-name Brown --topic 'Fax machines'")
    refused = crm.refused("lead disqualify 'Jo Brown' --reason bored")
    assert "'bored' is not one of lost, 'cannot contact'" in refused
    gone = crm.json("lead disqualify 'Jo Brown' --reason no-longer-interested")
    assert (gone["statecode"], gone["statuscode"]) == ("disqualified", "no longer interested")
    (found,) = crm.json("lead list --search FAX --state disqualified")
    assert found["lastname"] == "Brown"
    assert "reactivate" in crm.refused("lead edit 'Fax machines' --city Rome")
    assert "Reactivated" in crm.done("lead reactivate 'Fax machines'")
    assert crm.json("lead edit 'Fax machines' --city Rome")["address1_city"] == "Rome"


def test_who_is_there_already_is_asked_about_and_taken(crm: CrmDesk, clay: str) -> None:
    """Nothing is done, exit status 3, and the very commands are told that go on."""
    there = crm.id(f"account new 'Contoso Corporation' --owner {BOSS}")
    told = crm.refused("lead qualify 'Robert Clay'", Exit.HELD)
    assert f"{there}  Contoso Corporation ({BOSS})" in told
    assert "0.85: The account name is the same" in told
    assert "The lead was not qualified; nothing was created." in told
    assert f"syncd crm lead qualify {clay[:8]} --account {there[:8]}" in told
    assert f"syncd crm lead qualify {clay[:8]} --ignore-duplicates" in told

    asked = crm.json("lead qualify 'Robert Clay' --no-opportunity", Exit.HELD)
    assert (asked["done"], asked["entity"]) == (False, "account")
    (candidate,) = asked["duplicates"]
    assert (candidate["id"], candidate["score"]) == (there, 0.85)
    assert candidate["reasons"][0]["code"] == "same-account-name"

    sale = crm.json(candidate["type"].removeprefix("syncd crm "))
    assert (sale["account"]["id"], sale["adopted"]) == (there, ["account"])
    assert sale["opportunity"] is None
    assert sale["contact"]["parentcustomerid"] == there


def test_the_organisation_says_what_a_lead_becomes(crm: CrmDesk, clay: str) -> None:
    """[crm] is the default; the command says otherwise."""
    crm.configuration.write_text('[crm]\nqualify = ["contact"]\non_duplicate = "adopt"\n')
    there = crm.id(f"account new 'Contoso Corp' --owner {BOSS}")
    assert "exclude each other" in crm.refused(f"lead qualify {clay} --no-contact --also contact")
    result = crm.type(f"lead qualify {clay} --also opportunity --also account --json")
    sale = json.loads(result.stdout)
    assert (sale["account"]["id"], sale["adopted"]) == (there, ["account"])
    assert sale["opportunity"]["customerid"] == f"account:{there}"
