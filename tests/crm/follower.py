"""A reader who knows the store by its feed alone: it copies what the lines name, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine

from syncd.crm import feed, parties, records
from syncd.crm.database import read
from syncd.crm.entities import ACTIVITY_KINDS, ENTITIES
from syncd.crm.feed import Change, Verb
from syncd.crm.parties import Party
from syncd.crm.stored import Stored
from syncd.model.values import Value

ACTIVITIES = {each.entity for each in ACTIVITY_KINDS}


@dataclass
class Copy:
    """One record, as the reader has it."""

    values: dict[str, Value]
    owner: str = ""
    state: str = ""
    status: str = ""
    parties: list[Party] = field(default_factory=list)
    deleted: bool = False
    merged_into: str | None = None


@dataclass
class Follower:
    """Begins with nothing, and goes on from the number it has passed."""

    engine: Engine
    passed: int = 0
    copies: dict[tuple[str, str], Copy] = field(default_factory=dict)

    def catch_up(self) -> None:
        """Read what came since, each record as it stands by now."""
        with read(self.engine) as conn:
            lines = feed.since(conn, self.passed)
            standing = _standing(conn, {(line.kind, line.id) for line in lines})
        for line in lines:
            self._copy(line, *standing[line.kind, line.id])
            self.passed = line.number

    def _copy(self, line: Change, held: Stored, taking_part: list[Party]) -> None:
        if line.verb is Verb.CREATE:
            self.copies[line.kind, line.id] = Copy(
                dict.fromkeys(held.values), held.owner_id, held.statecode, held.statuscode,
                taking_part,
            )  # fmt: skip
        copy = self.copies[line.kind, line.id]
        for name in line.fields:
            match name:
                case "ownerid":
                    copy.owner = held.owner_id
                case "statecode":
                    copy.state = held.statecode
                case "statuscode":
                    copy.status = held.statuscode
                case "parties":
                    copy.parties = taking_part
                case _:
                    copy.values[name] = held.values[name]
        if line.verb in (Verb.DELETE, Verb.MERGE):
            copy.deleted, copy.merged_into = True, line.merged_into

    def demand_exact(
        self, held: Mapping[tuple[str, str], Stored], took: Mapping[str, list[Party]]
    ) -> None:
        """Raise AssertionError when the copies are not what the store holds.

        Of what is deleted it knows that it is gone, and where to.
        """
        assert self.copies.keys() == held.keys()
        for name, there in held.items():
            copy = self.copies[name]
            assert (copy.deleted, copy.merged_into) == (there.deleted, there.merged_into), name
            if not there.deleted:
                told = (copy.values, copy.owner, copy.state, copy.status, copy.parties)
                taking_part = _given(took.get(there.id, []))
                stands = (there.values, there.owner_id, there.statecode, there.statuscode)
                assert told == (*stands, taking_part), name


def _given(taking_part: list[Party]) -> list[Party]:
    """Who takes part but for owner and regarding, which follow from the rest."""
    return [each for each in taking_part if each.role not in ("owner", "regarding")]


def _standing(
    conn: Connection, names: set[tuple[str, str]]
) -> dict[tuple[str, str], tuple[Stored, list[Party]]]:
    """These records as they stand, each with who takes part but for owner and regarding."""
    found: dict[tuple[str, str], tuple[Stored, list[Party]]] = {}
    for entity, stored in ENTITIES.items():
        held = records.read(conn, stored, sorted(i for e, i in names if e == entity))
        took = parties.of(conn, list(held.values())) if entity in ACTIVITIES else {}
        for each in held.values():
            found[entity, each.id] = (each, _given(took.get(each.id, [])))
    return found
