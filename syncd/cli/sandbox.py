"""`syncd sandbox`: an Exchange on loopback, until it is interrupted."""

import json
import shlex
import signal
import threading
from pathlib import Path
from types import FrameType

import click

from syncd.sandbox.server import NotLoopbackError, Sandbox, SchemasMissingError
from syncd.sandbox.tls import CLIENT, CertificatesUnusableError, client_certificate

_DEFAULT = "127.0.0.1:8800"
_OVER_EWS = """\
[servers.sandbox]
backend = "ews"
endpoint = {endpoint}
username = {username}
password_file = "password"     # printf %s {password} > password && chmod 600 password
"""
_OVER_GRAPH = """\
[servers.sandbox]
backend = "graph"
endpoint = {endpoint}
authority = {authority}
tenant = "{tenant}"
client_id = "{client_id}"
auth = "certificate"           # or "device-code", without the next line
certificate_file = {certificate}
verify_tls = {ca}
"""
_NOT_KEPT = """
The mailboxes are gone when this is stopped; start it with --state DIR to keep them.
"""


def _address(listen: str) -> tuple[str, int]:
    host, colon, port = listen.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65535:
        raise click.ClickException(
            f"--listen {listen} is not HOST:PORT. Nothing was started. "
            f"Type: syncd sandbox --listen {_DEFAULT} ..."
        )
    return host.strip("[]"), int(port)


def _addresses(
    _context: click.Context, _parameter: click.Parameter, users: tuple[str, ...]
) -> tuple[str, ...]:
    for user in users:
        name, at, domain = user.strip().rpartition("@")
        if not (name and at and domain) or "@" in name or user.split() != [user]:
            raise click.ClickException(
                f"--user {user} is not an e-mail address. Nothing was started. "
                "Type: syncd sandbox --user alice@example.test ..."
            )
    return users


@click.command("sandbox")
@click.option(
    "--listen",
    default=_DEFAULT,
    show_default=True,
    metavar="HOST:PORT",
    help="Loopback only; port 0 takes a free one.",
)
@click.option(
    "--user",
    "users",
    multiple=True,
    required=True,
    metavar="ADDRESS",
    callback=_addresses,
    help="A mailbox. Repeat for more.",
)
@click.option(
    "--password", default="sandbox", show_default=True, help="The password of every account."
)
@click.option(
    "--service", default="svc-syncd", show_default=True, help="The account that may impersonate."
)
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Keep the mailboxes here; without it they are gone when it is stopped.",
)
@click.option(
    "--validate",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Check every request and answer against the published EWS schemas in DIR.",
)
@click.option(
    "--tls",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Serve HTTPS, which Graph and its sign-in need; the certificates are made in DIR, once.",
)
def command(
    listen: str,
    users: tuple[str, ...],
    password: str,
    service: str,
    state: Path | None,
    validate: Path | None,
    tls: Path | None,
) -> None:
    """Serve an Exchange on this machine, for trying things out."""
    host, port = _address(listen)
    try:
        box = Sandbox(
            users,
            password=password,
            service=service,
            host=host,
            port=port,
            state=state,
            validate=validate,
            tls=tls,
        )
        if tls is not None:
            box.entra.default.certificates.append(client_certificate(tls))
    except NotLoopbackError:
        raise click.ClickException(
            f"{host} is not a loopback address, and the sandbox serves this machine only. "
            "Nothing was started. "
            f"Type: syncd sandbox --listen {_DEFAULT} ..."
        ) from None
    except SchemasMissingError:
        raise click.ClickException(
            f"There is no messages.xsd in {validate}. Nothing was started. "
            "Type the folder that holds messages.xsd after --validate, or leave it out."
        ) from None
    except CertificatesUnusableError as error:
        raise click.ClickException(
            f"The certificates in {tls} cannot be used: {error}. Nothing was started. "
            "Type a folder that is empty or not there yet after --tls."
        ) from None
    except OSError as error:
        raise click.ClickException(
            f"{listen} cannot be used: {error.strerror}. Nothing was started. "
            "Type another port after --listen, or 127.0.0.1:0 for a free one."
        ) from None
    _until_stopped(box, kept=state is not None)


def _until_stopped(box: Sandbox, *, kept: bool) -> None:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        # `stop` waits for the loop that this very thread runs, so another one has to ask.
        threading.Thread(target=box.stop, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    click.echo(
        f"EWS at {box.url}\n"
        f"Accounts: {box.service_account} for all mailboxes, each user for their own\n"
        f"Password: {box.password}\n"
        f"Faults and clock: {box.control_url}{_cloud(box)}\n\n"
        f"{_codes(box)}"
        f'For syncd.toml; a policy names it, server = "sandbox":\n\n{_section(box)}'
        f"{'' if kept else _NOT_KEPT}"
    )
    try:
        box.serve()
    finally:
        box.close()


def _cloud(box: Sandbox) -> str:
    """What one needs to come as an application. Without TLS there is no sign-in."""
    if box.ca is None:
        return ""
    return (
        f"\nGraph at {box.graph_url}\n"
        f"Sign-in at {box.base_url}/{box.entra.tenant}\n"
        f"Tenant: {box.entra.tenant}\n"
        f"Client id: {box.entra.default.client_id}\n"
        f"Client secret: {box.password}\n"
        f"Client certificate: {box.ca.parent / CLIENT}\n"
        f"CA: {box.ca}"
    )


def _codes(box: Sandbox) -> str:
    """How a user says yes to a device code, in a browser or without one."""
    if box.ca is None:
        return ""
    user = min(each.address for each in box.organisation.mailboxes())
    return (
        "To approve the code of a device sign-in (syncd login), type it at\n"
        f"  {box.device_url}\n"
        "or, with CODE in its place,\n"
        f"  curl --cacert {shlex.quote(str(box.ca.resolve()))} -d user_code=CODE"
        f" -d user={shlex.quote(user)} -d approve=true {box.device_url}\n\n"
    )


def _section(box: Sandbox) -> str:
    """The server's section of a configuration; its paths hold wherever that file is."""
    if box.ca is None:
        return _OVER_EWS.format(
            endpoint=_toml(box.url),
            username=_toml(box.service_account),
            password=shlex.quote(box.password),
        )
    return _OVER_GRAPH.format(
        endpoint=_toml(box.graph_url),
        authority=_toml(box.base_url),
        tenant=box.entra.tenant,
        client_id=box.entra.default.client_id,
        certificate=_toml(str((box.ca.parent / CLIENT).resolve())),
        ca=_toml(str(box.ca.resolve())),
    )


def _toml(text: str) -> str:
    # A string of JSON is one of TOML, but for a character that no path and no name has.
    return json.dumps(text, ensure_ascii=False)
