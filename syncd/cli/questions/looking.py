"""`questions list` and `questions show`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context
from syncd.cli.errors import Problem
from syncd.cli.numbers import NUMBER

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from syncd.sync.inquiries import Inquiry, Shown

SAID = {
    "link": "they are the same",
    "create": "it is somebody new",
    "ignore": "leave it alone until it changes",
    "never": "leave it alone for good",
}


@click.command(name="list")
@click.argument("mailbox", required=False)
@click.option("--answered", is_flag=True, help="What was answered, and can be taken back.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def list_questions(context: Context, mailbox: str | None, *, answered: bool, as_json: bool) -> None:
    """Show what is asked in MAILBOX, or in all mailboxes."""
    from syncd.cli import mailboxes
    from syncd.cli.language import sentence
    from syncd.sync import inquiries

    with mailboxes.reading(context) as conn:
        ids = [row.id for row in mailboxes.named(conn, mailbox)]
        found = [
            each for each in inquiries.every(conn, ids) if (each.answer is not None) == answered
        ]
    if as_json:
        output.emit_json([to_json(each) for each in found])
    elif answered and found:
        rows = [
            [e.id, e.mailbox, e.name or "(an item in Outlook)", SAID[e.answer or ""], _state(e)]
            for e in found
        ]
        output.table("Answered", ["No.", "Mailbox", "Who", "What was said", ""], rows)
        output.tell("Take one back: syncd questions answer NO. ask")
    elif found:
        rows = [
            [e.id, e.mailbox, e.name, len(e.candidates), sentence(e.reason), output.moment(e.since)]
            for e in found
        ]
        columns = ["No.", "Mailbox", "Who", "Could be", "Why", "Since"]
        output.table("Who is who?", columns, rows)
        output.tell("See one: syncd questions show NO.")
    else:
        output.tell("Nothing was answered for good." if answered else "There is no open question.")


@click.command()
@click.argument("number", type=NUMBER)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def show(context: Context, number: int, *, as_json: bool) -> None:
    """Show question NUMBER: who it could be, side by side.

    What is in Outlook is read for this there and then, and not kept.
    """
    from syncd.cli import mailboxes
    from syncd.cli.looking_in import looking
    from syncd.sync import inquiries

    with mailboxes.reading(context) as conn:
        asked = numbered(conn, number, "Nothing was shown.")
        crm = inquiries.in_crm(conn, asked)
    with looking(context, asked.mailbox, "Nothing was shown.") as port:
        outlook = inquiries.in_outlook(port, asked)
    (subject,), others = (outlook, crm) if asked.about_item else (crm, outlook)
    if as_json:
        shown = {"subject": _shown_json(subject), "candidates": [_shown_json(e) for e in others]}
        output.emit_json({**to_json(asked), **shown})
        return
    _tell(asked, subject, others)


def numbered(conn: Connection, number: int, undone: str) -> Inquiry:
    """The question of this number. Raises Problem when it is settled, or never was."""
    from syncd.sync import inquiries

    found = inquiries.one(conn, number)
    if found is None:
        what = f"There is no question {number}: it was settled, or never was."
        raise Problem(what, undone, "See them: syncd questions list")
    return found


def to_json(each: Inquiry) -> dict[str, object]:
    """One question, for programs."""
    return {
        "id": each.id,
        "mailbox": each.mailbox,
        "kind": each.row.kind,
        "about": "item" if each.about_item else "record",
        "subject": each.row.subject,
        "name": each.name,
        "reason": each.reason.value,
        "candidates": list(each.candidates),
        "answer": each.answer.value if each.answer else None,
        "chosen": each.row.chosen,
        "waits": each.waits,
        "since": each.since.isoformat(),
    }


def _state(each: Inquiry) -> str:
    return "carried out by the next sync" if each.waits else ""


def _shown_json(each: Shown) -> dict[str, object]:
    from syncd.model.values import to_json as value_json

    held = {name: value_json(value) for name, value in each.values.items() if value}
    return {"id": each.id, "name": each.name, "values": held, "missing": each.missing}


def _tell(asked: Inquiry, subject: Shown, others: Sequence[Shown]) -> None:
    from syncd.cli.conflicts.looking import shown as in_words
    from syncd.cli.language import sentence
    from syncd.model.values import to_json as value_json
    from syncd.sync.inquiries import telling

    here, there = ("In Outlook", "In the CRM") if asked.about_item else ("In the CRM", "In Outlook")
    rows = [
        [
            "" if same else "≠",
            field.label,
            *(
                in_words(value_json(each.values.get(field.name))) if each.missing is None else "–"
                for each in (subject, *others)
            ),
        ]
        for field, same in telling(asked.kind, subject, others)
    ]
    columns = ["", "Field", here, *(f"{there}: {n}" for n in range(1, len(others) + 1))]
    output.table(f"{asked.name or subject.name} in {asked.mailbox}", columns, rows)
    output.tell(sentence(asked.reason))
    for n, each in enumerate(others, 1):
        if each.missing:
            output.tell(f"{n}: {each.missing}.")
    which = "" if len(others) == 1 else " 1"
    verbs = f"link{which} | create | ignore | never"
    if asked.reason.value == "linked-here":
        verbs = "create | ignore | never"
    output.tell(f"Answer: syncd questions answer {asked.id} {verbs}")
