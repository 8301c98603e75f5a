"""What files call the sorts of records, and the columns that every one of them may have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from syncd.crm.entities import ENTITIES
from syncd.crm.stored import StoredKind
from syncd.model.fields import FieldType
from syncd.model.kinds import Schema

USER = "user"

Entities = Mapping[str, StoredKind[Schema]]

# What others refer to comes first. A link to what comes later is made at the end.
ORDER = (
    USER, "account", "contact", "opportunity", "lead", "task", "phone_call", "appointment", "email",
    "note",
)  # fmt: skip

# The name of the id, as Dataverse has it.
ID_KEYS: Mapping[str, str] = {
    USER: "systemuserid",
    "account": "accountid",
    "contact": "contactid",
    "opportunity": "opportunityid",
    "lead": "leadid",
    "task": "activityid",
    "phone_call": "activityid",
    "appointment": "activityid",
    "email": "activityid",
    "note": "annotationid",
}
_ALSO = {
    "systemuser": USER, "phonecall": "phone_call", "annotation": "note", "mail": "email",
    "e_mail": "email", "company": "account", "opportunitie": "opportunity",
}  # fmt: skip

# Columns of any record, besides its fields.
COMMON = frozenset(
    {
        "kind", "owner", "ownerid", "externalid", "statecode", "statuscode", "createdon",
        "overriddencreatedon", "versionnumber", "modifiedon", "syncd_reason",
    }
)  # fmt: skip
USER_COLUMNS = ("internalemailaddress", "fullname", "domainname")

# The parent of a contact is no field of it, and points to an account all the same.
EXTRA_TARGETS: Mapping[str, tuple[str, ...]] = {
    "parentcustomerid": ("account",),
    "originatingleadid": ("lead",),
}


def kind_of(name: str) -> str | None:
    """The sort of record that a name means: `Phone Call`, `phonecall`, `phone-calls`."""
    text = "_".join(name.strip().lower().replace("-", " ").replace("_", " ").split())
    for each in (
        text,
        text.removesuffix("s"),
        text.removesuffix("es"),
        text.removesuffix("ies") + "y",
    ):
        found = _ALSO.get(each, each)
        if found in ORDER:
            return found
    return None


def columns_of(stored: StoredKind[Schema]) -> dict[str, tuple[str, int]]:
    """Column → the field, or extra, that it holds, and its position among those of the field.

    A reference is one column, however many it is kept in.
    """
    found: dict[str, tuple[str, int]] = {}
    for field in stored.kind.fields:
        several = field.type is FieldType.LINES and field.crm
        columns = field.crm if several else (field.name,)
        found |= {column: (field.name, position) for position, column in enumerate(columns)}
    return found | {name: (name, 0) for name in stored.extras}


def known_columns(kind: str, entities: Entities = ENTITIES) -> frozenset[str]:
    """All columns that a file of our own may have for a sort of record."""
    if kind == USER:
        return COMMON | {*USER_COLUMNS, ID_KEYS[USER]}
    own: Iterable[str] = columns_of(entities[kind])
    parties = {"parties"} if ID_KEYS[kind] == "activityid" else set()
    full = {"fullname"} if kind in ("contact", "lead") else set()
    return COMMON | {*own, ID_KEYS[kind], *parties, *full}


def targets_of(stored: StoredKind[Schema], name: str) -> tuple[str, ...]:
    """The entities that a reference may point to; none when it is no reference."""
    field = stored.kind.by_name.get(name)
    if field is not None:
        return field.refers
    return EXTRA_TARGETS[name] if stored.extras.get(name) is FieldType.REFERENCE else ()
