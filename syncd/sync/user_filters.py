"""The filters of one user: made once from the policy's templates, and then that user's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from syncd.settings.policies import NamedFilter
from syncd.sync.tables import templated
from syncd.sync.tables import user_filter as table


@dataclass(frozen=True, slots=True)
class UserFilter:
    """One filter. `text` is an OData `$filter`; `template` the name of what it was copied from."""

    name: str
    text: str
    excludes: bool
    active: bool
    template: str | None


def of(conn: Connection, mailbox_id: int, kind: str) -> list[UserFilter]:
    """The filters of a mailbox's user, by name."""
    query = select(table).where(_mine(mailbox_id, kind)).order_by(table.c.name)
    return [
        UserFilter(row.name, row.text, row.excludes, row.active, row.template)
        for row in conn.execute(query)
    ]


def ensure(
    conn: Connection,
    mailbox_id: int,
    kind: str,
    templates: Iterable[NamedFilter],
    at: datetime,
) -> None:
    """Give a new user copies of the templates: once, so that later templates touch nobody."""
    if not are_made(conn, mailbox_id, kind):
        reset(conn, mailbox_id, kind, templates, at)


def under_other_policy(conn: Connection, mailbox_id: int) -> None:
    """Give a user without any filter copies of the templates of another policy, at the next run.

    Else one who comes from a policy whose filters are the same for all would have none.
    """
    kept = select(table.c.kind).where(table.c.mailbox_id == mailbox_id)
    mine = templated.c.mailbox_id == mailbox_id
    conn.execute(delete(templated).where(mine, templated.c.kind.not_in(kept)))


def are_made(conn: Connection, mailbox_id: int, kind: str) -> bool:
    """Whether a user has had copies of the templates."""
    mine = (templated.c.mailbox_id == mailbox_id) & (templated.c.kind == kind)
    return conn.execute(select(templated.c.kind).where(mine)).first() is not None


def reset(
    conn: Connection,
    mailbox_id: int,
    kind: str,
    templates: Iterable[NamedFilter],
    at: datetime,
) -> None:
    """Replace all filters of a user by copies of the templates."""
    mine = (templated.c.mailbox_id == mailbox_id) & (templated.c.kind == kind)
    conn.execute(delete(templated).where(mine))
    conn.execute(insert(templated).values(mailbox_id=mailbox_id, kind=kind))
    conn.execute(delete(table).where(_mine(mailbox_id, kind)))
    for each in templates:
        copied = UserFilter(
            each.name, each.filter.text, each.exclude, active=True, template=each.name
        )
        put(conn, mailbox_id, kind, copied, at)


def put(conn: Connection, mailbox_id: int, kind: str, new: UserFilter, at: datetime) -> None:
    """Add a filter, or replace the one of its name."""
    remove(conn, mailbox_id, kind, [new.name])
    conn.execute(
        insert(table).values(
            mailbox_id=mailbox_id, kind=kind, name=new.name, text=new.text, excludes=new.excludes,
            active=new.active, template=new.template, at=at,
        )
    )  # fmt: skip


def switch(conn: Connection, mailbox_id: int, kind: str, name: str, *, active: bool) -> None:
    """Turn a filter on or off."""
    mine = _mine(mailbox_id, kind) & (table.c.name == name)
    conn.execute(update(table).where(mine).values(active=active))


def remove(conn: Connection, mailbox_id: int, kind: str, names: Sequence[str]) -> None:
    """Delete filters."""
    conn.execute(delete(table).where(_mine(mailbox_id, kind), table.c.name.in_(names)))


def _mine(mailbox_id: int, kind: str) -> ColumnElement[bool]:
    return (table.c.mailbox_id == mailbox_id) & (table.c.kind == kind)
