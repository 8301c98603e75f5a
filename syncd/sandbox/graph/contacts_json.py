"""A contact as JSON: one literal table, from the properties of a bag and back to them."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from syncd.sandbox.ews.writing import plain
from syncd.sandbox.graph.errors import GraphError, no_conversion, no_property
from syncd.sandbox.graph.extended import MULTI, SINGLE, read_values
from syncd.sandbox.properties import ADDRESS_SET, NAME_PREFIX, Value, mapi_named
from syncd.sandbox.values import text

View = Mapping[str, Value]
Changes = dict[str, Value | None]

_WHEN = re.compile(r"\d{4,}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,12})?)?(Z|[+-]\d\d:\d\d)")
_PARTS = {
    "street": "Street",
    "city": "City",
    "state": "State",
    "countryOrRegion": "CountryOrRegion",
    "postalCode": "PostalCode",
}
_EDM = "Edm.String"


@dataclass(frozen=True, slots=True)
class Field:
    """One property of the JSON: how it is shown, and how it is read."""

    name: str
    show: Callable[[View], Any]
    read: Callable[[Any], Changes]


def _texts(given: Any, name: str, most: int | None) -> list[str]:  # noqa: ANN401
    """Return the texts of an array; those that are empty count for nothing."""
    if not isinstance(given, list) or not all(e is None or isinstance(e, str) for e in given):
        raise no_conversion(given, f"Collection({_EDM})")
    kept = [each for each in given if each]
    if most is not None and len(kept) > most:
        raise GraphError(
            "ErrorInvalidProperty",
            f"The number of values of the property '{name}' exceeds the max allowed value of "
            f"{most}.",
        )
    return kept


def _text(name: str, key: str) -> Field:
    def read(given: Any) -> Changes:  # noqa: ANN401
        if given is not None and not isinstance(given, str):
            raise no_conversion(given, _EDM)
        return {key: given or None}

    return Field(name, lambda view: view.get(key), read)


def _list(name: str, key: str) -> Field:
    return Field(
        name,
        lambda view: list(view.get(key, ())),
        lambda given: {key: _texts([] if given is None else given, name, None) or None},
    )


def _slots(name: str, *keys: str) -> Field:
    """Return an array whose values have places of their own in a bag; holes close up."""

    def read(given: Any) -> Changes:  # noqa: ANN401
        kept = _texts([] if given is None else given, name, len(keys))
        return {key: kept[place] if place < len(kept) else None for place, key in enumerate(keys)}

    return Field(name, lambda view: [view[key] for key in keys if view.get(key)], read)


def _address(name: str, place: str) -> Field:
    keys = {part: f"contacts:PhysicalAddress:{ews}:{place}" for part, ews in _PARTS.items()}

    def read(given: Any) -> Changes:  # noqa: ANN401
        changes: Changes = dict.fromkeys(keys.values())
        if given is None:
            return changes
        if not isinstance(given, dict):
            raise no_conversion(given, "microsoft.graph.physicalAddress")
        for part, value in given.items():
            if part not in keys:
                raise no_property(part, "physicalAddress")
            if value is not None and not isinstance(value, str):
                raise no_conversion(value, _EDM)
            changes[keys[part]] = value or None
        return changes

    return Field(
        name, lambda view: {part: view[key] for part, key in keys.items() if view.get(key)}, read
    )


def _mail(position: int) -> str:
    return f"contacts:EmailAddress:EmailAddress{position}"


def _shown_mail(view: View, position: int) -> dict[str, Value] | None:
    key = _mail(position)
    address = view.get(key)
    return None if address is None else {"name": view[f"{key}:Name"], "address": address}


def _read_mail(given: Any, position: int) -> Changes:  # noqa: ANN401
    key = _mail(position)
    changes: Changes = dict.fromkeys((key, f"{key}:Name", f"{key}:RoutingType"))
    if given is None:
        return changes
    if not isinstance(given, dict):
        raise no_conversion(given, "microsoft.graph.emailAddress")
    for part, value in given.items():
        if part not in {"name", "address"}:
            raise no_property(part, "emailAddress")
        if value is not None and not isinstance(value, str):
            raise no_conversion(value, _EDM)
    if given.get("address"):
        changes[key] = given["address"]
        changes[f"{key}:Name"] = given.get("name") or None
    return changes


def _one_mail(name: str, position: int) -> Field:
    return Field(
        name,
        lambda view: _shown_mail(view, position),
        lambda given: _read_mail(given, position),
    )


def _read_mails(given: Any) -> Changes:  # noqa: ANN401
    if not isinstance(given, list):
        raise no_conversion(given, "Collection(microsoft.graph.emailAddress)")
    if len(given) > len(_POSITIONS):
        raise GraphError(
            "ErrorInvalidProperty",
            "The number of values of the property 'emailAddresses' exceeds the max allowed value "
            "of 3.",
        )
    changes: Changes = {}
    for place, position in enumerate(_POSITIONS):
        changes.update(_read_mail(given[place] if place < len(given) else None, position))
    return changes


_POSITIONS = (1, 2, 3)


def _shown_mails(view: View) -> list[dict[str, Value]]:
    return [mail for position in _POSITIONS if (mail := _shown_mail(view, position)) is not None]


def _read_birthday(given: Any) -> Changes:  # noqa: ANN401
    if given is not None and (not isinstance(given, str) or not _WHEN.fullmatch(given)):
        raise no_conversion(given, "Edm.DateTimeOffset")
    return {"contacts:Birthday": given}


def _shown_notes(view: View) -> str | None:
    body = text(view, "item:Body")
    if text(view, "item:Body:Type") == "HTML":
        return plain(body)
    return body or None


def _read_notes(given: Any) -> Changes:  # noqa: ANN401
    if given is not None and not isinstance(given, str):
        raise no_conversion(given, _EDM)
    return {"item:Body": given or None, "item:Body:Type": "Text" if given else None}


def _phone(key: str) -> str:
    return f"contacts:PhoneNumber:{key}"


FIELDS = (
    _text("assistantName", "contacts:AssistantName"),
    Field("birthday", lambda view: view.get("contacts:Birthday"), _read_birthday),
    _address("businessAddress", "Business"),
    _text("businessHomePage", "contacts:BusinessHomePage"),
    _slots("businessPhones", _phone("BusinessPhone"), _phone("BusinessPhone2")),
    _list("categories", "item:Categories"),
    _list("children", "contacts:Children"),
    _text("companyName", "contacts:CompanyName"),
    _text("department", "contacts:Department"),
    _text("displayName", "contacts:DisplayName"),
    Field("emailAddresses", _shown_mails, _read_mails),
    _text("fileAs", "contacts:FileAs"),
    _text("generation", "contacts:Generation"),
    _text("givenName", "contacts:GivenName"),
    _address("homeAddress", "Home"),
    _slots("homePhones", _phone("HomePhone"), _phone("HomePhone2")),
    _slots("imAddresses", *(f"contacts:ImAddress:ImAddress{place}" for place in (1, 2, 3))),
    _text("initials", "contacts:Initials"),
    _text("jobTitle", "contacts:JobTitle"),
    _text("manager", "contacts:Manager"),
    _text("middleName", "contacts:MiddleName"),
    _text("mobilePhone", _phone("MobilePhone")),
    _text("nickName", "contacts:Nickname"),
    _text("officeLocation", "contacts:OfficeLocation"),
    _address("otherAddress", "Other"),
    Field("personalNotes", _shown_notes, _read_notes),
    _one_mail("primaryEmailAddress", 1),
    _text("profession", "contacts:Profession"),
    _one_mail("secondaryEmailAddress", 2),
    _text("spouseName", "contacts:SpouseName"),
    _text("surname", "contacts:Surname"),
    _one_mail("tertiaryEmailAddress", 3),
    _text("title", NAME_PREFIX),
    _text("yomiCompanyName", mapi_named(ADDRESS_SET, 0x802E)),
    _text("yomiGivenName", mapi_named(ADDRESS_SET, 0x802C)),
    _text("yomiSurname", mapi_named(ADDRESS_SET, 0x802D)),
)
BY_NAME = {field.name: field for field in FIELDS}
READ_ONLY = frozenset(
    {"id", "changeKey", "createdDateTime", "lastModifiedDateTime", "parentFolderId"}
)
# What the display name is put together from: a change of it makes a new one.
_NAME_PARTS = frozenset({"title", "givenName", "middleName", "surname", "generation"})
_BY_POSITION = frozenset({"primaryEmailAddress", "secondaryEmailAddress", "tertiaryEmailAddress"})


def read_contact(body: Mapping[str, Any]) -> Changes:
    """Read a body into changes of a bag. What only the server sets is passed over.

    Raises:
        GraphError: a property that a contact does not have, or a value that it cannot have.

    """
    if "emailAddresses" in body and _BY_POSITION & body.keys():
        raise GraphError(
            "ErrorInvalidRequest",
            "The property 'emailAddresses' cannot be set together with 'primaryEmailAddress', "
            "'secondaryEmailAddress' or 'tertiaryEmailAddress'.",
        )
    changes: Changes = {}
    if _NAME_PARTS & body.keys() and "displayName" not in body:
        changes["contacts:DisplayName"] = None
    for name, value in body.items():
        if name in READ_ONLY or "@odata." in name:
            continue
        if name in {SINGLE, MULTI}:
            changes.update(read_values(value, several=name == MULTI))
        elif name in BY_NAME:
            changes.update(BY_NAME[name].read(value))
        else:
            raise no_property(name, "contact")
    return changes


def show_contact(view: View, wanted: Iterable[str] | None) -> dict[str, Any]:
    """Return the properties of a contact, all of them where none are named."""
    if wanted is None:
        return {field.name: field.show(view) for field in FIELDS}
    return {name: BY_NAME[name].show(view) for name in wanted if name in BY_NAME}
