"""What a code or status of a server means, in the sorts of `errors`; each backend has its table.

A code may mean less for a request that only read than for one that wrote: what stopped half-way
may have been done. The server's own words are never passed on, since they may quote what was in an
item; the code is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from syncd.outlook.errors import MailboxError, Scope, Sort


class Effect(Enum):
    """What a request may have done to the mailbox when nobody knows how it ended."""

    NONE = auto()  # it reads, or repeating it changes nothing
    WRITES = auto()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one code means. `scope` is that of a whole request which failed with it."""

    read: Sort
    write: Sort
    scope: Scope
    says: str

    def sort(self, effect: Effect) -> Sort:
        """What it means for a request of this effect."""
        return self.write if effect is Effect.WRITES else self.read


def rows(verdict: Verdict, codes: str) -> Iterable[tuple[str, Verdict]]:
    """The rows of a table for several codes that mean the same."""
    return ((code, verdict) for code in codes.split())


def refused(sort: Sort, scope: Scope, says: str) -> Verdict:
    """A code that comes before any effect."""
    return Verdict(sort, sort, scope, says)


def perhaps_done(sort: Sort, scope: Scope, says: str) -> Verdict:
    """A code after which what was to be written may have been written all the same."""
    return Verdict(sort, Sort.IN_DOUBT, scope, says)


def error(
    code: str, verdict: Verdict, effect: Effect, retry_after: float | None = None
) -> MailboxError:
    """The failure of a whole request; what concerns one item then concerns the mailbox."""
    scope = Scope.MAILBOX if verdict.scope is Scope.ITEM else verdict.scope
    sort = verdict.sort(effect)
    if sort is Sort.IN_DOUBT:
        return MailboxError(sort, Scope.MAILBOX, code, f"{verdict.says}; {_DOUBT}", retry_after)
    return MailboxError(sort, scope, code, verdict.says, retry_after)


_DOUBT = "what was sent may have been done; syncd looks before it sends anything again"


def unsent(code: str, says: str) -> MailboxError:
    """A request that never left."""
    return MailboxError(Sort.TRANSIENT, Scope.SERVER, code, f"{says}; nothing was sent")


def unanswered(code: str, says: str, effect: Effect) -> MailboxError:
    """A request that left and has no answer that can be read."""
    return error(code, perhaps_done(Sort.TRANSIENT, Scope.SERVER, says), effect)
