"""Every verb of every entity does its one thing, and answers in words and in JSON."""

from __future__ import annotations

from itertools import pairwise

import click
import pytest

from syncd.cli.crm import command
from syncd.cli.crm.sorts import SORTS
from syncd.cli.errors import Exit
from tests.cli.crm_desk import BOSS, REP, CrmDesk

# entity → what makes one, an option to edit with, the field it changes, what it then holds
MADE = {
    "lead": (
        "--topic Mice --first-name Al --last-name Ng", "--rating HOT", "leadqualitycode", "hot",
    ),
    "account": ("'North wind'", "--relationship-type 'Vendor'", "customertypecode", "vendor"),
    "contact": (
        "--first-name Kim --last-name Lee", "--birthday 1970-02-28", "birthdate", "1970-02-28",
    ),
    "opportunity": (
        "--topic Servers --customer 'contact:Cu Stomer'",
        "--value 1,250.50", "estimatedvalue", "1250.50",
    ),
    "task": ("--subject Offer --due 2026-12-03", "--percent-complete 50", "percentcomplete", 50),
    "phone-call": ("--subject Hi --direction outgoing", "--priority high", "prioritycode", "high"),
    "appointment": (
        "--subject Fair --start 2026-12-03T09:00Z --end 2026-12-03T11:00+01:00",
        "--all-day", "isalldayevent", True,
    ),
    "email": ("--subject Re --direction incoming", "--body Dear", "description", "Dear"),
    "note": ("--title Hm --text Said", "--regarding 'Cu Stomer'", "objectid", "CUSTOMER"),
}  # fmt: skip
# entity → the verbs that bring it to another state in turn, each with the state
LIVES = {
    "lead": [("disqualify {} --reason lost", "disqualified"), ("reactivate {}", "open")],
    "account": [("deactivate {}", "inactive"), ("reactivate {}", "active")],
    "contact": [("deactivate {}", "inactive"), ("reactivate {}", "active")],
    "opportunity": [
        ("lose {} --reason out-sold", "lost"), ("reopen {}", "open"), ("win {}", "won"),
    ],
    "task": [("complete {}", "completed")],
    "phone-call": [("complete {} --status received", "completed")],
    "appointment": [("cancel {}", "canceled")],
    "email": [("complete {}", "completed")],
    "note": [],
}  # fmt: skip


@pytest.fixture
def customer(crm: CrmDesk) -> str:
    """Somebody that things are about."""
    return crm.id(f"contact new --owner {REP} --first-name Cu --last-name Stomer")


@pytest.mark.parametrize("entity", MADE)
def test_a_record_is_made_changed_shown_listed_and_deleted(
    crm: CrmDesk, customer: str, entity: str
) -> None:
    """JSON has what all records have, and every field."""
    words, option, field, value = MADE[entity]
    made = crm.json(f"{entity} new {words} --owner {REP}")
    assert made["kind"] == entity.replace("-", "_")
    assert (made["owner"], made["version"], made["deleted"]) == (REP, 1, False)
    assert {
        "statecode",
        "statuscode",
        "created_at",
        "created_by",
        "modified_at",
        "modified_by",
    } <= {*made}
    assert {each.name for each in SORTS[made["kind"]].attributes} <= {*made}
    assert ("parties" in made) == SORTS[made["kind"]].activity or entity == "task"

    changed = crm.json(f"{entity} edit {made['id']} {option}")
    assert changed["version"] == 2
    assert changed[field] == (f"contact:{customer}" if value == "CUSTOMER" else value)
    assert "Unchanged" in crm.done(f"{entity} edit {made['id'][:8]} {option}")
    assert crm.json(f"{entity} show {made['id']}") == changed
    assert made["id"] in crm.done(f"{entity} show {made['id']}")
    assert made["id"] in [each["id"] for each in crm.json(f"{entity} list --owner {REP}")]
    assert made["id"][:8] in crm.done(f"{entity} list --limit 0")
    assert crm.json(f"{entity} list --owner {BOSS}") == []
    history = crm.json(f"history {entity} {made['id']}")
    assert [each["verb"] for each in history] == ["create", "update"]
    assert crm.json(f"{entity} delete {made['id']}")["deleted"] is True
    assert f"no {SORTS[made['kind']].word}" in crm.refused(f"{entity} show {made['id']}")
    assert "deleted" in crm.done(f"history {entity} {made['id']}")


@pytest.mark.parametrize("entity", LIVES)
def test_a_record_goes_through_its_life(crm: CrmDesk, customer: str, entity: str) -> None:
    """A list can be narrowed to a state; what is closed is not edited."""
    del customer
    words, option, *_ = MADE[entity]
    made = crm.id(f"{entity} new {words} --owner {REP}")
    for line, state in LIVES[entity]:
        assert crm.json(f"{entity} {line.format(made)}")["statecode"] == state
        assert made in [each["id"] for each in crm.json(f"{entity} list --state {state}")]
    if LIVES[entity] and not crm.json(f"{entity} show {made}")["statecode"].startswith(
        ("open", "active")
    ):
        assert "is" in crm.refused(f"{entity} edit {made} {option}")


@pytest.mark.parametrize("entity", [e for e in MADE if "share" in SORTS[e.replace("-", "_")].verbs])
def test_a_record_is_shared_and_that_is_taken_back(
    crm: CrmDesk, customer: str, entity: str
) -> None:
    """With a user, who may read; with a team, which may change it, too."""
    del customer
    made = crm.id(f"{entity} new {MADE[entity][0]} --owner {REP}")
    crm.done("team new 'Inside sales'")
    assert f"{BOSS} may see " in crm.done(f"{entity} share {made} --with {BOSS}")
    shared = crm.json(f"{entity} share {made} --with 'inside  SALES' --write")
    assert {(each["with"], each["may_write"]) for each in shared["shares"]} == {
        (BOSS, False),
        ("team Inside sales", True),
    }
    assert "team Inside sales, to change" in crm.done(f"{entity} show {made}")
    assert "not shared any more" in crm.done(f"{entity} unshare {made} --with {BOSS}")
    assert "was not shared with" in crm.done(f"{entity} unshare {made} --with {BOSS}")
    assert "no user or team 'X'" in crm.refused(f"{entity} share {made} --with X")


@pytest.mark.parametrize(
    "entity", [e for e in MADE if "assign" in SORTS[e.replace("-", "_")].verbs]
)
def test_a_record_that_takes_nothing_along_is_assigned_at_once(
    crm: CrmDesk, customer: str, entity: str
) -> None:
    """And an owner that is none is refused."""
    del customer
    made = crm.id(f"{entity} new {MADE[entity][0]} --owner {REP}")
    assert crm.json(f"{entity} assign {made} --owner {BOSS.upper()}")["owner"] == BOSS
    assert "no user 'x@y.test'" in crm.refused(f"{entity} assign {made} --owner x@y.test")


@pytest.mark.parametrize("entity", ["lead", "account", "contact"])
def test_two_records_become_one(crm: CrmDesk, entity: str) -> None:
    """The first stays and takes what it lacks; the second is gone."""
    words = {"lead": MADE["lead"][0], "account": "Acme", "contact": "--last-name Lee"}[entity]
    one = crm.id(f"{entity} new {words} --owner {REP}")
    two = crm.id(
        f"{entity} new {words} --city Rome --owner {BOSS}".replace(
            "--city", "--business-city" if entity == "contact" else "--city"
        )
    )
    assert crm.json(f"{entity} merge {one} {two}")["address1_city"] == "Rome"
    assert two not in [each["id"] for each in crm.json(f"{entity} list")]
    assert f"merged into {one[:8]}" in crm.done(f"history {entity} {two}")


@pytest.mark.parametrize("verb", ["assign", "delete"])
def test_what_takes_others_along_says_how_many_first(crm: CrmDesk, verb: str) -> None:
    """Exit status 3, nothing done, and what goes on; with --yes they go along."""
    acme = crm.id(f"account new Acme --owner {REP}")
    for name in ("Al", "Bo"):
        crm.done(f"contact new --first-name {name} --last-name Fox --account Acme --owner {REP}")
    crm.done(f"task new --subject Offer --regarding 'Bo Fox' --owner {REP}")
    rest = f" --owner {BOSS}" if verb == "assign" else ""
    told = crm.refused(f"account {verb} Acme{rest}", Exit.HELD)
    assert "Acme takes along 2 contacts and 1 task." in told
    assert "Outlook" in told
    assert f"syncd crm account {verb} {acme[:8]}{rest} --yes" in told
    asked = crm.json(f"account {verb} Acme{rest}", Exit.HELD)
    assert (asked["done"], asked["takes_along"]) == (False, {"contact": 2, "task": 1})
    assert asked["record"]["id"] == acme
    assert len(crm.json(f"contact list --owner {REP}")) == 2

    assert "With it: 2 contacts and 1 task." in crm.done(f"account {verb} Acme{rest} --yes")
    assert crm.json(f"contact list --owner {REP}") == []
    assert len(crm.json(f"task list --owner {BOSS}")) == (1 if verb == "assign" else 0)


def test_a_tree_is_drawn_and_nested(crm: CrmDesk) -> None:
    """Accounts below accounts, each with its contacts."""
    crm.done(f"account new Group --owner {REP}")
    crm.done(f"account new Works --parent Group --owner {REP}")
    crm.done(f"contact new --last-name Top --job-title CEO --account Group --owner {REP}")
    crm.done(f"contact new --last-name Low --account Works --owner {BOSS}")
    lines = [line.rsplit("  ", 1)[0] for line in crm.done("account tree group").splitlines()]
    assert lines == [
        f"Group ({REP})",
        f"├─ Top (CEO, {REP})",
        f"└─ Works ({REP})",
        f"   └─ Low ({BOSS})",
    ]
    tree = crm.json("account tree Group")
    (works,) = tree["accounts"]
    assert [each["lastname"] for each in (*tree["contacts"], *works["contacts"])] == ["Top", "Low"]
    assert "its own parent" in crm.refused("account edit Group --parent Works")


def test_help_names_every_verb_in_the_order_of_a_life(crm: CrmDesk) -> None:
    """And a misspelt one is answered with the one that was meant."""
    for sort in SORTS.values():
        told = crm.done(f"{sort.command} --help")
        places = [told.index(f"\n  {verb} ") for verb in sort.verbs]
        assert all(one < two for one, two in pairwise(places))
    assert "Did you mean 'qualify'?" in crm.refused("lead qualfy X")
    assert "Did you mean 'lead'?" in crm.refused("laed list")
    assert "--first-name" in crm.refused("lead new --frist-name X")


def test_every_option_of_a_command_has_a_name_of_its_own() -> None:
    """No field's option hides another one's, nor an option of the command itself."""
    context = click.Context(command)
    for sort in SORTS.values():
        group = command.get_command(context, sort.command)
        assert isinstance(group, click.Group)
        for name, verb in group.commands.items():
            options = [o for p in verb.params for o in (*p.opts, *p.secondary_opts) if o[:1] == "-"]
            assert len(set(options)) == len(options), (sort.command, name)
