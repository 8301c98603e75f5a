"""The mailing address of a mailbox in memory: fields as an item keeps them, and as a kind has them.

An item keeps its addresses as the contact's own map names them: `address1` is Business, `address2`
Home and `address3` Other. A kind with a mailing address has `address1` for whichever it names.
"""

from __future__ import annotations

from collections.abc import Mapping

from syncd.model.fields import Mailing
from syncd.model.kinds import Kind
from syncd.model.values import Value

BUSINESS = "Business"
_GROUPS = {BUSINESS: "address1", "Home": "address2", "Other": "address3"}


def places(kind: Kind, named: str) -> Mapping[str, str]:
    """By field of a kind, the field in which an item keeps it that names this mailing address."""
    group = _GROUPS[named or BUSINESS]
    return {
        name: name.replace("address1", group) if isinstance(field.ews, Mailing) else name
        for name, field in kind.by_name.items()
    }


def named_by(kind: Kind, named: str, patch: Mapping[str, Value]) -> str:
    """The mailing address that an item names once it has this patch; empty when it names none."""
    filled = any(v and isinstance(kind.by_name[n].ews, Mailing) for n, v in patch.items())
    return named or (BUSINESS if filled else "")
