"""`syncd held`: what waits for a person, and what helps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context

if TYPE_CHECKING:
    from syncd.sync.overview import Waiting

_WORDS = {
    "delete": "move to Deleted Items",
    "unlink": "leave alone from now on",
    "move": "set aside in Outlook",
    "empty": "empty a field",
    "create": "create on the other side",
    "crm-write": "change in the CRM",
    "withdraw": "take back out of the CRM what came from it",
}
_HELPS = {
    "doubtful-match": "It is settled once name and e-mail address are alike on both sides, or "
    "clearly different; where Outlook has somebody twice, once one of the two is deleted, or the "
    "one that is meant has the category that puts it into the CRM.",
    "bound-match": "It is settled once that one in Outlook is deleted, or has another name or "
    "e-mail address: then the CRM's is made beside it.",
    "linked-here": "It is settled once one of the two in Outlook is deleted, or its category is "
    "taken off.",
}


@click.command(name="held", short_help="Show what waits for a person.")
@click.argument("mailbox", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def command(context: Context, mailbox: str | None, *, as_json: bool) -> None:
    """Show what waits for a person in MAILBOX, or in all mailboxes.

    What is held back because it is unusually much, what is in doubt, and what the server refuses.
    """
    from syncd.cli import mailboxes
    from syncd.sync import mailboxes as served
    from syncd.sync.overview import waiting

    with mailboxes.reading(context) as conn:
        rows = [served.get(conn, mailbox)] if mailbox else served.every(conn)
        found = [each for row in rows for each in waiting(conn, row)]
    if as_json:
        output.emit_json([_json(each) for each in found])
    elif not found:
        output.tell("Nothing waits for a person.")
    else:
        _tell(found)


def _tell(found: Sequence[Waiting]) -> None:
    from syncd.cli.language import sentence

    held = [each for each in found if each.verb]
    asked = [each for each in found if not each.verb and each.reason in _HELPS]
    refused = [each for each in found if not each.verb and each.reason not in _HELPS]
    if held:
        rows = [
            [
                e.mailbox,
                e.name,
                _WORDS[e.verb or ""],
                sentence(e.why) if e.why else "",
                output.moment(e.since),
            ]
            for e in held
        ]
        output.table("Held back", ["Mailbox", "Who", "What would be done", "Why", "Since"], rows)
        for address in dict.fromkeys(each.mailbox for each in held):
            output.tell(f"If this is meant, let it go: syncd approve {address}")
    if asked:
        rows = [[e.mailbox, e.name, sentence(e.reason)] for e in asked]
        output.table("In doubt", ["Mailbox", "Who", "Why"], rows)
        for reason in dict.fromkeys(each.reason.value for each in asked):
            output.tell(_HELPS[reason])
    if refused:
        rows = [[e.mailbox, e.name, e.error or sentence(e.reason)] for e in refused]
        output.table("Refused by the server", ["Mailbox", "Who", "Why"], rows)
        output.tell(
            "It is tried again once somebody changes it, on either side; or with: "
            "syncd resume MAILBOX"
        )


def _json(each: Waiting) -> dict[str, object]:
    return {
        "mailbox": each.mailbox,
        "name": each.name,
        "reason": each.reason.value,
        "verb": each.verb,
        "error": each.error,
        "why": each.why.value if each.why else None,
        "since": each.since.isoformat() if each.since else None,
    }
