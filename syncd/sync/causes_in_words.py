"""What the breaker has seen, what would be done, and where that likely comes from, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from syncd.reconcile.breaker import Bounded


@dataclass(frozen=True, slots=True)
class InWords:
    """One sort of what is bounded: `seen` and `would` begin after a number, `causes` are three."""

    seen: str
    would: str
    instead: str  # once a person has decided against it
    causes: tuple[str, str, str]


WORDS: Mapping[Bounded, InWords] = {
    Bounded.DELETE: InWords(
        "were deleted on one side",
        "be deleted on the other side, too",
        "They stay where they are, and are no longer kept in step; what was deleted in Outlook is "
        "put back.",
        (
            "Records were deleted or merged in the CRM.",
            "An import or a program has deleted them by mistake.",
            "Somebody tidied up, and more went than was meant.",
        ),
    ),
    Bounded.UNLINK: InWords(
        "are gone from the folder, or do not belong in it any more",
        "be left alone from now on",
        "What was deleted or moved away in Outlook is put back; the rest stays as it is.",
        (
            "Somebody deleted or moved many in Outlook.",
            "A phone, or the migration of a mailbox, has emptied the folder.",
            "The category was taken off many at once.",
        ),
    ),
    Bounded.MOVE: InWords(
        "do not belong in this mailbox any more",
        "be set aside in Outlook",
        "They stay in place, and are no longer kept in step.",
        (
            "An account was given to somebody else.",
            "A filter or a policy was changed.",
            "Many were deactivated in the CRM.",
        ),
    ),
    Bounded.EMPTY: InWords(
        "had a field emptied on one side",
        "have it emptied on the other side, too",
        "The field gets back what the other side holds; the edit is kept aside.",
        (
            "A phone that does not know these fields has saved them.",
            "An import had empty columns.",
            "Somebody emptied the field on purpose.",
        ),
    ),
    Bounded.CREATE: InWords(
        "are on one side alone",
        "be created on the other side",
        "They are left alone until somebody edits them.",
        (
            "Many were imported into the CRM.",
            "A filter was widened, or an account was given to this user.",
            "Many in Outlook were given the category at once.",
        ),
    ),
    Bounded.CRM_WRITE: InWords(
        "were changed in Outlook",
        "be changed in the CRM",
        "Outlook gets back what the CRM holds; the edits are kept aside.",
        (
            "A phone or another program has changed many of them.",
            "They were imported into Outlook.",
            "An old state of the mailbox was restored.",
        ),
    ),
    Bounded.WITHDRAW: InWords(
        "were marked private in Outlook",
        "lose in the CRM what came from this mailbox",
        "This cannot be decided against: what is private does not stay in the CRM.",
        (
            "Somebody marked many private at once.",
            "A program has changed how they are marked.",
            "A folder with private items was put here.",
        ),
    ),
}
