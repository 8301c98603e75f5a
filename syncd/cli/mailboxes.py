"""Mailboxes as the commands use them: the service, and its refusals as errors for a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from syncd.cli import output
from syncd.cli.context import Context
from syncd.cli.errors import Exit, Problem

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from syncd.sync.mailboxes import MailboxRow
    from syncd.sync.report import RunReport
    from syncd.sync.service import SyncService
    from syncd.sync.suspended import Together

NOTHING_DONE = "Nothing was synced and nothing was changed."


def service(context: Context) -> SyncService:
    """The sync service over the configured store."""
    from syncd.sync.service import open_service

    return open_service(context.configuration, context.engine())


@contextmanager
def explained(undone: str = NOTHING_DONE) -> Iterator[None]:
    """What the mailboxes refuse, or the store, as a Problem that says what to type."""
    from syncd.cli.crm_store import unusable
    from syncd.crm.database import UNUSABLE
    from syncd.sync.mailboxes import MailboxProblem

    try:
        yield
    except UNUSABLE as error:
        raise unusable(error, undone) from error
    except MailboxProblem as problem:
        raise Problem(_sentence(problem.what), undone, _sentence(problem.todo)) from None


@contextmanager
def writing(context: Context, undone: str) -> Iterator[Connection]:
    """A change of what is known of mailboxes."""
    from syncd.crm import database

    with explained(undone), database.write(context.engine(), durable=True, alone=True) as conn:
        yield conn


@contextmanager
def reading(context: Context, undone: str = "Nothing was shown.") -> Iterator[Connection]:
    """A look at what is known of mailboxes."""
    from syncd.crm import database

    with explained(undone), database.read(context.engine()) as conn:
        yield conn


@contextmanager
def noting(context: Context, address: str, undone: str) -> Iterator[tuple[Connection, MailboxRow]]:
    """A note for the next run of a mailbox, which is due then.

    Raises Problem when it is not known, or being synced just now.
    """
    from syncd.sync import by_hand
    from syncd.sync.mailboxes import get

    with writing(context, undone) as conn:
        row = get(conn, address)
        with by_hand.alone_with(conn, row, now(conn)):
            yield conn, row


def now(conn: Connection) -> datetime:
    """The time by the store's clock, which leases go by."""
    from syncd.crm.clock import StoreClock

    clock = StoreClock()
    clock.ask(conn)
    return clock()


def named(conn: Connection, address: str | None) -> list[MailboxRow]:
    """The mailbox that was named, or all of them. Raises MailboxProblem when it is not known."""
    from syncd.sync.mailboxes import every, get

    return [get(conn, address)] if address else every(conn)


def suspended_together(context: Context, conn: Connection) -> list[Together]:
    """The mailboxes that were suspended for one reason, which is told once."""
    from syncd.sync.suspended import together

    policies = context.configuration.policies
    return together(conn, {name: policy.servers for name, policy in policies.items()})


def chosen(context: Context, addresses: Sequence[str]) -> list[MailboxRow]:
    """The mailboxes that are named, each once; all that may be synced when none is named.

    A suspended one is among them: that it does not run is told with the others. Raises Problem when
    one of them is not known, or when there is none at all.
    """
    from syncd.sync import mailboxes

    with reading(context, NOTHING_DONE) as conn:
        if addresses:
            named = [mailboxes.get(conn, each) for each in addresses]
            return list({row.id: row for row in named}.values())
        every = mailboxes.every(conn)
    if not every:
        raise Problem(
            "No mailbox is served yet.",
            NOTHING_DONE,
            "Add one with: syncd users add ADDRESS --policy NAME",
        )
    left_alone = {row.address: said for row in every if (said := _left_alone(context, row))}
    rows = [row for row in every if row.address not in left_alone]
    if not rows:
        why, todo = next(iter(left_alone.values()))
        same = all(each == why for each, _ in left_alone.values())
        raise Problem(
            f"Every mailbox is {why}." if same else "No mailbox may be synced now.",
            NOTHING_DONE,
            f"Go on with one: {todo}" if same else "See why: syncd users list",
        )
    for address, (why, todo) in left_alone.items():
        output.tell(f"{address} is {why}, and left alone. Go on with: {todo}", err=True)
    return rows


def _left_alone(context: Context, row: MailboxRow) -> tuple[str, str] | None:
    """Why a mailbox is not synced along with all others, and what lets it; `None` if it is."""
    from syncd.model.policy import Consent
    from syncd.sync.mailboxes import UNAPPROVED, MailboxState

    if row.state is MailboxState.PAUSED:
        return "paused", f"syncd resume {row.address}"
    policy = context.configuration.policies.get(row.policy)
    if policy is not None and policy.consent is Consent.USER and row.consented_at is None:
        return "waiting for its user to agree", f"syncd users consent {row.address}"
    if row.state in UNAPPROVED:
        verb = "test" if row.state is MailboxState.ADDED else "approve"
        return "not approved yet", f"syncd users {verb} {row.address}"
    return None


def exit_of(reports: Sequence[RunReport]) -> Exit:
    """The exit status of some runs; where several apply, the gravest."""
    from syncd.sync.report import Outcome

    outcomes = {report.outcome for report in reports}
    if any(report.misconfigured for report in reports):
        return Exit.USAGE
    if any(report.unreachable for report in reports):
        return Exit.UNREACHABLE
    if any(report.for_a_person for report in reports):
        return Exit.HELD
    if outcomes - {Outcome.OK}:
        return Exit.FAILED
    return Exit.DONE


def _sentence(text: str) -> str:
    if "@" not in text.split(maxsplit=1)[0]:  # an address is not a word
        text = f"{text[:1].upper()}{text[1:]}"
    return text if text.endswith((".", "!", "…")) or ": syncd" in text else f"{text}."
