"""`make sdk`: Microsoft's own Graph SDK against the sandbox, as a client that knows nothing of us.

What it can do there, it does by the calls of its manual; one line for each, and exit status 1 where
one does not end as the manual says. Started with the path of `syncd`.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
from azure.identity import ClientSecretCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.contact import Contact
from msgraph.generated.models.contact_folder import ContactFolder
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.exchange_id_format import ExchangeIdFormat
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.physical_address import PhysicalAddress
from msgraph.generated.models.single_value_legacy_extended_property import (
    SingleValueLegacyExtendedProperty,
)
from msgraph.generated.users.item.contact_folders.item.contacts.delta.delta_request_builder import (
    DeltaRequestBuilder,
)
from msgraph.generated.users.item.contacts.contacts_request_builder import ContactsRequestBuilder
from msgraph.generated.users.item.contacts.item.contact_item_request_builder import (
    ContactItemRequestBuilder,
)
from msgraph.generated.users.item.translate_exchange_ids.translate_exchange_ids_post_request_body import (  # noqa: E501
    TranslateExchangeIdsPostRequestBody,
)
from msgraph_core.requests.batch_request_builder import BatchRequestBuilder
from msgraph_core.requests.batch_request_content import BatchRequestContent

USER = "ann@example.test"
KEY = "String {7a3f6c0e-1b2d-4c5e-8f90-a1b2c3d4e5f6} Name Colour"
IMMUTABLE = 'IdType="ImmutableId"'


@dataclass(frozen=True)
class Place:
    """A running sandbox, as it says where it is."""

    graph: str
    authority: str
    tenant: str
    client: str
    secret: str
    ca: Path


@contextmanager
def sandbox(syncd: str) -> Iterator[Place]:
    """`syncd sandbox` on TLS, stopped at the end."""
    with tempfile.TemporaryDirectory() as folder:
        command = [syncd, "sandbox", "--listen", "127.0.0.1:0", "--user", USER, "--tls", folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
            try:
                yield _place(process, Path(folder))
            finally:
                process.terminate()


def _place(process: subprocess.Popen[str], folder: Path) -> Place:
    assert process.stdout is not None
    said = ""
    while "CA:" not in said:
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"The sandbox did not start, and says: {said}")
        said += line

    def after(label: str) -> str:
        found = re.search(rf"{label}:? (?:at )?(\S+)", said)
        if found is None:
            raise SystemExit(f"The sandbox does not say its {label}: {said}")
        return found[1]

    return Place(
        after("Graph"), after("Sign-in"), after("Tenant"), after("Client id"),
        after("Client secret"), folder / "ca.pem",
    )  # fmt: skip


def client_of(place: Place) -> GraphServiceClient:
    """The SDK, signed in by azure-identity."""
    credential = ClientSecretCredential(
        place.tenant,
        place.client,
        place.secret,
        authority=place.authority.rpartition("/")[0],
        disable_instance_discovery=True,
        connection_verify=str(place.ca),
    )
    provider = AzureIdentityAuthenticationProvider(
        credential,
        scopes=["https://graph.microsoft.com/.default"],
        allowed_hosts=[httpx.URL(place.graph).host],
    )
    wire = httpx.AsyncClient(verify=str(place.ca), trust_env=False, timeout=30)
    adapter = GraphRequestAdapter(provider, wire)
    adapter.base_url = place.graph
    return GraphServiceClient(request_adapter=adapter)


def told(what: str, *, holds: bool) -> bool:
    """Print a line; whether it holds."""
    print(f"  {'✓' if holds else '✗'} {what}")  # noqa: T201 - this is a command
    return holds


def _configured(**parameters: object) -> RequestConfiguration:
    configuration = RequestConfiguration(**parameters)
    configuration.headers.add("Prefer", IMMUTABLE)
    return configuration


async def tour(graph: GraphServiceClient) -> bool:
    """Everything that is asked for, once; whether all of it went well."""
    user = graph.users.by_user_id(USER)
    good = True

    try:
        await user.get()
        status = 200
    except ODataError as error:
        status = error.response_status_code or 0
    good &= told("users/{id} without User.Read.All is refused", holds=status == 403)

    folder = await user.contact_folders.post(ContactFolder(display_name="Fair"))
    folders = await user.contact_folders.get()
    names = [each.display_name for each in folders.value]
    good &= told("contactFolders: create and list", holds="Fair" in names)

    inside = user.contact_folders.by_contact_folder_id(folder.id).contacts
    wanted = Contact(
        given_name="Ada", surname="Lovelace", company_name="Analytical Engines",
        primary_email_address=EmailAddress(address="ada@example.test", name="Ada"),
        business_phones=["+44 20 5550 0100", "+44 20 5550 0101"],
        business_address=PhysicalAddress(street="12 St James's Square", city="London"),
        birthday=datetime(1815, 12, 10, 11, 59, tzinfo=UTC),
        single_value_extended_properties=[
            SingleValueLegacyExtendedProperty(id=KEY, value="mauve")
        ],
    )  # fmt: skip
    made = await inside.post(wanted, request_configuration=_configured())
    good &= told(
        "contacts: create, and what is answered",
        holds=made.given_name == "Ada"
        and made.business_phones == wanted.business_phones
        and made.birthday == wanted.birthday,
    )

    query = ContactItemRequestBuilder.ContactItemRequestBuilderGetQueryParameters(
        expand=[f"singleValueExtendedProperties($filter=id eq '{KEY}')"]
    )
    one = user.contacts.by_contact_id(made.id)
    read = await one.get(request_configuration=_configured(query_parameters=query))
    values = [each.value for each in read.single_value_extended_properties or ()]
    good &= told("$expand of an extended property", holds=values == ["mauve"])

    having = ContactsRequestBuilder.ContactsRequestBuilderGetQueryParameters(
        filter=f"singleValueExtendedProperties/any(ep: ep/id eq '{KEY}' and ep/value eq 'mauve')"
    )
    found = await inside.get(request_configuration=_configured(query_parameters=having))
    good &= told(
        "$filter by an extended property", holds=[each.id for each in found.value] == [made.id]
    )

    chosen = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(
        select=["givenName", "surname"]
    )
    first = await inside.delta.get(request_configuration=_configured(query_parameters=chosen))
    changed = await one.patch(
        Contact(surname="King", business_phones=[]), request_configuration=_configured()
    )
    good &= told(
        "contacts: change, and what is answered",
        holds=changed.surname == "King" and changed.business_phones == [],
    )
    second = await inside.delta.with_url(first.odata_delta_link).get()
    good &= told(
        "delta, and its link followed",
        holds=[each.given_name for each in first.value] == ["Ada"]
        and [each.surname for each in second.value] == ["King"],
    )

    old = await user.contacts.get()
    del old
    body = TranslateExchangeIdsPostRequestBody(
        input_ids=[made.id],
        source_id_type=ExchangeIdFormat.RestImmutableEntryId,
        target_id_type=ExchangeIdFormat.RestId,
    )
    translated = await user.translate_exchange_ids.post(body)
    good &= told(
        "translateExchangeIds",
        holds=[each.source_id for each in translated.value] == [made.id]
        and translated.value[0].target_id not in (None, made.id),
    )

    parts = BatchRequestContent()
    for contact in ("Grace", "Edsger"):
        parts.add_request_information(
            inside.to_post_request_information(Contact(given_name=contact))
        )
    answers = await BatchRequestBuilder(graph.request_adapter).post(parts)
    statuses = sorted(each.status for each in answers.responses.values())
    good &= told("$batch", holds=statuses == [201, 201])

    await one.delete(request_configuration=_configured())
    left = await inside.get()
    good &= told(
        "contacts: delete", holds=sorted(c.given_name for c in left.value) == ["Edsger", "Grace"]
    )

    try:
        await inside.post(Contact(business_phones=["1", "2", "3"]))
        refused = ""
    except ODataError as error:
        refused = error.error.code if error.error else "without a code"
    good &= told(f"a third business phone is refused ({refused})", holds=bool(refused))
    return good


def main() -> int:
    """Run the tour; the exit status."""
    with sandbox(sys.argv[1]) as place:
        good = asyncio.run(tour(client_of(place)))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
