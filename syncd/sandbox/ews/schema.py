"""The elements of items in the order of types.xsd, their paths, and who may set them."""

import enum
from dataclasses import dataclass

from syncd.sandbox.properties import words


class Form(enum.Enum):
    """How a property looks as XML."""

    TEXT = enum.auto()
    STRINGS = enum.auto()
    BODY = enum.auto()
    TEXT_BODY = enum.auto()
    EMAILS = enum.auto()
    ADDRESSES = enum.auto()
    PHONES = enum.auto()
    IMS = enum.auto()
    ITEM_ID = enum.auto()
    PARENT_ID = enum.auto()
    COMPLETE_NAME = enum.auto()
    RIGHTS = enum.auto()
    PERSON = enum.auto()
    PEOPLE = enum.auto()
    MEMBERS = enum.auto()
    EXTENDED = enum.auto()


class Access(enum.Enum):
    """What a client may do with a property."""

    WRITE = enum.auto()
    READ = enum.auto()


INDEXED = frozenset({Form.EMAILS, Form.ADDRESSES, Form.PHONES, Form.IMS})


@dataclass(frozen=True, slots=True)
class Field:
    """One element of an item."""

    element: str
    uri: str
    form: Form = Form.TEXT
    access: Access = Access.WRITE


_ITEM_FORMS = {
    "ItemId": Form.ITEM_ID,
    "ParentFolderId": Form.PARENT_ID,
    "Body": Form.BODY,
    "TextBody": Form.TEXT_BODY,
    "Categories": Form.STRINGS,
    "EffectiveRights": Form.RIGHTS,
    "ExtendedProperty": Form.EXTENDED,
}
_ITEM_WRITABLE = frozenset(
    words(
        "ItemClass Subject Sensitivity Body Categories Importance InReplyTo ReminderDueBy "
        "ReminderIsSet "
        "ReminderMinutesBeforeStart Culture ExtendedProperty"
    )
)
_ITEM = tuple(
    Field(
        name,
        f"item:{name}",
        _ITEM_FORMS.get(name, Form.TEXT),
        Access.WRITE if name in _ITEM_WRITABLE else Access.READ,
    )
    for name in words(
        "ItemId ParentFolderId ItemClass Subject Sensitivity Body DateTimeReceived Size "
        "Categories Importance "
        "InReplyTo IsSubmitted IsDraft IsFromMe IsResend IsUnmodified DateTimeSent DateTimeCreated "
        "ReminderDueBy ReminderIsSet ReminderMinutesBeforeStart DisplayCc DisplayTo HasAttachments "
        "ExtendedProperty Culture EffectiveRights LastModifiedName LastModifiedTime IsAssociated "
        "TextBody"
    )
)
_CONTACT_FORMS = {
    "CompleteName": Form.COMPLETE_NAME,
    "EmailAddresses": Form.EMAILS,
    "PhysicalAddresses": Form.ADDRESSES,
    "PhoneNumbers": Form.PHONES,
    "ImAddresses": Form.IMS,
    "Children": Form.STRINGS,
    "Companies": Form.STRINGS,
}
_CONTACT_READ_ONLY = frozenset(
    words(
        "CompleteName ContactSource HasPicture PhoneticFullName PhoneticFirstName "
        "PhoneticLastName Alias Notes"
    )
)
_CONTACT = _ITEM + tuple(
    Field(
        name,
        f"contacts:{name}",
        _CONTACT_FORMS.get(name, Form.TEXT),
        Access.READ if name in _CONTACT_READ_ONLY else Access.WRITE,
    )
    for name in words(
        "FileAs FileAsMapping DisplayName GivenName Initials MiddleName Nickname CompleteName "
        "CompanyName "
        "EmailAddresses PhysicalAddresses PhoneNumbers AssistantName Birthday BusinessHomePage "
        "Children Companies "
        "ContactSource Department Generation ImAddresses JobTitle Manager Mileage OfficeLocation "
        "PostalAddressIndex Profession SpouseName Surname WeddingAnniversary HasPicture "
        "PhoneticFullName "
        "PhoneticFirstName PhoneticLastName Alias Notes"
    )
)
_DISTRIBUTION_LIST = (
    *_ITEM,
    Field("DisplayName", "contacts:DisplayName"),
    Field("FileAs", "contacts:FileAs"),
    Field("ContactSource", "contacts:ContactSource", access=Access.READ),
    Field("Members", "distributionlist:Members", Form.MEMBERS),
)
_MESSAGE_FORMS = {
    "Sender": Form.PERSON,
    "From": Form.PERSON,
    "ToRecipients": Form.PEOPLE,
    "CcRecipients": Form.PEOPLE,
    "BccRecipients": Form.PEOPLE,
    "ReplyTo": Form.PEOPLE,
}
_MESSAGE = _ITEM + tuple(
    Field(
        name,
        f"message:{name}",
        _MESSAGE_FORMS.get(name, Form.TEXT),
        Access.READ if name in {"ConversationIndex", "ConversationTopic"} else Access.WRITE,
    )
    for name in words(
        "Sender ToRecipients CcRecipients BccRecipients IsReadReceiptRequested "
        "IsDeliveryReceiptRequested "
        "ConversationIndex ConversationTopic From InternetMessageId IsRead IsResponseRequested "
        "References ReplyTo"
    )
)

FIELDS: dict[str, tuple[Field, ...]] = {
    "Item": _ITEM,
    "Contact": _CONTACT,
    "DistributionList": _DISTRIBUTION_LIST,
    "Message": _MESSAGE,
}
BY_ELEMENT = {kind: {field.element: field for field in fields} for kind, fields in FIELDS.items()}
BY_URI = {kind: {field.uri: field for field in fields} for kind, fields in FIELDS.items()}

# Message class (and what is derived from it) to element, and the class an element has by itself.
_CLASSES = (
    ("IPM.Contact", "Contact"),
    ("IPM.DistList", "DistributionList"),
    ("IPM.Note", "Message"),
)
CLASS_OF = {element: item_class for item_class, element in _CLASSES} | {"Item": "IPM"}


def element_for(item_class: str) -> str:
    """Return the element that an item of this class is."""
    folded = item_class.casefold()
    for known, element in _CLASSES:
        if folded == known.casefold() or folded.startswith(known.casefold() + "."):
            return element
    return "Item"


_ITEM_DEFAULT = words("ItemId ItemClass Subject Sensitivity Size HasAttachments IsAssociated")
DEFAULT_SHAPE: dict[str, frozenset[str]] = {
    "Item": frozenset(_ITEM_DEFAULT),
    "Contact": frozenset(
        words(
            "ItemId ItemClass Sensitivity HasAttachments Culture FileAs DisplayName GivenName "
            "CompanyName EmailAddresses "
            "PhysicalAddresses PhoneNumbers ImAddresses JobTitle Surname CompleteName"
        )
    ),
    "DistributionList": frozenset(
        words("ItemId ItemClass DisplayName FileAs HasAttachments Culture")
    ),
    "Message": frozenset(
        words(
            "ItemId ItemClass Subject Sensitivity Size HasAttachments IsAssociated Importance "
            "DateTimeSent From IsRead Sender IsDraft ToRecipients IsReadReceiptRequested "
            "IsDeliveryReceiptRequested InternetMessageId"
        )
    ),
}
# Neither FindItem nor SyncFolderItems returns these, whoever asks.
ONLY_IN_GET_ITEM = frozenset({Form.BODY, Form.TEXT_BODY})

INDEXED_ELEMENTS = {
    "contacts:EmailAddress": "EmailAddresses",
    "contacts:PhoneNumber": "PhoneNumbers",
    "contacts:ImAddress": "ImAddresses",
    "contacts:PhysicalAddress:Street": "PhysicalAddresses",
    "contacts:PhysicalAddress:City": "PhysicalAddresses",
    "contacts:PhysicalAddress:State": "PhysicalAddresses",
    "contacts:PhysicalAddress:CountryOrRegion": "PhysicalAddresses",
    "contacts:PhysicalAddress:PostalCode": "PhysicalAddresses",
}
