"""Halving: a request for many that fails is asked again by halves, until what is bad stands alone.

So one item that a server fails on keeps nobody else waiting (P10). An outage is told from it by a
handful of requests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from syncd.outlook.errors import Failure, MailboxError, Sort
from syncd.outlook.port import Item
from syncd.sync.session import Session, batches

T = TypeVar("T")


def read(session: Session, ids: Sequence[str]) -> dict[str, Item | Failure]:
    """One batch of items; one that no request with it in it is answered for fails alone.

    Raises MailboxError when it is not an item's fault.
    """

    def ask(some: Sequence[str]) -> dict[str, Item | Failure]:
        return dict(zip(some, session.port.read(session.policy.kind, some), strict=True))

    found, alone = by_halves(ids, ask, _may_be_of_one)
    failed = {i: Failure(Sort.TRANSIENT, e.code, e.message) for i, e in alone.items()}
    return {**found, **failed}


def _may_be_of_one(error: MailboxError) -> bool:
    return error.sort in (Sort.TRANSIENT, Sort.INVALID)


def by_halves(
    ids: Sequence[str],
    ask: Callable[[Sequence[str]], Mapping[str, T]],
    may_be_of_one: Callable[[MailboxError], bool],
) -> tuple[dict[str, T], dict[str, MailboxError]]:
    """What is answered for these, and the error of each that failed alone.

    Raises MailboxError when it is not an item's fault: so many halves were asked for that a single
    bad item stood alone by now, and none was answered.
    """
    found: dict[str, T] = {}
    alone: dict[str, MailboxError] = {}
    outage = len(ids).bit_length() + 2
    waiting: list[Sequence[str]] = [ids]
    failures, answered = 0, False
    while waiting:
        some = waiting.pop()
        try:
            found.update(ask(some))
            answered = True
        except MailboxError as error:
            failures += 1
            if not may_be_of_one(error):
                raise
            if not answered and failures >= outage:
                raise
            if len(some) == 1:
                alone[some[0]] = error
            else:
                waiting.extend(batches(some, (len(some) + 1) // 2))
    return found, alone
