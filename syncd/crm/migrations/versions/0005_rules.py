"""Settings and filters of users, questions, what was thrown away, acts of tracking, alerts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ID = sa.String(36)
_MOMENT = sa.DateTime(timezone=True)
_MAILBOX = ("mailbox_id", "mailbox.id")


def upgrade() -> None:
    """Create the tables and columns, and fill in what follows from what is there."""
    op.add_column("mailbox", sa.Column("consented_at", _MOMENT))
    op.add_column("link", _flag("aside"))
    # Until now only what syncd had created was put aside, and all of that.
    op.execute("UPDATE link SET aside = (origin = 'created') WHERE state = 'released'")
    op.add_column("mailbox_kind", sa.Column("former_id", sa.Text()))
    op.add_column("noticed", sa.Column("cause", sa.Integer()))
    op.add_column("held", sa.Column("discarded_at", _MOMENT))
    op.add_column("held", sa.Column("cause", sa.Integer()))
    state = sa.Column("state", sa.String(length=8), nullable=False, server_default="kept")
    op.add_column("conflict", state)
    op.add_column("conflict", sa.Column("other", sa.String(length=64)))
    op.create_index(
        "ix_conflict_open",
        "conflict",
        ["mailbox_id", "kind"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    _answers()
    _of_users()
    _told()
    op.execute(
        "INSERT INTO remembered (mailbox_id, kind, crm_id, reason, at) "
        "SELECT mailbox_id, kind, crm_id, 'outlook-deleted', CURRENT_TIMESTAMP FROM link "
        "WHERE state = 'remembered'"
    )


def _answers() -> None:
    _table(
        "question",
        *_numbered(), *_of_mailbox(), *_of_kind(),
        _text("subject"), _word("reason", 24), _json("candidates"), _moment("asked_at"),
        sa.Column("answer", sa.String(length=8)), sa.Column("chosen", sa.Text()),
        sa.Column("version", sa.Text()), sa.Column("answered_at", _MOMENT),
        unique=("mailbox_id", "kind", "subject"),
    )  # fmt: skip
    _table(
        "remembered",
        *_numbered(), *_of_mailbox(), *_of_kind(),
        sa.Column("crm_id", _ID, nullable=False), _word("reason", 24), _moment("at"),
        unique=("mailbox_id", "kind", "crm_id"),
    )  # fmt: skip
    _table(
        "remembered_value",
        sa.Column("remembered_id", sa.Integer(), nullable=False), _word("hash", 32),
        key=("remembered_id", "hash"),
        refers=("remembered_id", "remembered.id"),
    )  # fmt: skip
    op.create_index("ix_remembered_value_hash", "remembered_value", ["hash"], unique=False)
    _table(
        "act",
        *_numbered(), *_of_mailbox(), *_of_kind(),
        _text("remote_id"), sa.Column("crm_id", _ID), _flag("tracked"), _moment("at"),
        unique=("mailbox_id", "kind", "remote_id"),
    )  # fmt: skip


def _of_users() -> None:
    _table(
        "setting",
        *_of_mailbox(), _word("key", 64), _json("value"), _moment("at"),
        key=("mailbox_id", "key"),
    )  # fmt: skip
    _table(
        "user_filter",
        *_numbered(), *_of_mailbox(), *_of_kind(),
        _word("name", 64), _text("text"), _flag("excludes"), _flag("active"),
        sa.Column("template", sa.String(length=64)), _moment("at"),
        unique=("mailbox_id", "kind", "name"),
    )  # fmt: skip
    _table("templated", *_of_mailbox(), *_of_kind(), key=("mailbox_id", "kind"))


def _told() -> None:
    _table(
        "alert",
        *_numbered(), sa.Column("mailbox_id", sa.Integer()),
        _word("code", 24), _word("level", 8), _json("details"),
        _moment("raised_at"), _moment("last_at"),
        sa.Column("dismissed_at", _MOMENT), sa.Column("over_at", _MOMENT),
    )  # fmt: skip
    op.create_index("ix_alert_mailbox_id_code", "alert", ["mailbox_id", "code"], unique=False)
    _table(
        "cause",
        *_numbered(), _word("key", 64), _json("counts"), _json("held"), _moment("at"),
        unique=("key",),
    )  # fmt: skip


def _table(
    name: str,
    *columns: sa.Column[Any],
    key: tuple[str, ...] = ("id",),
    unique: tuple[str, ...] = (),
    refers: tuple[str, str] = _MAILBOX,
) -> None:
    rules: list[sa.Constraint] = [sa.PrimaryKeyConstraint(*key, name=f"pk_{name}")]
    if unique:
        rules.append(sa.UniqueConstraint(*unique, name=f"uq_{name}_{'_'.join(unique)}"))
    column, target = refers
    if column in {each.name for each in columns}:
        named = f"fk_{name}_{column}_{target.partition('.')[0]}"
        rules.append(sa.ForeignKeyConstraint([column], [target], name=named))
    op.create_table(name, *columns, *rules, sqlite_with_rowid=key == ("id",))


def _numbered() -> tuple[sa.Column[Any], ...]:
    return (sa.Column("id", sa.Integer(), nullable=False),)


def _of_mailbox() -> tuple[sa.Column[Any], ...]:
    return (sa.Column("mailbox_id", sa.Integer(), nullable=False),)


def _of_kind() -> tuple[sa.Column[Any], ...]:
    return (_word("kind", 16),)


def _word(name: str, length: int) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length=length), nullable=False)


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=False)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON(), nullable=False)


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, _MOMENT, nullable=False)


def _flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def downgrade() -> None:
    """Drop them again, and all that they hold: it does not come back by another upgrade.

    What users have set, answered, thrown away or tracked by command is lost, their filters become
    copies of the policy's templates, and what was discarded is held once more. A conflict that
    waits for an answer counts from then on as one whose loser was kept: nobody is asked any more.
    """
    for table in (
        "cause", "alert", "templated", "user_filter", "setting", "act", "remembered_value",
        "remembered", "question",
    ):  # fmt: skip
        op.drop_table(table)
    op.drop_index("ix_conflict_open", "conflict")
    for table, columns in (
        ("conflict", ("other", "state")),
        ("held", ("cause", "discarded_at")),
        ("noticed", ("cause",)),
        ("mailbox_kind", ("former_id",)),
        ("link", ("aside",)),
        ("mailbox", ("consented_at",)),
    ):
        for column in columns:
            op.drop_column(table, column)
