"""`syncd held`: what the breaker keeps back until a person has looked."""

from __future__ import annotations

import click

from syncd.cli.context import Context, pass_context

_WORDS = {
    "delete": "move to Deleted Items",
    "unlink": "leave alone from now on",
    "move": "set aside in Outlook",
    "empty": "empty a field",
    "create": "create",
    "crm-write": "change in the CRM",
}


@click.command(name="held", short_help="Show what waits for a person.")
@click.argument("mailbox", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def command(context: Context, mailbox: str | None, *, as_json: bool) -> None:
    """Show what is held back in MAILBOX, or in all mailboxes, because it is unusually much."""
    from syncd.cli import mailboxes, output
    from syncd.sync import guard
    from syncd.sync import mailboxes as served

    with mailboxes.reading(context) as conn:
        rows = [served.get(conn, mailbox)] if mailbox else served.every(conn)
        held = [(row, each) for row in rows for each in guard.waiting(conn, row.id)]
    if as_json:
        told = [
            {"mailbox": row.address, "verb": e.verb, "name": e.name, "since": e.at.isoformat()}
            for row, e in held
        ]
        output.emit_json(told)
    elif not held:
        click.echo("Nothing is held.")
    else:
        cells = [[row.address, e.name, _WORDS[e.verb], f"{e.at:%Y-%m-%d %H:%M}"] for row, e in held]
        output.table("Held", ["Mailbox", "Who", "What would be done", "Since"], cells)
        click.echo("If this is meant, let it go: syncd approve MAILBOX")
