"""`syncd restore`: what users threw away in Outlook, and how it comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context
from syncd.cli.errors import Exit, Problem

if TYPE_CHECKING:
    from syncd.sync.bringing_back import Brought, Thrown
    from syncd.sync.report import RunReport
    from syncd.sync.session import Session

UNDONE = "Nothing was brought back."

_WAYS = {
    "moved": "is back in the folder.",
    "recreate": (
        "cannot be moved back on this server; the next sync makes it anew from what is known of "
        "it. What syncd does not know of it does not come back: that is in Deleted Items."
    ),
    "by-hand": (
        "cannot be moved back on this server. In Outlook, drag it into the folder that is synced; "
        "syncd goes on with it from there."
    ),
    "create": "is nowhere in Outlook any more; the next sync creates it.",
    "look-again": "was not found in Outlook, whose search may lag; type it again in ten minutes.",
    "there": "is in this Outlook; there was nothing to bring back.",
    "not-thrown": "was not thrown away in this Outlook; there was nothing to bring back.",
    "outside": "does not belong in this mailbox by the filters; it stays away.",
    "gone": "is not in the CRM any more.",
    "private": "was marked private by its owner, and stays where it is.",
    "failed": "was not taken by the server.",
}
_REFUSED = ("outside", "gone", "private", "failed", "look-again", "by-hand")


@click.command(name="restore", short_help="Bring back what users threw away in Outlook.")
@click.argument("mailbox", required=False)
@click.argument("records", nargs=-1, metavar="[RECORD]...")
@click.option("--list", "only_list", is_flag=True, help="Only show what was thrown away.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def command(
    context: Context,
    mailbox: str | None,
    records: tuple[str, ...],
    *,
    only_list: bool,
    as_json: bool,
) -> int:
    """Bring RECORDs back into MAILBOX, or show what was thrown away there, or anywhere.

    A RECORD is named by id, e-mail address or name. What is still in Outlook, such as in Deleted
    Items, is moved back, or made anew where the server moves nothing; what is nowhere, also when
    this is typed again ten minutes later, is created by the next sync. Somebody who was entered
    anew in the CRM is brought back by the new record.
    """
    if not mailbox or not records or only_list:
        _list(context, mailbox, as_json=as_json)
        return Exit.DONE
    return _restore(context, mailbox, records, as_json=as_json)


def _list(context: Context, mailbox: str | None, *, as_json: bool) -> None:
    from syncd.cli import mailboxes
    from syncd.cli.language import sentence
    from syncd.sync.bringing_back import thrown_away

    with mailboxes.reading(context) as conn:
        found = thrown_away(conn, [row.id for row in mailboxes.named(conn, mailbox)])
    if as_json:
        output.emit_json([_json(each) for each in found])
        return
    if not found:
        output.tell("Nothing was thrown away.")
        return
    rows = [
        [
            each.mailbox,
            f"{each.name or each.crm_id}{' (deleted in the CRM)' if each.deleted else ''}",
            output.moment(each.at),
            sentence(each.how),
        ]
        for each in found
    ]
    output.table("Thrown away in Outlook", ["Mailbox", "Who", "When", "How"], rows)
    output.tell("Bring somebody back: syncd restore MAILBOX WHO")


def _restore(context: Context, mailbox: str, names: tuple[str, ...], *, as_json: bool) -> int:
    from syncd.cli import mailboxes
    from syncd.cli.naming import meant
    from syncd.daemon.logging import configure_logging
    from syncd.sync.bringing_back import bring_back, thrown_away
    from syncd.sync.report import Outcome

    with mailboxes.reading(context, UNDONE) as conn:
        (row,) = mailboxes.named(conn, mailbox)
        rather = {each.crm_id for each in thrown_away(conn, [row.id])}
        wanted = [meant(conn, each, UNDONE, rather=rather) for each in names]
    brought: list[Brought] = []

    def act(session: Session, *, report: RunReport) -> None:
        kind = session.policy.kind.name
        brought.extend(bring_back(session, [w.id for w in wanted if w.record.kind.name == kind]))
        report.outcome = Outcome.OK

    configure_logging(context.configuration.log, quiet=True)
    with mailboxes.explained(UNDONE):
        report = mailboxes.service(context).visit(row.address, "restore", act)
    if report.error:
        what = f"{row.address}: {report.error}."
        todo = report.todo or "Type it again in a moment."
        raise Problem(what, UNDONE, todo, mailboxes.exit_of([report]))
    with mailboxes.writing(context, UNDONE) as conn:
        from syncd.sync.mailboxes import make_due

        make_due(conn, [row.id], mailboxes.now(conn))
    if as_json:
        told = [{"id": b.crm_id, "name": b.name, "result": b.way.value, "error": b.error}
                for b in brought]  # fmt: skip
        output.emit_json(told)
    else:
        for each in brought:
            why = f" It says: {each.error}" if each.error else ""
            output.tell(f"{each.name or each.crm_id} {_WAYS[each.way.value]}{why}")
        if any(each.way.value in ("moved", "create", "recreate") for each in brought):
            output.tell(f"Carry it out now with: syncd sync {row.address}")
    return Exit.FAILED if any(each.way.value in _REFUSED for each in brought) else Exit.DONE


def _json(each: Thrown) -> dict[str, object]:
    return {
        "mailbox": each.mailbox,
        "kind": each.kind,
        "record": each.crm_id,
        "name": each.name,
        "reason": each.how.value,
        "at": each.at.isoformat(),
        "deleted": each.deleted,
    }
