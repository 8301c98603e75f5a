"""The applications of the tenant: how each proves who it is, and what it was granted."""

import enum
import uuid
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict, Unpack

from cryptography import x509

from syncd.sandbox.callers import Reach
from syncd.sandbox.identity.jwt import PublicKey

TENANT = "7d1f3a52-6c0e-4b8e-9a44-51d8c0e2b6f1"
CLIENT_ID = (
    "c2b7e0d4-1f63-4a95-8d0b-3e96a7f4125c"  # of the application that is there from the start
)


class Resource(enum.Enum):
    """What a token is for; the value is its audience."""

    GRAPH = "https://graph.microsoft.com"
    EWS = "https://outlook.office365.com"


# The names by which each is asked for, national clouds included.
AUDIENCES = {
    Resource.GRAPH: {
        "https://graph.microsoft.com",
        "https://graph.microsoft.us",
        "https://dod-graph.microsoft.us",
        "https://microsoftgraph.chinacloudapi.cn",
    },
    Resource.EWS: {
        "https://outlook.office365.com",
        "https://outlook.office.com",
        "https://outlook.office365.us",
        "https://outlook-dod.office365.us",
        "https://partner.outlook.cn",
    },
}
EWS_ROLES = frozenset({"full_access_as_app", "EWS.AccessAsApp"})
EWS_SCOPES = frozenset({"EWS.AccessAsUser.All"})
ALL_ROLES = frozenset({"Contacts.ReadWrite", "MailboxSettings.ReadWrite", "full_access_as_app"})
ALL_SCOPES = frozenset({"Contacts.ReadWrite", "MailboxSettings.ReadWrite"}) | EWS_SCOPES


@dataclass(frozen=True, slots=True)
class Secret:
    """A password of an application; `expires` is in seconds since 1970, None for never."""

    value: str
    expires: float | None = None


@dataclass(frozen=True, slots=True)
class Federation:
    """A federated credential: whose tokens an application may sign in with instead of a secret."""

    issuer: str
    subject: str
    key: PublicKey
    audience: str = "api://AzureADTokenExchange"


@dataclass(slots=True)
class Application:
    """One application. Everything about it may change while it runs.

    `consented` are the application roles that were granted for all mailboxes and are in its tokens;
    `scoped` are roles that Exchange grants it over some (RBAC for Applications), which no token
    tells. `scopes` are the delegated permissions.
    """

    client_id: str
    name: str
    secrets: list[Secret]
    certificates: list[x509.Certificate]
    federations: list[Federation]
    consented: frozenset[str]
    scoped: Mapping[str, Reach]
    scopes: frozenset[str]
    consent: bool = True
    public: bool = True
    managed: bool = False

    @property
    def object_id(self) -> str:
        """The id of its service principal."""
        return str(uuid.uuid5(uuid.UUID(TENANT), self.client_id))


Scope = Callable[[str], bool] | AbstractSet[str]


class Registration(TypedDict, total=False):
    """What can be said of an application when it is registered; all of it has a default.

    `client_id` is made up where there is none. `secret_expires` and the end of a certificate go by
    the clock of the sandbox. `roles` are application permissions, `scopes` delegated ones. `scope`
    makes all `roles` ones of RBAC for Applications over those mailboxes, or, as a mapping, the
    roles that it names. `unscoped` are roles that were consented besides: grants add up, so they
    undo the scope. Without `consent` nothing was granted in Entra. A `public` client needs no
    secret to sign a user in. A `managed` one is an identity of the machine.
    """

    client_id: str
    name: str
    secret: str
    secret_expires: datetime
    certificate: x509.Certificate | Iterable[x509.Certificate]
    federation: Federation
    roles: AbstractSet[str]
    scope: Scope | Mapping[str, Scope]
    unscoped: AbstractSet[str]
    scopes: AbstractSet[str]
    consent: bool
    public: bool
    managed: bool


def application(**registration: Unpack[Registration]) -> Application:
    """Make an application of what was said of it."""
    said = registration
    roles, scope = said.get("roles", ALL_ROLES), said.get("scope")
    if scope is None:
        scoped: dict[str, Reach] = {}
    elif isinstance(scope, Mapping):
        scoped = {role: _reach(each) for role, each in scope.items()}
    else:
        scoped = dict.fromkeys(roles, _reach(scope))
    certificate = said.get("certificate", ())
    expires = said["secret_expires"].timestamp() if "secret_expires" in said else None
    return Application(
        client_id=said.get("client_id", str(uuid.uuid4())).lower(),
        name=said.get("name", "syncd"),
        secrets=[Secret(said["secret"], expires)] if "secret" in said else [],
        certificates=[certificate]
        if isinstance(certificate, x509.Certificate)
        else list(certificate),
        federations=[said["federation"]] if "federation" in said else [],
        consented=(frozenset(roles) - scoped.keys()) | said.get("unscoped", frozenset()),
        scoped=scoped,
        scopes=frozenset(said.get("scopes", ALL_SCOPES)),
        consent=said.get("consent", True),
        public=said.get("public", True),
        managed=said.get("managed", False),
    )


def _reach(scope: Scope) -> Reach:
    if isinstance(scope, AbstractSet):
        addresses = frozenset(address.lower() for address in scope)
        return addresses.__contains__
    return scope


def resource_of(name: str) -> Resource | None:
    """Return what an audience or the front of a scope stands for."""
    wanted = name.rstrip("/").lower()
    return next((each for each, names in AUDIENCES.items() if wanted in names), None)
