"""Whom a person means: by an id or its beginning, an e-mail address, a name, `contact:NAME`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from syncd.cli.crm.desk import Desk
from syncd.cli.crm.sorts import SORTS, Sort
from syncd.cli.errors import Problem
from syncd.model.fields import Attribute
from syncd.model.values import Value

if TYPE_CHECKING:
    from syncd.crm.stored import Stored

_HINTS = 5  # records that are named where none is meant exactly
_TELLING = (
    "subject", "companyname", "emailaddress1", "address1_city", "scheduledstart", "scheduledend",
    "notetext",
)  # fmt: skip
_FEW = 40  # characters of a value in a line


def named(desk: Desk, sort: Sort, reference: str) -> Stored:
    """The one record that a verb is to work on. Raises Problem when there is none, or several."""
    return _only(desk, (sort,), reference, "Nothing was shown or changed.", prefer_open=False)


def pointed(desk: Desk, attribute: Attribute, reference: str, undone: str) -> str:
    """The value of a reference to the one record that is meant. Raises Problem.

    What is in use goes before what is closed of the same name.
    """
    sorts = [SORTS[each] for each in attribute.refers]
    found = _only(desk, sorts, reference, undone, prefer_open=True)
    entity = found.record.kind.name
    return f"{entity}:{found.id}" if len(attribute.refers) > 1 else found.id


def candidates(desk: Desk, sorts: Iterable[Sort], reference: str) -> list[Stored]:
    """All that may be meant among some entities, at most a handful of each.

    `account:Contoso` narrows it to one of them.
    """
    among = list(sorts)
    entity, colon, rest = reference.partition(":")
    said = [each for each in among if each.entity == entity.strip().lower().replace("-", "_")]
    if colon and said:
        among, reference = said, rest
    return [found for each in among for found in desk.crm.find(each.entity, reference)]


def described(desk: Desk, found: Stored, *, kind: bool) -> str:
    """One record in a line that tells it from others of its name."""
    fields = found.record.fields
    told = [found.name, *(_few(fields[n]) for n in _TELLING if fields.get(n))]
    sort = SORTS[found.record.kind.name]
    state = "" if found.statecode in ("active", "open") else f", {found.statecode}"
    what = f"{sort.command}:" if kind else ""
    facts = ", ".join(dict.fromkeys(each for each in told if each)) or "without a name"
    return f"{what}{found.id}  {facts}{state} ({desk.users.get(found.owner_id, '')})"


def _few(value: Value) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone():%Y-%m-%d %H:%M}"
    text = " ".join(str(value).split())
    return text if len(text) <= _FEW else f"{text[: _FEW - 1]}…"


def _only(
    desk: Desk, sorts: Sequence[Sort], reference: str, undone: str, *, prefer_open: bool
) -> Stored:
    found = candidates(desk, sorts, reference)
    if prefer_open and len(found) > 1 and len(used := [e for e in found if e.active]) == 1:
        found = used
    if len(found) == 1:
        return found[0]
    if not found:
        raise _nobody(desk, sorts, reference, undone)
    several = len(sorts) > 1
    lines = "".join(f"\n  {described(desk, each, kind=several)}" for each in found)
    what = sorts[0].schema.plural if not several else "records"
    todo = "Name one of them by its id."
    if several:
        todo = f'Name one of them by its id, or say which sort it is: "{sorts[0].command}:NAME"'
    raise Problem(f"{reference!r} may be several {what}:{lines}", undone, todo)


def _nobody(desk: Desk, sorts: Sequence[Sort], reference: str, undone: str) -> Problem:
    sought = " or ".join(each.word for each in sorts)
    near = [
        each
        for sort in sorts
        if reference.strip()
        for each in desk.crm.search(sort.entity, text=reference.strip(), limit=_HINTS)[1]
    ][:_HINTS]
    lines = "".join(f"\n  {described(desk, each, kind=len(sorts) > 1)}" for each in near)
    like = f" Like it there is:{lines}" if near else ""
    todo = f"Look for it: syncd crm {sorts[0].command} list --search TEXT"
    return Problem(f"There is no {sought} {reference!r}.{like}", undone, todo)
