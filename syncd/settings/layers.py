"""The layers that settings are laid in: default, organisation, policy, user; the later one wins."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import cast

from syncd.model.policy import Track
from syncd.settings.groups import GROUP_TABLES, by_group
from syncd.settings.kinds import KINDS
from syncd.settings.nested import Table, leaves, merged, nested
from syncd.settings.policy_section import PolicySection

__all__ = ["Origin", "Table", "as_layer", "contradictions", "leaves", "merged", "nested"]


class Origin(StrEnum):
    """Which layer a value comes from."""

    DEFAULT = "default"
    ORGANISATION = "organisation"
    POLICY = "policy"
    USER = "user"


def as_layer(section: PolicySection) -> Table:
    """What a section says itself: shaped as in the file, with groups in place of their fields."""
    return _shaped(section.model_dump(exclude_unset=True))


def in_full(section: PolicySection) -> Table:
    """What a section comes to with every default, shaped as in the file."""
    return _shaped(section.model_dump())


def contradictions(layer: Table) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """What makes no sense together, though each is right alone: where, what, what would be right.

    Asked of what all layers come to; of values as they are written, or read.
    """
    for plural in KINDS:
        said = layer.get(plural)
        if not isinstance(said, dict):
            continue
        # P14: of a folder that is everyone's own, nothing is taken by lying there.
        if said.get("track") == Track.FOLDER and said.get("folder", "default") == "default":
            yield (
                (plural, "track"),
                "would put everyone's whole private address book into the CRM",
                'name a folder of its own, folder = "default/CRM", or write track = "category"',
            )


def _shaped(dumped: dict[str, object]) -> Table:
    kinds = cast("dict[str, dict[str, object]]", dumped.pop("kinds", {}))
    for plural, said in kinds.items():
        for table in GROUP_TABLES:
            if table in said:
                written = cast("dict[str, object]", said[table])
                said[table] = by_group(KINDS[plural].kind, written)
    return dumped | kinds
