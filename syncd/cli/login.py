"""`syncd login`: a user of Exchange Online signs in by a code, without an admin."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context
from syncd.cli.errors import Exit, Problem
from syncd.cli.signed_in import After, after_sign_in

if TYPE_CHECKING:
    from datetime import timedelta

    from syncd.outlook.authentication.credentials import Application, Delegated
    from syncd.outlook.authentication.login import Granted
    from syncd.settings.server import Server
    from syncd.sync.mailboxes import MailboxRow

_UNDONE = "Nobody was signed in; what there was before is as it was."
_TAKE_BACK = "https://myapps.microsoft.com"


@click.command(name="login", short_help="Let a user of Exchange Online sign in by a code.")
@click.argument("mailbox")
@click.option("--server", "named", help="The server, where the mailbox may be on several.")
@click.option("--remove", is_flag=True, help="Forget the sign-in.")
@click.option("--timeout", metavar="DURATION", help="Wait no longer for the code, such as 2m.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; the code goes to stderr.")
@pass_context
def command(
    context: Context,
    mailbox: str,
    named: str | None,
    timeout: str | None,
    *,
    remove: bool,
    as_json: bool,
) -> int:
    """Let the user of MAILBOX sign in, so that syncd may read and change their contacts.

    They type a code into a browser on any device, and agree there; no admin takes part. It is for
    servers with auth = "device-code": elsewhere an application or an account signs in. A mailbox
    that was suspended for want of a sign-in goes on.

    Exit status: 0 signed in, 1 a permission is missing or the mailbox is not reached, 4 the sign-in
    was refused or nobody typed the code in time, 5 the sign-in service cannot be reached.
    """
    most = _most(timeout)
    row = _served(context, mailbox)
    address = row.address if row is not None else mailbox.lower()
    name, server = _server(context, address, row, named)
    application, credential = _application(context, name, server, address)
    if remove:
        _remove(address, credential, as_json=as_json)
        return Exit.DONE
    granted = _sign_in(context, application, credential, server, most)
    after = after_sign_in(context, name, row, granted)
    _tell(address, row, granted, after, as_json=as_json)
    return Exit.FAILED if granted.missing or after.refused else Exit.DONE


def _most(timeout: str | None) -> timedelta | None:
    """How long to wait for the code, at most. Raises Problem."""
    from syncd.settings.durations import parse_duration

    try:
        return None if timeout is None else parse_duration(timeout)
    except ValueError as error:
        todo = "Write a number and s, m or h: --timeout 2m"
        raise Problem(f"{_sentence(str(error))}", _UNDONE, todo) from None


def _served(context: Context, mailbox: str) -> MailboxRow | None:
    """The mailbox, if it is served already; its user may sign in before."""
    from syncd.cli import mailboxes as served
    from syncd.sync import mailboxes

    with served.reading(context, _UNDONE) as conn:
        return mailboxes.find(conn, mailbox)


def _server(
    context: Context, address: str, row: MailboxRow | None, named: str | None
) -> tuple[str, Server]:
    """The one server of the mailbox that its user signs in to. Raises Problem."""
    from syncd.cli.users.sign_in import servers_of
    from syncd.settings.server import Auth

    configuration = context.configuration
    policy = row.policy if row is not None and row.policy in configuration.policies else None
    among = list(configuration.servers.items()) if policy is None else servers_of(context, policy)
    able = [(name, server) for name, server in among if server.auth is Auth.DEVICE_CODE]
    if named is not None:
        able = [(name, server) for name, server in able if name == named]
    if len(able) == 1:
        return able[0]
    if able:
        names = ", ".join(name for name, _ in able)
        todo = f"Say on which: syncd login {address} --server NAME"
        raise Problem(f"{address} may be on several servers: {names}.", _UNDONE, todo)
    what = f"No server of {address}" if named is None else f"No server {named} of {address}"
    raise Problem(
        f"{what} lets its users sign in by themselves.",
        _UNDONE,
        'Write auth = "device-code" and client_id into its section of the configuration.',
    )


def _application(
    context: Context, name: str, server: Server, address: str
) -> tuple[Application, Delegated]:

    from syncd.outlook.authentication.credentials import Delegated
    from syncd.settings.secrets import SecretMissing
    from syncd.sync.connect import application_of

    try:
        application = application_of(context.configuration, server, address)
    except SecretMissing as missing:
        what = f"The sign-in for the server {name} cannot be kept: {missing.what}."
        raise Problem(what, _UNDONE, _sentence(missing.todo)) from None
    assert isinstance(application.credential, Delegated)  # noqa: S101 - so it is for device-code
    return application, application.credential


def _sign_in(
    context: Context,
    application: Application,
    credential: Delegated,
    server: Server,
    most: timedelta | None,
) -> Granted:
    from syncd.outlook.authentication.login import Login, NotGranted
    from syncd.sync.connect import resource_of

    with _explained():
        login = Login(application, credential, resource_of(server))
        code = login.begin()
        patience = code.good_for if most is None else min(most, code.good_for)
        until = output.moment(context.clock() + patience)
        output.tell(f"Open {code.url} in a browser, and type the code {code.code}", err=True)
        output.tell(f"Waiting for that until {until}; Ctrl-C gives up.", err=True)
        try:
            return login.wait(patience)
        except NotGranted as refused:
            raise Problem(_sentence(refused.what), _UNDONE, _sentence(refused.todo)) from None


@contextmanager
def _explained() -> Iterator[None]:
    """What goes wrong with a sign-in, as a Problem."""
    from syncd.outlook.authentication.certificate import CredentialUnusable
    from syncd.outlook.errors import MailboxError, Scope

    try:
        yield
    except CredentialUnusable as unusable:
        raise Problem(_sentence(unusable.what), _UNDONE, _sentence(unusable.todo)) from None
    except MailboxError as error:
        what, _, todo = error.message.partition("; ")
        away = Exit.UNREACHABLE if error.scope is Scope.SERVER else Exit.USAGE
        what = _sentence(f"{what} ({error.code})")
        raise Problem(what, _UNDONE, _sentence(todo or "try again later"), away) from None


def _remove(address: str, credential: Delegated, *, as_json: bool) -> None:
    from syncd.outlook.authentication.login import forget

    with _explained():
        there = forget(credential)
    if as_json:
        output.emit_json({"mailbox": address, "removed": there})
        return
    if not there:
        output.tell(f"There was no sign-in of {address}.")
        return
    output.tell(f"The sign-in of {address} is forgotten, and its mailbox is not reached any more.")
    output.tell(f"That syncd may do so its user takes back at {_TAKE_BACK}")


def _tell(
    address: str, row: MailboxRow | None, granted: Granted, after: After, *, as_json: bool
) -> None:
    if as_json:
        output.emit_json(
            {
                "mailbox": address,
                "user": granted.user,
                "granted": list(granted.granted),
                "missing": list(granted.missing),
                "reached": after.reached,
                "error": after.refused,
                "resumed": after.resumed,
            }
        )
        return
    output.tell(f"{granted.user} has signed in for {address}.")
    if after.refused:
        output.tell(f"That does not open the mailbox: {after.refused}.")
    elif granted.user.lower() != address:
        output.tell(
            "If that is another person, and not another name of the same: "
            f"syncd login {address} --remove"
        )
    output.tell(f"syncd may use: {', '.join(granted.granted) or 'nothing'}.")
    if granted.missing:
        output.tell(
            f"Missing: {', '.join(granted.missing)}. Add that in the Entra admin centre, App "
            f"registrations, API permissions (Delegated); then: syncd login {address}"
        )
    elif after.refused:
        output.tell(f"To forget this sign-in: syncd login {address} --remove")
    elif row is None:
        output.tell(f"Serve the mailbox: syncd users add {address} --policy NAME")
    elif after.resumed:
        output.tell(f"{address} goes on. Sync it now with: syncd sync {address}")
    else:
        output.tell(f"See that it is reached: syncd users test {address}")


def _sentence(text: str) -> str:
    """A clause as a sentence; a command at its end keeps its last letter."""
    whole = text if "@" in text.partition(" ")[0] else f"{text[:1].upper()}{text[1:]}"
    return whole if whole.endswith(".") or ": syncd " in whole else f"{whole}."
