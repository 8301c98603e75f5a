"""What a backend is asked beyond the port: things that a run has no use for, and a doctor has."""

from __future__ import annotations

from syncd.model.contact import CONTACT
from syncd.outlook.errors import Failure, MailboxError, Scope, Sort
from syncd.outlook.ews.mailbox import EwsMailbox
from syncd.outlook.graph.mailbox import GraphMailbox
from syncd.outlook.port import Mailbox, Update, Written


def refusal_of_categories(port: Mailbox) -> str | None:
    """The code by which the list of categories is closed to us; `None` where it can be read."""
    return port.refusal_of_categories() if isinstance(port, EwsMailbox | GraphMailbox) else None


def late_change(port: Mailbox, made: Written) -> str | None:
    """The code by which a change of a version that is over was refused; `None`: it was taken.

    Raises MailboxError when it was neither.
    """
    said = _said(port, made)
    if said is None or said.sort is Sort.PRECONDITION:
        return None if said is None else said.code
    raise MailboxError(said.sort, Scope.MAILBOX, said.code, said.message)


def _said(port: Mailbox, made: Written) -> Failure | None:
    if isinstance(port, GraphMailbox):
        return port.late_change(made.id, made.version)
    late = Update(made.id, made.version, {"jobtitle": "came too late"}, None)
    (answer,) = port.update(CONTACT, [late])
    return answer if isinstance(answer, Failure) else None
