"""What can be wrong within a mailbox that is open, and what its server can and cannot do."""

from __future__ import annotations

from collections.abc import Mapping

from syncd.sync.doctor.finding import Cause, Level

_UNLISTED = (
    'Outlook does not offer the category "{category}" by itself: users type it, and it works all '
    "the same."
)

WITHIN: Mapping[str, Mapping[str, Cause]] = {
    "consent": {
        "consent-fine": Cause(Level.OK, "Its user has let syncd do {needed}, and nothing else."),
        "consent-missing": Cause(
            Level.FAILURE,
            "Its user has not let syncd do {permission}.",
            "What needs it is not done in this mailbox.",
            "In the Entra admin centre, App registrations, {client}, API permissions: add the "
            "delegated permission {permission} of Microsoft Graph; then sign in once more.",
            ("syncd login {mailbox}",),
        ),
        "consent-surplus": Cause(
            Level.WARNING,
            "{permission} is granted, and syncd does not need it.",
            "syncd does not use it; who steals the sign-in could.",
            "Take it away: Entra admin centre, App registrations, {client}, API permissions, "
            "{permission}: Remove permission; then sign in once more.",
            ("syncd login {mailbox}",),
        ),
        "consent-unread": Cause(
            Level.WARNING,
            "What its user has let syncd do cannot be read out of the token.",
            "Whether too much is granted is not known; what is missing shows below.",
        ),
    },
    "folders": {
        "folder-fine": Cause(Level.OK, "{kind}: {path}, with {total} items."),
        "folder-new": Cause(
            Level.OK, "{kind}: there is no folder {folder} yet; the first sync makes it."
        ),
        "folder-wrong": Cause(
            Level.FAILURE,
            "{kind}: the folder {folder} is not one for them.",
            "They are not synced in this mailbox.",
            "Name another folder for them in the policy {policy!r}, or rename that one in Outlook.",
            ("syncd settings show {mailbox}",),
        ),
        "folder-denied": Cause(
            Level.FAILURE,
            "{kind}: the folder {folder} cannot be read: {says} ({detail}).",
            "They are not synced in this mailbox; nothing is deleted for that.",
            "Give the account full access to the mailbox, then look again.",
            ("syncd doctor {mailbox}",),
        ),
        "folder-unread": Cause(
            Level.FAILURE,
            "{kind}: the folder {folder} could not be read to its end: {says} ({detail}).",
            "They are not synced in this mailbox for now; nothing is deleted for that.",
            "Put right what it names in [servers.{server}], if it names anything; then look again.",
            ("syncd doctor {mailbox}",),
        ),
    },
    "categories": {
        "categories-fine": Cause(Level.OK, "The list of categories can be read."),
        "categories-denied": Cause(
            Level.WARNING,
            "The list of categories is closed to syncd ({detail}).",
            _UNLISTED,
            "Assign the role in the same scope as the other one.",
            (
                (
                    "New-ManagementRoleAssignment -App {principal} -Role 'Application "
                    "MailboxSettings.ReadWrite' -CustomResourceScope 'syncd mailboxes'"
                ),
            ),
        ),
        "categories-closed": Cause(
            Level.WARNING,
            "The list of categories, which is kept in the calendar, is closed ({detail}).",
            _UNLISTED,
            "Give the account full access to the mailbox.",
        ),
    },
    "capabilities": {
        "can-all": Cause(
            Level.OK,
            "Items can be moved between folders, and found in Deleted Items: all that syncd does "
            "works here.",
        ),
        "cannot-move": Cause(
            Level.OK,
            "This server does not move contacts between folders.",
            'A contact that leaves the scope stays where it is, under the category "Former CRM '
            'contact"; one that is brought back from Deleted Items is made anew, and syncd says '
            "which fields it could not bring back.",
        ),
        "cannot-search-trash": Cause(
            Level.OK,
            "Deleted Items cannot be searched here.",
            "What is in there is found by its id; what was deleted before syncd knew the mailbox "
            "is not.",
        ),
        "if-match-unknown": Cause(
            Level.OK,
            "Whether the server refuses an update that comes too late was not tried now.",
            "syncd compares before each write, whatever the server does.",
            "It is tried whenever you say --write: that makes one contact and deletes it.",
            ("syncd doctor {mailbox} --write",),
        ),
    },
    "write": {
        "write-fine": Cause(
            Level.OK,
            'The contact "{name}" was made, changed and deleted. It is in Deleted Items now.',
        ),
        "write-refused": Cause(
            Level.FAILURE,
            "A contact cannot be {step} here: {says} ({detail}).",
            "syncd reads this mailbox, and cannot write to it.",
            "Give it the right to write: the role Application Contacts.ReadWrite on Exchange "
            "Online, full access to the mailbox on a server of your own.",
            ("syncd doctor {mailbox} --write",),
        ),
        "write-in-doubt": Cause(
            Level.FAILURE,
            "Whether a contact was {step} is not known: {says} ({detail}).",
            'If it is there, it is called "{name}", in the folder {folder}; syncd leaves it alone.',
            "Look for it in Outlook, and delete it.",
        ),
        "write-left": Cause(
            Level.FAILURE,
            'The contact "{name}" could not be deleted again: {says} ({detail}).',
            "It is in the folder {folder}; syncd leaves it alone.",
            "Delete it in Outlook.",
        ),
        "stale-refused": Cause(
            Level.OK, "An update that came too late was refused, as it should be ({detail})."
        ),
        "stale-taken": Cause(
            Level.WARNING,
            "An update that came too late was taken (If-Match was ignored).",
            "syncd compares before each write all the same; an edit within the fraction of a "
            "second between the two is overwritten, and can be read back in the journal.",
            "There is nothing to do; please tell the makers of syncd.",
        ),
    },
}
