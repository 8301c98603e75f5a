"""`syncd breaker`: what is held back because it is unusually much, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context
from syncd.cli.errors import Problem
from syncd.cli.numbers import NUMBER

if TYPE_CHECKING:
    from syncd.reconcile.breaker import Bounded
    from syncd.sync.held_back import Discarded, Held, Shares

FIRST = 5  # that are named of one sort
VERBS = ("delete", "unlink", "move", "empty", "create", "crm-write", "withdraw")

_verb = click.option("--verb", type=click.Choice(VERBS), help="Only what is held of this sort.")
_cause = click.option(
    "--cause", type=NUMBER, metavar="N", help="Only one change, as `breaker list` numbers it."
)


@click.group(name="breaker", short_help="What is held back: let it go, or decide against it.")
def command() -> None:
    """What is held back because it is unusually much, until somebody has looked.

    The rest of the mailbox is kept in step meanwhile.
    """


@command.command(name="list")
@click.argument("mailbox", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with everybody by name and id.")
@pass_context
def list_held(context: Context, mailbox: str | None, *, as_json: bool) -> None:
    """Show what is held in MAILBOX, or in all mailboxes: what was seen, what would be done."""
    from syncd.cli import mailboxes
    from syncd.sync.held_back import held_back, shares

    with mailboxes.reading(context) as conn:
        rows = mailboxes.named(conn, mailbox)
        found = [(row.id, each) for row in rows for each in held_back(conn, row)]
        causes = {cause: shares(conn, cause) for _, each in found for cause in each.causes}
    fields: dict[str, Sequence[str]] = {}
    for number, each in found:
        if any(reason.value == "emptied" for reason in each.reasons):
            fields |= _emptied(context, number, each)
    if as_json:
        output.emit_json([_json(each, fields) for _, each in found])
    elif not found:
        output.tell("Nothing is held back.")
    for _, each in found:
        if not as_json:
            _tell(each, fields)
    if not as_json:
        _tell_causes([each for each in causes.values() if len(each.mailboxes) > 1])


@command.command()
@click.argument("mailbox", required=False)
@click.argument("names", nargs=-1, metavar="[WHO]...")
@_verb
@_cause
@pass_context
def approve(
    context: Context,
    mailbox: str | None,
    names: tuple[str, ...],
    verb: str | None,
    cause: int | None,
) -> None:
    """Let go what is held in MAILBOX now: all of it, one sort, or WHO by name or id.

    Its next sync carries it out. A contact that changes until then is not what was approved, and is
    looked at anew. With --cause it is one change, in all mailboxes.
    """
    from syncd.cli import mailboxes
    from syncd.reconcile.breaker import Bounded
    from syncd.sync import held_back

    undone = "Nothing was approved."
    if mailbox is None:
        _approve_everywhere(context, cause, undone)
        return
    with mailboxes.noting(context, mailbox, undone) as (conn, row):
        sort = Bounded(verb) if verb else None
        which = held_back.chosen(conn, row, names, sort, cause)
        count = held_back.approve(conn, row, mailboxes.now(conn), which)
    if count:
        output.tell(f"Approved: {count}. Carry it out now with: syncd sync {row.address}")
    else:
        _tell_nothing(row.address, verb)


def _approve_everywhere(context: Context, cause: int | None, undone: str) -> None:
    """Let one change go in all mailboxes, also in those that have not come to it yet."""
    from syncd.cli import mailboxes
    from syncd.sync import causes, held_back

    addresses = _addresses(context, None, cause, undone)
    with mailboxes.writing(context, undone) as conn:
        count = held_back.shares(conn, cause or 0).count
        causes.approve(conn, cause or 0, mailboxes.now(conn))
    for address in addresses:
        with mailboxes.noting(context, address, "It is approved, and not begun.") as (conn, row):
            # Looked at again by the next run.
            held_back.approve(conn, row, mailboxes.now(conn), held_back.NOTHING)
    where = "1 mailbox" if len(addresses) == 1 else f"{len(addresses)} mailboxes"
    output.tell(f"Approved: {count}, in {where}. Carry it out now with: syncd sync")


@command.command()
@click.argument("mailbox", required=False)
@click.argument("names", nargs=-1, metavar="[WHO]...")
@_verb
@_cause
@pass_context
def discard(
    context: Context,
    mailbox: str | None,
    names: tuple[str, ...],
    verb: str | None,
    cause: int | None,
) -> None:
    """Decide against what is held in MAILBOX: all of it, one sort, or WHO by name or id.

    Nothing is removed on either side then: what was deleted in Outlook is put back, what was edited
    there gets back what the CRM holds, and what left stays where it is. What is private cannot be
    decided against. With --cause it is one change, in all mailboxes.
    """
    from syncd.cli import mailboxes
    from syncd.reconcile.breaker import Bounded
    from syncd.sync import held_back

    undone = "Nothing was decided."
    sorts: set[Bounded] = set()
    for address in _addresses(context, mailbox, cause, undone):
        with mailboxes.noting(context, address, undone) as (conn, row):
            sort = Bounded(verb) if verb else None
            which = held_back.chosen(conn, row, names, sort, cause)
            sorts |= held_back.sorts(conn, row, which)
            told = held_back.discard(conn, row, mailboxes.now(conn), which)
        _tell_discarded(row.address, verb, told)
    _tell_instead(sorts - {Bounded.WITHDRAW} if verb is None else {Bounded(verb)} & sorts)


def _addresses(
    context: Context, mailbox: str | None, cause: int | None, undone: str
) -> Sequence[str]:
    """The mailbox that is named, or all that have a share of a change. Raises Problem."""
    from syncd.cli import mailboxes
    from syncd.sync.held_back import shares

    if mailbox is not None:
        return [mailbox]
    if cause is None:
        todo = "Name a MAILBOX, or one change in all mailboxes: --cause N"
        raise Problem("It is not said of which mailbox.", undone, todo)
    with mailboxes.reading(context, undone) as conn:
        found = shares(conn, cause).mailboxes
    if not found:
        raise Problem(f"Nothing is held of a change {cause}.", undone, "See: syncd breaker list")
    return found


def _tell_nothing(address: str, verb: str | None) -> None:
    output.tell(f"Nothing {f'of the sort {verb} ' if verb else ''}is held in {address}.")


def _tell_discarded(address: str, verb: str | None, told: Discarded) -> None:
    if told.private and not told.done:
        what = f"{told.private} were marked private by their owner, which is not to be decided."
        todo = f"Take it out of the CRM: syncd breaker approve {address} --verb withdraw"
        raise Problem(what, "Nothing was decided.", todo)
    if not told.done:
        _tell_nothing(address, verb)
        return
    output.tell(f"Decided against: {told.done}. Carry it out now with: syncd sync {address}")
    if told.private:
        output.tell(f"{told.private} stay held: they were marked private by their owner.")


def _tell_instead(sorts: Iterable[Bounded]) -> None:
    from syncd.cli.language import language
    from syncd.sync import catalogue

    for each in sorted(sorts):
        output.tell(f"{each.value}: {catalogue.text(f'instead.{each}', language())}")


def _emptied(context: Context, mailbox_id: int, held: Held) -> Mapping[str, Sequence[str]]:
    """Which fields would be emptied; nothing, with a word about it, where nobody can look."""
    from syncd.cli import mailboxes
    from syncd.cli.looking_in import looking
    from syncd.sync.held_back import emptied, emptied_fields

    with mailboxes.reading(context) as conn:
        known = emptied(conn, mailbox_id, held.ones)
    try:
        with looking(context, held.mailbox, "") as port:
            return emptied_fields(port, known)
    except Problem as problem:
        output.tell(f"Which fields would be emptied is not known now: {problem.what}", err=True)
        return {}


def _tell(each: Held, fields: Mapping[str, Sequence[str]]) -> None:
    from syncd.cli.language import language, sentence
    from syncd.sync import catalogue

    n, spoken = len(each.ones), language()
    output.tell(f"{each.mailbox}, {each.verb.value}: {n} held since {output.moment(each.since)}")
    output.tell(f"  {catalogue.text(f'seen.{each.verb}', spoken, count=n)}.")
    for reason, of in each.reasons.most_common():
        output.tell(f"    {of} × {sentence(reason)}")
    output.tell(f"  Likely: {catalogue.text(f'likely.{each.verb}', spoken)}")
    for one in each.ones[:FIRST]:
        emptied = fields.get(one.subject)
        what = f": empties {', '.join(emptied)}" if emptied else ""
        output.tell(f"  {one.name}{what}")
    if n > FIRST:
        output.tell(f"  … and {n - FIRST} more; all of them: syncd breaker list --json")
    for number in sorted(each.causes):
        output.tell(f"  All or some of it is one change: --cause {number}")
    output.tell(f"If this is meant: syncd breaker approve {each.mailbox} --verb {each.verb.value}")
    if each.verb.value != "withdraw":
        against = f"syncd breaker discard {each.mailbox} --verb {each.verb.value}"
        output.tell(f"If it is not: {against}")


def _tell_causes(found: Sequence[Shares]) -> None:
    for each in found:
        number, where = each.cause, len(each.mailboxes)
        output.tell(f"Change {number} concerns {each.count} of these, in {where} mailboxes.")
        output.tell(
            f"Decide for all: syncd breaker approve --cause {number} | discard --cause {number}"
        )


def _json(each: Held, fields: Mapping[str, Sequence[str]]) -> dict[str, object]:
    from syncd.cli.language import language
    from syncd.sync import catalogue

    n, spoken = len(each.ones), language()
    return {
        "mailbox": each.mailbox,
        "verb": each.verb.value,
        "count": n,
        "since": each.since.isoformat(),
        "seen": catalogue.text(f"seen.{each.verb}", spoken, count=n),
        "likely": catalogue.text(f"likely.{each.verb}", spoken),
        "reasons": {reason.value: n for reason, n in each.reasons.items()},
        "held": [
            {
                "id": one.subject,
                "name": one.name,
                "reason": one.reason.value if one.reason else None,
                "cause": one.cause,
                "empties": list(fields.get(one.subject, ())),
            }
            for one in each.ones
        ],
    }
