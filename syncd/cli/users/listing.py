"""`syncd users list`: who is served, how far each mailbox has come, and who agreed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context

if TYPE_CHECKING:
    from syncd.crm.users import User
    from syncd.sync.mailboxes import MailboxRow


@click.command(name="list")
@click.option("--all", "every", is_flag=True, help="Also the mailboxes that were removed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def list_users(context: Context, *, every: bool, as_json: bool) -> None:
    """Show all users, and whether and how their mailboxes are served."""
    from syncd.cli import mailboxes
    from syncd.cli.status import in_words
    from syncd.crm import users
    from syncd.sync import mailboxes as served

    with mailboxes.reading(context) as conn:
        known = served.known(conn) if every else served.every(conn)
        rows = {row.user_id: row for row in known}
        found = users.every(conn)
    served_as = [(user, rows.get(user.id)) for user in found]
    if as_json:
        output.emit_json([_json(context, user, row) for user, row in served_as])
    elif not found:
        output.tell("There are no users yet. Add one: syncd users add ADDRESS --policy NAME")
    else:
        cells = [
            [
                row.id, row.address, user.name, row.policy, in_words(row.state),
                _agreed(context, row), output.moment(row.last_success),
            ]
            if row
            else ["–", user.address, user.name, "–", "–", "", ""]
            for user, row in served_as
        ]  # fmt: skip
        columns = ["No.", "Address", "Name", "Policy", "State", "Agreed", "Last good sync"]
        output.table("Users", columns, cells)


def _asked(context: Context, row: MailboxRow) -> str:
    """Whose consent the policy asks for: `admin` or `user`."""
    policy = context.configuration.policies.get(row.policy)
    return policy.consent.value if policy is not None else "admin"


def _agreed(context: Context, row: MailboxRow) -> str:
    if row.state.value == "removed":
        return ""
    if _asked(context, row) == "admin":
        return "the admin"
    return output.moment(row.consented_at) or "not yet"


def _json(context: Context, user: User, row: MailboxRow | None) -> dict[str, object]:
    last = row.last_success if row else None
    agreed = row.consented_at if row else None
    return {
        "number": row.id if row else None,  # as the log names it
        "address": row.address if row else user.address,
        "name": user.name,
        "policy": row.policy if row else None,
        "state": row.state.value if row else None,
        "server": row.server if row else None,  # that it was found on
        "backend": row.backend.value if row and row.backend else None,
        "consent": _asked(context, row) if row else None,
        "consented_at": agreed.isoformat() if agreed else None,
        "last_success": last.isoformat() if last else None,
    }
