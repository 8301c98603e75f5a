"""What a sign-in of a user changes for their mailbox: it is opened once, and goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from syncd.cli.context import Context

if TYPE_CHECKING:
    from syncd.outlook.authentication.login import Granted
    from syncd.outlook.errors import MailboxError
    from syncd.sync.mailboxes import MailboxRow


@dataclass(frozen=True, slots=True)
class After:
    """How the mailbox is after the sign-in.

    `reached`: it was opened with it; `None` where that was not tried, or nobody answered. `refused`
    says why it is not let in.
    """

    reached: bool | None = None
    refused: str | None = None
    resumed: bool = False


def after_sign_in(context: Context, server: str, row: MailboxRow | None, granted: Granted) -> After:
    """Open the mailbox once, for another person may have signed in; let it go on, if suspended."""
    from syncd.cli import mailboxes as served
    from syncd.sync.mailboxes import MailboxState, get, resume

    if row is None or granted.missing:
        return After()
    reached, error = _opened(context, server, row)
    if error is not None:
        return After(reached=False, refused=str(error))
    if row.state is not MailboxState.SUSPENDED:
        return After(reached)
    with served.writing(context, "The mailbox was not resumed.") as conn:
        now = get(conn, row.address)
        resumed = now.state is MailboxState.SUSPENDED  # it may have been paused meanwhile
        if resumed:
            resume(conn, now, context.clock())
    return After(reached, resumed=resumed)


def _opened(
    context: Context, server: str, row: MailboxRow
) -> tuple[bool | None, MailboxError | None]:
    """Whether the mailbox could be opened, and what refused that for good."""
    from syncd.cli import mailboxes as served
    from syncd.outlook.errors import MailboxError, Sort
    from syncd.sync.account import account_on, in_words
    from syncd.sync.mailboxes import MailboxProblem
    from syncd.sync.rollout import require_consent

    service = served.service(context)
    policy = service.policies.get(row.policy)
    if policy is None or not policy.kinds:
        return None, None
    kind = next(iter(policy.kinds.values())).policy.kind
    try:
        require_consent(row, policy.consent)
        port = service.connect(server, row)
    except MailboxProblem:
        return None, None
    try:
        port.folder(kind, "default", create=False)
    except MailboxError as error:
        if error.sort not in (Sort.DENIED, Sort.ELSEWHERE):
            return None, None
        return False, in_words(account_on(context.configuration, server), row, error)
    finally:
        port.close()
    return True, None
