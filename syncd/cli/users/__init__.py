"""`syncd users`: whose mailboxes are served, under which policy, and how far each has come."""

from __future__ import annotations

import click

from syncd.cli import pause, resume
from syncd.cli.users import (
    adding,
    agreeing,
    approving,
    changing,
    importing,
    listing,
    removing,
    testing,
)


@click.group(
    name="users", short_help="Whose mailboxes are served: show, add, test, approve, remove."
)
def command() -> None:
    """Whose mailboxes are served, and under which policy.

    One user has one mailbox, and one policy. A mailbox is added, tested, approved, and live after
    its first good sync.
    """


for _verb in (
    adding.add, importing.import_file, testing.test, approving.approve, changing.change,
    agreeing.consent, pause.command, resume.command, removing.remove, listing.list_users,
):  # fmt: skip
    command.add_command(_verb)
