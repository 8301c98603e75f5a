"""The traces of one mailbox in one record: what it wrote there, and who else holds the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Row, select

from syncd.crm import records
from syncd.crm.stored import Stored, StoredKind
from syncd.model.fields import FieldType
from syncd.model.kinds import Kind
from syncd.model.normal import normal
from syncd.model.values import Value, from_json, to_json
from syncd.reconcile.decide import Verb
from syncd.sync.session import Session
from syncd.sync.snapshots import Content, load
from syncd.sync.tables import link, mailbox, operation

CRM_VERBS = (Verb.CREATE_RECORD.value, Verb.UPDATE_RECORD.value)


def merged_into(conn: Connection, stored: StoredKind[Kind], record_id: str) -> list[str]:
    """The records whose place one has taken, directly or by another one. Seldom asked: a scan."""
    found: list[str] = []
    following = [record_id]
    while following:
        query = select(stored.table.c.id).where(stored.table.c.merged_into == following.pop())
        fresh = sorted(set(conn.scalars(query)) - {record_id, *found})
        found += fresh
        following += fresh
    return found


def _taken(session: Session, held: Stored, merged: Iterable[Stored]) -> frozenset[str]:
    """The fields of groups that came with a merge: authored when another record went."""
    then = {each.modified_at for each in merged}
    return frozenset(
        field.name
        for name, group in session.policy.kind.groups.items()
        if (origin := held.origins.get(name)) is not None and origin.at in then
        for field in group.fields
    )


@dataclass(frozen=True)
class Traces:
    """What is known of one record.

    `history` is what mailboxes wrote into it, and into those that were merged into it, newest
    first; `contents` what that was, by hash; `others` the links that other items have to it, with
    the address of their mailbox. `taken` are the fields whose values it has from the records that
    were merged into it.
    """

    conn: Connection
    session: Session
    held: Stored
    history: list[Row[Any]]
    contents: Mapping[str, Content]
    others: list[Row[Any]]
    taken: frozenset[str] = frozenset()

    @classmethod
    def of(cls, conn: Connection, session: Session, held: Stored, private: str) -> Traces:
        """The traces in one record as it is held now; `private` is that of the private item."""
        kind = session.policy.kind.name
        merged = records.read(conn, session.stored, merged_into(conn, session.stored, held.id))
        written = (operation.c.kind == kind) & operation.c.crm_id.in_([held.id, *merged])
        query = select(operation).where(written, operation.c.verb.in_(CRM_VERBS))
        history = list(conn.execute(query.order_by(operation.c.at.desc())))
        elsewhere = (link.c.kind == kind) & (link.c.crm_id == held.id)
        if held.id == private:
            elsewhere &= link.c.mailbox_id != session.mailbox.id
        linked = select(link, mailbox.c.address).join(mailbox, mailbox.c.id == link.c.mailbox_id)
        return cls(
            conn,
            session,
            held,
            history,
            load(conn, {each for row in history for each in (row.before, row.after) if each}),
            list(conn.execute(linked.where(elsewhere))),
            _taken(session, held, merged.values()),
        )

    def after(self, row: Row[Any]) -> Content:
        """What one write put there."""
        return self._of(row, row.after)

    def before(self, row: Row[Any]) -> Content:
        """What stood there before it."""
        return self._of(row, row.before)

    def _of(self, row: Row[Any], snapshot: str | None) -> Content:
        content = self.contents.get(snapshot or "", {})
        if row.crm_id == self.held.id:
            return content
        return {name: value for name, value in content.items() if name in self.taken}

    def is_ours(self, row: Row[Any], field: str) -> bool:
        """Whether this mailbox answers for what a write put into a field.

        For its own writes; and for anybody's into a group that was handed to it by a withdrawal.
        """
        return bool(row.mailbox_id == self.session.mailbox.id) or field in self._handed_over

    @cached_property
    def _handed_over(self) -> frozenset[str]:
        """The fields of groups that are this mailbox's, and that it never wrote into."""
        here = self.session.mailbox
        wrote = {n for row in self.history if row.mailbox_id == here.id for n in self.after(row)}
        return frozenset(
            field.name
            for name, group in self.session.policy.kind.groups.items()
            if (origin := self.held.origins.get(name)) is not None
            and origin.mailbox == here.address
            and wrote.isdisjoint(each.name for each in group.fields)
            for field in group.fields
        )

    @cached_property
    def authored(self) -> Mapping[str, frozenset[str]]:
        """By field the forms of what this mailbox wrote; of a set, of the elements it added.

        But for what another one wrote, too.
        """
        ours: dict[str, set[str]] = {}
        theirs: dict[str, set[str]] = {}
        for row in self.history:
            before = self.before(row)
            for name, value in self.after(row).items():
                held = ours if self.is_ours(row, name) else theirs
                new = self.forms(name, value) - (
                    self.forms(name, before.get(name)) if isinstance(value, list) else set()
                )
                held.setdefault(name, set()).update(new)
        return {n: frozenset(forms - theirs.get(n, set())) for n, forms in ours.items()}

    def forms(self, name: str, value: object) -> set[str]:
        """What a JSON value is compared by: its normal form; of a set, that of each element."""
        field = self.session.policy.kind.by_name.get(name)
        if field is None or value is None:
            return set()
        values = value if isinstance(value, list) else [value]
        of_type = FieldType.TEXT if field.type is FieldType.NAMES else field.type
        normals = (normal(of_type, _typed(of_type, each)) for each in values)
        return {str(each) for each in normals if each is not None}

    def without(self, name: str, value: object) -> object:
        """A JSON value without what this mailbox authored; `None` when nothing is left."""
        wrote = self.authored.get(name, frozenset())
        if isinstance(value, list):
            return [each for each in value if not self.forms(name, [each]) & wrote] or None
        return None if self.forms(name, value) & wrote else value

    def left_in(self, values: Mapping[str, Value] | None) -> bool:
        """Whether any of these values is one that this mailbox authored; of a set, any element."""
        return any(
            self.forms(name, to_json(value)) & self.authored.get(name, frozenset())
            for name, value in (values or {}).items()
        )


def _typed(kind: FieldType, held: object) -> Value:
    """A JSON value; as its text where a custom field was of another type then."""
    try:
        return from_json(kind, held)
    except ValueError:
        return str(held)
