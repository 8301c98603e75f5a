"""What became of the contacts that were edited: each before the second sync and after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from syncd.cli.demo.evidence import Picture
from syncd.cli.demo.people import (
    ALICE,
    ALICES_PHONE,
    ANN,
    BOB,
    BRUNO,
    CLAIRE,
    DOERTE,
    FORMER_LABEL,
    JUERGEN,
    MIA,
    NORA,
    OFFICES_PHONE,
    REPS,
)
from syncd.cli.demo.telling import Row, Teller

_LABELS = {"jobtitle": "Job title", "mobilephone": "Mobile", "telephone1": "Phone"}
_WHERE = "where"


@dataclass(frozen=True)
class _Story:
    """One contact, the fields that matter, and the rule that syncd went by."""

    name: str
    title: str
    fields: tuple[str, ...]
    rule: str


_STORIES = (
    _Story(
        ANN,
        "different fields",
        ("jobtitle", "mobilephone"),
        "Each side's own change goes to the other.",
    ),
    _Story(
        JUERGEN,
        "the same field",
        ("telephone1",),
        f"The later change wins: Alice's {ALICES_PHONE}. The office's {OFFICES_PHONE} is kept in "
        "the journal.",
    ),
    _Story(
        DOERTE,
        "in two mailboxes",
        ("mobilephone",),
        "A change in one Outlook goes to the CRM, and from there to everybody who has the contact.",
    ),
    _Story(
        MIA,
        "typed in with the category CRM",
        (_WHERE,),
        "The category puts a contact into the CRM; it is its owner's who set it.",
    ),
    _Story(
        NORA,
        "typed in without it",
        (_WHERE,),
        "Whoever has no category stays out: seen, counted as left alone, never stored.",
    ),
    _Story(
        BRUNO,
        "deleted in Outlook",
        (_WHERE,),
        "One rep's Delete key deletes nothing in the CRM, and syncd does not bring him back.",
    ),
    _Story(
        CLAIRE,
        "given to Bob",
        (_WHERE,),
        "Who leaves a rep's hands is set aside in Outlook, not deleted; the new owner gets her.",
    ),
)


def tell(teller: Teller, before: Picture, after: Picture) -> None:
    """Print the table."""
    teller.heads("CRM", "Alice's Outlook", "Bob's Outlook")
    for story in _STORIES:
        rows = [
            Row(
                _LABELS.get(field, "Where"),
                _cells(before, story.name, field),
                _cells(after, story.name, field),
            )
            for field in story.fields
        ]
        teller.story(f"{story.name}: {story.title}", rows, story.rule)


def _cells(picture: Picture, name: str, field: str) -> tuple[str, str, str]:
    if field == _WHERE:
        return (
            _owned(picture, name),
            _folder(picture, ALICE, name),
            _folder(picture, BOB, name),
        )
    return (
        picture.in_crm(name, field),
        picture.in_outlook(ALICE, name, field),
        picture.in_outlook(BOB, name, field),
    )


def _owned(picture: Picture, name: str) -> str:
    owners: Mapping[str, str] = {address: rep.split()[0] for address, (rep, _) in REPS.items()}
    owner = owners.get(picture.in_crm(name, "owner"))
    return f"{owner}'s" if owner else ""


def _folder(picture: Picture, address: str, name: str) -> str:
    found = picture.found(address, name)
    return ", ".join(f"{e.folder}{', former' * (FORMER_LABEL in e.categories)}" for e in found)
