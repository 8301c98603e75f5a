"""Rows about somebody who is there already, under another key or none."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from syncd.crm.duplicates import Found, find_many
from syncd.crm.importing.into import Into, Keyed
from syncd.crm.importing.keys import Known
from syncd.crm.stored import StoredKind
from syncd.model.kinds import Schema
from syncd.model.qualification import OnDuplicate


def sorted_out(
    conn: Connection, into: Into, stored: StoredKind[Schema], rows: Sequence[Keyed]
) -> tuple[list[Keyed], list[tuple[Keyed, Known]]]:
    """The rows that are new indeed, and those that are a record each, by what was asked for.

    The others are rejected: a person says what they are.
    """
    if not stored.keyed or into.on_duplicate is OnDuplicate.IGNORE:
        return list(rows), []
    # What comes with its id is a record of some CRM: that one had its say about who is who.
    new = [each for each in rows if each.row.id]
    asked = [each for each in rows if not each.row.id]
    found = find_many(conn, stored, [each.row.fields for each in asked], into.region)
    known: list[tuple[Keyed, Known]] = []
    for each, candidates in zip(asked, found, strict=True):
        certain = [candidate for candidate in candidates if candidate.certain]
        if not certain:
            new.append(each)
        elif into.on_duplicate is OnDuplicate.ADOPT and len(certain) == 1:
            known.append((each, Known("", certain[0].record.id, {})))
        else:
            into.reject(each.row.line, _said(stored, certain), each.row.original)
            into.ledger.forget([f"{stored.entity}\x1f{each.key}"])
    return new, known


def _said(stored: StoredKind[Schema], certain: Sequence[Found]) -> str:
    first, others = certain[0], len(certain) - 1
    why = " ".join(because.sentence for because in first.reasons)
    more = f", or one of {others} more" if others else ""
    return (
        f"it seems to be the {stored.entity} {first.record.name!r} ({first.record.id}){more}. {why}"
        " Import it with --adopt to take them for one, or with --ignore-duplicates"
    )
