"""How custom fields are kept: all of a record's in one column, each as a text or a list of names.

As text, so that what an admin calls a number today and a text tomorrow is read as either. What is
not of a field's type is not shown, and stays until somebody writes the field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import cast

from sqlalchemy import Connection, Engine

from syncd.crm.entities import ENTITIES
from syncd.crm.errors import NoSuchEntity, RecordError
from syncd.crm.records import STORED
from syncd.crm.stored import Draft, Row, StoredKind
from syncd.crm.tables import CUSTOM
from syncd.model.custom import with_fields
from syncd.model.fields import Field, FieldType, Wording
from syncd.model.kinds import Kind, Schema
from syncd.model.values import Value, from_json
from syncd.model.wording import shaped

Custom = Mapping[str, tuple[Field, ...]]  # by entity

_DECLARED = "syncd_custom"  # the option of an engine, which its connections inherit
_FLAGS: Mapping[str, bool] = {"true": True, "false": False}


def declare(engine: Engine, custom: Custom) -> None:
    """Say which custom fields the records of a store have: for this engine, and no other one."""
    engine.update_execution_options(**{_DECLARED: dict(custom.items())})


def declared(bind: Connection | Engine) -> Custom:
    """The custom fields that were declared."""
    return cast("Custom", bind.get_execution_options().get(_DECLARED, {}))


def entities_of(bind: Connection | Engine) -> Mapping[str, StoredKind[Schema]]:
    """All that the CRM keeps, with the custom fields of this store."""
    return {**ENTITIES, **kinds_with(declared(bind))}


def kinds_of(bind: Connection | Engine) -> Mapping[str, StoredKind[Kind]]:
    """What has items in Outlook, with the custom fields of this store."""
    return kinds_with(declared(bind))


def stored_of(bind: Connection | Engine, entity: str) -> StoredKind[Schema]:
    """How an entity is kept in this store. Raises NoSuchEntity."""
    kind = STORED.get(entity)
    if kind is not None:
        return with_custom(entity, declared(bind).get(entity, ()))
    found = ENTITIES.get(entity)
    if found is None:
        raise NoSuchEntity(entity, list(ENTITIES))
    return found


def kinds_with(custom: Custom) -> Mapping[str, StoredKind[Kind]]:
    """What has items in Outlook, with these custom fields."""
    return {each: with_custom(each, custom.get(each, ())) for each in STORED}


@lru_cache(maxsize=64)
def with_custom(entity: str, fields: tuple[Field, ...]) -> StoredKind[Kind]:
    """How a kind is kept that has these custom fields, too. The same object for the same fields."""
    base = STORED[entity]
    if not fields:
        return base
    by_name = {each.name: each for each in fields}

    def assemble(row: Row) -> dict[str, Value]:
        values = base.assemble(row)
        kept = cast("Mapping[str, object] | None", row[CUSTOM]) or {}
        for name, field in by_name.items():
            values[name] = _held(field, kept.get(name))
        return values

    def disassemble(
        conn: Connection, drafts: Sequence[Draft]
    ) -> list[dict[str, object] | RecordError]:
        own = [
            replace(d, patch={n: v for n, v in d.patch.items() if n not in by_name}) for d in drafts
        ]
        made = base.disassemble(conn, own)
        for draft, columns in zip(drafts, made, strict=True):
            patch = {n: v for n, v in draft.patch.items() if n in by_name}
            if patch and not isinstance(columns, RecordError):
                columns[CUSTOM] = _column(draft.before, patch)
        return made

    return replace(
        base,
        kind=with_fields(base.kind, fields),
        assemble=assemble,
        disassemble=disassemble,
        custom=fields,
    )


def _column(before: Row | None, patch: Mapping[str, Value]) -> dict[str, object] | None:
    held = cast("Mapping[str, object] | None", before[CUSTOM] if before else None) or {}
    now = {**held, **{name: _kept(value) for name, value in patch.items()}}
    return {name: each for name, each in now.items() if each is not None} or None


def _kept(value: Value) -> object:
    if value is None or isinstance(value, tuple):
        return list(value) if value else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)


def _held(field: Field, kept: object) -> Value:
    """The value of a field; `None` for what is none of its type."""
    if kept is None or (field.type is FieldType.NAMES) is not isinstance(kept, list):
        return None
    try:
        if field.type is FieldType.WHOLE:
            return int(str(kept))
        if field.type is FieldType.FLAG:
            return _FLAGS.get(str(kept))
        if field.type is FieldType.CHOICE:
            return str(kept) if any(kept == each.name for each in field.options) else None
        value = from_json(field.type, kept)
    except ValueError:
        return None
    return shaped(field.wording or Wording(), value) if isinstance(value, str) else value
