"""Reason codes: every decision carries one (P12), with the sentence a person reads."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Reason(StrEnum):
    """Why something was decided. Stable: logs, the journal and programs rely on the codes."""

    # nothing to do
    EQUAL = "equal"
    ECHO = "echo"
    # one side, or both, changed
    CRM_CHANGED = "crm-changed"
    OUTLOOK_CHANGED = "outlook-changed"
    BOTH_CHANGED = "both-changed"
    CONFLICT_CRM = "conflict-crm"
    CONFLICT_OUTLOOK = "conflict-outlook"
    LATEST_CRM = "latest-crm"
    LATEST_OUTLOOK = "latest-outlook"
    LATEST_ESTIMATED = "latest-estimated"
    LATEST_UNKNOWN = "latest-unknown"
    MERGED_SET = "merged-set"
    ASKED = "asked"
    ANSWERED_CRM = "answered-crm"
    ANSWERED_OUTLOOK = "answered-outlook"
    RULE_CHANGED = "rule-changed"
    MAP_CHANGED = "map-changed"
    # a group stays apart
    ONE_WAY = "one-way"
    DIRECTION_NONE = "direction-none"
    PERSONAL = "personal"
    NOT_WRITABLE = "not-writable"
    NOT_TAKEN = "not-taken"
    GUARDED = "guarded"
    # a record and an item meet
    CREATED = "created"
    ADOPTED = "adopted"
    STAMP_FOUND = "stamp-found"
    TRACKED = "tracked"
    DUPLICATE_LINKED = "duplicate-linked"
    DUPLICATE_UNSEEN = "duplicate-unseen"
    IN_SCOPE_AGAIN = "in-scope-again"
    BACK_IN_FOLDER = "back-in-folder"
    ANSWERED = "answered"
    PUT_BACK = "put-back"
    # a record or an item leaves
    LEFT_SCOPE = "left-scope"
    KEPT_UPDATING = "kept-updating"
    MERGED = "merged"
    CRM_DELETED = "crm-deleted"
    OUTLOOK_DELETED = "outlook-deleted"
    OUTLOOK_MOVED = "outlook-moved"
    RECORD_DEACTIVATED = "record-deactivated"
    RECORD_DELETED = "record-deleted"
    UNTRACKED = "untracked"
    MADE_PRIVATE = "made-private"
    DOUBLE = "double"
    OFFBOARDED = "offboarded"
    # left alone
    NOT_TRACKED = "not-tracked"
    PRIVATE = "private"
    OTHER_CLASS = "other-class"
    FOREIGN = "foreign"
    COPY = "copy"
    AT_REST = "at-rest"
    DIRECTION = "direction"
    NO_FILTER = "no-filter"
    REMEMBERED = "remembered"
    IGNORED = "ignored"
    NEVER = "never"
    DISCARDED = "discarded"
    # waits
    FIRST_CONTACT = "first-contact"
    DOUBTFUL_MATCH = "doubtful-match"
    BOUND_MATCH = "bound-match"
    LINKED_HERE = "linked-here"
    ORPHAN_STAMP = "orphan-stamp"
    HELD = "held"
    EMPTIED = "emptied"
    IN_DOUBT = "in-doubt"
    UNKNOWN_CRM = "unknown-crm"
    UNKNOWN_OUTLOOK = "unknown-outlook"
    SECOND_LOOK = "second-look"
    EDITED_MEANWHILE = "edited-meanwhile"
    RETRY = "retry"
    LIVELOCK = "livelock"
    # cannot be done
    REFUSED = "refused"


SENTENCES: Mapping[Reason, str] = {
    Reason.EQUAL: "Nothing is to be done: both sides hold the same, as far as the rules let them.",
    Reason.ECHO: "This is what syncd wrote itself.",
    Reason.CRM_CHANGED: "It was changed in the CRM.",
    Reason.OUTLOOK_CHANGED: "It was changed in Outlook.",
    Reason.BOTH_CHANGED: "It was changed on both sides, in different places.",
    Reason.CONFLICT_CRM: "Both sides changed the same; the rule lets the CRM win. The other value is kept.",
    Reason.CONFLICT_OUTLOOK: "Both sides changed the same; the rule lets Outlook win. The other value is kept.",
    Reason.LATEST_CRM: "Both sides changed the same; the CRM's change is later. The other value is kept.",
    Reason.LATEST_OUTLOOK: "Both sides changed the same; Outlook's change is later. The other value is kept.",
    Reason.LATEST_ESTIMATED: "Both sides changed the same; Outlook's change looks later, among other edits. The other value is kept.",
    Reason.LATEST_UNKNOWN: "Both sides changed the same; which was later is not known, so the CRM wins. The other value is kept.",
    Reason.MERGED_SET: "Both sides added or removed entries; both edits are kept.",
    Reason.ASKED: "Both sides changed the same; a person must say which counts. Until then each side keeps its own.",
    Reason.ANSWERED_CRM: "A person said that the CRM's counts. The other value is kept.",
    Reason.ANSWERED_OUTLOOK: "A person said that Outlook's counts. The other value is kept.",
    Reason.RULE_CHANGED: "A rule was changed, and the two sides differed.",
    Reason.MAP_CHANGED: "It goes with another field of Outlook now; what was empty is filled, what differs stays as it is.",
    Reason.ONE_WAY: "The rule lets only the other side speak; the difference is left as it is.",
    Reason.DIRECTION_NONE: "The rule keeps this out of the sync.",
    Reason.PERSONAL: "Personal details stay apart until somebody edits them.",
    Reason.NOT_WRITABLE: "The owner of the mailbox may not change this in the CRM.",
    Reason.NOT_TAKEN: "The other side holds it in its own form.",
    Reason.GUARDED: "Outlook holds more there than plain text, such as formatting; it is left as it is.",
    Reason.CREATED: "It belongs in this mailbox and was not there.",
    Reason.ADOPTED: "It was in Outlook already, and is the same.",
    Reason.STAMP_FOUND: "The Outlook item says that it belongs to this CRM record.",
    Reason.TRACKED: "Its owner put it into the CRM.",
    Reason.DUPLICATE_LINKED: "Its owner put it into the CRM, which had it already.",
    Reason.DUPLICATE_UNSEEN: "Its owner put it into the CRM, which has one like it that its owner may not see.",
    Reason.IN_SCOPE_AGAIN: "It belongs in this mailbox again.",
    Reason.BACK_IN_FOLDER: "Its owner put it back into the folder.",
    Reason.ANSWERED: "A person said what is to be done.",
    Reason.PUT_BACK: "A person said that it is to come back.",
    Reason.KEPT_UPDATING: "It no longer belongs in this mailbox; the rule keeps it in step all the same.",
    Reason.LEFT_SCOPE: "It no longer belongs in this mailbox.",
    Reason.MERGED: "It was merged with another one in the CRM, and its item is the other one's now.",
    Reason.CRM_DELETED: "It was deleted in the CRM.",
    Reason.OUTLOOK_DELETED: "Its owner deleted it in Outlook; the CRM keeps it.",
    Reason.OUTLOOK_MOVED: "Its owner moved it to another folder; the CRM keeps it.",
    Reason.RECORD_DEACTIVATED: "Its owner deleted it in Outlook; the rule deactivates it in the CRM.",
    Reason.RECORD_DELETED: "Its owner deleted it in Outlook; the rule deletes it in the CRM, too.",
    Reason.UNTRACKED: "Its owner took it out of the CRM's care; the CRM keeps its record.",
    Reason.MADE_PRIVATE: "Its owner marked it private.",
    Reason.DOUBLE: "A request that was not answered in time left it behind; it is nobody's.",
    Reason.OFFBOARDED: "Its owner's mailbox left the CRM's care.",
    Reason.NOT_TRACKED: "It is its owner's own and was not put into the CRM.",
    Reason.PRIVATE: "It is marked private.",
    Reason.OTHER_CLASS: "It is another sort of item, such as a distribution list.",
    Reason.FOREIGN: "It belongs to another installation of syncd.",
    Reason.COPY: "It is a copy of an item that is in step.",
    Reason.AT_REST: "It is no longer kept in step.",
    Reason.DIRECTION: "The rule lets nothing come from Outlook.",
    Reason.NO_FILTER: "No filter is on, so nothing of the CRM goes to this mailbox.",
    Reason.REMEMBERED: "Its owner threw this person away in Outlook; it comes back only when it is asked for.",
    Reason.IGNORED: "A person said to leave it alone until it changes.",
    Reason.NEVER: "A person said never to bring it into this mailbox, or out of it.",
    Reason.DISCARDED: "A person decided against it; it stays as it is.",
    Reason.FIRST_CONTACT: "The first sync of this mailbox waits for approval.",
    Reason.DOUBTFUL_MATCH: "It is not clear whether the CRM and Outlook mean the same here; a person must decide.",
    Reason.BOUND_MATCH: "The item in Outlook that it could be belongs to another installation, or to a record that is gone; a person must decide.",
    Reason.LINKED_HERE: "The CRM record is in this mailbox already under another item; a person must decide.",
    Reason.ORPHAN_STAMP: "It names a CRM record that is not known here.",
    Reason.HELD: "Too many changes of this sort at once; they wait for a person.",
    Reason.EMPTIED: "One edit in Outlook emptied unusually much of it; a person looks first.",
    Reason.IN_DOUBT: "The server did not answer; syncd looks again before it does anything.",
    Reason.UNKNOWN_CRM: "The CRM could not be asked.",
    Reason.UNKNOWN_OUTLOOK: "The mailbox could not be read in full.",
    Reason.SECOND_LOOK: "It is nowhere to be found; syncd looks once more before it believes so.",
    Reason.EDITED_MEANWHILE: "It was edited while syncd worked; the next round takes it up.",
    Reason.RETRY: "It could not be done now and is tried again.",
    Reason.LIVELOCK: "The server keeps refusing the change though nothing is different.",
    Reason.REFUSED: "The server refuses it as it is.",
}  # fmt: skip
