"""Which server a mailbox is on: found once, kept, and asked anew when that server says it is not.

A policy may name several, for a hybrid tenant has mailboxes on premises and in the cloud. Where it
names one there is nothing to find. A server that is down, or that refuses who signs in, says
nothing of where the mailbox is: it is never taken for "elsewhere", or an outage would move a
mailbox to another server.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Engine, update

from syncd.crm import database
from syncd.model.kinds import Kind
from syncd.outlook.errors import MailboxError, Sort
from syncd.outlook.port import Mailbox
from syncd.settings.policies import MailboxPolicy
from syncd.sync.capability import ensure_moves
from syncd.sync.mailboxes import MailboxProblem, MailboxRow
from syncd.sync.tables import mailbox as table

Connect = Callable[[str, MailboxRow], Mailbox]  # on the server of this name; nothing is sent yet
Said = Mapping[str, MailboxError]  # by server, in the order in which they were asked


@dataclass(frozen=True, slots=True)
class Place:
    """A mailbox opened on the server that serves it."""

    server: str
    port: Mailbox


class Unclear(MailboxError):
    """A server gave no answer to where a mailbox is: which one it was, and what it said."""

    def __init__(self, server: str, error: MailboxError, said: Said) -> None:
        before = "".join(f"{_told(name, each)}; " for name, each in said.items())
        message = f"it is not known which server it is on: {before}{server}: {error.message}"
        super().__init__(error.sort, error.scope, error.code, message, error.retry_after)
        self.server = server


def place(
    row: MailboxRow,
    policy: MailboxPolicy,
    connect: Connect,
    *,
    not_on: Said | None = None,
    left: Callable[[Mailbox], None] = lambda _: None,
    sure: bool = False,
) -> Place:
    """Open a mailbox on the server that serves it: the one that did, else the first that answers.

    `not_on` has said just now that the mailbox is elsewhere; `left` is told of each one that was
    asked in vain; `sure` asks the one that did serve it, too, where there are others.

    Raises Unclear where one gives no answer, MailboxProblem where all say that the mailbox is
    elsewhere, and what `connect` raises.
    """
    said = dict(not_on or {})
    names = [each for each in policy.servers if each not in said]
    names.sort(key=lambda each: each != row.server)  # the one that did serve it first
    found = len(names) == 1 or (row.server in names and not sure)
    if not said and found:
        return Place(names[0], connect(names[0], row))
    kind = _kind(policy)
    for server in names:
        port = connect(server, row)
        try:
            port.folder(kind, "default", create=False)
        except MailboxError as error:
            left(port)
            port.close()
            if error.sort is not Sort.ELSEWHERE:
                raise Unclear(server, error, said) from error
            said[server] = error
        except BaseException:
            port.close()
            raise
        else:
            return Place(server, port)
    raise _nowhere(row, said)


def known(engine: Engine, row: MailboxRow, found: Place, policy: MailboxPolicy) -> MailboxRow:
    """Keep where a mailbox is, and whether items can be moved there. The row as it is then.

    Whose ids are kept of its items is said here only of one that has none yet: `moving` goes on
    from the others. Raises MailboxError.
    """
    if row.server != found.server or row.backend is not found.port.backend:
        backend = row.backend or found.port.backend
        with database.write(engine) as conn:
            # Whether items can be moved is asked anew.
            values = {"server": found.server, "moves": None, "backend": backend.value}
            conn.execute(update(table).where(table.c.id == row.id).values(**values))
        row = replace(row, server=found.server, moves=None, backend=backend)
    kinds = [scoped.policy.kind for scoped in policy.kinds.values()]
    return ensure_moves(engine, row, found.port, kinds)


def forget(conn: Connection, row: MailboxRow) -> None:
    """Let the next run ask anew where a mailbox is."""
    conn.execute(update(table).where(table.c.id == row.id).values(server=None, moves=None))


def only(row: MailboxRow, policy: MailboxPolicy) -> str:
    """What to do about a mailbox that the only server of its policy does not serve."""
    (name,) = policy.servers
    return (
        f"If it is on another server now, name that one, too, in the policy {row.policy}: "
        f'server = ["{name}", "NAME"]; then: syncd resume {row.address}'
    )


def _kind(policy: MailboxPolicy) -> Kind:
    return next(iter(policy.kinds.values())).policy.kind


def _nowhere(row: MailboxRow, said: Said) -> MailboxProblem:
    every = "; ".join(_told(name, error) for name, error in said.items())
    return MailboxProblem(
        f"none of its servers serves it ({every})",
        f"Check its address, and the servers of the policy {row.policy}. One that is being moved "
        "from one server to another is found by itself once that is done.",
    )


def _told(server: str, error: MailboxError) -> str:
    return f"{server}: {error.message}"
