"""Bare exchangelib: the same calls, as somebody would make them who uses the library as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from exchangelib import Account, Body, Configuration, Credentials, EWSDate, EWSTimeZone
from exchangelib.account import IMPERSONATION
from exchangelib.extended_properties import ExtendedProperty
from exchangelib.indexed_properties import EmailAddress, PhoneNumber, PhysicalAddress
from exchangelib.items import Contact
from exchangelib.protocol import FailFast
from exchangelib.transport import BASIC
from exchangelib.version import EXCHANGE_2016, Version

from syncd.model.contact import display_name, file_as
from syncd.model.values import Value
from syncd.outlook import stamp

BATCH = 100
PAGE = 512

# The seventeen of `people`, besides the two of the stamp.
FIELDS = (
    "file_as", "display_name", "given_name", "surname", "job_title", "company_name", "department",
    "nickname", "birthday", "business_homepage", "email_addresses", "phone_numbers",
    "physical_addresses", "categories", "body", "stamp_link", "stamp_key",
)  # fmt: skip
HEAD = (
    "item_class", "sensitivity", "last_modified_time", "categories", "stamp_link", "stamp_key",
    "given_name", "surname", "company_name", "email_addresses", "phone_numbers",
)  # fmt: skip
EDITED = ("job_title", "department", "email_addresses", "phone_numbers")


class _Link(ExtendedProperty):  # type: ignore[misc]  # the library has no types
    property_set_id = stamp.LINK.set_id
    property_name = stamp.LINK.name
    property_type = "String"


class _Key(ExtendedProperty):  # type: ignore[misc]  # the library has no types
    property_set_id = stamp.KEY.set_id
    property_name = stamp.KEY.name
    property_type = "String"


Contact.register("stamp_link", _Link)
Contact.register("stamp_key", _Key)


class BareMailbox:
    """One mailbox through exchangelib's own calls."""

    def __init__(self, endpoint: str, username: str, password: str, address: str) -> None:
        config = Configuration(
            credentials=Credentials(username, password),
            service_endpoint=endpoint,
            auth_type=BASIC,
            version=Version(build=EXCHANGE_2016),
            retry_policy=FailFast(),
            max_connections=1,
        )
        self._account: Any = Account(
            primary_smtp_address=address,
            config=config,
            access_type=IMPERSONATION,
            autodiscover=False,
            default_timezone=EWSTimeZone("UTC"),
            locale="en_US",
        )
        self._folder = self._account.contacts

    def create(self, fields: Sequence[Mapping[str, Value]]) -> Sequence[Any]:
        """bulk_create, a hundred a request; the ids."""
        items = [_contact(each, number) for number, each in enumerate(fields)]
        made = self._account.bulk_create(self._folder, items, chunk_size=BATCH)
        return [(each.id, each.changekey) for each in made]

    def read(self, ids: Sequence[Any]) -> Sequence[Any]:
        """Fetch, a hundred a request."""
        found = self._account.fetch(ids, folder=self._folder, only_fields=FIELDS, chunk_size=BATCH)
        return list(found)

    def changes(self) -> int:
        """sync_items from the start to the end; how many."""
        seen = self._folder.sync_items(only_fields=HEAD, max_changes_returned=PAGE)
        return sum(1 for _ in seen)

    def update(self, items: Sequence[Any], edits: Sequence[Mapping[str, Value]]) -> None:
        """bulk_update of four fields, a hundred a request."""
        for item, edit in zip(items, edits, strict=True):
            item.job_title, item.department = edit["jobtitle"], edit["department"]
            first = EmailAddress(email=edit["emailaddress1"], label="EmailAddress1")
            item.email_addresses = [first, *item.email_addresses[1:]]
            phone = PhoneNumber(phone_number=edit["telephone1"], label="BusinessPhone")
            rest = [each for each in item.phone_numbers if each.label != "BusinessPhone"]
            item.phone_numbers = [phone, *rest]
        self._account.bulk_update([(item, EDITED) for item in items], chunk_size=BATCH)

    def close(self) -> None:
        """Give back the connection."""
        self._account.protocol.close()


def _contact(held: Mapping[str, Value], number: int) -> Any:
    text: Mapping[str, Any] = held
    born = text["birthdate"]
    return Contact(
        file_as=file_as(held),
        display_name=display_name(held),
        given_name=text["firstname"],
        surname=text["lastname"],
        job_title=text["jobtitle"],
        company_name=text["companyname"],
        department=text["department"],
        nickname=text["nickname"],
        birthday=EWSDate(born.year, born.month, born.day),
        business_homepage=text["websiteurl"],
        email_addresses=[
            EmailAddress(email=text[f"emailaddress{n}"], label=f"EmailAddress{n}") for n in (1, 2)
        ],
        phone_numbers=[
            PhoneNumber(phone_number=text[name], label=label)
            for name, label in (
                ("telephone1", "BusinessPhone"),
                ("telephone2", "HomePhone"),
                ("mobilephone", "MobilePhone"),
            )
        ],
        physical_addresses=[
            _address(text, "address1", "Business"),
            _address(text, "address2", "Home"),
        ],
        body=Body(text["description"]),
        stamp_link=f"benchmark/contact/{number:036}",
        stamp_key=f"{number:036}",
    )


def _address(text: Mapping[str, Any], group: str, label: str) -> Any:
    return PhysicalAddress(
        label=label,
        street=text[f"{group}_line1"],
        city=text[f"{group}_city"],
        state=text[f"{group}_stateorprovince"],
        zipcode=text[f"{group}_postalcode"],
        country=text[f"{group}_country"],
    )
