"""`quarantine retry` and `quarantine ignore`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context
from syncd.cli.errors import Problem
from syncd.cli.quarantine.looking import NOTHING, SIDES, called, to_json

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from syncd.sync.mailboxes import MailboxRow
    from syncd.sync.quarantine import Case

    Act = Callable[[Connection, MailboxRow, Sequence[Case], datetime], None]

SHORTEST = 6  # of the beginning of an id
SEE = "See them: syncd quarantine list"


@click.command()
@click.argument("who", nargs=-1, metavar="[WHO]...")
@click.option("--all", "every", is_flag=True, help="All that is set aside or failing.")
@click.option("--mailbox", metavar="MAILBOX", help="Only of this mailbox.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def retry(
    context: Context, who: tuple[str, ...], mailbox: str | None, *, every: bool, as_json: bool
) -> None:
    """Try WHO again with the next sync, as if for the first time; also what was left alone.

    WHO is a name, an e-mail address, an id or the beginning of one.
    """
    from syncd.sync import quarantine

    def act(conn: Connection, row: MailboxRow, cases: Sequence[Case], at: datetime) -> None:
        del at
        quarantine.retry(conn, row, cases)

    undone = "Nothing is tried again for it."
    if bool(who) == every:
        raise Problem("It takes names or ids, or --all.", undone, SEE)
    done = _carry_out(context, who, mailbox, undone, act, ignored=True)
    _tell(done, "is tried again by the next sync.", as_json=as_json)
    if not as_json:
        for address in dict.fromkeys(each.mailbox for each in done):
            output.tell(f"Carry it out now with: syncd sync {address}")


@click.command()
@click.argument("who", nargs=-1, metavar="WHO...")
@click.option("--mailbox", metavar="MAILBOX", help="Only of this mailbox.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def ignore(context: Context, who: tuple[str, ...], mailbox: str | None, *, as_json: bool) -> None:
    """Leave WHO alone until somebody edits it on either side, or until `quarantine retry`.

    WHO is a name, an e-mail address, an id or the beginning of one. Nothing is changed or removed.
    """
    from syncd.sync import quarantine

    undone = "Nothing is left alone for it."
    if not who:
        raise Problem("It takes names or ids.", undone, SEE)
    done = _carry_out(context, who, mailbox, undone, quarantine.ignore, ignored=False)
    _tell(done, "is left alone until somebody edits it.", as_json=as_json)
    if not as_json:
        output.tell("Take that back with: syncd quarantine retry WHO")


def _carry_out(
    context: Context,
    who: Sequence[str],
    mailbox: str | None,
    undone: str,
    act: Act,
    *,
    ignored: bool,
) -> list[Case]:
    """Each mailbox in a transaction of its own; all that is meant is found before the first.

    `who` may be empty, for all.
    """
    from syncd.cli import mailboxes
    from syncd.sync import quarantine

    with mailboxes.reading(context, undone) as conn:
        rows = mailboxes.named(conn, mailbox)
        cases = [c for row in rows for c in quarantine.every(conn, row, ignored=ignored)]
        if who:
            meant = [case for word in who for case in _meant(conn, cases, word, undone)]
        else:  # what somebody said to leave alone is meant by its name only
            meant = [each for each in cases if each.state is not quarantine.State.IGNORED]
    if not meant:
        raise Problem(NOTHING, undone, SEE)
    wanted = {(each.mailbox, each.kind, each.id) for each in meant}
    done: list[Case] = []
    for address in dict.fromkeys(each.mailbox for each in meant):
        with mailboxes.noting(context, address, undone) as (conn, row):
            # Once more, as it stands now that nobody runs the mailbox.
            there = quarantine.every(conn, row, ignored=ignored)
            now = [each for each in there if (each.mailbox, each.kind, each.id) in wanted]
            act(conn, row, now, mailboxes.now(conn))
            done += now
    return done


def _meant(conn: Connection, cases: Sequence[Case], word: str, undone: str) -> list[Case]:
    """The cases of the one record or item that is meant, in each mailbox. Raises Problem."""
    from syncd.crm import lookup
    from syncd.crm.custom import kinds_of

    wanted = word.strip().casefold()
    found = [
        each for each in cases
        if each.id == wanted or (len(wanted) >= SHORTEST and each.id.startswith(wanted))
    ]  # fmt: skip
    if not found:
        known = {
            each.id
            for kind in kinds_of(conn).values()
            for each in lookup.referred(conn, kind, word)
        }
        named = (each for each in cases if each.name.casefold() == wanted)
        found = [each for each in cases if each.id in known]
        found += [each for each in named if each not in found]
    ids = dict.fromkeys(each.id for each in found)
    if len(ids) == 1:
        return found
    if not ids:
        raise Problem(f"Nothing called {word!r} is set aside or failing.", undone, SEE)
    lines = "".join(
        f"\n  {each.id}  {called(each)}, {SIDES[each.side]} in {each.mailbox}" for each in found
    )
    raise Problem(f"{word!r} may be several:{lines}", undone, "Name one of them by its id.")


def _tell(done: Sequence[Case], what: str, *, as_json: bool) -> None:
    if as_json:
        output.emit_json([to_json(each) for each in done])
        return
    for each in done:
        output.tell(f"{called(each)} in {each.mailbox} {what}")
