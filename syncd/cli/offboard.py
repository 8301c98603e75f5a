"""`syncd offboard`: a mailbox leaves, with every mark of syncd."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context
from syncd.cli.errors import Exit
from syncd.cli.progress import bar

if TYPE_CHECKING:
    from syncd.sync.offboard import Offboarding


@click.command(name="offboard", short_help="Take every mark of syncd out of a mailbox.")
@click.argument("mailbox")
@click.option("--keep", "items", flag_value="keep", help="Leave every item where it is.")
@click.option(
    "--remove",
    "items",
    flag_value="remove",
    help="Put the items that syncd created into Deleted Items; the user's own stay.",
)
@click.option("--yes", is_flag=True, help="Do it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def command(context: Context, mailbox: str, items: str | None, *, yes: bool, as_json: bool) -> int:
    """Show what it takes for MAILBOX to leave; with --yes, do it.

    The hidden mark of syncd goes from every item, in every folder and in Deleted Items, and with it
    the category that puts a contact into the CRM. Then the whole mailbox is looked through once
    more, and is removed when nothing is left. The CRM keeps its records. Whatever interrupts it,
    type it again.

    Exit status: 0 done or shown, 1 something is left, else as `syncd sync`.
    """
    from syncd.cli import mailboxes as served
    from syncd.daemon.logging import configure_logging
    from syncd.sync.offboard import Items, offboard, preview

    if items is None:
        raise click.UsageError("Say what becomes of the items: --keep or --remove.")
    configure_logging(context.configuration.log, quiet=True)
    service = served.service(context)
    undone = "It broke off there. What was done before stands; type it again to go on."
    with served.explained(undone if yes else served.NOTHING_DONE), bar() as service.progress:
        act = offboard if yes else preview
        done = act(service, mailbox, Items(items))
    again = f"syncd offboard {mailbox} --{items} --yes"
    if as_json:
        output.emit_json(_json(mailbox, done, carried_out=yes))
    elif yes:
        _tell_done(mailbox, done, again)
    else:
        _tell_planned(mailbox, done, again)
    if done.failed and done.report is not None:
        return served.exit_of([done.report])
    return Exit.DONE if done.clean else Exit.FAILED


def _tell_planned(mailbox: str, done: Offboarding, again: str) -> None:
    if not done.read:
        output.tell(f"Nothing of {mailbox} was ever read, so nothing is to be taken out of it.")
    elif not _broke_off(done, again):
        rows = [[label, done.planned[name]] for name, label in _PLANNED]
        if done.foreign:
            rows.append(
                ["Items that another installation has marked, and that stay so", done.foreign]
            )
        output.table(f"{mailbox}: leaving", ["", "How many"], rows)
    if not done.failed:
        output.tell(f"Nothing was changed yet. Do it: {again}")


_PLANNED = (
    ("marked", "Items with a mark of syncd, each of which loses it"),
    ("stay", "… that stay where they are"),
    ("to_trash", "… that syncd created, and that go to Deleted Items"),
    ("in_trash", "… that are in Deleted Items already"),
    ("labelled", "… that lose the category, too"),
)


def _tell_done(mailbox: str, done: Offboarding, again: str) -> None:
    if not done.read:
        output.tell(f"Nothing of {mailbox} was ever read. It is removed.")
        return
    if _broke_off(done, again):
        return
    moved, cleaned = (
        done.report.tally.outlook[name] if done.report else 0 for name in ("deleted", "updated")
    )
    if moved:
        output.tell(f"{_items(moved)} went to Deleted Items.")
    output.tell(f"{_items(cleaned)} {'was' if cleaned == 1 else 'were'} cleaned.")
    if done.foreign:
        output.tell(f"Left, for it has the mark of another installation: {_items(done.foreign)}.")
    if not done.clean:
        for path, count in sorted(done.left.items()):
            output.tell(f"Still with a mark of syncd, in {path}: {_items(count)}.")
        output.tell(f"{mailbox} is paused, and not removed. Try again: {again}")
        return
    output.tell("0 items carry a mark of syncd.")
    if done.archive:
        output.tell(f"The folder {done.archive} is not empty, and stays.")
    output.tell(f"{mailbox} is removed. The CRM keeps its records.")


def _items(count: int) -> str:
    return f"{count} item{'' if count == 1 else 's'}"


def _broke_off(done: Offboarding, again: str) -> bool:
    report = done.report
    if report is None or not (done.failed or done.stopped):
        return False
    output.tell(f"{report.mailbox}: {report.error}.")
    output.tell(report.todo if report.misconfigured and report.todo else f"Go on with: {again}")
    return True


def _json(mailbox: str, done: Offboarding, *, carried_out: bool) -> dict[str, object]:
    report = done.report
    return {
        "mailbox": mailbox,
        "carried_out": carried_out,
        "read": done.read,
        "planned": {name: done.planned[name] for name, _ in _PLANNED},
        "other_installation": done.foreign,
        "moved": report.tally.outlook["deleted"] if report else 0,
        "cleaned": report.tally.outlook["updated"] if report else 0,
        "left": dict(done.left),
        "removed": carried_out and done.clean,
        "error": report.error if report else None,
    }
