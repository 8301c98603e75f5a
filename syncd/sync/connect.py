"""Opening a mailbox: which server it is on, and who signs in there."""

from __future__ import annotations

from pathlib import Path

from syncd.outlook.ews.mailbox import open_ews
from syncd.outlook.ews.session import Access, EwsServer
from syncd.outlook.port import Mailbox
from syncd.settings.configuration import Configuration
from syncd.settings.policies import MailboxPolicy
from syncd.settings.secrets import SecretMissing, password_in, password_of
from syncd.settings.server import Server
from syncd.sync.mailboxes import MailboxRow, Misconfigured


class Connector:
    """Opens mailboxes as the configuration says. Raises Misconfigured when it cannot."""

    def __init__(self, configuration: Configuration) -> None:
        self._servers = configuration.servers

    def __call__(self, row: MailboxRow, policy: MailboxPolicy) -> Mailbox:
        """Open one mailbox. Nothing is sent yet."""
        server = self._servers.get(policy.server)
        if server is None:  # the configuration was reloaded in between
            raise Misconfigured(
                f"the configuration lacks its server {policy.server!r}",
                "Nothing: the next sync goes by the new configuration.",
            )
        if isinstance(server.verify_tls, Path) and not server.verify_tls.is_file():
            raise Misconfigured(
                f"it cannot be reached: there is no file {server.verify_tls}",
                f"Put the CA there, or correct verify_tls in [servers.{policy.server}]",
            )
        try:
            username, password = _sign_in(row, server)
        except SecretMissing as missing:
            raise Misconfigured(
                f"its password cannot be had: {missing.what}",
                f"{missing.todo[0].upper()}{missing.todo[1:]}",
            ) from None
        return open_ews(
            EwsServer(
                endpoint=server.endpoint,
                username=username,
                password=password,
                access=Access.DELEGATE if _is_own(row) else Access(server.access.value),
                verify_tls=server.verify_tls,
                timeout=server.timeout.total_seconds(),
            ),
            row.address,
        )


def _is_own(row: MailboxRow) -> bool:
    """Whether a mailbox's own account signs in, which has access to it and needs no role."""
    return row.password_file is not None and (row.username or row.address).lower() == row.address


def _sign_in(row: MailboxRow, server: Server) -> tuple[str, str]:
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
