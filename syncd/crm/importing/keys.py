"""What a record is known as where it comes from, and what its source last said of it.

A record with a key of its own (an id, an externalid, a UID) is known by that. One without is known
by what identifies it: a contact and a lead by name, first e-mail address and company, an account by
its name; all else by all that its row says.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b

from sqlalchemy import Connection, bindparam, insert, select, update

from syncd.crm.checking import MAX_KEYED, MAX_NOTE, checked_text
from syncd.crm.errors import InvalidValue
from syncd.crm.importing.report import BadRow, Link, Row
from syncd.crm.rows import chunks
from syncd.crm.stored import Stored, StoredKind
from syncd.crm.tables import external_key
from syncd.model.fields import FieldType
from syncd.model.kinds import Schema
from syncd.model.normal import same
from syncd.model.normal import text as one_line
from syncd.model.values import Value

IDENTIFYING: Mapping[str, tuple[str, ...]] = {
    "contact": ("firstname", "lastname", "emailaddress1", "companyname"),
    "lead": ("firstname", "lastname", "emailaddress1", "companyname"),
    "account": ("name",),
}
Told = dict[str, int]


@dataclass(frozen=True, slots=True)
class Known:
    """A record that a source has spoken of: what it said, as checksums; `None` if unknown."""

    key: str
    record_id: str
    told: Told | None


def sound(row: Row) -> Row:
    """The row. Raises BadRow when it has what nothing can be looked up by, before anything is."""
    sought = [("externalid", row.key), ("owner", row.owner)]
    sought += [(name, link.text) for name, link in row.links.items()]
    sought += [("parties", each.who.text) for each in row.parties or () if each.who]
    texts = [(name, each) for name, each in row.fields.items() if isinstance(each, str)]
    try:
        for name, text in sought:
            checked_text(name, text or "", MAX_KEYED)
        for name, text in texts:
            if not text.isprintable():
                checked_text(name, text, MAX_NOTE)
    except InvalidValue as error:
        raise BadRow(str(error)) from None
    return row


def checksum(value: Value) -> int | None:
    """Enough of a value to tell that it is another one."""
    if value is None:
        return None
    if isinstance(value, str):
        data = value.encode("utf-8", "surrogatepass")
        return len(data) << 32 | zlib.crc32(data)
    if isinstance(value, datetime):
        value = value.astimezone(UTC).isoformat()
    elif isinstance(value, Decimal):
        value = str(value.quantize(Decimal("0.01")))
    data = repr(value).encode()
    return len(data) << 32 | zlib.crc32(data)


def link_checksum(link: Link) -> int | None:
    """The same of a link, as it is written."""
    return checksum(f"{link.entity or ''}:{link.text}")


def told_by(row: Row) -> Told:
    """What a row says of fields, as checksums; an empty field has none."""
    return {n: c for n, value in row.fields.items() if (c := checksum(value)) is not None}


def says_again(row: Row, fields: Told, told: Told | None) -> bool:
    """Whether a row says nothing that it did not say before."""
    if told is None or row.parties:
        return False
    return (
        all(told.get(name) == fields.get(name) for name in row.fields)
        and all(told.get(f"{n}?") == link_checksum(link) for n, link in row.links.items())
        and (row.owner is None or told.get("owner?") == checksum(row.owner))
        and (row.status is None or told.get("statuscode") == checksum(row.status))
    )


def saying(row: Row, fields: Told) -> int:
    """A checksum of all that a row says."""
    said = (
        sorted(fields.items()),
        sorted((n, link_checksum(link)) for n, link in row.links.items()),
        row.owner, row.status,
    )  # fmt: skip
    return int.from_bytes(blake2b(repr(said).encode(), digest_size=7).digest())


def keys_of(row: Row, said: int) -> tuple[str, ...]:
    """What a row's record is known as, the surest first."""
    own = tuple(dict.fromkeys(key for key in (row.id, row.key) if key))
    if own:
        return own
    identity = [
        (one_line(str(row.fields.get(name) or "")) or "").casefold()
        for name in IDENTIFYING.get(row.kind, ())
    ]
    if not any(identity):
        identity = [str(said)]
    digest = blake2b("\x1f".join(identity).encode("utf-8", "surrogatepass"), digest_size=12)
    return (f"~{digest.hexdigest()}",)


def known(conn: Connection, source: str, entity: str, keys: Iterable[str]) -> dict[str, Known]:
    """What is known under these keys."""
    found: dict[str, Known] = {}
    table = external_key
    for chunk in chunks(keys):
        query = select(table.c.key, table.c.record_id, table.c.told).where(
            table.c.source == source, table.c.entity == entity, table.c.key.in_(chunk)
        )
        for key, record_id, told in conn.execute(query):
            found[key] = Known(key, record_id, told)
    return found


def remember(
    conn: Connection, source: str, entity: str, new: Sequence[tuple[str, str, Told | None]]
) -> None:
    """Keep keys with their records, and what was told of them."""
    rows = [
        {"source": source, "entity": entity, "key": key, "record_id": record_id, "told": told}
        for key, record_id, told in new
    ]
    if rows:
        conn.execute(insert(external_key), rows)


def retell(conn: Connection, source: str, entity: str, changed: Mapping[str, Told]) -> None:
    """Keep what was told anew under keys that are there."""
    if changed:
        statement = (
            update(external_key)
            .where(
                external_key.c.source == source,
                external_key.c.entity == entity,
                external_key.c.key == bindparam("which"),
            )
            .values(told=bindparam("now"))
        )
        conn.execute(statement, [{"which": key, "now": told} for key, told in changed.items()])


def news(
    stored: StoredKind[Schema],
    fields: Mapping[str, Value],
    told: Told | None,
    current: Stored,
    *,
    file_wins: bool,
) -> tuple[dict[str, Value], list[str]]:
    """What a source says that is new, and the fields where it meets a change of the CRM's own.

    A field is new when the source said something else of it before, or nothing, and the CRM holds
    something else. It meets a change when the CRM does not hold what the source said before.
    """
    before, held = told or {}, current.values
    patch: dict[str, Value] = {}
    met: list[str] = []
    for name, value in fields.items():
        said = checksum(value)
        if told is not None and before.get(name) == said and not file_wins:
            continue
        kind = stored.type_of(name) or FieldType.TEXT
        if held[name] == value or same(kind, held[name], value):
            continue
        if file_wins or checksum(held[name]) == before.get(name):
            patch[name] = value
        else:
            met.append(name)
    return patch, met
