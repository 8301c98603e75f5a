"""Records as the command line prints them: a line, a table of one, a table of many, JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from syncd.cli.crm.desk import Desk
from syncd.cli.crm.sorts import NAME, OWNER, SORTS, STATUS, Sort
from syncd.cli.crm.taking_part import part_called
from syncd.cli.output import emit_json, moment, table, tell
from syncd.model.entities import KEPT_PARTIES
from syncd.model.fields import Attribute, FieldType
from syncd.model.values import Value, to_json

if TYPE_CHECKING:
    from syncd.crm.parties import Party
    from syncd.crm.stored import Stored

_LONG = 60  # characters of a text in a list
_SHORT_ID = 8
_USUAL = "active"  # the state that goes without saying


def done(desk: Desk, what: str, found: Stored, *, as_json: bool) -> None:
    """What was done to a record: a sentence, or the record."""
    if as_json:
        emit_json(record_json(desk, desk.crm.seen(found)))
    else:
        owner = desk.users.get(found.owner_id, "")
        tell(f"{what} {titled(found)} ({found.id}), owner {owner}.")


def titled(found: Stored) -> str:
    """What a record is called, in a sentence: a lead by its topic and its name."""
    sort = SORTS[found.record.kind.name]
    topic = found.record.fields.get("subject") if sort.entity == "lead" else None
    if topic and found.name:
        return f"{topic}, {found.name}"
    return str(topic or found.name or f"{sort.one} without a name")


def record_json(desk: Desk, found: Stored) -> dict[str, object]:
    """A record as programs read it."""
    return records_json(desk, [found])[0]


def records_json(desk: Desk, found: Sequence[Stored]) -> list[dict[str, object]]:
    """Records as programs read them: what all have, then the fields, then who takes part."""
    parties, names = _parties_of(desk, found)
    answer = []
    for each in found:
        data: dict[str, object] = {
            "kind": each.record.kind.name,
            "id": each.id,
            "owner": desk.users.get(each.owner_id),
            "statecode": each.statecode,
            "statuscode": each.statuscode,
            "version": each.version,
            "created_at": each.created_at.isoformat(),
            "created_by": each.created_by,
            "modified_at": each.modified_at.isoformat(),
            "modified_by": each.modified_by,
            "deleted": each.deleted,
            **each.record.to_json(),
            **{name: to_json(value) for name, value in each.extras.items()},
        }
        if SORTS[each.record.kind.name].parties:
            data["parties"] = [_party_json(p, names) for p in parties.get(each.id, ())]
        answer.append(data)
    return answer


def listed(desk: Desk, sort: Sort, found: Sequence[Stored]) -> None:
    """Print records as a table."""
    columns = [
        each
        for each in sort.columns
        if each != STATUS or any(r.statuscode != _USUAL for r in found)
    ]
    names = desk.names(_references(sort, found))
    rows = [
        (short_id(each), *(_cell(desk, sort, each, column, names) for column in columns))
        for each in found
    ]
    plural = sort.schema.plural
    table(plural[:1].upper() + plural[1:], ("Id", *(_head(sort, c) for c in columns)), rows)


def shown(desk: Desk, sort: Sort, found: Stored) -> None:
    """Print all of one record that is not empty."""
    parties, names = _parties_of(desk, [found])
    names |= desk.names(_references(sort, [found]))
    rows = [
        (field.label, _text(field, found.values.get(field.name), names))
        for field in sort.attributes
    ]
    rows += [
        *(
            (part_called(party.role), _told(party, names))
            for party in parties.get(found.id, ())
            if party.role not in KEPT_PARTIES
        ),
        ("Owner", desk.users.get(found.owner_id, "")),
        ("State", state_of(found)),
        *(("Shared with", each) for each in _shares(desk, sort, found)),
        ("Created", _when(found.created_at, found.created_by)),
        ("Changed", _when(found.modified_at, found.modified_by)),
        ("Version", str(found.version)),
        ("Id", found.id),
    ]
    title = titled(found)
    table(title[:1].upper() + title[1:], ("Field", "Value"), [row for row in rows if row[1]])


def short_id(found: Stored) -> str:
    """The beginning of an id: enough to name a record by, and short enough for a line."""
    return found.id[:_SHORT_ID]


def state_of(found: Stored) -> str:
    """State and status reason as people read them: `open, contacted`."""
    same = found.statuscode == found.statecode
    return found.statecode if same else f"{found.statecode}, {found.statuscode}"


def principals(desk: Desk) -> dict[str, str]:
    """What users and teams are called, by id."""
    from syncd.cli.crm_store import reading
    from syncd.crm import teams

    with reading(desk.context) as conn:
        return {**desk.users, **{each.id: f"team {each.name}" for each in teams.every(conn)}}


def _shares(desk: Desk, sort: Sort, found: Stored) -> list[str]:
    shares = desk.crm.shares(sort.entity, found.id)
    called = principals(desk) if shares else {}
    return [
        f"{called.get(each.principal_id, '')}, {'to change' if each.may_write else 'to read'}"
        for each in shares
    ]


def _when(at: datetime, by: str | None) -> str:
    who = (by or "").partition(":")[2]
    return f"{moment(at)} by {who}" if who else moment(at)


def _parties_of(
    desk: Desk, found: Sequence[Stored]
) -> tuple[Mapping[str, list[Party]], dict[str, str]]:
    activities = [each for each in found if SORTS[each.record.kind.name].parties]
    parties = desk.crm.parties(activities) if activities else {}
    targets = {p.target for many in parties.values() for p in many if p.target}
    return parties, desk.names(targets)


def _party_json(party: Party, names: Mapping[str, str]) -> dict[str, object]:
    called = names.get(party.target) if party.target else None
    return {
        "role": party.role,
        "target": party.target,
        "name": party.name or called,
        "address": party.address,
    }


def _told(party: Party, names: Mapping[str, str]) -> str:
    if party.target:
        return _called(party.target, names)
    if party.name and party.address:
        return f"{party.name} <{party.address}>"
    return party.name or party.address or ""


def _called(reference: str, names: Mapping[str, str]) -> str:
    entity, _, record_id = reference.partition(":")
    if entity == "user":
        return names.get(reference, record_id)
    return f"{names.get(reference) or '–'} ({SORTS[entity].word} {record_id[:_SHORT_ID]})"


def _references(sort: Sort, found: Iterable[Stored]) -> set[str]:
    fields = [each for each in sort.attributes if each.refers]
    held = ((field, each.values.get(field.name)) for each in found for field in fields)
    return {_whole(field, value) for field, value in held if value}


def _whole(field: Attribute, value: Value) -> str:
    """A reference with its entity, whether it is stored so or not."""
    return str(value) if len(field.refers) > 1 else f"{field.refers[0]}:{value}"


def _head(sort: Sort, column: str) -> str:
    special = {NAME: "Name", STATUS: "Status", OWNER: "Owner"}
    return special.get(column) or sort.by_name[column].label


def _cell(desk: Desk, sort: Sort, found: Stored, column: str, names: Mapping[str, str]) -> str:
    if column == NAME:
        return found.name
    if column == STATUS:
        return found.statuscode
    if column == OWNER:
        return desk.users.get(found.owner_id, "")
    field, value = sort.by_name[column], found.values.get(column)
    if field.refers and value:
        return names.get(_whole(field, value)) or "–"
    if field.type is FieldType.NOTE and value:
        first = " ".join(str(value).split())
        return first if len(first) <= _LONG else f"{first[: _LONG - 1]}…"
    return _text(field, value, names)


def _text(field: Attribute, value: Value, names: Mapping[str, str]) -> str:
    if value is None:
        return ""
    if field.refers:
        return _called(_whole(field, value), names)
    if isinstance(value, datetime):
        return f"{value.astimezone():%Y-%m-%d %H:%M}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    held = to_json(value)
    return ", ".join(held) if isinstance(held, list) else str(held)
