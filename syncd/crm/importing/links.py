"""The links of rows: which can be made at once, to whom, and what was told of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from sqlalchemy import Connection

from syncd.crm.importing import keys
from syncd.crm.importing.into import Into, Keyed
from syncd.crm.importing.keys import Told
from syncd.crm.importing.names import ORDER, targets_of
from syncd.crm.importing.references import Wanted
from syncd.crm.importing.report import BadRow, Link, Row
from syncd.crm.stored import StoredKind
from syncd.model.kinds import Schema
from syncd.model.values import Value


def later_of(stored: StoredKind[Schema], links: Mapping[str, Link]) -> dict[str, Link]:
    """The links to what may come later in the file."""
    mine = ORDER.index(stored.entity)
    return {
        name: link
        for name, link in links.items()
        if any(ORDER.index(target) >= mine for target in targets_of(stored, name))
    }


def resolved(
    conn: Connection,
    into: Into,
    stored: StoredKind[Schema],
    rows: Iterable[tuple[Row | None, Mapping[str, Link]]],
    *,
    all_now: bool = False,
) -> list[tuple[dict[str, Value] | BadRow, bool]]:
    """For each row the values of its links, or what is wrong; and whether others have to wait."""
    asked: list[tuple[dict[str, Wanted], bool]] = []
    for _, links in rows:
        waiting = {} if all_now else later_of(stored, links)
        asked.append(
            (
                {n: (link, targets_of(stored, n)) for n, link in links.items() if n not in waiting},
                bool(waiting),
            )
        )
    found = into.references.resolve(conn, (each for wanted, _ in asked for each in wanted.values()))
    result: list[tuple[dict[str, Value] | BadRow, bool]] = []
    for wanted, waits in asked:
        values: dict[str, Value] = {}
        bad: BadRow | None = None
        for name, each in wanted.items():
            hit = found[each]
            if isinstance(hit, BadRow):
                bad = BadRow(f"{name}: {hit}")
            else:
                values[name] = f"{hit[0]}:{hit[1]}" if len(each[1]) > 1 else hit[1]
        result.append((bad or values, waits))
    return result


def told_of(each: Keyed, links: Mapping[str, Value]) -> Told:
    """What a row tells, as checksums; of its links, those that were made."""
    made = {n: link for n, link in each.row.links.items() if n in links}
    return each.told | told_links(made, links) if made else dict(each.told)


def told_links(links: Mapping[str, Link], values: Mapping[str, Value]) -> Told:
    """What is told of links: how they are written, and what they were found to be."""
    told = {f"{name}?": cast(int, keys.link_checksum(link)) for name, link in links.items()}
    return told | {name: cast(int, keys.checksum(values[name])) for name in links}


def was_told(told: Told | None, name: str, link: Link) -> bool:
    """Whether a source said the same of a link before."""
    return told is not None and told.get(f"{name}?") == keys.link_checksum(link)
