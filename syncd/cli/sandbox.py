"""`syncd sandbox`: an Exchange on loopback, until it is interrupted."""

import signal
import threading
from pathlib import Path
from types import FrameType

import click

from syncd.sandbox.server import NotLoopbackError, Sandbox, SchemasMissingError
from syncd.sandbox.tls import CLIENT, CertificatesUnusableError, client_certificate

_DEFAULT = "127.0.0.1:8800"


def _address(listen: str) -> tuple[str, int]:
    host, colon, port = listen.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65535:
        raise click.ClickException(
            f"--listen {listen} is not HOST:PORT. Nothing was started. "
            f"Type: syncd sandbox --listen {_DEFAULT} ..."
        )
    return host.strip("[]"), int(port)


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
    help="Keep the mailboxes here.",
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
    _until_stopped(box)


def _until_stopped(box: Sandbox) -> None:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        # `stop` waits for the loop that this very thread runs, so another one has to ask.
        threading.Thread(target=box.stop, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    click.echo(
        f"EWS at {box.url}\n"
        f"Accounts: {box.service_account} for all mailboxes, each user for their own\n"
        f"Password: {box.password}\n"
        f"Faults and clock: {box.control_url}{_cloud(box)}"
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
