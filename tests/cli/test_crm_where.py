"""`--where`: the verbs that take many records at once, chosen in the language of the filters."""

from __future__ import annotations

import pytest

from syncd.cli.errors import Exit
from tests.cli.crm_desk import BOSS, REP, CrmDesk

PEOPLE = {"Ann": REP, "Ben": REP, "Cid": BOSS}


@pytest.fixture
def people(crm: CrmDesk) -> dict[str, str]:
    """Three contacts, two of whom belong to an account of the rep's: their ids by first name."""
    crm.done(f"account new Contoso --owner {REP} --city Ghent")
    return {
        name: crm.id(
            f"contact new --owner {owner} --first-name {name} --last-name Lee"
            + (" --account Contoso" if owner == REP else "")
        )
        for name, owner in PEOPLE.items()
    }


def names(crm: CrmDesk, line: str) -> str:
    """The first names of the contacts in a list."""
    return " ".join(each["firstname"] for each in crm.json(line))


LISTS = [
    ("contact list --where \"parentaccount/address1_city eq 'Ghent'\"", "Ann Ben"),
    (f"contact list --where \"owner eq '{BOSS}' or firstname eq 'Ann'\"", "Ann Cid"),
    ("contact list --search n --where \"firstname ne 'Ann'\"", "Ben"),
    ("--as rep@example.test contact list --where 'owner eq @me'", "Ann Ben"),
    ("--as boss@example.test contact list --where 'owner in @myteams'", "Cid"),
    ("--as boss@example.test contact list --where 'not @shared'", "Ann Ben Cid"),
    ("contact list --where 'createdon lt @today-1d'", ""),
]


@pytest.mark.parametrize(("line", "expected"), LISTS)
@pytest.mark.usefixtures("people")
def test_a_list_shows_what_a_filter_finds(crm: CrmDesk, line: str, expected: str) -> None:
    """The same language as in a policy; @me is the user of --as."""
    assert names(crm, line) == expected


DEEDS = [
    # what is typed, how it is told, what is so of the three afterwards
    ("deactivate --where \"firstname ne 'Cid'\"", "Deactivated 2 contacts.",
     "statecode", ["inactive", "inactive", "active"]),
    (f"assign --where 'owner ne null' --owner {BOSS}", "Assigned 2 contacts. 1 stayed as it was.",
     "owner", [BOSS, BOSS, BOSS]),
    ('edit --where "parentcustomerid ne null" --job-title Buyer', "Changed 2 contacts.",
     "jobtitle", ["Buyer", "Buyer", None]),
]  # fmt: skip


@pytest.mark.parametrize(("line", "told", "field", "after"), DEEDS)
def test_many_are_counted_first_and_changed_together_with_yes(
    crm: CrmDesk, people: dict[str, str], line: str, told: str, field: str, after: list[str | None]
) -> None:
    """Without --yes nothing is done; it is told how many are meant, who first, and what to type."""

    def held() -> list[object]:
        return [crm.json(f"contact show {each}")[field] for each in people.values()]

    before = held()
    said = crm.refused(f"contact {line}", Exit.HELD)
    assert "This means" in said
    assert "Ben Lee" in said
    assert "Nothing was" in said
    assert held() == before
    todo = said.splitlines()[-1].strip()
    assert todo.endswith("--yes")
    assert crm.done(todo.removeprefix("syncd crm ")).strip() == told
    assert held() == after


def test_what_goes_along_is_counted_too(crm: CrmDesk, people: dict[str, str]) -> None:
    """Deleting accounts takes their contacts along, each counted and deleted once."""
    del people
    crm.done(f"account new Below --owner {REP} --parent Contoso")
    where = "--where \"owner eq 'rep@example.test'\""
    asked = crm.json(f"account delete {where}", Exit.HELD)
    assert (asked["done"], asked["found"], asked["takes_along"]) == (False, 2, {"contact": 2})
    done = crm.json(f"account delete {where} --yes")
    assert (done["done"], done["found"], len(done["changed"])) == (True, 2, 2)
    assert names(crm, "contact list") == "Cid"
    assert crm.json("account list") == []


def test_reactivating_and_finishing_by_filter(crm: CrmDesk, people: dict[str, str]) -> None:
    """Every verb that brings one record to another state brings many."""
    del people
    crm.done("contact deactivate --where true --yes")
    assert "Reactivated 3 contacts." in crm.done("contact reactivate --where true --yes")
    for subject in ("One", "Two"):
        crm.done(f"task new --owner {REP} --subject {subject}")
    where = "\"activity_parties/any(p: p/participationtypemask eq 9) and statecode eq 'open'\""
    assert "Completed 2 tasks." in crm.done(f"task complete --where {where} --yes")
    assert "0 tasks" in crm.done(f"task complete --where {where}")


def test_all_or_nothing(crm: CrmDesk, people: dict[str, str]) -> None:
    """One record that refuses keeps the others as they are."""
    crm.done(f"contact deactivate {people['Ben']}")
    said = crm.refused("contact edit --where true --job-title Buyer --yes")
    assert people["Ben"] in said
    assert "Nothing was changed" in said
    assert {each["jobtitle"] for each in crm.json("contact list")} == {None}


def test_a_user_changes_and_asks_within_their_rights(crm: CrmDesk, people: dict[str, str]) -> None:
    """--as: only what may be read is meant, and nobody asks for a field that they may not read."""
    del people
    crm.done("access set contact --read organisation --write own")
    crm.refused("--as rep@example.test contact deactivate --where true --yes")
    assert {each["statecode"] for each in crm.json("contact list")} == {"active"}
    crm.done("access set contact --read own --write own")
    told = crm.done("--as rep@example.test contact deactivate --where true --yes")
    assert "Deactivated 2 contacts." in told
    crm.done("access set contact --field jobtitle --read none --write none")
    asked = "contact list --where \"jobtitle eq 'x'\""
    assert "may not read jobtitle" in crm.refused(f"--as rep@example.test {asked}")
    crm.done("access set account --read own --write own")
    asked = "contact list --where \"parentaccount/name eq 'x'\""
    assert "may not read account.name" in crm.refused(f"--as rep@example.test {asked}")
    assert "0 contacts" in crm.done(asked)


MISTAKES = [
    ("contact list --where \"ownr eq 'x'\"", "no field 'ownr', at character 1", "'owner'"),
    ("contact list --where 'owner eq @me'", "none is named", "--as ADDRESS"),
    ("contact deactivate", "No record is named", "--where FILTER"),
    ("contact deactivate Ann --where true", "Both a record and --where", "--where FILTER"),
    ("task delete --where \"prioritycode eq 'urgent'\"", "no choice", "'high'"),
    ('note delete --where "activity_parties/any()"', "no field 'activity_parties'", "parties"),
]


@pytest.mark.parametrize(("line", "what", "todo"), MISTAKES)
@pytest.mark.usefixtures("people")
def test_a_mistake_is_pointed_at(crm: CrmDesk, line: str, what: str, todo: str) -> None:
    """What is wrong, where, that nothing was done, what would be right."""
    said = crm.refused(line)
    assert what in said
    assert "Nothing was" in said
    assert todo in said
