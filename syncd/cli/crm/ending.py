"""The verbs that bring a record into another state, such as complete, win, deactivate."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import click

from syncd.cli.crm.choosing import act_on_many, chosen_records, one_or_many
from syncd.cli.crm.desk import Desk, as_json, pass_desk, yes_for_many
from syncd.cli.crm.fields import option_of
from syncd.cli.crm.printing import done
from syncd.cli.crm.sorts import Sort
from syncd.cli.crm.values import chosen, typed
from syncd.model.states import COMPLETED, DISQUALIFIED, LOST

if TYPE_CHECKING:
    from decimal import Decimal

    from syncd.crm.stored import Stored

Option = Callable[[Callable[..., None]], Callable[..., None]]
Do = Callable[[Desk, str, dict[str, object]], "Stored"]


def deactivate(sort: Sort) -> click.Command:
    """Put a record out of use."""
    text = f"Put {sort.one} out of use: it stays, read-only, and leaves people's Outlook."
    return _verb(sort, "deactivate", "Deactivated", text, _deactivate(sort))


def reactivate(sort: Sort) -> click.Command:
    """Take a record into use again."""
    text = f"Take {sort.one} into use again."
    if sort.entity == "lead":
        text = "Open a lead again that was qualified or disqualified."
    return _verb(sort, "reactivate", "Reactivated", text, _reactivate(sort))


def reopen(sort: Sort) -> click.Command:
    """Open what was closed."""
    text = f"Open {sort.one} again that was won or lost."
    return _verb(sort, "reopen", "Reopened", text, _reactivate(sort))


def cancel(sort: Sort) -> click.Command:
    """Call an activity off."""
    text = f"Call {sort.one} off, for good."

    def do(desk: Desk, record_id: str, options: dict[str, object]) -> Stored:
        del options
        return desk.crm.cancel(sort.entity, record_id)

    return _verb(sort, "cancel", "Canceled", text, do)


def complete(sort: Sort) -> click.Command:
    """Finish an activity."""
    reasons = tuple(sort.states.by_name[COMPLETED].reasons)

    def do(desk: Desk, record_id: str, options: dict[str, object]) -> Stored:
        status = _reason(options, "status", reasons)
        return desk.crm.complete(sort.entity, record_id, status=status)

    options: list[Option] = []
    if len(reasons) > 1:
        text = f"How: {', '.join(reasons)}. Otherwise as its direction says."
        options = [click.option("--status", metavar="WORD", help=text)]
    text = f"Finish {sort.one}, for good."
    return _verb(sort, "complete", "Completed", text, do, *options)


def win(sort: Sort) -> click.Command:
    """Close an opportunity as won."""
    value = sort.by_name["actualvalue"]

    def do(desk: Desk, record_id: str, options: dict[str, object]) -> Stored:
        text = cast("str | None", options["value"])
        amount = typed(value, "--value", text, _undone("won")) if text else None
        return desk.crm.win(record_id, value=cast("Decimal | None", amount))

    text = "What it was sold for; otherwise what was estimated."
    option = click.option("--value", option_of(value), "value", metavar="AMOUNT", help=text)
    return _verb(sort, "win", "Won", f"Close {sort.one} as won, today.", do, option)


def lose(sort: Sort) -> click.Command:
    """Close an opportunity as lost."""
    reasons = tuple(sort.states.by_name[LOST].reasons)

    def do(desk: Desk, record_id: str, options: dict[str, object]) -> Stored:
        return desk.crm.lose(record_id, reason=_reason(options, "reason", reasons))

    text = f"Why: {', '.join(reasons)}. Otherwise {reasons[0]}."
    option = click.option("--reason", metavar="WORD", help=text)
    return _verb(sort, "lose", "Lost", f"Close {sort.one} as lost, today.", do, option)


def disqualify(sort: Sort) -> click.Command:
    """End a lead without a sale."""
    reasons = tuple(sort.states.by_name[DISQUALIFIED].reasons)

    def do(desk: Desk, record_id: str, options: dict[str, object]) -> Stored:
        reason = _reason(options, "reason", reasons)
        return desk.crm.disqualify(record_id, reason or reasons[0])

    text = f"Why: {', '.join(reasons)}. Required."
    option = click.option("--reason", required=True, metavar="WORD", help=text)
    about = "End a lead without a sale. It stays, with everything, for another time."
    return _verb(sort, "disqualify", "Disqualified", about, do, option)


def _verb(sort: Sort, verb: str, did: str, about: str, do: Do, *options: Option) -> click.Command:
    def command(
        desk: Desk,
        /,
        *,
        reference: str | None,
        where: str | None,
        yes: bool,
        as_json: bool,
        **given: object,
    ) -> None:
        with desk.explained(_undone(did.lower())):
            found = one_or_many(desk, sort, reference, where)
            if found is None:

                def act(desk: Desk, each: Stored) -> Stored:
                    return do(desk, each.id, given)

                act_on_many(desk, sort, where or "", act, did, yes=yes, as_json=as_json)
                return
            made = do(desk, found.id, given)
            same = made.version == found.version
            done(desk, "Unchanged:" if same else did, made, as_json=as_json)

    body: Callable[..., None] = yes_for_many(as_json(pass_desk(command)))
    for option in options:
        body = option(body)
    return click.command(verb, help=about)(chosen_records(sort)(body))


def _undone(did: str) -> str:
    return f"Nothing was {did}."


def _deactivate(sort: Sort) -> Do:
    def do(desk: Desk, record_id: str, options: dict[str, object]) -> Stored:
        del options
        return desk.crm.deactivate(sort.entity, record_id)

    return do


def _reactivate(sort: Sort) -> Do:
    def do(desk: Desk, record_id: str, options: dict[str, object]) -> Stored:
        del options
        return desk.crm.reactivate(sort.entity, record_id)

    return do


def _reason(options: dict[str, object], option: str, reasons: tuple[str, ...]) -> str | None:
    text = cast("str | None", options.get(option))
    return None if text is None else chosen(f"--{option}", text, reasons, "Nothing was changed.")
