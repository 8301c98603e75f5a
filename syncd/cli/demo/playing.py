"""After the demo: the daemon and the sandbox stay up, and a reader is whoever they like."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import time
from pathlib import Path

import click

from syncd.cli import output
from syncd.cli.context import Context
from syncd.cli.demo import processes
from syncd.cli.demo.folder import CONFIGURATION, FOLDER
from syncd.cli.demo.outlook import OUTLOOK_ERRORS, PASSWORD, NoSuchContact, Outlook
from syncd.cli.demo.people import ALICE, ANN, BOB, DOERTE
from syncd.cli.demo.place import Place, reached
from syncd.cli.demo.telling import Teller
from syncd.cli.errors import Exit, Problem

_LOOK = 0.5  # seconds between two looks at whether the daemon lives


def play(folder: Path, place: Place, teller: Teller) -> int:
    """Run the daemon until Ctrl-C; the exit status."""
    with processes.daemon(folder) as daemon:
        teller.good("All of it holds. The sandbox and the daemon stay up: Ctrl-C ends both.")
        teller.say("The daemon looks at both mailboxes every 10 seconds. In another terminal:")
        teller.listing("\n".join(_lines()))
        teller.say(
            f"Any EWS client may come, too: to {place.ews}, as {ALICE} or {BOB}, with the password "
            f"{PASSWORD}."
        )
        try:
            while daemon.poll() is None:
                time.sleep(_LOOK)
        except KeyboardInterrupt:
            teller.say("\nStopping the daemon, then the sandbox.")
            return Exit.DONE
    raise Problem(
        f"The daemon ended by itself, with exit status {daemon.returncode}.",
        "The sandbox was stopped, too.",
        f"Look into {FOLDER / 'syncd.log'}, then start again with: syncd demo --keep",
        Exit.FAILED,
    )


def program() -> str:
    """How a reader calls this very `syncd`: by its name, or by its path where that is not found."""
    own = _unfound()
    if own is None:
        return "syncd"
    here = Path.cwd()
    return shlex.quote(str(own.relative_to(here) if own.is_relative_to(here) else own))


def _unfound() -> Path | None:
    """Where this very `syncd` is; `None` where its name is enough."""
    own = Path(sys.executable).with_name("syncd")
    found = shutil.which("syncd")
    known = found is not None and os.path.realpath(found) == os.path.realpath(own)
    return None if known or not own.exists() else own


def _lines() -> list[str]:
    own = _unfound()
    return [
        f"cd {FOLDER.absolute()}",
        *([] if own is None else [f"alias syncd={shlex.quote(str(own))}"]),
        "# be Alice at Outlook, be the office; then look into Bob's Outlook",
        f'syncd demo outlook {ALICE} "{DOERTE}" --mobile "+49 151 5550 1234"',
        f'syncd crm contact edit "{ANN}" --job-title Director',
        f"syncd demo outlook {BOB}",
        "# what the daemon does about it",
        "syncd status",
        "syncd runs list",
        "tail -f syncd.log",
    ]


def by_hand(
    context: Context, address: str, contact: str | None, *, mobile: str | None, delete: bool
) -> None:
    """Do in the demo's sandbox what a rep does in Outlook. Raises Problem."""
    if contact is None and (mobile is not None or delete):
        raise click.UsageError("--mobile and --delete need a CONTACT.")
    servers = context.configuration.servers
    todo = f"Start it with: syncd demo --keep; then go to {FOLDER}, where {CONFIGURATION} is."
    here = reached(servers["sandbox"]) if "sandbox" in servers else None
    if here is None:
        raise Problem(f"{context.path} is not the demo's.", "No mailbox was touched.", todo)
    try:
        mailbox = Outlook(here.ews, address.lower(), here.ca)
        if contact is not None and mobile is not None:
            mailbox.set_phone(contact, "mobilephone", mobile)
        if contact is not None and delete:
            mailbox.trash(contact)
        found = mailbox.read()
    except NoSuchContact as error:
        raise Problem(
            f"In the contact folder of {address}, {error}.",
            "Nothing was changed.",
            f"See who is there: syncd demo outlook {address}",
        ) from error
    except OUTLOOK_ERRORS as error:
        raise Problem(
            f"The demo's sandbox does not let {address} in: {error}.", "Nothing was changed.", todo
        ) from error
    fields = ("jobtitle", "companyname", "telephone1", "mobilephone")
    rows = [
        [each.folder, each.name, *(each.values.get(field, "") for field in fields)]
        for each in found
    ]
    columns = ["Folder", "Name", "Job title", "Company", "Business phone", "Mobile phone"]
    output.table(f"Outlook of {address}", columns, rows)
