"""The facts that must hold at the end of the demo, one by one, each with the promise it shows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from syncd.cli.demo.evidence import Evidence, Mailboxes, Picture
from syncd.cli.demo.outlook import Entry
from syncd.cli.demo.people import (
    ALICE,
    ALICES_PHONE,
    ALICES_TEAM,
    ANN,
    ANNS_MOBILE,
    BOB,
    BOBS_TEAM,
    BRUNO,
    CLAIRE,
    CONTACTS,
    DOERTE,
    DOERTES_MOBILE,
    FORMER,
    FORMER_LABEL,
    JUERGEN,
    KEY_CONTACTS,
    MATCHING,
    MIA,
    NEW_TITLE,
    NORA,
    OFFICES_PHONE,
    PRIVATE,
    SATO,
    TRASH,
    TYPED_FOR_HERSELF,
)
from syncd.cli.demo.place import GRAPH

Faults = list[str]

COMPARED = (
    "firstname", "lastname", "companyname", "jobtitle", "department", "emailaddress1",
    "telephone1", "mobilephone", "address1_line1", "address1_city", "address1_stateorprovince",
    "address1_postalcode", "address1_country",
)  # fmt: skip
_HERS = tuple(each.name for each in PRIVATE)
_SHARED = (DOERTE, SATO)
_IN_ALICES = {*ALICES_TEAM, MIA} - {CLAIRE, BRUNO}
_IN_BOBS = {*BOBS_TEAM, *KEY_CONTACTS, CLAIRE}


@dataclass(frozen=True)
class Check:
    """A sentence, and what speaks against it; nothing does when it holds."""

    sentence: str
    faults: Sequence[str]


Examine = Callable[[Evidence], Faults]
_CHECKS: list[tuple[str, Examine]] = []


def _says(sentence: str) -> Callable[[Examine], Examine]:
    """Make a function a check: it returns what speaks against the sentence."""

    def register(examine: Examine) -> Examine:
        _CHECKS.append((sentence, examine))
        return examine

    return register


def check(evidence: Evidence) -> list[Check]:
    """All checks, in the order of the demo."""
    return [Check(sentence, tuple(examine(evidence))) for sentence, examine in _CHECKS]


def _differences(one: Iterable[Entry], two: Iterable[Entry]) -> Faults:
    """Entries that came, went or were written to, told by name."""
    seen = [Counter((e.name, e.folder, e.change_key) for e in each) for each in (one, two)]
    names = {name for name, _, _ in (seen[0] - seen[1]) + (seen[1] - seen[0])}
    return [f"{name} was touched" for name in sorted(names)]


def _all_differences(one: Mailboxes, two: Mailboxes) -> Faults:
    return [f"{a}: {fault}" for a in (ALICE, BOB) for fault in _differences(one[a], two[a])]


def _is(what: str, found: object, wanted: object) -> Faults:
    return (
        [] if found == wanted else [f"{what}: {found or 'nothing'}, and not {wanted or 'nothing'}"]
    )


def _everywhere(picture: Picture, name: str, field: str, wanted: str, *where: str) -> Faults:
    found = _is(f"{name} in the CRM", picture.in_crm(name, field), wanted)
    for address in where:
        held = picture.in_outlook(address, name, field)
        found += _is(f"{name} in {address}", held, wanted)
    return found


@_says("Alice's first sync wrote nothing until it was approved.")
def _waited(seen: Evidence) -> Faults:
    return _differences(seen.start[ALICE], seen.asked[ALICE])


@_says(
    "Ann and Jürgen were in Outlook already: tied, not doubled. The CRM has gained what it lacked; "
    "what it replaced in Outlook is kept (P1, P3)."
)
def _matched(seen: Evidence) -> Faults:
    found = []
    for person in MATCHING:
        entries = seen.first.found(ALICE, person.name)
        found += _is(f"{person.name} in {ALICE}", len(entries), 1)
    found += _is("Ann's mobile in the CRM", seen.first.in_crm(ANN, "mobilephone"), _old_mobile())
    title = MATCHING[1].values["jobtitle"]
    return [*found, *([] if title in seen.kept else [f"Jürgen's {title!r} is kept nowhere"])]


def _old_mobile() -> str:
    return MATCHING[0].values["mobilephone"]


@_says("Ann's birthday, a personal detail, is still in Alice's Outlook and only there.")
def _personal(seen: Evidence) -> Faults:
    born = str(MATCHING[0].birthday)
    return [
        *_is("Ann's birthday in Outlook", seen.quiet.in_outlook(ALICE, ANN, "birthdate"), born),
        *_is("Ann's birthday in the CRM", seen.quiet.in_crm(ANN, "birthdate"), ""),
    ]


@_says("Alice's 6 private contacts are untouched (same change keys), and unknown to the CRM (P14).")
def _private(seen: Evidence) -> Faults:
    before = [each for each in seen.start[ALICE] if each.name in _HERS]
    after = [each for each in seen.quiet.outlook[ALICE] if each.name in _HERS]
    found = _is("private contacts", len(before), len(PRIVATE)) + _differences(before, after)
    return found + [f"{name} is in the CRM" for name in _HERS if name in seen.quiet.crm]


@_says("No name, number, address or note of theirs is in syncd's database, byte by byte (P14).")
def _no_content(seen: Evidence) -> Faults:
    found = [] if seen.store else ["the database could not be read"]
    for person in (*PRIVATE, TYPED_FOR_HERSELF):
        for text in (person.last, *person.values.values()):
            forms = {text.encode(), json.dumps(text)[1:-1].encode()}
            found += [f"{text!r} is in the database"] if any(f in seen.store for f in forms) else []
    return found


@_says("Dörte and 佐藤 are key contacts: once in Alice's Outlook, once in Bob's.")
def _shared(seen: Evidence) -> Faults:
    found = []
    for name in _SHARED:
        for address in (ALICE, BOB):
            found += _is(f"{name} in {address}", len(seen.first.found(address, name)), 1)
    return found


@_says("Ann: the office's job title and Alice's mobile number are both everywhere (P1).")
def _both_edits(seen: Evidence) -> Faults:
    return [
        *_everywhere(seen.synced, ANN, "mobilephone", ANNS_MOBILE, ALICE),
        *_everywhere(seen.synced, ANN, "jobtitle", NEW_TITLE, ALICE),
    ]


@_says("Jürgen: Alice's number came later and won everywhere; the office's is kept (P1).")
def _conflict(seen: Evidence) -> Faults:
    found = _everywhere(seen.synced, JUERGEN, "telephone1", ALICES_PHONE, ALICE)
    lost = OFFICES_PHONE not in seen.kept
    return [*found, *([f"{OFFICES_PHONE} is kept nowhere"] if lost else [])]


@_says("Dörte: what Alice changed in her Outlook has reached the CRM and Bob's Outlook.")
def _through(seen: Evidence) -> Faults:
    return _everywhere(seen.synced, DOERTE, "mobilephone", DOERTES_MOBILE, ALICE, BOB)


@_says(
    "Mia, typed into Outlook with the category CRM, is in the CRM: Alice's, and of Fabrikam Ltd."
)
def _tracked(seen: Evidence) -> Faults:
    after = seen.synced
    return [
        *_is("Mia's owner", after.in_crm(MIA, "owner"), ALICE),
        *_is("Mia's company", after.in_crm(MIA, "companyname"), "Fabrikam Ltd"),
        *_is(
            "Mia's account", after.in_crm(MIA, "parentcustomerid"), _account(after, "Fabrikam Ltd")
        ),
        *_is(f"Mia in {ALICE}", len(after.found(ALICE, MIA)), 1),
    ]


def _account(picture: Picture, company: str) -> str:
    found = {
        str(r["parentcustomerid"]) for r in picture.crm.values() if r.get("companyname") == company
    }
    return found.pop() if len(found) == 1 else f"one account called {company}"


@_says("Nora, typed in without it, stayed out, untouched, and is counted as left alone (P9, P14).")
def _untracked(seen: Evidence) -> Faults:
    entries = [[e for e in p.outlook[ALICE] if e.name == NORA] for p in (seen.edited, seen.quiet)]
    found = _is(f"Nora in {ALICE}", len(entries[0]), 1) + _differences(*entries)
    found += ["Nora is in the CRM"] if NORA in seen.quiet.crm else []
    former = seen.backend == GRAPH  # Claire, who stays where she is and is Alice's from now on
    return found + _is("left alone", seen.left_alone.get(ALICE), len(PRIVATE) + 1 + former)


@_says(
    "Bruno, deleted in Outlook, is in Deleted Items; the CRM keeps him, and he did not come back."
)
def _deleted(seen: Evidence) -> Faults:
    return [
        *_is("Bruno in Alice's Outlook", _folders(seen.quiet, ALICE, BRUNO), [TRASH]),
        *_is("Bruno's state in the CRM", seen.quiet.in_crm(BRUNO, "statecode"), "active"),
    ]


@_says("Claire went to Bob: a new contact in his Outlook, out of the way in Alice's.")
def _reassigned(seen: Evidence) -> Faults:
    return [
        *_is("Claire's owner", seen.quiet.in_crm(CLAIRE, "owner"), BOB),
        *_is("Claire in Alice's Outlook", _left(seen), [_set_aside(seen)]),
        *_is("Claire in Bob's Outlook", _folders(seen.quiet, BOB, CLAIRE), [CONTACTS]),
    ]


def _set_aside(seen: Evidence) -> tuple[str, bool]:
    """Where she who left is: Graph moves no contact, so there she stays and says that she left."""
    return (CONTACTS, True) if seen.backend == GRAPH else (FORMER, False)


def _left(seen: Evidence) -> list[tuple[str, bool]]:
    found = seen.quiet.found(ALICE, CLAIRE)
    return [(each.folder, FORMER_LABEL in each.categories) for each in found]


def _folders(picture: Picture, address: str, name: str) -> list[str]:
    return [each.folder for each in picture.found(address, name)]


@_says("Nobody is missing and nobody is there twice, in the CRM and in both mailboxes (P3).")
def _complete(seen: Evidence) -> Faults:
    found = _is("the CRM", sorted(seen.quiet.crm), sorted({*ALICES_TEAM, *BOBS_TEAM, MIA}))
    wanted = {
        ALICE: [
            *((name, CONTACTS) for name in {*_IN_ALICES, *_HERS, NORA}),
            (CLAIRE, _set_aside(seen)[0]),
            (BRUNO, TRASH),
        ],
        BOB: [(name, CONTACTS) for name in _IN_BOBS],
    }
    for address, names in wanted.items():
        held = [(each.name, each.folder) for each in seen.quiet.outlook[address]]
        found += _is(address, sorted(held), sorted(names))
    return found


@_says(f"Every contact is the same in the CRM and in Outlook, in all {len(COMPARED)} fields (P2).")
def _equal(seen: Evidence) -> Faults:
    found = []
    for address, names in ((ALICE, _IN_ALICES), (BOB, _IN_BOBS)):
        for name in sorted(names):
            for field in COMPARED:
                held = seen.quiet.in_outlook(address, name, field)
                found += _is(f"{name}, {field}, {address}", held, seen.quiet.in_crm(name, field))
    return found


@_says("The third sync changed nothing: every change key and every version is as it was (P4).")
def _still(seen: Evidence) -> Faults:
    found = _all_differences(seen.synced.outlook, seen.quiet.outlook)
    return found + _is("versions in the CRM", _versions(seen.quiet), _versions(seen.synced))


def _versions(picture: Picture) -> Mapping[str, object]:
    return {name: record.get("version") for name, record in picture.crm.items()}


@_says("It cost one request a mailbox, and the sandbox counted as many.")
def _cheap(seen: Evidence) -> Faults:
    found = _is("mailboxes in the third sync", {r["mailbox"] for r in seen.third}, {ALICE, BOB})
    for run in seen.third:
        written = {s: sum(run["counts"][s].values()) for s in ("outlook", "crm")}
        found += _is(f"writes of {run['mailbox']}", written, {"outlook": 0, "crm": 0})
        found += _is(f"requests of {run['mailbox']}", run["requests"], 1)
    return found + _is("requests that the sandbox counted", seen.requests, 2)


@_says("Asked where Bruno is, syncd knows that he was deleted in Alice's Outlook (P12).")
def _explained(seen: Evidence) -> Faults:
    return _is("why he is not there", seen.explained, {ALICE: "outlook-deleted"})
