"""A server that asks for a pause: no item's fault, and nothing to wait for in a worker."""

from __future__ import annotations

from collections.abc import Iterable

from syncd.outlook.errors import Failure, MailboxError, Scope, Sort


def is_throttled(results: Iterable[object]) -> bool:
    """Whether parts of a batch were put off."""
    return bool(_put_off(results))


def stop_if_throttled(results: Iterable[object]) -> None:
    """Stop the run where parts of a batch were put off: the next ones would be, too.

    Raises MailboxError, with the longest pause that was asked for: the mailbox is due then.
    """
    put_off = _put_off(results)
    if put_off:
        pauses = [each.retry_after for each in put_off if each.retry_after is not None]
        first = put_off[0]
        raise MailboxError(
            Sort.THROTTLED, Scope.MAILBOX, first.code, first.message, max(pauses, default=None)
        )


def _put_off(results: Iterable[object]) -> list[Failure]:
    return [each for each in results if isinstance(each, Failure) and each.sort is Sort.THROTTLED]
