"""What the server does to values: it normalises what it is given and works out what it was not.

The normalisations, all of them, each as Exchange does it:

- an empty text in a property of its own is no property (extended properties keep theirs);
- the line ends of a body become CR LF;
- an e-mail address loses white space around it; its name defaults to the address, its routing to
  SMTP;
- a birthday and an anniversary are kept as 11:59 UTC of their date;
- the mailing address is named by one of four words, and `None` is as good as not named;
- a category that is there already, in whatever case, is not added again;
- every other time is in UTC, in whole seconds.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from syncd.sandbox.properties import ADDRESS_KEYS, EMAIL_KEYS, NAME_PREFIX, Bag, Value

_LINE_END = re.compile(r"\r\n|\r|\n")
_DATES = frozenset({"contacts:Birthday", "contacts:WeddingAnniversary"})
_TRIMMED = frozenset(f"contacts:EmailAddress:{key}" for key in EMAIL_KEYS)

DEFAULTS: dict[str, Value] = {
    "item:Sensitivity": "Normal",
    "item:Importance": "Normal",
    "item:HasAttachments": "false",
    "item:IsAssociated": "false",
    "item:IsDraft": "false",
    "item:IsSubmitted": "false",
    "item:IsFromMe": "false",
    "item:IsResend": "false",
    "item:IsUnmodified": "false",
    "item:ReminderIsSet": "false",
    "item:ReminderMinutesBeforeStart": "0",
    "item:Culture": "en-US",
}
_CONTACT_DEFAULTS: dict[str, Value] = {
    "contacts:FileAsMapping": "None",
    "contacts:PostalAddressIndex": "None",
    "contacts:HasPicture": "false",
    "contacts:ContactSource": "Store",
}
_MESSAGE_DEFAULTS: dict[str, Value] = {
    "message:IsRead": "true",
    "message:IsReadReceiptRequested": "false",
    "message:IsDeliveryReceiptRequested": "false",
    "message:IsResponseRequested": "false",
}


def utc(text: str) -> datetime:
    """Read an xs:dateTime or xs:date; without a zone it is UTC.

    Raises:
        ValueError: neither.

    """
    when = datetime.fromisoformat(text.strip())
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def time_text(text: str) -> str:
    """Write a time as the server gives it back: UTC, whole seconds."""
    return utc(text).strftime("%Y-%m-%dT%H:%M:%SZ")


def normalised(key: str, value: Value) -> Value | None:
    """Return the value as the server keeps it; None means that nothing is left of it.

    Raises:
        ValueError: not a value of this property.

    """
    if isinstance(value, list):
        if key == "item:Categories":
            return _unique(value) or None
        return value or None
    if key == "item:Body":
        return _LINE_END.sub("\r\n", value) or None
    if key in _DATES:
        return utc(value).strftime("%Y-%m-%dT11:59:00Z") if value else None
    if key in _TRIMMED:
        return value.strip() or None
    if key == "contacts:PostalAddressIndex" and value not in (*ADDRESS_KEYS, "None", ""):
        raise ValueError(value)
    if key.startswith("mapi:"):
        return value
    return value or None


def _unique(categories: list[str] | list[dict[str, str]]) -> list[str]:
    seen: dict[str, str] = {}
    for category in categories:
        if isinstance(category, str) and category:
            seen.setdefault(category.casefold(), category)
    return list(seen.values())


def view(bag: Bag, stamps: Mapping[str, Value]) -> dict[str, Value]:
    """Return all a client may read: what was set, what is worked out, what is defaulted."""
    item_class = bag.get("item:ItemClass", "IPM.Note")
    whole: dict[str, Value] = {**DEFAULTS, **stamps}
    if isinstance(item_class, str) and item_class.startswith("IPM.Contact"):
        whole.update(_CONTACT_DEFAULTS)
        whole.update(bag)
        _contact(whole)
    elif isinstance(item_class, str) and item_class.startswith("IPM.DistList"):
        whole["contacts:ContactSource"] = "Store"
        whole.update(bag)
        if "contacts:DisplayName" in whole:
            whole.setdefault("item:Subject", whole["contacts:DisplayName"])
    else:
        whole.update(_MESSAGE_DEFAULTS)
        whole.update(bag)
    return whole


def text(bag: Bag, key: str) -> str:
    """Return a text property, empty if it is not there."""
    value = bag.get(key, "")
    return value if isinstance(value, str) else ""


def _contact(whole: dict[str, Value]) -> None:
    if "contacts:DisplayName" not in whole:
        name = full_name(whole) or text(whole, "contacts:CompanyName")
        if name:
            whole["contacts:DisplayName"] = name
    if "contacts:FileAs" not in whole:
        filed = file_as(whole)
        if filed:
            whole["contacts:FileAs"] = filed
    if "item:Subject" not in whole and "contacts:DisplayName" in whole:
        whole["item:Subject"] = whole["contacts:DisplayName"]
    for key in EMAIL_KEYS:
        path = f"contacts:EmailAddress:{key}"
        address = whole.get(path)
        if address is not None:
            whole.setdefault(f"{path}:Name", address)
            whole.setdefault(f"{path}:RoutingType", "SMTP")


def full_name(bag: Bag) -> str:
    """Return the name parts in one line, as Outlook puts them together."""
    keys = ("contacts:GivenName", "contacts:MiddleName", "contacts:Surname", "contacts:Generation")
    return " ".join(filter(None, (text(bag, key).strip() for key in (NAME_PREFIX, *keys))))


def file_as(bag: Bag) -> str:
    """Return what FileAsMapping makes of the name; empty when it makes nothing."""
    first, middle, last, suffix, company = (
        text(bag, f"contacts:{name}")
        for name in ("GivenName", "MiddleName", "Surname", "Generation", "CompanyName")
    )
    given = _join(" ", first, middle)
    comma, plain, tight = _join(", ", last, given), _join(" ", last, given), last + given
    made = {
        "LastCommaFirst": comma,
        "FirstSpaceLast": _join(" ", given, last, suffix),
        "Company": company,
        "LastCommaFirstCompany": _join("\r\n", comma, company),
        "CompanyLastFirst": _join("\r\n", company, tight),
        "LastFirst": tight,
        "LastFirstCompany": _join("\r\n", tight, company),
        "CompanyLastCommaFirst": _join("\r\n", company, comma),
        "LastFirstSuffix": _join(" ", tight, suffix),
        "LastSpaceFirstCompany": _join("\r\n", plain, company),
        "CompanyLastSpaceFirst": _join("\r\n", company, plain),
        "LastSpaceFirst": plain,
        "DisplayName": text(bag, "contacts:DisplayName"),
        "FirstName": first,
        "LastFirstMiddleSuffix": _join(" ", last + first, middle, suffix),
        "LastName": last,
    }
    return made.get(text(bag, "contacts:FileAsMapping"), "")


def _join(between: str, *parts: str) -> str:
    return between.join(part for part in parts if part)
