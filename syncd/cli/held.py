"""`syncd held`: what waits for a person, and what helps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context

if TYPE_CHECKING:
    from syncd.sync.disagreements import Disagreement
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
_ASKED = ("doubtful-match", "bound-match", "linked-here")
_BY_HAND = "only-by-hand"


@click.command(name="held", short_help="Show what waits for a person.")
@click.argument("mailbox", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def command(context: Context, mailbox: str | None, *, as_json: bool) -> None:
    """Show what waits for a person in MAILBOX, or in all mailboxes.

    What is held back because it is unusually much, what is in doubt, what was changed on both sides
    where somebody is to say which counts, what its user alone can bring back, and what the server
    refuses.
    """
    from syncd.cli import mailboxes
    from syncd.cli.conflicts.looking import labels
    from syncd.cli.reporting import not_ours
    from syncd.sync import claims, disagreements
    from syncd.sync import mailboxes as served
    from syncd.sync.overview import waiting

    with mailboxes.reading(context) as conn:
        rows = [served.get(conn, mailbox)] if mailbox else served.every(conn)
        found = [each for row in rows for each in waiting(conn, row)]
        open_ones = disagreements.every(conn, [row.id for row in rows])
        others = {row.address: claims.standing(conn, row.id) for row in rows}
    if as_json:
        output.emit_json([*map(_json, found), *map(_conflict_json, open_ones)])
        return
    for address, finding in others.items():
        if finding is not None:
            output.tell(f"{address}: {not_ours(address, finding)}")
    if not found and not open_ones and not any(others.values()):
        output.tell("Nothing waits for a person.")
    _tell(found)
    if open_ones:
        rows_told = [[e.mailbox, e.name, labels(e)] for e in open_ones]
        output.table("Changed on both sides", ["Mailbox", "Who", "Field"], rows_told)
        output.tell("Say which counts: syncd conflicts list")


def _tell(found: Sequence[Waiting]) -> None:
    from syncd.cli.language import remedy, sentence

    held = [each for each in found if each.verb]
    asked = [each for each in found if not each.verb and each.reason in _ASKED]
    by_hand = [each for each in found if not each.verb and each.reason == _BY_HAND]
    others = (*_ASKED, _BY_HAND)
    refused = [each for each in found if not each.verb and each.reason not in others]
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
            output.tell(f"Let it go, or decide against it: syncd breaker list {address}")
    if asked:
        rows = [[e.mailbox, e.name, sentence(e.reason)] for e in asked]
        output.table("In doubt", ["Mailbox", "Who", "Why"], rows)
        output.tell("Say who is who: syncd questions list")
    if by_hand:
        rows = [[e.mailbox, e.name, sentence(e.reason)] for e in by_hand]
        output.table("In another folder", ["Mailbox", "Who", "Why"], rows)
        output.tell(remedy(by_hand[0].reason))
    if refused:
        rows = [[e.mailbox, e.name, e.error or sentence(e.reason)] for e in refused]
        output.table("Refused by the server", ["Mailbox", "Who", "Why"], rows)
        output.tell(
            "It is tried again once somebody changes it, on either side; or try it again, or leave "
            "it alone: syncd quarantine list"
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


def _conflict_json(each: Disagreement) -> dict[str, object]:
    return {
        "mailbox": each.mailbox,
        "name": each.name,
        "reason": each.reason.value,
        "verb": None,
        "error": None,
        "why": None,
        "since": each.at.isoformat(),
    }
