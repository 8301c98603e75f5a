"""What a backend is asked beyond the port: things that a run has no use for, and a doctor has."""

from __future__ import annotations

from collections.abc import Mapping

from syncd.model.contact import CONTACT
from syncd.model.values import Value
from syncd.outlook.errors import Failure, MailboxError, Sort
from syncd.outlook.ews.mailbox import EwsMailbox
from syncd.outlook.port import Mailbox, Update, Written


def refusal_of_categories(port: Mailbox) -> str | None:
    """The code by which the list of categories is closed to us; `None` where it can be read."""
    if isinstance(port, EwsMailbox):
        return port.refusal_of_categories()
    return None


def late_change(port: Mailbox, made: Written, patch: Mapping[str, Value]) -> str | None:
    """The code by which a change of a version that is over was refused; `None` where it was taken.

    Raises MailboxError when it was neither.
    """
    (answer,) = port.update(CONTACT, [Update(made.id, made.version, patch, None)])
    if isinstance(answer, Written):
        return None
    if answer.sort is not Sort.PRECONDITION:
        raise _raised(answer)
    return answer.code


def _raised(failure: Failure) -> MailboxError:
    from syncd.outlook.errors import Scope

    return MailboxError(failure.sort, Scope.MAILBOX, failure.code, failure.message)
