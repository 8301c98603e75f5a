"""A rep's Outlook, by hand: bare exchangelib, and no code of syncd between it and the server."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exchangelib import BASIC, DELEGATE, Account, Configuration, Contact, Credentials, EWSTimeZone
from exchangelib.errors import EWSError
from exchangelib.indexed_properties import EmailAddress, PhoneNumber
from exchangelib.version import EXCHANGE_2016, Version

from syncd.cli.demo.people import Person

PASSWORD = "sandbox"  # noqa: S105 - the sandbox's default, on loopback, for made-up people
OUTLOOK_ERRORS = (EWSError, OSError)

_PHONES = {
    "telephone1": "BusinessPhone",
    "telephone2": "HomePhone",
    "mobilephone": "MobilePhone",
}
_TEXTS = {
    "firstname": "given_name",
    "lastname": "surname",
    "companyname": "company_name",
    "jobtitle": "job_title",
    "department": "department",
    "description": "body",
}
_ADDRESS = {
    "address1_line1": "street",
    "address1_city": "city",
    "address1_stateorprovince": "state",
    "address1_postalcode": "zipcode",
    "address1_country": "country",
}


class NoSuchContact(LookupError):
    """No contact, or more than one, is called this."""

    def __init__(self, name: str, found: int) -> None:
        many = f"{found} contacts are" if found else "no contact is"
        super().__init__(f"{many} called {name!r}")


@dataclass(frozen=True)
class Entry:
    """One contact in a mailbox. `values` are those that hold something, by their CRM names."""

    folder: str
    change_key: str
    name: str
    values: Mapping[str, str]
    categories: tuple[str, ...]


class Outlook:
    """One mailbox, signed in as its user."""

    def __init__(self, endpoint: str, address: str, ca: Path | None = None) -> None:
        if ca is not None:  # the library looks there, and has no other way to be told
            os.environ["REQUESTS_CA_BUNDLE"] = str(ca)
        self._account: Any = Account(
            address,
            config=Configuration(
                service_endpoint=endpoint,
                credentials=Credentials(address, PASSWORD),
                auth_type=BASIC,
                version=Version(EXCHANGE_2016),
            ),
            autodiscover=False,
            access_type=DELEGATE,
            default_timezone=EWSTimeZone("UTC"),
        )

    def read(self) -> tuple[Entry, ...]:
        """Everything in all contact folders and in Deleted Items, by folder and name."""
        account = self._account
        account.root.clear_cache()
        folders = (account.contacts, *account.contacts.walk(), account.trash)
        found = [_entry(str(folder.name), item) for folder in folders for item in folder.all()]
        return tuple(sorted(found, key=lambda each: (each.folder, each.name)))

    def add(self, person: Person) -> None:
        """Type in a contact."""
        values = person.values
        phones = [_phone(name, values[name]) for name in _PHONES if name in values]
        mail = values.get("emailaddress1")
        Contact(
            account=self._account,
            folder=self._account.contacts,
            display_name=person.name,
            file_as=f"{person.last}, {person.first}",
            given_name=person.first,
            surname=person.last,
            company_name=values.get("companyname"),
            job_title=values.get("jobtitle"),
            body=values.get("description"),
            email_addresses=[EmailAddress(label="EmailAddress1", email=mail)] if mail else None,
            phone_numbers=phones or None,
            birthday=person.birthday,
            categories=list(person.categories) or None,
            sensitivity="Private" if person.private else "Normal",
        ).save()

    def set_phone(self, name: str, field: str, number: str) -> None:
        """Change a phone number: `mobilephone`, `telephone1` or `telephone2`."""
        item = self._item(name)
        others = [each for each in item.phone_numbers or () if each.label != _PHONES[field]]
        item.phone_numbers = [*others, _phone(field, number)]
        item.save(update_fields=["phone_numbers"])

    def trash(self, name: str) -> None:
        """Press Delete: the contact goes to Deleted Items."""
        self._item(name).move_to_trash()

    def _item(self, name: str) -> Any:  # noqa: ANN401 - exchangelib has no types
        found = [each for each in self._account.contacts.all() if each.display_name == name]
        if len(found) != 1:
            raise NoSuchContact(name, len(found))
        return found[0]


def _phone(field: str, number: str) -> Any:  # noqa: ANN401 - exchangelib has no types
    return PhoneNumber(label=_PHONES[field], phone_number=number)


def _entry(folder: str, item: Any) -> Entry:  # noqa: ANN401 - exchangelib has no types
    values = {name: getattr(item, attribute, None) for name, attribute in _TEXTS.items()}
    phones = {each.label: each.phone_number for each in item.phone_numbers or ()}
    values |= {name: phones.get(label) for name, label in _PHONES.items()}
    mails = {each.label: each.email for each in item.email_addresses or ()}
    values["emailaddress1"] = mails.get("EmailAddress1")
    for place in item.physical_addresses or ():
        if place.label == "Business":
            values |= {name: getattr(place, part) for name, part in _ADDRESS.items()}
    values["birthdate"] = item.birthday
    return Entry(
        folder=folder,
        change_key=str(item.changekey),
        name=f"{item.given_name or ''} {item.surname or ''}".strip(),
        values={name: str(value) for name, value in values.items() if value},
        categories=tuple(item.categories or ()),
    )
