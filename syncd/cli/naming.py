"""Whom a person means among the records that are synced: by id or its beginning, address, name."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from syncd.cli.errors import Problem

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from syncd.crm.stored import Stored


def meant(conn: Connection, reference: str, undone: str, *, rather: Collection[str] = ()) -> Stored:
    """The one record that is meant; of several, the only one that is among `rather`.

    Raises Problem when there is none, or several.
    """
    from syncd.crm import lookup
    from syncd.crm.custom import kinds_of

    found = [
        each for kind in kinds_of(conn).values() for each in lookup.referred(conn, kind, reference)
    ]
    if len(found) > 1 and len(near := [each for each in found if each.id in rather]) == 1:
        found = near
    if len(found) == 1:
        return found[0]
    if not found:
        what = f"The CRM has nobody called {reference!r}."
        raise Problem(what, undone, "Look for it: syncd crm contact list --search TEXT")
    lines = "".join(f"\n  {each.id}  {each.name}" for each in found)
    raise Problem(f"{reference!r} may be several:{lines}", undone, "Name one of them by its id.")
