"""Accounts below accounts, and the contact that stands for one. No account is its own ancestor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from sqlalchemy import Connection, select

from syncd.crm.errors import LoopFound, RecordError, RuleBroken
from syncd.crm.rows import chunks
from syncd.crm.stored import Draft, columns_of
from syncd.crm.tables import account, contact
from syncd.model.entities import ACCOUNT
from syncd.model.normal import text

PARENT, PRIMARY = "parentaccountid", "primarycontactid"


def disassemble_accounts(
    conn: Connection, drafts: Sequence[Draft]
) -> list[dict[str, object] | RecordError]:
    """The columns of accounts; an error for a loop, or a primary contact that is not its own."""
    found: list[dict[str, object] | RecordError] = []
    parents = ancestors(conn, {str(p) for d in drafts if (p := d.patch.get(PARENT))})
    homes = _homes(conn, {str(c) for d in drafts if (c := d.patch.get(PRIMARY))})
    names: dict[str, str] = {}
    for draft in drafts:
        columns = columns_of(ACCOUNT, draft.patch)
        if "name" in columns:
            columns["name"] = text(str(columns["name"] or ""))
        own = cast(str, draft.before["id"]) if draft.before else None
        path = _path(own, columns.get(PARENT), parents)
        if path:
            names = names or _names_of(conn, path)
            found.append(LoopFound([names.get(each, each) for each in path]))
            continue
        primary = columns.get(PRIMARY)
        if primary is not None and (own is None or homes.get(str(primary)) != own):
            found.append(RuleBroken("the primary contact of an account is one of its own contacts"))
            continue
        if own is not None and PARENT in columns:
            parents[own] = cast("str | None", columns[PARENT])  # the next draft meets it
        found.append(columns)
    return found


def _path(own: str | None, parent: object, parents: Mapping[str, str | None]) -> list[str]:
    """The way from an account up to itself, if its new parent leads there."""
    path, above = [own or ""], cast("str | None", parent)
    while own is not None and above is not None and above not in path[1:]:
        path.append(above)
        if above == own:
            return path
        above = parents.get(above)
    return []


def ancestors(conn: Connection, ids: Iterable[str]) -> dict[str, str | None]:
    """The parents of these accounts, and of those, up to the top."""
    known: dict[str, str | None] = {}
    level = set(ids)
    while level:
        for chunk in chunks(level):
            query = select(account.c.id, account.c.parentaccountid)
            rows = conn.execute(query.where(account.c.id.in_(chunk)))
            known.update({row.id: row.parentaccountid for row in rows})
        level = {p for each in level if (p := known.get(each)) and p not in known}
    return known


def _homes(conn: Connection, contacts: Iterable[str]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for chunk in chunks(contacts):
        query = select(contact.c.id, contact.c.parentcustomerid).where(contact.c.id.in_(chunk))
        found.update({row.id: row.parentcustomerid for row in conn.execute(query)})
    return found


def _names_of(conn: Connection, ids: Iterable[str]) -> dict[str, str]:
    query = select(account.c.id, account.c.name).where(account.c.id.in_(list(ids)))
    return {row.id: row.name for row in conn.execute(query)}
