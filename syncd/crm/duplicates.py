"""Who is there already: the records that a new one may be, and the pairs that stand in the store.

Keys nominate (a look-up in an index), `model.likeness` concludes. Belongs into the transaction
that would create: two people who enter the same person at once make one record (P3).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from sqlalchemy import ColumnElement, Connection, func, select, true

from syncd.crm import records
from syncd.crm.rows import chunks
from syncd.crm.stored import Stored, StoredKind
from syncd.crm.tables import duplicate_key
from syncd.model.kinds import Schema
from syncd.model.likeness import Because, Likeness, compare, keys
from syncd.model.values import Value

CERTAIN = 0.80  # from here on it is more likely the same than not, and may be adopted unasked
MOST_PER_KEY = 200  # records that share one key: beyond, the key says nothing (a switchboard)


@dataclass(frozen=True, slots=True)
class Found:
    """One record that is like another: how much (0 to 1), and why."""

    record: Stored
    score: float
    reasons: tuple[Because, ...]

    @property
    def certain(self) -> bool:
        """Whether it may be taken for the same without asking."""
        return self.score >= CERTAIN


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records of the store that are alike."""

    one: Stored
    two: Stored
    score: float
    reasons: tuple[Because, ...]


def find(
    conn: Connection,
    stored: StoredKind[Schema],
    values: Mapping[str, Value],
    region: str | None,
    *,
    where: ColumnElement[bool] | None = None,
    but: str | None = None,
) -> list[Found]:
    """The live records that are like these values, the likest first.

    `region` is the country in which numbers without its code are dialled. `where` bounds them to
    what may be read; `but` is the record that the values are of.
    """
    ids = nominated(conn, stored, keys(values)) - {but}
    if where is not None:
        ids = records.members_among(conn, stored, where, ids)
    found = []
    for each in records.read(conn, stored, sorted(ids)).values():
        likeness = None if each.deleted else compare(values, each.record.fields, region)
        if likeness is not None:
            found.append(Found(each, likeness.score, likeness.reasons))
    return sorted(found, key=lambda f: (-f.score, not f.record.active, f.record.id))


def nominated(conn: Connection, stored: StoredKind[Schema], wanted: Iterable[str]) -> set[str]:
    """The records that share any of these keys."""
    found: set[str] = set()
    table = duplicate_key
    for chunk in chunks(sorted(wanted)):
        for key in chunk:
            query = select(table.c.record_id).where(
                table.c.entity == stored.entity, table.c.key == key
            )
            sharing = list(conn.scalars(query.limit(MOST_PER_KEY + 1)))
            if len(sharing) <= MOST_PER_KEY:
                found.update(sharing)
    return found


def pairs(
    conn: Connection,
    stored: StoredKind[Schema],
    region: str | None,
    *,
    where: ColumnElement[bool] | None = None,
) -> Iterator[Pair]:
    """The pairs of live records that are alike, key by key; each pair once."""
    table = duplicate_key
    of_entity = table.c.entity == stored.entity
    shared = (
        select(table.c.key)
        .where(of_entity)
        .group_by(table.c.key)
        .having(func.count().between(2, MOST_PER_KEY))
        .order_by(table.c.key)
    )
    seen: set[tuple[str, str]] = set()
    for chunk in chunks(list(conn.scalars(shared))):
        sharing: dict[str, list[str]] = defaultdict(list)
        query = select(table.c.key, table.c.record_id).where(of_entity, table.c.key.in_(chunk))
        for row in conn.execute(query.order_by(table.c.key, table.c.record_id)):
            sharing[row.key].append(row.record_id)
        ids = {each for group in sharing.values() for each in group}
        held = records.read(
            conn, stored,
            sorted(records.members_among(conn, stored, true() if where is None else where, ids)),
        )  # fmt: skip
        for group in sharing.values():
            for one, two in combinations([each for each in group if each in held], 2):
                if (one, two) in seen:
                    continue
                seen.add((one, two))
                likeness = _likeness(held[one], held[two], region)
                if likeness is not None:
                    yield Pair(held[one], held[two], likeness.score, likeness.reasons)


def _likeness(one: Stored, two: Stored, region: str | None) -> Likeness | None:
    return compare(one.record.fields, two.record.fields, region)
