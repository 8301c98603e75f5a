"""`syncd status`: how every mailbox is doing."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context

if TYPE_CHECKING:
    from syncd.sync.mailboxes import MailboxRow, MailboxState
    from syncd.sync.overview import Overview
    from syncd.sync.suspended import Together

# A state in words, where its name alone would mislead: a mailbox that may be synced, and was not.
_STATES: Mapping[str, str] = {"approved": "no sync yet"}


@click.command(name="status", short_help="Show how every mailbox is doing.")
@click.argument("mailboxes", nargs=-1, metavar="[MAILBOX]...")
@click.option("--json", "as_json", is_flag=True, help="Print a list with one object a mailbox.")
@pass_context
def command(context: Context, mailboxes: Sequence[str], *, as_json: bool) -> None:
    """Show of every mailbox when it last synced well, and what waits there."""
    from syncd.cli import mailboxes as served
    from syncd.sync.overview import overviews

    with served.reading(context) as conn:
        now = context.clock()
        found = overviews(conn, [each.lower() for each in mailboxes], now)
        suspended = served.suspended_together(context, conn)
    if as_json:
        output.emit_json([_json(each, now) for each in found])
    elif not found:
        output.tell("No mailbox is served yet. Add one: syncd users add ADDRESS --policy NAME")
    else:
        _tell(found, now, context.configuration.policies, suspended)


def in_words(state: MailboxState) -> str:
    """A mailbox's state as a person reads it."""
    return _STATES.get(state.value, state.value)


def _tell(
    found: Sequence[Overview],
    now: datetime,
    policies: Container[str],
    suspended: Sequence[Together],
) -> None:
    rows = [
        [
            each.row.address,
            in_words(each.row.state),
            _age(each.row.last_success, now),
            each.counters["in_step"],
            each.counters["excluded"],
            each.counters["waiting"] + each.counters["quarantined"],
        ]
        for each in found
    ]
    columns = ["Mailbox", "State", "Last good sync", "In step", "Left alone", "Waiting"]
    output.table("Mailboxes", columns, rows)
    shown = {each.row.address for each in found}
    told = [each for each in suspended if len(each.mailboxes & shown) > 1]
    groups = {address for one in told for address in one.mailboxes}
    for one in told:
        output.tell(one.sentence())
    if alerts := sum(each.alerts for each in found if each.row.address in groups):
        output.tell(f"{alerts} alert{'s' if alerts > 1 else ''} of theirs. See: syncd alerts list")
    for each in found:
        for sentence in _attention(each, policies, together=each.row.address in groups):
            output.tell(f"{each.row.address}: {sentence}")


def _state(row: MailboxRow, *, together: bool) -> Iterator[str]:
    """What keeps a mailbox from being synced, or kept it the last time."""
    from syncd.sync.mailboxes import ends_with_a_sign_in

    if row.state.value == "suspended":
        # What it was then: it may have been put right since, and only a run finds out.
        why = f" because {row.trouble}" if row.trouble else ""
        if ends_with_a_sign_in(row.trouble):
            yield f"it was suspended{why}. Then it goes on by itself."
        elif not together:
            yield f"it was suspended{why}. Once that is put right: syncd resume {row.address}"
    elif row.state.value == "paused":
        yield f"paused. Go on with: syncd resume {row.address}"
    elif row.trouble:
        yield f"its last run failed: {row.trouble}. Next try: {output.moment(row.due)}"


def _attention(
    each: Overview, policies: Container[str], *, together: bool = False
) -> Iterator[str]:
    """What a person should know of a mailbox, with what to type.

    `together`: why it was suspended is told with that of others, and so are its alerts.
    """
    from syncd.cli.language import sentence
    from syncd.cli.reporting import not_ours
    from syncd.reconcile.reasons import Reason
    from syncd.sync.report import FOR_A_PERSON

    row = each.row
    if row.policy not in policies:
        yield (
            f"it has the policy {row.policy!r}, which the configuration lacks. "
            f"Give it one: syncd users change {row.address} --policy NAME"
        )
    yield from _state(row, together=together)
    if each.claim is not None:
        yield not_ours(row.address, each.claim)
    if each.approved:
        yield f"{each.approved} approved. Carry them out: syncd sync {row.address}"
    for reason, waiting in each.waits.items():
        n = waiting - (each.approved if reason is Reason.HELD else 0)
        if n <= 0:
            continue
        todo = ""
        if reason is Reason.FIRST_CONTACT:
            todo = f" See it: syncd onboard {row.address}"
        elif reason is Reason.REFUSED:
            todo = f" See them: syncd quarantine list {row.address}"
        elif reason in FOR_A_PERSON:
            todo = f" See them: syncd held {row.address}"
        yield f"{n} × {sentence(reason)}{todo}"
    if each.used:
        yield f"{_percent(each.used)} of what Graph allows was asked in the last ten minutes."
    if each.alerts and not together:
        yield f"{each.alerts} alert{'s' if each.alerts > 1 else ''}. See: syncd alerts list"


def _json(each: Overview, now: datetime) -> dict[str, object]:
    last = each.row.last_success
    return {
        "mailbox": each.row.address,
        "number": each.row.id,  # as the log names it
        "state": each.row.state.value,
        "policy": each.row.policy,
        "server": each.row.server,  # that it was found on
        "backend": each.row.backend.value if each.row.backend else None,
        "last_success": last.isoformat() if last else None,
        "age_seconds": round((now - last).total_seconds()) if last else None,
        "due": each.row.due.isoformat(),
        "trouble": each.row.trouble,
        "counts": {
            n: each.counters[n] for n in ("in_step", "excluded", "quarantined", "waiting", "held")
        },
        "graph_limit_used": None if each.used is None else round(each.used, 4),
        "alerts": each.alerts,
        "claim": each.claim.value if each.claim else None,
        "waits": {reason.value: n for reason, n in each.waits.items()},
    }


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 else "under 1%"


def _age(at: datetime | None, now: datetime) -> str:
    if at is None:
        return "never"
    seconds = max(0, int((now - at) / timedelta(seconds=1)))
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"
