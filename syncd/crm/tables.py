"""The tables of the CRM store. An entity's columns are made from its fields, so they cannot drift.

The sync engine's tables join the same `metadata`: one database, one history of migrations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
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
from syncd.model.entities import (
    ACCOUNT,
    ACTIVITIES,
    LEAD,
    NOTE_ENTITY,
    OPPORTUNITY,
    PARTY_TARGETS,
)
from syncd.model.fields import Attribute, FieldType
from syncd.model.kinds import Schema

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
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Money(TypeDecorator[Decimal]):
    """An amount, kept as whole cents: exact, and compared as a number on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """The amount in cents."""
        del dialect
        return None if value is None else int(value.scaleb(2))

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        """The amount, with two places."""
        del dialect
        return None if value is None else Decimal(value).scaleb(-2)


def utc(at: datetime) -> datetime:
    """The same moment in UTC. Raises ValueError on a time without a zone."""
    if at.tzinfo is None:
        raise ValueError(f"a time without a zone: {at!r}")
    return at.astimezone(UTC)


Id = String(36)
Number = BigInteger().with_variant(Integer(), "sqlite")  # SQLite's own draws from no other type
Names = JSON(none_as_null=True)
CUSTOM = "custom"  # the column that holds the values of all custom fields of a record

COLUMN_TYPES: Mapping[FieldType, TypeEngine[Any]] = {
    FieldType.TEXT: Text(),
    FieldType.LINES: Text(),
    FieldType.NOTE: Text(),
    FieldType.EMAIL: Text(),
    FieldType.PHONE: Text(),
    FieldType.DATE: Date(),
    FieldType.NAMES: Names,
    FieldType.CHOICE: Text(),
    FieldType.MONEY: Money(),
    FieldType.MOMENT: UtcTime(),
    FieldType.WHOLE: Integer(),
    FieldType.FLAG: Boolean(),
    FieldType.REFERENCE: Id,
}


user = Table(
    "user",
    metadata,
    Column("id", Id, primary_key=True),
    Column("address", Text, nullable=False, unique=True),  # lower case
    Column("name", Text),
)

team = Table(
    "team",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True),  # one line, white space folded
)

team_member = Table(
    "team_member",
    metadata,
    Column("team_id", Id, ForeignKey(team.c.id), primary_key=True),
    Column("user_id", Id, ForeignKey(user.c.id), primary_key=True, index=True),
)


def record_table(
    name: str, kind: Schema, metadata: MetaData, *extra_columns: Column[object]
) -> Table:
    """A table for records of `kind`: the columns of its fields, and those all records have.

    An extra column replaces the one of its name that the fields would make.
    """
    own = {column.name for column in extra_columns}
    return Table(
        name,
        metadata,
        Column("id", Id, primary_key=True),
        Column("owner_id", Id, ForeignKey(user.c.id), nullable=False, index=True),
        *extra_columns,
        *(column for each in kind.fields for column in _columns(each) if column.name not in own),
        Column("statecode", Text, nullable=False),
        Column("statuscode", Text),  # never null: a trigger sees to it (`crm.strictness`)
        Column("version", Integer, nullable=False),
        Column("origins", JSON, nullable=False),  # group → [ISO time in UTC, mailbox or null]
        Column("created_at", UtcTime, nullable=False),
        Column("created_by", Text),  # "user:ann@contoso.com"; unknown of what is older than this
        Column("modified_at", UtcTime, nullable=False),
        Column("modified_by", Text),
        Column("deleted_at", UtcTime),  # a deleted record keeps its row and values (P1)
        Column("merged_into", Id),
    )


def _columns(field: Attribute) -> Iterable[Column[Any]]:
    if field.type is not FieldType.REFERENCE:
        return [Column(each, COLUMN_TYPES[field.type]) for each in field.crm]
    return [
        # use_alter: leads, accounts, contacts and opportunities refer to each other in circles
        Column(column, Id, ForeignKey(f"{entity}.id", use_alter=True), index=True)
        for column, entity in zip(field.crm, field.refers, strict=True)
    ]


account = record_table(
    "account",
    ACCOUNT,
    metadata,
    Column("name", Text, nullable=False, index=True),  # one line, white space folded
)

contact = record_table(
    "contact",
    CONTACT,
    metadata,
    Column("parentcustomerid", Id, ForeignKey(account.c.id, ondelete="SET NULL"), index=True),
    Column("accountrolecode", Text),  # the person's role at the account: "Decision Maker"
    Column("originatingleadid", Id, ForeignKey("lead.id"), index=True),
    Column(CUSTOM, JSON(none_as_null=True)),  # name of a custom field → its value (`crm.custom`)
)

lead = record_table("lead", LEAD, metadata)
opportunity = record_table("opportunity", OPPORTUNITY, metadata)
note = record_table("note", NOTE_ENTITY, metadata)


class _AllActivities(Schema):
    """What any activity may have: one table holds all sorts of them."""


activity = record_table(
    "activity",
    _AllActivities(
        "activity",
        "activities",
        tuple({each.name: each for sort in ACTIVITIES for each in sort.fields}.values()),
    ),
    metadata,
    Column("kind", Text, nullable=False),
)

# Who takes part in an activity: one of the four, or nobody that is known, and then an address.
activity_party = Table(
    "activity_party",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("activity_id", Id, ForeignKey(activity.c.id), nullable=False, index=True),
    Column("role", Text, nullable=False),
    *(Column(f"{e}_id", Id, ForeignKey(f"{e}.id"), index=True) for e in PARTY_TARGETS),
    Column("address", Text),
    Column("name", Text),  # as it was written, or as the record was called when it went
)

# What a record is known as elsewhere: importing it again finds it by this.
external_key = Table(
    "external_key",
    metadata,
    Column("source", Text, primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("record_id", Id, nullable=False, index=True),
    Column("told", JSON),  # field → a checksum of what the import last said of it
    sqlite_with_rowid=False,
)

# What a record may be found by when somebody is about to enter it again (`crm.duplicates`).
duplicate_key = Table(
    "duplicate_key",
    metadata,
    Column("entity", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("record_id", Id, primary_key=True, index=True),
    sqlite_with_rowid=False,
)

# A record that its owner lets others see, or change, too.
share = Table(
    "share",
    metadata,
    Column("entity", Text, primary_key=True),
    Column("record_id", Id, primary_key=True),
    Column("principal_id", Id, primary_key=True, index=True),  # a user or a team
    Column("may_write", Boolean, nullable=False),
    sqlite_with_rowid=False,
)

# Who may read or change what. No rule: everybody everything.
access_rule = Table(
    "access_rule",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("entity", Text, nullable=False),
    Column("field", Text),  # of one field only
    Column("team_id", Id, ForeignKey(team.c.id)),  # none: of everybody
    Column("read", Text, nullable=False),
    Column("write", Text, nullable=False),
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
    Index(None, "kind", "record_id", "number"),  # what became of one record
    sqlite_autoincrement=True,  # a number is never drawn twice, whatever was pruned
)
