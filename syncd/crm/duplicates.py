"""Who is there already: the records that a new one may be, and the pairs that stand in the store.

Keys nominate (a look-up in an index), `model.likeness` concludes. Belongs into the transaction
that would create: two people who enter the same person at once make one record (P3).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from sqlalchemy import ColumnElement, Connection, TextClause, func, select, text, true

from syncd.crm import records
from syncd.crm.rows import chunks
from syncd.crm.stored import Stored, StoredKind
from syncd.crm.tables import duplicate_key
from syncd.model.kinds import Schema
from syncd.model.likeness import Because, keys, liken, traits
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
) -> list[Found]:
    """The live records that are like these values, the likest first.

    `region` is the country in which numbers without its code are dialled. `where` bounds them to
    what may be read.
    """
    (found,) = find_many(conn, stored, [values], region, where=where)
    return found


def find_many(
    conn: Connection,
    stored: StoredKind[Schema],
    many: Sequence[Mapping[str, Value]],
    region: str | None,
    *,
    where: ColumnElement[bool] | None = None,
) -> list[list[Found]]:
    """The same for a batch, with few statements for all of it; in its order."""
    own = [keys(values) for values in many]
    sharing = _sharing(conn, stored, {key for each in own for key in each})
    ids = {each for group in sharing.values() for each in group}
    if where is not None:
        ids = records.members_among(conn, stored, where, ids)
    held = {i: r for i, r in records.read(conn, stored, sorted(ids)).items() if not r.deleted}
    seen = {record_id: traits(each.record.fields) for record_id, each in held.items()}
    found: list[list[Found]] = []
    for values, mine in zip(many, own, strict=True):
        nominees = {each for key in mine for each in sharing.get(key, ()) if each in held}
        this = traits(values) if nominees else None
        alike = []
        for record_id in nominees:
            likeness = liken(this, seen[record_id], region) if this else None
            if likeness is not None:
                alike.append(Found(held[record_id], likeness.score, likeness.reasons))
        found.append(sorted(alike, key=lambda f: (-f.score, not f.record.active, f.record.id)))
    return found


def nominated(conn: Connection, stored: StoredKind[Schema], wanted: Iterable[str]) -> set[str]:
    """The records that share any of these keys."""
    return {each for group in _sharing(conn, stored, wanted).values() for each in group}


def _sharing(
    conn: Connection, stored: StoredKind[Schema], wanted: Iterable[str]
) -> dict[str, list[str]]:
    """Key → the records that share it; without the keys that too many share to say anything."""
    found: dict[str, list[str]] = {}
    keyed = sorted(wanted)
    for start in range(0, len(keyed), _AT_ONCE):
        some = keyed[start : start + _AT_ONCE]
        bound = {f"k{number}": key for number, key in enumerate(some)}
        rows = conn.execute(_look_up(len(some)), {"entity": stored.entity, **bound})
        for row in rows:
            found.setdefault(row.key, []).append(row.record_id)
    return {key: ids for key, ids in found.items() if len(ids) <= MOST_PER_KEY}


_AT_ONCE = 100


@lru_cache(maxsize=_AT_ONCE)
def _look_up(keyed: int) -> TextClause:
    """So many keys at once, and of each no more rows than it takes to see that they are too many.

    One look into the index for each key: a key that half of the store shares costs no more.
    """
    one = (
        "SELECT * FROM (SELECT key, record_id FROM duplicate_key "
        "WHERE entity = :entity AND key = :k{} LIMIT {}) AS found{}"
    )
    return text(" UNION ALL ".join(one.format(n, MOST_PER_KEY + 1, n) for n in range(keyed)))


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
        known = {record_id: traits(each.record.fields) for record_id, each in held.items()}
        for group in sharing.values():
            for one, two in combinations([each for each in group if each in held], 2):
                if (one, two) in seen:
                    continue
                seen.add((one, two))
                likeness = liken(known[one], known[two], region)
                if likeness is not None:
                    yield Pair(held[one], held[two], likeness.score, likeness.reasons)
