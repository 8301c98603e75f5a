"""Reason codes: every decision carries one (P12). What they say to people: `sync/catalogue`."""

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
    REGRESS = "regress"
    MERGED_SET = "merged-set"
    ASKED = "asked"
    FROZEN = "frozen"
    ANSWERED_CRM = "answered-crm"
    ANSWERED_OUTLOOK = "answered-outlook"
    RULE_CHANGED = "rule-changed"
    OTHER_FOLDER = "other-folder"
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
    RECREATED = "recreated"
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
    ONLY_BY_HAND = "only-by-hand"
    UNKNOWN_CRM = "unknown-crm"
    UNKNOWN_OUTLOOK = "unknown-outlook"
    SECOND_LOOK = "second-look"
    EDITED_MEANWHILE = "edited-meanwhile"
    RETRY = "retry"
    LIVELOCK = "livelock"
    # cannot be done
    REFUSED = "refused"


class Topic(StrEnum):
    """What a reason is about: the manual lists them so."""

    NOTHING = "there is nothing to do"
    CHANGED = "one side, or both, changed"
    DIFFERS = "a part stays different"
    MEET = "a record and an item meet"
    LEAVE = "a record or an item leaves"
    ALONE = "it is left alone"
    WAITS = "it waits"
    IMPOSSIBLE = "it cannot be done"


TOPICS: Mapping[Topic, tuple[Reason, ...]] = {
    Topic.NOTHING: (
        Reason.EQUAL,
        Reason.ECHO,
    ),
    Topic.CHANGED: (
        Reason.CRM_CHANGED,
        Reason.OUTLOOK_CHANGED,
        Reason.BOTH_CHANGED,
        Reason.CONFLICT_CRM,
        Reason.CONFLICT_OUTLOOK,
        Reason.LATEST_CRM,
        Reason.LATEST_OUTLOOK,
        Reason.LATEST_ESTIMATED,
        Reason.LATEST_UNKNOWN,
        Reason.REGRESS,
        Reason.MERGED_SET,
        Reason.ASKED,
        Reason.FROZEN,
        Reason.ANSWERED_CRM,
        Reason.ANSWERED_OUTLOOK,
        Reason.RULE_CHANGED,
        Reason.OTHER_FOLDER,
        Reason.MAP_CHANGED,
    ),
    Topic.DIFFERS: (
        Reason.ONE_WAY,
        Reason.DIRECTION_NONE,
        Reason.PERSONAL,
        Reason.NOT_WRITABLE,
        Reason.NOT_TAKEN,
        Reason.GUARDED,
    ),
    Topic.MEET: (
        Reason.CREATED,
        Reason.ADOPTED,
        Reason.STAMP_FOUND,
        Reason.TRACKED,
        Reason.DUPLICATE_LINKED,
        Reason.DUPLICATE_UNSEEN,
        Reason.IN_SCOPE_AGAIN,
        Reason.BACK_IN_FOLDER,
        Reason.ANSWERED,
        Reason.PUT_BACK,
        Reason.RECREATED,
    ),
    Topic.LEAVE: (
        Reason.LEFT_SCOPE,
        Reason.KEPT_UPDATING,
        Reason.MERGED,
        Reason.CRM_DELETED,
        Reason.OUTLOOK_DELETED,
        Reason.OUTLOOK_MOVED,
        Reason.RECORD_DEACTIVATED,
        Reason.RECORD_DELETED,
        Reason.UNTRACKED,
        Reason.MADE_PRIVATE,
        Reason.DOUBLE,
        Reason.OFFBOARDED,
    ),
    Topic.ALONE: (
        Reason.NOT_TRACKED,
        Reason.PRIVATE,
        Reason.OTHER_CLASS,
        Reason.FOREIGN,
        Reason.COPY,
        Reason.AT_REST,
        Reason.DIRECTION,
        Reason.NO_FILTER,
        Reason.REMEMBERED,
        Reason.IGNORED,
        Reason.NEVER,
        Reason.DISCARDED,
    ),
    Topic.WAITS: (
        Reason.FIRST_CONTACT,
        Reason.DOUBTFUL_MATCH,
        Reason.BOUND_MATCH,
        Reason.LINKED_HERE,
        Reason.ORPHAN_STAMP,
        Reason.HELD,
        Reason.EMPTIED,
        Reason.IN_DOUBT,
        Reason.ONLY_BY_HAND,
        Reason.UNKNOWN_CRM,
        Reason.UNKNOWN_OUTLOOK,
        Reason.SECOND_LOOK,
        Reason.EDITED_MEANWHILE,
        Reason.RETRY,
        Reason.LIVELOCK,
    ),
    Topic.IMPOSSIBLE: (Reason.REFUSED,),
}
