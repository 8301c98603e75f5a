"""`syncd track` and `syncd untrack`: into the CRM's care by command, and out of it again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context
from syncd.cli.errors import Exit, Problem

if TYPE_CHECKING:
    from syncd.crm.feed import Actor
    from syncd.crm.stored import Stored
    from syncd.sync.mailboxes import MailboxRow
    from syncd.sync.taking_up import Candidate, Tied

UNTRACKED = "Nothing was put into the CRM."
UNDONE = "Nothing was changed."


@click.command(name="track", short_help="Put somebody from Outlook into the CRM.")
@click.argument("mailbox")
@click.argument("item", metavar="WHO")
@click.option("--yes", is_flag=True, help="Do it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def track(context: Context, mailbox: str, item: str, *, yes: bool, as_json: bool) -> None:
    """Put WHO, from the Outlook of MAILBOX, into the CRM, and keep them in step from then on.

    WHO is named by name or e-mail address. Private contacts are not found. Without --yes it is
    shown who is meant, and nothing is done.
    """
    from syncd.cli import mailboxes
    from syncd.sync import taking_up

    with mailboxes.reading(context, UNTRACKED) as conn:
        (row,) = mailboxes.named(conn, mailbox)
    found = _found(context, row, item)
    if as_json and not yes:
        output.emit_json([_json(each) for each in found])
        return
    one = _one(row, item, found)
    if not yes:
        what = f"This puts {_told(one)} from the Outlook of {row.address} into the CRM."
        raise Problem(what, UNTRACKED, "To go on, type it again with --yes", Exit.HELD)
    with mailboxes.noting(context, row.address, UNTRACKED) as (conn, _):
        taking_up.track(conn, row, one, mailboxes.now(conn))
    if as_json:
        output.emit_json(_json(one))
    else:
        output.tell(f"{_told(one)} is tracked. Carry it out now with: syncd sync {row.address}")


def _found(context: Context, row: MailboxRow, item: str) -> list[Candidate]:
    """Who may be meant; who cannot be put into the CRM is a Problem where nobody else is."""
    from syncd.cli import mailboxes
    from syncd.cli.looking_in import explained
    from syncd.sync import taking_up
    from syncd.sync.mailboxes import installation

    service = mailboxes.service(context)
    found: list[Candidate] = []
    with (
        mailboxes.explained(UNTRACKED),
        explained(row.address, UNTRACKED),
        service.looking(row.address) as (policy, port),
    ):
        rules = {kind: scoped.policy for kind, scoped in policy.kinds.items()}
        for name, each in rules.items():
            with mailboxes.writing(context, UNTRACKED) as conn:
                ours = installation(conn)
                folder = taking_up.folder_of(conn, row, name)
            found += taking_up.candidates(port, each.kind, folder, item, ours)
    with mailboxes.reading(context, UNTRACKED) as conn:
        refused = {e.remote_id: taking_up.refusal(conn, row, rules[e.kind], e) for e in found}
    free = [each for each in found if refused[each.remote_id] is None]
    if found and not free:
        told = _told(found[0])
        todo = f"See how it stands: syncd held {row.address}"
        raise Problem(f"{told} {refused[found[0].remote_id]}.", UNTRACKED, todo)
    return free


def _one(row: MailboxRow, item: str, found: Sequence[Candidate]) -> Candidate:
    if len(found) == 1:
        return found[0]
    if not found:
        raise Problem(
            f"The synced folder of {row.address} has nobody called {item!r}.", UNTRACKED,
            "Name them as Outlook has them, or by e-mail address. What is private is not found.",
        )  # fmt: skip
    lines = "".join(f"\n  {each.short}  {_told(each)}" for each in found)
    what = f"{item!r} may be several in the Outlook of {row.address}:{lines}"
    raise Problem(what, UNTRACKED, f"Name one: syncd track {row.address} {found[0].short}")


def _told(each: Candidate) -> str:
    details = [detail for detail in each.details if detail != each.name]
    return f"{each.name} ({', '.join(details)})" if details else each.name


def _json(each: Candidate) -> dict[str, object]:
    return {"id": each.short, "name": each.name, "details": list(each.details)}


@click.command(name="untrack", short_help="Take somebody out of the CRM's care again.")
@click.argument("mailbox")
@click.argument("record", metavar="WHO")
@click.option("--keep", "delete", flag_value="", help="The CRM keeps its record.")
@click.option("--delete", "delete", flag_value="yes", help="The CRM's record is deleted, too.")
@pass_context
def untrack(context: Context, mailbox: str, record: str, delete: str | None) -> None:
    """Keep WHO in MAILBOX out of step from now on; in Outlook they stay as they are.

    With --delete the record is deleted in the CRM as well, as far as the user of the mailbox may.
    """
    from syncd.cli import mailboxes
    from syncd.cli.naming import meant
    from syncd.sync import taking_up

    if delete is None:
        raise Problem(
            "It is not said what becomes of the CRM's record.", UNDONE,
            "Type --keep or --delete.",
        )  # fmt: skip
    with mailboxes.reading(context, UNDONE) as conn:
        (row,) = mailboxes.named(conn, mailbox)
        found = meant(conn, record, UNDONE)
        kind = found.record.kind.name
        known = taking_up.tied(conn, row.id, kind, found.id)
    _demand_tracked(row, found, known)
    if delete:
        _try(context, row, found)
    if known is not None and known.live:
        with mailboxes.noting(context, row.address, UNDONE) as (conn, _):
            taking_up.untrack(conn, row.id, kind, found.id, mailboxes.now(conn))
    if delete:
        _delete(context, row, found)
        output.tell(f"{found.name} is not tracked any more, and deleted in the CRM.")
    else:
        output.tell(f"{found.name} is not tracked any more; the CRM keeps its record.")
        output.tell(f"Carry it out now with: syncd sync {row.address}")


def _demand_tracked(row: MailboxRow, found: Stored, known: Tied | None) -> None:
    if known is not None and known.origin.value == "tracked":
        return
    what = f"{found.name} is not in the Outlook of {row.address}."
    todo = f"See who is: syncd status {row.address}"
    if known is not None:
        what = f"{found.name} was not put into the CRM by the user of {row.address}."
        todo = "A filter decides whether they are in this Outlook; or they are deleted there."
    raise Problem(what, UNDONE, todo)


def _actor(row: MailboxRow) -> Actor:
    """Who types it, within the rights of whose mailbox it is."""
    from syncd.cli.crm_store import this_person
    from syncd.crm.feed import Actor

    person = this_person()
    return Actor(person.kind, f"{person.name} as {row.address}", row.user_id)


def _try(context: Context, row: MailboxRow, found: Stored) -> None:
    """Raise Problem where the CRM does not let it be deleted: then nothing is done at all."""
    from syncd.cli.crm_store import explained
    from syncd.sync.taking_up import try_to_delete

    with explained(UNDONE):
        kind = found.record.kind.name
        try_to_delete(context.engine(), kind, found.id, _actor(row), context.clock())


def _delete(context: Context, row: MailboxRow, found: Stored) -> None:
    """Delete the record once its item rests; before that its item might go with it."""
    from syncd.cli import crm_store, mailboxes
    from syncd.crm import cascades
    from syncd.crm.custom import kinds_of
    from syncd.daemon.logging import configure_logging
    from syncd.sync import taking_up

    undone = f"{found.name} was not deleted in the CRM."
    configure_logging(context.configuration.log, quiet=True)
    with mailboxes.explained(undone):
        report = mailboxes.service(context).run(row.address, cause="untrack")
    kind = found.record.kind.name
    with mailboxes.reading(context, undone) as conn:
        known = taking_up.tied(conn, row.id, kind, found.id)
    if known is not None and known.live:
        why = f": {report.error}" if report.error else ", and waits"
        again = f"See why: syncd held {row.address}; then type it again."
        raise Problem(f"The sync could not let go of it yet{why}.", undone, again, Exit.HELD)
    with crm_store.writing(context, undone) as conn:
        cascades.delete(conn, kinds_of(conn)[kind], found.id, _actor(row), context.clock())
