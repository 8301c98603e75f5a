"""`syncd runs`: what past runs did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context
from syncd.cli.errors import Problem

if TYPE_CHECKING:
    from sqlalchemy import Row


@click.group(name="runs", short_help="Show what past runs did.")
def command() -> None:
    """What past runs did."""


@command.command(name="list")
@click.argument("mailbox", required=False)
@click.option(
    "--limit",
    default=20,
    type=click.IntRange(min=1),
    show_default=True,
    help="How many, latest first.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def list_runs(context: Context, mailbox: str | None, limit: int, *, as_json: bool) -> None:
    """Show past runs of MAILBOX, or of all mailboxes."""
    from syncd.cli import mailboxes
    from syncd.sync.overview import runs

    with mailboxes.reading(context) as conn:
        found = runs(conn, mailbox, limit)
    if as_json:
        output.emit_json([_json(row) for row in found])
        return
    columns = ["Run", "Mailbox", "Started", "Cause", "Outcome", "Writes", "Requests"]
    cells = [
        [
            r.id,
            r.address,
            output.moment(r.started),
            r.cause,
            r.outcome or "running",
            _writes(r),
            r.requests,
        ]
        for r in found
    ]
    output.table("Runs", columns, cells)


@command.command()
@click.argument("run")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def show(context: Context, run: str, *, as_json: bool) -> None:
    """Show one RUN with everything it wrote, and why."""
    from syncd.cli import mailboxes
    from syncd.cli.language import sentence
    from syncd.cli.reporting import VERBS, few
    from syncd.reconcile.reasons import Reason
    from syncd.sync.overview import kept, names, one_run, operations, written

    with mailboxes.reading(context) as conn:
        found = one_run(conn, run)
        if found is None:
            raise Problem(
                f"There is no run {run!r}, or more than one begins like this.",
                "Nothing was shown.",
                "See them: syncd runs list",
            )
        done = operations(conn, found.id)
        losers = kept(conn, found.id)
        called = names(conn, done)
        fields = written(conn, done)
    told: list[dict[str, Any]] = [
        {
            "operation": each.verb,
            "id": each.crm_id,
            "name": called.get(each.crm_id, ""),
            "fields": fields[each.key],
            "status": each.status,
            "reason": each.reason,
            "why": sentence(Reason(each.reason)),
            "error": each.error,
        }
        for each in done
    ]
    aside: list[dict[str, Any]] = [
        {
            "id": each.crm_id,
            "name": called.get(each.crm_id, ""),
            "side": each.side,
            "values": each.values,
            "reason": each.reason.value,
            "why": sentence(each.reason),
        }
        for each in losers
    ]
    if as_json:
        output.emit_json({**_json(found), "operations": told, "kept": aside})
        return
    output.tell(
        f"Run {found.id} of {found.address}, {output.moment(found.started)}: {found.outcome}"
    )
    if found.error:
        output.tell(found.error)
    counts = found.counts or {}
    if waits := counts.get("waiting", 0):
        output.tell(f"{waits} waited then, {counts.get('held', 0)} of them held. {_SEE}")
    if ids := counts.get("ids"):
        output.tell(_moved(ids))
    if not told:
        output.tell("It wrote nothing.")
    else:
        cells = [
            [t["name"], VERBS[t["operation"]], few(t["fields"]), t["status"], _why(t)] for t in told
        ]
        output.table("Writes", ["Who", "What", "Fields", "Status", "Why"], cells)
    if losers:
        cells = [[a["name"], _SIDES[a["side"]], _values(a["values"]), a["why"]] for a in aside]
        output.table("Replaced, and kept here", ["Who", "Where", "What stood there", "Why"], cells)


_SEE = "What waits now: syncd status, syncd held"
_SIDES = {"crm": "the CRM", "outlook": "Outlook"}


def _moved(ids: Mapping[str, int]) -> str:
    """How the items were found again of a mailbox that is reached by another protocol since."""
    found = sum(ids.get(each, 0) for each in ("translated", "by_stamp", "by_version"))
    lost = ids.get("unknown", 0)
    rest = f", and {lost} were not: they are looked for again" if lost else ""
    return f"The mailbox is reached by another protocol since. {found} items were found{rest}."


def _why(told: Mapping[str, Any]) -> str:
    return f"{told['why']} ({told['error']})" if told["error"] else str(told["why"])


def _values(values: Mapping[str, str]) -> str:
    return "; ".join(f"{label}: {value}" for label, value in values.items())


def _json(row: Row[Any]) -> dict[str, object]:
    return {
        "run": row.id,
        "mailbox": row.address,
        "cause": row.cause,
        "started": row.started.isoformat(),
        "ended": row.ended.isoformat() if row.ended else None,
        "outcome": row.outcome,
        "counts": row.counts,
        "requests": row.requests,
        "subrequests": row.subrequests,
        "error": row.error,
    }


def _writes(row: Row[Any]) -> int:
    counts = row.counts or {}
    return sum(n for side in ("outlook", "crm") for n in counts.get(side, {}).values())
