"""Users whom a file brings: they own what comes after them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from sqlalchemy import Connection

from syncd.crm import users
from syncd.crm.errors import CrmError
from syncd.crm.importing import keys
from syncd.crm.importing.into import Into
from syncd.crm.importing.names import USER
from syncd.crm.importing.report import Row


def write_users(conn: Connection, into: Into, rows: Sequence[Row]) -> None:
    """Make users known. One who is here already stays as they are; another system's id is kept."""
    remembered: dict[str, str] = {}
    for row in rows:
        address = row.fields.get("internalemailaddress") or row.fields.get("domainname")
        if not address:
            into.reject(row.line, "internalemailaddress: a user has an address", row.original)
            continue
        found = users.get(conn, str(address))
        if found is not None:
            into.report.unchanged[USER] += 1
        else:
            name = cast("str | None", row.fields.get("fullname"))
            try:
                found = users.add(conn, str(address), name, id=row.id)
            except CrmError as error:
                into.reject(row.line, str(error), row.original)
                continue
            into.report.created[USER] += 1
            into.report.show(row.line, USER, "create", row.fields)
        if row.id and row.id != found.id:
            remembered[row.id] = found.id
    known = keys.known(conn, into.source, USER, remembered)
    new = [(key, user_id, None) for key, user_id in remembered.items() if key not in known]
    keys.remember(conn, into.source, USER, new)
    into.owners.look(conn)
