"""`syncd users import`: serve all mailboxes of a list."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context
from syncd.cli.errors import Exit, Problem
from syncd.cli.users import sign_in

if TYPE_CHECKING:
    from syncd.cli.users import roster
    from syncd.cli.users.roster import Wish


class _DryRunError(Exception):
    """What was tried is taken back."""


@click.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--policy", help="The policy of those rows that name none.")
@click.option("--approve", is_flag=True, help="Approve them at once, untested.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def import_file(
    context: Context,
    file: Path,
    policy: str | None,
    *,
    approve: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Serve the mailboxes that the CSV file FILE lists.

    Its columns: address, name, policy, username, password_file; the first is needed, and the policy
    here or there. Each row that cannot be taken is told with its line; the others are taken. They
    are to be tested and approved next. The same file once more changes nothing.

    Exit status: 0 all rows are taken, 1 some are not.
    """
    from syncd.cli import mailboxes
    from syncd.cli.users import roster
    from syncd.crm.importing.report import UnreadableFile
    from syncd.sync import mailboxes as served
    from syncd.sync.mailboxes import MailboxState

    undone = "No user was added."
    state = MailboxState.APPROVED if approve else MailboxState.ADDED
    try:
        rows = list(roster.read(file, policy))
    except UnreadableFile as error:
        raise Problem(f"{file} cannot be read: {error}.", undone, error.todo) from None
    except OSError as error:
        raise Problem(f"{file} cannot be read: {error.strerror}.", undone, "Check it.") from None
    bad = [row for row in rows if isinstance(row, roster.Bad)]
    done: list[tuple[Wish, roster.Taken]] = []
    with suppress(_DryRunError), mailboxes.writing(context, undone) as conn:
        served.installation(conn)
        for wish in rows:
            if isinstance(wish, roster.Bad):
                continue
            taken = roster.take(conn, wish, context.clock(), state, partial(_wrong, context))
            if isinstance(taken, roster.Bad):
                bad.append(taken)
            else:
                done.append((wish, taken))
        _end(dry_run=dry_run)
    bad.sort(key=lambda each: each.line)
    if as_json:
        output.emit_json(
            {
                "dry_run": dry_run,
                "rows": [
                    {"line": wish.line, "address": wish.address, "result": taken.value}
                    for wish, taken in done
                ],
                "refused": [
                    {"line": each.line, "address": each.address, "reason": each.reason}
                    for each in bad
                ],
            }
        )
    else:
        _tell(done, bad, approved=approve, dry_run=dry_run)
    return Exit.FAILED if bad else Exit.DONE


def _end(*, dry_run: bool) -> None:
    if dry_run:
        raise _DryRunError


def _wrong(context: Context, wish: Wish) -> str | None:
    """Why the configuration cannot serve a row, as a clause."""
    try:
        sign_in.known_policy(context, wish.policy, "")
        own = sign_in.found(wish.password_file, "")
        sign_in.complete(context, wish.policy, wish.username, own, "")
    except Problem as problem:
        hint = f" {problem.todo}" if "Did you mean" in problem.todo else ""
        return f"{problem.what[:1].lower()}{problem.what[1:]}{hint}".rstrip(".")
    return None


def _tell(
    done: list[tuple[Wish, roster.Taken]],
    bad: list[roster.Bad],
    *,
    approved: bool,
    dry_run: bool,
) -> None:
    from syncd.cli.users.roster import Taken

    cells = [
        [wish.line, wish.address, wish.policy, taken.value]
        for wish, taken in done
        if taken is not Taken.UNCHANGED
    ]
    if cells:
        title = "Would be added" if dry_run else "Added"
        output.table(title, ["Line", "Address", "Policy", ""], cells)
    for each in bad:
        whose = f" ({each.address})" if each.address else ""
        output.tell(f"Line {each.line}{whose}: {each.reason}.", err=True)
    count = Counter(taken for _, taken in done)
    new = count[Taken.ADDED] + count[Taken.BACK]
    verb = "would be added" if dry_run else "added"
    output.tell(
        f"{new} {verb}, {count[Taken.UNCHANGED]} there already, {len(bad)} of the rows refused."
    )
    if dry_run:
        output.tell("Nothing was changed.")
    elif new and approved:
        output.tell("See what a first sync would do: syncd onboard MAILBOX")
    elif new:
        output.tell("Test them: syncd users test")
