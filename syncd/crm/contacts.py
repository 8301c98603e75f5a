"""How a contact is kept. Its company is two columns: the parent account, and the text.

The record shows the account's name, or the text of a contact that has no account. A text never
removes an account, and no account is ever made from one that came out of a mailbox.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from sqlalchemy import ColumnElement, Connection, select, true

from syncd.crm.access import Access
from syncd.crm.errors import NoSuchAccount, RecordError
from syncd.crm.feed import Actor, ActorKind
from syncd.crm.rows import chunks
from syncd.crm.stored import Draft, Row, StoredKind, columns_of, reader
from syncd.crm.tables import account, contact
from syncd.model.contact import CONTACT
from syncd.model.fields import FieldType
from syncd.model.normal import text
from syncd.model.states import ACTIVE
from syncd.model.values import Value

PARENT, COMPANY = "parentcustomerid", "companyname"
_PARENT_NAME = "parent_name"  # the joined column

_read_own = reader(field for field in CONTACT.fields if field.name != COMPANY)


def _assemble(row: Row) -> dict[str, Value]:
    fields = _read_own(row)
    fields[COMPANY] = cast(Value, row[_PARENT_NAME] or row[COMPANY])
    return fields


def _disassemble(
    conn: Connection, drafts: Sequence[Draft]
) -> list[dict[str, object] | RecordError]:
    called = {_folded(d.patch[COMPANY]) for d in drafts if COMPANY in d.patch} - {""}
    parents = {str(parent) for d in drafts if (parent := d.patch.get(PARENT))}
    if not called and not parents:
        return [_columns(draft, {}, {}) for draft in drafts]
    seen = _readable(conn, drafts[0].actor)
    named, asked = _accounts_called(conn, called, seen), _names_of(conn, parents, seen)
    return [_columns(draft, named, asked) for draft in drafts]


def _columns(
    draft: Draft, named: Mapping[str, tuple[str, str]], asked: Mapping[str, str]
) -> dict[str, object] | RecordError:
    columns = columns_of(CONTACT, {n: v for n, v in draft.patch.items() if n != COMPANY})
    if COMPANY in draft.patch:
        columns |= _company(draft, named)
    if PARENT in draft.patch:
        parent = draft.patch[PARENT]
        if parent is not None and parent not in asked:
            return NoSuchAccount(str(parent))
        columns |= {PARENT: parent, _PARENT_NAME: asked.get(str(parent))}
    return columns


def _company(draft: Draft, named: Mapping[str, tuple[str, str]]) -> dict[str, object]:
    """What a written company does to the two columns."""
    written = cast("str | None", draft.patch[COMPANY])
    match = named.get(_folded(written))
    has_parent = draft.before is not None and draft.before[PARENT] is not None
    if match:
        return {COMPANY: written, PARENT: match[0], _PARENT_NAME: match[1]}
    if draft.actor.kind is ActorKind.UNDO:  # puts back what was shown: no such account, no parent
        return {COMPANY: written, PARENT: None, _PARENT_NAME: None}
    if written is None and has_parent and draft.actor.kind is ActorKind.MAILBOX:
        return {}
    return {COMPANY: written}


def _folded(company: Value) -> str:
    return text(str(company or "")) or ""


def _readable(conn: Connection, actor: Actor) -> ColumnElement[bool]:
    """The condition of the accounts that the writer may know of."""
    return Access.of(conn, actor.user_id).readable_in(account) if actor.user_id else true()


def _accounts_called(
    conn: Connection, names: Iterable[str], seen: ColumnElement[bool]
) -> dict[str, tuple[str, str]]:
    """Name → (id, name) of the active accounts, seen ones, that alone bear a name. Case counts."""
    found: dict[str, list[tuple[str, str]]] = {}
    unseen: set[str] = set()
    for chunk in chunks(filter(None, names)):
        query = select(account.c.id, account.c.name, seen.label("seen")).where(
            account.c.name.in_(chunk),
            account.c.statecode == ACTIVE,
            account.c.deleted_at.is_(None),
        )
        for row in conn.execute(query):
            found.setdefault(row.name, []).append((row.id, row.name))
            if not row.seen:
                unseen.add(row.name)
    return {n: a[0] for n, a in found.items() if len(a) == 1 and n not in unseen}


def _names_of(conn: Connection, ids: Iterable[str], seen: ColumnElement[bool]) -> dict[str, str]:
    names: dict[str, str] = {}
    for chunk in chunks(ids):
        query = select(account.c.id, account.c.name).where(
            account.c.id.in_(chunk), account.c.deleted_at.is_(None), seen
        )
        names.update({row.id: row.name for row in conn.execute(query)})
    return names


CONTACTS = StoredKind(
    kind=CONTACT,
    table=contact,
    source=contact.outerjoin(account, contact.c.parentcustomerid == account.c.id),
    columns=(
        *cast("Iterable[ColumnElement[object]]", contact.columns),
        cast("ColumnElement[object]", account.c.name.label(_PARENT_NAME)),
    ),
    extras={
        PARENT: FieldType.REFERENCE,
        "accountrolecode": FieldType.TEXT,
        "originatingleadid": FieldType.REFERENCE,
    },
    assemble=_assemble,
    disassemble=_disassemble,
    keyed=True,
    extra_pointers={"originatingleadid": "lead"},  # the parent is looked up when it is named
)
