"""The properties of items: how they are named, and which names mean the same value.

A property bag maps a key to a plain value that JSON can hold. The keys are the paths of EWS:

    item:Body                                  a property of its own
    contacts:EmailAddress:EmailAddress1        one entry of an indexed property
    contacts:PhysicalAddress:Street:Business   one part of one address
    mapi:0x3a45:String                         a MAPI property by tag
    mapi:{00062004-…}:0x8062:String            a named MAPI property by number
    mapi:{00062004-…}:Colour:String            a named MAPI property by name

A value is a text, a list of texts, or a list of people (`{"Name", "EmailAddress", "RoutingType"}`).
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass

Value = str | list[str] | list[dict[str, str]]
Bag = Mapping[str, Value]


def words(text: str) -> list[str]:
    """Return the words of a table written in lines."""
    return text.split()


EMAIL_KEYS = ("EmailAddress1", "EmailAddress2", "EmailAddress3")
IM_KEYS = ("ImAddress1", "ImAddress2", "ImAddress3")
ADDRESS_KEYS = ("Home", "Business", "Other")
ADDRESS_PARTS = ("Street", "City", "State", "CountryOrRegion", "PostalCode")
PHONE_KEYS = words(
    "AssistantPhone BusinessFax BusinessPhone BusinessPhone2 Callback CarPhone CompanyMainPhone "
    "HomeFax HomePhone "
    "HomePhone2 Isdn MobilePhone OtherFax OtherTelephone Pager PrimaryPhone RadioPhone Telex "
    "TtyTddPhone "
    "BusinessMobile IPPhone Mms Msn"
)

# The sets that EWS knows by name (types.xsd, DistinguishedPropertySetType), by their GUID in
# [MS-OXPROPS] 1.3.2.
PROPERTY_SETS = {
    "Address": "00062004-0000-0000-c000-000000000046",
    "Appointment": "00062002-0000-0000-c000-000000000046",
    "CalendarAssistant": "11000e07-b51b-40d6-af21-caa85edab1d0",
    "Common": "00062008-0000-0000-c000-000000000046",
    "InternetHeaders": "00020386-0000-0000-c000-000000000046",
    "Meeting": "6ed8da90-450b-101b-98da-00aa003f1305",
    "PublicStrings": "00020329-0000-0000-c000-000000000046",
    "Sharing": "00062040-0000-0000-c000-000000000046",
    "Task": "00062003-0000-0000-c000-000000000046",
    "UnifiedMessaging": "4442858e-a9e3-4e80-b900-317a210cc15b",
}
ADDRESS_SET = PROPERTY_SETS["Address"]
PUBLIC_STRINGS = PROPERTY_SETS["PublicStrings"]


def mapi_tag(tag: int, kind: str = "String") -> str:
    """Return the key of a property that has a tag, e.g. `mapi_tag(0x3A45)`."""
    return f"mapi:0x{tag:04x}:{kind}"


def mapi_named(property_set: str, name: str | int, kind: str = "String") -> str:
    """Return the key of a named property: the GUID of its set, its name or number, its type."""
    written = f"0x{name:04x}" if isinstance(name, int) else name
    return f"mapi:{{{property_set.strip('{}').lower()}}}:{written}:{kind}"


class Code(enum.Enum):
    """How a value that has two names is written under its MAPI name."""

    SAME = "same"
    SENSITIVITY = "sensitivity"
    IMPORTANCE = "importance"
    POSTAL = "postal"


@dataclass(frozen=True, slots=True)
class Alias:
    """The key under which an aliased value is kept, and how it is written under its other name."""

    key: str
    code: Code = Code.SAME


_CODES: dict[Code, tuple[str, ...]] = {
    Code.SENSITIVITY: ("Normal", "Personal", "Private", "Confidential"),
    Code.IMPORTANCE: ("Low", "Normal", "High"),
    Code.POSTAL: ("None", "Home", "Business", "Other"),
}


def to_mapi(alias: Alias, value: Value) -> Value:
    """Write a value as its MAPI name wants it."""
    words = _CODES.get(alias.code)
    return str(words.index(value)) if words and isinstance(value, str) else value


def from_mapi(alias: Alias, value: Value) -> Value:
    """Write a MAPI value as its other name wants it.

    Raises:
        ValueError: no such choice.

    """
    words = _CODES.get(alias.code)
    if words is None:
        return value
    if not isinstance(value, str) or not value.isdigit() or int(value) >= len(words):
        raise ValueError(value)
    return words[int(value)]


def _texts(**tags: int) -> dict[str, Alias]:
    return {mapi_tag(tag): Alias(f"contacts:{name}") for name, tag in tags.items()}


def _phones(**tags: int) -> dict[str, Alias]:
    return {mapi_tag(tag): Alias(f"contacts:PhoneNumber:{name}") for name, tag in tags.items()}


def _address(place: str, named: tuple[int, ...], tags: tuple[int, ...]) -> dict[str, Alias]:
    parts = [Alias(f"contacts:PhysicalAddress:{part}:{place}") for part in ADDRESS_PARTS]
    by_number = {mapi_named(ADDRESS_SET, n): a for n, a in zip(named, parts, strict=False)}
    return by_number | {mapi_tag(t): a for t, a in zip(tags, parts, strict=False)}


def _email(index: int, base: int) -> dict[str, Alias]:
    key = f"contacts:EmailAddress:EmailAddress{index}"
    return {
        mapi_named(ADDRESS_SET, base): Alias(f"{key}:Name"),
        mapi_named(ADDRESS_SET, base + 2): Alias(f"{key}:RoutingType"),
        mapi_named(ADDRESS_SET, base + 3): Alias(key),
    }


# One value under two names: what a MAPI client and an EWS client both see. Source: [MS-OXPROPS],
# [MS-OXOCNTC].
ALIASES: dict[str, Alias] = {
    **_texts(
        DisplayName=0x3001,
        Generation=0x3A05,
        GivenName=0x3A06,
        Initials=0x3A0A,
        Surname=0x3A11,
        CompanyName=0x3A16,
        JobTitle=0x3A17,
        Department=0x3A18,
        OfficeLocation=0x3A19,
        AssistantName=0x3A30,
        MiddleName=0x3A44,
        Profession=0x3A46,
        SpouseName=0x3A48,
        Manager=0x3A4E,
        Nickname=0x3A4F,
        BusinessHomePage=0x3A51,
    ),
    **_phones(
        Callback=0x3A02,
        BusinessPhone=0x3A08,
        HomePhone=0x3A09,
        PrimaryPhone=0x3A1A,
        BusinessPhone2=0x3A1B,
        MobilePhone=0x3A1C,
        RadioPhone=0x3A1D,
        CarPhone=0x3A1E,
        OtherTelephone=0x3A1F,
        Pager=0x3A21,
        OtherFax=0x3A23,
        BusinessFax=0x3A24,
        HomeFax=0x3A25,
        Telex=0x3A2C,
        Isdn=0x3A2D,
        AssistantPhone=0x3A2E,
        HomePhone2=0x3A2F,
        TtyTddPhone=0x3A4B,
        CompanyMainPhone=0x3A57,
    ),
    **_address("Business", (0x8045, 0x8046, 0x8047, 0x8049, 0x8048), ()),
    **_address("Home", (), (0x3A5D, 0x3A59, 0x3A5C, 0x3A5A, 0x3A5B)),
    **_address("Other", (), (0x3A63, 0x3A5F, 0x3A62, 0x3A60, 0x3A61)),
    **_email(1, 0x8080),
    **_email(2, 0x8090),
    **_email(3, 0x80A0),
    mapi_named(ADDRESS_SET, 0x8005): Alias("contacts:FileAs"),
    mapi_named(ADDRESS_SET, 0x8022, "Integer"): Alias("contacts:PostalAddressIndex", Code.POSTAL),
    mapi_named(ADDRESS_SET, 0x8062): Alias("contacts:ImAddress:ImAddress1"),
    mapi_tag(0x3A58, "StringArray"): Alias("contacts:Children"),
    mapi_tag(0x3A41, "SystemTime"): Alias("contacts:WeddingAnniversary"),
    mapi_tag(0x3A42, "SystemTime"): Alias("contacts:Birthday"),
    mapi_tag(0x0017, "Integer"): Alias("item:Importance", Code.IMPORTANCE),
    mapi_tag(0x001A): Alias("item:ItemClass"),
    mapi_tag(0x0036, "Integer"): Alias("item:Sensitivity", Code.SENSITIVITY),
    mapi_tag(0x0037): Alias("item:Subject"),
    mapi_tag(0x3007, "SystemTime"): Alias("item:DateTimeCreated"),
    mapi_tag(0x3008, "SystemTime"): Alias("item:LastModifiedTime"),
    mapi_named(PUBLIC_STRINGS, "Keywords", "StringArray"): Alias("item:Categories"),
}

# A name prefix ("Dr.") has no element of its own: it is a MAPI property, and CompleteName shows it.
NAME_PREFIX = mapi_tag(0x3A45)
