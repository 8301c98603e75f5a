"""The kinds that a policy may name, each by its plural: what the store keeps, a policy may sync."""

from __future__ import annotations

from collections.abc import Mapping

from syncd.crm.custom import Custom, kinds_with
from syncd.crm.records import STORED
from syncd.crm.stored import StoredKind
from syncd.model.kinds import Kind

KINDS: Mapping[str, StoredKind[Kind]] = {stored.kind.plural: stored for stored in STORED.values()}


def kinds_by_plural(custom: Custom) -> Mapping[str, StoredKind[Kind]]:
    """The same, with the custom fields of a configuration."""
    return {stored.kind.plural: stored for stored in kinds_with(custom).values()}
