"""`syncd demo`: syncd at work, on this machine."""

from __future__ import annotations

import signal
import sys
from types import FrameType

import click

from syncd.cli.context import Context, pass_context
from syncd.cli.errors import Exit


@click.group(
    name="demo", short_help="Show syncd at work, on this machine.", invoke_without_command=True
)
@click.option("--keep", is_flag=True, help="Leave the daemon and the sandbox up, until Ctrl-C.")
@click.option(
    "--backend",
    type=click.Choice(["ews", "graph"]),
    default="ews",
    show_default=True,
    help="What syncd speaks: EWS as to an Exchange Server, Graph as to Exchange Online.",
)
@click.pass_context
def command(ctx: click.Context, *, keep: bool, backend: str) -> None:
    """Show syncd at work, on this machine: two reps, a CRM, and an Exchange on loopback.

    Everything it makes is in ./demo-data, made anew each time. Exit status: 0 all is as promised,
    1 something is not.
    """
    if ctx.invoked_subcommand is None:
        ctx.exit(_show(backend, keep=keep))


def _show(backend: str, *, keep: bool) -> int:
    from syncd.cli.demo import processes
    from syncd.cli.demo.folder import FOLDER, fresh, furnish
    from syncd.cli.demo.telling import Teller

    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, _end)
    with fresh(FOLDER) as folder:
        processes.prepare()
        teller = Teller()
        teller.title("syncd: every sales person's Outlook in step with the CRM. A demo.")
        teller.say("It ends by itself in less than a minute. First, an Exchange starts up …")
        with processes.sandbox(folder, backend) as place:
            from syncd.cli.demo.outlook import PASSWORD
            from syncd.cli.demo.playing import play
            from syncd.cli.demo.story import Demo

            furnish(folder, place, PASSWORD)
            good = Demo(folder, place, processes.Commands(folder), teller).show()
            if good and keep:
                return play(folder, place, teller)
    if good:
        teller.good("All of it holds. The demo is over, and the sandbox is stopped.")
        teller.say(f"The configuration and the CRM are still in {FOLDER}, to look at.")
        teller.say("To play on with both mailboxes, either of:")
        teller.listing(_again(backend))
        return Exit.DONE
    teller.say(f"\nSomething is off: see ✗ above. What the demo made is still in {FOLDER}.")
    return Exit.FAILED


def _again(backend: str) -> str:
    """What to type for the same once more, left up: by make, and where there is none."""
    from syncd.cli.demo.playing import program

    made, typed = ("", "") if backend == "ews" else (f" BACKEND={backend}", f" --backend {backend}")
    return f"make demo KEEP=1{made}\n{program()} demo --keep{typed}"


def _end(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


@command.command(name="outlook", short_help="Be a rep at Outlook, while `demo --keep` runs.")
@click.argument("address")
@click.argument("contact", required=False)
@click.option("--mobile", metavar="NUMBER", help="Change CONTACT's mobile number.")
@click.option("--delete", is_flag=True, help="Delete CONTACT.")
@pass_context
def outlook(
    context: Context, *, address: str, contact: str | None, mobile: str | None, delete: bool
) -> None:
    """Show all contacts in the mailbox ADDRESS, or change CONTACT there, as its user would."""
    from syncd.cli.demo.playing import by_hand

    by_hand(context, address, contact, mobile=mobile, delete=delete)
