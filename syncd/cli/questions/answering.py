"""`questions answer`: who it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context
from syncd.cli.errors import Problem
from syncd.cli.numbers import NUMBER
from syncd.cli.questions.looking import SAID, numbered

if TYPE_CHECKING:
    from syncd.sync.inquiries import Inquiry

UNDONE = "Nothing was answered."
ASK = "ask"  # takes an answer back


@click.command()
@click.argument("number", type=NUMBER)
@click.argument("said", metavar="ANSWER", type=click.Choice([*SAID, ASK]))
@click.argument("candidate", required=False)
@pass_context
def answer(context: Context, number: int, said: str, candidate: str | None) -> None:
    """Answer question NUMBER: link, create, ignore, never, or ask.

    link: it is CANDIDATE, by its number in `questions show`, or by its id. create: it is somebody
    new. ignore: leave it alone until it changes. never: for good. ask: what was answered does not
    count. Until the next sync it can be answered anew.
    """
    from syncd.cli import mailboxes
    from syncd.sync import inquiries
    from syncd.sync.questions import Answer

    with mailboxes.reading(context, UNDONE) as conn:
        address = numbered(conn, number, UNDONE).mailbox
    with mailboxes.noting(context, address, UNDONE) as (conn, _):
        asked = numbered(conn, number, UNDONE)
        if candidate is not None and said != Answer.LINK:
            what = f"{said} is said of {asked.name or 'it'}, and of nobody else."
            raise Problem(what, UNDONE, f"Type: syncd questions answer {number} {said}")
        chosen = _chosen(asked, candidate) if said == Answer.LINK else None
        if said == ASK:
            inquiries.ask_again(conn, asked)
        else:
            inquiries.answer(conn, asked, Answer(said), mailboxes.now(conn), chosen)
    told = "it is asked again if it is not clear then" if said == ASK else SAID[said]
    output.tell(f"{number}  {asked.name or 'The item in Outlook'}: {told}.")
    output.tell(f"Carry it out now with: syncd sync {asked.mailbox}")


def _chosen(asked: Inquiry, candidate: str | None) -> str:
    """Who it is. Raises Problem when nobody is meant, or several."""
    if asked.reason.value == "linked-here":
        raise Problem(
            f"The CRM's {asked.name} is in this Outlook already, as another item.", UNDONE,
            "Delete one of the two in Outlook, or take the category off one of them; or, if they "
            f"are two people: syncd questions answer {asked.id} create",
        )  # fmt: skip
    ids = asked.candidates
    see = f"See who it could be: syncd questions show {asked.id}"
    if candidate is None:
        if len(ids) == 1:
            return ids[0]
        what = f"{asked.name or 'It'} could be any of {len(ids)}."
        if not ids:
            what = "Nobody is known whom it could be."
        raise Problem(what, UNDONE, see)
    if candidate.isdecimal() and 1 <= int(candidate) <= len(ids):
        return ids[int(candidate) - 1]
    found = [each for each in ids if each == candidate] or [
        each for each in ids if len(candidate) >= 6 and each.startswith(candidate)
    ]
    if len(found) != 1:
        raise Problem(f"{candidate!r} is none of those whom it could be.", UNDONE, see)
    return found[0]
