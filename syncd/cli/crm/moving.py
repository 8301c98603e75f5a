"""`assign`, `delete`, `share`, `unshare`, `merge`: what is done to a record as a whole.

What takes other records along is told first: it moves what stands in people's Outlook.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

import click

from syncd.cli.crm.choosing import act_on_many, chosen_records, one_or_many
from syncd.cli.crm.desk import Desk, as_json, pass_desk, yes_option
from syncd.cli.crm.printing import done, principals, record_json, short_id, titled
from syncd.cli.crm.references import named
from syncd.cli.crm.sorts import Sort, counted
from syncd.cli.errors import Exit, Problem
from syncd.cli.output import emit_json, tell

if TYPE_CHECKING:
    from syncd.crm.stored import Stored


def assign(sort: Sort) -> click.Command:
    """The verb that gives a record to another owner."""
    undone = f"The {sort.word} keeps its owner."

    @click.command("assign", help=f"Give {sort.one} to another owner.{_ALONG}")
    @chosen_records(sort)
    @click.option("--owner", required=True, metavar="ADDRESS", help="Who owns it from now on.")
    @yes_option
    @as_json
    @pass_desk
    def command(
        desk: Desk,
        /,
        *,
        reference: str | None,
        where: str | None,
        owner: str,
        yes: bool,
        as_json: bool,
    ) -> None:
        from syncd.crm.cascades import Deed

        with desk.explained(undone if where is None else "Nothing was assigned."):
            found = one_or_many(desk, sort, reference, where)
            owner_id = desk.user_id(owner)
            if found is None:

                def act(desk: Desk, each: Stored) -> Stored:
                    return desk.crm.assign(sort.entity, each.id, owner_id)

                act_on_many(
                    desk, sort, where or "", act, "Assigned",
                    yes=yes, as_json=as_json, deed=Deed.ASSIGN,
                )  # fmt: skip
                return
            taken = desk.crm.taken_along(sort.entity, found.id, Deed.ASSIGN)
            if taken and not yes:
                again = ["assign", short_id(found), "--owner", owner]
                outcome = f"All of them go to {desk.users[owner_id]}, out of their owners' Outlook."
                raise _asked(desk, sort, found, taken, outcome, undone, again, as_json=as_json)
            made = desk.crm.assign(sort.entity, found.id, owner_id)
            _told(desk, "Assigned", made, taken, as_json=as_json)

    return command


def delete(sort: Sort) -> click.Command:
    """The verb that deletes a record."""
    undone = "Nothing was deleted."
    kept = "Its values stay in the store, out of every list."

    @click.command("delete", help=f"Delete {sort.one}. {kept}{_ALONG}")
    @chosen_records(sort)
    @yes_option
    @as_json
    @pass_desk
    def command(
        desk: Desk, /, *, reference: str | None, where: str | None, yes: bool, as_json: bool
    ) -> None:
        from syncd.crm.cascades import Deed

        with desk.explained(undone):
            found = one_or_many(desk, sort, reference, where)
            if found is None:

                def act(desk: Desk, each: Stored) -> Stored:
                    return desk.crm.delete(sort.entity, each.id)

                act_on_many(
                    desk, sort, where or "", act, "Deleted",
                    yes=yes, as_json=as_json, deed=Deed.DELETE,
                )  # fmt: skip
                return
            taken = desk.crm.taken_along(sort.entity, found.id, Deed.DELETE)
            if taken and not yes:
                outcome = "All of them are deleted, and leave their owners' Outlook."
                again = ["delete", short_id(found)]
                raise _asked(desk, sort, found, taken, outcome, undone, again, as_json=as_json)
            made = desk.crm.delete(sort.entity, found.id)
            _told(desk, "Deleted", made, taken, as_json=as_json)

    return command


_ALONG = "\n\nIf it takes other records along, these are counted first, and --yes goes on."


def _counts(taken: Mapping[str, Collection[str]]) -> dict[str, int]:
    return {entity: len(ids) for entity, ids in taken.items()}


def _asked(
    desk: Desk,
    sort: Sort,
    found: Stored,
    taken: Mapping[str, Collection[str]],
    outcome: str,
    undone: str,
    again: list[str],
    *,
    as_json: bool,
) -> Problem:
    """The problem of what would take others along, for a person; for programs, printed first."""
    if as_json:
        record = record_json(desk, found)
        emit_json({"done": False, "record": record, "takes_along": _counts(taken)})
    name = titled(found)
    what = f"{name[:1].upper()}{name[1:]} takes along {counted(_counts(taken))}. {outcome}"
    to_type = shlex.join(["syncd", "crm", *desk.acting_words, sort.command, *again, "--yes"])
    return Problem(what, undone, f"To go on, type:\n  {to_type}", Exit.HELD)


def _told(
    desk: Desk,
    what: str,
    made: Stored,
    taken: Mapping[str, Collection[str]],
    *,
    as_json: bool,
) -> None:
    if as_json:
        data = record_json(desk, desk.crm.seen(made))
        emit_json(data | {"takes_along": _counts(taken)})
        return
    done(desk, what, made, as_json=False)
    if taken:
        tell(f"With it: {counted(_counts(taken))}.")


def _with(function: Callable[..., None]) -> Callable[..., None]:
    text = "A user's address, or the name of a team."
    return click.option("--with", "principal", required=True, metavar="WHO", help=text)(function)


def share(sort: Sort) -> click.Command:
    """The verb that lets another user or a team see a record."""
    undone = "Nothing was shared."

    @click.command(
        "share",
        help=f"Let another user, or a team, see {sort.one} and what belongs to it.",
    )
    @click.argument("reference", metavar=sort.metavar)
    @_with
    @click.option("--write", is_flag=True, help="And change it.")
    @as_json
    @pass_desk
    def command(
        desk: Desk, /, *, reference: str, principal: str, write: bool, as_json: bool
    ) -> None:
        from syncd.crm.cascades import Deed

        with desk.explained(undone):
            found = named(desk, sort, reference)
            principal_id = principal_called(desk, principal, undone)
            taken = _counts(desk.crm.taken_along(sort.entity, found.id, Deed.SHARE))
            desk.crm.share(sort.entity, found.id, principal_id, may_write=write)
            if as_json:
                emit_json(_shares_json(desk, sort, found) | {"takes_along": taken})
                return
            may = "see and change" if write else "see"
            along = f", with {counted(taken)}" if taken else ""
            tell(f"{_who(desk, principal_id)} may {may} {titled(found)} ({found.id}){along}.")

    return command


def unshare(sort: Sort) -> click.Command:
    """The verb that takes that back."""
    undone = "Nothing was changed."

    @click.command("unshare", help=f"Take back that {sort.one} was shared.")
    @click.argument("reference", metavar=sort.metavar)
    @_with
    @as_json
    @pass_desk
    def command(desk: Desk, /, *, reference: str, principal: str, as_json: bool) -> None:
        with desk.explained(undone):
            found = named(desk, sort, reference)
            principal_id = principal_called(desk, principal, undone)
            changed = desk.crm.unshare(sort.entity, found.id, principal_id)
            if as_json:
                emit_json(_shares_json(desk, sort, found) | {"changed": changed})
                return
            what = "is not shared any more with" if changed else "was not shared with"
            name = titled(found)
            tell(f"{name[:1].upper()}{name[1:]} {what} {_who(desk, principal_id)}.")

    return command


def principal_called(desk: Desk, name: str, undone: str) -> str:
    """The id of a user, by address, or of a team, by name. Raises Problem."""
    wanted = " ".join(name.split()).lower()
    for principal_id, called in principals(desk).items():
        if wanted in (called.lower(), called.removeprefix("team ").lower(), principal_id):
            return principal_id
    todo = "See who there is: syncd users list; syncd crm team list"
    raise Problem(f"There is no user or team {name!r}.", undone, todo)


def _who(desk: Desk, principal_id: str) -> str:
    called = principals(desk)[principal_id]
    return f"The {called}" if called.startswith("team ") else called


def _shares_json(desk: Desk, sort: Sort, found: Stored) -> dict[str, object]:
    called = principals(desk)
    shares = desk.crm.shares(sort.entity, found.id)
    return {
        "kind": sort.entity,
        "id": found.id,
        "shares": [
            {"with": called.get(each.principal_id), "id": each.principal_id,
             "may_write": each.may_write}
            for each in shares
        ],
    }  # fmt: skip


def merge(sort: Sort) -> click.Command:
    """The verb that makes one of two records."""
    undone = "Nothing was merged."

    @click.command(
        "merge",
        help=(
            f"Make one of two {sort.schema.plural}: the first stays.\n\n"
            "It takes what it has no value for from the second, and all that hangs on that one; "
            "the second is deleted."
        ),
    )
    @click.argument("survivor", metavar=sort.metavar)
    @click.argument("loser", metavar="DUPLICATE")
    @as_json
    @pass_desk
    def command(desk: Desk, /, *, survivor: str, loser: str, as_json: bool) -> None:
        with desk.explained(undone):
            stays, goes = named(desk, sort, survivor), named(desk, sort, loser)
            made = desk.crm.merge(sort.entity, stays.id, goes.id)
            if as_json:
                emit_json(record_json(desk, desk.crm.seen(made)) | {"merged": goes.id})
                return
            tell(f"Merged {titled(goes)} ({goes.id}) into this one, and deleted it:")
            done(desk, "Kept", made, as_json=False)

    return command
