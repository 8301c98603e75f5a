"""A first look at a mailbox: whether it can be signed in to, and has what the policy names.

It reads, and writes nothing there. What it finds is counted, and nothing of it stored.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from syncd.crm import database
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.port import Backend, Mailbox
from syncd.settings.policies import MailboxPolicy, ScopedKind
from syncd.sync import mailboxes, rollout
from syncd.sync.account import account_on, in_words
from syncd.sync.listing import heads
from syncd.sync.mailboxes import (
    Installation,
    MailboxProblem,
    MailboxRow,
    MailboxState,
    ends_with_a_sign_in,
)
from syncd.sync.placing import Unclear
from syncd.sync.service import SyncService


@dataclass(frozen=True, slots=True)
class Found:
    """The folder of one kind. `path` is `None` where there is none yet: the first sync makes it."""

    kind: str
    folder: str  # as the policy names it
    path: str | None
    items: int
    foreign: int  # of these, marked by another installation
    ours: int  # of these, marked by this one


@dataclass
class Trial:
    """How the test of one mailbox went. `error` and `todo` are for a person; empty when well."""

    mailbox: str
    state: MailboxState
    server: str | None = None  # that it is on, as far as that is known
    backend: Backend | None = None
    found: list[Found] = field(default_factory=list)
    error: str | None = None
    todo: str | None = None
    unreachable: bool = False
    misconfigured: bool = False
    refused: bool = False  # who signs in, whatever the mailbox

    @property
    def foreign(self) -> int:
        """How many items another installation has marked."""
        return sum(each.foreign for each in self.found)


def try_out(service: SyncService, row: MailboxRow) -> Trial:
    """Sign in to a mailbox and find the folder of each kind. It is tested then, if it goes well."""
    trial = Trial(row.address, row.state, row.server)
    with database.write(service.engine) as conn:
        ours = mailboxes.installation(conn)
    try:
        with service.trying(row.address) as (_, policy, place):
            trial.server, trial.backend = place.server, place.port.backend
            for scoped in policy.kinds.values():
                trial.found.append(_find(place.port, scoped, ours))
    except MailboxProblem as problem:
        trial.error, trial.todo = problem.what, problem.todo
        trial.misconfigured = isinstance(problem, mailboxes.Misconfigured)
        return trial
    except MailboxError as error:
        policy = service.policies[row.policy]
        trial.server = error.server if isinstance(error, Unclear) else trial.server
        server = trial.server or policy.servers[0]
        who = account_on(service.configuration, server)
        error = in_words(who, row, error)
        trial.error = str(error)
        trial.todo = _todo(policy, server, row, error)
        trial.unreachable = error.scope is Scope.SERVER
        trial.refused = error.scope is Scope.CREDENTIAL and row.username is None
        return trial
    # Durable: who typed the test is told that it went well, and goes on from there.
    with database.write(service.engine, durable=True, alone=True) as conn:
        now = mailboxes.get(conn, row.address)
        trial.state = rollout.tested(conn, now, trial.foreign, service.clock())
    return trial


def _find(port: Mailbox, scoped: ScopedKind, ours: Installation) -> Found:
    kind, spec = scoped.policy.kind, scoped.policy.folder
    folder = port.folder(kind, spec, create=False)
    if folder is None:
        return Found(kind.plural, spec, None, 0, 0, 0)
    listed = heads(port, kind, folder.id) if folder.total else ()
    names = [each.stamp.installation for each in listed if each.stamp]
    own = sum(1 for name in names if name == ours.name)
    return Found(kind.plural, spec, folder.path, folder.total, len(names) - own, own)


def _todo(policy: MailboxPolicy, server: str, row: MailboxRow, error: MailboxError) -> str:
    """What a person is to do about a test that failed."""
    again = f"then: syncd users test {row.address}"
    if ends_with_a_sign_in(error.message):
        return f"Once its user has signed in, {again}"
    if error.scope is Scope.CREDENTIAL:
        whose = (
            f"the username and the password file of {row.address} (syncd users change)"
            if row.username is not None or row.password_file is not None
            else f"username and password in [servers.{server}]"
        )
        return f"Correct {whose}, {again}"
    if error.sort is Sort.ELSEWHERE:
        named = ", ".join(f'"{each}"' for each in policy.servers)
        return (
            "Check the address. If it is on another server, name that one, too, in the policy "
            f'{row.policy}: server = [{named}, "NAME"], {again}'
        )
    if error.sort is Sort.DENIED:
        return f"Give the account access to the mailbox, and check the address, {again}"
    if error.scope is Scope.SERVER and error.sort is not Sort.THROTTLED:
        return f"Check endpoint and network of [servers.{server}], {again}"
    if error.scope is Scope.FOLDER:
        return f"Name another folder in the policy {row.policy}, {again}"
    return f"Wait a little, {again}"
