"""`syncd alerts`: what somebody should look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context
from syncd.cli.errors import Problem
from syncd.cli.numbers import NUMBER

if TYPE_CHECKING:
    from syncd.sync.alerts import Alert
    from syncd.sync.suspended import Together

_UNDONE = "Nothing was dismissed."


@click.group(name="alerts", short_help="Show what somebody should look at.")
def command() -> None:
    """What somebody should look at, and putting it away."""


@command.command(name="list")
@click.option("--all", "closed", is_flag=True, help="Those that are over or dismissed, too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def list_alerts(context: Context, *, closed: bool, as_json: bool) -> None:
    """Show what is the matter, the worst first, where it likely comes from, and what to do."""
    from syncd.cli import mailboxes
    from syncd.cli.language import language
    from syncd.sync import alerts

    said = language()
    with mailboxes.reading(context) as conn:
        found = alerts.every(conn, closed=closed)
        suspended = mailboxes.suspended_together(context, conn)
    if as_json:
        output.emit_json([_json(each, said) for each in found])
    elif not found:
        output.tell("There are no alerts.")
    else:
        _tell(_told_once(found, suspended, said), said, closed=closed)


@command.command(name="dismiss")
@click.argument("number", metavar="[ID]", type=NUMBER, required=False)
@click.option("--all", "every", is_flag=True, help="All of them.")
@click.option("--mailbox", metavar="MAILBOX", help="With --all: only those of this mailbox.")
@pass_context
def dismiss_alerts(
    context: Context, number: int | None, mailbox: str | None, *, every: bool
) -> None:
    """Put an alert away. It comes back when it gets worse, or anew once its cause was gone."""
    from syncd.cli import mailboxes
    from syncd.sync import alerts
    from syncd.sync import mailboxes as served

    if (number is None) is not every or (mailbox is not None and not every):
        raise Problem(
            "It takes the number of one alert, or --all.", _UNDONE, "See them: syncd alerts list"
        )
    with mailboxes.writing(context, _UNDONE) as conn:
        mailbox_id = served.get(conn, mailbox).id if mailbox else None
        count = alerts.dismiss(conn, context.clock(), alert_id=number, mailbox_id=mailbox_id)
    if number is not None and not count:
        raise Problem(f"There is no open alert {number}.", _UNDONE, "See them: syncd alerts list")
    output.tell(f"{count} dismissed.")


def _told_once(found: Sequence[Alert], suspended: Sequence[Together], said: str) -> list[Alert]:
    """Tell what was suspended together, and leave the rest to be told one by one."""
    from syncd.cli.reporting import few

    rest = list(found)
    for each in suspended:
        theirs = [
            one for one in rest
            if one.open and one.code.value == "suspended" and one.mailbox in each.mailboxes
        ]  # fmt: skip
        if len(theirs) < 2:
            continue
        numbers = few([f"{one.id}" for one in theirs], most=3)
        output.tell(f"{numbers}  {theirs[0].level}  {each.sentence(said)}")
        output.tell(f"  Since {output.moment(min(one.raised_at for one in theirs))}.")
        rest = [one for one in rest if one not in theirs]
    return rest


def _tell(found: Sequence[Alert], said: str, *, closed: bool) -> None:
    for each in found:
        output.tell(f"{each.id}  {each.level}  {each.mailbox or ''}: {each.sentence(said)}")
        since = output.moment(each.raised_at)
        state = ""
        if closed and each.over_at is not None:
            state = f", over since {output.moment(each.over_at)}"
        elif closed and each.dismissed_at is not None:
            state = f", dismissed on {output.moment(each.dismissed_at)}"
        output.tell(f"  Since {since}{state}.")
        for cause in each.likely(said):
            output.tell(f"  Likely: {cause}")
        if each.open:
            output.tell(f"  {each.advice(said)}")


def _json(each: Alert, said: str) -> dict[str, object]:
    return {
        "id": each.id,
        "mailbox": each.mailbox,
        "code": each.code.value,
        "level": each.level.value,
        "sentence": each.sentence(said),
        "likely": list(each.likely(said)),
        "advice": each.advice(said),
        "count": each.details.get("count"),
        "verbs": each.details.get("verbs"),
        "raised": each.raised_at.isoformat(),
        "last": each.last_at.isoformat(),
        "dismissed": each.dismissed_at.isoformat() if each.dismissed_at else None,
        "over": each.over_at.isoformat() if each.over_at else None,
    }
