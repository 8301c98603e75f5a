"""Where Microsoft's clouds are asked: who signs in, and what Graph and EWS are called there.

The one place for these addresses. Source: "National cloud deployments" and "Microsoft Graph
endpoints" of Microsoft's documentation; the national EWS addresses are those of the same clouds'
"Microsoft 365 endpoints" lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Cloud(StrEnum):
    """Which of Microsoft's clouds an organisation is in."""

    GLOBAL = "global"
    US_GOV = "us-gov"
    US_DOD = "us-dod"
    CHINA = "china"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The addresses of one cloud. A resource is what a token is for, a URL where it is shown."""

    authority: str
    graph: str
    graph_resource: str
    ews: str
    ews_resource: str


ENDPOINTS: Mapping[Cloud, Endpoints] = {
    Cloud.GLOBAL: Endpoints(
        authority="https://login.microsoftonline.com",
        graph="https://graph.microsoft.com/v1.0",
        graph_resource="https://graph.microsoft.com",
        ews="https://outlook.office365.com/EWS/Exchange.asmx",
        ews_resource="https://outlook.office365.com",
    ),
    Cloud.US_GOV: Endpoints(
        authority="https://login.microsoftonline.us",
        graph="https://graph.microsoft.us/v1.0",
        graph_resource="https://graph.microsoft.us",
        ews="https://outlook.office365.us/EWS/Exchange.asmx",
        ews_resource="https://outlook.office365.us",
    ),
    Cloud.US_DOD: Endpoints(
        authority="https://login.microsoftonline.us",
        graph="https://dod-graph.microsoft.us/v1.0",
        graph_resource="https://dod-graph.microsoft.us",
        ews="https://outlook-dod.office365.us/EWS/Exchange.asmx",
        ews_resource="https://outlook-dod.office365.us",
    ),
    Cloud.CHINA: Endpoints(
        authority="https://login.partner.microsoftonline.cn",
        graph="https://microsoftgraph.chinacloudapi.cn/v1.0",
        graph_resource="https://microsoftgraph.chinacloudapi.cn",
        ews="https://partner.outlook.cn/EWS/Exchange.asmx",
        ews_resource="https://partner.outlook.cn",
    ),
}


@dataclass(frozen=True, slots=True)
class Resource:
    """What a token is for. `permissions` are those that a signed-in user grants syncd for it."""

    uri: str
    permissions: tuple[str, ...]

    @property
    def of_application(self) -> list[str]:
        """The scope of an application: whatever its registration was granted."""
        return [f"{self.uri}/.default"]

    @property
    def of_user(self) -> list[str]:
        """The scopes of a user: each permission by itself."""
        return [f"{self.uri}/{each}" for each in self.permissions]


def graph_of(cloud: Cloud) -> Resource:
    """Microsoft Graph: contacts, and the settings of the mailbox with its time zone."""
    return Resource(
        ENDPOINTS[cloud].graph_resource, ("Contacts.ReadWrite", "MailboxSettings.ReadWrite")
    )


def ews_of(cloud: Cloud) -> Resource:
    """Exchange Online through EWS."""
    return Resource(ENDPOINTS[cloud].ews_resource, ("EWS.AccessAsUser.All",))
