"""`quarantine list`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context

if TYPE_CHECKING:
    from syncd.sync.quarantine import Case

NOTHING = "Nothing is set aside, and no single contact is failing."
SIDES = {"outlook": "Outlook item", "crm": "CRM record"}
_TITLES = {
    "set-aside": "Set aside",
    "failing": "Failing, and tried again by itself",
    "ignored": "Left alone, as somebody said",
}
# When it is tried next, where no moment is set.
_WHEN = {"set-aside": "next sync", "failing": "next sync", "ignored": "upon an edit"}


@click.command(name="list")
@click.argument("mailboxes", nargs=-1, metavar="[MAILBOX]...")
@click.option("--all", "ignored", is_flag=True, help="What is left alone, too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def list_cases(
    context: Context, mailboxes: tuple[str, ...], *, ignored: bool, as_json: bool
) -> None:
    """Show what is set aside and what is failing in MAILBOXes, or in all of them."""
    from syncd.cli import mailboxes as served
    from syncd.sync import quarantine
    from syncd.sync.mailboxes import every, get

    with served.reading(context) as conn:
        rows = [get(conn, each) for each in mailboxes] or every(conn)
        found = [case for row in rows for case in quarantine.every(conn, row, ignored=ignored)]
    if as_json:
        output.emit_json([to_json(each) for each in found])
        return
    for state, title in _TITLES.items():
        if some := [each for each in found if each.state.value == state]:
            _tell(title, some)
    if not found:
        output.tell(NOTHING)
        return
    if any(each.state.value != "ignored" for each in found):
        output.tell(
            "Put right what is said there, on either side: an edit is tried at once. Or try one "
            "again: syncd quarantine retry WHO; or leave it alone: syncd quarantine ignore WHO"
        )
    else:
        output.tell("Take that back: syncd quarantine retry WHO")


def called(each: Case) -> str:
    """What a case goes by: its name, or its id where it has none that may be told."""
    return each.name or each.id


def to_json(each: Case) -> dict[str, object]:
    """One case, for programs."""
    return {
        "mailbox": each.mailbox,
        "kind": each.kind,
        "id": each.id,
        "name": each.name or None,
        "state": each.state.value,
        "side": each.side,
        "record": each.crm_id,
        "reason": each.reason.value,
        "error": each.error,
        "tries": each.tries,
        "since": each.since.isoformat() if each.since else None,
        "next_try": each.next_try.isoformat() if each.next_try else None,
    }


def _tell(title: str, found: Sequence[Case]) -> None:
    rows = [
        [
            each.mailbox,
            called(each),
            each.id if each.name else "",
            SIDES[each.side],
            _why(each),
            each.tries or "",
            output.moment(each.since),
            output.moment(each.next_try) or _WHEN[each.state.value],
        ]
        for each in found
    ]
    columns = ["Mailbox", "Who", "Id", "What", "Why", "Tries", "Since", "Next try"]
    output.table(title, columns, rows)


def _why(each: Case) -> str:
    """In words, with what the server itself calls it."""
    from syncd.cli.language import sentence

    said = sentence(each.reason)
    return f"{said} ({each.error})" if each.error else said
