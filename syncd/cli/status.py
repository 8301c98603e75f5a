"""`syncd status`: how every mailbox is doing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from syncd.cli.context import Context, pass_context

if TYPE_CHECKING:
    from syncd.sync.overview import Overview


@click.command(name="status", short_help="Show how every mailbox is doing.")
@click.argument("mailboxes", nargs=-1, metavar="[MAILBOX]...")
@click.option("--json", "as_json", is_flag=True, help="Print a list with one object a mailbox.")
@pass_context
def command(context: Context, mailboxes: Sequence[str], *, as_json: bool) -> None:
    """Show of every mailbox when it last synced well, and what waits there."""
    from syncd.cli import mailboxes as served
    from syncd.cli import output
    from syncd.sync.overview import overviews

    with served.reading(context) as conn:
        found = overviews(conn, [each.lower() for each in mailboxes])
    now = context.clock()
    if as_json:
        output.emit_json([_json(each, now) for each in found])
    elif not found:
        click.echo("No mailbox is served yet. Add one: syncd users add ADDRESS --policy NAME")
    else:
        _tell(found, now)


def _tell(found: Sequence[Overview], now: datetime) -> None:
    from syncd.cli import output

    rows = [
        [
            each.row.address,
            each.row.state.value,
            _age(each.row.last_success, now),
            each.counters["in_step"],
            each.counters["excluded"],
            each.counters["waiting"] + each.counters["quarantined"],
        ]
        for each in found
    ]
    columns = ["Mailbox", "State", "Last good sync", "In step", "Left alone", "Waiting"]
    output.table("Mailboxes", columns, rows)
    for each in found:
        if each.row.trouble:
            click.echo(f"{each.row.address}: {each.row.trouble}")
        for sentence, n in each.waits.items():
            click.echo(f"{each.row.address}: {n} × {sentence}")


def _json(each: Overview, now: datetime) -> dict[str, object]:
    last = each.row.last_success
    return {
        "mailbox": each.row.address,
        "state": each.row.state.value,
        "policy": each.row.policy,
        "last_success": last.isoformat() if last else None,
        "age_seconds": round((now - last).total_seconds()) if last else None,
        "due": each.row.due.isoformat(),
        "trouble": each.row.trouble,
        "counts": {
            n: each.counters[n] for n in ("in_step", "excluded", "quarantined", "waiting", "held")
        },
        "waits": dict(each.waits),
    }


def _age(at: datetime | None, now: datetime) -> str:
    if at is None:
        return "never"
    seconds = max(0, int((now - at) / timedelta(seconds=1)))
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"
