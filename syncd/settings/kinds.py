"""The kinds that a policy may name, each by its plural: what the store keeps, a policy may sync."""

from __future__ import annotations

from collections.abc import Mapping

from syncd.crm.records import STORED
from syncd.crm.stored import StoredKind
from syncd.model.kinds import Kind

KINDS: Mapping[str, StoredKind[Kind]] = {stored.kind.plural: stored for stored in STORED.values()}
