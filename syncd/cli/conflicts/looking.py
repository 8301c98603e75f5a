"""`conflicts list` and `conflicts show`."""

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

    from syncd.sync.disagreements import Disagreement
    from syncd.sync.snapshots import Content

WORDS = {"crm": "the CRM", "outlook": "Outlook"}
FROZEN = "frozen"
NOTHING = "There is no conflict to decide."


@click.command(name="list")
@click.argument("mailbox", required=False)
@click.option("--all", "closed", is_flag=True, help="The values that lost and were kept, too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def list_conflicts(context: Context, mailbox: str | None, *, closed: bool, as_json: bool) -> None:
    """Show what waits to be decided in MAILBOX, or in all mailboxes."""
    from syncd.cli import mailboxes
    from syncd.sync import disagreements

    with mailboxes.reading(context) as conn:
        ids = [row.id for row in mailboxes.named(conn, mailbox)]
        found = disagreements.every(conn, ids, closed=closed)
    if as_json:
        output.emit_json([to_json(each) for each in found])
        return
    waiting = [each for each in found if each.state == "open"]
    if waiting:
        _tell_waiting(waiting)
    if replaced := [each for each in found if each.state != "open"]:
        _tell_replaced(replaced)
    if not found:
        output.tell(NOTHING if closed else f"{NOTHING} What was kept: syncd conflicts list --all")


@click.command()
@click.argument("number", type=NUMBER)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def show(context: Context, number: int, *, as_json: bool) -> None:
    """Show conflict NUMBER, field by field."""
    from syncd.cli import mailboxes
    from syncd.cli.language import sentence

    with mailboxes.reading(context) as conn:
        (each,) = numbered(conn, [number], "Nothing was shown.")
    if as_json:
        output.emit_json(to_json(each))
        return
    sides = list(each.held)
    titles = [_title(each, side.value) for side in sides]
    rows = [
        [
            field.label,
            *(shown(each.held[side].get(field.name)) for side in sides),
            shown(each.now.get(field.name)),
        ]
        for field in each.group.fields
    ]
    title = f"{each.name} in {each.mailbox}, {output.moment(each.at)}"
    output.table(title, ["Field", *titles, "In the CRM now"], rows)
    output.tell(sentence(each.reason))
    if each.reason == FROZEN:
        output.tell(writers(each))
    if each.state == "kept":
        output.tell(f"Bring it back: syncd conflicts resolve {each.id} --restore")
    elif each.state == "open":
        output.tell(f"Say which counts: syncd conflicts resolve {each.id} --crm | --outlook")


def numbered(conn: Connection, numbers: Sequence[int], undone: str) -> list[Disagreement]:
    """The conflicts of these numbers, in that order. Raises Problem when one is not there."""
    from syncd.sync import disagreements

    found = {each.id: each for each in disagreements.some(conn, numbers)}
    if missing := [each for each in dict.fromkeys(numbers) if each not in found]:
        what = f"There is no conflict {missing[0]}: it was settled, or never was."
        raise Problem(what, undone, "See them: syncd conflicts list --all")
    return [found[each] for each in dict.fromkeys(numbers)]


def labels(each: Disagreement) -> str:
    """What the fields are called that are decided together."""
    return ", ".join(field.label for field in each.group.fields)


def in_words(each: Disagreement, content: Content) -> str:
    """The value of one side: with the labels where there are several fields."""
    if len(each.group.fields) == 1:
        return shown(content.get(each.group.fields[0].name))
    filled = [f"{f.label}: {shown(v)}" for f in each.group.fields if (v := content.get(f.name))]
    return "; ".join(filled) or shown(None)


def shown(value: object) -> str:
    """One value, for a person."""
    if value is None or value == []:
        return "(empty)"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def to_json(each: Disagreement) -> dict[str, object]:
    """One conflict, for programs."""
    return {
        "id": each.id,
        "mailbox": each.mailbox,
        "kind": each.kind,
        "record": each.crm_id,
        "name": each.name,
        "group": each.group.name,
        "fields": [field.name for field in each.group.fields],
        "state": each.state,
        "reason": each.reason.value,
        "answered": each.answered.value if each.answered else None,
        "writer": each.writer,
        "since": each.at.isoformat(),
        "held": {side.value: dict(content) for side, content in each.held.items()},
        "crm_now": dict(each.now),
    }


def writers(each: Disagreement) -> str:
    """Which two keep undoing each other, of a conflict that is frozen."""
    return (
        f"{each.writer or 'Somebody'} in the CRM and what writes to the mailbox of {each.mailbox} "
        "keep undoing each other. Once one of them is stopped, say which value counts."
    )


def _title(each: Disagreement, side: str) -> str:
    if each.state == "open":
        return f"In {WORDS[side]}"
    return f"Replaced in {WORDS[side]}"


def _tell_waiting(found: Sequence[Disagreement]) -> None:
    from syncd.model.fields import Side

    rows = [
        [
            each.id,
            each.mailbox,
            each.name,
            labels(each),
            in_words(each, each.held.get(Side.OUTLOOK, {})),
            in_words(each, each.held.get(Side.CRM, {})),
            f"{WORDS[each.answered.value]} counts" if each.answered else "",
        ]
        for each in found
    ]
    columns = ["No.", "Mailbox", "Who", "Field", "In Outlook", "In the CRM", "Said"]
    output.table("Changed on both sides", columns, rows)
    for each in found:
        if each.reason == FROZEN:
            output.tell(f"{each.id}: {writers(each)}")
    output.tell("Say which counts: syncd conflicts resolve NO. --crm | --outlook | --value TEXT")
    if any(each.answered for each in found):
        output.tell(
            "What was said is carried out by the next sync, and can be said anew until then."
        )


def _tell_replaced(found: Sequence[Disagreement]) -> None:
    from syncd.cli.language import sentence

    rows = [
        [
            each.id,
            each.mailbox,
            each.name,
            labels(each),
            in_words(each, content),
            WORDS[side.value],
            f"{'brought back. ' if each.state == 'resolved' else ''}{sentence(each.reason)}",
        ]
        for each in found
        for side, content in list(each.held.items())[:1]
    ]
    columns = ["No.", "Mailbox", "Who", "Field", "Value that was replaced", "Where", "Why"]
    output.table("Kept aside", columns, rows)
    output.tell("Bring one back: syncd conflicts resolve NO. --restore")
