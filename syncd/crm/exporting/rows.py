"""A record as one row: columns by their logical names, as an import reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from syncd.crm.importing.csv_file import neutralised
from syncd.crm.importing.names import ID_KEYS, columns_of
from syncd.crm.stored import Stored, StoredKind, split
from syncd.model.fields import FieldType
from syncd.model.kinds import Schema
from syncd.model.values import JsonValue, to_json

PARTIES = "parties"


def columns(stored: StoredKind[Schema]) -> tuple[str, ...]:
    """The columns of an entity's rows, in order."""
    own = tuple(columns_of(stored))
    last = (PARTIES,) if ID_KEYS[stored.entity] == "activityid" else ()
    head = ("kind", ID_KEYS[stored.entity], "owner")
    return (*head, *own, "statecode", "statuscode", "createdon", "versionnumber", *last)


def row(
    stored: StoredKind[Schema], record: Stored, owner: str, parties: list[dict[str, str]] | None
) -> dict[str, object]:
    """The row of a record; a column without a value is `None`."""
    values = record.values
    cells: dict[str, object] = {
        "kind": stored.entity,
        ID_KEYS[stored.entity]: record.id,
        "owner": owner,
    }
    for column, (name, position) in columns_of(stored).items():
        field = stored.kind.by_name.get(name)
        if field is not None and field.type is FieldType.LINES and field.crm:
            cells[column] = split(cast("str | None", values[name]), len(field.crm))[position]
        else:
            cells[column] = to_json(values[name])
    cells |= {
        "statecode": record.statecode,
        "statuscode": record.statuscode,
        "createdon": record.created_at.isoformat(),
        "versionnumber": record.version,
    }
    if ID_KEYS[stored.entity] == "activityid":
        cells[PARTIES] = parties or None
    return cells


def cell(value: object) -> str:
    """A value as the cell of a CSV that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return neutralised(_list(value))
    return neutralised(str(value))


def _list(names: list[JsonValue] | list[Mapping[str, str]]) -> str:
    """Names with semicolons between them; as JSON where one of them has such a sign itself."""
    plain = all(isinstance(n, str) and n == n.strip() and not set(n) & set(",;\n[") for n in names)
    return ";".join(map(str, names)) if plain else json.dumps(names, ensure_ascii=False)
