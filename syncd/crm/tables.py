"""The tables of the CRM store. A kind's columns are made from its field map, so they cannot drift.

The sync engine's tables join the same `metadata`: one database, one history of migrations.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

from syncd.model.contact import CONTACT
from syncd.model.fields import FieldType
from syncd.model.kinds import Kind

ACTIVE, INACTIVE = "active", "inactive"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcTime(TypeDecorator[datetime]):
    """A moment: aware in Python and in UTC, to the microsecond, on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment in UTC. Raises ValueError on a time without a zone."""
        del dialect
        return None if value is None else utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment as an aware time; SQLite hands it back without its zone."""
        del dialect
        return None if value is None else value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)


def utc(at: datetime) -> datetime:
    """The same moment in UTC. Raises ValueError on a time without a zone."""
    if at.tzinfo is None:
        raise ValueError(f"a time without a zone: {at!r}")
    return at.astimezone(UTC)


Id = String(36)
Number = BigInteger().with_variant(Integer(), "sqlite")  # SQLite's own draws from no other type
Names = JSON(none_as_null=True)

COLUMN_TYPES: Mapping[FieldType, TypeEngine[Any]] = {
    FieldType.TEXT: Text(),
    FieldType.LINES: Text(),
    FieldType.NOTE: Text(),
    FieldType.EMAIL: Text(),
    FieldType.PHONE: Text(),
    FieldType.DATE: Date(),
    FieldType.NAMES: Names,
}


user = Table(
    "user",
    metadata,
    Column("id", Id, primary_key=True),
    Column("address", Text, nullable=False, unique=True),  # lower case
    Column("name", Text),
)

account = Table(
    "account",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, index=True),  # one line, white space folded
    Column("owner_id", Id, ForeignKey(user.c.id), nullable=False),
    Column("statecode", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("modified_at", UtcTime, nullable=False),
)


def record_table(
    name: str, kind: Kind, metadata: MetaData, *extra_columns: Column[object]
) -> Table:
    """A table for records of `kind`: the columns of its field map, and those all kinds have.

    An extra column replaces the one of its name that the map would make.
    """
    own = {column.name for column in extra_columns}
    mapped = {column: field.type for field in kind.fields for column in field.crm}
    return Table(
        name,
        metadata,
        Column("id", Id, primary_key=True),
        Column("owner_id", Id, ForeignKey(user.c.id), nullable=False, index=True),
        *extra_columns,
        *(Column(each, COLUMN_TYPES[mapped[each]]) for each in mapped if each not in own),
        Column("statecode", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("origins", JSON, nullable=False),  # group → [ISO time in UTC, mailbox or null]
        Column("created_at", UtcTime, nullable=False),
        Column("modified_at", UtcTime, nullable=False),
        Column("deleted_at", UtcTime),  # a deleted record keeps its row and values (P1)
        Column("merged_into", Id),
    )


contact = record_table(
    "contact",
    CONTACT,
    metadata,
    Column("parentcustomerid", Id, ForeignKey(account.c.id, ondelete="SET NULL"), index=True),
    Column("accountrolecode", Text),  # the person's role at the account: "Decision Maker"
)

crm_change = Table(
    "crm_change",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),
    Column("record_id", Id, nullable=False),
    Column("verb", Text, nullable=False),
    Column("changed_fields", JSON, nullable=False),
    Column("actor_kind", Text, nullable=False),
    Column("actor_name", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("merged_into", Id),
    Index(None, "kind", "number"),
    sqlite_autoincrement=True,  # a number is never drawn twice, whatever was pruned
)
