"""What each verb of `syncd` does to the store; and how an office comes to have something to say.

A new verb goes into one of these tables, or a test fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from syncd.cli.errors import Exit
from tests.cli.crm_desk import BOSS, REP
from tests.cli.office import ALICE, BOB, Office, private_contact

Words = Mapping[str, str]  # what stands for the {places} of a line
FOR_EVER = 999
MOBILE = "contacts:PhoneNumber:MobilePhone"


def served(office: Office) -> Words:
    """Alice is served, and was never synced."""
    del office
    return {}


def synced(office: Office) -> Words:
    """Ann is in step."""
    office.done("sync")
    (each,) = office.json("runs", "list")
    return {"run": str(each["run"])}


def listed(office: Office) -> Words:
    """A list of those who are to be served."""
    (office.folder / "list.csv").write_text(f"address,policy\n{BOB},sales\n")
    return {"file": str(office.folder / "list.csv")}


def narrowed(office: Office) -> Words:
    """Alice has a filter of her own, and one that is off."""
    office.done("filters", "add", ALICE, "Board", "department eq 'Board'")
    office.done("filters", "off", ALICE, "My contacts", "--yes")
    return {}


def may_set(office: Office) -> Words:
    """A user may say how often they are synced, and has said so."""
    file = office.folder / "syncd.toml"
    open_ = '[policies.sales]\nuser_may = ["interval"]\n'
    file.write_text(file.read_text().replace("[policies.sales]\n", open_))
    office.done("settings", "set", ALICE, "interval", "10m")
    return {}


def shown(office: Office) -> Words:
    """Alice's first sync was shown; she is paused, so that the approval is all that is written."""
    private_contact(office)
    assert office.type("onboard", ALICE).exit_code == Exit.HELD
    office.done("pause", ALICE)
    return {}


def asked(office: Office) -> Words:
    """Ann is in Outlook twice: it is asked which one she is."""
    ann = {"contacts:GivenName": "Ann", "contacts:Surname": "Lee"}
    ann["contacts:EmailAddress:EmailAddress1"] = "ann@contoso.test"
    for _ in range(2):
        office.box.mailbox(ALICE).add("contacts", ann)
    assert office.type("onboard", ALICE, "--approve").exit_code == Exit.HELD
    (each,) = office.json("questions", "list")
    return {"number": str(each["id"])}


def disputed(office: Office) -> Words:
    """Ann's number was changed on both sides: it is asked which one counts."""
    file = office.folder / "syncd.toml"
    file.write_text(f'{file.read_text()}conflict = "ask"\n')
    office.done("sync")
    (item,) = office.box.mailbox(ALICE).items("contacts")
    office.box.mailbox(ALICE).update(item.id, {MOBILE: "+1 425 555 0133"})
    office.done("crm", "contact", "edit", "Ann Lee", "--mobile-phone", "+1 425 555 0122")
    assert office.type("sync").exit_code == Exit.HELD
    (each,) = office.json("conflicts", "list")
    return {"number": str(each["id"])}


def held(office: Office) -> Words:
    """All of Alice's contacts were given to Bob at once."""
    for name in ("Ben", "Cid"):
        office.done("crm", "contact", "new", "--owner", ALICE, "--last-name", name)
    office.done("sync")
    office.done("users", "add", BOB, "--policy", "sales")
    for each in office.json("crm", "contact", "list"):
        office.done("crm", "contact", "assign", each["id"], "--owner", BOB)
    assert office.type("sync", ALICE).exit_code == Exit.HELD
    return {}


def refused(office: Office) -> Words:
    """The server does not take Ann."""
    office.box.faults.add("CreateItem", "item_error", code="ErrorItemSave", times=FOR_EVER)
    assert office.type("sync").exit_code == Exit.FAILED
    return {}


def thrown(office: Office) -> Words:
    """Alice threw Ann away."""
    office.done("sync")
    (item,) = office.box.mailbox(ALICE).items("contacts")
    office.box.mailbox(ALICE).move(item.id, "deleteditems")
    office.done("sync")
    return {}


def own(office: Office) -> Words:
    """Alice has a contact that the CRM does not know."""
    office.box.mailbox(ALICE).add("contacts", {"contacts:Surname": "Ray"})
    office.done("onboard", ALICE, "--approve")
    return {}


def tracked(office: Office) -> Words:
    """And has put it into the CRM."""
    own(office)
    office.done("track", ALICE, "Ray", "--yes")
    office.done("sync")
    return {}


class Line(NamedTuple):
    """A verb, the rest of what is typed with it, what there is before, and how it ends."""

    verb: str
    rest: Sequence[str] = ()
    before: Callable[[Office], Words] = served
    ends: Exit = Exit.DONE


# What changes the store: on disk before it returns.
SAVED: Sequence[Line] = [
    Line("users add", [BOB, "--policy", "sales"]),
    Line("users import", ["{file}"], listed),
    Line("users test", [ALICE]),
    Line("users approve", [ALICE]),
    Line("users change", [ALICE, "--policy", "sales"]),
    Line("users consent", [ALICE]),
    Line("users pause", [ALICE]),
    Line("users resume", [ALICE]),
    Line("users remove", [ALICE]),
    Line("pause", [ALICE]),
    Line("resume", [ALICE]),
    Line("onboard", [ALICE, "--approve"], shown, Exit.FAILED),
    Line("filters list", [ALICE]),  # the first look makes what the policy gives the user's own
    Line("filters add", [ALICE, "Board", "department eq 'Board'"]),
    Line("filters edit", [ALICE, "Board", "department eq 'Law'"], narrowed),
    Line("filters on", [ALICE, "My contacts"], narrowed),
    Line("filters off", [ALICE, "Board", "--yes"], narrowed),
    Line("filters delete", [ALICE, "Board", "--yes"], narrowed),
    Line("filters reset", [ALICE]),
    Line("settings set", [ALICE, "interval", "20m"], may_set),
    Line("settings unset", [ALICE, "interval"], may_set),
    Line("questions answer", ["{number}", "create"], asked),
    Line("conflicts resolve", ["{number}", "--crm"], disputed),
    Line("conflicts resolve", ["{number}", "--value", "+1 425 555 0199"], disputed),
    Line("breaker approve", [ALICE], held),
    Line("breaker discard", [ALICE], held),
    Line("quarantine retry", ["Ann Lee"], refused),
    Line("quarantine ignore", ["Ann Lee"], refused),
    Line("restore", [ALICE, "Ann Lee"], thrown),
    Line("track", [ALICE, "Ray", "--yes"], own),
    Line("untrack", [ALICE, "Ray", "--keep"], tracked),
    Line("untrack", [ALICE, "Ray", "--delete"], tracked),
    Line("relink", [ALICE, "--yes"]),
    Line("offboard", [ALICE, "--keep", "--yes"], synced),
    Line("alerts dismiss", ["--all"], refused),
]
# The same, where the user of a mailbox signs in: it goes on by that.
SAVED_BY_SIGNING_IN = "login"

# The same in the CRM: the life of each sort of record, in the order in which it is typed. Each
# `new` adds an id to those that {0}, {1} stand for.
LIVES: Mapping[str, Sequence[tuple[str, str]]] = {
    "lead": [
        ("crm lead new", f"--topic Mice --first-name Al --last-name Ng --owner {REP}"),
        ("crm lead new", f"--topic Rats --first-name Bo --last-name Fox --owner {REP}"),
        ("crm lead edit", "{0} --rating hot"),
        ("crm lead share", f"{{0}} --with {BOSS}"),
        ("crm lead unshare", f"{{0}} --with {BOSS}"),
        ("crm lead assign", f"{{0}} --owner {BOSS}"),
        ("crm lead merge", "{0} {1}"),
        ("crm lead disqualify", "{0} --reason lost"),
        ("crm lead reactivate", "{0}"),
        ("crm lead qualify", "{0}"),
        ("crm lead delete", "{0}"),
    ],
    "account": [
        ("crm account new", f"Acme --owner {REP}"),
        ("crm account new", f"Bolt --owner {REP}"),
        ("crm account edit", "{0} --relationship-type vendor"),
        ("crm account share", f"{{0}} --with {BOSS}"),
        ("crm account unshare", f"{{0}} --with {BOSS}"),
        ("crm account assign", f"{{0}} --owner {BOSS}"),
        ("crm account merge", "{0} {1}"),
        ("crm account deactivate", "{0}"),
        ("crm account reactivate", "{0}"),
        ("crm account delete", "{0}"),
    ],
    "contact": [
        ("crm contact new", f"--last-name Lee --owner {REP}"),
        ("crm contact new", f"--last-name Roe --owner {REP}"),
        ("crm contact edit", "{0} --job-title Chair"),
        ("crm contact share", f"{{0}} --with {BOSS}"),
        ("crm contact unshare", f"{{0}} --with {BOSS}"),
        ("crm contact assign", f"{{0}} --owner {BOSS}"),
        ("crm contact merge", "{0} {1}"),
        ("crm contact deactivate", "{0}"),
        ("crm contact reactivate", "{0}"),
        ("crm contact delete", "{0}"),
    ],
    "opportunity": [
        ("crm contact new", f"--last-name Lee --owner {REP}"),
        ("crm opportunity new", f"--topic Servers --customer contact:Lee --owner {REP}"),
        ("crm opportunity edit", "{1} --value 1250"),
        ("crm opportunity share", f"{{1}} --with {BOSS}"),
        ("crm opportunity unshare", f"{{1}} --with {BOSS}"),
        ("crm opportunity assign", f"{{1}} --owner {BOSS}"),
        ("crm opportunity lose", "{1} --reason out-sold"),
        ("crm opportunity reopen", "{1}"),
        ("crm opportunity win", "{1}"),
        ("crm opportunity delete", "{1} --yes"),
    ],
    "task": [
        ("crm task new", f"--subject Offer --owner {REP}"),
        ("crm task new", f"--subject Order --owner {REP}"),
        ("crm task edit", "{0} --percent-complete 50"),
        ("crm task assign", f"{{0}} --owner {BOSS}"),
        ("crm task complete", "{0}"),
        ("crm task cancel", "{1}"),
        ("crm task delete", "{0}"),
    ],
    "phone-call": [
        ("crm phone-call new", f"--subject Hi --owner {REP}"),
        ("crm phone-call new", f"--subject Ho --owner {REP}"),
        ("crm phone-call edit", "{0} --priority high"),
        ("crm phone-call assign", f"{{0}} --owner {BOSS}"),
        ("crm phone-call complete", "{0} --status received"),
        ("crm phone-call cancel", "{1}"),
        ("crm phone-call delete", "{0}"),
    ],
    "appointment": [
        ("crm appointment new",
         f"--subject Fair --start 2026-12-03T09:00Z --end 2026-12-03T11:00Z --owner {REP}"),
        ("crm appointment new",
         f"--subject Ball --start 2026-12-04T09:00Z --end 2026-12-04T11:00Z --owner {REP}"),
        ("crm appointment edit", "{0} --location Rome"),
        ("crm appointment assign", f"{{0}} --owner {BOSS}"),
        ("crm appointment complete", "{0}"),
        ("crm appointment cancel", "{1}"),
        ("crm appointment delete", "{0}"),
    ],
    "email": [
        ("crm email new", f"--subject Re --owner {REP}"),
        ("crm email new", f"--subject Fw --owner {REP}"),
        ("crm email edit", "{0} --body Dear"),
        ("crm email assign", f"{{0}} --owner {BOSS}"),
        ("crm email complete", "{0}"),
        ("crm email cancel", "{1}"),
        ("crm email delete", "{0}"),
    ],
    "note": [
        ("crm note new", f"--title Hm --text Said --owner {REP}"),
        ("crm note edit", "{0} --text Done"),
        ("crm note delete", "{0}"),
    ],
    "rules": [
        ("crm team new", "North"),
        ("crm team put", f"North {REP}"),
        ("crm team take", f"North {REP}"),
        ("crm access set", "contact --read own --write own"),
        ("crm access clear", "contact"),
    ],
    "files": [("crm import", f"{{folder}}/people.csv --kind contact --owner {REP}")],
}  # fmt: skip

# What reads only: it begins no transaction that could write. By what there is before.
LOOKS: Mapping[Callable[[Office], Words], Sequence[tuple[str, Sequence[str]]]] = {
    synced: [
        ("config effect", []),
        ("doctor", []),
        ("users list", []),
        ("settings show", [ALICE]),
        ("fields", ["contact"]),
        ("status", []),
        ("runs list", []),
        ("runs show", ["{run}"]),
        ("held", []),
        ("breaker list", []),
        ("quarantine list", []),
        ("explain", ["Ann Lee"]),
        ("alerts list", []),
    ],
    asked: [("questions list", []), ("questions show", ["{number}"])],
    disputed: [("conflicts list", []), ("conflicts show", ["{number}"])],
}
# The same in the CRM; what {lead} and the like stand for is made before.
CRM_LOOKS: Sequence[tuple[str, str]] = [
    ("crm lead list", ""),
    ("crm lead show", "{lead}"),
    ("crm account list", ""),
    ("crm account show", "{account}"),
    ("crm account tree", "{account}"),
    ("crm contact list", ""),
    ("crm contact show", "{contact}"),
    ("crm opportunity list", ""),
    ("crm opportunity show", "{opportunity}"),
    ("crm task list", ""),
    ("crm task show", "{task}"),
    ("crm phone-call list", ""),
    ("crm phone-call show", "{phone-call}"),
    ("crm appointment list", ""),
    ("crm appointment show", "{appointment}"),
    ("crm email list", ""),
    ("crm email show", "{email}"),
    ("crm note list", ""),
    ("crm note show", "{note}"),
    ("crm duplicates", ""),
    ("crm history", "lead {lead}"),
    ("crm team list", ""),
    ("crm access list", ""),
    ("crm export", "all {folder}/all.json"),
]

# Runs of mailboxes: each write is on disk before it is tried, and what the disk loses of the end of
# one is found out again by the next (docs/crash-safety.md; tests/sync/test_torn.py).
RUNS: Sequence[str] = ["sync", "plan", "run", "verify"]

# What has nothing to do with the store, and what it is for.
ELSEWHERE: Mapping[str, str] = {
    "init": "file",
    "config validate": "file",
    "config schema": "print",
    "sandbox": "server",
    "demo": "demonstration",
    "demo outlook": "demonstration",
}
