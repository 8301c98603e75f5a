"""The vocabulary of a field map: what one row of it says about one field."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from hashlib import sha256


class FieldType(StrEnum):
    """How a value is held, compared and written."""

    TEXT = "text"  # one line; white space folded for comparing
    LINES = "lines"  # a few lines, such as a street
    NOTE = "note"  # free text; line ends folded for comparing
    EMAIL = "email"  # one address; case folded for comparing
    PHONE = "phone"  # one number; compared by what is dialled
    DATE = "date"  # a calendar day, in no time zone
    NAMES = "names"  # a set of names; merged element by element
    CHOICE = "choice"  # one of a closed list of options
    MONEY = "money"  # an amount in the organisation's currency, to the cent
    MOMENT = "moment"  # a point in time, in UTC
    WHOLE = "whole"  # a whole number
    FLAG = "flag"  # yes or no
    REFERENCE = "reference"  # another record: its id, or "account:ID" where several kinds can be


class Side(StrEnum):
    """One of the two sides of a link. The engine is written once over (this side, the other)."""

    CRM = "crm"
    OUTLOOK = "outlook"

    @property
    def other(self) -> Side:
        """The side across."""
        return Side.OUTLOOK if self is Side.CRM else Side.CRM


SIDES = (Side.CRM, Side.OUTLOOK)  # a tuple is gone through many times faster than an enum


class Direction(StrEnum):
    """Which side of a field group may speak."""

    TWO_WAY = "two-way"
    TO_OUTLOOK = "to-outlook"
    TO_CRM = "to-crm"
    NONE = "none"

    def speaks(self, side: Side) -> bool:
        """Whether an edit made on `side` may be carried to the other."""
        if self is Direction.TWO_WAY:
            return True
        return self is (Direction.TO_OUTLOOK if side is Side.CRM else Direction.TO_CRM)


class Sphere(StrEnum):
    """Whose business a field is. On adoption personal groups stay apart until a side edits them."""

    BUSINESS = "business"
    PERSONAL = "personal"


@dataclass(frozen=True, slots=True)
class Uri:
    """An Exchange property with an element of its own: `contacts:GivenName` (EWS FieldURI)."""

    uri: str


@dataclass(frozen=True, slots=True)
class Indexed:
    """One entry of an Exchange dictionary property (EWS IndexedFieldURI).

    `Indexed("contacts:PhysicalAddress:Street", "Home")`,
    `Indexed("contacts:EmailAddress", "EmailAddress1")`.
    """

    uri: str
    index: str


@dataclass(frozen=True, slots=True)
class Tag:
    """A MAPI property that EWS has no element for: `Tag(0x3A07)` (ExtendedFieldURI PropertyTag)."""

    tag: int
    type: str = "String"


@dataclass(frozen=True, slots=True)
class Named:
    """A named MAPI property: a property set and a number (`id`) or a text (`name`)."""

    set_id: str
    id: int | None = None
    name: str | None = None
    type: str = "String"


@dataclass(frozen=True, slots=True)
class Mailing:
    """One part of the address that an item names as its mailing address: `Mailing("City")`.

    Which one that is, Business, Home or Other, the item says itself (PidLidPostalAddressId,
    [MS-OXOCNTC]; EWS `contacts:PostalAddressIndex`). One that names none means Business.
    """

    part: str


EwsProperty = Uri | Indexed | Tag | Named | Mailing


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a choice, and the numbers that Dataverse exports for it."""

    name: str
    codes: tuple[int, ...] = ()


class Style(StrEnum):
    """How Outlook's text says the values of a custom field, where that can differ."""

    PLAIN = "plain"
    UPPER = "upper"  # held so on both sides
    LOWER = "lower"
    ISO = "iso"  # 2026-12-31
    DMY = "dmy"  # 31.12.2026
    MDY = "mdy"  # 12/31/2026


@dataclass(frozen=True, slots=True)
class Wording:
    """How a text in Outlook says what is no text: in a style, or by the word for each value."""

    style: Style = Style.PLAIN
    words: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Attribute:
    """One field of an entity, as the CRM knows it.

    `name` is the field's name everywhere: the Dataverse logical name, where that has one.
    `crm` are the CRM columns that hold it, in order. A whole number is `between` two others.
    `refers` are the entities that a reference may point to, each in the column of its place in
    `crm`.
    """

    name: str
    label: str
    type: FieldType
    crm: tuple[str, ...]
    required: bool = field(default=False, kw_only=True)
    options: tuple[Option, ...] = field(default=(), kw_only=True)
    between: tuple[int, int] | None = field(default=None, kw_only=True)
    refers: tuple[str, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True, slots=True)
class Field(Attribute):
    """One row of a field map: an attribute that has a place in Outlook.

    `graph` is the Graph v1.0 property: `givenName`, `businessPhones[0]`, `homeAddress.city`; or a
    single-value extended property: `String 0x3A07`, `String {set} Id 0x8062` or `… Name X`.
    A field with a `wording` is one of the configuration's own: a text in Outlook whatever its type,
    and without a column of its own in the CRM (`crm` is empty).
    """

    ews: EwsProperty
    graph: str
    group: str
    direction: Direction = Direction.TWO_WAY
    sphere: Sphere = Sphere.BUSINESS
    locked: bool = False
    wording: Wording | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Group:
    """The unit of merging: one field, or fields that only make sense together."""

    name: str
    fields: tuple[Field, ...]
    direction: Direction
    sphere: Sphere
    locked: bool

    @property
    def is_set(self) -> bool:
        """Whether the group merges element by element instead of as one value."""
        return self.fields[0].type is FieldType.NAMES

    @property
    def place(self) -> str:
        """Where in Outlook the group is held, for telling whether that changed."""
        return _place(self.fields)


@cache
def _place(fields: tuple[Field, ...]) -> str:
    said = ";".join(f"{each.name} {each.ews}" for each in fields)
    return sha256(said.encode()).hexdigest()[:8]
