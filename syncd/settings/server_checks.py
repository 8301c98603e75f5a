"""Which keys of `[servers.NAME]` go together: what each sign-in needs, takes, and cannot have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from syncd.settings.endpoint import refusal_of_endpoint, travels_in_clear
from syncd.settings.lines import Path
from syncd.settings.server import BY_PASSWORD, Access, Auth, Backend

Found = Iterator[tuple[Path, str, str | None]]
Written = Mapping[str, object]

_TENANTS_OF_USERS = ("common", "organizations", "consumers")
_GRAPH_VERSION = "/v1.0"


@dataclass(frozen=True, slots=True)
class _Keys:
    """The keys of one sign-in. Of each group in `needs`, one has to be there."""

    needs: tuple[tuple[str, ...], ...]
    takes: tuple[str, ...]


_CLOUD = ("cloud", "authority")
_PASSWORD = _Keys(
    (), ("username", "password_file", "password_env", "access", "endpoint", "autodiscover")
)
_OF: Mapping[Auth, _Keys] = {
    Auth.BASIC: _PASSWORD,
    Auth.NTLM: _PASSWORD,
    Auth.CERTIFICATE: _Keys((("tenant",), ("client_id",), ("certificate_file",)), _CLOUD),
    Auth.SECRET: _Keys(
        (("tenant",), ("client_id",), ("client_secret_file", "client_secret_env")), _CLOUD
    ),
    Auth.FEDERATION: _Keys((("tenant",), ("client_id",), ("federated_token_file",)), _CLOUD),
    Auth.MANAGED_IDENTITY: _Keys((), ("cloud", "client_id")),
    Auth.DEVICE_CODE: _Keys(
        (("client_id",),), ("tenant", "sign_ins", "sign_ins_key_file", *_CLOUD)
    ),
}
_OF_ALL = ("backend", "auth", "endpoint", "verify_tls", "timeout")
_BOUND = {key for each in _OF.values() for group in each.needs for key in group} | {
    key for each in _OF.values() for key in each.takes
} - set(_OF_ALL)
_WRITE = {
    "tenant": 'write tenant = "contoso.onmicrosoft.com", or its id',
    "client_id": "write the Application (client) ID that App registrations shows",
    "certificate_file": 'write certificate_file = "/etc/syncd/certificate.pem"',
    "client_secret_file": 'write client_secret_file = "/etc/syncd/client-secret"',
    "federated_token_file": "write the path that the platform puts into AZURE_FEDERATED_TOKEN_FILE",
}
_ONLINE = 'Exchange Online takes no password: write auth = "certificate", or "device-code" for one'


def server_mistakes(name: str, server: Written, store: Written) -> Found:
    """What cannot be in the section of one server."""
    at = ("servers", name)
    yield from (((*at, key), *said) for key, said in _urls(server))
    backend, auth = server.get("backend"), server.get("auth", Auth.BASIC.value)
    if backend not in list(Backend) or auth not in list(Auth):
        return  # told already
    on, how = Backend(str(backend)), Auth(str(auth))
    if on is Backend.GRAPH and how in BY_PASSWORD:
        what = f'"{how}" is not for backend = "graph"' if "auth" in server else "is missing"
        yield (*at, "auth"), what, _ONLINE
        return
    yield from (((*at, key), *said) for key, said in _keys(server, how))
    yield from (((*at, key), *said) for key, said in _access(server, on, how))
    if how in BY_PASSWORD:
        yield from (((*at, key), *said) for key, said in _password(server))
    elif how is Auth.DEVICE_CODE and "sign_ins" not in server:
        url = store.get("url")
        if isinstance(url, str) and url.startswith("postgresql"):
            what = "is missing: there is no folder beside a store on a server"
            yield (*at, "sign_ins"), what, 'write sign_ins = "/var/lib/syncd/sign-ins"'


Said = Iterator[tuple[str, tuple[str, str | None]]]


def _keys(server: Written, how: Auth) -> Said:
    """What the sign-in lacks, and what is for another one."""
    keys = _OF[how]
    for group in keys.needs:
        if not any(server.get(key) for key in group) and not any(key in server for key in group):
            yield group[0], (f'is missing, for auth = "{how}"', _WRITE[group[0]])
    mine = {*(key for group in keys.needs for key in group), *keys.takes, "access"}
    for key in server:
        if key in _BOUND - mine:
            others = [each for each, has in _OF.items() if key in _flat(has)]
            right = " or ".join(f'"{each}"' for each in others)
            yield key, (f'is not for auth = "{how}"', f"leave it out; it is for auth = {right}")
    tenant = server.get("tenant")
    if isinstance(tenant, str):
        if "/" in tenant or " " in tenant:
            yield "tenant", ("is no organisation's id or domain", _WRITE["tenant"])
        elif tenant in _TENANTS_OF_USERS and how is not Auth.DEVICE_CODE:
            yield "tenant", ("an application signs in to one organisation", _WRITE["tenant"])


def _flat(keys: _Keys) -> tuple[str, ...]:
    return (*(key for group in keys.needs for key in group), *keys.takes)


def _access(server: Written, on: Backend, how: Auth) -> Said:
    access = server.get("access")
    if access is None:
        return
    if on is Backend.GRAPH:
        what = 'is not for backend = "graph"'
        yield "access", (what, "leave it out: what is granted to the application decides")
    elif how is Auth.DEVICE_CODE and access == Access.IMPERSONATION:
        what = "a user who signs in acts for nobody else"
        yield "access", (what, "leave it out: each user enters their own mailbox")
    elif how not in BY_PASSWORD and how is not Auth.DEVICE_CODE and access == Access.DELEGATE:
        what = "an application enters mailboxes by impersonation"
        yield "access", (what, 'leave it out, or write "impersonation"')


def _password(server: Written) -> Said:
    """A service account comes with its password; a server on premises is named or looked for."""
    named = "password_file" in server or "password_env" in server
    if ("username" in server) is not named:
        yield (
            "username",
            (
                "a username and a password_file or password_env belong together",
                "write both, or neither when each mailbox has its own credentials",
            ),
        )
    if "endpoint" in server and "autodiscover" in server:
        what = "is not asked, for endpoint says where the server is"
        yield "autodiscover", (what, "keep one of them")


def _urls(server: Written) -> Said:
    graph = server.get("backend") == Backend.GRAPH
    like = {
        "endpoint": "https://graph.microsoft.com/v1.0"
        if graph
        else "https://mail.example.com/EWS/Exchange.asmx",
        "autodiscover": "https://mail.example.com/autodiscover/autodiscover.xml",
        "authority": "https://login.microsoftonline.com",
    }
    shown = "password" if server.get("auth", Auth.BASIC) in [*BY_PASSWORD] else "token"
    for key, example in like.items():
        url = server.get(key)
        if not isinstance(url, str):
            continue
        refusal = refusal_of_endpoint(url)
        if refusal:
            yield key, (refusal, f'write it like "{example}"')
        elif key == "authority" and not url.startswith("https://"):
            yield key, ("signs nobody in over http://", "write https://")
        elif key == "authority" and urlsplit(url).path.strip("/"):
            yield key, ("names more than a host", "leave out what follows it; tenant is a key")
        elif travels_in_clear(url):
            what = f"http:// would send the {shown} in clear"
            yield key, (what, "write https://; http:// is for this machine only")
        elif key == "endpoint" and graph and not url.rstrip("/").endswith(_GRAPH_VERSION):
            last = url.rstrip("/").rpartition("/")[2]
            other = re.fullmatch(r"v[0-9.]+|beta", last)
            what = f"names the version {last}" if other else "does not name the version"
            yield key, (f"{what}; syncd speaks v1.0", f'write it like "{example}"')
