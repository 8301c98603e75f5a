"""`syncd users test`: whether mailboxes can be reached, and have what their policy names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context
from syncd.cli.errors import Exit, Problem

if TYPE_CHECKING:
    from syncd.sync.mailboxes import MailboxRow
    from syncd.sync.trial import Trial


@click.command()
@click.argument("mailboxes", nargs=-1, metavar="[MAILBOX]...")
@click.option("--json", "as_json", is_flag=True, help="Print a list with one object a mailbox.")
@pass_context
def test(context: Context, mailboxes: Sequence[str], *, as_json: bool) -> int:
    """Sign in to mailboxes and look for their folders; all that are only added if none is named.

    It reads and writes nothing. A mailbox that was only added is tested then, and can be approved.

    Exit status: 0 all went well, 1 some did not, 4 the configuration is to be mended, 5 a server
    cannot be reached.
    """
    from syncd.cli import mailboxes as served
    from syncd.daemon.logging import configure_logging

    rows = _chosen(context, mailboxes)
    configure_logging(context.configuration.log, quiet=True)
    with served.explained():
        trials = _try_out(context, rows)
    if as_json:
        output.emit_json([_json(each) for each in trials])
    else:
        for each in trials:
            _tell(each)
    if any(each.misconfigured for each in trials):
        return Exit.USAGE
    if any(each.unreachable for each in trials):
        return Exit.UNREACHABLE
    return Exit.FAILED if any(each.error for each in trials) else Exit.DONE


def _chosen(context: Context, addresses: Sequence[str]) -> list[MailboxRow]:
    from syncd.cli import mailboxes as served
    from syncd.sync import mailboxes
    from syncd.sync.mailboxes import MailboxState

    with served.reading(context, "No mailbox was tested.") as conn:
        if addresses:
            named = [mailboxes.get(conn, each) for each in addresses]
            return list({row.id: row for row in named}.values())
        rows = [row for row in mailboxes.every(conn) if row.state is MailboxState.ADDED]
    if not rows:
        raise Problem(
            "There is no mailbox that was added and not tested.",
            "Nothing was tested.",
            "Test one again: syncd users test MAILBOX. See them all: syncd users list",
        )
    return rows


def _try_out(context: Context, rows: Sequence[MailboxRow]) -> list[Trial]:
    """Test mailboxes; none more with a password that was refused, for that locks the account."""
    from syncd.cli import mailboxes as served
    from syncd.sync.account import account_on
    from syncd.sync.trial import Trial, try_out

    service = served.service(context)
    refused: dict[str, Trial] = {}  # by server
    trials: list[Trial] = []
    for row in rows:
        policy = service.policies.get(row.policy)
        servers = policy.servers if policy is not None else ()
        shared = [e for e in servers if account_on(context.configuration, e).is_shared_by(row)]
        before = next((refused[each] for each in shared if each in refused), None)
        if before is not None:
            why = f"not tried, for the sign-in of {before.mailbox} was refused"
            trials.append(Trial(row.address, row.state, error=why, todo=before.todo))
            continue
        trials.append(try_out(service, row))
        if trials[-1].refused:
            account = account_on(context.configuration, trials[-1].server or servers[0])
            if account.is_shared_by(row):
                refused |= dict.fromkeys(account.servers, trials[-1])
    return trials


def _tell(trial: Trial) -> None:
    if trial.error is not None:
        output.tell(f"{trial.mailbox}: {trial.error.rstrip('.')}.")
        if trial.todo:
            output.tell(f"  {trial.todo}")
        return
    on = f", on the server {trial.server} ({trial.backend})" if trial.server else ""
    output.tell(f"{trial.mailbox}: signed in{on}.")
    for each in trial.found:
        if each.path is None:
            output.tell(f"  {each.kind}: no folder {each.folder} yet; the first sync makes it")
        else:
            ours = f", {each.ours} of them known to syncd" if each.ours else ""
            output.tell(f"  {each.kind}: {each.path}, with {each.items} items{ours}")
    if trial.foreign:
        output.tell(
            f"  {trial.foreign} items are marked by another installation of syncd, which may still "
            "serve this mailbox. Two would write over each other's work: offboard it there first."
        )
    if trial.state.value == "tested":
        over = " --take-over" if trial.foreign else ""
        output.tell(f"  Let it be synced: syncd users approve {trial.mailbox}{over}")


def _json(trial: Trial) -> dict[str, object]:
    return {
        "mailbox": trial.mailbox,
        "state": trial.state.value,
        "server": trial.server,
        "backend": trial.backend.value if trial.backend else None,
        "error": trial.error,
        "todo": trial.todo,
        "other_installation": trial.foreign,
        "found": [
            {
                "kind": each.kind,
                "folder": each.folder,
                "path": each.path,
                "items": each.items,
                "known": each.ours,
            }
            for each in trial.found
        ],
    }
