"""Mailboxes as the commands use them: the service, and its refusals as errors for a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from syncd.cli.context import Context
from syncd.cli.errors import Exit, Problem

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from syncd.sync.mailboxes import MailboxRow
    from syncd.sync.report import RunReport
    from syncd.sync.service import SyncService

NOTHING_DONE = "Nothing was synced and nothing was changed."


def service(context: Context) -> SyncService:
    """The sync service over the configured store."""
    from syncd.sync.service import open_service

    return open_service(context.configuration, context.engine())


@contextmanager
def explained(undone: str = NOTHING_DONE) -> Iterator[None]:
    """What the mailboxes refuse, as a Problem that says what to type."""
    from syncd.sync.mailboxes import MailboxProblem

    try:
        yield
    except MailboxProblem as problem:
        raise Problem(_sentence(problem.what), undone, _sentence(problem.todo)) from None


@contextmanager
def writing(context: Context, undone: str) -> Iterator[Connection]:
    """A change of what is known of mailboxes."""
    from syncd.crm import database

    with explained(undone), database.write(context.engine()) as conn:
        yield conn


@contextmanager
def reading(context: Context) -> Iterator[Connection]:
    """A look at what is known of mailboxes."""
    from syncd.crm import database

    with explained("Nothing was shown."), database.read(context.engine()) as conn:
        yield conn


def chosen(context: Context, addresses: Sequence[str]) -> list[MailboxRow]:
    """The mailboxes that are named, each once; all that are served when none is named.

    Raises Problem when one of them is not known or not served, or when there is none at all.
    """
    from syncd.sync import mailboxes

    with reading(context) as conn:
        if addresses:
            rows = [mailboxes.get(conn, each) for each in dict.fromkeys(addresses)]
        else:
            rows = [row for row in mailboxes.every(conn) if row.state in mailboxes.SERVED]
            if not rows and mailboxes.every(conn):
                raise Problem(
                    "Every mailbox is paused or suspended.",
                    NOTHING_DONE,
                    "See why with: syncd status",
                )
    if not rows:
        raise Problem(
            "No mailbox is served yet.",
            NOTHING_DONE,
            "Add one with: syncd users add ADDRESS --policy NAME",
        )
    return rows


def exit_of(reports: Sequence[RunReport]) -> Exit:
    """The exit status of some runs; where several apply, the gravest."""
    from syncd.sync.report import Outcome

    outcomes = {report.outcome for report in reports}
    if any(report.unreachable for report in reports):
        return Exit.UNREACHABLE
    if Outcome.STOPPED in outcomes:
        return Exit.HELD
    if outcomes - {Outcome.OK}:
        return Exit.FAILED
    return Exit.DONE


def _sentence(text: str) -> str:
    if "@" not in text.split(maxsplit=1)[0]:  # an address is not a word
        text = f"{text[:1].upper()}{text[1:]}"
    return text if text.endswith((".", "!", "…")) or ": syncd" in text else f"{text}."
