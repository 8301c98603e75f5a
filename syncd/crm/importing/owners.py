"""Who owns what a file brings: by address, id or name."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import Connection, select

from syncd.crm import users
from syncd.crm.errors import NoSuchOwner
from syncd.crm.importing.names import USER
from syncd.crm.importing.report import BadRow
from syncd.crm.tables import external_key


class Owners:
    """The users that owners may be. `default` owns what names none, or nobody that is known."""

    def __init__(self, source: str, default: str | None, *, lenient: bool = False) -> None:
        self._source, self._default, self._lenient = source, default, lenient
        self._ids: dict[str, str] = {}
        self.unknown = 0

    def look(self, conn: Connection) -> None:
        """See who there is."""
        everybody = users.every(conn)
        names: dict[str, list[str]] = defaultdict(list)
        for each in everybody:
            names[(each.name or "").casefold()].append(each.id)
        self._ids = {name: ids[0] for name, ids in names.items() if name and len(ids) == 1}
        query = select(external_key.c.key, external_key.c.record_id).where(
            external_key.c.source == self._source, external_key.c.entity == USER
        )
        self._ids |= {row.key: row.record_id for row in conn.execute(query)}
        self._ids |= {each.id: each.id for each in everybody}
        self._ids |= {each.address: each.id for each in everybody}

    def of(self, named: str | None) -> str:
        """The id of the owner. Raises BadRow, NoSuchOwner."""
        text = named or self._default
        if not text:
            raise BadRow("no owner is given; name one in the row, or with --owner")
        found = self._ids.get(users.key_of(text))
        if found is None and self._lenient and self._default:
            self.unknown += 1
            found = self._ids.get(users.key_of(self._default))
        if found is None:
            raise NoSuchOwner(text)
        return found
