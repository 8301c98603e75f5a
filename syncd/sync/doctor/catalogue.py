"""The checks, in their order: what each looks at, and which others it needs to be well.

This table is what `syncd doctor` goes by; the manual prints it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from syncd.sync.doctor import checks_entering, checks_here, checks_network, checks_within
from syncd.sync.doctor.finding import Finding
from syncd.sync.doctor.opening import each_signs_in, is_of_user
from syncd.sync.doctor.patients import Installation, MailboxPatient, ServerPatient

Patient = TypeVar("Patient")


class On(StrEnum):
    """What it is that one check looks at."""

    INSTALLATION = "installation"
    SERVER = "server"
    MAILBOX = "mailbox"


@dataclass(frozen=True, slots=True)
class Check(Generic[Patient]):
    """One check. It is not made where one of those that it `needs` has failed, or was not made.

    `applies` says whether there is anything to look at; where not, nothing is told.
    """

    name: str
    on: On
    needs: tuple[str, ...]
    looks_at: str
    run: Callable[[Patient], Iterable[Finding]]
    applies: Callable[[Patient], bool] = lambda _: True


INSTALLATION: tuple[Check[Installation], ...] = (
    Check(
        "configuration", On.INSTALLATION, (),
        "the file is there, has no mistake, and is its owner's to change",
        checks_here.configuration,
    ),
    Check(
        "store", On.INSTALLATION, ("configuration",),
        "the store opens, and who is served",
        checks_here.store,
    ),
)  # fmt: skip

SERVER: tuple[Check[ServerPatient], ...] = (
    Check(
        "secrets", On.SERVER, ("configuration",),
        "password, secret, certificate with its key: there, their owner's alone, not about to "
        "expire; and tenant and application are not those of the examples",
        checks_here.secrets,
    ),
    Check(
        "name", On.SERVER, ("configuration",),
        "the names of the server, and of the sign-in, are known here",
        checks_network.names,
    ),
    Check(
        "tls", On.SERVER, ("name",),
        "something listens there, and its certificate is trusted, in its name and in force; the "
        "file of CAs is one",
        checks_network.certificates,
    ),
    Check(
        "clock", On.SERVER, ("tls",),
        "the clocks of the server, the store and this machine agree to a minute",
        checks_network.clocks,
        lambda server: bool(server.addresses),
    ),
    Check(
        "sign-in", On.SERVER, ("secrets", "tls"),
        "the application or the account is let in; over EWS also that EWS is there, and not "
        "blocked",
        checks_entering.sign_in,
    ),
    Check(
        "permissions", On.SERVER, ("sign-in",),
        "what was granted in Entra: what is missing, and what syncd does not need",
        checks_entering.permissions,
        lambda server: not server.section.by_password and not each_signs_in(server.section),
    ),
    Check(
        "outside", On.SERVER, ("sign-in",),
        "the mailbox named by `--outside` is closed to syncd",
        checks_entering.outside,
        lambda server: server.wanted.outside is not None,
    ),
)  # fmt: skip

MAILBOX: tuple[Check[MailboxPatient], ...] = (
    Check(
        "state", On.MAILBOX, (),
        "the mailbox is neither suspended nor paused, whatever its server is like",
        checks_within.state,
        lambda mailbox: mailbox.row.state in checks_within.RESTING,
    ),
    Check(
        "mailbox", On.MAILBOX, ("sign-in",),
        "the mailbox is on this server, and open to syncd",
        checks_within.mailbox,
    ),
    Check(
        "consent", On.MAILBOX, ("mailbox",),
        "where a user signs in: what they let syncd do, what is missing, and what is too much",
        checks_entering.consent,
        lambda mailbox: is_of_user(mailbox.server.section),
    ),
    Check(
        "folders", On.MAILBOX, ("mailbox",),
        "the folder of each kind, as the policy names it, can be read",
        checks_within.folders,
    ),
    Check(
        "categories", On.MAILBOX, ("mailbox",),
        "the list of categories that Outlook offers can be read",
        checks_within.categories,
    ),
    Check(
        "capabilities", On.MAILBOX, ("mailbox",),
        "what this server can do, and what follows where it cannot",
        checks_within.capabilities,
    ),
    Check(
        "write", On.MAILBOX, ("folders",),
        "with `--write`: a contact is made, changed and deleted, and a change that comes too late "
        "is refused",
        checks_within.write,
        lambda mailbox: mailbox.server.wanted.write,
    ),
)  # fmt: skip
