"""Who takes part in an activity: as files say it, and as rows of their table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email.utils import getaddresses
from typing import Any, cast

from sqlalchemy import Connection, insert, select

from syncd.crm.importing.names import kind_of
from syncd.crm.importing.report import BadRow, Link, Party
from syncd.crm.rows import chunks
from syncd.crm.tables import activity_party
from syncd.model.entities import PARTIES, PARTY_TARGETS

ROLES = frozenset(role for roles in PARTIES.values() for role in roles)
_COLUMNS = ("role", *(f"{each}_id" for each in PARTY_TARGETS), "address", "name")


def people(role: str, text: str) -> tuple[Party, ...]:
    """The people of a cell: names or addresses, with semicolons between them."""
    found = []
    for each in filter(None, (part.strip() for part in text.split(";"))):
        if "@" in each:
            ((name, address),) = getaddresses([each])[:1] or (("", each),)
            found.append(Party(role, None, address or each, name or None))
        else:
            found.append(Party(role, None, None, each))
    return tuple(found)


def parties_of(said: object) -> tuple[Party, ...]:
    """The parties of a list of objects: `{"role": "to", "contact": ID, "address": …}`."""
    if not isinstance(said, list):
        raise BadRow("parties: not a list")
    return tuple(_party(each) for each in said)


def _party(said: object) -> Party:
    if not isinstance(said, dict):
        raise BadRow("parties: one of them is not an object")
    role = said.get("role")
    if role not in ROLES:
        raise BadRow(f"parties: the role {str(role)[:40]!r} is none of {', '.join(sorted(ROLES))}")
    who = None
    for name, given in said.items():
        if name in ("role", "address", "name"):
            continue
        entity = kind_of(name)
        if entity not in PARTY_TARGETS or not isinstance(given, str):
            raise BadRow(f"parties: unknown key {str(name)[:40]!r}")
        who = Link(given, entity)
    address, called = said.get("address"), said.get("name")
    if not all(each is None or isinstance(each, str) for each in (address, called)):
        raise BadRow("parties: an address or a name is not a text")
    return Party(role, who, address, called)


def put_parties(
    conn: Connection, wanted: Mapping[str, Sequence[tuple[Party, str | None]]]
) -> set[str]:
    """Give activities the parties that they do not have yet; the ids of those that got any.

    `wanted`: activity → its parties, each with the id of the record that it is.
    """
    there: set[tuple[object, ...]] = set()
    for chunk in chunks(wanted):
        query = select(activity_party).where(activity_party.c.activity_id.in_(chunk))
        there |= {_known(row["activity_id"], row) for row in conn.execute(query).mappings()}
    rows, turned = [], set()
    for activity_id, parties in wanted.items():
        for party, record_id in parties:
            row: dict[str, object] = {f"{each}_id": None for each in PARTY_TARGETS}
            if party.who is not None and record_id is not None:
                row[f"{party.who.entity}_id"] = record_id
            row |= {"role": party.role, "address": party.address, "name": party.name}
            known = _known(activity_id, row)
            if known not in there and (record_id or party.address or party.name):
                there.add(known)
                rows.append({"activity_id": activity_id, **row})
                turned.add(activity_id)
    if rows:
        conn.execute(insert(activity_party), rows)
    return turned


def _known(activity_id: object, row: Mapping[Any, Any]) -> tuple[object, ...]:
    return (activity_id, *(row[name] for name in _COLUMNS))


def parties_said(conn: Connection, activities: Sequence[str]) -> dict[str, list[dict[str, str]]]:
    """The parties of activities, as `parties_of` reads them."""
    found: dict[str, list[dict[str, str]]] = {}
    for chunk in chunks(activities):
        query = select(activity_party).where(
            activity_party.c.activity_id.in_(chunk), activity_party.c.role.in_(ROLES)
        )
        for row in conn.execute(query.order_by(activity_party.c.id)).mappings():
            said = {"role": row["role"]}
            said |= {e: row[f"{e}_id"] for e in PARTY_TARGETS if row[f"{e}_id"]}
            said |= {n: row[n] for n in ("address", "name") if row[n]}
            found.setdefault(cast(str, row["activity_id"]), []).append(said)
    return found
