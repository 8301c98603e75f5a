"""What the store holds at one moment, read straight from its tables, and what must hold of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, select

from syncd.crm import feed, parties, records
from syncd.crm.database import read
from syncd.crm.entities import ENTITIES
from syncd.crm.feed import Change, Verb
from syncd.crm.hierarchy import PRIMARY
from syncd.crm.parties import Party
from syncd.crm.stored import Stored
from syncd.crm.tables import activity_party, duplicate_key
from syncd.model.likeness import keys
from tests.crm.rules.law import ACTIVITIES, STATES
from tests.crm.rules.relations import ALONG, IF_OPEN, ROWS

Name = tuple[str, str]  # entity, id
Row = Mapping[str, object]
Part = tuple[object, ...]

KEYED = ("lead", "account", "contact")
SILENT = (Verb.SHARE, Verb.TOUCH)  # these change nothing in the record
EDITABLE = {entity: {s.name for s in states if s.editable} for entity, states in STATES.items()}
COLUMNS: Mapping[tuple[str, str, str], str] = {
    **{(row.entity, row.field, row.target): row.field for row in ROWS},
    **{
        (row.entity, row.field, row.target): (
            f"{'customer' if row.field == 'customerid' else 'regarding'}_{row.target}_id"
        )
        for row in ROWS
        if row.several
    },
}


@dataclass(frozen=True)
class Ledger:
    """All rows, who takes part in what, what is found by which key, and the feed."""

    rows: Mapping[Name, Row]
    held: Mapping[Name, Stored]
    took: Mapping[str, list[Party]]
    parties: Mapping[str, list[Part]]
    found_by: frozenset[tuple[str, str, str]]
    lines: list[Change]

    @classmethod
    def of(cls, engine: Engine) -> Ledger:
        """The store as it stands."""
        with read(engine) as conn:
            rows = {name: row for entity in ENTITIES for name, row in _rows(conn, entity)}
            held = {
                (entity, each.id): each
                for entity, stored in ENTITIES.items()
                for each in records.read(conn, stored, [i for e, i in rows if e == entity]).values()
            }
            table = duplicate_key.c
            query = select(table.entity, table.key, table.record_id)
            found_by = frozenset((row[0], row[1], row[2]) for row in conn.execute(query))
            took = parties.of(conn, [each for (e, _), each in held.items() if e in ACTIVITIES])
            return cls(rows, held, took, _parties(conn), found_by, feed.since(conn, 0))

    def live(self) -> Iterator[tuple[Name, Row]]:
        """The rows that are not deleted."""
        return ((name, row) for name, row in self.rows.items() if row["deleted_at"] is None)

    def lines_of(self) -> Mapping[Name, list[Change]]:
        """The lines of the feed, by record."""
        found: dict[Name, list[Change]] = defaultdict(list)
        for line in self.lines:
            found[line.kind, line.id].append(line)
        return found

    def along(self, name: Name, deed: str) -> set[Name]:
        """The live records to which the same is done, by the table of the reference."""
        found, level = {name}, {name}
        while level:
            level = {
                held
                for target in level
                for held, row in self.live()
                for relation in ROWS
                if (relation.entity, relation.target) == (held[0], target[0])
                and row[COLUMNS[relation.entity, relation.field, relation.target]] == target[1]
                and goes(getattr(relation, deed), held[0], row)
            } - found
            found |= level
        return found


def goes(rule: str, entity: str, row: Row) -> bool:
    """Whether a record goes along."""
    return rule == ALONG or (rule == IF_OPEN and row["statecode"] in EDITABLE[entity])


def _rows(conn: Connection, entity: str) -> Iterator[tuple[Name, Row]]:
    stored = ENTITIES[entity]
    for row in conn.execute(select(stored.table).where(stored.mine)).mappings():
        yield (entity, row["id"]), dict(row)


def _parties(conn: Connection) -> dict[str, list[Part]]:
    found: dict[str, list[Part]] = defaultdict(list)
    for row in conn.execute(select(activity_party).order_by(activity_party.c.id)):
        found[row.activity_id].append(tuple(row)[2:])
    return found


# --- what holds of any store ---------------------------------------------------------------------


def demand_sound(now: Ledger) -> None:
    """Raise AssertionError when an invariant is broken."""
    for demand in (
        _no_reference_leads_nowhere, _no_party_is_an_orphan, _no_account_is_its_own_ancestor,
        _who_stands_for_an_account_is_of_it, _keys_are_those_of_the_rows, _lines_tell_of_rows,
    ):  # fmt: skip
        demand(now)


def _no_reference_leads_nowhere(now: Ledger) -> None:
    living = {name for name, _ in now.live()}
    for name, row in now.live():
        for relation in ROWS:
            if relation.entity == name[0]:
                column = COLUMNS[relation.entity, relation.field, relation.target]
                target = row[column]
                assert target is None or (relation.target, target) in living, (name, column)


def _no_party_is_an_orphan(now: Ledger) -> None:
    living = {name for name, _ in now.live()}
    activities = {record for _, record in now.rows}
    targets = [c.name.removesuffix("_id") for c in activity_party.columns][3:7]
    for activity, parts in now.parties.items():
        assert activity in activities
        somebody = [part for part in parts if any(part[1:5])]  # two may have had the same name
        assert len(somebody) == len(set(somebody)), activity
        for part in parts:
            pointing = list(zip(targets, part[1:5], strict=True))
            for entity, record in pointing:
                assert entity == "user" or record is None or (entity, record) in living
            assert any(part[1:]), "a party is somebody"


def _no_account_is_its_own_ancestor(now: Ledger) -> None:
    parents = {name[1]: row["parentaccountid"] for name, row in now.rows.items()
               if name[0] == "account"}  # fmt: skip
    for one in parents:
        seen, here = {one}, parents[one]
        while here is not None:
            assert here not in seen, "an account is its own ancestor"
            seen.add(str(here))
            here = parents.get(str(here))


def _who_stands_for_an_account_is_of_it(now: Ledger) -> None:
    for (entity, record), row in now.live():
        head = row["primarycontactid"] if entity == "account" else None
        if head is not None:
            assert now.rows["contact", str(head)]["parentcustomerid"] == record


def _keys_are_those_of_the_rows(now: Ledger) -> None:
    assert now.found_by == {
        (entity, key, record)
        for (entity, record), _ in now.live()
        if entity in KEYED
        for key in keys(now.held[entity, record].record.fields)
    }


def _lines_tell_of_rows(now: Ledger) -> None:
    """Each version has its line; the first says who created it, the last who changed it, when."""
    numbers = [line.number for line in now.lines]
    assert numbers == sorted(set(numbers))
    lines = now.lines_of()
    assert lines.keys() == now.rows.keys()
    for name, row in now.rows.items():
        loud = [line for line in lines[name] if line.verb not in SILENT]
        assert [line.verb is Verb.CREATE for line in loud] == [True] + [False] * (len(loud) - 1)
        assert row["version"] == len(loud), name
        assert (row["created_by"], row["created_at"]) == (str(loud[0].actor), loud[0].at)
        assert (row["modified_by"], row["modified_at"]) == (str(loud[-1].actor), loud[-1].at)
        gone = [line for line in loud if line.verb in (Verb.DELETE, Verb.MERGE)]
        assert bool(gone) is (row["deleted_at"] is not None), name
        assert not gone or gone == loud[-1:], "a deleted record changes no more"
        assert not gone or gone[0].merged_into == row["merged_into"]


# --- what holds from one moment to the next ------------------------------------------------------


def demand_unchanged(before: Ledger, now: Ledger) -> None:
    """Raise AssertionError when a refused action left a trace."""
    assert (now.rows, now.parties, now.found_by) == (before.rows, before.parties, before.found_by)
    assert now.lines == before.lines


def demand_lawful_step(before: Ledger, now: Ledger, *, undoing: bool) -> None:
    """Raise AssertionError when a step changed what it may not.

    What a reader of the feed has passed stays as it was. What is closed, and stays so, keeps its
    content; references may go or follow a merge. What is deleted keeps everything. Nothing
    vanishes (P1).
    """
    assert now.lines[: len(before.lines)] == before.lines
    assert before.rows.keys() <= now.rows.keys()
    for name, was in before.rows.items():
        row = now.rows[name]
        if was["deleted_at"] is not None:
            assert row == was, name
            continue
        state = was["statecode"]
        if state in EDITABLE[name[0]] or row["statecode"] != state or undoing:
            continue
        for column in ENTITIES[name[0]].content:
            if column.endswith("id") and row[column] != was[column]:
                gone = before.rows[_target(name[0], column), str(was[column])]
                after = now.rows[_target(name[0], column), str(was[column])]
                assert gone["deleted_at"] is None
                assert after["deleted_at"] is not None, (name, column)
                whose = now.rows.get((_target(name[0], column), str(after["merged_into"])))
                if column == PRIMARY and whose and whose["parentcustomerid"] != name[1]:
                    assert row[column] is None, name  # the survivor is of another account
                    continue
                assert row[column] == after["merged_into"], (name, column)
            else:
                assert row[column] == was[column], (name, column)
        assert row["statuscode"] == was["statuscode"]


def _target(entity: str, column: str) -> str:
    return next(t for (e, _, t), c in COLUMNS.items() if (e, c) == (entity, column))
