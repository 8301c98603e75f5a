"""Mailboxes by bare clients: exchangelib, and `requests` for Graph, with no code of syncd between.

With these a user edits, and with these the end is looked at.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import requests
from exchangelib import BASIC, DELEGATE, Account, Configuration, Contact, Credentials, EWSTimeZone
from exchangelib.indexed_properties import EmailAddress
from exchangelib.version import EXCHANGE_2016, Version

from syncd.cli.demo.place import EWS, Place

PASSWORD = "sandbox"
EDITED = ("jobtitle", "department", "nickname")  # what people edit, by its name in the CRM
COMPARED = ("firstname", "lastname", *EDITED)
KEY = "emailaddress1"  # whose contact it is: nobody edits that

_EWS = dict(
    zip(COMPARED, ("given_name", "surname", "job_title", "department", "nickname"), strict=True)
)
_GRAPH = dict(
    zip(COMPARED, ("givenName", "surname", "jobTitle", "department", "nickName"), strict=True)
)


@dataclass(frozen=True)
class Seen:
    """One contact in a mailbox, by what it says of itself."""

    id: str
    version: str
    values: Mapping[str, str]

    @property
    def key(self) -> str:
        """Whose contact it is."""
        return self.values.get(KEY, "")


class Box(Protocol):
    """One mailbox, in the hand of its user."""

    def read(self, *, trash: bool = False) -> Sequence[Seen]:
        """All contacts in the default folder; with `trash`, those in Deleted Items."""
        ...

    def edit(self, item: Seen, field: str, value: str) -> None:
        """Change a field, whatever else has changed."""
        ...

    def add(
        self, values: Mapping[str, str], *, category: str | None = None, private: bool = False
    ) -> None:
        """Type in a contact."""
        ...


class EwsBox:
    """Through exchangelib, signed in as the user."""

    def __init__(self, place: Place, address: str) -> None:
        self._account: Any = Account(
            address,
            config=Configuration(
                service_endpoint=place.ews,
                credentials=Credentials(address, PASSWORD),
                auth_type=BASIC,
                version=Version(EXCHANGE_2016),
            ),
            autodiscover=False,
            access_type=DELEGATE,
            default_timezone=EWSTimeZone("UTC"),
        )

    def read(self, *, trash: bool = False) -> Sequence[Seen]:
        """FindItem, and GetItem for the addresses."""
        folder = self._account.trash if trash else self._account.contacts
        found = folder.all().only("changekey", "email_addresses", *_EWS.values())
        return [
            Seen(item.id, item.changekey, _values(item))
            for item in found
            if isinstance(item, Contact)
        ]

    def edit(self, item: Seen, field: str, value: str) -> None:
        """UpdateItem of one field; the server settles what else was changed meanwhile."""
        known = Contact(
            id=item.id, changekey=item.version, account=self._account,
            folder=self._account.contacts, **{_EWS[field]: value},
        )  # fmt: skip
        known.save(update_fields=[_EWS[field]], conflict_resolution="AlwaysOverwrite")

    def add(
        self, values: Mapping[str, str], *, category: str | None = None, private: bool = False
    ) -> None:
        """CreateItem."""
        Contact(
            account=self._account,
            folder=self._account.contacts,
            display_name=f"{values['firstname']} {values['lastname']}",
            email_addresses=[EmailAddress(label="EmailAddress1", email=values[KEY])],
            categories=[category] if category else None,
            sensitivity="Private" if private else "Normal",
            **{_EWS[name]: text for name, text in values.items() if name in _EWS},
        ).save()


def _values(item: Any) -> Mapping[str, str]:
    found = {name: getattr(item, attribute, None) for name, attribute in _EWS.items()}
    mails = {each.label: each.email for each in item.email_addresses or ()}
    found[KEY] = mails.get("EmailAddress1")
    return {name: str(text) for name, text in found.items() if text}


class GraphBox:
    """Through `requests`, with a token of its own."""

    def __init__(self, place: Place, address: str, session: requests.Session) -> None:
        self._url = f"{place.graph}/users/{address}"
        self._session = session
        self._ews = EwsBox(place, address)

    def read(self, *, trash: bool = False) -> Sequence[Seen]:
        """GET, page after page. Graph shows no contact that is in Deleted Items; EWS does."""
        if trash:
            return self._ews.read(trash=True)
        url = f"{self._url}/contactFolders/contacts/contacts?$top=100"
        found: list[Seen] = []
        while url:
            answer = self._session.get(url, timeout=60)
            answer.raise_for_status()
            page = answer.json()
            for each in page["value"]:
                values = {name: each.get(theirs) for name, theirs in _GRAPH.items()}
                values[KEY] = (each.get("primaryEmailAddress") or {}).get("address")
                held = {name: text for name, text in values.items() if text}
                found.append(Seen(each["id"], each["changeKey"], held))
            url = page.get("@odata.nextLink", "")
        return found

    def edit(self, item: Seen, field: str, value: str) -> None:
        """PATCH, without a condition."""
        body = {_GRAPH[field]: value}
        self._session.patch(
            f"{self._url}/contacts/{item.id}", json=body, timeout=60
        ).raise_for_status()

    def add(
        self, values: Mapping[str, str], *, category: str | None = None, private: bool = False
    ) -> None:
        """POST."""
        body: dict[str, Any] = {_GRAPH[k]: v for k, v in values.items() if k in _GRAPH}
        body["primaryEmailAddress"] = {"address": values[KEY]}
        body["categories"] = [category] if category else []
        if private:  # Graph has no name for it but that of the MAPI property
            body["singleValueExtendedProperties"] = [{"id": "Integer 0x36", "value": "2"}]
        self._session.post(
            f"{self._url}/contactFolders/contacts/contacts", json=body, timeout=60
        ).raise_for_status()


def boxes(place: Place, addresses: Sequence[str]) -> Mapping[str, Box]:
    """The mailboxes of a sandbox, each signed in to."""
    made = _over_ews(place) if place.backend == EWS else _over_graph(place)
    return {each: made(each) for each in addresses}


def _over_ews(place: Place) -> Callable[[str], Box]:
    return lambda address: EwsBox(place, address)


def _over_graph(place: Place) -> Callable[[str], Box]:
    session = requests.Session()
    session.trust_env, session.verify = False, str(place.ca)
    os.environ["REQUESTS_CA_BUNDLE"] = str(place.ca)  # exchangelib looks there
    asked = session.post(
        f"{place.authority}/{place.tenant}/oauth2/v2.0/token",
        data={
            "grant_type": "client_credentials",
            "client_id": place.client_id,
            "client_secret": PASSWORD,
            "scope": "https://graph.microsoft.com/.default",
        },
        timeout=60,
    )
    asked.raise_for_status()
    session.headers["Authorization"] = f"Bearer {asked.json()['access_token']}"
    session.headers["Prefer"] = 'IdType="ImmutableId"'
    return lambda address: GraphBox(place, address, session)


def loopback() -> None:
    """See that no proxy stands between the processes of this machine."""
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, (os.environ.get(name), "127.0.0.1")))


def pairs(items: Mapping[str, Sequence[Seen]]) -> Iterator[tuple[str, Seen]]:
    """Each item with the mailbox that it is in."""
    return ((address, each) for address, found in items.items() for each in found)
