"""What can go wrong with a mailbox, sorted once.

Each backend maps its own codes to these sorts in one table; nobody above a backend looks at a
code again. A failure of one item in a batch comes back in its place as a `Failure`; what concerns
more than one item is raised as a `MailboxError` with its scope.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Sort(StrEnum):
    """What a failure means for what to do next."""

    THROTTLED = "throttled"  # refused before any effect; come back after `retry_after`
    TRANSIENT = "transient"  # refused or failed before any effect; come back with back-off
    PRECONDITION = "precondition"  # the item changed meanwhile; observe and decide again
    GONE = "gone"  # there is no such item (it may have moved: ids change)
    INVALID = "invalid"  # this item, as it is, will never be taken
    DENIED = "denied"  # a right is missing, or the sign-in is refused
    IN_DOUBT = "in-doubt"  # sent and not answered: done or not, nobody knows yet
    NOT_TRIED = "not-tried"  # the batch stopped before this item
    ELSEWHERE = "elsewhere"  # this server does not serve the mailbox; another backend may
    CURSOR_LOST = "cursor-lost"  # the server forgot the cursor; list in full


class Scope(StrEnum):
    """How much one failure concerns. Each layer handles its own and passes up the rest."""

    ITEM = "item"
    FOLDER = "folder"
    MAILBOX = "mailbox"
    CREDENTIAL = "credential"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Failure:
    """One item of a batch that failed, alone. `code` is the backend's own, for the log.

    `retry_after`, in seconds, is for `THROTTLED`, where the server named it. `scope` is how much
    its code concerns: a mailbox that is full says so of each item.
    """

    sort: Sort
    code: str
    message: str
    retry_after: float | None = None
    scope: Scope = Scope.ITEM


class MailboxError(Exception):
    """A whole request failed. `retry_after` is in seconds, `None` where the server named none."""

    def __init__(
        self,
        sort: Sort,
        scope: Scope,
        code: str,
        message: str,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{message} ({code})")
        self.sort = sort
        self.scope = scope
        self.code = code
        self.message = message
        self.retry_after = retry_after
