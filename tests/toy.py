"""A kind of record that syncd does not know: what proves that the engine names none.

A gadget has a name of two parts, a serial number, a secret hint, parts and labels. Its properties
are real ones, so that any mailbox can hold it, and its table is made by
`record_table("gadget", GADGET, MetaData())` and kept by `plain(GADGET, table)`.
"""

from __future__ import annotations

from collections.abc import Mapping

from syncd.model.fields import Direction, Field, FieldType, Indexed, Sphere, Uri
from syncd.model.kinds import Initial, Kind, MatchBy
from syncd.model.policy import ConflictPolicy, KindPolicy
from syncd.model.record import Record
from syncd.model.values import Value

TEXT, NAMES = FieldType.TEXT, FieldType.NAMES


def _label(values: Mapping[str, Value]) -> str | None:
    return " ".join(str(each) for name in ("brand", "model") if (each := values.get(name))) or None


GADGET = Kind(
    name="gadget",
    plural="gadgets",
    fields=(
        Field("brand", "Brand", TEXT, ("brand",), Uri("contacts:GivenName"), "givenName", "title"),
        Field("model", "Model", TEXT, ("model",), Uri("contacts:Surname"), "surname", "title"),
        Field(
            "serial", "Serial number", FieldType.EMAIL, ("serial",),
            Indexed("contacts:EmailAddress", "EmailAddress1"), "primaryEmailAddress.address",
            "serial",
        ),
        Field(
            "hint", "Secret hint", FieldType.NOTE, ("hint",),
            Uri("item:Body"), "personalNotes", "hint", sphere=Sphere.PERSONAL,
        ),
        Field("parts", "Parts", NAMES, ("parts",), Uri("contacts:Children"), "children", "parts"),
        Field(
            "labels", "Labels", NAMES, ("labels",),
            Uri("item:Categories"), "categories", "labels", Direction.NONE, Sphere.PERSONAL,
        ),
    ),
    initial=(Initial("label", Uri("contacts:DisplayName"), "displayName", _label),),
    match=MatchBy(unique=("serial",), name=("brand", "model"), support=("hint",)),
    item_class="IPM.Contact.Gadget",
    item_element="Contact",
    folder_class="IPF.Contact",
    distinguished="contacts",
    archive_folder="Former gadgets",
    archive_category="Former gadget",
    labels="labels",
)  # fmt: skip

NOTHING: Mapping[str, Value] = dict.fromkeys(GADGET.by_name)


def gadget(**fields: Value) -> Record:
    """A gadget that was read in full: what is not given is empty."""
    return Record(GADGET, {**NOTHING, **fields})


def seen(**fields: Value) -> Record:
    """A gadget of which only these fields were observed."""
    return Record(GADGET, fields)


def policy(
    direction: Direction = Direction.TWO_WAY,
    conflict: ConflictPolicy = ConflictPolicy.LATEST,
    **directions: Direction,
) -> KindPolicy:
    """The rules for gadgets; `directions` are by group."""
    return KindPolicy(GADGET, direction, directions, conflict)
