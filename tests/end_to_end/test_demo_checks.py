"""The demo's checks find what is wrong: a good ending, doctored in one place at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest

from syncd.cli.demo.checks import COMPARED, check
from syncd.cli.demo.evidence import Evidence, Mailboxes, Picture
from syncd.cli.demo.outlook import Entry
from syncd.cli.demo.people import (
    ALICE,
    ALICES_PHONE,
    ANN,
    ANNS_MOBILE,
    BOB,
    BRUNO,
    CLAIRE,
    CONTACTS,
    DOERTE,
    DOERTES_MOBILE,
    FORMER,
    JUERGEN,
    KEY_CONTACTS,
    MATCHING,
    MIA,
    NEW_TITLE,
    NORA,
    OFFICES_PHONE,
    PRIVATE,
    TRASH,
    TYPED_FOR_HERSELF,
    TYPED_FOR_THE_CRM,
    Person,
)
from syncd.crm.importing.vcard import card_rows, contact_of

Crm = dict[str, dict[str, Any]]


def _team() -> Crm:
    text = files("syncd.cli.demo").joinpath("team.vcf").read_text(encoding="utf-8")
    rows = [contact_of(raw, Counter()) for raw in card_rows(text.splitlines())]
    crm: Crm = {
        f"{row.fields['firstname']} {row.fields['lastname']}": {
            **row.fields,
            "owner": row.owner,
            "statecode": "active",
            "version": 1,
            "parentcustomerid": f"id of {row.fields['companyname']}",
        }
        for row in rows
    }
    crm[ANN]["mobilephone"] = MATCHING[0].values["mobilephone"]  # gained on adoption
    return crm


def _edited(team: Crm) -> Crm:
    mia: dict[str, Any] = {"firstname": "Mia", "lastname": "Lindqvist", **TYPED_FOR_THE_CRM.values}
    mia |= {"owner": ALICE, "version": 1, "parentcustomerid": "id of Fabrikam Ltd"}
    team[ANN] |= {"jobtitle": NEW_TITLE, "mobilephone": ANNS_MOBILE}
    team[JUERGEN] |= {"telephone1": ALICES_PHONE}
    team[DOERTE] |= {"mobilephone": DOERTES_MOBILE}
    team[CLAIRE] |= {"owner": BOB}
    return team | {MIA: mia}


def _hers(*people: Person) -> tuple[Entry, ...]:
    return tuple(
        Entry(CONTACTS, f"key of {each.name}", each.name, each.values, ()) for each in people
    )


def _synced(crm: Crm, owner: str) -> tuple[Entry, ...]:
    found = []
    for name, record in crm.items():
        if record["owner"] == owner or (owner == BOB and name in KEY_CONTACTS):
            values = {field: record[field] for field in COMPARED if record.get(field)}
            born = {"birthdate": str(MATCHING[0].birthday)} if name == ANN else {}
            found.append(Entry(CONTACTS, f"key of {name}", name, values | born, ()))
    return tuple(found)


def _ending(crm: Crm) -> Mailboxes:
    alices = [
        replace(each, folder=TRASH) if each.name == BRUNO else each for each in _synced(crm, ALICE)
    ]
    gone = replace(next(e for e in _synced(crm, BOB) if e.name == CLAIRE), folder=FORMER)
    return {
        ALICE: (*alices, gone, *_hers(*PRIVATE, TYPED_FOR_HERSELF)),
        BOB: _synced(crm, BOB),
    }


def _good() -> Evidence:
    before: Mailboxes = {ALICE: _hers(*MATCHING, *PRIVATE), BOB: ()}
    team, done = _team(), _edited(_team())
    first: Mailboxes = {ALICE: (*_synced(team, ALICE), *_hers(*PRIVATE)), BOB: _synced(team, BOB)}
    nothing = {"outlook": {"created": 0, "updated": 0}, "crm": {"created": 0, "updated": 0}}
    return Evidence(
        start=before,
        asked=before,
        first=Picture(team, first),
        edited=Picture(team, {ALICE: (*first[ALICE], *_hers(TYPED_FOR_HERSELF)), BOB: first[BOB]}),
        synced=Picture(done, _ending(done)),
        quiet=Picture(_edited(_team()), _ending(done)),
        third=[{"mailbox": each, "counts": nothing, "requests": 1} for each in (ALICE, BOB)],
        requests=2,
        left_alone={ALICE: 7, BOB: 0},
        kept=(OFFICES_PHONE, "Engineer"),
        explained={ALICE: "outlook-deleted"},
        store=b"SQLite format 3",
    )


def _with(picture: Picture, address: str, name: str, **changed: Any) -> Picture:
    """The picture with an entry changed; with `gone=True`, without it."""
    entries = [
        replace(each, **changed) if each.name == name else each
        for each in picture.outlook[address]
        if not (each.name == name and "gone" in changed)
    ]
    return replace(picture, outlook={**picture.outlook, address: tuple(entries)})


def _in_crm(picture: Picture, name: str, **changed: object) -> Picture:
    record: Mapping[str, Any] = {**picture.crm.get(name, {}), **changed}
    return replace(picture, crm={**picture.crm, name: record})


def _twice(mailboxes: Mailboxes, address: str, name: str) -> Mailboxes:
    again = tuple(each for each in mailboxes[address] if each.name == name)
    return {**mailboxes, address: (*mailboxes[address], *again)}


Doctor = Callable[[Evidence], Evidence]
DOCTORED: dict[str, Doctor] = {
    "Alice's first sync wrote nothing": lambda e: replace(
        e, asked=_with(Picture({}, e.asked), ALICE, ANN, change_key="another").outlook
    ),
    "Ann and Jürgen were in Outlook already": lambda e: replace(
        e, first=replace(e.first, outlook=_twice(e.first.outlook, ALICE, ANN))
    ),
    "Ann's birthday": lambda e: replace(e, quiet=_in_crm(e.quiet, ANN, birthdate="1984-03-09")),
    "Alice's 6 private contacts": lambda e: replace(
        e, quiet=_with(e.quiet, ALICE, PRIVATE[0].name, change_key="another")
    ),
    "No name, number, address or note": lambda e: replace(
        e, store=b"... yuki.tanaka@friends.test ..."
    ),
    "Dörte and 佐藤 are key contacts": lambda e: replace(
        e, first=_with(e.first, BOB, DOERTE, gone=True)
    ),
    "Ann: the office's job title": lambda e: replace(
        e, synced=_in_crm(e.synced, ANN, mobilephone="+49 151 5550 1101")
    ),
    "Jürgen: Alice's number came later": lambda e: replace(e, kept=("Engineer",)),
    "Dörte: what Alice changed": lambda e: replace(
        e, synced=_with(e.synced, BOB, DOERTE, values={"mobilephone": "+49 151 5550 1100"})
    ),
    "Mia, typed into Outlook": lambda e: replace(e, synced=_in_crm(e.synced, MIA, owner=BOB)),
    "Nora, typed in without it": lambda e: replace(e, left_alone={ALICE: 6}),
    "Bruno, deleted in Outlook": lambda e: replace(
        e, quiet=_in_crm(e.quiet, BRUNO, statecode="inactive")
    ),
    "Claire went to Bob": lambda e: replace(e, quiet=_with(e.quiet, ALICE, CLAIRE, folder=TRASH)),
    "Nobody is missing and nobody": lambda e: replace(
        e, quiet=replace(e.quiet, outlook=_twice(e.quiet.outlook, BOB, DOERTE))
    ),
    "Every contact is the same": lambda e: replace(
        e, quiet=_in_crm(e.quiet, ANN, department="another")
    ),
    "The third sync changed nothing": lambda e: replace(
        e, quiet=_with(e.quiet, ALICE, ANN, change_key="another")
    ),
    "It cost one request a mailbox": lambda e: replace(e, requests=3),
    "Asked where Bruno is": lambda e: replace(e, explained={ALICE: "untracked"}),
}


def test_a_good_ending_passes() -> None:
    """What the demo is meant to end in passes every check."""
    assert [each for each in check(_good()) if each.faults] == []


@pytest.mark.parametrize("sentence", DOCTORED)
def test_a_doctored_one_fails(sentence: str) -> None:
    """One thing off, and the check that names it fails."""
    doctored = DOCTORED[sentence](_good())
    failed = [each.sentence for each in check(doctored) if each.faults]
    assert any(each.startswith(sentence) for each in failed), failed


def test_every_check_can_fail() -> None:
    """There is a doctored ending for every check."""
    sentences = [each.sentence for each in check(_good())]
    assert all(any(each.startswith(begun) for begun in DOCTORED) for each in sentences)
    assert len(sentences) == len(DOCTORED)


def test_private_notes_are_found_however_json_writes_them() -> None:
    """JSON may hold an umlaut as an escape."""
    escaped = replace(_good(), store=b'{"lastname": "Kr\\u00fcger"}')
    assert any("Krüger" in fault for each in check(escaped) for fault in each.faults)


def test_nobody_seen_at_all_is_no_success() -> None:
    """A reading that saw nothing does not pass for a good one."""
    empty = Evidence(start={ALICE: (), BOB: ()}, asked={ALICE: (), BOB: ()})
    for name in ("first", "edited", "synced", "quiet"):
        setattr(empty, name, Picture({}, {ALICE: (), BOB: ()}))
    vacuous = [each.sentence for each in check(empty) if not each.faults]
    assert len(vacuous) <= 3, vacuous


def test_nora_is_not_taken_for_a_customer() -> None:
    """A contact without the category is not in the CRM."""
    doctored = replace(_good(), quiet=_in_crm(_good().quiet, NORA, owner=ALICE))
    failed = [each.sentence for each in check(doctored) if each.faults]
    assert any(each.startswith("Nora") for each in failed)
