"""`conflicts resolve`: one side, the other, a value of one's own, or what was kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.conflicts.looking import NOTHING, WORDS, labels, numbered
from syncd.cli.context import Context, pass_context
from syncd.cli.errors import Exit, Problem
from syncd.cli.numbers import NUMBER
from syncd.model.fields import Side
from syncd.model.values import Value

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from syncd.sync.disagreements import Disagreement
    from syncd.sync.mailboxes import MailboxRow

UNDONE = "Nothing was decided."
FIRST = 5  # that are named before it goes on


@click.command()
@click.argument("numbers", type=NUMBER, nargs=-1, metavar="[NO.]...")
@click.option("--crm", "side", flag_value="crm", help="What the CRM holds counts.")
@click.option("--outlook", "side", flag_value="outlook", help="What Outlook holds counts.")
@click.option(
    "--value", "values", multiple=True, metavar="TEXT",
    help="This counts; FIELD=TEXT where several fields are decided together. May be repeated.",
)  # fmt: skip
@click.option("--restore", is_flag=True, help="Write what was kept aside back into the CRM.")
@click.option("--where", metavar="FILTER", help="All of the records that a filter finds.")
@click.option("--mailbox", metavar="MAILBOX", help="All of one mailbox.")
@click.option("--field", "field", metavar="FIELD", help="Of these, only this field.")
@click.option("--yes", is_flag=True, help="Go on, however many it is.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def resolve(
    context: Context,
    numbers: tuple[int, ...],
    side: str | None,
    values: tuple[str, ...],
    where: str | None,
    mailbox: str | None,
    field: str | None,
    *,
    restore: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Say which value counts: of conflicts by number, or of many by --where and --mailbox.

    The next sync carries it out. If somebody edits either side before that, it is asked again. The
    value that does not count is kept. Without a number it is told first how many are meant; --yes
    goes on. In a FILTER, @me is the user of the mailbox.
    """
    from syncd.cli import mailboxes

    if [bool(side), bool(values), restore].count(True) != 1:
        raise Problem(
            "It is not said which value counts.", UNDONE,
            "Type one of --crm, --outlook, --value TEXT or --restore.",
        )  # fmt: skip
    if bool(numbers) == bool(where or mailbox):
        raise Problem(
            "It is not said which conflicts are meant." if not numbers
            else "Both numbers and --where or --mailbox are given.", UNDONE,
            "Name them by number, or choose many by --where FILTER and --mailbox MAILBOX.",
        )  # fmt: skip
    if restore and not numbers:
        raise Problem("What was kept is brought back one by one.", UNDONE, "Name it by its number.")
    with mailboxes.reading(context, UNDONE) as conn:
        chosen = (
            numbered(conn, numbers, UNDONE) if numbers else _many(context, conn, mailbox, where)
        )
        meant = [each for each in chosen if field is None or _is_of(each, field)]
    if not meant:
        raise Problem(NOTHING, UNDONE, "See all of them: syncd conflicts list")
    if not numbers and not yes:
        raise _asked(meant)
    patches = {each.id: _typed(each, values) for each in meant} if values else {}
    done = _carry_out(context, meant, side, patches)
    if as_json:
        output.emit_json({"done": True, "resolved": [each.id for each in meant]})
        return
    for each, word in done:
        output.tell(f"{each.id}  {each.name}, {labels(each)}: {word}")
    for address in dict.fromkeys(each.mailbox for each in meant):
        output.tell(f"Carry it out now with: syncd sync {address}")


def _carry_out(
    context: Context,
    meant: Sequence[Disagreement],
    side: str | None,
    patches: Mapping[int, Mapping[str, Value]],
) -> list[tuple[Disagreement, str]]:
    """Each mailbox in a transaction of its own: all of it, or nothing."""
    from syncd.cli import mailboxes
    from syncd.cli.crm_store import explained, this_person
    from syncd.sync import disagreements

    done = []
    actor = this_person()
    for address in dict.fromkeys(each.mailbox for each in meant):
        with explained(UNDONE), mailboxes.noting(context, address, UNDONE) as (conn, _):
            now = mailboxes.now(conn)
            for each in (each for each in meant if each.mailbox == address):
                if side is not None:
                    disagreements.answer(conn, each, Side(side))
                    word = f"{WORDS[side]} counts."
                elif patches:
                    disagreements.answer_with(conn, each, patches[each.id], actor, now)
                    word = "what you typed counts; it is in the CRM."
                elif disagreements.restore(conn, each, actor, now):
                    word = "it is in the CRM again; what it replaced is kept."
                else:
                    word = "the CRM holds just that."
                done.append((each, word))
    return done


def _many(
    context: Context, conn: Connection, address: str | None, where: str | None
) -> list[Disagreement]:
    from syncd.cli import mailboxes
    from syncd.sync import disagreements

    found: list[Disagreement] = []
    for row in mailboxes.named(conn, address):
        asked = disagreements.every(conn, [row.id])
        found += _filtered(context, conn, row, asked, where) if where and asked else asked
    return found


def _filtered(
    context: Context,
    conn: Connection,
    row: MailboxRow,
    asked: Sequence[Disagreement],
    where: str,
) -> list[Disagreement]:
    """Those whose record a filter finds; `@me` is whose mailbox it is."""
    from syncd.crm import records
    from syncd.crm.custom import kinds_of
    from syncd.settings.filters import Filter, FilterError

    stored = kinds_of(conn)
    ids: set[tuple[str, str]] = set()
    for kind in {each.kind for each in asked}:
        try:
            said = Filter.parse(where, stored[kind])
        except FilterError as error:
            todo = error.suggestion or "See what a filter can say: docs/filters.md"
            what = f"--where: {error.what}, at character {error.at + 1}."
            raise Problem(what, UNDONE, f"{todo[:1].upper()}{todo[1:]}") from None
        condition = said.where(row.user_id, today=context.clock().date())
        wanted = [each.crm_id for each in asked if each.kind == kind]
        members = records.members_among(conn, stored[kind], condition, wanted)
        ids |= {(kind, each) for each in members}
    return [each for each in asked if (each.kind, each.crm_id) in ids]


def _asked(meant: Sequence[Disagreement]) -> Problem:
    by_name = sorted(meant, key=lambda each: each.name.casefold())
    names = ", ".join(f"{each.name} ({labels(each)})" for each in by_name[:FIRST])
    more = f" and {len(meant) - FIRST:,} more" if len(meant) > FIRST else ""
    count = "1 conflict" if len(meant) == 1 else f"{len(meant):,} conflicts"
    what = f"This means {count}: {names}{more}."
    return Problem(what, UNDONE, "To go on, type it again with --yes", Exit.HELD)


def _is_of(each: Disagreement, name: str) -> bool:
    from syncd.cli.crm.fields import field_called
    from syncd.cli.crm.sorts import SORTS

    wanted = field_called(SORTS[each.kind], name, UNDONE)
    return any(field.name == wanted for field in each.group.fields)


def _typed(each: Disagreement, texts: Sequence[str]) -> Mapping[str, Value]:
    """The values that were typed, by field; fields that are not named keep what the CRM holds."""
    from syncd.cli.crm.fields import field_called
    from syncd.cli.crm.sorts import SORTS
    from syncd.cli.crm.values import typed

    fields = {field.name: field for field in each.group.fields}
    if len(fields) == 1:
        ((name, field),) = fields.items()
        if len(texts) > 1:
            what = f"{field.label} has one value, and {len(texts)} are typed."
            raise Problem(what, UNDONE, "Type one --value.")
        return {name: typed(field, "--value", texts[0], UNDONE)}
    patch: dict[str, Value] = {}
    for said in texts:
        called, equals, text = said.partition("=")
        if not equals:
            what = f"{labels(each)} are decided together, and --value {said!r} names none of them."
            todo = f"Write it as --value {next(iter(fields))}=TEXT"
            raise Problem(what, UNDONE, todo)
        name = field_called(SORTS[each.kind], called, UNDONE)
        if name not in fields:
            what = f"{called} is none of {labels(each)}."
            raise Problem(what, UNDONE, "Name the conflict by its number, and its own fields.")
        patch[name] = typed(fields[name], f"--value {called}", text, UNDONE)
    return patch
