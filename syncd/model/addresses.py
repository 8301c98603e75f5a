"""The address mode: whether a kind's addresses are three, or the mailing address alone.

In the map, the CRM's first address is Outlook's Business address. An organisation that works with
one address a person has the CRM's first one go with whichever Outlook calls the mailing address,
and the other two take no part.
"""

from __future__ import annotations

from dataclasses import replace

from syncd.model.fields import Direction, Field, Indexed, Mailing
from syncd.model.kinds import Kind
from syncd.model.policy import Addresses

MAILING = "mailingAddress"  # not Graph's own: which of the three it is, the item says

_ADDRESS = "contacts:PhysicalAddress:"


def kind_for(kind: Kind, addresses: Addresses) -> Kind:
    """The kind as an address mode has it."""
    return mailing_only(kind) if addresses is Addresses.MAILING else kind


def mailing_only(kind: Kind) -> Kind:
    """The kind with the mailing address alone; its name and fields are the same."""
    return replace(kind, fields=tuple(_mailing(field) for field in kind.fields))


def _mailing(field: Field) -> Field:
    where = field.ews
    if not isinstance(where, Indexed) or not where.uri.startswith(_ADDRESS):
        return field
    if where.index != "Business":
        return replace(field, direction=Direction.NONE, locked=True)
    label = field.label.replace("Business", "Mailing", 1)
    ews, graph = (
        Mailing(where.uri.removeprefix(_ADDRESS)),
        f"{MAILING}.{field.graph.partition('.')[2]}",
    )
    return replace(field, label=label, ews=ews, graph=graph)
