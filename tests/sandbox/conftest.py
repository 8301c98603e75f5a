"""A sandbox for each test, real exchangelib on it, raw SOAP where a client is too polite."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from exchangelib import BASIC, IMPERSONATION, UTC, Account, Configuration, Credentials
from exchangelib.version import EXCHANGE_2019, Version
from lxml import etree

from syncd.sandbox.mailbox import Mailbox
from syncd.sandbox.server import Sandbox

ALICE, BOB = "alice@example.test", "bob@example.test"
ROOT = Path(__file__).parents[2]
SCHEMAS = Path(os.environ.get("SYNCD_SCHEMAS", ROOT.parent / "shared" / "schemas"))
HAVE_SCHEMAS = (SCHEMAS / "ews" / "messages.xsd").is_file()
NAMESPACES = {
    "s": "http://schemas.xmlsoap.org/soap/envelope/",
    "m": "http://schemas.microsoft.com/exchange/services/2006/messages",
    "t": "http://schemas.microsoft.com/exchange/services/2006/types",
    "e": "http://schemas.microsoft.com/exchange/services/2006/errors",
}


@dataclass(frozen=True)
class Reply:
    """A raw answer."""

    status: int
    root: Any
    headers: dict[str, str] = field(default_factory=dict)

    def all(self, path: str) -> list[Any]:
        """Return what an XPath finds."""
        found: list[Any] = self.root.xpath(path, namespaces=NAMESPACES)
        return found

    @property
    def codes(self) -> list[str]:
        """The response codes, one per message, or that of the SOAP fault."""
        return [e.text for e in self.all("//m:ResponseCode | //e:ResponseCode")]


@pytest.fixture
def make_box() -> Iterator[Callable[..., Sandbox]]:
    """Start sandboxes that validate all they can; a wrong answer of ours fails the test."""
    boxes: list[Sandbox] = []

    def make(**options: Any) -> Sandbox:
        options.setdefault("users", [ALICE, BOB])
        options.setdefault("validate", SCHEMAS if HAVE_SCHEMAS else None)
        box = Sandbox(**options).start()
        boxes.append(box)
        return box

    yield make
    for box in boxes:
        box.close()
    assert [complaint for box in boxes for complaint in box.invalid_responses] == []


@pytest.fixture
def box(make_box: Callable[..., Sandbox]) -> Sandbox:
    """A running sandbox with Alice and Bob."""
    return make_box()


def connect(box: Sandbox, address: str = ALICE, **options: Any) -> Any:
    """Return an exchangelib account, by default impersonated by the service account."""
    name = options.pop("name", box.service_account)
    config = Configuration(
        service_endpoint=box.url,
        credentials=Credentials(name, options.pop("password", box.password)),
        auth_type=BASIC,
        version=Version(build=EXCHANGE_2019),
    )
    return Account(
        address,
        config=config,
        autodiscover=False,
        access_type=options.pop("access_type", IMPERSONATION),
        default_timezone=UTC,
    )


@pytest.fixture
def alice(box: Sandbox) -> Any:
    """Alice as exchangelib sees her."""
    return connect(box)


@pytest.fixture
def mailbox(box: Sandbox) -> Mailbox:
    """Alice's mailbox from the inside."""
    return box.mailbox(ALICE)


def send(
    box: Sandbox,
    body: str,
    *,
    name: str = ALICE,
    password: str | None = None,
    header: str = "",
    raw: bytes | None = None,
) -> Reply:
    """Send a body (prefixes m and t are declared) and return the answer."""
    envelope = (
        f'<s:Envelope xmlns:s="{NAMESPACES["s"]}" xmlns:m="{NAMESPACES["m"]}" '
        f'xmlns:t="{NAMESPACES["t"]}"><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>'
    )
    answer = requests.post(
        box.url,
        data=raw if raw is not None else envelope.encode(),
        auth=(name, box.password if password is None else password),
        headers={"Content-Type": "text/xml; charset=utf-8"},
        timeout=10,
    )
    root = etree.fromstring(answer.content) if answer.content else None
    return Reply(answer.status_code, root, dict(answer.headers))


def as_user(address: str) -> str:
    """Return an impersonation header."""
    return (
        "<t:ExchangeImpersonation><t:ConnectingSID><t:PrimarySmtpAddress>"
        f"{address}</t:PrimarySmtpAddress></t:ConnectingSID></t:ExchangeImpersonation>"
    )


def update(item_id: str, change_key: str | None, *changes: str, how: str = "NeverOverwrite") -> str:
    """Return an UpdateItem of one item."""
    key = f' ChangeKey="{change_key}"' if change_key else ""
    return (
        f'<m:UpdateItem ConflictResolution="{how}" MessageDisposition="SaveOnly"><m:ItemChanges>'
        f'<t:ItemChange><t:ItemId Id="{item_id}"{key}/><t:Updates>{"".join(changes)}</t:Updates>'
        "</t:ItemChange></m:ItemChanges></m:UpdateItem>"
    )


def set_field(uri: str, inside: str, verb: str = "SetItemField") -> str:
    """Return a change of a property that has a path of its own."""
    return f'<t:{verb}><t:FieldURI FieldURI="{uri}"/><t:Contact>{inside}</t:Contact></t:{verb}>'


def get_items(*ids: str, shape: str = "<t:BaseShape>AllProperties</t:BaseShape>") -> str:
    """Return a GetItem."""
    inside = "".join(f'<t:ItemId Id="{i}"/>' for i in ids)
    return (
        f"<m:GetItem><m:ItemShape>{shape}</m:ItemShape><m:ItemIds>{inside}</m:ItemIds></m:GetItem>"
    )


def sync(state: str = "", limit: int = 512, folder: str = "contacts", more: str = "") -> str:
    """Return a SyncFolderItems with ids only."""
    known = f"<m:SyncState>{state}</m:SyncState>" if state else ""
    extra = f"<t:AdditionalProperties>{more}</t:AdditionalProperties>" if more else ""
    return (
        f"<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>{extra}</m:ItemShape>"
        f'<m:SyncFolderId><t:DistinguishedFolderId Id="{folder}"/></m:SyncFolderId>{known}'
        f"<m:MaxChangesReturned>{limit}</m:MaxChangesReturned></m:SyncFolderItems>"
    )
