"""What a mailbox is taken for: to be synced, or to be left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from syncd.settings.policies import MailboxPolicy
from syncd.sync.mailboxes import MailboxRow
from syncd.sync.report import RunReport
from syncd.sync.session import Session


class Act(Protocol):
    """What is done in a mailbox, for one kind after the other."""

    def __call__(self, session: Session, *, report: RunReport) -> None:
        """Do it, and tell of it in `report`. Raises MailboxError, MailboxProblem, Stopped."""


@dataclass(frozen=True)
class Errand:
    """What a mailbox is taken for. `admits` raises MailboxProblem where that may not be.

    `schedules`: how it goes says when the next run is. `again`: how soon it is due again, whatever
    comes of it, where it is not a run.
    """

    cause: str
    act: Act
    schedules: bool
    admits: Callable[[MailboxRow, MailboxPolicy], None]
    again: timedelta | None = None
