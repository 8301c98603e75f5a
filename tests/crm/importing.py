"""What the tests of import share: a file of some content, imported; what the store holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from syncd.crm import feed, records
from syncd.crm.database import read
from syncd.crm.entities import ENTITIES
from syncd.crm.importing.load import Rules, import_file
from syncd.crm.importing.report import Report
from syncd.crm.stored import Stored
from tests.crm.conftest import NOON, Store

ANNS = Rules(default_owner="ann@contoso.com")


def imported(store: Store, path: Path, text: str | bytes, rules: Rules = ANNS) -> Report:
    """The report of importing a file of this content."""
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return import_file(store.engine, path, rules, clock=lambda: NOON)


def of_kind(kind: str) -> Rules:
    """Ann's rules for a file of one kind."""
    return replace(ANNS, kind=kind)


def everything(store: Store, kind: str) -> list[Stored]:
    """The live records of a kind, in the order of their names."""
    stored = ENTITIES[kind]
    with read(store.engine) as conn:
        ids = records.members(conn, stored, stored.alive)
        return sorted(records.read(conn, stored, ids).values(), key=lambda each: each.name)


def latest(store: Store) -> int:
    """The number of the latest change."""
    with read(store.engine) as conn:
        return feed.latest(conn)


def filled(record: Stored) -> dict[str, object]:
    """The fields and extras that hold something."""
    return {name: value for name, value in record.values.items() if value is not None}
