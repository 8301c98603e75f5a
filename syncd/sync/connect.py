"""Opening a mailbox: which server it is on, and who signs in there."""

from __future__ import annotations

from pathlib import Path

from syncd.outlook.authentication import clouds
from syncd.outlook.authentication.cache import cache_file
from syncd.outlook.authentication.clouds import ENDPOINTS, Resource
from syncd.outlook.authentication.credentials import (
    Application,
    Certificate,
    Credential,
    Delegated,
    Federation,
    ManagedIdentity,
    Secret,
)
from syncd.outlook.authentication.entra import Tokens, tokens_for
from syncd.outlook.ews.autodiscover import Autodiscover
from syncd.outlook.ews.mailbox import open_ews
from syncd.outlook.ews.session import Access, EwsServer
from syncd.outlook.ews.sign_in import Basic, Ntlm, OAuth, SignIn
from syncd.outlook.graph.mailbox import open_graph
from syncd.outlook.graph.session import GraphServer
from syncd.outlook.port import Mailbox
from syncd.settings.configuration import Configuration
from syncd.settings.pem import NAME_A_CA, refusal_of_ca
from syncd.settings.secrets import (
    SecretMissing,
    client_secret_of,
    credential_file,
    password_in,
    password_of,
)
from syncd.settings.server import Auth, Backend, Server
from syncd.sync.mailboxes import MailboxRow, Misconfigured

USERS = "organizations"  # the tenant of a user who signs in, where none is named


class Connector:
    """Opens mailboxes as the configuration says."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration

    def open_on(self, name: str, row: MailboxRow) -> Mailbox:
        """Open one mailbox on the server of this name. Nothing is sent yet.

        Raises Misconfigured when that cannot be done.
        """
        server = self._configuration.servers.get(name)
        if server is None:  # the configuration was reloaded in between
            raise Misconfigured(
                f"the configuration lacks its server {name!r}",
                "Nothing: the next sync goes by the new configuration.",
            )
        untrusting = isinstance(server.verify_tls, Path) and refusal_of_ca(server.verify_tls)
        if untrusting:
            raise Misconfigured(
                f"it cannot be reached: {untrusting}",
                f"Put the CA there, or correct verify_tls in [servers.{name}]",
            )
        try:
            return self._open(server, row)
        except SecretMissing as missing:
            raise Misconfigured(
                f"its sign-in cannot be had: {missing.what}",
                f"{missing.todo[0].upper()}{missing.todo[1:]}",
            ) from None

    def _open(self, server: Server, row: MailboxRow) -> Mailbox:
        if server.backend is Backend.GRAPH:
            return open_graph(
                GraphServer(
                    tokens=self.tokens(server, row.address),
                    base_url=(server.endpoint or ENDPOINTS[_cloud(server)].graph).rstrip("/"),
                    verify_tls=server.verify_tls,
                    timeout=server.timeout.total_seconds(),
                ),
                row.address,
            )
        return open_ews(
            EwsServer(
                endpoint=_endpoint(server),
                sign_in=self._sign_in(server, row),
                access=_access(server, row),
                verify_tls=server.verify_tls,
                timeout=server.timeout.total_seconds(),
            ),
            row.address,
        )

    def _sign_in(self, server: Server, row: MailboxRow) -> SignIn:
        if not server.by_password:
            return OAuth(self.tokens(server, row.address))
        username, password = _password(row, server)
        return Ntlm(username, password) if server.auth is Auth.NTLM else Basic(username, password)

    def tokens(self, server: Server, address: str) -> Tokens:
        """The tokens for a mailbox of a server that is signed in to by Microsoft Entra.

        Raises SecretMissing.
        """
        return tokens_for(application_of(self._configuration, server, address), resource_of(server))


def application_of(configuration: Configuration, server: Server, address: str) -> Application:
    """Who signs in to a server for a mailbox. Raises SecretMissing."""
    untrusting = isinstance(server.verify_tls, Path) and refusal_of_ca(server.verify_tls)
    if untrusting:
        raise SecretMissing(untrusting, f"correct verify_tls: {NAME_A_CA}")
    host = (server.authority or ENDPOINTS[_cloud(server)].authority).rstrip("/")
    return Application(
        authority=f"{host}/{server.tenant or USERS}",
        client_id=server.client_id or "",
        credential=_credential(configuration, server, address),
        verify_tls=server.verify_tls,
        timeout=server.timeout.total_seconds(),
    )


def _credential(configuration: Configuration, server: Server, address: str) -> Credential:
    match server.auth:
        case Auth.CERTIFICATE:
            return Certificate(_there(server.certificate_file))
        case Auth.FEDERATION:
            return Federation(_there(server.federated_token_file))
        case Auth.SECRET:
            where = server.client_secret_env or f"{server.client_secret_file}"
            return Secret(client_secret_of(server), where)
        case Auth.DEVICE_CODE:
            key = server.sign_ins_key_file
            return Delegated(
                user=address,
                cache=cache_file(configuration.sign_ins_of(server), address),
                key_file=None if key is None else _there(key),
            )
        case _:
            return ManagedIdentity(server.client_id)


def _there(file: Path | None) -> Path:
    """The file, or the systemd credential that goes first. Raises SecretMissing for none."""
    if file is None:  # `load` has seen to it
        raise SecretMissing("no file is named for it", "see: syncd config validate")
    found = credential_file(file)
    if not found.is_file():
        raise SecretMissing(f"there is no file {file}", "put it there; see: syncd config validate")
    return found


def resource_of(server: Server) -> Resource:
    """What the tokens for a server are for."""
    cloud = _cloud(server)
    return clouds.graph_of(cloud) if server.backend is Backend.GRAPH else clouds.ews_of(cloud)


def _cloud(server: Server) -> clouds.Cloud:
    return clouds.Cloud(server.cloud.value)


def _endpoint(server: Server) -> str | Autodiscover:
    if server.endpoint is not None:
        return server.endpoint
    known = ENDPOINTS[_cloud(server)].ews
    return Autodiscover(server.autodiscover) if server.by_password else known


def _access(server: Server, row: MailboxRow) -> Access:
    """By which right; a mailbox's own account has access to it and needs no role."""
    theirs = row.password_file is not None and (row.username or row.address).lower() == row.address
    return Access.DELEGATE if server.by_password and theirs else Access(server.enters_by.value)


def _password(row: MailboxRow, server: Server) -> tuple[str, str]:
    """Who signs in: the mailbox's own credentials where it has some, else the server's."""
    if row.password_file is not None:
        return row.username or row.address, password_in(Path(row.password_file))
    password = password_of(server)
    if password is None or server.username is None:
        raise SecretMissing(
            "neither the mailbox nor its server has one",
            f"give it one: syncd users change {row.address} --username U --password-file F",
        )
    return row.username or server.username, password
