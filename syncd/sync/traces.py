"""The traces of one mailbox in one record: what it wrote there, and who else holds the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from sqlalchemy import Connection, Row, select

from syncd.crm.stored import Stored
from syncd.model.values import JsonValue, Value, to_json
from syncd.reconcile.decide import Verb
from syncd.sync.session import Session
from syncd.sync.snapshots import Content, load
from syncd.sync.tables import link, mailbox, operation

CRM_VERBS = (Verb.CREATE_RECORD.value, Verb.UPDATE_RECORD.value)


@dataclass(frozen=True)
class Traces:
    """What is known of one record.

    `history` is what mailboxes wrote into it, newest first; `contents` what that was, by hash;
    `others` the links that other mailboxes have to it, with their address.
    """

    conn: Connection
    session: Session
    held: Stored
    history: list[Row[Any]]
    contents: Mapping[str, Content]
    others: list[Row[Any]]

    @classmethod
    def of(cls, conn: Connection, session: Session, held: Stored) -> Traces:
        """The traces in one record as it is held now."""
        kind = session.policy.kind.name
        written = (operation.c.kind == kind) & (operation.c.crm_id == held.id)
        query = select(operation).where(written, operation.c.verb.in_(CRM_VERBS))
        history = list(conn.execute(query.order_by(operation.c.at.desc())))
        elsewhere = (link.c.kind == kind) & (link.c.crm_id == held.id)
        linked = select(link, mailbox.c.address).join(mailbox, mailbox.c.id == link.c.mailbox_id)
        return cls(
            conn,
            session,
            held,
            history,
            load(conn, {each for row in history for each in (row.before, row.after) if each}),
            list(conn.execute(linked.where(elsewhere, link.c.mailbox_id != session.mailbox.id))),
        )

    def after(self, row: Row[Any]) -> Content:
        """What one write put there."""
        return self.contents.get(row.after or "", {})

    def before(self, row: Row[Any]) -> Content:
        """What stood there before it."""
        return self.contents.get(row.before or "", {})

    def is_ours(self, row: Row[Any]) -> bool:
        """Whether a write came out of this mailbox."""
        return bool(row.mailbox_id == self.session.mailbox.id)

    @cached_property
    def authored(self) -> Mapping[str, list[JsonValue]]:
        """By field, what this mailbox ever wrote; but for what another one wrote, too."""
        ours: dict[str, list[JsonValue]] = {}
        theirs: dict[str, list[JsonValue]] = {}
        for row in self.history:
            held = ours if self.is_ours(row) else theirs
            for name, value in self.after(row).items():
                if value is not None:
                    held.setdefault(name, []).append(cast("JsonValue", value))
        return {
            name: [value for value in values if value not in theirs.get(name, ())]
            for name, values in ours.items()
        }

    def left_in(self, values: Mapping[str, Value] | None) -> bool:
        """Whether any of these values is one that this mailbox authored; of a set, any element."""
        for name, value in (values or {}).items():
            wrote = self.authored.get(name, ())
            if isinstance(value, tuple):
                elements = {each for other in wrote if isinstance(other, list) for each in other}
                if elements & set(value):
                    return True
            elif value is not None and to_json(value) in wrote:
                return True
        return False
