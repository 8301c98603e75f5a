"""Where a batch of rows goes, and by what rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from syncd.crm.feed import Actor
from syncd.crm.importing import parties
from syncd.crm.importing.keys import Told
from syncd.crm.importing.ledger import Ledger, Postponed
from syncd.crm.importing.owners import Owners
from syncd.crm.importing.references import References
from syncd.crm.importing.report import Link, Party, Report, Row
from syncd.model.entities import PARTY_TARGETS
from syncd.model.qualification import OnDuplicate


@dataclass(frozen=True)
class Into:
    """Where a batch goes, and by what rules.

    `file_wins` where it meets a change of the CRM's. `on_duplicate` is what becomes of rows about
    somebody who is there already; phone numbers without a country code are dialled in `region`.
    """

    source: str
    actor: Actor
    report: Report
    ledger: Ledger
    references: References
    owners: Owners
    reject: Callable[[int, str, object], None]
    file: Callable[[], str]
    on_duplicate: OnDuplicate = OnDuplicate.ASK
    region: str | None = None
    file_wins: bool = False

    def postpone(
        self,
        kind: str,
        record_id: str,
        key: str,
        row: Row,
        links: Mapping[str, Link],
        status: str | None,
    ) -> None:
        """Leave links, and a state, until all other records are there."""
        self.ledger.postpone(
            Postponed(kind, record_id, key, self.file(), row.line, links, status, row.original)
        )


@dataclass(frozen=True, slots=True)
class Keyed:
    """A row, with all that it is known as, and checksums: of its fields, and of it all."""

    row: Row
    keys: tuple[str, ...]
    told: Told
    said: int

    @property
    def key(self) -> str:
        """The surest of them."""
        return self.keys[0]

    @property
    def own_key(self) -> bool:
        """Whether its source has given it one."""
        return not self.key.startswith("~")


def put_parties(conn: Connection, into: Into, activities: Mapping[str, Sequence[Party]]) -> None:
    """Give activities their parties. Whom nobody knows stays there by address and name."""
    if not activities:
        return
    wanted = {
        party.who: (party.who, (party.who.entity or "",))
        for some in activities.values()
        for party in some
        if party.who is not None and party.who.entity in PARTY_TARGETS
    }
    found = into.references.resolve(conn, wanted.values())
    resolved: dict[str, list[tuple[Party, str | None]]] = {}
    for activity_id, some in activities.items():
        for party in some:
            hit = found.get(wanted[party.who]) if party.who in wanted else None
            record_id = hit[1] if isinstance(hit, tuple) else None
            if record_id is None and party.who is not None and not (party.address or party.name):
                party = replace(party, name=party.who.text)
            resolved.setdefault(activity_id, []).append((party, record_id))
    parties.put_parties(conn, resolved)
