"""Finding the record that a row names: by id, by a key of the same source, or by its name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy import ColumnElement, Connection, func, select

from syncd.crm.entities import ENTITIES
from syncd.crm.importing.names import USER
from syncd.crm.importing.report import BadRow, Link
from syncd.crm.rows import chunks
from syncd.crm.tables import account, contact, external_key, lead, opportunity, user
from syncd.model.normal import text as one_line

Wanted = tuple[Link, tuple[str, ...]]  # what is named, and which sorts of record it may be

_REMEMBERED = 20_000


def _full(first: ColumnElement[str], last: ColumnElement[str]) -> ColumnElement[str]:
    return func.trim(func.coalesce(first, "") + " " + func.coalesce(last, ""))


_NAMES: Mapping[str, tuple[ColumnElement[str], ...]] = {
    "account": (account.c.name,),
    "contact": (_full(contact.c.firstname, contact.c.lastname), contact.c.emailaddress1),
    "lead": (_full(lead.c.firstname, lead.c.lastname), lead.c.emailaddress1),
    "opportunity": (opportunity.c.name,),
    USER: (user.c.name, user.c.address),
}


class References:
    """The records that the rows of one source refer to."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._found: dict[Wanted, tuple[str, str]] = {}

    def resolve(
        self, conn: Connection, wanted: Iterable[Wanted]
    ) -> dict[Wanted, tuple[str, str] | BadRow]:
        """The sort and the id of each that is named; a BadRow in the place of what is nobody."""
        asked = set(wanted)
        if len(self._found) > _REMEMBERED:
            self._found.clear()
        left = asked - self._found.keys()
        hits: dict[tuple[str, str], set[str]] = defaultdict(set)
        texts: dict[str, set[str]] = defaultdict(set)
        for link, targets in left:
            for entity in _sorts(link, targets):
                texts[entity].add(link.text)
        for entity, some in texts.items():
            for text, record_id in self._of(conn, entity, some):
                hits[entity, text].add(record_id)
        result: dict[Wanted, tuple[str, str] | BadRow] = {}
        for each in asked:
            if each in self._found:
                result[each] = self._found[each]
                continue
            link, targets = each
            sorts = _sorts(link, targets)
            found = {(e, i) for e in sorts for i in hits.get((e, link.text), ())}
            if len(found) == 1:
                result[each] = self._found[each] = next(iter(found))
            else:
                result[each] = _nobody(link, targets, len(found))
        return result

    def _of(self, conn: Connection, entity: str, texts: set[str]) -> Iterable[tuple[str, str]]:
        """The text of each that is found, and the id; ids and keys go before names."""
        table = user if entity == USER else ENTITIES[entity].table
        alive = [] if entity == USER else [ENTITIES[entity].alive]
        known: set[str] = set()
        for chunk in chunks(texts):
            for found in conn.scalars(select(table.c.id).where(table.c.id.in_(chunk), *alive)):
                known.add(found)
                yield found, found
        for chunk in chunks(texts - known):
            query = (
                select(external_key.c.key, table.c.id)
                .join(table, table.c.id == external_key.c.record_id)
                .where(
                    external_key.c.source == self._source,
                    external_key.c.entity == entity,
                    external_key.c.key.in_(chunk),
                    *alive,
                )
            )
            for key, record_id in conn.execute(query):
                known.add(key)
                yield key, record_id
        names = {each: one_line(each) or "" for each in texts - known}
        for column in _NAMES.get(entity, ()):
            by_name: dict[str, list[str]] = defaultdict(list)
            for text, name in names.items():
                by_name[name].append(text)
            for chunk in chunks(filter(None, by_name)):
                for name, record_id in conn.execute(
                    select(column, table.c.id).where(column.in_(chunk), *alive)
                ):
                    for text in by_name[name]:
                        yield text, record_id


def _sorts(link: Link, targets: tuple[str, ...]) -> tuple[str, ...]:
    if link.entity is None:
        return targets
    return (link.entity,) if link.entity in targets else ()


def _nobody(link: Link, targets: tuple[str, ...], found: int) -> BadRow:
    shown = repr(link.text[:60])
    if link.entity is not None and link.entity not in targets:
        return BadRow(f"{shown} is a {link.entity}, where only {' or '.join(targets)} may be")
    sorts = " or ".join(targets).replace("_", " ")
    if found:
        return BadRow(f"{found} records are called {shown}; name the {sorts} by its id")
    return BadRow(f"there is no {sorts} {shown}")
